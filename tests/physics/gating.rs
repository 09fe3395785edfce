//! Interneuron gating: weights change by its equation, and nothing that is not of the model changes a bit.

use apical::model::{Model, OnlinePlasticity, Storage};
use apical::network::Network;
use apical::plasticity::InterneuronGating;

use super::plasticity::{of_neuron, same_everywhere};
use super::signals::{
    DT, ESCAPE, LENGTH, REST, Step, changes, goes_on_from_its_state, integrated, learning_by, mean_as_wanted, model,
    predicting, spikes,
};

const RULE: InterneuronGating = InterneuronGating { eta: 0.01, tau_x: 25.0, w_min: -1e4, w_max: 1e4 };

/// Number of neurons with candidates of their own, and a current that fires their somata [pA].
const CELLS: usize = 16_000;
const CURRENT: f64 = 110.0;

/// −η ∫ v x dt of each source, v the deviation of a potential of `steps` from rest.
fn integral(steps: &[Step], v: impl Fn(&Step) -> f64) -> [f64; 3] {
    [0, 1, 2].map(|source| {
        let arrivals = of_neuron(&spikes(), source, 0.0);
        let at = |(place, step): (usize, &Step)| {
            let t = (place as f64 + 0.5) * DT;
            let x: f64 = arrivals.iter().filter(|&&a| a < t).map(|a| (-(t - a) / RULE.tau_x).exp() / RULE.tau_x).sum();
            -RULE.eta * (v(step) - REST) * x * DT
        };
        steps.iter().enumerate().map(at).sum()
    })
}

/// Over many neurons, weights change by the integral of the rule on average: of the dendrite, not the soma, and at all times, not where the cell
/// is likely to fire alone.
#[test]
fn the_mean_change_is_the_integral_of_sacramentos_rule() {
    let (model, network) = model(CELLS, predicting(None, 0.0), OnlinePlasticity::InterneuronGating(RULE));
    let (found, fired) = changes(&model, network, CURRENT);
    let rate = fired.len() as f64 / (CELLS as f64 * LENGTH * ESCAPE.phi_max);
    assert!((0.2..0.8).contains(&rate), "fires at {rate} of the largest rate");
    let steps = integrated(REST, CURRENT);
    let (wanted, of_soma) = (integral(&steps, |step| step.dendrite), integral(&steps, |step| step.soma));
    for source in 0..3 {
        let (mean, error) = mean_as_wanted(&found[source], wanted[source], 0.01);
        assert!((mean - of_soma[source]).abs() > 10.0 * error, "{source}: {mean}, of the soma {}", of_soma[source]);
    }
}

/// A recurrent circuit that learns by interneuron gating in the place of dendritic prediction.
fn gating(storage: Storage) -> (Model, Network) {
    learning_by(OnlinePlasticity::InterneuronGating(InterneuronGating::of(2.0, 600.0)), storage)
}

#[test]
fn windows_threads_and_storage_change_no_bit() {
    let (spikes, _) = same_everywhere(gating, 2, 9_000);
    assert!(spikes[1].len() > 300, "{}", spikes[1].len());
}

/// Signals wait at synapses where the run is saved.
#[test]
fn a_run_that_is_saved_or_settled_goes_on_to_the_bit() {
    for storage in [Storage::Sparse, Storage::Dense] {
        goes_on_from_its_state(gating(storage), (1, 3), "plastic_0_");
    }
}
