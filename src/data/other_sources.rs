//! What source populations beside the first fire, in presentations.

use crate::model::{Model, Population, PopulationStimulus};
use crate::protocol::Stimulus;

/// Rates of the sources beside the first, which is shown the stimuli; none of a source without a stimulus of its own.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OtherSources {
    /// In the order of populations, [n] each [1/ms].
    rates: Vec<Vec<f64>>,
}

impl OtherSources {
    /// Those of a model.
    pub fn of(model: &Model) -> Self {
        let rates = |population: &Population| match &population.stimulus {
            Some(PopulationStimulus::Constant { rate_hz }) => vec![rate_hz / 1000.0; population.size],
            Some(PopulationStimulus::Rates { rates_hz }) => rates_hz.iter().map(|hz| hz / 1000.0).collect(),
            _ => vec![0.0; population.size],
        };
        Self {
            rates: model.populations.iter().filter(|population| population.is_source()).skip(1).map(rates).collect(),
        }
    }

    /// The stimuli of all sources, that of the first before the others.
    pub fn after<'a>(&'a self, first: Stimulus<'a>) -> Vec<Stimulus<'a>> {
        std::iter::once(first).chain(self.rates.iter().map(|rates| Stimulus::Rates(rates))).collect()
    }
}
