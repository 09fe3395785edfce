//! `apical inspect --check`: a run file is found as documented, and every breach is named with the object it is in.

use std::fs;
use std::sync::LazyLock;
use std::time::Duration;

use hdf5::types::FixedUnicode;
use hdf5::{Dataset, File, Group};

use crate::support::{Bench, Contents, Ran};

/// A bench with a run file of which all is recorded, and its checkpoint.
static RUN: LazyLock<Bench> = LazyLock::new(|| {
    let bench = Bench::new();
    // Of so many presentations that there is an eigenvalue.
    bench.ok("train tiny.toml --examples 100 --test-examples 4 --out run.h5 --set recording.credit=true \
         --set population.hidden.plateau_sd_ms=3 --set population.hidden.plateau_longest_ms=1");
    // Sparse synapses, currents and changes of a continuous run.
    bench.write(
        "circuit.toml",
        "name = 'circuit'\nbase = 'recurrent-lif'\nprotocol = { kind = 'continuous', warmup_ms = 0 }\n\
         recording = { spikes = ['exc', 'inh'], traces = ['exc'], weights = 'ends' }\n\
         change = [{ kind = 'add-current', population = 'exc', at_ms = 100, by_pa = 90 }]\n",
    );
    bench.ok("simulate circuit.toml --duration 250 --out circuit.h5");
    bench
});

/// What is said of a copy of a file once it is changed.
fn checked(name: &str, change: &dyn Fn(&File)) -> Ran {
    let bench = Bench::new();
    // Elsewhere: a program that another test starts meanwhile may inherit the open file and its lock.
    fs::copy(RUN.path(name), bench.path("broken.h5")).unwrap();
    change(&crate::support::open_to_change(&bench.path("broken.h5")));
    fs::copy(bench.path("broken.h5"), bench.path(name)).unwrap();
    bench.run(&format!("inspect {name} --check"))
}

/// Takes the digests out, as files of version 0.1 have none.
fn unseal(file: &File) {
    file.unlink("content_sha256").unwrap();
    file.delete_attr("format").unwrap();
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

/// What is said, a line each, and how the file was broken.
type Breach = (&'static [&'static str], &'static dyn Fn(&File));

fn text(file: &File, name: &str, value: &str) {
    file.delete_attr(name).unwrap();
    let value: FixedUnicode<8> = value.parse().unwrap();
    file.new_attr::<FixedUnicode<8>>().create(name).unwrap().write_scalar(&value).unwrap();
}

fn reshape(file: &File, name: &str) {
    let values: Vec<u8> = file.dataset(name).unwrap().read_raw().unwrap();
    file.unlink(name).unwrap();
    let values = ndarray::Array2::from_shape_vec((values.len(), 1), values).unwrap();
    file.new_dataset_builder().with_data(&values).create(name).unwrap();
}

#[test]
fn every_breach_is_named_with_its_object() {
    let breaches: [Breach; 26] = [
        (&["@version: expected u32 [0, 1]"], &|f| f.delete_attr("version").unwrap()),
        (&["@kind: expected spiking or rate"], &|f| text(f, "kind", "rates")),
        (
            &["/spikes/hidden/timestamps: expected ascending", "/spikes/hidden/timestamps: expected times within"],
            &|f| {
                put(f, "spikes/hidden/timestamps", 0, 1e9);
            },
        ),
        (&["/spikes/hidden/timestamps: expected times within recorded"], &|f| {
            put(f, "spikes/hidden/timestamps", 0, -1e9);
        }),
        (&["/spikes/hidden/timestamps: expected times within recorded"], &|f| {
            let last = f.dataset("spikes/hidden/timestamps").unwrap().size() - 1;
            put(f, "spikes/hidden/timestamps", last, f64::INFINITY);
        }),
        (&["/spikes/hidden/node_ids: expected neurons below 12"], &|f| put(f, "spikes/hidden/node_ids", 3, 12_u64)),
        (&["/spikes/input: expected the attribute `size` = 16"], &|f| {
            f.group("spikes/input").unwrap().attr("size").unwrap().write_scalar(&17_u64).unwrap();
        }),
        (&["/plateaus/hidden/alpha: expected plateaus from 0 to 1"], &|f| put(f, "plateaus/hidden/alpha", 2, 1.5_f32)),
        (&["/plateaus/hidden/alpha: expected plateaus from 0 to 1"], &|f| put(f, "plateaus/hidden/alpha", 2, f32::NAN)),
        (&["/plateaus/hidden/timestamps: expected times within"], &|f| put(f, "plateaus/hidden/timestamps", 4, -3.0)),
        (&["/presentations/label: expected -1 or one of 4 classes"], &|f| put(f, "presentations/label", 0, 4_i16)),
        (&["/presentations: expected every start before"], &|f| put(f, "presentations/forward_end_ms", 100, 0.0)),
        (&["/presentations/recorded: expected 0 or 1"], &|f| put(f, "presentations/recorded", 0, 7_u8)),
        (&["/presentations/decoded: has shape [120, 1], expected one"], &|f| reshape(f, "presentations/decoded")),
        (&["/presentations/image: has 11 entries, expected 120"], &|f| {
            f.dataset("presentations/image").unwrap().resize(11).unwrap();
        }),
        (&["/credit/hidden/angle: has 7 entries, expected 100"], &|f| {
            f.dataset("credit/hidden/angle").unwrap().resize(7).unwrap();
        }),
        (&["/credit/eigenvalue/product: expected f64 [1, 16], found shape [0, 16]"], &|f| {
            f.dataset("credit/eigenvalue/product").unwrap().resize((0, 16)).unwrap();
        }),
        (&["has no `learning/loss`"], &|f| f.unlink("learning/loss").unwrap()),
        (&["/report/output/mapping/time: expected start, stop"], &|f| put(f, "report/output/mapping/time", 2, 0.7)),
        (&["/report/hidden/data: expected finite potentials"], &|f| {
            let data = f.dataset("report/hidden/data").unwrap();
            data.write_slice(&[f32::NAN], ndarray::s![0..1, 5]).unwrap();
        }),
        (&["/report/hidden/mapping/node_ids: expected all neurons"], &|f| {
            put(f, "report/hidden/mapping/node_ids", 0, 7_u64);
        }),
        (&["/report/hidden/mapping/element_ids: expected the same elements below 3"], &|f| {
            put(f, "report/hidden/mapping/element_ids", 0, 99_u32);
        }),
        (
            &[
                "/weights/elsewhere: is of no projection",
                "/weights/hidden-output/final: is missing",
                "/weights/hidden-output/initial: is missing",
            ],
            &|f| f.relink("weights/hidden-output", "weights/elsewhere").unwrap(),
        ),
        (&["/weights/input-hidden/final: is missing"], &|f| f.unlink("weights/input-hidden/final").unwrap()),
        (&["/biases/hidden/final: is missing", "/biases/hidden/initial: is missing"], &|f| {
            f.unlink("biases/hidden").unwrap();
        }),
        (&["`learning/loss` is missing or damaged (is a link to another file)"], &|f| {
            f.unlink("learning/loss").unwrap();
            f.group("learning").unwrap().link_external("other.h5", "loss", "loss").unwrap();
        }),
    ];
    for (expected, breach) in breaches {
        let ran = checked("run.h5", &|file| {
            unseal(file);
            breach(file);
        });
        assert_eq!(ran.code, Some(1), "{expected:?}: {}", ran.stderr);
        // PresentationRanges of a report share what its columns are.
        let lines: Vec<_> = ran.stdout.lines().filter(|line| !line.contains("hidden@")).collect();
        assert_eq!(lines.len(), expected.len(), "{expected:?}: {}", ran.stdout);
        for expected in expected {
            assert!(lines.iter().any(|line| line.contains(expected)), "{expected}: {}", ran.stdout);
        }
        let found = format!("run.h5 is not as its format is documented: {} found", ran.stdout.lines().count());
        assert!(ran.stderr.contains(&found), "{}", ran.stderr);
    }
}

/// A file, what is said of it, and how it was changed.
type Change = (&'static str, &'static str, &'static dyn Fn(&File));

/// Changes that no range tells.
#[test]
fn what_was_changed_removed_or_added_is_found_by_its_digest() {
    let changes: [Change; 6] = [
        ("run.h5", "/plateaus/hidden: is missing or damaged", &|f| f.unlink("plateaus/hidden").unwrap()),
        ("run.h5", "/plateaus/hidden/alpha: is not as it was written", &|f| {
            put(f, "plateaus/hidden/alpha", 2, 0.5_f32);
        }),
        ("run.h5", "/notes: is not of the file as it was written", &|f| drop(f.create_group("notes").unwrap())),
        ("run.h5", "/: is not as it was written", &|f| f.attr("seed").unwrap().write_scalar(&2_u64).unwrap()),
        ("run.h5", "/content_sha256: is missing", &|f| f.unlink("content_sha256").unwrap()),
        ("run.checkpoint.h5", "/weights/input-hidden/final: is not as it was written", &|f| {
            let weights = f.dataset("weights/input-hidden/final").unwrap();
            let mut rows = weights.read_2d::<f32>().unwrap();
            rows.invert_axis(ndarray::Axis(1));
            weights.write(&rows.as_standard_layout().to_owned()).unwrap();
        }),
    ];
    for (name, expected, change) in changes {
        let ran = checked(name, change);
        assert_eq!(ran.code, Some(1), "{expected}: {}", ran.stderr);
        assert!(ran.stdout.lines().any(|line| line.starts_with(expected)), "{expected}: {}", ran.stdout);
    }
}

#[test]
fn a_checkpoint_that_was_changed_is_refused() {
    let bench = Bench::new();
    fs::copy(RUN.path("run.checkpoint.h5"), bench.path("copy.h5")).unwrap();
    put(&crate::support::open_to_change(&bench.path("copy.h5")), "biases/output/final", 0, 0.5_f32);
    fs::copy(bench.path("copy.h5"), bench.path("changed.h5")).unwrap();
    for command in ["test", "train --out x.h5 --resume", "simulate", "validate", "compare --representations"] {
        let ran = bench.run(&format!("{command} changed.h5"));
        assert_eq!(ran.code, Some(2), "{command}: {}", ran.stderr);
        assert!(ran.stderr.contains("is not as it was written: /biases/output/final"), "{command}: {}", ran.stderr);
    }
    // What is accepted is kept in all that comes of it.
    let edited = |file: &str| bench.json(&format!("inspect {file}"))["edited"].clone();
    bench.ok("test changed.h5 --accept-edited --record none --out test.h5");
    let more = "--examples 104 --test-examples 4 --record none";
    bench.ok(&format!("train --resume changed.h5 --accept-edited {more} --out more.h5"));
    bench.ok("train --resume more.checkpoint.h5 --examples 105 --test-examples 4 --record none --out on.h5");
    for file in ["test.h5", "more.h5", "more.checkpoint.h5", "on.h5", "on.checkpoint.h5"] {
        assert_eq!(edited(file), true, "{file}");
    }
    assert_eq!(RUN.json("inspect run.checkpoint.h5")["edited"], false);
    fs::copy(RUN.path("run.checkpoint.h5"), bench.path("whole.h5")).unwrap();
    let printed = bench.json("compare --representations changed.h5,whole.h5 --accept-edited");
    assert_eq!(printed["representations"]["edited"], serde_json::json!(["changed"]));
}

/// Where the values of every dataset are in the file, of a chunked one the first: offset and length [bytes].
fn stretches(group: &Group) -> Vec<(String, u64, u64)> {
    let own = group.datasets().unwrap().into_iter().filter_map(|set: Dataset| {
        let (name, bytes) = (set.name(), (set.size() * set.dtype().unwrap().size()) as u64);
        let chunk = set.chunk_info(0).map(|chunk| (chunk.addr, chunk.size.min(bytes)));
        let at = set.offset().map(|at| (at, bytes)).or(chunk).filter(|_| bytes > 0);
        at.map(|(at, bytes)| (name, at, bytes))
    });
    own.chain(group.groups().unwrap().iter().flat_map(stretches)).collect()
}

/// Bits of the values of any dataset, and of the texts and numbers among the attributes.
#[test]
fn every_flipped_bit_is_found() {
    for name in ["run.h5", "run.checkpoint.h5", "circuit.h5", "circuit.checkpoint.h5"] {
        let whole = fs::read(RUN.path(name)).unwrap();
        let copy = Bench::new();
        fs::copy(RUN.path(name), copy.path("copy.h5")).unwrap();
        let mut stretches = stretches(&File::open(copy.path("copy.h5")).unwrap());
        for text in ["[[projection]]", "apical train tiny.toml", "apical simulate circuit", "apical checkpoint 2"] {
            let found = whole.windows(text.len()).position(|window| window == text.as_bytes());
            stretches.extend(found.map(|at| (text.to_owned(), at as u64, text.len() as u64)));
        }
        // A stretch after the other, a bit of it drawn by Knuth's multiplicative generator.
        let mut state = 1_u64;
        for flip in 0..60 {
            let (object, start, length) = &stretches[flip % stretches.len()];
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let bit = (state >> 16) % (length * 8);
            let mut bytes = whole.clone();
            let byte = &mut bytes[(start + bit / 8) as usize];
            // Behind the end of a text is padding.
            if *byte == 0 && ["/content_sha256", "/changes/what"].contains(&object.as_str()) {
                continue;
            }
            *byte ^= 1 << (bit % 8);
            copy.write("flipped.h5", bytes);
            let ran = copy.run("inspect flipped.h5 --check");
            assert!(matches!(ran.code, Some(1 | 2)), "{name}, {object}, bit {bit}: {}", ran.stderr);
        }
    }
}

/// Bits anywhere in a file. `cargo test --test cli bits_flipped_anywhere -- --nocapture` prints how many `--check` found; the others
/// change no value: they lie in unused space, in paddings, and in what HDF5 keeps of objects beside their contents.
#[test]
fn bits_flipped_anywhere_are_found_or_change_no_value() {
    const FLIPS: u64 = 100;
    for name in ["run.h5", "run.checkpoint.h5", "circuit.h5", "circuit.checkpoint.h5"] {
        let whole = fs::read(RUN.path(name)).unwrap();
        let (contents, copy) = (Contents::of(&RUN.path(name)), Bench::new());
        let (mut state, mut found) = (2_u64, 0);
        for _ in 0..FLIPS {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let bit = (state >> 16) % (whole.len() as u64 * 8);
            let mut bytes = whole.clone();
            bytes[(bit / 8) as usize] ^= 1 << (bit % 8);
            copy.write("flipped.h5", bytes);
            let ran = copy.run_for(Duration::from_mins(1), "inspect flipped.h5 --check");
            match ran.code {
                Some(0) => assert!(Contents::of(&copy.path("flipped.h5")) == contents, "{name}, bit {bit}"),
                code => {
                    assert!(matches!(code, Some(1 | 2)), "{name}, bit {bit}: {}", ran.stderr);
                    found += 1;
                }
            }
        }
        println!("{name}: {found} of {FLIPS} bits flipped anywhere were found, the others change no value");
    }
}

/// Run files of today have the units of spike times in a heap of HDF5's, where a collection ends with its free space: with a size of
/// 0 HDF5 would wait for its end for ever.
#[test]
fn texts_without_an_end_are_found_and_not_waited_for() {
    let copy = Bench::new();
    let mut bytes = fs::read(RUN.path("run.h5")).unwrap();
    let start = bytes.windows(5).position(|window| window == b"GCOL\x01").unwrap();
    let number = |bytes: &[u8], at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()) as usize;
    // From object to object to that of index 0.
    let mut at = start + 16;
    while bytes[at] != 0 {
        at += 16 + number(&bytes, at + 8).next_multiple_of(8);
    }
    assert_eq!(at + number(&bytes, at + 8), start + number(&bytes, start + 8), "the end of the collection");
    bytes[at + 8..at + 16].fill(0);
    copy.write("endless.h5", bytes);
    let ran = copy.run_for(Duration::from_mins(1), "inspect endless.h5 --check");
    assert!(matches!(ran.code, Some(1 | 2)), "{}", ran.stderr);
    assert!(ran.stderr.contains(&format!("the texts at byte {start} have no end")), "{}", ran.stderr);
    copy.ok("inspect endless.h5");
}

/// A shape of which nothing is in the file.
#[test]
fn a_dataset_that_claims_more_than_the_file_holds_is_refused() {
    let bench = Bench::new();
    fs::copy(RUN.path("run.checkpoint.h5"), bench.path("copy.h5")).unwrap();
    let name = "lanes/0/projections/input-hidden/trace_l";
    let file = crate::support::open_to_change(&bench.path("copy.h5"));
    file.unlink(name).unwrap();
    file.new_dataset::<f64>().chunk(1024).shape(1_usize << 40).create(name).unwrap();
    drop(file);
    fs::copy(bench.path("copy.h5"), bench.path("claims.checkpoint.h5")).unwrap();
    for command in ["test", "train --out x.h5 --resume"] {
        let ran = bench.run(&format!("{command} claims.checkpoint.h5"));
        assert_eq!(ran.code, Some(2), "{command}: {}", ran.stderr);
        assert!(ran.stderr.contains("claims a shape of [1099511627776]"), "{command}: {}", ran.stderr);
    }
    assert!(matches!(bench.run("inspect claims.checkpoint.h5 --check").code, Some(1 | 2)));
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
        assert!(ran.stderr.contains("its attributes are damaged (H5A"), "{command}: {}", ran.stderr);
    }
}
