//! A bench for the command line: a folder of its own with a tiny model and tiny images, and the program run in it.
#![allow(dead_code, reason = "each test program uses a part of the bench")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use hdf5::types::{FloatSize, TypeDescriptor};
use tempfile::TempDir;

/// 16-12-4 with short phases, of which all is recorded.
pub(crate) const MODEL: &str = include_str!("model.toml");

/// The digits of the repository.
pub(crate) const MNIST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/mnist");

/// Training and test images of the bench.
pub(crate) const IMAGES: [usize; 2] = [20, 12];

/// A folder with `tiny.toml` and images in `data/mnist`, the place where they are looked for.
pub(crate) struct Bench(TempDir);

/// What a command did.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let bench = Self(tempfile::tempdir().unwrap());
        bench.write("tiny.toml", MODEL);
        fs::create_dir_all(bench.path("data/mnist")).unwrap();
        for (half, count) in ["train", "t10k"].iter().zip(IMAGES) {
            bench.write(&format!("data/mnist/{half}-images-idx3-ubyte"), images(count));
            bench.write(&format!("data/mnist/{half}-labels-idx1-ubyte"), labels(count));
        }
        bench
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    /// The program with arguments as one would type them, blanks between.
    pub(crate) fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_apical"));
        command.args(arguments.split_whitespace()).current_dir(self.0.path());
        command
    }

    pub(crate) fn run(&self, arguments: &str) -> Ran {
        self.command(arguments).output().unwrap().into()
    }

    /// Runs what must end by itself within this time; else it is killed, and has no exit code.
    pub(crate) fn run_for(&self, limit: Duration, arguments: &str) -> Ran {
        let mut child = self.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let start = Instant::now();
        while child.try_wait().unwrap().is_none() {
            if start.elapsed() > limit {
                child.kill().unwrap();
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        child.wait_with_output().unwrap().into()
    }

    /// Runs what must end well; gives its standard output.
    pub(crate) fn ok(&self, arguments: &str) -> String {
        let ran = self.run(arguments);
        assert_eq!(ran.code, Some(0), "apical {arguments}\n{}", ran.stderr);
        ran.stdout
    }

    /// Runs with `--json` what must end well; gives what is all of its standard output.
    pub(crate) fn json(&self, arguments: &str) -> serde_json::Value {
        let said = self.ok(&format!("{arguments} --json"));
        assert_eq!(said.trim_end().lines().count(), 1, "{said}");
        serde_json::from_str(&said).unwrap()
    }

    /// Every file there is, folders included, as paths from the bench.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        gather(self.0.path(), &mut found);
        found.iter_mut().for_each(|path| *path = path.strip_prefix(self.0.path()).unwrap().to_owned());
        found.sort();
        found
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

/// Starts a command, sends it what Ctrl-C sends a while after it is `ready`, and waits for its end.
#[cfg(unix)]
pub(crate) fn interrupt(mut command: Command, ready: impl Fn() -> bool) -> Ran {
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let start = Instant::now();
    while !ready() && start.elapsed() < Duration::from_mins(1) {
        std::thread::sleep(Duration::from_millis(5));
    }
    std::thread::sleep(Duration::from_millis(200));
    // Twice, as `timeout` signals a process and then its group.
    for _ in 0..2 {
        let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }
    child.wait_with_output().unwrap().into()
}

/// An IDX file of 4 x 4 images; image i shows a bright quarter, that of class i mod 4.
pub(crate) fn images(count: usize) -> Vec<u8> {
    images_of(count, 4)
}

/// The same of `side` x `side` images, an even number.
pub(crate) fn images_of(count: usize, side: usize) -> Vec<u8> {
    let mut file = vec![0, 0, 8, 3];
    [count, side, side].iter().for_each(|&d| file.extend((d as u32).to_be_bytes()));
    for image in 0..count {
        let half = side / 2;
        let lit = |pixel: usize| 2 * (pixel / side / half) + pixel % side / half == image % 4;
        file.extend((0..side * side).map(|pixel| if lit(pixel) { 255 } else { (image * 7 + pixel * 5) as u8 % 40 }));
    }
    file
}

/// An IDX file of labels 0, 1, 2, 3, 0, …
pub(crate) fn labels(count: usize) -> Vec<u8> {
    let mut file = vec![0, 0, 8, 1];
    file.extend((count as u32).to_be_bytes());
    file.extend((0..count).map(|image| (image % 4) as u8));
    file
}

/// A `.npy` file of little-endian float32.
pub(crate) fn npy(shape: &str, values: &[f32]) -> Vec<u8> {
    let header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}");
    let mut file = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    file.extend(format!("{header:<117}\n").bytes());
    values.iter().for_each(|value| file.extend(value.to_le_bytes()));
    file
}

fn gather(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            gather(&path, found);
        }
        found.push(path);
    }
}

/// A run file or checkpoint as it was written: the bits of every array of numbers, by path.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Contents(pub(crate) BTreeMap<String, Vec<u64>>);

impl Contents {
    pub(crate) fn of(path: &Path) -> Self {
        let mut found = BTreeMap::new();
        read(&hdf5::File::open(path).unwrap(), &mut found);
        Self(found)
    }

    /// What every run of the same seed must repeat: all but wall times.
    pub(crate) fn repeatable(mut self) -> Self {
        self.0.remove("/learning/seconds");
        self
    }

    /// The arrays whose paths begin so.
    pub(crate) fn under(&self, prefix: &str) -> Self {
        let within = self.0.iter().filter(|(path, _)| path.starts_with(prefix));
        Self(within.map(|(path, bits)| (path.clone(), bits.clone())).collect())
    }

    /// The final weights and biases, of sparse synapses all columns.
    pub(crate) fn learnt(&self) -> Self {
        let learnt = self.0.iter().filter(|(path, _)| path.ends_with("/final") || path.contains("/final/"));
        Self(learnt.map(|(path, bits)| (path.clone(), bits.clone())).collect())
    }

    pub(crate) fn integers(&self, path: &str) -> &[u64] {
        &self.0[path]
    }

    pub(crate) fn floats(&self, path: &str) -> Vec<f64> {
        self.0[path].iter().map(|&bits| f64::from_bits(bits)).collect()
    }

    /// Spikes of a population from a time on.
    pub(crate) fn spikes_from(&self, population: &str, start_ms: f64) -> Vec<(u64, u64)> {
        let times = &self.0[&format!("/spikes/{population}/timestamps")];
        let spikes = times.iter().zip(&self.0[&format!("/spikes/{population}/node_ids")]);
        spikes.filter(|(time, _)| f64::from_bits(**time) >= start_ms).map(|(&time, &node)| (time, node)).collect()
    }
}

fn read(group: &hdf5::Group, found: &mut BTreeMap<String, Vec<u64>>) {
    for dataset in group.datasets().unwrap() {
        let bits = match dataset.dtype().unwrap().to_descriptor().unwrap() {
            TypeDescriptor::Float(FloatSize::U8) => {
                dataset.read_raw::<f64>().unwrap().into_iter().map(f64::to_bits).collect()
            }
            TypeDescriptor::Float(_) => {
                dataset.read_raw::<f32>().unwrap().into_iter().map(|value| f64::from(value).to_bits()).collect()
            }
            TypeDescriptor::Unsigned(_) => dataset.read_raw::<u64>().unwrap(),
            TypeDescriptor::Integer(_) => {
                dataset.read_raw::<i64>().unwrap().into_iter().map(i64::cast_unsigned).collect()
            }
            _ => continue,
        };
        found.insert(dataset.name(), bits);
    }
    group.groups().unwrap().iter().for_each(|inner| read(inner, found));
}

/// Opens an HDF5 file to change it, without HDF5's lock: a process that another test starts meanwhile would hold it for a moment.
pub(crate) fn open_to_change(path: &Path) -> hdf5::File {
    hdf5::FileBuilder::new().with_fapl(|access| access.file_locking(false)).open_rw(path).unwrap()
}
