//! Neurons against numerical integration, and what must not depend on where they are looked at.

mod integration;

use self::integration::{CellCourse, InputSpike, integrate};
use super::advance::Emitted;
use super::layout::CellPlan;
use super::neuron::CompartmentalNeuron;
use crate::cells::{
    AxialCoupling, BackPropagation, BapCourse, CompartmentMembrane, CompartmentPort, CompartmentalCell, DendriticEvent,
    DendriticEventKind, EventTrigger, Fires, InjectedCurrent, Kernel, NeuronValues, Psp, Reset, Retrigger,
    SpikeGenerator,
};
use crate::engine::limits::SpikeBudget;

/// Soma, dendrite and tuft with all that a cell can have.
fn cell(course: BapCourse, retrigger: Retrigger) -> CompartmentalCell {
    let membrane = |capacitance, leak, reversal, current| CompartmentMembrane {
        capacitance,
        leak,
        reversal,
        current,
        initial: NeuronValues::from(reversal),
    };
    let port = |compartment, kernel| CompartmentPort { compartment, kernel };
    let injected = |compartment, current| InjectedCurrent { compartment, current };
    CompartmentalCell {
        membranes: vec![
            membrane(200.0, 15.0, -70.0, 40.0),
            membrane(90.0, 6.0, -68.0, 0.0),
            membrane(50.0, 3.0, -66.0, -10.0),
        ],
        couplings: vec![
            AxialCoupling { between: [0, 1], conductance: 14.0 },
            AxialCoupling { between: [1, 2], conductance: 9.0 },
        ],
        ports: vec![
            port(0, Kernel::Exponential { tau: 2.0 }),
            port(1, Kernel::Exponential { tau: 2.0 }),
            port(2, Kernel::DoubleExponential(Psp { tau_l: 7.0, tau_s: 0.9 })),
            port(0, Kernel::Delta),
            port(2, Kernel::Delta),
        ],
        spike: SpikeGenerator {
            compartment: 0,
            fires: Fires::Threshold((-55.0).into()),
            reset: Some(Reset { potential: -67.0, refractory_ms: 2.3 }),
        },
        events: vec![
            DendriticEvent {
                kind: DendriticEventKind::Plateau,
                reads: EventTrigger::Potential { compartment: 1, threshold: -57.0 },
                duration: 21.0,
                currents: vec![injected(1, 90.0), injected(0, 60.0)],
                refractory: 13.0,
                retrigger,
            },
            DendriticEvent {
                kind: DendriticEventKind::DendriticSpike,
                reads: EventTrigger::Current { port: 2, threshold: 45.0 },
                duration: 4.0,
                currents: vec![injected(2, 150.0)],
                refractory: 9.0,
                retrigger: Retrigger::Ignore,
            },
        ],
        bap: Some(BackPropagation { delay: 1.4, compartment: 1, amplitude: 300.0, course }),
        burst_window: None,
        background: Vec::new(),
    }
}

/// Random spikes at all ports, at times of a 7th of a millisecond so that some come together, inhibition among them.
fn inputs(seed: u64, count: usize) -> Vec<InputSpike> {
    let mut state = seed;
    let mut draw = move |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let sizes = [90.0, 220.0, 500.0, 2.0, 4.0];
    let mut inputs: Vec<InputSpike> = (0..count)
        .map(|_| {
            let port = draw(5) as usize;
            let sign = if draw(4) == 0 { -1.0 } else { 1.0 };
            InputSpike {
                time: draw(2100) as f64 / 7.0,
                port,
                weight: sign * sizes[port] * (0.5 + draw(100) as f64 / 100.0),
            }
        })
        .collect();
    inputs.sort_by(|a, b| a.time.total_cmp(&b.time));
    inputs
}

/// The course of a neuron that is looked at, and advanced, at `looks` beside its samples.
fn simulate<const M: usize>(
    cell: &CompartmentalCell,
    inputs: &[InputSpike],
    samples: &[f64],
    looks: &[f64],
) -> CellCourse {
    let plan = CellPlan::<M>::new(cell);
    let Fires::Threshold(threshold) = cell.spike.fires else { panic!("of a threshold") };
    let v = cell.membranes.iter().map(|membrane| membrane.initial.mean()).collect();
    let mut neuron = CompartmentalNeuron::new(&plan, v, threshold.mean());
    let budget = SpikeBudget::default();
    budget.set(usize::MAX);
    let mut out = Emitted { budget, ..Emitted::default() };
    let mut times: Vec<(f64, u8, usize)> =
        inputs.iter().enumerate().map(|(index, input)| (input.time, 0, index)).collect();
    times.extend(looks.iter().map(|&time| (time, 1, 0)));
    times.extend(samples.iter().map(|&time| (time, 2, 0)));
    times.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let mut course = CellCourse::default();
    for (time, what, index) in times {
        neuron.advance(&plan, time, &mut out);
        match what {
            0 => neuron.arrive(&plan, time, inputs[index].port, inputs[index].weight),
            1 => (),
            _ => {
                let mut v = Vec::new();
                neuron.potentials(&plan, time, &mut v);
                course.potentials.push(v);
            }
        }
    }
    course.spikes = out.spikes.iter().map(|spike| spike.time).collect();
    course.marks = out.marks;
    course
}

fn grid() -> Vec<f64> {
    (1..=808).map(|k| 0.371 * f64::from(k)).collect()
}

/// Largest differences of times of spikes and marks [ms], and of potentials as a part of their range.
fn differences(a: &CellCourse, b: &CellCourse) -> [f64; 2] {
    assert_eq!((a.spikes.len(), a.marks.len()), (b.spikes.len(), b.marks.len()), "{:?} {:?}", a.marks, b.marks);
    let mut times = 0.0_f64;
    a.spikes.iter().zip(&b.spikes).for_each(|(a, b)| times = times.max((a - b).abs()));
    for (a, b) in a.marks.iter().zip(&b.marks) {
        assert_eq!((a.kind, a.compartment), (b.kind, b.compartment));
        times = times.max((a.start - b.start).abs()).max((a.stop - b.stop).abs());
    }
    let all = || a.potentials.iter().flatten().copied();
    let range = all().fold(f64::MIN, f64::max) - all().fold(f64::MAX, f64::min);
    let pairs = a.potentials.iter().flatten().zip(b.potentials.iter().flatten());
    [times, pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max) / range]
}

#[test]
fn potentials_and_times_are_those_of_numerical_integration() {
    for (seed, course, retrigger) in [
        (1, BapCourse::Box(2.5), Retrigger::Ignore),
        (2, BapCourse::Decay(3.0), Retrigger::Extend),
        (3, BapCourse::Box(9.0), Retrigger::Ignore),
    ] {
        let (cell, inputs, samples) = (cell(course, retrigger), inputs(seed, 400), grid());
        assert_eq!(cell.check(), Ok(()));
        let solved = [1.0 / 64.0, 1.0 / 128.0].map(|h| integrate(&cell, &inputs, &samples, h));
        let ours = simulate::<8>(&cell, &inputs, &samples, &[]);
        let kinds: Vec<_> = ours.marks.iter().map(|mark| mark.kind.name()).collect();
        assert!(ours.spikes.len() > 8 && kinds.contains(&"plateau") && kinds.contains(&"dendritic_spike"), "{kinds:?}");
        let [of_solution, of_potentials] = differences(&solved[0], &solved[1]);
        assert!(of_solution < 1e-8 && of_potentials < 1e-9);
        let [times, potentials] = differences(&ours, &solved[1]);
        assert!(times < 1e-9 && potentials < 1e-9, "{times} ms, {potentials} of the range");
    }
}

#[test]
fn where_a_neuron_is_looked_at_changes_no_bit() {
    let (cell, inputs, samples) = (cell(BapCourse::Box(2.5), Retrigger::Extend), inputs(5, 500), grid());
    let often: Vec<f64> = (0..3000).map(|k| 0.1 * f64::from(k)).collect();
    let [whole, pieces] = [&[][..], &often].map(|looks| simulate::<8>(&cell, &inputs, &samples, looks));
    let bits = |course: &CellCourse| -> Vec<u64> {
        let marks = course.marks.iter().flat_map(|mark| [mark.start, mark.stop]);
        let potentials = course.potentials.iter().flatten().copied();
        course.spikes.iter().copied().chain(marks).chain(potentials).map(f64::to_bits).collect()
    };
    assert!(whole.spikes.len() > 10 && whole.marks.len() > 5);
    assert_eq!(bits(&whole), bits(&pieces));
}

/// V at the onset and at the end of a box is what it was; what jumps is its slope, by I/C.
#[test]
fn potentials_are_continuous_where_boxes_begin_and_end() {
    let cell = CompartmentalCell { bap: None, ..cell(BapCourse::Box(1.0), Retrigger::Ignore) };
    let inputs = [InputSpike { time: 1.0, port: 1, weight: 1300.0 }];
    let mark = simulate::<8>(&cell, &inputs, &[60.0], &[]).marks[0];
    // 90 pA into 90 pF.
    for (at, sign) in [(mark.start, 1.0), (mark.stop, -1.0)] {
        let eps = 1e-5;
        let v = simulate::<8>(&cell, &inputs, &[at - eps, at, at + eps, at + 2.0 * eps], &[]).potentials;
        let slopes = [(v[1][1] - v[0][1]) / eps, (v[2][1] - v[1][1]) / eps];
        assert!((v[2][1] - v[1][1]).abs() < 1e-3 && (v[1][1] - v[0][1]).abs() < 1e-3);
        assert!((slopes[1] - slopes[0] - sign).abs() < 1e-2, "{slopes:?}");
    }
}

#[test]
fn inhibition_before_the_onset_prevents_a_plateau_and_does_not_end_it_after() {
    let cell = CompartmentalCell { bap: None, ..cell(BapCourse::Box(1.0), Retrigger::Ignore) };
    let excitation = InputSpike { time: 5.0, port: 1, weight: 1300.0 };
    let plateaus = |inputs: &[InputSpike]| simulate::<8>(&cell, inputs, &[100.0], &[]).marks;
    let alone = plateaus(&[excitation]);
    assert_eq!(alone.len(), 1);
    let inhibition = |time| InputSpike { time, port: 1, weight: -1200.0 };
    assert_eq!(plateaus(&[excitation, inhibition(0.5 * (5.0 + alone[0].start))]), []);
    assert_eq!(plateaus(&[inhibition(4.0), excitation]), []);
    assert_eq!(plateaus(&[excitation, inhibition(alone[0].start + 0.1)]), alone);
}
