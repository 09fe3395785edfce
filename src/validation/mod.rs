//! Compares spiking networks with theory and with their rate twins.
//!
//! [`compare`] presents images to a network and its twins from rest: identities that are exact in the mean, rates against the
//! diffusion twin, and the convergence of answers and rates to those of the noiseless twin. [`learn`] trains both from the
//! same weights on the same images in the same order. Both return plain data; [`judge`] compares it with tolerances. Circuits
//! without presentations are compared with [mean-field theory](mean_field).

mod identities;
mod learning;
pub mod mean_field;
mod rates;
mod trial;
mod verdicts;
mod window;

use std::sync::Arc;

use rayon::prelude::*;

pub use identities::Identity;
pub use learning::{ComparedLearning, LearningPoint, LearningSetting, Similarity, learn, similarity};
pub use rates::{Agreement, RateAgreement, Rates};
pub use verdicts::{Bound, Found, Verdict, judge, potential};

use self::identities::IdentityEstimator;
use self::rates::TwinComparison;
use self::trial::TrialResponse;
use crate::data::{OtherSources, Presentations};
use crate::engine::{Circuit, Lane, LayoutError, Precision};
use crate::model::{Model, Stimuli};
use crate::network::Network;
use crate::numeric::PresentationKey;
use crate::protocol::{FORWARD, KeptSpikes, Target, Trial};
use crate::rate::{RateLane, Twin};

/// Images presented between two calls of `go_on`.
const AT_ONCE: usize = 64;

/// What is compared.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'a> {
    /// The model.
    pub model: &'a Model,
    /// Weights of the spiking network.
    pub network: &'a Network,
    /// Weights of its twins and of the identities: the same, unless a check is to fail.
    pub twin: &'a Network,
    /// Images, of which the first are presented.
    pub shown: &'a Presentations,
    /// Number of images presented.
    pub images: usize,
    /// Lengths of the phases over which answers are compared, each beyond the settling time [ms].
    pub durations: &'a [f64],
    /// Seed of the spikes.
    pub seed: u64,
}

/// A spiking network compared with theory.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// Images shown.
    pub images: usize,
    /// Length of a test [ms].
    pub test_ms: f64,
    /// Identities over tests.
    pub identities: Vec<Identity>,
    /// Rates of each population but the input, over tests, against both twins; none where a spike list is shown, which has no
    /// rates for a twin.
    pub rates: Vec<Rates>,
    /// Answers and rates against the noiseless twin, by length of the phase; none where a spike list is shown.
    pub agreement: Vec<Agreement>,
}

/// Presents images and compares the responses; `None` once `go_on` returns false.
///
/// # Errors
/// If the model has no layout.
///
/// # Panics
/// If the stimuli are fewer than `images`.
pub fn compare(setting: &Setting<'_>, go_on: &dyn Fn() -> bool) -> Result<Option<Comparison>, LayoutError> {
    let Setting { model, images, .. } = *setting;
    let circuit = Arc::new(Circuit::new(model, setting.seed, Precision::Single)?);
    let has_rates = !matches!(model.stimuli, Stimuli::Spikes { .. });
    let twins = has_rates.then(|| [Twin::Noiseless, Twin::Diffusion].map(|twin| setting.twin_rates(&circuit, twin)));
    let test_ms = model.phases().test;
    let mut gathered = IdentityEstimator::all(&circuit, (model.phases().settle, test_ms));
    let mut tests = twins.as_ref().map(|twins| TwinComparison::new(model, twins));
    let tested = setting.present(&circuit, (0, test_ms), go_on, |image, shown| {
        gathered.iter_mut().for_each(|identity| identity.add(setting.twin, shown));
        tests.iter_mut().for_each(|tests| tests.add(image, shown, test_ms));
    });
    if tested.is_none() {
        return Ok(None);
    }
    let mut agreement = Vec::new();
    for (pass, &length) in (1..).zip(setting.durations) {
        let Some(twins) = &twins else { break };
        let mut against = TwinComparison::new(model, twins);
        let shown = setting.present(&circuit, (pass, length), go_on, |image, shown| against.add(image, shown, length));
        if shown.is_none() {
            return Ok(None);
        }
        agreement.push(against.agreement(length));
    }
    let identities = gathered.iter().map(|identity| identity.test(setting.twin)).collect();
    let rates = tests.map_or_else(Vec::new, |tests| tests.rates());
    Ok(Some(Comparison { images, test_ms, identities, rates, agreement }))
}

impl Setting<'_> {
    /// Shows every image from rest in a forward phase of `length` ms and hands each to `take`, in order.
    fn present(
        &self,
        circuit: &Arc<Circuit>,
        (pass, length): (u32, f64),
        go_on: &dyn Fn() -> bool,
        mut take: impl FnMut(usize, &TrialResponse),
    ) -> Option<()> {
        let others = OtherSources::of(self.model);
        for first in (0..self.images).step_by(AT_ONCE) {
            if !go_on() {
                return None;
            }
            let images = first..(first + AT_ONCE).min(self.images);
            let present = |lane: &mut Lane, image: usize| {
                lane.rest();
                let key = PresentationKey::test(pass, self.shown.image(image) as u32);
                let stimuli = others.after(self.shown.stimulus(image));
                let phases = self.model.phases().training([length, 0.0], &stimuli, Target::None);
                lane.present(self.network, &Trial { key, phases: &phases, spikes: KeptSpikes::All, sampling: None });
                let forward = &lane.means()[FORWARD];
                let spikes = lane.observation().spikes.clone();
                TrialResponse { v: forward.v.clone(), plateau: forward.plateau.clone(), spikes }
            };
            let shown: Vec<TrialResponse> =
                images.clone().into_par_iter().map_init(|| Lane::new(circuit), present).collect();
            images.zip(&shown).for_each(|(image, shown)| take(image, shown));
        }
        Some(())
    }

    /// Potentials and rates of a twin for every image, in the forward phase of a [`RateLane`].
    fn twin_rates(&self, circuit: &Arc<Circuit>, twin: Twin) -> Vec<rates::TwinResponse> {
        let others = OtherSources::of(self.model);
        let present = |lane: &mut RateLane, image: usize| {
            let (stimuli, key) = (others.after(self.shown.stimulus(image)), PresentationKey::test(0, image as u32));
            let phases = self.model.phases().training([1.0, 0.0], &stimuli, Target::None);
            lane.present(self.twin, &Trial { key, phases: &phases, spikes: KeptSpikes::All, sampling: None });
            rates::TwinResponse { v: lane.means()[FORWARD].v.clone(), rates: lane.forward_rates().to_vec() }
        };
        (0..self.images).into_par_iter().map_init(|| RateLane::new(circuit, twin), present).collect()
    }
}
