//! Whether a checkpoint is one of a model: every array of the length the model gives it, every number finite.

mod compartments;
mod mismatch;
mod plastic;

pub use mismatch::StateMismatch;
use mismatch::{count, finite, in_range, possible};
use plastic::PlasticMemory;

use super::Checkpoint;
use crate::cells::Dynamics;
use crate::engine::{ProjectionState, StateArray};
use crate::model::{Model, Population, Projection, Rule};
use crate::network::{Network, Synapses};
use crate::protocol::{SLICE_MS, Spike, slice_start, slices_until};
use crate::units::{LONGEST_RUN_MS, Rounded};

/// The array of spikes in flight that is left out where all factors are 1.
const FACTORS: &str = "in_flight_factor";

impl Network {
    /// Checks that these are weights and biases of `model`.
    ///
    /// # Errors
    /// The first array that is of another length than the model's, or holds a number that is not finite.
    pub fn check(&self, model: &Model) -> Result<(), StateMismatch> {
        count("projections", model.projections.len(), self.synapses.len())?;
        count("populations", model.populations.len(), self.biases.len())?;
        for (projection, synapses) in model.projections.iter().zip(&self.synapses) {
            check_weights(model, projection, synapses)?;
        }
        for (population, biases) in model.populations.iter().zip(&self.biases) {
            let what = || format!("biases of `{}`", population.name);
            let cells = if population.bias.is_some() { population.size } else { 0 };
            count(what(), cells, biases.len())?;
            finite(what(), biases)?;
        }
        Ok(())
    }
}

impl Checkpoint {
    /// Checks that a run of `model` can go on from here.
    ///
    /// # Errors
    /// The first array that is of another length than the model's, or holds a number that is not finite.
    pub fn check(&self, model: &Model) -> Result<(), StateMismatch> {
        self.check_clock(model)?;
        // Networks of rates carry nothing from one presentation to the next.
        let lanes = if model.learning.rule == Rule::TwoPhase { model.learning.batch } else { 0 };
        count("lanes", lanes, self.lanes.len())?;
        self.network.check(model)?;
        let centred = if model.learning.centring > 0 { model.projections.len() } else { 0 };
        count("running means of trains", centred, self.centres.len())?;
        for (projection, centre) in model.projections.iter().zip(&self.centres) {
            let what = || format!("running means of the trains of `{}`", projection.name);
            count(what(), model.population(projection.from).size, centre.len())?;
            finite(what(), centre)?;
        }
        for (index, lane) in self.lanes.iter().enumerate() {
            count(format!("populations in lane {index}"), model.populations.len(), lane.populations.len())?;
            count(format!("projections in lane {index}"), model.projections.len(), lane.projections.len())?;
            for (population, state) in model.populations.iter().zip(&lane.populations) {
                check_population(model, population, state, index)?;
            }
            for (projection, state) in model.projections.iter().zip(&lane.projections) {
                check_projection(projection, model.population(projection.from).size, state, index)?;
            }
        }
        Ok(())
    }
}

impl Checkpoint {
    /// Checks that the delays are multiples of the steps of `model`, that of the checkpoint itself.
    ///
    /// # Errors
    /// The first projection with another step, or with synapses without delay where the model's have one.
    pub fn check_delays(&self, model: &Model) -> Result<(), StateMismatch> {
        let sparse = self.network.synapses.iter().map(Synapses::sparse);
        for (projection, synapses) in model.projections.iter().zip(sparse) {
            let Some(synapses) = synapses else { continue };
            let step = projection.delay.step_ms();
            let what = format!("step of the delays of `{}`, `resolution_ms`", projection.name);
            let same = |found: f64| found.total_cmp(&step).is_eq();
            in_range(&what, &format!("{} ms, as in the model", Rounded(step)), &[synapses.resolution_ms()], same)?;
            let least = synapses.min_delay_ms().unwrap_or(step);
            let what = format!("delays of `{}`", projection.name);
            let has_delay = |found: f64| found > 0.0 || projection.delay.smallest() == 0.0;
            in_range(&what, "delays above 0 ms, as in the model", &[least], has_delay)?;
        }
        Ok(())
    }

    /// Of a continuous run the clock is in the next slice, or where it begins.
    fn check_clock(&self, model: &Model) -> Result<(), StateMismatch> {
        finite("the run's clock", &[self.clock_ms])?;
        if model.protocol.continuous().is_none() {
            return in_range("the run's clock [ms]", "a time from 0 ms", &[self.clock_ms], |clock| clock >= 0.0);
        }
        let most = slices_until(LONGEST_RUN_MS);
        let expected = format!("from 0 to {most}, of a continuous run the number of slices of {SLICE_MS} ms");
        in_range("`examples_seen`", &expected, &[self.examples_seen as f64], |seen| seen <= most as f64)?;
        let slice = slice_start(self.examples_seen)..slice_start(self.examples_seen + 1);
        let [from, to] = [slice.start, slice.end].map(Rounded);
        let expected = format!("from {from} to below {to} ms, in slice {}", self.examples_seen);
        in_range("the run's clock, `clock_ms`", &expected, &[self.clock_ms], |clock| slice.contains(&clock))
    }
}

fn check_weights(model: &Model, projection: &Projection, synapses: &Synapses) -> Result<(), StateMismatch> {
    let what = format!("weights of `{}`", projection.name);
    let (post, pre) = (model.population(projection.to).size, model.population(projection.from).size);
    if (synapses.post(), synapses.pre()) != (post, pre) {
        let (expected, found) = (format!("{post} x {pre}"), format!("{} x {}", synapses.post(), synapses.pre()));
        return Err(StateMismatch::Count { what, expected, found });
    }
    if !synapses.is_finite() {
        return Err(StateMismatch::NotFinite { what });
    }
    check_one_delay(model, projection, synapses)?;
    let sign = projection.sign;
    synapses.of_another_sign(sign).map_or(Ok(()), |found| {
        Err(StateMismatch::Sign { projection: projection.name.clone(), sign: sign.name(), found })
    })
}

/// Refuses sparse synapses of another delay than that of the projection, where all have one.
fn check_one_delay(model: &Model, projection: &Projection, synapses: &Synapses) -> Result<(), StateMismatch> {
    if model.population(projection.to).takes_delays_of_synapses() {
        return Ok(());
    }
    let found = synapses.sparse().and_then(|sparse| Some([sparse.min_delay_ms()?, sparse.max_delay_ms()?]));
    let (what, delay) = (format!("delays of `{}`", projection.name), projection.delay.smallest());
    let expected = format!("{} ms, the one delay of its synapses", Rounded(delay));
    in_range(&what, &expected, &found.unwrap_or([delay; 2]), |found| found.total_cmp(&delay).is_eq())
}

fn check_population(
    model: &Model,
    population: &Population,
    state: &[StateArray],
    lane: usize,
) -> Result<(), StateMismatch> {
    let expected = crate::engine::state_names(population);
    for name in &expected {
        let values = state.iter().find(|array| array.name == *name).map_or(&[][..], |array| &array.values);
        let what = format!("values of `{name}` of `{}` in lane {lane}", population.name);
        count(what.as_str(), population.size, values.len())?;
        possible(what.as_str(), values)?;
    }
    let of = |names: &'static [&'static str]| move |array: &&StateArray| names.contains(&array.name.as_str());
    for StateArray { name, values } in state.iter().filter(of(&crate::engine::DRIVES)) {
        let what = format!("values of `{name}` of `{}` in lane {lane}", population.name);
        count(what.as_str(), population.size, values.len())?;
        possible(what, values)?;
    }
    let plastic = PlasticMemory { model, population, state, lane }.check()?;
    let others = state.iter().filter(|array| !of(&crate::engine::DRIVES)(array) && !plastic.contains(&array.name));
    let (queued, mut others): (Vec<_>, Vec<_>) = others.partition(of(&crate::engine::QUEUED));
    check_queued(model, population, &queued, lane)?;
    if let Dynamics::Compartmental(cell) = &population.cell.dynamics() {
        let (neurons, population) = (population.size, population.name.as_str());
        compartments::CompartmentalState { cell, population, neurons, lane, arrays: state }.check()?;
        others.retain(|array| !of(&crate::engine::BAPS)(array));
    }
    count(format!("arrays of state of `{}` in lane {lane}", population.name), expected.len(), others.len())
}

/// The arrays of the spikes in flight to a population: all of them, of one length, or none; factors may be left out.
fn check_queued(
    model: &Model,
    population: &Population,
    queued: &[&StateArray],
    lane: usize,
) -> Result<(), StateMismatch> {
    let Some(length) = queued.iter().map(|array| array.values.len()).max() else { return Ok(()) };
    let onto: Vec<_> = model.projections.iter().filter(|p| model.population(p.to).name == population.name).collect();
    let pre = onto.iter().map(|projection| model.population(projection.from).size).max().unwrap_or(0);
    for name in crate::engine::QUEUED {
        let values = queued.iter().find(|array| array.name == name).map_or(&[][..], |array| &array.values);
        if name == FACTORS && values.is_empty() {
            continue;
        }
        let what = format!("values of `{name}` of `{}` in lane {lane}", population.name);
        count(what.as_str(), length, values.len())?;
        possible(what.as_str(), values)?;
        let below = match name {
            "in_flight_block" => population.size,
            "in_flight_input" => onto.len(),
            "in_flight_source" => pre,
            "in_flight_from" | "in_flight_to" => u32::MAX as usize,
            _ => continue,
        };
        let expected = format!("whole numbers from 0 to below {below}");
        in_range(&what, &expected, values, |value| value >= 0.0 && value < below as f64 && value.fract() == 0.0)?;
    }
    Ok(())
}

fn check_projection(
    projection: &Projection,
    pre: usize,
    state: &ProjectionState,
    lane: usize,
) -> Result<(), StateMismatch> {
    let ProjectionState { trace_l, trace_s, in_flight, factors, short_term } = state;
    let name = &projection.name;
    for (trace, values) in [("trace_l", trace_l), ("trace_s", trace_s)] {
        let what = format!("values of `{trace}` of `{name}` in lane {lane}");
        count(what.as_str(), pre, values.len())?;
        finite(what, values)?;
    }
    let is_short_term = projection.short_term.is_some();
    let what = format!("short-term states of `{name}` in lane {lane}");
    count(what.as_str(), if is_short_term { pre } else { 0 }, short_term.len())?;
    let numbers: Vec<f64> = short_term.iter().flat_map(|state| [state.y, state.z, state.u, state.last]).collect();
    finite(what, &numbers)?;
    let what = format!("factors of the spikes in flight of `{name}` in lane {lane}");
    count(what.as_str(), if is_short_term { in_flight.len() } else { 0 }, factors.len())?;
    finite(what, factors)?;
    let possible = |spike: &Spike| spike.time.is_finite() && spike.time >= 0.0 && (spike.neuron as usize) < pre;
    if in_flight.iter().all(possible) && in_flight.is_sorted_by(|a, b| a.time <= b.time) {
        return Ok(());
    }
    Err(StateMismatch::InFlight { projection: name.to_owned(), lane, pre })
}
