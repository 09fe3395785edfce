//! Local signals: all that a plasticity rule sees of the neurons at either end of its projection.
//!
//! | signal | unit | what | where it is measured |
//! |---|---|---|---|
//! | `v` | potential, dimensionless as in the paper | mean somatic potential of a phase, without the cell's own spikes | forward phase; not of encoders |
//! | `plateau` | 0 to 1 | plateau α = sigmoid(mean apical potential) at the end of a phase | cells with an apical dendrite |
//! | `sigmoid` | 0 to 1 | mean over a phase of sigmoid(V), V the somatic potential; of cells with a threshold, their spikes over φ_max times its length | not of encoders |
//! | `train` | 1/ms | mean over a phase of the filtered spike train, minus its running mean if the model centres trains | all |
//! | `backprop_error` | 1/ms | backpropagated error: not local, a reference | hidden cells with one path to the output |
//!
//! Means leave out the settling time at the start of a phase.

/// The signals of the neurons of one population after a trial.
#[derive(Clone, Copy, Debug, Default)]
pub struct LocalSignals<'a> {
    /// Number of neurons n.
    pub size: usize,
    /// Signals of each phase of the trial, in their order.
    pub phases: &'a [PhaseSignals<'a>],
    /// Backpropagated error of each neuron, [n] [1/ms]; empty unless a rule of the run reads it.
    pub backprop_error: &'a [f64],
}

/// The signals of the neurons of one population in one phase, [n] each; empty where a quantity is not measured.
#[derive(Clone, Copy, Debug, Default)]
pub struct PhaseSignals<'a> {
    /// Mean somatic potential.
    pub v: &'a [f64],
    /// Plateau α at the end of the phase, 0 to 1.
    pub plateau: &'a [f64],
    /// Mean of sigmoid(V), 0 to 1.
    pub sigmoid: &'a [f64],
    /// Mean of the filtered spike train [1/ms]: of presynaptic neurons over the projection of the rule, of postsynaptic
    /// neurons over the first feedforward projection that they send.
    pub train: &'a [f64],
}

/// What is measured in a phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Quantity {
    /// [`PhaseSignals::v`].
    Potential,
    /// [`PhaseSignals::plateau`].
    Plateau,
    /// [`PhaseSignals::sigmoid`].
    Sigmoid,
    /// [`PhaseSignals::train`].
    Train,
}

/// One of the signals of a population.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Measurement {
    /// A quantity of one phase of the trial, counted from 0.
    Phase(Quantity, usize),
    /// [`LocalSignals::backprop_error`].
    BackpropError,
}

/// The measurements that a rule reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Measurements {
    /// Of the postsynaptic neurons.
    pub post: Vec<Measurement>,
    /// Of the presynaptic neurons.
    pub pre: Vec<Measurement>,
}

impl Quantity {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Potential, Self::Plateau, Self::Sigmoid, Self::Train];

    /// Its name in expressions, before `_` and the name of a phase.
    pub fn name(self) -> &'static str {
        match self {
            Self::Potential => "v",
            Self::Plateau => "plateau",
            Self::Sigmoid => "sigmoid",
            Self::Train => "train",
        }
    }
}

impl Measurement {
    /// Its name in expressions and messages, such as `plateau_target`, given the names of the phases.
    pub fn name(self, phases: &[&str]) -> String {
        match self {
            Self::Phase(quantity, phase) => {
                let phase = phases.get(phase).map_or_else(|| format!("phase{phase}"), |&name| name.to_owned());
                format!("{}_{phase}", quantity.name())
            }
            Self::BackpropError => "backprop_error".to_owned(),
        }
    }
}

impl<'a> LocalSignals<'a> {
    /// The signals of a phase, counted from 0; all empty where the trial has no such phase.
    pub fn phase(&self, phase: usize) -> PhaseSignals<'a> {
        self.phases.get(phase).copied().unwrap_or_default()
    }

    /// The values of a measurement, [n]; empty where it was not made.
    pub fn get(&self, measurement: Measurement) -> &'a [f64] {
        let Measurement::Phase(quantity, phase) = measurement else { return self.backprop_error };
        let signals = self.phase(phase);
        match quantity {
            Quantity::Potential => signals.v,
            Quantity::Plateau => signals.plateau,
            Quantity::Sigmoid => signals.sigmoid,
            Quantity::Train => signals.train,
        }
    }
}
