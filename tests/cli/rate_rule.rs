//! Models whose [learning] names a rule of networks of rates: trained, tested and compared as any other, or refused.

use crate::support::{self, Bench, Contents};

const BACKPROP: &str = "--set learning.rule=backprop --set learning.momentum=0.5 --set learning.batch=5 \
    --set learning.schedule.kind=linear --set projection.input-hidden.learning_rate=0.1 \
    --set projection.hidden-output.learning_rate=0.1";

#[test]
fn a_rule_of_rates_learns_the_quarters_and_its_checkpoint_is_tested() {
    let bench = Bench::new();
    let trained = bench.json(&format!("train tiny.toml {BACKPROP} --epochs 40 --out run.h5"));
    assert_eq!(
        (&trained["kind"], &trained["batch"], &trained["tested_on"]),
        (&"rate".into(), &5.into(), &"test".into())
    );
    assert!(trained["test_error_percent"].as_f64().unwrap() < 20.0, "chance is 75 %: {trained}");
    assert_eq!(trained["learning"].as_array().unwrap().len(), 40);
    let tested = bench.json("test run.checkpoint.h5");
    for key in ["test_error_percent", "test_examples", "confusion", "kind", "seed"] {
        assert_eq!(tested[key], trained[key], "{key}");
    }
    let run = Contents::of(&bench.path("run.h5"));
    assert_eq!(run.integers("/learning/examples_seen").len(), 40);
    bench.ok("inspect --check run.h5");
    bench.ok("inspect --check run.checkpoint.h5");
}

/// What `compare` trains on the model's sizes and images is the same network.
#[test]
fn a_model_and_a_comparison_on_it_come_to_the_same_error() {
    let bench = Bench::new();
    let trained = bench.json(&format!("train tiny.toml {BACKPROP} --epochs 3 --seed 7 --out run.h5"));
    let course = "--rates 0.1,0.1 --momentum 0.5 --batch 5 --epochs 3 --seeds 7";
    let compared = bench.json(&format!("compare tiny.toml --rules backprop {course} --quiet"));
    let curve = |points: &serde_json::Value| -> Vec<f64> {
        points.as_array().unwrap().iter().map(|point| point["test_error_percent"].as_f64().unwrap()).collect()
    };
    assert_eq!(curve(&trained["learning"]), curve(&compared["rules"][0]["runs"][0]["learning"]));
    let likeness = bench.json("compare --sizes 16,12,4 --representations run.checkpoint.h5 --images 12 --quiet");
    assert_eq!(likeness["representations"]["layers"], serde_json::json!(["run: hidden 1", "run: output"]));
}

/// Weights and biases from files are those that the rule starts from; all others it draws as it always does.
#[test]
fn a_rule_of_rates_takes_the_initial_values_that_its_model_reads() {
    let bench = Bench::new();
    let drawn = format!("train tiny.toml {BACKPROP} --epochs 1");
    bench.ok(&format!("{drawn} --out drawn.h5"));
    bench.write("w.npy", support::npy("(12, 16)", &[0.25; 192]));
    bench.write("b.npy", support::npy("(4,)", &[0.5; 4]));
    let files = "--set projection.input-hidden.weights.from=npy --set projection.input-hidden.weights.path=w.npy \
        --set population.output.bias.from=npy --set population.output.bias.path=b.npy";
    bench.ok(&format!("{drawn} {files} --out read.h5"));
    let initial = |name: &str, of: &str| {
        let values = Contents::of(&bench.path(name)).0[of].clone();
        values.into_iter().map(|bits| f64::from_bits(bits) as f32).collect::<Vec<_>>()
    };
    assert_eq!(initial("read.h5", "/weights/input-hidden/initial"), [0.25; 192]);
    assert_eq!(initial("read.h5", "/biases/output/initial"), [0.5; 4]);
    let rest = "/weights/hidden-output/initial";
    assert_eq!(initial("read.h5", rest), initial("drawn.h5", rest));

    let run = "--set projection.hidden-output.weights.from=run --set projection.hidden-output.weights.path=read.h5";
    bench.ok(&format!("{drawn} {run} --out again.h5"));
    assert_eq!(initial("again.h5", rest), initial("read.h5", "/weights/hidden-output/final"));

    bench.write("y.npy", support::npy("(12, 4)", &[0.25; 48]));
    for (keys, said) in [
        ("projection.output-hidden.weights={from=\"npy\",path=\"y.npy\"}", "its feedback is the rule's own"),
        ("projection.input-hidden.weights.scale=2", "expected `from` \"npy\" or \"run\" in `weights`"),
        ("population.hidden.bias.mean=2", "expected `from` \"npy\" or \"run\" in `bias`"),
    ] {
        let ran = bench.run(&format!("{drawn} --set {keys}"));
        assert_eq!(ran.code, Some(2), "{keys}: {}", ran.stderr);
        assert!(ran.stderr.contains(said), "{keys}: {}", ran.stderr);
    }
}

/// A base is for other rules, too; what a file says of its own model is meant.
#[test]
fn keys_that_say_how_to_draw_are_left_aside_in_a_base_alone() {
    let bench = Bench::new();
    let drawing = support::MODEL.replacen("learning_rate = 0.6", "learning_rate = 0.6\nweights = { scale = 2 }", 1);
    bench.write("drawing.toml", &drawing);
    let variant = |more: &str| {
        format!(
            "name = \"variant\"\nbase = \"drawing.toml\"\n[[population]]\nname = \"hidden\"\n{more}\n\
             [learning]\nrule = \"backprop\"\n"
        )
    };
    bench.write("variant.toml", variant(""));
    bench.ok("train variant.toml --epochs 1 --out run.h5");
    // The whole model stands in the files of the run.
    bench.ok("test run.checkpoint.h5");
    bench.ok("inspect --check run.h5");
    bench.write("own.toml", variant("bias = { mean = 2 }"));
    bench.write("whole.toml", drawing + "[learning]\nrule = \"backprop\"\n");
    for (model, place, key) in [("own.toml", "own.toml:5:10", "bias"), ("whole.toml", "whole.toml:24:13", "weights")] {
        let ran = bench.run(&format!("train {model} --epochs 1 --out no.h5"));
        assert_eq!(ran.code, Some(2), "{model}: {}", ran.stderr);
        for said in [place, &format!("expected `from` \"npy\" or \"run\" in `{key}` or none")] {
            assert!(ran.stderr.contains(said), "{model}: {}", ran.stderr);
        }
    }
}

#[test]
fn what_a_network_of_rates_cannot_do_is_refused() {
    let bench = Bench::new();
    bench.ok(&format!("train tiny.toml {BACKPROP} --epochs 1 --out run.h5"));
    let before = bench.files();
    for (arguments, said) in [
        ("simulate run.checkpoint.h5", "learns by `backprop`"),
        ("validate run.checkpoint.h5", "learns by `backprop`"),
        ("train --resume run.checkpoint.h5", "--resume"),
        ("test run.checkpoint.h5 --passes 2", "--passes"),
        (&*format!("train tiny.toml {BACKPROP} --examples 10"), "--examples"),
        (&*format!("train tiny.toml {BACKPROP} --rate"), "--rate"),
        (&*format!("train tiny.toml {BACKPROP} --record hidden"), "--record hidden"),
        (&*format!("train tiny.toml {BACKPROP} --set learning.output_slope=constant"), "output_slope"),
        ("train tiny.toml --set learning.momentum=0.5", "momentum"),
        ("train tiny.toml --set learning.rule=backprob", "did you mean `backprop`?"),
        (
            "train g17-784-500-10-backprop --set stimuli.deformation.rotation_deg=7",
            "expected no `deformation` in [stimuli]",
        ),
        (
            "train g17-784-500-10-backprop --set stimuli.shift_pixels=1",
            "expected `shift_pixels` 0 in [stimuli]: this rule is shown images as they are",
        ),
        ("train g17-784-10 --set learning.rule=backprop", "a hidden population"),
        ("compare g17-784-10", "a hidden population"),
    ] {
        let ran = bench.run(arguments);
        assert_eq!(ran.code, Some(2), "{arguments}: {}", ran.stderr);
        assert!(ran.stderr.contains(said), "{arguments}: {}", ran.stderr);
    }
    assert_eq!(bench.files(), before);
}
