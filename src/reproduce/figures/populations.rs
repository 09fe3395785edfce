//! Rates, irregularity and correlations of the populations of a circuit.

use serde::Serialize;

use crate::reproduce::{CircuitRun, ComparedNumber, mean_and_spread};

/// Width of the bins of counts that are correlated [ms], and the number of neurons that are paired.
const COUNT_BIN_MS: f64 = 2.0;
const PAIRED: usize = 200;

/// What is kept with the figure of each population and seed.
#[derive(Clone, Serialize)]
pub(super) struct PopulationResult {
    /// Name of the population.
    population: String,
    /// Seed.
    seed: u64,
    /// Number of neurons.
    neurons: usize,
    /// Mean rate of a neuron [Hz].
    rate_hz: f64,
    /// Coefficient of variation of inter-spike intervals, over all neurons.
    cv: f64,
    /// Mean correlation coefficient of the counts of pairs of neurons in bins of 2 ms.
    correlation: f64,
}

/// What the populations of a run of a seed fired.
pub(super) fn measured(run: &CircuitRun, seed: u64) -> Vec<PopulationResult> {
    let (populations, span) = (run.populations.iter(), &run.span);
    populations
        .map(|spikes| PopulationResult {
            population: spikes.name.clone(),
            seed,
            neurons: spikes.size,
            rate_hz: spikes.mean_rate(span),
            cv: spikes.variability(span).map_or(f64::NAN, |of| of.cv),
            correlation: spikes.mean_correlation(span, COUNT_BIN_MS, PAIRED),
        })
        .collect()
}

/// By quantity, a number of each population over the seeds of `results`, beside the rates that were published, by their places in the model.
pub(super) fn numbers(
    results: &[Vec<PopulationResult>],
    published_rate: &dyn Fn(usize) -> Option<String>,
) -> Vec<ComparedNumber> {
    type Measure = (&'static str, usize, fn(&PopulationResult) -> f64);
    let measures: [Measure; 3] = [
        ("mean rate [Hz]", 3, |of| of.rate_hz),
        ("CV of intervals", 2, |of| of.cv),
        ("mean correlation of pairs, counts in 2 ms", 4, |of| of.correlation),
    ];
    let mut numbers = Vec::new();
    for (quantity, digits, of) in measures {
        for (place, first) in results.first().into_iter().flatten().enumerate() {
            let values: Vec<f64> = results.iter().map(|seed| of(&seed[place])).collect();
            let published = published_rate(place).filter(|_| quantity.contains("rate"));
            let published = published.unwrap_or_else(|| "not given".to_owned());
            let quantity = format!("{}: {quantity}", first.population);
            numbers.push(ComparedNumber::new(quantity, published, mean_and_spread(&values, digits)));
        }
    }
    numbers
}
