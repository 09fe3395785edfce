//! Draws the synapses of a projection, block by block of postsynaptic neurons, in parallel.
//!
//! A rule gives the targets of every presynaptic neuron in a block; weights and delays are then drawn row by row. Every draw is
//! of a stream keyed by projection and block, so bits do not depend on the number of threads. While it is built, a block takes
//! two bytes a synapse beyond what it keeps, those of a fixed in-degree six.

mod delays;
mod draws;
mod in_degree;
mod listed;
mod out_degree;
mod probability;
mod regular;
mod rows;
mod total_number;

use rayon::prelude::*;

use super::block_csr::SynapseBlock;
use super::{BlockCsr, Synapse, SynapsesError, TARGETS_PER_BLOCK};
use crate::model::{Connection, Delay};

use delays::DelayDraw;
pub(super) use draws::{Draws, WeightSource};
pub(super) use listed::from_list;

use draws::{BlockTargets, ConnectionRule};
use in_degree::FixedInDegree;
use out_degree::FixedOutDegree;
use probability::FixedProbability;
use regular::{AllToAll, OneToOne};
use rows::Allowed;
use total_number::FixedTotalNumber;

/// Draws the sparse synapses of a projection by its rule.
///
/// # Errors
/// More synapses of a block than it can count.
pub(super) fn connect(
    draws: &Draws,
    connection: &Connection,
    delay: Delay,
    weights: WeightSource<'_>,
) -> Result<BlockCsr, SynapsesError> {
    let delay = DelayDraw::new(delay);
    let rule = rule(connection, draws);
    let build = |block: usize| {
        let targets = rule.targets(draws, block)?;
        Ok(with_values(draws, block, targets, weights, &delay))
    };
    let blocks = (0..draws.blocks()).into_par_iter().map(build).collect::<Result<_, _>>()?;
    Ok(BlockCsr::new(draws.ends.pre, draws.ends.post, delay.resolution_ms, blocks))
}

/// The rules by their keys.
fn rule(connection: &Connection, draws: &Draws) -> Box<dyn ConnectionRule> {
    match *connection {
        Connection::OneToOne {} => Box::new(OneToOne),
        Connection::FixedProbability { p, autapses } => Box::new(FixedProbability { p, autapses }),
        Connection::FixedInDegree { in_degree, autapses, multapses } => {
            Box::new(FixedInDegree { in_degree, allowed: Allowed { autapses, multapses } })
        }
        Connection::FixedOutDegree { out_degree, autapses, multapses } => {
            Box::new(FixedOutDegree::new(out_degree, Allowed { autapses, multapses }, draws))
        }
        Connection::FixedTotalNumber { total, autapses, multapses } => {
            Box::new(FixedTotalNumber::new(total, Allowed { autapses, multapses }, draws))
        }
        Connection::AllToAll { autapses } => Box::new(AllToAll { autapses }),
        // Lists are read, not drawn.
        Connection::List { .. } => Box::new(AllToAll { autapses: true }),
    }
}

/// Gives the synapses of a block their weights and delays.
fn with_values(
    draws: &Draws,
    block: usize,
    BlockTargets { lengths, targets }: BlockTargets,
    weights: WeightSource<'_>,
    delay: &DelayDraw,
) -> SynapseBlock {
    let (mut weight_stream, mut delay_stream) = (draws.weights(block), draws.delays(block));
    let mut synapses = Vec::with_capacity(targets.len());
    let mut rest = targets.as_slice();
    for (pre, &length) in lengths.iter().enumerate() {
        let row;
        (row, rest) = rest.split_at(length as usize);
        synapses.extend(row.iter().map(|&target| {
            let weight = match weights {
                WeightSource::Drawn(weights) => weights.draw(&mut weight_stream),
                WeightSource::Matrix(matrix) => matrix.row(pre)[block * TARGETS_PER_BLOCK + target as usize],
            };
            Synapse { target, delay: delay.sample(&mut delay_stream), weight }
        }));
    }
    SynapseBlock::new(&lengths, synapses)
}

#[cfg(test)]
mod tests;
