//! How many synapses the files have that models name.

use std::path::Path;

use super::RecordError;
use crate::data::synapse_list_length;
use crate::model::{Connection, Model, Projection};
use crate::network::ExpectedSynapses;

/// Number of synapses of a list that a connection names, of which no more than its length is read; none of other connections.
///
/// # Errors
/// If there is no such list.
pub fn listed_synapses(connection: &Connection) -> Result<Option<u64>, RecordError> {
    let Connection::List { path, edges } = connection else { return Ok(None) };
    if is_sonata(path) {
        return count_edges(path, edges.as_deref()).map(Some);
    }
    synapse_list_length(path).map(Some).map_err(|source| RecordError::File {
        action: "cannot read",
        path: path.display().to_string(),
        source: source.into(),
    })
}

/// Whether a list of synapses is one of SONATA, by its name.
pub(crate) fn is_sonata(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| ["h5", "hdf5"].iter().any(|name| extension.eq_ignore_ascii_case(name)))
}

/// What the synapses of a projection of a model take; a list that cannot be read takes nothing.
pub(crate) fn expected_synapses(model: &Model, projection: &Projection) -> ExpectedSynapses {
    let listed = listed_synapses(&projection.connection).ok().flatten();
    ExpectedSynapses::of(projection, &model.populations, listed.unwrap_or(0))
}

#[cfg(feature = "hdf5")]
fn count_edges(path: &Path, edges: Option<&str>) -> Result<u64, RecordError> {
    super::hdf5::count_edges(path, edges)
}

#[cfg(not(feature = "hdf5"))]
fn count_edges(path: &Path, _: Option<&str>) -> Result<u64, RecordError> {
    let problem = "SONATA files are not read by a library built without the feature `hdf5`".to_owned();
    Err(RecordError::Content { path: path.display().to_string(), problem })
}
