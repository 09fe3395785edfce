//! The network a run starts from.

use std::collections::TryReserveError;
use std::hint::black_box;
use std::path::Path;

use crate::data::{DataError, line_in_list, read_npy_matrix, read_npy_vector, read_synapse_list};
use crate::model::{Connection, Ends, Model, Projection, Storage, SynapseList};
use crate::network::{BuildError, ExpectedSynapses, Network, Stored, SynapsesError};
use crate::record::{RecordError, expected_synapses, is_sonata};

/// What can go wrong with initial weights and biases.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InitialError {
    /// The synapses do not fit into memory.
    #[error("{synapses} synapses take {gigabytes:.0} GB of memory, more than there is; give populations smaller sizes")]
    Memory {
        /// Of all projections.
        synapses: u64,
        /// Memory of sparse synapses, and of two copies of dense weights, which building and saving take [GB].
        gigabytes: f64,
    },
    /// In a NumPy file.
    #[error("initial values cannot be read")]
    Npy(#[from] DataError),
    /// Of another sign than that of their projection.
    #[error("{path} holds the weight {weight} of synapse [{post}, {pre}], where the projection has the sign {sign:?}")]
    Sign {
        /// The file.
        path: String,
        /// Postsynaptic neuron.
        post: usize,
        /// Presynaptic neuron.
        pre: usize,
        /// What was found.
        weight: f32,
        /// What was expected.
        sign: &'static str,
    },
    /// The synapses of a projection cannot be.
    #[error("the synapses of `{projection}` cannot be built{origin}")]
    Synapses {
        /// The projection.
        projection: String,
        /// Of a list: from which file, and its line.
        origin: String,
        /// What is wrong.
        source: SynapsesError,
    },
    /// In a run file or checkpoint.
    #[error("initial values cannot be read")]
    Run(#[from] RecordError),
}

/// Builds the initial network of a model: drawn from the streams of `seed`, or read where the model says so.
///
/// # Errors
/// If a file cannot be read or holds another shape, or memory cannot hold the weights.
pub fn initial_network(model: &Model, seed: u64) -> Result<Network, InitialError> {
    fits(model)?;
    let list = |projection: &Projection| read_list(projection, projection.ends(&model.populations));
    let lists = model.projections.iter().map(list).collect::<Result<Vec<_>, _>>()?;
    Network::with_lists(model, seed, &lists, read).map_err(|error| match error {
        BuildError::Stored(error) => error,
        BuildError::Synapses { projection, source } => unbuilt(model, projection, source),
        BuildError::NoList { projection } => unbuilt(model, projection, SynapsesError::NoColumn { column: "source" }),
    })
}

/// The error of synapses that cannot be, with the file and the line of a list.
fn unbuilt(model: &Model, projection: String, source: SynapsesError) -> InitialError {
    let of_name = model.projections.iter().find(|of| of.name == projection);
    let path =
        of_name.and_then(|of| if let Connection::List { path, .. } = &of.connection { Some(path) } else { None });
    let origin = path.map_or_else(String::new, |path| {
        let line = source.index().and_then(|index| line_in_list(path, index));
        format!(" from {}{}", path.display(), line.map_or_else(String::new, |line| format!(", line {line}")))
    });
    InitialError::Synapses { projection, origin, source }
}

/// Checks that the synapses of a model fit into memory, by reserving it for a moment.
fn fits(model: &Model) -> Result<(), InitialError> {
    let expected = model.projections.iter().map(|projection| expected_synapses(model, projection));
    // Building and saving copy dense weights.
    let copies = |expected: &ExpectedSynapses| if expected.storage == Some(Storage::Dense) { 2.0 } else { 1.0 };
    let (synapses, bytes) = expected
        .fold((0.0, 0.0), |(synapses, bytes), each| (synapses + each.count, bytes + copies(&each) * each.bytes));
    reserves(bytes).map_err(|_| InitialError::Memory { synapses: synapses as u64, gigabytes: bytes / 1e9 })
}

/// Reserves so many bytes for a moment.
fn reserves(bytes: f64) -> Result<(), TryReserveError> {
    let mut asked = Vec::<u8>::new();
    let had = asked.try_reserve_exact(bytes as usize);
    // Without a use of it the compiler may drop the allocation.
    black_box(asked);
    had
}

/// Reads the list of the synapses of a projection, if it is made of one.
fn read_list(projection: &Projection, ends: Ends) -> Result<Option<SynapseList>, InitialError> {
    let Connection::List { path, edges } = &projection.connection else { return Ok(None) };
    Ok(Some(if is_sonata(path) { read_edges(path, edges.as_deref(), ends)? } else { read_synapse_list(path, ends)? }))
}

#[cfg(feature = "hdf5")]
fn read_edges(path: &Path, edges: Option<&str>, ends: Ends) -> Result<SynapseList, RecordError> {
    crate::record::hdf5::read_edges(path, edges, ends)
}

#[cfg(not(feature = "hdf5"))]
fn read_edges(path: &Path, _: Option<&str>, _: Ends) -> Result<SynapseList, RecordError> {
    let problem = "SONATA files are not read by a library built without the feature `hdf5`".to_owned();
    Err(RecordError::Content { path: path.display().to_string(), problem })
}

fn read(stored: Stored<'_>) -> Result<Vec<f32>, InitialError> {
    let values = match (stored.object, stored.pre) {
        (None, Some(pre)) => read_npy_matrix(stored.path, stored.post, pre)?,
        (None, None) => read_npy_vector(stored.path, stored.post)?,
        (Some(object), pre) => read_run(&stored, object, pre)?,
    };
    let wrong = values.iter().position(|&weight| !stored.sign.allows(f64::from(weight)));
    match (wrong, stored.pre) {
        (Some(i), Some(n)) => Err(InitialError::Sign {
            path: stored.path.display().to_string(),
            post: i / n,
            pre: i % n,
            weight: values[i],
            sign: stored.sign.name(),
        }),
        _ => Ok(values),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Sign;

    /// No machine's addresses reach as far as 2^60 synapses.
    #[test]
    fn networks_that_memory_cannot_hold_are_refused() {
        assert!(reserves(3.2e6).is_ok() && reserves(2_f64.powi(63)).is_err() && reserves(1e30).is_err());
        let mut model = Model::load("g17-784-500-10".as_ref(), &[]).unwrap();
        assert!(fits(&model).is_ok());
        (model.populations[0].size, model.populations[1].size) = (1 << 30, 1 << 30);
        let refused = fits(&model).unwrap_err().to_string();
        assert!(refused.contains("synapses take 92"), "{refused}");
    }

    #[test]
    fn weights_of_another_sign_than_their_projection_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("w.npy");
        ndarray_npy::write_npy(&path, &ndarray::array![[1.0_f32, 0.0, 2.0], [3.0, -0.5, 4.0]]).unwrap();
        let stored = |sign| Stored { path: &path, object: None, post: 2, pre: Some(3), sign };
        assert!(read(stored(Sign::Any)).is_ok());
        let refused = read(stored(Sign::NonNegative)).unwrap_err().to_string();
        assert!(
            refused.ends_with("the weight -0.5 of synapse [1, 1], where the projection has the sign \"non-negative\"")
        );
        let refused = read(stored(Sign::NonPositive)).unwrap_err().to_string();
        assert!(refused.contains("the weight 1 of synapse [0, 0]"), "{refused}");
    }
}
