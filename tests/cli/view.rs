//! `apical view`, `apical export` and `apical train --live`: what they serve and write, and what they refuse.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;

use apical::view::{DataPart, Parts, RunParts};
use serde_json::Value;

use crate::support::{self, Bench, Contents};

/// A bench with `all.h5`, of which all is recorded, and `none.h5`, of which nothing is.
static RUN: LazyLock<Bench> = LazyLock::new(|| {
    let bench = Bench::new();
    bench.ok("train tiny.toml --examples 8 --out all.h5");
    bench.ok("train tiny.toml --examples 8 --record none --out none.h5");
    bench
});

/// A program that serves a page, ended with the value.
struct Serving {
    child: Child,
    address: String,
}

impl Serving {
    /// Starts it and reads where its page is.
    fn start(mut command: Command, from: fn(&mut Child) -> Box<dyn Read + Send>) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(from(&mut child)).lines().map(Result::unwrap);
        let line = lines.find(|line| line.starts_with("page: ")).expect("a page");
        let address = line.strip_prefix("page: http://").unwrap().trim_end_matches('/').to_owned();
        // Somebody must go on reading, or the program waits.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address }
    }

    fn view(arguments: &str) -> Self {
        Self::start(RUN.command(arguments), |child| Box::new(child.stdout.take().unwrap()))
    }

    /// Status and body of an answer.
    fn get(&self, path: &str) -> (u16, Vec<u8>) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", self.address).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        let status = std::str::from_utf8(&answer[9..12]).unwrap().parse().unwrap();
        (status, answer[end + 4..].to_vec())
    }

    /// A part: its text, and its arrays by name as bytes.
    fn part(&self, name: &str) -> (Value, Vec<(String, Vec<u8>)>) {
        let (status, body) = self.get(&format!("/data/{name}"));
        assert_eq!(status, 200, "{name}");
        unpacked(&body)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn unpacked(body: &[u8]) -> (Value, Vec<(String, Vec<u8>)>) {
    let length = u32::from_le_bytes(body[..4].try_into().unwrap()) as usize;
    let header: Value = serde_json::from_slice(&body[4..4 + length]).unwrap();
    let mut at = 4 + length;
    let mut arrays = Vec::new();
    for array in header["arrays"].as_array().unwrap() {
        let size = match array[1].as_str().unwrap() {
            "f64" => 8,
            "f32" | "u32" => 4,
            "i16" => 2,
            _ => 1,
        };
        let bytes = array[2].as_u64().unwrap() as usize * size;
        arrays.push((array[0].as_str().unwrap().to_owned(), body[at..at + bytes].to_vec()));
        at = (at + bytes).next_multiple_of(8);
    }
    assert_eq!(at, body.len());
    (header["meta"].clone(), arrays)
}

fn floats(bytes: &[u8]) -> Vec<f64> {
    bytes.chunks_exact(8).map(|eight| f64::from_le_bytes(eight.try_into().unwrap())).collect()
}

fn singles(bytes: &[u8]) -> Vec<f32> {
    bytes.chunks_exact(4).map(|four| f32::from_le_bytes(four.try_into().unwrap())).collect()
}

#[test]
fn a_page_is_fed_what_the_run_file_holds() {
    let file = Contents::of(&RUN.path("all.h5"));
    let serving = Serving::view("view all.h5");
    assert_eq!(serving.get("/").0, 200);
    let (about, _) = serving.part("run");
    assert_eq!((&about["name"], &about["confusion"]["of"]), (&"tiny".into(), &"test".into()));
    let (_, arrays) = serving.part("spikes/1");
    assert_eq!(floats(&arrays[0].1), file.floats("/spikes/hidden/timestamps"));
    let (_, arrays) = serving.part("presentations");
    assert_eq!(floats(&arrays[0].1), file.floats("/presentations/start_ms")[..8]);
    let traces = hdf5::File::open(RUN.path("all.h5")).unwrap().dataset("report/hidden/data").unwrap();
    let traces = traces.read_2d::<f32>().unwrap();
    let (meta, arrays) = serving.part("traces/1/5");
    assert_eq!(meta["elements"], serde_json::json!(["soma", "basal", "apical"]));
    assert_eq!(meta["stretches"], serde_json::json!([[0.0, traces.nrows()]]));
    assert_eq!(singles(&arrays[2].1), traces.column(3 * 5 + 2).to_vec());
    let weights = hdf5::File::open(RUN.path("all.h5")).unwrap().dataset("weights/input-hidden/final").unwrap();
    let (_, arrays) = serving.part("field/0/7");
    assert_eq!(singles(&arrays[1].1), weights.read_2d::<f32>().unwrap().row(7).to_vec());
}

#[test]
fn images_are_shown_only_where_they_are_those_of_the_run() {
    let (_, image) = Serving::view("view all.h5").part("image/0/0");
    // The bench's image 0 is of class 0, whose quarter is bright.
    assert_eq!(singles(&image[0].1)[..2], [1.0, 1.0]);
    fs::create_dir_all(RUN.path("others")).unwrap();
    for half in ["train", "t10k"] {
        RUN.write(&format!("others/{half}-images-idx3-ubyte"), support::images(7));
        RUN.write(&format!("others/{half}-labels-idx1-ubyte"), support::labels(7));
    }
    for (folder, expected) in [
        ("others", "`train-images-idx3-ubyte` is not the one that was shown"),
        ("absent", "there is no folder `absent` with the images"),
    ] {
        let ran = RUN.run(&format!("view all.h5 --data {folder}"));
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{folder}: {}", ran.stderr);
        assert!(ran.stderr.contains(expected), "{folder}: {}", ran.stderr);
    }
}

/// Labels, and test images, that are those of the run do not make its training images of others.
#[test]
fn without_a_folder_of_its_own_a_run_is_shown_without_images_that_are_others() {
    let bench = Bench::new();
    bench.ok("train tiny.toml --examples 8 --out all.h5");
    let mut others = support::images(support::IMAGES[0]);
    others[16] ^= 1;
    bench.write("data/mnist/train-images-idx3-ubyte", others);
    let serving = Serving::start(bench.command("view all.h5"), |child| Box::new(child.stdout.take().unwrap()));
    assert_eq!((serving.get("/data/image/0/0").0, serving.get("/data/image/1/0").0), (404, 200));
    let ran = bench.run("view all.h5 --export page.html");
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stderr.contains("not all images are shown: `train-images-idx3-ubyte` is not"), "{}", ran.stderr);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_a_failure_while_running() {
    let bench = Bench::new();
    fs::copy(RUN.path("all.h5"), bench.path("all.h5")).unwrap();
    // A limit on the size of files reports as a full disk does.
    let limited = "ulimit -c 0; ulimit -f 0; exec \"$0\" \"$@\"";
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", limited, env!("CARGO_BIN_EXE_apical")]).args("view all.h5 --export page.html".split(' '));
    let ran: support::Ran = shell.current_dir(bench.path("")).output().unwrap().into();
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert!(ran.stderr.contains("cannot write page.html\n  because: File too large"), "{}", ran.stderr);
}

#[test]
fn what_is_not_there_is_not_found() {
    let serving = Serving::view("view none.h5");
    for path in
        ["/data/spikes/1", "/data/spikes/9", "/data/traces/1/0", "/data/field/0/99", "/data/image/0/999", "/all.h5"]
    {
        assert_eq!(serving.get(path).0, 404, "{path}");
    }
    let (about, _) = serving.part("run");
    let of = |what: &str| about["populations"].as_array().unwrap().iter().map(|p| p[what].clone()).collect::<Vec<_>>();
    assert_eq!([of("spikes"), of("traces"), of("plateaus")].concat(), vec![Value::Bool(false); 9]);
}

#[test]
fn a_window_of_presentations_is_chosen_by_their_count() {
    let serving = Serving::view("view all.h5 --presentations 2:5");
    let starts = Contents::of(&RUN.path("all.h5")).floats("/presentations/start_ms");
    let (_, arrays) = serving.part("presentations");
    assert_eq!(floats(&arrays[0].1), starts[2..5]);
    let (_, arrays) = serving.part("spikes/0");
    let times = floats(&arrays[0].1);
    assert!(!times.is_empty() && times.iter().all(|time| (starts[2]..starts[5]).contains(time)));
}

#[test]
fn a_page_with_everything_in_it_is_one_file() {
    let said = RUN.ok("view all.h5 --export page.html");
    assert!(said.starts_with("page: page.html ("), "{said}");
    let page = fs::read_to_string(RUN.path("page.html")).unwrap();
    assert!(page.starts_with("<!doctype html>") && page.len() > 100_000);
    assert!(!page.contains("src=\"") && !page.contains("<link"));
}

/// All traces are read once, whatever the number of neurons: one neuron's are in the same chunks of the file as all others'.
#[test]
fn a_page_is_written_in_the_time_of_what_was_recorded() {
    let bench = Bench::new();
    let read = |hidden: usize| {
        let file = format!("run{hidden}.h5");
        let arguments = "--examples 2 --record hidden.soma,hidden.apical";
        bench.ok(&format!("train tiny.toml {arguments} --set population.hidden.size={hidden} --out {file}"));
        let run = RunParts::open(&bench.path(&file), None, None).unwrap();
        let mut parts = Vec::new();
        run.each_part(|part, pack| parts.push((part, pack))).unwrap();
        let read = run.values_read();
        let traces = |part: &DataPart| matches!(part, DataPart::Traces(1, _));
        assert_eq!(parts.iter().filter(|(part, _)| traces(part)).count(), hidden);
        // The same as when each is asked for.
        parts.into_iter().for_each(|(part, pack)| assert!(run.part(part).unwrap() == Some(pack), "{part:?}"));
        read
    };
    let [few, many] = [20, 80].map(read);
    assert!(many < 4 * few, "{few} values of 20 neurons, {many} of 80");
}

#[test]
fn bad_input_is_refused_before_anything_is_served_or_written() {
    let refused = [
        ("view absent.h5", "cannot read absent.h5"),
        ("view tiny.toml", "tiny.toml is a model, expected a run file"),
        ("view all.checkpoint.h5", "is a checkpoint, expected a run file"),
        ("view all.h5 --presentations 90:95", "--presentations 90:95: all.h5 recorded none of them"),
        ("view all.h5 --export page.txt", "expected a name that ends in .html"),
        ("view all.h5 --export nowhere/page.html", "there is no folder `nowhere`"),
        ("export --nwb run.h5 all.h5", "expected a name that ends in .nwb"),
        ("export --nwb run.nwb all.checkpoint.h5", "is a checkpoint, expected a run file"),
        ("export --nwb nowhere/run.nwb all.h5", "cannot create nowhere/run.nwb.part"),
    ];
    for (arguments, expected) in refused {
        let ran = RUN.run(arguments);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{arguments}: {}", ran.stderr);
        assert!(ran.stderr.starts_with("error: ") && ran.stderr.contains(expected), "{arguments}: {}", ran.stderr);
    }
    assert!(!RUN.files().iter().any(|path| path.to_string_lossy().ends_with(".part")));
}

#[test]
fn a_run_that_is_followed_is_the_same_to_the_bit() {
    let bench = Bench::new();
    bench.ok("train tiny.toml --examples 400 --record none --out alone.h5 --quiet");
    let followed = bench.command("train tiny.toml --examples 400 --record none --out followed.h5 --live");
    let mut serving = Serving::start(followed, |child| Box::new(child.stderr.take().unwrap()));
    while let Ok(mut stream) = TcpStream::connect(&serving.address) {
        let _ = write!(stream, "GET /data/live HTTP/1.1\r\nHost: {}\r\n\r\n", serving.address);
        let _ = stream.read_to_end(&mut Vec::new());
    }
    assert_eq!(serving.child.wait().unwrap().code(), Some(0));
    let of = |name: &str| Contents::of(&bench.path(name)).repeatable();
    assert!(of("alone.h5") == of("followed.h5"));
}
