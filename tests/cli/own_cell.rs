//! Runs of a kind of cell and a plasticity rule that the program does not know: what their files say of them is enough to look at them.

use apical::cells::{Cell, CompartmentInfo, Dynamics, Escape, LinearCell, PoissonEncoder, PortInfo, Psp};
use apical::data::{Dataset, ImageSet, Presentations, Split};
use apical::model::{CellKind, Model, ProjectionSpec, Registry, WeightInit};
use apical::ndarray::{Array1, Array3};
use apical::record::Planned;
use apical::record::PresentationKind;
use apical::record::hdf5::{Provenance, RunFile, RunReader};
use apical::training::{Plan, Plasticity, Trainer, Training, initial_network};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::support::Bench;

/// A soma with one dendrite of its own name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Spiny {
    /// Share of the dendrite.
    share: f64,
}

impl Cell for Spiny {
    fn kind(&self) -> &'static str {
        "spiny"
    }

    fn compartments(&self) -> &[CompartmentInfo] {
        static COMPARTMENTS: [CompartmentInfo; 2] =
            [CompartmentInfo::dimensionless("soma"), CompartmentInfo::dimensionless("spine")];
        &COMPARTMENTS
    }

    fn ports(&self) -> Vec<PortInfo<'_>> {
        vec![PortInfo { name: "spine" }]
    }

    fn dynamics(&self) -> Dynamics {
        let mut cell = LinearCell::new(0.7, Escape::new(0.15));
        cell.dendrite(Psp::default(), 0.5 + self.share);
        Dynamics::Linear(cell)
    }
}

/// Writes the run and the checkpoint of a network of such cells.
fn record(bench: &Bench) -> Model {
    let weights = WeightInit::Constant { value: 0.4 };
    let model = Model::builder("spiny")
        .population("input", 16, PoissonEncoder::default())
        .population("cells", 12, Spiny { share: 0.1 })
        .projection(ProjectionSpec { weights, ..ProjectionSpec::new("input", "cells", "spine") })
        .record("all")
        .build()
        .unwrap();
    let pixels = Array3::from_elem((4, 4, 4), 120_u8);
    let shown = Presentations::all(ImageSet::from_views(pixels.view(), Array1::zeros(4).view()).unwrap().into());
    let data = Dataset { training: shown.clone(), split: Split::of_table(4), evaluation: shown };
    let provenance = Provenance { kind: "spiking".to_owned(), seed: 1, ..Provenance::default() };
    let planned = Planned::assumed(&model, PresentationKind::Train, 0..4, 4);
    let mut file = RunFile::create(&bench.path("run.h5"), &model, &provenance, &planned).unwrap();
    let mut trainer = Trainer::new(&model, initial_network(&model, 1).unwrap(), 1).unwrap();
    let plan = Plan { presentations: 4, test_examples: 0, plasticity: Plasticity::Off };
    trainer.run(&data, plan, &mut file, &mut ()).unwrap();
    file.finish().unwrap();
    trainer.checkpoint().save(&model, &bench.path("run.checkpoint.h5")).unwrap();
    model
}

#[test]
fn files_of_another_kind_of_cell_are_inspected_drawn_viewed_and_exported() {
    let bench = Bench::new();
    let model = record(&bench);
    let read = RunReader::open(&bench.path("run.h5")).unwrap().model(&bench.path("run.h5")).unwrap();
    assert_eq!(read.populations[1].cell.kind(), "spiny");
    assert_eq!(read.populations[1].cell.compartments()[1].name, "spine");
    assert_eq!(read.text(), model.text(), "its keys stand as they were written");
    for command in [
        "inspect run.h5",
        "inspect --check run.h5",
        "inspect run.checkpoint.h5",
        "inspect --check run.checkpoint.h5",
        "plot raster run.h5",
        "plot traces run.h5 --population cells --neurons 0:2",
        "plot rates run.h5",
        "plot isi run.h5",
        "plot weights run.h5",
        "export --nwb run.nwb run.h5",
        "view run.h5 --export page.html",
    ] {
        bench.ok(command);
    }
    let drawn = std::fs::read_to_string(bench.path("output/run-traces.svg")).unwrap();
    assert!(drawn.contains("spine"), "the compartment is named");
    // What would simulate it needs the kind itself.
    let ran = bench.run("test run.checkpoint.h5");
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert!(ran.stderr.contains("spiny"), "{}", ran.stderr);
    let registry = Registry::default().with(CellKind::of::<Spiny>());
    assert_eq!(registry.parse(&model.text(), "spiny", &[]).unwrap(), model);
}
