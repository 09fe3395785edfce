//! How an answer is read.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How an answer is read from the output population: the class of the largest mean over its group, after settling.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Decoding {
    /// Of the mean somatic potential.
    #[default]
    Potential,
    /// Of the spike count.
    Rate,
}
