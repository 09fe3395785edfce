//! Rate twins from the command line: trained and tested like the spiking network, with weights that move between them.
#![allow(clippy::float_cmp, reason = "the same numbers are to the bit the same")]

use crate::support::{Bench, Contents};

#[test]
fn a_twin_is_trained_like_the_network_and_learns_the_quarters() {
    let bench = Bench::new();
    let train = |n: u32| {
        let more = "--set projection.hidden-output.learning_rate=0.5 --overwrite --out rate.h5";
        bench.json(&format!("train tiny.toml --rate --examples {n} {more}"))
    };
    let error = |summary: &serde_json::Value| summary["test_error_percent"].as_f64().unwrap();
    let (before, after) = (train(0), train(600));
    assert_eq!(after["kind"], "rate");
    assert!(error(&before) > 40.0 && error(&after) < 20.0, "{} {}", error(&before), error(&after));

    let spiking = bench.json("train tiny.toml --examples 600 --record none --out spiking.h5");
    assert_eq!(spiking["kind"], "spiking");
    for kind in ["rate", "spiking"] {
        let kept: serde_json::Value = bench.json(&format!("inspect {kind}.h5"));
        assert_eq!(kept["dynamics"], kind);
    }
    let images = |name: &str| Contents::of(&bench.path(name)).integers("/presentations/image").to_vec();
    assert_eq!(images("rate.h5")[..600], images("spiking.h5")[..600], "the same images in the same order");
}

#[test]
fn weights_move_freely_between_spikes_and_rates() {
    let bench = Bench::new();
    let rate = bench.json("train tiny.toml --rate --examples 40 --out rate.h5");
    let tested = bench.json("test rate.checkpoint.h5 --rate");
    assert_eq!((&tested["kind"], &tested["test_error_percent"]), (&"rate".into(), &rate["test_error_percent"]));
    assert_eq!(bench.json("test rate.checkpoint.h5")["kind"], "spiking");
    assert_eq!(bench.json("test rate.checkpoint.h5 --rate=diffusion")["kind"], "rate");

    let spiking = bench.json("train --resume rate.checkpoint.h5 --examples 60 --out spiking.h5");
    assert_eq!((&spiking["kind"], &spiking["examples_seen"]), (&"spiking".into(), &60.into()));
    let back = bench.json("train --resume spiking.checkpoint.h5 --rate --examples 80 --out back.h5");
    assert_eq!((&back["kind"], &back["examples_seen"]), (&"rate".into(), &80.into()));
    let snapshot = |name: &str, label: &str| -> Vec<(String, Vec<u64>)> {
        let all = Contents::of(&bench.path(name)).0.into_iter();
        all.filter_map(|(path, bits)| Some((path.strip_suffix(label)?.to_owned(), bits))).collect()
    };
    for (from, to) in [("rate.h5", "spiking.h5"), ("spiking.h5", "back.h5")] {
        let handed_on = snapshot(from, "/final");
        assert_eq!(handed_on.len(), 5, "weights of three projections and biases of two populations");
        assert_eq!(snapshot(to, "/initial"), handed_on, "{from} to {to}");
        assert_ne!(snapshot(from, "/initial"), handed_on, "{from} learnt");
    }
}

#[test]
fn a_twin_stopped_and_resumed_gives_the_same_bits() {
    for twin in ["noiseless", "noisy"] {
        let bench = Bench::new();
        bench.ok(&format!("train tiny.toml --rate={twin} --examples 30 --out whole.h5"));
        bench.ok(&format!("train tiny.toml --rate={twin} --examples 13 --out part.h5"));
        bench.ok(&format!("train --resume part.checkpoint.h5 --rate={twin} --examples 30 --threads 1 --out rest.h5"));
        let learnt = |name: &str| Contents::of(&bench.path(name)).learnt();
        assert_eq!(learnt("whole.h5"), learnt("rest.h5"), "{twin}");
    }
}

#[test]
fn what_rates_have_not_is_refused() {
    let bench = Bench::new();
    bench.write("spikes.csv", "presentation,time_ms,neuron\n0,1.0,3\n");
    let shows = "--set stimuli.kind=spikes --set stimuli.path=spikes.csv --set stimuli.labels=[1]";
    let cases = [
        (format!("train tiny.toml --rate {shows}"), "a spike list, which has no rates"),
        ("train tiny.toml --rate --record hidden".to_owned(), "no spikes and no traces"),
        ("train tiny.toml --rate=loud".to_owned(), "noiseless, diffusion, noisy"),
    ];
    for (arguments, message) in cases {
        let ran = bench.run(&arguments);
        assert_eq!(ran.code, Some(2), "{arguments}: {}", ran.stderr);
        assert!(ran.stderr.contains(message), "{arguments}: {}", ran.stderr);
    }
}
