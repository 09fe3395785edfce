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
        let cell = population.linear().ok_or("a source and cells of several compartments have none")?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cells::{Lif, LifPort, PoissonInput};
    use crate::model::ContinuousProtocol;

    fn described(cell: Lif) -> Result<TheoryCell, Refusal> {
        let model = Model::builder("one").protocol(ContinuousProtocol::default()).population("cells", 1, cell);
        TheoryCell::new(&model.build().unwrap(), 0)
    }

    fn input(port: &str, hz: f64, weight: f64) -> PoissonInput {
        PoissonInput { port: port.to_owned(), count: 100, rate: hz, weight }
    }

    /// Exponential currents of 0.5 ms into 250 pF: a weight of 100 pA has the charge of a jump by 0.2 mV. 100 trains of 10 Hz are a spike
    /// each ms: μ = E_L + I τ_m/C + 10 · 0.2 mV, σ² = 10 · 0.04 mV².
    #[test]
    fn currents_act_by_their_charge() {
        let ports = vec![LifPort::Exponential { name: "in".to_owned(), tau: 0.5 }];
        let cell = Lif { i_e: 125.0, ports, poisson_input: vec![input("in", 10.0, 100.0)], ..Lif::default() };
        let found = described(cell).unwrap();
        assert!((found.jumps[0] - 0.002).abs() < 1e-15, "{}", found.jumps[0]);
        let NoisyInput { mean, sd } = found.drive;
        assert!((mean - (-70.0 + 5.0 + 2.0)).abs() < 1e-12 && (sd - 0.4_f64.sqrt()).abs() < 1e-12, "{mean} {sd}");
        assert!((found.background.0 - 0.04).abs() < 1e-12 && (found.background.1 - 0.2).abs() < 1e-12);
        assert!((found.neuron.tau_s - 0.5).abs() < 1e-15 && (found.neuron.tau_m - 10.0).abs() < 1e-12);
    }

    /// Ports that no spike reaches may have any kernel.
    #[test]
    fn one_time_constant_is_taken_and_two_are_not() {
        let port = |name: &str, tau| LifPort::Exponential { name: name.to_owned(), tau };
        let cell =
            |inputs| Lif { ports: vec![port("a", 0.5), port("b", 1.0)], poisson_input: inputs, ..Lif::default() };
        assert!(described(cell(vec![input("a", 10.0, 1.0), input("b", 0.0, 1.0)])).is_ok());
        let two = described(cell(vec![input("a", 10.0, 1.0), input("b", 10.0, 1.0)])).unwrap_err();
        assert!(two.contains("several synaptic time constants"), "{two}");
    }

    #[test]
    fn drawn_thresholds_have_their_mean_and_spread() {
        for (values, variance) in [
            (NeuronValues::Normal { mean: -50.0, sd: 2.0 }, 4.0),
            (NeuronValues::Uniform { low: -53.0, high: -47.0 }, 3.0),
        ] {
            let cell = described(Lif { v_th: values, ..Lif::default() }).unwrap();
            let mean = |f: &dyn Fn(f64) -> f64| cell.thresholds.iter().map(|s| s.share * f(s.threshold)).sum::<f64>();
            assert!((mean(&|_| 1.0) - 1.0).abs() < 1e-12 && (cell.neuron.threshold + 50.0).abs() < 1e-12);
            // The 16 values of a uniform distribution have 1 − 1/16² of its variance.
            assert!((mean(&|v| (v + 50.0).powi(2)) - variance).abs() < 0.02, "{values:?}");
        }
    }
}
