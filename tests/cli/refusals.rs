//! Bad input is refused before anything runs: exit code 2, one clear message, and not a file more than before.

use std::fs;
use std::sync::LazyLock;

use crate::support::{Bench, MODEL, images, labels, npy};

/// One thing that is wrong: how the bench is spoilt, the command, and what its message says.
struct Case(fn(&Bench), &'static str, &'static [&'static str]);

/// A bench on which a network was trained: `run.h5`, `run.checkpoint.h5`.
static TRAINED: LazyLock<Bench> = LazyLock::new(|| {
    let bench = Bench::new();
    bench.ok("train tiny.toml --examples 8 --record none --out run.h5");
    bench
});

fn refuse(cases: &[Case]) {
    let surprises: Vec<_> = cases.iter().filter_map(surprise).collect();
    assert!(surprises.is_empty(), "\n{}", surprises.join("\n"));
}

/// What a case does that it should not.
fn surprise(Case(spoil, arguments, fragments): &Case) -> Option<String> {
    let bench = Bench::new();
    for name in ["run.h5", "run.checkpoint.h5"] {
        fs::copy(TRAINED.path(name), bench.path(name)).unwrap();
    }
    spoil(&bench);
    let before = bench.files();
    let ran = bench.run(arguments);
    let mut wrong = Vec::new();
    if ran.code != Some(2) {
        wrong.push(format!("exit code {:?}", ran.code));
    }
    for fragment in fragments.iter().filter(|fragment| !ran.stderr.contains(**fragment)) {
        wrong.push(format!("no {fragment:?}"));
    }
    if !ran.stderr.starts_with("error: ") || ran.stderr.contains("panicked") || !ran.stdout.is_empty() {
        wrong.push("not one message".to_owned());
    }
    if says_twice(&ran.stderr) {
        wrong.push("a message twice".to_owned());
    }
    if bench.files() != before {
        wrong.push(format!("files {:?}", bench.files()));
    }
    (!wrong.is_empty()).then(|| format!("apical {arguments}\n  {}\n  {}", wrong.join("; "), ran.stderr))
}

/// Whether one line of a message repeats another.
fn says_twice(message: &str) -> bool {
    let lines: Vec<_> =
        message.lines().map(|line| line.trim_start_matches("error: ").trim_start_matches("  because: ")).collect();
    let repeats = |(i, line): (usize, &&str)| lines.iter().take(i).any(|earlier| earlier.contains(*line));
    lines.iter().filter(|line| !line.is_empty()).enumerate().any(repeats)
}

/// The bench as it is.
fn nothing(_: &Bench) {}

/// Puts another file in place of the training images, or the labels.
fn images_are(bench: &Bench, content: &[u8]) {
    bench.write("data/mnist/train-images-idx3-ubyte", content);
}

fn labels_are(bench: &Bench, content: &[u8]) {
    bench.write("data/mnist/train-labels-idx1-ubyte", content);
}

/// Replaces a text of the model.
fn model(bench: &Bench, right: &str, wrong: &str) {
    assert!(MODEL.contains(right), "{right:?} is no text of the model");
    bench.write("tiny.toml", MODEL.replacen(right, wrong, 1));
}

/// Puts other stimuli in the model.
fn stimuli(bench: &Bench, keys: &str) {
    model(bench, "[stimuli]\nkind = \"idx\"", &format!("[stimuli]\n{keys}"));
}

/// Damages the checkpoint, as another file: a program that another test starts in the meantime keeps what is open here
/// open, and locked.
fn checkpoint(bench: &Bench, damage: impl Fn(&hdf5::File) -> hdf5::Result<()>) {
    let elsewhere = tempfile::tempdir().unwrap();
    let (whole, damaged) = (bench.path("run.checkpoint.h5"), elsewhere.path().join("damaged.h5"));
    fs::copy(&whole, &damaged).unwrap();
    let file = crate::support::open_to_change(&damaged);
    damage(&file).unwrap();
    file.close().unwrap();
    fs::copy(&damaged, &whole).unwrap();
}

/// Puts an array in place of one of the checkpoint.
fn array<T: hdf5::H5Type, D: ndarray::Dimension>(bench: &Bench, name: &str, values: &ndarray::Array<T, D>) {
    checkpoint(bench, |file| {
        file.unlink(name)?;
        file.new_dataset_builder().with_data(values).create(name).map(drop)
    });
}

#[test]
fn damaged_and_strange_images() {
    refuse(&[
        Case(
            |bench| images_are(bench, &images(20)[..200]),
            "train tiny.toml",
            &["train-images-idx3-ubyte: expected 336 bytes", "found 200"],
        ),
        Case(|bench| images_are(bench, &images(20)[..3]), "train tiny.toml", &["expected 16 bytes", "found 3"]),
        Case(
            |bench| images_are(bench, &labels(20)),
            "train tiny.toml",
            &["is not an IDX file of images", "0x00000801, expected 0x00000803"],
        ),
        Case(|bench| images_are(bench, b"\x1f\x8b\x08\0\0\0\0\0\0\x03spoilt"), "train tiny.toml", &["is damaged"]),
        Case(|bench| labels_are(bench, &labels(19)), "train tiny.toml", &["holds 20 images", "19 labels"]),
        Case(|bench| labels_are(bench, b""), "train tiny.toml", &["expected 8 bytes", "found 0"]),
        Case(
            |bench| {
                let mut labels = labels(20);
                labels[8 + 5] = 4;
                labels_are(bench, &labels);
            },
            "train tiny.toml",
            &["presentation 5 has the label 4", "4 classes (0 to 3)"],
        ),
        Case(nothing, "train tiny.toml --data nowhere", &["there is no folder `nowhere`", "`--data DIR`"]),
        Case(nothing, "train tiny.toml --data .", &["holds none of train-images-idx3-ubyte"]),
        Case(
            nothing,
            "train tiny.toml --set population.input.size=100",
            &["4 x 4 = 16 pixels, but the input population has 100 neurons"],
        ),
        Case(nothing, "test run.checkpoint.h5 --data nowhere", &["there is no folder `nowhere`"]),
        Case(nothing, "simulate tiny.toml --data nowhere", &["there is no folder `nowhere`"]),
        Case(nothing, "train tiny.toml --set stimuli.validation=20", &["leaves none of the 20 training images"]),
    ]);
}

#[test]
fn models_that_make_no_sense() {
    refuse(&[
        Case(
            |bench| model(bench, "forward_ms", "foreward_ms"),
            "train tiny.toml",
            &["tiny.toml:38:1: unknown key `foreward_ms` in [protocol]", "did you mean `forward_ms`?"],
        ),
        Case(
            |bench| model(bench, "kind = \"pyramidal\"", "kind = \"pyramidal\"\ntau_l_ms = -3"),
            "train tiny.toml",
            &["`tau_l_ms` in [[population]] \"hidden\"", "found -3"],
        ),
        Case(|bench| model(bench, "size = 12", "size = 0"), "simulate tiny.toml", &["`size` in", "found 0"]),
        Case(
            |bench| model(bench, "compartment = \"apical\"", "compartment = \"dendrite\""),
            "train tiny.toml",
            &["tiny.toml:34:15: [[projection]] \"output-hidden\"", "(\"basal\" or \"apical\"), found \"dendrite\""],
        ),
        Case(
            nothing,
            "train tiny.toml --set learning.batches=4",
            &["--set learning.batches=4", "did you mean `batch`?"],
        ),
        Case(nothing, "train tiny.toml --set learning.batch", &["--set learning.batch: expected KEY=VALUE"]),
        Case(nothing, "train tiny.toml --record hiden", &["--record hiden: there is no", "did you mean `hidden`?"]),
        Case(nothing, "simulate tiny.toml --record 5:2", &["--record 5:2: expected a range of presentations"]),
        Case(
            nothing,
            "train tiny.toml --record all,3:3",
            &["--record all,3:3: keeps none of the presentations 0:20 of the run"],
        ),
        Case(nothing, "simulate tiny.toml --examples 5 --record hidden,5:", &["--record hidden,5:: keeps none", "0:5"]),
        Case(
            nothing,
            "train tiny.toml --set recording.presentations=100:200",
            &["--set recording.presentations=100:200: keeps none"],
        ),
        Case(nothing, "train models/g17-784-50-10.toml", &["there is no model file", "did you mean `g17-784-500-10`?"]),
        Case(nothing, "models g17-784-50-10", &["no model `g17-784-50-10`", "did you mean `g17-784-500-10`?"]),
        Case(nothing, "train run.h5", &["run.h5: expected a model file, found a run file or checkpoint"]),
        Case(nothing, "simulate nowhere.toml", &["there is no model file nowhere.toml"]),
    ]);
}

#[test]
fn initial_values_that_do_not_fit() {
    const FROM_NPY: &str = "train tiny.toml --set projection.input-hidden.weights.from=npy --set projection.input-hidden.weights.path=w.npy";
    refuse(&[
        Case(
            |bench| {
                let mut values = [0.5; 12 * 16];
                values[37] = f32::NAN;
                bench.write("w.npy", npy("(12, 16)", &values));
            },
            FROM_NPY,
            &["w.npy, element [2, 5]: expected a finite float32, found `NaN`"],
        ),
        Case(
            |bench| bench.write("w.npy", npy("(16, 12)", &[0.5; 12 * 16])),
            FROM_NPY,
            &["w.npy has the shape [16, 12], expected [12, 16]"],
        ),
        Case(nothing, FROM_NPY, &["cannot read w.npy", "No such file"]),
        Case(
            nothing,
            "train tiny.toml --set population.hidden.size=13 --set projection.input-hidden.weights.from=run \
             --set projection.input-hidden.weights.path=run.h5",
            &["run.h5: snapshot `final` of `input-hidden` is of shape 12 x 16; the model needs 13 x 16"],
        ),
        Case(
            nothing,
            "simulate tiny.toml --set projection.input-hidden.weights.from=run \
             --set projection.input-hidden.weights.path=run.h5 --set projection.input-hidden.weights.snapshot=last",
            &["no snapshot `last`", "`final`, `initial`"],
        ),
    ]);
}

#[test]
fn checkpoints_that_are_none_or_damaged() {
    refuse(&[
        Case(nothing, "train --resume nowhere.h5", &["cannot read nowhere.h5", "No such file"]),
        Case(nothing, "train --resume run.h5", &["run.h5: is a run file, expected a checkpoint"]),
        Case(nothing, "test tiny.toml", &["tiny.toml is a model, expected a checkpoint"]),
        Case(
            |bench| {
                let whole = fs::read(bench.path("run.checkpoint.h5")).unwrap();
                bench.write("run.checkpoint.h5", &whole[..whole.len() / 2]);
            },
            "test run.checkpoint.h5",
            &["run.checkpoint.h5: is not an HDF5 file, or is damaged"],
        ),
        Case(
            |bench| checkpoint(bench, |file| file.unlink("lanes/0/populations/hidden/v")),
            "train --resume run.checkpoint.h5 --examples 20",
            &["/lanes/0/populations/hidden/v: is missing or damaged"],
        ),
        Case(
            |bench| checkpoint(bench, |file| file.unlink("lanes/0/populations/hidden/v")),
            "train --resume run.checkpoint.h5 --examples 20 --accept-edited",
            &["is a damaged checkpoint", "`v` of `hidden` in lane 0: expected 12, found 0"],
        ),
        Case(
            |bench| array(bench, "lanes/0/populations/hidden/v", &ndarray::Array1::<f64>::zeros(11)),
            "train --resume run.checkpoint.h5 --examples 20 --accept-edited",
            &["is a damaged checkpoint", "`v` of `hidden` in lane 0: expected 12, found 11"],
        ),
        Case(
            |bench| array(bench, "lanes/0/projections/hidden-output/trace_s", &ndarray::Array1::<f64>::zeros(40)),
            "simulate run.checkpoint.h5 --accept-edited",
            &["`trace_s` of `hidden-output` in lane 0: expected 12, found 40"],
        ),
        Case(
            |bench| array(bench, "weights/input-hidden/final", &ndarray::Array2::<f32>::zeros((12, 15))),
            "test run.checkpoint.h5 --accept-edited",
            &["weights of `input-hidden`: expected 12 x 16, found 12 x 15"],
        ),
        Case(
            |bench| checkpoint(bench, |file| file.unlink("biases/output")),
            "test run.checkpoint.h5 --accept-edited",
            &["biases of `output`: expected 4, found 0"],
        ),
        Case(
            |bench| array(bench, "weights/input-hidden/final", &ndarray::Array2::from_elem((12, 16), f32::NAN)),
            "test run.checkpoint.h5 --accept-edited",
            &["weights of `input-hidden`: expected finite numbers"],
        ),
        Case(
            |bench| {
                array(bench, "lanes/0/projections/output-hidden/arrival_ms", &ndarray::arr1(&[0.5_f64]));
                array(bench, "lanes/0/projections/output-hidden/arrival_node", &ndarray::arr1(&[4_u32]));
            },
            "train --resume run.checkpoint.h5 --examples 20 --accept-edited",
            &["spikes in flight of `output-hidden` in lane 0", "neurons below 4"],
        ),
        Case(
            |bench| checkpoint(bench, |file| file.unlink("lanes/0")),
            "train --resume run.checkpoint.h5 --examples 20 --accept-edited",
            &["lanes: expected 1, found 0"],
        ),
        Case(
            |bench| checkpoint(bench, |file| file.delete_attr("seed")),
            "test run.checkpoint.h5",
            &["`seed` is missing or damaged"],
        ),
        Case(nothing, "inspect data", &["data: is a folder, expected a run file or checkpoint"]),
        Case(
            |bench| bench.write("garbage.h5", [0x89; 5000]),
            "inspect garbage.h5",
            &["garbage.h5: is not an HDF5 file"],
        ),
    ]);
}

#[test]
fn checkpoints_of_another_network() {
    refuse(&[
        Case(
            nothing,
            "train tiny.toml --resume run.checkpoint.h5 --set population.hidden.size=13",
            &["a checkpoint of another network: input 16, hidden 12, output 4; the model has input 16, hidden 13"],
        ),
        Case(
            |bench| model(bench, "delay_ms = 1", "delay_ms = 1\nname = \"back\""),
            "train tiny.toml --resume run.checkpoint.h5",
            &["a checkpoint of another network: input-hidden (basal)", "back (apical)"],
        ),
        Case(nothing, "train g17-784-500-10 --resume run.checkpoint.h5", &["a checkpoint of another network"]),
        Case(
            nothing,
            "train --resume run.checkpoint.h5 --set learning.batch=4",
            &["a checkpoint of batch = 1; the model has batch = 4"],
        ),
        Case(
            nothing,
            "train --resume run.checkpoint.h5 --examples 7",
            &["has 8 presentations behind it, more than the 7 asked for"],
        ),
    ]);
}

#[test]
fn places_that_cannot_be_written() {
    refuse(&[
        Case(
            nothing,
            "train tiny.toml --out nowhere/run.h5",
            &["the run file cannot be created", "--out", "cannot create nowhere/run.h5.part", "No such file"],
        ),
        Case(nothing, "train tiny.toml --out data", &["--out data: expected the path of a file, found a folder"]),
        Case(nothing, "simulate tiny.toml --out nowhere/", &["--out nowhere/: expected the path of a file"]),
        Case(nothing, "test run.checkpoint.h5 --out nowhere/test.h5", &["the run file cannot be created"]),
        Case(
            nothing,
            "train tiny.toml --out tiny.toml",
            &["a file of this run exists that --overwrite could not replace", "tiny.toml: is not an HDF5 file"],
        ),
        Case(
            nothing,
            "test run.checkpoint.h5 --out run.checkpoint.h5",
            &[
                "a file of this run exists that --overwrite could not replace",
                "run.checkpoint.h5: is a checkpoint, expected a run file",
            ],
        ),
        Case(
            nothing,
            "train --resume run.checkpoint.h5 --examples 20 --out ./run.checkpoint.h5",
            &[
                "a file of this run exists that --overwrite could not replace",
                "run.checkpoint.h5: is a checkpoint, expected a run file",
            ],
        ),
        Case(
            |bench| fs::create_dir(bench.path("new-seed2.checkpoint.h5")).unwrap(),
            "train tiny.toml --seeds 1,2 --out new.h5",
            &["the checkpoint path new-seed2.checkpoint.h5 exists and is not a regular file"],
        ),
        Case(
            |bench| fs::create_dir(bench.path("new.checkpoint.h5")).unwrap(),
            "train tiny.toml --out new.h5",
            &["the checkpoint path new.checkpoint.h5 exists and is not a regular file"],
        ),
        #[cfg(unix)]
        Case(
            |bench| drop(std::os::unix::net::UnixListener::bind(bench.path("socket")).unwrap()),
            "simulate tiny.toml --out socket",
            &["a file of this run exists that --overwrite could not replace", "socket: is a device, socket or pipe"],
        ),
        Case(|bench| bench.write("output", "a file"), "train tiny.toml", &["cannot create the folder output"]),
        Case(|bench| bench.write("g17-784-10.toml", ""), "models --write .", &["g17-784-10.toml exists already"]),
    ]);
}

#[test]
fn arguments_that_make_no_sense() {
    refuse(&[
        Case(nothing, "train", &["<MODEL>"]),
        Case(nothing, "tran tiny.toml", &["unrecognized subcommand 'tran'", "'train'"]),
        Case(nothing, "train tiny.toml --epochs 0", &["--epochs 0: expected at least 1"]),
        Case(nothing, "train tiny.toml --seeds 1..x", &["'1..x'", "`x` is not a seed"]),
        Case(nothing, "train tiny.toml --seeds 3..1", &["expected 1 to 1000 seeds"]),
        Case(nothing, "train tiny.toml --seeds 0..18446744073709551615", &["expected 1 to 1000 seeds"]),
        Case(nothing, "train tiny.toml --seeds 2,2", &["expected every seed once"]),
        Case(nothing, "train tiny.toml --threads 0", &["--threads", "1..=1024"]),
        Case(nothing, "train tiny.toml --threads 1000000", &["--threads", "1..=1024"]),
        Case(nothing, "train tiny.toml --examples -1", &["'-1'"]),
        Case(nothing, "test run.checkpoint.h5 --test-examples 0", &["--test-examples 0: expected at least 1"]),
        Case(nothing, "test run.checkpoint.h5 --passes 0", &["--passes"]),
    ]);
}

#[test]
fn stimuli_that_do_not_fit() {
    refuse(&[
        Case(
            |bench| stimuli(bench, &format!("kind = \"rates\"\nrates_hz = {:?}", [50; 16])),
            "train tiny.toml",
            &["training needs labels: give `labels` under [stimuli]"],
        ),
        Case(
            |bench| {
                stimuli(bench, "kind = \"spikes\"\npath = \"spikes.csv\"");
                bench.write("spikes.csv", "presentation,time_ms,neuron\n0,1.5,3\n0,2.5,16\n");
            },
            "simulate tiny.toml",
            &["spikes.csv, line 3, column 3: expected a neuron from 0 to 15, found `16`"],
        ),
        Case(
            |bench| {
                stimuli(bench, "kind = \"rates\"\npath = \"rates.csv\"\nlabels = [0, 1]");
                bench.write("rates.csv", format!("{}\n", ["50"; 16].join(",")));
            },
            "train tiny.toml",
            &["`labels` in [stimuli] has 2 entries, but rates.csv holds 1 presentations"],
        ),
        Case(
            |bench| {
                stimuli(bench, "kind = \"rates\"\npath = \"rates.csv\"");
                bench.write("rates.csv", "50,60\n");
            },
            "simulate tiny.toml",
            &["rates.csv, line 1: expected 16 values, found 2"],
        ),
        Case(
            |bench| stimuli(bench, &format!("kind = \"rates\"\nrates_hz = {:?}", [50; 16])),
            "simulate tiny.toml --data data/mnist",
            &["`--data data/mnist` names a folder of images, but the model's stimuli are rates"],
        ),
    ]);
}
