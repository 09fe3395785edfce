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

/// Parts of the spikes that some synapses are still to be changed for, one number for each; where delays have a dendritic share.
const PENDING: [&str; 5] = ["pending_neuron", "pending_phase", "pending_time", "pending_trace_1", "pending_trace_2"];

/// Parts of what a rule remembers of postsynaptic neurons, one number for each neuron.
const REMEMBERED: [&str; 4] = ["memory_phase", "memory_time", "memory_1", "memory_2"];

/// Names of the arrays of an input of a population.
pub(crate) struct OnlineArrays {
    /// Of the spikes of its sources, one number for each.
    pub(crate) sent: Vec<String>,
    /// Of the last spikes of the neurons, or of the signals in their place, one number for each neuron.
    pub(crate) fired: Vec<String>,
    /// Of spikes that some synapses are still to be changed for, one number for each; none where delays have no dendritic share.
    pub(crate) pending: Vec<String>,
    /// Of what the rule remembers, one number for each neuron; none of a rule that does not.
    pub(crate) remembered: Vec<String>,
}

/// The names of the arrays of the input of a population at this place, whose delays have such a dendritic share.
pub(crate) fn online_arrays(place: usize, acts_at: PostEvents, dendritic_share: f64) -> OnlineArrays {
    let named = |names: &[&str]| names.iter().map(|name| format!("plastic_{place}_{name}")).collect();
    let remembered: &[&str] = if acts_at == PostEvents::Bursts { &REMEMBERED } else { &[] };
    let pending: &[&str] = if dendritic_share > 0.0 { &PENDING } else { &[] };
    OnlineArrays { sent: named(&SENT), fired: named(&FIRED), pending: named(pending), remembered: named(remembered) }
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
    let names = online_arrays(place, input.acts_at, input.dendritic_share);
    let settled = input.settled_at(clock);
    let trains =
        parts.iter().flat_map(|part| (0..part.targets.last.len()).map(|neuron| part.targets.pending(neuron, settled)));
    let waiting: Vec<_> = if names.pending.is_empty() { Vec::new() } else { trains.collect() };
    let pending = |part: fn(u32, &FiredSpike, f64) -> f64| {
        let spikes = (0_u32..).zip(&waiting).flat_map(|(i, spikes)| spikes.iter().map(move |spike| (i, spike)));
        spikes.map(|(i, spike)| part(i, spike, clock)).collect::<Vec<_>>()
    };
    let of_pending = names.pending.into_iter().zip([
        pending(|i, _, _| f64::from(i)),
        pending(|_, s, clock| s.at.phase - clock),
        pending(|_, s, _| s.at.time),
        pending(|_, s, _| s.before[0]),
        pending(|_, s, _| s.before[1]),
    ]);
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
    out.extend(
        of_sources
            .chain(of_targets)
            .chain(of_pending)
            .chain(of_memories)
            .map(|(name, values)| StateArray { name, values }),
    );
}

/// The values of arrays of these names; none of one that is not there.
fn values<'a>(state: &'a [StateArray], names: &[String]) -> Vec<&'a [f64]> {
    let named = |name: &String| state.iter().find(|of| of.name == *name).map_or(&[][..], |of| &of.values);
    names.iter().map(named).collect()
}

/// Takes up the spikes of the sources of an input, in the phase that begins at 0.
pub(in crate::engine) fn restore_sent(place: usize, input: &mut PlasticInput, state: &[StateArray]) {
    input.clear();
    let of_sources = values(state, &online_arrays(place, input.acts_at, input.dendritic_share).sent);
    for spike in 0..of_sources.iter().map(|values| values.len()).min().unwrap_or(0) {
        let number = |part: usize| of_sources[part][spike];
        let Some(train) = input.sources.trains.get_mut(number(0) as usize) else { continue };
        let at = Moment { phase: number(2), time: number(3) };
        train.push(SentSpike { sent: number(1), at, before: [number(4), number(5)] });
    }
}

/// Takes up the last spikes, and what the rule remembers, of a block of an input whose first neuron is this one.
pub(in crate::engine) fn restore_fired(
    place: usize,
    input: &PlasticInput,
    part: &mut PlasticPart,
    first: usize,
    state: &[StateArray],
) {
    part.clear();
    let names = online_arrays(place, part.acts_at, input.dendritic_share);
    let (of_targets, of_memories) = (values(state, &names.fired), values(state, &names.remembered));
    for (index, memory) in part.memories.iter_mut().enumerate() {
        let number = |part: usize| of_memories[part].get(first + index).copied();
        let numbers = number(0).zip(number(1)).zip(number(2).zip(number(3)));
        if let Some(((phase, time), (a, b))) = numbers {
            *memory = NeuronMemory { numbers: [a, b], at: Moment { phase, time } };
        }
    }
    for index in 0..part.targets.last.len() {
        let number = |part: usize| of_targets[part].get(first + index).copied();
        let numbers = number(0).zip(number(1)).zip(number(2).zip(number(3)));
        if let Some(((phase, time), (a, b))) = numbers {
            // Of synapses with a dendritic share, the spikes that wait follow.
            let settled = if names.pending.is_empty() { clock_reads(0.0) } else { Moment::FOR_EVER };
            part.targets.restore(index, Moment { phase, time }, [a, b], settled);
        }
    }
    if let [neurons, numbers @ ..] = values(state, &names.pending).as_slice() {
        for (spike, &neuron) in neurons.iter().enumerate() {
            let number = |part: usize| numbers[part].get(spike).copied().unwrap_or(0.0);
            let index = (neuron as usize).checked_sub(first).filter(|&index| index < part.targets.last.len());
            let at = Moment { phase: number(0), time: number(1) };
            index.into_iter().for_each(|index| part.targets.restore_pending(index, at, [number(2), number(3)]));
        }
    }
}
