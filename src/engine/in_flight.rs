//! Spikes that are on their way to blocks of neurons, as arrays of state.

use super::block_arrivals::Queue;
use super::modal_input::ModalInput;
use super::observe::StateArray;

/// Names of the arrays of spikes in flight, one number for each; they are not there where none is.
pub(crate) const QUEUED: [&str; 8] = [
    "in_flight_block",
    "in_flight_time",
    "in_flight_sent",
    "in_flight_input",
    "in_flight_source",
    "in_flight_from",
    "in_flight_to",
    "in_flight_factor",
];

/// What is in flight to blocks, in the order of [`QUEUED`].
pub(super) fn save<'a>(queues: impl Iterator<Item = &'a Queue>) -> impl Iterator<Item = StateArray> {
    let mut queued: [Vec<f64>; 8] = Default::default();
    for (block, queue) in queues.enumerate() {
        let [blocks, rest @ ..] = &mut queued;
        queue.save(rest);
        blocks.resize(rest[0].len(), block as f64);
    }
    let [.., factors] = &mut queued;
    // All act with their weights as they are: files are those without short-term plasticity.
    if factors.iter().all(|factor| factor.total_cmp(&1.0).is_eq()) {
        factors.clear();
    }
    QUEUED.iter().zip(queued).map(|(name, values)| StateArray { name: (*name).to_owned(), values })
}

/// Hands what was in flight, by the arrays of these names, to `put` with its block, for [`Queue::restore`]; what is of no input of the
/// population is left aside.
pub(super) fn restore<'a>(
    named: impl Fn(&str) -> &'a [f64],
    inputs: &[ModalInput],
    mut put: impl FnMut(usize, [f64; 7]),
) {
    let queued = QUEUED.map(named);
    for index in 0..queued[0].len() {
        let [block, mut rest @ ..] = queued.map(|values| values.get(index).copied().unwrap_or(0.0));
        let [_, _, input, source, _, _, factor] = &mut rest;
        if queued[7].is_empty() {
            *factor = 1.0;
        }
        let (input, source) = (*input, *source);
        let is_sent = inputs.get(input as usize).is_some_and(|input| source < input.pre as f64);
        if is_sent {
            put(block as usize, rest);
        }
    }
}
