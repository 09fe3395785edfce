//! States, traces and means in closed form equal what an ODE solver finds from the same spikes, phase after phase.
//!
//! Error budget, relative to the largest |V| of the phase. f64 path: 1e-6, of which the solver uses 1e-8 and rounding
//! 1e-13. f32 path: 1e-4; each of some 10³ arrivals rounds a trace of the size of V to 6e-8, so 2e-6 if at random, 6e-5
//! at worst. Sampled traces are given as f32: 6e-8 beside the f64 tolerance, for they are computed in f64 either way.
//! Mean sigmoids by the midpoint rule every 0.25 ms: 1e-4, once the jump of the teaching currents is over.

use apical::engine::{Lane, Observation, PhaseMeans, Precision};
use apical::protocol::{Sampling, Spike};

use super::networks::{Built, Net, array, assert_close, largest, sampled, show};
use super::solver::{Solved, Solver};

/// Forward and target phase [ms]: neither a whole number of any grid of the engine.
const LENGTHS: [f64; 2] = [51.3, 53.7];
/// Spacing of sampled traces [ms].
const GRID: f64 = 2.3;

/// Seven synapses onto each neuron, also from the five output neurons.
const IN_DEGREE: &str = "kind = 'fixed_in_degree', in_degree = 7";
/// Half of all pairs of neurons.
const HALF: &str = "kind = 'fixed_probability', p = 0.5";

/// Networks that between them have every kind of connection: no hidden layer, feedback without and with a drive of the
/// soma, two hidden layers, delays, sparse synapses with several of one pair of neurons, a slow time constant below the fast one, means
/// from nearly the start of a phase, and of the target phase from earlier on than of the forward phase.
fn networks() -> Vec<Net> {
    let one = Net::new(&[50, 20, 5], 0.0);
    vec![
        Net::new(&[20, 5], 0.0),
        one.clone(),
        Net { g_a: 0.05, ..one.clone() },
        Net { g_a: 0.6, ..one.clone() },
        Net { g_a: 0.05, ..Net::new(&[20, 10, 8, 4], 0.0) },
        Net { g_a: 0.3, forward_delay: 2.5, feedback_delay: 60.0, ..one.clone() },
        Net { g_a: 0.3, connection: Some(IN_DEGREE), ..one.clone() },
        Net { g_a: 0.05, connection: Some(HALF), forward_delay: 2.5, ..Net::new(&[20, 10, 8, 4], 0.0) },
        Net { g_a: 0.3, tau_l: 3.0, tau_s: 10.0, ..one.clone() },
        Net { g_a: 0.1, tau_l: 25.0, tau_s: 0.5, settle: 3.0, ..one.clone() },
        Net { g_a: 0.05, settle: 20.0, target_settle: Some(5.0), ..one },
    ]
}

/// The spikes of a phase that starts at `offset`, from its start.
fn spikes_of(seen: &Observation, phase: usize) -> Vec<Vec<Spike>> {
    let (from, to) = [(0.0, seen.phase_ms(0)), (seen.phase_ms(0), f64::INFINITY)][phase];
    let part = |spikes: &Vec<Spike>| {
        let inside = spikes.iter().filter(|s| (from..to).contains(&s.time));
        inside.map(|s| Spike { time: s.time - from, neuron: s.neuron }).collect()
    };
    seen.spikes.iter().map(part).collect()
}

/// Sampling times of a phase, from its start.
fn samples_of(phase: usize) -> Vec<f64> {
    let (from, length) = ([0.0, LENGTHS[0]][phase], LENGTHS[phase]);
    let times = (0..).map(|k| (f64::from(k) + 0.5) * GRID - from);
    times.skip_while(|&t| t < 0.0).take_while(|&t| t < length).collect()
}

fn check_means(means: &PhaseMeans, solved: &Solved, net: &Net, phase: usize, tolerance: f64) {
    let tolerance = tolerance * solved.largest;
    for p in 1..=net.output() {
        if phase == 0 {
            assert_close(&means.v[p], &solved.mean_v[p], tolerance, &format!("mean V of population {p}"));
        }
        let apical: Vec<f64> = means.plateau[p].iter().map(|a| (a / (1.0 - a)).ln()).collect();
        let scale = largest(&solved.mean_apical[p]).max(solved.largest) / solved.largest;
        assert_close(&apical, &solved.mean_apical[p], tolerance * scale, &format!("mean A of population {p}"));
    }
    if phase == 1 && net.threshold.is_none() {
        assert_close(&means.sigmoid[net.output()], &solved.mean_sigmoid, 1e-4, "mean sigmoid(U)");
    }
    for (k, (found, expected)) in means.trains.iter().zip(&solved.mean_trains).enumerate() {
        // The spikes are given, so trains are exact on either path; traces below 1e-9 /ms are dropped.
        assert_close(found, expected, 1e-8, &format!("mean trains of projection {k}"));
    }
}

fn check_state(lane: &Lane, solved: &Solved, net: &Net, built: &Built, tolerance: f64) {
    let state = lane.state();
    let tolerance = tolerance * solved.largest;
    for (k, projection) in state.projections.iter().enumerate() {
        assert_close(&projection.trace_l, &solved.traces[k][0], 1e-8, &format!("slow traces of projection {k}"));
        assert_close(&projection.trace_s, &solved.traces[k][1], 1e-8, &format!("fast traces of projection {k}"));
        let expected = &solved.in_flight[k];
        assert_eq!(projection.in_flight.len(), expected.len(), "spikes in flight of projection {k}");
        for (a, b) in projection.in_flight.iter().zip(expected) {
            assert!(a.neuron == b.neuron && (a.time - b.time).abs() < 1e-9, "{a:?} in flight, expected {b:?}");
        }
    }
    for p in (1..=net.output()).filter(|_| net.threshold.is_none()) {
        let population = &state.populations[p];
        assert_close(array(population, "v"), &solved.v[p], tolerance, &format!("V of population {p}"));
        // Drives are conductance times potential: the same tolerance, for conductances are below 1 /ms.
        for (trace, found, apical) in [(0, "drive_l", "apical_l"), (1, "drive_s", "apical_s")] {
            let reach = |projection: usize| {
                let mut sums = vec![0.0; net.sizes[p]];
                for (row, x) in built.rows(projection).iter().zip(&solved.traces[projection][trace]) {
                    sums.iter_mut().zip(row).for_each(|(sum, w)| *sum += w * x);
                }
                sums
            };
            let mut drive: Vec<f64> = reach(p - 1).iter().map(|b| 0.6 * b).collect();
            if p < net.output() {
                let fed = reach(net.feedback(p));
                drive.iter_mut().zip(&fed).for_each(|(sum, a)| *sum += net.g_a * a);
                assert_close(
                    array(population, apical),
                    &fed,
                    1e-6 * largest(&fed).max(1.0),
                    &format!("apical traces of population {p}"),
                );
            }
            assert_close(array(population, found), &drive, tolerance * 3.0, &format!("drives of population {p}"));
        }
    }
}

/// Potentials of somata, the first element, are compared where spikes leave them as they are.
fn check_traces(seen: &Observation, solved: [&Solved; 2], net: &Net, tolerance: f64) {
    let first = usize::from(net.threshold.is_some());
    for p in 1..=net.output() {
        let elements = if p < net.output() { 3 } else { 2 };
        let n = net.sizes[p];
        let mut rows = seen.traces[p].chunks_exact(n * elements);
        for solved in solved {
            for expected in &solved.sampled {
                let row = rows.next().expect("a row per sampling time");
                for (e, expected) in expected[p - 1].iter().enumerate().take(elements).skip(first) {
                    let found: Vec<f64> = (0..n).map(|i| f64::from(row[i * elements + e])).collect();
                    let scale = largest(expected).max(solved.largest);
                    assert_close(&found, expected, tolerance * scale, &format!("traces {e} of population {p}"));
                }
            }
        }
        assert!(rows.next().is_none());
    }
}

/// Shows three presentations on end, each from the state of the last, and compares everything after each.
fn solver_and_engine_agree(networks: Vec<Net>, precision: Precision, tolerance: f64) {
    for net in networks {
        eprintln!("{net:?}");
        let built = net.build(5);
        let rates = built.rates();
        let (mut lane, mut solver) = (built.lane(precision), Solver::new(&built));
        for n in 0..3_u8 {
            let label = usize::from(n) % net.sizes[net.output()];
            let show = show(&rates, u64::from(n), LENGTHS, label as u8);
            built.present(&mut lane, &sampled(show, GRID));
            let seen = lane.observation();
            assert!(seen.spikes.iter().all(|spikes| spikes.len() > 10), "{net:?}: too few spikes");
            let forward = solver.phase(LENGTHS[0], None, &spikes_of(seen, 0), &samples_of(0));
            let target = solver.phase(LENGTHS[1], Some(label), &spikes_of(seen, 1), &samples_of(1));
            check_means(&lane.means()[0], &forward, &net, 0, tolerance);
            check_means(&lane.means()[1], &target, &net, 1, tolerance);
            check_traces(seen, [&forward, &target], &net, tolerance.max(1e-6));
            check_state(&lane, &target, &net, &built, tolerance);
        }
    }
}

/// Of this, switching γ in mid-presentation is the target phase of the output population: from 0.7 to 1.7 /ms.
#[test]
fn states_traces_and_means_are_those_of_an_ode_solver_to_1e_6_in_f64() {
    solver_and_engine_agree(networks(), Precision::Double, 1e-6);
}

/// Means of potentials are of V*, which somata would have without their own spikes, whatever these do to V.
#[test]
fn means_of_threshold_cells_are_those_of_an_ode_solver_that_knows_no_reset() {
    let nets = networks().into_iter().skip(1).map(|net| Net { threshold: Some([0.9, -0.4]), ..net });
    solver_and_engine_agree(nets.collect(), Precision::Single, 1e-6);
}

#[test]
fn states_traces_and_means_are_those_of_an_ode_solver_to_1e_4_in_f32() {
    solver_and_engine_agree(networks(), Precision::Single, 1e-4);
}

/// The engine's own traces, every 0.005 ms; the midpoint rule on that grid is itself good to 1e-7.
#[test]
fn mean_sigmoids_every_quarter_of_a_millisecond_are_those_of_a_fine_grid_to_1e_4() {
    const FINE: f64 = 0.005;
    let built = Net { settle: 10.0, ..Net::new(&[50, 20, 5], 0.05) }.build(5);
    let rates = built.rates();
    let mut lane = built.lane(Precision::Single);
    let lengths = [20.0, 40.0];
    for n in 0..10 {
        let sampling = Some(Sampling { first: 30.0 + FINE / 2.0, every: FINE });
        let label = (n % 5) as u8;
        built.present(&mut lane, &super::networks::Shown { sampling, ..show(&rates, n, lengths, label) });
        let traces = &lane.observation().traces[2];
        let rows = traces.chunks_exact(10);
        assert_eq!(rows.len(), 6000, "30 ms");
        let count = rows.len() as f64;
        let mut means = [0.0; 5];
        for row in rows {
            (0..5).for_each(|i| means[i] += 1.0 / (1.0 + f64::from(-row[2 * i]).exp()) / count);
        }
        assert_close(&lane.means()[1].sigmoid[2], &means, 1e-4, "mean sigmoid(U)");
    }
}
