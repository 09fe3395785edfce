//! Trials and phases.

use crate::numeric::PresentationKey;

/// A spike: when and which neuron of its population.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spike {
    /// Time from the start of the phase or trial it belongs to [ms].
    pub time: f64,
    /// Index of the neuron in its population.
    pub neuron: u32,
}

/// One stimulus of a source population of n neurons.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Stimulus<'a> {
    /// Pixels [n], 0 to 255: rate phi_max · pixel/255.
    Pixels(&'a [u8]),
    /// Rates [n] [1/ms].
    Rates(&'a [f64]),
    /// Spikes at fixed times from the start of the trial, sorted by (time, neuron) [ms].
    Spikes(&'a [Spike]),
}

/// Currents into the cells of a population over a phase, each constant from its time to the next.
#[derive(Clone, Copy, Debug)]
pub struct CurrentCourse<'a> {
    /// The place of the population in the model.
    pub population: usize,
    /// Times from the start of the phase, ascending [ms]. Before the first what held at the end of the phase before goes on.
    pub times_ms: &'a [f64],
    /// Currents [times, 1 for all cells or n] [pA].
    pub currents_pa: &'a [f64],
}

/// What a network is taught in a phase.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Target<'a> {
    /// Nothing: teaching conductances are away.
    #[default]
    None,
    /// A class: the neurons that stand for it are pulled to the excitatory reversal potential, the others to the inhibitory one.
    Class(u32),
    /// A value from 0 to 1 for every class: the share of the excitatory one in the total teaching conductance.
    Values(&'a [f64]),
}

/// Of which populations the mean of sigmoid(V), the mean rate over phi_max, is measured; always of those that send rates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sigmoids<'a> {
    /// Of no others.
    #[default]
    None,
    /// Of those with teaching conductances.
    Taught,
    /// Of those that are true here, in the model's order.
    Of(&'a [bool]),
}

/// What is measured over a phase, from its settling time on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Measures<'a> {
    /// Whether mean somatic potentials are.
    pub potentials: bool,
    /// Whether rates of spikes are counted.
    pub rates: bool,
    /// Means of sigmoid(V).
    pub sigmoids: Sigmoids<'a>,
}

/// Some time under constant conditions.
#[derive(Clone, Copy, Debug)]
pub struct Phase<'a> {
    /// Its length [ms].
    pub length_ms: f64,
    /// How much of its start means leave out [ms].
    pub settle_ms: f64,
    /// A stimulus for each source population, in the order of populations; a source without one is silent.
    pub stimuli: &'a [Stimulus<'a>],
    /// Currents into populations of cells that take any.
    pub currents: &'a [CurrentCourse<'a>],
    /// What is taught.
    pub target: Target<'a>,
    /// What is measured beside plateaus and filtered trains, which always are.
    pub measures: Measures<'a>,
}

/// A grid of times at which traces are sampled within a trial: `first`, `first + every`, … [ms].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampling {
    /// First sample, from the start of the trial [ms].
    pub first: f64,
    /// Spacing [ms].
    pub every: f64,
}

/// What becomes of the spikes of a trial once they have acted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeptSpikes {
    /// They are kept until the next trial, for whoever looks.
    #[default]
    All,
    /// They are forgotten: the memory of a long phase is constant.
    None,
}

/// What is given to a network in one presentation.
#[derive(Clone, Copy, Debug)]
pub struct Trial<'a> {
    /// Key of its random streams.
    pub key: PresentationKey,
    /// Its phases, one after the other.
    pub phases: &'a [Phase<'a>],
    /// What becomes of its spikes.
    pub spikes: KeptSpikes,
    /// Grid on which traces are sampled, if they are.
    pub sampling: Option<Sampling>,
}

impl<'a> Phase<'a> {
    /// A phase of `length_ms` of these stimuli, without a target, of which no more than plateaus and trains is measured.
    pub fn new(length_ms: f64, stimuli: &'a [Stimulus<'a>]) -> Self {
        Self { length_ms, settle_ms: 0.0, stimuli, currents: &[], target: Target::None, measures: Measures::default() }
    }
}

impl<'a> Trial<'a> {
    /// Trial `n` of a run, of these phases, whose spikes are kept.
    pub fn new(n: u64, phases: &'a [Phase<'a>]) -> Self {
        Self { key: PresentationKey::training(n), phases, spikes: KeptSpikes::All, sampling: None }
    }
}

impl Target<'_> {
    /// Whether something is taught.
    pub fn is_given(&self) -> bool {
        !matches!(self, Self::None)
    }
}
