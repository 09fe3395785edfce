//! Trials in the course of which weights change by rules between spikes.

use super::lane::Lane;
use super::limits::{Limits, TrialAborted};
use crate::network::Network;
use crate::protocol::Trial;

impl Lane {
    /// As [`Lane::present_within`], where weights of projections with a rule between spikes change in the course of the trial. What
    /// postsynaptic spikes change is made at the next arrival over a synapse; [`Lane::apply_pending`] makes it before.
    ///
    /// # Panics
    /// As [`Lane::present_within`].
    pub fn present_changing(
        &mut self,
        network: &mut Network,
        trial: &Trial<'_>,
        limits: &Limits<'_>,
    ) -> Option<TrialAborted> {
        self.populations.iter_mut().for_each(|population| population.take_synapses(network));
        let aborted = self.present_within(network, trial, limits);
        self.populations.iter_mut().for_each(|population| population.put_synapses(network));
        if self.populations.iter().any(|population| population.has_many_pending()) {
            self.settle_weights(network);
        }
        aborted
    }

    /// Changes the weights of a copy of the network for all spikes so far: what they are now, with which a [state](Lane::state) goes.
    pub fn apply_pending(&self, network: &mut Network) {
        self.populations.iter().for_each(|population| population.apply_pending(network));
    }

    /// Changes the weights of the network for all spikes so far.
    pub fn settle_weights(&mut self, network: &mut Network) {
        self.apply_pending(network);
        self.populations.iter_mut().for_each(|population| population.mark_applied());
    }
}
