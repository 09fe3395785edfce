//! Tests.

use std::path::PathBuf;
use std::sync::Arc;

use apical::data::{DataPlace, Presentations, StimulusLoader, digests};
use apical::engine::{Circuit, Precision};
use apical::model::Rule;
use apical::rate::Learner;
use apical::record::Checkpoint;
use apical::record::hdf5::{Provenance, RunFile};
use apical::training::{Test, Tested, planned_test, test_rates};
use numpy::{PyArray2, ToPyArray};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::errors::{DataError, ModelError, RunError, raised};
use crate::hints::{ArrayLike, Heed, Table};
use crate::network::{Network, dynamics};
use crate::progress::{Report, Watch};
use crate::training::{Recording, pass_on, recorded, without_spikes};
use crate::{images, jobs};

#[pymethods]
impl Network {
    /// Tests the network: examples, wrong answers of each pass, and answers by label and class. `out` names a run file.
    #[pyo3(signature = (
        images, labels, *, heed, command, out=None, folder=None, passes=1, examples=None, seed=None, record=None, rate=None,
    ))]
    #[allow(clippy::too_many_arguments, reason = "each is a keyword in Python")]
    fn test<'py>(
        &self,
        py: Python<'py>,
        images: Option<ArrayLike<'_>>,
        labels: Option<ArrayLike<'_>>,
        heed: Heed<'_>,
        command: String,
        out: Option<PathBuf>,
        folder: Option<PathBuf>,
        passes: u32,
        examples: Option<usize>,
        seed: Option<u64>,
        record: Option<&str>,
        rate: Option<&str>,
    ) -> PyResult<Table<'py>> {
        let _reserved = self.reserve()?;
        if self.model.classes() == 0 {
            let name = &self.model.name;
            return Err(ModelError::new_err(format!(
                "{name}: a test needs a model that decodes classes, with an output population"
            )));
        }
        if let Rule::OfRates(rule) = self.model.learning.rule
            && (out.is_some() || record.is_some() || passes > 1)
        {
            return Err(ModelError::new_err(format!(
                "a model that learns by `{rule}` has neither spikes nor noise: a test of it is one pass and records nothing; leave \
                 out `out`, `record` and `passes`"
            )));
        }
        images::check_paired(images.as_ref(), labels.as_ref(), folder.as_deref(), "a test")?;
        let dynamics = dynamics(&self.model, rate)?;
        let model = without_spikes(recorded(&self.model, record)?, dynamics);
        let shown = if let Some(images) = &images {
            Presentations::all(images::stimuli(&model, images, labels.as_ref())?)
        } else {
            let source = StimulusLoader { folder: folder.as_deref(), ..StimulusLoader::of(&model) };
            jobs::install(py, || source.load_evaluation())?.map_err(raised)?
        };
        if shown.label(0).is_none() {
            return Err(DataError::new_err("a test needs labels: give `labels` under [stimuli] in the model"));
        }
        if passes == 0 || examples == Some(0) {
            return Err(PyValueError::new_err("expected at least one pass through at least one image"));
        }
        let state = self.state();
        let (model, checkpoint) = (&model, &*state.checkpoint);
        let seed = seed.unwrap_or(checkpoint.seed);
        let examples = examples.unwrap_or(usize::MAX).min(shown.len());
        let recording = out.map(|out| Recording { out, command });
        let job = |waiting: &jobs::Waiting<'_, Report>| -> Result<Option<Tested>, apical::Error> {
            let mut watch = Watch::new(waiting);
            if let Some(learner) = Learner::with_weights((model, &checkpoint.network), checkpoint.seed) {
                return Ok(test_rates((model, &learner), &shown, examples, &mut watch));
            }
            let circuit = Arc::new(Circuit::new(model, seed, Precision::Single)?);
            let (network, shown, circuit) = (&checkpoint.network, &shown, &circuit);
            let test = Test { model, circuit, dynamics, network, shown, examples, passes, index: 0, clock_ms: 0.0 };
            show(&test, (seed, checkpoint), recording.as_ref(), &mut watch)
        };
        let (tested, stopped) = jobs::run(py, job, &mut |report| pass_on(self, &heed, report))?;
        match (tested.map_err(raised)?, stopped) {
            (Some(tested), None) => results(py, &tested),
            (_, Some(error)) => Err(error),
            (None, None) => Err(RunError::new_err("stopped before all images were shown")),
        }
    }
}

/// Tests, and records it where a run file is asked for.
fn show(
    test: &Test<'_>,
    (seed, from): (u64, &Checkpoint),
    recording: Option<&Recording>,
    watch: &mut Watch<'_>,
) -> Result<Option<Tested>, apical::Error> {
    let Some(recording) = recording else { return Ok(test.run(&mut (), watch)?) };
    let provenance = Provenance {
        kind: test.dynamics.name().to_owned(),
        data_sha256: digests(test.shown.set().sha256()),
        data_source: test.shown.set().path().map(DataPlace::of),
        frozen_after: Some(from.examples_seen),
        ..recording.provenance(seed, from.edited)
    };
    let mut file = RunFile::create(&recording.out, test.model, &provenance, &planned_test(test, seed)?)?;
    let tested = test.run(&mut file, watch).map_err(apical::Error::from);
    let completed = file.finish().map_err(apical::Error::from);
    tested.and_then(|tested| completed.map(|()| tested))
}

fn results<'py>(py: Python<'py>, tested: &Tested) -> PyResult<Table<'py>> {
    let results = PyDict::new(py);
    results.set_item("examples", tested.examples)?;
    results.set_item(
        "wrong",
        tested.wrong.iter().map(|&wrong| (wrong as u64).cast_signed()).collect::<Vec<_>>().to_pyarray(py),
    )?;
    let confusion: Vec<Vec<i64>> =
        tested.confusion.iter().map(|row| row.iter().map(|&count| count.cast_signed()).collect()).collect();
    results.set_item("confusion", PyArray2::from_vec2(py, &confusion)?)?;
    Ok(results.into())
}
