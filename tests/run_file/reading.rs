//! Initial weights from run files and checkpoints, and what is said when they are not there.

use std::fs;

use apical::record::hdf5::{RunFile, Summary, read_bias_snapshot, read_snapshot};
use apical::record::{Kind, Recorder};

use crate::fixture::{model, network, provenance};

#[test]
fn weights_and_biases_read_back_to_the_bit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.h5");
    let mut run = RunFile::create(&path, &model(), &provenance(), Kind::Train).unwrap();
    run.weights(0, Some("initial"), &network(0.1)).unwrap();
    run.finish().unwrap();
    let (values, post, pre) = read_snapshot(&path, "hidden-output", "initial").unwrap();
    assert_eq!((values, post, pre), (network(0.1).weights[1].to_matrix(), 3, 5));
    assert_eq!(read_bias_snapshot(&path, "hidden", "initial").unwrap(), network(0.1).biases[1]);

    let problem = |projection, snapshot| read_snapshot(&path, projection, snapshot).unwrap_err().to_string();
    let found = problem("input-output", "initial");
    assert!(
        found.ends_with("has no weights of `input-output`, only of `hidden-output`, `input-hidden`, `output-hidden`")
    );
    let found = problem("hidden-output", "epoch-3");
    assert!(found.ends_with("has no snapshot `epoch-3` of the weights of `hidden-output`, only `initial`"), "{found}");
    let found = read_bias_snapshot(&path, "input", "final").unwrap_err().to_string();
    assert!(found.ends_with("has no biases of `input`, only of `hidden`, `output`"), "{found}");
}

#[test]
fn files_of_other_kinds_are_named_as_such() {
    let folder = tempfile::tempdir().unwrap();
    let said = |name: &str| Summary::read(&folder.path().join(name)).unwrap_err().to_string();
    assert!(said("absent.h5").starts_with("cannot read "));
    fs::write(folder.path().join("text.h5"), "text").unwrap();
    assert!(said("text.h5").contains("is not an HDF5 file, or is damaged"), "{}", said("text.h5"));
    fs::write(folder.path().join("empty.h5"), "").unwrap();
    assert!(said("empty.h5").contains("is not an HDF5 file, or is damaged"));
    drop(hdf5::File::create(folder.path().join("other.h5")).unwrap());
    assert!(said("other.h5").ends_with("other.h5: is neither a run file nor a checkpoint of apical"));
}
