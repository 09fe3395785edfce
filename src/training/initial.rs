//! The network a run starts from.

use crate::data::{DataError, read_npy_matrix, read_npy_vector};
use crate::model::Model;
use crate::network::{Network, Stored};
use crate::record::RecordError;

/// What can go wrong with initial weights and biases that stand in files.
#[derive(Debug, thiserror::Error)]
pub enum InitialError {
    /// In a NumPy file.
    #[error("initial values cannot be read")]
    Npy(#[from] DataError),
    /// In a run file or checkpoint.
    #[error("initial values cannot be read")]
    Run(#[from] RecordError),
}

/// Builds the initial network of a model: drawn from the streams of `seed`, or read where the model says so.
///
/// # Errors
/// If a file cannot be read or holds another shape.
pub fn initial_network(model: &Model, seed: u64) -> Result<Network, InitialError> {
    Network::new(model, seed, read)
}

fn read(stored: Stored<'_>) -> Result<Vec<f32>, InitialError> {
    match (stored.object, stored.pre) {
        (None, Some(pre)) => Ok(read_npy_matrix(stored.path, stored.post, pre)?),
        (None, None) => Ok(read_npy_vector(stored.path, stored.post)?),
        (Some(object), pre) => Ok(read_run(&stored, object, pre)?),
    }
}

#[cfg(feature = "hdf5")]
fn read_run(
    stored: &Stored<'_>,
    (_, name, snapshot): (&str, &str, &str),
    pre: Option<usize>,
) -> Result<Vec<f32>, RecordError> {
    use crate::record::hdf5::{read_bias_snapshot, read_snapshot};
    let (values, found, wanted) = if let Some(pre) = pre {
        let (values, rows, columns) = read_snapshot(stored.path, name, snapshot)?;
        (values, format!("{rows} x {columns}"), format!("{} x {pre}", stored.post))
    } else {
        let values = read_bias_snapshot(stored.path, name, snapshot)?;
        let found = values.len().to_string();
        (values, found, stored.post.to_string())
    };
    let problem = if found != wanted {
        format!("snapshot `{snapshot}` of `{name}` is of shape {found}; the model needs {wanted}")
    } else if values.iter().any(|value| !value.is_finite()) {
        format!("snapshot `{snapshot}` of `{name}` holds a number that is not finite")
    } else {
        return Ok(values);
    };
    Err(RecordError::Content { path: stored.path.display().to_string(), problem })
}

#[cfg(not(feature = "hdf5"))]
fn read_run(stored: &Stored<'_>, _: (&str, &str, &str), _: Option<usize>) -> Result<Vec<f32>, RecordError> {
    let problem = "run files are not read by a library built without the feature `hdf5`".to_owned();
    Err(RecordError::Content { path: stored.path.display().to_string(), problem })
}
