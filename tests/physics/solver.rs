//! An ODE solver driven by the spikes that were observed: Runge and Kutta's fourth-order method, restarted at every arrival.
//!
//! Nothing but weights, biases and spikes comes from the engine. Presynaptic traces, potentials and the integrals of all
//! that has a phase mean are integrated as one system, from the equations as the paper states them (eLife 6:e22901,
//! Methods):
//!
//! ds/dt from x' = −x/τ; dV/dt = −g_l V + g_b (B − V) + g_a (A − V); dU/dt = −g_l U + g_d (D − U) + g (E − U).
//!
//! With steps of h = 0.02 ms and rates of at most 1.7 /ms, one step's relative error is (1.7 h)⁵/120 = 4e-10, that of a
//! whole phase less than 1e-8 (errors decay with the same rates).

use apical::protocol::Spike;

use super::networks::{Built, E_TEACH, G_D, G_L, G_TEACH, Net};

/// Largest step [ms].
const STEP: f64 = 0.02;

/// Where each part of the system's vector begins.
#[derive(Clone, Copy, Default)]
struct Place {
    /// Slow and fast traces and integral of the trains, of a projection; potential and integral, of a population.
    start: usize,
    n: usize,
}

/// The equations of a network.
struct Equations<'a> {
    net: &'a Net,
    /// Rows [pre][post] of each projection.
    rows: Vec<Vec<Vec<f64>>>,
    biases: Vec<Vec<f64>>,
    /// Per projection: slow, fast, integral of slow − fast, [pre] each.
    trains: Vec<Place>,
    /// Per population: V, ∫V, ∫A or ∫sigmoid(U), [n] each; nothing for the encoder.
    cells: Vec<Place>,
    size: usize,
}

/// What the solver finds at the end of a phase, by population or projection.
pub struct Solved {
    pub v: Vec<Vec<f64>>,
    pub mean_v: Vec<Vec<f64>>,
    /// Mean apical potential of hidden populations; empty elsewhere.
    pub mean_apical: Vec<Vec<f64>>,
    /// Mean sigmoid of the output potential.
    pub mean_sigmoid: Vec<f64>,
    /// Mean train of each presynaptic neuron [1/ms].
    pub mean_trains: Vec<Vec<f64>>,
    /// Slow and fast trace of each presynaptic neuron, with its jump of 1/(τ_L − τ_s) [1/ms].
    pub traces: Vec<[Vec<f64>; 2]>,
    /// Spikes on their way, by time of arrival from the end of the phase [ms].
    pub in_flight: Vec<Vec<Spike>>,
    /// Soma, dendrite and apical potential of each neuron at the times asked for: [time][population][3][n].
    pub sampled: Vec<Vec<[Vec<f64>; 3]>>,
    /// Largest |V| of any neuron in the phase.
    pub largest: f64,
}

/// A network on its way.
pub struct Solver<'a> {
    equations: Equations<'a>,
    state: Vec<f64>,
    /// Spikes on their way, per projection [ms from the start of the next phase].
    in_flight: Vec<Vec<Spike>>,
}

impl<'a> Solver<'a> {
    /// At rest.
    pub fn new(built: &'a Built) -> Self {
        let equations = Equations::new(built);
        let projections = equations.rows.len();
        Self { state: vec![0.0; equations.size], equations, in_flight: vec![Vec::new(); projections] }
    }

    /// Takes the network through a phase of `length` ms in which its populations fire `spikes`, times from its start;
    /// potentials are noted at the times `sample`.
    pub fn phase(&mut self, length: f64, label: Option<usize>, spikes: &[Vec<Spike>], sample: &[f64]) -> Solved {
        for (flying, (from, _, delay)) in self.in_flight.iter_mut().zip(self.equations.net.projections()) {
            flying.extend(spikes[from].iter().map(|s| Spike { time: s.time + delay, neuron: s.neuron }));
        }
        let settle = self.equations.net.settles()[usize::from(label.is_some())];
        let mut stops: Vec<(f64, Stop)> = vec![(settle, Stop::Settled), (length, Stop::End)];
        stops.extend(sample.iter().map(|&t| (t, Stop::Sample)));
        for (p, flying) in self.in_flight.iter().enumerate() {
            let arriving = flying.iter().filter(|s| s.time < length);
            stops.extend(arriving.map(|s| (s.time, Stop::Arrival(p, s.neuron as usize))));
        }
        stops.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (mut now, mut largest, mut sampled) = (0.0, 0.0_f64, Vec::new());
        for (time, stop) in stops {
            self.integrate(time - now, label, &mut largest);
            now = time;
            match stop {
                Stop::Arrival(projection, j) => self.equations.arrive(projection, j, &mut self.state),
                Stop::Settled => self.equations.clear_integrals(&mut self.state),
                Stop::Sample => sampled.push(self.equations.potentials(&self.state)),
                Stop::End => break,
            }
        }
        for flying in &mut self.in_flight {
            flying.retain(|s| s.time >= length);
            flying.iter_mut().for_each(|s| s.time -= length);
        }
        self.solved(length - settle, largest, sampled)
    }

    fn integrate(&mut self, length: f64, label: Option<usize>, largest: &mut f64) {
        let steps = (length / STEP).ceil();
        let h = length / steps;
        let n = self.state.len();
        let [mut k1, mut k2, mut k3, mut k4, mut at] = std::array::from_fn(|_| vec![0.0; n]);
        for _ in 0..steps as usize {
            let slope = |x: &[f64], out: &mut [f64]| self.equations.slope(x, label, out);
            let moved = |k: &[f64], h: f64, at: &mut [f64]| {
                at.iter_mut().zip(self.state.iter().zip(k)).for_each(|(at, (x, k))| *at = x + h * k);
            };
            slope(&self.state, &mut k1);
            moved(&k1, h / 2.0, &mut at);
            slope(&at, &mut k2);
            moved(&k2, h / 2.0, &mut at);
            slope(&at, &mut k3);
            moved(&k3, h, &mut at);
            slope(&at, &mut k4);
            for i in 0..n {
                self.state[i] += h / 6.0 * (k1[i] + 2.0 * (k2[i] + k3[i]) + k4[i]);
            }
            for cell in &self.equations.cells {
                self.state[cell.start..][..cell.n].iter().for_each(|v| *largest = largest.max(v.abs()));
            }
        }
    }

    fn solved(&self, averaged: f64, largest: f64, sampled: Vec<Vec<[Vec<f64>; 3]>>) -> Solved {
        let part = |place: &Place, k: usize| self.state[place.start + k * place.n..][..place.n].to_vec();
        let mean = |place: &Place| part(place, 2).iter().map(|x| x / averaged).collect::<Vec<f64>>();
        let Equations { trains, cells, net, .. } = &self.equations;
        Solved {
            v: cells.iter().map(|cell| part(cell, 0)).collect(),
            mean_v: cells.iter().map(|cell| part(cell, 1).iter().map(|x| x / averaged).collect()).collect(),
            mean_apical: cells[..net.output()].iter().map(mean).chain([Vec::new()]).collect(),
            mean_sigmoid: mean(&cells[net.output()]),
            mean_trains: trains.iter().map(mean).collect(),
            traces: trains.iter().map(|trains| [part(trains, 0), part(trains, 1)]).collect(),
            in_flight: self.in_flight.clone(),
            sampled,
            largest,
        }
    }
}

#[derive(Clone, Copy)]
enum Stop {
    Arrival(usize, usize),
    Settled,
    Sample,
    End,
}

impl<'a> Equations<'a> {
    fn new(built: &'a Built) -> Self {
        let net = &built.net;
        let mut size = 0;
        let mut place = |n: usize| {
            let start = size;
            size += 3 * n;
            Place { start, n }
        };
        let trains = net.projections().iter().map(|&(from, _, _)| place(net.sizes[from])).collect();
        let cells = (0..net.sizes.len()).map(|p| place(if p == 0 { 0 } else { net.sizes[p] })).collect();
        Self {
            net,
            rows: (0..net.projections().len()).map(|p| built.rows(p)).collect(),
            biases: (0..net.sizes.len()).map(|p| built.biases(p)).collect(),
            trains,
            cells,
            size,
        }
    }

    fn arrive(&self, projection: usize, j: usize, state: &mut [f64]) {
        let Place { start, n } = self.trains[projection];
        let jump = 1.0 / (self.net.tau_l - self.net.tau_s);
        state[start + j] += jump;
        state[start + n + j] += jump;
    }

    fn clear_integrals(&self, state: &mut [f64]) {
        self.trains.iter().for_each(|place| state[place.start + 2 * place.n..][..place.n].fill(0.0));
        self.cells.iter().for_each(|place| state[place.start + place.n..][..2 * place.n].fill(0.0));
    }

    /// Evaluates bias + Σ_j w_ij s_j of a projection.
    fn dendrite(&self, projection: usize, bias: &[f64], x: &[f64]) -> Vec<f64> {
        let Place { start, n } = self.trains[projection];
        let mut sums = bias.to_vec();
        for (j, row) in self.rows[projection].iter().enumerate() {
            let s = x[start + j] - x[start + n + j];
            sums.iter_mut().zip(row).for_each(|(sum, w)| *sum += w * s);
        }
        sums
    }

    /// The dendritic and the apical potentials of a population; the latter 0 where there is no apical dendrite.
    fn dendrites(&self, p: usize, x: &[f64]) -> [Vec<f64>; 2] {
        let none = vec![0.0; self.net.sizes[p]];
        let apical = if p < self.net.output() { self.dendrite(self.net.feedback(p), &none, x) } else { none.clone() };
        [self.dendrite(p - 1, &self.biases[p], x), apical]
    }

    fn potentials(&self, x: &[f64]) -> Vec<[Vec<f64>; 3]> {
        let of = |p: usize| {
            let [dendrite, apical] = self.dendrites(p, x);
            [x[self.cells[p].start..][..self.cells[p].n].to_vec(), dendrite, apical]
        };
        (1..self.net.sizes.len()).map(of).collect()
    }

    /// Writes the derivative of `x`.
    fn slope(&self, x: &[f64], label: Option<usize>, out: &mut [f64]) {
        let Net { tau_l, tau_s, g_a, .. } = *self.net;
        for &Place { start, n } in &self.trains {
            for j in start..start + n {
                out[j] = -x[j] / tau_l;
                out[j + n] = -x[j + n] / tau_s;
                out[j + 2 * n] = x[j] - x[j + n];
            }
        }
        let output = self.net.output();
        for p in 1..=output {
            let Place { start, n } = self.cells[p];
            let [dendrite, apical] = self.dendrites(p, x);
            for i in 0..n {
                let v = x[start + i];
                let leaky = -G_L * v + G_D * (dendrite[i] - v);
                let (rest, integrand) = if p < output {
                    (g_a * (apical[i] - v), apical[i])
                } else {
                    let reversal = |label| if i == label { E_TEACH } else { -E_TEACH };
                    (label.map_or(0.0, |label| G_TEACH * (reversal(label) - v)), 1.0 / (1.0 + (-v).exp()))
                };
                out[start + i] = leaky + rest;
                out[start + n + i] = v;
                out[start + 2 * n + i] = integrand;
            }
        }
    }
}
