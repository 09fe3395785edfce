//! Same model, data and seed: the same bits, whatever the threads, what is recorded, and where a run was stopped.
#![cfg(feature = "cli")]

#[path = "../support/mod.rs"]
mod support;

use std::ops::ControlFlow;

use apical::data::StimulusLoader;
use apical::model::Model;
use apical::record::Checkpoint;
use apical::training::{Ending, Monitor, Plan, Plasticity, Progress, Trainer, Training, initial_network};
use support::{Bench, Contents, IMAGES};

/// Networks and ways of learning that each carry another state from one presentation to the next.
const VARIANTS: [&str; 9] = [
    "",
    "--set learning.batch=4",
    "--set population.hidden.g_a_per_ms=0.05 --set projection.output-hidden.delay_ms=9 \
     --set projection.input-hidden.delay_ms=3 --set learning.schedule.kind=exponential",
    "--set learning.centring_presentations=5 --set learning.output_slope=constant --set learning.batch=4 \
     --set projection.output-hidden.feedback_rule=mirror --set projection.output-hidden.learning_rate=0.1",
    "--set learning.hidden_error=backprop --set learning.batch=4",
    "--set projection.output-hidden.weights.from=transpose --set projection.output-hidden.weights.noise_sd=0.1",
    "--set population.hidden.g_a_per_ms=0.05 --set projection.output-hidden.delay_ms=9 --set learning.batch=4",
    "--set population.hidden.threshold.v_th=0.5 --set population.output.threshold.v_th=0.5 \
     --set population.hidden.g_a_per_ms=0.05 --set learning.batch=2",
    "--set projection.input-hidden.connection={kind='fixed_in_degree',in_degree=5} --set projection.input-hidden.sign=non-negative \
     --set projection.input-hidden.weights={from='uniform',low=0,high=0.5} \
     --set projection.output-hidden.connection={kind='fixed_probability',p=0.5} --set projection.output-hidden.rule=mirror \
     --set projection.output-hidden.learning_rate=0.1 --set learning.batch=4",
];

fn train(bench: &Bench, out: &str, arguments: &str) -> Contents {
    bench.ok(&format!("train tiny.toml --quiet --overwrite --out {out}.h5 {arguments}"));
    Contents::of(&bench.path(&format!("{out}.h5"))).repeatable()
}

/// A bench whose inputs are more than the rows of weights that a thread changes at a time, 64, and whose test images are more
/// than two threads are handed at a time, 128.
fn wide() -> Bench {
    let bench = Bench::new();
    bench.write("tiny.toml", support::MODEL.replace("size = 16", "size = 100"));
    for (half, count) in [("train", 20), ("t10k", 140)] {
        bench.write(&format!("data/mnist/{half}-images-idx3-ubyte"), support::images_of(count, 10));
        bench.write(&format!("data/mnist/{half}-labels-idx1-ubyte"), support::labels(count));
    }
    bench
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let bench = wide();
    for variant in VARIANTS {
        let [one, two] = [1, 2].map(|n| train(&bench, "run", &format!("--examples 30 --threads {n} {variant}")));
        assert!(one.0.len() > 40 && one.integers("/spikes/hidden/node_ids").len() > 20, "{variant}");
        assert_eq!(one.integers("/learning/examples_seen"), [20, 30], "{variant}");
        assert_eq!(one, two, "{variant}");
    }
}

#[test]
fn a_run_repeats_itself_and_another_seed_does_not() {
    let bench = Bench::new();
    let [first, second, other] =
        ["--seed 5", "--seed 5", "--seed 6"].map(|seed| train(&bench, "run", &format!("--examples 25 {seed}")));
    assert_eq!(first, second);
    assert_ne!(first.under("/spikes/input"), other.under("/spikes/input"));
    assert_ne!(first.learnt(), other.learnt());
}

#[test]
fn what_is_recorded_changes_nothing() {
    let bench = Bench::new();
    for variant in VARIANTS {
        let run = |record: &str| train(&bench, "run", &format!("--examples 30 --record {record} {variant}"));
        let all = run("all");
        for record in ["none", "hidden,3:5", "traces"] {
            let some = run(record);
            assert_eq!(some.under("/weights"), all.under("/weights"), "--record {record} {variant}");
            assert_eq!(some.under("/learning"), all.under("/learning"), "--record {record} {variant}");
            let decoded = "/presentations/decoded";
            assert_eq!(some.integers(decoded), all.integers(decoded), "--record {record} {variant}");
        }
        assert_eq!(run("hidden,10:").spikes_from("hidden", 0.0), {
            let start = all.floats("/presentations/start_ms")[10];
            all.spikes_from("hidden", start).into_iter().filter(|spike| in_training(&all, *spike)).collect::<Vec<_>>()
        });
    }
}

/// Whether a spike is of a training presentation: tests have no target phase.
fn in_training(run: &Contents, (time, _): (u64, u64)) -> bool {
    let starts = run.floats("/presentations/start_ms");
    let row = starts.partition_point(|&start| start <= f64::from_bits(time)) - 1;
    !run.floats("/presentations/target_end_ms")[row].is_nan()
}

#[test]
fn a_run_stopped_and_resumed_anywhere_gives_the_same_spikes_and_weights_to_the_bit() {
    let bench = Bench::new();
    for variant in VARIANTS {
        // Evaluations would be further ones where the first part ends, and move the run's clock.
        let whole = train(&bench, "whole", &format!("--examples 50 --test-examples 0 {variant}"));
        for cut in [4, 12, 20, 36] {
            train(&bench, "part", &format!("--examples {cut} --test-examples 0 {variant}"));
            let more = "--resume part.checkpoint.h5 --examples 50 --test-examples 0 --record all";
            let rest = train(&bench, "rest", &format!("{more} {variant}"));
            assert_eq!(rest.learnt(), whole.learnt(), "cut at {cut} {variant}");
            let start = whole.floats("/presentations/start_ms")[cut];
            for population in ["input", "hidden", "output"] {
                let later = whole.spikes_from(population, start);
                assert!(!later.is_empty());
                assert_eq!(rest.spikes_from(population, 0.0), later, "{population}, cut at {cut} {variant}");
            }
            for path in ["/presentations/image", "/presentations/start_ms", "/presentations/target_end_ms"] {
                assert_eq!(rest.integers(path), &whole.integers(path)[cut..], "{path}, cut at {cut} {variant}");
            }
        }
    }
}

/// With one presentation a batch any number will do; the model is then that of the checkpoint.
#[test]
fn a_run_is_resumed_in_the_middle_of_an_epoch_and_its_whole_curve_is_in_the_last_file() {
    let bench = Bench::new();
    let whole = train(&bench, "whole", "--examples 43");
    train(&bench, "part", "--examples 20");
    let resumed = "--resume part.checkpoint.h5 --examples 43 --quiet --out rest.h5";
    let summary = bench.json(&format!("train {resumed}"));
    let rest = Contents::of(&bench.path("rest.h5")).repeatable();
    assert_eq!(rest.learnt(), whole.learnt());
    assert_eq!(rest.under("/learning"), whole.under("/learning"));
    let seen: Vec<_> = summary["learning"].as_array().unwrap().iter().map(|point| &point["examples_seen"]).collect();
    assert_eq!(seen, [20, 40, 43]);
    let seconds: Vec<_> =
        summary["learning"].as_array().unwrap().iter().map(|point| point["seconds"].as_f64().unwrap()).collect();
    assert!(seconds.is_sorted(), "the time goes on: {seconds:?}");
    let inspected: serde_json::Value = serde_json::from_str(&bench.ok("inspect rest.h5 --json")).unwrap();
    assert_eq!(inspected["learning"], summary["learning"]);
}

/// Stops a run once so many presentations are done.
struct StopAt(u64);

impl Monitor for StopAt {
    fn trained(&mut self, progress: Progress) -> ControlFlow<()> {
        if progress.done == self.0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// A run that was planned to be shorter learns at other rates; one that was stopped knows what was planned.
#[test]
fn rates_that_fall_in_a_line_go_on_where_they_were_stopped() {
    let bench = Bench::new();
    let linear = "learning.schedule.kind=linear";
    let whole = train(&bench, "whole", &format!("--examples 50 --set {linear}"));
    assert_ne!(whole.learnt(), train(&bench, "constant", "--examples 50").learnt());
    let model = Model::load(&bench.path("tiny.toml"), &[linear.to_owned()]).unwrap();
    let folder = bench.path("data/mnist");
    let data = StimulusLoader { folder: Some(&folder), ..StimulusLoader::of(&model) }.load().unwrap();
    let plan = Plan { presentations: 50, test_examples: IMAGES[1], plasticity: Plasticity::On };
    for stop in [4, 19, 33] {
        let mut trainer = Trainer::new(&model, initial_network(&model, 1).unwrap(), 1).unwrap();
        assert_eq!(trainer.run(&data, plan, &mut (), &mut StopAt(stop)).unwrap(), Ending::Stopped);
        // Elsewhere: a program that another test starts meanwhile may inherit the open file and its lock.
        trainer.checkpoint().save(&model, &bench.path("written.checkpoint.h5")).unwrap();
        std::fs::copy(bench.path("written.checkpoint.h5"), bench.path("part.checkpoint.h5")).unwrap();
        let rest = train(&bench, "rest", &format!("--resume part.checkpoint.h5 --set {linear}"));
        assert_eq!(rest.learnt(), whole.learnt(), "stopped at {stop}");
        assert_eq!(rest.under("/learning"), whole.under("/learning"), "stopped at {stop}");
    }
}

#[test]
fn spikes_in_flight_are_part_of_a_checkpoint() {
    let bench = Bench::new();
    train(&bench, "part", &format!("--examples 12 {}", VARIANTS[2]));
    let checkpoint = Checkpoint::load(&bench.path("part.checkpoint.h5")).unwrap();
    let in_flight: Vec<_> = checkpoint.lanes[0].projections.iter().map(|state| state.in_flight.len()).collect();
    assert!(in_flight[0] > 0 && in_flight[1] == 0 && in_flight[2] > 0, "{in_flight:?}");
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_is_saved_and_goes_on_as_if_nothing_had_been() {
    let bench = Bench::new();
    let child = bench.command("train tiny.toml --examples 1000000000 --ignore-free-space --record none --out run.h5");
    let ran = support::interrupt(child, || bench.path("run.checkpoint.h5").exists());
    assert_eq!(ran.code, Some(130), "{}", ran.stderr);
    let printed = "go on with: apical train --resume run.checkpoint.h5 --record none\n";
    assert!(ran.stderr.contains(printed), "{}", ran.stderr);
    assert!(!bench.path("run.h5.part").exists());
    let run = Contents::of(&bench.path("run.h5"));
    let seen = Checkpoint::load(&bench.path("run.checkpoint.h5")).unwrap().examples_seen;
    let trained = run.floats("/presentations/target_end_ms").iter().filter(|end| !end.is_nan()).count() as u64;
    assert_eq!(trained, seen);

    let more = format!("--examples {} --record none", seen + 30);
    let rest = train(&bench, "rest", &format!("--resume run.checkpoint.h5 {more}"));
    let whole = train(&bench, "whole", &more);
    assert_eq!(rest.learnt(), whole.learnt(), "interrupted after {seen}");
    assert_eq!(rest.under("/learning"), whole.under("/learning"), "interrupted after {seen}");
}

#[cfg(unix)]
#[test]
fn interrupted_simulations_and_tests_leave_whole_files() {
    let bench = Bench::new();
    bench.ok("train tiny.toml --examples 4 --out run.h5");
    for (arguments, out) in [
        ("simulate run.checkpoint.h5 --examples 1000000000 --ignore-free-space --record none --out s.h5", "s.h5"),
        ("test run.checkpoint.h5 --passes 1000000000 --ignore-free-space --record none --out t.h5", "t.h5"),
    ] {
        let part = bench.path(&format!("{out}.part"));
        let ran = support::interrupt(bench.command(arguments), || part.exists());
        assert_eq!(ran.code, Some(130), "{arguments}: {}", ran.stderr);
        assert!(!part.exists() && !Contents::of(&bench.path(out)).integers("/presentations/index").is_empty());
    }
}

/// Events, spikes, and the state that the checkpoint holds.
#[test]
fn threads_change_nothing_of_cells_of_several_compartments() {
    let bench = Bench::new();
    bench.write("tufts.toml", include_str!("../support/tufts.toml"));
    let [one, two] = [1, 2].map(|threads| {
        bench.ok(&format!("simulate tufts.toml --quiet --overwrite --threads {threads} --out run.h5"));
        ["run.h5", "run.checkpoint.h5"].map(|file| Contents::of(&bench.path(file)).repeatable())
    });
    assert!(one[0].integers("/events/cells/plateau/node_ids").len() > 20);
    assert_eq!(one, two);
}
