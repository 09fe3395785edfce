//! Pyramidal cells and output neurons with threshold somata, over phases with biases and targets.

use apical::engine::Precision;
use apical::protocol::Spike;

use super::networks::{Built, E_TEACH, G_D, G_L, G_TEACH, Net, sampled, show};

/// Forward and target phase [ms].
const LENGTHS: [f64; 2] = [51.3, 53.7];
/// Step of the reference [ms].
const STEP: f64 = 0.002;
/// Absolute refractory time, the inverse of the largest rate [ms].
const T_REF: f64 = 5.0;
const V_TH: f64 = 0.9;
const V_RESET: f64 = -0.4;
/// Spacing of sampled traces [ms].
const GRID: f64 = 2.3;

/// One soma in steps of Runge and Kutta's fourth-order method, its input given: the basal or only dendrite of a cell and the apical
/// one, their traces decaying between steps as exponentials.
#[derive(Clone, Default)]
struct Soma {
    v: f64,
    /// Slow and fast traces of the current into the soma, Σ g w e^{−t/τ}/(τ_L − τ_s).
    drive: [f64; 2],
    /// When its refractory time ends, from the start of the trial.
    held_until: f64,
    spikes: Vec<f64>,
    /// V at the times of the grid.
    samples: Vec<f64>,
}

/// An arrival: when, and what it adds to the traces.
#[derive(Clone, Copy)]
struct Arrival {
    time: f64,
    jump: f64,
}

impl Soma {
    /// Advances to `end` from `start` under constant currents `c`, with decay `gamma`. An arrival within a step is added at its end,
    /// as old as it is by then.
    fn advance(&mut self, net: &Net, [start, end]: [f64; 2], gamma: f64, c: f64, arrivals: &[Arrival]) {
        let steps = ((end - start) / STEP).ceil() as usize;
        let h = (end - start) / steps as f64;
        let decay = [(-0.5 * h / net.tau_l).exp(), (-0.5 * h / net.tau_s).exp()];
        let mut next = arrivals.partition_point(|arrival| arrival.time < start);
        for k in 0..steps {
            let t = start + k as f64 * h;
            let half = [self.drive[0] * decay[0], self.drive[1] * decay[1]];
            let whole = [half[0] * decay[0], half[1] * decay[1]];
            let slope = |v: f64, u: [f64; 2]| -gamma * v + u[0] - u[1] + c;
            let before = self.v;
            let k1 = slope(before, self.drive);
            let k2 = slope(before + 0.5 * h * k1, half);
            let k3 = slope(before + 0.5 * h * k2, half);
            let k4 = slope(before + h * k3, whole);
            self.v = before + h / 6.0 * (k1 + 2.0 * (k2 + k3) + k4);
            self.drive = whole;
            while let Some(arrival) = arrivals.get(next).filter(|arrival| arrival.time < t + h) {
                let age = t + h - arrival.time;
                self.drive[0] += arrival.jump * (-age / net.tau_l).exp();
                self.drive[1] += arrival.jump * (-age / net.tau_s).exp();
                next += 1;
            }
            if t + h <= self.held_until {
                self.v = V_RESET;
            } else if t < self.held_until {
                self.v = V_RESET + (t + h - self.held_until) * slope(V_RESET, half);
            } else if self.v >= V_TH {
                let share = ((V_TH - before) / (self.v - before)).clamp(0.0, 1.0);
                self.spikes.push(t + share * h);
                self.held_until = t + share * h + T_REF;
                self.v = V_RESET;
            }
            let sample = (self.samples.len() as f64 + 0.5) * GRID;
            if sample <= t + h {
                self.samples.push(self.v);
            }
        }
    }
}

/// The arrivals at a neuron of population `p` in a trial, those of the apical dendrite included where it drives the soma.
fn arrivals(built: &Built, p: usize, i: usize, spikes: &[Vec<Spike>]) -> Vec<Arrival> {
    let net = &built.net;
    let mut all = Vec::new();
    for (projection, (from, to, delay)) in net.projections().into_iter().enumerate() {
        let g = if from < to { G_D } else { net.g_a };
        if to == p && g > 0.0 {
            let rows = built.rows(projection);
            let jump = |spike: &Spike| g * rows[spike.neuron as usize][i] / (net.tau_l - net.tau_s);
            all.extend(spikes[from].iter().map(|s| Arrival { time: s.time + delay, jump: jump(s) }));
        }
    }
    all.sort_by(|a, b| a.time.total_cmp(&b.time));
    all
}

/// Spikes and potentials against the equations in time steps, given the spikes that arrive. What arrives
/// within a step of 0.002 ms, or is released in it, is in error by that step squared: 4e-6 of slopes of at most 10, and spikes are right to
/// 0.01 ms where a potential rises by 0.004 /ms or more.
#[test]
fn somata_fire_at_thresholds_and_are_reset_under_biases_and_targets() {
    for g_a in [0.0, 0.3] {
        let net = Net { threshold: Some([V_TH, V_RESET]), ..Net::new(&[50, 20, 5], g_a) };
        let built = net.build(5);
        let rates = built.rates();
        let (mut lane, label) = (built.lane(Precision::Single), 3);
        built.present(&mut lane, &sampled(show(&rates, 0, LENGTHS, label), GRID));
        let (seen, means) = (lane.observation(), lane.means());
        let end = LENGTHS[0] + LENGTHS[1];
        for p in [1, 2] {
            let (n, elements) = (net.sizes[p], if p == 1 { 3 } else { 2 });
            let mut fired = 0;
            for i in 0..n {
                let given = arrivals(&built, p, i, &seen.spikes);
                let gamma = G_L + G_D + if p == 1 { g_a } else { 0.0 };
                let bias = G_D * built.biases(p)[i];
                let reversal = if i == usize::from(label) { E_TEACH } else { -E_TEACH };
                let [g, taught] = if p == 2 { [G_TEACH, G_TEACH * reversal] } else { [0.0; 2] };
                let mut soma = Soma::default();
                soma.advance(&net, [0.0, LENGTHS[0]], gamma, bias, &given);
                soma.advance(&net, [LENGTHS[0], end], gamma + g, bias + taught, &given);
                let found = seen.spikes[p].iter().filter(|s| s.neuron as usize == i).map(|s| s.time);
                let found: Vec<f64> = found.collect();
                assert_eq!(found.len(), soma.spikes.len(), "population {p}, neuron {i}: {found:?}, {:?}", soma.spikes);
                fired += found.len();
                for (a, b) in found.iter().zip(&soma.spikes) {
                    assert!((a - b).abs() < 0.01, "population {p}, neuron {i}: {a} and {b} ms");
                }
                let traces = seen.traces[p].chunks_exact(n * elements).map(|row| f64::from(row[i * elements]));
                for (k, (v, expected)) in traces.zip(&soma.samples).enumerate() {
                    let t = (k as f64 + 0.5) * GRID;
                    let jumps = found.iter().any(|s| (s - t).abs() < 0.02 || (s + T_REF - t).abs() < 0.02);
                    assert!(
                        jumps || (v - expected).abs() < 0.02,
                        "population {p}, neuron {i}, {t} ms: {v}, {expected}"
                    );
                }
                if p == 2 {
                    let from = LENGTHS[0] + net.settle;
                    let counted = soma.spikes.iter().filter(|&&s| s >= from).count() as f64;
                    let share = counted * T_REF / (LENGTHS[1] - net.settle);
                    assert!((means[1].sigmoid[p][i] - share).abs() < 1e-12, "the share of the largest rate");
                }
            }
            assert!(fired > 3 * n, "{fired} spikes of population {p}");
        }
        let taught = &means[1].sigmoid[2];
        assert!(taught.iter().enumerate().all(|(i, &share)| (share > 0.5) == (i == usize::from(label))), "{taught:?}");
    }
}
