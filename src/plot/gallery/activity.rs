//! Rates and inter-spike intervals.

use super::{FORWARD, TARGET, percentages, upright};
use crate::analysis::{Variability, histogram, linear_edges, log_edges};
use crate::plot::{Axis, Figure, Ink, Mark, Panel, Scale, Shape, label};

/// Rates of a population in one phase.
#[derive(Clone, Debug, Default)]
pub struct Activity {
    /// Mean rate of each neuron [neurons] [Hz].
    pub rates: Vec<f64>,
    /// Mean rate of a neuron by the time since the phase began, in bins of equal width [bins] [Hz].
    pub course: Vec<f64>,
}

/// Rates of a population.
#[derive(Clone, Debug, Default)]
pub struct PhaseRates {
    /// Name of the population.
    pub name: String,
    /// φ_max, the largest rate that its neurons can have [Hz]; spikes counted over a short time may be more.
    pub largest: f64,
    /// Width of the bins of the courses [ms].
    pub bin: f64,
    /// Of a continuous run, where the course begins on its clock [ms]; none where rates are those of phases.
    pub run_from: Option<f64>,
    /// In forward phases, or over the run.
    pub forward: Activity,
    /// In target phases, if any were shown.
    pub target: Option<Activity>,
}

/// Rates of populations, one above the other.
pub fn rates(populations: &[PhaseRates]) -> Figure {
    let row = |PhaseRates { name, largest, bin, run_from, forward, target }: &PhaseRates| {
        let mut phases = vec![(if run_from.is_some() { "mean" } else { "forward" }, FORWARD, forward)];
        phases.extend(target.as_ref().map(|target| ("target", TARGET, target)));
        let course = run_from.map_or_else(|| courses(&phases, *bin), |from| run_course(forward, *bin, from));
        vec![distribution(name, *largest, &phases), course]
    };
    let size = [1000, 120 + 230 * populations.len() as u32];
    Figure { size, ..Figure::of(populations.iter().map(row).collect()) }
}

type PhaseActivity<'a> = (&'static str, Ink, &'a Activity);

/// Rates of neurons in bins that end at φ_max: those counted above it are in the last one.
fn distribution(name: &str, phi_max: f64, phases: &[PhaseActivity<'_>]) -> Panel {
    let all = || phases.iter().flat_map(|(_, _, activity)| activity.rates.iter().copied());
    let end = (1.02 * all().fold(1.0, f64::max)).min(phi_max);
    let neurons = phases.first().map_or(0, |(_, _, activity)| activity.rates.len());
    let bins = (2.0 * (neurons as f64).sqrt()).clamp(8.0, 40.0) as usize;
    let edges = linear_edges(0.0, end, bins);
    let within = |activity: &Activity| activity.rates.iter().map(|rate| rate.min(end)).collect::<Vec<_>>();
    let heights: Vec<_> = phases.iter().map(|(_, _, a)| percentages(&histogram(&within(a), &edges))).collect();
    let y = Axis::from_zero("neurons (%)", heights.iter().flatten().copied());
    let marks = phases.iter().zip(heights).map(|((phase, ink, activity), heights)| {
        let mean = activity.rates.iter().sum::<f64>() / activity.rates.len().max(1) as f64;
        Mark::new(&format!("{phase}: {mean:.1} Hz"), *ink, Shape::Bars { edges: edges.clone(), heights })
    });
    let beyond = all().any(|rate| rate > phi_max);
    let title = if beyond { format!("{name}, last bin: φ_max and above") } else { name.to_owned() };
    let x = Axis::linear("mean rate of a neuron (Hz)", [0.0, end]);
    Panel { title, x, y, marks: marks.collect(), ..Panel::default() }
}

fn courses(phases: &[PhaseActivity<'_>], bin: f64) -> Panel {
    let longest = phases.iter().map(|(_, _, activity)| activity.course.len()).max().unwrap_or(0).max(1);
    let line = |activity: &Activity| {
        let middle = |(i, &rate): (usize, &f64)| [(i as f64 + 0.5) * bin, rate];
        activity.course.iter().enumerate().map(middle).collect()
    };
    let all = phases.iter().flat_map(|(_, _, activity)| activity.course.iter().copied());
    Panel {
        title: format!("by time in the phase, bins of {bin} ms"),
        x: Axis::linear("time since the phase began (ms)", [0.0, longest as f64 * bin]),
        y: Axis::from_zero("rate (Hz)", all),
        marks: phases.iter().map(|(phase, ink, a)| Mark::new(phase, *ink, Shape::line(line(a)))).collect(),
        ..Panel::default()
    }
}

/// The mean rate over the time of a continuous run.
fn run_course(activity: &Activity, bin: f64, from: f64) -> Panel {
    let points = activity.course.iter().enumerate().map(|(i, &rate)| [from + (i as f64 + 0.5) * bin, rate]).collect();
    let to = from + activity.course.len().max(1) as f64 * bin;
    Panel {
        title: format!("over the run, bins of {} ms", label(bin, 1)),
        x: Axis::linear("time (ms)", [from, to]),
        y: Axis::from_zero("rate (Hz)", activity.course.iter().copied()),
        marks: vec![Mark::new("", FORWARD, Shape::line(points))],
        ..Panel::default()
    }
}

/// Inter-spike intervals of a population.
#[derive(Clone, Debug, Default)]
pub struct Intervals {
    /// Name of the population.
    pub name: String,
    /// Whether intervals are those within phases, not over all of a continuous run.
    pub within_phases: bool,
    /// All intervals [ms].
    pub intervals: Vec<f64>,
    /// Variability of each neuron with enough intervals.
    pub neurons: Vec<Variability>,
    /// Variability of all trains of the population, if there are enough.
    pub population: Option<Variability>,
}

/// Inter-spike intervals of populations on a logarithmic axis, and their variability.
pub fn isi(populations: &[Intervals]) -> Figure {
    let row = |population: &Intervals| vec![interval_panel(population), variability_panel(population)];
    let size = [1000, 120 + 230 * populations.len() as u32];
    Figure { size, ..Figure::of(populations.iter().map(row).collect()) }
}

fn interval_panel(population: &Intervals) -> Panel {
    let range = [0.01, 2000.0];
    let edges = log_edges(range[0], range[1], 53);
    let heights = percentages(&histogram(&population.intervals, &edges));
    let count = label(population.intervals.len() as f64, 0);
    Panel {
        title: format!(
            "{}: {count} intervals{}",
            population.name,
            if population.within_phases { " within phases" } else { "" }
        ),
        x: Axis { scale: Scale::Log, ..Axis::linear("inter-spike interval (ms)", range) },
        y: Axis::from_zero("intervals (%)", heights.iter().copied()),
        marks: vec![Mark::new("", Ink::Blue, Shape::Bars { edges, heights })],
        ..Panel::default()
    }
}

/// A measure of variability: its name, its ink, and its value.
type VariabilityMeasure = (&'static str, Ink, fn(&Variability) -> f64);

const MEASURES: [VariabilityMeasure; 3] =
    [("CV", Ink::Grey, |v| v.cv), ("CV2", Ink::Blue, |v| v.cv2), ("LV", Ink::Vermillion, |v| v.lv)];

/// Distributions of the variability of neurons, with that of the population in the legend.
fn variability_panel(population: &Intervals) -> Panel {
    let Intervals { neurons, population, .. } = population;
    let values = |of: fn(&Variability) -> f64| neurons.iter().map(of).collect::<Vec<_>>();
    let largest = MEASURES.iter().flat_map(|(.., of)| values(*of)).fold(2.0, f64::max);
    let edges = linear_edges(0.0, largest, 40);
    let heights = MEASURES.map(|(.., of)| percentages(&histogram(&values(of), &edges)));
    let y = Axis::from_zero("neurons (%)", heights.iter().flatten().copied());
    let poisson = Mark::new("", Ink::Grey, upright(1.0, y.range));
    let marks = MEASURES.into_iter().zip(heights).map(|((name, ink, of), heights)| {
        let all = population.as_ref().map_or_else(|| "none".to_owned(), |all| format!("{:.2}", of(all)));
        Mark::new(&format!("{name} {all}"), ink, Shape::Bars { edges: edges.clone(), heights })
    });
    Panel {
        title: format!("variability, neurons: {}", label(neurons.len() as f64, 0)),
        x: Axis::linear("CV, CV2, LV (Poisson train: 1)", [0.0, largest]),
        y,
        marks: marks.chain([poisson]).collect(),
        ..Panel::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_above_the_largest_are_in_the_last_bin() {
        let forward = Activity { rates: vec![10.0, 199.0, 230.0, 200.0], course: vec![] };
        let population = |largest| PhaseRates { largest, forward: forward.clone(), ..PhaseRates::default() };
        let panel = |largest| rates(&[population(largest)]).rows[0].panels[0].clone();
        let Shape::Bars { edges, heights } = &panel(200.0).marks[0].shape else { panic!() };
        assert_eq!((edges.last(), heights.first(), heights.last()), (Some(&200.0), Some(&25.0), Some(&75.0)));
        assert_eq!(panel(200.0).title, ", last bin: φ_max and above");
        assert_eq!((panel(300.0).x.range, panel(300.0).title.as_str()), ([0.0, 1.02 * 230.0], ""));
    }
}
