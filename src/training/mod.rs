//! Runs: presentations, learning, epochs, evaluation, resumption.

mod backend;
mod backprop;
mod batch;
mod builder;
mod credit;
mod data_shape;
mod decoding;
mod initial;
mod planned;
mod rate_rule;
mod rules;
mod run;
mod schedule;
mod signals;
mod testing;
#[cfg(test)]
mod tests;
mod threads;
mod trainer;

pub use backend::{NetworkDynamics, expected_rates, responses};
pub use builder::TrainerBuilder;
pub use data_shape::DataMismatch;
pub use decoding::answer;
pub use initial::{InitialError, initial_network};
pub use planned::{planned_test, planned_training};
pub use rate_rule::{RateRuleTrainer, test_rates};
pub use rules::TrainerError;
pub use run::{Ending, History, Monitor, Plan, Plasticity, Progress, RunError, Training};
pub use testing::{Test, Tested};
pub use threads::threads_of_environment;
pub use trainer::Trainer;
