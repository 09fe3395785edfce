//! The networks under test: one description from which both a model file and the test's own references are made.

use std::fmt::Write as _;
use std::sync::Arc;

use apical::engine::{Circuit, Lane, Precision, StateArray};
use apical::model::Model;
use apical::network::Network;
use apical::numeric::PresentationKey;
use apical::protocol::{KeptSpikes, Sampling, Stimulus, Target, Trial};

/// Largest firing rate [1/ms].
pub const PHI_MAX: f64 = 0.2;
/// Leak conductance of every soma [1/ms].
pub const G_L: f64 = 0.1;
/// Conductance from the basal or the one dendrite to the soma [1/ms].
pub const G_D: f64 = 0.6;
/// Teaching conductance [1/ms].
pub const G_TEACH: f64 = 1.0;
/// Excitatory reversal potential; the inhibitory one is its negative.
pub const E_TEACH: f64 = 8.0;

/// A feedforward network with feedback from the output to every hidden population.
///
/// Projections come in this order: forward ones, from population i to i + 1; then feedback to population 1, 2, …
#[derive(Clone, Debug)]
pub struct Net {
    /// Neurons of each population, input to output.
    pub sizes: Vec<usize>,
    /// Apical conductance of hidden neurons [1/ms].
    pub g_a: f64,
    /// Delay of forward projections [ms].
    pub forward_delay: f64,
    /// Delay of feedback [ms].
    pub feedback_delay: f64,
    /// Slow time constant [ms].
    pub tau_l: f64,
    /// Fast time constant [ms].
    pub tau_s: f64,
    /// Left out of the means at the start of each phase [ms].
    pub settle: f64,
    /// The same of the target phase, where that differs [ms].
    pub target_settle: Option<f64>,
    /// Mean and spread of hidden and output biases.
    pub bias: [f64; 2],
    /// Threshold and reset potential of hidden and output somata, if they fire at one.
    pub threshold: Option<[f64; 2]>,
    /// `connection` of all projections, whose synapses are then sparse.
    pub connection: Option<&'static str>,
}

impl Net {
    /// The paper's parameters at these sizes, with a feedback delay of 1 ms.
    pub fn new(sizes: &[usize], g_a: f64) -> Self {
        Self {
            sizes: sizes.to_vec(),
            g_a,
            forward_delay: 0.0,
            feedback_delay: 1.0,
            tau_l: 10.0,
            tau_s: 3.0,
            settle: 30.0,
            target_settle: None,
            bias: [0.8, 0.4],
            threshold: None,
            connection: None,
        }
    }

    /// The place of the output population.
    pub fn output(&self) -> usize {
        self.sizes.len() - 1
    }

    /// The feedback projection to hidden population `p`.
    pub fn feedback(&self, p: usize) -> usize {
        self.output() + p - 1
    }

    /// Left out of the means at the start of the forward and the target phase [ms].
    pub fn settles(&self) -> [f64; 2] {
        [self.settle, self.target_settle.unwrap_or(self.settle)]
    }

    /// Every projection: from, to, delay [ms].
    pub fn projections(&self) -> Vec<(usize, usize, f64)> {
        let forward = (0..self.output()).map(|p| (p, p + 1, self.forward_delay));
        let feedback = (1..self.output()).map(|p| (self.output(), p, self.feedback_delay));
        forward.chain(feedback).collect()
    }

    fn text(&self) -> String {
        let Self { g_a, tau_l, tau_s, settle, bias: [mean, sd], .. } = self;
        let mut text = "name = 'exactness'\n".to_owned();
        for (p, size) in self.sizes.iter().enumerate() {
            let cell = format!(
                "tau_l_ms = {tau_l}\ntau_s_ms = {tau_s}\ng_l_per_ms = 0.1\nbias = {{ from = 'uniform', mean = {mean}, sd = {sd} }}"
            );
            let threshold = self.threshold.map_or_else(String::new, |[v_th, v_reset]| {
                format!("threshold = {{ v_th = {v_th}, v_reset = {v_reset} }}")
            });
            let cell = format!("{cell}\n{threshold}");
            let kind = match p {
                0 => "kind = 'poisson'".to_owned(),
                _ if p == self.output() => {
                    let teaching = "teaching = { g_per_ms = 1, e_exc = 8, e_inh = -8 }";
                    format!("kind = 'output'\ng_d_per_ms = 0.6\n{teaching}\n{cell}")
                }
                _ => format!("kind = 'pyramidal'\ng_b_per_ms = 0.6\ng_a_per_ms = {g_a}\n{cell}"),
            };
            writeln!(text, "[[population]]\nname = 'p{p}'\nsize = {size}\nphi_max_hz = 200\n{kind}").unwrap();
        }
        for (from, to, delay) in self.projections() {
            let compartment = match (from > to, to == self.output()) {
                (true, _) => "apical",
                (_, true) => "dendrite",
                _ => "basal",
            };
            let weights = if from > to { "weights = { from = 'moments', scale = 1 }" } else { "" };
            let connection = self
                .connection
                .map_or_else(String::new, |connection| format!("connection = {{ {connection} }}\nstorage = 'sparse'"));
            writeln!(
                text,
                "[[projection]]\nfrom = 'p{from}'\nto = 'p{to}'\ncompartment = '{compartment}'\ndelay_ms = {delay}\n{weights}\n{connection}"
            )
            .unwrap();
        }
        writeln!(text, "[protocol]\nsettle_ms = {settle}\nforward_ms = 1000\ntarget_ms = 1000\ntest_ms = 1000")
            .unwrap();
        if let Some(target_settle) = self.target_settle {
            writeln!(text, "target_settle_ms = {target_settle}").unwrap();
        }
        text
    }

    /// Builds the model, with initial weights drawn from `seed`.
    pub fn build(&self, seed: u64) -> Built {
        let model = Model::parse(&self.text(), "test", &[]).unwrap();
        let network = Network::new(&model, seed, |_| Err("a stored weight")).unwrap();
        Built { net: self.clone(), model, network, seed }
    }
}

/// A network with its weights.
pub struct Built {
    pub net: Net,
    pub model: Model,
    pub network: Network,
    /// Seed of its streams.
    pub seed: u64,
}

impl Built {
    /// Its layout.
    pub fn circuit(&self, precision: Precision) -> Circuit {
        Circuit::new(&self.model, self.seed, precision).unwrap()
    }

    /// Takes a lane through a trial.
    pub fn present(&self, lane: &mut Lane, shown: &Shown<'_>) {
        let (stimuli, target) = ([shown.stimulus], Target::Class(shown.label));
        let phases = self.model.phases().training(shown.lengths, &stimuli, target);
        lane.present(
            &self.network,
            &Trial { key: shown.key, phases: &phases, spikes: KeptSpikes::All, sampling: shown.sampling },
        );
    }

    /// A lane at rest.
    pub fn lane(&self, precision: Precision) -> Lane {
        Lane::new(&Arc::new(self.circuit(precision)))
    }

    /// Rates of the input population, evenly spread over 0 … phi_max in an irregular order [1/ms].
    pub fn rates(&self) -> Vec<f64> {
        (0..self.net.sizes[0]).map(|j| PHI_MAX * (0.618_034 * (j as f64 + 1.0)).fract()).collect()
    }

    /// The weights of projection `p` as rows [pre][post], and as f64; of several synapses of a pair of neurons their sum.
    pub fn rows(&self, p: usize) -> Vec<Vec<f64>> {
        let weights = self.network.synapses[p].matrix();
        let row = |j| weights.row(j)[..weights.post()].iter().map(|&w| f64::from(w)).collect();
        (0..weights.pre()).map(row).collect()
    }

    /// The biases of population `p` as f64.
    pub fn biases(&self, p: usize) -> Vec<f64> {
        self.network.biases[p].iter().map(|&b| f64::from(b)).collect()
    }
}

/// A trial of the protocol of two phases.
#[derive(Clone, Copy)]
pub struct Shown<'a> {
    pub stimulus: Stimulus<'a>,
    pub key: PresentationKey,
    /// Of the forward and the target phase [ms].
    pub lengths: [f64; 2],
    pub label: u32,
    pub sampling: Option<Sampling>,
}

/// Presentation `n` of these rates: a forward phase and a target phase in which `label` is taught [ms].
pub fn show(rates: &[f64], n: u64, lengths: [f64; 2], label: u8) -> Shown<'_> {
    let (stimulus, key) = (Stimulus::Rates(rates), PresentationKey::training(n));
    Shown { stimulus, key, lengths, label: label.into(), sampling: None }
}

/// The same with traces sampled at the midpoints of a grid of `every` ms.
pub fn sampled(shown: Shown<'_>, every: f64) -> Shown<'_> {
    Shown { sampling: Some(Sampling { first: every / 2.0, every }), ..shown }
}

/// An array of the state of a population, empty if there is none.
pub fn array<'a>(state: &'a [StateArray], name: &str) -> &'a [f64] {
    state.iter().find(|array| array.name == name).map_or(&[], |array| &array.values)
}

/// Checks that values are within a tolerance of those expected.
pub fn assert_close(found: &[f64], expected: &[f64], tolerance: f64, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (i, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!((a - b).abs() <= tolerance, "{what}, {i}: {a} against {b}, tolerance {tolerance}");
    }
}

/// The largest |x|.
pub fn largest(x: &[f64]) -> f64 {
    x.iter().fold(0.0, |largest: f64, x| largest.max(x.abs()))
}
