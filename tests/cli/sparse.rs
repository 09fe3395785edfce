//! Sparse synapses that learn, through the commands.

#![allow(clippy::float_cmp, reason = "the same numbers are to the bit the same")]

use apical::record::hdf5::RunReader;

use super::support::{Bench, Contents};

/// The tiny model of which each hidden cell has 5 of 16 inputs, at random learning rates of its own, and half of its feedback.
const SPARSE: &str = "
[[projection]]
from = \"input\"
to = \"hidden\"
connection = { kind = \"fixed_in_degree\", in_degree = 5, multapses = false }

[[projection]]
from = \"output\"
to = \"hidden\"
connection = { kind = \"fixed_out_degree\", out_degree = 6, multapses = false }
storage = \"sparse\"

[recording]
weights = 10
";

fn bench() -> Bench {
    let bench = Bench::new();
    bench.write("sparse.toml", format!("name = \"sparse\"\nbase = \"tiny.toml\"\n{SPARSE}"));
    bench
}

#[test]
fn sparse_synapses_are_trained_resumed_inspected_drawn_and_judged() {
    let bench = bench();
    let trained = bench.json("train sparse.toml --examples 40 --out run.h5");
    let tested = bench.json("test run.checkpoint.h5 --out test.h5");
    assert_eq!(tested["test_error_percent"], trained["test_error_percent"], "a test is that of the training");
    bench.ok("train --resume run.checkpoint.h5 --examples 60 --out rest.h5");
    for file in ["run.h5", "run.checkpoint.h5", "test.h5", "rest.h5"] {
        bench.ok(&format!("inspect {file} --check"));
    }
    let size = bench.json("inspect sparse.toml");
    let synapses = |projection: usize| size["projections"][projection]["synapses"].as_u64();
    assert_eq!([0, 1, 2].map(synapses), [Some(60), Some(48), Some(24)]);

    let run = Contents::of(&bench.path("run.h5"));
    let column =
        |snapshot: &str, column: &str| run.integers(&format!("/weights/input-hidden/{snapshot}/{column}")).to_vec();
    for snapshot in ["initial", "presentation-10", "presentation-40", "final"] {
        assert_eq!(column(snapshot, "source_node_id"), column("initial", "source_node_id"), "{snapshot}");
        assert_eq!(column(snapshot, "target_node_id"), column("initial", "target_node_id"), "{snapshot}");
    }
    assert_eq!(column("final", "weight").len(), 60);
    assert_ne!(column("final", "weight"), column("initial", "weight"));
    for (n, kind) in ["weights", "weights --population output", "traces", "learning"].into_iter().enumerate() {
        bench.ok(&format!("plot {kind} run.h5 --out drawn{n}.svg"));
    }
    // What figures and the explorer read: a matrix with zeros where there is no synapse.
    let reader = RunReader::open(&bench.path("run.h5")).unwrap();
    let (matrix, post, pre) = reader.weights("input-hidden", "final").unwrap();
    let mut expected = vec![0.0; post * pre];
    let ends = column("final", "source_node_id").into_iter().zip(column("final", "target_node_id"));
    for ((source, target), bits) in ends.zip(column("final", "weight")) {
        expected[target as usize * pre + source as usize] = f64::from_bits(bits) as f32;
    }
    assert!((post, pre) == (12, 16) && matrix == expected && expected.iter().filter(|w| **w != 0.0).count() == 60);
    for neuron in 0..12 {
        let onto = reader.weights_onto("input-hidden", "final", neuron).unwrap();
        assert_eq!(onto.as_deref(), Some(&expected[neuron * pre..][..pre]));
    }
    assert_eq!(reader.weights_onto("input-hidden", "final", 12).unwrap(), None);
    let little = "--images 4 --examples 20 --durations 20 --quiet";
    let ran = bench.run(&format!("validate run.checkpoint.h5 {little}"));
    assert!(ran.stdout.contains("mean V of hidden"), "{} {}", ran.stdout, ran.stderr);
    let rates = bench.json("train sparse.toml --rate --examples 40 --out rate.h5");
    assert_eq!(rates["kind"], "rate");
}

#[test]
fn what_sparse_synapses_cannot_do_is_refused_before_anything_ran() {
    let bench = bench();
    bench.ok("train sparse.toml --examples 4 --out run.h5");
    let before = bench.files();
    for (keys, expected) in [
        ("projection.input-hidden.storage=dense", "expected `storage` \"sparse\" where a projection learns"),
        ("projection.input-hidden.delay_ms={from='normal',mean=2,sd=1}", "expected one delay of all synapses onto"),
        ("projection.output-hidden.weights.from=transpose", "expected `weights` from \"constant\""),
        ("learning.rule=backprop", "expected all-to-all dense synapses"),
    ] {
        let ran = bench.run(&format!("train sparse.toml --examples 4 --set {keys}"));
        assert_eq!(ran.code, Some(2), "{keys}: {}", ran.stderr);
        assert!(ran.stderr.contains(expected), "{keys}: {}", ran.stderr);
    }
    let from_run = "--set projection.input-hidden.weights={from='run',path='run.h5'}";
    let ran = bench.run(&format!("train tiny.toml --examples 4 {from_run}"));
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert!(ran.stderr.contains("holds sparse synapses, expected weights of all pairs of neurons"), "{}", ran.stderr);
    assert_eq!(bench.files(), before);
}
