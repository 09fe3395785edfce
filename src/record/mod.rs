//! What is kept of a run: the recorder trait, records in memory, HDF5 run files and checkpoints.

mod checkpoint;
mod estimate;
#[cfg(feature = "hdf5")]
pub mod hdf5;
mod listed;
mod memory;
mod state_check;

pub use checkpoint::{Checkpoint, SinceEvaluation};
pub use estimate::{Estimate, MemoryEstimate, Planned, checkpoint_bytes, synapses_of};
pub use listed::listed_synapses;
pub(crate) use listed::{expected_synapses, is_sonata};
pub use memory::{MemoryRecorder, Shown};
pub use state_check::StateMismatch;

use std::io::ErrorKind;

use serde::Serialize;

use crate::engine::Observation;
use crate::model::PopulationId;
use crate::network::Network;
use crate::protocol::Sampling;

/// Whether a presentation trained or tested.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PresentationKind {
    /// Both phases, followed by learning (or not, when simulating).
    #[default]
    Train,
    /// A test from rest.
    Test,
}

/// One presentation as it is recorded.
#[derive(Clone, Copy, Debug)]
pub struct Presentation<'a> {
    /// Training or test.
    pub kind: PresentationKind,
    /// Count of presentations of its kind before this one in the run, or in the run's training history.
    pub index: u64,
    /// Index of the image in its set.
    pub image: u32,
    /// Its label, if it has one.
    pub label: Option<u8>,
    /// The class decoded from the forward phase.
    pub decoded: u8,
    /// Start on the run's clock, from which the times of its spikes count [ms].
    pub start_ms: f64,
    /// What of its start is not recorded [ms]; 0 but in pieces of a continuous run.
    pub cut_ms: f64,
    /// What happened.
    pub observed: &'a Observation,
}

impl Presentation<'_> {
    /// Where what is recorded of it starts on the run's clock [ms].
    pub fn recorded_from_ms(&self) -> f64 {
        self.start_ms + self.cut_ms
    }
}

/// One evaluation of a learning curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Evaluation {
    /// Training presentations so far.
    pub examples_seen: u64,
    /// Error on the test (or validation) images [%].
    #[serde(rename = "test_error_percent")]
    pub test_error: f64,
    /// Error on the training presentations since the last evaluation, decoded from their forward phases [%]; NaN: none.
    #[serde(rename = "train_error_percent")]
    pub train_error: f64,
    /// Mean over the same presentations of the output loss: the mean over neurons of
    /// (mean_t phi − phi_max sigmoid(mean_f U))² [1/ms²]; NaN: none.
    #[serde(rename = "loss_per_ms2")]
    pub loss: f64,
    /// Wall time since the start of the run [s].
    pub seconds: f64,
}

/// What can go wrong while recording.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// A file could not be created, written or read.
    #[error("{action} {path}")]
    File {
        /// What was tried: "cannot create", "cannot write", "cannot read".
        action: &'static str,
        /// The file.
        path: String,
        /// Why not.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Another run writes the file.
    #[error("{path} is being written by another run")]
    Busy {
        /// The file.
        path: String,
    },
    /// A file is not what it should be.
    #[error("{path}: {problem}")]
    Content {
        /// The file.
        path: String,
        /// What is wrong and what was expected.
        problem: String,
    },
}

impl RecordError {
    /// Whether there was no room for what was to be written: the disk is full, or a quota or the limit on a file's size is reached.
    pub fn is_out_of_room(&self) -> bool {
        let Self::File { source, .. } = self else { return false };
        let cause = source.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
        matches!(cause, Some(ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge))
    }
}

/// Credit-assignment diagnostics of one training presentation.
///
/// Guerguiev, Lillicrap & Richards (2017), eLife 6:e22901, Figures 5 and 7.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Credit {
    /// The training presentation.
    pub index: u64,
    /// Loss of the output population, mean over neurons of (mean_t φ − φ_max sigmoid(mean_f U))² [1/ms²].
    pub output_loss: f64,
    /// Of the hidden populations that learn, in the model's order.
    pub hidden: Vec<HiddenCredit>,
    /// Of the presentations since the last ones, where there were enough.
    pub jacobians: Option<Jacobians>,
}

/// Credit-assignment diagnostics of one hidden population.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HiddenCredit {
    /// The population.
    pub population: PopulationId,
    /// Loss, mean over neurons of (mean_f φ + α_t − α_f − φ_max sigmoid(mean_f V))², rates per ms.
    pub loss: f64,
    /// Angle between the change of its feedforward weights and that by backpropagation [degrees].
    pub angle: f64,
}

/// The Jacobians of output rates by the rates of the last hidden population, J_b = φ_max sigmoid'(mean_f U) k_d W, and of its
/// plateaus by output rates, J_g = sigmoid'(Y φ_max sigmoid(mean_f U)) Y, over some presentations; rates per ms.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Jacobians {
    /// Largest eigenvalue of (I − J_b J_g)ᵀ (I − J_b J_g), with the means of both Jacobians.
    pub eigenvalue_of_means: f64,
    /// Mean of the largest eigenvalues of single presentations.
    pub mean_eigenvalue: f64,
    /// Mean of J_b J_g, [outputs, outputs] in row-major order.
    pub product: Vec<f64>,
}

/// Watches a run, from outside the engine: it is handed every presentation in order once it is over. Every method does
/// nothing unless overridden; `()` records nothing; pairs compose.
pub trait Recorder {
    /// Whether this recorder looks at what happened in a presentation: if not, it may be handed the lengths of its phases
    /// alone.
    fn watches(&self, kind: PresentationKind, index: u64) -> bool {
        let _ = (kind, index);
        true
    }

    /// The grid on which traces of a presentation are wanted, if any, given where it will start on the run's clock.
    fn sampling(&mut self, kind: PresentationKind, index: u64, start_ms: f64) -> Option<Sampling> {
        let _ = (kind, index, start_ms);
        None
    }

    /// A presentation is over.
    ///
    /// # Errors
    /// If it cannot be kept; the run stops.
    fn presentation(&mut self, presentation: Presentation<'_>) -> Result<(), RecordError> {
        let _ = presentation;
        Ok(())
    }

    /// The assignment of credit was measured in a training presentation, before weights change.
    ///
    /// # Errors
    /// If it cannot be kept.
    fn credit(&mut self, credit: &Credit) -> Result<(), RecordError> {
        let _ = credit;
        Ok(())
    }

    /// Weights are as they are after `examples_seen` training presentations, `label` naming the snapshot if it is one
    /// of the ends of the run or an epoch (`initial`, `final`, `epoch-3`) and absent after an ordinary presentation.
    ///
    /// # Errors
    /// If they cannot be kept.
    fn weights(&mut self, examples_seen: u64, label: Option<&str>, network: &Network) -> Result<(), RecordError> {
        let _ = (examples_seen, label, network);
        Ok(())
    }

    /// Something was changed in the course of a continuous run, at this time of its clock, in words.
    ///
    /// # Errors
    /// If it cannot be kept.
    fn changed(&mut self, at_ms: f64, what: &str) -> Result<(), RecordError> {
        let _ = (at_ms, what);
        Ok(())
    }

    /// The network was tested.
    ///
    /// # Errors
    /// If it cannot be kept.
    fn evaluation(&mut self, evaluation: &Evaluation) -> Result<(), RecordError> {
        let _ = evaluation;
        Ok(())
    }
}

impl Recorder for () {
    fn watches(&self, _: PresentationKind, _: u64) -> bool {
        false
    }
}

/// None records nothing.
impl<R: Recorder> Recorder for Option<R> {
    fn watches(&self, kind: PresentationKind, index: u64) -> bool {
        self.as_ref().is_some_and(|recorder| recorder.watches(kind, index))
    }

    fn sampling(&mut self, kind: PresentationKind, index: u64, start_ms: f64) -> Option<Sampling> {
        self.as_mut()?.sampling(kind, index, start_ms)
    }

    fn presentation(&mut self, presentation: Presentation<'_>) -> Result<(), RecordError> {
        self.as_mut().map_or(Ok(()), |recorder| recorder.presentation(presentation))
    }

    fn credit(&mut self, credit: &Credit) -> Result<(), RecordError> {
        self.as_mut().map_or(Ok(()), |recorder| recorder.credit(credit))
    }

    fn weights(&mut self, examples_seen: u64, label: Option<&str>, network: &Network) -> Result<(), RecordError> {
        self.as_mut().map_or(Ok(()), |recorder| recorder.weights(examples_seen, label, network))
    }

    fn changed(&mut self, at_ms: f64, what: &str) -> Result<(), RecordError> {
        self.as_mut().map_or(Ok(()), |recorder| recorder.changed(at_ms, what))
    }

    fn evaluation(&mut self, evaluation: &Evaluation) -> Result<(), RecordError> {
        self.as_mut().map_or(Ok(()), |recorder| recorder.evaluation(evaluation))
    }
}

/// Both record. Traces are sampled once, for the first where both ask for them: no two of one run ask for other grids.
impl<A: Recorder, B: Recorder> Recorder for (A, B) {
    fn watches(&self, kind: PresentationKind, index: u64) -> bool {
        self.0.watches(kind, index) || self.1.watches(kind, index)
    }

    fn sampling(&mut self, kind: PresentationKind, index: u64, start_ms: f64) -> Option<Sampling> {
        let first = self.0.sampling(kind, index, start_ms);
        let second = self.1.sampling(kind, index, start_ms);
        first.or(second)
    }

    fn presentation(&mut self, presentation: Presentation<'_>) -> Result<(), RecordError> {
        self.0.presentation(presentation)?;
        self.1.presentation(presentation)
    }

    fn credit(&mut self, credit: &Credit) -> Result<(), RecordError> {
        self.0.credit(credit)?;
        self.1.credit(credit)
    }

    fn weights(&mut self, examples_seen: u64, label: Option<&str>, network: &Network) -> Result<(), RecordError> {
        self.0.weights(examples_seen, label, network)?;
        self.1.weights(examples_seen, label, network)
    }

    fn changed(&mut self, at_ms: f64, what: &str) -> Result<(), RecordError> {
        self.0.changed(at_ms, what)?;
        self.1.changed(at_ms, what)
    }

    fn evaluation(&mut self, evaluation: &Evaluation) -> Result<(), RecordError> {
        self.0.evaluation(evaluation)?;
        self.1.evaluation(evaluation)
    }
}
