//! A plasticity rule between spikes of one's own, for a projection of a circuit: a weight grows at each postsynaptic spike by the trace of
//! arrivals, and shrinks by one part in a hundred at each arrival. The model names it. The run is saved
//! half way, and goes on with the same rule.
//!
//! cargo run --release --example own_online_rule

use std::sync::Arc;

use apical::model::Model;
use apical::plasticity::{OnlineRule, RuleRegistry, SpikePairing, SpikeTraces, WeightBounds};
use apical::simulation::{Simulation, SourceInputs};
use apical::training::initial_network;

/// The rule: which traces it reads, and the weight after an arrival and after a postsynaptic spike.
#[derive(Debug)]
struct Hebbian(WeightBounds);

impl OnlineRule for Hebbian {
    fn traces(&self) -> SpikeTraces {
        SpikeTraces { tau_x: [20.0, 0.0], tau_y: [0.0; 2], pairing: SpikePairing::AllToAll }
    }

    fn at_arrival(&self, w: f64, _: [f64; 2], _: [f64; 2]) -> f64 {
        self.0.moved(w, -0.01 * w)
    }

    fn at_spike(&self, w: f64, x: [f64; 2], _: [f64; 2]) -> f64 {
        self.0.moved(w, 5.0 * x[0])
    }
}

const MODEL: &str = r#"
name = "own-online-rule"
population = [
    { name = "input", size = 200, kind = "poisson", stimulus = { rate_hz = 20 } },
    { name = "cells", size = 10, kind = "lif" },
]

[[projection]]
from = "input"
to = "cells"
port = "exc"
weights = { from = "constant", value = 80 }
plasticity = { kind = "own", rule = "hebbian", w_max = 200 }

[protocol]
kind = "continuous"
duration_ms = 1000
"#;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rules = RuleRegistry::default().with_online("hebbian", |of| Ok(Arc::new(Hebbian(of.bounds))));
    let model = Model::parse_with(MODEL, "the model above", &[], &rules)?;
    let inputs = SourceInputs::load(&model)?;
    let mut first = Simulation::new(&model, initial_network(&model, 1)?, inputs.clone(), 1)?;
    first.run(500.0, &mut (), &mut ())?;
    let mut second = Simulation::resume(&model, inputs, first.checkpoint())?;
    second.run(1000.0, &mut (), &mut ())?;
    let weights = second.network().synapses[0].weights();
    println!("mean weight after 1 s: {:.1} pA", weights.iter().sum::<f32>() / 2000.0);
    Ok(())
}
