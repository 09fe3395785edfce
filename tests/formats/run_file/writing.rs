//! How a run file comes to be: flushes, snapshots, what is recorded when, failures.

use std::fs;
use std::ops::Range;

use apical::model::{Compression, Model, PopulationId, PresentationRange, Snapshots};
use apical::record::hdf5::{Contents, PresentationRow, RunFile, RunReader, Summary};
use apical::record::{Planned, PresentationKind, RecordError, Recorder};
use hdf5::{File, Group};

use super::fixture::{Clock, evaluation, model, network, planned, provenance};

#[test]
fn a_killed_run_leaves_what_was_flushed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.h5");
    let mut run = RunFile::create(&path, &model(), &provenance(), &planned(PresentationKind::Train)).unwrap();
    let mut clock = Clock::default();
    clock.show(&mut run, PresentationKind::Train, 7).unwrap();
    run.flush().unwrap();
    clock.show(&mut run, PresentationKind::Train, 5).unwrap();
    // What the disk holds at this moment is what a kill would leave.
    let left = folder.path().join("left.h5");
    fs::copy(folder.path().join("run.h5.part"), &left).unwrap();
    let Contents::Run { trained, spikes, .. } = Summary::read(&left).unwrap().contents else { panic!() };
    assert_eq!((trained, spikes[0].spikes), (7, 7 * 24));
    drop(run);
    assert!(!path.exists());
    let Contents::Run { trained, .. } = Summary::read(&folder.path().join("run.h5.part")).unwrap().contents else {
        panic!()
    };
    assert_eq!(trained, 7);
}

#[test]
fn a_thousand_presentations_are_flushed_unasked() {
    let folder = tempfile::tempdir().unwrap();
    let mut run =
        RunFile::create(&folder.path().join("run.h5"), &model(), &provenance(), &planned(PresentationKind::Train))
            .unwrap();
    Clock::default().show(&mut run, PresentationKind::Train, 1999).unwrap();
    drop(run);
    let file = File::open(folder.path().join("run.h5.part")).unwrap();
    assert_eq!(file.dataset("presentations/index").unwrap().shape(), [1000]);
}

#[test]
fn an_older_file_stays_until_the_new_one_is_complete() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.h5");
    fs::write(&path, "old").unwrap();
    let run = RunFile::create(&path, &model(), &provenance(), &planned(PresentationKind::Train)).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"old");
    run.finish().unwrap();
    assert_eq!(Summary::read(&path).unwrap().name, "small");
}

#[test]
fn after_an_evaluation_traces_go_on_in_a_report_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.h5");
    let mut run = RunFile::create(&path, &model(), &provenance(), &planned(PresentationKind::Train)).unwrap();
    let (mut clock, mut spans) = (Clock::default(), Vec::new());
    for _ in 0..3 {
        let start = clock.now;
        clock.show(&mut run, PresentationKind::Train, 3).unwrap();
        spans.push(start..clock.now);
        clock.show(&mut run, PresentationKind::Test, 2).unwrap();
    }
    run.finish().unwrap();
    let samples = |span: &Range<f64>| ((span.end - span.start) / 0.5).ceil() as usize;
    let Contents::Run { traces, spikes, recorded_ms, .. } = Summary::read(&path).unwrap().contents else { panic!() };
    assert_eq!((traces[0].samples, traces[0].stretches), (spans.iter().map(samples).sum(), 3));
    assert_eq!(spikes[1].spikes, 9 * 5);
    assert!((recorded_ms - (clock.now - 1500.0)).abs() < 1e-9);

    let file = File::open(&path).unwrap();
    let mut reports = file.group("report").unwrap().member_names().unwrap();
    reports.sort();
    assert_eq!(reports, ["hidden", "hidden@2", "hidden@3", "output", "output@2", "output@3"]);
    for (report, span) in ["output", "output@2", "output@3"].iter().zip(&spans) {
        let values = |part: &str| file.dataset(&format!("report/{report}/{part}")).unwrap();
        let time = values("mapping/time").read_raw::<f64>().unwrap();
        assert_eq!((time[0], values("data").shape()), (span.start, vec![samples(span), 6]));
        assert_eq!(values("mapping/index_pointer").read_raw::<u64>().unwrap(), [0, 2, 4, 6]);
        assert_eq!(values("mapping/element_ids").read_raw::<u32>().unwrap(), [0, 1, 0, 1, 0, 1]);
    }
    drop(file);
    let reader = RunReader::open(&path).unwrap();
    let blocks = reader.traces("hidden", 2..3, spans[1].start..f64::MAX).unwrap().unwrap();
    let starts: Vec<_> = blocks.iter().map(|block| block.start_ms).collect();
    assert_eq!(starts, [spans[1].start, spans[2].start]);
    assert_eq!(blocks[1].column(2, 2).unwrap().len(), samples(&spans[2]));
    assert_eq!(reader.traces("hidden", 0..5, spans[0].end..spans[1].start).unwrap(), Some(vec![]));
    assert_eq!(reader.traces("input", 0..5, spans[0].clone()).unwrap(), None);
}

/// Also where a batch asks for presentations on both sides of a gap together.
#[test]
fn the_first_and_the_last_presentations_are_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.h5");
    let mut model = model();
    model.recording.presentations =
        vec![PresentationRange { first: 0, end: Some(2) }, PresentationRange { first: -3, end: None }];
    let planned = Planned { presentations: 0..8, ..planned(PresentationKind::Train) };
    let mut run = RunFile::create(&path, &model, &provenance(), &planned).unwrap();
    let mut clock = Clock::default();
    clock.show_together(&mut run, PresentationKind::Train, 8).unwrap();
    run.finish().unwrap();
    let reader = RunReader::open(&path).unwrap();
    let rows = reader.presentations().unwrap();
    let recorded = |row: &&PresentationRow| row.recorded;
    let [first, last] = [0, 5].map(|n: usize| rows[n].start_ms);
    assert_eq!(rows.iter().filter(recorded).map(|row| row.index).collect::<Vec<_>>(), [0, 1, 5, 6, 7]);
    let blocks = reader.traces("hidden", 0..1, 0.0..f64::MAX).unwrap().unwrap();
    assert_eq!(blocks.iter().map(|block| block.start_ms).collect::<Vec<_>>(), [first, last]);
    let lengths: Vec<_> = blocks.iter().map(|block| block.values.len() / block.columns.len()).collect();
    let samples = |from: f64, to: f64| ((to - from) / 0.5).ceil() as usize;
    assert_eq!(lengths, [samples(first, rows[2].start_ms), samples(last, clock.now)]);
}

#[test]
fn a_test_records_tests() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.h5");
    let mut run = RunFile::create(&path, &model(), &provenance(), &planned(PresentationKind::Test)).unwrap();
    Clock::default().show(&mut run, PresentationKind::Test, 22).unwrap();
    run.finish().unwrap();
    let summary = Summary::read(&path).unwrap();
    let Contents::Run { trained, tested, spikes, traces, plateaus, .. } = summary.contents else { panic!() };
    assert_eq!((trained, tested, traces[0].samples, plateaus[0].1), (0, 22, 20 * 500, 20 * 5));
    assert_eq!(spikes[2].rate_hz, 4.0);
}

#[test]
fn snapshots_are_kept_as_asked() {
    let folder = tempfile::tempdir().unwrap();
    let kept = |snapshots| {
        let path = folder.path().join("run.h5");
        let mut model = model();
        model.recording.snapshots = snapshots;
        let mut run = RunFile::create(&path, &model, &provenance(), &planned(PresentationKind::Train)).unwrap();
        run.weights(0, Some("initial"), &network(0.0)).unwrap();
        for seen in (3..=30).step_by(3) {
            run.weights(seen, None, &network(seen as f32)).unwrap();
        }
        run.weights(30, Some("epoch-1"), &network(30.0)).unwrap();
        run.weights(30, Some("final"), &network(30.0)).unwrap();
        run.finish().unwrap();
        Summary::read(&path).unwrap().weights.swap_remove(0).snapshots
    };
    assert_eq!(kept(Snapshots::Ends), ["initial", "final"]);
    assert_eq!(kept(Snapshots::Epochs), ["initial", "epoch-1", "final"]);
    let passed = ["initial", "presentation-12", "presentation-21", "presentation-30", "final"];
    assert_eq!(kept(Snapshots::Presentations(10)), passed);
}

#[test]
fn deflated_spikes_read_back_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let written = |compression| {
        let path = folder.path().join("run.h5");
        let mut model = model();
        model.recording.compression = compression;
        let mut run = RunFile::create(&path, &model, &provenance(), &planned(PresentationKind::Train)).unwrap();
        Clock::default().show(&mut run, PresentationKind::Train, 20).unwrap();
        run.finish().unwrap();
        let file = File::open(&path).unwrap();
        let read = |name: &str| file.dataset(name).unwrap().read_raw::<f64>().unwrap();
        (read("spikes/input/timestamps"), read("report/hidden/data"))
    };
    assert_eq!(written(Compression::None), written(Compression::Deflate));
}

#[test]
fn what_cannot_be_created_is_refused_with_its_path() {
    let folder = tempfile::tempdir().unwrap();
    let create = |path| RunFile::create(path, &model(), &provenance(), &planned(PresentationKind::Train));
    let missing = folder.path().join("no/such/folder/run.h5");
    let error = create(&missing).unwrap_err();
    assert_eq!(error.to_string(), format!("cannot create {}.part", missing.display()));
    assert!(matches!(create(folder.path()), Err(RecordError::Content { .. })));
    let path = folder.path().join("run.h5");
    let _first = create(&path).unwrap();
    let second = create(&path).unwrap_err().to_string();
    assert!(second.ends_with("run.h5.part is being written by another run"), "{second}");
}

/// The numbers in a group and in the groups within [bytes].
fn bytes(group: &Group) -> u64 {
    let own = group.datasets().unwrap().iter().map(|set| set.size() * set.dtype().unwrap().size()).sum::<usize>();
    own as u64 + group.groups().unwrap().iter().map(bytes).sum::<u64>()
}

fn assert_near(estimated: u64, held: f64, what: &str) {
    assert!((estimated as f64 / held - 1.0).abs() < 0.01, "{what}: {estimated} bytes estimated, {held} held");
}

/// What does not depend on lengths is exact. Made-up training presentations are 0.3 % shorter than the model's mean, and their
/// neurons fire so many spikes each, where so many a millisecond are assumed.
#[test]
fn the_estimate_is_near_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.h5");
    for (kind, shown) in [(PresentationKind::Train, 25), (PresentationKind::Test, 22)] {
        let mut run = RunFile::create(&path, &model(), &provenance(), &planned(kind)).unwrap();
        if kind == PresentationKind::Train {
            run.weights(0, Some("initial"), &network(0.0)).unwrap();
        }
        Clock::default().show(&mut run, kind, shown).unwrap();
        if kind == PresentationKind::Train {
            run.weights(shown, Some("final"), &network(0.5)).unwrap();
        }
        run.finish().unwrap();
        let file = File::open(&path).unwrap();
        let held = |group: &str| bytes(&file.group(group).unwrap());
        let estimated = Planned::assumed(&model(), kind, 0..shown, 60_000).estimate(&model());
        assert_eq!(estimated.presentations, held("presentations"));
        assert_eq!(estimated.plateaus, held("plateaus"));
        let weights = if kind == PresentationKind::Train { held("weights") + held("biases") } else { 0 };
        assert_eq!(estimated.weights, weights);
        let values = |name: &str| file.dataset(&format!("report/{name}/data")).unwrap().size() as f64;
        assert_near(estimated.traces, 4.0 * (values("hidden") + values("output")), "traces");

        let mean_length = file.dataset("presentations/start_ms").unwrap().read_raw::<f64>().unwrap()[20] / 20.0;
        let populations = [("input", 2.0, 0.13 * 0.2), ("hidden", 1.0, 0.024), ("output", 1.0, 0.024)];
        let alone = populations.iter().enumerate().map(|(p, (name, fired, assumed))| {
            let mut model = model();
            model.recording.spikes = vec![PopulationId(p)];
            let estimated = Planned::assumed(&model, kind, 0..shown, 60_000).estimate(&model).spikes;
            let held = held(&format!("spikes/{name}")) as f64;
            assert_near(estimated, held * assumed * mean_length / fired, name);
            estimated
        });
        let sum: u64 = alone.sum();
        assert!(estimated.spikes.abs_diff(sum) <= 3, "{} for all, {sum} for each", estimated.spikes);
    }
}

/// The fixture's model records the first 20 presentations.
#[test]
fn the_estimate_is_of_the_presentations_that_are_run() {
    let mut model = model();
    let of = |model: &Model, run| Planned::assumed(model, PresentationKind::Train, run, 10).estimate(model);
    let (whole, part, later) = (of(&model, 0..30), of(&model, 15..30), of(&model, 20..30));
    assert_eq!((4 * part.plateaus, later.plateaus, later.presentations), (whole.plateaus, 0, 10 * 41));
    model.recording.snapshots = Snapshots::Epochs;
    let snapshots = |run| of(&model, run).weights / (whole.weights / 2);
    assert_eq!((snapshots(0..30), snapshots(15..25), snapshots(0..5)), (5, 3, 2));
}

/// Traces are of as many stretches as there are ranges, and parts of them between evaluations.
#[test]
fn ranges_and_evaluations_part_what_is_planned() {
    let mut model = model();
    let planned = Planned { presentations: 0..60, epoch: 20, tests: 4, ..planned(PresentationKind::Train) };
    let parts = |model: &Model, planned: &Planned| (planned.recorded(model), planned.stretches(model));
    model.recording.presentations =
        vec![PresentationRange { first: 0, end: Some(2) }, PresentationRange { first: -3, end: None }];
    assert_eq!(parts(&model, &planned), (5, 2));
    assert_eq!(parts(&model, &Planned { presentations: 58..60, ..planned.clone() }), (2, 1));
    model.recording.presentations = vec![PresentationRange { first: 0, end: None }];
    assert_eq!(parts(&model, &planned), (60, 3));
    assert_eq!(parts(&model, &Planned { tests: 0, ..planned }), (60, 1));
}

/// All traces of an epoch of the 784-500-10 network at 1 ms.
#[test]
fn the_traces_of_an_epoch_are_37_gigabytes() {
    let mut model = model();
    (model.populations[1].size, model.populations[2].size) = (500, 10);
    model.recording.traces[0].1.push(apical::model::CompartmentId(1));
    (model.recording.presentations[0].end, model.recording.report_dt) = (None, 1.0);
    let traces = |kind, run| Planned::assumed(&model, kind, run, 60_000).estimate(&model).traces;
    assert_eq!(traces(PresentationKind::Train, 0..60_000) / 1_000_000_000, 37);
    assert_eq!(traces(PresentationKind::Test, 0..0), 0);
}

#[test]
fn the_curve_grows_by_the_evaluation() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.h5");
    let mut run = RunFile::create(&path, &model(), &provenance(), &planned(PresentationKind::Train)).unwrap();
    (1..=3).for_each(|n| run.evaluation(&evaluation(n * 1000)).unwrap());
    run.finish().unwrap();
    let curve = Summary::read(&path).unwrap().curve;
    assert_eq!(curve.iter().map(|e| e.examples_seen).collect::<Vec<_>>(), [1000, 2000, 3000]);
}
