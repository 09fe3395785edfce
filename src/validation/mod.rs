//! Whether a spiking network does what its theory says, against its rate twins.
//!
//! [`compare`] shows images to a network and its twins from rest: identities that are exact in the mean, rates against the
//! diffusion twin, and how fast answers and rates come to those of the noiseless twin. [`learn`] trains both from the same
//! weights on the same images in the same order. Both give plain data; [`verdicts`] judges what has a tolerance.

mod identities;
mod learning;
mod rates;
mod verdicts;
mod window;

use std::sync::Arc;

use rayon::prelude::*;

pub use identities::Identity;
pub use learning::{Learning, Lesson, Likeness, Point, learn, likeness};
pub use rates::{Agreement, Closeness, Rates};
pub use verdicts::{Bound, Found, Verdict, potential, verdicts};

use self::identities::Gathered;
use self::rates::Against;
use crate::data::{Presentations, Spike};
use crate::engine::{Circuit, Lane, Precision, Show};
use crate::model::{Model, Stimuli};
use crate::network::Network;
use crate::numeric::PresentationKey;
use crate::rate::{RateLane, Twin};

/// Images shown between two looks at whether to go on.
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
    /// What is shown, from the first.
    pub shown: &'a Presentations,
    /// How many of them.
    pub images: usize,
    /// Lengths of the phases over which answers are compared, each beyond the settling time [ms].
    pub durations: &'a [f64],
    /// Seed of the spikes.
    pub seed: u64,
}

/// What a spiking network did, against theory.
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

/// What one image did.
pub(super) struct Shown {
    v: Vec<Vec<f64>>,
    plateau: Vec<Vec<f64>>,
    spikes: Vec<Vec<Spike>>,
}

/// Shows images and compares; none if `go_on` says to stop.
///
/// # Panics
/// If the stimuli are fewer than `images`.
pub fn compare(setting: &Setting<'_>, go_on: &dyn Fn() -> bool) -> Option<Comparison> {
    let Setting { model, images, .. } = *setting;
    let circuit = Arc::new(Circuit::new(model, setting.seed, Precision::Single));
    let measures_sigmoid = !matches!(model.stimuli, Stimuli::Spikes { .. });
    let twins =
        measures_sigmoid.then(|| [Twin::Noiseless, Twin::Diffusion].map(|twin| setting.twin_rates(&circuit, twin)));
    let test_ms = model.protocol.test;
    let mut gathered = Gathered::all(&circuit, test_ms);
    let mut tests = twins.as_ref().map(|twins| Against::new(model, twins));
    setting.show(&circuit, (0, test_ms), go_on, |image, shown| {
        gathered.iter_mut().for_each(|identity| identity.add(setting.twin, shown));
        tests.iter_mut().for_each(|tests| tests.add(image, shown, test_ms));
    })?;
    let mut agreement = Vec::new();
    for (pass, &length) in (1..).zip(setting.durations) {
        let Some(twins) = &twins else { break };
        let mut against = Against::new(model, twins);
        setting.show(&circuit, (pass, length), go_on, |image, shown| against.add(image, shown, length))?;
        agreement.push(against.agreement(length));
    }
    let identities = gathered.iter().map(|identity| identity.judge(setting.twin)).collect();
    let rates = tests.map_or_else(Vec::new, |tests| tests.rates());
    Some(Comparison { images, test_ms, identities, rates, agreement })
}

impl Setting<'_> {
    /// Shows every image from rest in a forward phase of `length` ms and hands each to `take`, in order.
    fn show(
        &self,
        circuit: &Arc<Circuit>,
        (pass, length): (u32, f64),
        go_on: &dyn Fn() -> bool,
        mut take: impl FnMut(usize, &Shown),
    ) -> Option<()> {
        for first in (0..self.images).step_by(AT_ONCE) {
            if !go_on() {
                return None;
            }
            let images = first..(first + AT_ONCE).min(self.images);
            let present = |lane: &mut Lane, image: usize| {
                lane.rest();
                let key = PresentationKey::test(pass, self.shown.image(image) as u32);
                let stimulus = self.shown.stimulus(image);
                lane.present(self.network, &Show { stimulus, key, forward_ms: length, target: None, sampling: None });
                let [forward, _] = lane.means();
                let spikes = lane.observation().spikes.clone();
                Shown { v: forward.v.clone(), plateau: forward.plateau.clone(), spikes }
            };
            let shown: Vec<Shown> = images.clone().into_par_iter().map_init(|| Lane::new(circuit), present).collect();
            images.zip(&shown).for_each(|(image, shown)| take(image, shown));
        }
        Some(())
    }

    /// Potentials and rates of a twin for every image: what [`RateLane`] says of its forward phase.
    fn twin_rates(&self, circuit: &Arc<Circuit>, twin: Twin) -> Vec<rates::Steady> {
        let present = |lane: &mut RateLane, image: usize| {
            let (stimulus, key) = (self.shown.stimulus(image), PresentationKey::test(0, image as u32));
            lane.present(self.twin, &Show { stimulus, key, forward_ms: 1.0, target: None, sampling: None });
            rates::Steady { v: lane.means()[0].v.clone(), rates: lane.forward_rates().to_vec() }
        };
        (0..self.images).into_par_iter().map_init(|| RateLane::new(circuit, twin), present).collect()
    }
}
