//! Rate tables, spike lists and NumPy arrays: what is read of them, and where mistakes are found.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use apical::data::{RateTable, SpikeList, StimulusLoader, read_npy_matrix, read_npy_vector};
use apical::model::{RateSource, Stimuli};
use apical::protocol::{Spike, Stimulus};
use ndarray::{Array1, Array2, ShapeBuilder, array};
use ndarray_npy::write_npy;
use tempfile::TempDir;

/// A file of this name and content, and the folder that keeps it.
fn file(name: &str, content: impl AsRef<[u8]>) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, content).unwrap();
    (folder, path)
}

/// The message of an error and of all its causes, after the name of the file's folder.
fn chain(error: &(dyn Error + 'static), path: &Path) -> String {
    let causes = std::iter::successors(Some(error), |&e| e.source());
    let message = causes.map(ToString::to_string).collect::<Vec<_>>().join(": ");
    message.replace(&format!("{}/", path.parent().unwrap().display()), "")
}

#[test]
fn rate_tables_are_read_with_and_without_header_and_comments() {
    for content in ["0,50\n1000,2.5\n", "left,right\n0,50\n1000,2.5", "\u{feff}# Hz\n\"0\", 50\r\n\r\n 1000 ,2.5\r\n"] {
        let (_folder, path) = file("rates.csv", content);
        let table = RateTable::open(&path, 2).unwrap();
        assert_eq!(table.len(), 2, "{content:?}");
        assert_eq!((table.rates(0), table.rates(1)), (&[0.0, 0.05][..], &[1.0, 0.0025][..]), "{content:?}");
    }
}

#[test]
fn the_extension_of_a_table_may_be_in_capitals() {
    let (_folder, path) = file("RATES.CSV", "0,50\n");
    assert_eq!(RateTable::open(&path, 2).unwrap().rates(0), [0.0, 0.05]);
}

#[test]
fn mistakes_in_a_rate_table_are_named_with_their_line() {
    let rate = "expected a rate from 0 to 1e6 Hz, found";
    let cases = [
        ("1,2\n3\n", "rates.csv, line 2: expected 2 values, found 1".to_owned()),
        ("1,2,\n", "rates.csv, line 1: expected 2 values, found 3".to_owned()),
        ("\"a\",\"b\"\r\n1,2\r\n\r\n3,4,5\r\n", "rates.csv, line 4: expected 2 values, found 3".to_owned()),
        ("1,2\n3,NaN\n", format!("rates.csv, line 2, column 2: {rate} `NaN`")),
        ("1,inf\n", format!("rates.csv, line 1, column 2: {rate} `inf`")),
        ("a,b\n-1,2\n", format!("rates.csv, line 2, column 1: {rate} `-1`")),
        ("1,x\n", format!("rates.csv, line 1, column 2: {rate} `x`")),
        ("1,\n", format!("rates.csv, line 1, column 2: {rate} ``")),
        ("a,b\nc,d\n", format!("rates.csv, line 2, column 1: {rate} `c`")),
        ("a,b\n", "rates.csv holds no presentation".to_owned()),
        ("", "rates.csv holds no presentation".to_owned()),
    ];
    for (content, expected) in cases {
        let (_folder, path) = file("rates.csv", content);
        assert_eq!(chain(&RateTable::open(&path, 2).unwrap_err(), &path), expected, "{content:?}");
    }
    let (_folder, path) = file("rates.csv", b"1,2\r\n1,\xff\r\n");
    let message = chain(&RateTable::open(&path, 2).unwrap_err(), &path);
    assert!(message.starts_with("rates.csv, line 2: not UTF-8 text: "), "{message}");
    let (_folder, path) = file("rates.txt", "1,2\n");
    let message = chain(&RateTable::open(&path, 2).unwrap_err(), &path);
    assert_eq!(message, "rates.txt: a rate table is a `.csv` or an `.npy` file");
}

#[test]
fn numpy_rate_tables_of_either_type_and_order_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rates.npy");
    let expected = [[0.0, 0.05, 0.1], [1.0, 0.0025, 0.2]];
    let rates = array![[0.0, 50.0, 100.0], [1000.0, 2.5, 200.0]];
    let mut fortran = Array2::zeros((2, 3).f());
    fortran.assign(&rates);
    write_npy(&path, &rates).unwrap();
    assert_rates(&path, expected);
    write_npy(&path, &fortran).unwrap();
    assert_rates(&path, expected);
    write_npy(&path, &rates.mapv(|hz| hz as f32)).unwrap();
    assert_rates(&path, expected);
}

fn assert_rates(path: &Path, expected: [[f64; 3]; 2]) {
    let table = RateTable::open(path, 3).unwrap();
    assert_eq!([table.rates(0), table.rates(1)], expected.each_ref().map(|row| &row[..]));
}

#[test]
fn numpy_rate_tables_that_do_not_fit_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rates.npy");
    let message = || chain(&RateTable::open(&path, 2).unwrap_err(), &path);
    write_npy(&path, &array![[1.0, 2.0], [3.0, f64::NAN]]).unwrap();
    assert_eq!(message(), "rates.npy, element [1, 1]: expected a rate from 0 to 1e6 Hz, found `NaN`");
    write_npy(&path, &array![[1.0, 2.0, 3.0]]).unwrap();
    assert_eq!(message(), "rates.npy has the shape [1, 3], expected [presentations, 2]");
    write_npy(&path, &array![1.0, 2.0]).unwrap();
    assert_eq!(message(), "rates.npy has the shape [2], expected [presentations, 2]");
    write_npy(&path, &array![[true, false]]).unwrap();
    let types = "integers of 8 to 64 bits (`i1` to `i8`, `u1` to `u8`) or floats (`f2`, `f4`, `f8`)";
    assert_eq!(message(), format!("rates.npy holds numbers of the type '|b1'; expected {types}"));
    write_npy(&path, &Array2::<f64>::zeros((0, 2))).unwrap();
    assert_eq!(message(), "rates.npy holds no presentation");
}

#[test]
fn spike_lists_are_sorted_by_presentation_time_and_neuron() {
    let content = "presentation,time_ms,neuron\n2,1.5,0\n0,3,1\n0,0.25,2\n0,3,0\n2,-0,2\n";
    let (_folder, path) = file("spikes.csv", content);
    let list = SpikeList::open(&path, 3).unwrap();
    let spikes = |i| list.spikes(i).iter().map(|&Spike { time, neuron }| (time, neuron)).collect::<Vec<_>>();
    assert_eq!(spikes(0), [(0.25, 2), (3.0, 0), (3.0, 1)]);
    assert_eq!(spikes(1), []);
    assert_eq!(spikes(2), [(0.0, 2), (1.5, 0)]);
    assert_eq!(list.len(), 3);
    let (_folder, path) = file("spikes.csv", "presentation,time_ms,neuron\n9999999,1,0\n");
    assert_eq!(SpikeList::open(&path, 3).unwrap().len(), 10_000_000);
}

#[test]
fn mistakes_in_a_spike_list_are_named_with_their_line() {
    let header = "expected the header `presentation,time_ms,neuron`";
    let cases = [
        ("0,1,2\n", format!("spikes.csv, line 1: {header}, found `0,1,2`")),
        ("presentation,neuron,time_ms\n", format!("spikes.csv, line 1: {header}, found `presentation,neuron,time_ms`")),
        ("", "spikes.csv holds no list of spikes: expected the header `presentation,time_ms,neuron`, and below it a row of each spike".to_owned()),
        ("presentation,time_ms,neuron\n0,1\n", "spikes.csv, line 2: expected 3 values, found 2".to_owned()),
        ("presentation,time_ms,neuron\n0,1,3\n", at(2, 3, "a neuron from 0 to 2", "3")),
        ("presentation,time_ms,neuron\n0,1,-1\n", at(2, 3, "a neuron from 0 to 2", "-1")),
        ("presentation,time_ms,neuron\n0,1,0\n0,-0.5,0\n", at(3, 2, "a time from 0 ms", "-0.5")),
        ("presentation,time_ms,neuron\n0,nan,0\n", at(2, 2, "a time from 0 ms", "nan")),
        ("presentation,time_ms,neuron\n0,soon,0\n", at(2, 2, "a time from 0 ms", "soon")),
        ("presentation,time_ms,neuron\n1.5,1,0\n", at(2, 1, "a presentation from 0 to 9999999", "1.5")),
        ("presentation,time_ms,neuron\n10000000,1,0\n", at(2, 1, "a presentation from 0 to 9999999", "10000000")),
        ("presentation,time_ms,neuron\n4294967295,1,0\n", at(2, 1, "a presentation from 0 to 9999999", "4294967295")),
    ];
    for (content, expected) in cases {
        let (_folder, path) = file("spikes.csv", content);
        assert_eq!(chain(&SpikeList::open(&path, 3).unwrap_err(), &path), expected, "{content:?}");
    }
}

fn at(line: usize, column: usize, expected: &str, found: &str) -> String {
    format!("spikes.csv, line {line}, column {column}: expected {expected}, found `{found}`")
}

#[test]
fn labels_may_go_on_beyond_the_last_spike_but_not_end_before_it() {
    let (_folder, path) = file("spikes.csv", "presentation,time_ms,neuron\n1,1,0\n");
    let load = |labels: Option<Vec<u8>>| {
        let stimuli = Stimuli::Spikes { path: path.clone(), labels };
        StimulusLoader { stimuli: &stimuli, inputs: 1, classes: 2, folder: None }.load()
    };
    let dataset = load(Some(vec![0, 1, 1])).unwrap();
    assert_eq!((dataset.training.len(), dataset.training.label(2)), (3, Some(1)));
    assert!(matches!(dataset.training.stimulus(2), Stimulus::Spikes([])));
    assert_eq!(load(None).unwrap().training.len(), 2);
    let message = chain(&load(Some(vec![0])).unwrap_err(), &path);
    assert_eq!(message, "`labels` in [stimuli] has 1 entries, but spikes.csv holds 2 presentations");
}

#[test]
fn a_table_is_its_own_evaluation_and_its_digest_is_kept() {
    let (_folder, path) = file("rates.csv", "1\n2\n");
    let stimuli = Stimuli::Rates { source: RateSource::Table(path), labels: None };
    let dataset = StimulusLoader { stimuli: &stimuli, inputs: 1, classes: 2, folder: None }.load().unwrap();
    assert_eq!((dataset.training.len(), dataset.evaluation.len()), (2, 2));
    assert_eq!(dataset.evaluation.label(0), None);
    // sha256sum of "1\n2\n".
    let digest = "a6e2b7a040683432de03a18fd8a1939a2fdf82585b364bfc874bdd4095c4cae1";
    assert_eq!(dataset.sha256(), [("rates.csv".to_owned(), digest.to_owned())]);
}

#[test]
fn initial_weights_are_read_in_row_major_order_whatever_theirs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.npy");
    let weights = array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.5]];
    let mut fortran = Array2::zeros((2, 3).f());
    fortran.assign(&weights);
    write_npy(&path, &fortran).unwrap();
    assert_eq!(read_npy_matrix(&path, 2, 3).unwrap(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.5]);
    write_npy(&path, &weights.mapv(|w| w as f32)).unwrap();
    assert_eq!(read_npy_matrix(&path, 2, 3).unwrap(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.5]);
    let message = chain(&read_npy_matrix(&path, 3, 2).unwrap_err(), &path);
    assert_eq!(message, "weights.npy has the shape [2, 3], expected [3, 2]");
    write_npy(&path, &array![0.5_f32, -1.0]).unwrap();
    assert_eq!(read_npy_vector(&path, 2).unwrap(), [0.5, -1.0]);
}

#[test]
fn initial_values_are_finite_float32_in_a_whole_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("biases.npy");
    let message = || chain(&read_npy_vector(&path, 2).unwrap_err(), &path);
    for value in [f64::NAN, f64::NEG_INFINITY, 1e300] {
        write_npy(&path, &Array1::from(vec![0.0, value])).unwrap();
        assert_eq!(message(), format!("biases.npy, element [1]: expected a finite float32, found `{value:?}`"));
    }
    write_npy(&path, &array![1.0, 2.0]).unwrap();
    let whole = fs::read(&path).unwrap();
    for length in 0..whole.len() {
        fs::write(&path, &whole[..length]).unwrap();
        assert!(read_npy_vector(&path, 2).is_err(), "{length} bytes");
    }
    fs::write(&path, [&whole[..], &[0]].concat()).unwrap();
    assert!(message().contains("expected 144 bytes (uncompressed), found 145"), "{}", message());
    fs::write(&path, b"PK\x03\x04 not NumPy at all").unwrap();
    assert!(message().starts_with("biases.npy is not a readable .npy file: "), "{}", message());
}
