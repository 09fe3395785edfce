//! One file per figure, or per family of figures of one experiment.

pub(super) mod ablations;
pub(super) mod bac;
pub(super) mod brunel;
pub(super) mod credit;
pub(super) mod fa_linear;
pub(super) mod fields;
pub(super) mod in_degree;
pub(super) mod maps;
pub(super) mod microcircuit;
pub(super) mod phases;
mod populations;
pub(super) mod prediction;
pub(super) mod recurrent;
pub(super) mod song;
pub(super) mod threshold;
pub(super) mod traces;
pub(super) mod triplet;
pub(super) mod urbanczik_senn;
pub(super) mod variants;
