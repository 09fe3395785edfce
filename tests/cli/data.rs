//! The data of a run: found again where they were, refused where they are others, reported where they do not fit.

use std::fs;
use std::process::Command;

use crate::support::{self, Bench, MODEL, Ran, images, labels, npy};

/// A bench whose network was trained on 8 images in `other`, and that has others in `data/mnist`.
fn trained_elsewhere() -> Bench {
    let bench = Bench::new();
    fs::create_dir(bench.path("other")).unwrap();
    for (half, count) in [("train", 8), ("t10k", 5)] {
        bench.write(&format!("other/{half}-images-idx3-ubyte"), images(count));
        bench.write(&format!("other/{half}-labels-idx1-ubyte"), labels(count));
    }
    bench.ok("train tiny.toml --data other --examples 8 --quiet --out run.h5");
    bench
}

/// The program in a folder of the bench.
fn run_in(bench: &Bench, folder: &str, arguments: &str) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_apical"));
    command.args(arguments.split_whitespace()).current_dir(bench.path(folder)).output().unwrap().into()
}

const USES: [&str; 5] = [
    "test run.checkpoint.h5",
    "train --resume run.checkpoint.h5 --examples 12 --record none --out more.h5",
    "simulate run.checkpoint.h5 --examples 2 --out sim.h5",
    "validate run.checkpoint.h5 --images 2 --examples 4 --durations 40 --out v.json",
    "compare --sizes 16,12,4 --representations run.checkpoint.h5 --images 5",
];

#[test]
fn a_checkpoint_is_shown_what_it_was_trained_on() {
    let bench = trained_elsewhere();
    assert!(bench.ok("test run.checkpoint.h5").contains("on 5 images"));
    bench.ok("simulate run.checkpoint.h5 --examples 16 --record none --out sim.h5");
    let shown = support::Contents::of(&bench.path("sim.h5"));
    assert!(shown.integers("/presentations/image").iter().all(|&image| image < 8));

    // From another folder, too, and by its name where the whole was moved.
    fs::create_dir(bench.path("deep")).unwrap();
    let ran = run_in(&bench, "deep", "test ../run.checkpoint.h5");
    assert!(ran.stdout.contains("on 5 images"), "{ran:?}");
    for name in ["run.checkpoint.h5", "other"] {
        fs::rename(bench.path(name), bench.path(&format!("deep/{name}"))).unwrap();
    }
    let ran = run_in(&bench, "deep", "test run.checkpoint.h5");
    assert!(ran.stdout.contains("on 5 images") && ran.stderr.is_empty(), "{ran:?}");
    let ran = bench.run("test deep/run.checkpoint.h5");
    assert!(ran.code == Some(2) && ran.stderr.contains("there is no folder"), "{ran:?}");
}

#[test]
fn other_contents_under_the_same_name_are_refused() {
    let bench = trained_elsewhere();
    for half in ["train", "t10k"] {
        let name = format!("other/{half}-images-idx3-ubyte");
        let mut spoilt = fs::read(bench.path(&name)).unwrap();
        spoilt[16] ^= 1;
        bench.write(&name, spoilt);
    }
    for arguments in USES {
        let ran = bench.run(arguments);
        assert_eq!(ran.code, Some(2), "{arguments}: {ran:?}");
        let printed =
            ["differ from those of the training", "by `--data DIR`", "-images-idx3-ubyte` is", "other` does not hold"];
        assert!(printed.iter().all(|text| ran.stderr.contains(text)), "{arguments}: {}", ran.stderr);
    }
}

#[test]
fn other_data_that_are_named_are_shown_with_a_note() {
    let bench = trained_elsewhere();
    let ran = bench.run("test run.checkpoint.h5 --data data/mnist");
    assert!(ran.code == Some(0) && ran.stdout.contains("on 12 images"), "{ran:?}");
    let printed = "note: data/mnist holds other data than those the network was trained on, ";
    assert!(ran.stderr.contains(printed) && ran.stderr.trim_end().ends_with("other"), "{}", ran.stderr);
    // The same data under another name are no others.
    fs::rename(bench.path("other"), bench.path("moved")).unwrap();
    let ran = bench.run("test run.checkpoint.h5 --data moved --quiet");
    assert!(ran.stdout.contains("on 5 images") && ran.stderr.is_empty(), "{ran:?}");
    let ran = bench.run("test run.checkpoint.h5 --data moved --set stimuli.validation=2");
    assert!(ran.stderr.contains("note: `validation = 2` in [stimuli], but the network was trained with 0"), "{ran:?}");
}

#[test]
fn a_run_file_is_viewed_with_the_images_it_was_shown() {
    let bench = trained_elsewhere();
    let ran = bench.run("view run.h5 --export page.html");
    assert!(ran.code == Some(0) && !ran.stderr.contains("not all images"), "{ran:?}");
}

/// A checkpoint of before there were these attributes.
#[test]
fn a_checkpoint_that_keeps_nothing_of_its_data_still_loads() {
    let bench = trained_elsewhere();
    // Elsewhere: a program that another test starts meanwhile may inherit the open file and its lock.
    fs::copy(bench.path("run.checkpoint.h5"), bench.path("copy.h5")).unwrap();
    let file = crate::support::open_to_change(&bench.path("copy.h5"));
    for name in ["data_source", "data_sha256", "validation"] {
        file.delete_attr(name).unwrap();
    }
    file.close().unwrap();
    fs::copy(bench.path("copy.h5"), bench.path("run.checkpoint.h5")).unwrap();
    assert!(bench.ok("test run.checkpoint.h5 --accept-edited").contains("on 12 images"));
}

#[test]
fn images_that_are_missing_are_told_how_to_get() {
    let bench = Bench::new();
    fs::rename(bench.path("data"), bench.path("elsewhere")).unwrap();
    let ran = bench.run("train tiny.toml");
    assert_eq!(ran.code, Some(2));
    let files =
        ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"];
    let printed = ["`data/mnist`", "--data DIR", "The MNIST database of handwritten digits", "LeCun, Cortes & Burges"];
    assert!(files.iter().chain(&printed).all(|text| ran.stderr.contains(text)), "{}", ran.stderr);
}

fn with_spikes(rows: &str, labels: &str) -> Bench {
    let bench = Bench::new();
    let stimuli = format!("[stimuli]\nkind = \"spikes\"\npath = \"list.csv\"\n{labels}");
    bench.write("tiny.toml", MODEL.replace("[stimuli]\nkind = \"idx\"", &stimuli));
    bench.write("list.csv", format!("presentation,time_ms,neuron\n{rows}"));
    bench
}

#[test]
fn spikes_beyond_their_presentation_are_refused_with_their_number() {
    let late = with_spikes("0,5,0\n1,1005,0\n2,2005,0\n", "");
    let ran = late.run("simulate tiny.toml --out run.h5");
    assert_eq!(ran.code, Some(2), "{ran:?}");
    let printed = "list.csv: 2 of 3 spikes come after the 20 ms for which a presentation is sure to last, the first at 1005 ms in \
                presentation 1";
    assert!(ran.stderr.contains(printed) && ran.stderr.contains("`forward_ms`"), "{}", ran.stderr);
    with_spikes("0,5,0\n1,19.9,0\n", "").ok("simulate tiny.toml --out run.h5");
    // The target phase shows a list on, and a test is shorter here.
    let labelled = with_spikes("0,5,0\n1,35,0\n", "labels = [0, 1]");
    let ran = labelled.run("train tiny.toml --examples 2 --set protocol.test_ms=30 --quiet --out run.h5");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stderr.contains("1 of 2 spikes come after the 30 ms of a test"), "{}", ran.stderr);
}

#[test]
fn a_split_by_class_is_reported_with_counts() {
    let bench = Bench::new();
    let by_class = [vec![0, 0, 8, 1, 0, 0, 0, 20], (0..20).map(|image| image / 5).collect()].concat();
    bench.write("data/mnist/train-labels-idx1-ubyte", by_class);
    let ran = bench.run("train tiny.toml --examples 4 --set stimuli.validation=5 --quiet --out run.h5");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stderr.contains("these are never trained: 3 (5 images)"), "{}", ran.stderr);
    assert!(ran.stderr.contains("all 5 images that are tested are of class 3"), "{}", ran.stderr);
}

/// Weights of 3e38 are finite, the potentials they give are not.
#[test]
fn potentials_that_overflow_end_a_simulation_and_a_test() {
    let bench = Bench::new();
    bench.write("w.npy", npy("(12, 16)", &[3e38; 192]));
    let weights = "--set projection.input-hidden.weights.from=npy --set projection.input-hidden.weights.path=w.npy";
    let ran = bench.run(&format!("simulate tiny.toml --examples 8 --out sim.h5 {weights}"));
    let printed =
        "error: hidden: mean potentials left the numbers of single precision in training presentation 0; lower the";
    assert!(ran.code == Some(1) && ran.stderr.contains(printed), "{ran:?}");
    let ran = bench.run(&format!("train tiny.toml --examples 0 --out run.h5 {weights}"));
    assert!(ran.code == Some(1) && ran.stderr.contains("in test presentation 0"), "{ran:?}");
    assert!(!bench.path("run.checkpoint.h5").exists());
}

#[cfg(unix)]
#[test]
fn pipes_are_refused_and_neither_waited_for_nor_read() {
    let bench = Bench::new();
    let pipe = |name: &str| assert!(Command::new("mkfifo").arg(bench.path(name)).status().unwrap().success());
    ["pipe", "rates.csv", "rates.npy", "w.npy", "data/mnist/t10k-labels-idx1-ubyte.gz"].into_iter().for_each(pipe);
    fs::remove_file(bench.path("data/mnist/t10k-labels-idx1-ubyte")).unwrap();
    bench.write("variant.toml", "name = \"variant\"\nbase = \"pipe\"\n");
    let rates = "--set stimuli.kind=rates --set stimuli.path=rates";
    let weights = "--set projection.input-hidden.weights.from=npy --set projection.input-hidden.weights.path=w.npy";
    for arguments in [
        "simulate pipe",
        "train variant.toml",
        "test pipe",
        "compare pipe",
        "train tiny.toml",
        &format!("simulate tiny.toml {rates}.csv"),
        &format!("simulate tiny.toml {rates}.npy"),
        &format!("simulate tiny.toml {weights}"),
    ] {
        let ran = bench.run(arguments);
        assert_eq!(ran.code, Some(2), "{arguments}: {ran:?}");
        assert!(ran.stderr.contains("pipe or a device") || ran.stderr.contains("socket or pipe"), "{}", ran.stderr);
    }
}
