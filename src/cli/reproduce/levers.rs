//! What goes beyond the paper: the network of least error, and what each of the ways to it is worth.
//!
//! Beside it stand fixed random feedback, and networks that each go without one of the levers of
//! models/g17-784-1000-10x5.toml, at half its width and in a course too short to tell what shifts are worth in a long one.

use super::Published;
use super::comparison::{Comparison, Network, Said, draw};

pub(super) const BEST: Published = Published {
    name: "best",
    about: "test error of the network of least error, with learned and with fixed feedback",
    seeds: [&[1, 2, 3], &[1]],
    run: |task| draw(task, &FEEDBACK),
};

pub(super) const LEVERS: Published = Published {
    name: "levers",
    about: "test error without one lever each of that network, at half its width",
    seeds: [&[1, 2, 3], &[1]],
    run: |task| draw(task, &ABLATIONS),
};

const MODEL: &str = "g17-784-1000-10x5";

/// What stands where nothing was published.
const NOTHING: &str = "-";

const FEEDBACK: Comparison = Comparison {
    title: "784-1000-10 x 5",
    epochs: 20,
    base: Network::shipped("learned feedback", MODEL, NOTHING),
    others: &[Network {
        label: "fixed random feedback",
        model: MODEL,
        variant: "fixed",
        overrides: &["projection.output-hidden.learning_rate=0", "projection.input-hidden.learning_rate=2"],
        published: NOTHING,
        beside: (0, Said::Nothing),
    }],
};

/// Half the width.
const NARROW: &str = "population.hidden.size=500";

const ABLATIONS: Comparison = Comparison {
    title: "What each lever is worth, 784-500-10 x 5",
    epochs: 4,
    base: without("all levers", "narrow", &[NARROW]),
    others: &[
        without(
            "phases of 50 ms, 30 of them settling",
            "short",
            &[NARROW, "protocol.forward_ms=50", "protocol.settle_ms=30", "protocol.target_ms=50"],
        ),
        without(
            "rates of the 784-500-10 model, 0.6 and 0.05",
            "slow",
            &[NARROW, "projection.input-hidden.learning_rate=0.6", "projection.hidden-output.learning_rate=0.05"],
        ),
        without("constant rates", "constant", &[NARROW, "learning.schedule.kind=constant"]),
        without("output slope of the sigmoid", "slope", &[NARROW, "learning.output_slope=sigmoid"]),
        without("trains not centred", "uncentred", &[NARROW, "learning.centring_presentations=0"]),
        without(
            "one output neuron per class",
            "single",
            &[
                NARROW,
                "population.output.size=10",
                "population.output.group=1",
                "projection.output-hidden.weights.shared_in_class=false",
            ],
        ),
        without(
            "feedback not alike in a class",
            "unshared",
            &[NARROW, "projection.output-hidden.weights.shared_in_class=false"],
        ),
        without("fixed random feedback", "fixed", &[NARROW, "projection.output-hidden.learning_rate=0"]),
        without("images not shifted", "unshifted", &[NARROW, "stimuli.shift_pixels=0"]),
        without("1,000 hidden neurons", "wide", &[]),
        Network::shipped("none of all: 784-500-10 of the paper", "g17-784-500-10", NOTHING),
    ],
};

/// The network with keys that differ.
const fn without(label: &'static str, variant: &'static str, overrides: &'static [&'static str]) -> Network {
    Network { label, model: MODEL, variant, overrides, published: NOTHING, beside: (0, Said::Nothing) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_network_is_a_model_and_has_files_of_its_own() {
        for comparison in [&FEEDBACK, &ABLATIONS] {
            comparison.check();
        }
    }
}
