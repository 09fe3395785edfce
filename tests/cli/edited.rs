//! Checkpoints that were changed after they were written: `--accept-edited` forgives that their digests differ, nothing else.

use std::sync::LazyLock;

use hdf5::File;

use crate::support::Bench;

/// A balanced circuit whose weights have signs, with spikes in flight; cells of several compartments within events; and a training.
static RUN: LazyLock<Bench> = LazyLock::new(|| {
    let bench = Bench::new();
    let signs = "--set projection.exc-exc.sign=non-negative --set projection.inh-exc.sign=non-positive";
    bench.ok(&format!("simulate recurrent-lif {signs} --set protocol.warmup_ms=0 --duration 300 --out run.h5"));
    bench.write("tufts.toml", include_str!("../support/tufts.toml"));
    bench.ok("simulate tufts.toml --duration 200 --out tufts.h5");
    let bursts = "{kind=\"burst_dependent\",eta=0.5,w_max=60,w_min=-60}";
    bench.ok(&format!(
        "simulate tufts.toml --duration 200 --out learnt.h5 --set projection.cells-cells.plasticity={bursts}"
    ));
    let pairs = "{kind=\"stdp\",w_max=60,w_min=-60}";
    bench.ok(&format!(
        "simulate tufts.toml --duration 200 --out pairs.h5 --set projection.cells-cells.plasticity={pairs}"
    ));
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
    let changes: [Change; 15] = [
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
        (
            "values of `in_flight_from` of `exc` in lane 0: expected whole numbers from 0 to below 4294967295, found -1e0",
            &|f| {
                put(f, "lanes/0/populations/exc/in_flight_from", -1.0);
            },
        ),
        (
            "values of `in_flight_to` of `exc` in lane 0: expected whole numbers from 0 to below 4294967295, found 2.5e0",
            &|f| {
                put(f, "lanes/0/populations/exc/in_flight_to", 2.5);
            },
        ),
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

/// Numbers of an array of the cells of several compartments.
fn tufts(file: &File, name: &str) -> Vec<f64> {
    file.dataset(&format!("lanes/0/populations/cells/{name}")).unwrap().read_raw().unwrap()
}

/// Puts a number at a place of such an array.
fn put_tufts(file: &File, name: &str, place: usize, value: f64) {
    let dataset = file.dataset(&format!("lanes/0/populations/cells/{name}")).unwrap();
    dataset.write_slice(&[value], place..=place).unwrap();
}

/// The first place of an array of which something holds.
fn place(values: &[f64], holds: impl Fn(f64) -> bool) -> usize {
    values.iter().position(|&value| holds(value)).expect("the state has one")
}

const NEVER: f64 = f64::MIN;

/// The first neuron whose plateau lasts, and whose does not.
fn lasting(file: &File) -> usize {
    place(&tufts(file, "event_0_end"), |end| end > NEVER)
}

fn quiet(file: &File) -> usize {
    place(&tufts(file, "event_0_end"), |end| end.total_cmp(&NEVER).is_eq())
}

/// The first neuron that has fired lately, and that has not.
fn spiking(file: &File) -> usize {
    place(&tufts(file, "burst_count"), |count| count > 0.0)
}

fn silent(file: &File) -> usize {
    place(&tufts(file, "burst_count"), |count| count == 0.0)
}

/// The first back-propagating action potential that is on its way, and that lasts.
fn waiting(file: &File) -> usize {
    place(&tufts(file, "bap_begun"), |begun| begun == 0.0)
}

fn begun(file: &File) -> usize {
    place(&tufts(file, "bap_begun"), |begun| begun > 0.0)
}

/// The second of two that last, the first of which is made one of the same neuron.
fn second_of_a_neuron(file: &File) -> usize {
    let begun = tufts(file, "bap_begun");
    let second = (1..begun.len()).find(|&i| begun[i - 1] > 0.0 && begun[i] > 0.0).expect("two that last");
    put_tufts(file, "bap_neuron", second - 1, tufts(file, "bap_neuron")[second]);
    second
}

#[test]
fn times_and_counts_of_compartments_are_those_of_a_run() {
    let changes: [Change; 21] = [
        (
            "`last_event` of `cells` in lane 0: expected times of 0 to 2000 ms before the checkpoint, found -2.001e3",
            &|f| {
                put_tufts(f, "last_event", 3, -2001.0);
            },
        ),
        ("`last_event` of `cells` in lane 0: expected times of 0 to 2000 ms before", &|f| {
            put_tufts(f, "last_event", 3, 1.0);
        }),
        ("`event_0_end` of `cells` in lane 0: expected finite numbers", &|f| put_tufts(f, "event_0_end", 0, f64::NAN)),
        ("`event_0_start` of `cells` in lane 0: expected times up to the checkpoint", &|f| {
            put_tufts(f, "event_0_start", lasting(f), 5.0);
        }),
        (
            "`event_0_end` of `cells` in lane 0: expected times from `event_0_start` to 45 ms after the checkpoint",
            &|f| {
                put_tufts(f, "event_0_end", lasting(f), 46.0);
            },
        ),
        ("`event_0_end` of `cells` in lane 0: expected times from `event_0_start` to", &|f| {
            put_tufts(f, "event_0_end", lasting(f), -100.0);
        }),
        ("`event_0_end` of `cells` in lane 0: expected times from `event_0_start` to", &|f| {
            put_tufts(f, "event_0_end", quiet(f), 10.0);
        }),
        ("`event_0_end` of `cells` in lane 0: expected times from `event_0_start` to", &|f| {
            put_tufts(f, "event_0_end", lasting(f), NEVER);
        }),
        ("`event_0_ready` of `cells` in lane 0: expected times up to 80 ms after the checkpoint, found 8.1e1", &|f| {
            put_tufts(f, "event_0_ready", 0, 81.0);
        }),
        ("`burst_count` of `cells` in lane 0: expected whole numbers from 0, found -1e0", &|f| {
            put_tufts(f, "burst_count", 0, -1.0);
        }),
        ("`burst_count` of `cells` in lane 0: expected whole numbers from 0, found 1.5e0", &|f| {
            put_tufts(f, "burst_count", spiking(f), 1.5);
        }),
        (
            "`burst_first` of `cells` in lane 0: expected times up to the checkpoint where `burst_count` is above 0",
            &|f| {
                put_tufts(f, "burst_count", silent(f), 2.0);
            },
        ),
        (
            "`burst_first` of `cells` in lane 0: expected times up to the checkpoint where `burst_count` is above 0",
            &|f| {
                put_tufts(f, "burst_count", spiking(f), 0.0);
            },
        ),
        ("`burst_last` of `cells` in lane 0: expected times from `burst_first` on and of 0 to 12 ms before", &|f| {
            put_tufts(f, "burst_last", spiking(f), -12.5);
        }),
        ("`burst_last` of `cells` in lane 0: expected times from `burst_first` on", &|f| {
            put_tufts(f, "burst_last", spiking(f), 1.0);
        }),
        ("`bap_start` of `cells` in lane 0: expected finite numbers", &|f| put_tufts(f, "bap_start", 0, f64::INFINITY)),
        ("`bap_start` of `cells` in lane 0: expected times of 0 to 2 ms before the checkpoint", &|f| {
            put_tufts(f, "bap_start", begun(f), -2.1);
        }),
        ("of those that have begun, of 0 to 1 ms after it of others", &|f| put_tufts(f, "bap_start", waiting(f), 1.1)),
        ("of those that have begun, of 0 to 1 ms after it of others", &|f| put_tufts(f, "bap_start", waiting(f), -0.1)),
        ("and in their order for each neuron", &|f| {
            let second = second_of_a_neuron(f);
            put_tufts(f, "bap_start", second - 1, -0.5);
            put_tufts(f, "bap_start", second, -1.0);
        }),
        ("values of `bap_begun` of `cells` in lane 0: expected whole numbers from 0 to below 2, found 2e0", &|f| {
            put_tufts(f, "bap_begun", 0, 2.0);
        }),
    ];
    for (expected, change) in changes {
        let said = refused("tufts.checkpoint.h5", "simulate --resume edited.h5 --duration 400", change);
        assert!(said.contains(expected) && said.contains("edited.h5"), "{expected}: {said}");
    }
}

/// What plasticity remembers: spikes that were sent, last spikes of neurons, and what rules keep of them.
#[test]
fn what_plasticity_remembers_is_checked_all_the_same() {
    let changes: [Change; 9] = [
        ("values of `plastic_0_sent` of `cells` in lane 0: expected times up to the checkpoint, found 5e0", &|f| {
            put_tufts(f, "plastic_0_sent", 0, 5.0);
        }),
        ("values of `plastic_0_source` of `cells` in lane 0: expected neuron by neuron, each in the order of", &|f| {
            put_tufts(f, "plastic_0_source", 0, 39.0);
        }),
        ("`plastic_0_phase` with `plastic_0_time` of `cells` in lane 0: expected times up to the checkpoint", &|f| {
            put_tufts(f, "plastic_0_time", 0, 500.0);
        }),
        ("values of `plastic_0_time` of `cells` in lane 0: expected times from 0 on", &|f| {
            put_tufts(f, "plastic_0_time", 0, -3.0);
        }),
        ("values of `plastic_0_trace_1` of `cells` in lane 0: expected traces of 0 or more, found -1e0", &|f| {
            put_tufts(f, "plastic_0_trace_1", 0, -1.0);
        }),
        ("`plastic_0_fired_phase` with `plastic_0_fired_time` of `cells`", &|f| {
            put_tufts(f, "plastic_0_fired_phase", 3, 250.0);
        }),
        ("`plastic_0_memory_phase` with `plastic_0_memory_time` of `cells`", &|f| {
            put_tufts(f, "plastic_0_memory_time", 3, 250.0);
        }),
        ("expected running events above 0, and a running probability of bursts of 0 or more, found 0 and", &|f| {
            put_tufts(f, "plastic_0_memory_1", 5, 0.0);
        }),
        ("expected running events above 0, and a running probability of bursts of 0 or more, found", &|f| {
            put_tufts(f, "plastic_0_memory_2", 5, -0.25);
        }),
    ];
    for (expected, change) in changes {
        let said = refused("learnt.checkpoint.h5", "simulate --resume edited.h5 --duration 400", change);
        assert!(said.contains(expected) && said.contains("edited.h5"), "{expected}: {said}");
    }
    let said = refused("pairs.checkpoint.h5", "simulate --resume edited.h5 --duration 400", &|f| {
        put_tufts(f, "plastic_0_fired_trace_1", 5, -2.0);
    });
    assert!(
        said.contains("values of `plastic_0_fired_trace_1` of `cells` in lane 0: expected traces of 0 or more"),
        "{said}"
    );
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

/// As are times of events within theirs.
#[test]
fn times_of_events_in_their_order_are_taken() {
    let bench = Bench::new();
    std::fs::copy(RUN.path("tufts.checkpoint.h5"), bench.path("edited.h5")).unwrap();
    let file = crate::support::open_to_change(&bench.path("edited.h5"));
    let lasting = place(&tufts(&file, "event_0_end"), |end| end > f64::MIN);
    put_tufts(&file, "event_0_start", lasting, -3.0);
    put_tufts(&file, "event_0_end", lasting, 42.0);
    drop(file);
    bench.ok("simulate --resume edited.h5 --duration 400 --accept-edited --out out.h5");
    let out = crate::support::Contents::of(&bench.path("out.h5"));
    let [start, stop] = ["start", "stop"].map(|column| out.floats(&format!("/events/cells/plateau/{column}")));
    let of = start.iter().zip(stop).find(|(start, _)| (**start - 197.0).abs() < 1e-9);
    assert!(of.is_some_and(|(_, stop)| (stop - 242.0).abs() < 1e-9), "{of:?}");
}
