//! What is done with the network.
//!
//! | section | key | default |
//! |---|---|---|
//! | `[protocol]` | `forward_ms`, `target_ms`, `test_ms` | 50, 50, 250 |
//! | | `settle_ms`, `target_settle_ms` | 30, as `settle_ms` |
//! | | `wald_mean_ms`, `wald_scale_ms` | 2, 1 |
//! | `[learning]` | `rule` "two-phase", or one of rates as `apical compare --list` names them | "two-phase" |
//! | | `momentum`, of a rule of rates | 0 |
//! | | `batch`, `epochs` | 1, 1 |
//! | | `hidden_error` "plateaus" or "backprop" | "plateaus" |
//! | | `output_slope` "sigmoid" or "constant" | "sigmoid" |
//! | | `centring_presentations` | 0 |
//! | | `schedule.kind` "constant", "exponential" (`factor_per_epoch` 0.9) or "linear" | "constant" |
//! | `[decoding]` | `by` "potential" or "rate" | "potential" |

use crate::model::error::ModelError;
use crate::model::expected::above;
use crate::model::reader::Reader;
use crate::model::{Decoding, HiddenError, Learning, RATE_RULES, Rule, Schedule, Slope, TwoPhaseProtocol};

/// Longest phase [ms].
const LONGEST: f64 = 100_000.0;

/// Reads `[protocol]`.
pub(super) fn protocol(model: &mut Reader<'_>) -> Result<TwoPhaseProtocol, ModelError> {
    let mut keys = model.section("protocol")?;
    let forward = keys.number("forward_ms", above(0.0, LONGEST))?.unwrap_or(50.0);
    let target = keys.number("target_ms", above(0.0, LONGEST))?.unwrap_or(50.0);
    let test = keys.number("test_ms", above(0.0, LONGEST))?.unwrap_or(250.0);
    let settle = keys.number("settle_ms", 0.0..=LONGEST)?.unwrap_or(30.0);
    let given = keys.number("target_settle_ms", 0.0..=LONGEST)?;
    let wald_mean = keys.number("wald_mean_ms", 0.0..=LONGEST)?.unwrap_or(2.0);
    let wald_scale = keys.number("wald_scale_ms", above(0.0, LONGEST))?.unwrap_or(1.0);
    let target_key = if given.is_some() { "target_settle_ms" } else { "settle_ms" };
    let target_settle = given.unwrap_or(settle);
    for (settle_key, settle, phase_key, phase) in [
        ("settle_ms", settle, "forward_ms", forward),
        ("settle_ms", settle, "test_ms", test),
        (target_key, target_settle, "target_ms", target),
    ] {
        if settle >= phase {
            let why =
                format!("{}: expected `{settle_key}` below `{phase_key}`, found {settle} and {phase}", keys.name());
            return Err(ModelError::refused(keys.at_any(&[settle_key, phase_key]), why));
        }
    }
    keys.finish()?;
    Ok(TwoPhaseProtocol { forward, target, test, settle, target_settle, wald_mean, wald_scale })
}

/// Reads `[learning]`.
pub(super) fn learning(model: &mut Reader<'_>) -> Result<Learning, ModelError> {
    let mut keys = model.section("learning")?;
    let errors = [("plateaus", HiddenError::Plateaus), ("backprop", HiddenError::Backprop)];
    let slopes = [("sigmoid", Slope::Sigmoid), ("constant", Slope::Constant)];
    let of_rates = RATE_RULES.map(|name| (name, Rule::OfRates(name)));
    let rules = [&[("two-phase", Rule::TwoPhase)], &of_rates[..]].concat();
    let learning = Learning {
        rule: keys.word("rule", &rules)?.unwrap_or(Rule::TwoPhase),
        momentum: keys.number("momentum", 0.0..1.0)?.unwrap_or(0.0),
        batch: keys.integer("batch", 1..=4096)?.unwrap_or(1) as usize,
        epochs: keys.integer("epochs", 1..=100_000)?.unwrap_or(1) as u32,
        schedule: schedule(keys.inner("schedule")?)?,
        hidden_error: keys.word("hidden_error", &errors)?.unwrap_or(HiddenError::Plateaus),
        output_slope: keys.word("output_slope", &slopes)?.unwrap_or(Slope::Sigmoid),
        centring: keys.integer("centring_presentations", 0..=1_000_000_000)?.unwrap_or(0) as u32,
    };
    check_keys_of_the_other_rules(&keys, &learning)?;
    keys.finish()?;
    Ok(learning)
}

/// Refuses what the rule has no use for.
fn check_keys_of_the_other_rules(keys: &Reader<'_>, learning: &Learning) -> Result<(), ModelError> {
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
        return Ok(());
    };
    Err(ModelError::refused(keys.at_any(&[key, "rule"]), format!("{}: {why}", keys.name())))
}

fn schedule(mut keys: Reader<'_>) -> Result<Schedule, ModelError> {
    #[derive(Clone, Copy)]
    enum Kind {
        Constant,
        Exponential,
        Linear,
    }
    let words = [("constant", Kind::Constant), ("exponential", Kind::Exponential), ("linear", Kind::Linear)];
    let schedule = match keys.word("kind", &words)?.unwrap_or(Kind::Constant) {
        Kind::Constant => Schedule::Constant,
        Kind::Linear => Schedule::Linear,
        Kind::Exponential => {
            Schedule::Exponential { factor_per_epoch: keys.number("factor_per_epoch", above(0.0, 1.0))?.unwrap_or(0.9) }
        }
    };
    keys.finish()?;
    Ok(schedule)
}

/// Reads `[decoding]`.
pub(super) fn decoding(model: &mut Reader<'_>) -> Result<Decoding, ModelError> {
    let mut keys = model.section("decoding")?;
    let by = keys.word("by", &[("potential", Decoding::Potential), ("rate", Decoding::Rate)])?;
    keys.finish()?;
    Ok(by.unwrap_or(Decoding::Potential))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::tree;

    fn read<T>(text: &str, of: impl Fn(&mut Reader<'_>) -> Result<T, ModelError>) -> Result<T, ModelError> {
        of(&mut Reader::new(&tree::document(text, "m").unwrap(), "the model file"))
    }

    #[test]
    fn a_rule_of_rates_has_momentum_and_none_of_the_keys_for_two_phases() {
        let rule = |text: &str| read(&format!("[learning]\n{text}"), learning);
        let backprop = rule("rule = 'backprop'\nmomentum = 0.9").unwrap();
        assert_eq!((backprop.rule, backprop.momentum.to_bits()), (Rule::OfRates("backprop"), 0.9_f64.to_bits()));
        for refused in [
            "momentum = 0.9",
            "rule = 'backprop'\nmomentum = 1.0",
            "rule = 'backprop'\nhidden_error = 'backprop'",
            "rule = 'backprop'\noutput_slope = 'constant'",
            "rule = 'backprop'\ncentring_presentations = 10",
            "rule = 'backprob'",
        ] {
            assert!(rule(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn without_a_word_it_is_the_papers_protocol() {
        let (forward, target, test, settle, target_settle) = (50.0, 50.0, 250.0, 30.0, 30.0);
        let expected =
            TwoPhaseProtocol { forward, target, test, settle, target_settle, wald_mean: 2.0, wald_scale: 1.0 };
        assert_eq!(read("", protocol).unwrap(), expected);
    }

    #[test]
    fn the_target_phase_settles_as_the_forward_phase_does_unless_told() {
        for (text, expected) in [("settle_ms = 5", (5.0, 5.0)), ("settle_ms = 5\ntarget_settle_ms = 7", (5.0, 7.0))] {
            let protocol = read(&format!("[protocol]\n{text}"), protocol).unwrap();
            assert_eq!((protocol.settle, protocol.target_settle), expected);
        }
    }

    #[test]
    fn a_phase_is_longer_than_its_settling() {
        let message = read("[protocol]\ntarget_ms = 30", protocol).unwrap_err().to_string();
        assert_eq!(message, "m:2:13: [protocol]: expected `settle_ms` below `target_ms`, found 30 and 30");
        assert!(read("[protocol]\nsettle_ms = 50", protocol).is_err());
        assert!(read("[protocol]\ntest_ms = 20", protocol).is_err());
    }

    #[test]
    fn schedules_have_their_own_keys() {
        let read = |text: &str| read(text, learning).map(|learning| learning.schedule);
        assert_eq!(read("").unwrap(), Schedule::Constant);
        let exponential = read("learning.schedule = { kind = 'exponential', factor_per_epoch = 0.5 }").unwrap();
        assert_eq!(exponential, Schedule::Exponential { factor_per_epoch: 0.5 });
        assert!(read("learning.schedule = { kind = 'linear', factor_per_epoch = 0.5 }").is_err());
    }

    #[test]
    fn answers_are_read_from_potentials_or_rates() {
        assert_eq!(read("", decoding).unwrap(), Decoding::Potential);
        assert_eq!(read("decoding.by = 'rate'", decoding).unwrap(), Decoding::Rate);
    }
}
