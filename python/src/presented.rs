//! One image shown to a network: what it fires, its plateaus and its answer.

use apical::data::OtherSources;
use apical::engine::{Lane, Observation};
use apical::model::{self, Decoding};
use apical::numeric::PresentationKey;
use apical::protocol::{FORWARD, KeptSpikes, Sampling, Sigmoids, TARGET, Target, Trial};
use apical::training::answer;
use numpy::{Ix1, Ix3, PyArray1, PyArray3, ToPyArray};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use std::sync::{Arc, PoisonError};

use crate::errors::{DataError, ModelError, RunError};
use crate::hints::{ArrayLike, NdArray};
use crate::network::{Network, place};
use crate::{images, jobs};

/// Most samples of potentials in a presentation, 4 bytes each.
const MOST_SAMPLES: f64 = 1e8;

/// Times of spikes [ms], and neurons.
type Spikes<'py> = (NdArray<'py, f64, Ix1>, NdArray<'py, i64, Ix1>);

/// Times of samples [ms], and potentials, [samples, neurons, compartments].
type Samples<'py> = (NdArray<'py, f64, Ix1>, NdArray<'py, f32, Ix3>);

/// What happened while an image was shown.
#[pyclass(frozen, module = "apical._native")]
pub(crate) struct Presented {
    model: Arc<model::Model>,
    observed: Observation,
    sampling: Option<Sampling>,
    /// The class decoded from the forward phase; none of a network without classes.
    #[pyo3(get)]
    decoded: Option<u8>,
    /// Lengths of the phases [ms].
    #[pyo3(get)]
    phases_ms: Vec<f64>,
}

#[pymethods]
impl Network {
    /// Shows one image from rest, in a forward phase and, with a label, a target phase. Nothing is learnt.
    #[pyo3(signature = (images, *, index=0, label=None, every_ms=None))]
    fn present(
        &self,
        py: Python<'_>,
        images: ArrayLike<'_>,
        index: u32,
        label: Option<u32>,
        every_ms: Option<f64>,
    ) -> PyResult<Presented> {
        let _reserved = self.reserve()?;
        let model = &self.model;
        if model.protocol.two_phase().is_none() || matches!(model.learning.rule, model::Rule::OfRates(_)) {
            let why = "expected a spiking model that shows presentations; a circuit is run by `run`";
            return Err(ModelError::new_err(format!("{}: {why}", model.name)));
        }
        if label.is_some_and(|label| label as usize >= model.classes()) {
            let classes = model.classes();
            return Err(DataError::new_err(format!("expected a label below {classes}, found {}", label.unwrap_or(0))));
        }
        if every_ms.is_some_and(|every| !(every > 0.0 && every.is_finite())) {
            return Err(PyValueError::new_err("expected samples every so many ms, above 0"));
        }
        let image = images::stimuli(model, &images, None)?;
        let state = self.state();
        let mut lane = self.lane.lock().unwrap_or_else(PoisonError::into_inner);
        let lane = match &mut *lane {
            Some(lane) => lane,
            none => none.insert(self.new_lane()?),
        };
        let sampling = every_ms.map(|every| Sampling { first: 0.0, every });
        let network = &state.checkpoint.network;
        jobs::install(py, || {
            let others = OtherSources::of(model);
            let stimuli = others.after(image.stimulus(0));
            let key = PresentationKey::test(0, index);
            let phases = match label {
                None => model.phases().test(&stimuli),
                Some(label) => {
                    let lengths = model.phases().lengths(state.checkpoint.seed, key);
                    let sigmoids = [Sigmoids::None, Sigmoids::Taught];
                    model.phases().trial_phases(lengths, &stimuli, Target::Class(label), sigmoids)
                }
            };
            let phases = phases.with_rates(model.decoding == Decoding::Rate);
            check_samples(model, phases.iter().map(|phase| phase.length_ms).sum(), every_ms)?;
            lane.rest();
            lane.present(network, &Trial { key, phases: &phases, spikes: KeptSpikes::All, sampling });
            PyResult::Ok(())
        })??;
        let is_finite = lane.means().iter().flat_map(|means| &means.v).flatten().all(|v| v.is_finite());
        if !is_finite {
            return Err(RunError::new_err(format!(
                "{}: potentials are beyond all numbers; see the weights of the network",
                model.name
            )));
        }
        Ok(Presented::of(model, lane, sampling))
    }
}

/// Refuses more samples of potentials than there should be memory for.
fn check_samples(model: &model::Model, length_ms: f64, every_ms: Option<f64>) -> PyResult<()> {
    let Some(every_ms) = every_ms else { return Ok(()) };
    let potentials: usize = model.populations.iter().map(|of| of.size * of.cell.compartments().len()).sum();
    let samples = length_ms / every_ms * potentials as f64;
    if samples <= MOST_SAMPLES {
        return Ok(());
    }
    let least = length_ms * potentials as f64 / MOST_SAMPLES;
    Err(PyValueError::new_err(format!(
        "expected at most {MOST_SAMPLES:e} samples, found {samples:.1e}: {length_ms} ms of {potentials} potentials, every {every_ms:e} \
         ms; give `every_ms` above {least:.1e}"
    )))
}

impl Presented {
    fn of(model: &Arc<model::Model>, lane: &Lane, sampling: Option<Sampling>) -> Self {
        let forward = &lane.means()[FORWARD];
        let decoded = model.decoded().map(|(output, _)| answer(model, &forward.v[output.0], &forward.rates[output.0]));
        let observed = lane.observation().clone();
        Self { model: Arc::clone(model), decoded, phases_ms: observed.phases_ms.clone(), observed, sampling }
    }

    fn place(&self, population: &str) -> PyResult<usize> {
        place("population", population, self.model.populations.iter().map(|population| population.name.as_str()))
    }
}

#[pymethods]
impl Presented {
    /// Spikes of a population: times from the start [ms], ascending, and neurons.
    fn spikes<'py>(&self, py: Python<'py>, population: &str) -> PyResult<Spikes<'py>> {
        let spikes = &self.observed.spikes[self.place(population)?];
        let times: Vec<f64> = spikes.iter().map(|spike| spike.time).collect();
        let neurons: Vec<i64> = spikes.iter().map(|spike| i64::from(spike.neuron)).collect();
        Ok((PyArray1::from_vec(py, times).into(), PyArray1::from_vec(py, neurons).into()))
    }

    /// Plateaus of a population at the end of a phase, [n]; empty where it makes none.
    #[pyo3(signature = (population, phase="forward"))]
    fn plateaus<'py>(&self, py: Python<'py>, population: &str, phase: &str) -> PyResult<NdArray<'py, f32, Ix1>> {
        let phase = [FORWARD, TARGET][place("phase", phase, ["forward", "target"].into_iter())?];
        Ok(self.observed.plateaus(self.place(population)?, phase).to_pyarray(py).into())
    }

    /// Sampled potentials of a population: times [samples] [ms], and values [samples, neurons, compartments].
    fn traces<'py>(&self, py: Python<'py>, population: &str) -> PyResult<Samples<'py>> {
        let place = self.place(population)?;
        let of = &self.model.populations[place];
        let Some(Sampling { every, .. }) = self.sampling else {
            return Err(ModelError::new_err("no traces were sampled: give `every_ms` to `present`"));
        };
        let compartments = of.cell.compartments().len();
        let Some(traces) = self.observed.trace(place, of.size, compartments).filter(|_| compartments > 0) else {
            return Err(ModelError::new_err(format!("population {population:?} has no potentials to sample")));
        };
        let times: Vec<f64> = (0..traces.dim().0).map(|sample| sample as f64 * every).collect();
        Ok((PyArray1::from_vec(py, times).into(), PyArray3::from_owned_array(py, traces.to_owned()).into()))
    }
}
