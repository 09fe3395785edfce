//! Samples the potentials of one pyramidal cell, its basal dendrite driven by 100 Poisson inputs of a fixed rate and its
//! apical one by an output neuron that fires as fast as it can, and compares their means with the stationary ones:
//!
//! B = b + N w r, A = w_a phi_max, V = (g_b B + g_a A)/(g_l + g_b + g_a).
//!
//! cargo run --release --example one_neuron

use std::sync::Arc;

use apical::engine::{Circuit, Lane, Precision};
use apical::model::Model;
use apical::network::{Network, Weights};
use apical::numeric::PresentationKey;
use apical::protocol::{KeptSpikes, Measures, Phase, Sampling, Stimulus, Target, Trial};

const MODEL: &str = r#"
name = "one-neuron"
population = [
    { name = "input", size = 100, kind = "poisson" },
    { name = "hidden", size = 1, kind = "pyramidal", g_a_per_ms = 0.2 },
    { name = "output", size = 1, kind = "output" },
]
projection = [
    { from = "input", to = "hidden", compartment = "basal" },
    { from = "hidden", to = "output", compartment = "dendrite" },
    { from = "output", to = "hidden", compartment = "apical", delay_ms = 1 },
]
"#;
const INPUTS: usize = 100;
/// Rate of each input [1/ms].
const RATE: f64 = 0.04;
const BASAL_WEIGHT: f32 = 0.5;
const APICAL_WEIGHT: f32 = -10.0;
const BIAS: f32 = 0.8;
/// An output bias at which sigmoid(U) is 1.
const ALWAYS: f32 = 100.0;
/// Length of the presentation, spacing of samples, and what is left out of the means [ms].
const LENGTH: f64 = 60_000.0;
const EVERY: f64 = 2.0;
const SETTLE: f64 = 200.0;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let model = Model::parse(MODEL, "the model above", &[])?;
    let network = Network {
        synapses: vec![
            Weights::from_matrix(1, INPUTS, &[BASAL_WEIGHT; INPUTS]).into(),
            Weights::zeros(1, 1).into(),
            Weights::from_matrix(1, 1, &[APICAL_WEIGHT]).into(),
        ],
        biases: vec![vec![], vec![BIAS], vec![ALWAYS]],
    };
    let mut lane = Lane::new(&Arc::new(Circuit::new(&model, 1, Precision::Double)?));
    let stimuli = [Stimulus::Rates(&[RATE; INPUTS])];
    let phase = Phase {
        length_ms: LENGTH,
        settle_ms: SETTLE,
        stimuli: &stimuli,
        currents: &[],
        target: Target::None,
        measures: Measures::default(),
    };
    let sampling = Some(Sampling { first: 0.0, every: EVERY });
    lane.present(
        &network,
        &Trial { key: PresentationKey::training(0), phases: &[phase], spikes: KeptSpikes::All, sampling },
    );
    // Soma, basal and apical dendrite of the one neuron at each time.
    let (samples, _) = lane.observation().traces[1].as_chunks::<3>();

    println!("{:>8}{:>8}{:>8}{:>8}", "t [ms]", "soma", "basal", "apical");
    for (k, potentials) in samples.iter().enumerate().take(25) {
        row(&format!("{}", k as f64 * EVERY), potentials.map(f64::from));
    }
    let settled = &samples[(SETTLE / EVERY) as usize..];
    let mean = |of: usize| settled.iter().map(|sample| f64::from(sample[of])).sum::<f64>() / settled.len() as f64;
    row("mean", [mean(0), mean(1), mean(2)]);
    row("theory", stationary(&model));
    Ok(())
}

/// Mean potentials of soma, basal and apical dendrite long after the start.
fn stationary(model: &Model) -> [f64; 3] {
    let cell = model.populations[1].linear().expect("a pyramidal cell is linear");
    let basal = f64::from(BIAS) + INPUTS as f64 * f64::from(BASAL_WEIGHT) * RATE;
    let apical = f64::from(APICAL_WEIGHT) * model.populations[2].phi_max();
    let soma = (cell.ports[0].conductance * basal + cell.ports[1].conductance * apical) / cell.gamma;
    [soma, basal, apical]
}

fn row(name: &str, [soma, basal, apical]: [f64; 3]) {
    println!("{name:>8}{soma:>8.3}{basal:>8.3}{apical:>8.3}");
}
