//! The command line as the host of reproductions.

use crate::cli::failure::Failure;
use crate::cli::options::Common;
use crate::cli::output::{Existing, RunOutput};
use crate::cli::progress::CHECKPOINT_EVERY;
use crate::cli::session::{self, NetworkOrigin, Session};
use crate::cli::{interrupt, terminal};
use crate::reproduce::{Host, ReproduceCause, ReproduceError, TrainingRun};
use crate::training::Training;

/// Trains runs as `apical train` does, prints messages, and interrupts after a signal.
pub(super) struct CommandHost<'a> {
    pub(super) common: &'a Common,
}

impl Host for CommandHost<'_> {
    fn message(&self, text: &str) {
        if !self.common.quiet {
            terminal::print_message(text);
        }
    }

    fn is_interrupted(&self) -> bool {
        interrupt::requested()
    }

    fn train(&self, run: &TrainingRun<'_>, trainer: &mut dyn Training) -> Result<(), ReproduceError> {
        let output = RunOutput {
            run: run.run_file.clone(),
            checkpoint: Some(run.checkpoint_file.clone()),
            circuit: false,
            existing: Existing::Continued,
        };
        let session = Session {
            label: String::new(),
            model: run.model,
            data: run.data,
            seed: run.seed,
            origin: NetworkOrigin::default(),
            plan: run.plan,
            live: None,
            checkpoint_every: CHECKPOINT_EVERY,
            stopped: &|_| terminal::print_message("the same command goes on from there"),
        };
        session::run(self.common, session, trainer, &output).map(drop).map_err(|failure| match failure {
            Failure::Refused(error) => ReproduceError::Refused(ReproduceCause::Host(error.into())),
            Failure::Failed(error) => ReproduceError::Failed(ReproduceCause::Host(error.into())),
            Failure::Interrupted => ReproduceError::Interrupted,
        })
    }
}
