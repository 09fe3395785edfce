//! Names of the arrays of state that checkpoints keep of a population, by its dynamics.

use super::layout::{Membrane, PopulationLayout, Precision};
use super::three_mode::SOMATIC;
use super::{compartmental, modal};
use crate::model::Population;

/// Names of the arrays of state of a population of the model; none of a source, or of a cell that cannot be simulated.
pub(crate) fn state_names(population: &Population) -> Vec<String> {
    let Ok(layout) = PopulationLayout::new(population, Precision::Single) else { return Vec::new() };
    if let Some(compartmental) = &layout.compartmental {
        return compartmental::state_names(&compartmental.cell);
    }
    let dendrites = layout.membrane.iter().flat_map(Membrane::trace_names);
    let somata = match (&layout.modal, &layout.membrane) {
        (Some(modal), membrane) => modal::state_names(&modal.form, membrane.is_some()),
        (None, Some(_)) => SOMATIC.map(str::to_owned).to_vec(),
        (None, None) => Vec::new(),
    };
    somata.into_iter().chain(dendrites).collect()
}
