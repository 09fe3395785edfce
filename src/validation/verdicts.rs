//! What of a validation has a tolerance, and whether it keeps it.

use super::{Comparison, Learning};
use crate::model::Model;

/// Chance below which an identity is held to have failed: one false alarm in ten thousand for each identity.
const ALARM: f64 = 1e-4;

/// Bias tolerated in the rates of neurons, as a part of phi_max: the diffusion twin takes trains to be Poisson and
/// independent, which those of hidden neurons are not quite.
const BIAS: f64 = 0.01;

/// Multiple of the chance of Poisson counts tolerated on top of that. The root mean square of ten counts is above 1.9 times
/// its mean once in 10,000 times; hidden neurons' rates fluctuate, so that their counts scatter a little more.
const SCATTER: f64 = 2.0;

/// Angle tolerated between the changes of a batch [degrees]: below it noise does not undo what rates would learn.
const ANGLE: f64 = 85.0;

/// Alignment of representations asked for after the same lesson.
const CKA: f64 = 0.8;

/// Where a value must lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// At least this.
    AtLeast(f64),
    /// At most this.
    AtMost(f64),
}

/// A quantity, what was found and what is tolerated.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// What was measured, its unit in brackets.
    pub quantity: String,
    /// What was found.
    pub found: f64,
    /// What is tolerated.
    pub bound: Bound,
}

impl Verdict {
    /// Whether the value keeps its tolerance; one that is no number does not.
    pub fn passed(&self) -> bool {
        match self.bound {
            Bound::AtLeast(low) => self.found >= low,
            Bound::AtMost(high) => self.found <= high,
        }
    }
}

/// Judges a comparison and, where both learnt, what came of that.
pub fn verdicts(model: &Model, comparison: &Comparison, learning: Option<&Learning>) -> Vec<Verdict> {
    let name = |population: usize| &model.populations[population].name;
    let identities = comparison.identities.iter().map(|identity| {
        let (symbol, of) = (potential(model, identity), name(identity.population));
        let quantity = format!("mean {symbol} of {of} given the rates upstream [p]");
        Verdict { quantity, found: identity.p, bound: Bound::AtLeast(ALARM) }
    });
    let rates = comparison.rates.iter().map(|rates| {
        let quantity = format!("rates of neurons of {} off the diffusion twin's [Hz]", name(rates.population));
        let phi_max_hz = 1e3 * model.populations[rates.population].phi_max();
        let bound = Bound::AtMost(BIAS * phi_max_hz + SCATTER * rates.chance_hz);
        Verdict { quantity, found: rates.off_hz, bound }
    });
    let mut all: Vec<Verdict> = identities.chain(rates).collect();
    let Some(learning) = learning else { return all };
    let learns = model.projections.iter().enumerate().filter(|(_, projection)| projection.learning_rate > 0.0);
    all.extend(learns.map(|(index, projection)| {
        let angles = learning.points.iter().flat_map(|point| &point.angles_deg);
        let angles: Vec<f64> = angles.filter(|(of, _)| *of == index).map(|(_, angle)| *angle).collect();
        let quantity = format!("mean angle between changes of {} as spikes and as rates [deg]", projection.name);
        let found = angles.iter().sum::<f64>() / angles.len() as f64;
        Verdict { quantity, found, bound: Bound::AtMost(ANGLE) }
    }));
    all.extend(learning.likeness.iter().map(|like| {
        let quantity = format!("CKA of {} after learning as spikes and as rates", name(like.population));
        Verdict { quantity, found: like.cka, bound: Bound::AtLeast(CKA) }
    }));
    all
}

/// The symbol of the potential an identity is about.
pub fn potential(model: &Model, identity: &super::Identity) -> &'static str {
    match (identity.apical, identity.population + 1 == model.populations.len()) {
        (true, _) => "A",
        (false, true) => "U",
        (false, false) => "V",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_is_kept_up_to_itself_and_by_no_nan() {
        let passed = |found, bound| Verdict { quantity: String::new(), found, bound }.passed();
        assert!(passed(1.0, Bound::AtLeast(1.0)) && passed(1.0, Bound::AtMost(1.0)));
        assert!(!passed(0.9, Bound::AtLeast(1.0)) && !passed(1.1, Bound::AtMost(1.0)));
        assert!(!passed(f64::NAN, Bound::AtLeast(0.0)) && !passed(f64::NAN, Bound::AtMost(0.0)));
    }
}
