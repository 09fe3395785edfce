//! Checkpoints: all that a run needs to go on to the bit.

use std::path::Path;

use hdf5::{File, Group, H5Type, Result};

use super::open_file::{CHECKPOINT_FORMAT, Format, OpenFile};
use super::parameters::Parameters;
use super::place::ReservedFile;
use super::tables::LearningTable;
use super::{Checkpoint, RecordError, SinceEvaluation, attribute, digest, place, provenance, snapshot, synapses};
use crate::data::{DataIdentity, digests};
use crate::engine::{LaneState, ProjectionState, StateArray};
use crate::model::{Model, ShortTermState};
use crate::network::{self, Network, Synapses};
use crate::protocol::Spike;

/// The snapshot under which weights and biases stand.
const SNAPSHOT: &str = "final";

impl Checkpoint {
    /// Writes the checkpoint of a run of this model, in place of an older one once it is complete and on the disk.
    ///
    /// # Errors
    /// If it cannot be written in full; an older file of that name stays as it was.
    pub fn save(&self, model: &Model, path: &Path) -> Result<(), RecordError> {
        if !self.fits(model) {
            return Err(place::content(path, "a checkpoint of another model was to be written"));
        }
        let part = ReservedFile::reserve(path)?;
        let written = part.create().and_then(|file| self.write(model, file));
        let written = written.map_err(|e| place::failed("cannot write", part.path(), e));
        match written.and_then(|()| digest::verify_written(part.path())) {
            Ok(()) => part.complete(),
            Err(error) => {
                part.abandon();
                Err(error)
            }
        }
    }

    /// Reads a checkpoint. Whether its shapes are those of its model is for [`Checkpoint::check`].
    ///
    /// # Errors
    /// If the file cannot be read, is not a checkpoint of a known version, something in it is missing, or it is not as it was
    /// written.
    pub fn load(path: &Path) -> Result<Self, RecordError> {
        let source = OpenFile::open(path)?;
        let checkpoint = Self::read(&source)?;
        match source.differences()?.as_slice() {
            [] => Ok(checkpoint),
            [first, rest @ ..] => {
                let instead = "weights changed on purpose are taken by `weights.from` in a model file, or with the whole \
                               checkpoint by --accept-edited";
                let more = and_more(rest.len());
                Err(source.problem(format!("is not as it was written: {first}{more}; {instead}")))
            }
        }
    }

    /// The same of a checkpoint that may have been changed, which it then keeps in `edited`.
    ///
    /// # Errors
    /// Those of [`Checkpoint::load`] but for the last.
    pub fn load_edited(path: &Path) -> Result<Self, RecordError> {
        let source = OpenFile::open(path)?;
        let checkpoint = Self::read(&source)?;
        let edited = checkpoint.edited || !source.differences()?.is_empty();
        Ok(Self { edited, ..checkpoint })
    }

    /// Reads a checkpoint whether it is as it was written or not.
    pub(super) fn read(source: &OpenFile) -> Result<Self, RecordError> {
        if source.format == Format::Run {
            return Err(source.problem("is a run file, expected a checkpoint"));
        }
        let names = Names { populations: source.texts("populations")?, projections: source.texts("projections")? };
        Ok(Self {
            model_text: source.text("model")?,
            data: data(source)?,
            edited: source.edited(),
            seed: source.number("seed")?,
            examples_seen: source.number("examples_seen")?,
            examples_planned: source.number("examples_planned")?,
            tests_done: source.number("tests_done")?,
            clock_ms: source.number("clock_ms")?,
            since_evaluation: SinceEvaluation {
                examples: source.number("since_evaluation_examples")?,
                errors: source.number("since_evaluation_errors")?,
                loss: source.number("since_evaluation_loss")?,
            },
            curve: source.curve()?,
            network: names.network(source)?,
            centres: names.centres(source)?,
            lanes: names.lanes(source)?,
        })
    }

    /// Whether there is a state for every part of the model.
    fn fits(&self, model: &Model) -> bool {
        let (populations, projections) = (model.populations.len(), model.projections.len());
        let lanes = self.lanes.iter().map(|l| (l.populations.len(), l.projections.len()));
        lanes.chain([(self.network.biases.len(), self.network.synapses.len())]).all(|n| n == (populations, projections))
    }

    fn write(&self, model: &Model, file: File) -> Result<()> {
        attribute::put_text(&file, "format", CHECKPOINT_FORMAT)?;
        provenance::put_model(&file, &self.model_text, model)?;
        if let Some(DataIdentity { place, sha256, validation }) = &self.data {
            provenance::put_data_source(&file, Some(place))?;
            attribute::put_text(&file, "data_sha256", &digests(sha256))?;
            attribute::put(&file, "validation", validation)?;
        }
        provenance::put_edited(&file, self.edited)?;
        attribute::put(&file, "seed", &self.seed)?;
        attribute::put(&file, "examples_seen", &self.examples_seen)?;
        attribute::put(&file, "examples_planned", &self.examples_planned)?;
        attribute::put(&file, "tests_done", &self.tests_done)?;
        attribute::put(&file, "clock_ms", &self.clock_ms)?;
        attribute::put(&file, "since_evaluation_examples", &self.since_evaluation.examples)?;
        attribute::put(&file, "since_evaluation_errors", &self.since_evaluation.errors)?;
        attribute::put(&file, "since_evaluation_loss", &self.since_evaluation.loss)?;
        let mut learning = LearningTable::create(&file)?;
        self.curve.iter().for_each(|e| learning.push(e));
        learning.append()?;
        Parameters::create(&file, model)?.write(SNAPSHOT, self.examples_seen, &self.network)?;
        for (projection, centre) in model.projections.iter().zip(&self.centres) {
            put(&file, &format!("centres/{}", projection.name), centre)?;
        }
        let lanes = file.create_group("lanes")?;
        for (i, lane) in self.lanes.iter().enumerate() {
            write_lane(&lanes.create_group(&i.to_string())?, model, lane)?;
        }
        file.flush()?;
        drop((learning, lanes));
        digest::write_digests(&file)?;
        file.close()
    }
}

/// The data it was trained on; none in files of older versions.
fn data(source: &OpenFile) -> Result<Option<DataIdentity>, RecordError> {
    let Some(place) = source.data_source()? else { return Ok(None) };
    let lines = source.text("data_sha256")?;
    let file = |line: &str| line.split_once("  ").map(|(digest, file)| (file.to_owned(), digest.to_owned()));
    let sha256 = lines.lines().map(file).collect::<Option<_>>();
    let sha256 = sha256.ok_or_else(|| source.problem("`data_sha256` is damaged: expected `digest  file` a line"))?;
    Ok(Some(DataIdentity { place, sha256, validation: source.number("validation")? }))
}

fn and_more(rest: usize) -> String {
    if rest == 0 { String::new() } else { format!(", and {rest} more") }
}

/// Arrays of the state of short-term plasticity: its parts, and the time of the last spike.
const SHORT_TERM: [&str; 4] = ["short_term_y", "short_term_z", "short_term_u", "short_term_last_ms"];

fn write_lane(group: &Group, model: &Model, lane: &LaneState) -> Result<()> {
    for (population, state) in model.populations.iter().zip(&lane.populations) {
        for StateArray { name, values } in state {
            put(group, &format!("populations/{}/{name}", population.name), values)?;
        }
    }
    for (projection, state) in model.projections.iter().zip(&lane.projections) {
        let ProjectionState { trace_l, trace_s, in_flight, factors, short_term } = state;
        let at = |name: &str| format!("projections/{}/{name}", projection.name);
        put(group, &at("trace_l"), trace_l)?;
        put(group, &at("trace_s"), trace_s)?;
        put(group, &at("arrival_ms"), &in_flight.iter().map(|s| s.time).collect::<Vec<_>>())?;
        put(group, &at("arrival_node"), &in_flight.iter().map(|s| s.neuron).collect::<Vec<_>>())?;
        if !factors.is_empty() {
            put(group, &at("arrival_factor"), factors)?;
        }
        if !short_term.is_empty() {
            let numbers: Vec<_> = short_term.iter().map(|&ShortTermState { y, z, u, last }| [y, z, u, last]).collect();
            for (part, name) in SHORT_TERM.iter().enumerate() {
                put(group, &at(name), &numbers.iter().map(|numbers| numbers[part]).collect::<Vec<_>>())?;
            }
        }
    }
    Ok(())
}

fn put<T: H5Type>(group: &Group, name: &str, values: &[T]) -> Result<()> {
    group.new_dataset_builder().with_data(values).create(name).map(drop)
}

/// Names of the parts of a checkpoint, in the order of its model.
struct Names {
    populations: Vec<String>,
    projections: Vec<String>,
}

impl Names {
    fn network(&self, source: &OpenFile) -> Result<Network, RecordError> {
        let weights = self.projections.iter().map(|name| {
            let sparse = format!("weights/{name}/{SNAPSHOT}");
            if synapses::is_sparse(source, &sparse) {
                return Ok(Synapses::Sparse(synapses::read(source, &sparse)?));
            }
            let (matrix, post, pre) = snapshot::weights(source, name, SNAPSHOT)?;
            Ok(network::Weights::from_matrix(post, pre, &matrix).into())
        });
        let biases = self.populations.iter().map(|name| {
            let present = source.has(&format!("biases/{name}"));
            if present { snapshot::biases(source, name, SNAPSHOT) } else { Ok(Vec::new()) }
        });
        Ok(Network { synapses: weights.collect::<Result<_, _>>()?, biases: biases.collect::<Result<_, _>>()? })
    }

    fn centres(&self, source: &OpenFile) -> Result<Vec<Vec<f64>>, RecordError> {
        if !source.has("centres") {
            return Ok(Vec::new());
        }
        self.projections.iter().map(|name| source.values(&format!("centres/{name}"))).collect()
    }

    fn lanes(&self, source: &OpenFile) -> Result<Vec<LaneState>, RecordError> {
        if !source.has("lanes") {
            return Err(source.problem("has no `lanes`"));
        }
        let count = source.members("lanes")?.len();
        (0..count).map(|lane| self.lane(source, &format!("lanes/{lane}"))).collect()
    }

    fn lane(&self, source: &OpenFile, lane: &str) -> Result<LaneState, RecordError> {
        if !source.has(lane) {
            return Err(source.problem(format!("has no `{lane}`")));
        }
        let population = |name: &String| {
            let at = format!("{lane}/populations/{name}");
            let names = if source.has(&at) { source.members(&at)? } else { Vec::new() };
            let arrays = names.into_iter().map(|name| {
                let values = source.values(&format!("{at}/{name}"))?;
                Ok(StateArray { name, values })
            });
            // Files of version 0.1 have empty arrays of what a population has not.
            let arrays = arrays.collect::<Result<Vec<_>, RecordError>>()?;
            Ok(arrays.into_iter().filter(|array| !array.values.is_empty()).collect())
        };
        let projection = |name: &String| {
            let at = |array: &str| format!("{lane}/projections/{name}/{array}");
            Ok(ProjectionState {
                trace_l: source.values(&at("trace_l"))?,
                trace_s: source.values(&at("trace_s"))?,
                in_flight: in_flight(source, &at("arrival_ms"), &at("arrival_node"))?,
                factors: values_or_none(source, &at("arrival_factor"))?,
                short_term: short_term(source, at)?,
            })
        };
        Ok(LaneState {
            populations: self.populations.iter().map(population).collect::<Result<_, _>>()?,
            projections: self.projections.iter().map(projection).collect::<Result<_, _>>()?,
        })
    }
}

/// The values of an array; none where it is not there.
fn values_or_none(source: &OpenFile, name: &str) -> Result<Vec<f64>, RecordError> {
    if source.has(name) { source.values(name) } else { Ok(Vec::new()) }
}

/// The state of short-term plasticity of the presynaptic neurons of a projection; none where it has none.
fn short_term(source: &OpenFile, at: impl Fn(&str) -> String) -> Result<Vec<ShortTermState>, RecordError> {
    let mut arrays = Vec::new();
    for name in SHORT_TERM {
        arrays.push(values_or_none(source, &at(name))?);
    }
    let [y, z, u, last] = arrays.try_into().unwrap_or_default();
    if [&z, &u, &last].iter().any(|array| array.len() != y.len()) {
        return Err(source.problem(format!("`{}` and what is beside it differ in length", at(SHORT_TERM[0]))));
    }
    let states = y.iter().zip(&z).zip(&u).zip(&last);
    Ok(states.map(|(((&y, &z), &u), &last)| ShortTermState { y, z, u, last }).collect())
}

fn in_flight(source: &OpenFile, times: &str, neurons: &str) -> Result<Vec<Spike>, RecordError> {
    let (time, neuron): (Vec<f64>, Vec<u32>) = (source.values(times)?, source.values(neurons)?);
    if time.len() != neuron.len() {
        return Err(source.problem(format!("`{times}` and `{neurons}` differ in length")));
    }
    Ok(time.into_iter().zip(neuron).map(|(time, neuron)| Spike { time, neuron }).collect())
}
