//! The rules, one file each.

mod autoencoders;
pub mod backprop;
mod delta;
mod difference_target;
mod equilibrium;
mod feedback_alignment;
mod hebbian;
mod perturbation;
mod pseudobackprop;
mod quantised;
mod segregated;
mod target_propagation;
mod temporal_derivative;

pub use autoencoders::StackedAutoencoders;
pub use backprop::Backprop;
pub use delta::Delta;
pub use difference_target::{DifferenceTarget, Top};
pub use equilibrium::{Equilibrium, NudgeSign};
pub use feedback_alignment::{FeedbackAlignment, Route};
pub use hebbian::{Hebbian, Oja};
pub use perturbation::{NodePerturbation, WeightPerturbation};
pub use pseudobackprop::Pseudobackprop;
pub use quantised::Quantised;
pub use segregated::SegregatedDendrites;
pub use target_propagation::TargetPropagation;
pub use temporal_derivative::TemporalDerivative;
