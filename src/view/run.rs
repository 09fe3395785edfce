//! The parts of a finished run, read from its file as they are asked for.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, OnceLock};

use serde_json::{Value, json};

use super::{DataPart, Pack, Parts, curve};
use crate::analysis::confusion;
use crate::data::{DataError, DataPlace, Presentations, StimulusLoader, tested_on};
use crate::model::{CompartmentId, Model, Population};
use crate::protocol::PhaseName;
use crate::protocol::Stimulus;
use crate::record::hdf5::{PresentationRow, RunReader, Summary, TraceBlock};
use crate::record::{PresentationKind, RecordError};

/// Largest number of rows of a list sent to a page: as many as it draws within a tenth of a second.
const MOST_ROWS: usize = 4_000_000;

/// A finished run.
#[derive(Debug)]
pub struct RunParts {
    reader: Mutex<RunReader>,
    model: Model,
    about: Value,
    shown: Vec<PresentationRow>,
    /// SHA-256 digests of the run's data files, `digest  file` a line.
    sha256: String,
    /// Where the images were when the run was made; `None`: at the path of its model.
    place: Option<DataPlace>,
    /// The folder given for them in place of that.
    folder: Option<PathBuf>,
    /// Training and test stimuli in the order of [`Kind`], read when first asked for; `None` if they cannot be read.
    images: [OnceLock<Option<Presentations>>; 2],
    /// Kinds of presentations in the run, recorded or not.
    kinds: Vec<PresentationKind>,
}

/// Why the stimuli of a run cannot be shown.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImagesError {
    /// They cannot be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// They are not those of the run.
    #[error("`{file}` is not the one that was shown: its SHA-256 is none of those that the run file lists")]
    Others {
        /// Name of the file.
        file: String,
    },
}

impl RunParts {
    /// Opens a run file; `folder` is where its images are in place of the model's, `presentations` the range of those shown.
    ///
    /// # Errors
    /// If it is no run file, or a part of it is missing.
    pub fn open(path: &Path, folder: Option<&Path>, presentations: Option<Range<u64>>) -> Result<Self, RecordError> {
        let reader = RunReader::open(path)?;
        let summary = Summary::read(path)?;
        let model = reader.model(path)?;
        let rows = reader.presentations()?;
        let presentations = presentations.unwrap_or(0..u64::MAX);
        let asked = |row: &&PresentationRow| row.recorded && presentations.contains(&row.index);
        let shown: Vec<_> = rows.iter().filter(asked).copied().collect();
        let (sha256, place) = (summary.data_sha256().to_owned(), summary.data_source.clone());
        let about = about(&reader, &summary, &model, &rows, path)?;
        // A continuous run has no images.
        let kinds = [PresentationKind::Train, PresentationKind::Test]
            .into_iter()
            .filter(|&kind| model.protocol.two_phase().is_some() && rows.iter().any(|row| row.kind == kind));
        let (reader, folder, images, kinds) =
            (Mutex::new(reader), folder.map(Path::to_owned), Default::default(), kinds.collect());
        Ok(Self { reader, model, about, shown, sha256, place, folder, images, kinds })
    }

    /// Whether the run has presentations, whose stimuli can be shown.
    pub fn has_stimuli(&self) -> bool {
        !self.kinds.is_empty()
    }

    /// Reads the stimuli at once.
    ///
    /// # Errors
    /// If some cannot be read or are not those of the run; the others are read all the same.
    pub fn load_images(&self) -> Result<(), ImagesError> {
        let mut done = Ok(());
        // A run of tests alone has test images alone.
        for &kind in &self.kinds {
            match self.read_images(kind) {
                Ok(shown) => _ = self.images[kind as usize].set(Some(shown)),
                Err(error) => done = done.and(Err(error)),
            }
        }
        done
    }

    /// Training or test stimuli.
    ///
    /// # Errors
    /// If they cannot be read, or the digest of their file is not one of the run's.
    fn read_images(&self, kind: PresentationKind) -> Result<Presentations, ImagesError> {
        let stimuli = match (&self.place, &self.folder) {
            (Some(place), None) => place.stimuli(&self.model.stimuli),
            _ => self.model.stimuli.clone(),
        };
        let source =
            StimulusLoader { stimuli: &stimuli, folder: self.folder.as_deref(), ..StimulusLoader::of(&self.model) };
        let read = match kind {
            PresentationKind::Train => source.load_training(),
            PresentationKind::Test => source.load_evaluation(),
        }?;
        // The first file is that of the images, before that of their labels; rates of the model itself have none.
        match read.set().sha256().first() {
            Some((file, digest)) if self.sha256.lines().all(|line| line != format!("{digest}  {file}")) => {
                Err(ImagesError::Others { file: file.clone() })
            }
            _ => Ok(read),
        }
    }

    /// Presentations shown.
    pub fn shown(&self) -> &[PresentationRow] {
        &self.shown
    }

    /// Hands out all parts of the run, in the order of their names; each recorded number is read once.
    ///
    /// # Errors
    /// If a part cannot be read.
    pub fn each_part(&self, mut take: impl FnMut(DataPart, Pack)) -> Result<(), RecordError> {
        for name in self.names() {
            match name {
                DataPart::Traces(p, 0) => {
                    let all = self.traces(p, 0..self.population(p).map_or(0, |population| population.size))?;
                    all.into_iter().enumerate().for_each(|(n, pack)| take(DataPart::Traces(p, n), pack));
                }
                DataPart::Traces(..) => (),
                _ => self.part(name)?.into_iter().for_each(|pack| take(name, pack)),
            }
        }
        Ok(())
    }

    /// Names of all parts of the run.
    fn names(&self) -> Vec<DataPart> {
        let mut names = vec![DataPart::Run, DataPart::Presentations];
        for (p, population) in self.model.populations.iter().enumerate() {
            names.extend([DataPart::Spikes(p), DataPart::Plateaus(p), DataPart::Events(p)]);
            names.extend((0..population.size).map(|n| DataPart::Traces(p, n)));
        }
        for (j, projection) in self.model.projections.iter().enumerate() {
            names.extend((0..self.model.population(projection.to).size).map(|n| DataPart::Field(j, n)));
        }
        let mut images: Vec<_> = self.shown.iter().map(|row| (row.kind as usize, row.image as usize)).collect();
        images.sort_unstable();
        images.dedup();
        names.extend(images.into_iter().map(|(kind, image)| DataPart::Image(kind, image)));
        names
    }

    /// Number of values read from the file so far, by which tests count the work.
    pub fn values_read(&self) -> u64 {
        self.reader().values_read()
    }

    /// Approximate size of all parts together [bytes].
    ///
    /// # Errors
    /// If what was recorded cannot be read.
    pub fn bytes(&self) -> Result<usize, RecordError> {
        let (reader, span, mut bytes) = (self.reader(), self.span(), 0);
        for (p, population) in self.model.populations.iter().enumerate() {
            let name = &population.name;
            bytes += 12 * reader.spikes(name, span.clone())?.map_or(0, |list| list.times.len().min(MOST_ROWS));
            bytes += 17 * reader.plateaus(name, span.clone())?.map_or(0, |list| list.times.len().min(MOST_ROWS));
            for kind in reader.event_kinds(name)? {
                bytes +=
                    25 * reader.events(name, &kind, span.clone())?.map_or(0, |list| list.start.len().min(MOST_ROWS));
            }
            for one in reader.traces(name, 0..1, span.clone())?.unwrap_or_default() {
                bytes += 4 * one.values.len() * population.size;
            }
            let onto = self.model.projections.iter().filter(|projection| projection.to.0 == p);
            bytes += onto.map(|j| 8 * population.size * self.model.population(j.from).size).sum::<usize>();
        }
        Ok(bytes)
    }

    fn reader(&self) -> MutexGuard<'_, RunReader> {
        self.reader.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn population(&self, p: usize) -> Option<&Population> {
        self.model.populations.get(p)
    }

    /// Start and end of the shown presentations on the run's clock [ms].
    fn span(&self) -> Range<f64> {
        match (self.shown.first(), self.shown.last()) {
            (Some(first), Some(last)) => first.start_ms..last.end_ms(),
            _ => 0.0..0.0,
        }
    }

    fn spikes(&self, p: usize) -> Result<Option<Pack>, RecordError> {
        let Some(population) = self.population(p) else { return Ok(None) };
        let Some(list) = self.reader().spikes(&population.name, self.span())? else { return Ok(None) };
        let (total, kept) = (list.times.len(), list.times.len().min(MOST_ROWS));
        let pack = Pack::of(json!({ "total": total })).f64("time", &list.times[..kept]);
        Ok(Some(pack.u32("neuron", list.neurons[..kept].iter().map(|&n| n as u32))))
    }

    fn plateaus(&self, p: usize) -> Result<Option<Pack>, RecordError> {
        let Some(population) = self.population(p) else { return Ok(None) };
        let Some(list) = self.reader().plateaus(&population.name, self.span())? else { return Ok(None) };
        let (total, kept) = (list.times.len(), list.times.len().min(MOST_ROWS));
        let pack = Pack::of(json!({ "total": total })).f64("time", &list.times[..kept]);
        let pack = pack.u32("neuron", list.neurons[..kept].iter().map(|&n| n as u32)).f32("alpha", &list.alpha[..kept]);
        Ok(Some(pack.u8("phase", list.phases[..kept].iter().map(|&phase| u8::from(phase == PhaseName::Target)))))
    }

    /// Events of a population, of all kinds together.
    fn events(&self, p: usize) -> Result<Option<Pack>, RecordError> {
        let Some(population) = self.population(p) else { return Ok(None) };
        let (reader, mut all) = (self.reader(), Vec::new());
        let kinds = reader.event_kinds(&population.name)?;
        if kinds.is_empty() {
            return Ok(None);
        }
        for (number, kind) in (0_u8..).zip(&kinds) {
            let list = reader.events(&population.name, kind, self.span())?.unwrap_or_default();
            let places = list.neurons.iter().zip(&list.compartments).map(|(&n, &compartment)| [n as u32, compartment]);
            all.extend(list.start.iter().zip(&list.stop).zip(places).map(|((&a, &b), place)| ([a, b], place, number)));
        }
        let total = all.len();
        all.sort_by(|a, b| a.0[0].total_cmp(&b.0[0]));
        all.truncate(MOST_ROWS);
        let compartments: Vec<_> = population.cell.compartments().iter().map(|info| &info.name).collect();
        let pack = Pack::of(json!({ "kinds": kinds, "compartments": compartments, "total": total }));
        let times = |end: usize| all.iter().map(|(range, ..)| range[end]).collect::<Vec<_>>();
        let places = |of: usize| all.iter().map(move |(_, place, _)| place[of]);
        let pack = pack.f64("start", &times(0)).f64("stop", &times(1)).u32("neuron", places(0));
        Ok(Some(pack.u32("compartment", places(1)).u8("kind", all.iter().map(|(.., kind)| *kind))))
    }

    /// Traces of some neurons of a population, a part for each; none if they were not recorded. Of all neurons at once they
    /// are read in the time of one: a chunk of the file holds samples of all.
    fn traces(&self, p: usize, neurons: Range<usize>) -> Result<Vec<Pack>, RecordError> {
        let Some(population) = self.population(p).filter(|population| neurons.end <= population.size) else {
            return Ok(Vec::new());
        };
        let Some(blocks) = self.reader().traces(&population.name, neurons.clone(), self.span())? else {
            return Ok(Vec::new());
        };
        let samples = |block: &TraceBlock| block.values.len() / block.columns.len().max(1);
        let stretches: Vec<_> = blocks.iter().map(|block| json!([block.start_ms, samples(block)])).collect();
        let dt_ms = blocks.first().map_or(0.0, |block| block.dt_ms);
        let name = |element| population.compartment_name(CompartmentId(element as usize));
        let columns: Vec<_> = blocks.iter().map(|block| block.columns_of(neurons.clone())).collect();
        let pack = |neuron: usize| {
            let elements: Vec<u32> = match (blocks.first(), columns.first()) {
                (Some(block), Some(columns)) => block.columns[columns[neuron].clone()].iter().map(|c| c.1).collect(),
                _ => Vec::new(),
            };
            let names: Vec<_> = elements.iter().map(|&element| name(element)).collect();
            let pack = Pack::of(json!({ "stretches": stretches, "dt_ms": dt_ms, "elements": names }));
            elements.iter().enumerate().fold(pack, |pack, (place, &element)| {
                let each = blocks.iter().zip(&columns).filter_map(|(block, columns)| {
                    columns[neuron].clone().find(|&c| block.columns[c].1 == element).map(|c| block.at(c))
                });
                pack.f32(&place.to_string(), &each.flatten().collect::<Vec<_>>())
            })
        };
        Ok((0..neurons.len()).map(pack).collect())
    }

    fn field(&self, j: usize, neuron: usize) -> Result<Option<Pack>, RecordError> {
        let Some(projection) = self.model.projections.get(j) else { return Ok(None) };
        if neuron >= self.model.population(projection.to).size {
            return Ok(None);
        }
        let mut pack = Pack::default();
        for snapshot in ["initial", "final"] {
            if let Some(row) = self.reader().weights_onto(&projection.name, snapshot, neuron)? {
                pack = pack.f32(snapshot, &row);
            }
        }
        Ok(Some(pack))
    }

    /// A stimulus; `None` if the images cannot be read or are not those of the run.
    fn image(&self, kind: usize, image: usize) -> Option<Pack> {
        let kind = *self.kinds.iter().find(|&&known| known as usize == kind)?;
        let set = self.images[kind as usize].get_or_init(|| self.read_images(kind).ok()).as_ref()?.set();
        let values: Vec<f32> = match (image < set.len()).then(|| set.stimulus(image))? {
            Stimulus::Pixels(pixels) => pixels.iter().map(|&pixel| f32::from(pixel) / 255.0).collect(),
            Stimulus::Rates(rates) => {
                let largest = rates.iter().fold(f64::MIN_POSITIVE, |a, &b| a.max(b));
                rates.iter().map(|rate| (rate / largest) as f32).collect()
            }
            Stimulus::Spikes(_) => return None,
        };
        Some(Pack::default().f32("value", &values))
    }
}

impl Parts for RunParts {
    fn part(&self, part: DataPart) -> Result<Option<Pack>, RecordError> {
        match part {
            DataPart::Run => Ok(Some(Pack::of(self.about.clone()))),
            DataPart::Presentations => Ok(Some(presentations(&self.shown))),
            DataPart::Spikes(p) => self.spikes(p),
            DataPart::Plateaus(p) => self.plateaus(p),
            DataPart::Events(p) => self.events(p),
            DataPart::Traces(p, neuron) => Ok(self.traces(p, neuron..neuron.saturating_add(1))?.pop()),
            DataPart::Field(j, neuron) => self.field(j, neuron),
            DataPart::Image(kind, image) => Ok(self.image(kind, image)),
            DataPart::Live => Ok(None),
        }
    }
}

/// The description of a run.
fn about(
    reader: &RunReader,
    summary: &Summary,
    model: &Model,
    rows: &[PresentationRow],
    path: &Path,
) -> Result<Value, RecordError> {
    let recorded = |group| reader.recorded(group);
    let [spikes, traces] = [recorded("spikes")?, recorded("report")?];
    let [plateaus, events] = [recorded("plateaus")?, recorded("events")?];
    let mut about = network(model);
    for population in about["populations"].as_array_mut().into_iter().flatten() {
        let name = population["name"].as_str().unwrap_or_default().to_owned();
        population["spikes"] = spikes.contains(&name).into();
        population["traces"] = traces.contains(&name).into();
        population["plateaus"] = plateaus.contains(&name).into();
        population["events"] = events.contains(&name).into();
    }
    let (kind, answers) = PresentationRow::last_answers(rows);
    let of = if kind == PresentationKind::Train { "training" } else { tested_on(&model.stimuli) };
    let pairs = answers.iter().filter_map(|row| Some((row.label?, row.decoded)));
    about["file"] = path.file_name().unwrap_or_default().to_string_lossy().into();
    about["seed"] = summary.seed.into();
    about["command"] = summary.command_line().into();
    about["curve"] = curve(&summary.curve);
    about["confusion"] = json!({ "of": of, "counts": confusion(pairs, model.classes()) });
    Ok(about)
}

/// The description of a model: populations, projections, settling times.
pub(super) fn network(model: &Model) -> Value {
    let populations = model.populations.iter().map(|p| {
        let kind = if p.is_source() { "input" } else { p.cell.kind() };
        json!({ "name": p.name, "size": p.size, "kind": kind })
    });
    let projections = model
        .projections
        .iter()
        .map(|p| json!({ "name": p.name, "from": p.from.0, "to": p.to.0, "compartment": model.port_name(p) }));
    json!({
        "name": model.name,
        "live": false,
        "continuous": model.protocol.continuous().is_some(),
        "populations": populations.collect::<Vec<_>>(),
        "projections": projections.collect::<Vec<_>>(),
        "settle_ms": [model.phases().settle, model.phases().target_settle],
        "classes": model.classes(),
        "tested_on": tested_on(&model.stimuli),
    })
}

/// The table of presentations.
pub(super) fn presentations(rows: &[PresentationRow]) -> Pack {
    let column = |value: fn(&PresentationRow) -> f64| rows.iter().map(value).collect::<Vec<_>>();
    Pack::default()
        .f64("start", &column(|row| row.start_ms))
        .f64("forward_end", &column(|row| row.forward_end_ms))
        .f64("target_end", &column(|row| row.target_end_ms.unwrap_or(f64::NAN)))
        .u32("index", rows.iter().map(|row| row.index as u32))
        .u32("image", rows.iter().map(|row| row.image))
        .i16("label", rows.iter().map(|row| row.label.map_or(-1, i16::from)))
        .u8("decoded", rows.iter().map(|row| row.decoded))
        .u8("kind", rows.iter().map(|row| row.kind as u8))
}
