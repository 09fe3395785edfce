//! Extensions of the published experiments: the network of least test error, and ablations of it.
//!
//! Beside it stand fixed random feedback, at a hidden rate of its own, and a course three times as long, at a hidden rate
//! chosen for that. Ablations of models/g17-784-1000-10x5.toml are run at half its width for 3 epochs,
//! at learning rates chosen for the whole network: a network without a component could have a smaller error at rates of its own.

use crate::reproduce::comparison::{ComparedModel, ModelComparison, draw};
use crate::reproduce::{PublishedFigure, ReproduceCause};

pub(in crate::reproduce) const BEST: PublishedFigure = PublishedFigure {
    name: "best",
    about: "test error of the network of least error, with learned and with fixed feedback, and in a longer course",
    seeds: [&[1, 2, 3], &[1]],
    run: |task| draw(task, &LEAST),
};

pub(in crate::reproduce) const FASHION: PublishedFigure = PublishedFigure {
    name: "fashion",
    about: "test error of 1568-1000-10 x 5 on Fashion-MNIST, given by --data, with learned and with fixed feedback",
    seeds: [&[1, 2, 3], &[1]],
    run: |task| match task.data {
        Some(_) => draw(task, &LEAST_OF_FASHION),
        None => Err(ReproduceCause::NoImages { figure: "fashion", images: "Fashion-MNIST" }.into()),
    },
};

pub(in crate::reproduce) const LEVERS: PublishedFigure = PublishedFigure {
    name: "levers",
    about: "test error of 784-500-10 x 5 after 3 epochs, without one lever each of the network of least error",
    seeds: [&[1, 2, 3], &[1]],
    run: |task| draw(task, &ABLATIONS),
};

const MODEL: &str = "g17-784-1000-10x5";

const LEARNED: &str = "learned feedback";
const FIXED: &str = "fixed random feedback";

/// In place of a published number where there is none.
const NOT_PUBLISHED: &str = "-";

const LEAST: ModelComparison = ModelComparison {
    title: "784-1000-10 x 5",
    epochs: 20,
    base: ComparedModel::shipped(LEARNED, MODEL, NOT_PUBLISHED),
    others: &[
        with(FIXED, "fixed", &["projection.output-hidden.learning_rate=0", "projection.input-hidden.learning_rate=2"]),
        ComparedModel {
            epochs: Some(60),
            ..with("learned feedback, hidden rate 0.5", "long", &["projection.input-hidden.learning_rate=0.5"])
        },
    ],
};

/// Of Fashion-MNIST.
const OF_FASHION: &str = "g17-1568-1000-10x5";

const LEAST_OF_FASHION: ModelComparison = ModelComparison {
    title: "1568-1000-10 x 5, Fashion-MNIST",
    epochs: 25,
    base: ComparedModel::shipped(LEARNED, OF_FASHION, NOT_PUBLISHED),
    others: &[ComparedModel {
        model: OF_FASHION,
        ..with(FIXED, "fixed", &["projection.output-hidden.learning_rate=0", "projection.input-hidden.learning_rate=1"])
    }],
};

/// Half the width.
const NARROW: &str = "population.hidden.size=500";

/// Images as they are: shifts are a lever of their own.
const UNSHIFTED: &str = "stimuli.shift_pixels=0";

const ABLATIONS: ModelComparison = ModelComparison {
    title: "What each lever is worth, 784-500-10 x 5",
    epochs: 3,
    base: with("all levers but shifts", "narrow", &[NARROW, UNSHIFTED]),
    others: &[
        with(
            "phases of 50 ms, 30 ms settling in tests too",
            "narrow-short",
            &[NARROW, UNSHIFTED, "protocol.forward_ms=50", "protocol.settle_ms=30", "protocol.target_ms=50"],
        ),
        with(
            "rates of the 784-500-10 model, 0.6 and 0.05",
            "narrow-slow",
            &[
                NARROW,
                UNSHIFTED,
                "projection.input-hidden.learning_rate=0.6",
                "projection.hidden-output.learning_rate=0.05",
                "projection.output-hidden.learning_rate=0.015",
            ],
        ),
        with(
            "learning rates that do not fall",
            "narrow-constant",
            &[NARROW, UNSHIFTED, "learning.schedule.kind=constant"],
        ),
        with("output slope of the sigmoid", "narrow-slope", &[NARROW, UNSHIFTED, "learning.output_slope=sigmoid"]),
        with("trains not centred", "narrow-uncentred", &[NARROW, UNSHIFTED, "learning.centring_presentations=0"]),
        with(
            "one output neuron per class, of five times the feedback",
            "narrow-single",
            &[
                NARROW,
                UNSHIFTED,
                "population.output.size=10",
                "population.output.group=1",
                "projection.output-hidden.weights.shared_in_class=false",
                "projection.output-hidden.weights.scale=0.5",
                "projection.output-hidden.learning_rate=0.15",
            ],
        ),
        with(
            // Five that differ add up to less than five alike: sqrt 5 times a weight, not 5 times.
            "feedback not alike in a class, as strong in sum",
            "narrow-unshared",
            &[
                NARROW,
                UNSHIFTED,
                "projection.output-hidden.weights.shared_in_class=false",
                "projection.output-hidden.weights.scale=0.224",
            ],
        ),
        with(
            "fixed random feedback, hidden rate 2",
            "narrow-fixed",
            &[NARROW, UNSHIFTED, "projection.output-hidden.learning_rate=0", "projection.input-hidden.learning_rate=2"],
        ),
        with("images shifted by up to a pixel", "narrow-shifted", &[NARROW]),
        with("1,000 hidden neurons", "wide", &[UNSHIFTED]),
        ComparedModel::shipped("none of all: g17-784-500-10", "g17-784-500-10", NOT_PUBLISHED),
    ],
};

/// The network with keys that differ.
const fn with(label: &'static str, variant: &'static str, overrides: &'static [&'static str]) -> ComparedModel {
    ComparedModel { variant, overrides, ..ComparedModel::shipped(label, MODEL, NOT_PUBLISHED) }
}

#[cfg(test)]
pub(in crate::reproduce) const COMPARISONS: [&ModelComparison; 3] = [&LEAST, &LEAST_OF_FASHION, &ABLATIONS];
