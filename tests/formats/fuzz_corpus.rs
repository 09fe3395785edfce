//! The corpus of the fuzz targets (`fuzz/`), read again: no input may panic.

use std::fs;
use std::path::Path;

/// Public for the targets, which are crates of their own.
#[allow(unreachable_pub)]
#[path = "../../fuzz/src/lib.rs"]
mod targets;

/// Hands every input kept for a target to it; a panic is preceded by the input's name.
fn replay(target: &str, run: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut inputs: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    inputs.sort();
    assert!(!inputs.is_empty(), "{} is empty", folder.display());
    for input in inputs {
        println!("{}", input.display());
        run(&fs::read(&input).unwrap());
    }
}

#[test]
fn idx() {
    replay("idx", targets::idx);
}

#[test]
fn model() {
    replay("model", targets::model);
}

#[test]
fn set() {
    replay("set", targets::set);
}

#[test]
fn csv() {
    replay("csv", targets::csv);
}

#[test]
fn npy() {
    replay("npy", targets::npy);
}

#[test]
fn http() {
    replay("http", targets::http);
}

#[test]
fn checkpoint() {
    replay("checkpoint", targets::checkpoint);
}

#[test]
fn run() {
    replay("run", targets::run);
}
