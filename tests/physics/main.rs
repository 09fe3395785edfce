//! The engine is exact, does the work that is counted and no more, and learns as the paper's does: each test a sentence, each
//! tolerance derived or its error rate stated.
#![allow(unreachable_pub, reason = "the modules of a test are seen by nobody else")]

mod circuits;
mod closed_forms;
mod compartments;
mod continuity;
mod continuous;
mod credit;
mod dendritic_delay;
mod distributions;
mod drives;
mod e_prop;
mod exact;
mod feedback;
mod gating;
mod graphs;
mod lif;
mod mean_field;
mod networks;
mod own_rules;
mod plastic_compartments;
mod plasticity;
mod precision;
mod short_term;
mod signals;
mod solver;
mod sparse;
mod statistics;
mod stepped;
mod threshold;
mod trains;
mod work;
