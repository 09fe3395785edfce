//! Reads the data of a figure from a run file.

use std::ops::Range;
use std::path::Path;

use anyhow::{Context, bail};

use super::kind::FigureKind;
use super::select::Selection;
use super::title;
use crate::analysis;
use crate::data::tested_on;
use crate::model::{ImageStimuli, Model, Stimuli};
use crate::plot::recorded::{RecordedWindow, neuron_events, neuron_traces, trials};
use crate::plot::{Figure, gallery, label};
use crate::protocol::PhaseName;
use crate::record::PresentationKind;
use crate::record::hdf5::{PresentationRow, RunReader};

/// Largest number of neurons in a figure of traces.
const MOST_TRACED: usize = 12;

/// PresentationRanges of a continuous run in a raster and in traces, the last ones, unless others are asked for.
const CONTINUOUS_STRETCHES: usize = 10;

/// Least number of pairs of successive intervals from which the variability of a neuron is computed.
const LEAST_INTERVALS: usize = 10;

/// An open run file and the selection to be drawn.
pub(super) struct FigureSource<'a> {
    run: &'a RunReader,
    pub(super) path: &'a Path,
    selection: &'a Selection,
}

/// Draws a figure of a run file.
///
/// # Errors
/// If the selection holds nothing that the figure shows.
pub(super) fn figure(what: FigureKind, run: &RunReader, path: &Path, selection: &Selection) -> anyhow::Result<Figure> {
    let source = FigureSource { run, path, selection };
    let (figure, of) = match what {
        FigureKind::Raster => source.raster(),
        FigureKind::Traces => source.traces(),
        FigureKind::Plateaus => source.plateaus(),
        FigureKind::Rates => source.rates(),
        FigureKind::Isi => source.isi(),
        FigureKind::Correlation => source.correlations(),
        FigureKind::Spectrum => source.spectra(),
        FigureKind::Learning => source.learning(),
        FigureKind::Confusion => source.confusion(),
        FigureKind::Weights => source.weights(),
        FigureKind::Phases => source.phases(),
        FigureKind::Angle => source.angle(),
    }?;
    let words = if figure.title.is_empty() { what.title() } else { &figure.title };
    let title = [words, &of].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ");
    Ok(Figure { title, ..figure })
}

/// A figure, its title empty unless it differs from that of its kind, and what is appended to the title: the presentations
/// shown.
pub(super) type TitledFigure = anyhow::Result<(Figure, String)>;

/// Spikes of the selected neurons of a population in a window.
pub(super) struct PopulationSpikes {
    pub(super) name: String,
    pub(super) neurons: Range<usize>,
    pub(super) times: Vec<f64>,
    pub(super) ids: Vec<u64>,
}

impl FigureSource<'_> {
    pub(super) fn model(&self) -> anyhow::Result<Model> {
        Ok(self.run.model(self.path)?)
    }

    /// Which presentations are shown, and the training before them, for the title.
    pub(super) fn presentations_title(&self, shown: &[PresentationRow]) -> anyhow::Result<String> {
        title::presentations(self.run, &self.model()?, shown)
    }

    /// The selected window, by default of `default` presentations, and the spikes of the selected neurons in it, by population.
    pub(super) fn spikes(&self, default: usize) -> anyhow::Result<(RecordedWindow, Vec<PopulationSpikes>)> {
        let names = self.selection.populations(self.run, self.path, "spikes")?;
        let window = self.selection.window(self.run, self.path, default, "spikes")?;
        let mut lists = Vec::new();
        for name in names {
            if let Some(list) = self.run.spikes(&name, window.span.clone())? {
                lists.push((name, list));
            }
        }
        let largest = lists.iter().map(|(_, list)| list.size).max().unwrap_or(0);
        let mut found = Vec::new();
        for (name, list) in lists {
            let Some(neurons) = self.selection.neurons(&name, list.size, largest, list.size)? else { continue };
            let asked = |(_, id): &(f64, u64)| neurons.contains(&(*id as usize));
            let (times, ids) = list.times.into_iter().zip(list.neurons).filter(asked).unzip();
            found.push(PopulationSpikes { name, neurons, times, ids });
        }
        Ok((window, found))
    }

    /// Whether the run has no presentations.
    pub(super) fn is_continuous(&self) -> anyhow::Result<bool> {
        Ok(self.model()?.protocol.continuous().is_some())
    }

    fn raster(&self) -> TitledFigure {
        let default = if self.is_continuous()? { CONTINUOUS_STRETCHES } else { 4 };
        let (window, populations) = self.spikes(default)?;
        let events = populations.iter().map(|p| neuron_events(self.run, &p.name, window.span.clone()));
        let events = events.collect::<Result<Vec<_>, _>>()?;
        let each = populations.iter().zip(&events).map(|(p, events)| gallery::RasterPopulation {
            name: &p.name,
            neurons: [p.neurons.start, p.neurons.end],
            times: &p.times,
            ids: &p.ids,
            events,
        });
        let figure =
            gallery::raster(&each.collect::<Vec<_>>(), &trials(&self.model()?, &window.shown), ends(&window.span));
        Ok((figure, self.window_title(&window)?))
    }

    fn traces(&self) -> TitledFigure {
        let names = self.selection.populations(self.run, self.path, "report")?;
        let default = if self.is_continuous()? { CONTINUOUS_STRETCHES } else { 2 };
        let window = self.selection.window(self.run, self.path, default, "traces")?;
        let model = self.model()?;
        let mut sizes = Vec::new();
        for name in names {
            let traced = self.run.traced(&name)?.unwrap_or(0..0);
            sizes.push((name, traced));
        }
        let largest = sizes.iter().map(|(_, traced)| traced.end).max().unwrap_or(0);
        let mut neurons = Vec::new();
        for (name, traced) in &sizes {
            let default = traced.start..traced.end.min(traced.start + 2);
            let Some(asked) = self.selection.neurons_among(name, traced.end, largest, default)? else { continue };
            if neurons.len() + asked.len() > MOST_TRACED {
                bail!(
                    "--neurons: expected at most {MOST_TRACED} neurons in one figure of traces; --population selects one"
                );
            }
            neurons.extend(neuron_traces(self.run, &model, name, asked, &window)?);
        }
        if neurons.iter().all(|neuron| neuron.potentials.iter().all(|(_, points)| points.is_empty())) {
            bail!(
                "{} holds no traces between {:.1} and {:.1} ms",
                self.path.display(),
                window.span.start,
                window.span.end
            );
        }
        let figure = gallery::traces(&neurons, &trials(&model, &window.shown), ends(&window.span));
        Ok((figure, self.window_title(&window)?))
    }

    fn plateaus(&self) -> TitledFigure {
        let names = self.selection.populations(self.run, self.path, "plateaus")?;
        let window = self.selection.window(self.run, self.path, usize::MAX, "plateaus")?;
        let model = self.model()?;
        let sizes: Vec<_> = names.iter().map(|name| size_of(&model, name)).collect();
        let largest = sizes.iter().copied().max().unwrap_or(0);
        let mut found = Vec::new();
        for (name, size) in names.iter().zip(sizes) {
            let Some(asked) = self.selection.neurons(name, size, largest, size)? else { continue };
            let list = self.run.plateaus(name, window.span.clone())?.unwrap_or_default();
            let of = |phase: PhaseName| -> Vec<f64> {
                let kept = (0..list.alpha.len()).filter(|&i| list.phases[i] == phase);
                let kept = kept.filter(|&i| asked.contains(&(list.neurons[i] as usize)));
                kept.map(|i| f64::from(list.alpha[i])).collect()
            };
            // Pairs, where a window of time may begin or end between the phases.
            let (forward, target) = (of(PhaseName::Forward), of(PhaseName::Target));
            let (forward, target) =
                if forward.len() == target.len() { (forward, target) } else { (forward, Vec::new()) };
            if forward.is_empty() {
                bail!("{} holds no plateaus of `{name}` in the time asked for", self.path.display());
            }
            found.push((name, forward, target));
        }
        let pairs = found.iter().map(|(name, forward, target)| gallery::PlateauPairs { name, forward, target });
        Ok((gallery::plateaus(&pairs.collect::<Vec<_>>()), self.presentations_title(&window.shown)?))
    }

    /// What of the run a window shows: its presentations, or times of a continuous run.
    pub(super) fn window_title(&self, window: &RecordedWindow) -> anyhow::Result<String> {
        if self.is_continuous()? {
            return Ok(format!("{} to {} ms", label(window.span.start, 1), label(window.span.end, 1)));
        }
        self.presentations_title(&window.shown)
    }

    fn isi(&self) -> TitledFigure {
        let (window, populations) = self.spikes(usize::MAX)?;
        let is_continuous = self.is_continuous()?;
        let phases = self.spans(&window)?;
        let each = populations.iter().map(|population| {
            let PopulationSpikes { name, neurons, times, ids } = population;
            let trains = analysis::intervals(times, ids, neurons.end, &phases);
            let enough = |trains: &&Vec<Vec<f64>>| {
                trains.iter().map(|t| t.len().saturating_sub(1)).sum::<usize>() >= LEAST_INTERVALS
            };
            gallery::Intervals {
                name: name.clone(),
                within_phases: !is_continuous,
                neurons: trains.iter().filter(enough).filter_map(|trains| analysis::variability(trains)).collect(),
                population: analysis::variability(&trains.concat()),
                intervals: trains.into_iter().flatten().flatten().collect(),
            }
        });
        Ok((gallery::isi(&each.collect::<Vec<_>>()), self.window_title(&window)?))
    }

    fn learning(&self) -> TitledFigure {
        let curve: Vec<_> = self.run.learning()?.iter().map(point).collect();
        if curve.is_empty() {
            bail!("{} holds no evaluation; `apical train` tests a network after every epoch", self.path.display());
        }
        let of = format!("up to {} training presentations", label(curve[curve.len() - 1].examples, 0));
        Ok((gallery::learning(&curve, tested_on(&self.model()?.stimuli)), of))
    }

    fn angle(&self) -> TitledFigure {
        let Some(credit) = self.run.credit()?.filter(|credit| !credit.index.is_empty()) else {
            let file = self.path.display();
            bail!(
                "{file} holds no angles; `--set recording.credit=true` measures them where hidden layers have plateaus"
            );
        };
        let index: Vec<f64> = credit.index.iter().map(|&n| n as f64).collect();
        let hidden: Vec<_> = credit.hidden.into_iter().map(|(name, _, angles)| (name, angles)).collect();
        let eigenvalues: Vec<_> =
            credit.eigenvalues.into_iter().map(|(seen, of_means, mean)| (seen as f64, of_means, mean)).collect();
        let of = format!("presentations {} to {}", label(index[0], 0), label(index[index.len() - 1], 0));
        Ok((gallery::angles(&index, &hidden, &eigenvalues), of))
    }

    fn confusion(&self) -> TitledFigure {
        let rows = self.run.presentations()?;
        let (kind, labelled) = PresentationRow::last_answers(&rows);
        let of = if kind == PresentationKind::Train { "training" } else { tested_on(&self.model()?.stimuli) };
        if labelled.is_empty() {
            bail!("{} holds no answer to an image with a label", self.path.display());
        }
        let labelled = self.selection.presentations(&labelled, self.path)?;
        let classes = self.model()?.classes();
        let answers = labelled.iter().filter_map(|row| Some((row.label?, row.decoded)));
        let figure = gallery::confusion(&analysis::confusion(answers, classes));
        Ok((Figure { title: format!("answers to {of} images"), ..figure }, self.presentations_title(&labelled)?))
    }

    fn weights(&self) -> TitledFigure {
        let model = self.model()?;
        let name = |id: crate::model::PopulationId| model.population(id).name.as_str();
        let onto = |wanted: &str| model.projections.iter().find(|p| name(p.to) == wanted);
        let projection = match &self.selection.population {
            Some(wanted) if !model.populations.iter().any(|p| p.name == *wanted) => {
                let all: Vec<_> = model.populations.iter().map(|p| p.name.as_str()).collect();
                bail!("--population {wanted}: {} has the populations {}", self.path.display(), all.join(", "));
            }
            Some(wanted) => onto(wanted).with_context(|| {
                format!("--population {wanted}: no projection reaches it, so that it has no weights")
            })?,
            None => {
                let first = model.projections.first();
                first.with_context(|| format!("{} has no projection", self.path.display()))?
            }
        };
        let snapshot = self.selection.snapshot.as_deref().unwrap_or("final");
        let (values, post, pre) = self.run.weights(&projection.name, snapshot)?;
        let maps = if matches!(model.stimuli, Stimuli::Idx(ImageStimuli { on_off: Some(_), .. })) { 2 } else { 1 };
        let side = ((pre / maps) as f64).sqrt().round() as usize;
        let fields = model.population(projection.from).is_source() && side > 1 && maps * side * side == pre;
        let (layout, what) = match (fields, maps) {
            (true, 2) => (gallery::WeightLayout::OnLessOff(side), "receptive fields, ON less OFF"),
            (true, _) => (gallery::WeightLayout::Fields(side), "receptive fields"),
            (false, _) => (gallery::WeightLayout::Matrix, "weights"),
        };
        let default = if fields { 100 } else { post };
        let asked = self.selection.neurons(name(projection.to), post, post, default)?.unwrap_or(0..post);
        let chosen = &values[asked.start * pre..asked.end * pre];
        let figure = gallery::weights(chosen, pre, asked.start, layout, [name(projection.from), name(projection.to)]);
        let seen = match self.run.frozen_after()? {
            Some(seen) => seen,
            None => self.run.snapshot_seen(&projection.name, snapshot)?,
        };
        let title = format!("{what}, {} ({snapshot})", projection.name);
        Ok((Figure { title, ..figure }, title::state(&model, &(seen..seen))))
    }

    fn phases(&self) -> TitledFigure {
        if self.is_continuous()? {
            bail!("{} holds a continuous run, which has no phases", self.path.display());
        }
        let protocol = self.model()?.phases();
        let rows: Vec<_> =
            self.run.presentations()?.into_iter().filter(|row| row.kind == PresentationKind::Train).collect();
        if rows.is_empty() {
            bail!("{} holds no training presentation, and tests are all of one length", self.path.display());
        }
        let rows = self.selection.presentations(&rows, self.path)?;
        let wald = [protocol.wald_mean, protocol.wald_scale];
        let forward = rows.iter().map(|row| row.forward_end_ms - row.start_ms).collect();
        let mut lengths = vec![("forward".to_owned(), forward, [protocol.forward, wald[0], wald[1]])];
        let target: Vec<_> = rows.iter().filter_map(|row| Some(row.target_end_ms? - row.forward_end_ms)).collect();
        if !target.is_empty() {
            lengths.push(("target".to_owned(), target, [protocol.target, wald[0], wald[1]]));
        }
        Ok((gallery::phases(&lengths), self.presentations_title(&rows)?))
    }
}

fn ends(span: &Range<f64>) -> [f64; 2] {
    [span.start, span.end]
}

fn point(evaluation: &crate::record::Evaluation) -> gallery::CurvePoint {
    gallery::CurvePoint {
        examples: evaluation.examples_seen as f64,
        test_error: evaluation.test_error,
        train_error: evaluation.train_error,
        loss: evaluation.loss,
    }
}

fn size_of(model: &Model, name: &str) -> usize {
    model.populations.iter().find(|population| population.name == name).map_or(0, |population| population.size)
}

/// Phases of the presentations of a window, one by one, as far as they lie in it [ms].
pub(super) fn phases(window: &RecordedWindow) -> Vec<Range<f64>> {
    let both = |row: &PresentationRow| {
        let target = row.target_end_ms.map(|end| row.forward_end_ms..end);
        [Some(row.start_ms..row.forward_end_ms), target]
    };
    let within = |phase: Range<f64>| phase.start.max(window.span.start)..phase.end.min(window.span.end);
    window.shown.iter().flat_map(both).flatten().map(within).filter(|phase| phase.start < phase.end).collect()
}
