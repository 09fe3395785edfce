//! An independent simulation in time steps: Euler's method on the equations of the paper, with an own random generator.
//!
//! It shares with the engine nothing but weights, biases and the description of the network, and it is exact only as its
//! step goes to 0: a neuron fires at most once a step, spikes act at the ends of steps, traces and potentials decay by
//! straight lines. Guerguiev, Lillicrap & Richards (2017), eLife 6:e22901, Methods.

use std::collections::VecDeque;

use super::networks::{Built, E_TEACH, G_D, G_L, G_TEACH, Net, PHI_MAX};

/// Marsaglia's xorshift64* generator; no stream of the engine's.
pub struct Random(u64);

impl Random {
    /// Any seed will do: neighbours start far apart.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    /// A number in [0, 1).
    pub fn unit(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// What is compared of one presentation, by population; phases are forward and target.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// Spikes from the start of the presentation, sorted by time [ms].
    pub spikes: Vec<Vec<(f64, usize)>>,
    /// Mean somatic potential after settling, [phase][population][n]; empty for the encoder.
    pub v: [Vec<Vec<f64>>; 2],
    /// Plateaus, [phase][population][n]; empty where there is no apical dendrite.
    pub plateau: [Vec<Vec<f64>>; 2],
    /// Mean sigmoid of the output potential after settling, of the target phase.
    pub sigmoid: Vec<f64>,
}

/// The simulation; each presentation starts from rest.
pub struct Stepped<'a> {
    net: &'a Net,
    /// Rows [pre][post] of each projection.
    weights: Vec<Vec<Vec<f64>>>,
    biases: Vec<Vec<f64>>,
    /// Of apical dendrites, which have none.
    no_bias: Vec<Vec<f64>>,
    rates: Vec<f64>,
    /// The step [ms].
    dt: f64,
    random: Random,
}

/// Traces of filtered trains, s = slow − fast [1/ms].
#[derive(Clone)]
struct Trains {
    slow: Vec<f64>,
    fast: Vec<f64>,
}

/// The state at one step.
struct State {
    /// Trains of each population where they arrive at once.
    trains: Vec<Trains>,
    /// Trains of the output population where they arrive late.
    late: Trains,
    /// Output spikes on their way: the step after which they arrive, the neuron.
    in_flight: VecDeque<(usize, usize)>,
    v: Vec<Vec<f64>>,
    /// Basal or dendritic potentials, then apical ones.
    dendrite: Vec<Vec<f64>>,
    apical: Vec<Vec<f64>>,
}

fn sigmoid(v: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-v))
}

impl Trains {
    fn new(n: usize) -> Self {
        Self { slow: vec![0.0; n], fast: vec![0.0; n] }
    }

    fn decay(&mut self, net: &Net, dt: f64) {
        self.slow.iter_mut().for_each(|x| *x -= dt / net.tau_l * *x);
        self.fast.iter_mut().for_each(|x| *x -= dt / net.tau_s * *x);
    }

    fn arrive(&mut self, net: &Net, j: usize) {
        self.slow[j] += 1.0 / (net.tau_l - net.tau_s);
        self.fast[j] += 1.0 / (net.tau_l - net.tau_s);
    }

    /// Writes b_i + Σ_j w_ij s_j.
    fn reach(&self, rows: &[Vec<f64>], bias: &[f64], out: &mut [f64]) {
        out.copy_from_slice(bias);
        for (row, (slow, fast)) in rows.iter().zip(self.slow.iter().zip(&self.fast)) {
            let s = slow - fast;
            out.iter_mut().zip(row).for_each(|(sum, w)| *sum += w * s);
        }
    }
}

impl<'a> Stepped<'a> {
    pub fn new(built: &'a Built, rates: &[f64], dt: f64, seed: u64) -> Self {
        assert!(built.net.forward_delay == 0.0, "forward projections arrive at once");
        Self {
            net: &built.net,
            weights: (0..built.net.projections().len()).map(|p| built.rows(p)).collect(),
            biases: (0..built.net.sizes.len()).map(|p| built.biases(p)).collect(),
            no_bias: built.net.sizes.iter().map(|&n| vec![0.0; n]).collect(),
            rates: rates.to_vec(),
            dt,
            random: Random::new(seed),
        }
    }

    /// Shows one presentation of these phases [ms], `label` being taught in the second.
    pub fn present(&mut self, lengths: [f64; 2], label: usize) -> Record {
        let sizes = &self.net.sizes;
        let zeros = || -> Vec<Vec<f64>> { sizes.iter().map(|&n| vec![0.0; n]).collect() };
        let mut record = Record { spikes: vec![Vec::new(); sizes.len()], ..Record::default() };
        let mut state = State {
            trains: sizes.iter().map(|&n| Trains::new(n)).collect(),
            late: Trains::new(sizes[self.net.output()]),
            in_flight: VecDeque::new(),
            v: zeros(),
            dendrite: zeros(),
            apical: zeros(),
        };
        let mut step = 0;
        for (phase, length) in lengths.into_iter().enumerate() {
            let steps = (length / self.dt).round() as usize;
            let settled = (self.net.settles()[phase] / self.dt).round() as usize;
            let weight = 1.0 / (steps - settled) as f64;
            let (mut v, mut apical) = (zeros(), zeros());
            record.sigmoid = vec![0.0; sizes[self.net.output()]];
            for k in 0..steps {
                self.dendrites(&mut state);
                if k >= settled {
                    add(&mut v, &state.v, weight);
                    add(&mut apical, &state.apical, weight);
                    if phase == 1 {
                        let output = &state.v[self.net.output()];
                        record.sigmoid.iter_mut().zip(output).for_each(|(mean, u)| *mean += weight * sigmoid(*u));
                    }
                }
                self.step(&mut state, step, (phase == 1).then_some(label), &mut record.spikes);
                step += 1;
            }
            v[0].clear();
            record.v[phase] = v;
            for (p, means) in apical.iter_mut().enumerate() {
                let hidden = p > 0 && p < self.net.output();
                means.truncate(if hidden { means.len() } else { 0 });
                means.iter_mut().for_each(|a| *a = sigmoid(*a));
            }
            record.plateau[phase] = apical;
        }
        record
    }

    /// Evaluates B = W s + b, D = W s + b and A = Y s.
    fn dendrites(&self, state: &mut State) {
        let State { trains, late, dendrite, apical, .. } = state;
        let output = self.net.output();
        for p in 1..=output {
            trains[p - 1].reach(&self.weights[p - 1], &self.biases[p], &mut dendrite[p]);
            if p < output {
                late.reach(&self.weights[self.net.feedback(p)], &self.no_bias[p], &mut apical[p]);
            }
        }
    }

    /// Takes one step of Euler's method, all slopes and rates being those at its start.
    fn step(&mut self, state: &mut State, step: usize, label: Option<usize>, spikes: &mut [Vec<(f64, usize)>]) {
        let (net, dt, output) = (self.net, self.dt, self.net.output());
        let end = (step + 1) as f64 * dt;
        let State { trains, late, in_flight, v, dendrite, apical } = state;
        trains.iter_mut().for_each(|trains| trains.decay(net, dt));
        late.decay(net, dt);
        for p in 0..=output {
            for i in 0..net.sizes[p] {
                let u = self.random.unit();
                let fires = match p {
                    0 => u < self.rates[i] * dt,
                    // The first comparison only saves time: the second implies it.
                    _ => u < PHI_MAX * dt && u < PHI_MAX * dt * sigmoid(v[p][i]),
                };
                if fires {
                    spikes[p].push((end, i));
                    trains[p].arrive(net, i);
                    if p == output {
                        in_flight.push_back((step + (net.feedback_delay / dt).round() as usize, i));
                    }
                }
            }
        }
        while let Some(&(_, i)) = in_flight.front().filter(|(due, _)| *due <= step) {
            late.arrive(net, i);
            in_flight.pop_front();
        }
        for p in 1..output {
            for ((v, b), a) in v[p].iter_mut().zip(&dendrite[p]).zip(&apical[p]) {
                *v += dt * (-G_L * *v + G_D * (b - *v) + net.g_a * (a - *v));
            }
        }
        for (i, (u, d)) in v[output].iter_mut().zip(&dendrite[output]).enumerate() {
            let teaching = label.map_or(0.0, |label| {
                let reversal = if i == label { E_TEACH } else { -E_TEACH };
                G_TEACH * (reversal - *u)
            });
            *u += dt * (-G_L * *u + G_D * (d - *u) + teaching);
        }
    }
}

fn add(sums: &mut [Vec<f64>], values: &[Vec<f64>], weight: f64) {
    for (sums, values) in sums.iter_mut().zip(values) {
        sums.iter_mut().zip(values).for_each(|(sum, x)| *sum += weight * x);
    }
}
