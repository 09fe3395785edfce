//! A plasticity rule between spikes given by expressions.
//!
//! Each term is the change of a weight at one kind of event: w → w + Δw, within hard bounds. `at_arrival` changes it when a presynaptic
//! spike arrives, `at_spike` at a postsynaptic spike; of cells with bursts, `at_event` at a spike that begins a burst or stands alone, and
//! `at_burst` at the second spike of a burst. A term reads `w`, `w_min`, `w_max`, and traces by the names that the rule gives them, each as it is
//! just before the event: of arrivals over the synapse, and of postsynaptic spikes. Terms have the grammar of [`Expression`](crate::plasticity::Expression).
//!
//! Pairs of spikes (Song, Miller & Abbott 2000) are `at_arrival = "-0.00525 * (w_max - w_min) * y"` and `at_spike = "0.005 * (w_max - w_min) * x"`
//! with a trace x of arrivals and a trace y of spikes, of 20 ms each.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::terms::{SynapseSignal, SynapseTerms};
use super::{BoundKind, PostEvents, SpikePairing, SpikeTraces, WeightBounds};
use crate::plasticity::expression::{Program, is_name};
use crate::plasticity::{ExpressionError, Formula, RuleError};
use crate::units::{Factor, FactorText, LifTimeConstant, SynapticWeight};

/// A rule of terms by which the weight changes at arrivals and postsynaptic spikes, or at events and bursts of cells of kind "compartments" with
/// `burst`: expressions of `w`, `w_min`, `w_max` and the traces (docs/rules.md).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OnlineExpression {
    /// Change of the weight at an arrival.
    #[serde(default, with = "FactorText", skip_serializing_if = "Option::is_none")]
    pub at_arrival: Option<String>,
    /// Change at a postsynaptic spike.
    #[serde(default, with = "FactorText", skip_serializing_if = "Option::is_none")]
    pub at_spike: Option<String>,
    /// Change at a postsynaptic spike that begins a burst or stands alone.
    #[serde(default, with = "FactorText", skip_serializing_if = "Option::is_none")]
    pub at_event: Option<String>,
    /// Change at the second spike of a burst.
    #[serde(default, with = "FactorText", skip_serializing_if = "Option::is_none")]
    pub at_burst: Option<String>,
    /// Time constants of traces of arrivals, by name, two at most [ms].
    #[serde(
        default,
        rename = "arrival_traces_ms",
        with = "LifTimeConstant",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    #[schemars(with = "BTreeMap<String, LifTimeConstant>")]
    pub arrival_traces: BTreeMap<String, f64>,
    /// Time constants of traces of postsynaptic spikes, by name, two at most [ms].
    #[serde(default, rename = "spike_traces_ms", with = "LifTimeConstant", skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(with = "BTreeMap<String, LifTimeConstant>")]
    pub spike_traces: BTreeMap<String, f64>,
    /// Which earlier spikes count in a trace.
    #[serde(default)]
    pub pairing: SpikePairing,
    /// Unit of weights and of their changes in the terms.
    #[serde(default = "one", with = "Factor")]
    pub unit: f64,
    /// Smallest weight.
    #[serde(default, with = "SynapticWeight")]
    pub w_min: f64,
    /// Largest weight.
    #[serde(with = "SynapticWeight")]
    pub w_max: f64,
}

fn one() -> f64 {
    1.0
}

/// Keys of the terms, in the order of [`OnlineExpression::texts`].
const TERMS: [&str; 4] = ["at_arrival", "at_spike", "at_event", "at_burst"];

/// Names that are no traces.
const RESERVED: [&str; 3] = ["w", "w_min", "w_max"];

impl OnlineExpression {
    /// No terms yet, with this largest weight.
    pub fn of(w_max: f64) -> Self {
        Self {
            at_arrival: None,
            at_spike: None,
            at_event: None,
            at_burst: None,
            arrival_traces: BTreeMap::new(),
            spike_traces: BTreeMap::new(),
            pairing: SpikePairing::AllToAll,
            unit: one(),
            w_min: 0.0,
            w_max,
        }
    }

    /// Its bounds.
    pub fn bounds(&self) -> WeightBounds {
        WeightBounds { w_min: self.w_min, w_max: self.w_max, kind: BoundKind::Hard }
    }

    /// The rule.
    ///
    /// # Errors
    /// If a term is no expression.
    pub(super) fn compiled(&self) -> Result<SynapseTerms, RuleError> {
        let formulas = self.formulas().map_err(|(factor, source)| RuleError::Factor { factor, source })?;
        let [arrival, spike, event, burst] = formulas.map(|formula| formula.as_ref().map(Program::of));
        let tau = |traces: &BTreeMap<String, f64>| {
            let mut taus = traces.values().copied();
            [taus.next().unwrap_or(0.0), taus.next().unwrap_or(0.0)]
        };
        let acts_at = if event.is_some() || burst.is_some() { PostEvents::Bursts } else { PostEvents::Spikes };
        let traces =
            SpikeTraces { tau_x: tau(&self.arrival_traces), tau_y: tau(&self.spike_traces), pairing: self.pairing };
        let (unit, bounds) = (self.unit, [self.w_min, self.w_max]);
        Ok(SynapseTerms { arrival, spike, event, burst, acts_at, traces, unit, bounds })
    }

    fn texts(&self) -> [Option<&str>; 4] {
        [&self.at_arrival, &self.at_spike, &self.at_event, &self.at_burst].map(|text| text.as_deref())
    }

    /// The terms, read; or the key of one that is no expression.
    fn formulas(&self) -> Result<[Option<Formula<SynapseSignal>>; 4], (&'static str, ExpressionError)> {
        let bounds = [("w_min", self.w_min), ("w_max", self.w_max)];
        let bounds = bounds.map(|(name, bound)| (name.to_owned(), SynapseSignal::Bound(bound / self.unit)));
        let traces = |of: &BTreeMap<String, f64>, signal: fn(usize) -> SynapseSignal| -> Vec<_> {
            of.keys().enumerate().map(|(trace, name)| (name.clone(), signal(trace))).collect()
        };
        let mut known = vec![("w".to_owned(), SynapseSignal::Weight)];
        known.extend(bounds);
        known.extend(traces(&self.arrival_traces, SynapseSignal::ArrivalTrace));
        known.extend(traces(&self.spike_traces, SynapseSignal::SpikeTrace));
        let mut formulas = [const { None }; 4];
        for ((formula, text), key) in formulas.iter_mut().zip(self.texts()).zip(TERMS) {
            let read = text.map(|text| Formula::of_signals(text, &known)).transpose();
            *formula = read.map_err(|error| (key, error))?;
        }
        Ok(formulas)
    }

    /// The key of a term that is no expression, with what is wrong, if one is not.
    pub fn wrong_term(&self) -> Option<(&'static str, ExpressionError)> {
        self.formulas().err()
    }

    /// What its keys must be to each other.
    pub(super) fn conflict(&self) -> Option<(&'static str, String)> {
        let [_, spike, event, burst] = self.texts();
        if self.texts().iter().all(Option::is_none) {
            return Some(("kind", format!("expected one of the terms `{}`, found none", TERMS.join("`, `"))));
        }
        if (event.is_some() || burst.is_some()) && (spike.is_some() || !self.spike_traces.is_empty()) {
            let why = "expected terms at spikes, with their traces, or at events and bursts; found both";
            return Some((if spike.is_some() { "at_spike" } else { "spike_traces_ms" }, why.to_owned()));
        }
        let formulas = self.formulas().ok()?;
        let reads = |signal| formulas.iter().flatten().any(|formula| formula.reads(signal));
        let signals: [fn(usize) -> SynapseSignal; 2] = [SynapseSignal::ArrivalTrace, SynapseSignal::SpikeTrace];
        let sides = [("arrival_traces_ms", &self.arrival_traces), ("spike_traces_ms", &self.spike_traces)];
        for ((key, traces), signal) in sides.into_iter().zip(signals) {
            if traces.len() > 2 {
                return Some((key, format!("expected at most two traces, found {}", traces.len())));
            }
            for (place, name) in traces.keys().enumerate() {
                let why = if !is_name(name) || RESERVED.contains(&name.as_str()) {
                    "expected names of letters, digits and `_`, other than those of functions and of `w`, `w_min` and `w_max`"
                } else if key == "spike_traces_ms" && self.arrival_traces.contains_key(name) {
                    "expected another name than that of a trace of arrivals"
                } else if !reads(signal(place)) {
                    "expected traces that a term reads"
                } else {
                    continue;
                };
                return Some((key, format!("{why}; found `{name}`")));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{Train, close, weight_after};
    use super::super::{BurstDependent, CellEvent, OnlineRule, SpikeAtSynapse, Stdp, TripletStdp};
    use super::*;

    fn rule(terms: [Option<&str>; 4], traces: [&[(&str, f64)]; 2]) -> OnlineExpression {
        let [at_arrival, at_spike, at_event, at_burst] = terms.map(|term| term.map(str::to_owned));
        let [arrival_traces, spike_traces] =
            traces.map(|side| side.iter().map(|&(name, tau)| (name.to_owned(), tau)).collect());
        let of = OnlineExpression::of(3.0);
        OnlineExpression { at_arrival, at_spike, at_event, at_burst, arrival_traces, spike_traces, w_min: -1.0, ..of }
    }

    const TRAIN: Train<'_> =
        Train { arrivals: &[3.0, 10.0, 14.0, 40.0, 41.5], spikes: &[5.0, 12.0, 14.0, 20.0, 41.0, 43.0] };

    /// Pairs with soft bounds and triplets with hard ones, one spike after the other and several at once.
    #[test]
    fn rules_of_pairs_and_triplets_as_expressions_are_those_rules() {
        let pairs = Stdp { a_plus: 0.1, a_minus: 0.12, tau_plus: 17.0, tau_minus: 34.0, ..Stdp::of(3.0) };
        let pairs = Stdp { w_min: -1.0, bounds: BoundKind::Soft, pairing: SpikePairing::Nearest, ..pairs };
        let terms = [Some("-0.12 * (w - w_min) * y"), Some("0.1 * (w_max - w) * x"), None, None];
        let own = OnlineExpression { pairing: SpikePairing::Nearest, ..rule(terms, [&[("x", 17.0)], &[("y", 34.0)]]) };
        let triplets = TripletStdp { a3_plus: 0.05, a2_minus: 0.03, w_min: -1.0, ..TripletStdp::of(3.0) };
        let terms = [
            Some("-(w_max - w_min) * o1 * (0.03 + 2.3e-4 * r2)"),
            Some("(w_max - w_min) * r1 * (5e-10 + 0.05 * o2)"),
            None,
            None,
        ];
        let of_triplets = rule(terms, [&[("r1", 16.8), ("r2", 101.0)], &[("o1", 33.7), ("o2", 125.0)]]);
        let both: [(&dyn OnlineRule, _); 2] = [(&pairs, own), (&triplets, of_triplets)];
        for (wanted, expression) in both {
            assert_eq!(expression.conflict(), None);
            let found = expression.compiled().unwrap();
            let [found_after, wanted_after] = [&found as &dyn OnlineRule, wanted].map(|r| weight_after(r, 1.0, &TRAIN));
            assert!(close(found_after, wanted_after) && !close(found_after, 1.0), "{found_after} for {wanted_after}");
            // More synapses than are evaluated at once, with several spikes at some.
            let start: Vec<f32> = (0..150_u8).map(|k| f32::from(k) / 60.0).collect();
            let ys: [Vec<f64>; 2] = [3.0, 7.0].map(|by| (0..150_u8).map(|k| f64::from(k % 11) / by).collect());
            let at = |k: u32| SpikeAtSynapse { synapse: k / 2, x: [0.3, f64::from(k) * 0.01], y: [0.7, 0.2] };
            let spikes: Vec<_> = (0..300).filter(|k| k % 5 < 3).map(at).collect();
            let [found, wanted] = [&found as &dyn OnlineRule, wanted].map(|rule| {
                let mut weights = start.clone();
                rule.at_arrivals(&mut weights, [0.4, 0.9], [&ys[0], &ys[1]]);
                rule.at_spikes(&mut weights, &spikes);
                weights
            });
            assert!(found != start);
            for (found, wanted) in found.iter().zip(&wanted) {
                assert!((found - wanted).abs() <= 3e-7 * wanted.abs().max(1.0), "{found} for {wanted}");
            }
        }
    }

    /// η (B − P̄ E) x with a constant P̄; each signal acts by its own term.
    #[test]
    fn events_and_bursts_have_terms_of_their_own() {
        let expression = rule([None, None, Some("-0.3 * 0.4 * x"), Some("0.3 * x")], [&[("x", 20.0)], &[]]);
        let found = expression.compiled().unwrap();
        let paper = BurstDependent { w_min: -1.0, ..BurstDependent::of(0.3, 3.0) };
        assert_eq!((found.acts_at(), expression.conflict()), (PostEvents::Bursts, None));
        let mut weights = [1.0, 1.0, 1.0];
        let mut spikes = Vec::new();
        for (synapse, event) in [(0, CellEvent::Event), (1, CellEvent::Burst), (2, CellEvent::Event)] {
            let signal = found.signal(event, &mut [0.0; 2], 1.0);
            spikes.push(SpikeAtSynapse { synapse, x: [0.5, 0.0], y: [signal, 0.0] });
        }
        found.at_spikes(&mut weights, &spikes);
        for (weight, signal) in weights.into_iter().zip([-0.4, 1.0, -0.4]) {
            let wanted = paper.at_spike(1.0, [0.5, 0.0], [signal, 0.0]);
            assert!((f64::from(weight) - wanted).abs() < 1e-7, "{weight} for {wanted}");
        }
    }

    /// Weights three times as large, bounds and changes too.
    #[test]
    fn terms_are_in_the_unit_of_the_rule() {
        let own =
            rule([Some("-0.2 * y * w"), Some("0.1 * x * (w_max - w)"), None, None], [&[("x", 17.0)], &[("y", 34.0)]]);
        let larger = OnlineExpression { unit: 3.0, w_min: -3.0, w_max: 9.0, ..own.clone() };
        let [once, thrice] =
            [(own, 1.0), (larger, 3.0)].map(|(of, w)| weight_after(&of.compiled().unwrap(), w, &TRAIN));
        assert!(close(3.0 * once, thrice) && !close(once, 1.0), "{once} {thrice}");
    }

    #[test]
    fn weights_end_at_the_bounds_and_what_is_no_number_stays_none() {
        let of = |term: &str| rule([Some(term), None, None, None], [&[], &[]]).compiled().unwrap();
        let after = |term| of(term).at_arrival(1.0, [0.0; 2], [0.0; 2]);
        assert!(close(after("5"), 3.0) && close(after("-5"), -1.0) && after("ln(-1)").is_nan());
    }

    #[test]
    fn keys_that_do_not_fit_are_refused_by_name() {
        let x: &[(&str, f64)] = &[("x", 20.0)];
        for (of, key, words) in [
            (rule([None; 4], [&[], &[]]), "kind", "one of the terms"),
            (rule([None, Some("x"), Some("1"), None], [x, &[]]), "at_spike", "found both"),
            (rule([None, None, None, Some("y")], [&[], &[("y", 20.0)]]), "spike_traces_ms", "found both"),
            (rule([Some("1"), None, None, None], [x, &[]]), "arrival_traces_ms", "a term reads; found `x`"),
            (rule([Some("x"), None, None, None], [x, x]), "spike_traces_ms", "another name"),
            (rule([Some("w"), None, None, None], [&[("w", 20.0)], &[]]), "arrival_traces_ms", "found `w`"),
            (rule([Some("1"), None, None, None], [&[("exp", 20.0)], &[]]), "arrival_traces_ms", "found `exp`"),
            (
                rule([Some("a+b+c"), None, None, None], [&[("a", 1.0), ("b", 2.0), ("c", 3.0)], &[]]),
                "arrival_traces_ms",
                "at most two traces, found 3",
            ),
        ] {
            let (found, why) = of.conflict().unwrap();
            assert!(found == key && why.contains(words), "{found}: {why}");
        }
        let (key, error) = rule([None, Some("0.1 * z"), None, None], [x, &[]]).wrong_term().unwrap();
        assert_eq!((key, error.offset), ("at_spike", 6));
        assert!(error.message.contains("there is no signal `z`"), "{error}");
    }
}
