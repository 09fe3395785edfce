//! A set of labelled images: the training or the test half of a folder of IDX files.

use std::path::{Path, PathBuf};

use ndarray::{ArrayView1, ArrayView3, ArrayView4};

use super::{DataError, Idx, IdxContent};

/// The halves of a folder of IDX files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImagePart {
    /// `train-images-idx3-ubyte` and `train-labels-idx1-ubyte`.
    Train,
    /// `t10k-images-idx3-ubyte` and `t10k-labels-idx1-ubyte`.
    Test,
}

/// Images of one size with a label each, at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageSet {
    rows: usize,
    cols: usize,
    /// Maps of an image: one, its pixels, or ON and OFF maps.
    maps: usize,
    pixels: Vec<u8>,
    labels: Vec<u8>,
    sha256: Vec<(String, String)>,
}

impl ImageSet {
    /// Images from memory, [images, rows, cols] with pixels from 0 (dark) to 255, and the label of each, [images].
    ///
    /// # Errors
    /// If there is no image, no pixel, or not one label an image.
    #[allow(clippy::needless_pass_by_value, reason = "a view is as small as a reference")]
    pub fn from_views(images: ArrayView3<'_, u8>, labels: ArrayView1<'_, u8>) -> Result<Self, DataError> {
        let (count, rows, cols) = images.dim();
        if images.is_empty() || count != labels.len() {
            return Err(DataError::Shape { images: [count, rows, cols], labels: labels.len() });
        }
        Ok(Self::new(rows, cols, images.iter().copied().collect(), labels.to_vec()))
    }

    /// The images, [images, maps, rows, cols].
    #[allow(clippy::missing_panics_doc, reason = "pixels are of that shape by construction")]
    pub fn view(&self) -> ArrayView4<'_, u8> {
        let shape = (self.labels.len(), self.maps, self.rows, self.cols);
        ArrayView4::from_shape(shape, &self.pixels).expect("images of one size")
    }

    /// Images from memory: `pixels` of shape [labels, rows, cols].
    ///
    /// # Panics
    /// If there is no image, or the lengths disagree.
    pub(crate) fn new(rows: usize, cols: usize, pixels: Vec<u8>, labels: Vec<u8>) -> Self {
        assert!(!pixels.is_empty() && pixels.len() == labels.len() * rows * cols, "{} x {rows} x {cols}", labels.len());
        Self { rows, cols, maps: 1, pixels, labels, sha256: Vec::new() }
    }

    /// Loads one half of a folder; the other is not touched. Files may be plain or gzipped, and are found with a dash or
    /// a dot before `idx`; a plain one is preferred.
    ///
    /// # Errors
    /// If the folder or a file is not there, is refused by [`Idx::open`], or images and labels differ in number.
    pub fn load(folder: &Path, part: ImagePart) -> Result<Self, DataError> {
        let images_path = find(folder, part, IdxContent::Images)?;
        let labels_path = find(folder, part, IdxContent::Labels)?;
        let labels = Idx::open(&labels_path, IdxContent::Labels)?;
        let images = Idx::open(&images_path, IdxContent::Images)?;
        if images.dimensions[0] != labels.dimensions[0] {
            return Err(DataError::Count {
                images_path: images_path.display().to_string(),
                images: images.dimensions[0],
                labels_path: labels_path.display().to_string(),
                labels: labels.dimensions[0],
            });
        }
        let (rows, cols) = (images.dimensions[1], images.dimensions[2]);
        let sha256 = vec![(raw_name(&images_path), images.sha256), (raw_name(&labels_path), labels.sha256)];
        Ok(Self { rows, cols, maps: 1, pixels: images.bytes, labels: labels.bytes, sha256 })
    }

    /// The same set with so many maps in place of each image, [images, maps, rows, cols].
    pub(super) fn with_maps(&self, maps: usize, pixels: Vec<u8>) -> Self {
        let Self { rows, cols, ref labels, ref sha256, .. } = *self;
        assert_eq!(pixels.len(), labels.len() * maps * rows * cols, "{maps} maps of each image");
        Self { rows, cols, maps, pixels, labels: labels.clone(), sha256: sha256.clone() }
    }

    /// Number of images.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is no image, which is never.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Rows of an image.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Columns of an image.
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// Maps of an image: 1, or 2 of [`ImageSet::on_off`].
    pub fn maps(&self) -> usize {
        self.maps
    }

    /// The pixels of image `i`, map by map and row by row, [maps · rows · cols].
    ///
    /// # Panics
    /// If there is no such image.
    pub fn image(&self, i: usize) -> &[u8] {
        let each = self.maps * self.rows * self.cols;
        &self.pixels[i * each..][..each]
    }

    /// Copies the pixels of image `i`, moved `down` rows down and `right` columns to the right, into `out`; what comes in
    /// from the borders is 0.
    ///
    /// # Panics
    /// If there is no such image.
    pub fn shifted(&self, i: usize, [down, right]: [isize; 2], out: &mut Vec<u8>) {
        let image = self.image(i);
        out.clear();
        out.resize(image.len(), 0);
        let each = self.rows * self.cols;
        for (map, out) in image.chunks(each).zip(out.chunks_mut(each)) {
            for (row, out) in out.chunks_mut(self.cols).enumerate() {
                let Some(from) = row.checked_add_signed(-down).filter(|&from| from < self.rows) else { continue };
                for (column, out) in out.iter_mut().enumerate() {
                    if let Some(source) = column.checked_add_signed(-right).filter(|&source| source < self.cols) {
                        *out = map[from * self.cols + source];
                    }
                }
            }
        }
    }

    /// The label of image `i`.
    ///
    /// # Panics
    /// If there is no such image.
    pub fn label(&self, i: usize) -> u8 {
        self.labels[i]
    }

    /// All labels.
    pub fn labels(&self) -> &[u8] {
        &self.labels
    }

    /// Name (without `.gz`) and SHA-256 of each raw file, decompressed; none of images from memory.
    pub fn sha256(&self) -> &[(String, String)] {
        &self.sha256
    }
}

/// The file names of one half, in order of preference.
fn names(part: ImagePart, content: IdxContent) -> [String; 4] {
    let half = match part {
        ImagePart::Train => "train",
        ImagePart::Test => "t10k",
    };
    let stem = |separator| match content {
        IdxContent::Images => format!("{half}-images{separator}idx3-ubyte"),
        IdxContent::Labels => format!("{half}-labels{separator}idx1-ubyte"),
    };
    [stem('-'), stem('.'), stem('-') + ".gz", stem('.') + ".gz"]
}

fn find(folder: &Path, part: ImagePart, content: IdxContent) -> Result<PathBuf, DataError> {
    if !folder.is_dir() {
        return Err(DataError::MissingFolder { folder: folder.display().to_string() });
    }
    let names = names(part, content);
    let paths = || names.iter().map(|name| folder.join(name));
    // What is there and no file is refused when it is opened.
    match paths().find(|path| path.is_file()).or_else(|| paths().find(|path| path.exists())) {
        Some(path) => Ok(path),
        None => Err(DataError::MissingFile { folder: folder.display().to_string(), names: names.into() }),
    }
}

fn raw_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.strip_suffix(".gz").unwrap_or(&name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_come_from_arrays_and_are_seen_as_one() {
        let images = ndarray::array![[[1, 2, 3], [4, 5, 6]], [[7, 8, 9], [10, 11, 12]]];
        let labels = ndarray::array![3, 4];
        // Another order in memory is the same array.
        let by_columns = images.view().reversed_axes().as_standard_layout().into_owned();
        for view in [images.view(), by_columns.view().reversed_axes()] {
            let set = ImageSet::from_views(view, labels.view()).unwrap();
            assert_eq!((set.rows(), set.cols(), set.len(), set.label(1)), (2, 3, 2, 4));
            assert_eq!(set.image(1), [7, 8, 9, 10, 11, 12]);
            assert_eq!(set.view().index_axis(ndarray::Axis(1), 0), images);
        }
    }

    #[test]
    fn images_without_pixels_or_labels_are_refused() {
        for (shape, labels, found) in [
            ((2, 2, 3), 1, "2 images of 2 x 3 pixels and 1 labels"),
            ((0, 2, 3), 0, "0 images of 2 x 3 pixels and 0 labels"),
            ((2, 0, 3), 2, "2 images of 0 x 3 pixels and 2 labels"),
        ] {
            let (images, labels) = (ndarray::Array3::zeros(shape), ndarray::Array1::zeros(labels));
            let message = ImageSet::from_views(images.view(), labels.view()).unwrap_err().to_string();
            assert!(message.ends_with(&format!("found {found}")), "{message}");
        }
    }

    #[test]
    fn a_shifted_image_moves_and_is_dark_where_it_came_from() {
        let set = ImageSet::new(2, 3, vec![1, 2, 3, 4, 5, 6], vec![0]);
        let shifted = |by| {
            let mut out = Vec::new();
            set.shifted(0, by, &mut out);
            out
        };
        assert_eq!(shifted([0, 0]), set.image(0));
        assert_eq!(shifted([1, 0]), [0, 0, 0, 1, 2, 3]);
        assert_eq!(shifted([-1, 1]), [0, 4, 5, 0, 0, 0]);
        assert_eq!(shifted([0, -2]), [3, 0, 0, 6, 0, 0]);
        assert_eq!(shifted([5, 5]), [0; 6]);
    }

    #[test]
    fn plain_files_come_before_gzipped_ones_and_dashes_before_dots() {
        let expected = [
            "t10k-labels-idx1-ubyte",
            "t10k-labels.idx1-ubyte",
            "t10k-labels-idx1-ubyte.gz",
            "t10k-labels.idx1-ubyte.gz",
        ];
        assert_eq!(names(ImagePart::Test, IdxContent::Labels), expected);
    }

    #[test]
    fn a_digest_bears_the_name_of_the_raw_file() {
        assert_eq!(raw_name(Path::new("folder/train-images-idx3-ubyte.gz")), "train-images-idx3-ubyte");
        assert_eq!(raw_name(Path::new("folder/train-images.idx3-ubyte")), "train-images.idx3-ubyte");
    }
}
