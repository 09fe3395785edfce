//! Files of version 0.1 are read: a model, the run file of a training with it, and its checkpoint.

use std::fs::File;
use std::io::Read;

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
