//! How a unit answers to its drive.

use ndarray::Array2;

use crate::numeric::{sigmoid, sigmoid_all};

/// The response h = f(a) of a unit to its drive a.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Activation {
    /// f(a) = a.
    Linear,
    /// f(a) = tanh a.
    Tanh,
    /// f(a) = a above 0, `slope` · a below; slope 0 is the rectifier.
    Rectifier {
        /// Slope below 0.
        slope: f64,
    },
    /// f(a) = max · sigmoid(gain · a): a rate, where `max` is phi_max [1/ms] and `gain` is k_b or k_d.
    Sigmoid {
        /// Steady-state gain from dendrite to soma.
        gain: f64,
        /// Largest value.
        max: f64,
    },
    /// f(a) = a cut to 0 … 1.
    HardSigmoid,
}

impl Activation {
    /// The rectifier, slope 0.
    pub const RELU: Self = Self::Rectifier { slope: 0.0 };
    /// The logistic function.
    pub const LOGISTIC: Self = Self::Sigmoid { gain: 1.0, max: 1.0 };

    /// Computes f(a).
    pub fn value(self, a: f64) -> f64 {
        match self {
            Self::Linear => a,
            Self::Tanh => 2.0 * sigmoid(2.0 * a) - 1.0,
            Self::Rectifier { slope } => a.max(slope * a),
            Self::Sigmoid { gain, max } => max * sigmoid(gain * a),
            Self::HardSigmoid => a.clamp(0.0, 1.0),
        }
    }

    /// Computes f'(a) from the drive a and the response h = f(a).
    pub fn slope(self, a: f64, h: f64) -> f64 {
        match self {
            Self::Linear => 1.0,
            Self::Tanh => 1.0 - h * h,
            Self::Rectifier { slope } => {
                if a > 0.0 {
                    1.0
                } else {
                    slope
                }
            }
            Self::Sigmoid { gain, max } => gain * h * (1.0 - h / max),
            Self::HardSigmoid => f64::from(u8::from((0.0..=1.0).contains(&a))),
        }
    }

    /// Responses to the drives `a`, [batch, units].
    pub fn values(self, a: &Array2<f64>) -> Array2<f64> {
        let scaled = match self {
            Self::Tanh => 2.0,
            Self::Sigmoid { gain, .. } => gain,
            _ => return a.mapv(|a| self.value(a)),
        };
        let mut h = a * scaled;
        match h.as_slice_mut() {
            Some(all) => sigmoid_all(all),
            None => h.mapv_inplace(sigmoid),
        }
        match self {
            Self::Sigmoid { max, .. } => h *= max,
            _ => h.mapv_inplace(|s| 2.0 * s - 1.0),
        }
        h
    }

    /// Slopes at the drives `a` with responses `h`, [batch, units] all.
    pub fn slopes(self, a: &Array2<f64>, h: &Array2<f64>) -> Array2<f64> {
        ndarray::Zip::from(a).and(h).map_collect(|&a, &h| self.slope(a, h))
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array;

    use super::*;

    const ALL: [Activation; 6] = [
        Activation::Linear,
        Activation::Tanh,
        Activation::Rectifier { slope: 0.1 },
        Activation::LOGISTIC,
        Activation::Sigmoid { gain: 6.0 / 7.0, max: 0.2 },
        Activation::HardSigmoid,
    ];

    #[test]
    fn slopes_are_derivatives() {
        // No point lies within 1e-5 of a kink.
        for a in (-40..40).map(|i| f64::from(i) * 0.1 + 0.033) {
            for f in ALL {
                let difference = (f.value(a + 1e-5) - f.value(a - 1e-5)) / 2e-5;
                assert!((f.slope(a, f.value(a)) - difference).abs() < 1e-9, "{f:?} at {a}");
            }
        }
    }

    #[test]
    fn arrays_give_what_single_numbers_do() {
        let a = Array::from_shape_fn((3, 5), |(i, j)| i as f64 - 0.7 * j as f64);
        for f in ALL {
            let (h, slopes) = (f.values(&a), f.slopes(&a, &f.values(&a)));
            for (index, &a) in a.indexed_iter() {
                assert!((h[index] - f.value(a)).abs() < 1e-15, "{f:?}");
                assert!((slopes[index] - f.slope(a, f.value(a))).abs() < 1e-14, "{f:?}");
            }
        }
    }

    #[test]
    fn tanh_is_that_of_libm() {
        for a in (-100..=100).map(|i| f64::from(i) * 0.1) {
            assert!((Activation::Tanh.value(a) - libm::tanh(a)).abs() < 1e-15, "at {a}");
        }
    }
}
