//! The presentations of a batch, each in a lane of its own.

use std::sync::Arc;

use super::Dynamics;
use super::backend::Backend;
use super::decoding::{decode, output_loss};
use crate::data::Presentations;
use crate::engine::{Circuit, Sampling, Show};
use crate::model::{Model, Projection};
use crate::network::Network;
use crate::numeric::PresentationKey;
use crate::plasticity::{Change, LocalSignals, Rules};
use crate::record::{Kind, Presentation};

/// A lane with its presentation and the changes of weights computed from it.
pub(super) struct LaneOfBatch {
    pub(super) lane: Backend,
    pub(super) index: u64,
    pub(super) image: usize,
    pub(super) label: Option<u8>,
    pub(super) lengths: [f64; 2],
    /// Shift of the image [pixels down, right], and the buffer of the shifted image.
    pub(super) shift: [isize; 2],
    shifted: Vec<u8>,
    pub(super) start_ms: f64,
    pub(super) sampling: Option<Sampling>,
    pub(super) decoded: u8,
    pub(super) loss: f64,
    /// Mean trains of each projection, minus their running means, [pre] each [1/ms].
    trains: Vec<Vec<f64>>,
    /// Backpropagated errors of each population, [n]; empty unless hidden neurons learn from them.
    backprop_error: Vec<Vec<f64>>,
    /// Change of each projection.
    pub(super) changes: Vec<Change>,
}

impl LaneOfBatch {
    pub(super) fn new(model: &Model, circuit: &Arc<Circuit>) -> Self {
        Self {
            lane: Backend::new(circuit, Dynamics::Spiking),
            index: 0,
            image: 0,
            label: None,
            lengths: [0.0; 2],
            shift: [0; 2],
            shifted: Vec::new(),
            start_ms: 0.0,
            sampling: None,
            decoded: 0,
            loss: 0.0,
            trains: vec![Vec::new(); model.projections.len()],
            backprop_error: vec![Vec::new(); model.populations.len()],
            changes: vec![Change::default(); model.projections.len()],
        }
    }

    /// Simulates the presentation and decodes its class.
    pub(super) fn present(&mut self, model: &Model, network: &Network, shown: &Presentations) {
        self.lane.present(
            network,
            &Show {
                stimulus: shown.shifted(self.image, self.shift, &mut self.shifted),
                key: PresentationKey::training(self.index),
                forward_ms: self.lengths[0],
                target: self.label.map(|label| (self.lengths[1], label)),
                sampling: self.sampling,
            },
        );
        self.decoded = decode(model, &self.lane);
        self.loss = if self.label.is_some() { output_loss(model, &self.lane) } else { f64::NAN };
    }

    /// The presentation as a recorder sees it.
    pub(super) fn record(&self, shown: &Presentations) -> Presentation<'_> {
        Presentation {
            kind: Kind::Train,
            index: self.index,
            image: shown.image(self.image) as u32,
            label: self.label,
            decoded: self.decoded,
            start_ms: self.start_ms,
            observed: self.lane.observation(),
        }
    }

    /// Computes the changes of all projections that learn; `centres` are subtracted from mean trains, `factor` multiplies
    /// learning rates.
    pub(super) fn learn(&mut self, model: &Model, network: &Network, rules: &Rules, centres: &[Vec<f64>], factor: f64) {
        let [forward, target] = self.lane.means();
        for (index, (trains, mean)) in self.trains.iter_mut().zip(&forward.trains).enumerate() {
            trains.clone_from(mean);
            let centre = centres.get(index).into_iter().flatten();
            trains.iter_mut().zip(centre).for_each(|(s, centre)| *s -= centre);
        }
        let known = |population: usize| {
            let sends = model.projections.iter().position(|p| p.from.0 == population && p.to > p.from);
            LocalSignals {
                v: &forward.v[population],
                plateaus: [&forward.plateau[population], &target.plateau[population]],
                sigmoid: &target.sigmoid[population],
                backprop_error: &[],
                trains: sends.map_or(&[], |projection| &self.trains[projection]),
            }
        };
        if let Some(backprop) = &rules.backprop {
            backprop.backpropagate(&network.weights, known, &mut self.backprop_error);
        }
        let known =
            |population: usize| LocalSignals { backprop_error: &self.backprop_error[population], ..known(population) };
        for (index, (rule, change)) in rules.of_projections.iter().zip(&mut self.changes).enumerate() {
            let Some(rule) = rule else { continue };
            let Projection { from, to, learning_rate, .. } = &model.projections[index];
            let pre = LocalSignals { trains: &self.trains[index], ..known(from.0) };
            rule.change(known(to.0), pre, learning_rate * factor, change);
        }
    }
}
