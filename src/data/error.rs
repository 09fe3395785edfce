//! What can be wrong with a data file.

use std::error::Error;
use std::io;
use std::str::Utf8Error;

use super::LateSpikes;

/// What to do about images that are not there.
const WHERE_IMAGES_ARE: &str = "name a folder that holds the four IDX files with `--data DIR`: for MNIST \
    train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte, plain or gzipped, \
    to be downloaded from a copy of \"The MNIST database of handwritten digits\" (LeCun, Cortes & Burges)";

/// Why stimuli or initial values were refused. Lines and columns count from 1, presentations and neurons from 0.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// The folder of IDX files does not exist.
    #[error("there is no folder `{folder}` with the images; {}", WHERE_IMAGES_ARE)]
    MissingFolder {
        /// The folder.
        folder: String,
    },
    /// The folder lacks one of the four IDX files.
    #[error(
        "`{folder}` holds none of {}; {}",
        names.join(", "),
        WHERE_IMAGES_ARE
    )]
    MissingFile {
        /// The folder.
        folder: String,
        /// The file names looked for, in order of preference.
        names: Vec<String>,
    },
    /// A file holds other data than those a network was trained on.
    #[error(
        "`{place}` does not hold what the network was trained on: the SHA-256 of `{file}` is {found}, expected {expected}"
    )]
    Changed {
        /// Name of the file.
        file: String,
        /// The folder or file read.
        place: String,
        /// SHA-256 of the file.
        found: String,
        /// SHA-256 when the network was trained.
        expected: String,
    },
    /// A folder of images was named for a model that shows none.
    #[error("`--data {folder}` names a folder of images, but the model's stimuli are {stimuli}")]
    FolderUnused {
        /// The folder.
        folder: String,
        /// What the model shows.
        stimuli: &'static str,
    },
    /// A file could not be opened or read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: String,
        /// Why not.
        source: io::Error,
    },
    /// A gzip file is cut short, or does not agree with its own checksum.
    #[error("{path} is damaged")]
    Damaged {
        /// The file.
        path: String,
        /// What the decompressor met.
        source: io::Error,
    },
    /// An IDX file does not start with the magic number of its kind.
    #[error("{path} is not an IDX file of {content}: it starts with {found:#010x}, expected {expected:#010x}")]
    Magic {
        /// The file.
        path: String,
        /// What it should hold: "images", "labels".
        content: &'static str,
        /// First four bytes, big-endian.
        found: u32,
        /// The magic number.
        expected: u32,
    },
    /// The dimensions of an IDX file are zero or beyond all memory.
    #[error("{path} claims the dimensions {dimensions:?}; each must be at least 1 and all together within 2^40 bytes")]
    Dimensions {
        /// The file.
        path: String,
        /// As they stand in the header.
        dimensions: Vec<u32>,
    },
    /// A file is not as long as its header states.
    #[error("{path}: expected {expected} bytes (uncompressed), found {found}")]
    Length {
        /// The file.
        path: String,
        /// Length in bytes that follows from the header, itself included.
        expected: u64,
        /// Length in bytes of the file once decompressed.
        found: u64,
    },
    /// A file is longer than its header states, by how much is not read.
    #[error("{path}: expected {expected} bytes (uncompressed), found more")]
    Longer {
        /// The file.
        path: String,
        /// Length in bytes that follows from the header, itself included.
        expected: u64,
    },
    /// Images and labels differ in number.
    #[error("{images_path} holds {images} images, {labels_path} {labels} labels")]
    Count {
        /// The file of images.
        images_path: String,
        /// Number of images.
        images: usize,
        /// The file of labels.
        labels_path: String,
        /// Number of labels.
        labels: usize,
    },
    /// Arrays that make no set of labelled images.
    #[error(
        "expected at least one image, of one pixel or more, and a label for each; found {} images of {} x {} pixels and \
         {labels} labels",
        images[0],
        images[1],
        images[2]
    )]
    Shape {
        /// Shape of the images: [images, rows, cols].
        images: [usize; 3],
        /// Number of labels.
        labels: usize,
    },
    /// Images do not fit the input population.
    #[error(
        "the images in `{folder}` have {}{rows} x {cols} = {} pixels, but the input population has {inputs} neurons; \
         set `size` of the first [[population]] or name other images with `--data DIR`",
        if *maps == 2 { "ON and OFF maps of 2 x " } else { "" },
        maps * rows * cols
    )]
    Pixels {
        /// The folder of IDX files.
        folder: String,
        /// Maps of an image: ON and OFF, or one.
        maps: usize,
        /// Rows of an image.
        rows: usize,
        /// Columns of an image.
        cols: usize,
        /// Size of the input population.
        inputs: usize,
    },
    /// A label names a class that the output population does not have.
    #[error(
        "{origin}: presentation {presentation} has the label {label}, but the output population has {classes} classes \
         (0 to {}); see `size` and `group` of the last [[population]]",
        classes.saturating_sub(1)
    )]
    Label {
        /// The folder, file or model key.
        origin: String,
        /// The presentation, or image of its set.
        presentation: usize,
        /// Its label.
        label: u8,
        /// Classes decoded.
        classes: usize,
    },
    /// As many images are set aside as there are, or more.
    #[error("`validation = {validation}` in [stimuli] leaves none of the {images} training images to train on")]
    Validation {
        /// Images to be set aside.
        validation: usize,
        /// Training images there are.
        images: usize,
    },
    /// Spikes of a list come after their presentation is over.
    #[error(
        "{path}: {} of {} spikes come after the {length} ms for which a presentation is sure to last, the first at {} ms in \
         presentation {}; times count from the start of each presentation: correct them, or lengthen {keys} in [protocol]",
        late.late, late.all, late.time, late.presentation
    )]
    Late {
        /// The file.
        path: String,
        /// Length of a presentation [ms].
        length: f64,
        /// The keys that it follows from.
        keys: &'static str,
        /// The spikes.
        late: LateSpikes,
    },
    /// A line of a table is no text.
    #[error("{path}, line {line}: not UTF-8 text")]
    Text {
        /// The file.
        path: String,
        /// The line.
        line: u64,
        /// Where in the line it ceases to be text.
        source: Utf8Error,
    },
    /// A spike list does not start with its header.
    #[error("{path}, line {line}: expected the header `{expected}`, found `{found}`")]
    Header {
        /// The file.
        path: String,
        /// The line of the first row.
        line: u64,
        /// The header.
        expected: &'static str,
        /// The first row.
        found: String,
    },
    /// A row has too few or too many values.
    #[error("{origin}{place}: expected {expected} values, found {found}")]
    Width {
        /// The file or model key.
        origin: String,
        /// Where in it: ", line 3".
        place: String,
        /// Values wanted.
        expected: usize,
        /// Values there are.
        found: usize,
    },
    /// A value cannot be read or is out of range.
    #[error("{origin}, {place}: expected {expected}, found `{found}`")]
    Value {
        /// The file or model key.
        origin: String,
        /// Where in it: "line 3, column 2".
        place: String,
        /// What is allowed there.
        expected: String,
        /// What stands there.
        found: String,
    },
    /// A file holds nothing of what it should.
    #[error("{path} holds no {what}")]
    Empty {
        /// The file.
        path: String,
        /// What it should hold, and how.
        what: &'static str,
    },
    /// There are more or fewer labels than presentations.
    #[error("`labels` in [stimuli] has {labels} entries, but {origin} holds {presentations} presentations")]
    Labels {
        /// Number of labels.
        labels: usize,
        /// The file or model key of the stimuli.
        origin: String,
        /// Number of presentations.
        presentations: usize,
    },
    /// A rate table is of a kind that is not known.
    #[error("{path}: a rate table is a `.csv` or an `.npy` file")]
    Extension {
        /// The file.
        path: String,
    },
    /// A list of synapses in a file of another kind.
    #[error("{path}: expected a list of synapses as .csv, .npy, .npz or .h5")]
    ListExtension {
        /// The file.
        path: String,
    },
    /// A list of synapses without a header.
    #[error("{path} holds no list of synapses: expected a header of its columns")]
    NoList {
        /// The file.
        path: String,
    },
    /// An archive of arrays cannot be read.
    #[error("{path} is not a readable .npz file")]
    Npz {
        /// The file.
        path: String,
        /// Why not.
        source: Box<dyn Error + Send + Sync>,
    },
    /// An archive lacks an array.
    #[error("{path}: expected an array `{name}`, found none")]
    NoArray {
        /// The file.
        path: String,
        /// The array.
        name: &'static str,
    },
    /// A NumPy file has no readable header.
    #[error("{path} is not a readable .npy file")]
    Npy {
        /// The file.
        path: String,
        /// Why not.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A NumPy file holds numbers of another type.
    #[error(
        "{path} holds numbers of the type {found}; expected integers of 8 to 64 bits (`i1` to `i8`, `u1` to `u8`) or floats (`f2`, \
         `f4`, `f8`)"
    )]
    NpyType {
        /// The file.
        path: String,
        /// NumPy's name of the type.
        found: String,
    },
    /// A NumPy array is of another shape.
    #[error("{path} has the shape {found:?}, expected {expected}")]
    NpyShape {
        /// The file.
        path: String,
        /// Its shape.
        found: Vec<usize>,
        /// The shape wanted, each dimension by number or by name.
        expected: String,
    },
}
