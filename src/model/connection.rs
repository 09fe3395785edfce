//! Connection rules: which neurons of two populations a projection connects, and how its synapses are stored.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::units::tagged;
use crate::units::{EdgesName, PathText, Share, Whole};

/// Postsynaptic neurons whose sparse synapses are stored together, at most 2³² − 1 of them.
pub const TARGETS_PER_BLOCK: usize = 4096;

/// Memory of a sparse synapse [bytes].
pub(crate) const SYNAPSE_BYTES: usize = 8;

/// Which neurons of two populations a projection connects.
///
/// An autapse is a synapse of a neuron onto itself, a multapse one of several of a pair of neurons. Both are allowed unless
/// excluded, as in NEST (`allow_autapses`, `allow_multapses` of its `Connect`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[schemars(rename = "Connection", tag = "kind", transform = tagged::first_is_default)]
#[non_exhaustive]
pub enum Connection {
    /// Each neuron with each.
    AllToAll {
        /// Whether a neuron of a population that projects to itself reaches itself.
        #[serde(default = "allowed")]
        autapses: bool,
    },
    /// Each neuron with the one of the same number, between populations of one size.
    OneToOne {},
    /// Each pair of neurons with this probability, independently of all others.
    FixedProbability {
        /// Probability of a synapse.
        #[serde(with = "Share")]
        p: f64,
        /// Whether a neuron may reach itself.
        #[serde(default = "allowed")]
        autapses: bool,
    },
    /// So many synapses onto each postsynaptic neuron, from presynaptic ones at random.
    FixedInDegree {
        /// Synapses onto each neuron.
        #[serde(with = "Whole::<0, 1_000_000_000>")]
        in_degree: usize,
        /// Whether a neuron may reach itself.
        #[serde(default = "allowed")]
        autapses: bool,
        /// Whether a pair of neurons may have several synapses.
        #[serde(default = "allowed")]
        multapses: bool,
    },
    /// So many synapses of each presynaptic neuron, onto postsynaptic ones at random.
    FixedOutDegree {
        /// Synapses of each neuron.
        #[serde(with = "Whole::<0, 1_000_000_000>")]
        out_degree: usize,
        /// Whether a neuron may reach itself.
        #[serde(default = "allowed")]
        autapses: bool,
        /// Whether a pair of neurons may have several synapses.
        #[serde(default = "allowed")]
        multapses: bool,
    },
    /// So many synapses in all, each between two neurons at random.
    FixedTotalNumber {
        /// Synapses in all.
        #[serde(with = "Whole::<0, 1_000_000_000_000>")]
        total: u64,
        /// Whether a neuron may reach itself.
        #[serde(default = "allowed")]
        autapses: bool,
        /// Whether a pair of neurons may have several synapses.
        #[serde(default = "allowed")]
        multapses: bool,
    },
    /// The synapses of a file: `.csv`, `.npy`, `.npz`, or `.h5`: the edges of a SONATA file, or the sparse synapses of a run file or checkpoint.
    List {
        /// The file.
        #[serde(with = "PathText")]
        path: PathBuf,
        /// Edge population of a SONATA file with several; of a run file or checkpoint the projection, as it was at its end, or
        /// PROJECTION/SNAPSHOT.
        #[serde(default, with = "EdgesName", skip_serializing_if = "Option::is_none")]
        edges: Option<String>,
    },
}

fn allowed() -> bool {
    true
}

impl Default for Connection {
    fn default() -> Self {
        Self::AllToAll { autapses: true }
    }
}

/// The ends of a projection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ends {
    /// Presynaptic neurons.
    pub pre: usize,
    /// Postsynaptic neurons.
    pub post: usize,
    /// Whether they are the same neurons.
    pub recurrent: bool,
}

impl Ends {
    /// Pairs of neurons, those of a neuron with itself included where they may be connected.
    fn pairs(self, autapses: bool) -> f64 {
        let all = self.pre as f64 * self.post as f64;
        if self.recurrent && !autapses { all - self.pre as f64 } else { all }
    }
}

impl Connection {
    /// Whether it is the one that is meant without a word of it.
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Number of synapses, of [`Connection::FixedProbability`] its mean; none of a list, which is not read.
    pub fn expected_synapses(&self, ends: Ends) -> Option<f64> {
        match *self {
            Self::AllToAll { autapses } => Some(ends.pairs(autapses)),
            Self::OneToOne {} => Some(ends.pre as f64),
            Self::FixedProbability { p, autapses } => Some(p * ends.pairs(autapses)),
            Self::FixedInDegree { in_degree, .. } => Some(in_degree as f64 * ends.post as f64),
            Self::FixedOutDegree { out_degree, .. } => Some(out_degree as f64 * ends.pre as f64),
            Self::FixedTotalNumber { total, .. } => Some(total as f64),
            Self::List { .. } => None,
        }
    }

    /// Why it cannot connect populations of these sizes, if it cannot: the key that does not fit, and what was expected.
    pub(super) fn conflict(&self, ends: Ends) -> Option<(&'static str, String)> {
        let Ends { pre, post, recurrent } = ends;
        let others = |n: usize, autapses: bool| if recurrent && !autapses { n - 1 } else { n };
        match *self {
            Self::OneToOne {} if pre != post => {
                Some(("kind", format!("expected populations of one size, found {pre} and {post} neurons")))
            }
            Self::FixedInDegree { in_degree, autapses, multapses } => {
                let there = others(pre, autapses);
                degree_conflict("in_degree", in_degree, there, multapses, "presynaptic")
            }
            Self::FixedOutDegree { out_degree, autapses, multapses } => {
                let there = others(post, autapses);
                degree_conflict("out_degree", out_degree, there, multapses, "postsynaptic")
            }
            Self::FixedTotalNumber { total, autapses, multapses } => {
                let pairs = ends.pairs(autapses);
                let many = total as f64 > pairs && (!multapses || pairs == 0.0);
                many.then(|| {
                    ("total", format!("expected at most {pairs} synapses, one of each pair of neurons, found {total}"))
                })
            }
            _ => None,
        }
        .or_else(|| self.block_conflict(ends))
    }

    /// More synapses than neurons that are stored together can have, whatever the machine.
    fn block_conflict(&self, ends: Ends) -> Option<(&'static str, String)> {
        let (key, found) = match *self {
            Self::FixedInDegree { in_degree, .. } => ("in_degree", in_degree as f64),
            Self::FixedOutDegree { out_degree, .. } => ("out_degree", out_degree as f64),
            Self::FixedTotalNumber { total, .. } => ("total", total as f64),
            _ => return None,
        };
        let synapses = self.expected_synapses(ends)?;
        let most = f64::from(u32::MAX) * (ends.post as f64 / TARGETS_PER_BLOCK as f64).max(1.0);
        (synapses > most).then(|| {
            let why = format!(
                "expected at most {:.0}, that is {} synapses onto any {TARGETS_PER_BLOCK} neurons; found {found}, {synapses} synapses of about {:.0} \
                 GB of memory",
                (found * most / synapses).floor(),
                u32::MAX,
                synapses * SYNAPSE_BYTES as f64 / 1e9
            );
            (key, why)
        })
    }
}

fn degree_conflict(
    key: &'static str,
    degree: usize,
    there: usize,
    multapses: bool,
    which: &str,
) -> Option<(&'static str, String)> {
    let many = degree > there && (!multapses || there == 0);
    many.then(|| {
        let hint = if there > 0 { ", or `multapses` true" } else { "" };
        (key, format!("expected at most {there}, the {which} neurons that may be connected{hint}; found {degree}"))
    })
}

/// How synapses are kept in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Storage {
    /// A weight of each pair of neurons: 4 bytes each, one delay for all.
    Dense,
    /// Those synapses that there are: 8 bytes each, with a delay of each.
    Sparse,
}

/// Synapses as a list has them, one entry of each column a synapse; neurons count from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SynapseList {
    /// Presynaptic neurons.
    pub sources: Vec<u32>,
    /// Postsynaptic neurons.
    pub targets: Vec<u32>,
    /// Weights, if the list has them.
    pub weights: Option<Vec<f32>>,
    /// Delays [ms], if the list has them.
    pub delays_ms: Option<Vec<f64>>,
}
