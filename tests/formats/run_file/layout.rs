//! A whole run file has every object its table promises, with the type, shape and values promised.

use std::path::{Path, PathBuf};

use apical::record::hdf5::RunFile;
use apical::record::{PresentationKind, Recorder};
use hdf5::types::{FixedUnicode, FloatSize, IntSize, TypeDescriptor, VarLenUnicode};
use hdf5::{File, H5Type, Location};

use super::fixture::{Clock, SIZES, evaluation, leads, model, network, planned, provenance};

/// Training presentations of the run: 20 recorded and 5 not.
const TRAINED: usize = 25;

/// The run file of 25 training presentations and an evaluation of 4; the Python check reads it too.
fn written() -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("run.h5");
    let mut run = RunFile::create(&path, &model(), &provenance(), &planned(PresentationKind::Train)).unwrap();
    let mut clock = Clock::default();
    run.weights(0, Some("initial"), &network(0.0)).unwrap();
    clock.show(&mut run, PresentationKind::Train, TRAINED as u64).unwrap();
    clock.show(&mut run, PresentationKind::Test, 4).unwrap();
    run.evaluation(&evaluation(TRAINED as u64)).unwrap();
    run.weights(TRAINED as u64, Some("final"), &network(0.5)).unwrap();
    run.finish().unwrap();
    path
}

fn attribute<T: H5Type>(of: &Location, name: &str) -> T {
    of.attr(name).unwrap().read_scalar().unwrap()
}

fn text(of: &Location, name: &str) -> String {
    texts(of, name).remove(0)
}

/// Texts of fixed length, that of the longest.
fn texts(of: &Location, name: &str) -> Vec<String> {
    let attribute = of.attr(name).unwrap();
    let found: Vec<String> =
        attribute.read_raw::<FixedUnicode<200_000>>().unwrap().iter().map(|text| text.as_str().to_owned()).collect();
    let longest = found.iter().map(String::len).max().unwrap();
    assert_eq!(attribute.dtype().unwrap().to_descriptor().unwrap(), TypeDescriptor::FixedUnicode(longest));
    found
}

fn column<T: H5Type>(file: &File, name: &str) -> Vec<T> {
    let dataset = file.dataset(name).unwrap();
    let (found, expected) = (dataset.dtype().unwrap().to_descriptor().unwrap(), T::type_descriptor());
    assert_eq!(found, expected, "{name}");
    dataset.read_raw().unwrap()
}

/// Names and values of an enumeration of bytes.
fn enumeration(descriptor: &TypeDescriptor) -> Vec<(String, u64)> {
    let TypeDescriptor::Enum(found) = descriptor else { panic!("{descriptor} is not an enumeration") };
    assert_eq!((found.size, found.signed), (IntSize::U1, false));
    found.members.iter().map(|m| (m.name.clone(), m.value)).collect()
}

fn codes(file: &File, name: &str, names: [&str; 2]) -> Vec<u8> {
    let dataset = file.dataset(name).unwrap();
    let members = enumeration(&dataset.dtype().unwrap().to_descriptor().unwrap());
    assert_eq!(members, [(names[0].to_owned(), 0), (names[1].to_owned(), 1)]);
    dataset.as_reader().conversion(hdf5::Conversion::Soft).read_raw::<u8>().unwrap()
}

#[test]
fn the_file_is_laid_out_as_documented() {
    let path = written();
    assert!(!path.with_extension("h5.part").exists());
    let file = File::open(&path).unwrap();
    attributes(&file);
    spikes(&file);
    reports(&file);
    plateaus(&file);
    presentations(&file);
    learning(&file);
    weights(&file);
}

fn attributes(file: &File) {
    assert_eq!(attribute::<u32>(file, "magic"), 0x0A7A);
    assert_eq!(file.attr("version").unwrap().read_raw::<u32>().unwrap(), [0, 1]);
    assert_eq!(attribute::<u64>(file, "seed"), u64::MAX);
    assert_eq!(text(file, "name"), "small");
    assert_eq!(text(file, "model"), model().text(), "100 kB are no more than an attribute holds");
    assert_eq!(text(file, "apical_version"), "0.1.0");
    assert_eq!(text(file, "git_commit"), "0123abc");
    assert_eq!(text(file, "command_line"), "apical train small.toml");
    assert!(text(file, "data_sha256").contains("11ee  train-labels"));
    assert_eq!(text(file, "start_time"), "2025-01-01T12:00:00Z");
    assert_eq!(text(file, "kind"), "rate");
    assert_eq!(texts(file, "data_source"), ["data", "/home/data"]);
    assert_eq!(text(file, "format"), "apical run 2");
    assert_eq!(texts(file, "populations"), ["input", "hidden", "output"]);
}

fn spikes(file: &File) {
    for ((name, size), spikes) in ["input", "hidden", "output"].into_iter().zip(SIZES).zip([24, 5, 3]) {
        let group = file.group(&format!("spikes/{name}")).unwrap();
        let sorting = group.attr("sorting").unwrap();
        let names = ["none", "by_id", "by_time"].map(str::to_owned);
        let members = enumeration(&sorting.dtype().unwrap().to_descriptor().unwrap());
        assert_eq!(members, names.into_iter().zip(0..).collect::<Vec<_>>());
        assert_eq!(sorting.read_scalar::<u8>().unwrap(), 2);
        assert_eq!(attribute::<u64>(&group, "size"), size as u64);
        let times: Vec<f64> = column(file, &format!("spikes/{name}/timestamps"));
        let nodes: Vec<u64> = column(file, &format!("spikes/{name}/node_ids"));
        assert_eq!((times.len(), nodes.len()), (20 * spikes, 20 * spikes), "spikes of 20 presentations");
        assert!(times.is_sorted());
        assert!(nodes.iter().all(|&n| n < size as u64));
        let units = file.dataset(&format!("spikes/{name}/timestamps")).unwrap().attr("units").unwrap();
        assert_eq!(units.read_scalar::<VarLenUnicode>().unwrap().as_str(), "ms");
    }
    let starts: Vec<f64> = column(file, "presentations/start_ms");
    let times: Vec<f64> = column(file, "spikes/output/timestamps");
    assert_eq!(times[3 * 19], starts[19] + (0.1 + 19.0 * 0.01), "times are on the clock of the run");
}

fn reports(file: &File) {
    for (name, n, kept) in [("hidden", 5, [0, 2]), ("output", 3, [0, 1])] {
        let at = |member: &str| format!("report/{name}/{member}");
        let data = file.dataset(&at("data")).unwrap();
        let ends: Vec<f64> = column(file, "presentations/target_end_ms");
        let rows = (ends[19] / 0.5).ceil() as usize;
        assert_eq!(data.shape(), [rows, 2 * n]);
        assert_eq!(text(&data, "units"), "dimensionless");
        assert_eq!(data.dtype().unwrap().to_descriptor().unwrap(), TypeDescriptor::Float(FloatSize::U4));
        let rows_of = |t: usize| data.read_slice_1d::<f32, _>(ndarray::s![t, ..]).unwrap().to_vec();
        let elements = 3 - usize::from(name == "output");
        let expected = (0..n).flat_map(|i| kept.map(|e| (i * elements + e) as f32)).collect::<Vec<_>>();
        assert_eq!(rows_of(0), expected, "the chosen columns, neuron by neuron");
        let time: Vec<f64> = column(file, &at("mapping/time"));
        assert_eq!(time, [0.0, rows as f64 * 0.5, 0.5]);
        assert_eq!(text(&file.dataset(&at("mapping/time")).unwrap(), "units"), "ms");
        assert_eq!(column::<u64>(file, &at("mapping/node_ids")), (0..n as u64).collect::<Vec<_>>());
        assert_eq!(attribute::<u8>(&file.dataset(&at("mapping/node_ids")).unwrap(), "sorted"), 1);
        let pointers: Vec<u64> = (0..=n as u64).map(|i| 2 * i).collect();
        assert_eq!(column::<u64>(file, &at("mapping/index_pointers")), pointers);
        assert_eq!(column::<u64>(file, &at("mapping/index_pointer")), pointers);
        assert_eq!(column::<u32>(file, &at("mapping/element_ids")), kept.map(|e| e as u32).repeat(n));
        assert_eq!(column::<f32>(file, &at("mapping/element_pos")).len(), 2 * n);
    }
}

fn plateaus(file: &File) {
    let ends: [Vec<f64>; 2] = ["forward", "target"].map(|phase| column(file, &format!("presentations/{phase}_end_ms")));
    let times: Vec<f64> = column(file, "plateaus/hidden/timestamps");
    assert_eq!(times.len(), 20 * 2 * 5);
    for (row, time) in times.into_iter().enumerate() {
        let (n, phase, i) = (row / 10, row / 5 % 2, row % 5);
        assert_eq!(time, ends[phase][n] - f64::from(leads(i)[phase]), "presentation {n}, phase {phase}, neuron {i}");
    }
    assert_eq!(column::<u64>(file, "plateaus/hidden/node_ids")[..5], [0, 1, 2, 3, 4]);
    assert_eq!(column::<f32>(file, "plateaus/hidden/alpha")[4], 0.8);
    assert_eq!(codes(file, "plateaus/hidden/phase", ["forward", "target"])[..10], [0, 0, 0, 0, 0, 1, 1, 1, 1, 1]);
}

fn presentations(file: &File) {
    let rows = TRAINED + 4;
    assert_eq!(column::<f64>(file, "presentations/start_ms").len(), rows);
    assert!(column::<f64>(file, "presentations/target_end_ms")[TRAINED..].iter().all(|t| t.is_nan()));
    assert_eq!(column::<u64>(file, "presentations/index")[TRAINED..], [0, 1, 2, 3]);
    assert_eq!(column::<u32>(file, "presentations/image")[24], 240);
    assert_eq!(column::<i16>(file, "presentations/label")[5..8], [3, -1, 3]);
    assert_eq!(column::<u8>(file, "presentations/decoded"), vec![4; rows]);
    let kinds = codes(file, "presentations/kind", ["train", "test"]);
    assert_eq!(kinds[23..27], [0, 0, 1, 1]);
    assert_eq!(column::<u8>(file, "presentations/recorded")[18..21], [1, 1, 0]);
}

fn learning(file: &File) {
    assert_eq!(column::<u64>(file, "learning/examples_seen"), [TRAINED as u64]);
    assert_eq!(column::<f64>(file, "learning/test_error"), [12.5]);
    assert_eq!(column::<f64>(file, "learning/train_error"), [13.25]);
    assert!(column::<f64>(file, "learning/loss")[0].is_nan());
    assert_eq!(column::<f64>(file, "learning/seconds"), [0.5]);
}

fn weights(file: &File) {
    let members = |group: &str| {
        let mut names = file.group(group).unwrap().member_names().unwrap();
        names.sort();
        names
    };
    assert_eq!(members("weights/input-hidden"), ["final", "initial"]);
    let last = file.dataset("weights/input-hidden/final").unwrap();
    assert_eq!(last.shape(), [5, 12]);
    assert_eq!(last.read_2d::<f32>().unwrap()[[4, 11]], 4.0 + 0.11 + 0.5);
    assert_eq!(attribute::<u64>(&last, "examples_seen"), TRAINED as u64);
    assert_eq!(column::<f32>(file, "biases/output/final"), [-0.5; 3]);
    assert_eq!(members("biases"), ["hidden", "output"]);
}
