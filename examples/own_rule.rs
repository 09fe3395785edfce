//! A plasticity rule of one's own: the delta rule of the output's weights, dW_ij = η (mean_t sigmoid(U_i) − sigmoid(mean_f U_i))
//! mean_f s_j. The model names it, and has a rule of two expressions for its hidden weights. Both learn to tell the four
//! rows of an image of 4 x 4 pixels apart.
//!
//! cargo run --release --example own_rule

use apical::data::{Dataset, ImageSet, Presentations, Split};
use apical::model::Model;
use apical::ndarray::{Array1, Array3};
use apical::numeric::sigmoid;
use apical::plasticity::{BoundaryRule, LocalSignals, Measurement, Measurements, Quantity, RuleRegistry, WeightUpdate};
use apical::training::{Plan, Plasticity, Trainer, Training, initial_network};

/// The rule: which signals it reads, and the change that it makes of them after a trial.
struct Delta;

impl BoundaryRule for Delta {
    fn measurements(&self) -> Measurements {
        let [v, taught, train] = [(Quantity::Potential, 0), (Quantity::Sigmoid, 1), (Quantity::Train, 0)]
            .map(|(quantity, phase)| Measurement::Phase(quantity, phase));
        Measurements { post: vec![v, taught], pre: vec![train] }
    }

    fn change(&self, post: LocalSignals<'_>, pre: LocalSignals<'_>, eta: f64, change: &mut WeightUpdate) {
        let [forward, target] = [0, 1].map(|phase| post.phase(phase));
        let term = change.add_term();
        term.set_post(target.sigmoid.iter().zip(forward.v).map(|(taught, &v)| eta * (taught - sigmoid(v))));
        term.set_pre(pre.phase(0).train.iter().copied());
    }
}

const MODEL: &str = r#"
name = "own-rule"
population = [
    { name = "input", size = 16, kind = "poisson" },
    { name = "hidden", size = 20, kind = "pyramidal" },
    { name = "output", size = 4, kind = "output" },
]

[[projection]]
from = "input"
to = "hidden"
compartment = "basal"
learning_rate = 4
rule = "expression"
post = "(plateau_target - plateau_forward) * sigmoid(v_forward) * (1 - sigmoid(v_forward))"
pre = "train_forward"

[[projection]]
from = "hidden"
to = "output"
compartment = "dendrite"
learning_rate = 2
rule = "delta"

[[projection]]
from = "output"
to = "hidden"
compartment = "apical"
"#;
/// Images of each row; each has one pixel of another row lit as well.
const EACH: usize = 10;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rules = RuleRegistry::default().with("delta", |_| Ok(Box::new(Delta)));
    let model = Model::parse_with(MODEL, "the model above", &[], &rules)?;
    let network = initial_network(&model, 1)?;
    // A rule can also be given for one projection: `.rule("hidden-output", Delta)`.
    let mut trainer = Trainer::builder(&model, network).registry(&rules).build()?;
    let data = images();
    for epoch in [0, 5, 10, 20] {
        let presentations = epoch * data.training.len() as u64;
        let plan = Plan { presentations, test_examples: data.evaluation.len(), plasticity: Plasticity::On };
        trainer.run(&data, plan, &mut (), &mut ())?;
        if let Some(evaluation) = trainer.history().curve.last() {
            println!("error after {presentations:>3} images: {:>4.1} %", evaluation.test_error);
        }
    }
    Ok(())
}

/// Images of one lit row, the class, and a lit pixel elsewhere.
fn images() -> Dataset {
    let lit = |(image, row, column): (usize, usize, usize)| {
        let (class, other) = (image / EACH, image % EACH);
        let extra = ((class + 1 + other % 3) % 4, other % 4);
        if row == class || (row, column) == extra { 255 } else { 0 }
    };
    let images = Array3::from_shape_fn((4 * EACH, 4, 4), lit);
    let labels = Array1::from_shape_fn(4 * EACH, |image| (image / EACH) as u8);
    let images = ImageSet::from_views(images.view(), labels.view()).expect("a label for each image");
    let shown = Presentations::all(images.into());
    Dataset { training: shown.clone(), split: Split::of_table(4 * EACH), evaluation: shown }
}
