//! The backends that simulate a presentation: the spiking network, or a rate twin of it.

use std::sync::Arc;

use rayon::prelude::*;

use crate::data::{OtherSources, Presentations};
use crate::engine::{Circuit, Lane, LaneState, LayoutError, Observation, PhaseMeans, Precision, Work};
use crate::model::Model;
use crate::network::Network;
use crate::numeric::PresentationKey;
use crate::protocol::{FORWARD, KeptSpikes, Trial};
use crate::rate::{RateLane, Twin};

/// The dynamics by which a network is simulated. Weights, order of presentations, rules and decoder are the same for all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NetworkDynamics {
    /// Event by event.
    #[default]
    Spiking,
    /// By one of the rate twins.
    Rate(Twin),
}

/// Rates of every population after settling in a test of each of the first `images` images, [n] each, image by image
/// [1/ms].
///
/// # Errors
/// If the model has no layout.
///
/// # Panics
/// If there are fewer images, or the network is not of the model's shape.
pub fn responses(
    (model, network): (&Model, &Network),
    dynamics: NetworkDynamics,
    shown: &Presentations,
    images: usize,
    seed: u64,
) -> Result<Vec<Vec<Vec<f64>>>, LayoutError> {
    let circuit = Arc::new(Circuit::new(model, seed, Precision::Single)?);
    let others = OtherSources::of(model);
    let present = |backend: &mut Backend, image: usize| {
        backend.rest();
        let key = PresentationKey::test(0, shown.image(image) as u32);
        let stimuli = others.after(shown.stimulus(image));
        let phases = model.phases().test(&stimuli).with_rates(true);
        backend.present(network, &Trial { key, phases: &phases, spikes: KeptSpikes::None, sampling: None });
        (0..model.populations.len()).map(|population| backend.forward_rates(population).to_vec()).collect()
    };
    Ok((0..images).into_par_iter().map_init(|| Backend::new(&circuit, dynamics), present).collect())
}

/// Mean rate of the neurons of each population in tests of the first images, from which follows how much a run will record
/// [1/ms]; 0 where no spikes are recorded.
///
/// # Errors
/// If the model has no layout.
pub fn expected_rates(
    (model, network): (&Model, &Network),
    shown: &Presentations,
    seed: u64,
) -> Result<Vec<f64>, LayoutError> {
    /// Images shown.
    const IMAGES: usize = 8;
    let mut rates = vec![0.0; model.populations.len()];
    if model.recording.spikes.is_empty() {
        return Ok(rates);
    }
    let responses = responses((model, network), NetworkDynamics::Spiking, shown, IMAGES.min(shown.len()), seed)?;
    for response in &responses {
        for (rate, neurons) in rates.iter_mut().zip(response) {
            *rate += neurons.iter().sum::<f64>() / (neurons.len() * responses.len()) as f64;
        }
    }
    Ok(rates)
}

impl NetworkDynamics {
    /// Its name in files and summaries: `spiking` or `rate`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Spiking => "spiking",
            Self::Rate(_) => "rate",
        }
    }
}

/// The state of one lane under one of the dynamics.
pub(super) enum Backend {
    Spiking(Box<Lane>),
    Rate(Box<RateLane>),
}

impl Backend {
    pub(super) fn new(circuit: &Arc<Circuit>, dynamics: NetworkDynamics) -> Self {
        match dynamics {
            NetworkDynamics::Spiking => Self::Spiking(Box::new(Lane::new(circuit))),
            NetworkDynamics::Rate(twin) => Self::Rate(Box::new(RateLane::new(circuit, twin))),
        }
    }

    pub(super) fn present(&mut self, network: &Network, trial: &Trial<'_>) {
        match self {
            Self::Spiking(lane) => lane.present(network, trial),
            Self::Rate(lane) => lane.present(network, trial),
        }
    }

    pub(super) fn observation(&self) -> &Observation {
        match self {
            Self::Spiking(lane) => lane.observation(),
            Self::Rate(lane) => lane.observation(),
        }
    }

    pub(super) fn means(&self) -> &[PhaseMeans] {
        match self {
            Self::Spiking(lane) => lane.means(),
            Self::Rate(lane) => lane.means(),
        }
    }

    /// Rates of a population in the last forward phase after settling, [n] [1/ms]: spike counts over time where they were
    /// measured, else empty; or the rates of the twin, to which the noisy one adds the noise of counts.
    pub(super) fn forward_rates(&self, population: usize) -> &[f64] {
        match self {
            Self::Spiking(lane) => &lane.means()[FORWARD].rates[population],
            Self::Rate(lane) => &lane.forward_rates()[population],
        }
    }

    /// The first population with a mean potential of the last forward phase beyond single precision, the precision of files, or
    /// a plateau that is NaN.
    pub(super) fn overflowed(&self) -> Option<usize> {
        let means = self.means();
        // Counted, not searched: loops without a branch vectorise.
        let beyond = |values: &[f64], bound: f64| values.iter().filter(|x| x.is_nan() | (x.abs() > bound)).count() > 0;
        let potentials = means.first().map_or(&[][..], |forward| &forward.v);
        (0..potentials.len()).find(|&index| {
            beyond(&potentials[index], f64::from(f32::MAX))
                || means.iter().any(|means| beyond(&means.plateau[index], f64::INFINITY))
        })
    }

    /// Work since it was made; zero for a twin, which has no events.
    pub(super) fn work(&self) -> Work {
        match self {
            Self::Spiking(lane) => lane.work(),
            Self::Rate(_) => Work::default(),
        }
    }

    /// Resets to rest; a twin has no state.
    pub(super) fn rest(&mut self) {
        if let Self::Spiking(lane) = self {
            lane.rest();
        }
    }

    pub(super) fn state(&self) -> LaneState {
        match self {
            Self::Spiking(lane) => lane.state(),
            Self::Rate(lane) => lane.state(),
        }
    }

    /// Restores the state of a lane; a twin has none.
    pub(super) fn restore(&mut self, state: &LaneState) {
        if let Self::Spiking(lane) = self {
            lane.restore(state);
        }
    }
}
