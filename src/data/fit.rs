//! Whether data are shown as they are given: spikes within their presentation, classes that are both trained and tested.

use super::{Dataset, Presentations, SpikeList, StimulusSet};
use crate::protocol::Spike;

/// Spikes of a list that come too late to be shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LateSpikes {
    /// How many.
    pub late: usize,
    /// Of how many in all.
    pub all: usize,
    /// Presentation of the first of them.
    pub presentation: usize,
    /// Time of that from the start of the presentation [ms].
    pub time: f64,
}

/// How the classes of what is evaluated fit those of what is trained.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClassCounts {
    /// Images trained on, by class [256].
    pub trained: Vec<usize>,
    /// Images evaluated on, by class [256].
    pub evaluated: Vec<usize>,
}

impl SpikeList {
    /// The spikes at `length` ms and later, if there are any.
    pub fn late(&self, length: f64) -> Option<LateSpikes> {
        let late = |spikes: &[Spike]| spikes.len() - spikes.partition_point(|spike| spike.time < length);
        let counts: Vec<usize> = self.by_presentation().map(|(_, spikes)| late(spikes)).collect();
        let (first, (presentation, spikes)) = self.by_presentation().enumerate().find(|(i, _)| counts[*i] > 0)?;
        let time = spikes[spikes.len() - counts[first]].time;
        Some(LateSpikes { late: counts.iter().sum(), all: self.spike_count(), presentation, time })
    }
}

impl StimulusSet {
    /// Spikes of a list at `length` ms and later, if there are any; other stimuli have none.
    pub fn late_spikes(&self, length: f64) -> Option<LateSpikes> {
        self.spike_list().and_then(|list| list.late(length))
    }
}

impl Dataset {
    /// Images of each class among those trained and evaluated on; none without labels.
    pub fn class_counts(&self) -> Option<ClassCounts> {
        let counts = |part: &Presentations| {
            let mut counts = vec![0; 256];
            for i in 0..part.len() {
                counts[usize::from(part.label(i)?)] += 1;
            }
            Some(counts)
        };
        Some(ClassCounts { trained: counts(&self.training)?, evaluated: counts(&self.evaluation)? })
    }
}

impl ClassCounts {
    /// Classes that are evaluated and never trained, each with its number of images.
    pub fn never_trained(&self) -> Vec<(usize, usize)> {
        let pairs = self.evaluated.iter().zip(&self.trained).enumerate();
        pairs.filter(|(_, (evaluated, trained))| **evaluated > 0 && **trained == 0).map(|(c, (n, _))| (c, *n)).collect()
    }

    /// The class that all of several evaluated images are of, where more than one is trained.
    pub fn only_evaluated(&self) -> Option<usize> {
        let of_many = self.trained.iter().filter(|&&n| n > 0).count() > 1 && self.evaluated.iter().sum::<usize>() > 1;
        let mut classes = (0..self.evaluated.len()).filter(|&class| self.evaluated[class] > 0);
        classes.next().filter(|_| of_many && classes.next().is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_that_are_tested_alone_are_found() {
        let counts = |trained: &[usize], evaluated: &[usize]| {
            let [trained, evaluated] = [trained, evaluated].map(<[usize]>::to_vec);
            ClassCounts { trained, evaluated }
        };
        let sorted = counts(&[4, 4, 0], &[0, 0, 3]);
        assert_eq!((sorted.never_trained(), sorted.only_evaluated()), (vec![(2, 3)], Some(2)));
        let mixed = counts(&[4, 4, 1], &[1, 0, 3]);
        assert_eq!((mixed.never_trained(), mixed.only_evaluated()), (vec![], None));
        assert_eq!(counts(&[4, 4], &[0, 2]).only_evaluated(), Some(1));
        assert_eq!(counts(&[4, 4], &[0, 1]).only_evaluated(), None, "one image is of one class");
        assert_eq!(counts(&[4, 0], &[2, 0]).only_evaluated(), None, "there is one class");
    }
}
