//! Quantities as files write them: numbers in a range, with a unit, checked once as they are read.
//!
//! A field of a parameter struct is a plain number in the units used inside (ms, per ms); its key in a file names the unit of
//! the file, and the quantity that `with` names holds its range:
//!
//! ```
//! use apical::units::{Conductance, Rate};
//! use schemars::JsonSchema;
//! use serde::{Deserialize, Serialize};
//!
//! /// A cell of one's own.
//! #[derive(Debug, Serialize, Deserialize, JsonSchema)]
//! #[serde(default, deny_unknown_fields)]
//! struct MyCell {
//!     /// Leak conductance [1/ms].
//!     #[serde(rename = "g_l_per_ms", with = "Conductance")]
//!     g_l: f64,
//!     /// Largest firing rate [1/ms]; in a file, in Hz.
//!     #[serde(rename = "phi_max_hz", with = "Rate")]
//!     phi_max: f64,
//! }
//!
//! impl Default for MyCell {
//!     fn default() -> Self {
//!         Self { g_l: 0.1, phi_max: 0.2 }
//!     }
//! }
//!
//! let cell: MyCell = toml::from_str("phi_max_hz = 50")?;
//! assert!((cell.phi_max - 0.05).abs() < 1e-12);
//! let refused = toml::from_str::<MyCell>("g_l_per_ms = 5").unwrap_err().to_string();
//! assert!(refused.contains("expected a number above 0 and of at most 4"), "{refused}");
//! # Ok::<(), toml::de::Error>(())
//! ```

mod number_or_table;
mod quantity;
mod rounded;
pub(crate) mod tagged;
mod text;

pub(crate) use number_or_table::NumberOrTable;
pub use quantity::{Bounds, FileQuantity, Held, OpenEnd};
pub use rounded::{InFull, Rounded};
pub use text::{Count, EdgesName, FactorText, FileName, Name, PathLike, PathText, Whole};

use quantity::quantities;

/// Longest time of a model file [ms].
pub const LONGEST_MS: f64 = 100_000.0;

/// Largest current into a cell [pA].
pub const LARGEST_CURRENT_PA: f64 = 1e9;

/// Longest run of a circuit in model time [ms]: times of spikes have a resolution of 1e-7 ms up to there.
pub const LONGEST_RUN_MS: f64 = 1e9;

/// Largest potential, spread or factor of a model file, in the model's dimensionless volts.
pub const LARGEST_POTENTIAL: f64 = 1000.0;

/// Largest synaptic weight of a model file, in the unit of its port: amplitudes of thousands at once are finite in f32.
pub const LARGEST_WEIGHT: f64 = 1e6;

/// Largest conductance of a membrane in all [1/ms]: amplitudes are kept scaled by e^{γt} over 16 ms, in f32.
const LARGEST_CONDUCTANCE: f64 = 4.0;

quantities! {
    /// A time constant.
    TimeConstant = Bounds::closed(0.25, 1000.0), "ms";
    /// A length of time that may be none.
    Duration = Bounds::closed(0.0, LONGEST_MS), "ms";
    /// A length of time.
    Length = Bounds::above(0.0, LONGEST_MS), "ms";
    /// A time on the clock of a run, or a length of it that may be none.
    ModelTime = Bounds::closed(0.0, LONGEST_RUN_MS), "ms";
    /// The length of a run.
    RunTime = Bounds::above(0.0, LONGEST_RUN_MS), "ms";
    /// The spacing of samples.
    SamplingInterval = Bounds::closed(0.001, 1000.0), "ms";
    /// A conductance over a capacitance, of what is always there.
    Conductance = Bounds::above(0.0, LARGEST_CONDUCTANCE), "1/ms";
    /// A conductance over a capacitance; 0: none.
    Coupling = Bounds::closed(0.0, LARGEST_CONDUCTANCE), "1/ms";
    /// A time constant of an integrate-and-fire cell.
    LifTimeConstant = Bounds::closed(0.05, LONGEST_MS), "ms";
    /// A capacitance.
    Capacitance = Bounds::above(0.0, 1e6), "pF";
    /// A leak conductance; 0: none.
    LeakConductance = Bounds::closed(0.0, 1e6), "nS";
    /// A conductance between compartments; 0: none.
    AxialConductance = Bounds::closed(0.0, 1e6), "nS";
    /// A potential in millivolts.
    Millivolt = Bounds::closed(-LARGEST_POTENTIAL, LARGEST_POTENTIAL), "mV";
    /// A width or spread of a potential in millivolts.
    MillivoltWidth = Bounds::above(0.0, LARGEST_POTENTIAL), "mV";
    /// A spread of a random draw of potentials in millivolts; 0: all are the mean.
    MillivoltSpread = Bounds::closed(0.0, LARGEST_POTENTIAL), "mV";
    /// A current.
    Current = Bounds::closed(-LARGEST_CURRENT_PA, LARGEST_CURRENT_PA), "pA";
    /// A synaptic weight, in the unit of its port.
    SynapticWeight = Bounds::closed(-LARGEST_WEIGHT, LARGEST_WEIGHT), "";
    /// A spread of synaptic weights, in the unit of their port; 0: all are the mean.
    SynapticSpread = Bounds::closed(0.0, LARGEST_WEIGHT), "";
    /// A sum of synaptic weights.
    SummedWeight = Bounds::closed(-1e9, 1e9), "";
    /// A potential.
    Potential = Bounds::closed(-LARGEST_POTENTIAL, LARGEST_POTENTIAL), "";
    /// A spread of a random draw; 0: all are the mean.
    Spread = Bounds::closed(0.0, LARGEST_POTENTIAL), "";
    /// A spread of a random draw, or a factor, other than 0.
    Factor = Bounds::above(0.0, LARGEST_POTENTIAL), "";
    /// A factor on weights; 0: they are gone.
    WeightFactor = Bounds::closed(-LARGEST_POTENTIAL, LARGEST_POTENTIAL), "";
    /// A mean of logarithms of weights; a draw of nine spreads is still a finite f32.
    Logarithm = Bounds::closed(-8.0, 8.0), "";
    /// A spread of logarithms of weights.
    LogarithmSpread = Bounds::closed(0.0, 8.0), "";
    /// A part of a whole, not nothing.
    Fraction = Bounds::above(0.0, 1.0), "";
    /// A part of a whole.
    Share = Bounds::closed(0.0, 1.0), "";
    /// A part that is taken again and again, not all of it.
    Momentum = Bounds::below(0.0, 1.0), "";
    /// A learning rate.
    LearningRate = Bounds::closed(0.0, 1000.0), "";
    /// A learning rate in the unit of a synaptic weight, or that times mV.
    SynapticLearningRate = Bounds::closed(0.0, LARGEST_WEIGHT), "";
    /// A number of pixels.
    Pixels = Bounds::closed(0.1, 100.0), "pixels";
    /// A factor on displacements of pixels; 0: none.
    Displacement = Bounds::closed(0.0, 1000.0), "pixels";
    /// An angle of rotation; 0: none.
    Rotation = Bounds::closed(0.0, 180.0), "degrees";
    /// A gain.
    Gain = Bounds::closed(0.01, 1000.0), "";
    /// A bound on the mean rate of a population: Hz in a file, per ms inside.
    LargestMeanRate = Bounds::above(0.0, 1_000_000.0), "Hz", 1000.0;
    /// A rate of a given train [Hz].
    GivenRate = Bounds::closed(0.0, 10_000.0), "Hz";
    /// A largest firing rate: Hz in a file, per ms inside.
    Rate = Bounds::above(0.0, 10_000.0), "Hz", 1000.0;
}
