//! The explorer: one page in the browser, fed by arrays of numbers.
//!
//! The page (`page/`) requests parts by name. [`serve`] serves them one by one on 127.0.0.1, [`export`] embeds all of them in
//! the page. A part is one [`Pack`]: a text object and named arrays.
//!
//! | part | text | arrays |
//! |---|---|---|
//! | `run` | model, populations, projections, tests, learning curve | |
//! | `presentations` | | `start`, `forward_end`, `target_end` f64 \[n\] \[ms\]; `index`, `image` u32; `label` i16; `decoded`, `kind` u8 |
//! | `spikes/P` | `total` before the cap | `time` f64 \[n\] \[ms\], `neuron` u32 \[n\] |
//! | `plateaus/P` | `total` before the cap | `time` f64 \[n\] \[ms\], `neuron` u32, `alpha` f32, `phase` u8 |
//! | `events/P` | `kinds` by the number of each, names of `compartments`, `total` before the cap | `start`, `stop` f64 \[n\] \[ms\], by `start`; `neuron`, `compartment` u32, `kind` u8 |
//! | `traces/P/N` | `stretches`: start \[ms\] and samples of each, `dt_ms`, `elements` | `0`, `1`, … f32 \[all samples\], one for each element |
//! | `field/J/N` | | weights onto neuron N: `initial`, `final` f32 \[pre\] |
//! | `image/K/I` | | the stimulus: `value` f32 \[inputs\], 0 to 1 |
//! | `live` | progress of the run | of a run at work: all parts shown, as `PART/NAME` |
//!
//! P counts populations and J projections in the order of the model, K is 0 for training and 1 for tests. Presentations
//! are those recorded.

mod http;
mod live;
mod pack;
mod page;
mod run;
mod server;

pub use live::{Live, LiveParts, LiveTrials};
pub use pack::Pack;
pub use page::{export, page};
pub use run::{ImagesError, RunParts};
pub use server::{Server, exchange, serve};

use crate::record::{Evaluation, RecordError};

/// The name of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataPart {
    /// Description of the run.
    Run,
    /// Recorded presentations.
    Presentations,
    /// Spikes of a population.
    Spikes(usize),
    /// Plateaus of a population.
    Plateaus(usize),
    /// Events of a population with a beginning and an end.
    Events(usize),
    /// Traces of a neuron of a population.
    Traces(usize, usize),
    /// Weights of a projection onto a neuron.
    Field(usize, usize),
    /// A stimulus: 0 for training or 1 for tests, and its index in the set.
    Image(usize, usize),
    /// All parts of a run at work.
    Live,
}

/// A source of the page's parts.
pub trait Parts: Send + Sync {
    /// A part; `None` if the run has no such part.
    ///
    /// # Errors
    /// If it is there and cannot be read.
    fn part(&self, part: DataPart) -> Result<Option<Pack>, RecordError>;
}

impl DataPart {
    /// The part of this name; `None` if it is not a name of a part.
    pub fn parse(name: &str) -> Option<Self> {
        let mut words = name.split('/');
        let kind = words.next()?;
        // Digits alone: `parse` accepts a sign.
        let plain = |word: &str| word.bytes().all(|byte| byte.is_ascii_digit()).then(|| word.parse().ok())?;
        let numbers: Vec<usize> = words.map(plain).collect::<Option<_>>()?;
        match (kind, &numbers[..]) {
            ("run", []) => Some(Self::Run),
            ("presentations", []) => Some(Self::Presentations),
            ("live", []) => Some(Self::Live),
            ("spikes", &[p]) => Some(Self::Spikes(p)),
            ("plateaus", &[p]) => Some(Self::Plateaus(p)),
            ("events", &[p]) => Some(Self::Events(p)),
            ("traces", &[p, n]) => Some(Self::Traces(p, n)),
            ("field", &[j, n]) => Some(Self::Field(j, n)),
            ("image", &[k, i]) => Some(Self::Image(k, i)),
            _ => None,
        }
    }

    /// Its name.
    pub fn name(self) -> String {
        match self {
            Self::Run => "run".to_owned(),
            Self::Presentations => "presentations".to_owned(),
            Self::Live => "live".to_owned(),
            Self::Spikes(p) => format!("spikes/{p}"),
            Self::Plateaus(p) => format!("plateaus/{p}"),
            Self::Events(p) => format!("events/{p}"),
            Self::Traces(p, n) => format!("traces/{p}/{n}"),
            Self::Field(j, n) => format!("field/{j}/{n}"),
            Self::Image(k, i) => format!("image/{k}/{i}"),
        }
    }
}

/// A learning curve as the page reads it; values that were not measured are null.
fn curve(curve: &[Evaluation]) -> serde_json::Value {
    let point = |e: &Evaluation| {
        serde_json::json!({
            "examples_seen": e.examples_seen, "test_error": e.test_error, "train_error": e.train_error,
        })
    };
    curve.iter().map(point).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_found_by_its_name() {
        let parts = [
            DataPart::Run,
            DataPart::Presentations,
            DataPart::Live,
            DataPart::Spikes(2),
            DataPart::Plateaus(0),
            DataPart::Events(3),
            DataPart::Traces(1, 499),
            DataPart::Field(0, 7),
            DataPart::Image(1, 9999),
        ];
        for part in parts {
            assert_eq!(DataPart::parse(&part.name()), Some(part));
        }
    }

    #[test]
    fn nothing_else_is_a_part() {
        for name in ["", "/", "run/", "run/1", "spikes", "spikes/", "spikes/-1", "spikes/+1", "spikes/1/2/3"] {
            assert_eq!(DataPart::parse(name), None, "{name}");
        }
        for name in ["spikes/99999999999999999999", "../run", "traces/1/..", "image/1/%30", "RUN"] {
            assert_eq!(DataPart::parse(name), None, "{name}");
        }
    }
}
