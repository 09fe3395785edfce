//! The spikes that plasticity remembers, as arrays of the state of a population.

use super::block::PlasticPart;
use super::input::PlasticInput;
use super::moment::{Moment, clock_reads};
use super::sources::SentSpike;
use super::targets::FiredSpike;
use crate::engine::observe::StateArray;

/// Parts of the spikes of sources, one number for each spike.
const SENT: [&str; 6] = ["source", "sent", "phase", "time", "trace_1", "trace_2"];

/// Parts of the last spikes of postsynaptic neurons, one number for each neuron.
const FIRED: [&str; 4] = ["fired_phase", "fired_time", "fired_trace_1", "fired_trace_2"];

/// Names of the arrays of the input of a population at this place: of the spikes of its sources, and of the neurons' own.
pub(crate) fn online_arrays(place: usize) -> [Vec<String>; 2] {
    let named = |names: &[&str]| names.iter().map(|name| format!("plastic_{place}_{name}")).collect();
    [named(&SENT), named(&FIRED)]
}

/// Appends the arrays of an input, with those of its blocks, in the phase that begins at `clock`.
pub(in crate::engine) fn save<'a>(
    place: usize,
    input: &PlasticInput,
    parts: impl Iterator<Item = &'a PlasticPart>,
    clock: f64,
    out: &mut Vec<StateArray>,
) {
    let trains = || (0_u32..).zip(&input.sources.trains).flat_map(|(i, train)| train.iter().map(move |s| (i, s)));
    let sent = |part: fn(u32, &SentSpike, f64) -> f64| trains().map(|(i, s)| part(i, s, clock)).collect::<Vec<_>>();
    let last: Vec<_> = parts.flat_map(|part| &part.targets.last).collect();
    let fired = |part: fn(&FiredSpike, f64) -> f64| last.iter().map(|spike| part(spike, clock)).collect::<Vec<_>>();
    let [of_sources, of_targets] = online_arrays(place);
    let of_sources = of_sources.into_iter().zip([
        sent(|i, _, _| f64::from(i)),
        sent(|_, s, _| s.sent),
        sent(|_, s, clock| s.at.phase - clock),
        sent(|_, s, _| s.at.time),
        sent(|_, s, _| s.before[0]),
        sent(|_, s, _| s.before[1]),
    ]);
    let of_targets = of_targets.into_iter().zip([
        fired(|s, clock| s.at.phase - clock),
        fired(|s, _| s.at.time),
        fired(|s, _| s.before[0]),
        fired(|s, _| s.before[1]),
    ]);
    out.extend(of_sources.chain(of_targets).map(|(name, values)| StateArray { name, values }));
}

/// The values of arrays of these names; none of one that is not there.
fn values<'a>(state: &'a [StateArray], names: &[String]) -> Vec<&'a [f64]> {
    let named = |name: &String| state.iter().find(|of| of.name == *name).map_or(&[][..], |of| &of.values);
    names.iter().map(named).collect()
}

/// Takes up the spikes of the sources of an input, in the phase that begins at 0.
pub(in crate::engine) fn restore_sent(place: usize, input: &mut PlasticInput, state: &[StateArray]) {
    input.clear();
    let [of_sources, _] = online_arrays(place).map(|names| values(state, &names));
    for spike in 0..of_sources.iter().map(|values| values.len()).min().unwrap_or(0) {
        let number = |part: usize| of_sources[part][spike];
        let Some(train) = input.sources.trains.get_mut(number(0) as usize) else { continue };
        let at = Moment { phase: number(2), time: number(3) };
        train.push(SentSpike { sent: number(1), at, before: [number(4), number(5)] });
    }
}

/// Takes up the last spikes of a block whose first neuron is this one.
pub(in crate::engine) fn restore_fired(place: usize, part: &mut PlasticPart, first: usize, state: &[StateArray]) {
    part.clear();
    let [_, of_targets] = online_arrays(place).map(|names| values(state, &names));
    for (index, last) in part.targets.last.iter_mut().enumerate() {
        let number = |part: usize| of_targets[part].get(first + index).copied();
        let numbers = number(0).zip(number(1)).zip(number(2).zip(number(3)));
        if let Some(((phase, time), (a, b))) = numbers {
            *last = FiredSpike::restored(Moment { phase, time }, [a, b], clock_reads(0.0));
        }
    }
}
