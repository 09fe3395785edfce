//! A plasticity rule given by two expressions: dW_ij = η post_i pre_j, db_i = η post_i.
//!
//! An expression has numbers (`0.5`, `1e-3`), signals, `+`, `-`, `*`, `/`, `^` (a power, which binds tighter than a sign:
//! `-x^2` is −(x²)), parentheses, and the functions `exp(x)`, `ln(x)`, `sqrt(x)`, `abs(x)`, `sign(x)` (−1, 0 or 1),
//! `tanh(x)`, `sigmoid(x)` = 1/(1 + e^{−x}), `min(x, y)` and `max(x, y)`. Its signals, all of the postsynaptic neuron in `post`
//! and of the presynaptic neuron in `pre`, are `QUANTITY_PHASE` with the quantities of [`signals`](super::LocalSignals) and
//! the phases of the protocol, `forward` and `target`:
//!
//! | signal | unit | what |
//! |---|---|---|
//! | `v_forward` | 1 | mean somatic potential |
//! | `plateau_forward`, `plateau_target` | 1 | plateaus, 0 to 1 |
//! | `sigmoid_forward`, `sigmoid_target` | 1 | mean of sigmoid(V), 0 to 1 |
//! | `train_forward`, `train_target` | 1/ms | mean of the filtered spike train |
//! | `backprop_error` | 1/ms | backpropagated error, not local |
//! | `gain` | 1 | steady-state gain from feedforward dendrite to soma, a constant of the population |
//! | `phi_max` | 1/ms | largest firing rate, a constant of the population |
//!
//! The published rule of hidden neurons is `post = "20 * gain * (plateau_target - plateau_forward) * sigmoid(v_forward) * (1 -
//! sigmoid(v_forward))"` and `pre = "train_forward"`.

mod grammar;
mod parse;
mod program;

pub(super) use parse::is_name;
pub use parse::{ExpressionError, FactorSignal, Formula};
pub(super) use program::{CHUNK, EMPTY, Program};

use super::{BoundaryRule, LocalSignals, Measurement, Measurements, RuleContext, RuleError, WeightUpdate};

/// The factors of a rule, as expressions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Factors {
    /// Postsynaptic factor.
    pub post: String,
    /// Presynaptic factor.
    pub pre: String,
}

/// The rule of two expressions.
#[derive(Clone, Debug)]
pub struct Expression {
    post: Program<Measurement>,
    pre: Program<Measurement>,
}

impl Expression {
    /// The rule of a projection, from the factors in its context.
    ///
    /// # Errors
    /// If there are no factors, or one is not an expression of the signals.
    pub fn of(context: &RuleContext<'_>) -> Result<Self, RuleError> {
        let why = "rule `expression`: expected the factors `post` and `pre`, found none";
        let Factors { post, pre } = context.factors.ok_or_else(|| RuleError::unfit(why))?;
        let compiled = |factor, text: &str, constants| {
            let formula =
                Formula::parse(text, context.phases).map_err(|source| RuleError::Factor { factor, source })?;
            Ok(Program::of_trials(&formula, constants))
        };
        Ok(Self { post: compiled("post", post, context.post)?, pre: compiled("pre", pre, context.pre)? })
    }
}

impl BoundaryRule for Expression {
    fn measurements(&self) -> Measurements {
        Measurements { post: self.post.measurements(), pre: self.pre.measurements() }
    }

    fn change(&self, post: LocalSignals<'_>, pre: LocalSignals<'_>, eta: f64, change: &mut WeightUpdate) {
        let term = change.add_term();
        self.post.evaluate_all(post, |_, values| term.post.extend(values.iter().map(|x| (eta * x) as f32)));
        self.pre.evaluate_all(pre, |first, values| {
            let factors = (first as u32..).zip(values.iter().map(|&x| x as f32));
            term.pre.extend(factors.filter(|&(_, x)| x != 0.0));
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plasticity::{ErrorSignal, NeuronConstants, PhaseSignals, RateCurve, Slope, TwoPhase};

    /// More neurons than are evaluated at once. Factors differ by the rounding of f64 before they are rounded to f32.
    #[test]
    fn the_published_rule_as_an_expression_is_the_published_rule() {
        const N: usize = 150;
        let number = |k: usize| (0.618 * (k + 1) as f64).fract();
        let of = |first: usize| (0..N).map(|i| number(first + i)).collect::<Vec<_>>();
        let (v, alpha_f, alpha_t, mut train) = (of(0), of(7), of(19), of(31));
        train[3] = 0.0;
        let forward = PhaseSignals { v: &v, plateau: &alpha_f, train: &train, ..PhaseSignals::default() };
        let phases = [forward, PhaseSignals { plateau: &alpha_t, ..PhaseSignals::default() }];
        let signals = LocalSignals { size: N, phases: &phases, ..LocalSignals::default() };
        let error = Some(ErrorSignal::Plateaus);
        let constants = NeuronConstants {
            phi_max: 0.2,
            gain: Some(6.0 / 7.0),
            curve: RateCurve::default(),
            error,
            slope: Slope::Sigmoid,
        };
        let post = "20 * gain * (plateau_target - plateau_forward) * sigmoid(v_forward) * (1 - sigmoid(v_forward))";
        let factors = Factors { post: post.to_owned(), pre: "train_forward".to_owned() };
        let context =
            RuleContext { post: constants, pre: constants, phases: &["forward", "target"], factors: Some(&factors) };
        let (mut expected, mut found) = (WeightUpdate::default(), WeightUpdate::default());
        TwoPhase::of(constants).unwrap().change(signals, signals, 0.1, &mut expected);
        let rule = Expression::of(&context).unwrap();
        rule.change(signals, signals, 0.1, &mut found);
        let ([found], [expected]) = (found.terms(), expected.terms()) else { panic!("one term each") };
        assert_eq!(found.pre, expected.pre);
        assert!(found.pre.len() == N - 1 && found.post.len() == N);
        for (found, expected) in found.post.iter().zip(&expected.post) {
            assert!((found - expected).abs() <= f32::EPSILON * expected.abs(), "{found} for {expected}");
        }
        assert_eq!(rule.measurements().pre, TwoPhase::of(constants).unwrap().measurements().pre);
        assert_eq!(rule.measurements().post.len(), 3);
    }
}
