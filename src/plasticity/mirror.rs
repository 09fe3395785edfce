//! Feedback weights that change as the feedforward weights between the same two neurons do.

use super::{
    BoundaryRule, LocalSignals, Measurement, Measurements, Quantity, RuleContext, RuleError, TwoPhase, WeightUpdate,
};

/// dY_io = η s̄_i e_o, the change of the feedforward synapse from neuron i to neuron o apart from the two learning rates: feedback
/// aligns with feedforward weights as these grow. There is no weight decay, so differences of the initial values remain.
///
/// Kolen & Pollack (1994), Backpropagation without weight transport, Proc. ICNN 3:1375. Both factors are available at the
/// synapse of the axon of o on the apical dendrite of i.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mirror {
    /// The rule of the feedforward synapses, whose postsynaptic factor is e_o.
    pub error: TwoPhase,
}

/// The forward phase.
const FORWARD: usize = 0;

impl Mirror {
    /// The rule of a feedback projection.
    ///
    /// # Errors
    /// If the presynaptic neurons have no error.
    pub fn of(context: &RuleContext<'_>) -> Result<Self, RuleError> {
        let why = "rule `mirror`: expected presynaptic neurons with a dendrite, whose error it takes; found an encoder";
        let error = TwoPhase::of(context.pre).map_err(|_| RuleError::unfit(why))?;
        Ok(Self { error })
    }
}

impl BoundaryRule for Mirror {
    fn measurements(&self) -> Measurements {
        let pre = self.error.measurements().post;
        Measurements { post: vec![Measurement::Phase(Quantity::Train, FORWARD)], pre }
    }

    fn change(&self, post: LocalSignals<'_>, pre: LocalSignals<'_>, eta: f64, change: &mut WeightUpdate) {
        let term = change.add_term();
        self.error.errors(pre, eta, |o, e| term.pre.extend((e != 0.0).then_some((o as u32, e))));
        term.set_post(post.phase(FORWARD).train.iter().copied());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plasticity::{ErrorSignal, PhaseSignals, RateCurve, Slope};

    /// The change of the feedback weight from o to i is that of the feedforward weight from i to o.
    #[test]
    fn a_mirrored_synapse_changes_as_its_twin_does() {
        let forward =
            TwoPhase { gain: 0.9, error: ErrorSignal::Teaching, curve: RateCurve::default(), slope: Slope::Sigmoid };
        let hidden = [PhaseSignals { train: &[0.1, 0.0, 0.02], ..PhaseSignals::default() }];
        let output = [
            PhaseSignals { v: &[-1.0, 0.5], ..PhaseSignals::default() },
            PhaseSignals { sigmoid: &[0.9, 0.1], ..PhaseSignals::default() },
        ];
        let hidden = LocalSignals { size: 3, phases: &hidden, ..LocalSignals::default() };
        let output = LocalSignals { size: 2, phases: &output, ..LocalSignals::default() };
        let (mut weights, mut feedback) = (WeightUpdate::default(), WeightUpdate::default());
        forward.change(output, hidden, 0.3, &mut weights);
        Mirror { error: forward }.change(hidden, output, 0.3, &mut feedback);
        let ([weights], [feedback]) = (weights.terms(), feedback.terms()) else { panic!("one term each") };
        assert_eq!(feedback.pre.len(), 2);
        for &(i, s) in &weights.pre {
            for &(o, e) in &feedback.pre {
                let (there, back) = (weights.post[o as usize] * s, e * feedback.post[i as usize]);
                assert!(there != 0.0 && (there - back).abs() < 1e-9, "{o} and {i}: {there} and {back}");
            }
        }
    }
}
