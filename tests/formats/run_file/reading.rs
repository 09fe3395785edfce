//! Initial weights from run files and checkpoints, and what is said when they are not there.

use std::fs;

use apical::record::hdf5::{RunFile, RunReader, Summary, read_bias_snapshot, read_snapshot};
use apical::record::{PresentationKind, Recorder};

use super::fixture::{Clock, model, network, planned, provenance};

#[test]
fn weights_and_biases_read_back_to_the_bit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.h5");
    let mut run = RunFile::create(&path, &model(), &provenance(), &planned(PresentationKind::Train)).unwrap();
    run.weights(0, Some("initial"), &network(0.1)).unwrap();
    run.finish().unwrap();
    let (values, post, pre) = read_snapshot(&path, "hidden-output", "initial").unwrap();
    assert_eq!((values, post, pre), (network(0.1).weights(1).to_matrix(), 3, 5));
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

/// Spikes and plateaus of a span are those that all of the file has in it, wherever the span begins and ends.
#[test]
fn a_part_of_a_list_is_that_part_of_the_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.h5");
    let mut run = RunFile::create(&path, &model(), &provenance(), &planned(PresentationKind::Train)).unwrap();
    Clock::default().show(&mut run, PresentationKind::Train, 20).unwrap();
    run.finish().unwrap();
    let reader = RunReader::open(&path).unwrap();
    let always = f64::NEG_INFINITY..f64::INFINITY;
    let (spikes, plateaus) = (
        reader.spikes("hidden", always.clone()).unwrap().unwrap(),
        reader.plateaus("hidden", always).unwrap().unwrap(),
    );
    assert!(spikes.times.len() == 20 * 5 && plateaus.times.len() == 20 * 2 * 5);
    let edges = [spikes.times[0], spikes.times[40], 104.5, plateaus.times[0], plateaus.times[17], 400.0, 2000.0];
    for start in edges.iter().flat_map(|&edge| [edge - 1e-9, edge]) {
        for end in edges.iter().flat_map(|&edge| [edge, edge + 1e-9]).chain([start - 5.0]) {
            let found = reader.spikes("hidden", start..end).unwrap().unwrap();
            let expected: Vec<_> = spikes.times.iter().copied().filter(|time| (start..end).contains(time)).collect();
            assert_eq!((&found.times, found.neurons.len()), (&expected, expected.len()), "{start} to {end}");
            let found = reader.plateaus("hidden", start..end).unwrap().unwrap();
            let within = |time: &f64| start < *time && *time <= end;
            let expected: Vec<_> = plateaus.times.iter().copied().filter(within).collect();
            assert_eq!((&found.times, found.alpha.len()), (&expected, expected.len()), "{start} to {end}");
        }
    }
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
