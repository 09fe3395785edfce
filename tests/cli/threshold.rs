//! Threshold somata through the commands.

use super::support::Bench;

/// The tiny model with thresholds in both populations.
const THRESHOLDS: &str = "
[[population]]
name = \"hidden\"
threshold = { v_th = 0.5, v_reset = -0.5 }

[[population]]
name = \"output\"
threshold = { v_th = 0.5, v_reset = -0.5 }
";

#[test]
fn threshold_somata_are_trained_tested_simulated_drawn_and_judged() {
    let bench = Bench::new();
    bench.write("soma.toml", format!("name = \"soma\"\nbase = \"tiny.toml\"\n{THRESHOLDS}"));
    let trained = bench.json("train soma.toml --examples 40 --out run.h5");
    assert_eq!(trained["learning"].as_array().unwrap().len(), 2);
    let tested = bench.json("test run.checkpoint.h5 --out test.h5");
    let last = &trained["learning"][1]["test_error_percent"];
    assert_eq!(&tested["test_error_percent"], last, "a test is that of the training");
    bench.ok("simulate run.checkpoint.h5 --examples 3 --out simulated.h5");
    for file in ["run.h5", "run.checkpoint.h5", "test.h5", "simulated.h5"] {
        bench.ok(&format!("inspect {file} --check"));
    }
    for (kind, of) in [("traces", "run.h5"), ("raster", "simulated.h5"), ("plateaus", "run.h5")] {
        bench.ok(&format!("plot {kind} {of} --out {kind}.svg"));
    }
    // Refractory for the 5 ms of 200 Hz, from one presentation to the next, too.
    bench.ok("train soma.toml --examples 20 --test-examples 0 --record all --out alone.h5");
    let run = super::support::Contents::of(&bench.path("alone.h5"));
    for population in ["hidden", "output"] {
        let mut last = std::collections::BTreeMap::new();
        let spikes = run.spikes_from(population, 0.0);
        assert!(spikes.len() > 40, "{population}: {}", spikes.len());
        for (time, neuron) in spikes {
            let time = f64::from_bits(time);
            let before = last.insert(neuron, time).unwrap_or(f64::NEG_INFINITY);
            assert!(time - before > 5.0 - 1e-9, "{population}, neuron {neuron}: {before} and {time} ms");
        }
    }
}

#[test]
fn threshold_somata_have_no_twin_of_rates() {
    let bench = Bench::new();
    bench.write("soma.toml", format!("name = \"soma\"\nbase = \"tiny.toml\"\n{THRESHOLDS}"));
    let ran = bench.run("train soma.toml --rate --examples 20");
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert!(ran.stderr.contains("population \"hidden\" has thresholds"), "{}", ran.stderr);
    assert!(!bench.path("output").exists());
    let rates = "--set population.hidden.threshold.v_th=1 --set projection.hidden-output.carries=rates";
    let ran = bench.run(&format!("train soma.toml --examples 20 {rates}"));
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert!(ran.stderr.contains("whose cells fire at no rate of their potential"), "{}", ran.stderr);
}
