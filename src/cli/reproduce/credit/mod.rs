//! How well hidden neurons are told what to change: losses of both layers, angles to backpropagation, feedback eigenvalues.
//!
//! Guerguiev, Lillicrap & Richards (2017), eLife 6:e22901, Figures 5B, 5C, 5 supplement 1 and 7A.

mod angles;
mod eigenvalues;
mod losses;

use super::FigureTask;
use super::runs::{RunLength, RunSpec, TrainedRun, train_runs};
use crate::cli::failure::Failure;
use crate::record::Kind;
use crate::record::hdf5::CreditTable;
use crate::training::Dynamics;

pub(super) use angles::FIGURE_7A;
pub(super) use eigenvalues::FIGURE_5_S1;
pub(super) use losses::{FIGURE_5B, FIGURE_5C};

/// What was measured in the training presentations of a run, in their order.
struct CreditMeasurement {
    table: CreditTable,
    /// Label of each [n].
    labels: Vec<u8>,
    /// Presentations in an epoch.
    epoch: u64,
}

/// Ten epochs of a network with one hidden layer at the paper's learning rates, with the assignment of credit measured.
///
/// They are 0.51² times its 0.21: trains of its kernel, cut at 0.51 of the whole one, make changes of weights so much smaller,
/// and these move dendritic potentials so much less.
fn one_hidden_layer(task: &FigureTask<'_>, (model, dynamics): (&'static str, Dynamics), seed: u64) -> RunSpec {
    let course = if task.quick {
        RunLength { epochs: 2, images: Some(4_000), tested: Some(0) }
    } else {
        RunLength { epochs: 10, images: None, tested: None }
    };
    let overrides = &[
        "recording.credit=true",
        "projection.input-hidden.learning_rate=0.055",
        "projection.hidden-output.learning_rate=0.055",
        "learning.schedule.kind=constant",
    ];
    RunSpec { variant: "credit-0055", overrides, dynamics, ..RunSpec::of(model, course, seed) }
}

/// The paper's own: feedback of spikes.
const OF_SPIKES: (&str, Dynamics) = ("g17-784-500-10", Dynamics::Spiking);

/// The measured course of each seed.
fn measured(task: &FigureTask<'_>, wanted: impl Fn(u64) -> RunSpec) -> Result<Vec<CreditMeasurement>, Failure> {
    let wanted: Vec<_> = task.seeds.iter().map(|&seed| wanted(seed)).collect();
    train_runs(task, &wanted)?.iter().map(CreditMeasurement::of).collect()
}

impl CreditMeasurement {
    fn of(run: &TrainedRun) -> Result<Self, Failure> {
        let (mut all, mut labels) = (CreditTable::default(), Vec::new());
        for file in run.runs()? {
            let rows = file.presentations().map_err(Failure::failed)?;
            labels.extend(rows.iter().filter(|row| row.kind == Kind::Train).filter_map(|row| row.label));
            let part = file.credit().map_err(Failure::failed)?.unwrap_or_default();
            all.index.extend(part.index);
            all.output_loss.extend(part.output_loss);
            all.hidden.resize_with(part.hidden.len(), Default::default);
            for (whole, (name, losses, angles)) in all.hidden.iter_mut().zip(part.hidden) {
                whole.0 = name;
                whole.1.extend(losses);
                whole.2.extend(angles);
            }
            all.eigenvalues.extend(part.eigenvalues);
            all.products.extend(part.products);
        }
        let epoch = run.checkpoint.examples_planned / u64::from(run.model.learning.epochs);
        Ok(Self { table: all, labels, epoch })
    }
}
