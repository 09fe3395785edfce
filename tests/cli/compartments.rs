//! Cells of several compartments on the command line: keys that are refused, and events in run files.

use super::support::{Bench, Contents};

/// Cells that make plateaus, dendritic spikes and bursts under Poisson input.
const MODEL: &str = include_str!("../support/tufts.toml");

const KINDS: [&str; 4] = ["plateau", "dendritic_spike", "bap", "burst"];

/// Events of a kind: neuron, start and stop, sorted.
fn events(run: &Contents, kind: &str) -> Vec<(u64, u64, u64)> {
    let at = |column: &str| format!("/events/cells/{kind}/{column}");
    let (start, stop) = (run.integers(&at("start")), run.integers(&at("stop")));
    let neurons = run.integers(&at("node_ids")).iter();
    let mut events: Vec<_> = neurons.zip(start).zip(stop).map(|((&n, &start), &stop)| (n, start, stop)).collect();
    events.sort_unstable();
    events
}

#[test]
fn events_are_recorded_once_wherever_a_run_is_stopped() {
    let bench = Bench::new();
    bench.write("tufts.toml", MODEL);
    bench.ok("simulate tufts.toml --quiet --out whole.h5");
    let whole = Contents::of(&bench.path("whole.h5"));
    assert_eq!(bench.ok("inspect whole.h5 --check").trim_end(), "whole.h5 is as its format is documented");
    let inspected: serde_json::Value = serde_json::from_str(&bench.ok("inspect whole.h5 --json")).unwrap();
    for kind in KINDS {
        let counted = inspected["events"].as_array().unwrap().iter().find(|events| events["event"] == kind).unwrap();
        assert_eq!(counted["events"], events(&whole, kind).len(), "{kind}");
        assert!(events(&whole, kind).len() > 10, "{kind}: {}", events(&whole, kind).len());
    }
    for cut in [150, 200] {
        bench.ok(&format!("simulate tufts.toml --quiet --overwrite --duration {cut} --out part.h5"));
        bench.ok("simulate --resume part.checkpoint.h5 --quiet --overwrite --duration 400 --out rest.h5");
        let [part, rest] = ["part.h5", "rest.h5"].map(|file| Contents::of(&bench.path(file)));
        for kind in KINDS {
            let mut both = events(&part, kind);
            both.extend(events(&rest, kind));
            both.sort_unstable();
            assert!(!events(&rest, kind).is_empty());
            assert_eq!(both, events(&whole, kind), "{kind}, cut at {cut} ms");
        }
        // Some plateaus began before the cut and ended after it.
        let start = rest.floats("/events/cells/plateau/start");
        assert!(start.iter().any(|start| *start < f64::from(cut)), "cut at {cut} ms: {start:?}");
    }
}

#[test]
fn events_are_of_the_neurons_whose_spikes_are_recorded() {
    let bench = Bench::new();
    bench.write("tufts.toml", MODEL);
    bench.ok("simulate tufts.toml --quiet --record cells[3:7] --out some.h5");
    bench.ok("simulate tufts.toml --quiet --out all.h5");
    let [some, all] = ["some.h5", "all.h5"].map(|file| Contents::of(&bench.path(file)));
    let own: Vec<_> = events(&all, "bap").into_iter().filter(|(n, ..)| (3..7).contains(n)).collect();
    assert_eq!(events(&some, "bap"), own);
    assert!(!own.is_empty());
}

/// Silent cells are held, and a plateau that lasts is drawn.
#[test]
fn cells_are_changed_in_the_course_of_a_run_and_drawn() {
    let bench = Bench::new();
    let changes = "[[change]]\nkind = \"silence\"\nat_ms = 200\npopulation = \"cells\"\nneurons = \"0:20\"\n\n\
                   [[change]]\nkind = \"add-current\"\nat_ms = 200\npopulation = \"cells\"\nneurons = \"20:40\"\nby_pa = 200\n";
    bench.write("tufts.toml", format!("{MODEL}\n{changes}"));
    bench.ok("simulate tufts.toml --quiet --record all --out run.h5");
    let run = Contents::of(&bench.path("run.h5"));
    let count = |neurons: std::ops::Range<u64>, times: std::ops::Range<f64>| {
        let spikes = run.integers("/spikes/cells/node_ids").iter().zip(run.floats("/spikes/cells/timestamps"));
        spikes.filter(|(neuron, time)| neurons.contains(neuron) && times.contains(time)).count()
    };
    assert!(count(0..20, 0.0..200.0) > 20);
    assert_eq!(count(0..20, 200.0..400.0), 0);
    assert!(count(20..40, 200.0..400.0) > count(20..40, 0.0..200.0));
    bench.ok("plot traces run.h5 --out traces.svg");
    let figure = std::fs::read_to_string(bench.path("traces.svg")).unwrap();
    assert!(figure.contains("plateau"), "the spans of plateaus are named");
}

/// A bar in the raster and a row of the explorer's part for each event.
#[test]
fn events_are_drawn_and_served_as_they_are_recorded() {
    let bench = Bench::new();
    bench.write("tufts.toml", MODEL);
    bench.ok("simulate tufts.toml --quiet --out run.h5");
    let run = Contents::of(&bench.path("run.h5"));
    bench.ok("plot raster run.h5 --from 100 --to 300 --out raster.svg");
    let ran = bench.run("plot plateaus run.h5 --out plateaus.svg");
    assert!(ran.code == Some(2) && ran.stderr.contains("which `plot traces` and `plot raster` draw"), "{}", ran.stderr);
    let figure = std::fs::read_to_string(bench.path("raster.svg")).unwrap();
    let bars = figure.lines().filter(|line| line.starts_with("<path class=\"spans\""));
    let bars: Vec<_> = bars.map(|line| line.matches('Z').count()).collect();
    let within = |kind: &str| {
        let times = |column: &str| run.floats(&format!("/events/cells/{kind}/{column}"));
        times("start").iter().zip(times("stop")).filter(|(start, stop)| **start <= 300.0 && *stop >= 100.0).count()
    };
    assert_eq!(bars, ["plateau", "burst", "dendritic_spike"].map(within));
    assert!(figure.contains(">dendritic spike<") && figure.contains(">burst<") && !figure.contains("bap"));

    let parts = apical::view::RunParts::open(&bench.path("run.h5"), None, None).unwrap();
    let pack = apical::view::Parts::part(&parts, apical::view::DataPart::Events(0)).unwrap().unwrap();
    let mut all: Vec<_> = KINDS.iter().flat_map(|kind| run.floats(&format!("/events/cells/{kind}/start"))).collect();
    all.sort_by(f64::total_cmp);
    assert_eq!(pack.meta["kinds"], serde_json::json!(["bap", "burst", "dendritic_spike", "plateau"]));
    assert_eq!(pack.meta["compartments"], serde_json::json!(["soma", "apical"]));
    assert_eq!(pack.meta["total"], all.len());
    let block = pack.bytes();
    let header = u32::from_le_bytes(block[..4].try_into().unwrap()) as usize;
    let start = block[4 + header..].chunks_exact(8).take(all.len());
    let start: Vec<_> = start.map(|eight| f64::from_le_bytes(eight.try_into().unwrap())).collect();
    assert_eq!(start, all);
    let about = apical::view::Parts::part(&parts, apical::view::DataPart::Run).unwrap().unwrap().meta;
    assert_eq!(about["populations"][0]["events"], true);
}

#[test]
fn keys_that_do_not_fit_are_refused_with_line_and_reason() {
    let bench = Bench::new();
    for (from, to, expected) in [
        (
            "between = [\"soma\", \"apical\"]",
            "between = [\"soma\", \"basal\"]",
            "expected a compartment of the cell (soma, apical), found \"basal\"",
        ),
        ("refractory_ms = 80", "refractory_ms = 0", "expected a `refractory_ms` of at least 0.01"),
        ("v_reset_mv = -66", "v_reset_mv = -55", "expected `v_th_mv` above `v_reset_mv`"),
        (
            "reads = { port = \"tuft\", i_th_pa = 200 }",
            "reads = { port = \"tuft\", v_th_mv = -40 }",
            "expected `reads` of either a `compartment` and its `v_th_mv`",
        ),
        (
            "couplings = [{ between = [\"soma\", \"apical\"], g_ns = 10 }]",
            "couplings = []",
            "expected `couplings` that connect all 2 compartments",
        ),
        ("duration_ms = 2 }", "duration_ms = 2, tau_ms = 3 }", "expected either `duration_ms` or `tau_ms` of `bap`"),
        ("tau_ms = 5", "tau_ms = 5, tau = 1", "unknown key `tau`"),
    ] {
        assert!(MODEL.contains(from), "{from}");
        bench.write("tufts.toml", MODEL.replacen(from, to, 1));
        let ran = bench.run("simulate tufts.toml --quiet --out run.h5");
        assert_eq!(ran.code, Some(2), "{to}: {}", ran.stderr);
        assert!(ran.stderr.contains(expected) && ran.stderr.contains("tufts.toml:"), "{to}: {}", ran.stderr);
    }
}

/// A cell without a refractory time is held all the same where a change silences it: with the soma held, the apical potential decays in
/// C / (g_l + g) = 90 / 16 ms.
#[test]
fn a_port_at_a_time_constant_of_a_silenced_cell_is_refused() {
    let bench = Bench::new();
    let text = MODEL.replace("t_ref_ms = 1.5", "t_ref_ms = 0").replace("tau_ms = 5 }", "tau_ms = 5.625 }");
    let silence = "\n[[change]]\nkind = \"silence\"\nat_ms = 200\npopulation = \"cells\"\nneurons = \"0:20\"\n";
    bench.write("tufts.toml", text + silence);
    let ran = bench.run("simulate tufts.toml --quiet --out run.h5");
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    let expected = "expected time constants of ports and of `bap` that differ from those of the membranes";
    assert!(ran.stderr.contains(expected) && ran.stderr.contains("found 5.625 and 5.6"), "{}", ran.stderr);
}
