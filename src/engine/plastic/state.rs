//! The spikes that plasticity remembers, as arrays of the state of a population.

use super::block::PlasticPart;
use super::input::PlasticInput;
use super::moment::{Moment, clock_reads};
use super::signals::NeuronMemory;
use super::sources::SentSpike;
use super::targets::FiredSpike;
use crate::engine::observe::StateArray;
use crate::plasticity::PostEvents;

/// Parts of the spikes of sources, one number for each spike.
const SENT: [&str; 6] = ["source", "sent", "phase", "time", "trace_1", "trace_2"];

/// Parts of the last spikes of postsynaptic neurons, one number for each neuron.
const FIRED: [&str; 4] = ["fired_phase", "fired_time", "fired_trace_1", "fired_trace_2"];

/// Parts of what a rule remembers of postsynaptic neurons, one number for each neuron.
const REMEMBERED: [&str; 4] = ["memory_phase", "memory_time", "memory_1", "memory_2"];

/// Names of the arrays of an input of a population.
pub(crate) struct OnlineArrays {
    /// Of the spikes of its sources, one number for each.
    pub(crate) sent: Vec<String>,
    /// Of the last spikes of the neurons, or of the signals in their place, one number for each neuron.
    pub(crate) fired: Vec<String>,
    /// Of what the rule remembers, one number for each neuron; none of a rule that does not.
    pub(crate) remembered: Vec<String>,
}

/// The names of the arrays of the input of a population at this place.
pub(crate) fn online_arrays(place: usize, acts_at: PostEvents) -> OnlineArrays {
    let named = |names: &[&str]| names.iter().map(|name| format!("plastic_{place}_{name}")).collect();
    let remembered: &[&str] = if acts_at == PostEvents::Bursts { &REMEMBERED } else { &[] };
    OnlineArrays { sent: named(&SENT), fired: named(&FIRED), remembered: named(remembered) }
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
    let parts: Vec<_> = parts.collect();
    let last: Vec<_> = parts.iter().flat_map(|part| &part.targets.last).collect();
    let memories: Vec<_> = parts.iter().flat_map(|part| &part.memories).collect();
    let fired = |part: fn(&FiredSpike, f64) -> f64| last.iter().map(|spike| part(spike, clock)).collect::<Vec<_>>();
    let remember = |part: fn(&NeuronMemory, f64) -> f64| memories.iter().map(|of| part(of, clock)).collect::<Vec<_>>();
    let names = online_arrays(place, input.acts_at);
    let of_sources = names.sent.into_iter().zip([
        sent(|i, _, _| f64::from(i)),
        sent(|_, s, _| s.sent),
        sent(|_, s, clock| s.at.phase - clock),
        sent(|_, s, _| s.at.time),
        sent(|_, s, _| s.before[0]),
        sent(|_, s, _| s.before[1]),
    ]);
    let of_targets = names.fired.into_iter().zip([
        fired(|s, clock| s.at.phase - clock),
        fired(|s, _| s.at.time),
        fired(|s, _| s.before[0]),
        fired(|s, _| s.before[1]),
    ]);
    let of_memories = names.remembered.into_iter().zip([
        remember(|of, clock| of.at.phase - clock),
        remember(|of, _| of.at.time),
        remember(|of, _| of.numbers[0]),
        remember(|of, _| of.numbers[1]),
    ]);
    out.extend(of_sources.chain(of_targets).chain(of_memories).map(|(name, values)| StateArray { name, values }));
}

/// The values of arrays of these names; none of one that is not there.
fn values<'a>(state: &'a [StateArray], names: &[String]) -> Vec<&'a [f64]> {
    let named = |name: &String| state.iter().find(|of| of.name == *name).map_or(&[][..], |of| &of.values);
    names.iter().map(named).collect()
}

/// Takes up the spikes of the sources of an input, in the phase that begins at 0.
pub(in crate::engine) fn restore_sent(place: usize, input: &mut PlasticInput, state: &[StateArray]) {
    input.clear();
    let of_sources = values(state, &online_arrays(place, input.acts_at).sent);
    for spike in 0..of_sources.iter().map(|values| values.len()).min().unwrap_or(0) {
        let number = |part: usize| of_sources[part][spike];
        let Some(train) = input.sources.trains.get_mut(number(0) as usize) else { continue };
        let at = Moment { phase: number(2), time: number(3) };
        train.push(SentSpike { sent: number(1), at, before: [number(4), number(5)] });
    }
}

/// Takes up the last spikes, and what the rule remembers, of a block whose first neuron is this one.
pub(in crate::engine) fn restore_fired(place: usize, part: &mut PlasticPart, first: usize, state: &[StateArray]) {
    part.clear();
    let names = online_arrays(place, part.acts_at);
    let (of_targets, of_memories) = (values(state, &names.fired), values(state, &names.remembered));
    for (index, memory) in part.memories.iter_mut().enumerate() {
        let number = |part: usize| of_memories[part].get(first + index).copied();
        let numbers = number(0).zip(number(1)).zip(number(2).zip(number(3)));
        if let Some(((phase, time), (a, b))) = numbers {
            *memory = NeuronMemory { numbers: [a, b], at: Moment { phase, time } };
        }
    }
    for (index, last) in part.targets.last.iter_mut().enumerate() {
        let number = |part: usize| of_targets[part].get(first + index).copied();
        let numbers = number(0).zip(number(1)).zip(number(2).zip(number(3)));
        if let Some(((phase, time), (a, b))) = numbers {
            *last = FiredSpike::restored(Moment { phase, time }, [a, b], clock_reads(0.0));
        }
    }
}
