//! What runs of presentations will record, before they run.

use std::ops::Range;

use super::{Test, expected_rates};
use crate::data::Dataset;
use crate::engine::LayoutError;
use crate::model::Model;
use crate::network::Network;
use crate::record::{Planned, PresentationKind};

/// What a training of these presentations will record, with `test_examples` images in each evaluation, from the rates of its
/// network at the start.
///
/// # Errors
/// If the model has no layout.
pub fn planned_training(
    (model, network): (&Model, &Network),
    data: &Dataset,
    presentations: Range<u64>,
    (test_examples, seed): (usize, u64),
) -> Result<Planned, LayoutError> {
    let epoch = data.training.len() as u64;
    let rates = expected_rates((model, network), &data.training, seed)?;
    Ok(Planned {
        kind: PresentationKind::Train,
        presentations,
        epoch,
        tests: test_examples as u64,
        rates,
        span_ms: 0.0..0.0,
    })
}

/// What a test will record.
///
/// # Errors
/// If the model has no layout.
pub fn planned_test(test: &Test<'_>, seed: u64) -> Result<Planned, LayoutError> {
    Ok(Planned {
        kind: PresentationKind::Test,
        presentations: 0..test.examples as u64 * u64::from(test.passes),
        epoch: test.examples as u64,
        tests: 0,
        rates: expected_rates((test.model, test.network), test.shown, seed)?,
        span_ms: 0.0..0.0,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::data::{ImageSet, Presentations, Split};
    use crate::engine::{Circuit, Precision};
    use crate::training::{NetworkDynamics, initial_network};

    #[test]
    fn every_presentation_of_a_run_is_planned() {
        let keys = ["population.input.size=4", "population.hidden.size=3"].map(str::to_owned);
        let model = Model::load("g17-784-500-10".as_ref(), &keys).unwrap();
        let network = initial_network(&model, 1).unwrap();
        let shown = Presentations::all(ImageSet::new(2, 2, vec![9; 12], vec![0, 1, 2]).into());
        let data = Dataset { training: shown.clone(), split: Split::of_table(3), evaluation: shown.clone() };
        let planned = planned_training((&model, &network), &data, 2..6, (3, 1)).unwrap();
        // Evaluations after presentations 3 and 6.
        assert_eq!((planned.rows(), planned.rates.len()), (4 + 2 * 3, 3));
        let circuit = Arc::new(Circuit::new(&model, 1, Precision::Single).unwrap());
        let test = Test {
            model: &model,
            circuit: &circuit,
            dynamics: NetworkDynamics::Spiking,
            network: &network,
            shown: &shown,
            examples: 3,
            passes: 4,
            index: 0,
            clock_ms: 0.0,
        };
        assert_eq!(planned_test(&test, 1).unwrap().rows(), 12);
    }
}
