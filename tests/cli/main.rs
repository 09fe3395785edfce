//! The command line: what it prints and writes, what it refuses, and with which exit code.
#![cfg(feature = "cli")]

#[path = "../support/mod.rs"]
mod support;

mod circuit_files;
mod circuit_outputs;
mod circuits;
mod compare;
mod compartments;
mod continuous;
mod data;
mod edited;
mod inspect;
mod outputs;
mod own_cell;
mod plasticity;
mod plot;
mod rate;
mod rate_rule;
mod refusals;
mod reproduce;
mod runs;
mod shell;
mod sparse;
mod threshold;
mod validate;
mod version_0_1;
mod view;
