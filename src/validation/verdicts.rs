//! Compares the results of a validation with their tolerances.

use std::borrow::Cow;

use super::rates::compared;
use super::{ComparedLearning, Comparison};
use crate::model::{Carries, Model, PopulationId, Projection};

/// p-value below which an identity has failed: one false alarm in ten thousand identities.
const ALARM: f64 = 1e-4;

/// Tolerated bias of the rates of neurons, as a fraction of phi_max: the diffusion twin assumes independent Poisson trains,
/// and those of hidden neurons are not quite.
const BIAS: f64 = 0.01;

/// Multiple of the chance of Poisson counts tolerated on top of that. The root mean square of ten counts is above 1.9 times
/// its mean once in 10,000 times; hidden neurons' rates fluctuate, so that their counts scatter a little more.
const SCATTER: f64 = 2.0;

/// Angle tolerated between the changes of a batch [degrees]: below it noise does not undo what rates would learn.
const ANGLE: f64 = 85.0;

/// Least CKA of representations after the same training.
const CKA: f64 = 0.8;

/// Where a value must lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// At least this.
    AtLeast(f64),
    /// At most this.
    AtMost(f64),
}

/// The result of a check.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// Value and tolerance.
    Measured(f64, Bound),
    /// The reason why the network, its stimuli or its rule have no such quantity.
    NotApplicable(Cow<'static, str>),
}

/// A quantity and the result of its check.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// The quantity, its unit in brackets.
    pub quantity: String,
    /// The result.
    pub found: Found,
}

impl Verdict {
    /// Whether the value is within its tolerance, which NaN is not; `None` if the quantity does not apply.
    pub fn passed(&self) -> Option<bool> {
        match self.found {
            Found::Measured(found, Bound::AtLeast(low)) => Some(found >= low),
            Found::Measured(found, Bound::AtMost(high)) => Some(found <= high),
            Found::NotApplicable(_) => None,
        }
    }
}

/// Checks a comparison and its learning: `None` if no learning was asked for, `Err` with the reason if there could be none.
pub fn judge(
    model: &Model,
    comparison: &Comparison,
    learning: Option<Result<&ComparedLearning, &'static str>>,
) -> Vec<Verdict> {
    let mut all: Vec<Verdict> =
        compared(model).into_iter().flat_map(|at| of_potentials(model, comparison, at)).collect();
    all.extend(compared(model).into_iter().map(|at| of_rates(model, comparison, at)));
    match learning {
        Some(Ok(learning)) => all.extend(of_learning(model, learning)),
        Some(Err(why)) => {
            let quantity = "learning as spikes and as rates".to_owned();
            all.push(Verdict { quantity, found: Found::NotApplicable(why.into()) });
        }
        None => (),
    }
    all
}

/// The identities of the soma and, where it has one, of the apical dendrite of a population.
fn of_potentials(model: &Model, comparison: &Comparison, at: usize) -> Vec<Verdict> {
    let population = &model.populations[at];
    let onto = |apical: bool| {
        let reaches = move |p: &&Projection| p.to == PopulationId(at);
        let apically = move |p: &&Projection| !apical || population.is_plateau_port(p.port);
        model.projections.iter().filter(reaches).filter(apically)
    };
    let of = |apical: bool| {
        let found = comparison.identities.iter().find(|one| (one.population, one.apical) == (at, apical));
        let found = match found {
            Some(identity) if identity.neurons > 0 => Found::Measured(identity.p, Bound::AtLeast(ALARM)),
            Some(_) => Found::NotApplicable("no spikes upstream to judge it by".into()),
            None if onto(apical).any(|projection| projection.carries == Carries::Rates) => {
                Found::NotApplicable("a projection to it carries rates, no spikes".into())
            }
            None => Found::NotApplicable("plateaus happen at times of their own".into()),
        };
        let quantity =
            format!("mean {} of {} given the rates upstream [p]", symbol(model, at, apical), population.name);
        Verdict { quantity, found }
    };
    let has_apical = onto(true).next().is_some();
    [Some(of(false)), has_apical.then(|| of(true))].into_iter().flatten().collect()
}

/// The rates of a population against those of the diffusion twin.
fn of_rates(model: &Model, comparison: &Comparison, at: usize) -> Verdict {
    let population = &model.populations[at];
    let quantity = format!("rates of neurons of {} off the diffusion twin's [Hz]", population.name);
    let found = match comparison.rates.iter().find(|rates| rates.population == at) {
        Some(rates) => {
            let tolerated = BIAS * 1e3 * population.phi_max() + SCATTER * rates.chance_hz;
            Found::Measured(rates.off_hz, Bound::AtMost(tolerated))
        }
        None => Found::NotApplicable("a spike list has no rates for a twin".into()),
    };
    Verdict { quantity, found }
}

/// Similarity of what both networks have learnt.
fn of_learning<'a>(model: &'a Model, learning: &'a ComparedLearning) -> impl Iterator<Item = Verdict> + 'a {
    let learns = model.projections.iter().enumerate().filter(|(_, projection)| projection.learning_rate > 0.0);
    let changes = learns.map(|(index, projection)| {
        let angles = learning.points.iter().flat_map(|point| &point.angles_deg);
        let angles: Vec<f64> = angles.filter(|(of, angle)| *of == index && !angle.is_nan()).map(|(_, a)| *a).collect();
        let quantity = format!("mean angle between changes of {} as spikes and as rates [deg]", projection.name);
        let found = if angles.is_empty() {
            Found::NotApplicable("neither network changed it".into())
        } else {
            Found::Measured(angles.iter().sum::<f64>() / angles.len() as f64, Bound::AtMost(ANGLE))
        };
        Verdict { quantity, found }
    });
    let alike = learning.similarity.iter().map(|like| {
        let name = &model.populations[like.population].name;
        let found = if like.cka.is_nan() {
            Found::NotApplicable("it answers all images alike".into())
        } else {
            Found::Measured(like.cka, Bound::AtLeast(CKA))
        };
        Verdict { quantity: format!("CKA of {name} after learning as spikes and as rates"), found }
    });
    changes.chain(alike)
}

/// The symbol of the potential of an identity.
pub fn potential(model: &Model, identity: &super::Identity) -> &'static str {
    symbol(model, identity.population, identity.apical)
}

fn symbol(model: &Model, population: usize, apical: bool) -> &'static str {
    match (apical, population + 1 == model.populations.len()) {
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
        let verdict = |found| Verdict { quantity: String::new(), found }.passed();
        let passed = |found, bound| verdict(Found::Measured(found, bound)) == Some(true);
        assert!(passed(1.0, Bound::AtLeast(1.0)) && passed(1.0, Bound::AtMost(1.0)));
        assert!(!passed(0.9, Bound::AtLeast(1.0)) && !passed(1.1, Bound::AtMost(1.0)));
        assert!(!passed(f64::NAN, Bound::AtLeast(0.0)) && !passed(f64::NAN, Bound::AtMost(0.0)));
        assert_eq!(verdict(Found::NotApplicable("why".into())), None);
    }
}
