//! Measures on records: pure functions of plain data.

mod representation;

pub use representation::{linear_cka, rsa};
