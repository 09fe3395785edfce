//! Plasticity rules: local signals in, a change of weights out.
//!
//! A rule belongs to one projection. It takes slices of the local signals of its postsynaptic and presynaptic neurons and
//! returns the two vectors of an outer product; it sees neither engine nor network. [`apply`] adds that product to the rows
//! of the active presynaptic neurons. [`Backprop`] is not local: it reads weights.

mod backprop;
mod feedback;
mod two_phase;

pub use backprop::Backprop;
pub use feedback::{Inverse, Mirror};
pub use two_phase::{Signal, TwoPhase};

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use crate::model::{Feedback, HiddenError, Model, Population, Projection, Rule, Slope};
use crate::network::Weights;

/// The signals that are available at the neurons of a population after a presentation, [n] each.
#[derive(Clone, Copy, Debug, Default)]
pub struct LocalSignals<'a> {
    /// Mean somatic potential of the forward phase; empty of an encoder.
    pub v: &'a [f64],
    /// Plateaus of the forward and the target phase; empty without an apical dendrite.
    pub plateaus: [&'a [f64]; 2],
    /// Mean sigmoid of the somatic potential in the target phase; of output neurons, else empty.
    pub sigmoid: &'a [f64],
    /// Errors computed by [`Backprop`], of hidden neurons that learn from them; else empty.
    pub backprop_error: &'a [f64],
    /// Mean of the filtered train in the forward phase, minus its running mean if the model centres trains [1/ms].
    pub trains: &'a [f64],
}

/// The change of a projection's weights, dW_ij = post_i pre_j, and of its target's biases, db_i = post_i, where they learn.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Change {
    /// Postsynaptic factors, [post].
    pub post: Vec<f32>,
    /// Presynaptic factors, of the neurons where it is not zero, in their order.
    pub pre: Vec<(u32, f32)>,
}

/// A plasticity rule of one projection.
pub trait Plasticity: Send + Sync {
    /// Computes the change after a presentation, at learning rate `eta`, from the signals of the postsynaptic and the
    /// presynaptic neurons. Overwrites `change`.
    fn change(&self, post: LocalSignals<'_>, pre: LocalSignals<'_>, eta: f64, change: &mut Change);
}

/// The factors that are not zero, each with its neuron.
fn active(factors: impl Iterator<Item = f32>) -> impl Iterator<Item = (u32, f32)> {
    (0..).zip(factors).filter(|&(_, x)| x != 0.0)
}

impl Change {
    /// Whether every factor is a finite number.
    pub fn is_finite(&self) -> bool {
        self.post.iter().all(|x| x.is_finite()) && self.pre.iter().all(|(_, x)| x.is_finite())
    }
}

/// Rows of weights that one thread changes at a time.
const SHARE: usize = 64;

/// Adds changes to weights, and to biases (empty: none learn), each weight's in their order, and returns the number of
/// rows touched.
///
/// # Panics
/// If the shapes differ.
pub fn apply<'a>(
    changes: impl Iterator<Item = &'a Change> + Clone + Send + Sync,
    weights: &mut Weights,
    biases: &mut [f32],
) -> usize {
    for change in changes.clone() {
        biases.iter_mut().zip(&change.post).for_each(|(b, &post)| *b += post);
    }
    let stride = weights.stride();
    let add = |(share, rows): (usize, &mut [f32])| {
        Arch::new().dispatch(Add { changes: changes.clone(), rows, stride, first: share * SHARE });
    };
    match changes.clone().count() {
        1 => weights.rows_mut().chunks_mut(SHARE * stride).enumerate().for_each(add),
        _ => weights.rows_mut().par_chunks_mut(SHARE * stride).enumerate().for_each(add),
    }
    changes.map(|change| change.pre.len()).sum()
}

/// Adds changes to some of the rows, from that of presynaptic neuron `first` on.
struct Add<'b, I> {
    changes: I,
    rows: &'b mut [f32],
    stride: usize,
    first: usize,
}

impl<'a, I: Iterator<Item = &'a Change>> WithSimd for Add<'_, I> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let last = self.first + self.rows.len() / self.stride;
        for change in self.changes {
            let start = change.pre.partition_point(|&(j, _)| (j as usize) < self.first);
            for &(j, pre) in change.pre[start..].iter().take_while(|&&(j, _)| (j as usize) < last) {
                let row = &mut self.rows[(j as usize - self.first) * self.stride..][..self.stride];
                for (w, &post) in row.iter_mut().zip(&change.post) {
                    *w = post.mul_add(pre, *w);
                }
            }
        }
    }
}

/// The rules of a model.
pub struct Rules {
    /// The rule of each projection; none if its weights are constant or learn by a rule of networks of rates.
    pub of_projections: Vec<Option<Box<dyn Plasticity>>>,
    /// Computes backpropagated errors, if hidden neurons learn from them.
    pub backprop: Option<Backprop>,
}

impl Rules {
    /// The rules of this model.
    pub fn of(model: &Model) -> Self {
        Self {
            of_projections: model.projections.iter().map(|projection| rule_of(model, projection)).collect(),
            backprop: (model.learning.hidden_error == HiddenError::Backprop).then(|| Backprop::of(model)),
        }
    }
}

/// The rule of a projection; none if its weights are constant or learn by a rule of networks of rates.
fn rule_of(model: &Model, projection: &Projection) -> Option<Box<dyn Plasticity>> {
    if projection.learning_rate == 0.0 || model.learning.rule != Rule::TwoPhase {
        return None;
    }
    let (from, to) = (model.population(projection.from), model.population(projection.to));
    Some(match projection.feedback {
        None => Box::new(two_phase(model, to)?),
        Some(Feedback::Mirror) => Box::new(Mirror { error: two_phase(model, from)? }),
        Some(Feedback::Inverse) => Box::new(Inverse { phi_max: to.phi_max() }),
    })
}

/// The rule of the feedforward weights to a population.
fn two_phase(model: &Model, to: &Population) -> Option<TwoPhase> {
    let cell = to.linear()?;
    let gain = cell.gain();
    match cell.clamp {
        None => {
            let signal = match model.learning.hidden_error {
                HiddenError::Plateaus => Signal::Plateaus,
                HiddenError::Backprop => Signal::Backprop,
            };
            Some(TwoPhase { gain, signal, slope: Slope::Sigmoid })
        }
        Some(_) => Some(TwoPhase { gain, signal: Signal::Teaching, slope: model.learning.output_slope }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::float_cmp, reason = "these sums are exact")]
    fn a_change_is_an_outer_product_on_active_rows_alone() {
        let mut weights = Weights::from_matrix(2, 3, &[1.0; 6]);
        let mut biases = [0.0; 2];
        let change = Change { post: vec![0.5, -1.0], pre: vec![(2, 4.0)] };
        assert_eq!(apply(std::iter::once(&change), &mut weights, &mut biases), 1);
        assert_eq!(weights.to_matrix(), [1.0, 1.0, 3.0, 1.0, 1.0, -3.0]);
        assert_eq!(biases, [0.5, -1.0]);
    }

    #[test]
    #[allow(clippy::float_cmp, reason = "the same sums in the same order, so the same bits")]
    fn changes_reach_the_rows_at_the_borders_of_shares() {
        const POST: usize = 3;
        const PRE: usize = 2 * SHARE + 2;
        let rows: [&[u32]; 3] = [&[0, 63, 64, 127, 128, 129], &[63, 127, 128], &[0, 64, 127, 129]];
        let number = |k: usize| (0.618 * (k + 1) as f32).fract() - 0.5;
        let changes = rows.map(|rows| Change {
            post: (0..POST).map(|i| number(rows.len() + i)).collect(),
            pre: rows.iter().map(|&j| (j, number(rows.len() * j as usize))).collect(),
        });
        let matrix: Vec<f32> = (0..POST * PRE).map(number).collect();
        for (count, touched) in [(1, 6), (3, 13)] {
            let (mut weights, mut biases) = (Weights::from_matrix(POST, PRE, &matrix), [0.5; POST]);
            let (mut expected, mut expected_biases) = (matrix.clone(), biases);
            for change in &changes[..count] {
                for (i, &post) in change.post.iter().enumerate() {
                    expected_biases[i] += post;
                    for &(j, pre) in &change.pre {
                        let w = &mut expected[i * PRE + j as usize];
                        *w = post.mul_add(pre, *w);
                    }
                }
            }
            assert_eq!(apply(changes[..count].iter(), &mut weights, &mut biases), touched);
            assert_eq!(weights.to_matrix(), expected, "{count} at once");
            assert_eq!(biases, expected_biases, "{count} at once");
        }
    }
}
