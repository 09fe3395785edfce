//! The pieces a presentation is made of.

use std::hint::black_box;
use std::time::Instant;

use apical::network::Weights;
use apical::numeric::{exp, sigmoid_all};
use apical::plasticity::{RankOne, apply};
use pulp::{Arch, Simd, WithSimd};

use crate::machine::Machine;
use crate::medians;
use crate::presentations::{Bench, on_threads};

const REPETITIONS: usize = 15;

/// Time of each piece, per unit of its work.
pub(crate) fn table(machine: &Machine) {
    println!("pieces                                        ns");
    let mut numbers: Vec<f64> = (0..4096).map(|i| f64::from(i) * 0.004 - 8.0).collect();
    let each = |seconds: f64| 1e9 * seconds / 4096.0;
    let exps = medians(REPETITIONS, &mut [&mut || timed(|| Arch::new().dispatch(Exps(&mut numbers)))])[0];
    row("exp (f64), each", each(exps));
    let mut numbers: Vec<f64> = (0..4096).map(|i| f64::from(i) * 0.004 - 8.0).collect();
    let sigmoids = medians(REPETITIONS, &mut [&mut || timed(|| sigmoid_all(&mut numbers))])[0];
    row("sigmoid (f64), each", each(sigmoids));
    let mut weights = Weights::zeros(500, 784);
    let mut biases = vec![0.0; 500];
    let term = RankOne { post: vec![1e-9; 500], pre: (0..300).map(|j| (j, 0.01)).collect() };
    let update = medians(
        REPETITIONS,
        &mut [&mut || timed(|| apply(std::iter::once(&term), weights.rows_mut(), 512, &mut biases))],
    )[0];
    row("update, each row of 500", 1e9 * update / 300.0);

    // Without candidates (silent cells) and without input, what is left is the other's cost.
    let silent = ["population.hidden.phi_max_hz=0.001", "population.output.phi_max_hz=0.001"];
    let events = per_unit(&silent, &[silent[0], silent[1], "population.input.phi_max_hz=0.001"], 3);
    row("synaptic event onto three traces, each", events);
    let least = 1e9 * machine.floor(1.0);
    println!("{:<40}{least:>8.3}", "  floor of the machine");
    let unlit = "population.input.phi_max_hz=0.001";
    let candidates = per_unit(&[unlit, "population.output.phi_max_hz=0.001"], &[unlit, silent[0], silent[1]], 1);
    row("candidate, each (its spike included)", candidates);
    println!();
}

/// The difference in time of two variants of 784-500-10, over the difference in one count of work [ns].
fn per_unit(more: &[&str], less: &[&str], count: usize) -> f64 {
    let name = "g17-784-500-10";
    let (more, less) = (Bench::new(name, more), Bench::new(name, less));
    let times =
        on_threads(1, || medians(REPETITIONS, &mut [&mut more.training(100, None), &mut less.training(100, None)]));
    1e9 * (times[0] - times[1]) / (more.work(100)[count] - less.work(100)[count])
}

fn row(title: &str, ns: f64) {
    println!("{title:<40}{ns:>8.3}");
}

fn timed<T>(work: impl FnOnce() -> T) -> f64 {
    let start = Instant::now();
    black_box(work());
    start.elapsed().as_secs_f64()
}

struct Exps<'a>(&'a mut [f64]);

impl WithSimd for Exps<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for x in self.0 {
            *x = exp(-*x * 1e-3);
        }
    }
}
