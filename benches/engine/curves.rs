//! How the time of a presentation grows with the network, its input, the batch and the threads; with a figure of it.

use std::path::Path;

use apical::plot::{Axis, Dot, Figure, Ink, Mark, Panel, Scale, Shape};

use crate::presentations::{Bench, on_threads};

const NAME: &str = "g17-784-500-10";
const FIGURE: &str = "docs/figures/performance.svg";

/// Time per training presentation [ms] at each value of what is varied.
type Curve = Vec<[f64; 2]>;

/// The network with `key` at each of `values`, trained in turns on a number of threads.
fn curve(key: &str, values: &[f64], threads: usize) -> Curve {
    let mut jobs: Vec<_> = values
        .iter()
        .map(|value| {
            let bench = Bench::new(NAME, &[&format!("{key}={value}")]);
            move || on_threads(threads, || bench.training(96, None)())
        })
        .collect();
    let mut jobs: Vec<&mut dyn FnMut() -> f64> = jobs.iter_mut().map(|job| job as _).collect();
    let times = crate::medians(9, &mut jobs);
    println!("{key}, {threads} thread{}", if threads == 1 { "" } else { "s" });
    values.iter().zip(&times).for_each(|(value, time)| println!("{value:>8} {:>8.3} ms", 1e3 * time));
    values.iter().zip(times).map(|(&value, time)| [value, 1e3 * time]).collect()
}

/// Measures, prints and draws all curves.
pub(crate) fn table() {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let sizes = curve("population.hidden.size", &[100.0, 200.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0], 1);
    let rates = curve("population.input.phi_max_hz", &[10.0, 25.0, 50.0, 100.0, 200.0, 400.0], 1);
    let batches = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0];
    let batch = [1, threads].map(|threads| curve("learning.batch", &batches, threads));
    let all = format!("{threads} threads");
    let [one, many] = batch;
    let panels = vec![
        panel("hidden neurons", [Scale::Log, Scale::Log], vec![("", Ink::Blue, sizes)]),
        panel("largest input rate (Hz)", [Scale::Linear, Scale::Linear], vec![("", Ink::Blue, rates)]),
        panel("batch", [Scale::Log, Scale::Linear], vec![("1 thread", Ink::Blue, one), (&all, Ink::Vermillion, many)]),
    ];
    let title = "Training 784-500-10: time per presentation".to_owned();
    let figure = Figure { title, size: [1000, 360], ..Figure::of(vec![panels]) };
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FIGURE);
    std::fs::write(&path, figure.svg()).expect("the figure");
    println!("drawn in {FIGURE}\n");
}

/// Lines through the points of some curves.
fn panel(x: &str, scales: [Scale; 2], curves: Vec<(&str, Ink, Curve)>) -> Panel {
    let axis = |label: &str, which: usize| {
        let values = curves.iter().flat_map(|(.., points)| points).map(|point| point[which]);
        match scales[which] {
            Scale::Linear => Axis::from_zero(label, values),
            Scale::Log => {
                let [low, high] = values.fold([f64::INFINITY, 0.0_f64], |[low, high], v| [low.min(v), high.max(v)]);
                Axis { scale: Scale::Log, ..Axis::linear(label, [low / 1.5, high * 1.5]) }
            }
        }
    };
    let (x, y) = (axis(x, 0), axis("time (ms)", 1));
    let marks = curves.into_iter().flat_map(|(label, ink, points)| {
        let dots = Mark::new("", ink, Shape::Dots { points: points.clone(), dot: Dot::Circle });
        [Mark::new(label, ink, Shape::line(points)), dots]
    });
    Panel { x, y, marks: marks.collect(), ..Panel::default() }
}
