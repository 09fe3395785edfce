//! Checkpoints keep every bit, and refuse what is not one.

use std::fs;
use std::path::Path;

use apical::data::{DataIdentity, DataPlace};
use apical::engine::{LaneState, ProjectionState, StateArray};
use apical::model::ShortTermState;
use apical::protocol::Spike;
use apical::record::hdf5::{Contents, Counters, RunFile, Summary, read_snapshot};
use apical::record::{Checkpoint, PresentationKind, SinceEvaluation};
use hdf5::types::FixedUnicode;
use proptest::collection::vec;
use proptest::num::{f32, f64};
use proptest::prelude::*;

use super::fixture::{evaluation, model, network, planned, provenance};

/// Any f64 but NaN, subnormal, infinite and of either zero included.
fn number() -> impl Strategy<Value = f64> {
    f64::POSITIVE | f64::NEGATIVE | f64::NORMAL | f64::SUBNORMAL | f64::ZERO | f64::INFINITE
}

fn population() -> impl Strategy<Value = Vec<StateArray>> {
    let names = ["apical_l", "apical_s", "drive_l", "drive_s", "v"];
    let array =
        |name: &'static str| vec(number(), 1..6).prop_map(move |values| StateArray { name: name.to_owned(), values });
    proptest::sample::subsequence(names.to_vec(), 0..=5)
        .prop_flat_map(move |names| names.into_iter().map(array).collect::<Vec<_>>())
}

fn projection() -> impl Strategy<Value = ProjectionState> {
    let spike = (number(), any::<u32>()).prop_map(|(time, neuron)| Spike { time, neuron });
    let short_term =
        [number(), number(), number(), number()].prop_map(|[y, z, u, last]| ShortTermState { y, z, u, last });
    let trains = (vec(spike, 0..4), vec(number(), 0..4), vec(short_term, 0..4));
    let parts = (vec(number(), 0..6), vec(number(), 0..6), trains);
    parts.prop_map(|(trace_l, trace_s, (in_flight, factors, short_term))| ProjectionState {
        trace_l,
        trace_s,
        in_flight,
        factors,
        short_term,
    })
}

fn lane() -> impl Strategy<Value = LaneState> {
    let parts = (vec(population(), 3), vec(projection(), 3));
    parts.prop_map(|(populations, projections)| LaneState { populations, projections })
}

fn checkpoint(lanes: Vec<LaneState>) -> Checkpoint {
    Checkpoint {
        edited: false,
        model_text: model().text(),
        data: Some(DataIdentity {
            place: DataPlace { named: "../data".into(), absolute: "/home/a b/data".into() },
            sha256: vec![("train images".into(), "00ff".into()), ("train-labels".into(), "11ee".into())],
            validation: 5,
        }),
        seed: u64::MAX - 1,
        examples_seen: 1 << 60,
        examples_planned: (1 << 60) + 1,
        tests_done: 10_000,
        clock_ms: 0.1 + 0.2,
        since_evaluation: SinceEvaluation { examples: 100, errors: 7, loss: f64::MIN_POSITIVE / 2.0 },
        curve: vec![evaluation(1), evaluation(1 << 60)],
        network: network(1.0 / 3.0),
        centres: vec![vec![0.1, 1.0 / 3.0], vec![f64::MIN_POSITIVE], Vec::new()],
        lanes,
    }
}

fn round_trip(saved: &Checkpoint, path: &Path) -> Checkpoint {
    saved.save(&model(), path).unwrap();
    Checkpoint::load(path).unwrap()
}

/// Equality by `Debug`, which tells −0 from 0 and prints every f64 in full, and takes NaN for NaN.
fn same_bits(a: &Checkpoint, b: &Checkpoint) -> bool {
    format!("{a:?}") == format!("{b:?}")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_checkpoint_reads_back_to_the_bit(lanes in vec(lane(), 0..12), w in f32::ANY) {
        let folder = tempfile::tempdir().unwrap();
        let mut saved = checkpoint(lanes);
        saved.network.weights_mut(0).row_mut(7)[2] = w;
        saved.network.biases[1][0] = w;
        let loaded = round_trip(&saved, &folder.path().join("checkpoint.h5"));
        prop_assert!(same_bits(&saved, &loaded), "{:?} is not {:?}", saved, loaded);
    }
}

#[test]
fn a_checkpoint_serves_initial_weights_and_inspection() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint.h5");
    let saved = round_trip(&checkpoint(vec![rest(), rest()]), &path);
    assert_eq!(read_snapshot(&path, "output-hidden", "final").unwrap().0, saved.network.weights(2).to_matrix());
    let summary = Summary::read(&path).unwrap();
    assert_eq!((summary.name.as_str(), summary.seed, summary.curve.len()), ("small", u64::MAX - 1, 2));
    let (examples_seen, examples_planned, tests_done, clock_ms) = (1 << 60, (1 << 60) + 1, 10_000, 0.1 + 0.2);
    let counters = Counters { examples_seen, examples_planned, tests_done, clock_ms, lanes: 2 };
    let data_sha256 = "00ff  train images\n11ee  train-labels\n".to_owned();
    assert_eq!(summary.contents, Contents::Checkpoint { counters, data_sha256 });
}

fn rest() -> LaneState {
    LaneState { populations: vec![Vec::new(); 3], projections: vec![ProjectionState::default(); 3] }
}

#[test]
fn what_is_not_a_checkpoint_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run.h5");
    RunFile::create(&run, &model(), &provenance(), &planned(PresentationKind::Train)).unwrap().finish().unwrap();
    let said = |path: &Path| Checkpoint::load(path).unwrap_err().to_string();
    assert!(said(&run).ends_with("run.h5: is a run file, expected a checkpoint"));
    let text = folder.path().join("text.h5");
    fs::write(&text, "text").unwrap();
    assert!(said(&text).contains("is not an HDF5 file"));

    let path = folder.path().join("checkpoint.h5");
    checkpoint(vec![rest()]).save(&model(), &path).unwrap();
    let file = hdf5::File::open_rw(&path).unwrap();
    file.unlink("lanes/0/projections/input-hidden/trace_l").unwrap();
    drop(file);
    assert!(said(&path).ends_with("has no `lanes/0/projections/input-hidden/trace_l`"), "{}", said(&path));
    let file = hdf5::File::open_rw(&path).unwrap();
    file.delete_attr("format").unwrap();
    let format: FixedUnicode<19> = "apical checkpoint 3".parse().unwrap();
    file.new_attr::<FixedUnicode<19>>().create("format").unwrap().write_scalar(&format).unwrap();
    drop(file);
    let expected = "is of format `apical checkpoint 3`, expected `apical checkpoint 2`";
    assert!(said(&path).ends_with(expected), "{}", said(&path));
}

#[test]
fn a_failed_save_leaves_the_old_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint.h5");
    let old = round_trip(&checkpoint(vec![rest()]), &path);
    let mut other = old.clone();
    other.lanes[0].populations.pop();
    assert!(other.save(&model(), &path).is_err(), "a state for another model");
    let mut unwritable = old.clone();
    unwritable.model_text = "a string that HDF5 cannot hold: \0".into();
    assert!(unwritable.save(&model(), &path).unwrap_err().to_string().starts_with("cannot write "));
    assert!(same_bits(&Checkpoint::load(&path).unwrap(), &old));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "and nothing else");
}
