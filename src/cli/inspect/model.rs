//! The size of a model, without its network.

use std::path::Path;

use anyhow::Context;
use serde::Serialize;

use crate::cli::disk::size;
use crate::cli::failure::Failure;
use crate::cli::{memory, terminal};
use crate::model::Model;
use crate::protocol::slices_until;
use crate::record::{MemoryEstimate, Planned, PresentationKind, checkpoint_bytes, listed_synapses, synapses_of};

/// Training images that are assumed of a model whose data are not looked at: those of MNIST.
const IMAGES: u64 = 60_000;

/// What `inspect MODEL --json` prints.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::cli) struct ModelSize {
    /// Name of the model.
    name: String,
    /// `model`.
    kind: &'static str,
    /// Number of neurons.
    neurons: u64,
    /// Number of synapses.
    synapses: u64,
    /// Sizes of the populations.
    populations: Vec<PopulationSize>,
    /// Synapses of the projections.
    projections: Vec<ProjectionSize>,
    /// Memory of the network in a run [bytes].
    memory_bytes: u64,
    /// Memory that is available on this machine [bytes]; null if the system does not report it.
    available_bytes: Option<u64>,
    /// Size of the run file, as it is estimated before anything is known of rates [bytes]; of presentations, for one epoch of 60,000.
    run_file_bytes: u64,
    /// Size of a checkpoint [bytes].
    checkpoint_bytes: u64,
    /// What the size of the run file rests on, as words.
    #[serde(skip)]
    assumption: String,
}

/// Size of a population.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct PopulationSize {
    /// Name of the population.
    population: String,
    /// Kind of cell.
    cell: String,
    /// Number of neurons.
    neurons: usize,
}

/// Size of a projection.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct ProjectionSize {
    /// Name of the projection.
    projection: String,
    /// Number of synapses.
    synapses: u64,
}

/// Prints the size of a model.
pub(super) fn execute(path: &Path, overrides: &[String], json: bool) -> Result<(), Failure> {
    let model = Model::load(path, overrides).map_err(anyhow::Error::from)?;
    for projection in &model.projections {
        let listed = listed_synapses(&projection.connection);
        listed.with_context(|| format!("the synapses of `{}` cannot be counted", projection.name))?;
    }
    let results = ModelSize::of(&model);
    if json {
        return terminal::print_json(&results);
    }
    results.lines().iter().try_for_each(|(what, text)| terminal::print_result(format_args!("{what:<16}{text}")))
}

impl ModelSize {
    fn of(model: &Model) -> Self {
        let population = |p: &crate::model::Population| PopulationSize {
            population: p.name.clone(),
            cell: p.cell.kind().to_owned(),
            neurons: p.size,
        };
        let projection = |p: &crate::model::Projection| ProjectionSize {
            projection: p.name.clone(),
            synapses: synapses_of(model, p),
        };
        let projections: Vec<_> = model.projections.iter().map(projection).collect();
        Self {
            name: model.name.clone(),
            kind: "model",
            neurons: model.populations.iter().map(|p| p.size as u64).sum(),
            synapses: projections.iter().map(|p| p.synapses).fold(0, u64::saturating_add),
            populations: model.populations.iter().map(population).collect(),
            projections,
            memory_bytes: MemoryEstimate::of(model).total(),
            available_bytes: memory::available(),
            run_file_bytes: planned(model).estimate(model).total(),
            checkpoint_bytes: checkpoint_bytes(model),
            assumption: planned(model).assumption(model),
        }
    }

    fn lines(&self) -> Vec<(&'static str, String)> {
        let mut lines = vec![("model", self.name.clone())];
        for PopulationSize { population, cell, neurons } in &self.populations {
            lines.push(("population", format!("{population}: {neurons} neurons, {cell}")));
        }
        for ProjectionSize { projection, synapses } in &self.projections {
            lines.push(("projection", format!("{projection}: {synapses} synapses")));
        }
        let available =
            self.available_bytes.map_or_else(String::new, |bytes| format!(", {} are available", size(bytes)));
        lines.push(("neurons", self.neurons.to_string()));
        lines.push(("synapses", self.synapses.to_string()));
        lines.push(("memory", format!("about {}{available}", size(self.memory_bytes))));
        lines.push(("run file", format!("about {}{}", size(self.run_file_bytes), self.assumption)));
        lines.push(("checkpoint", format!("about {}", size(self.checkpoint_bytes))));
        lines
    }
}

/// A run of the model's own length.
fn planned(model: &Model) -> Planned {
    let Some(protocol) = model.protocol.continuous() else {
        return Planned::assumed(model, PresentationKind::Train, 0..IMAGES, IMAGES);
    };
    let assumed = Planned::assumed(model, PresentationKind::Train, 0..slices_until(protocol.end_ms()), 0);
    Planned { span_ms: protocol.warmup..protocol.end_ms(), ..assumed }
}
