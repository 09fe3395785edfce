//! Published figures, reproduced: runs what a figure shows, draws it, and compares numbers with the published ones.
//!
//! A figure is a [`PublishedFigure`]: a name, its source, seeds, and a function from a [`FigureTask`] to a
//! [`ReproducedFigure`]. Each is a file of `figures/` and a line of [`FIGURES`] or [`EXTENSIONS`]. Trained networks are asked of
//! [`FigureTask::train_runs`], which keeps their runs in the task's folder, resumes those that were stopped and takes those
//! that are complete as they are. Nothing is printed here: messages, interruption and the training itself are left to a
//! [`Host`]. Circuits are run by [`FigureTask::simulate`], which keeps their spikes in memory.

mod circuits;
mod comparison;
mod error;
mod figure;
mod figures;
mod host;
mod length;
mod record;
mod registry;
mod runs;
mod spec;
mod stored_results;

pub use circuits::{CircuitRun, CircuitSpec, CircuitSpikes};
pub use error::{ReproduceCause, ReproduceError};
pub(crate) use figure::mean_and_spread;
pub use figure::{ComparedNumber, FigureTask, PublishedFigure, ReproducedFigure};
pub use host::{Host, TrainingRun};
pub use length::RunLength;
pub use record::RunRecord;
pub use registry::{EXTENSIONS, FIGURES, find};
pub use runs::TrainedRun;
pub use spec::RunSpec;
pub use stored_results::StoredResults;
