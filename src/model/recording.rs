//! What is kept of a run.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::recorded_ranges::{PresentationRange, TimeRange};
use super::{CompartmentId, PopulationId};

/// What is kept of a run, of some of its training presentations (of a test: of the test presentations).
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// Populations whose spikes are kept.
    pub spikes: Vec<PopulationId>,
    /// Populations whose plateaus are kept.
    pub plateaus: Vec<PopulationId>,
    /// Populations of which traces are kept, each with its compartments in ascending order of element.
    pub traces: Vec<(PopulationId, Vec<CompartmentId>)>,
    /// Neurons of which spikes are kept, where not of all of a population.
    pub spiking_neurons: Vec<NeuronRange>,
    /// Neurons of which traces are kept, where not of all of a population.
    pub traced_neurons: Vec<NeuronRange>,
    /// Presentations recorded.
    pub presentations: Vec<PresentationRange>,
    /// Times of a continuous run that are recorded, ascending, with gaps of at least a stretch; empty: all of it.
    pub times: Vec<TimeRange>,
    /// Spacing of sampled traces [ms].
    pub report_dt: f64,
    /// Weight snapshots beside `initial` and `final`.
    pub snapshots: Snapshots,
    /// Whether losses of layers, angles to backpropagation and feedback Jacobians are measured of every training presentation.
    pub credit: CreditRecording,
    /// Whether spikes and traces are stored deflated, which the SONATA reader cannot open.
    pub compression: Compression,
}

/// Some neurons of a population.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NeuronRange {
    /// The population.
    pub population: PopulationId,
    /// Its neurons.
    pub neurons: Range<usize>,
}

impl Recording {
    /// The neurons of which spikes are kept, of a population of so many whose spikes are.
    pub fn spiking(&self, population: PopulationId, size: usize) -> Range<usize> {
        selected(&self.spiking_neurons, population, size)
    }

    /// The neurons of which traces are kept, of a population of so many whose traces are.
    pub fn traced(&self, population: PopulationId, size: usize) -> Range<usize> {
        selected(&self.traced_neurons, population, size)
    }

    /// What of `span` on the clock of a continuous run is recorded, ascending [ms].
    pub fn recorded_times(&self, span: Range<f64>) -> Vec<Range<f64>> {
        if self.times.is_empty() {
            return vec![span];
        }
        let within = |time: &TimeRange| time.from_ms.max(span.start)..time.to_ms.unwrap_or(span.end).min(span.end);
        self.times.iter().map(within).filter(|time| time.start < time.end).collect()
    }

    /// The presentations recorded of a run that is planned to have so many: ascending, disjoint ranges with gaps between.
    pub fn recorded(&self, planned: u64) -> Vec<Range<u64>> {
        let mut ranges: Vec<_> = self.presentations.iter().map(|stretch| stretch.of(planned)).collect();
        ranges.retain(|range| !range.is_empty());
        ranges.sort_by_key(|range| range.start);
        let mut joined: Vec<Range<u64>> = Vec::new();
        for range in ranges {
            match joined.last_mut().filter(|last| range.start <= last.end) {
                Some(last) => last.end = last.end.max(range.end),
                None => joined.push(range),
            }
        }
        joined
    }
}

fn selected(ranges: &[NeuronRange], population: PopulationId, size: usize) -> Range<usize> {
    let own = ranges.iter().find(|range| range.population == population);
    own.map_or(0..size, |range| range.neurons.start.min(size)..range.neurons.end.min(size))
}

/// When weight snapshots are taken, beside the initial and final one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Snapshots {
    /// No, and not at the ends of the run either.
    Never,
    /// At the ends alone.
    Ends,
    /// After every epoch.
    Epochs,
    /// After every so many presentations.
    Presentations(u64),
}

impl Snapshots {
    const EXPECTED: &str = "\"never\", \"ends\", \"epochs\" or a number of presentations, at least 1";
}

impl Serialize for Snapshots {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Never => serializer.serialize_str("never"),
            Self::Ends => serializer.serialize_str("ends"),
            Self::Epochs => serializer.serialize_str("epochs"),
            Self::Presentations(every) => serializer.serialize_i64((*every).try_into().unwrap_or(i64::MAX)),
        }
    }
}

impl<'de> Deserialize<'de> for Snapshots {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SnapshotWords;
        impl Visitor<'_> for SnapshotWords {
            type Value = Snapshots;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(Snapshots::EXPECTED)
            }

            fn visit_str<E: Error>(self, word: &str) -> Result<Snapshots, E> {
                match word {
                    "never" => Ok(Snapshots::Never),
                    "ends" => Ok(Snapshots::Ends),
                    "epochs" => Ok(Snapshots::Epochs),
                    _ => Err(E::invalid_value(Unexpected::Str(word), &self)),
                }
            }

            fn visit_i64<E: Error>(self, every: i64) -> Result<Snapshots, E> {
                let positive = u64::try_from(every).ok().filter(|every| *every >= 1);
                positive.map(Snapshots::Presentations).ok_or_else(|| E::invalid_value(Unexpected::Signed(every), &self))
            }
        }
        deserializer.deserialize_any(SnapshotWords)
    }
}

impl JsonSchema for Snapshots {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Snapshots".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "oneOf": [{ "type": "string", "enum": ["never", "ends", "epochs"] }, { "type": "integer", "minimum": 1 }] })
    }
}

/// Whether the assignment of credit to hidden neurons is measured, which takes about as long as a presentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CreditRecording {
    /// It is not.
    Unmeasured,
    /// It is, in every training presentation.
    Measured,
}

/// Whether recorded data are stored deflated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// As they are; every reader opens them.
    None,
    /// Deflated by zlib.
    Deflate,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded(stretches: &[(i64, Option<i64>)], planned: u64) -> Vec<Range<u64>> {
        let presentations = stretches.iter().map(|&(first, end)| PresentationRange { first, end }).collect();
        let recording = Recording {
            spikes: Vec::new(),
            plateaus: Vec::new(),
            traces: Vec::new(),
            spiking_neurons: Vec::new(),
            traced_neurons: Vec::new(),
            presentations,
            times: Vec::new(),
            report_dt: 0.5,
            snapshots: Snapshots::Ends,
            credit: CreditRecording::Unmeasured,
            compression: Compression::None,
        };
        recording.recorded(planned)
    }

    #[test]
    fn negative_numbers_count_from_the_end_and_overlaps_are_joined() {
        let ends = [(0, Some(20)), (-20, None)];
        assert_eq!(recorded(&ends, 60_000), [0..20, 59_980..u64::MAX]);
        assert_eq!(recorded(&ends, 41), [0..20, 21..u64::MAX]);
        for short in [5, 40] {
            assert_eq!(recorded(&ends, short), vec![0..u64::MAX; 1]);
        }
        assert_eq!(recorded(&[(7, Some(9)), (-8, Some(-5)), (3, Some(3))], 10), [2..5, 7..9]);
        assert_eq!(recorded(&[(5, Some(-8))], 10), []);
    }
}
