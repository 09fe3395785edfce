//! What is shown: stimuli with their labels, and the parts of a set that are trained or evaluated on.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{ImageSet, ImageVariation, RateTable, SpikeList, VariedImage};
use crate::protocol::Stimulus;

/// Stimuli of one file or set, at least one, with their labels.
#[derive(Clone, Debug, PartialEq)]
pub struct StimulusSet {
    content: Content,
    /// Of a table; images bear their own.
    labels: Option<Vec<u8>>,
    len: usize,
    /// The folder or file it was read from, as it was named.
    path: Option<PathBuf>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Content {
    Images(ImageSet),
    Rates(RateTable),
    Spikes(SpikeList),
}

/// A contiguous part of a set, counted from 0. A clone shares the set; any number of threads may read it.
#[derive(Clone, Debug)]
pub struct Presentations {
    set: Arc<StimulusSet>,
    range: Range<usize>,
}

impl From<ImageSet> for StimulusSet {
    fn from(images: ImageSet) -> Self {
        Self { len: images.len(), content: Content::Images(images), labels: None, path: None }
    }
}

impl StimulusSet {
    /// `len` presentations of a table with a label each, if any.
    pub(super) fn of_table(content: Content, len: usize, labels: Option<Vec<u8>>) -> Self {
        Self { content, labels, len, path: None }
    }

    /// The same set, read from there.
    pub(super) fn read_from(mut self, path: &Path) -> Self {
        self.path = Some(path.to_owned());
        self
    }

    /// The folder or file it was read from, as it was named; none: it is from memory or the model file.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Number of presentations, at least 1.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no presentation, which is never.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Size of the input population it is shown to.
    pub fn inputs(&self) -> usize {
        match &self.content {
            Content::Images(set) => set.maps() * set.rows() * set.cols(),
            Content::Rates(table) => table.inputs(),
            Content::Spikes(list) => list.inputs(),
        }
    }

    /// The stimulus of presentation `i`.
    ///
    /// # Panics
    /// If there is no such presentation.
    pub fn stimulus(&self, i: usize) -> Stimulus<'_> {
        assert!(i < self.len, "presentation {i} of {}", self.len);
        match &self.content {
            Content::Images(set) => Stimulus::Pixels(set.image(i)),
            Content::Rates(table) => Stimulus::Rates(table.rates(i)),
            Content::Spikes(list) => Stimulus::Spikes(list.spikes(i)),
        }
    }

    /// The stimulus of presentation `i`, its image varied, in `room`; other stimuli stay as they are.
    ///
    /// # Panics
    /// If there is no such presentation.
    pub fn varied<'a>(&'a self, i: usize, variation: &ImageVariation, room: &'a mut VariedImage) -> Stimulus<'a> {
        match &self.content {
            Content::Images(set) if variation.is_any() => Stimulus::Pixels(room.of(set, i, variation)),
            _ => self.stimulus(i),
        }
    }

    /// The label of presentation `i`, if presentations have any.
    ///
    /// # Panics
    /// If there is no such presentation.
    pub fn label(&self, i: usize) -> Option<u8> {
        assert!(i < self.len, "presentation {i} of {}", self.len);
        match &self.content {
            Content::Images(set) => Some(set.label(i)),
            Content::Rates(_) | Content::Spikes(_) => self.labels.as_ref().map(|labels| labels[i]),
        }
    }

    pub(super) fn spike_list(&self) -> Option<&SpikeList> {
        if let Content::Spikes(list) = &self.content { Some(list) } else { None }
    }

    /// Name and SHA-256 of every raw file it was read from.
    pub fn sha256(&self) -> &[(String, String)] {
        match &self.content {
            Content::Images(set) => set.sha256(),
            Content::Rates(table) => table.sha256(),
            Content::Spikes(list) => list.sha256(),
        }
    }
}

impl Presentations {
    /// The presentations `range` of a set.
    ///
    /// # Panics
    /// If the set ends before `range` does.
    pub fn new(set: Arc<StimulusSet>, range: Range<usize>) -> Self {
        assert!(range.end <= set.len(), "presentations {range:?} of {}", set.len());
        Self { set, range }
    }

    /// All presentations of a set.
    pub fn all(set: StimulusSet) -> Self {
        Self { range: 0..set.len(), set: Arc::new(set) }
    }

    /// Number of presentations.
    pub fn len(&self) -> usize {
        self.range.len()
    }

    /// Whether there is no presentation.
    pub fn is_empty(&self) -> bool {
        self.range.is_empty()
    }

    /// The place of presentation `i` in its set: which image of the file it is.
    ///
    /// # Panics
    /// If there is no such presentation.
    pub fn image(&self, i: usize) -> usize {
        assert!(i < self.len(), "presentation {i} of {}", self.len());
        self.range.start + i
    }

    /// The stimulus of presentation `i`.
    ///
    /// # Panics
    /// If there is no such presentation.
    pub fn stimulus(&self, i: usize) -> Stimulus<'_> {
        self.set.stimulus(self.image(i))
    }

    /// The stimulus of presentation `i`, varied as by [`StimulusSet::varied`].
    ///
    /// # Panics
    /// If there is no such presentation.
    pub fn varied<'a>(&'a self, i: usize, variation: &ImageVariation, room: &'a mut VariedImage) -> Stimulus<'a> {
        self.set.varied(self.image(i), variation, room)
    }

    /// The label of presentation `i`, if presentations have any.
    ///
    /// # Panics
    /// If there is no such presentation.
    pub fn label(&self, i: usize) -> Option<u8> {
        self.set.label(self.image(i))
    }

    /// The set it is a part of.
    pub fn set(&self) -> &Arc<StimulusSet> {
        &self.set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digits() -> Arc<StimulusSet> {
        Arc::new(ImageSet::new(1, 2, vec![0, 1, 10, 11, 20, 21], vec![5, 6, 7]).into())
    }

    #[test]
    fn a_part_counts_its_presentations_from_0_and_knows_their_images() {
        let part = Presentations::new(digits(), 1..3);
        assert_eq!((part.len(), part.image(1), part.label(1)), (2, 2, Some(7)));
        assert!(matches!(part.stimulus(0), Stimulus::Pixels(&[10, 11])));
        assert_eq!(part.set().inputs(), 2);
    }

    #[test]
    #[should_panic(expected = "presentation 1 of 1")]
    fn a_part_shows_nothing_of_the_rest_of_its_set() {
        Presentations::new(digits(), 0..1).stimulus(1);
    }

    #[test]
    fn threads_share_a_part() {
        fn shared<T: Clone + Send + Sync + 'static>(_: &T) {}
        shared(&Presentations::all(Arc::unwrap_or_clone(digits())));
    }
}
