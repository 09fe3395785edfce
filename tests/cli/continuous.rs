//! `apical simulate --duration`: continuous runs, stopped, resumed, recorded in part, drawn and exported.

use serde_json::Value;

use super::support::{self, Bench, Contents};

/// A recurrent circuit under a rate that changes.
const CIRCUIT: &str = r#"
name = "circuit"

[[population]]
name = "input"
size = 30
kind = "poisson"
stimulus = { rate_hz = 40 }

[[population]]
name = "drive"
size = 10
kind = "poisson"
stimulus = { kind = "rate-table", path = "rates.csv" }

[[population]]
name = "cells"
size = 40
kind = "pyramidal"

[[projection]]
from = "input"
to = "cells"
port = "basal"

[[projection]]
from = "drive"
to = "cells"
port = "basal"

[[projection]]
from = "cells"
to = "cells"
port = "apical"
delay_ms = 2

[protocol]
kind = "continuous"
duration_ms = 700
warmup_ms = 150
"#;

fn bench() -> Bench {
    let bench = Bench::new();
    bench.write("circuit.toml", CIRCUIT);
    bench.write("rates.csv", "time_ms,rate_hz\n0,20\n420,150\n600,0\n");
    bench
}

/// The spikes of a file from a time on and before another.
fn spikes(bench: &Bench, file: &str, population: &str, [from, to]: [f64; 2]) -> Vec<(u64, u64)> {
    let all = Contents::of(&bench.path(file)).spikes_from(population, from);
    all.into_iter().filter(|(time, _)| f64::from_bits(*time) < to).collect()
}

#[test]
fn a_run_that_ends_early_and_is_resumed_has_the_spikes_of_a_longer_one() {
    let bench = bench();
    let whole = bench.json("simulate circuit.toml --out whole.h5");
    assert_eq!((whole["to_ms"].as_f64(), whole["recorded_ms"].as_f64()), (Some(850.0), Some(700.0)));
    let rate = whole["populations"][2]["rate_hz"].as_f64().unwrap();
    let counted = spikes(&bench, "whole.h5", "cells", [0.0, 1e9]).len() as f64;
    assert!((rate - counted / (40.0 * 0.7)).abs() < 1e-9 && rate > 1.0);
    bench.ok("simulate circuit.toml --duration 283 --out first.h5");
    bench.ok("simulate --resume first.checkpoint.h5 --duration 700 --out second.h5");
    for population in ["input", "drive", "cells"] {
        let of = |file, from, to| spikes(&bench, file, population, [from, to]);
        assert!(of("whole.h5", 0.0, 150.0).is_empty(), "the warm-up is not recorded");
        // The first run ended within a slice, which the second simulates again and records from there on.
        assert_eq!(of("first.h5", 0.0, 1e9), of("whole.h5", 0.0, 433.0));
        assert_eq!(of("second.h5", 0.0, 1e9), of("whole.h5", 433.0, 1e9));
    }
    for file in ["whole.h5", "first.h5", "second.h5", "first.checkpoint.h5", "second.checkpoint.h5"] {
        bench.ok(&format!("inspect --check {file}"));
    }
    let again = Contents::of(&bench.path("second.checkpoint.h5"));
    assert_eq!(again, Contents::of(&bench.path("whole.checkpoint.h5")), "the same state at the end");
}

/// Synapses of short-term plasticity onto cells with a threshold.
const SHORT_TERM: &str = r#"
name = "short-term"

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
weights = { from = "constant", value = 900 }
short_term = { u = 0.2, tau_rec_ms = 130, tau_facil_ms = 530 }

[[projection]]
from = "cells"
to = "cells"
port = "inh"
delay_ms = 30
weights = { from = "constant", value = -300 }
short_term = { u = 0.5, tau_rec_ms = 800 }

[protocol]
kind = "continuous"
duration_ms = 500
"#;

#[test]
fn short_term_plasticity_goes_on_from_a_checkpoint_to_the_bit() {
    let bench = bench();
    bench.write("short.toml", SHORT_TERM);
    bench.ok("simulate short.toml --out whole.h5");
    bench.ok("simulate short.toml --duration 150 --out first.h5");
    bench.ok("simulate --resume first.checkpoint.h5 --duration 500 --out second.h5");
    let of = |file, from| spikes(&bench, file, "cells", [from, 1e9]);
    assert!(of("whole.h5", 150.0).len() > 100);
    assert_eq!(of("second.h5", 0.0), of("whole.h5", 150.0));
    let [again, whole] = ["second", "whole"].map(|run| Contents::of(&bench.path(&format!("{run}.checkpoint.h5"))));
    assert_eq!(again, whole, "the same state at the end");
    assert_eq!(whole.floats("/lanes/0/projections/cells-cells/short_term_z").len(), 20);
    let in_flight = whole.floats("/lanes/0/projections/cells-cells/arrival_factor");
    assert!(!in_flight.is_empty() && in_flight.iter().all(|factor| (0.0..=0.5).contains(factor)), "{in_flight:?}");
    bench.ok("inspect --check second.checkpoint.h5");
    // The state of a checkpoint without is not taken for one of synapses at rest.
    bench.write("plain.toml", SHORT_TERM.replace("short_term = { u = 0.5, tau_rec_ms = 800 }", ""));
    bench.ok("simulate plain.toml --duration 150 --out plain.h5");
    let ran = bench.run("simulate short.toml --resume plain.checkpoint.h5 --duration 500 --out other.h5");
    assert!(ran.code == Some(2) && ran.stderr.contains("short-term states of `cells-cells`"), "{}", ran.stderr);
}

#[cfg(unix)]
#[test]
fn a_run_that_is_stopped_goes_on_to_the_bit() {
    let bench = bench();
    let ran = support::interrupt(
        bench.command("simulate circuit.toml --duration 100000000 --record cells --out run.h5"),
        || bench.path("run.h5.part").exists(),
    );
    assert_eq!(ran.code, Some(130), "{}", ran.stderr);
    let stop = bench.json("inspect run.checkpoint.h5")["clock_ms"].as_f64().unwrap();
    let expected = format!("stopped at {stop} ms of model time; the run file is run.h5");
    assert!(ran.stderr.contains(&expected), "{}", ran.stderr);
    assert!(ran.stderr.contains("go on with: apical simulate --resume run.checkpoint.h5 --duration 100000000"));
    bench.ok("inspect --check run.h5");
    let end = stop + 350.0;
    let duration = end - 150.0;
    bench.ok(&format!("simulate --resume run.checkpoint.h5 --duration {duration} --out rest.h5"));
    bench.ok(&format!("simulate circuit.toml --duration {duration} --record cells --out whole.h5"));
    let of = |file, from, to| spikes(&bench, file, "cells", [from, to]);
    assert_eq!(of("run.h5", 0.0, 1e12), of("whole.h5", 0.0, stop));
    assert_eq!(of("rest.h5", 0.0, 1e12), of("whole.h5", stop, 1e12));
}

#[test]
fn neurons_times_and_compartments_are_recorded_as_asked() {
    let bench = bench();
    bench.ok("simulate circuit.toml --record all --out all.h5");
    let some = "cells[5:9],cells[2:4].apical,:300,500:601";
    bench.ok(&format!("simulate circuit.toml --record {some} --out some.h5"));
    bench.ok("inspect --check some.h5");
    let inside = |time: f64| time < 300.0 || (500.0..601.0).contains(&time);
    let expected: Vec<_> = spikes(&bench, "all.h5", "cells", [0.0, 1e9])
        .into_iter()
        .filter(|(time, node)| (5..9).contains(node) && inside(f64::from_bits(*time)))
        .collect();
    assert!(expected.len() > 10);
    assert_eq!(spikes(&bench, "some.h5", "cells", [0.0, 1e9]), expected);
    let (all, some) = (Contents::of(&bench.path("all.h5")), Contents::of(&bench.path("some.h5")));
    assert_eq!(some.integers("/report/cells/mapping/node_ids"), [2, 3]);
    assert_eq!(some.integers("/report/cells/mapping/element_ids"), [2, 2]);
    let [start, stop, dt] = some.floats("/report/cells/mapping/time")[..] else { panic!() };
    assert_eq!((start, stop, dt), (150.0, 300.0, 0.5));
    // Of all, a row has 40 neurons of three compartments, from 150 ms on as well.
    let whole = &all.0["/report/cells/data"];
    let picked = (0..300).flat_map(|row| [2, 3].map(|neuron| whole[row * 120 + neuron * 3 + 2]));
    assert_eq!(some.0["/report/cells/data"], picked.collect::<Vec<_>>());
    let second = some.floats("/report/cells@2/mapping/time");
    assert!((second[0] - 500.0).abs() < 1e-9);
    let picked = (700..902).flat_map(|row| [2, 3].map(|neuron| whole[row * 120 + neuron * 3 + 2]));
    assert_eq!(some.0["/report/cells@2/data"], picked.collect::<Vec<_>>());
}

#[test]
fn spikes_of_a_run_are_replayed_to_another() {
    let bench = bench();
    bench.ok("simulate circuit.toml --record all --out first.h5");
    bench.write(
        "replay.toml",
        "name = 'replay'\n[[population]]\nname = 'cells'\nsize = 40\nkind = 'poisson'\n\
         stimulus = { kind = 'sonata', path = 'first.h5' }\n[protocol]\nkind = 'continuous'\nduration_ms = 850\n",
    );
    bench.ok("simulate replay.toml --out second.h5");
    let of = |file| spikes(&bench, file, "cells", [0.0, 1e9]);
    assert_eq!(of("second.h5"), of("first.h5"));
    let json = bench.json("inspect second.h5");
    assert!(json["data_sha256"].as_str().unwrap().ends_with("  first.h5\n"), "{json}");
    bench.ok("simulate circuit.toml --record cells[3:9],100:300,400:500 --out some.h5");
    let keys = "--set population.cells.stimulus.path=some.h5 --set population.cells.stimulus.start_ms=150";
    let some = bench.run(&format!("simulate replay.toml {keys} --out third.h5"));
    assert_eq!(some.code, Some(0), "{}", some.stderr);
    let note = "recorded of neurons 3 to 8 and, on the clock of this run, from 0 to 150 ms and 250 to 350 ms; others are silent";
    assert!(some.stderr.contains(note), "{}", some.stderr);
    for (keys, expected) in [
        ("population.cells.stimulus.population=other", "has no spikes of `other`, but those of cells, drive, input"),
        ("population.cells.size=7", "expected a neuron from 0 to 6, found"),
        ("population.cells.stimulus.path=no.h5", "cannot read no.h5"),
        ("population.cells.stimulus.start_ms=1e5", "ms, before `start_ms` = 100000"),
    ] {
        let ran = bench.run(&format!("simulate replay.toml --set {keys}"));
        assert_eq!(ran.code, Some(2), "{}", ran.stderr);
        assert!(ran.stderr.contains(expected), "{}", ran.stderr);
    }
}

#[test]
fn what_is_not_of_a_continuous_run_is_refused() {
    let bench = bench();
    bench.ok("simulate circuit.toml --duration 100 --out run.h5");
    bench.ok("train tiny.toml --examples 2 --record none --out trained.h5");
    for (arguments, expected) in [
        ("simulate circuit.toml --examples 3", "a continuous model has no presentations"),
        ("simulate circuit.toml --duration 0", "expected a model time in ms, above 0"),
        ("simulate tiny.toml --duration 100", "--duration: the model shows presentations"),
        ("simulate --resume trained.checkpoint.h5", "expected a checkpoint of a continuous run"),
        (
            "simulate --resume run.checkpoint.h5 --duration 40",
            "stands at 250 ms, beyond the end of the run asked for, 190 ms",
        ),
        ("train circuit.toml", "has no presentations; it is run by `apical simulate MODEL --duration MS`"),
        ("test run.checkpoint.h5", "has no presentations"),
        ("simulate circuit.toml --record cells,0:20,50:60", "expected gaps of at least 100 ms"),
        ("simulate circuit.toml --record 5000:6000", "none of the times 150 to 850 ms of the run are recorded"),
        ("simulate circuit.toml --record plateaus", "expected no `plateaus` of a continuous run"),
        ("simulate circuit.toml --record cells[5:99]", "neurons A:B of the 40 of \"cells\""),
        ("simulate circuit.toml --set recording.presentations=0:5", "expected `times_ms` in place of `presentations`"),
        ("simulate circuit.toml --set stimuli.kind=idx", "expected no [stimuli] with the protocol \"continuous\""),
        ("simulate circuit.toml --set projection.input-cells.learning_rate=1", "expected `learning_rate` 0"),
        ("simulate circuit.toml --set protocol.forward_ms=5", "unknown key `forward_ms`"),
        ("simulate circuit.toml --set protocol.kind=contiguous", "did you mean `continuous`?"),
        ("simulate circuit.toml --set population.drive.stimulus.path=no.csv", "cannot read no.csv"),
        ("simulate circuit.toml --set population.cells.stimulus.rate_hz=5", "unknown key `stimulus`"),
    ] {
        let ran = bench.run(arguments);
        assert_eq!(ran.code, Some(2), "{arguments}: {}", ran.stderr);
        assert!(ran.stderr.contains(expected), "{arguments}: {}", ran.stderr);
    }
}

/// Sparse synapses, drawn and then changed, are kept in checkpoints as they are.
#[test]
fn a_circuit_of_sparse_synapses_goes_on_to_the_bit() {
    let bench = bench();
    let change = "[[change]]\nkind = 'prune'\nat_ms = 200\nprojection = 'exc-exc'\nfraction = 0.2\n\
                  [[change]]\nkind = 'scale-weights'\nat_ms = 200\nprojection = 'inh-exc'\nfactor = 1.3\n";
    bench.write("sparse.toml", format!("name = 'sparse'\nbase = 'recurrent-lif'\n{change}"));
    let keys = "--set protocol.warmup_ms=0 --set recording.weights=ends";
    let ran = bench.run(&format!("simulate sparse.toml {keys} --duration 500 --out whole.h5"));
    assert!(ran.code == Some(0) && ran.stderr.contains("kB, if its cells fire at 24 Hz"), "{}", ran.stderr);
    bench.ok(&format!("simulate sparse.toml {keys} --duration 250 --out part.h5"));
    for file in ["part.h5", "part.checkpoint.h5", "whole.h5"] {
        bench.ok(&format!("inspect --check {file}"));
    }
    let complete = bench.run("simulate --resume part.checkpoint.h5 --duration 250 --out again.h5");
    assert_eq!(complete.code, Some(0), "{}", complete.stderr);
    assert!(complete.stderr.contains("the run is complete after 250 ms"), "{}", complete.stderr);
    assert!(!bench.path("again.h5").exists());
    bench.ok("simulate --resume part.checkpoint.h5 --duration 500 --out rest.h5");
    assert_eq!(spikes(&bench, "rest.h5", "exc", [0.0, 250.0]), [], "what was recorded before is not recorded again");
    // What `inspect` expects of a checkpoint; the number of synapses is that of the model in the mean.
    let planned = bench.json("inspect recurrent-lif");
    let written = std::fs::metadata(bench.path("part.checkpoint.h5")).unwrap().len() as f64;
    let synapses = planned["synapses"].as_f64().unwrap();
    assert!(planned["checkpoint_bytes"].as_f64().unwrap() > 14.0 * synapses, "{planned}");
    assert!(written > 14.0 * 0.8 * synapses, "{written}");
    let late = |file: &str| ["exc", "inh"].map(|name| spikes(&bench, file, name, [250.0, 500.0]));
    let [exc, inh] = late("rest.h5");
    assert!(exc.len() > 50 && inh.len() > 10, "{} and {}", exc.len(), inh.len());
    assert_eq!([exc, inh], late("whole.h5"));
    let last = |file: &str| Contents::of(&bench.path(file)).under("/weights/exc-exc/final");
    assert_eq!(last("rest.h5"), last("whole.h5"));
    let weights = |snapshot: &str| {
        let run = hdf5::File::open(bench.path("whole.h5")).unwrap();
        run.dataset(&format!("weights/exc-exc/{snapshot}/weight")).unwrap().read_raw::<f32>().unwrap()
    };
    let removed = weights("final").iter().filter(|&&weight| weight == 0.0).count();
    assert!(removed > 50 && weights("initial").iter().all(|&weight| weight > 0.0), "{removed}");
    let ran = bench.run("plot weights whole.h5 --projection exc-exc");
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
}

#[test]
fn numbers_beyond_all_bounds_end_the_run_and_leave_the_checkpoint_before() {
    let bench = bench();
    let change = "[[change]]\nkind = 'scale-weights'\nat_ms = 200\nprojection = 'exc-exc'\nfactor = 1000\n".repeat(13);
    bench.write("beyond.toml", format!("name = 'beyond'\nbase = 'recurrent-lif'\n{change}"));
    for keys in ["", "--set population.exc.c_m_pf=1e-60 --set population.exc.i_e_pa=-1"] {
        let ran = bench.run(&format!("simulate beyond.toml {keys} --duration 300 --out beyond.h5 --overwrite"));
        assert_eq!(ran.code, Some(1), "{}", ran.stderr);
        assert!(ran.stderr.contains("went beyond all numbers before "), "{}", ran.stderr);
        assert!(!bench.path("beyond.checkpoint.h5").exists(), "a checkpoint that cannot be gone on with");
    }
}

/// A circuit is replaced by one alone, and what it began from is kept in what it leaves.
#[test]
fn runs_of_circuits_have_a_kind_and_a_history() {
    let bench = bench();
    bench.ok("train tiny.toml --examples 4 --out run.h5");
    let ran = bench.run("simulate recurrent-lif --duration 100 --out run.h5 --overwrite");
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert!(ran.stderr.contains("is the run file of a training, expected that of a circuit"), "{}", ran.stderr);
    bench.ok("simulate recurrent-lif --duration 100 --out a.h5");
    bench.ok("simulate recurrent-lif --duration 200 --out a.h5 --overwrite");
    let inspected = bench.ok("inspect a.checkpoint.h5");
    assert!(inspected.contains("exc-exc [80 x 80]: final"), "{inspected}");
    let file = crate::support::open_to_change(&bench.path("a.checkpoint.h5"));
    let weights = file.dataset("weights/exc-exc/final/weight").unwrap();
    weights.write(&weights.read_1d::<f32>().unwrap().mapv(|w| 0.5 * w)).unwrap();
    drop((weights, file));
    let ran = bench.run("simulate a.checkpoint.h5 --duration 100 --out b.h5");
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    bench.ok("simulate a.checkpoint.h5 --accept-edited --duration 100 --out b.h5");
    for file in ["b.h5", "b.checkpoint.h5"] {
        let inspected = bench.ok(&format!("inspect {file}"));
        assert!(inspected.contains("goes back to a checkpoint that was changed"), "{file}: {inspected}");
    }
}

/// Currents by a table and changes of what drives cells are part of a checkpoint.
#[test]
fn driven_cells_go_on_to_the_bit_and_tables_are_refused_with_their_line() {
    let bench = bench();
    bench.write("currents.csv", "time_ms,current_pa\n0,500\n150.5,700\n420,0\n");
    let changes =
        ["add-current', at_ms = 200, by_pa = 90", "raise-threshold', at_ms = 300, by_mv = 2.5, neurons = '0:5"];
    let changes = changes.map(|change| format!("{{ population = 'cells', kind = '{change}' }}"));
    let text = format!(
        "name = 'driven'\nchange = [{}]\nprotocol = {{ kind = 'continuous', duration_ms = 600 }}\n[[population]]\nname = 'cells'\n\
         size = 10\nkind = 'lif'\nv_th_mv = {{ from = 'uniform', low = -56, high = -54 }}\n\
         stimulus = {{ kind = 'current-table', path = 'currents.csv' }}\n",
        changes.join(", ").replace("by_pa = 90'", "by_pa = 90")
    );
    bench.write("driven.toml", text);
    bench.ok("simulate driven.toml --out whole.h5");
    bench.ok("simulate driven.toml --duration 330 --out part.h5");
    bench.ok("inspect --check part.checkpoint.h5");
    bench.ok("simulate --resume part.checkpoint.h5 --duration 600 --out rest.h5");
    let rest = [330.0, 600.0];
    let late = spikes(&bench, "rest.h5", "cells", rest);
    assert!(late.len() > 50, "{}", late.len());
    assert_eq!(late, spikes(&bench, "whole.h5", "cells", rest));
    bench.write("currents.csv", "time_ms,current_pa\n0,500\n150.5,much\n");
    let ran = bench.run("simulate driven.toml --out wrong.h5");
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert!(ran.stderr.contains("currents.csv, line 3, column 2: expected a current from"), "{}", ran.stderr);
}

#[test]
fn changes_are_kept_in_the_run_file() {
    let bench = bench();
    let change = "[[change]]\nkind = 'scale-weights'\nat_ms = 300\nprojection = 'input-cells'\nfactor = 0.5\n";
    bench.write("changed.toml", format!("{CIRCUIT}\n{change}"));
    bench.ok("simulate changed.toml --out run.h5");
    bench.ok("inspect --check run.h5");
    let run = hdf5::File::open(bench.path("run.h5")).unwrap();
    assert_eq!(run.dataset("changes/at_ms").unwrap().read_raw::<f64>().unwrap(), [300.0]);
    for (keys, expected) in [
        ("at_ms = 350", "expected `at_ms` a multiple of 100 ms"),
        ("at_ms = 300\nneurons = '0:5'", "unknown key `neurons`"),
        ("at_ms = 300\nprojection = 'input-cels'", "did you mean `input-cells`?"),
    ] {
        let kept = if keys.contains("projection") { "" } else { "projection = 'input-cells'\n" };
        let text = format!("{CIRCUIT}\n[[change]]\nkind = 'scale-weights'\nfactor = 0.5\n{kept}{keys}\n");
        bench.write("wrong.toml", text);
        let ran = bench.run("simulate wrong.toml");
        assert_eq!(ran.code, Some(2), "{}", ran.stderr);
        assert!(ran.stderr.contains(expected), "{}", ran.stderr);
    }
}

#[test]
fn activity_that_runs_away_ends_the_run() {
    let bench = bench();
    let ran = bench.run("simulate circuit.toml --set protocol.largest_mean_rate_hz=0.5 --out run.h5");
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert!(ran.stderr.contains("runaway activity: \"cells\" fired at more than"), "{}", ran.stderr);
    bench.ok("inspect --check run.h5");
}

#[test]
fn figures_and_exports_are_of_times() {
    let bench = bench();
    bench.ok("simulate circuit.toml --record all,cells.soma --out run.h5");
    for what in ["raster", "traces", "rates", "isi", "correlation", "spectrum", "weights"] {
        let ran = bench.run(&format!("plot {what} run.h5 --out {what}.svg"));
        let weights = what == "weights";
        assert_eq!(ran.code, Some(if weights { 2 } else { 0 }), "{what}: {}", ran.stderr);
        if !weights {
            let svg = std::fs::read_to_string(bench.path(&format!("{what}.svg"))).unwrap();
            assert!(!svg.contains("presentation") && !svg.contains("forward") && !svg.contains("answered"), "{what}");
            assert!(svg.contains("ms"), "{what}");
        }
    }
    bench.ok("plot raster run.h5 --from 200 --to 300 --out some.svg");
    let summary: Value = bench.json("inspect run.h5");
    assert_eq!(summary["recorded_ms"].as_f64(), Some(700.0));
    let ran = bench.run("view run.h5 --export run.html");
    assert_eq!((ran.code, ran.stderr.contains("images")), (Some(0), false), "{}", ran.stderr);
    bench.ok("export run.h5 --nwb run.nwb");
    let nwb = hdf5::File::open(bench.path("run.nwb")).unwrap();
    let observed: Vec<f64> = nwb.dataset("units/obs_intervals").unwrap().read_raw().unwrap();
    assert_eq!(observed[..2], [0.15, 0.85]);
    assert!(!nwb.link_exists("intervals/trials"));
}

#[test]
fn a_model_is_inspected_without_being_built() {
    let bench = bench();
    let size = bench.json("inspect circuit.toml");
    assert_eq!((size["neurons"].as_u64(), size["synapses"].as_u64()), (Some(80), Some(30 * 40 + 10 * 40 + 40 * 40)));
    let written = bench.ok("simulate circuit.toml --out run.h5");
    assert!(written.contains("real-time factor"), "{written}");
    // Rates are assumed: 24 Hz of cells, which fire at more.
    let (estimated, found) = (size["run_file_bytes"].as_u64().unwrap(), bench.path("run.h5").metadata().unwrap().len());
    assert!(found / 10 < estimated && estimated < found * 10, "{estimated} for {found}");
    let large = "--set population.cells.size=1000000";
    let size = bench.json(&format!("inspect circuit.toml {large}"));
    assert_eq!(size["projections"][2]["synapses"].as_u64(), Some(1_000_000_000_000));
    assert!(size["memory_bytes"].as_u64().unwrap() > 4_000_000_000_000);
    let ran = bench.run(&format!("simulate circuit.toml {large}"));
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    let expected =
        "its network takes about 4000.4 GB (`connection` of \"cells-cells\" has 1000000000000 synapses), and";
    let printed = ran.stderr.contains(expected) && ran.stderr.contains("are available");
    assert!(printed || cfg!(not(target_os = "linux")), "{}", ran.stderr);
    assert!(bench.ok("inspect g17-784-500-10").contains("synapses        402000"));
    // Sizes of [scaling] are those that are simulated: about f N neurons and f² K synapses.
    let tenth = bench.ok("inspect potjans-diesmann-2014 --set scaling.factor=0.1");
    assert!(tenth.contains("L4E: 2192 neurons") && tenth.contains("neurons         7718"), "{tenth}");
    assert!(tenth.contains("L23E-L23E: 454998 synapses"), "{tenth}");
}
