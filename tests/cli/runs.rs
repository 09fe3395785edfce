//! What commands give, on standard output and in their files.
#![allow(clippy::float_cmp, reason = "the same numbers are to the bit the same")]

use std::fs;
use std::ops::Range;

use apical::record::PresentationKind;
use apical::record::hdf5::RunReader;
use serde_json::Value;

use crate::support::{self, Bench, Contents, IMAGES, MODEL, Ran, npy};

/// The keys that other programs rely on.
fn has(object: &Value, keys: &[&str]) {
    let missing: Vec<_> = keys.iter().filter(|key| object.get(**key).is_none_or(Value::is_null)).collect();
    assert!(missing.is_empty(), "{missing:?} missing in {object}");
}

#[test]
fn train_reports_what_it_did_and_test_finds_the_same_error() {
    let bench = Bench::new();
    let trained = bench.json("train tiny.toml --examples 40 --threads 2 --out run.h5");
    has(
        &trained,
        &[
            "kind",
            "batch",
            "test_error_percent",
            "test_examples",
            "examples_seen",
            "train_ms_per_example",
            "test_ms_per_example",
            "confusion",
            "seed",
            "threads",
            "run_file",
            "checkpoint_file",
        ],
    );
    assert_eq!((&trained["kind"], &trained["batch"], &trained["seed"]), (&"spiking".into(), &1.into(), &1.into()));
    assert_eq!((&trained["examples_seen"], &trained["test_examples"]), (&40.into(), &12.into()));
    assert_eq!((&trained["threads"], &trained["run_file"]), (&2.into(), &"run.h5".into()));

    let tested = bench.json("test run.checkpoint.h5");
    has(&tested, &["test_error_percent", "passes", "test_ms_per_example", "confusion"]);
    for key in ["test_error_percent", "test_examples", "confusion", "seed"] {
        assert_eq!(tested[key], trained[key], "{key}");
    }
    let thrice = bench.json("test run.checkpoint.h5 --passes 3");
    assert_eq!(thrice["test_error_percent_by_pass"][0], trained["test_error_percent"]);
    assert_eq!(thrice["passes"], 3);
    let answers: u64 = counts(&thrice["confusion"]).iter().sum();
    assert_eq!(answers, 36);
}

fn counts(confusion: &Value) -> Vec<u64> {
    confusion.as_array().unwrap().iter().flat_map(|row| row.as_array().unwrap()).map(|n| n.as_u64().unwrap()).collect()
}

#[test]
fn the_network_learns_the_quarters() {
    let bench = Bench::new();
    // Phases as long as the paper's; 10 ms are too short to tell much.
    let long = "--set protocol.forward_ms=50 --set protocol.target_ms=50 --set protocol.settle_ms=30 \
                --set protocol.test_ms=250 --set projection.hidden-output.learning_rate=0.5";
    let train = |n: u32| bench.json(&format!("train tiny.toml --examples {n} --record none {long}"));
    let (before, after) = (train(0), train(600));
    let error = |summary: &Value| summary["test_error_percent"].as_f64().unwrap();
    assert!(error(&before) > 40.0 && error(&after) < 20.0, "{} {}", error(&before), error(&after));
}

#[test]
fn a_test_that_records_writes_a_run_file_and_otherwise_none() {
    let bench = Bench::new();
    bench.ok("train tiny.toml --examples 4 --out run.h5");
    let before = bench.files();
    assert_eq!(bench.json("test run.checkpoint.h5")["run_file"], Value::Null);
    assert_eq!(bench.files(), before);
    bench.ok("test run.checkpoint.h5 --passes 2 --record all --out test.h5");
    let test = Contents::of(&bench.path("test.h5"));
    assert_eq!(test.integers("/presentations/index"), (0..24).collect::<Vec<_>>());
    assert!(!test.integers("/spikes/output/node_ids").is_empty());
}

#[test]
fn several_seeds_give_mean_and_spread() {
    let bench = Bench::new();
    let both = bench.json("train tiny.toml --examples 30 --seeds 1..2 --out run.h5");
    let errors: Vec<f64> =
        both["runs"].as_array().unwrap().iter().map(|run| run["test_error_percent"].as_f64().unwrap()).collect();
    assert_eq!(both["seeds"], serde_json::json!([1, 2]));
    assert_eq!(both["test_error_percent"], errors[0].midpoint(errors[1]));
    let spread = (errors[0] - errors[1]).abs() / 2_f64.sqrt();
    assert!((both["test_error_percent_sd"].as_f64().unwrap() - spread).abs() < 1e-9);

    bench.ok("train tiny.toml --examples 30 --seed 2 --out alone.h5");
    let of = |name: &str| Contents::of(&bench.path(name)).repeatable();
    assert_eq!(of("run-seed2.h5"), of("alone.h5"));
    // Side by side, more than there are threads, and one after the other: the same bits, printed in the order of the seeds.
    for threads in [1, 2, 5] {
        let arguments =
            format!("train tiny.toml --examples 30 --seeds 4,3,2 --set learning.batch=3 --threads {threads}");
        let printed = bench.json(&format!("{arguments} --out of{threads}.h5"));
        let seeds: Vec<_> =
            printed["runs"].as_array().unwrap().iter().map(|run| run["seed"].as_u64().unwrap()).collect();
        assert_eq!(seeds, [4, 3, 2]);
        for seed in seeds {
            assert_eq!(
                of(&format!("of{threads}-seed{seed}.h5")),
                of(&format!("of1-seed{seed}.h5")),
                "{threads} threads"
            );
        }
    }
    assert!(bench.path("run-seed1.checkpoint.h5").exists() && !bench.path("run.h5").exists());
    let printed = bench.ok("train tiny.toml --examples 30 --seeds 1,2 --out run.h5 --overwrite");
    assert!(printed.lines().last().unwrap().starts_with("test error over seeds: "), "{printed}");
}

#[test]
fn a_finished_run_that_is_resumed_has_nothing_to_do() {
    let bench = Bench::new();
    let done = bench.json("train tiny.toml --examples 24 --out run.h5");
    let before = bench.files();
    let ran = bench.run("train --resume run.checkpoint.h5 --json");
    let again: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(again["test_error_percent"], done["test_error_percent"]);
    assert_eq!((&again["learning"], &again["examples_seen"]), (&done["learning"], &24.into()));
    assert_eq!((&again["run_file"], &again["checkpoint_file"]), (&Value::Null, &Value::Null));
    assert!(ran.stderr.contains("the run is complete after 24 presentations, with a test error of"), "{}", ran.stderr);
    assert!(ran.stderr.contains("--epochs and --examples are totals"), "{}", ran.stderr);
    assert_eq!((ran.code, bench.files()), (Some(0), before));
}

#[test]
fn a_run_that_goes_on_leaves_the_part_before_as_it_is() {
    let bench = Bench::new();
    bench.ok("train tiny.toml --examples 12");
    let part = || ["h5", "checkpoint.h5"].map(|end| fs::read(bench.path(&format!("output/tiny-seed1.{end}"))).unwrap());
    let before = part();
    let rest = bench.json("train --resume output/tiny-seed1.checkpoint.h5 --examples 24");
    assert_eq!(rest["run_file"], "output/tiny-seed1-from-12.h5");
    assert_eq!(rest["checkpoint_file"], "output/tiny-seed1-from-12.checkpoint.h5");
    assert!(part() == before);
}

#[test]
fn progress_goes_to_standard_error_and_quiet_ends_it() {
    let bench = Bench::new();
    for (arguments, word) in [
        ("train tiny.toml --examples 4 --out run.h5", "after 4 images: test error"),
        ("simulate tiny.toml --examples 4 --out sim.h5", "recording to sim.h5: 4 of 4 presentations, about"),
    ] {
        let printed = bench.run(&format!("{arguments} --json --overwrite"));
        assert!(printed.stderr.contains(word), "{}", printed.stderr);
        assert_eq!((printed.code, printed.stdout.lines().count()), (Some(0), 1));
        let quiet = bench.run(&format!("{arguments} --json --quiet --overwrite"));
        assert_eq!((quiet.stderr.as_str(), quiet.stdout.lines().count()), ("", 1));
    }
}

#[test]
fn a_model_given_by_name_leaves_its_files_in_output() {
    let bench = Bench::new();
    let model =
        "g17-784-500-10 --set population.input.size=16 --set population.hidden.size=12 --set population.output.size=4";
    let summary = bench.json(&format!("train {model} --examples 2 --record none"));
    assert_eq!(summary["run_file"], "output/g17-784-500-10-seed1.h5");
    assert!(bench.path("output/g17-784-500-10-seed1.checkpoint.h5").exists());
}

#[test]
fn the_first_and_the_last_presentations_are_kept_by_default() {
    let bench = Bench::new();
    let plain = support::MODEL.replace("presentations = \"0:\"\n", "");
    bench.write("plain.toml", plain);
    let printed = bench.run("train plain.toml --epochs 3 --out run.h5");
    assert_eq!(printed.code, Some(0), "{}", printed.stderr);
    assert!(printed.stderr.contains("recording to run.h5: 40 of 60 presentations, about"), "{}", printed.stderr);
    let run = Contents::of(&bench.path("run.h5"));
    let recorded = |run: &Contents| -> Vec<u64> {
        let [index, kept] = ["index", "recorded"].map(|name| run.integers(&format!("/presentations/{name}")).to_vec());
        index.into_iter().zip(kept).filter(|&(_, kept)| kept == 1).map(|(index, _)| index).collect()
    };
    assert_eq!(recorded(&run), (0..20).chain(40..60).collect::<Vec<_>>());
    // The last 20 are those of the whole run, wherever it goes on.
    bench.ok("train plain.toml --examples 45 --record all,-20: --out part.h5");
    assert_eq!(recorded(&Contents::of(&bench.path("part.h5"))), (25..45).collect::<Vec<_>>());
    bench.ok("train --resume part.checkpoint.h5 --examples 60 --out rest.h5");
    assert_eq!(recorded(&Contents::of(&bench.path("rest.h5"))), (45..60).collect::<Vec<_>>());
    bench.ok("test part.checkpoint.h5 --passes 2 --record all,:2,-2: --out test.h5");
    assert_eq!(recorded(&Contents::of(&bench.path("test.h5"))), [0, 1, 22, 23]);
}

#[test]
fn inspection_counts_what_the_file_holds() {
    let bench = Bench::new();
    bench.ok("train tiny.toml --examples 30 --out run.h5 --set recording.weights=10");
    let run = Contents::of(&bench.path("run.h5"));
    let printed: Value = serde_json::from_str(&bench.ok("inspect run.h5 --json")).unwrap();
    assert_eq!((&printed["kind"], &printed["seed"], &printed["name"]), (&"run".into(), &1.into(), &"tiny".into()));
    // Evaluations of 12 images each after 20 and 30 presentations.
    assert_eq!(printed["presentations"], serde_json::json!({ "train": 30, "test": 24 }));
    for population in printed["spikes"].as_array().unwrap() {
        let name = population["population"].as_str().unwrap();
        let spikes = run.integers(&format!("/spikes/{name}/node_ids")).len();
        assert_eq!(population["spikes"], spikes, "{name}");
    }
    for traces in printed["traces"].as_array().unwrap() {
        let name = traces["population"].as_str().unwrap();
        let [samples, columns] = ["samples", "traces"].map(|key| traces[key].as_u64().unwrap() as usize);
        let stretches = ["", "@2"].map(|k| run.integers(&format!("/report/{name}{k}/data")).len());
        assert_eq!((stretches.iter().sum::<usize>(), &traces["stretches"]), (samples * columns, &2.into()), "{name}");
    }
    assert_eq!(printed["plateaus"][0]["plateaus"], run.integers("/plateaus/hidden/alpha").len());
    assert_eq!(printed["plateaus"][0]["plateaus"], 30 * 2 * 12);
    let snapshots = ["initial", "presentation-10", "presentation-20", "presentation-30", "final"];
    let expected = serde_json::json!({ "projection": "input-hidden", "shape": [12, 16], "snapshots": snapshots });
    assert_eq!(printed["weights"][0], expected);

    let text = bench.ok("inspect run.h5");
    assert!(text.contains("hidden: ") && text.contains("initial … final (5 snapshots)"), "{text}");
    let checkpoint: Value = serde_json::from_str(&bench.ok("inspect run.checkpoint.h5 --json")).unwrap();
    assert_eq!((&checkpoint["kind"], &checkpoint["lanes"]), (&"checkpoint".into(), &1.into()));
    assert_eq!((&checkpoint["examples_seen"], &checkpoint["tests_done"]), (&30.into(), &24.into()));
}

#[test]
fn nothing_is_recorded_but_what_is_always_kept() {
    let bench = Bench::new();
    bench.ok("train tiny.toml --examples 6 --record none --out run.h5");
    let run = Contents::of(&bench.path("run.h5"));
    for group in ["/spikes", "/report", "/plateaus"] {
        assert!(run.under(group).0.is_empty(), "{group}");
    }
    assert_eq!(run.integers("/presentations/index").len(), 6 + 12);
    assert_eq!(run.integers("/learning/examples_seen"), [6]);
    assert_eq!(run.learnt().0.len(), 5, "three projections, two populations with biases");
}

/// Each evaluation tells of its own tests, and of the training presentations since the one before: sums of the same terms.
#[test]
fn the_learning_curve_tells_of_the_presentations_since_the_evaluation_before() {
    let bench = Bench::new();
    bench.ok("train tiny.toml --examples 50 --out run.h5 --set recording.credit=true");
    let run = RunReader::open(&bench.path("run.h5")).unwrap();
    let (rows, credit) = (run.presentations().unwrap(), run.credit().unwrap().unwrap());
    let curve = run.learning().unwrap();
    let error = |kind: PresentationKind, span: Range<u64>| {
        let shown = rows.iter().filter(|row| row.kind == kind && span.contains(&row.index));
        let wrong = shown.clone().filter(|row| row.label != Some(row.decoded)).count();
        assert_eq!(shown.count() as u64, span.end - span.start);
        100.0 * wrong as f64 / (span.end - span.start) as f64
    };
    assert_eq!(curve.iter().map(|evaluation| evaluation.examples_seen).collect::<Vec<_>>(), [20, 40, 50]);
    let (mut before, mut tested) = (0, 0);
    for evaluation in &curve {
        let since = before..evaluation.examples_seen;
        let tests = tested..tested + IMAGES[1] as u64;
        (before, tested) = (since.end, tests.end);
        assert_eq!(evaluation.train_error, error(PresentationKind::Train, since.clone()), "{since:?}");
        assert_eq!(evaluation.test_error, error(PresentationKind::Test, tests), "{since:?}");
        let losses = credit.index.iter().zip(&credit.output_loss).filter(|(index, _)| since.contains(index));
        let mean = losses.map(|(_, loss)| loss).sum::<f64>() / (since.end - since.start) as f64;
        assert!((evaluation.loss - mean).abs() < 1e-12 * mean, "{since:?}: {} for {mean}", evaluation.loss);
    }
    let errors: Vec<_> = curve.iter().map(|evaluation| evaluation.train_error).collect();
    assert!(errors.iter().any(|&error| error > 0.0 && error < 100.0 && error != errors[0]), "{errors:?}");
}

#[test]
fn a_checkpoint_is_simulated_without_a_weight_changing() {
    let bench = Bench::new();
    bench.ok("train tiny.toml --examples 30 --out run.h5");
    let summary = bench.json("simulate run.checkpoint.h5 --examples 7 --out sim.h5");
    has(&summary, &["kind", "seed", "threads", "examples_seen", "ms_per_example", "run_file"]);
    assert_eq!(summary["examples_seen"], 7);
    let simulated = Contents::of(&bench.path("sim.h5"));
    assert_eq!(simulated.learnt(), Contents::of(&bench.path("run.h5")).learnt());
    let weights = |snapshot: &str| simulated.integers(&format!("/weights/input-hidden/{snapshot}")).to_vec();
    assert_eq!(weights("initial"), weights("final"));
    assert!(simulated.floats("/presentations/target_end_ms").iter().all(|end| end.is_finite()));
    assert!(!bench.path("sim.checkpoint.h5").exists());
}

/// A model shown something else than images.
fn with_stimuli(keys: &str) -> Bench {
    let bench = Bench::new();
    bench.write("tiny.toml", MODEL.replace("[stimuli]\nkind = \"idx\"", &format!("[stimuli]\n{keys}")));
    bench
}

fn simulated(bench: &Bench, arguments: &str) -> Contents {
    bench.ok(&format!("simulate tiny.toml --out sim.h5 --overwrite {arguments}"));
    Contents::of(&bench.path("sim.h5"))
}

#[test]
fn a_fixed_rate_vector_without_labels_is_one_forward_phase() {
    let mut rates = [0; 16];
    rates[3] = 1000;
    let bench = with_stimuli(&format!("kind = \"rates\"\nrates_hz = {rates:?}"));
    let run = simulated(&bench, "");
    assert_eq!(run.integers("/presentations/index"), [0]);
    assert!(run.floats("/presentations/target_end_ms")[0].is_nan());
    assert_eq!(run.integers("/presentations/label")[0].cast_signed(), -1);
    let fired = run.integers("/spikes/input/node_ids");
    assert!(fired.len() > 5 && fired.iter().all(|&neuron| neuron == 3), "{fired:?}");
    assert_eq!(simulated(&bench, "--examples 3").integers("/presentations/image"), [0, 0, 0]);
}

#[test]
fn a_rate_table_is_shown_row_by_row_and_with_labels_in_both_phases() {
    let bench = with_stimuli("kind = \"rates\"\npath = \"rates.csv\"\nlabels = [2, 0, 1]");
    let row = |lit: usize| (0..16).map(|i| if i == lit { "800" } else { "0" }).collect::<Vec<_>>().join(",");
    bench.write("rates.csv", format!("# Hz\n{}\n{}\n{}\n", row(5), row(6), row(7)));
    let run = simulated(&bench, "");
    let images = run.integers("/presentations/image").to_vec();
    let labels: Vec<_> = images.iter().map(|&image| [2, 0, 1][image as usize]).collect();
    assert_eq!(run.integers("/presentations/label"), labels);
    for (row, image) in images.iter().enumerate() {
        let [start, end] = ["start_ms", "target_end_ms"].map(|name| run.floats(&format!("/presentations/{name}"))[row]);
        let shown = run.spikes_from("input", start).into_iter().filter(|(time, _)| f64::from_bits(*time) < end);
        let neurons: Vec<_> = shown.map(|(_, neuron)| neuron).collect();
        assert!(neurons.len() > 5 && neurons.iter().all(|&neuron| neuron == 5 + image), "{image}: {neurons:?}");
    }
    let trained = bench.json("train tiny.toml --examples 6 --out run.h5");
    assert_eq!((&trained["tested_on"], &trained["test_examples"]), (&"training".into(), &3.into()));
}

#[test]
fn a_spike_list_is_exactly_what_the_input_population_fires() {
    let bench = with_stimuli("kind = \"spikes\"\npath = \"spikes.csv\"");
    let listed = [(0, 0.25, 3), (0, 7.125, 15), (1, 0.0, 0), (1, 7.125, 2), (1, 7.125, 4)];
    let rows: Vec<_> = listed.iter().map(|(shown, time, neuron)| format!("{shown},{time},{neuron}\n")).collect();
    bench.write("spikes.csv", format!("presentation,time_ms,neuron\n{}", rows.concat()));
    let run = simulated(&bench, "");
    assert!(run.floats("/presentations/target_end_ms").iter().all(|end| end.is_nan()), "forward phases only");
    let starts = run.floats("/presentations/start_ms");
    let expected: Vec<(u64, u64)> = starts
        .iter()
        .zip(run.integers("/presentations/image"))
        .flat_map(|(start, &image)| {
            let of_image = listed.iter().filter(move |(shown, ..)| *shown == image);
            of_image.map(move |(_, time, neuron)| ((start + time).to_bits(), *neuron))
        })
        .collect();
    assert_eq!(expected.len(), 5);
    assert_eq!(run.spikes_from("input", 0.0), expected);
}

#[test]
fn models_are_listed_printed_and_written() {
    let bench = Bench::new();
    assert!(bench.ok("models").lines().any(|line| line.starts_with("g17-784-500-10 ")));
    let printed = bench.ok("models g17-784-500-10");
    bench.ok("models --write mine");
    let written = std::fs::read_to_string(bench.path("mine/g17-784-500-10.toml")).unwrap();
    assert_eq!(printed, written);
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let bench = Bench::new();
    let mut child = bench.command("models").stdout(std::process::Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let ran: Ran = child.wait_with_output().unwrap().into();
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
}

#[cfg(target_os = "linux")]
#[test]
fn results_that_cannot_be_told_are_a_failure() {
    let bench = Bench::new();
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let ran: Ran = bench.command("models").stdout(full).output().unwrap().into();
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stderr.starts_with("error: cannot write to standard output\n  because: No space left"),
        "{}",
        ran.stderr
    );
}

/// Weights of 3e38 are finite, the potentials they give are not.
#[test]
fn learning_that_diverges_is_a_failure_and_leaves_the_checkpoint_from_before() {
    let bench = Bench::new();
    bench.ok("train tiny.toml --examples 8 --out run.h5");
    let checkpoint = || fs::read(bench.path("run.checkpoint.h5")).unwrap();
    let before = checkpoint();
    bench.write("w.npy", npy("(12, 16)", &[3e38; 192]));
    let weights = "--set projection.input-hidden.weights.from=npy --set projection.input-hidden.weights.path=w.npy";
    let ran = bench.run(&format!("train tiny.toml --examples 8 --out run.h5 --overwrite {weights}"));
    let printed = "error: input-hidden: weights left the finite numbers by training presentation 0; lower";
    assert!(ran.code == Some(1) && ran.stderr.contains(printed), "{ran:?}");
    assert!(checkpoint() == before);
}

/// A limit on the size of files stands for a full disk: writing beyond it is an error where its signal is ignored.
#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_is_full_ends_a_run_with_its_reason_and_what_was_flushed_is_kept() {
    let bench = Bench::new();
    let limited = "trap '' XFSZ; ulimit -f 600; exec \"$0\" \"$@\"";
    let arguments = ["train", "tiny.toml", "--examples", "4000", "--record", "all", "--out", "run.h5"];
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", limited, env!("CARGO_BIN_EXE_apical")]).args(arguments).current_dir(bench.path(""));
    let ran: Ran = shell.output().unwrap().into();
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert!(ran.stderr.contains("\n  because: File too large") && !ran.stderr.contains("panicked"), "{}", ran.stderr);
    assert!(!bench.path("run.h5").exists() && bench.path("run.h5.part").exists());

    // What was learnt is kept, and goes on as if nothing had happened.
    assert!(ran.stderr.contains("the network as it stands is in run.checkpoint.h5"), "{}", ran.stderr);
    let rest = bench.json("train --resume run.checkpoint.h5 --record none --out rest.h5");
    let whole = bench.json("train tiny.toml --examples 4000 --record none --out whole.h5");
    for key in ["examples_seen", "test_error_percent", "confusion"] {
        assert_eq!(rest[key], whole[key], "{key}");
    }
}

/// A folder takes the place of the run file while it is written.
#[cfg(unix)]
#[test]
fn what_was_learnt_is_kept_where_the_run_file_cannot_be_completed() {
    let bench = Bench::new();
    let (checkpoint, place) = (bench.path("run.checkpoint.h5"), bench.path("run.h5"));
    let arguments = "train tiny.toml --examples 100000000 --record none --checkpoint-every 0s --out run.h5";
    let ran = support::interrupt(bench.command(arguments), || {
        checkpoint.exists() && (place.exists() || std::fs::create_dir(&place).is_ok())
    });
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert!(ran.stderr.contains("the network as it stands is in run.checkpoint.h5"), "{}", ran.stderr);
    assert!(ran.stderr.contains("the run file run.h5 could not be completed"), "{}", ran.stderr);
    assert!(bench.json("inspect run.checkpoint.h5")["examples_seen"].as_u64().unwrap() > 0);
}

#[cfg(unix)]
#[test]
fn several_seeds_are_stopped_together_and_each_can_be_gone_on_with() {
    let bench = Bench::new();
    let arguments = "train tiny.toml --examples 10000000 --record none --seeds 1..3 --threads 2 --out run.h5";
    let begun = || ["run-seed1.h5.part", "run-seed2.h5.part"].iter().all(|name| bench.path(name).exists());
    let ran = support::interrupt(bench.command(arguments), begun);
    assert_eq!(ran.code, Some(130), "{}", ran.stderr);
    for seed in [1, 2] {
        let expected = format!("go on with: apical train --resume run-seed{seed}.checkpoint.h5");
        assert!(ran.stderr.contains(&expected), "{}", ran.stderr);
        assert!(bench.json(&format!("inspect run-seed{seed}.checkpoint.h5"))["examples_seen"].as_u64().unwrap() > 0);
    }
    assert!(!bench.path("run-seed3.checkpoint.h5").exists(), "no more at once than threads");
}

#[test]
fn a_later_seed_that_cannot_be_kept_is_a_failure_no_refusal() {
    let bench = Bench::new();
    std::fs::create_dir(bench.path("run-seed2.h5.part")).unwrap();
    for (seeds, code) in [("2..3 --threads 1", 2), ("1..2", 1)] {
        let ran = bench.run(&format!("train tiny.toml --examples 4 --seeds {seeds} --out run.h5"));
        assert_eq!(ran.code, Some(code), "{seeds}: {}", ran.stderr);
        assert!(ran.stderr.contains("the run file cannot be created"), "{seeds}: {}", ran.stderr);
    }
    assert!(bench.path("run-seed1.h5").exists());
}
