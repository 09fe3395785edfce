//! Checkpoints that were changed after they were written: `--accept-edited` forgives that their digests differ, nothing else.

use std::sync::LazyLock;

use hdf5::File;

use crate::support::Bench;

/// A balanced circuit whose weights have signs, with spikes in flight; and a training.
static RUN: LazyLock<Bench> = LazyLock::new(|| {
    let bench = Bench::new();
    let signs = "--set projection.exc-exc.sign=non-negative --set projection.inh-exc.sign=non-positive";
    bench.ok(&format!("simulate recurrent-lif {signs} --set protocol.warmup_ms=0 --duration 300 --out run.h5"));
    bench.ok("train tiny.toml --examples 4 --test-examples 2 --out trained.h5");
    bench
});

/// Changes a copy of a checkpoint, and refuses it; what is said.
fn refused(name: &str, command: &str, change: &dyn Fn(&File)) -> String {
    let bench = Bench::new();
    std::fs::copy(RUN.path(name), bench.path("broken.h5")).unwrap();
    change(&crate::support::open_to_change(&bench.path("broken.h5")));
    std::fs::copy(bench.path("broken.h5"), bench.path("edited.h5")).unwrap();
    let before = bench.files();
    let ran = bench.run(&format!("{command} --accept-edited --out out.h5"));
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert_eq!(bench.files(), before, "nothing was written");
    ran.stderr
}

fn put<T: hdf5::H5Type>(file: &File, name: &str, value: T) {
    file.dataset(name).unwrap().write_slice(&[value], 0..=0).unwrap();
}

fn attribute(file: &File, group: &str, name: &str, value: f64) {
    file.group(group).unwrap().attr(name).unwrap().write_scalar(&value).unwrap();
}

/// What is refused, and how the file comes to it.
type Change = (&'static str, &'static dyn Fn(&File));

#[test]
fn ranges_and_completeness_are_checked_all_the_same() {
    const LANE: &str = "lanes/0/populations/exc";
    assert!(File::open(RUN.path("run.checkpoint.h5")).unwrap().dataset(&format!("{LANE}/in_flight_time")).is_ok());
    let changes: [Change; 13] = [
        ("weights of `exc-exc`: expected weights that are non-negative, found -3", &|f| {
            put(f, "weights/exc-exc/final/weight", -3.0_f32);
        }),
        ("weights of `inh-exc`: expected weights that are non-positive, found 3", &|f| {
            put(f, "weights/inh-exc/final/weight", 3.0_f32);
        }),
        ("step of the delays of `exc-exc`, `resolution_ms`: expected", &|f| {
            attribute(f, "weights/exc-exc/final", "resolution_ms", 1e200);
        }),
        ("step of the delays of `exc-exc`, `resolution_ms`: expected", &|f| {
            attribute(f, "weights/exc-exc/final", "resolution_ms", 1e-200);
        }),
        ("values of `mode_0` of `exc` in lane 0: expected numbers from -1e30 to 1e30, found 1e300", &|f| {
            put(f, "lanes/0/populations/exc/mode_0", 1e300);
        }),
        ("values of `mode_0` of `exc` in lane 0", &|f| f.unlink("lanes/0/populations/exc/mode_0").unwrap()),
        ("values of `in_flight_sent` of `exc` in lane 0: expected", &|f| {
            f.unlink("lanes/0/populations/exc/in_flight_sent").unwrap();
        }),
        ("values of `in_flight_block` of `exc` in lane 0: expected", &|f| {
            f.unlink("lanes/0/populations/exc/in_flight_block").unwrap();
        }),
        (
            "values of `in_flight_source` of `exc` in lane 0: expected whole numbers from 0 to below 80, found 8e1",
            &|f| {
                put(f, "lanes/0/populations/exc/in_flight_source", 80.0);
            },
        ),
        ("values of `in_flight_input` of `exc` in lane 0: expected whole numbers", &|f| {
            put(f, "lanes/0/populations/exc/in_flight_input", 0.5);
        }),
        ("the run's clock, `clock_ms`: expected from 300 to below 400 ms, in slice 3, found 4.5e2", &|f| {
            f.attr("clock_ms").unwrap().write_scalar(&450.0).unwrap();
        }),
        ("`examples_seen`: expected from 0 to 10000000", &|f| {
            f.attr("examples_seen").unwrap().write_scalar(&(1_u64 << 60)).unwrap();
        }),
        ("`lanes/0/projections/exc-exc/arrival_ms`", &|f| {
            f.unlink("lanes/0/projections/exc-exc/arrival_ms").unwrap();
        }),
    ];
    for (expected, change) in changes {
        let said = refused("run.checkpoint.h5", "simulate --resume edited.h5 --duration 400", change);
        assert!(said.contains(expected) && said.contains("edited.h5"), "{expected}: {said}");
    }
}

#[test]
fn the_clock_and_the_potentials_of_a_training_are_checked_all_the_same() {
    let changes: [Change; 2] = [
        ("the run's clock [ms]: expected a time from 0 ms, found -1e0", &|f| {
            f.attr("clock_ms").unwrap().write_scalar(&-1.0).unwrap();
        }),
        ("values of `v` of `hidden` in lane 0: expected numbers from -1e30 to 1e30, found -1e200", &|f| {
            put(f, "lanes/0/populations/hidden/v", -1e200);
        }),
    ];
    for (expected, change) in changes {
        let said = refused("trained.checkpoint.h5", "train --resume edited.h5 --examples 8", change);
        assert!(said.contains(expected), "{expected}: {said}");
    }
}

/// What is changed within its range is taken.
#[test]
fn weights_of_their_sign_are_taken() {
    let bench = Bench::new();
    std::fs::copy(RUN.path("run.checkpoint.h5"), bench.path("edited.h5")).unwrap();
    put(&crate::support::open_to_change(&bench.path("edited.h5")), "weights/exc-exc/final/weight", 0.25_f32);
    bench.ok("simulate --resume edited.h5 --duration 400 --accept-edited --out out.h5");
}
