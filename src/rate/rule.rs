//! What a rate-based learning rule is.

use ndarray::Array2;

use super::{Dense, Layer, Pass};

/// Examples of one batch.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// Inputs, [batch, inputs].
    pub inputs: Array2<f64>,
    /// Wanted answers, [batch, classes].
    pub targets: Array2<f64>,
}

impl Batch {
    /// Number of examples.
    pub fn len(&self) -> usize {
        self.inputs.nrows()
    }

    /// Whether there is no example.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A learning rule of a [`Dense`] network.
///
/// The network is plain data outside of the rule; a rule owns only what is its own: fixed feedback, noise, decoders.
/// Changes are means over the examples of a batch, so that a learning rate means the same at every batch size.
pub trait RateRule {
    /// Shows a batch and returns what the rule adds to each layer, per unit of learning rate.
    fn present(&mut self, network: &Dense, batch: &Batch) -> Vec<Layer>;

    /// Changes what the rule itself learns (feedback weights), as the last batch showed, with `factor` on its rates.
    fn update(&mut self, factor: f64) {
        let _ = factor;
    }

    /// Responses of all layers to `inputs` [batch, inputs], from the first hidden one to the answers, [batch, units] each:
    /// those of a pass, unless the network comes to them otherwise.
    fn respond(&self, network: &Dense, inputs: &Array2<f64>) -> Vec<Array2<f64>> {
        let pass = network.pass(inputs);
        pass.h.into_iter().skip(1).chain([pass.y]).collect()
    }

    /// Answers to `inputs` [batch, inputs].
    ///
    /// # Panics
    /// If the network has no layer.
    fn predict(&self, network: &Dense, inputs: &Array2<f64>) -> Array2<f64> {
        self.respond(network, inputs).pop().expect("a network has layers")
    }
}

/// The errors δ_l of all layers, from the one `at_output`, where `carry(l, δ)` takes the error δ of layer l + 1 to hidden
/// layer l, both [batch, units], before the slope: δ_l = carry(δ_{l+1}) ∘ f'(a_l).
pub(super) fn carry_back(
    network: &Dense,
    pass: &Pass,
    at_output: Array2<f64>,
    mut carry: impl FnMut(usize, &Array2<f64>) -> Array2<f64>,
) -> Vec<Array2<f64>> {
    let mut errors = vec![at_output];
    for l in (0..network.layers.len() - 1).rev() {
        let above = &errors[errors.len() - 1];
        errors.push(carry(l, above) * network.hidden_slopes(pass, l));
    }
    errors.reverse();
    errors
}

/// The changes −δ_l h_{l−1}ᵀ down the errors δ_l, [batch, units] each.
pub(super) fn descend(pass: &Pass, errors: &[Array2<f64>]) -> Vec<Layer> {
    errors.iter().zip(&pass.h).map(|(error, h)| Layer::outer(&-error, h)).collect()
}

/// The error at the drive of the last layer after a pass, [batch, classes].
pub(super) fn output_error(network: &Dense, pass: &Pass, targets: &Array2<f64>) -> Array2<f64> {
    network.readout.errors(&pass.a[network.layers.len() - 1], &pass.y, targets)
}
