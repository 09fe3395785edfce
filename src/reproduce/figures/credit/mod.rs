//! Credit-assignment diagnostics: losses of both layers, angles to backpropagation, feedback eigenvalues.
//!
//! Guerguiev, Lillicrap & Richards (2017), eLife 6:e22901, Figures 5B, 5C, 5 supplement 1 and 7A.

mod angles;
mod eigenvalues;
mod losses;

use crate::record::PresentationKind;
use crate::record::hdf5::CreditTable;
use crate::reproduce::{FigureTask, ReproduceError, RunLength, RunSpec, TrainedRun};
use crate::training::NetworkDynamics;

pub(in crate::reproduce) use angles::FIGURE_7A;
pub(in crate::reproduce) use eigenvalues::FIGURE_5_S1;
pub(in crate::reproduce) use losses::{FIGURE_5B, FIGURE_5C};

/// The diagnostics of the training presentations of a run, in their order.
struct CreditMeasurement {
    table: CreditTable,
    /// Label of each [n].
    labels: Vec<u8>,
    /// Presentations in an epoch.
    epoch: u64,
}

/// Ten epochs of a network with one hidden layer at the published learning rates, with credit-assignment diagnostics.
///
/// They are 0.51² times its 0.21: trains of its kernel, cut at 0.51 of the whole one, make changes of weights so much smaller,
/// and these move dendritic potentials so much less.
fn one_hidden_layer(task: &FigureTask<'_>, (model, dynamics): (&'static str, NetworkDynamics), seed: u64) -> RunSpec {
    let length = if task.quick {
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
    RunSpec { variant: "credit-0055", overrides, dynamics, ..RunSpec::of(model, length, seed) }
}

/// The published network: feedback of spikes.
const OF_SPIKES: (&str, NetworkDynamics) = ("g17-784-500-10", NetworkDynamics::Spiking);

/// Trains the network of each seed and reads its diagnostics.
fn measured(task: &FigureTask<'_>, spec: impl Fn(u64) -> RunSpec) -> Result<Vec<CreditMeasurement>, ReproduceError> {
    let specs: Vec<_> = task.seeds.iter().map(|&seed| spec(seed)).collect();
    task.train_runs(&specs)?.iter().map(CreditMeasurement::of).collect()
}

impl CreditMeasurement {
    fn of(run: &TrainedRun) -> Result<Self, ReproduceError> {
        let (mut all, mut labels) = (CreditTable::default(), Vec::new());
        for file in run.runs()? {
            let rows = file.presentations().map_err(ReproduceError::failed)?;
            labels.extend(rows.iter().filter(|row| row.kind == PresentationKind::Train).filter_map(|row| row.label));
            let part = file.credit().map_err(ReproduceError::failed)?.unwrap_or_default();
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
