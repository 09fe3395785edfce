//! Plasticity rules between spikes in Python.

use std::fmt;

use apical::model::{self, OnlinePlasticity, OwnOnlineRule};
use apical::plasticity::{OnlineRule, SpikeAtSynapse, SpikePairing, SpikeTraces, WeightBounds};
use numpy::PyArray1;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::errors::ModelError;
use crate::rule::{RuleError, column};

/// Shortest and longest time constant of a trace [ms], as in model files.
const TAU_MS: std::ops::RangeInclusive<f64> = 0.05..=100_000.0;

/// A rule whose weights are computed by an object of Python, for all synapses of an arrival at once.
struct PyOnlineRule {
    rule: Py<PyAny>,
    /// Number of traces that it reads of arrivals and of postsynaptic spikes.
    read: [usize; 2],
    traces: SpikeTraces,
    bounds: WeightBounds,
    error: RuleError,
}

/// The model whose projections of these names learn by rules of Python, within the bounds of their `plasticity`.
pub(crate) fn with_rules(
    mut model: model::Model,
    rules: &[(String, Bound<'_, PyAny>)],
    error: &RuleError,
) -> PyResult<model::Model> {
    for (name, rule) in rules {
        let refused = |why: &str| Err(ModelError::new_err(format!("a rule of {name:?}: {why}")));
        let Some(projection) = model.projections.iter_mut().find(|projection| projection.name == *name) else {
            return refused("there is no such projection");
        };
        let Some(plasticity) = &projection.plasticity else {
            return refused("expected a projection with `plasticity`, whose bounds it keeps, found none");
        };
        let bounds = plasticity.bounds();
        let made = PyOnlineRule::new(rule, bounds, error)?;
        let mut own = OwnOnlineRule::of("python", bounds.w_max, made);
        own.w_min = bounds.w_min;
        projection.plasticity = Some(OnlinePlasticity::Own(own));
    }
    Ok(model)
}

impl PyOnlineRule {
    fn new(rule: &Bound<'_, PyAny>, bounds: WeightBounds, error: &RuleError) -> PyResult<Self> {
        let (read_x, tau_x) = time_constants(rule, "arrival_traces_ms")?;
        let (read_y, tau_y) = time_constants(rule, "spike_traces_ms")?;
        let traces = SpikeTraces { tau_x, tau_y, pairing: SpikePairing::AllToAll };
        Ok(Self { rule: rule.clone().unbind(), read: [read_x, read_y], traces, bounds, error: error.clone() })
    }

    /// New weights of synapses, by a method of the object; none where a call failed.
    fn call(&self, method: &str, w: &[f64], x: [&[f64]; 2], y: [&[f64]; 2]) -> Option<Vec<f64>> {
        if self.error.is_there() {
            return None;
        }
        let called = Python::attach(|py| {
            let arrays = |of: [&[f64]; 2], read: usize| {
                PyTuple::new(py, of.iter().take(read).map(|values| PyArray1::from_slice(py, values)))
            };
            let (x, y) = (arrays(x, self.read[0])?, arrays(y, self.read[1])?);
            let weights = self.rule.bind(py).call_method1(method, (PyArray1::from_slice(py, w), x, y))?;
            column(&weights, w.len(), "weights of synapses")
        });
        let kept = |weights: Vec<f64>| weights.into_iter().map(|weight| self.clipped(weight)).collect();
        called.map(kept).map_err(|error| self.error.put(error)).ok()
    }

    /// The weight within the bounds; what is no number stays none, and ends the run.
    fn clipped(&self, weight: f64) -> f64 {
        if weight.is_nan() { weight } else { self.bounds.clipped(weight) }
    }

    fn one(&self, method: &str, w: f64, x: [f64; 2], y: [f64; 2]) -> f64 {
        let made = self.call(method, &[w], [&x[..1], &x[1..]], [&y[..1], &y[1..]]);
        made.map_or(w, |weights| weights[0])
    }
}

impl OnlineRule for PyOnlineRule {
    fn traces(&self) -> SpikeTraces {
        self.traces
    }

    fn at_arrival(&self, w: f64, x: [f64; 2], y: [f64; 2]) -> f64 {
        self.one("at_arrival", w, x, y)
    }

    fn at_spike(&self, w: f64, x: [f64; 2], y: [f64; 2]) -> f64 {
        self.one("at_spike", w, x, y)
    }

    fn at_arrivals(&self, weights: &mut [f32], x: [f64; 2], y: [&[f64]; 2]) {
        if weights.is_empty() {
            return;
        }
        let w: Vec<f64> = weights.iter().copied().map(f64::from).collect();
        let x = x.map(|trace| vec![trace; w.len()]);
        let made = self.call("at_arrival", &w, [&x[0], &x[1]], y);
        for (w, new) in weights.iter_mut().zip(made.into_iter().flatten()) {
            *w = new as f32;
        }
    }

    fn at_spikes(&self, weights: &mut [f32], spikes: &[SpikeAtSynapse]) {
        // Spikes at one synapse change it one after the other, those at others at once: the first of each, then the second.
        let trains: Vec<_> = spikes.chunk_by(|a, b| a.synapse == b.synapse).collect();
        for place in 0..trains.iter().map(|train| train.len()).max().unwrap_or(0) {
            let spikes: Vec<_> = trains.iter().filter_map(|train| train.get(place)).collect();
            let of = |value: fn(&SpikeAtSynapse) -> f64| spikes.iter().map(|spike| value(spike)).collect::<Vec<_>>();
            let w: Vec<f64> = spikes.iter().map(|spike| f64::from(weights[spike.synapse as usize])).collect();
            let (x, y) = ([of(|s| s.x[0]), of(|s| s.x[1])], [of(|s| s.y[0]), of(|s| s.y[1])]);
            let Some(made) = self.call("at_spike", &w, [&x[0], &x[1]], [&y[0], &y[1]]) else { return };
            for (spike, new) in spikes.iter().zip(made) {
                weights[spike.synapse as usize] = new as f32;
            }
        }
    }
}

impl fmt::Debug for PyOnlineRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PyOnlineRule").field("traces", &self.traces).finish_non_exhaustive()
    }
}

/// The time constants of traces that an object names, two at most, and their number.
fn time_constants(rule: &Bound<'_, PyAny>, name: &str) -> PyResult<(usize, [f64; 2])> {
    let taus: Vec<f64> = rule.getattr(name)?.extract()?;
    if taus.len() > 2 || !taus.iter().all(|tau| TAU_MS.contains(tau)) {
        let [shortest, longest] = [TAU_MS.start(), TAU_MS.end()];
        return Err(ModelError::new_err(format!(
            "a rule: expected at most two time constants of {shortest} to {longest} ms in `{name}`, found {taus:?}"
        )));
    }
    let tau = |place: usize| taus.get(place).copied().unwrap_or(0.0);
    Ok((taus.len(), [tau(0), tau(1)]))
}
