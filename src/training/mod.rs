//! Runs: presentations, learning, epochs, evaluation, resumption. Library code, usable without the command line.

mod batch;
mod course;
mod credit;
mod decoding;
mod initial;
mod rate_rule;
mod run;
mod stage;
mod testing;
#[cfg(test)]
mod tests;
mod trainer;

pub use decoding::answer;
pub use initial::{InitialError, initial_network};
pub use rate_rule::{RateRuleTrainer, test_rates};
pub use run::{Ending, History, Monitor, Plan, Progress, RunError, Synapses, Training};
pub use stage::{Dynamics, expected_rates, responses};
pub use testing::{Test, Tested};
pub use trainer::Trainer;
