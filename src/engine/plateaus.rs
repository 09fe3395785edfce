//! Means of apical potentials over a phase, from which plateaus are made.

use pulp::Arch;

use super::arrivals::Arrivals;
use super::means::add_product;
use crate::cells::{PlateauTimes, Psp};
use crate::network::Synapses;
use crate::numeric::Stream;
use crate::numeric::exp;

/// The apical dendrites of a population at the end of a phase.
pub(crate) struct Apical<'a, I> {
    pub(crate) arch: Arch,
    pub(crate) psp: Psp,
    /// Slow and fast traces at the start of the phase.
    pub(crate) start: &'a [Vec<f64>; 2],
    /// Projections that end there.
    pub(crate) received: I,
    /// Settling time and length of the phase [ms].
    pub(crate) interval: (f64, f64),
}

impl<'a, I: Iterator<Item = (&'a Arrivals, &'a Synapses)> + Clone> Apical<'a, I> {
    /// Computes the mean of A from the settling time to the end of the phase, [n].
    pub(crate) fn means(&self, out: &mut [f64]) {
        let (settle, length) = self.interval;
        let (slow, fast) = self.psp.carried_means(settle, length);
        out.fill(0.0);
        for (arrivals, synapses) in self.received.clone() {
            add_product(self.arch, synapses, &arrivals.added_mean, 1.0, out);
        }
        for ((mean, a_l), a_s) in out.iter_mut().zip(&self.start[0]).zip(&self.start[1]) {
            *mean = *mean + a_l * slow - a_s * fast;
        }
    }

    /// Draws how long before the end of the phase each plateau happens into `leads` [ms], and ends the `means` there, [n].
    pub(crate) fn end_early(&self, times: PlateauTimes, stream: &mut Stream, leads: &mut Vec<f32>, means: &mut [f64]) {
        let (settle, length) = self.interval;
        let draw = || (times.sd * stream.normal()).abs().min(times.longest) as f32;
        leads.extend(std::iter::repeat_with(draw).take(means.len()));
        let late = self.last_integrals(times.longest, leads);
        for ((mean, &lead), late) in means.iter_mut().zip(&*leads).zip(late) {
            *mean = (*mean * (length - settle) - late) / (length - settle - f64::from(lead));
        }
    }

    /// Integrates A over the last `leads[i]` ms of the phase, none above `longest`, for each neuron i; exact.
    ///
    /// From c = length − longest on, A = a_L e^{−(t−c)/τ_L} − a_s e^{−(t−c)/τ_s} + Σ w κ(t − t_k) over the arrivals t_k ≥ c.
    fn last_integrals(&self, longest: f64, leads: &[f32]) -> Vec<f64> {
        let Self { psp, start, received, interval: (_, length), .. } = self;
        let from = length - longest;
        let mut a_l: Vec<f64> = start[0].iter().map(|a| a * exp(-from / psp.tau_l)).collect();
        let mut a_s: Vec<f64> = start[1].iter().map(|a| a * exp(-from / psp.tau_s)).collect();
        let mut integrals = vec![0.0; leads.len()];
        for (arrivals, synapses) in received.clone() {
            for (o, [l, s]) in arrivals.before_late.iter().enumerate() {
                synapses.for_each(o, |i, w| {
                    a_l[i] += f64::from(w) * l;
                    a_s[i] += f64::from(w) * s;
                });
            }
            for spike in &arrivals.late {
                let whole = psp.integral(length - spike.time);
                synapses.for_each(spike.neuron as usize, |i, w| {
                    let lead = f64::from(leads[i]);
                    integrals[i] += f64::from(w) * (whole - psp.integral(length - lead - spike.time));
                });
            }
        }
        let ends = (exp(-longest / psp.tau_l), exp(-longest / psp.tau_s));
        for (((sum, &lead), a_l), a_s) in integrals.iter_mut().zip(leads).zip(a_l).zip(a_s) {
            let left = longest - f64::from(lead);
            *sum += a_l * psp.tau_l * (exp(-left / psp.tau_l) - ends.0);
            *sum -= a_s * psp.tau_s * (exp(-left / psp.tau_s) - ends.1);
        }
        integrals
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::arrivals::Averaging;
    use crate::engine::layout::ProjectionLayout;
    use crate::network::Weights;
    use crate::numeric::{PresentationKey, Purpose, StreamKey};
    use crate::protocol::Spike;

    /// The mean of a closed form that ends early is that of a fine midpoint rule.
    #[test]
    fn a_plateau_that_comes_early_leaves_out_what_follows() {
        let psp = Psp { tau_l: 10.0, tau_s: 3.0 };
        let spikes: Vec<Spike> = [(3.0, 0), (31.0, 1), (44.0, 0), (46.5, 1), (48.0, 0), (49.9, 1)]
            .map(|(time, neuron)| Spike { time, neuron })
            .into();
        let weights = Weights::from_matrix(3, 2, &[1.0, -0.5, 0.3, 2.0, -1.0, 0.25]);
        let start = [vec![0.4, -0.2, 0.1], vec![0.1, 0.3, 0.0]];
        let (settle, length) = (30.0, 50.0);
        let apical = |t: f64, i: usize| {
            let carried = start[0][i] * exp(-t / psp.tau_l) - start[1][i] * exp(-t / psp.tau_s);
            let of = |spike: &Spike| f64::from(weights.row(spike.neuron as usize)[i]) * psp.kappa(t - spike.time);
            carried + spikes.iter().map(of).sum::<f64>()
        };
        let mean = |i: usize, end: f64| {
            let steps = 40_000;
            let step = (end - settle) / f64::from(steps);
            (0..steps).map(|k| apical(settle + (f64::from(k) + 0.5) * step, i)).sum::<f64>() / f64::from(steps)
        };
        let mut arrivals = Arrivals::new(2, None);
        let layout = ProjectionLayout {
            from: 0,
            delay: 0.0,
            psp,
            rates: None,
            late_ms: 5.0,
            filtered: true,
            short_term: None,
            plastic: false,
        };
        arrivals.begin(&layout);
        arrivals.send(&spikes, 0.0);
        arrivals.end_window(Arch::new(), &layout, Averaging { from: settle, length }, length);
        let synapses = weights.clone().into();
        let received = std::iter::once((&arrivals, &synapses));
        let dendrites = Apical { arch: Arch::new(), psp, start: &start, received, interval: (settle, length) };
        let mut means: Vec<f64> = (0..3).map(|i| mean(i, length)).collect();
        let key = StreamKey {
            seed: 1,
            purpose: Purpose::PlateauTimes(1),
            presentation: PresentationKey::training(0),
            phase: 0,
            block: 0,
        };
        let mut leads = Vec::new();
        dendrites.end_early(PlateauTimes { sd: 3.0, longest: 5.0 }, &mut key.stream(), &mut leads, &mut means);
        for (i, (found, &lead)) in means.iter().zip(&leads).enumerate() {
            assert!(lead > 0.0 && lead <= 5.0);
            let expected = mean(i, length - f64::from(lead));
            assert!((found - expected).abs() < 1e-6, "{i}, {lead} ms early: {found}, expected {expected}");
        }
    }

    /// min(|N(0, σ)|, l) with a = l/σ, φ and Φ the normal density and distribution, has the mean
    /// 2 σ (φ(0) − φ(a)) + 2 l (1 − Φ(a)) and the second moment σ² (2 Φ(a) − 1 − 2 a φ(a)) + 2 l² (1 − Φ(a)). Each of the two
    /// comparisons is wrong by chance once in 1.7e6 seeds.
    #[test]
    fn leads_are_absolute_normal_numbers_cut_at_the_longest() {
        const DRAWN: usize = 10_000;
        let (sd, longest): (f64, f64) = (3.0, 5.0);
        let start = [vec![0.0; DRAWN], vec![0.0; DRAWN]];
        let psp = Psp { tau_l: 10.0, tau_s: 3.0 };
        let dendrites = Apical {
            arch: Arch::new(),
            psp,
            start: &start,
            received: std::iter::empty::<(&Arrivals, &Synapses)>(),
            interval: (30.0, 50.0),
        };
        let purpose = Purpose::PlateauTimes(1);
        let key = StreamKey { seed: 1, purpose, presentation: PresentationKey::training(0), phase: 0, block: 0 };
        let mut leads = Vec::new();
        dendrites.end_early(PlateauTimes { sd, longest }, &mut key.stream(), &mut leads, &mut vec![0.0; DRAWN]);

        let a = longest / sd;
        let density = |x: f64| exp(-x * x / 2.0) / std::f64::consts::TAU.sqrt();
        let cut = libm::erfc(a / 2.0_f64.sqrt());
        let mean = 2.0 * sd * (density(0.0) - density(a)) + longest * cut;
        let square = sd.powi(2) * (1.0 - cut - 2.0 * a * density(a)) + longest.powi(2) * cut;
        let of_all = |sum: f64| sum / DRAWN as f64;
        let found = of_all(leads.iter().map(|&lead| f64::from(lead)).sum());
        assert!((found - mean).abs() < 5.0 * of_all(square - mean.powi(2)).sqrt(), "{found}, expected {mean}");
        let found = of_all(leads.iter().filter(|&&lead| f64::from(lead) >= longest).count() as f64);
        assert!((found - cut).abs() < 5.0 * of_all(cut * (1.0 - cut)).sqrt(), "{found}, expected {cut}");
    }
}
