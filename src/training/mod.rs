//! Runs: presentations, learning, epochs, evaluation, resumption.

mod backend;
mod batch;
mod course;
mod credit;
mod decoding;
mod initial;
mod rate_rule;
mod run;
mod testing;
#[cfg(test)]
mod tests;
mod trainer;

pub use backend::{Dynamics, expected_rates, responses};
pub use decoding::answer;
pub use initial::{InitialError, initial_network};
pub use rate_rule::{RateRuleTrainer, test_rates};
pub use run::{Ending, History, Monitor, Plan, Progress, RunError, Synapses, Training};
pub use testing::{Test, Tested};
pub use trainer::Trainer;
