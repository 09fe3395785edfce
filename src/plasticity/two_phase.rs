//! Two phases, plateau differences: Guerguiev, Lillicrap & Richards (2017), eLife 6:e22901, Methods.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    BoundaryRule, LocalSignals, Measurement, Measurements, NeuronConstants, Quantity, RuleError, WeightUpdate,
};
use crate::numeric::sigmoid_all;

/// The authors' factors 20/phi_max and 20/phi_max² (times rates of up to phi_max), less the phi_max they cancel.
const GAIN: f64 = 20.0;

/// Neurons whose sigmoids are computed at once.
const CHUNK: usize = 64;

/// The phases of a trial.
const FORWARD: usize = 0;
const TARGET: usize = 1;

/// dW_ij = 20 η k e_i sigmoid'(mean_f V_i) mean_f s_j, with the presynaptic factor 1 for the biases. Of cells that fire at a threshold
/// θ, sigmoid(V) is sigmoid((V* − θ)/w), and V* the potential that they would have without their own spikes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TwoPhase {
    /// Steady-state gain from dendrite to soma: k_b = g_b/(g_l + g_b + g_a), or k_d = g_d/(g_l + g_d).
    pub gain: f64,
    /// The error that it takes.
    pub error: ErrorSignal,
    /// The rate of the neurons over φ_max, where sigmoid(V) stands.
    pub curve: RateCurve,
    /// The slope that it takes for sigmoid'.
    pub slope: Slope,
}

/// A rate over its largest, as a function of the potential: sigmoid((V − θ)/w).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RateCurve {
    /// θ, where it is half of that.
    pub threshold: f64,
    /// w, above 0.
    pub width: f64,
}

impl Default for RateCurve {
    /// sigmoid(V), in dimensionless volts.
    fn default() -> Self {
        Self { threshold: 0.0, width: 1.0 }
    }
}

/// The error e_i of a postsynaptic neuron.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorSignal {
    /// Hidden: α_t − α_f, the difference between the plateaus of the two phases.
    Plateaus,
    /// Output: mean_t sigmoid(U) − sigmoid(mean_f U), activity with the teaching conductances minus activity without.
    Teaching,
    /// Hidden, and not local: [`LocalSignals::backprop_error`].
    Backprop,
}

/// The factor by which the change of an output neuron follows its sigmoid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Slope {
    /// sigmoid'(mean_f U), as published: the slope of the rate at the mean potential.
    Sigmoid,
    /// Its largest value, 1/4 over the width, whatever U: a confident wrong answer is then unlearned as fast as any.
    Constant,
}

impl TwoPhase {
    /// The rule of feedforward weights to neurons with these constants.
    ///
    /// # Errors
    /// If the neurons have no error.
    pub fn of(post: NeuronConstants) -> Result<Self, RuleError> {
        let NeuronConstants { gain: Some(gain), error: Some(error), curve, slope, .. } = post else {
            let why = "rule `two-phase`: expected postsynaptic neurons with a dendrite, found an encoder";
            return Err(RuleError::unfit(why));
        };
        Ok(Self { gain, error, curve, slope })
    }

    /// Computes the postsynaptic factors 20 η k e_i slope_i, each handed to `take` with its neuron i in their order.
    pub(super) fn errors(&self, post: LocalSignals<'_>, eta: f64, mut take: impl FnMut(usize, f32)) {
        self.factors(post, GAIN * eta * self.gain, |i, factor| take(i, factor as f32));
    }

    /// The factors k e_i slope_i that are propagated to neurons below, rounded to f32, [n].
    pub(crate) fn propagated(&self, post: LocalSignals<'_>, factors: &mut Vec<f32>) {
        factors.clear();
        // As errors at η = 1/20, in the same order of products.
        self.errors(post, 1.0 / GAIN, |_, factor| factors.push(factor));
    }

    fn factors(&self, post: LocalSignals<'_>, factor: f64, mut take: impl FnMut(usize, f64)) {
        let (forward, target) = (post.phase(FORWARD), post.phase(TARGET));
        let RateCurve { threshold, width } = self.curve;
        for (first, v) in (0..).step_by(CHUNK).zip(forward.v.chunks(CHUNK)) {
            let mut rates = [0.0; CHUNK];
            rates.iter_mut().zip(v).for_each(|(rate, v)| *rate = (v - threshold) / width);
            sigmoid_all(&mut rates[..v.len()]);
            for (&rate, i) in rates[..v.len()].iter().zip(first..) {
                let error = match self.error {
                    ErrorSignal::Plateaus => at(target.plateau, i) - at(forward.plateau, i),
                    ErrorSignal::Teaching => at(target.sigmoid, i) - rate,
                    ErrorSignal::Backprop => at(post.backprop_error, i),
                };
                let slope = match self.slope {
                    Slope::Sigmoid => rate * (1.0 - rate) / width,
                    Slope::Constant => 0.25 / width,
                };
                take(i, factor * error * slope);
            }
        }
    }
}

/// A signal of neuron i; NaN where it is not measured.
fn at(signal: &[f64], i: usize) -> f64 {
    signal.get(i).copied().unwrap_or(f64::NAN)
}

impl BoundaryRule for TwoPhase {
    fn measurements(&self) -> Measurements {
        let mut post = vec![Measurement::Phase(Quantity::Potential, FORWARD)];
        match self.error {
            ErrorSignal::Plateaus => {
                post.extend([FORWARD, TARGET].map(|phase| Measurement::Phase(Quantity::Plateau, phase)));
            }
            ErrorSignal::Teaching => post.push(Measurement::Phase(Quantity::Sigmoid, TARGET)),
            ErrorSignal::Backprop => post.push(Measurement::BackpropError),
        }
        Measurements { post, pre: vec![Measurement::Phase(Quantity::Train, FORWARD)] }
    }

    fn change(&self, post: LocalSignals<'_>, pre: LocalSignals<'_>, eta: f64, change: &mut WeightUpdate) {
        let term = change.add_term();
        self.errors(post, eta, |_, factor| term.post.push(factor));
        term.set_pre(pre.phase(FORWARD).train.iter().copied());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plasticity::{PhaseSignals, RankOne};

    fn change(error: ErrorSignal, slope: Slope, phases: &[PhaseSignals<'_>], eta: f64) -> RankOne {
        let mut change = WeightUpdate::default();
        let pre = [PhaseSignals { train: &[0.1, 0.0], ..PhaseSignals::default() }];
        let pre = LocalSignals { size: 2, phases: &pre, ..LocalSignals::default() };
        let post = LocalSignals { size: phases[0].v.len(), phases, ..LocalSignals::default() };
        TwoPhase { gain: 6.0 / 7.0, error, curve: RateCurve::default(), slope }.change(post, pre, eta, &mut change);
        let [term] = change.terms() else { panic!("one term") };
        term.clone()
    }

    fn output<'a>(v: &'a [f64], sigmoid: &'a [f64]) -> [PhaseSignals<'a>; 2] {
        [PhaseSignals { v, ..PhaseSignals::default() }, PhaseSignals { sigmoid, ..PhaseSignals::default() }]
    }

    /// mean_f U = 0, mean_t sigmoid(U) = 1, s = 0.1, η = 0.1: 20 · 0.1 · (6/7) · 0.5 · 0.25 · 0.1.
    #[test]
    fn the_worked_case_of_an_output_neuron_holds() {
        let change = change(ErrorSignal::Teaching, Slope::Sigmoid, &output(&[0.0], &[1.0]), 0.1);
        assert_eq!(change.pre, [(0, 0.1)]);
        let dw = f64::from(change.post[0]) * 0.1;
        assert!((dw - 20.0 * 0.1 * (6.0 / 7.0) * 0.5 * 0.25 * 0.1).abs() < 1e-8);
        assert!((dw - 0.021_429).abs() < 1e-6);
    }

    #[test]
    #[allow(clippy::float_cmp, reason = "no difference, no change")]
    fn a_hidden_neuron_learns_from_the_difference_of_its_plateaus() {
        let post = [
            PhaseSignals { v: &[0.0, 0.0], plateau: &[0.3, 0.9], ..PhaseSignals::default() },
            PhaseSignals { plateau: &[0.8, 0.9], ..PhaseSignals::default() },
        ];
        let change = change(ErrorSignal::Plateaus, Slope::Sigmoid, &post, 0.21);
        assert!((f64::from(change.post[0]) - 20.0 * 0.21 * (6.0 / 7.0) * 0.5 * 0.25).abs() < 1e-7);
        assert_eq!(change.post[1], 0.0);
    }

    /// At U = 3 the sigmoid's slope is 0.045; a constant one is 0.25 there as everywhere.
    #[test]
    fn a_constant_slope_does_not_fall_with_confidence() {
        let of = |slope| f64::from(change(ErrorSignal::Teaching, slope, &output(&[3.0], &[0.0]), 0.1).post[0]);
        let rate = 1.0 / (1.0 + (-3.0_f64).exp());
        assert!((of(Slope::Constant) + 20.0 * 0.1 * (6.0 / 7.0) * rate * 0.25).abs() < 1e-6);
        assert!((of(Slope::Sigmoid) / of(Slope::Constant) - 4.0 * rate * (1.0 - rate)).abs() < 1e-6);
    }
}
