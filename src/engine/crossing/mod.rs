//! The first time at which a potential reaches its threshold, of neurons that `modal/block.rs` cannot settle by a bound.
//!
//! Between events the distance of a potential to its threshold is f(t) = c + Σ_k a_k e^{−λ_k t}, 0 < λ_1 < … < λ_M. Wanted is
//! its first zero in (0, T], for f(0) < 0. The cheapest question that can settle it comes first:
//!
//! 1. *Parabola.* P = Σ_{a_k > 0} λ_k² a_k bounds f'' from above, so f(t) ≤ f(0) + f'(0) t + P t²/2. This is convex in t: where it
//!    is negative at 0 and at T there is no crossing. No exponential is computed.
//! 2. *Partial sums.* c, c + a_1, c + a_1 + a_2, …: f(t) is an average of them with weights 1 − e^{−λ_1 t}, e^{−λ_1 t} −
//!    e^{−λ_2 t}, …; where all are negative there is never a crossing. Their changes of sign bound the number of zeros in
//!    (0, ∞) and have its parity (Laguerre 1883, Journal de Mathématiques Pures et Appliquées 9:99).
//! 3. *End.* With one or two changes of sign at most, f(T) ≥ 0 means one crossing in (0, T]; with one, f(T) < 0 means none.
//! 4. *Interior.* Otherwise f is taken apart into pieces on which it rises, falls, or rises and then falls; they are walked from
//!    the left, up to the first whose maximum or end is at threshold ([`search`]).
//! 5. *Root.* The bracket is closed in to two adjacent floats; the upper one, with f ≥ 0, is the time of the crossing.
//!
//! Every zero is decided by the sign of f as [`Approach::at`] computes it. Tests 1 and 2 only reject, and with a margin above
//! the rounding of that function: where they reject an interval, the search of no longer one ends within it. There is no tolerance
//! to choose. What rounding can do is to find or to miss a crossing whose maximum is within some 1e-15 (|c| + Σ|a_k|) of the
//! threshold; such maxima are counted as grazing.

mod approach;
mod root;
mod search;
#[cfg(test)]
mod tests;

pub use approach::Crossings;
pub(crate) use approach::{Approach, DecayRates};
