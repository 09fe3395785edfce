//! What the neurons of a population share.

use super::modes::ModeSet;
use crate::cells::{BapCourse, CompartmentalCell, EventTrigger, Fires, Kernel, Reset, Retrigger, SynapticCurrent};

/// A cell with its modes.
#[derive(Clone, Debug)]
pub(super) struct CellPlan<const M: usize> {
    pub(super) cell: CompartmentalCell,
    /// Its synaptic currents.
    pub(super) currents: Vec<SynapticCurrent>,
    /// Modes with no compartment held.
    pub(super) free: ModeSet<M>,
    /// Modes with the compartment that fires held at its reset potential.
    pub(super) held: Option<ModeSet<M>>,
    /// What a spike of weight 1 does, by port.
    pub(super) ports: Vec<PortPlan>,
    /// Dendrites, by compartment: all but the one that fires.
    pub(super) dendrites: Vec<Option<DendritePlan>>,
    /// Where a back-propagating action potential that decays is among the currents.
    pub(super) bap_current: Option<usize>,
}

/// What a spike of weight 1 does at a port.
#[derive(Clone, Debug)]
pub(super) struct PortPlan {
    /// The compartment whose V it lets jump by 1 mV, of an impulse.
    pub(super) jumps: Option<usize>,
    /// What it adds to currents, by their numbers [pA].
    pub(super) currents: Vec<(usize, f64)>,
}

/// A dendrite whose potential rules of plasticity read.
#[derive(Clone, Copy, Debug)]
pub(super) struct DendritePlan {
    pub(super) compartment: usize,
    /// As [`CompartmentalCell::attenuation`]; 0 where it is no neighbour of the compartment that fires.
    pub(super) attenuation: f64,
    /// Potential at rest [mV].
    pub(super) rest: f64,
    /// That of the compartment that fires [mV].
    pub(super) rest_of_soma: f64,
}

impl<const M: usize> CellPlan<M> {
    pub(super) fn new(cell: &CompartmentalCell) -> Self {
        let (currents, free) = (cell.currents(), ModeSet::new(cell, &cell.currents(), None));
        let dendrite = |compartment: usize| {
            let attenuation = cell.attenuation(compartment).unwrap_or(0.0);
            let [rest, rest_of_soma] = [compartment, cell.spike.compartment].map(|of| free.rest(of));
            let plan = DendritePlan { compartment, attenuation, rest, rest_of_soma };
            (compartment != cell.spike.compartment).then_some(plan)
        };
        let port = |index: usize| PortPlan {
            jumps: Some(cell.ports[index].compartment).filter(|_| cell.ports[index].kernel == Kernel::Delta),
            currents: cell.current_jumps(index).into_iter().enumerate().filter(|(_, jump)| *jump != 0.0).collect(),
        };
        let of_bap = |current: &SynapticCurrent| match cell.bap {
            Some(bap) => {
                current.port.is_none()
                    && current.compartment == bap.compartment
                    && bap.course == BapCourse::Decay(current.tau)
            }
            None => false,
        };
        let ports = (0..cell.ports.len()).map(port).collect();
        Self {
            held: cell.spike.reset.map(|reset| ModeSet::new(cell, &currents, Some(reset.potential))),
            ports,
            dendrites: (0..cell.membranes.len()).map(dendrite).collect(),
            bap_current: currents.iter().position(of_bap),
            currents,
            free,
            cell: cell.clone(),
        }
    }

    /// The modes of a neuron that is held at its reset potential, or not.
    pub(super) fn modes(&self, is_held: bool) -> &ModeSet<M> {
        self.held.as_ref().filter(|_| is_held).unwrap_or(&self.free)
    }

    /// What a spike sets the compartment that fires to.
    pub(super) fn reset(&self) -> Option<Reset> {
        self.cell.spike.reset
    }

    /// The currents that make up that of a port, by their numbers.
    pub(super) fn currents_of(&self, port: usize) -> impl Iterator<Item = usize> + '_ {
        (0..self.currents.len()).filter(move |&k| self.currents[k].port == Some(port))
    }

    /// Whether an event that is not refractory can be triggered, while it lasts or not.
    pub(super) fn can_trigger(&self, event: usize, lasts: bool) -> bool {
        !lasts || self.cell.events[event].retrigger == Retrigger::Extend
    }

    /// What an event reads.
    pub(super) fn reads(&self, event: usize) -> EventTrigger {
        self.cell.events[event].reads
    }

    /// Whether it fires at a threshold.
    pub(super) fn has_threshold(&self) -> bool {
        matches!(self.cell.spike.fires, Fires::Threshold(_))
    }
}
