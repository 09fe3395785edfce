//! Kernels of ports: what a spike of weight 1 makes of its input, by time after its arrival.

use serde::{Deserialize, Serialize};

use super::Psp;
use crate::numeric::exp;

/// What a spike of weight 1 makes of the input of a port.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Kernel {
    /// An impulse: the membrane jumps by the weight.
    Delta,
    /// e^{−t/τ}: a current that jumps by the weight and decays.
    Exponential {
        /// τ [ms].
        tau: f64,
    },
    /// (e^{−t/τ_L} − e^{−t/τ_s})/(τ_L − τ_s), of integral 1.
    DoubleExponential(Psp),
}

impl Kernel {
    /// The double exponential, if it is one.
    pub fn psp(&self) -> Option<Psp> {
        match self {
            Self::DoubleExponential(psp) => Some(*psp),
            Self::Delta | Self::Exponential { .. } => None,
        }
    }

    /// Its time constants [ms].
    pub fn time_constants(&self) -> Vec<f64> {
        match *self {
            Self::Delta => Vec::new(),
            Self::Exponential { tau } => vec![tau],
            Self::DoubleExponential(Psp { tau_l, tau_s }) => vec![tau_l, tau_s],
        }
    }

    /// Its integral from 0 to `t` [ms]; that of an impulse is 1.
    pub fn integral(&self, t: f64) -> f64 {
        match *self {
            Self::Delta => 1.0,
            Self::Exponential { tau } => tau * (1.0 - exp(-t / tau)),
            Self::DoubleExponential(psp) => psp.integral(t),
        }
    }
}
