//! What reaches cells that take it one by one, in blocks.

use std::sync::Arc;

use crate::model::{OnlinePlasticity, Projection};
use crate::network::Synapses;
use crate::plasticity::{OnlineRule, RuleError};

/// The rule of the synapses of a projection.
#[derive(Clone, Debug)]
pub(crate) struct SynapticRule {
    pub(crate) rule: Arc<dyn OnlineRule>,
    /// The part of the delay that lies between synapse and soma.
    pub(crate) dendritic_share: f64,
}

/// A projection onto cells that take what reaches them one by one, in blocks.
#[derive(Clone, Debug)]
pub(crate) struct ModalInput {
    /// Its place in the model.
    pub(crate) projection: usize,
    /// The port it reaches.
    pub(crate) port: usize,
    /// Number of presynaptic neurons.
    pub(crate) pre: usize,
    /// Whether its trains are filtered, and so arrive after one delay.
    pub(crate) filtered: bool,
    /// Smallest delay, that of all dense synapses [ms].
    pub(crate) delay: f64,
    /// The rule by which its weights change at spikes, if they do.
    pub(crate) plasticity: Option<SynapticRule>,
}

impl ModalInput {
    /// A projection at this place in the model, from so many neurons.
    ///
    /// # Errors
    /// If its rule cannot be made.
    pub(crate) fn new(index: usize, of: &Projection, pre: usize, filtered: bool) -> Result<Self, RuleError> {
        let rule = of.plasticity.as_ref().filter(|_| !filtered).map(OnlinePlasticity::rule).transpose()?;
        let plasticity = rule.map(|rule| SynapticRule { rule, dendritic_share: of.dendritic_share });
        Ok(Self { projection: index, port: of.port.0, pre, filtered, delay: of.delay.smallest(), plasticity })
    }

    /// Whether all its spikes arrive after one delay, as trains that are filtered do, and those over dense synapses whose weights stay.
    pub(crate) fn has_one_delay(&self, synapses: &Synapses) -> bool {
        self.filtered || (self.plasticity.is_none() && matches!(synapses, Synapses::Dense(_)))
    }
}
