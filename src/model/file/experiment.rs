//! What the keys of `[protocol]`, `[learning]`, `[decoding]` and `[stimuli]` must be together.

use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::error::ModelError;
use crate::model::text::Section;
use crate::model::{
    Carries, Decoding, HiddenError, Learning, Population, Projection, Protocol, RateSource, Rule, Slope, Stimuli,
    TwoPhaseProtocol,
};

/// Reads `[protocol]`.
pub(super) fn protocol(section: &Section<'_, '_>) -> Result<Protocol, ModelError> {
    match section.read()? {
        Protocol::TwoPhase(protocol) => two_phase(section, protocol).map(Protocol::TwoPhase),
        other => Ok(other),
    }
}

/// Completes and checks the keys of two phases.
fn two_phase(section: &Section<'_, '_>, mut protocol: TwoPhaseProtocol) -> Result<TwoPhaseProtocol, ModelError> {
    let mut target_key = "target_settle_ms";
    if !section.has(target_key) {
        target_key = "settle_ms";
        protocol.target_settle = protocol.settle;
    }
    let TwoPhaseProtocol { forward, target, test, settle, target_settle, .. } = protocol;
    for (settle_key, settle, phase_key, phase) in [
        ("settle_ms", settle, "forward_ms", forward),
        ("settle_ms", settle, "test_ms", test),
        (target_key, target_settle, "target_ms", target),
    ] {
        if settle >= phase {
            let why = format!("expected `{settle_key}` below `{phase_key}`, found {settle} and {phase}");
            return Err(section.refused(&[settle_key, phase_key], why));
        }
    }
    Ok(protocol)
}

/// Reads `[learning]`, and refuses what the rule has no use for.
pub(super) fn learning(section: &Section<'_, '_>) -> Result<Learning, ModelError> {
    let learning: Learning = section.read()?;
    let of_rates = learning.rule != Rule::TwoPhase;
    let (key, why) = if !of_rates && learning.momentum > 0.0 {
        ("momentum", "expected `momentum` 0, for \"two-phase\" has none")
    } else if of_rates && learning.hidden_error != HiddenError::Plateaus {
        ("hidden_error", "expected no `hidden_error`, which is for \"two-phase\"")
    } else if of_rates && learning.output_slope != Slope::Sigmoid {
        ("output_slope", "expected no `output_slope`, which is for \"two-phase\"")
    } else if of_rates && learning.centring > 0 {
        ("centring_presentations", "expected `centring_presentations` 0: trains are centred by \"two-phase\" alone")
    } else {
        return Ok(learning);
    };
    Err(section.refused(&[key, "rule"], why))
}

/// The keys of `[decoding]`.
#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct DecodingKeys {
    /// What the answer is read from.
    pub(super) by: Decoding,
}

/// Reads `[decoding]`.
pub(super) fn decoding(section: &Section<'_, '_>) -> Result<Decoding, ModelError> {
    Ok(section.read::<DecodingKeys>()?.by)
}

/// Refuses, in a continuous run, what belongs to presentations.
pub(super) fn check_continuous(file: &Section<'_, '_>, projections: &[Projection]) -> Result<(), ModelError> {
    for (key, instead) in [
        ("stimuli", ": each source population has a `stimulus` of its own"),
        ("learning", ", which comes with presentations"),
        ("decoding", ", which comes with presentations"),
    ] {
        if file.has(key) {
            let why = format!("expected no [{key}] with the protocol \"continuous\"{instead}");
            return Err(ModelError::refused(file.at_key(key), why));
        }
    }
    let unfit = projections.iter().find_map(|projection| match projection {
        Projection { learning_rate, .. } if *learning_rate > 0.0 => Some((projection, "`learning_rate` 0")),
        Projection { carries: Carries::Rates, .. } => Some((projection, "`carries` \"spikes\"")),
        Projection { rule: Some(_), .. } => Some((projection, "no `rule`")),
        _ => None,
    });
    let Some((projection, expected)) = unfit else { return Ok(()) };
    let why = format!("expected {expected} of {:?} with the protocol \"continuous\"", projection.name);
    Err(ModelError::refused(file.at("projection"), why))
}

/// Reads `[stimuli]` for the populations it is shown to and decoded from.
pub(super) fn stimuli(section: &Section<'_, '_>, populations: &[Population]) -> Result<Stimuli, ModelError> {
    let stimuli: Stimuli = section.read()?;
    let labels = match &stimuli {
        Stimuli::Idx(images) if images.deformation.is_some_and(|law| !law.deforms()) => {
            let why = "expected one of `displacement_pixels`, `rotation_deg`, `scaling` and `shear` above 0 in `deformation`, found \
                       none: images would stay as they are";
            return Err(section.refused(&["deformation"], why));
        }
        Stimuli::Idx(_) => return Ok(stimuli),
        Stimuli::Rates { source: RateSource::Fixed(rates), labels } => {
            let inputs = populations.iter().find(|population| population.is_source()).map_or(0, |source| source.size);
            if rates.len() != inputs {
                let found = rates.len();
                let why = format!("expected {inputs} `rates_hz`, one per input neuron, found {found}");
                return Err(section.refused(&["rates_hz"], why));
            }
            labels
        }
        Stimuli::Rates { source: RateSource::Table(path), labels } => {
            check_extension(section, path, &["csv", "npy"])?;
            labels
        }
        Stimuli::Spikes { path, labels } => {
            check_extension(section, path, &["csv"])?;
            labels
        }
    };
    if let Some(labels) = labels {
        check_labels(section, labels, populations)?;
    }
    Ok(stimuli)
}

pub(super) fn check_extension(section: &Section<'_, '_>, path: &Path, extensions: &[&str]) -> Result<(), ModelError> {
    let extension = path.extension().and_then(|extension| extension.to_str());
    if extension.is_some_and(|found| extensions.iter().any(|known| found.eq_ignore_ascii_case(known))) {
        return Ok(());
    }
    let why = format!("expected a .{} file, found {}", extensions.join(" or ."), path.display());
    Err(section.refused(&["path"], why))
}

/// Refuses labels of no class that is decoded.
fn check_labels(section: &Section<'_, '_>, labels: &[u8], populations: &[Population]) -> Result<(), ModelError> {
    if labels.is_empty() {
        return Err(section.refused(&["labels"], "expected `labels` of at least one presentation, found none"));
    }
    let classes = populations.iter().rev().map(Population::classes).find(|classes| *classes > 0);
    let last = classes.map_or(usize::from(u8::MAX), |classes| classes - 1);
    match labels.iter().position(|&label| usize::from(label) > last) {
        Some(index) => {
            let expected = format!("an integer from 0 to {last}");
            Err(section.value(section.at_item("labels", index), "labels", &expected, &labels[index].to_string(), None))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Schedule;
    use crate::model::text::ModelText;

    fn read<T>(text: &str, of: impl Fn(&Section<'_, '_>) -> Result<T, ModelError>) -> Result<T, ModelError> {
        ModelText::text(text, "m").merged(&[], |file| of(&file))
    }

    fn learning_of(keys: &str) -> Result<Learning, ModelError> {
        read(&format!("name = 'm'\n[learning]\n{keys}"), |file| learning(&file.section("learning")?))
    }

    fn protocol_of(keys: &str) -> Result<TwoPhaseProtocol, ModelError> {
        let protocol = read(&format!("name = 'm'\n[protocol]\n{keys}"), |file| protocol(&file.section("protocol")?))?;
        Ok(*protocol.two_phase().expect("two phases without a word"))
    }

    #[test]
    fn a_rule_of_rates_has_momentum_and_none_of_the_keys_for_two_phases() {
        let backprop = learning_of("rule = 'backprop'\nmomentum = 0.9").unwrap();
        assert_eq!((backprop.rule, backprop.momentum.to_bits()), (Rule::OfRates("backprop"), 0.9_f64.to_bits()));
        for refused in [
            "momentum = 0.9",
            "rule = 'backprop'\nmomentum = 1.0",
            "rule = 'backprop'\nhidden_error = 'backprop'",
            "rule = 'backprop'\noutput_slope = 'constant'",
            "rule = 'backprop'\ncentring_presentations = 10",
            "rule = 'backprob'",
        ] {
            assert!(learning_of(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn without_a_word_it_is_the_papers_protocol() {
        let (forward, target, test, settle, target_settle) = (50.0, 50.0, 250.0, 30.0, 30.0);
        let expected =
            TwoPhaseProtocol { forward, target, test, settle, target_settle, wald_mean: 2.0, wald_scale: 1.0 };
        assert_eq!(protocol_of("").unwrap(), expected);
    }

    #[test]
    fn the_target_phase_settles_as_the_forward_phase_does_unless_given() {
        for (text, expected) in [("settle_ms = 5", (5.0, 5.0)), ("settle_ms = 5\ntarget_settle_ms = 7", (5.0, 7.0))] {
            let protocol = protocol_of(text).unwrap();
            assert_eq!((protocol.settle, protocol.target_settle), expected);
        }
    }

    #[test]
    fn a_phase_is_longer_than_its_settling() {
        let message = protocol_of("target_ms = 30").unwrap_err().to_string();
        assert_eq!(message, "m:3:13: [protocol]: expected `settle_ms` below `target_ms`, found 30 and 30");
        assert!(protocol_of("settle_ms = 50").is_err());
        assert!(protocol_of("test_ms = 20").is_err());
    }

    #[test]
    fn schedules_have_their_own_keys() {
        let schedule = |text: &str| learning_of(text).map(|learning| learning.schedule);
        assert_eq!(schedule("").unwrap(), Schedule::Constant);
        let exponential = schedule("schedule = { kind = 'exponential', factor_per_epoch = 0.5 }").unwrap();
        assert_eq!(exponential, Schedule::Exponential { factor_per_epoch: 0.5 });
        let message = schedule("schedule = { kind = 'linear', factor_per_epoch = 0.5 }").unwrap_err().to_string();
        assert_eq!(message, "m:3:31: unknown key `factor_per_epoch` in `schedule` of [learning]; its keys are kind");
    }

    #[test]
    fn answers_are_read_from_potentials_or_rates() {
        let by = |text: &str| read(text, |file| decoding(&file.section("decoding")?)).unwrap();
        assert_eq!(by("name = 'm'"), Decoding::Potential);
        assert_eq!(by("name = 'm'\ndecoding.by = 'rate'"), Decoding::Rate);
    }
}
