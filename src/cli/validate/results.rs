//! The results of a validation as JSON.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::model::Model;
use crate::validation::{Bound, ComparedLearning, Comparison, Found, LearningPoint, Verdict, potential};

/// What `validate --json` prints.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::cli) struct ValidationResults {
    /// `validate`.
    command: &'static str,
    /// Name of the model.
    model: String,
    /// Seed of all that is random.
    seed: u64,
    /// Projections whose weights were scaled in the twin, as in `--perturb`.
    perturbed: Vec<String>,
    /// Images presented.
    images: usize,
    /// Length of a test [ms].
    test_ms: f64,
    /// Whether no check failed.
    passed: bool,
    /// The checks.
    verdicts: Vec<VerdictResults>,
    /// Mean potentials against the measured rates upstream.
    identities: Vec<IdentityResults>,
    /// Rates against both twins, by population.
    rates: Vec<RateResults>,
    /// Answers and rates against the noiseless twin, by length of the phase.
    noiseless_twin: Vec<TwinResults>,
    /// Learning with spikes and as the noiseless twin; null if there was none.
    learning: Option<LearningResults>,
}

/// The result of a check.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(untagged)]
pub(super) enum VerdictResults {
    /// Of a quantity that was measured.
    Measured {
        /// The quantity, its unit in brackets.
        quantity: String,
        /// Its value.
        found: f64,
        /// `at least` or `at most`.
        relation: &'static str,
        /// The tolerance.
        tolerance: f64,
        /// Whether the value is within its tolerance; null if the check does not apply.
        passed: Option<bool>,
    },
    /// Of a quantity that there is not.
    NotApplicable {
        /// The quantity, its unit in brackets.
        quantity: String,
        /// Whether the value is within its tolerance; null if the check does not apply.
        passed: Option<bool>,
        /// Why the check does not apply.
        not_applicable: String,
    },
}

/// The test of the mean potential of a population.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct IdentityResults {
    /// Name of the population.
    population: String,
    /// Symbol of the potential: V, U (output) or A (apical).
    potential: &'static str,
    /// Projections it depends on.
    projections: Vec<String>,
    /// Sum over neurons of squared residuals over their variances.
    chi_square: f64,
    /// Neurons.
    neurons: usize,
    /// Degrees of freedom, given the correlations of residuals.
    degrees_of_freedom: f64,
    /// Probability of a larger sum if the identity holds.
    p: f64,
    /// Root mean square over neurons of the mean residual.
    rms_residual: f64,
    /// Root mean square over neurons of the mean potential.
    rms_potential: f64,
}

/// The rates of a population over tests.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct RateResults {
    /// Name of the population.
    population: String,
    /// Measured mean rate [Hz].
    measured_hz: f64,
    /// Mean rate of the noiseless twin [Hz].
    noiseless_hz: f64,
    /// Mean rate of the diffusion twin [Hz].
    diffusion_hz: f64,
    /// Root mean square over neurons of the difference from the diffusion twin [Hz].
    rms_off_diffusion_hz: f64,
    /// The part of that expected of Poisson counts [Hz].
    rms_by_chance_hz: f64,
}

/// Agreement with the noiseless twin, for phases of one length.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct TwinResults {
    /// Length of the phase [ms].
    length_ms: f64,
    /// Images with the answer of the twin [%].
    same_answer_percent: f64,
    /// Rates by population.
    populations: Vec<TwinRateResults>,
}

/// Rates of a population against the noiseless twin's, by neuron and image.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct TwinRateResults {
    /// Name of the population.
    population: String,
    /// Slope of measured rates over those of the twin.
    slope: f64,
    /// Their correlation.
    correlation: f64,
    /// Root mean square difference [Hz].
    rms_hz: f64,
    /// Root mean square difference between noiseless and diffusion twin [Hz].
    floor_hz: f64,
}

/// Learning with spikes and as the noiseless twin.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct LearningResults {
    /// Points of both learning curves.
    points: Vec<LearningPointResults>,
    /// Similarity of representations after training, by hidden population.
    representations: Vec<RepresentationResults>,
}

/// Both networks after some training presentations.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct LearningPointResults {
    /// Training presentations.
    examples_seen: u64,
    /// Test error with spikes [%].
    test_error_spiking_percent: f64,
    /// Test error of the noiseless twin [%].
    test_error_rate_percent: f64,
    /// Angles between the changes that both make at the same weights, by projection [degrees].
    angles_between_changes_deg: Map<String, Value>,
}

/// Similarity of the representations of a hidden population.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct RepresentationResults {
    /// Name of the population.
    population: String,
    /// Representational similarity, −1 to 1.
    rsa: f64,
    /// Linear centred kernel alignment, 0 to 1.
    cka: f64,
}

/// What a validation compared.
pub(super) struct Validation<'a> {
    pub(super) model: &'a Model,
    pub(super) seed: u64,
    /// As in `--perturb`.
    pub(super) perturbed: &'a [String],
    pub(super) comparison: &'a Comparison,
    /// `None` if there was no learning.
    pub(super) learning: Option<&'a ComparedLearning>,
    pub(super) verdicts: &'a [Verdict],
}

impl Validation<'_> {
    /// The results as they are written.
    pub(super) fn results(&self) -> ValidationResults {
        let Self { model, seed, perturbed, comparison, learning, verdicts } = *self;
        ValidationResults {
            command: "validate",
            model: model.name.clone(),
            seed,
            perturbed: perturbed.to_vec(),
            images: comparison.images,
            test_ms: comparison.test_ms,
            passed: verdicts.iter().all(|verdict| verdict.passed() != Some(false)),
            verdicts: verdicts.iter().map(verdict_results).collect(),
            identities: self.identities(),
            rates: self.rates(),
            noiseless_twin: self.twin(),
            learning: learning.map(|learning| LearningResults {
                points: learning.points.iter().map(|point| self.point(point)).collect(),
                representations: self.representations(learning),
            }),
        }
    }

    fn population(&self, index: usize) -> String {
        self.model.populations[index].name.clone()
    }

    fn identities(&self) -> Vec<IdentityResults> {
        let results = |identity: &crate::validation::Identity| IdentityResults {
            population: self.population(identity.population),
            potential: potential(self.model, identity),
            projections: identity.projections.iter().map(|&index| self.model.projections[index].name.clone()).collect(),
            chi_square: identity.chi_square,
            neurons: identity.neurons,
            degrees_of_freedom: identity.degrees,
            p: identity.p,
            rms_residual: identity.residual,
            rms_potential: identity.potential,
        };
        self.comparison.identities.iter().map(results).collect()
    }

    fn rates(&self) -> Vec<RateResults> {
        let results = |rates: &crate::validation::Rates| RateResults {
            population: self.population(rates.population),
            measured_hz: rates.measured_hz,
            noiseless_hz: rates.noiseless_hz,
            diffusion_hz: rates.diffusion_hz,
            rms_off_diffusion_hz: rates.off_hz,
            rms_by_chance_hz: rates.chance_hz,
        };
        self.comparison.rates.iter().map(results).collect()
    }

    fn twin(&self) -> Vec<TwinResults> {
        let of_population = |rates: &crate::validation::RateAgreement| TwinRateResults {
            population: self.population(rates.population),
            slope: rates.slope,
            correlation: rates.correlation,
            rms_hz: rates.rms_hz,
            floor_hz: rates.floor_hz,
        };
        let results = |agreement: &crate::validation::Agreement| TwinResults {
            length_ms: agreement.length_ms,
            same_answer_percent: agreement.same_answer_percent,
            populations: agreement.populations.iter().map(of_population).collect(),
        };
        self.comparison.agreement.iter().map(results).collect()
    }

    fn point(&self, point: &LearningPoint) -> LearningPointResults {
        let angles = point.angles_deg.iter();
        let angles = angles.map(|&(index, angle)| (self.model.projections[index].name.clone(), angle.into()));
        let [test_error_spiking_percent, test_error_rate_percent] = point.errors_percent;
        LearningPointResults {
            examples_seen: point.examples,
            test_error_spiking_percent,
            test_error_rate_percent,
            angles_between_changes_deg: angles.collect(),
        }
    }

    fn representations(&self, learning: &ComparedLearning) -> Vec<RepresentationResults> {
        let results = |similarity: &crate::validation::Similarity| RepresentationResults {
            population: self.population(similarity.population),
            rsa: similarity.rsa,
            cka: similarity.cka,
        };
        learning.similarity.iter().map(results).collect()
    }
}

/// A verdict as it is written.
pub(super) fn verdict_results(verdict: &Verdict) -> VerdictResults {
    let (quantity, passed) = (verdict.quantity.clone(), verdict.passed());
    match &verdict.found {
        &Found::Measured(found, within) => {
            let (relation, tolerance) = bound(within);
            VerdictResults::Measured { quantity, found, relation, tolerance, passed }
        }
        Found::NotApplicable(why) => {
            VerdictResults::NotApplicable { quantity, passed, not_applicable: why.to_string() }
        }
    }
}

/// The relation and the tolerance of a bound.
pub(super) fn bound(bound: Bound) -> (&'static str, f64) {
    match bound {
        Bound::AtLeast(low) => ("at least", low),
        Bound::AtMost(high) => ("at most", high),
    }
}
