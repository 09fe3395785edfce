//! Cells as the theory takes them, or why it does not.

use std::borrow::Cow;

use crate::analysis::mean_field::{HERMITE, LifNeuron, NoisyInput, ThresholdShare};
use crate::cells::{Fires, Kernel, LinearCell, NeuronValues};
use crate::model::Model;

/// Largest τ_s/τ_m at which the correction for synapses is taken.
const SLOWEST_SYNAPSES: f64 = 0.2;

/// Values that stand for a uniform distribution.
const VALUES: usize = 16;

/// Why there is no theory of a population.
pub(super) type Refusal = Cow<'static, str>;

/// A population of cells as the theory takes it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct TheoryCell {
    pub(super) neuron: LifNeuron,
    pub(super) thresholds: Vec<ThresholdShare>,
    /// Resting potential, constant current and Poisson input of its own.
    pub(super) drive: NoisyInput,
    /// Jump of V by which an impulse of the charge of a spike of weight 1 acts, by port [mV].
    pub(super) jumps: Vec<f64>,
    /// Of its own Poisson input, Σ J² ν [mV²/ms] and Σ |J| ν [mV/ms].
    pub(super) background: (f64, f64),
    kernels: Vec<Kernel>,
    /// The kernel that spikes act by.
    reached: Option<Kernel>,
}

impl TheoryCell {
    /// The cells of a population, before any projection reaches them.
    pub(super) fn new(model: &Model, place: usize) -> Result<Self, Refusal> {
        let population = &model.populations[place];
        let cell = population.linear().ok_or("a source has none")?;
        let (thresholds, reset) = match (&cell.fires, cell.reset) {
            (Fires::Escape(_), _) => {
                return Err("its cells fire at a rate that depends on V, not at a threshold".into());
            }
            (_, None) => return Err("its cells have no reset".into()),
            (Fires::Threshold(values), Some(reset)) => (shares(values), reset),
        };
        if population.stimulus.is_some() {
            return Err("the current into its cells changes with time".into());
        }
        if cell.adaptation.is_some() {
            return Err("its cells adapt".into());
        }
        if thresholds.iter().any(|share| share.threshold <= reset.potential) {
            return Err("its thresholds are drawn from a distribution that reaches down to the reset".into());
        }
        let threshold = thresholds.iter().map(|share| share.share * share.threshold).sum();
        let (tau_m, t_ref) = (1.0 / cell.gamma, reset.refractory_ms);
        let neuron = LifNeuron { tau_m, t_ref, threshold, reset: reset.potential, tau_s: 0.0 };
        let charge = |port: &crate::cells::Port| port.conductance * port.kernel.integral(f64::INFINITY);
        let mut described = Self {
            neuron,
            thresholds,
            drive: NoisyInput { mean: cell.rest, sd: 0.0 },
            jumps: cell.ports.iter().map(charge).collect(),
            background: (0.0, 0.0),
            kernels: cell.ports.iter().map(|port| port.kernel).collect(),
            reached: None,
        };
        described.take_background(&cell)?;
        Ok(described)
    }

    /// Takes Poisson input of the cells' own.
    fn take_background(&mut self, cell: &LinearCell) -> Result<(), Refusal> {
        for input in cell.background.iter().filter(|input| input.rate > 0.0 && input.weight != 0.0) {
            self.reach(input.port)?;
            let jump = self.jumps[input.port] * input.weight;
            self.drive.mean += self.neuron.tau_m * jump * input.rate;
            self.background.0 += jump * jump * input.rate;
            self.background.1 += jump.abs() * input.rate;
        }
        self.drive.sd = (self.neuron.tau_m * self.background.0).sqrt();
        Ok(())
    }

    /// Lets spikes reach a port; refused where their kernel has no correction.
    pub(super) fn reach(&mut self, port: usize) -> Result<(), Refusal> {
        let kernel = self.kernels[port];
        if self.reached.is_some_and(|reached| reached != kernel) {
            let why = "spikes reach it by several synaptic time constants, and the correction is known for one alone";
            return Err(why.into());
        }
        self.reached = Some(kernel);
        let tau_m = self.neuron.tau_m;
        match kernel {
            Kernel::Delta => (),
            Kernel::Exponential { tau } if tau <= SLOWEST_SYNAPSES * tau_m * (1.0 + 1e-9) => self.neuron.tau_s = tau,
            Kernel::Exponential { tau } => {
                return Err(format!(
                    "its synapses are slow, {tau} ms against {tau_m} ms of the membrane: the correction is one for less than {SLOWEST_SYNAPSES} of it"
                )
                .into());
            }
            Kernel::DoubleExponential(_) => {
                return Err("its synapses rise and decay, and the correction for that is not known".into());
            }
        }
        Ok(())
    }
}

/// Thresholds with their parts of a population.
fn shares(values: &NeuronValues) -> Vec<ThresholdShare> {
    match *values {
        NeuronValues::Constant { value: threshold } => vec![ThresholdShare { threshold, share: 1.0 }],
        NeuronValues::Normal { mean, sd } => {
            let share = |&[z, share]: &[f64; 2]| ThresholdShare { threshold: mean + sd * z, share };
            HERMITE.iter().map(share).collect()
        }
        NeuronValues::Uniform { low, high } => {
            let threshold = |k: usize| low + (high - low) * (k as f64 + 0.5) / VALUES as f64;
            (0..VALUES).map(|k| ThresholdShare { threshold: threshold(k), share: 1.0 / VALUES as f64 }).collect()
        }
    }
}
