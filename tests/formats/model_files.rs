//! Model files from the outside: what is read, and what survives being written and read again.

use std::error::Error;
use std::path::{Path, PathBuf};

use crate::small::{RIGHT, parse, set};
use apical::model::{
    BiasInit, CompartmentId, Compression, Decoding, ImageStimuli, Model, PopulationId, PortId, PresentationRange,
    ProjectionId, RateSource, Schedule, Sign, Snapshots, Stimuli, WeightInit, shipped,
};
use apical::training::initial_network;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

#[test]
fn the_right_model_is_read_with_its_defaults() {
    let model = parse(RIGHT).unwrap();
    assert_eq!((model.name.as_str(), model.classes(), model.decoded().unwrap().1.group), ("small", 2, 2));
    let names: Vec<_> = model.projections.iter().map(|projection| projection.name.as_str()).collect();
    assert_eq!(names, ["input-hidden", "hidden-output", "output-hidden"]);
    let weights: Vec<_> = model.projections.iter().map(|projection| &projection.weights).collect();
    assert_eq!(weights, [&WeightInit::default(); 3]);
    let fan_ins: Vec<_> = model.projections.iter().map(|projection| projection.fan_in(&model.populations)).collect();
    assert_eq!(fan_ins, [4, 6, 6]);
    let feedback = model.projection(ProjectionId(2));
    assert_eq!((feedback.delay.smallest().to_bits(), feedback.port), (1f64.to_bits(), PortId(1)));
    assert_eq!((model.learning.batch, model.learning.schedule), (2, Schedule::Constant));
    assert_eq!(model.decoding, Decoding::Potential);
    assert_eq!(model.stimuli, Stimuli::default());
    let recording = &model.recording;
    assert_eq!(recording.spikes, [0, 1, 2].map(PopulationId));
    assert_eq!(recording.plateaus, [PopulationId(1)]);
    let cell = [0, 1, 2].map(CompartmentId).to_vec();
    let output = [0, 1].map(CompartmentId).to_vec();
    assert_eq!(recording.traces, [(PopulationId(1), cell), (PopulationId(2), output)]);
    assert_eq!(recording.recorded(100), [0..20, 80..u64::MAX]);
    assert_eq!((recording.snapshots, recording.compression), (Snapshots::Ends, Compression::None));
}

#[test]
fn overrides_reach_every_key() {
    let model = set(&[
        "population.hidden.size=3",
        "population.hidden.g_a_per_ms=0",
        "projection.input-hidden.learning_rate=0.3",
        "projection.output-hidden.weights.from=run",
        "projection.output-hidden.weights.path=w.h5",
        "population.hidden.bias={ from = 'npy', path = 'b.npy' }",
        "decoding.by=rate",
        "learning.schedule.kind=linear",
        "recording.presentations=5:",
        "recording.weights=100",
        "stimuli.kind=rates",
        "stimuli.rates_hz=[1, 2, 3, 4]",
    ])
    .unwrap();
    let hidden = &model.populations[1];
    assert_eq!((hidden.size, hidden.linear().unwrap().ports[1].conductance.to_bits()), (3, 0f64.to_bits()));
    assert_eq!(hidden.bias, Some(BiasInit::Npy { path: "b.npy".into() }));
    assert_eq!(model.projections[0].learning_rate.to_bits(), 0.3f64.to_bits());
    let run = WeightInit::Run { path: "w.h5".into(), snapshot: "final".into() };
    assert_eq!((&model.projections[2].weights, model.decoding), (&run, Decoding::Rate));
    assert_eq!((model.learning.batch, model.learning.schedule), (2, Schedule::Linear));
    assert_eq!(model.recording.presentations, [PresentationRange { first: 5, end: None }]);
    assert_eq!(model.recording.snapshots, Snapshots::Presentations(100));
    let source = RateSource::Fixed(vec![1.0, 2.0, 3.0, 4.0]);
    assert_eq!(model.stimuli, Stimuli::Rates { source, labels: None });
}

#[test]
fn initial_values_are_drawn_as_the_model_says() {
    let model = set(&[
        "projection.input-hidden.weights={ from = 'normal', mean = 0.1, sd = 0.2 }",
        "projection.hidden-output.weights={ from = 'lognormal', mu = -2, sigma = 0.5 }",
        "projection.hidden-output.sign=non-positive",
        "projection.output-hidden.weights={ from = 'uniform', low = -1, high = 3 }",
        "population.hidden.bias={ from = 'constant', value = 0.5 }",
        "population.output.bias={ from = 'normal', mean = 0, sd = 2 }",
    ])
    .unwrap();
    let weights: Vec<_> = model.projections.iter().map(|projection| (&projection.weights, projection.sign)).collect();
    let expected = [
        (&WeightInit::Normal { mean: 0.1, sd: 0.2, min: None, max: None }, Sign::Any),
        (&WeightInit::Lognormal { mu: -2.0, sigma: 0.5, min: None, max: None }, Sign::NonPositive),
        (&WeightInit::Uniform { low: -1.0, high: 3.0 }, Sign::Any),
    ];
    assert_eq!(weights, expected);
    let biases: Vec<_> = model.populations.iter().filter_map(|population| population.bias.as_ref()).collect();
    assert_eq!(biases, [&BiasInit::Constant { value: 0.5 }, &BiasInit::Normal { mean: 0.0, sd: 2.0 }]);
    assert_eq!(Model::parse(&model.text(), "again", &[]).unwrap(), model);
}

#[test]
fn bounds_of_drawn_weights_are_kept_with_their_sign() {
    let model = set(&[
        "population.hidden.size=200",
        "projection.input-hidden.weights={ from = 'normal', mean = 0.1, sd = 0.2, max = 0.25 }",
        "projection.hidden-output.weights={ from = 'lognormal', mu = -2, sigma = 0.5, min = -0.3, max = -0.1 }",
        "projection.hidden-output.sign=non-positive",
    ])
    .unwrap();
    assert_eq!(Model::parse(&model.text(), "again", &[]).unwrap(), model);
    let network = initial_network(&model, 1).unwrap();
    let range = |projection: usize| {
        let weights = network.synapses[projection].dense().unwrap().to_matrix();
        weights.iter().fold([f32::MAX, f32::MIN], |[low, high], &w| [low.min(w), high.max(w)])
    };
    let ([low, high], [strongest, weakest]) = (range(0), range(1));
    assert!(low < 0.0 && high > 0.2 && high <= 0.25, "{low} to {high}");
    assert!((-0.3..-0.28).contains(&strongest), "{strongest}");
    assert!(weakest > -0.11 && weakest <= -0.1, "{weakest}");
}

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

#[test]
fn a_variant_holds_only_what_differs_from_its_base() {
    let variant = "name = 'v'\nbase = '../base.toml'\n[[population]]\nname = 'hidden'\nsize = 9\n\
                   bias = { from = 'npy', path = 'b.npy' }\n";
    let folder = folder(&[("base.toml", RIGHT), ("sub/v.toml", variant)]);
    let path = folder.path().join("sub/v.toml");
    let model = Model::load(&path, &["stimuli.path=images".to_owned()]).unwrap();
    assert_eq!((model.name.as_str(), model.populations.len(), model.populations[1].size), ("v", 3, 9));
    assert_eq!(model.stimuli, Stimuli::Idx(ImageStimuli { path: Some("images".into()), ..ImageStimuli::default() }));
    let bias = model.populations[1].bias.as_ref();
    assert_eq!(bias, Some(&BiasInit::Npy { path: folder.path().join("sub/b.npy") }));
    assert!(!model.text().contains("base"), "{}", model.text());
    assert_eq!(Model::parse(&model.text(), "again", &[]).unwrap(), model);
}

#[test]
fn an_error_in_a_base_is_named_by_its_file() {
    let variant = "name = 'v'\nbase = 'base.toml'\n\n[learning]\nbatch = 0\n";
    let load = |base: &str, variant: &str| {
        let folder = folder(&[("base.toml", base), ("v.toml", variant), ("third.toml", RIGHT)]);
        let error = Model::load(&folder.path().join("v.toml"), &[]).unwrap_err().to_string();
        error.replace(&folder.path().display().to_string(), "DIR")
    };
    let message = load(&RIGHT.replace("size = 6", "size = 0"), variant);
    assert!(message.starts_with("DIR/base.toml:11:8: `size`"), "{message}");
    let message = load(RIGHT, variant);
    assert!(message.starts_with("DIR/v.toml:5:9: `batch`"), "{message}");
    let message = load(&RIGHT.replacen('\n', "\nbase = 'third.toml'\n", 1), variant);
    assert!(message.starts_with("DIR/base.toml:2:1: expected no `base`"), "{message}");
    assert!(message.contains("DIR/v.toml:2:1"), "{message}");
    let message = load("name = 'b'\n[learning\n", variant);
    assert!(message.starts_with("DIR/base.toml:2:10: not valid TOML"), "{message}");
    let message = load(RIGHT, "name = 'v'\nbase = 3\n");
    assert!(message.starts_with("DIR/v.toml:2:8: "), "{message}");
}

#[test]
fn a_base_may_be_a_shipped_model() {
    let folder = folder(&[("v.toml", "name = 'v'\nbase = 'g17-784-500-10.toml'\nlearning.epochs = 2\n")]);
    let model = Model::load(&folder.path().join("v.toml"), &[]).unwrap();
    let base = Model::load(Path::new("g17-784-500-10"), &[]).unwrap();
    assert_eq!((model.learning.epochs, base.learning.epochs), (2, 60));
    assert_eq!(model.populations, base.populations);
    assert_eq!(Model::parse("name = 'v'\nbase = 'g17-784-10'\n", "m", &[]).unwrap().populations.len(), 2);
}

#[test]
fn shipped_models_load_by_name_and_are_the_files_of_the_clone() {
    for model in shipped::MODELS {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("models").join(model.name).with_extension("toml");
        let (from_file, by_name) = (Model::load(&file, &[]).unwrap(), Model::load(Path::new(model.name), &[]).unwrap());
        assert_eq!(from_file, by_name);
        assert_eq!(from_file.name, model.name);
    }
    for name in ["g17-784-10", "g17-784-10.toml", "elsewhere/g17-784-10.toml"] {
        assert_eq!(Model::load(Path::new(name), &[]).unwrap().name, "g17-784-10");
    }
}

#[test]
fn no_model_is_one_clear_error() {
    let message = Model::load(Path::new("models/g17-784-50-10.toml"), &[]).unwrap_err().to_string();
    let shipped = "no shipped model of that name; did you mean `g17-784-500-10`?";
    assert_eq!(message, format!("there is no model file models/g17-784-50-10.toml, and {shipped}"));
    let folder = tempfile::tempdir().unwrap();
    let message = Model::load(folder.path(), &[]).unwrap_err().to_string();
    assert!(
        message.starts_with("there is no model file ") && message.ends_with("no shipped model of that name"),
        "{message}"
    );
    let path = folder.path().join("latin1.toml");
    std::fs::write(&path, b"name = '\xe9'").unwrap();
    let error = Model::load(&path, &[]).unwrap_err();
    assert!(error.to_string().starts_with("cannot read the model file ") && error.source().is_some(), "{error}");
    let message = Model::load(Path::new("g17-784-10"), &["learning.bach=1".into()]).unwrap_err().to_string();
    assert!(message.contains("did you mean `batch`?"), "{message}");
}

#[test]
fn a_recording_is_chosen_by_words() {
    let recorded = |what: &str| {
        let mut model = parse(RIGHT).unwrap();
        model.record(what).unwrap();
        assert_eq!(Model::parse(&model.text(), "again", &[]).unwrap(), model, "{what}");
        model.recording
    };
    let everything = recorded("all");
    assert_eq!((everything.spikes.len(), everything.plateaus.len(), everything.traces.len()), (3, 1, 2));
    assert_eq!(everything.presentations, [PresentationRange { first: 0, end: None }]);
    let nothing = recorded("none");
    assert_eq!((nothing.spikes.len(), nothing.plateaus.len(), nothing.traces.len()), (0, 0, 0));
    let some = recorded("hidden, output.soma,hidden.apical,hidden.soma,plateaus,3:7");
    assert_eq!(some.presentations, [PresentationRange { first: 3, end: Some(7) }]);
    assert_eq!((some.spikes, some.plateaus), (vec![PopulationId(1)], vec![PopulationId(1)]));
    let cell = (PopulationId(1), [0, 2].map(CompartmentId).to_vec());
    assert_eq!(some.traces, [cell, (PopulationId(2), vec![CompartmentId(0)])]);
    let kinds = recorded("spikes,traces");
    assert_eq!((kinds.spikes.len(), kinds.plateaus.len(), kinds.traces.len()), (3, 0, 2));
    let range = recorded(":5");
    assert_eq!((range.spikes.len(), range.presentations), (3, vec![PresentationRange { first: 0, end: Some(5) }]));
    let both = recorded("spikes,0:2,-2:");
    assert_eq!((both.spikes.len(), both.recorded(9)), (3, vec![0..2, 7..u64::MAX]));
}

#[test]
fn a_recording_of_nothing_known_is_refused_and_changes_nothing() {
    let mut model = parse(RIGHT).unwrap();
    for (what, fragment) in [
        ("hiden", "there is no population `hiden`; did you mean `hidden`?"),
        ("hiden.soma", "did you mean `hidden`?"),
        ("plateau", "did you mean `plateaus`?"),
        ("hidden.dendrite", "\"soma\", \"basal\" or \"apical\""),
        ("input.soma", "other than the encoder"),
        ("none,hidden", "expected `none` alone"),
        ("5:3", "expected a range of presentations such as 0:20, 5: or -20:, found \"5:3\""),
        ("1:2,x:4", "expected a range of presentations"),
        ("all,-5", "found \"-5\"; did you mean `-5:`?"),
        ("", "expected names separated by commas"),
        ("hidden,,output", "found an empty one"),
    ] {
        let message = model.record(what).unwrap_err().to_string();
        assert!(message.starts_with(&format!("--record {what}: ")) && message.contains(fragment), "{message}");
    }
    assert_eq!(model, parse(RIGHT).unwrap());
}

/// The first shipped models are networks that learn, the last ones circuits.
const CIRCUITS: usize = 6;

/// Overrides that leave a shipped network right.
fn harmless() -> impl Strategy<Value = String> {
    prop_oneof![
        (1..=4096u32).prop_map(|batch| format!("learning.batch={batch}")),
        (200.0..1e5f64).prop_map(|ms| format!("protocol.forward_ms={ms:?}")),
        (1e-300..1000.0f64).prop_map(|rate| format!("projection.input-output.learning_rate={rate:?}")),
        (1..=1_000_000u32).prop_map(|size| format!("population.input.size={size}")),
        "[a-z \"'\\\\é\t]{0,20}[a-z]".prop_map(|about| format!("about={:?}", format!("x{about}"))),
        Just("learning.schedule={ kind = 'linear' }".to_owned()),
        Just("projection.input-output.weights={ from = 'npy', path = 'a b.npy' }".to_owned()),
        Just("recording.traces=[\"output.soma\"]".to_owned()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(7), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_text_of_a_model_gives_that_model(
        which in 0..shipped::MODELS.len() - CIRCUITS,
        overrides in prop::collection::vec(harmless(), 0..5),
    ) {
        let overrides: Vec<_> =
            overrides.into_iter().filter(|text| which == 0 || !text.contains("input-output")).collect();
        let model = Model::load(&PathBuf::from(shipped::MODELS[which].name), &overrides).unwrap();
        prop_assert_eq!(Model::parse(&model.text(), "again", &[]).unwrap(), model);
    }

    #[test]
    fn the_text_of_a_circuit_gives_that_circuit(
        which in shipped::MODELS.len() - CIRCUITS..shipped::MODELS.len(),
        duration in 1.0..1e6_f64,
    ) {
        let overrides = [format!("protocol.duration_ms={duration:?}")];
        let model = Model::load(&PathBuf::from(shipped::MODELS[which].name), &overrides).unwrap();
        prop_assert_eq!(Model::parse(&model.text(), "again", &[]).unwrap(), model);
    }

    #[test]
    fn junk_is_refused_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Model::parse(&String::from_utf8_lossy(&bytes), "junk", &[]).is_err());
    }

    #[test]
    fn spoiled_models_never_panic(
        from in 0..RIGHT.len(),
        length in 0..30usize,
        junk in "[a-z0-9=.\"'{}\\[\\]\n -]{0,12}",
        argument in "[a-z.=0-9\\[{\"-]{0,30}",
    ) {
        let mut text = RIGHT.to_owned();
        text.replace_range(from..(from + length).min(RIGHT.len()), &junk);
        if let Ok(model) = Model::parse(&text, "spoiled", &[]) {
            prop_assert_eq!(Model::parse(&model.text(), "again", &[]).unwrap(), model);
        }
        let _ = Model::parse(RIGHT, "m", &[argument]);
    }

    #[test]
    fn words_of_a_recording_never_panic(what in "(hidden|output|all|[a-z:0-9.,]){0,6}") {
        let _ = parse(RIGHT).unwrap().record(&what);
    }
}
