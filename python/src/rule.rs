//! Plasticity rules in Python.

use std::sync::{Arc, Mutex, PoisonError};

use apical::plasticity::{BoundaryRule, LocalSignals, Measurement, Measurements, Quantity, WeightUpdate};
use numpy::{PyArray1, PyArrayMethods, ToPyArray};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::errors::ModelError;
use crate::images::is_masked;

/// Phases of a presentation, by the names that signals have.
const PHASES: [&str; 2] = ["forward", "target"];

/// The first error of the rules of a training, which ends it.
#[derive(Clone, Default)]
pub(crate) struct RuleError(Arc<Mutex<Option<PyErr>>>);

impl RuleError {
    pub(crate) fn take(&self) -> Option<PyErr> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    pub(crate) fn is_there(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    pub(crate) fn put(&self, error: PyErr) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }
}

/// A rule whose change is computed by an object of Python, called with dictionaries of the signals that it names in `post` and
/// `pre`, and the learning rate; it returns a factor for each postsynaptic and for each presynaptic neuron.
pub(crate) struct PyRule {
    rule: Py<PyAny>,
    post: Vec<(String, Measurement)>,
    pre: Vec<(String, Measurement)>,
    error: RuleError,
}

impl PyRule {
    pub(crate) fn new(rule: &Bound<'_, PyAny>, error: &RuleError) -> PyResult<Self> {
        let read = |side: &str| {
            let names: Vec<String> = rule.getattr(side)?.extract()?;
            names.into_iter().map(|name| measurement(&name).map(|made| (name, made))).collect::<PyResult<Vec<_>>>()
        };
        Ok(Self { post: read("post")?, pre: read("pre")?, rule: rule.clone().unbind(), error: error.clone() })
    }

    fn call(&self, post: LocalSignals<'_>, pre: LocalSignals<'_>, eta: f64, change: &mut WeightUpdate) -> PyResult<()> {
        Python::attach(|py| {
            let signals = |of: LocalSignals<'_>, names: &[(String, Measurement)]| {
                let signals = PyDict::new(py);
                for (name, measurement) in names {
                    signals.set_item(name, of.get(*measurement).to_pyarray(py))?;
                }
                PyResult::Ok(signals)
            };
            let factors = self.rule.bind(py).call1((signals(post, &self.post)?, signals(pre, &self.pre)?, eta))?;
            let (of_post, of_pre): (Bound<'_, PyAny>, Bound<'_, PyAny>) = factors.extract()?;
            let (of_post, of_pre) = (
                column(&of_post, post.size, "postsynaptic factors")?,
                column(&of_pre, pre.size, "presynaptic factors")?,
            );
            let term = change.add_term();
            term.set_post(of_post.into_iter());
            term.set_pre(of_pre.into_iter());
            Ok(())
        })
    }
}

impl BoundaryRule for PyRule {
    fn measurements(&self) -> Measurements {
        let of = |names: &[(String, Measurement)]| names.iter().map(|(_, measurement)| *measurement).collect();
        Measurements { post: of(&self.post), pre: of(&self.pre) }
    }

    fn change(&self, post: LocalSignals<'_>, pre: LocalSignals<'_>, eta: f64, change: &mut WeightUpdate) {
        if self.error.is_there() {
            return;
        }
        if let Err(error) = self.call(post, pre, eta, change) {
            change.clear();
            self.error.put(error);
        }
    }
}

/// What a rule returned of so many neurons or synapses, [n].
pub(crate) fn column(returned: &Bound<'_, PyAny>, size: usize, what: &str) -> PyResult<Vec<f64>> {
    let numpy = returned.py().import("numpy")?;
    let is_masked = is_masked(returned)?;
    if is_masked || numpy.call_method1("iscomplexobj", (returned,))?.is_truthy()? {
        let found = if is_masked { "a masked array" } else { "complex numbers" };
        return Err(ModelError::new_err(format!("a rule: expected {what} that are real numbers, found {found}")));
    }
    let made = numpy.call_method1("ascontiguousarray", (returned, "float64"))?;
    let array: Bound<'_, PyArray1<f64>> = made.cast_into().map_err(|_| wrong_shape(size, what))?;
    let values = array.to_vec()?;
    if values.len() == size { Ok(values) } else { Err(wrong_shape(size, what)) }
}

fn wrong_shape(size: usize, what: &str) -> PyErr {
    ModelError::new_err(format!("a rule: expected {what} of shape ({size},), found others"))
}

/// A signal by its name, such as `plateau_target`.
fn measurement(name: &str) -> PyResult<Measurement> {
    let quantities =
        Quantity::ALL.into_iter().flat_map(|quantity| [0, 1].map(|phase| Measurement::Phase(quantity, phase)));
    let all: Vec<_> = quantities.chain([Measurement::BackpropError]).collect();
    let found = all.iter().find(|measurement| measurement.name(&PHASES) == name);
    found.copied().ok_or_else(|| {
        let known = all.iter().map(|measurement| measurement.name(&PHASES)).collect::<Vec<_>>().join(", ");
        ModelError::new_err(format!("a rule: there is no signal {name:?}, only {known}"))
    })
}
