//! Networks: a model with weights, biases and dynamic state, which trainings, tests and runs take further.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use apical::engine::{Circuit, Lane, Precision};
use apical::model;
use apical::network::Synapses;
use apical::record::{Checkpoint, StateMismatch};
use apical::simulation::{Simulation, SourceInputs};
use apical::training::{NetworkDynamics, Trainer, TrainerError, Training, initial_network};
use numpy::{Ix1, Ix2, PyArray1, ToPyArray};
use pyo3::exceptions::PyKeyError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::errors::{FileError, ModelError, RunError, raised, words};
use crate::hints::{NdArray, ReadArray, Table};
use crate::model::Model;
use crate::{arrays, jobs};

/// A network.
#[pyclass(frozen, module = "apical._native")]
pub(crate) struct Network {
    pub(crate) model: Arc<model::Model>,
    state: Mutex<State>,
    /// Held by the one training, test or run at a time.
    busy: Mutex<()>,
    /// What presents single images, once one was presented.
    pub(crate) lane: Mutex<Option<Lane>>,
}

/// Where a network stands.
#[derive(Clone)]
pub(crate) struct State {
    /// All that a run goes on from; without lanes: a network that has not run.
    pub(crate) checkpoint: Arc<Checkpoint>,
}

impl Network {
    pub(crate) fn state(&self) -> State {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes what a run left. The model stays that of the network: what one run recorded, and until when it ran, is not of the
    /// next.
    pub(crate) fn set_state(&self, checkpoint: Checkpoint) {
        self.restore(State { checkpoint: Arc::new(Checkpoint { model_text: self.model.text(), ..checkpoint }) });
    }

    /// Goes back to a state of the network.
    pub(crate) fn restore(&self, state: State) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }

    /// Reserves the network for a training, test or run.
    pub(crate) fn reserve(&self) -> PyResult<MutexGuard<'_, ()>> {
        match self.busy.try_lock() {
            Ok(reserved) => Ok(reserved),
            Err(TryLockError::Poisoned(reserved)) => Ok(reserved.into_inner()),
            Err(TryLockError::WouldBlock) => Err(RunError::new_err(
                "the network is at work in another thread, or in the callback of its own training",
            )),
        }
    }

    /// A lane of the network at its seed.
    pub(crate) fn new_lane(&self) -> PyResult<Lane> {
        let circuit = Circuit::new(&self.model, self.state().checkpoint.seed, Precision::Single).map_err(raised)?;
        Ok(Lane::new(&Arc::new(circuit)))
    }

    /// The place of a population in the model.
    pub(crate) fn population(&self, name: &str) -> PyResult<usize> {
        let names = self.model.populations.iter().map(|population| population.name.as_str());
        place("population", name, names)
    }

    fn projection(&self, name: &str) -> PyResult<usize> {
        place("projection", name, self.model.projections.iter().map(|projection| projection.name.as_str()))
    }

    /// Changes the weights and biases, of which checkpoints and run files keep that they are not of model and seed alone.
    fn edit(&self, change: impl FnOnce(&mut apical::network::Network)) -> PyResult<()> {
        let _reserved = self.reserve()?;
        let State { checkpoint } = self.state();
        let mut edited = Arc::unwrap_or_clone(checkpoint);
        change(&mut edited.network);
        edited.network.check(&self.model).map_err(misfit)?;
        edited.edited = true;
        self.set_state(edited);
        Ok(())
    }

    /// A checkpoint with the dynamic state that a run would begin with, where none has begun.
    fn begun(&self) -> PyResult<Checkpoint> {
        let State { checkpoint, .. } = self.state();
        let has_state = matches!(self.model.learning.rule, model::Rule::OfRates(_)) || !checkpoint.lanes.is_empty();
        if has_state {
            return Ok(Arc::unwrap_or_clone(checkpoint));
        }
        if self.model.protocol.continuous().is_some() {
            // By a run, which makes the changes of its beginning.
            let inputs = SourceInputs::load(&self.model).map_err(raised)?;
            let run = Simulation::new(&self.model, checkpoint.network.clone(), inputs, checkpoint.seed);
            return Ok(run.map_err(raised)?.with_edited(checkpoint.edited).checkpoint());
        }
        let trainer = Trainer::builder(&self.model, checkpoint.network.clone()).seed(checkpoint.seed).build();
        Ok(Checkpoint { edited: checkpoint.edited, ..trainer.map_err(raised)?.checkpoint() })
    }
}

#[pymethods]
impl Network {
    /// The initial network of a model: what is random in it is drawn from the streams of the seed.
    #[new]
    fn new(py: Python<'_>, model: &Model, seed: u64) -> PyResult<Self> {
        let model = Arc::clone(&model.model);
        let network = {
            let model = &model;
            jobs::install(py, || initial_network(model, seed))?.map_err(raised)?
        };
        Ok(Self::of(Checkpoint::of_network(&model, network, seed), model))
    }

    /// The network of a checkpoint file.
    #[staticmethod]
    #[pyo3(signature = (path, accept_edited=false))]
    fn open(py: Python<'_>, path: PathBuf, accept_edited: bool) -> PyResult<Self> {
        let read = || if accept_edited { Checkpoint::load_edited(&path) } else { Checkpoint::load(&path) };
        let checkpoint = py.detach(read).map_err(raised)?;
        let origin = format!("model of {}", path.display());
        let model = model::Model::parse(&checkpoint.model_text, &origin, &[]).map_err(raised)?;
        let checked = checkpoint.check(&model).and_then(|()| checkpoint.check_delays(&model));
        checked.map_err(|error| {
            FileError::new_err(format!("{} is a damaged checkpoint\n  because: {}", path.display(), words(&error)))
        })?;
        Ok(Self::of(checkpoint, Arc::new(model)))
    }

    /// Writes a checkpoint, in place of an older one once it is complete and on the disk.
    fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        let checkpoint = self.begun()?;
        py.detach(|| checkpoint.save(&self.model, &path)).map_err(raised)
    }

    /// The model.
    #[getter]
    fn model(&self) -> Model {
        Model { model: Arc::clone(&self.model) }
    }

    /// Seed of all that is random.
    #[getter]
    fn seed(&self) -> u64 {
        self.state().checkpoint.seed
    }

    /// Training presentations so far; of a circuit, slices of 100 ms.
    #[getter]
    fn examples_seen(&self) -> u64 {
        self.state().checkpoint.examples_seen
    }

    /// The clock of the run [ms].
    #[getter]
    fn clock_ms(&self) -> f64 {
        let state = self.state();
        state.checkpoint.clock_ms
    }

    /// Whether weights or biases were changed by hand.
    #[getter]
    fn edited(&self) -> bool {
        self.state().checkpoint.edited
    }

    /// The learning curve so far: columns of the evaluations.
    #[getter]
    fn curve<'py>(&self, py: Python<'py>) -> PyResult<Table<'py>> {
        curve(py, &self.state().checkpoint.curve)
    }

    /// Weights of a projection with dense synapses, [post, pre], as a view; none of sparse ones.
    fn weights<'py>(&self, py: Python<'py>, projection: &str) -> PyResult<Option<NdArray<'py, f32, Ix2>>> {
        arrays::weights(py, &self.state().checkpoint, self.projection(projection)?)
    }

    /// Synapses of a projection with sparse ones, in the order of storage: columns source, target, `delay_ms` and weight; none of
    /// dense ones.
    fn synapses<'py>(&self, py: Python<'py>, projection: &str) -> PyResult<Option<Table<'py>>> {
        let state = self.state();
        let Synapses::Sparse(synapses) = &state.checkpoint.network.synapses[self.projection(projection)?] else {
            return Ok(None);
        };
        let columns = PyDict::new(py);
        let (mut sources, mut targets) = (Vec::new(), Vec::new());
        let (mut delays, mut weights) = (Vec::new(), Vec::new());
        for synapse in synapses.list() {
            sources.push(i64::from(synapse.source));
            targets.push(i64::from(synapse.target));
            delays.push(synapses.delay_ms(synapse.delay));
            weights.push(synapse.weight);
        }
        columns.set_item("source", PyArray1::from_vec(py, sources))?;
        columns.set_item("target", PyArray1::from_vec(py, targets))?;
        columns.set_item("delay_ms", PyArray1::from_vec(py, delays))?;
        columns.set_item("weight", PyArray1::from_vec(py, weights))?;
        Ok(Some(columns.into()))
    }

    /// Biases of a population, [n], as a view.
    fn biases<'py>(&self, py: Python<'py>, population: &str) -> PyResult<NdArray<'py, f32, Ix1>> {
        arrays::biases(py, &self.state().checkpoint, self.population(population)?)
    }

    /// Sets the weights of a projection with dense synapses, [post, pre].
    fn set_weights(&self, projection: &str, weights: ReadArray<'_, f32, Ix2>) -> PyResult<()> {
        let index = self.projection(projection)?;
        let (values, synapses) = (weights.0.as_array(), &self.state().checkpoint.network.synapses[index]);
        if (synapses.post(), synapses.pre()) != values.dim() {
            let (post, pre) = (synapses.post(), synapses.pre());
            let found = values.dim();
            return Err(ModelError::new_err(format!(
                "weights of `{projection}`: expected the shape ({post}, {pre}), [post, pre], found {found:?}"
            )));
        }
        if synapses.dense().is_none() {
            return Err(ModelError::new_err(format!(
                "weights of `{projection}`: its synapses are sparse; set them in the order of `synapses`, as one column"
            )));
        }
        self.edit(|network| network.weights_mut(index).view_mut().assign(&values))
    }

    /// Sets the weights of a projection with sparse synapses, in the order of storage.
    fn set_synapse_weights(&self, projection: &str, weights: ReadArray<'_, f32, Ix1>) -> PyResult<()> {
        let index = self.projection(projection)?;
        let values = weights.0.as_array();
        let state = self.state();
        let Synapses::Sparse(synapses) = &state.checkpoint.network.synapses[index] else {
            return Err(ModelError::new_err(format!("weights of `{projection}`: expected an array [post, pre]")));
        };
        if synapses.len() != values.len() {
            let (expected, found) = (synapses.len(), values.len());
            return Err(ModelError::new_err(format!(
                "weights of `{projection}`: expected {expected}, one of each synapse, found {found}"
            )));
        }
        let list =
            synapses.list().zip(values).map(|(synapse, &weight)| apical::network::ListedSynapse { weight, ..synapse });
        let list: Vec<_> = list.collect();
        let (pre, post, resolution) = (synapses.pre(), synapses.post(), synapses.resolution_ms());
        let changed = apical::network::BlockCsr::from_list(pre, post, resolution, &list);
        let changed = changed.map_err(|error| ModelError::new_err(words(&error)))?;
        drop(state);
        self.edit(|network| network.synapses[index] = changed.into())
    }

    /// Sets the biases of a population, [n].
    fn set_biases(&self, population: &str, biases: ReadArray<'_, f32, Ix1>) -> PyResult<()> {
        let index = self.population(population)?;
        let (expected, values) = (self.state().checkpoint.network.biases[index].len(), biases.0.as_array());
        if values.len() != expected {
            let found = values.len();
            return Err(ModelError::new_err(format!("biases of `{population}`: expected {expected}, found {found}")));
        }
        self.edit(|network| network.biases[index] = values.to_vec())
    }
}

impl Network {
    fn of(checkpoint: Checkpoint, model: Arc<model::Model>) -> Self {
        let state = State { checkpoint: Arc::new(checkpoint) };
        Self { model, state: Mutex::new(state), busy: Mutex::new(()), lane: Mutex::new(None) }
    }
}

/// The dynamics by their name: none, or a twin of rates.
pub(crate) fn dynamics(model: &model::Model, twin: Option<&str>) -> PyResult<NetworkDynamics> {
    let Some(twin) = twin else { return Ok(NetworkDynamics::Spiking) };
    let twin = match twin {
        "noiseless" => apical::rate::Twin::Noiseless,
        "diffusion" => apical::rate::Twin::Diffusion,
        "noisy" => apical::rate::Twin::Noisy,
        _ => {
            let expected = "expected the twin \"noiseless\", \"diffusion\" or \"noisy\"";
            return Err(ModelError::new_err(format!("{expected}, found {twin:?}")));
        }
    };
    model.lacks_twin().map_or(Ok(NetworkDynamics::Rate(twin)), |why| Err(ModelError::new_err(why)))
}

/// Columns of evaluations.
pub(crate) fn curve<'py>(py: Python<'py>, curve: &[apical::record::Evaluation]) -> PyResult<Table<'py>> {
    let columns = PyDict::new(py);
    let seen: Vec<i64> = curve.iter().map(|evaluation| evaluation.examples_seen.cast_signed()).collect();
    columns.set_item("examples_seen", seen.to_pyarray(py))?;
    let column = |of: fn(&apical::record::Evaluation) -> f64| curve.iter().map(of).collect::<Vec<_>>().to_pyarray(py);
    columns.set_item("test_error_percent", column(|evaluation| evaluation.test_error))?;
    columns.set_item("train_error_percent", column(|evaluation| evaluation.train_error))?;
    columns.set_item("loss_per_ms2", column(|evaluation| evaluation.loss))?;
    columns.set_item("seconds", column(|evaluation| evaluation.seconds))?;
    Ok(columns.into())
}

/// The place of a name among others; the error lists them.
pub(crate) fn place<'a>(what: &str, name: &str, names: impl Iterator<Item = &'a str>) -> PyResult<usize> {
    let names: Vec<_> = names.collect();
    let known = || names.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ");
    let found = names.iter().position(|known| *known == name);
    found.ok_or_else(|| PyKeyError::new_err(format!("there is no {what} {name:?}, only {}", known())))
}

fn misfit(error: StateMismatch) -> PyErr {
    raised(TrainerError::from(error))
}
