//! Parameters that are each in range and make no sense together.

use super::{LARGEST_GAMMA, Psp, TOO_CLOSE};

/// Why the parameters of a cell cannot be, each being in its range.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct Conflict {
    /// Their keys in a model file.
    pub keys: Vec<&'static str>,
    /// What was expected of them and what was found.
    pub why: String,
}

impl Conflict {
    /// A conflict of these keys.
    pub fn new(keys: &[&'static str], why: impl Into<String>) -> Self {
        Self { keys: keys.to_vec(), why: why.into() }
    }
}

/// Refuses a kernel of one time constant, keys `tau_l_ms` and `tau_s_ms`.
pub(super) fn kernel(psp: Psp) -> Result<(), Conflict> {
    let Psp { tau_l, tau_s } = psp;
    if (tau_l / tau_s - 1.0).abs() > TOO_CLOSE {
        return Ok(());
    }
    let why = format!(
        "expected `tau_s_ms` to differ from `tau_l_ms` by more than a millionth, for the kernel divides by their difference; found \
         {tau_s} and {tau_l}"
    );
    Err(Conflict::new(&["tau_s_ms", "tau_l_ms"], why))
}

/// Refuses a total conductance γ, the sum of the keys `parts`, that is too large, or so near 1/τ that the soma's response is
/// 0/0.
pub(super) fn membrane(gamma: f64, psp: Psp, parts: &[&'static str]) -> Result<(), Conflict> {
    let sum = parts.iter().map(|part| format!("`{part}`")).collect::<Vec<_>>().join(" + ");
    if gamma > LARGEST_GAMMA {
        let why = format!("expected {sum} to be at most {LARGEST_GAMMA} /ms, found {gamma}");
        return Err(Conflict::new(parts, why));
    }
    for (key, tau) in [("tau_l_ms", psp.tau_l), ("tau_s_ms", psp.tau_s)] {
        if (gamma * tau - 1.0).abs() <= TOO_CLOSE {
            let why = format!(
                "expected {sum} to differ from 1/`{key}` by more than a millionth, for the soma's response divides by their \
                 difference; found {gamma} /ms and {tau} ms"
            );
            return Err(Conflict::new(&[parts, &[key]].concat(), why));
        }
    }
    Ok(())
}
