//! A rule at one synapse, spike by spike in double precision.

use super::traces::left;
use super::{OnlineRule, SpikeTraces};

/// Times at one synapse [ms], each list sorted.
pub(super) struct Train<'a> {
    pub(super) arrivals: &'a [f64],
    pub(super) spikes: &'a [f64],
}

pub(super) fn close(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-12
}

/// The weight after trains, from weight `w`.
pub(super) fn weight_after(rule: &dyn OnlineRule, mut w: f64, train: &Train<'_>) -> f64 {
    let SpikeTraces { tau_x, tau_y, pairing } = rule.traces();
    let (mut x, mut y, mut now) = ([0.0; 2], [0.0; 2], f64::NEG_INFINITY);
    let mut times: Vec<f64> = train.arrivals.iter().chain(train.spikes).copied().collect();
    times.sort_by(f64::total_cmp);
    times.dedup();
    for t in times {
        for (trace, tau) in [(&mut x, tau_x), (&mut y, tau_y)] {
            *trace = left(*trace, tau, t - now);
        }
        now = t;
        let (arrives, fires) = (train.arrivals.contains(&t), train.spikes.contains(&t));
        if arrives {
            w = rule.at_arrival(w, x, y);
        }
        if fires {
            w = rule.at_spike(w, x, y);
        }
        x = if arrives { pairing.jump(x) } else { x };
        y = if fires { pairing.jump(y) } else { y };
    }
    w
}
