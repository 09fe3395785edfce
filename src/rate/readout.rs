//! What a network answers from its last layer's drive, and how far off that is.

use ndarray::{Array1, Array2, Axis, Zip};

use super::Activation;
use crate::numeric::{exp, largest, ln};

/// The last layer's response y and the loss E(y, t) of an example.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Readout {
    /// y = f(a), E = |y − t|²/2.
    Squared(Activation),
    /// y_k = e^{a_k} / Σ_j e^{a_j}, E = −Σ_k t_k ln y_k.
    Softmax,
}

impl Readout {
    /// Answers y to the drives `a`, [batch, classes].
    pub fn answers(self, a: &Array2<f64>) -> Array2<f64> {
        match self {
            Self::Squared(f) => f.values(a),
            Self::Softmax => {
                let mut y = a.clone();
                for mut row in y.rows_mut() {
                    let top = row.fold(f64::NEG_INFINITY, |top, &a| top.max(a));
                    row.mapv_inplace(|a| exp(a - top));
                    let sum = row.sum();
                    row /= sum;
                }
                y
            }
        }
    }

    /// Loss E of every example, [batch].
    pub fn losses(self, y: &Array2<f64>, t: &Array2<f64>) -> Array1<f64> {
        // ln is defined for normal numbers only; an answer of 0 costs as much as one of 1e-300.
        let unlikely = |t: f64, y: f64| if t == 0.0 { 0.0 } else { -t * ln(y.max(1e-300)) };
        Zip::from(y.rows()).and(t.rows()).map_collect(|y, t| {
            y.iter().zip(&t).fold(0.0, |sum, (&y, &t)| {
                sum + match self {
                    Self::Squared(_) => 0.5 * (y - t) * (y - t),
                    Self::Softmax => unlikely(t, y),
                }
            })
        })
    }

    /// The error δ = ∂E/∂a at the drive of the last layer, [batch, classes].
    pub fn errors(self, a: &Array2<f64>, y: &Array2<f64>, t: &Array2<f64>) -> Array2<f64> {
        match self {
            Self::Squared(f) => (y - t) * f.slopes(a, y),
            Self::Softmax => y - t,
        }
    }
}

/// The class of the largest answer of every example, the first of several, [batch].
pub fn classes(answers: &Array2<f64>) -> Vec<usize> {
    answers.axis_iter(Axis(0)).map(|row| largest(row.iter().copied())).collect()
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn softmax_answers_are_probabilities_in_the_ratios_of_exponentials() {
        let y = Readout::Softmax.answers(&array![[0.0, 1.0, 2.0], [1000.0, 0.0, 0.0]]);
        assert!((y[[0, 2]] / y[[0, 1]] - libm::exp(1.0)).abs() < 1e-14);
        assert!(y.rows().into_iter().all(|row| (row.sum() - 1.0).abs() < 1e-15));
        assert!((y[[1, 0]] - 1.0).abs() < 1e-15);
    }

    #[test]
    fn losses_are_those_of_their_definitions() {
        let (y, t) = (array![[0.25, 0.75]], array![[1.0, 0.0]]);
        assert!((Readout::Softmax.losses(&y, &t)[0] - libm::log(4.0)).abs() < 1e-15);
        assert!((Readout::Squared(Activation::Linear).losses(&y, &t)[0] - 0.5625).abs() < 1e-15);
    }

    #[test]
    fn the_first_of_equal_answers_is_taken() {
        assert_eq!(classes(&array![[1.0, 3.0, 3.0], [2.0, 1.0, 0.0]]), [1, 0]);
    }
}
