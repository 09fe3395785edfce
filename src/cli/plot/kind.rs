//! The kinds of figures of `apical plot`.

use clap::ValueEnum;

/// A kind of figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum FigureKind {
    /// Spikes of populations over time.
    Raster,
    /// Potentials of soma and dendrites with spikes, plateaus and teaching currents.
    Traces,
    /// Distributions of plateau potentials at the ends of both phases, and of their difference.
    Plateaus,
    /// Firing rates of neurons, and over the time of a phase.
    Rates,
    /// Inter-spike intervals and their coefficient of variation.
    Isi,
    /// Correlations of counts of pairs of neurons, and the correlogram of spikes of different neurons.
    Correlation,
    /// Power spectra of single trains and of populations; flat at the rate for Poisson trains.
    Spectrum,
    /// Errors and loss over the training presentations.
    Learning,
    /// Answers by label: of the last test, or of the training images if there was none.
    Confusion,
    /// Weights: receptive fields where the input is a square image, else a matrix.
    Weights,
    /// Lengths of forward and target phases.
    Phases,
    /// Angle between changes of hidden weights and those by backpropagation, of runs with `--set recording.credit=true`.
    Angle,
}

impl FigureKind {
    /// Its title.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Raster => "spikes",
            Self::Traces => "potentials",
            Self::Plateaus => "plateau potentials",
            Self::Rates => "firing rates",
            Self::Isi => "inter-spike intervals",
            Self::Correlation => "correlations",
            Self::Spectrum => "power spectra",
            Self::Learning => "learning",
            Self::Confusion => "answers",
            Self::Weights => "weights",
            Self::Phases => "lengths of phases",
            Self::Angle => "assignment of credit",
        }
    }

    /// Its name on the command line.
    pub(super) fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }
}
