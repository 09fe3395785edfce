//! Records in memory, for tests and short programs.

use super::{Evaluation, Presentation, PresentationKind, RecordError, Recorder};
use crate::engine::EventMark;
use crate::protocol::{FORWARD, Sampling, Spike, TARGET};

/// Keeps the spikes of every population, the presentations and the learning curve of a run, and potentials if they are asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MemoryRecorder {
    /// Spikes of each population on the run's clock, sorted by (time, neuron) [ms]; empty before the first presentation.
    pub spikes: Vec<Vec<Spike>>,
    /// Events of each population with a beginning and an end, on the run's clock [ms].
    pub marks: Vec<Vec<EventMark>>,
    /// Spacing at which potentials are sampled [ms]; none: they are not.
    pub every_ms: Option<f64>,
    /// Potentials of each population, [samples, n, compartments].
    pub traces: Vec<Vec<f32>>,
    /// Presentations of both kinds, in order.
    pub presentations: Vec<Shown>,
    /// The learning curve.
    pub curve: Vec<Evaluation>,
    /// What was changed in the course of a continuous run, in words, each with its time on the clock [ms].
    pub changes: Vec<(f64, String)>,
}

/// A presentation that is over.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shown {
    /// Training or test.
    pub kind: PresentationKind,
    /// Count of presentations of its kind before this one.
    pub index: u64,
    /// Index of the image in its set.
    pub image: u32,
    /// Its label, if it has one.
    pub label: Option<u8>,
    /// The class decoded from the forward phase.
    pub decoded: u8,
    /// Start on the run's clock [ms].
    pub start_ms: f64,
    /// Length of the forward phase [ms].
    pub forward_ms: f64,
    /// Length of the target phase [ms]; 0 where none was shown.
    pub target_ms: f64,
}

impl Recorder for MemoryRecorder {
    fn sampling(&mut self, _: PresentationKind, _: u64, start_ms: f64) -> Option<Sampling> {
        let every = self.every_ms?;
        Some(Sampling { first: (start_ms / every).ceil() * every - start_ms, every })
    }

    fn presentation(&mut self, presentation: Presentation<'_>) -> Result<(), RecordError> {
        let from_ms = presentation.recorded_from_ms();
        let Presentation { kind, index, image, label, decoded, start_ms, observed, .. } = presentation;
        let (forward_ms, target_ms) = (observed.phase_ms(FORWARD), observed.phase_ms(TARGET));
        self.presentations.push(Shown { kind, index, image, label, decoded, start_ms: from_ms, forward_ms, target_ms });
        self.spikes.resize_with(observed.spikes.len().max(self.spikes.len()), Vec::new);
        for (kept, seen) in self.spikes.iter_mut().zip(&observed.spikes) {
            kept.extend(seen.iter().map(|s| Spike { time: start_ms + s.time, ..*s }));
        }
        self.marks.resize_with(observed.marks.len().max(self.marks.len()), Vec::new);
        for (kept, seen) in self.marks.iter_mut().zip(&observed.marks) {
            kept.extend(seen.iter().map(|mark| mark.later(start_ms)));
        }
        self.traces.resize_with(observed.traces.len().max(self.traces.len()), Vec::new);
        self.traces.iter_mut().zip(&observed.traces).for_each(|(kept, seen)| kept.extend(seen));
        Ok(())
    }

    fn changed(&mut self, at_ms: f64, what: &str) -> Result<(), RecordError> {
        self.changes.push((at_ms, what.to_owned()));
        Ok(())
    }

    fn evaluation(&mut self, evaluation: &Evaluation) -> Result<(), RecordError> {
        self.curve.push(*evaluation);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Observation;

    #[test]
    fn spikes_are_kept_on_the_clock_of_the_run() {
        let mut memory = MemoryRecorder::default();
        let spikes = vec![vec![Spike { time: 1.5, neuron: 3 }], vec![]];
        let observed = Observation { phases_ms: vec![50.0], spikes, ..Observation::default() };
        for (index, start_ms) in [(0, 0.0), (1, 50.0)] {
            let (label, decoded) = (Some(7), 7);
            let shown = Presentation {
                kind: PresentationKind::Test,
                index,
                image: 9,
                label,
                decoded,
                start_ms,
                cut_ms: 0.0,
                observed: &observed,
            };
            memory.presentation(shown).unwrap();
        }
        let kept = [Spike { time: 1.5, neuron: 3 }, Spike { time: 51.5, neuron: 3 }];
        assert_eq!(memory.spikes, [kept.to_vec(), vec![]]);
        let starts: Vec<_> = memory.presentations.iter().map(|p| (p.index, p.start_ms)).collect();
        assert_eq!(starts, [(0, 0.0), (1, 50.0)]);
    }
}
