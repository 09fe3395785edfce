//! `apical inspect --check`: a run file is found as documented, and every breach is named with the object it is in.
#![cfg(feature = "cli")]

mod cli;

use std::fs;
use std::str::FromStr;
use std::sync::LazyLock;

use cli::{Bench, Ran};
use hdf5::File;
use hdf5::types::VarLenUnicode;

/// A bench with a run file of which all is recorded, and its checkpoint.
static RUN: LazyLock<Bench> = LazyLock::new(|| {
    let bench = Bench::new();
    // Of so many presentations that there is an eigenvalue.
    bench.ok("train tiny.toml --examples 100 --test-examples 4 --out run.h5 --set recording.credit=true \
         --set population.hidden.plateau_sd_ms=3 --set population.hidden.plateau_longest_ms=1");
    bench
});

/// What is said of the run file once it is broken.
fn checked(break_it: &dyn Fn(&File)) -> Ran {
    let bench = Bench::new();
    // Elsewhere: a program that another test starts meanwhile may inherit the open file and its lock.
    fs::copy(RUN.path("run.h5"), bench.path("broken.h5")).unwrap();
    break_it(&File::open_rw(bench.path("broken.h5")).unwrap());
    fs::copy(bench.path("broken.h5"), bench.path("run.h5")).unwrap();
    bench.run("inspect run.h5 --check")
}

fn put<T: hdf5::H5Type>(file: &File, name: &str, at: usize, value: T) {
    file.dataset(name).unwrap().write_slice(&[value], at..=at).unwrap();
}

#[test]
fn run_files_and_checkpoints_are_as_documented() {
    for name in ["run.h5", "run.checkpoint.h5"] {
        let said = RUN.ok(&format!("inspect {name} --check"));
        assert_eq!(said, format!("{name} is as its format is documented\n"));
    }
    assert_eq!(RUN.json("inspect run.h5 --check")["wrong"], serde_json::json!([]));
}

/// What is said, and how the file was broken.
type Breach = (&'static str, &'static dyn Fn(&File));

#[test]
fn every_breach_is_named_with_its_object() {
    let breaches: [Breach; 14] = [
        ("/spikes/hidden/timestamps: expected ascending times", &|f| put(f, "spikes/hidden/timestamps", 0, 1e9)),
        ("/spikes/hidden/node_ids: expected neurons below 12", &|f| put(f, "spikes/hidden/node_ids", 3, 12_u64)),
        ("/plateaus/hidden/alpha: expected plateaus from 0 to 1", &|f| put(f, "plateaus/hidden/alpha", 2, 1.5_f32)),
        ("/plateaus/hidden/alpha: expected plateaus from 0 to 1", &|f| put(f, "plateaus/hidden/alpha", 2, f32::NAN)),
        ("/presentations/label: expected -1 or one of 4 classes", &|f| put(f, "presentations/label", 0, 4_i16)),
        ("/presentations: expected every start before", &|f| put(f, "presentations/forward_end_ms", 1, 0.0)),
        ("/presentations/image: has 11 entries, expected 120", &|f| {
            f.dataset("presentations/image").unwrap().resize(11).unwrap();
        }),
        ("/credit/hidden/angle: has 7 entries, expected 100", &|f| {
            f.dataset("credit/hidden/angle").unwrap().resize(7).unwrap();
        }),
        ("/credit/eigenvalue/product: has 0 entries, expected 16", &|f| {
            f.dataset("credit/eigenvalue/product").unwrap().resize((0, 16)).unwrap();
        }),
        ("@kind: expected spiking or rate", &|f| {
            f.attr("kind").unwrap().write_scalar(&VarLenUnicode::from_str("rates").unwrap()).unwrap();
        }),
        ("has no `learning/loss`", &|f| f.unlink("learning/loss").unwrap()),
        ("/report/output/mapping/time: expected start, stop", &|f| put(f, "report/output/mapping/time", 2, 0.7)),
        ("/weights/elsewhere: is of no projection", &|f| {
            f.relink("weights/hidden-output", "weights/elsewhere").unwrap();
        }),
        ("/spikes/input: expected the attribute `size` = 16", &|f| {
            f.group("spikes/input").unwrap().attr("size").unwrap().write_scalar(&17_u64).unwrap();
        }),
    ];
    for (expected, breach) in breaches {
        let ran = checked(breach);
        assert_eq!(ran.code, Some(1), "{expected}: {}", ran.stderr);
        assert!(ran.stdout.contains(expected), "{expected}: {}", ran.stdout);
        assert_eq!(ran.stdout.lines().count(), 1, "{}", ran.stdout);
        assert!(ran.stderr.contains("run.h5 is not as its format is documented: 1 found"), "{}", ran.stderr);
    }
}

#[test]
fn what_is_no_file_of_ours_is_refused() {
    let ran = RUN.run("inspect tiny.toml --check");
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""));
}

#[test]
fn nothing_recorded_takes_no_time_and_a_test_has_no_weights() {
    let bench = Bench::new();
    bench.ok("train tiny.toml --examples 4 --out run.h5");
    bench.ok("train tiny.toml --examples 0 --test-examples 0 --out nothing.h5");
    assert!(bench.ok("inspect nothing.h5").contains("0 training, 0 test; 0.0 s recorded\n"));
    assert!(!bench.ok("inspect nothing.h5 --json").contains("-0.0"));
    bench.ok("test run.checkpoint.h5 --out test.h5");
    let said = bench.ok("inspect test.h5");
    assert!(!said.contains("weights "), "{said}");
}

#[test]
fn a_damaged_byte_in_the_text_of_the_model_is_refused() {
    let bench = Bench::new();
    for name in ["run.h5", "run.checkpoint.h5"] {
        let mut bytes = fs::read(RUN.path(name)).unwrap();
        let at = bytes.windows(14).position(|window| window == b"[[projection]]").unwrap();
        bytes[at] = 0xff;
        bench.write(name, bytes);
    }
    for command in ["inspect run.h5", "plot traces run.h5", "view run.h5 --export page.html", "test run.checkpoint.h5"]
    {
        let ran = bench.run(command);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{command}: {}", ran.stderr);
        assert!(
            ran.stderr.contains("`model` is missing or damaged (invalid utf-8 sequence"),
            "{command}: {}",
            ran.stderr
        );
    }
}
