//! Pairs of spikes repeated at a rate: how potentiation and depression by triplets depend on it, where those of pairs do not fit.
//!
//! Pfister & Gerstner (2006), J Neurosci 26:9673, with the parameters of their fit to visual cortex (full model, all-to-all): 60
//! pairings of a presynaptic and a postsynaptic spike 10 ms after or before it. Experiments of Sjöström, Turrigiano & Nelson (2001), Neuron
//! 32:1149. The engine's weights are compared with sums over all pairs and triplets.

use std::sync::Arc;

use serde::Serialize;
use serde_json::json;

use crate::cells::{Lif, LifPort, NeuronValues, PoissonEncoder};
use crate::engine::{Circuit, Lane, Limits, Precision};
use crate::model::{ContinuousProtocol, Model, OnlinePlasticity, ProjectionSpec, Stdp, TripletStdp, WeightInit};
use crate::numeric::PresentationKey;
use crate::plot::{Axis, Dash, Dot, Figure, Ink, Mark, Panel, Row, Shape};
use crate::protocol::{KeptSpikes, Phase, Spike, Stimulus, Trial};
use crate::reproduce::{ComparedNumber, FigureTask, PublishedFigure, ReproduceError, ReproducedFigure};
use crate::training::initial_network;

pub(in crate::reproduce) const FIGURE: PublishedFigure = PublishedFigure {
    name: "triplet",
    about: "60 pairings at 0.1 to 50 Hz by triplet and pair STDP (Pfister & Gerstner 2006)",
    seeds: [&[1], &[1]],
    run: draw,
};

/// Pairings, and the distance of the spikes of each [ms].
const PAIRINGS: usize = 60;
const DISTANCES_MS: [f64; 2] = [10.0, -10.0];

/// Rates at which pairings are repeated [Hz].
const RATES_HZ: [f64; 9] = [0.1, 5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0];

/// Changes measured by Sjöström, Turrigiano & Nelson (2001) at a rate [Hz], as drawn in the figure, with their standard errors: of a
/// postsynaptic spike 10 ms after the presynaptic one, and 10 ms before it.
const EXPERIMENTS: [(f64, [[f64; 2]; 2]); 5] = [
    (0.1, [[-0.04, 0.05], [-0.29, 0.08]]),
    (10.0, [[0.14, 0.1], [-0.41, 0.11]]),
    (20.0, [[0.29, 0.14], [-0.34, 0.1]]),
    (40.0, [[0.53, 0.11], [0.56, 0.32]]),
    (50.0, [[0.56, 0.26], [0.75, 0.19]]),
];

/// Weights go from −1 to 1, and amplitudes are this part of those of the rules, so that no weight ends at a bound; a change is given as
/// that by the whole amplitudes, over the range of weights.
const PART: f64 = 0.1;

/// What is kept with the figure of each rate and distance.
#[derive(Clone, Serialize)]
struct PairingsResult {
    /// The rule.
    rule: &'static str,
    /// Rate of pairings [Hz].
    rate_hz: f64,
    /// From presynaptic to postsynaptic spike [ms].
    distance_ms: f64,
    /// Change of the weight in the engine, over its range.
    change: f64,
    /// The same by sums over all pairs and triplets.
    closed_form: f64,
}

/// The rules beside each other: triplets as fitted, and pairs with the same amplitude of depression and as much potentiation.
fn rules() -> [(&'static str, TripletStdp); 2] {
    let triplets = TripletStdp::of(1.0);
    let pairs = TripletStdp { a2_plus: triplets.a2_minus, a3_plus: 0.0, a3_minus: 0.0, ..triplets };
    [("triplets", triplets), ("pairs", pairs)]
}

/// The rule as models have it.
fn plasticity(rule: &TripletStdp) -> OnlinePlasticity {
    let TripletStdp { a2_plus, a3_plus, a2_minus, a3_minus, tau_plus, tau_minus, .. } = *rule;
    let [a2_plus, a3_plus, a2_minus, a3_minus] = [a2_plus, a3_plus, a2_minus, a3_minus].map(|a| a * PART);
    if a3_plus > 0.0 {
        return OnlinePlasticity::TripletStdp(TripletStdp {
            a2_plus,
            a3_plus,
            a2_minus,
            a3_minus,
            w_min: -1.0,
            ..*rule
        });
    }
    let (a_plus, a_minus) = (a2_plus, a2_minus);
    OnlinePlasticity::Stdp(Stdp { a_plus, a_minus, tau_plus, tau_minus, w_min: -1.0, ..Stdp::of(1.0) })
}

fn draw(task: &FigureTask<'_>) -> Result<ReproducedFigure, ReproduceError> {
    let mut results = Vec::new();
    for (rule, terms) in rules() {
        for rate_hz in RATES_HZ {
            for distance_ms in DISTANCES_MS {
                task.check_interrupt()?;
                let change = simulated(&terms, rate_hz, distance_ms)?;
                let closed_form = summed(&terms, rate_hz, distance_ms);
                results.push(PairingsResult { rule, rate_hz, distance_ms, change, closed_form });
            }
        }
    }
    Ok(ReproducedFigure { figure: figure(&results), numbers: compared(&results), results: json!(results) })
}

/// A neuron that fires when it is driven, with one plastic synapse of weight 0.
fn model(plasticity: OnlinePlasticity) -> Result<Model, ReproduceError> {
    let cell =
        Lif { v_th: NeuronValues::from(0.0), ports: vec![LifPort::Delta { name: "psp".to_owned() }], ..Lif::default() };
    let weights = |value| WeightInit::Constant { value };
    Ok(Model::builder("pairings")
        .protocol(ContinuousProtocol::default())
        .population("input", 1, PoissonEncoder::default())
        .population("driver", 1, PoissonEncoder::default())
        .population("cell", 1, cell)
        .projection(ProjectionSpec {
            plasticity: Some(plasticity),
            weights: weights(0.0),
            ..ProjectionSpec::new("input", "cell", "psp")
        })
        .projection(ProjectionSpec { weights: weights(500.0), ..ProjectionSpec::new("driver", "cell", "psp") })
        .build()?)
}

/// The change of the weight over its range, in the engine: a pairing a trial.
fn simulated(rule: &TripletStdp, rate_hz: f64, distance_ms: f64) -> Result<f64, ReproduceError> {
    let model = model(plasticity(rule))?;
    let mut network = initial_network(&model, 1)?;
    let circuit = Circuit::new(&model, 1, Precision::Double)?;
    let mut lane = Lane::new(&Arc::new(circuit));
    let spike = |time| [Spike { time, neuron: 0 }];
    let (input, driver) = (spike((-distance_ms).max(0.0)), spike(distance_ms.max(0.0)));
    let stimuli = [Stimulus::Spikes(&input), Stimulus::Spikes(&driver)];
    let phases = [Phase::new(1000.0 / rate_hz, &stimuli)];
    for index in 0..PAIRINGS as u64 {
        let key = PresentationKey::training(index);
        let trial = Trial { key, phases: &phases, spikes: KeptSpikes::All, sampling: None };
        lane.present_changing(&mut network, &trial, &Limits::default());
    }
    lane.settle_weights(&mut network);
    Ok(f64::from(network.synapses[0].matrix().row(0)[0]) / (2.0 * PART))
}

/// The change by the sums over all pairs and triplets.
fn summed(rule: &TripletStdp, rate_hz: f64, distance_ms: f64) -> f64 {
    let times = |first: f64| (0..PAIRINGS).map(move |k| first + k as f64 * 1000.0 / rate_hz);
    let (pre, post) = (times((-distance_ms).max(0.0)), times(distance_ms.max(0.0)));
    let trace = |of: &mut dyn Iterator<Item = f64>, now: f64, tau: f64| -> f64 {
        of.filter(|&t| t < now).map(|t| crate::numeric::exp(-((now - t) / tau).min(700.0))).sum()
    };
    let at_pre = |now: f64| {
        let (o1, r2) = (trace(&mut post.clone(), now, rule.tau_minus), trace(&mut pre.clone(), now, rule.tau_x));
        -o1 * (rule.a2_minus + rule.a3_minus * r2)
    };
    let at_post = |now: f64| {
        let (r1, o2) = (trace(&mut pre.clone(), now, rule.tau_plus), trace(&mut post.clone(), now, rule.tau_y));
        r1 * (rule.a2_plus + rule.a3_plus * o2)
    };
    pre.clone().map(at_pre).sum::<f64>() + post.clone().map(at_post).sum::<f64>()
}

fn compared(results: &[PairingsResult]) -> Vec<ComparedNumber> {
    let triplets = results.iter().filter(|result| result.rule == "triplets");
    let mut numbers: Vec<_> = triplets
        .filter_map(|result| {
            let (_, measured) = EXPERIMENTS.iter().find(|(rate_hz, _)| rate_hz.total_cmp(&result.rate_hz).is_eq())?;
            let [mean, error] = measured[usize::from(result.distance_ms < 0.0)];
            let quantity = format!("triplets, {:+} ms at {} Hz: change", result.distance_ms, result.rate_hz);
            let published = format!("{mean:.2} ± {error:.2} (experiment)");
            Some(ComparedNumber::new(quantity, published, format!("{:.3}", result.change)))
        })
        .collect();
    let apart = results.iter().map(|result| (result.change - result.closed_form).abs()).fold(0.0, f64::max);
    numbers.push(ComparedNumber::new("largest difference to the closed form", "0", format!("{apart:.1e}")));
    numbers
}

/// Changes by triplets and by pairs over the rate of pairings, each beside its closed form.
fn figure(results: &[PairingsResult]) -> Figure {
    let panels =
        [("triplets", "Triplets, as fitted"), ("pairs", "Pairs")].map(|(rule, title)| panel(results, rule, title));
    let title = format!("{PAIRINGS} pairings of spikes 10 ms apart");
    Figure {
        title,
        rows: vec![Row { height: 1.0, panels: panels.to_vec() }],
        size: [1200, 520],
        ..Figure::of(Vec::new())
    }
}

fn panel(results: &[PairingsResult], rule: &str, title: &str) -> Panel {
    let mut marks = Vec::new();
    for (place, (distance_ms, ink)) in DISTANCES_MS.into_iter().zip([Ink::Blue, Ink::Orange]).enumerate() {
        let of = |value: fn(&PairingsResult) -> f64| {
            let own = results.iter().filter(|of| of.rule == rule && of.distance_ms.total_cmp(&distance_ms).is_eq());
            own.map(|of| [of.rate_hz, value(of)]).collect::<Vec<_>>()
        };
        let name = format!("{distance_ms:+} ms");
        let line = Shape::Line { points: of(|of| of.closed_form), dash: Dash::Solid };
        marks.push(Mark::new(&format!("{name}, closed form"), ink, line));
        marks.push(Mark::new(
            &format!("{name}, engine"),
            ink,
            Shape::Dots { points: of(|of| of.change), dot: Dot::Circle },
        ));
        let experiments = EXPERIMENTS.iter().map(|(rate_hz, measured)| [*rate_hz, measured[place][0]]).collect();
        marks.push(Mark::new(
            &format!("{name}, experiment"),
            ink,
            Shape::Dots { points: experiments, dot: Dot::Diamond },
        ));
    }
    Panel {
        title: title.to_owned(),
        x: Axis::linear("rate of pairings (Hz)", [-1.0, 52.0]),
        y: Axis::linear("change of the weight", [-0.6, 1.0]),
        marks,
        ..Panel::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// At +10 ms potentiation grows with the rate; at −10 ms depression becomes potentiation, with triplets alone.
    #[test]
    fn the_engine_agrees_with_the_closed_form_and_the_paper_with_both() {
        let change = |rule: usize, rate_hz, distance_ms| {
            let (_, terms) = rules()[rule];
            let (found, wanted) =
                (simulated(&terms, rate_hz, distance_ms).unwrap(), summed(&terms, rate_hz, distance_ms));
            assert!((found - wanted).abs() < 1e-5, "{rate_hz} Hz, {distance_ms} ms: {found} for {wanted}");
            found
        };
        assert!(change(0, 0.1, 10.0).abs() < 0.01 && change(0, 40.0, 10.0) > 0.3);
        assert!(change(0, 10.0, -10.0) < -0.2 && change(0, 50.0, -10.0) > 0.2);
        assert!(change(1, 10.0, -10.0) < -0.2 && change(1, 50.0, -10.0) < 0.0);
    }
}
