//! Real-time recurrent learning: J_t = D_t + W' J_{t−1}, ΔW = −η Σ_t C_tᵀ J_t, forward in time.
//!
//! J_t = ∂h_t/∂W has a row for each unit and a column for each weight; D_t is what W does at the step itself and
//! W' = diag(1 − h_t²) W_h. Needs no memory of the sequence, but of n times the weights.

use ndarray::{Array2, ArrayView1, s};

use super::{Recurrent, RecurrentChange, RecurrentRule, Sequence, slopes};

/// The rule.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rtrl;

impl RecurrentRule for Rtrl {
    fn present(&mut self, network: &Recurrent, sequence: &Sequence) -> RecurrentChange {
        let states = network.run(sequence);
        let errors = network.errors_at_responses(&states);
        let mut w = Array2::zeros(network.w.dim());
        let mut j = Array2::zeros((network.units(), network.w.len()));
        for t in 0..errors.nrows() {
            j = influence(network, &j, states.z.row(t), states.h.row(t));
            let along = errors.row(t).dot(&j);
            let along = along.into_shape_with_order(network.w.dim()).expect("a column for each weight");
            w.scaled_add(-1.0, &along);
        }
        RecurrentChange { w, out: Recurrent::readout_change(&states), reads: None }
    }
}

/// J_t of J_{t−1}, the drives z_t and the responses h_t.
fn influence(network: &Recurrent, j: &Array2<f64>, z: ArrayView1<'_, f64>, h: ArrayView1<'_, f64>) -> Array2<f64> {
    let mut next = network.among_units().dot(j);
    for (i, slope) in slopes(h).iter().enumerate() {
        let mut row = next.row_mut(i);
        let mut own = row.slice_mut(s![i * z.len()..(i + 1) * z.len()]);
        own += &z;
        row *= *slope;
    }
    next
}

#[cfg(test)]
mod tests {
    use super::super::Bptt;
    use super::super::fixtures::{off, setting};
    use super::*;

    #[test]
    fn forward_in_time_gives_what_backward_does() {
        let (network, sequence) = setting();
        assert_eq!(network.units(), 5);
        let (forward, backward) = (Rtrl.present(&network, &sequence), Bptt::default().present(&network, &sequence));
        assert!(off(&forward, &backward) < 1e-10, "{}", off(&forward, &backward));
    }
}
