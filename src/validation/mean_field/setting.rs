//! What is simulated and compared with theory.

use crate::model::Model;
use crate::network::Network;

/// A circuit and the network that its theory is computed of.
#[derive(Clone, Copy, Debug)]
pub struct TheorySetting<'a> {
    /// The model, of the protocol "continuous".
    pub model: &'a Model,
    /// Its network.
    pub network: &'a Network,
    /// The network of the theory: the same, unless a check is to fail.
    pub twin: &'a Network,
    /// Seed of all that is random.
    pub seed: u64,
    /// Model time left out before it is measured [ms].
    pub warmup_ms: f64,
    /// Model time that is measured [ms].
    pub measured_ms: f64,
}
