//! `apical compare`: what it tells of tiny networks, and what it refuses before it trains.

use crate::support::{self, Bench};

const SMALL: &str = "compare --sizes 16,12,4 --epochs 2 --batch 5 --quiet";

#[test]
fn every_rule_is_trained_on_the_same_images_and_told_in_one_row() {
    let bench = Bench::new();
    let table = bench.ok(SMALL);
    assert_eq!(table.lines().count(), 2 + bench.ok("compare --list").lines().count());
    assert!(table.contains("| Backprop |") && table.contains("| Segregated dendrites"), "{table}");
}

#[test]
fn results_are_kept_as_json_and_repeat_themselves() {
    let bench = Bench::new();
    let arguments = format!("{SMALL} --rules backprop,feedback-alignment --seeds 1..2");
    let printed = bench.json(&format!("{arguments} --out first.json"));
    let kept: serde_json::Value = serde_json::from_slice(&std::fs::read(bench.path("first.json")).unwrap()).unwrap();
    assert_eq!(printed, kept);
    let again = bench.json(&arguments);
    for rule in 0..2 {
        assert_eq!(printed["rules"][rule]["runs"].as_array().unwrap().len(), 2);
        for key in ["test_error_percent", "angles_to_backprop_deg"] {
            assert_eq!(printed["rules"][rule][key], again["rules"][rule][key]);
        }
    }
    // The change of the last layer is that of backprop in both, and of all layers in the first.
    let angle = |rule: usize, layer: usize| printed["rules"][rule]["angles_to_backprop_deg"][layer].as_f64().unwrap();
    assert!(angle(0, 0) < 1e-3 && angle(1, 1) < 1e-3 && angle(1, 0) > 5.0, "{printed}");
    assert!(!bench.path("first.json.part").exists());
}

#[test]
fn results_are_drawn_beside_them() {
    let bench = Bench::new();
    bench.ok(&format!("{SMALL} --rules backprop,equilibrium --seeds 1..2 --out results.json"));
    let drawn = std::fs::read_to_string(bench.path("results.svg")).unwrap();
    for said in ["Equilibrium propagation", "final error", "angle to backprop (degrees)", "ms per example"] {
        assert!(drawn.contains(said), "{said}");
    }
}

/// A network is like itself; spikes and rates of the same weights are more alike than other rules' networks.
#[test]
fn representations_of_rules_spikes_and_rates_are_set_against_each_other() {
    let bench = Bench::new();
    bench.ok("train tiny.toml --examples 40 --record none --out run.h5 --set protocol.test_ms=2000");
    let both = "--representations run.checkpoint.h5,rate:run.checkpoint.h5 --images 12";
    let printed = bench.json(&format!("{SMALL} --rules backprop {both}"));
    let likeness = &printed["representations"];
    let layers = ["run: hidden", "run: output", "run as rates: hidden", "run as rates: output"];
    let layers = [&layers[..], &["backprop: hidden 1", "backprop: output"]].concat();
    assert_eq!(likeness["layers"], serde_json::json!(layers));
    let cka = |i: usize, j: usize| likeness["cka"][i][j].as_f64().unwrap();
    assert!((cka(0, 0) - 1.0).abs() < 1e-9 && (cka(0, 2) - cka(2, 0)).abs() < 1e-9);
    assert!(cka(0, 2) > 0.9 && cka(0, 2) > cka(0, 4), "{likeness}");
    let alone = bench.ok(&format!("{SMALL} {both}"));
    assert!(alone.starts_with("| CKA above, RSA below | run: hidden |") && alone.lines().count() == 6, "{alone}");
}

/// Each checkpoint has its own sizes, maps and groups; the images behind them must be the same.
#[test]
fn checkpoints_are_shown_images_as_their_own_models_have_them() {
    let bench = Bench::new();
    bench.ok("train tiny.toml --examples 8 --record none --out plain.h5");
    let maps = "--set population.input.size=32 --set stimuli.on_off.surround_pixels=1 --set stimuli.on_off.gain=2";
    let groups = "--set population.output.size=8 --set population.output.group=2";
    bench.ok(&format!("train tiny.toml --examples 8 --record none --out maps.h5 {maps} {groups}"));
    let printed =
        bench.json("compare --representations plain.checkpoint.h5,maps.checkpoint.h5,rate:maps.checkpoint.h5");
    let representations = &printed["representations"];
    assert_eq!((&representations["images"], &printed["sizes"]), (&12.into(), &serde_json::Value::Null));
    assert_eq!(representations["layers"].as_array().unwrap().len(), 6);
    assert!((representations["cka"][2][2].as_f64().unwrap() - 1.0).abs() < 1e-9, "{printed}");

    bench.ok("train tiny.toml --examples 8 --record none --out split.h5 --set stimuli.validation=4");
    let ran = bench.run("compare --representations plain.checkpoint.h5,split.checkpoint.h5");
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("split: it is tested on other images than the first"), "{}", ran.stderr);
}

#[test]
fn stimuli_without_labels_are_no_lesson_but_have_representations() {
    let bench = Bench::new();
    let rates = format!("kind = \"rates\"\nrates_hz = {:?}", [50; 16]);
    let without = support::MODEL.replace("kind = \"idx\"", &rates);
    bench.write("rates.toml", &without);
    let ran = bench.run("compare rates.toml --rules backprop --quiet");
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert!(ran.stderr.contains("rules learn from labels: give `labels`"), "{}", ran.stderr);

    bench.write("labelled.toml", without.replace("rates_hz", "labels = [0]\nrates_hz"));
    bench.ok("train labelled.toml --set learning.rule=backprop --record none --out rates.h5");
    let printed = bench.json("compare --representations rates.checkpoint.h5");
    assert_eq!(printed["representations"]["images"], 1);
}

#[test]
fn rules_of_recurrent_networks_are_compared_on_a_task() {
    let bench = Bench::new();
    let tasks = [
        ("adding --steps 3", "mean squared error", 3),
        ("recall --steps 3", "symbols wrong", 3),
        ("rows --sizes 16,12,4", "images wrong", 4),
    ];
    for (task, measure, steps) in tasks {
        let little = "--units 6 --sequences 40 --quiet";
        let said = bench.ok(&format!("compare --task {task} {little} --seeds 1..2 --out results.json"));
        assert!(said.starts_with(&format!("| rule | {measure}")) && said.lines().count() == 8, "{said}");
        let kept: serde_json::Value =
            serde_json::from_slice(&std::fs::read(bench.path("results.json")).unwrap()).unwrap();
        assert_eq!(kept["steps"], steps);
        // Forward in time or backward, it is the same gradient.
        let error = |rule: usize| kept["rules"][rule]["error"].as_f64().unwrap();
        assert!((error(0) - error(2)).abs() < 1e-9, "{kept}");
        assert!(bench.path("results.svg").exists());
    }
    let ran = bench.run("compare --task adding --rules backprop");
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("no rule `backprop`; there are bptt"), "{}", ran.stderr);
}

#[test]
fn rules_of_recurrent_networks_are_listed_with_their_rates() {
    let listed = Bench::new().ok("compare --task recall --list");
    let rules: Vec<Vec<&str>> = listed.lines().map(|line| line.split_whitespace().collect()).collect();
    let expected = [["bptt", "rate", "0.1"], ["truncated-bptt", "rate", "0.1"], ["rtrl", "rate", "0.1"]];
    assert_eq!(rules[..3], expected);
    assert_eq!(rules[3..], [["uoro", "rate", "0.03"], ["replay", "rate", "0.1"], ["attention", "rate", "0.1"]]);
}

#[test]
fn a_rate_given_with_a_task_is_that_of_the_network() {
    let bench = Bench::new();
    let little = "compare --task adding --rules bptt --units 4 --steps 3 --sequences 10 --quiet";
    let [own, same, other] = ["", " --rates 0.03", " --rates 0.5"].map(|rate| bench.json(&format!("{little}{rate}")));
    assert_eq!(own["rules"][0]["error"], same["rules"][0]["error"]);
    assert_ne!(own["rules"][0]["error"], other["rules"][0]["error"]);
    assert_eq!(other["rules"][0]["rate"], 0.5);
}

#[test]
fn weights_that_diverge_are_no_result() {
    let bench = Bench::new();
    let recurrent = "compare --task adding --rules bptt --units 4 --steps 3 --sequences 10 --quiet --rates 1e308";
    let feedforward = format!("{SMALL} --rules backprop --rates 1e308,1e308");
    for arguments in [feedforward.as_str(), recurrent] {
        let ran = bench.run(arguments);
        assert_eq!(ran.code, Some(1), "{arguments}: {}", ran.stderr);
        assert!(ran.stderr.contains("the weights diverged") && ran.stdout.is_empty(), "{arguments}: {}", ran.stderr);
    }
}

#[test]
fn arguments_that_make_no_sense_are_refused() {
    let bench = Bench::new();
    let cases = [
        ("--rules foo", "no rule `foo`; there are delta"),
        ("--sizes 16,4", "at least one hidden layer"),
        ("--sizes 17,12,4", "17"),
        ("--rules backprop --rates 0.1", "expected 2 rates"),
        ("--rules backprop --rates 0.1,nan", "numbers of at least 0"),
        ("--momentum 1", "from 0 to below 1"),
        ("--rates 0.1,0.1", "belong to one rule"),
        ("--epochs 0", "at least 1"),
        ("--data nowhere", "no folder `nowhere`"),
        ("--validation 20", "leaves none"),
        ("--representations nowhere.h5", "nowhere.h5"),
        ("--out nowhere/results.json", "cannot write nowhere/results.json"),
    ];
    for (arguments, message) in cases {
        let before = bench.files();
        let ran = bench.run(&format!("compare --quiet --sizes 16,12,4 {arguments}").replacen(
            "--sizes 16,12,4 --sizes",
            "--sizes",
            1,
        ));
        assert_eq!(ran.code, Some(2), "{arguments}: {}", ran.stderr);
        assert!(ran.stderr.contains(message) && ran.stdout.is_empty(), "{arguments}: {}", ran.stderr);
        assert_eq!(bench.files(), before, "{arguments}");
    }
}

#[test]
fn what_would_be_ignored_or_lost_or_is_too_large_is_refused() {
    let bench = Bench::new();
    std::fs::create_dir(bench.path("kept")).unwrap();
    std::fs::create_dir(bench.path("drawn.svg")).unwrap();
    bench.write("a.json", "trained");
    let cases = [
        ("--list --json", "'--json'"),
        ("--out kept", "--out kept: expected the path of a file, found a folder"),
        ("--out drawn.json", "--out drawn.svg: expected the path of a file, found a folder"),
        ("--representations b.h5,rate:a.json --out a.json", "--out a.json: that is the file to be read"),
        ("--task adding --out kept", "--out kept: expected the path of a file, found a folder"),
        ("--task adding --out results.svg", "expected a name that ends in .json"),
        ("--task adding --rates 0.1,0.1", "expected one number"),
        ("--task adding --epochs 2", "'--epochs <N>'"),
        ("--task adding --batch 2", "'--batch <N>'"),
        ("--task adding --momentum 0.5", "'--momentum <MU>'"),
        ("--task rows --images 5", "'--images <N>'"),
        ("--task rows --representations a.h5", "'--representations <CHECKPOINTS>'"),
        ("--task adding --sizes 784,500,10", "--sizes has no effect on --task adding"),
        ("--task recall --data data/mnist", "--data has no effect on --task recall"),
        ("--task adding --validation 5", "--validation has no effect on --task adding"),
        ("--task rows --steps 10", "--steps has no effect on --task rows"),
        ("--sizes 16,0,4", "0 is not in 1..=1000000"),
        ("--sizes 16,99999999999999,4", "is not in 1..=1000000"),
        ("--sizes 16,1000000,1000000", "more than 268435456 weights"),
        ("--task adding --units 18446744073709551615", "is not in 1..=1000000"),
        ("--task recall --steps 18446744073709551615", "is not in 2..=1000000"),
        ("--task adding --sequences 18446744073709551615", "is not in 10..="),
        ("--task adding --rules uoro --units 20000", "more than 268435456 numbers"),
        ("--task adding --rules rtrl --units 700", "more than 268435456 numbers"),
        ("--task adding --rules bptt --units 300 --steps 1000000", "more than 268435456 numbers"),
    ];
    let before = bench.files();
    for (arguments, message) in cases {
        let ran = bench.run(&format!("compare --quiet {arguments}"));
        assert_eq!(ran.code, Some(2), "{arguments}: {}", ran.stderr);
        assert!(ran.stderr.contains(message) && ran.stdout.is_empty(), "{arguments}: {}", ran.stderr);
        assert_eq!(bench.files(), before, "{arguments}");
    }
}
