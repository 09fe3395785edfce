//! Continuous runs of circuits.

use std::path::PathBuf;

use apical::data::digests;
use apical::model;
use apical::protocol::{ContinuousProtocol, Protocol};
use apical::record::hdf5::{Provenance, RunFile};
use apical::simulation::{CircuitFiles, Simulation, SimulationError};
use pyo3::prelude::*;

use crate::errors::{ModelError, raised};
use crate::hints::Heed;
use crate::jobs;
use crate::network::{Network, State};
use crate::online_rule::with_rules;
use crate::progress::{Report, Watch};
use crate::rule::RuleError;
use crate::training::{Recording, pass_on, recorded};

#[pymethods]
impl Network {
    /// Runs a circuit for so much more model time, that of the model unless given, after the warm-up of a run that begins, and
    /// records it in a run file. Reports progress to `heed`. Errors of `heed` and signals stop the run, which is whole up to then; one
    /// whose rule fails leaves the network as it was.
    #[pyo3(signature = (duration_ms, out, *, heed, command, record=None, rules=Vec::new()))]
    #[allow(clippy::too_many_arguments, reason = "each is a keyword in Python")]
    fn run(
        &self,
        py: Python<'_>,
        duration_ms: Option<f64>,
        out: PathBuf,
        heed: Heed<'_>,
        command: String,
        record: Option<&str>,
        rules: Vec<(String, Bound<'_, PyAny>)>,
    ) -> PyResult<()> {
        let _reserved = self.reserve()?;
        let state = self.state();
        let error = RuleError::default();
        let model = with_rules(with_end(recorded(&self.model, record)?, &state, duration_ms)?, &rules, &error)?;
        let recording = Recording { out, command };
        let (model, error_of_rule) = (&model, &error);
        let job = |waiting: &jobs::Waiting<'_, Report>| {
            simulate(model, &state, &recording, &mut Watch::new(waiting).ended_by(error_of_rule))
        };
        let (ran, stopped) = jobs::run(py, job, &mut |report| pass_on(self, &heed, report))?;
        error.take().map_or(Ok(()), Err)?;
        let Ran { checkpoint, ended } = ran.map_err(raised)?;
        if let Some(checkpoint) = checkpoint {
            self.set_state(checkpoint);
        }
        ended.map_err(raised)?;
        stopped.map_or(Ok(()), Err)
    }
}

/// The model with the end of its protocol so much later than the state.
fn with_end(mut model: model::Model, state: &State, duration_ms: Option<f64>) -> PyResult<model::Model> {
    let Protocol::Continuous(ContinuousProtocol { duration, warmup, .. }) = &mut model.protocol else {
        return Err(ModelError::new_err(format!(
            "{}: expected a model of the protocol \"continuous\"; one that shows presentations is trained, tested, or presented \
             with images",
            model.name
        )));
    };
    let longest = apical::units::LONGEST_RUN_MS;
    let duration_ms = duration_ms.unwrap_or(*duration);
    let end = warmup.max(state.checkpoint.clock_ms) + duration_ms;
    if !(duration_ms > 0.0 && end <= longest) {
        return Err(ModelError::new_err(format!(
            "expected a duration above 0 ms that ends by {longest:e} ms on the clock, found {duration_ms}"
        )));
    }
    *duration = end - *warmup;
    Ok(model)
}

/// A run that is over.
struct Ran {
    /// Where it stands; none of a run that went beyond all numbers, or fired beyond its limit.
    checkpoint: Option<apical::record::Checkpoint>,
    ended: Result<(), apical::Error>,
}

/// An error means that nothing ran.
fn simulate(
    model: &model::Model,
    state: &State,
    recording: &Recording,
    watch: &mut Watch<'_>,
) -> Result<Ran, apical::Error> {
    let checkpoint = &*state.checkpoint;
    let is_new = checkpoint.lanes.is_empty() && checkpoint.data.is_none();
    let files = if is_new {
        CircuitFiles::of_model(model)
    } else {
        CircuitFiles::of_checkpoint(model, checkpoint.data.as_ref())
    }?;
    let data_sha256 = digests(files.sha256());
    let CircuitFiles { inputs, identity, .. } = files;
    let mut simulation = if checkpoint.lanes.is_empty() {
        Simulation::new(model, checkpoint.network.clone(), inputs, checkpoint.seed)?.with_edited(checkpoint.edited)
    } else {
        Simulation::resume(model, inputs, checkpoint.clone())?
    }
    .with_data(identity);
    let provenance = Provenance { data_sha256, ..recording.provenance(checkpoint.seed, checkpoint.edited) };
    let mut file = RunFile::create(&recording.out, model, &provenance, &simulation.planned())?;
    let end_ms = model.protocol.continuous().map_or(0.0, ContinuousProtocol::end_ms);
    let ended = simulation.run(end_ms, &mut file, watch);
    let lost = matches!(ended, Err(SimulationError::Runaway { .. } | SimulationError::Overflow { .. }));
    let completed = file.finish().map_err(apical::Error::from);
    let ended = ended.map_err(apical::Error::from).and(completed);
    let checkpoint = (!lost).then(|| simulation.checkpoint());
    Ok(Ran { checkpoint, ended })
}
