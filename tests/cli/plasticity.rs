//! Plasticity between spikes on the command line: runs that learn, stopped and resumed, and models that are refused.

use super::support::{Bench, Contents};

/// Cells whose input learns by pairs over dense synapses, and whose own synapses, of delays of their own, by triplets.
const LEARNING: &str = r#"
name = "learning"

[[population]]
name = "input"
size = 30
kind = "poisson"
stimulus = { rate_hz = 40 }

[[population]]
name = "cells"
size = 20
kind = "lif"

[[projection]]
from = "input"
to = "cells"
port = "exc"
delay_ms = 1.5
weights = { from = "uniform", low = 300, high = 600 }
sign = "non-negative"
plasticity = { kind = "stdp", a_plus = 0.02, a_minus = 0.021, w_max = 900 }

[[projection]]
from = "cells"
to = "cells"
port = "exc"
delay_ms = { from = "uniform", low = 1, high = 40 }
weights = { from = "constant", value = 50 }

[projection.plasticity]
kind = "triplet_stdp"
a3_plus = 0.05
w_max = 100
bounds = "soft"

[protocol]
kind = "continuous"
duration_ms = 500

[recording]
weights = 2
"#;

#[test]
fn weights_that_learn_go_on_from_a_checkpoint_to_the_bit() {
    let bench = Bench::new();
    bench.write("learning.toml", LEARNING);
    bench.ok("simulate learning.toml --out whole.h5 --threads 2");
    // Within a slice, and at the end of one.
    bench.ok("simulate learning.toml --duration 150 --out first.h5 --threads 1");
    bench.ok("simulate --resume first.checkpoint.h5 --duration 300 --out second.h5");
    bench.ok("simulate --resume second.checkpoint.h5 --duration 500 --out third.h5");
    let [again, whole] = ["third", "whole"].map(|run| Contents::of(&bench.path(&format!("{run}.checkpoint.h5"))));
    assert_eq!(again, whole, "the same weights and state at the end");
    let run = Contents::of(&bench.path("whole.h5"));
    let [before, after] = ["initial", "final"].map(|name| run.floats(&format!("/weights/input-cells/{name}")));
    assert!(before.len() == 600 && before.iter().zip(&after).filter(|(a, b)| (*a - *b).abs() > 0.0).count() > 500);
    assert!(after.iter().all(|weight| (0.0..=900.0).contains(weight)));
    assert_eq!(after, whole.floats("/weights/input-cells/final"));
    let courses = [2, 4].map(|slice| run.floats(&format!("/weights/input-cells/presentation-{slice}")));
    assert!(courses[0] != before && courses[0] != courses[1] && courses[1] != after, "weights every 200 ms");
    assert!(whole.floats("/lanes/0/populations/cells/plastic_0_sent").len() > 30);
    bench.ok("inspect --check third.checkpoint.h5");
    // What was learnt is part of the run, and so is the rule.
    let ran = bench.run("simulate learning.toml --resume first.checkpoint.h5 --set projection.input-cells.plasticity.a_plus=0 --out a.h5");
    assert!(ran.code == Some(2) && ran.stderr.contains("projection.input-cells.plasticity.a_plus"), "{}", ran.stderr);
}

/// Cells whose synapses, some of them several of one pair of neurons, learned.
const LEARNED: &str = r#"
name = "learned"
base = "learning.toml"

[[projection]]
from = "input"
to = "cells"
weights = { from = "run", path = "run.h5" }

[[projection]]
from = "cells"
to = "cells"
connection = { kind = "list", path = "run.h5", edges = "cells-cells" }
weights = { from = "list" }
delay_ms = { from = "list" }
"#;

#[test]
fn sparse_synapses_that_learned_are_put_back_to_the_bit() {
    let bench = Bench::new();
    // On average 1.25 of a pair, so that several of one pair are common.
    let several = "connection = { kind = \"fixed_in_degree\", in_degree = 25 }\ndelay_ms = { from";
    bench.write("learning.toml", LEARNING.replace("delay_ms = { from", several));
    bench.write("learned.toml", LEARNED);
    bench.ok("simulate learning.toml --out run.h5");
    let run = Contents::of(&bench.path("run.h5"));
    let column = |snapshot: &str, name: &str| run.integers(&format!("/weights/cells-cells/{snapshot}/{name}")).to_vec();
    assert_eq!(column("final", "weight").len(), 500);
    assert_ne!(column("final", "weight"), column("initial", "weight"));
    bench.ok("simulate run.checkpoint.h5 --duration 300 --out on.h5");
    let simulated = |overrides: &str, out: &str| {
        bench.ok(&format!("simulate learned.toml --duration 300 --out {out}.h5 {overrides}"));
        let found = Contents::of(&bench.path(&format!("{out}.h5")));
        ["/weights", "/spikes"].map(|part| found.under(part))
    };
    let on = Contents::of(&bench.path("on.h5"));
    let on = ["/weights", "/spikes"].map(|part| on.under(part));
    let edges = "projection.cells-cells.connection.edges=cells-cells";
    assert!(simulated("", "learned") == on, "the same weights at the beginning and end, and the same spikes");
    let of_checkpoint = "projection.cells-cells.connection.path=run.checkpoint.h5";
    assert!(simulated(&format!("--set {of_checkpoint}"), "again") == on);
    assert!(simulated(&format!("--set {edges}/initial"), "initial") != on);
    let size = bench.json("inspect learned.toml");
    assert_eq!(size["projections"][1]["synapses"].as_u64(), Some(500));
    bench.write("unnamed.toml", LEARNED.replace(", edges = \"cells-cells\"", ""));
    let named = "learned.toml --set projection.cells-cells.connection.edges";
    for (input, expected) in [
        (format!("{named}=input-cells"), "holds weights of all pairs of neurons, expected sparse synapses"),
        (format!("{named}=cells"), "has no weights of `cells`, only of `cells-cells`, `input-cells`"),
        (format!("{named}=cells-cells/last"), "has no snapshot `last` of the weights of `cells-cells`, only `final`"),
        (format!("{named}=cells-cells/final/weight"), "or PROJECTION/SNAPSHOT"),
        ("unnamed.toml".to_owned(), "has weights of several projections, `cells-cells`, `input-cells`: name one by"),
    ] {
        let ran = bench.run(&format!("simulate {input} --out refused.h5"));
        assert!(ran.code == Some(2) && ran.stderr.contains(expected), "{input}: {}", ran.stderr);
    }
    let ran = bench.run("simulate learned.toml --out refused.h5 --set population.cells.size=21 --set projection.input-cells.weights=300");
    assert!(ran.stderr.contains("is from 20 to 20 neurons, expected from 21 to 21"), "{}", ran.stderr);
}

/// In dense storage pairs without a synapse would have a weight of 0 that learns.
#[test]
fn only_synapses_that_there_are_learn() {
    let bench = Bench::new();
    let connection = "delay_ms = 1.5\nconnection = { kind = \"fixed_probability\", p = 0.5 }";
    bench.write("learning.toml", LEARNING.replace("delay_ms = 1.5", connection));
    bench.ok("simulate learning.toml --out run.h5");
    let run = Contents::of(&bench.path("run.h5"));
    let [before, after] = ["initial", "final"].map(|name| run.floats(&format!("/weights/input-cells/{name}/weight")));
    assert!((200..400).contains(&after.len()) && before.len() == after.len(), "{} of 600 pairs", after.len());
    assert_ne!(before, after);
    let ran = bench.run("simulate learning.toml --set projection.input-cells.storage=\"dense\" --out dense.h5");
    assert!(ran.code == Some(2) && ran.stderr.contains("those without a synapse would learn too"), "{}", ran.stderr);
}

#[test]
fn plasticity_that_makes_no_sense_is_refused_with_what_was_expected() {
    let bench = Bench::new();
    bench.write("learning.toml", LEARNING);
    let rule = "projection.input-cells.plasticity";
    for (key, expected) in [
        (
            format!("{rule}.kind=\"stpd\""),
            "expected \"stdp\", \"triplet_stdp\", \"urbanczik_senn\", \"burst_dependent\", \"interneuron_gating\", \"e_prop\", \"expression\" or \"own\", found \"stpd\"; did you mean `stdp`?",
        ),
        (
            format!("{rule}={{kind=\"expression\",at_spike=\"0.1 * (w_max - z)\",w_max=900}}"),
            "`at_spike` in `plasticity` of [[projection]] \"input-cells\": there is no signal `z`; there are w, w_min, w_max",
        ),
        (
            format!("{rule}={{kind=\"expression\",at_burst=\"0.1\",w_max=900}}"),
            "with `burst` where `plasticity` is of kind \"expression\"; \"cells\" marks no bursts",
        ),
        (format!("{rule}={{kind=\"expression\",w_max=900}}"), "expected one of the terms `at_arrival`"),
        (format!("{rule}={{kind=\"own\",rule=\"mine\",w_max=900}}"), "this program brings none of its own"),
        ("projection.input-cells.normalise={sum=0,every_ms=100}".to_owned(), "expected a `sum` other than 0"),
        (
            "projection.input-cells.normalise={sum=-2,every_ms=100}".to_owned(),
            "of the sign of the projection, \"non-negative\"",
        ),
        ("projection.input-cells.normalise={sum=9000,every_ms=150}".to_owned(), "expected a multiple of 100"),
        (format!("{rule}.w_min=1000"), "expected `w_max` above `w_min`, found 900 and 1000"),
        (format!("{rule}.w_min=-5"), "expected bounds of the sign of the projection, \"non-negative\""),
        (format!("{rule}.tau_plus=5"), "unknown key `tau_plus`"),
        (format!("{rule}.w_max=1e9"), "`w_max` in `plasticity`"),
        ("projection.cells-cells.weights.value=150".to_owned(), "expected initial weights between `w_min` and `w_max`"),
        (
            "change=[{kind=\"prune\",at_ms=100,projection=\"input-cells\",fraction=0.5}]".to_owned(),
            "without `plasticity`",
        ),
        ("population.cells.kind=\"pyramidal\"".to_owned(), "expected"),
    ] {
        let mut command = bench.command("simulate learning.toml --out refused.h5 --set");
        let ran: super::support::Ran = command.arg(&key).output().unwrap().into();
        assert!(ran.code == Some(2) && ran.stderr.contains(expected), "{key}: {}", ran.stderr);
    }
    let mut command = bench.command("simulate bac --out learning.h5 --set");
    let ran: super::support::Ran =
        command.arg("projection.epsp-pyramidal.plasticity={kind=\"stdp\",w_max=4000}").output().unwrap().into();
    assert!(ran.code == Some(0), "{}", ran.stderr);
    for (model, key, expected) in [
        (
            "bac",
            "projection.epsp-pyramidal.plasticity={kind=\"urbanczik_senn\",eta=1,w_max=4000}",
            "with an `escape` rate where `plasticity` is of kind \"urbanczik_senn\"; \"pyramidal\" fires at no such rate",
        ),
        (
            "bac",
            "projection.epsp-pyramidal.plasticity={kind=\"interneuron_gating\",eta=1,w_min=0,w_max=4000}",
            "with an `escape` rate where `plasticity` is of kind \"interneuron_gating\"; \"pyramidal\" fires at no such rate",
        ),
        (
            "urbanczik-senn",
            "projection.inputs-cell.plasticity={kind=\"e_prop\",eta=1,learning_signal=\"dendrit\",w_min=-10,w_max=4000}",
            "expected a compartment of \"cell\" other than the one that fires, \"dendrite\", as that which `plasticity` of kind \"e_prop\" reads; \
             found \"dendrit\"",
        ),
        (
            "urbanczik-senn",
            "projection.inputs-cell={sign=\"any\",plasticity={kind=\"e_prop\",eta=1,learning_signal=\"soma\",w_min=-10,w_max=4000}}",
            "reads; found \"soma\"",
        ),
        (
            "recurrent-lif",
            "projection.exc-exc.plasticity={kind=\"burst_dependent\",eta=1,w_max=4000}",
            "with `burst` where `plasticity` is of kind \"burst_dependent\"; \"exc\" marks no bursts",
        ),
        (
            "bac",
            "projection.epsp-pyramidal.plasticity={kind=\"burst_dependent\",eta=1,w_max=4000,tau_avg_ms=2}",
            "expected `tau_avg_ms` of `plasticity` to be at least `window_ms` of the bursts of \"pyramidal\", 16; found 2",
        ),
    ] {
        let mut command = bench.command(&format!("simulate {model} --out refused.h5 --set"));
        let ran: super::support::Ran = command.arg(key).output().unwrap().into();
        assert!(ran.code == Some(2) && ran.stderr.contains(expected), "{key}: {}", ran.stderr);
    }
    for (key, expected) in [
        ("tau_s_ms=10", "expected time constants that differ, found 10 and 10 ms"),
        ("attenuation=1.5", "above 0 and of at most 1, found 1.5"),
        ("eta=-1", "expected a number from 0 to 1000000"),
    ] {
        let ran = bench
            .run(&format!("simulate urbanczik-senn --out refused.h5 --set projection.inputs-cell.plasticity.{key}"));
        assert!(ran.code == Some(2) && ran.stderr.contains(expected), "{key}: {}", ran.stderr);
    }
    let ports = "ports=[{ kernel = 'exponential', name = 'dendrite', compartment = 'soma', tau_ms = 3 }]";
    let mut command = bench.command("simulate urbanczik-senn --out refused.h5 --set");
    let ran: super::support::Ran = command.arg(format!("population.cell.{ports}")).output().unwrap().into();
    assert!(
        ran.code == Some(2) && ran.stderr.contains("expected a port of a dendrite that is coupled"),
        "{}",
        ran.stderr
    );
}

/// Triplets of a file with the parameters of pairs in its place, and terms of a file with a place.
#[test]
fn another_kind_replaces_the_table_and_a_wrong_term_is_found_in_its_line() {
    let bench = Bench::new();
    bench.write("learning.toml", LEARNING);
    bench.ok("simulate learning.toml --duration 100 --out run.h5 --set projection.input-cells.plasticity={kind=\"triplet_stdp\",w_max=900}");
    let terms = "kind = \"expression\", at_spike = \"0.1 * q\", w_max = 900";
    bench.write("wrong.toml", LEARNING.replace("kind = \"stdp\", a_plus = 0.02, a_minus = 0.021, w_max = 900", terms));
    let ran = bench.run("simulate wrong.toml --out refused.h5");
    let line = 1 + LEARNING.lines().position(|line| line.starts_with("plasticity = ")).unwrap();
    let column = 1 + format!("plasticity = {{ {terms}").find('q').unwrap();
    let place = format!("wrong.toml:{line}:{column}: ");
    assert!(ran.code == Some(2) && ran.stderr.contains(&place), "{place}: {}", ran.stderr);
}

/// Sums of the weights onto each neuron are those wanted whenever they are normalised, and only then; a run goes on in between.
#[test]
fn weights_are_normalised_at_their_times() {
    let bench = Bench::new();
    let rule = "kind = \"expression\", at_arrival = \"-0.02 * y * w\", at_spike = \"20 * x\", arrival_traces_ms = { x = 20 }, \
                spike_traces_ms = { y = 20 }, w_max = 900";
    let learning = LEARNING.replace("kind = \"stdp\", a_plus = 0.02, a_minus = 0.021, w_max = 900", rule);
    let learning = learning.replace("weights = 2\n", "weights = 1\n");
    let normalised = learning.replacen("sign = ", "normalise = { sum = 12000, every_ms = 200 }\nsign = ", 1);
    bench.write("learning.toml", &normalised);
    bench.ok("simulate learning.toml --out whole.h5 --threads 2");
    bench.ok("simulate learning.toml --duration 250 --out first.h5 --threads 1");
    bench.ok("simulate --resume first.checkpoint.h5 --duration 500 --out second.h5");
    let [again, whole] = ["second", "whole"].map(|run| Contents::of(&bench.path(&format!("{run}.checkpoint.h5"))));
    assert_eq!(again, whole, "the same weights and state at the end");
    let run = Contents::of(&bench.path("whole.h5"));
    for slice in 1..5 {
        let weights = run.floats(&format!("/weights/input-cells/presentation-{slice}"));
        let off = weights.chunks(30).map(|onto_one| (onto_one.iter().sum::<f64>() - 12_000.0).abs());
        let off = off.fold(0.0, f64::max);
        assert!(if slice % 2 == 0 { off < 0.01 } else { off > 1.0 }, "{slice}: {off}");
    }
}

#[test]
fn signals_go_on_from_a_checkpoint_to_the_bit() {
    let bench = Bench::new();
    bench.ok("simulate urbanczik-senn --duration 300 --out whole.h5");
    bench.ok("simulate urbanczik-senn --duration 150 --out first.h5");
    bench.ok("simulate --resume first.checkpoint.h5 --duration 300 --out second.h5");
    let [again, whole] = ["second", "whole"].map(|run| Contents::of(&bench.path(&format!("{run}.checkpoint.h5"))));
    assert_eq!(again, whole, "the same weights and state at the end");
    bench.ok("simulate bac --duration 60 --out bursts.h5 --set projection.epsp-pyramidal.plasticity={kind='burst_dependent',eta=1,w_max=4000}");
    let bursts = Contents::of(&bench.path("bursts.checkpoint.h5"));
    assert_eq!(bursts.floats("/lanes/0/populations/pyramidal/plastic_0_memory_2").len(), 1);
    bench.ok("simulate --resume bursts.checkpoint.h5 --duration 200 --out more.h5");
    bench.ok("inspect --check more.checkpoint.h5");
}
