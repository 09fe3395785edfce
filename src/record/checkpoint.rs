//! What a run goes on from.

use super::Evaluation;
use crate::data::DataIdentity;
use crate::engine::LaneState;
use crate::model::Model;
use crate::network::Network;

/// All that a run needs to go on to the bit: what a checkpoint file holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// The merged model file.
    pub model_text: String,
    /// The data it was trained on; none where they were in memory or in the model file, and in files of older versions.
    pub data: Option<DataIdentity>,
    /// Whether it goes back to a checkpoint that was changed after it was written.
    pub edited: bool,
    /// Seed of the run.
    pub seed: u64,
    /// Training presentations done.
    pub examples_seen: u64,
    /// Training presentations the run was to have in all, on which a linear schedule depends.
    pub examples_planned: u64,
    /// Presentations tested so far on the run's clock.
    pub tests_done: u64,
    /// The run's clock [ms]; of a continuous run how far it is recorded.
    pub clock_ms: f64,
    /// Training presentations since the last evaluation.
    pub since_evaluation: SinceEvaluation,
    /// The learning curve so far.
    pub curve: Vec<Evaluation>,
    /// Weights and biases.
    pub network: Network,
    /// Running means of the trains of each projection, [pre] each [1/ms]; empty where the model asks for none.
    pub centres: Vec<Vec<f64>>,
    /// Dynamic state of each lane.
    pub lanes: Vec<LaneState>,
}

/// Training presentations since the last evaluation.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SinceEvaluation {
    /// How many.
    pub examples: u64,
    /// Those decoded wrongly.
    pub errors: u64,
    /// Sum of their losses [1/ms²].
    pub loss: f64,
}

impl Checkpoint {
    /// A run of a model that has not begun: of this network, without dynamic state.
    pub fn of_network(model: &Model, network: Network, seed: u64) -> Self {
        Self {
            model_text: model.text(),
            data: None,
            edited: false,
            seed,
            examples_seen: 0,
            examples_planned: 0,
            tests_done: 0,
            clock_ms: 0.0,
            since_evaluation: SinceEvaluation::default(),
            curve: Vec::new(),
            network,
            centres: Vec::new(),
            lanes: Vec::new(),
        }
    }
}
