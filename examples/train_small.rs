//! Trains 784-100-10 on 2,000 images of MNIST and tells how many of 500 others it gets wrong: a run through the library,
//! without the command line and without a file.
//!
//! cargo run --release --example train_small

use apical::data::{Dataset, Presentations, StimulusLoader};
use apical::model::Model;
use apical::training::{Plan, Plasticity, Trainer, Training, initial_network};

const TRAINED_ON: usize = 2000;
const TESTED_ON: usize = 500;
const SEED: u64 = 1;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // A shipped model, and the keys in which this network differs from it.
    let overrides = ["name=small", "population.hidden.size=100"].map(str::to_owned);
    let model = Model::load("g17-784-500-10".as_ref(), &overrides)?;

    // From data/mnist; an epoch is as long as what is trained on.
    let Dataset { training, evaluation, split } = StimulusLoader::of(&model).load()?;
    let training = Presentations::new(training.set().clone(), 0..TRAINED_ON);
    let data = Dataset { training, evaluation, split };

    let mut trainer = Trainer::new(&model, initial_network(&model, SEED)?, SEED)?;
    for epoch in 1..=2 {
        let presentations = epoch * TRAINED_ON as u64;
        let plan = Plan { presentations, test_examples: TESTED_ON, plasticity: Plasticity::On };
        // Recorded by `()`, which keeps nothing; watched by `()`, which never stops a run.
        trainer.run(&data, plan, &mut (), &mut ())?;
        if let Some(evaluation) = trainer.history().curve.last() {
            println!("test error after {presentations} images: {:.1} %", evaluation.test_error);
        }
    }
    Ok(())
}
