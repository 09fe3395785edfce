//! The files that circuits name, kept with their runs, and what may differ when a circuit goes on from a checkpoint.

use super::support::{self, Bench, Contents};

/// Two cells of a list, one of which is driven by a list of spikes and one by a table of currents.
const CIRCUIT: &str = r#"
name = "filed"

[[population]]
name = "input"
size = 2
kind = "poisson"
stimulus = { kind = "spikes", path = "in/spikes.csv" }

[[population]]
name = "cells"
size = 3
kind = "lif"
stimulus = { kind = "current-table", path = "in/currents.csv" }

[[projection]]
from = "input"
to = "cells"
port = "exc"
connection = { kind = "list", path = "in/edges.csv" }
weights = { from = "list" }
delay_ms = { from = "list" }

[protocol]
kind = "continuous"
duration_ms = 400
"#;

const CHANGES: &str = r#"
[[change]]
kind = "scale-weights"
at_ms = 100
projection = "input-cells"
factor = 2.0

[[change]]
kind = "silence"
at_ms = 300
population = "input"
"#;

fn bench() -> Bench {
    let bench = Bench::new();
    std::fs::create_dir(bench.path("in")).unwrap();
    std::fs::create_dir(bench.path("elsewhere")).unwrap();
    bench.write("filed.toml", CIRCUIT);
    bench.write("changed.toml", format!("{CIRCUIT}{CHANGES}"));
    let spikes: Vec<_> = (0..40).map(|k| format!("{},{}", 5.0 + 9.7 * f64::from(k), k % 2)).collect();
    bench.write("in/spikes.csv", format!("time_ms,neuron\n{}\n", spikes.join("\n")));
    bench.write("in/currents.csv", "time_ms,current_pa\n0,300\n150,420\n");
    bench.write("in/edges.csv", "source,target,weight,delay_ms\n0,0,900,1.5\n0,1,500,2\n1,1,700,0.3\n1,2,2000,4\n");
    bench
}

fn refused(bench: &Bench, arguments: &str, expected: &[&str]) {
    let ran = bench.run(arguments);
    assert_eq!(ran.code, Some(2), "{arguments}\n{}", ran.stderr);
    for expected in expected {
        assert!(ran.stderr.contains(expected), "{arguments}\n{}", ran.stderr);
    }
}

#[test]
fn lists_of_synapses_are_counted_before_they_are_read() {
    let bench = bench();
    let planned = bench.json("inspect filed.toml");
    assert_eq!(planned["synapses"], 4, "{planned}");
    bench.write("in/edges.npy", support::npy("(2, 4)", &[0.0, 0.0, 1.0, 1.0, 1.0, 2.0, 1.0, 1.0]));
    let planned = bench.json("inspect filed.toml --set projection.input-cells.connection.path=in/edges.npy");
    assert_eq!(planned["synapses"], 2, "{planned}");
    let large = "0,0,1,1\n".repeat(200_000);
    bench.write("in/edges.csv", format!("source,target,weight,delay_ms\n{large}"));
    let planned = bench.json("inspect filed.toml");
    assert_eq!(planned["synapses"], 200_000, "{planned}");
    assert!(planned["memory_bytes"].as_u64().unwrap() >= 8 * 200_000, "{planned}");
    assert!(planned["checkpoint_bytes"].as_u64().unwrap() >= 14 * 200_000, "{planned}");
    std::fs::remove_file(bench.path("in/edges.csv")).unwrap();
    refused(&bench, "inspect filed.toml", &["`input-cells`", "in/edges.csv"]);
}

#[test]
fn a_run_keeps_the_digests_of_its_files_and_goes_on_with_these_alone() {
    let bench = bench();
    bench.ok("simulate filed.toml --out whole.h5");
    bench.ok("simulate filed.toml --duration 150 --out part.h5");
    for file in ["part.h5", "part.checkpoint.h5"] {
        let kept = bench.json(&format!("inspect {file}"))["data_sha256"].to_string();
        for name in ["in/spikes.csv", "in/currents.csv", "in/edges.csv"] {
            assert!(kept.contains(&format!("  {name}\\n")), "{kept}");
        }
    }
    // From another folder the files of the run are found.
    let mut elsewhere = bench.command("simulate --resume ../part.checkpoint.h5 --duration 400 --out rest.h5");
    let ran = elsewhere.current_dir(bench.path("elsewhere")).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let of = |file: &str| Contents::of(&bench.path(file));
    assert!(of("whole.h5").spikes_from("cells", 150.0).len() > 5);
    assert_eq!(of("elsewhere/rest.h5").spikes_from("cells", 0.0), of("whole.h5").spikes_from("cells", 150.0));
    assert_eq!(of("elsewhere/rest.checkpoint.h5"), of("whole.checkpoint.h5"));
    // The list of synapses has acted; changed stimuli are refused by all that would show them.
    bench.write("in/edges.csv", "");
    bench.ok("simulate --resume part.checkpoint.h5 --duration 400 --out again.h5");
    assert_eq!(of("again.checkpoint.h5"), of("whole.checkpoint.h5"));
    bench.write("in/spikes.csv", "time_ms,neuron\n399,1\n");
    for command in ["simulate --resume", "simulate", "validate"] {
        let expected = ["in/spikes.csv: the SHA-256 is ", "--set population.input.stimulus.path=FILE"];
        refused(&bench, &format!("{command} part.checkpoint.h5 --duration 400"), &expected);
    }
    bench.write("in/others.csv", "time_ms,neuron\n399,1\n");
    let others = "--set population.input.stimulus.path=in/others.csv";
    let ran = bench.run(&format!("simulate --resume part.checkpoint.h5 --duration 400 {others} --out others.h5"));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stderr.contains("note: in/others.csv is none of the files of the run"), "{}", ran.stderr);
    assert_eq!(of("others.h5").spikes_from("input", 0.0), [(399_f64.to_bits(), 1)]);
}

#[test]
fn a_resumed_run_goes_on_as_it_began() {
    let bench = bench();
    bench.ok("simulate changed.toml --duration 250 --out part.h5");
    let resume = "simulate --resume part.checkpoint.h5 --duration 400";
    for (set, key) in [
        ("projection.input-cells.weights={from='constant',value=3}", "projection.input-cells.weights"),
        ("population.cells.v_init_mv=-60", "population.cells.v_init_mv"),
        ("population.cells.tau_m_ms=20", "population.cells.tau_m_ms"),
        ("protocol.warmup_ms=50", "protocol.warmup_ms"),
    ] {
        refused(
            &bench,
            &format!("{resume} --set {set}"),
            &[&format!("`{key}"), "is not that of the run", "[[change]]"],
        );
    }
    bench.write("other.toml", format!("{CIRCUIT}{}", CHANGES.replace("factor = 2.0", "factor = 3.0")));
    refused(&bench, "simulate other.toml --resume part.checkpoint.h5", &["[[change]]s up to 250 ms are not those"]);
    // What comes may be another.
    bench.write("later.toml", format!("{CIRCUIT}{}", CHANGES.replace("at_ms = 300", "at_ms = 200\nneurons = '0:1'")));
    refused(&bench, "simulate later.toml --resume part.checkpoint.h5", &["[[change]]s up to 250 ms are not those"]);
    bench.write("later.toml", format!("{CIRCUIT}{}", CHANGES.replace("at_ms = 300", "at_ms = 400")));
    bench.ok("simulate later.toml --resume part.checkpoint.h5 --duration 600 --out later.h5");
}

#[test]
fn the_network_of_a_checkpoint_is_changed_once_and_drawn_no_more() {
    let bench = bench();
    bench.ok("simulate changed.toml --duration 200 --out part.h5");
    let weights = |file: &str| Contents::of(&bench.path(file)).under("/weights/input-cells");
    refused(
        &bench,
        "simulate part.checkpoint.h5",
        &["holds the [[change]] at 100 ms already (scale weights of input-cells by 2)", "--set change=[]"],
    );
    refused(&bench, "validate part.checkpoint.h5", &["holds the [[change]] at 100 ms already"]);
    bench.ok("simulate part.checkpoint.h5 --set change=[] --duration 200 --out anew.h5");
    assert!(!weights("part.checkpoint.h5").0.is_empty());
    assert_eq!(weights("anew.checkpoint.h5"), weights("part.checkpoint.h5"));
    let set = "--set change=[] --set projection.input-cells.delay_ms=2";
    refused(
        &bench,
        &format!("simulate part.checkpoint.h5 {set}"),
        &["`projection.input-cells.delay_ms` acts on the initial"],
    );
}

#[test]
fn what_comes_after_the_end_of_a_run_is_said_with_its_number() {
    let bench = bench();
    let ran = bench.run("simulate changed.toml --duration 150 --out short.h5");
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    // Spikes at 5 + 9.7 k ms, the 15th of which is the last before 150 ms.
    let notes = [
        "note: 25 of 40 spikes of the `stimulus` of \"input\" come after the end of the run, 150 ms",
        "note: the [[change]] at 300 ms (silence input[0:2]) comes after the end of the run, 150 ms",
    ];
    for note in notes {
        assert!(ran.stderr.contains(note), "{}", ran.stderr);
    }
    assert!(!bench.run("simulate changed.toml --duration 400 --out long.h5").stderr.contains("note: "));
}

#[test]
fn a_source_without_a_stimulus_is_silent_and_said_to_be() {
    let bench = Bench::new();
    bench.write("silent.toml", "name = \"silent\"\nprotocol = { kind = \"continuous\", duration_ms = 10 }\npopulation = [{ name = \"s\", size = 1, kind = \"poisson\" }]\n");
    let ran = bench.run("simulate silent.toml --out run.h5");
    assert!(ran.code == Some(0) && ran.stderr.contains("note: \"s\" has no `stimulus`"), "{}", ran.stderr);
}

#[test]
fn a_run_does_not_replace_what_it_is_shown_and_a_list_of_spikes_is_no_table() {
    let bench = bench();
    bench.ok("simulate filed.toml --out first.h5");
    let first = "--set population.input.stimulus={kind='sonata',path='first.h5',population='input'}";
    refused(
        &bench,
        &format!("simulate filed.toml {first} --out first.h5 --overwrite"),
        &["that is the file to be read"],
    );
    bench.ok(&format!("simulate filed.toml {first} --out second.h5"));
    let table = "--set population.input.stimulus={kind='rate-table',path='in/spikes.csv'}";
    refused(
        &bench,
        &format!("simulate filed.toml {table}"),
        &["expected the header `time_ms,rate_hz`, found `time_ms,neuron`"],
    );
}
