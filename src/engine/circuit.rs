//! The layout of a model for the engine: which projection reaches which membrane, in what order, over what windows.

use std::ops::Range;

use super::layout::{LayoutError, PopulationLayout, Precision, ProjectionLayout, SomaticInput};
use super::modal_input::ModalInput;
use crate::model::{Carries, Edge, ExecutionOrder, Model};
use crate::network::TARGETS_PER_BLOCK;

/// The layout of a model, shared by all lanes.
#[derive(Clone, Debug)]
pub struct Circuit {
    /// In the model's order.
    pub(crate) populations: Vec<PopulationLayout>,
    /// In the model's order.
    pub(crate) projections: Vec<ProjectionLayout>,
    /// Populations in the order in which they advance.
    pub(crate) order: Vec<usize>,
    /// Parts of this order whose populations do not reach each other within a window: they advance in parallel.
    pub(crate) levels: Vec<Range<usize>>,
    /// Length of a window at most [ms]: the smallest delay of a projection that goes back in this order and influences firing.
    pub(crate) window: f64,
    /// Seed of every stream.
    pub(crate) seed: u64,
}

impl Circuit {
    /// Lays a model out for runs of this seed.
    ///
    /// # Errors
    /// If a cell cannot be simulated, a projection has no end, or spikes could cause themselves.
    pub fn new(model: &Model, seed: u64, precision: Precision) -> Result<Self, LayoutError> {
        let populations = model.populations.iter().map(|p| PopulationLayout::new(p, precision));
        let mut populations = populations.collect::<Result<Vec<_>, _>>()?;
        let (mut projections, mut edges) = (Vec::new(), Vec::new());
        for (index, projection) in model.projections.iter().enumerate() {
            let (from, to) = (projection.from.0, projection.to.0);
            let ends = || LayoutError::Ends(projection.name.clone());
            let end = |index: usize| model.populations.get(index).ok_or_else(ends);
            let (source, cells) = (end(from)?, end(to)?.cell.dynamics());
            let drives = cells.is_driven_by(projection.port.0).ok_or_else(ends)?;
            let port = cells.linear().map(|cell| cell.ports[projection.port.0]);
            let target = &mut populations[to];
            let mut times = None;
            if let Some(membrane) = &mut target.membrane {
                let kept = membrane.dendrites.iter().position(|dendrite| dendrite.port == projection.port.0);
                let dendrite = kept.map(|dendrite| &mut membrane.dendrites[dendrite]);
                dendrite.into_iter().for_each(|dendrite| dendrite.projections.push(index));
                times =
                    membrane.plateau.filter(|plateau| Some(plateau.dendrite) == kept).and_then(|plateau| plateau.times);
            }
            let filtered = target.membrane.is_some();
            if drives {
                let rule = |source| LayoutError::Rule { projection: projection.name.clone(), source };
                let input = ModalInput::new(index, projection, [source, end(to)?], filtered).map_err(rule)?;
                if let Some(inputs) = target.inputs_by_event() {
                    inputs.push(input);
                }
                let somatic = port.map(|port| SomaticInput { projection: index, conductance: port.conductance });
                target.somatic.extend(somatic);
                edges.push(Edge { from, to, delay: projection.delay.smallest() });
            }
            let rates = (projection.carries == Carries::Rates).then(|| source.phi_max());
            if rates.is_some() {
                populations[from].sends_rates = true;
            } else {
                populations[from].outgoing.push(index);
            }
            let late_ms = times.map_or(0.0, |times| times.longest);
            let (delay, psp) =
                (projection.delay.smallest(), port.and_then(|port| port.kernel.psp()).unwrap_or_default());
            let short_term = projection.short_term;
            let plastic = projection.plasticity.is_some() && !filtered;
            projections.push(ProjectionLayout { from, delay, psp, rates, late_ms, filtered, short_term, plastic });
        }
        let name = |p: usize| model.populations[p].name.clone();
        let is_source: Vec<bool> = populations.iter().map(PopulationLayout::is_source).collect();
        let schedule = ExecutionOrder::new(&is_source, &edges);
        let ExecutionOrder { order, window } = schedule
            .map_err(|cycle| LayoutError::Cycle(cycle.iter().chain(cycle.first()).map(|&p| name(p)).collect()))?;
        let levels = levels(&populations, &order, &edges, window);
        Ok(Self { populations, projections, order, levels, window, seed })
    }

    /// How many blocks of neurons can advance at one time at most.
    pub(super) fn parts_at_once(&self) -> usize {
        let blocks = |&index: &usize| self.populations[index].size.div_ceil(TARGETS_PER_BLOCK);
        let of_level = |level: &Range<usize>| self.order[level.clone()].iter().map(blocks).sum();
        self.levels.iter().map(of_level).max().unwrap_or(0).max(1)
    }

    /// The same layout with windows of at most `limit` ms, above 0: more of them, but no other result.
    #[must_use]
    pub fn with_window(mut self, limit: f64) -> Self {
        self.window = self.window.min(if limit > 0.0 { limit } else { f64::INFINITY });
        self
    }
}

/// Cuts the order of execution into runs of populations in blocks none of which reaches another within a window.
fn levels(populations: &[PopulationLayout], order: &[usize], edges: &[Edge], window: f64) -> Vec<Range<usize>> {
    let mut levels: Vec<Range<usize>> = Vec::new();
    for (place, &index) in order.iter().enumerate() {
        let joins = |level: &Range<usize>| {
            let reached = |&other: &usize| edges.iter().any(|e| (e.from, e.to) == (other, index) && e.delay < window);
            let mut apart = order[level.start..=place].iter().map(|&p| populations[p].advances_in_blocks());
            apart.all(|apart| apart) && !order[level.clone()].iter().any(reached)
        };
        match levels.last_mut() {
            Some(level) if joins(level) => level.end = place + 1,
            _ => levels.push(place..place + 1),
        }
    }
    levels
}
