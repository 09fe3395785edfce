//! What source populations fire and which currents cells get, slice by slice.

use std::ops::Range;
use std::path::{Path, PathBuf};

use super::error::SimulationError;
use super::inhomogeneous_poisson;
use crate::data::{RecordedExtent, TimeTable, TimedSpikes};
use crate::model::{Model, Population, PopulationStimulus};
use crate::numeric::{PresentationKey, Purpose, StreamKey};
use crate::protocol::{CurrentCourse, SLICE_MS, Spike, Stimulus, slice_start};
use crate::record::RecordError;

/// The stimuli of all populations of a model that have one, read and checked.
#[derive(Clone, Debug)]
pub struct SourceInputs {
    sources: Vec<SourceInput>,
    currents: Vec<CurrentInput>,
    /// Path, as the model names it, and SHA-256 of every file read.
    sha256: Vec<(String, String)>,
}

/// The current into the cells of a population.
#[derive(Clone, Debug)]
struct CurrentInput {
    /// Its place in the model.
    population: usize,
    course: TimeTable,
    /// Changes in the slice at hand, by the time since its start [ms].
    times_ms: Vec<f64>,
    /// Their currents, row by row [pA].
    currents_pa: Vec<f64>,
}

/// The stimulus of one source population.
#[derive(Clone, Debug)]
struct SourceInput {
    /// Its place in the model.
    population: usize,
    size: usize,
    content: InputContent,
    /// Neurons that fire no more.
    silenced: Vec<Range<usize>>,
    /// Spikes of the slice at hand, by the time since its start.
    spikes: Vec<Spike>,
}

/// What a source population fires.
#[derive(Clone, Debug)]
enum InputContent {
    /// Poisson trains at constant rates [1/ms].
    Rates(Vec<f64>),
    /// Poisson trains at rates by a table.
    Course(TimeTable),
    /// Spikes at given times.
    Spikes(TimedSpikes),
}

impl SourceInputs {
    /// Reads the stimuli that a model names, from the current folder; a source without one is silent, and cells without one have no
    /// current.
    ///
    /// # Errors
    /// If a file cannot be read, or is not of the population.
    pub fn load(model: &Model) -> Result<Self, SimulationError> {
        Self::load_found(model, Path::to_owned)
    }

    /// As [`SourceInputs::load`], from where each file is `found` that the model names.
    ///
    /// # Errors
    /// Those of [`SourceInputs::load`].
    pub fn load_found(model: &Model, found: impl Fn(&Path) -> PathBuf) -> Result<Self, SimulationError> {
        let mut sha256 = Vec::new();
        let mut read = |population: &Population, digests: &[(String, String)]| {
            let path = population.stimulus.as_ref().and_then(PopulationStimulus::path);
            let named = path.map(|path| path.display().to_string());
            sha256.extend(named.into_iter().zip(digests).map(|(named, (_, digest))| (named, digest.clone())));
        };
        let sources = model.populations.iter().enumerate().filter(|(_, population)| population.is_source());
        let load = |(index, population): (usize, &Population)| {
            let content = content(population, &found)?;
            read(population, content.sha256());
            Ok(SourceInput {
                population: index,
                size: population.size,
                content,
                silenced: Vec::new(),
                spikes: Vec::new(),
            })
        };
        let sources = sources.map(load).collect::<Result<_, SimulationError>>()?;
        let mut currents = Vec::new();
        for (index, population) in model.populations.iter().enumerate() {
            if let Some(course) = current_course(population, &found)? {
                read(population, course.sha256());
                let (times_ms, currents_pa) = (Vec::new(), Vec::new());
                currents.push(CurrentInput { population: index, course, times_ms, currents_pa });
            }
        }
        Ok(Self { sources, currents, sha256 })
    }

    /// Path, as the model names it, and SHA-256 of every file that was read.
    pub fn sha256(&self) -> &[(String, String)] {
        &self.sha256
    }

    /// Mean rate of the neurons of each population of a model over some time of the run [1/ms]; none of cells, of which it is not
    /// known.
    pub fn mean_rates(&self, populations: usize, [from, to]: [f64; 2]) -> Vec<Option<f64>> {
        let mut rates = vec![None; populations];
        for SourceInput { population, size, content, .. } in &self.sources {
            rates[*population] = Some(match content {
                InputContent::Rates(rates) => rates.iter().sum::<f64>() / *size as f64,
                InputContent::Course(course) => mean_of(course, from, to),
                InputContent::Spikes(list) => list.between(from, to).len() as f64 / (*size as f64 * (to - from)),
            });
        }
        rates
    }

    /// Of every population with a list of spikes of which some come at `end` or later: its place in the model, their number, and that of
    /// all.
    pub fn spikes_from(&self, end: f64) -> impl Iterator<Item = (usize, usize, usize)> {
        self.sources.iter().filter_map(move |SourceInput { population, content, .. }| {
            let InputContent::Spikes(list) = content else { return None };
            let (late, all) = (list.between(end, f64::INFINITY).len(), list.spikes.len());
            (late > 0).then_some((*population, late, all))
        })
    }

    /// Of every population that replays a run file: its place in the model, and what that file holds, on the clock of this run.
    pub fn replayed(&self) -> impl Iterator<Item = (usize, &RecordedExtent)> {
        self.sources.iter().filter_map(|SourceInput { population, content, .. }| {
            let InputContent::Spikes(list) = content else { return None };
            Some((*population, list.recorded.as_ref()?))
        })
    }

    /// Silences neurons of a source population from the next slice on.
    pub(super) fn silence(&mut self, population: usize, neurons: &Range<usize>) {
        let Some(source) = self.sources.iter_mut().find(|source| source.population == population) else { return };
        if let InputContent::Rates(rates) = &mut source.content {
            rates[neurons.clone()].fill(0.0);
        }
        source.silenced.push(neurons.clone());
    }

    /// Makes the spikes and currents of a slice ready.
    pub(super) fn prepare(&mut self, seed: u64, slice: u64) {
        let from = slice_start(slice);
        let span = [from, from + SLICE_MS];
        self.currents.iter_mut().for_each(|current| current.prepare(span));
        for SourceInput { population, size, content, silenced, spikes } in &mut self.sources {
            spikes.clear();
            match content {
                InputContent::Rates(_) => continue,
                InputContent::Course(course) => {
                    let purpose = Purpose::Encoder(*population as u32);
                    let presentation = PresentationKey::training(slice);
                    let key = StreamKey { seed, purpose, presentation, phase: 0, block: 0 };
                    inhomogeneous_poisson::draw(course, *size, span, &mut key.stream(), spikes);
                }
                InputContent::Spikes(list) => {
                    let given = list.between(span[0], span[1]).iter();
                    spikes.extend(given.map(|spike| Spike { time: spike.time - from, ..*spike }));
                }
            }
            spikes.retain(|spike| !silenced.iter().any(|neurons| neurons.contains(&(spike.neuron as usize))));
        }
    }

    /// The stimuli of the slice made ready, in the order of populations.
    pub(super) fn stimuli(&self) -> Vec<Stimulus<'_>> {
        self.sources.iter().map(SourceInput::stimulus).collect()
    }

    /// The currents of the slice made ready.
    pub(super) fn currents(&self) -> Vec<CurrentCourse<'_>> {
        self.currents.iter().map(CurrentInput::course).collect()
    }
}

impl InputContent {
    /// Name and SHA-256 of the file it was read from.
    fn sha256(&self) -> &[(String, String)] {
        match self {
            Self::Rates(_) => &[],
            Self::Course(course) => course.sha256(),
            Self::Spikes(list) => &list.sha256,
        }
    }
}

impl SourceInput {
    fn stimulus(&self) -> Stimulus<'_> {
        match &self.content {
            InputContent::Rates(rates) => Stimulus::Rates(rates),
            InputContent::Course(_) | InputContent::Spikes(_) => Stimulus::Spikes(&self.spikes),
        }
    }
}

impl CurrentInput {
    fn prepare(&mut self, [from, to]: [f64; 2]) {
        let Self { course, times_ms, currents_pa, .. } = self;
        times_ms.clear();
        currents_pa.clear();
        let times = course.times_ms();
        for row in times.partition_point(|&time| time < from)..times.partition_point(|&time| time < to) {
            times_ms.push(times[row] - from);
            currents_pa.extend_from_slice(course.values(row));
        }
    }

    fn course(&self) -> CurrentCourse<'_> {
        CurrentCourse { population: self.population, times_ms: &self.times_ms, currents_pa: &self.currents_pa }
    }
}

/// Reads the current into the cells of a population, if there is one.
fn current_course(
    population: &Population,
    found: &impl Fn(&Path) -> PathBuf,
) -> Result<Option<TimeTable>, SimulationError> {
    Ok(match &population.stimulus {
        Some(PopulationStimulus::Current { times_ms, currents_pa }) => Some(TimeTable::of_steps(times_ms, currents_pa)),
        Some(PopulationStimulus::CurrentTable { path }) => {
            let table = TimeTable::currents(&found(path), population.size);
            let refused =
                |error| SimulationError::Stimulus { population: population.name.clone(), source: Box::new(error) };
            Some(table.map_err(refused)?)
        }
        None
        | Some(
            PopulationStimulus::Constant { .. }
            | PopulationStimulus::Rates { .. }
            | PopulationStimulus::RateTable { .. }
            | PopulationStimulus::Spikes { .. }
            | PopulationStimulus::Sonata { .. },
        ) => None,
    })
}

/// Reads the stimulus of a source population.
fn content(population: &Population, found: &impl Fn(&Path) -> PathBuf) -> Result<InputContent, SimulationError> {
    let name = || population.name.clone();
    let refused = |error| SimulationError::Stimulus { population: name(), source: Box::new(error) };
    let size = population.size;
    Ok(match &population.stimulus {
        None | Some(PopulationStimulus::Current { .. } | PopulationStimulus::CurrentTable { .. }) => {
            InputContent::Rates(vec![0.0; size])
        }
        Some(PopulationStimulus::Constant { rate_hz }) => InputContent::Rates(vec![rate_hz / 1000.0; size]),
        Some(PopulationStimulus::Rates { rates_hz }) => {
            InputContent::Rates(rates_hz.iter().map(|hz| hz / 1000.0).collect())
        }
        Some(PopulationStimulus::RateTable { path }) => {
            InputContent::Course(TimeTable::rates(&found(path), size).map_err(refused)?)
        }
        Some(PopulationStimulus::Spikes { path }) => {
            InputContent::Spikes(TimedSpikes::open(&found(path), size).map_err(refused)?)
        }
        Some(PopulationStimulus::Sonata { path, population: of, start_ms }) => {
            let replayed = replay(&found(path), of.as_deref().unwrap_or(&population.name), size, *start_ms);
            InputContent::Spikes(
                replayed.map_err(|error| SimulationError::Replay { population: name(), source: Box::new(error) })?,
            )
        }
    })
}

/// The spikes of a population in a SONATA file from `start_ms` on, by the time since.
#[cfg(feature = "hdf5")]
fn replay(path: &Path, population: &str, size: usize, start_ms: f64) -> Result<TimedSpikes, RecordError> {
    use crate::record::hdf5::{RunReader, read_sonata_spikes};
    use crate::units::Rounded;
    let spikes = read_sonata_spikes(path, population, size)?;
    if let Some(last) = spikes.last().filter(|last| last.time < start_ms) {
        let (last, start) = (Rounded(last.time), Rounded(start_ms));
        let problem = format!("the last spike of `{population}` is at {last} ms, before `start_ms` = {start}");
        return Err(RecordError::Content { path: path.display().to_string(), problem });
    }
    let recorded = match RunReader::open(path) {
        Ok(run) => run.recorded_extent(population, path)?.map(|extent| extent.since(start_ms)),
        Err(_) => None,
    };
    let from_start = spikes.into_iter().filter(|spike| spike.time >= start_ms);
    let spikes = from_start.map(|spike| Spike { time: spike.time - start_ms, ..spike }).collect();
    let sha256 = crate::data::file_sha256(path).map_err(|source| RecordError::File {
        action: "cannot read",
        path: path.display().to_string(),
        source: source.into(),
    })?;
    Ok(TimedSpikes { spikes, sha256: vec![sha256], recorded })
}

#[cfg(not(feature = "hdf5"))]
fn replay(path: &Path, _: &str, _: usize, _: f64) -> Result<TimedSpikes, RecordError> {
    let problem = "SONATA files are not read by a library built without the feature `hdf5`".to_owned();
    Err(RecordError::Content { path: path.display().to_string(), problem })
}

/// Mean rate of a neuron over some time [1/ms].
fn mean_of(course: &TimeTable, from: f64, to: f64) -> f64 {
    let (mut now, mut sum) = (from, 0.0);
    while now < to {
        let row = course.row_at(now);
        let next = course.times_ms().get(row.map_or(0, |row| row + 1)).copied().unwrap_or(f64::INFINITY).min(to);
        let rates = row.map_or(&[][..], |row| course.values(row));
        sum += (next - now) * rates.iter().sum::<f64>() / rates.len().max(1) as f64;
        now = next;
    }
    sum / (to - from)
}
