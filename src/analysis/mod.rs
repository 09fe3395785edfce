//! Measures on records: pure functions of plain data.
//!
//! Times are in ms on the run's clock, rates in Hz, as figures and tables show them.

mod confusion;
mod correlation;
mod credit;
mod fields;
mod histogram;
mod intervals;
#[cfg(feature = "plot")]
mod map;
pub mod mean_field;
mod neighbours;
mod quadratic_form;
mod rates;
mod regression;
mod representation;
mod spectrum;
mod student;
mod wald;

pub use confusion::{confusion, percent_wrong};
pub use correlation::{correlogram, count_correlations};
pub use credit::{angle, feedback_eigenvalue, layer_loss};
pub use fields::{best_matches, shuffled};
pub use histogram::{histogram, linear_edges, log_edges, quantile};
pub use intervals::{Variability, intervals, variability};
#[cfg(feature = "plot")]
pub use map::{Tsne, tsne};
pub use neighbours::{nearest, percent_among_their_own};
pub use quadratic_form::{chi_square_exceeds, sum_of_squares_exceeds};
pub use rates::{rate_course, rates};
pub use regression::Regression;
pub use representation::{linear_cka, rsa};
pub use spectrum::{PowerSpectrum, power_spectrum};
pub use student::{mean_and_deviation, mean_interval, two_sided_t};
pub use wald::wald_density;
