//! IDX files as they come: whole, cut short, damaged, lying; and the MNIST of this repository.

use std::error::Error;
use std::fs;
use std::io::Write;
use std::path::Path;

use apical::data::{DataError, Idx, IdxContent, ImagePart, ImageSet, StimulusLoader};
use apical::model::{ImageStimuli, OnOff, Stimuli};
use apical::protocol::Stimulus;
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use tempfile::TempDir;

/// An IDX file with this magic number, these dimensions and this data.
fn idx(magic: u32, dimensions: &[u32], data: &[u8]) -> Vec<u8> {
    let mut file = magic.to_be_bytes().to_vec();
    file.extend(dimensions.iter().flat_map(|d| d.to_be_bytes()));
    file.extend(data);
    file
}

/// Five images of 2 x 3 pixels that count up from 0.
fn images() -> Vec<u8> {
    idx(0x803, &[5, 2, 3], &(0..30).collect::<Vec<u8>>())
}

fn labels() -> Vec<u8> {
    idx(0x801, &[5], &[3, 1, 4, 1, 5])
}

fn gzip(raw: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(raw).unwrap();
    encoder.finish().unwrap()
}

fn folder(files: &[(&str, Vec<u8>)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

fn whole_folder() -> TempDir {
    folder(&[
        ("train-images-idx3-ubyte", images()),
        ("train-labels-idx1-ubyte.gz", gzip(&labels())),
        ("t10k-images.idx3-ubyte.gz", gzip(&idx(0x803, &[1, 2, 3], &[9; 6]))),
        ("t10k-labels.idx1-ubyte", idx(0x801, &[1], &[9])),
    ])
}

fn idx_source(stimuli: &Stimuli) -> StimulusLoader<'_> {
    StimulusLoader { stimuli, inputs: 6, classes: 10, folder: None }
}

/// How images are taken apart.
const LAW: OnOff = OnOff { surround: 1.0, gain: 2.0 };

/// All of them, taken apart.
fn taken_apart(folder: &Path) -> Stimuli {
    Stimuli::Idx(ImageStimuli { path: Some(folder.to_owned()), shift: 1, on_off: Some(LAW), ..ImageStimuli::default() })
}

fn stimuli(folder: &Path, validation: usize) -> Stimuli {
    Stimuli::Idx(ImageStimuli { path: Some(folder.to_owned()), validation, ..ImageStimuli::default() })
}

/// The message of an error and of all its causes.
fn chain(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |&e| e.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[test]
fn both_spellings_plain_and_gzipped_are_read() {
    let folder = whole_folder();
    let train = ImageSet::load(folder.path(), ImagePart::Train).unwrap();
    assert_eq!((train.len(), train.rows(), train.cols()), (5, 2, 3));
    assert_eq!(train.image(2), [12, 13, 14, 15, 16, 17]);
    assert_eq!(train.labels(), [3, 1, 4, 1, 5]);
    let test = ImageSet::load(folder.path(), ImagePart::Test).unwrap();
    assert_eq!((test.len(), test.image(0), test.label(0)), (1, &[9; 6][..], 9));
    let names: Vec<_> = train.sha256().iter().chain(test.sha256()).map(|(name, _)| name.as_str()).collect();
    let expected =
        ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images.idx3-ubyte", "t10k-labels.idx1-ubyte"];
    assert_eq!(names, expected);
}

#[test]
fn a_plain_file_is_preferred_and_its_digest_is_that_of_the_gzipped_one() {
    let gzipped =
        folder(&[("t10k-images-idx3-ubyte.gz", gzip(&images())), ("t10k-labels-idx1-ubyte.gz", gzip(&labels()))]);
    let from_gzip = ImageSet::load(gzipped.path(), ImagePart::Test).unwrap();
    fs::write(gzipped.path().join("t10k-images-idx3-ubyte.gz"), b"not read").unwrap();
    fs::write(gzipped.path().join("t10k-images-idx3-ubyte"), images()).unwrap();
    assert_eq!(ImageSet::load(gzipped.path(), ImagePart::Test).unwrap(), from_gzip);
}

#[test]
fn files_that_are_not_whole_are_refused_with_what_was_expected() {
    use IdxContent::{Images, Labels};
    let mut flipped = gzip(&images());
    let checksum = flipped.len() - 8;
    flipped[checksum] ^= 1;
    let cases: Vec<(&str, IdxContent, Vec<u8>, &str)> = vec![
        ("nothing", Images, vec![], "expected 16 bytes (uncompressed), found 0"),
        ("half a magic number", Labels, vec![0, 0], "expected 8 bytes (uncompressed), found 2"),
        ("half a header", Images, images()[..12].to_vec(), "expected 16 bytes (uncompressed), found 12"),
        ("one byte short", Images, images()[..45].to_vec(), "expected 46 bytes (uncompressed), found 45"),
        ("one byte more", Images, [images(), vec![0]].concat(), "expected 46 bytes (uncompressed), found more"),
        ("gzipped, short", Labels, gzip(&labels()[..12]), "expected 13 bytes (uncompressed), found 12"),
        (
            "gzipped, more",
            Labels,
            gzip(&[labels(), vec![0; 9]].concat()),
            "expected 13 bytes (uncompressed), found more",
        ),
        ("labels as images", Images, labels(), "it starts with 0x00000801, expected 0x00000803"),
        ("images as labels", Labels, gzip(&images()), "it starts with 0x00000803, expected 0x00000801"),
        ("text", Labels, b"label\n1\n".to_vec(), "not an IDX file of labels: it starts with 0x6c616265"),
        ("no image", Images, idx(0x803, &[0, 2, 3], &[]), "claims the dimensions [0, 2, 3]"),
        ("no pixel", Images, idx(0x803, &[5, 0, 3], &[]), "claims the dimensions [5, 0, 3]"),
        ("overflow", Images, idx(0x803, &[u32::MAX; 3], &[1]), "each must be at least 1 and all together within 2^40"),
        (
            "a lie",
            Images,
            idx(0x803, &[60_000, 4096, 4096], &[1; 9]),
            "expected 1006632960016 bytes (uncompressed), found 25",
        ),
        ("a gzipped lie", Images, gzip(&idx(0x803, &[60_000, 4096, 4096], &[1; 9])), "found 25"),
        ("gzip cut short", Images, gzip(&images())[..30].to_vec(), "file is damaged: "),
        ("gzip checksum", Images, flipped, "file is damaged: corrupt gzip stream"),
        ("gzip and more", Images, [gzip(&images()), vec![7; 20]].concat(), "file is damaged: "),
    ];
    for (what, content, bytes, expected) in cases {
        let error = Idx::read(&bytes[..], "file", content).unwrap_err();
        let found = chain(&error);
        assert!(found.contains(expected), "{what}: {found}");
        assert!(found.starts_with("file"), "{what}: {found}");
    }
}

#[test]
fn a_flipped_bit_is_found_or_changes_nothing() {
    let whole = gzip(&images());
    let read = |bytes: &[u8]| Idx::read(bytes, "file", IdxContent::Images);
    let undamaged = read(&whole).unwrap();
    // Some bits of the ten bytes of the header and of the last byte before the checksum mean nothing.
    let found = (0..8 * whole.len()).filter(|bit| {
        let mut damaged = whole.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        read(&damaged).map(|read| assert_eq!(read, undamaged, "bit {bit}")).is_err()
    });
    assert!(found.count() > 8 * (whole.len() - 11));
}

#[test]
fn images_and_labels_agree_in_number() {
    let folder =
        folder(&[("train-images-idx3-ubyte", images()), ("train-labels-idx1-ubyte", idx(0x801, &[4], &[0; 4]))]);
    let error = ImageSet::load(folder.path(), ImagePart::Train).unwrap_err();
    assert!(matches!(error, DataError::Count { images: 5, labels: 4, .. }), "{error}");
}

#[test]
fn a_missing_folder_or_file_says_what_to_do() {
    let folder = folder(&[("train-images-idx3-ubyte", images())]);
    let nowhere = folder.path().join("nowhere");
    let error = idx_source(&stimuli(&nowhere, 0)).load().unwrap_err().to_string();
    assert!(error.contains("nowhere") && error.contains("`--data DIR`"), "{error}");
    let error = idx_source(&stimuli(folder.path(), 0)).load().unwrap_err().to_string();
    let names =
        "train-labels-idx1-ubyte, train-labels.idx1-ubyte, train-labels-idx1-ubyte.gz, train-labels.idx1-ubyte.gz";
    assert!(error.contains(names) && error.contains("`--data DIR`"), "{error}");
    assert!(error.contains(folder.path().to_str().unwrap()), "{error}");
}

#[test]
fn only_the_files_that_are_needed_are_read() {
    let folder = whole_folder();
    let remove = |names: [&str; 2]| names.map(|name| fs::remove_file(folder.path().join(name)).unwrap());
    let all = stimuli(folder.path(), 0);
    let dataset = idx_source(&all).load().unwrap();
    assert_eq!((dataset.training.len(), dataset.evaluation.len(), dataset.sha256().len()), (5, 1, 4));

    remove(["t10k-images.idx3-ubyte.gz", "t10k-labels.idx1-ubyte"]);
    assert_eq!(idx_source(&all).load_training().unwrap().len(), 5);
    let validated = stimuli(folder.path(), 2);
    let dataset = idx_source(&validated).load().unwrap();
    assert_eq!((dataset.training.len(), dataset.evaluation.len(), dataset.sha256().len()), (3, 2, 2));
    assert_eq!((dataset.evaluation.image(0), dataset.evaluation.label(0)), (3, Some(1)));
    assert_eq!(idx_source(&validated).load_evaluation().unwrap().label(1), Some(5));

    let tested = whole_folder();
    for name in ["train-images-idx3-ubyte", "train-labels-idx1-ubyte.gz"] {
        fs::remove_file(tested.path().join(name)).unwrap();
    }
    let source = StimulusLoader { folder: Some(tested.path()), ..idx_source(&all) };
    assert_eq!(source.load_evaluation().unwrap().label(0), Some(9));
}

#[test]
fn a_model_that_asks_for_on_and_off_maps_is_shown_both_in_training_and_tests() {
    let folder = whole_folder();
    let both = taken_apart(folder.path());
    let dataset = StimulusLoader { inputs: 12, ..idx_source(&both) }.load().unwrap();
    let plain = ImageSet::load(folder.path(), ImagePart::Train).unwrap();
    assert_eq!((dataset.training.len(), dataset.training.set().inputs()), (5, 12));
    assert!(matches!(dataset.training.stimulus(4), Stimulus::Pixels(maps) if maps == plain.on_off(LAW).image(4)));
    assert_eq!(dataset.training.label(4), Some(5));
    // One grey all over has neither.
    assert!(matches!(dataset.evaluation.stimulus(0), Stimulus::Pixels(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])));
    assert_eq!(dataset.sha256().len(), 4);
}

#[test]
fn images_that_do_not_fit_the_network_are_refused() {
    let folder = whole_folder();
    let (all, too_many) = (stimuli(folder.path(), 0), stimuli(folder.path(), 5));
    let both = taken_apart(folder.path());
    let cases = [
        (
            StimulusLoader { inputs: 6, ..idx_source(&both) },
            "ON and OFF maps of 2 x 2 x 3 = 12 pixels, but the input population has 6",
        ),
        (
            StimulusLoader { inputs: 784, ..idx_source(&all) },
            "have 2 x 3 = 6 pixels, but the input population has 784 neurons",
        ),
        (StimulusLoader { classes: 5, ..idx_source(&all) }, "training images: presentation 4 has the label 5, but"),
        (StimulusLoader { classes: 9, ..idx_source(&all) }, "test images: presentation 0 has the label 9, but"),
        (idx_source(&too_many), "`validation = 5` in [stimuli] leaves none of the 5 training images"),
    ];
    for (source, expected) in cases {
        let found = source.load().unwrap_err().to_string();
        assert!(found.contains(expected), "{found}");
    }
}

#[test]
fn the_mnist_of_this_repository_is_whole() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/mnist");
    let stimuli = stimuli(&folder, 0);
    let dataset = StimulusLoader { inputs: 784, ..idx_source(&stimuli) }.load().unwrap();
    assert_eq!((dataset.training.len(), dataset.evaluation.len()), (60_000, 10_000));
    let first: Vec<_> = (0..5).map(|i| dataset.training.label(i).unwrap()).collect();
    assert_eq!(first, [5, 0, 4, 1, 9]);
    let expected = [
        ("train-images-idx3-ubyte", "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
        ("train-labels-idx1-ubyte", "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
        ("t10k-images-idx3-ubyte", "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
        ("t10k-labels-idx1-ubyte", "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
    ];
    assert_eq!(dataset.sha256(), expected.map(|(name, digest)| (name.to_owned(), digest.to_owned())));
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for content in [IdxContent::Images, IdxContent::Labels] {
            let _ = Idx::read(&bytes[..], "file", content);
        }
    }

    /// What the reader accepts is what the header says: data of the product of its dimensions, and nothing else.
    #[test]
    fn what_is_accepted_is_whole(dimensions in prop::array::uniform3(0_u32..5), data in prop::collection::vec(any::<u8>(), 0..70)) {
        let size = dimensions.iter().product::<u32>() as usize;
        let file = idx(0x803, &dimensions, &data);
        for file in [gzip(&file), file] {
            match Idx::read(&file[..], "file", IdxContent::Images) {
                Ok(read) => prop_assert!(size > 0 && read.bytes == data && data.len() == size),
                Err(_) => prop_assert!(size == 0 || data.len() != size),
            }
        }
    }
}
