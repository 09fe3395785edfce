//! What each fuzz target does with its bytes: one reader of the library a target, which may refuse them but must not panic,
//! hang, or return what it should have refused.
//!
//! The targets of cargo-fuzz call these with mutated bytes, `tests/formats/fuzz_corpus.rs` with the corpus that is kept.

use std::fs;
use std::path::Path;

use apical::data::{Idx, IdxContent, RateTable, SpikeList, read_npy_matrix};
use apical::model::Model;
use tempfile::TempDir;

/// The model that `--set` changes.
const MODEL: &str = include_str!("../../tests/formats/small.toml");

/// Inputs of the tables that CSV and NumPy files are read as.
const INPUTS: usize = 3;

/// An IDX file, plain or gzipped, read as images and as labels.
pub fn idx(bytes: &[u8]) {
    for content in [IdxContent::Images, IdxContent::Labels] {
        if let Ok(idx) = Idx::read(bytes, "fuzzed", content) {
            assert_eq!(idx.bytes.len(), idx.dimensions.iter().product::<usize>());
        }
    }
}

/// The text of a model file. What is read of it, written out, is read as the same model.
pub fn model(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    if let Ok(model) = Model::parse(text, "fuzzed", &[]) {
        let again = Model::parse(&model.text(), "written", &[]).expect("the merged text of a model is a model");
        assert_eq!(again, model);
    }
}

/// Arguments of `--set`, one a line.
pub fn set(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let overrides: Vec<String> = text.lines().map(str::to_owned).collect();
    if let Ok(model) = Model::parse(MODEL, "small.toml", &overrides) {
        let again = Model::parse(&model.text(), "written", &[]).expect("the merged text of a model is a model");
        assert_eq!(again, model);
    }
}

/// A CSV file, read as a table of rates and as a spike list.
pub fn csv(bytes: &[u8]) {
    in_file(bytes, "fuzzed.csv", |path| {
        if let Ok(table) = RateTable::open(path, INPUTS) {
            let last = table.rates(table.len() - 1);
            assert!(last.len() == INPUTS && last.iter().all(|rate| rate.is_finite()));
        }
        if let Ok(list) = SpikeList::open(path, INPUTS).map(|list| list.spikes(list.len().saturating_sub(1)).to_vec()) {
            assert!(list.is_sorted_by(|a, b| (a.time, a.neuron) <= (b.time, b.neuron)));
        }
    });
}

/// A NumPy file, read as a matrix and as a table of rates.
pub fn npy(bytes: &[u8]) {
    in_file(bytes, "fuzzed.npy", |path| {
        if let Ok(values) = read_npy_matrix(path, 2, INPUTS) {
            assert!(values.len() == 2 * INPUTS && values.iter().all(|value| value.is_finite()));
        }
        if let Ok(table) = RateTable::open(path, INPUTS) {
            assert_eq!(table.rates(table.len() - 1).len(), INPUTS);
        }
    });
}

/// What a client sends to the explorer.
#[cfg(feature = "view")]
pub fn http(bytes: &[u8]) {
    use apical::record::RecordError;
    use apical::view::{DataPart, Pack, Parts, exchange};

    struct Any;

    impl Parts for Any {
        fn part(&self, part: DataPart) -> Result<Option<Pack>, RecordError> {
            assert_eq!(DataPart::parse(&part.name()), Some(part));
            Ok(Some(Pack::default()))
        }
    }

    let mut answer = Vec::new();
    if exchange(bytes, &mut answer, 80, &Any).is_ok() {
        assert!(answer.starts_with(b"HTTP/1.1 "));
    }
}

/// A checkpoint, read and checked, which is all that is done of one before it is used.
#[cfg(feature = "hdf5")]
pub fn checkpoint(bytes: &[u8]) {
    in_file(bytes, "fuzzed.h5", |path| drop(apical::record::hdf5::verify(path)));
}

/// A run file, checked, summarised and read part by part.
#[cfg(feature = "hdf5")]
pub fn run(bytes: &[u8]) {
    use apical::model::Population;
    use apical::record::hdf5::{RunReader, Summary, verify};

    let whole = || 0.0..f64::INFINITY;
    in_file(bytes, "fuzzed.h5", |path| {
        let _ = (verify(path), Summary::read(path));
        let Ok(run) = RunReader::open(path) else { return };
        let Ok(model) = run.model(path) else { return };
        let _ = (run.presentations(), run.learning(), run.credit());
        for Population { name, .. } in &model.populations {
            let _ = (run.spikes(name, whole()), run.plateaus(name, whole()), run.traces(name, 0..4, whole()));
        }
        for projection in &model.projections {
            let _ = run.weights(&projection.name, "final");
            let _ = run.weights_onto(&projection.name, "final", 0);
        }
    });
}

thread_local! {
    /// Where readers of files find them.
    static FOLDER: TempDir = tempfile::tempdir().expect("a temporary folder");
}

/// Calls `read` with the path of a file of this name and content.
fn in_file(content: &[u8], name: &str, read: impl FnOnce(&Path)) {
    FOLDER.with(|folder| {
        let path = folder.path().join(name);
        fs::write(&path, content).expect("a temporary file is written");
        read(&path);
    });
}
