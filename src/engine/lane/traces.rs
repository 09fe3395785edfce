//! Sampled traces of a lane: when potentials are looked at, and what projections of rates add to them.

use std::sync::Arc;

use super::Lane;
use crate::engine::layout::{Membrane, Potential, ProjectionLayout};
use crate::engine::population::{Inputs, PhaseRun, Window};
use crate::network::Network;
use crate::numeric::sigmoid;
use crate::protocol::Trial;

impl Lane {
    /// Finds the times of a window at which traces are sampled.
    pub(super) fn find_samples(&mut self, trial: &Trial<'_>, run: &PhaseRun<'_>, window: Window) {
        self.times.clear();
        let Some(sampling) = trial.sampling else { return };
        let start = ((run.offset + window.from - sampling.first) / sampling.every).floor().max(0.0) as u64;
        let times = (start..).map(|k| sampling.first + k as f64 * sampling.every).skip_while(|&t| t < run.offset);
        let times = times.take_while(|&t| t < run.offset + run.phase.length_ms).map(|t| t - run.offset);
        self.times.extend(times.skip_while(|&t| t < window.from).take_while(|&t| t < window.to));
    }

    /// Samples the traces asked for within a window.
    pub(super) fn trace(&mut self, network: &Network, run: &PhaseRun<'_>, window: Window) {
        let circuit = Arc::clone(&self.circuit);
        let projections = self.arrivals.iter_mut().zip(&circuit.projections);
        for (arrivals, layout) in projections.filter(|(_, layout)| layout.filtered) {
            arrivals.take(self.arch, layout, window.to);
        }
        for (index, population) in self.populations.iter_mut().enumerate() {
            self.sampled[index].clear();
            let inputs = Inputs { arrivals: &self.arrivals, network, samples: &self.times };
            population.sample(run, &self.times, &inputs, &mut self.sampled[index]);
        }
        for (index, layout) in circuit.populations.iter().enumerate() {
            if let Some(membrane) = &layout.membrane {
                self.add_rates(network, index, membrane);
            }
            self.observation.traces[index].extend(self.sampled[index].iter().map(|&v| v as f32));
        }
    }

    /// Adds to the potentials just sampled of dendrites what projections of rates make of them.
    fn add_rates(&mut self, network: &Network, index: usize, membrane: &Membrane) {
        let circuit = Arc::clone(&self.circuit);
        for (place, potential) in membrane.compartments.iter().enumerate() {
            let Potential::Kept { dendrite, .. } = *potential else { continue };
            for &projection in &membrane.dendrites[dendrite].projections {
                let ProjectionLayout { from, rates: Some(phi_max), .. } = circuit.projections[projection] else {
                    continue;
                };
                let (own, width) = (circuit.populations[index].size, membrane.compartments.len());
                let senders = circuit.populations[from].membrane.as_ref().map_or(1, |m| m.compartments.len());
                let mut sampled = std::mem::take(&mut self.sampled[index]);
                let sources = self.sampled[from].chunks(circuit.populations[from].size * senders);
                for (potentials, sources) in sampled.chunks_mut(own * width).zip(sources) {
                    for (o, source) in sources.chunks(senders).enumerate() {
                        let rate = phi_max * sigmoid(source[0]);
                        network.synapses[projection]
                            .for_each(o, |i, w| potentials[i * width + place] += f64::from(w) * rate);
                    }
                }
                self.sampled[index] = sampled;
            }
        }
    }
}
