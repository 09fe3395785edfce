//! How a checkpoint differs from its model, and the checks that tell it.

/// Largest magnitude of a number of the dynamic state, in whatever unit: potentials, currents and times of all runs are far below.
const LARGEST_STATE: f64 = 1e30;

/// Why a checkpoint is not one of a model.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum StateMismatch {
    /// Too few or too many of something.
    #[error("{what}: expected {expected}, found {found}")]
    Count {
        /// What is counted: "values of `v` of `hidden` in lane 0".
        what: String,
        /// Wanted by the model.
        expected: String,
        /// In the checkpoint.
        found: String,
    },
    /// A number that is none.
    #[error("{what}: expected finite numbers, found another")]
    NotFinite {
        /// The array.
        what: String,
    },
    /// A weight of the wrong sign.
    #[error("weights of `{projection}`: expected weights that are {sign}, found {found}")]
    Sign {
        /// The projection.
        projection: String,
        /// What its weights are: "non-negative".
        sign: &'static str,
        /// The weight.
        found: f32,
    },
    /// A number out of its range.
    #[error("{what}: expected {expected}, found {found:e}")]
    Range {
        /// The number, or the array that holds it.
        what: String,
        /// What is allowed.
        expected: String,
        /// The first that is not.
        found: f64,
    },
    /// Spikes on their way that cannot be.
    #[error(
        "the spikes in flight of `{projection}` in lane {lane}: expected times from 0 ms in ascending order and neurons \
         below {pre}, found others"
    )]
    InFlight {
        /// The projection.
        projection: String,
        /// The lane.
        lane: usize,
        /// Presynaptic neurons.
        pre: usize,
    },
}

pub(super) fn count(what: impl Into<String>, expected: usize, found: usize) -> Result<(), StateMismatch> {
    if found == expected {
        return Ok(());
    }
    Err(StateMismatch::Count { what: what.into(), expected: expected.to_string(), found: found.to_string() })
}

/// Refuses numbers that no state of a cell or synapse comes to: what is computed from them would be no number.
pub(super) fn possible(what: impl Into<String>, values: &[f64]) -> Result<(), StateMismatch> {
    let what = what.into();
    finite(what.as_str(), values)?;
    // The time of what never was is the least f64.
    in_range(&what, &format!("numbers from -{LARGEST_STATE:e} to {LARGEST_STATE:e}"), values, |value| {
        value.abs() <= LARGEST_STATE || value.total_cmp(&f64::MIN).is_eq()
    })
}

pub(super) fn in_range(
    what: &str,
    expected: &str,
    values: &[f64],
    fits: impl Fn(f64) -> bool,
) -> Result<(), StateMismatch> {
    let refused = |found| StateMismatch::Range { what: what.to_owned(), expected: expected.to_owned(), found };
    values.iter().copied().find(|&value| !fits(value)).map_or(Ok(()), |found| Err(refused(found)))
}

pub(super) fn finite<T: Copy + Into<f64>>(what: impl Into<String>, values: &[T]) -> Result<(), StateMismatch> {
    if values.iter().all(|&value| value.into().is_finite()) {
        return Ok(());
    }
    Err(StateMismatch::NotFinite { what: what.into() })
}
