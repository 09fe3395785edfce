//! How long a network is trained.

/// How long a network is trained, and on how many images it is tested after every epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunLength {
    /// Passes through the training images.
    pub epochs: u32,
    /// Number of training images, from the first; `None`: all.
    pub images: Option<usize>,
    /// Number of test images, from the first; `None`: all.
    pub tested: Option<usize>,
}

impl RunLength {
    /// One pass through the first `images` training images, without a test.
    pub const fn untested(images: usize) -> Self {
        Self { epochs: 1, images: Some(images), tested: Some(0) }
    }

    /// As text, such as `2 epochs of 1000 images`.
    pub(super) fn text(self) -> String {
        let images = self.images.map_or(String::new(), |images| format!(" of {images} images"));
        format!("{} epochs{images}", self.epochs)
    }

    /// As a part of the names of files, such as `2-epochs-of-1000-tested-300`.
    pub(super) fn name(self) -> String {
        let part = |word: &str, count: Option<usize>| count.map_or(String::new(), |count| format!("-{word}-{count}"));
        format!("{}-epochs{}{}", self.epochs, part("of", self.images), part("tested", self.tested))
    }
}
