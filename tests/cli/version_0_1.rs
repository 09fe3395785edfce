//! Files of version 0.1 are read: a model, the run file of a training with it, and its checkpoint.

use std::fs::File;
use std::io::Read;
use std::time::Duration;

use crate::support::{Bench, Contents, images_of};

/// The folder of the files.
const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/0.1");

/// A bench with the files, and 8 training and 4 test images of 2 x 2 pixels in two classes.
fn bench() -> Bench {
    let bench = Bench::new();
    for name in ["run.h5", "run.checkpoint.h5"] {
        let packed = File::open(format!("{FIXTURES}/{name}.gz")).unwrap();
        let mut bytes = Vec::new();
        flate2::read::GzDecoder::new(packed).read_to_end(&mut bytes).unwrap();
        bench.write(name, bytes);
    }
    bench.write("model.toml", std::fs::read(format!("{FIXTURES}/model.toml")).unwrap());
    for (half, count) in [("train", 8_u8), ("t10k", 4)] {
        let labels = [0, 0, 8, 1, 0, 0, 0, count].into_iter().chain((0..count).map(|image| image % 2));
        bench.write(&format!("data/mnist/{half}-images-idx3-ubyte"), images_of(count.into(), 2));
        bench.write(&format!("data/mnist/{half}-labels-idx1-ubyte"), labels.collect::<Vec<u8>>());
    }
    bench
}

/// With texts of variable length and without digests.
#[test]
fn files_of_version_0_1_are_read() {
    let bench = bench();
    for name in ["run.h5", "run.checkpoint.h5"] {
        assert_eq!(bench.ok(&format!("inspect {name} --check")), format!("{name} is as its format is documented\n"));
    }
    assert_eq!(bench.json("inspect run.h5")["presentations"]["train"], 6);
    assert_eq!(bench.json("inspect run.checkpoint.h5")["examples_seen"], 6);
    bench.ok("plot raster run.h5 --out raster.svg");
}

#[test]
fn a_checkpoint_of_version_0_1_goes_on() {
    let bench = bench();
    bench.ok("test run.checkpoint.h5 --out test.h5");
    let gone_on = bench.json("train --resume run.checkpoint.h5 --examples 8 --out more.h5");
    assert_eq!(gone_on["examples_seen"], 8);
    assert_eq!(bench.json("inspect more.checkpoint.h5")["examples_seen"], 8);
}

#[test]
fn a_model_of_version_0_1_begins_as_it_did() {
    let bench = bench();
    bench.ok("train model.toml --examples 6 --out now.h5");
    let initial = |name| {
        let initial: Vec<_> = Contents::of(&bench.path(name)).0.into_iter().collect();
        initial.into_iter().filter(|(path, _)| path.ends_with("/initial")).collect::<Vec<_>>()
    };
    assert_eq!(initial("run.h5").len(), 5, "weights of three projections, biases of two populations");
    assert_eq!(initial("run.h5"), initial("now.h5"));
}

/// Their texts lie in a heap of HDF5's at byte 2048, which ends with an object 0, the free space, and its size: with a size of 0
/// HDF5 would wait for its end for ever.
#[test]
fn texts_without_an_end_are_refused_and_not_waited_for() {
    let bench = bench();
    for (name, free_space) in [("run.h5", 2296), ("run.checkpoint.h5", 3120_u64)] {
        let mut bytes = std::fs::read(bench.path(name)).unwrap();
        let size = 2048 + 4096 - free_space as usize + 8;
        assert_eq!(bytes[size..size + 8], free_space.to_le_bytes());
        bytes[size..size + 8].fill(0);
        bench.write(name, bytes);
        let commands: &[_] = match name {
            "run.h5" => &["inspect", "inspect --check", "plot raster", "view"],
            _ => &["inspect", "inspect --check", "test", "train --resume"],
        };
        for command in commands {
            let ran = bench.run_for(Duration::from_mins(1), &format!("{command} {name}"));
            assert_eq!(ran.code, Some(2), "{command} {name}: {}", ran.stderr);
            assert!(ran.stderr.contains("the texts at byte 2048 have no end"), "{command}: {}", ran.stderr);
        }
    }
}
