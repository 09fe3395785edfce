//! Times the engine: whole presentations, scaling, and the pieces, against the floor of this machine.
//!
//!     cargo bench                 everything, about two minutes
//!     cargo bench -- pieces       the tables whose name contains a word
//!
//! One thread unless a row says otherwise; medians of several repetitions in turn, so that a ratio holds when the machine's
//! speed drifts. `floor` is the least time in which the row's synaptic events could be done: three fused multiply-adds
//! and four bytes of weight each, at the rates measured first.

mod circuits;
mod curves;
mod machine;
mod pieces;
mod presentations;

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    let asked = |table: &str| wanted.is_empty() || wanted.iter().any(|word| table.contains(word.as_str()));
    let machine = machine::Machine::measure();
    println!("{machine}\n");
    if asked("pieces") {
        pieces::table(&machine);
    }
    if asked("presentations") {
        presentations::table(&machine);
    }
    if asked("scaling") {
        presentations::scaling();
    }
    if asked("threads") {
        presentations::threads();
    }
    if asked("circuits") {
        circuits::table();
    }
    if asked("plasticity") {
        circuits::plasticity();
    }
    if asked("curves") {
        curves::table();
    }
}

/// The median of several repetitions of each of some jobs, done in turn [s].
fn medians(repetitions: usize, jobs: &mut [&mut dyn FnMut() -> f64]) -> Vec<f64> {
    let mut times = vec![Vec::with_capacity(repetitions); jobs.len()];
    jobs.iter_mut().for_each(|job| {
        job();
    });
    for _ in 0..repetitions {
        for (job, times) in jobs.iter_mut().zip(&mut times) {
            times.push(job());
        }
    }
    times
        .into_iter()
        .map(|mut times| {
            times.sort_by(f64::total_cmp);
            times[times.len() / 2]
        })
        .collect()
}
