//! The presentations of a batch, each in a lane of its own.

use std::sync::Arc;

use super::NetworkDynamics;
use super::backend::Backend;
use super::decoding::{decode, output_loss};
use super::rules::Rules;
use super::signals::TrialSignals;
use crate::data::{ImageVariation, OtherSources, Presentations, VariedImage};
use crate::engine::{Circuit, PhaseMeans};
use crate::model::{Decoding, Model};
use crate::network::Network;
use crate::numeric::PresentationKey;
use crate::plasticity::WeightUpdate;
use crate::protocol::{KeptSpikes, Sampling, Sigmoids, Target, Trial};
use crate::record::{Presentation, PresentationKind};

/// A lane with its presentation and the changes of weights computed from it.
pub(super) struct LaneOfBatch {
    pub(super) lane: Backend,
    pub(super) index: u64,
    pub(super) image: usize,
    pub(super) label: Option<u8>,
    pub(super) lengths: [f64; 2],
    /// How the image is varied, and room for it.
    pub(super) variation: ImageVariation,
    varied: VariedImage,
    /// Sources that are shown no stimulus.
    others: OtherSources,
    pub(super) start_ms: f64,
    pub(super) spikes: KeptSpikes,
    pub(super) sampling: Option<Sampling>,
    pub(super) decoded: u8,
    pub(super) loss: f64,
    /// Mean trains minus their running means, by phase and projection, [pre] each [1/ms]; empty unless the model centres trains.
    centred: Vec<Vec<Vec<f64>>>,
    /// Backpropagated errors of each population, [n]; empty unless hidden neurons learn from them.
    backprop_error: Vec<Vec<f64>>,
    /// WeightUpdate of the weights of each projection.
    pub(super) changes: Vec<WeightUpdate>,
}

impl LaneOfBatch {
    pub(super) fn new(model: &Model, circuit: &Arc<Circuit>, dynamics: NetworkDynamics) -> Self {
        Self {
            lane: Backend::new(circuit, dynamics),
            index: 0,
            image: 0,
            label: None,
            lengths: [0.0; 2],
            variation: ImageVariation::default(),
            varied: VariedImage::default(),
            others: OtherSources::of(model),
            start_ms: 0.0,
            spikes: KeptSpikes::All,
            sampling: None,
            decoded: 0,
            loss: 0.0,
            centred: Vec::new(),
            backprop_error: vec![Vec::new(); model.populations.len()],
            changes: vec![WeightUpdate::default(); model.projections.len()],
        }
    }

    /// Simulates the presentation and decodes its class.
    pub(super) fn present(
        &mut self,
        model: &Model,
        network: &Network,
        shown: &Presentations,
        sigmoids: [Sigmoids<'_>; 2],
    ) {
        let stimuli = self.others.after(shown.varied(self.image, &self.variation, &mut self.varied));
        let target = self.label.map_or(Target::None, |label| Target::Class(u32::from(label)));
        let phases = model.phases().trial_phases(self.lengths, &stimuli, target, sigmoids);
        let phases = phases.with_rates(model.decoding == Decoding::Rate);
        let key = PresentationKey::training(self.index);
        let trial = Trial { key, phases: &phases, spikes: self.spikes, sampling: self.sampling };
        self.lane.present(network, &trial);
        self.decoded = decode(model, &self.lane);
        self.loss = if self.label.is_some() { output_loss(model, &self.lane) } else { f64::NAN };
    }

    /// The presentation as a recorder sees it.
    pub(super) fn record(&self, shown: &Presentations) -> Presentation<'_> {
        Presentation {
            kind: PresentationKind::Train,
            index: self.index,
            image: shown.image(self.image) as u32,
            label: self.label,
            decoded: self.decoded,
            start_ms: self.start_ms,
            cut_ms: 0.0,
            observed: self.lane.observation(),
        }
    }

    /// Computes the changes of all projections that learn; `centres` are subtracted from mean trains, `factor` multiplies
    /// learning rates.
    pub(super) fn learn(&mut self, model: &Model, network: &Network, rules: &Rules, centres: &[Vec<f64>], factor: f64) {
        let means: &[PhaseMeans] = self.lane.means();
        if !centres.is_empty() {
            centre(means, centres, &mut self.centred);
        }
        let signals = TrialSignals::new(model, means, &self.centred);
        if let Some(backprop) = &rules.backprop {
            backprop.backpropagate(network, &signals, &mut self.backprop_error);
        }
        for (index, (rule, change)) in rules.of_projections.iter().zip(&mut self.changes).enumerate() {
            let Some(rule) = rule else { continue };
            let projection = &model.projections[index];
            let (from, to) = (projection.from.0, projection.to.0);
            let post = signals.of_population(to, &self.backprop_error[to]);
            let pre = signals.of_presynaptic(index, &self.backprop_error[from]);
            change.clear();
            rule.change(post, pre, projection.learning_rate * factor, change);
        }
    }
}

/// Computes mean trains minus their running means, by phase and projection.
fn centre(means: &[PhaseMeans], centres: &[Vec<f64>], centred: &mut Vec<Vec<Vec<f64>>>) {
    centred.resize(means.len(), vec![Vec::new(); centres.len()]);
    for (means, centred) in means.iter().zip(centred) {
        for ((trains, mean), centre) in centred.iter_mut().zip(&means.trains).zip(centres) {
            trains.clear();
            trains.extend(mean.iter().zip(centre).map(|(s, centre)| s - centre));
        }
    }
}
