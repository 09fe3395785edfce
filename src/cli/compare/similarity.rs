//! Similarity of the representations of the same images, layer by layer, by RSA and linear CKA.

use std::path::Path;

use anyhow::{Context, bail};
use ndarray::Array2;
use serde::Serialize;

use crate::analysis::{linear_cka, rsa};
use crate::cli::files::model_named;
use crate::cli::stimuli::{self, StimulusSource};
use crate::data::{Presentations, StimulusLoader};
use crate::model::Model;
use crate::network::Network;
use crate::rate::{Learner, Twin};
use crate::record::Checkpoint;
use crate::training::{NetworkDynamics, responses};

/// Prefix of a checkpoint's path that selects its noiseless twin.
const RATE: &str = "rate:";

/// A trained network whose representations are compared: a checkpoint, run as spikes or as rates.
pub(super) struct ComparedNetwork {
    name: String,
    /// Whether its checkpoint was changed after it was written.
    edited: bool,
    model: Model,
    network: Network,
    seed: u64,
    dynamics: NetworkDynamics,
    data: Option<stimuli::TrainingData>,
    /// Its test images, encoded as in its own model.
    shown: Presentations,
}

/// Responses of a layer to the images.
pub(super) struct LayerResponses {
    name: String,
    /// [images, units].
    responses: Array2<f64>,
}

/// Splits `PATH` or `rate:PATH` into path and dynamics.
pub(super) fn parse_network(text: &str) -> (&Path, NetworkDynamics) {
    match text.strip_prefix(RATE) {
        Some(path) => (Path::new(path), NetworkDynamics::Rate(Twin::Noiseless)),
        None => (Path::new(text), NetworkDynamics::Spiking),
    }
}

impl ComparedNetwork {
    /// Loads the checkpoint of `PATH` or `rate:PATH` by `load`, with the images of `folder` if one is given.
    pub(super) fn load(
        text: &str,
        load: impl Fn(&Path) -> anyhow::Result<Checkpoint>,
        folder: Option<&Path>,
    ) -> anyhow::Result<Self> {
        let (path, dynamics) = parse_network(text);
        model_named(path).as_ref().map_or(Ok(()), |model| refuse_circuit(text, model))?;
        let checkpoint = load(path)?;
        let model = Model::parse(&checkpoint.model_text, &format!("model of {}", path.display()), &[])?;
        refuse_circuit(text, &model)?;
        if let Some(why) = model.lacks_twin().filter(|_| dynamics != NetworkDynamics::Spiking) {
            bail!("{text}: {why}; or leave out `{RATE}`");
        }
        let (data, source) =
            (stimuli::TrainingData::of(&checkpoint, &model), StimulusLoader { folder, ..StimulusLoader::of(&model) });
        let shown = StimulusSource::at(source, folder.is_some(), data.as_ref()).load_evaluation();
        let shown = shown.with_context(|| format!("{}: what it is tested on cannot be loaded", path.display()))?;
        let stem = path.file_name().map(Path::new).map_or_else(String::new, |name| name.display().to_string());
        let name = stem.trim_end_matches(".h5").trim_end_matches(".checkpoint").to_owned();
        let name = if dynamics == NetworkDynamics::Spiking { name } else { format!("{name} as rates") };
        let Checkpoint { network, seed, edited, .. } = checkpoint;
        Ok(Self { name, edited, model, network, seed, dynamics, data, shown })
    }

    /// The data it was trained on, if its checkpoint names them.
    pub(super) fn data(&self) -> Option<&stimuli::TrainingData> {
        self.data.as_ref()
    }

    /// Its test images.
    pub(super) fn shown(&self) -> &Presentations {
        &self.shown
    }

    /// Refuses other test images than `others`.
    pub(super) fn check_shown(&self, others: &Presentations) -> anyhow::Result<()> {
        let of = |shown: &Presentations| (shown.set().sha256().to_vec(), shown.len(), shown.image(0));
        if of(&self.shown) != of(others) {
            bail!("{}: it is tested on other images than the first; --data gives all the same", self.name);
        }
        Ok(())
    }

    /// Responses of its layers but the input to the first `images` test images.
    pub(super) fn layers(&self, images: usize) -> anyhow::Result<Vec<LayerResponses>> {
        let shown = &self.shown;
        if let Some(learner) = Learner::with_weights((&self.model, &self.network), self.seed) {
            return Ok(layers_of(&self.name, &learner, shown, images));
        }
        let all = responses((&self.model, &self.network), self.dynamics, shown, images, self.seed)?;
        let layer = |population: usize| {
            let size = self.model.populations[population].size;
            let responses = Array2::from_shape_fn((images, size), |(image, i)| all[image][population][i]);
            LayerResponses { name: format!("{}: {}", self.name, self.model.populations[population].name), responses }
        };
        Ok((1..self.model.populations.len()).map(layer).collect())
    }
}

/// Refuses a network without presentations.
fn refuse_circuit(text: &str, model: &Model) -> anyhow::Result<()> {
    if model.protocol.continuous().is_none() {
        return Ok(());
    }
    bail!(
        "--representations {text}: a circuit, of the protocol \"continuous\", is shown no images and has no classes; representations \
         are responses to images"
    )
}

/// Responses of the layers of a network trained by this command.
pub(super) fn layers_of(name: &str, learner: &Learner, shown: &Presentations, images: usize) -> Vec<LayerResponses> {
    let all = learner.respond(shown, images);
    let last = all.len();
    let named = |(l, responses): (usize, Array2<f64>)| {
        let layer = if l + 1 == last { "output".to_owned() } else { format!("hidden {}", l + 1) };
        LayerResponses { name: format!("{name}: {layer}"), responses }
    };
    all.into_iter().enumerate().map(named).collect()
}

/// Similarities of every layer with every other, 1 for equal ones; null where a layer responds to all images alike.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::cli) struct Similarities {
    /// Names of the layers.
    layers: Vec<String>,
    /// Images over which they are compared.
    images: usize,
    /// Networks of checkpoints that were changed after they were written.
    edited: Vec<String>,
    /// Representational similarity, −1 to 1, [layers, layers].
    rsa: Vec<Vec<f64>>,
    /// Linear centred kernel alignment, 0 to 1, [layers, layers].
    cka: Vec<Vec<f64>>,
}

impl Similarities {
    /// Compares every layer with every other, those of `trained` among them.
    pub(super) fn of(layers: &[LayerResponses], trained: &[ComparedNetwork]) -> Self {
        let matrix = |measure: &dyn Fn(&LayerResponses, &LayerResponses) -> f64| -> Vec<Vec<f64>> {
            layers.iter().map(|a| layers.iter().map(|b| measure(a, b)).collect()).collect()
        };
        Self {
            layers: layers.iter().map(|layer| layer.name.clone()).collect(),
            images: layers.first().map_or(0, |layer| layer.responses.nrows()),
            edited: trained.iter().filter(|network| network.edited).map(|network| network.name.clone()).collect(),
            rsa: matrix(&|a, b| rsa(a.responses.view(), b.responses.view())),
            cka: matrix(&|a, b| linear_cka(a.responses.view(), b.responses.view())),
        }
    }

    /// A Markdown table: CKA above the diagonal, RSA below.
    pub(super) fn table(&self) -> String {
        let names = &self.layers;
        let cell = |i: usize, j: usize| {
            let measure = match i.cmp(&j) {
                std::cmp::Ordering::Equal => f64::NAN,
                std::cmp::Ordering::Less => self.cka[i][j],
                std::cmp::Ordering::Greater => self.rsa[i][j],
            };
            if measure.is_finite() { format!(" {measure:.3} |") } else { " – |".to_owned() }
        };
        let row = |i: usize| (0..names.len()).fold(format!("\n| {} |", names[i]), |row, j| row + &cell(i, j));
        let head = format!("| CKA above, RSA below | {} |\n|---|{}", names.join(" | "), "---|".repeat(names.len()));
        (0..names.len()).fold(head, |table, i| table + &row(i))
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn every_layer_is_compared_with_every_other() {
        let x = array![[1.0, 0.0, 2.0], [0.0, 1.0, 0.5], [3.0, 1.0, 0.0], [0.5, 0.5, 4.0]];
        let layer = |name: &str, responses: &Array2<f64>| LayerResponses {
            name: name.to_owned(),
            responses: responses.clone(),
        };
        let found = Similarities::of(&[layer("a: hidden 1", &x), layer("b: hidden 1", &(&x * 2.0))], &[]);
        for measure in [&found.cka, &found.rsa] {
            assert!((measure[0][1] - 1.0).abs() < 1e-12);
        }
        let table = found.table();
        assert!(table.contains("\n| a: hidden 1 | – | 1.000 |\n| b: hidden 1 | 1.000 | – |"), "{table}");
    }
}
