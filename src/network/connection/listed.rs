//! Synapses of a list.

use super::delays::DelayDraw;
use super::draws::{Draws, WeightSource};
use crate::model::{Delay, Projection, SynapseList, WeightInit};
use crate::network::{BlockCsr, ListedSynapse, SynapsesError, TARGETS_PER_BLOCK};

/// The synapses of a list, with its weights and delays or those that are drawn in their place, in the order of the list. One in the order of
/// storage, as run files have them, keeps it: several synapses of a pair of neurons then act in the order in which they did before.
///
/// # Errors
/// Columns of different lengths or that are not there, neurons that are not there, weights of another sign than the projection's or that are not
/// finite, delays that do not round to 1 to 65,535 steps.
pub(in crate::network) fn from_list(
    draws: &Draws,
    projection: &Projection,
    drawn: Option<WeightSource<'_>>,
    list: &SynapseList,
) -> Result<BlockCsr, SynapsesError> {
    let delay = DelayDraw::new(projection.delay);
    check(projection, drawn.is_some(), &delay, list)?;
    let (mut weight_stream, mut delay_stream) = (draws.weights(0), draws.delays(0));
    let synapse = move |index: usize| {
        let weight = match (drawn, &list.weights) {
            (Some(WeightSource::Drawn(drawn)), _) => drawn.draw(&mut weight_stream),
            (_, Some(weights)) => weights[index],
            _ => 0.0,
        };
        let delay = match (projection.delay, &list.delays_ms) {
            (Delay::List { .. }, Some(delays)) => delay.listed(delays[index]).unwrap_or(1),
            _ => delay.sample(&mut delay_stream),
        };
        ListedSynapse { source: list.sources[index], target: list.targets[index], delay, weight }
    };
    let synapses = (0..list.sources.len()).map(synapse);
    let order = |s: &ListedSynapse| (s.target as usize / TARGETS_PER_BLOCK, s.source, s.delay, s.target);
    if projection.weights == WeightInit::List && synapses.clone().is_sorted_by_key(|synapse| order(&synapse)) {
        return BlockCsr::from_stored(draws.ends.pre, draws.ends.post, delay.resolution_ms, synapses);
    }
    BlockCsr::from_synapses(draws.ends.pre, draws.ends.post, delay.resolution_ms, synapses)
}

fn check(
    projection: &Projection,
    weights_drawn: bool,
    delay: &DelayDraw,
    list: &SynapseList,
) -> Result<(), SynapsesError> {
    let SynapseList { sources, targets, weights, delays_ms } = list;
    let lengths = [Some(targets.len()), weights.as_ref().map(Vec::len), delays_ms.as_ref().map(Vec::len)];
    if let Some(found) = lengths.into_iter().flatten().find(|&length| length != sources.len()) {
        return Err(SynapsesError::Columns { expected: sources.len(), found });
    }
    match weights {
        _ if weights_drawn => (),
        None => return Err(SynapsesError::NoColumn { column: "weight" }),
        Some(weights) => {
            let wrong = |&&w: &&f32| !w.is_finite() || !projection.sign.allows(f64::from(w));
            if let Some(index) = weights.iter().position(|w| wrong(&w)) {
                let sign = projection.sign.name();
                return Err(SynapsesError::Weight { index, found: weights[index], sign });
            }
        }
    }
    let Delay::List { resolution_ms } = projection.delay else { return Ok(()) };
    let Some(delays) = delays_ms else { return Err(SynapsesError::NoColumn { column: "delay_ms" }) };
    match delays.iter().position(|&delay_ms| delay.listed(delay_ms).is_none()) {
        Some(index) => Err(SynapsesError::Delay { index, found: delays[index], resolution_ms }),
        None => Ok(()),
    }
}
