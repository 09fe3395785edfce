//! The engine is exact: what is shown of it here, each test a sentence, each tolerance derived or its error rate stated.
#![allow(unreachable_pub, reason = "the modules of a test are seen by nobody else")]

mod closed_forms;
mod continuity;
mod distributions;
mod feedback;
mod networks;
mod precision;
mod solver;
mod statistics;
mod stepped;
mod trains;
