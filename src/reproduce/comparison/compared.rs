//! Models that are compared, and what was published of them.

/// Models compared with a base model.
pub(in crate::reproduce) struct ModelComparison {
    pub(in crate::reproduce) title: &'static str,
    /// Epochs of models that have no number of their own.
    pub(in crate::reproduce) epochs: u32,
    pub(in crate::reproduce) base: ComparedModel,
    pub(in crate::reproduce) others: &'static [ComparedModel],
}

/// A model of a comparison.
pub(in crate::reproduce) struct ComparedModel {
    /// Name in figure and table.
    pub(in crate::reproduce) label: &'static str,
    /// Name of a shipped model.
    pub(in crate::reproduce) model: &'static str,
    /// Distinguishes it from the shipped model in the names of files; empty if no key differs.
    pub(in crate::reproduce) variant: &'static str,
    /// Keys of the model that differ, as in `--set`.
    pub(in crate::reproduce) overrides: &'static [&'static str],
    /// Its own number of epochs.
    pub(in crate::reproduce) epochs: Option<u32>,
    /// Test error that the paper reports.
    pub(in crate::reproduce) published: &'static str,
    /// The models it is compared with, by index (0: the base), and the published order of both test errors.
    pub(in crate::reproduce) beside: &'static [(usize, PublishedOrder)],
}

/// The published order of a test error relative to another. Sizes of differences are not compared: variants are trained for
/// fewer epochs than the published ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::reproduce) enum PublishedOrder {
    Lower,
    NoHigher,
    Higher,
    None,
}

/// Largest difference called "hardly higher" [percentage points].
pub(super) const HARDLY: f64 = 0.2;

impl PublishedOrder {
    fn text(self) -> &'static str {
        match self {
            Self::Lower => "lower",
            Self::NoHigher => "no higher, or hardly",
            Self::Higher => "higher",
            Self::None => "-",
        }
    }

    /// Compares the order with an interval of the difference [percentage points].
    pub(super) fn verdict(self, [low, high]: [f64; 2]) -> &'static str {
        match self {
            Self::None => "",
            Self::Lower if high < 0.0 => ": lower, as published",
            Self::Higher if low > 0.0 => ": higher, as published",
            Self::NoHigher if high < HARDLY && low > 0.0 => ": higher, by less than 0.2",
            Self::NoHigher if high < HARDLY => ": as published",
            Self::Lower if low > 0.0 => ": the opposite of what is published",
            Self::Higher if high < 0.0 => ": the opposite of what is published",
            Self::NoHigher if low > 0.0 => ": higher, not as published",
            Self::Lower | Self::Higher | Self::NoHigher => ": undecided",
        }
    }
}

impl ComparedModel {
    /// A shipped model without changes.
    pub(in crate::reproduce) const fn shipped(
        label: &'static str,
        model: &'static str,
        published: &'static str,
    ) -> Self {
        Self { label, model, variant: "", overrides: &[], epochs: None, published, beside: BASE_ALONE }
    }

    /// Sets the models it is compared with, and the published orders.
    pub(in crate::reproduce) const fn beside(self, beside: &'static [(usize, PublishedOrder)]) -> Self {
        Self { beside, ..self }
    }

    /// The published difference from another model, if both errors are numbers; else the published order.
    pub(super) fn published_difference(&self, other: &Self, order: PublishedOrder) -> String {
        let number = |model: &Self| model.published.split(' ').next().and_then(|word| word.parse::<f64>().ok());
        match (number(self), number(other)) {
            (Some(own), Some(other)) => format!("{:+.1} after 60 epochs", own - other),
            _ => order.text().to_owned(),
        }
    }
}

/// A comparison with the base without a published order.
pub(in crate::reproduce) const BASE_ALONE: &[(usize, PublishedOrder)] = &[(0, PublishedOrder::None)];
