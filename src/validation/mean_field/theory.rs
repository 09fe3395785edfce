//! The theory of a model: which of its populations mean-field theory describes, and how they fire in it.

use std::borrow::Cow;

use super::activity::MeasuredActivity;
use super::cell::{Refusal, TheoryCell};
use super::setting::TheorySetting;
use super::weights::statistics;
use crate::analysis::mean_field::{
    InputStatistics, MeanFieldNetwork, MeanFieldPopulation, MeanFieldProjection, MeanFieldState, ThresholdShare,
    TrainStatistics,
};
use crate::model::{Model, Population, PopulationStimulus};

/// Mean jump at a spike, in parts of the noise of the input, above which the input is no diffusion.
const LARGEST_JUMP: f64 = 0.25;

/// The shift of the threshold by synapses is known to first order in √(τ_s/τ_m). This part of σ τ_s/τ_m is what it is off: in
/// simulations of filtered noise at τ_s/τ_m of 0.02 to 0.2 up to 0.3 of it.
const SECOND_ORDER: f64 = 0.5;

/// Steps in which trains take on the noise of their own CV, which falls to about its half in the first few.
const NOISE_STEPS: usize = 6;

/// How a population fires in theory.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TheoreticalActivity {
    /// Rates, input and CV at the fixed point.
    pub state: MeanFieldState,
    /// By how much what the theory leaves out may change them.
    pub range: TheoryRange,
}

/// The error of a theory: the largest change among three networks that are as true as it. In two of them all thresholds are
/// moved up or down by half the mean jump at an arriving spike, by which V passes a threshold on average, and by what the
/// filtering of synapses leaves open to second order; in the third the trains of cells have the noise at low frequencies that
/// their own CV makes, CV² of that of Poisson trains.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TheoryRange {
    /// Of the mean rate [1/ms].
    pub rate: f64,
    /// Of the CV.
    pub cv: f64,
}

/// The parts of a model that the theory takes.
struct TheoryOfModel<'a> {
    model: &'a Model,
    cells: Vec<Result<TheoryCell, Refusal>>,
    /// What populations fire that are not described, or are sources.
    given: Vec<TrainStatistics>,
    projections: Vec<MeanFieldProjection>,
}

/// A way in which a network is as true as the theory's.
#[derive(Clone, Copy)]
enum Variant<'a> {
    Theory,
    /// Thresholds are moved by this many times what is open, by population [mV].
    Moved(f64, &'a [f64]),
    /// Noise of trains, by population.
    Noise(&'a [f64]),
}

/// The theory of each population, or why there is none.
pub(super) fn of_model(
    setting: &TheorySetting<'_>,
    measured: &[MeasuredActivity],
) -> Vec<Result<TheoreticalActivity, Refusal>> {
    let theory = TheoryOfModel::new(setting, measured);
    let start: Vec<f64> = measured.iter().map(|measured| measured.rate).collect();
    let found = theory.solve(&start);
    let cells = theory.cells.iter().enumerate();
    cells
        .map(|(place, cell)| match (cell, &found) {
            (Err(why), _) | (Ok(_), Err(why)) => Err(why.clone()),
            (Ok(_), Ok(found)) => found[place].clone(),
        })
        .collect()
}

impl<'a> TheoryOfModel<'a> {
    fn new(setting: &TheorySetting<'a>, measured: &[MeasuredActivity]) -> Self {
        let TheorySetting { model, twin, .. } = *setting;
        let populations = model.populations.iter().zip(measured);
        let given = populations.map(|(population, measured)| given(population, measured.rate)).collect();
        let mut projections = Vec::new();
        let mut cells: Vec<_> = (0..model.populations.len()).map(|place| TheoryCell::new(model, place)).collect();
        for (projection, synapses) in model.projections.iter().zip(&twin.synapses) {
            let (from, to) = (projection.from.0, projection.to.0);
            let Ok(cell) = &mut cells[to] else { continue };
            let weights = statistics(synapses, cell.jumps[projection.port.0]);
            if weights.square_sum <= 0.0 {
                continue;
            }
            let source = &model.populations[from];
            let refusal = if projection.short_term.is_some() {
                Some(Cow::from("synapses of short-term plasticity reach it"))
            } else if projection.plasticity.is_some() {
                Some(Cow::from("synapses whose weights change in the course of the run reach it"))
            } else if is_changing(source) {
                Some(format!("its input from {} changes with time, or is of given spikes", source.name).into())
            } else {
                cell.reach(projection.port.0).err()
            };
            if let Some(refusal) = refusal {
                cells[to] = Err(refusal);
            } else {
                projections.push(MeanFieldProjection { from, to, weights });
            }
        }
        projections.retain(|projection| cells[projection.to].is_ok());
        Self { model, cells, given, projections }
    }

    /// How each population fires; an error that is one of the whole network if there is no fixed point.
    fn solve(&self, start: &[f64]) -> Result<Vec<Result<TheoreticalActivity, Refusal>>, Refusal> {
        if !self.model.interventions.is_empty() {
            return Err("the model changes in the course of a run".into());
        }
        let base = self.network(Variant::Theory).solve(start);
        let base = base.ok_or("no rates were found that reproduce themselves")?;
        let rates: Vec<f64> = base.iter().map(|state| state.trains.rate).collect();
        let jumps: Vec<f64> = (0..base.len()).map(|place| self.overshoot(place, &base)).collect();
        let open = |(place, jump): (usize, &f64)| {
            let neuron = self.cells[place].as_ref().map(|cell| cell.neuron);
            jump + neuron.map_or(0.0, |neuron| SECOND_ORDER * base[place].input.sd * neuron.tau_s / neuron.tau_m)
        };
        let open: Vec<f64> = jumps.iter().enumerate().map(open).collect();
        let moved = [1.0, -1.0].map(|times| self.network(Variant::Moved(times, &open)).solve(&rates));
        let [up, down] = moved;
        let others = [up, down, self.with_own_noise(base.clone())];
        let activity = |(place, state): (usize, &MeanFieldState)| {
            if 2.0 * jumps[place] > LARGEST_JUMP * state.input.sd {
                return Err(format!(
                    "a spike moves its cells by {:.2} mV on average, which is not small against the {:.2} mV of noise",
                    2.0 * jumps[place],
                    state.input.sd
                )
                .into());
            }
            let mut range = TheoryRange::default();
            for other in &others {
                let other =
                    other.as_ref().ok_or("rates that reproduce themselves are lost by a small change of thresholds")?;
                range.rate = range.rate.max((other[place].trains.rate - state.trains.rate).abs());
                range.cv = range.cv.max((other[place].cv - state.cv).abs());
            }
            Ok(TheoreticalActivity { state: *state, range })
        };
        Ok(base.iter().enumerate().map(activity).collect())
    }

    /// The fixed point at which trains have the noise of their own CV, approached from that of Poisson trains.
    fn with_own_noise(&self, mut states: Vec<MeanFieldState>) -> Option<Vec<MeanFieldState>> {
        for _ in 0..NOISE_STEPS {
            let noise: Vec<f64> = states.iter().map(|state| state.cv * state.cv).collect();
            let rates: Vec<f64> = states.iter().map(|state| state.trains.rate).collect();
            states = self.network(Variant::Noise(&noise)).solve(&rates)?;
        }
        Some(states)
    }

    /// The network of the theory, or one that is as true.
    fn network(&self, variant: Variant<'_>) -> MeanFieldNetwork {
        let population = |(place, cell): (usize, &Result<TheoryCell, Refusal>)| {
            let Ok(cell) = cell else { return MeanFieldPopulation::Given(self.given[place]) };
            let TheoryCell { neuron, drive, .. } = *cell;
            let moved = if let Variant::Moved(times, open) = variant { times * open[place] } else { 0.0 };
            let noise = if let Variant::Noise(noise) = variant { noise[place] } else { 1.0 };
            // Never as low as the reset.
            let lowest = neuron.reset + 1e-3 * (neuron.threshold - neuron.reset);
            let thresholds = cell.thresholds.iter().map(|&ThresholdShare { threshold, share }| ThresholdShare {
                threshold: (threshold + moved).max(lowest.min(threshold)),
                share,
            });
            MeanFieldPopulation::Driven { neuron, thresholds: thresholds.collect(), drive, noise }
        };
        let populations = self.cells.iter().enumerate().map(population).collect();
        MeanFieldNetwork { populations, projections: self.projections.clone() }
    }

    /// Half the mean jump Σ J²ν/Σ |J|ν of V at an arriving spike, by which V is beyond the threshold on average when it passes [mV].
    fn overshoot(&self, place: usize, base: &[MeanFieldState]) -> f64 {
        let Ok(cell) = &self.cells[place] else { return 0.0 };
        let (mut squares, mut absolute) = cell.background;
        for projection in self.projections.iter().filter(|projection| projection.to == place) {
            let InputStatistics { square_sum, absolute_sum, .. } = projection.weights;
            squares += square_sum * base[projection.from].trains.rate;
            absolute += absolute_sum * base[projection.from].trains.rate;
        }
        if absolute > 0.0 { 0.5 * squares / absolute } else { 0.0 }
    }
}

/// What a population fires that is a source of constant rates, or is measured.
fn given(population: &Population, measured: f64) -> TrainStatistics {
    if !population.is_source() {
        return TrainStatistics::poisson(measured);
    }
    match &population.stimulus {
        Some(PopulationStimulus::Constant { rate_hz }) => TrainStatistics::poisson(rate_hz / 1000.0),
        Some(PopulationStimulus::Rates { rates_hz }) => {
            let mean = |power: i32| {
                rates_hz.iter().map(|hz| (hz / 1000.0).powi(power)).sum::<f64>() / rates_hz.len().max(1) as f64
            };
            TrainStatistics { rate: mean(1), square: mean(2), noise: 1.0 }
        }
        _ => TrainStatistics::poisson(measured),
    }
}

/// Whether what a source fires is not of Poisson trains at constant rates.
fn is_changing(population: &Population) -> bool {
    let constant = matches!(
        population.stimulus,
        None | Some(PopulationStimulus::Constant { .. } | PopulationStimulus::Rates { .. })
    );
    population.is_source() && !constant
}
