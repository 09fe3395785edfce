//! `apical export`.

use std::path::PathBuf;

use anyhow::bail;
use clap::Args;

use super::failure::Failure;
use super::files::{OwnFile, refuse_model, refuse_overwrite, refuse_run};
use super::terminal;
use crate::record::RecordError;
use crate::record::hdf5::{RunReader, export_nwb};

/// Write a run file in another format: NWB 2, which pynwb, neo and elephant read.
///
/// Neurons become units with spike times in seconds, presentations trials with label and decoded class, plateaus intervals,
/// and potentials time series.
///
///   apical export --nwb run.nwb output/g17-784-500-10-seed1.h5
#[derive(Args, Debug)]
pub(super) struct ExportCommand {
    /// Run file.
    run: PathBuf,

    /// Write an NWB file there; an existing file is replaced once the new one is complete.
    #[arg(long, value_name = "RUN.nwb")]
    nwb: PathBuf,
}

impl ExportCommand {
    pub(super) fn execute(self) -> Result<(), Failure> {
        self.check()?;
        let now = humantime::format_rfc3339_seconds(std::time::SystemTime::now()).to_string();
        export_nwb(&self.run, &self.nwb, &now).map_err(|error| match error {
            RecordError::File { action: "cannot write", .. } => Failure::Failed(error.into()),
            error => Failure::Refused(error.into()),
        })?;
        terminal::print_result(format_args!("NWB file: {}", self.nwb.display()))
    }

    fn check(&self) -> anyhow::Result<()> {
        if !self.nwb.extension().is_some_and(|end| end.eq_ignore_ascii_case("nwb")) {
            bail!("--nwb {}: expected a name that ends in .nwb", self.nwb.display());
        }
        refuse_model(&self.run, OwnFile::Run)?;
        RunReader::open(&self.run)?;
        refuse_overwrite("--nwb", &self.nwb, &self.run)?;
        refuse_run("--nwb", &self.nwb)
    }
}
