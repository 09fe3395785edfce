//! Run files and checkpoints, written from made-up observations and read back.
#![allow(clippy::float_cmp, reason = "what was written must read back to the bit")]

mod checkpoint;
mod fixture;
mod layout;
mod reading;
mod writing;
