//! Where windows are cut, and potentials that are probed within them.

use super::*;
use crate::cells::Psp;
use crate::numeric::{PresentationKey, Purpose, StreamKey, WideStream};

fn stream(block: u32) -> WideStream {
    let (purpose, presentation) = (Purpose::Candidates(1), PresentationKey::training(0));
    StreamKey { seed: 1, purpose, presentation, phase: 0, block }.wide()
}

#[test]
fn windows_cut_a_phase_at_the_same_boundaries() {
    let modes = Modes::new(Psp { tau_l: 10.0, tau_s: 3.0 }, 0.7);
    let mut membranes = Membranes::<f32>::new(3, 16);
    let probes = Probes { settle: 32.0, step: 3.4, steps: 1 };
    let hazard = Hazard { size: 3, phi_max: 0.2, length: 50.0, modes };
    let mut boundaries = |windows: &[(f64, f64)]| -> Vec<(f64, Action)> {
        let mut found = Vec::new();
        membranes.start(&modes, [&[0.0; 3]; 4], probes, 50.0);
        membranes.candidates.begin(3, stream);
        for &(from, to) in windows {
            membranes.advance(Arch::new(), hazard, AfferentWeights::Dense(&[]), [from, to], &mut Vec::new());
            found.extend(membranes.pieces.iter().map(|piece| (piece.end, piece.action)));
        }
        found.retain(|&(_, action)| !matches!(action, Action::Wait | Action::End));
        found
    };
    let whole = boundaries(&[(0.0, 50.0)]);
    let (rescale, probe) = (Action::Rescale, |row, settles| Action::Probe { row, settles });
    assert_eq!(
        whole,
        [(16.0, rescale), (32.0, rescale), (32.0, probe(0, true)), (33.7, probe(1, false)), (48.0, rescale)]
    );
    let parts = boundaries(&[(0.0, 16.0), (16.0, 32.0), (32.0, 33.75), (33.75, 50.0)]);
    assert_eq!(whole, parts);
}

/// Six arrivals after the first probe: the group of the first four is in the traces, and two wait for the end of theirs,
/// however often potentials are probed in between; what is probed has all that came before.
#[test]
fn probes_after_the_first_leave_groups_as_they_are() {
    let modes = Modes::new(Psp { tau_l: 10.0, tau_s: 3.0 }, 0.7);
    let events: Vec<Event<f32>> = (0..6)
        .map(|k| Event { time: 2.5 + 0.5 * f64::from(k), afferent: 0, pre: 0, jumps: [0.3, -0.2, -0.1] })
        .collect();
    let weights: Vec<f32> = (0..16_u8).map(|i| f32::from(i) / 16.0).collect();
    let advanced = |steps: usize| {
        let mut membranes = Membranes::<f32>::new(16, 16);
        membranes.start(&modes, [&[0.0; 16]; 4], Probes { settle: 2.0, step: 1.1, steps }, 50.0);
        membranes.candidates.begin(16, stream);
        membranes.events.clone_from(&events);
        let hazard = Hazard { size: 16, phi_max: 0.2, length: 50.0, modes };
        let rows: &[&[f32]] = &[&weights];
        membranes.advance(Arch::new(), hazard, AfferentWeights::Dense(rows), [0.0, 10.0], &mut Vec::new());
        membranes
    };
    let (plain, probed) = (advanced(0), advanced(4));
    assert_eq!((plain.events.len(), probed.events.len()), (2, 2));
    assert!(plain.l == probed.l && plain.s == probed.s && plain.z == probed.z);
    let rows: Vec<_> = probed.probed().collect();
    for (probe, time, arrived) in [(1, 2.55, 1.0), (2, 3.65, 3.0), (3, 4.75, 5.0), (4, 5.85, 6.0)] {
        let decay = |rate: f64| (-time * rate).exp();
        let each = 0.3 * decay(0.1) - 0.2 * decay(1.0 / 3.0) - 0.1 * decay(0.7);
        assert_eq!(rows[probe].0, probe);
        for (v, w) in rows[probe].1.iter().zip(&weights) {
            assert!((f64::from(*v) - arrived * each * f64::from(*w)).abs() < 1e-6, "at {time} ms: {v}");
        }
    }
}
