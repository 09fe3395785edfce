//! A run file as it is looked at: plain data, part by part.

use std::ops::Range;
use std::path::Path;

use ndarray::s;

use super::dtype::{KindCode, PhaseCode};
use super::open_file::{Format, OpenFile};
use super::presentation::{PresentationRow, ROUNDING_MS};
use super::recorded_data::{CreditTable, EventList, PlateauList, RecordedSpikes, TraceBlock};
use super::{Evaluation, PresentationKind, RecordError, snapshot, synapses};
use crate::data::RecordedExtent;
use crate::model::{Model, PopulationId};
use crate::protocol::PhaseName;

/// An open run file.
#[derive(Debug)]
pub struct RunReader {
    source: OpenFile,
}

impl RunReader {
    /// Opens a run file.
    ///
    /// # Errors
    /// If the file cannot be read, or is no run file.
    pub fn open(path: &Path) -> Result<Self, RecordError> {
        let source = OpenFile::open(path)?;
        match source.format {
            Format::Run => Ok(Self { source }),
            Format::Checkpoint => Err(source.problem("is a checkpoint, expected a run file")),
        }
    }

    /// Number of values read from datasets so far, those of whole chunks included, by which tests count the work.
    pub fn values_read(&self) -> u64 {
        self.source.values_read()
    }

    /// Name of the model.
    ///
    /// # Errors
    /// If it is missing.
    pub fn name(&self) -> Result<String, RecordError> {
        self.source.text("name")
    }

    /// Commit of the program that wrote it.
    ///
    /// # Errors
    /// If it is missing.
    pub fn commit(&self) -> Result<String, RecordError> {
        self.source.text("git_commit")
    }

    /// SHA-256 of the data files, `digest  file` a line.
    ///
    /// # Errors
    /// If it is missing.
    pub fn data_sha256(&self) -> Result<String, RecordError> {
        self.source.text("data_sha256")
    }

    /// Training presentations behind a network that does not learn in the run; none if it does.
    ///
    /// # Errors
    /// If what is there is damaged.
    pub fn frozen_after(&self) -> Result<Option<u64>, RecordError> {
        self.source.optional("frozen_after")
    }

    /// The merged model file.
    ///
    /// # Errors
    /// If it is missing.
    pub fn model_text(&self) -> Result<String, RecordError> {
        self.source.text("model")
    }

    /// The model, to look at what was recorded: kinds of cell that are not of this library are as the file describes them.
    ///
    /// # Errors
    /// If its text is missing, or is no model; `path` is the file's, for the message.
    pub fn model(&self, path: &Path) -> Result<Model, RecordError> {
        let origin = format!("model of {}", path.display());
        self.source.model(&self.model_text()?, &origin).map_err(|e| self.source.problem(format!("its model: {e}")))
    }

    /// All populations, in the order of the model.
    ///
    /// # Errors
    /// If their names are missing.
    pub fn populations(&self) -> Result<Vec<String>, RecordError> {
        self.source.texts("populations")
    }

    /// Populations of which something is kept under `group` (`spikes`, `report`, `plateaus`, `events`, `biases`), in the
    /// order of the model.
    ///
    /// # Errors
    /// If their names are missing.
    pub fn recorded(&self, group: &str) -> Result<Vec<String>, RecordError> {
        let names = self.populations()?;
        Ok(names.into_iter().filter(|name| self.source.has(&format!("{group}/{name}"))).collect())
    }

    /// What of the spikes of a population is recorded; none if none are. `path` is the file's, for the message.
    ///
    /// # Errors
    /// If the model or the table of presentations is damaged.
    pub fn recorded_extent(&self, population: &str, path: &Path) -> Result<Option<RecordedExtent>, RecordError> {
        let model = self.model(path)?;
        let named = |id: &&PopulationId| model.population(**id).name == population;
        let Some(&id) = model.recording.spikes.iter().find(named) else { return Ok(None) };
        let mut times_ms: Vec<Range<f64>> = Vec::new();
        for row in self.presentations()?.into_iter().filter(|row| row.recorded) {
            match times_ms.last_mut().filter(|last| last.end >= row.start_ms - ROUNDING_MS) {
                Some(last) => last.end = row.end_ms(),
                None => times_ms.push(row.start_ms..row.end_ms()),
            }
        }
        Ok(Some(RecordedExtent { times_ms, neurons: model.recording.spiking(id, model.population(id).size) }))
    }

    /// Kinds of events with a beginning and an end that are recorded of a population, each KIND of `/events/POP/KIND`, sorted.
    ///
    /// # Errors
    /// If what is there is damaged.
    pub fn event_kinds(&self, population: &str) -> Result<Vec<String>, RecordError> {
        self.source.members(&format!("events/{population}"))
    }

    /// Events of one kind (`plateau`, `dendritic_spike`, `bap`, `burst`) of a population, as far as a part of them lies in a span of the
    /// run's clock, both ends included [ms]; none if that kind was not recorded.
    ///
    /// # Errors
    /// If something is missing, or columns differ in length.
    pub fn events(&self, population: &str, kind: &str, span: Range<f64>) -> Result<Option<EventList>, RecordError> {
        let (source, group) = (&self.source, format!("events/{population}/{kind}"));
        if !source.has(&group) {
            return Ok(None);
        }
        let name = |column: &str| format!("{group}/{column}");
        let (start, stop): (Vec<f64>, Vec<f64>) = (source.values(&name("start"))?, source.values(&name("stop"))?);
        let (neurons, compartments): (Vec<u64>, Vec<u32>) =
            (source.values(&name("node_ids"))?, source.values(&name("compartment"))?);
        if [stop.len(), neurons.len(), compartments.len()].iter().any(|length| *length != start.len()) {
            return Err(source.problem(format!("the columns of `{group}` differ in length")));
        }
        // The file has them in the order in which they were over.
        let within = |&i: &usize| start[i] <= span.end && stop[i] >= span.start;
        let mut order: Vec<usize> = (0..start.len()).filter(within).collect();
        order.sort_by(|&a, &b| start[a].total_cmp(&start[b]).then(neurons[a].cmp(&neurons[b])));
        Ok(Some(EventList {
            start: order.iter().map(|&i| start[i]).collect(),
            stop: order.iter().map(|&i| stop[i]).collect(),
            neurons: order.iter().map(|&i| neurons[i]).collect(),
            compartments: order.iter().map(|&i| compartments[i]).collect(),
        }))
    }

    /// The presentations, in the order of the run.
    ///
    /// # Errors
    /// If the table is missing, or its columns differ in length.
    pub fn presentations(&self) -> Result<Vec<PresentationRow>, RecordError> {
        let source = &self.source;
        let name = |column: &str| format!("presentations/{column}");
        let starts: Vec<f64> = source.values(&name("start_ms"))?;
        let forward: Vec<f64> = source.values(&name("forward_end_ms"))?;
        let target: Vec<f64> = source.values(&name("target_end_ms"))?;
        let (index, image): (Vec<u64>, Vec<u32>) = (source.values(&name("index"))?, source.values(&name("image"))?);
        let (label, decoded): (Vec<i16>, Vec<u8>) = (source.values(&name("label"))?, source.values(&name("decoded"))?);
        let (kind, kept): (Vec<KindCode>, Vec<u8>) = (source.codes(&name("kind"))?, source.values(&name("recorded"))?);
        let lengths = [forward.len(), target.len(), index.len(), image.len(), label.len(), decoded.len(), kind.len()];
        if lengths.into_iter().chain([kept.len()]).any(|length| length != starts.len()) {
            return Err(source.problem("the columns of `presentations` differ in length"));
        }
        let row = |i: usize| PresentationRow {
            kind: if kind[i] == KindCode::Train { PresentationKind::Train } else { PresentationKind::Test },
            index: index[i],
            image: image[i],
            label: u8::try_from(label[i]).ok(),
            decoded: decoded[i],
            start_ms: starts[i],
            forward_end_ms: forward[i],
            target_end_ms: Some(target[i]).filter(|end| !end.is_nan()),
            recorded: kept[i] != 0,
        };
        Ok((0..starts.len()).map(row).collect())
    }

    /// Spikes of a population in a span of the run's clock [ms]; none if its spikes were not recorded. Only those are read.
    ///
    /// # Errors
    /// If what is there is damaged.
    pub fn spikes(&self, population: &str, span: Range<f64>) -> Result<Option<RecordedSpikes>, RecordError> {
        let group = format!("spikes/{population}");
        if !self.source.has(&group) {
            return Ok(None);
        }
        let (at, of) = (format!("{group}/timestamps"), format!("{group}/node_ids"));
        let size = self.source.number_of::<u64>(&group, "size")? as usize;
        let disagree =
            || self.source.problem(format!("`{group}`: times and neurons of a population of {size} disagree"));
        if self.source.length(&at)? != self.source.length(&of)? {
            return Err(disagree());
        }
        let first = self.source.first_not(&at, |time| time < span.start)?;
        let rows = first..self.source.first_not(&at, |time| time < span.end)?.max(first);
        let (times, neurons) = (self.source.rows(&at, rows.clone())?, self.source.rows::<u64>(&of, rows)?);
        if neurons.iter().any(|&neuron| neuron >= size as u64) {
            return Err(disagree());
        }
        Ok(Some(RecordedSpikes { size, times, neurons }))
    }

    /// Plateaus of a population in a span of the run's clock, its end included [ms]; none if they were not recorded. Little
    /// else is read.
    ///
    /// # Errors
    /// If what is there is damaged.
    pub fn plateaus(&self, population: &str, span: Range<f64>) -> Result<Option<PlateauList>, RecordError> {
        let group = format!("plateaus/{population}");
        if !self.source.has(&group) {
            return Ok(None);
        }
        let source = &self.source;
        let [at, of, alpha, phase] =
            ["timestamps", "node_ids", "alpha", "phase"].map(|column| format!("{group}/{column}"));
        let length = source.length(&at)?;
        if source.length(&of)? != length || source.length(&alpha)? != length || source.length(&phase)? != length {
            return Err(source.problem(format!("the columns of `{group}` differ in length")));
        }
        // Times of their own are out of order by less than a presentation.
        let longest = self.presentations()?.iter().map(|row| row.end_ms() - row.start_ms).fold(0.0, f64::max) + 1.0;
        let first = source.first_not(&at, |time| time < span.start - longest)?;
        let rows = first..source.first_not(&at, |time| time <= span.end + longest)?.max(first);
        let (times, neurons) = (source.rows::<f64>(&at, rows.clone())?, source.rows::<u64>(&of, rows.clone())?);
        let (alpha, phases) = (source.rows::<f32>(&alpha, rows.clone())?, source.code_rows::<PhaseCode>(&phase, rows)?);
        let mut kept = PlateauList::default();
        for (i, &time) in times.iter().enumerate().filter(|&(_, &time)| span.start < time && time <= span.end) {
            kept.times.push(time);
            kept.neurons.push(neurons[i]);
            kept.alpha.push(alpha[i]);
            kept.phases.push(if phases[i] == PhaseCode::Forward { PhaseName::Forward } else { PhaseName::Target });
        }
        Ok(Some(kept))
    }

    /// Traces of some neurons of a population in a span of the run's clock [ms], a block for each unbroken stretch in it; none
    /// if they were not recorded. Only what is asked for is read.
    ///
    /// # Errors
    /// If what is there is damaged.
    pub fn traces(
        &self,
        population: &str,
        neurons: Range<usize>,
        span: Range<f64>,
    ) -> Result<Option<Vec<TraceBlock>>, RecordError> {
        let reports = self.source.reports(population);
        if reports.is_empty() {
            return Ok(None);
        }
        let blocks = reports.iter().map(|report| self.block(report, neurons.clone(), &span));
        let mut blocks = blocks.collect::<Result<Vec<_>, RecordError>>()?;
        blocks.retain(|block| !block.values.is_empty());
        Ok(Some(blocks))
    }

    /// Traces of some neurons in a span of the run's clock, of one report.
    fn block(&self, group: &str, neurons: Range<usize>, span: &Range<f64>) -> Result<TraceBlock, RecordError> {
        let damaged = || self.source.problem(format!("`{group}` is not a report"));
        let [samples, width] = self.source.shape(&format!("{group}/data"))?[..] else { return Err(damaged()) };
        let [start, _, dt] = self.source.values::<f64>(&format!("{group}/mapping/time"))?[..] else {
            return Err(damaged());
        };
        let elements: Vec<u32> = self.source.values(&format!("{group}/mapping/element_ids"))?;
        let pointers: Vec<u64> = self.source.values(&format!("{group}/mapping/index_pointers"))?;
        if elements.len() != width || dt.is_nan() || dt <= 0.0 || pointers.iter().any(|&p| p as usize > width) {
            return Err(damaged());
        }
        // Ids of the neurons ascend without a gap.
        let first_id =
            self.source.rows::<u64>(&format!("{group}/mapping/node_ids"), 0..1)?.first().copied().unwrap_or(0);
        let place = |neuron: usize| neuron.saturating_sub(first_id as usize).min(pointers.len().saturating_sub(1));
        let neurons = place(neurons.start)..place(neurons.end);
        let row = |time: f64| (((time - start) / dt).ceil().max(0.0) as usize).min(samples);
        let (rows, owned) = (row(span.start)..row(span.end), neurons.clone());
        let columns: Vec<_> = owned
            .flat_map(|n| {
                (pointers[n]..pointers[n + 1]).map(|c| (first_id + n as u64, elements[c as usize])).collect::<Vec<_>>()
            })
            .collect();
        let start_ms = start + rows.start as f64 * dt;
        if rows.is_empty() || columns.is_empty() {
            return Ok(TraceBlock { start_ms, dt_ms: dt, columns, values: Vec::new() });
        }
        let first = pointers[neurons.start] as usize;
        let values = self.source.block(&format!("{group}/data"), s![rows, first..first + columns.len()])?;
        Ok(TraceBlock { start_ms, dt_ms: dt, columns, values })
    }

    /// Neurons in the report of a population, if there is one.
    ///
    /// # Errors
    /// If what is there is damaged.
    pub fn traced(&self, population: &str) -> Result<Option<Range<usize>>, RecordError> {
        let name = format!("report/{population}/mapping/node_ids");
        if !self.source.has(&name) {
            return Ok(None);
        }
        let count = self.source.length(&name)?;
        let first = self.source.rows::<u64>(&name, 0..count.min(1))?.first().copied().unwrap_or(0) as usize;
        Ok(Some(first..first.saturating_add(count)))
    }

    /// Credit-assignment diagnostics; none if they were not measured.
    ///
    /// # Errors
    /// If what is there is damaged.
    pub fn credit(&self) -> Result<Option<CreditTable>, RecordError> {
        let source = &self.source;
        if !source.has("credit") {
            return Ok(None);
        }
        let index: Vec<u64> = source.values("credit/index")?;
        let hidden = self.recorded("credit")?.into_iter().map(|name| {
            let column = |of: &str| source.values::<f64>(&format!("credit/{name}/{of}"));
            Ok((name.clone(), column("loss")?, column("angle")?))
        });
        let hidden: Vec<_> = hidden.collect::<Result<_, RecordError>>()?;
        let output_loss: Vec<f64> = source.values("credit/output_loss")?;
        let lengths = hidden.iter().flat_map(|(_, loss, angle)| [loss.len(), angle.len()]);
        if lengths.chain([output_loss.len()]).any(|length| length != index.len()) {
            return Err(source.problem("the columns of `credit` differ in length"));
        }
        let column = |of: &str| format!("credit/eigenvalue/{of}");
        let seen: Vec<u64> = source.values(&column("examples_seen"))?;
        let (of_means, mean): (Vec<f64>, Vec<f64>) =
            (source.values(&column("of_means"))?, source.values(&column("mean"))?);
        let products: Vec<f64> = source.values(&column("product"))?;
        let squared = products.len() / seen.len().max(1);
        let products = products.chunks(squared.max(1)).map(<[f64]>::to_vec).collect();
        let eigenvalues =
            seen.into_iter().zip(of_means).zip(mean).map(|((seen, of_means), mean)| (seen, of_means, mean));
        Ok(Some(CreditTable { index, output_loss, hidden, eigenvalues: eigenvalues.collect(), products }))
    }

    /// The learning curve.
    ///
    /// # Errors
    /// If it is missing.
    pub fn learning(&self) -> Result<Vec<Evaluation>, RecordError> {
        self.source.curve()
    }

    /// Weights of a projection, [post, pre] in row-major order, post, pre.
    ///
    /// # Errors
    /// If the file has no such snapshot; the error lists those it has.
    pub fn weights(&self, projection: &str, snapshot: &str) -> Result<(Vec<f32>, usize, usize), RecordError> {
        snapshot::weight_matrix(&self.source, projection, snapshot)
    }

    /// Training presentations before a snapshot of the weights of a projection.
    ///
    /// # Errors
    /// If the file has no such snapshot.
    pub fn snapshot_seen(&self, projection: &str, snapshot: &str) -> Result<u64, RecordError> {
        self.source.number_of(&format!("weights/{projection}/{snapshot}"), "examples_seen")
    }

    /// Weights of a projection onto one neuron [pre], zero from neurons without a synapse; none if the file has no such snapshot or
    /// neuron. Of dense synapses, only those are read.
    ///
    /// # Errors
    /// If what is there is damaged.
    pub fn weights_onto(
        &self,
        projection: &str,
        snapshot: &str,
        neuron: usize,
    ) -> Result<Option<Vec<f32>>, RecordError> {
        let name = format!("weights/{projection}/{snapshot}");
        if !self.source.has(&name) {
            return Ok(None);
        }
        if synapses::is_sparse(&self.source, &name) {
            return synapses::weights_onto(&self.source, &name, neuron);
        }
        match self.source.shape(&name)?[..] {
            [post, _] if neuron < post => self.source.block(&name, s![neuron..=neuron, ..]).map(Some),
            _ => Ok(None),
        }
    }
}
