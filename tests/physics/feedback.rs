//! Feedback of rates in place of spikes.

use std::sync::Arc;

use apical::engine::{Circuit, Lane, Precision};
use apical::model::{Carries, Model};

use super::networks::{Built, Net, PHI_MAX, sampled, show};

const LENGTHS: [f64; 2] = [40.0, 45.0];

/// The same network with feedback of rates.
fn with_rates(spiking: &Built) -> Model {
    let mut model = spiking.model.clone();
    let feedback = spiking.net.feedback(1);
    model.projections[feedback].carries = Carries::Rates;
    model
}

/// alpha = sigmoid(Y phi_max mean sigmoid(U)), and the mean of the sampled apical trace, every 0.01 ms, is Y phi_max mean
/// sigmoid(U) to the 1e-3 that a midpoint rule every 0.25 ms is good to at these potentials.
#[test]
fn a_plateau_is_made_of_the_mean_rates_fed_back() {
    let built = Net { settle: 10.0, ..Net::new(&[40, 20, 5], 0.0) }.build(3);
    let (model, rates) = (with_rates(&built), built.rates());
    let mut lane = Lane::new(&Arc::new(Circuit::new(&model, built.seed, Precision::Single).unwrap()));
    let rows = built.rows(built.net.feedback(1));
    for n in 0..4 {
        built.present(&mut lane, &sampled(show(&rates, n, LENGTHS, 2), 0.01));
        for (phase, means) in lane.means().iter().enumerate() {
            let samples: Vec<&[f32]> = lane.observation().traces[1].chunks_exact(20 * 3).collect();
            let begin = [0.0, LENGTHS[0]][phase] + 10.0;
            let end = [LENGTHS[0], LENGTHS[0] + LENGTHS[1]][phase];
            let after = &samples[(begin / 0.01).round() as usize..(end / 0.01).round() as usize];
            for i in 0..20 {
                let potential: f64 = (0..5).map(|o| rows[o][i] * PHI_MAX * means.sigmoid[2][o]).sum();
                let alpha = 1.0 / (1.0 + (-potential).exp());
                assert!((means.plateau[1][i] - alpha).abs() < 1e-12, "neuron {i}, phase {phase}");
                let traced = after.iter().map(|row| f64::from(row[3 * i + 2])).sum::<f64>() / after.len() as f64;
                assert!(
                    (traced - potential).abs() < 1e-3 * (1.0 + potential.abs()),
                    "neuron {i}: {traced}, {potential}"
                );
            }
        }
    }
}

#[test]
fn what_feedback_carries_changes_no_spike_where_it_drives_no_soma() {
    let built = Net::new(&[40, 20, 5], 0.0).build(3);
    let (model, rates) = (with_rates(&built), built.rates());
    let [spikes, expected] = [&model, &built.model].map(|model| {
        let mut lane = Lane::new(&Arc::new(Circuit::new(model, built.seed, Precision::Single).unwrap()));
        (0..5).for_each(|n| built.present(&mut lane, &show(&rates, n, LENGTHS, 2)));
        (lane.observation().spikes.clone(), lane.observation().plateaus.clone())
    });
    assert_eq!(spikes.0, expected.0);
    assert_ne!(spikes.1, expected.1);
}
