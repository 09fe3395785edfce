//! A kind of cell of one's own: a point neuron whose excitatory and inhibitory synapses are double-exponential currents into its
//! membrane, firing at an escape rate. A recurrent network of them is taught nothing and learns nothing; it runs by the protocol
//! of two phases, is recorded, drawn, saved and goes on to the bit.
//!
//! cargo run --release --example own_cell

use std::path::Path;

use apical::cells::{Cell, CompartmentInfo, Dynamics, Escape, LinearCell, PortInfo, Psp};
use apical::data::{Dataset, ImageSet, Presentations, Split};
use apical::model::{CellKind, Model, ProjectionSpec, Registry, WeightInit};
use apical::ndarray::{Array1, Array3};
use apical::plot::gallery::{RasterPopulation, raster};
use apical::record::hdf5::{Provenance, RunFile, RunReader};
use apical::record::{Checkpoint, Planned, PresentationKind};
use apical::training::{Plan, Plasticity, Trainer, Training, initial_network};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Point neuron: dV/dt = −V/τ_m + I_exc + I_inh, each I the spikes of a port filtered by a double exponential of integral 1;
/// fires at rate φ_max sigmoid(V).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct PointNeuron {
    /// Membrane time constant [ms].
    #[serde(rename = "tau_m_ms")]
    tau_m: f64,
    /// Decay time constant of synaptic currents [ms].
    #[serde(rename = "tau_decay_ms")]
    tau_decay: f64,
    /// Rise time constant of synaptic currents [ms].
    #[serde(rename = "tau_rise_ms")]
    tau_rise: f64,
    /// Largest firing rate [1/ms].
    #[serde(rename = "rate_max_per_ms")]
    rate_max: f64,
}

impl Default for PointNeuron {
    fn default() -> Self {
        Self { tau_m: 10.0, tau_decay: 4.0, tau_rise: 1.0, rate_max: 0.2 }
    }
}

impl Cell for PointNeuron {
    fn kind(&self) -> &'static str {
        "point"
    }

    fn compartments(&self) -> &[CompartmentInfo] {
        const { &[CompartmentInfo::dimensionless("soma")] }
    }

    fn ports(&self) -> Vec<PortInfo<'_>> {
        vec![PortInfo { name: "exc" }, PortInfo { name: "inh" }]
    }

    fn dynamics(&self) -> Dynamics {
        let psp = Psp { tau_l: self.tau_decay, tau_s: self.tau_rise };
        let mut cell = LinearCell::new(1.0 / self.tau_m, Escape::new(self.rate_max));
        cell.synapse(psp, 1.0);
        cell.synapse(psp, 1.0);
        Dynamics::Linear(cell)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::temp_dir().join(format!("apical-own-cell-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let done = run(&folder);
    std::fs::remove_dir_all(&folder)?;
    done
}

fn run(folder: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let constant = |value| WeightInit::Constant { value };
    let projection = |from: &str, to: &str, port: &str, weight| ProjectionSpec {
        weights: constant(weight),
        delay: Some(1.5.into()),
        ..ProjectionSpec::new(from, to, port)
    };
    let model = Model::builder("point-neurons")
        .population("input", 16, apical::cells::PoissonEncoder::default())
        .population("excitatory", 40, PointNeuron::default())
        .population("inhibitory", 10, PointNeuron { tau_m: 5.0, ..PointNeuron::default() })
        .projection(projection("input", "excitatory", "exc", 0.2))
        .projection(projection("excitatory", "excitatory", "exc", 0.02))
        .projection(projection("excitatory", "inhibitory", "exc", 0.2))
        .projection(projection("inhibitory", "excitatory", "inh", -0.4))
        .record("all")
        .build()?;
    // The text of the model gives the model again to whoever knows its kinds of cell.
    let registry = Registry::default().with(CellKind::of::<PointNeuron>());
    assert_eq!(registry.parse(&model.text(), "point-neurons", &[])?, model);

    let pixels =
        Array3::from_shape_fn((10, 4, 4), |(image, row, col)| if (image + row + col) % 3 == 0 { 255 } else { 20 });
    let shown = Presentations::all(ImageSet::from_views(pixels.view(), Array1::zeros(10).view())?.into());
    let data = Dataset { training: shown.clone(), split: Split::of_table(10), evaluation: shown };
    let plan = |presentations| Plan { presentations, test_examples: 0, plasticity: Plasticity::Off };

    // Ten presentations on end, recorded.
    let path = folder.join("run.h5");
    let mut file =
        RunFile::create(&path, &model, &provenance(), &Planned::assumed(&model, PresentationKind::Train, 0..10, 10))?;
    let mut whole = Trainer::new(&model, initial_network(&model, 1)?, 1)?;
    whole.run(&data, plan(10), &mut file, &mut ())?;
    file.finish()?;

    // Four, saved, and six more.
    let mut first = Trainer::new(&model, initial_network(&model, 1)?, 1)?;
    first.run(&data, plan(4), &mut (), &mut ())?;
    let saved = folder.join("run.checkpoint.h5");
    first.checkpoint().save(&model, &saved)?;
    let mut second = Trainer::resume(&model, Checkpoint::load(&saved)?)?;
    second.run(&data, plan(10), &mut (), &mut ())?;
    assert_eq!(second.checkpoint().lanes, whole.checkpoint().lanes, "it goes on to the bit");

    // Spikes of the last presentation, drawn.
    let reader = RunReader::open(&path)?;
    let spikes = reader.spikes("excitatory", 0.0..1000.0)?.unwrap_or_default();
    let population = RasterPopulation {
        name: "excitatory",
        neurons: [0, 40],
        times: &spikes.times,
        ids: &spikes.neurons,
        events: &[],
    };
    let svg = raster(&[population], &[], [900.0, 1000.0]).svg();
    println!("{} excitatory spikes in 1 s; a raster of {} bytes", spikes.times.len(), svg.len());
    Ok(())
}

fn provenance() -> Provenance {
    Provenance {
        apical_version: env!("CARGO_PKG_VERSION").to_owned(),
        seed: 1,
        kind: "spiking".to_owned(),
        ..Provenance::default()
    }
}
