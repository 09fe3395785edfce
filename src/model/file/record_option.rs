//! `--record`, which replaces some of the keys of `[recording]`.

use super::choice::Choice;
use super::population::RESERVED;
use super::recording::{TOO_NEAR, are_apart, written};
use super::recording_keys::RecordingKeys;
use super::resolve_recording::RecordedNames;
use crate::model::error::{ModelError, Origin};
use crate::model::recorded_ranges::{PresentationRanges, Times};
use crate::model::{Model, PresentationRange, Recording, TimeRange};

/// Changes what is recorded of a model; see [`Model::record`].
pub(super) fn record(model: &Model, what: &str) -> Result<Recording, ModelError> {
    let at = Origin::Argument(format!("--record {what}").into());
    let words: Vec<_> = what.split(',').map(str::trim).collect();
    if words.contains(&"") {
        return Err(ModelError::refused(
            at,
            "expected names separated by commas, such as `spikes`, found an empty one",
        ));
    }
    if words.len() > 1 && words.contains(&"none") {
        return Err(ModelError::refused(at, "expected `none` alone, found more"));
    }
    let [mut spikes, mut plateaus, mut traces] = [const { Choice::Listed(Vec::new()) }; 3];
    let is_continuous = model.protocol.continuous().is_some();
    let (mut presentations, mut times) = (Vec::new(), Vec::new());
    for word in &words {
        let known = |name: &str| {
            let name = name.split('[').next().unwrap_or(name);
            model.populations.iter().any(|population| population.name == name)
        };
        match (*word, after_neurons(word)) {
            ("none", _) => {}
            ("all", _) if is_continuous => [spikes, traces] = [const { Choice::All }; 2],
            ("all", _) => [spikes, plateaus, traces] = [const { Choice::All }; 3],
            ("spikes", _) => spikes = Choice::All,
            ("plateaus", _) if is_continuous => {
                let why = "expected no `plateaus` of a continuous run, which has no phases at whose ends they would be";
                return Err(ModelError::refused(at, why));
            }
            ("plateaus", _) => plateaus = Choice::All,
            ("traces", _) => traces = Choice::All,
            (range, _) if range.contains(':') && !range.contains('[') && is_continuous => {
                let why = || format!("expected times in ms such as 0:500 or 2000:, found {range:?}");
                times.push(TimeRange::parse(range).ok_or_else(|| ModelError::refused(at.clone(), why()))?);
            }
            (range, _) if range.contains(':') && !range.contains('[') => {
                presentations.push(presentation_range(range, &at)?);
            }
            (trace, Some((name, _))) if known(name) => traces.add(trace),
            (name, None) if known(name) => spikes.add(name),
            (number, _) if number.parse::<i64>().is_ok() => {
                let why = format!("{}; did you mean `{number}:`?", expected_range(number));
                return Err(ModelError::refused(at, why));
            }
            (name, _) => {
                let name = name.split(['.', '[']).next().unwrap_or(name);
                let names = model.populations.iter().map(|population| population.name.as_str());
                return Err(ModelError::unknown_name(at, "population", name, names.chain(RESERVED)));
            }
        }
    }
    let only_ranges = presentations.len() + times.len() == words.len();
    times.sort_by(|a, b| a.from_ms.total_cmp(&b.from_ms));
    if !(TimeRange::ascend(&times) && are_apart(&times)) {
        return Err(ModelError::refused(at, TOO_NEAR));
    }
    let times_ms = Some(Times(times)).filter(|times| !times.0.is_empty());
    if presentations.is_empty() {
        presentations.push(PresentationRange { first: 0, end: None });
    }
    let now = written(model);
    let presentations = PresentationRanges(presentations);
    let keys = if only_ranges {
        RecordingKeys { presentations, times_ms, ..now }
    } else {
        RecordingKeys { spikes, plateaus, traces, presentations, times_ms, ..now }
    };
    RecordedNames { populations: &model.populations, at: &|_, _| at.clone() }.recording(keys)
}

/// A word as POP and COMPARTMENT, with the neurons `[A:B]` that may stand between at the first; none without a compartment.
fn after_neurons(word: &str) -> Option<(&str, &str)> {
    let start = word.find(']').unwrap_or(0);
    let dot = start + word[start..].find('.')?;
    Some((&word[..dot], &word[dot + 1..]))
}

fn presentation_range(range: &str, at: &Origin) -> Result<PresentationRange, ModelError> {
    PresentationRange::parse(range).ok_or_else(|| ModelError::refused(at.clone(), expected_range(range)))
}

fn expected_range(found: &str) -> String {
    format!("expected a range of presentations such as 0:20, 5: or -20:, found {found:?}")
}
