//! Backpropagation through time: δ_t = (C_t + W_hᵀ δ_{t+1}) ∘ (1 − h_t²), ΔW = −η Σ_t δ_t z_tᵀ, with the network unrolled
//! over the sequence; or cut, so that the error of a step goes back over the last k steps alone.

use ndarray::{Array1, Array2, Axis};

use super::{Recurrent, RecurrentChange, RecurrentRule, RecurrentStates, Sequence, slopes};

/// The rule.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bptt {
    /// Steps k an error goes back over, its own included; none: all.
    pub steps: Option<usize>,
}

impl RecurrentRule for Bptt {
    fn present(&mut self, network: &Recurrent, sequence: &Sequence) -> RecurrentChange {
        let states = network.run(sequence);
        let w = match self.steps {
            None => whole(network, &states),
            Some(k) => truncated(network, &states, &network.errors_at_responses(&states), k),
        };
        RecurrentChange { w, out: Recurrent::readout_change(&states), reads: None }
    }
}

/// One way back through the sequence for the errors of all steps.
fn whole(network: &Recurrent, states: &RecurrentStates) -> Array2<f64> {
    let errors = network.errors_at_responses(states);
    let mut w = Array2::zeros(network.w.dim());
    let mut back = Array1::zeros(network.units());
    for t in (0..errors.nrows()).rev() {
        let delta = (&errors.row(t) + &back) * slopes(states.h.row(t));
        add_outer(&mut w, &delta, states, t);
        back = network.among_units().t().dot(&delta);
    }
    w
}

/// A way back of `k` steps for the error of every step, [T, n] at the responses.
pub(super) fn truncated(network: &Recurrent, states: &RecurrentStates, errors: &Array2<f64>, k: usize) -> Array2<f64> {
    let mut w = Array2::zeros(network.w.dim());
    for (t, error) in errors.rows().into_iter().enumerate().filter(|(_, error)| error.iter().any(|&e| e != 0.0)) {
        let mut back = error.to_owned();
        for t in (0..=t).rev().take(k) {
            let delta = back * slopes(states.h.row(t));
            add_outer(&mut w, &delta, states, t);
            back = network.among_units().t().dot(&delta);
        }
    }
    w
}

/// w −= δ z_tᵀ.
fn add_outer(w: &mut Array2<f64>, delta: &Array1<f64>, states: &RecurrentStates, t: usize) {
    let column = delta.view().insert_axis(Axis(1));
    w.scaled_add(-1.0, &(&column * &states.z.row(t)));
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{off, setting};
    use super::*;

    #[test]
    fn the_change_is_minus_the_gradient_by_finite_differences() {
        let (network, sequence) = setting();
        let found = Bptt::default().present(&network, &sequence);
        let step = 1e-5;
        let mut moved = network.clone();
        let mut at = |place: &dyn Fn(&mut Recurrent) -> &mut f64, by: f64| {
            *place(&mut moved) += by;
            let loss = moved.loss(&sequence);
            *place(&mut moved) -= by;
            loss
        };
        let mut descent =
            |place: &dyn Fn(&mut Recurrent) -> &mut f64| (at(place, -step) - at(place, step)) / (2.0 * step);
        let mut expected = found.clone();
        expected.w.indexed_iter_mut().for_each(|(at, x)| *x = descent(&|n| &mut n.w[at]));
        expected.out.weights.indexed_iter_mut().for_each(|(at, x)| *x = descent(&|n| &mut n.out.weights[at]));
        expected.out.biases.indexed_iter_mut().for_each(|(at, x)| *x = descent(&|n| &mut n.out.biases[at]));
        assert!(off(&found, &expected) < 1e-6, "{}", off(&found, &expected));
    }

    #[test]
    fn cut_after_the_whole_sequence_it_is_not_cut_and_before_it_is() {
        let (network, sequence) = setting();
        let whole = Bptt::default().present(&network, &sequence);
        let cut = |k| off(&Bptt { steps: Some(k) }.present(&network, &sequence), &whole);
        assert!(cut(7) < 1e-14 && cut(100) < 1e-14);
        assert!(cut(6) > 1e-6 && cut(1) > cut(6));
    }
}
