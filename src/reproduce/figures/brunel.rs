//! Four regimes of the sparsely connected network: from synchronous regular firing to slow oscillations.
//!
//! Brunel (2000), J. Comput. Neurosci. 8:183, Figure 8; the numbers are of its simulations, and of its theory, Table 1. Its stationary
//! rates are ν = φ(μ, σ) of the mean-field theory, which a test solves.

use std::ops::Range;

use serde::Serialize;
use serde_json::json;

use crate::analysis::rate_course;
use crate::plot::{Axis, Figure, Ink, Mark, Panel, Row, Shape, Ticks};
use crate::reproduce::{
    CircuitRun, CircuitSpec, CircuitSpikes, ComparedNumber, FigureTask, PublishedFigure, ReproduceError,
    ReproducedFigure, mean_and_spread,
};

pub(in crate::reproduce) const FIGURE: PublishedFigure = PublishedFigure {
    name: "brunel-2000",
    about: "regimes of a sparsely connected network of excitatory and inhibitory neurons (Brunel 2000, Figure 8)",
    seeds: [&[1, 2, 3], &[1]],
    run: draw,
};

/// Where the network stands, what the paper has of it, and how it is run.
struct BrunelRegime {
    /// The panel of the paper's figure.
    panel: &'static str,
    name: &'static str,
    /// Strength of inhibitory synapses over that of excitatory ones.
    g: f64,
    /// Rate of external input over that which alone reaches threshold.
    eta: f64,
    /// Mean rate of its simulation [Hz].
    rate: &'static str,
    /// How regular neurons fire.
    firing: &'static str,
    /// Frequency of the global oscillation of its simulation [Hz].
    frequency: &'static str,
    /// Model time that is measured [ms].
    duration: f64,
    /// Model time that is drawn, of its end [ms].
    drawn: f64,
}

const REGIMES: [BrunelRegime; 4] = [
    BrunelRegime {
        panel: "A",
        name: "synchronous regular",
        g: 3.0,
        eta: 2.0,
        rate: "picture",
        firing: "regular",
        frequency: "picture",
        duration: 300.0,
        drawn: 100.0,
    },
    BrunelRegime {
        panel: "B",
        name: "synchronous irregular, fast",
        g: 6.0,
        eta: 4.0,
        rate: "60.7 (theory 55.8)",
        firing: "irregular",
        frequency: "180 (theory 190)",
        duration: 1000.0,
        drawn: 200.0,
    },
    BrunelRegime {
        panel: "C",
        name: "asynchronous irregular",
        g: 5.0,
        eta: 2.0,
        rate: "37.7 (theory 38.0)",
        firing: "irregular",
        frequency: "stationary",
        duration: 1000.0,
        drawn: 200.0,
    },
    BrunelRegime {
        panel: "D",
        name: "synchronous irregular, slow",
        g: 4.5,
        eta: 0.9,
        rate: "5.5 (theory 6.5)",
        firing: "irregular",
        frequency: "22 (theory 29)",
        duration: 3000.0,
        drawn: 200.0,
    },
];

/// Model time before what is measured [ms].
const WARMUP_MS: f64 = 300.0;

/// Neurons in a raster.
const SHOWN: usize = 50;

/// Width of the bins of the population rate that is drawn [ms].
const RATE_BIN_MS: f64 = 0.5;

/// Width of the bins of counts that are correlated [ms], and the number of neurons that are paired.
const COUNT_BIN_MS: f64 = 2.0;
const PAIRED: usize = 200;

/// Length of the segments of a spectrum [ms], and its range [Hz].
const SEGMENT_MS: f64 = 300.0;
const FREQUENCIES_HZ: [f64; 2] = [8.0, 1000.0];

/// What is kept with the figure of each run.
#[derive(Clone, Serialize)]
struct RegimeResult {
    /// Panel of the paper's figure.
    panel: &'static str,
    /// Strength of inhibitory synapses over that of excitatory ones.
    g: f64,
    /// Rate of external input over that which alone reaches threshold.
    eta: f64,
    /// Seed.
    seed: u64,
    /// Mean rate of a neuron [Hz].
    rate_hz: f64,
    /// Coefficient of variation of inter-spike intervals, over all neurons.
    cv: f64,
    /// CV2 of the same.
    cv2: f64,
    /// Mean correlation coefficient of the counts of pairs of neurons in bins of 2 ms.
    correlation: f64,
    /// Frequency at which the spectrum of the population is largest [Hz].
    peak_hz: f64,
    /// The spectrum there over that of independent trains.
    peak_over_rate: f64,
}

fn draw(task: &FigureTask<'_>) -> Result<ReproducedFigure, ReproduceError> {
    let (mut columns, mut numbers, mut results) = (Vec::new(), Vec::new(), Vec::new());
    for regime in &REGIMES {
        let mut of_regime = Vec::new();
        for (place, &seed) in task.seeds.iter().enumerate() {
            let run = task.simulate(&regime.spec(task.quick, seed))?;
            of_regime.push(measured(regime, &run, seed));
            if place == 0 {
                columns.push(panels(regime, &run));
            }
        }
        numbers.extend(compared(regime, &of_regime));
        results.extend(of_regime);
    }
    Ok(ReproducedFigure { figure: figure(&columns), numbers, results: json!(results) })
}

impl BrunelRegime {
    fn spec(&self, quick: bool, seed: u64) -> CircuitSpec {
        let &Self { g, eta, duration, .. } = self;
        let duration = if quick { 200.0 } else { duration };
        let mut overrides = vec![format!("protocol.duration_ms={duration}"), format!("protocol.warmup_ms={WARMUP_MS}")];
        for population in ["exc", "inh"] {
            overrides.push(format!("projection.inh-{population}.weights.value={}", -g / 10.0));
            let input = format!("{{ port = \"psp\", count = 1000, rate_hz = {}, weight = 0.1 }}", 10.0 * eta);
            overrides.push(format!("population.{population}.poisson_input=[{input}]"));
        }
        CircuitSpec { model: "brunel-2000", variant: self.panel, overrides, seed }
    }

    /// Its name with its parameters.
    fn title(&self) -> String {
        format!("{}, g = {}, η = {}", self.name, self.g, self.eta)
    }
}

fn measured(regime: &BrunelRegime, run: &CircuitRun, seed: u64) -> RegimeResult {
    let (all, span) = (run.together(), &run.span);
    let rate_hz = all.mean_rate(span);
    let variability = all.variability(span);
    let spectrum = all.population_spectrum(span, [SEGMENT_MS, FREQUENCIES_HZ[1]]);
    let powers = spectrum.frequencies.iter().zip(&spectrum.population).filter(|(f, _)| **f >= FREQUENCIES_HZ[0]);
    let (peak_hz, power) = powers.max_by(|a, b| a.1.total_cmp(b.1)).map_or((f64::NAN, f64::NAN), |(&f, &p)| (f, p));
    RegimeResult {
        panel: regime.panel,
        g: regime.g,
        eta: regime.eta,
        seed,
        rate_hz,
        cv: variability.map_or(f64::NAN, |of| of.cv),
        cv2: variability.map_or(f64::NAN, |of| of.cv2),
        correlation: all.mean_correlation(span, COUNT_BIN_MS, PAIRED),
        peak_hz,
        peak_over_rate: power / rate_hz,
    }
}

fn compared(regime: &BrunelRegime, results: &[RegimeResult]) -> Vec<ComparedNumber> {
    let row = |quantity: &str, published: &str, digits, of: fn(&RegimeResult) -> f64| {
        let values: Vec<f64> = results.iter().map(of).collect();
        ComparedNumber::new(
            format!("{}, {}: {quantity}", regime.panel, regime.title()),
            published,
            mean_and_spread(&values, digits),
        )
    };
    vec![
        row("mean rate [Hz]", regime.rate, 1, |of| of.rate_hz),
        row("CV of intervals", regime.firing, 2, |of| of.cv),
        row("CV2 of intervals", regime.firing, 2, |of| of.cv2),
        row("mean correlation of pairs, counts in 2 ms", "not given", 3, |of| of.correlation),
        row("frequency of the largest power of all neurons [Hz]", regime.frequency, 0, |of| of.peak_hz),
        row("this power over that of independent neurons", "not given", 0, |of| of.peak_over_rate),
    ]
}

/// The raster and the population rate of a regime.
fn panels(regime: &BrunelRegime, run: &CircuitRun) -> [Panel; 2] {
    let window = run.span.end - regime.drawn..run.span.end;
    [raster(regime, &run.populations[0], &window), rate(&run.together(), &window)]
}

fn raster(regime: &BrunelRegime, population: &CircuitSpikes, window: &Range<f64>) -> Panel {
    let spikes = population.times.iter().zip(&population.neurons);
    let shown = spikes.filter(|(time, neuron)| window.contains(time) && **neuron < SHOWN as u64);
    let points = shown.map(|(time, &neuron)| [time - window.start, neuron as f64]).collect();
    Panel {
        title: format!("{}  {}", regime.panel, regime.title()),
        x: Axis::linear("", [0.0, regime.drawn]).ticks(Ticks::Silent),
        y: Axis::linear("excitatory neuron", [-0.5, SHOWN as f64 - 0.5]).ticks(Ticks::Whole),
        marks: vec![Mark::new("", Ink::Black, Shape::Spikes { points })],
        ..Panel::default()
    }
}

fn rate(all: &CircuitSpikes, window: &Range<f64>) -> Panel {
    let course = rate_course(&all.times, all.size, std::slice::from_ref(window), RATE_BIN_MS);
    let point = |(bin, &rate): (usize, &f64)| [(bin as f64 + 0.5) * RATE_BIN_MS, rate];
    Panel {
        x: Axis::linear("time (ms)", [0.0, window.end - window.start]),
        y: Axis::from_zero("rate (Hz)", course.iter().copied()),
        marks: vec![Mark::new("", Ink::Blue, Shape::line(course.iter().enumerate().map(point).collect()))],
        ..Panel::default()
    }
}

/// Two regimes side by side, the rate of each below its raster.
fn figure(columns: &[[Panel; 2]]) -> Figure {
    let mut rows = Vec::new();
    for pair in columns.chunks(2) {
        for (part, height) in [(0, 2.0), (1, 1.0)] {
            rows.push(Row { height, panels: pair.iter().map(|column| column[part].clone()).collect() });
        }
    }
    let title = format!("12,500 neurons: {SHOWN} of them, and the mean rate of all in bins of {RATE_BIN_MS} ms");
    Figure { title, rows, size: [1200, 1000], ..Figure::of(Vec::new()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Model, WeightInit};
    use crate::network::Network;

    fn models() -> Vec<(&'static BrunelRegime, Model)> {
        REGIMES.iter().map(|regime| (regime, regime.spec(false, 1).model().unwrap())).collect()
    }

    /// Trapezoids of e^{u²}(1 + erf u).
    fn integral(from: f64, to: f64) -> f64 {
        let (parts, f) = (20_000, |u: f64| (u * u).exp() * libm::erfc(-u));
        let step = (to - from) / f64::from(parts);
        let inner: f64 = (1..parts).map(|i| f(from + f64::from(i) * step)).sum();
        step * (inner + 0.5 * (f(from) + f(to)))
    }

    /// The stationary rate [Hz] of a network by the mean-field theory of the paper: 1/ν = τ_rp + τ√π ∫ e^{u²}(1 + erf u) du from
    /// (V_r − μ)/σ to (θ − μ)/σ, with μ = τ Σ C J ν and σ² = τ Σ C J² ν over excitatory, inhibitory and external synapses.
    fn stationary_rate(model: &Model) -> f64 {
        let cell = model.populations[0].linear().unwrap();
        let (tau, external) = (1.0 / cell.gamma, cell.background[0]);
        let inputs: Vec<[f64; 2]> = model
            .projections
            .iter()
            .filter(|p| p.to.0 == 0)
            .map(|projection| {
                let ends = projection.ends(&model.populations);
                let count = projection.connection.expected_synapses(ends).unwrap() / ends.post as f64;
                let WeightInit::Constant { value } = projection.weights else { panic!("{:?}", projection.weights) };
                [count, value]
            })
            .collect();
        let moment = |nu: f64, power: i32| {
            let own: f64 = inputs.iter().map(|[count, weight]| count * weight.powi(power) * nu).sum();
            tau * (own + external.rate * external.weight.powi(power))
        };
        let reset = cell.reset.unwrap();
        let excess = |nu: f64| {
            let (mu, sigma) = (moment(nu, 1), moment(nu, 2).sqrt());
            let time = integral((reset.potential - mu) / sigma, (20.0 - mu) / sigma);
            1.0 / (reset.refractory_ms + tau * std::f64::consts::PI.sqrt() * time) - nu
        };
        let (mut low, mut high) = (1e-5, 0.5);
        for _ in 0..50 {
            let middle = f64::midpoint(low, high);
            if excess(middle) > 0.0 { low = middle } else { high = middle }
        }
        1000.0 * low
    }

    /// The model at each regime is that of the paper: the theory gives the rates of its Table 1.
    #[test]
    fn the_theory_of_each_regime_has_the_published_rate() {
        for (regime, model) in models() {
            if let Some((_, published)) = regime.rate.split_once("theory ") {
                let (rate, published) = (stationary_rate(&model), published.trim_end_matches(')'));
                assert!((rate - published.parse::<f64>().unwrap()).abs() < 0.1, "{}: {rate}", regime.panel);
            }
            let [exc, inh] = [&model.populations[0], &model.populations[1]];
            assert_eq!(exc.cell.dynamics(), inh.cell.dynamics());
        }
    }

    /// Ten neurons that fire together every 5 ms: no variability, full correlation, and all power at multiples of 200 Hz.
    #[test]
    fn a_clock_of_all_neurons_is_measured_as_one() {
        let times: Vec<f64> = (0..2400).map(|i| 1.0 + 5.0 * f64::from(i / 10)).collect();
        let neurons = (0..2400).map(|i| i % 10).collect();
        let spikes = CircuitSpikes { name: "exc".to_owned(), size: 10, times, neurons, ..CircuitSpikes::default() };
        let network = Network { synapses: Vec::new(), biases: Vec::new() };
        let run = CircuitRun { span: 0.0..1200.0, populations: vec![spikes], network };
        let result = measured(&REGIMES[0], &run, 1);
        assert!((result.rate_hz - 200.0).abs() < 1e-9 && result.cv < 1e-9 && result.cv2 < 1e-9);
        assert!((result.correlation - 1.0).abs() < 1e-9, "{}", result.correlation);
        assert!((result.peak_hz / 200.0).fract().abs() < 1e-9, "{}", result.peak_hz);
        // (N ν)² L over N, over ν.
        assert!((result.peak_over_rate - 10.0 * 200.0 * 0.3).abs() < 1e-6, "{}", result.peak_over_rate);
    }
}
