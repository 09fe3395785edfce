//! What reaches cells that take it one by one, in blocks.

use std::sync::Arc;

use crate::cells::Dynamics;
use crate::model::{OnlinePlasticity, Population, Projection};
use crate::network::Synapses;
use crate::plasticity::{OnlineRule, RuleError};

/// The rule of the synapses of a projection.
#[derive(Clone, Debug)]
pub(crate) struct SynapticRule {
    pub(crate) rule: Arc<dyn OnlineRule>,
    /// The part of the delay that lies between synapse and soma.
    pub(crate) dendritic_share: f64,
    /// The compartment whose potential it reads at candidate spikes: the one that it names, or that of the port.
    pub(crate) reads: usize,
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
    /// A projection at this place in the model between these populations.
    ///
    /// # Errors
    /// If its rule cannot be made, or reads a compartment that is not there.
    pub(crate) fn new(
        index: usize,
        of: &Projection,
        [source, target]: [&Population; 2],
        filtered: bool,
    ) -> Result<Self, RuleError> {
        let rule = of.plasticity.as_ref().filter(|_| !filtered).map(OnlinePlasticity::rule).transpose()?;
        let plasticity = rule.map(|rule| {
            let reads = compartment_read(&*rule, of.port.0, target)?;
            Ok(SynapticRule { rule, dendritic_share: of.dendritic_share, reads })
        });
        let (pre, port, delay) = (source.size, of.port.0, of.delay.smallest());
        Ok(Self { projection: index, port, pre, filtered, delay, plasticity: plasticity.transpose()? })
    }

    /// Whether all its spikes arrive after one delay, as trains that are filtered do, and those over dense synapses whose weights stay.
    pub(crate) fn has_one_delay(&self, synapses: &Synapses) -> bool {
        self.filtered || (self.plasticity.is_none() && matches!(synapses, Synapses::Dense(_)))
    }
}

/// The compartment that a rule of synapses at a port reads.
fn compartment_read(rule: &dyn OnlineRule, port: usize, target: &Population) -> Result<usize, RuleError> {
    let Dynamics::Compartmental(cell) = target.cell.dynamics() else { return Ok(0) };
    let Some(name) = rule.reads() else { return Ok(cell.ports[port].compartment) };
    let place = target.cell.compartments().iter().position(|compartment| compartment.name == name);
    place.filter(|&place| place != cell.spike.compartment).ok_or_else(|| {
        RuleError::unfit(format!("expected a compartment of the cells other than the one that fires, found {name:?}"))
    })
}
