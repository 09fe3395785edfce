//! The circuits that figures are drawn from: continuous runs of shipped models, whose spikes are kept in memory.

use std::ops::{ControlFlow, Range};

use super::error::{ReproduceCause, ReproduceError};
use super::figure::FigureTask;
use super::host::Host;
use super::record::RunRecord;
use crate::analysis::{PowerSpectrum, Variability, count_correlations, intervals, power_spectrum, rates, variability};
use crate::engine::EventMark;
use crate::model::{ContinuousProtocol, Model, shipped};
use crate::network::Network;
use crate::record::{MemoryRecorder, Recorder};
use crate::simulation::{Simulation, SimulationError, SimulationMonitor, SimulationProgress, SourceInputs};
use crate::training::initial_network;

/// A continuous run that a figure needs: a shipped model with some keys changed.
#[derive(Clone, Debug)]
pub struct CircuitSpec {
    /// Name of a shipped model.
    pub model: &'static str,
    /// Distinguishes the run from one of the unchanged model; empty: no key differs.
    pub variant: &'static str,
    /// Keys of the model that differ, as in `--set`.
    pub overrides: Vec<String>,
    /// Seed of all that is random.
    pub seed: u64,
}

/// What a circuit fired after its warm-up.
#[derive(Debug)]
pub struct CircuitRun {
    /// What was recorded, on the run's clock [ms].
    pub span: Range<f64>,
    /// Its populations, in the order of the model.
    pub populations: Vec<CircuitSpikes>,
    /// Its weights at the end.
    pub network: Network,
}

/// The spikes of a population.
#[derive(Clone, Debug, Default)]
pub struct CircuitSpikes {
    /// Name of the population.
    pub name: String,
    /// Number of neurons.
    pub size: usize,
    /// Times on the run's clock, ascending [n] [ms].
    pub times: Vec<f64>,
    /// Neurons [n].
    pub neurons: Vec<u64>,
    /// Its events with a beginning and an end, on the run's clock [ms].
    pub marks: Vec<EventMark>,
    /// Its potentials where they were sampled, [samples, neurons, compartments].
    pub traces: Vec<f32>,
}

impl CircuitRun {
    /// The spikes of all populations as those of one, whose neurons stand one population after the other.
    pub fn together(&self) -> CircuitSpikes {
        let (mut spikes, mut size) = (Vec::new(), 0);
        for population in &self.populations {
            let all = population.times.iter().zip(&population.neurons);
            spikes.extend(all.map(|(&time, &neuron)| (time, neuron + size as u64)));
            size += population.size;
        }
        spikes.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let (times, neurons) = spikes.into_iter().unzip();
        CircuitSpikes { name: "all".to_owned(), size, times, neurons, ..CircuitSpikes::default() }
    }
}

impl CircuitSpikes {
    /// Mean rate of each neuron [neurons] [Hz].
    pub fn rates(&self, span: &Range<f64>) -> Vec<f64> {
        rates(&self.times, &self.neurons, self.size, std::slice::from_ref(span))
    }

    /// Mean rate of a neuron [Hz].
    pub fn mean_rate(&self, span: &Range<f64>) -> f64 {
        1000.0 * self.times.len() as f64 / (self.size as f64 * (span.end - span.start))
    }

    /// Variability of the intervals of all neurons; none where no neuron has three spikes.
    pub fn variability(&self, span: &Range<f64>) -> Option<Variability> {
        let trains = intervals(&self.times, &self.neurons, self.size, std::slice::from_ref(span));
        variability(&trains.concat())
    }

    /// Variability of the intervals of each neuron with at least `least` of them.
    pub fn variabilities(&self, span: &Range<f64>, least: usize) -> Vec<Variability> {
        let trains = intervals(&self.times, &self.neurons, self.size, std::slice::from_ref(span));
        let enough = |trains: &&Vec<Vec<f64>>| trains.iter().map(Vec::len).sum::<usize>() >= least;
        trains.iter().filter(enough).filter_map(|trains| variability(trains)).collect()
    }

    /// Mean correlation coefficient of the counts of pairs of neurons in bins of `bin` ms, of the first `most` that fire; NaN
    /// without a pair.
    pub fn mean_correlation(&self, span: &Range<f64>, bin: f64, most: usize) -> f64 {
        let spans = std::slice::from_ref(span);
        let found = count_correlations(&self.times, &self.neurons, 0..self.size, spans, bin, most);
        found.iter().sum::<f64>() / found.len() as f64
    }

    /// The spectrum of the sum of all trains, over segments of `segment` ms up to `highest` Hz.
    pub fn population_spectrum(&self, span: &Range<f64>, [segment, highest]: [f64; 2]) -> PowerSpectrum {
        // One train of all spikes: the sum is what counts.
        let one = vec![0; self.times.len()];
        power_spectrum(&self.times, &one, self.size, std::slice::from_ref(span), [segment, highest])
    }
}

impl CircuitSpec {
    /// The name of the run.
    fn name(&self, duration_ms: f64) -> String {
        let variant = if self.variant.is_empty() { String::new() } else { format!("-{}", self.variant) };
        format!("{}{variant}-{duration_ms}-ms-seed{}", self.model, self.seed)
    }

    /// The model with its keys changed.
    pub(super) fn model(&self) -> Result<Model, ReproduceError> {
        let Some(model) = shipped::find(self.model) else { return Err(ReproduceCause::NotShipped(self.model).into()) };
        Ok(Model::parse(model.text, &format!("shipped {}.toml", model.name), &self.overrides)?)
    }
}

impl FigureTask<'_> {
    /// Runs a circuit from rest, and records the run with the figure.
    ///
    /// # Errors
    /// If the model is refused, its activity runs away, or the host interrupts.
    pub fn simulate(&self, spec: &CircuitSpec) -> Result<CircuitRun, ReproduceError> {
        self.simulate_sampled(spec, None)
    }

    /// As [`FigureTask::simulate`], with potentials sampled every so many ms.
    ///
    /// # Errors
    /// Those of [`FigureTask::simulate`].
    pub fn simulate_sampled(&self, spec: &CircuitSpec, every_ms: Option<f64>) -> Result<CircuitRun, ReproduceError> {
        self.check_interrupt()?;
        let model = spec.model()?;
        let protocol = *model.protocol.continuous().ok_or(SimulationError::Protocol)?;
        self.message(format_args!("{}", spec.name(protocol.duration)));
        let inputs = SourceInputs::load(&model)?;
        let mut simulation = Simulation::new(&model, initial_network(&model, spec.seed)?, inputs, spec.seed)?;
        let mut memory = MemoryRecorder { every_ms, ..MemoryRecorder::default() };
        let mut monitor = InterruptMonitor { host: self.host };
        let recorder: &mut dyn Recorder = &mut memory;
        simulation.run(protocol.end_ms(), recorder, &mut monitor).map_err(ReproduceError::failed)?;
        self.check_interrupt()?;
        self.runs.borrow_mut().push(spec.record(&model, protocol));
        let spikes = memory.spikes.into_iter().chain(std::iter::repeat_with(Vec::new));
        let marks = memory.marks.into_iter().chain(std::iter::repeat_with(Vec::new));
        let traces = memory.traces.into_iter().chain(std::iter::repeat_with(Vec::new));
        let seen = spikes.zip(marks).zip(traces);
        let populations =
            model.populations.iter().zip(seen).map(|(population, ((spikes, marks), traces))| CircuitSpikes {
                name: population.name.clone(),
                size: population.size,
                times: spikes.iter().map(|spike| spike.time).collect(),
                neurons: spikes.iter().map(|spike| u64::from(spike.neuron)).collect(),
                marks,
                traces,
            });
        Ok(CircuitRun {
            span: protocol.warmup..protocol.end_ms(),
            populations: populations.collect(),
            network: simulation.network().clone(),
        })
    }
}

impl CircuitSpec {
    fn record(&self, model: &Model, protocol: ContinuousProtocol) -> RunRecord {
        RunRecord {
            name: self.name(protocol.duration),
            model: model.name.clone(),
            model_sha256: Some(model.sha256()),
            data_sha256: None,
            kind: "continuous".to_owned(),
            batch: None,
            seed: self.seed,
            commit: Some(env!("APICAL_GIT_COMMIT").to_owned()),
            examples_seen: None,
            model_time_ms: Some(protocol.duration),
            test_examples: None,
            tested_on: None,
            test_error_percent: None,
            known: false,
            learning: Vec::new(),
        }
    }
}

/// Stops a run at the end of a slice if the host interrupts.
struct InterruptMonitor<'a> {
    host: &'a dyn Host,
}

impl SimulationMonitor for InterruptMonitor<'_> {
    fn slice(&mut self, _: SimulationProgress, _: &Simulation<'_>) -> Result<ControlFlow<()>, SimulationError> {
        Ok(if self.host.is_interrupted() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::reproduce::TrainingRun;
    use crate::training::Training;

    /// A host that asks for nothing.
    struct SilentHost {
        interrupted: bool,
    }

    impl Host for SilentHost {
        fn message(&self, _: &str) {}

        fn is_interrupted(&self) -> bool {
            self.interrupted
        }

        fn train(&self, _: &TrainingRun<'_>, _: &mut dyn Training) -> Result<(), ReproduceError> {
            unreachable!("a circuit is not trained")
        }
    }

    fn simulated(interrupted: bool) -> Result<(CircuitRun, Vec<RunRecord>), ReproduceError> {
        let host = SilentHost { interrupted };
        let task = FigureTask::new(&[1], Path::new(""), &host);
        let overrides = vec!["protocol.duration_ms=400".to_owned()];
        let run = task.simulate(&CircuitSpec { model: "recurrent-lif", variant: "short", overrides, seed: 1 })?;
        Ok((run, task.into_runs()))
    }

    #[test]
    fn a_run_has_the_spikes_after_its_warm_up_and_is_recorded() {
        let (run, records) = simulated(false).unwrap();
        assert_eq!(run.span, 200.0..600.0);
        let sizes: Vec<_> =
            run.populations.iter().map(|population| (population.name.as_str(), population.size)).collect();
        assert_eq!(sizes, [("exc", 80), ("inh", 20)]);
        for population in &run.populations {
            assert!(population.times.iter().all(|time| run.span.contains(time)) && population.times.is_sorted());
            assert!(population.times.len() > 20 && population.neurons.iter().all(|&n| n < population.size as u64));
        }
        let all = run.together();
        assert!((all.mean_rate(&run.span) - all.rates(&run.span).iter().sum::<f64>() / 100.0).abs() < 1e-9);
        let [record] = &records[..] else { panic!("{records:?}") };
        assert_eq!((record.name.as_str(), record.model_time_ms), ("recurrent-lif-short-400-ms-seed1", Some(400.0)));
    }

    #[test]
    fn an_interrupted_run_is_none() {
        assert!(matches!(simulated(true), Err(ReproduceError::Interrupted)));
    }

    #[test]
    fn populations_together_keep_their_spikes_in_order() {
        let of = |name: &str, size, times: &[f64], neurons: &[u64]| CircuitSpikes {
            name: name.to_owned(),
            size,
            times: times.to_vec(),
            neurons: neurons.to_vec(),
            ..CircuitSpikes::default()
        };
        let populations = vec![of("exc", 3, &[1.0, 4.0], &[2, 0]), of("inh", 2, &[1.0, 3.0], &[0, 1])];
        let network = Network { synapses: Vec::new(), biases: Vec::new() };
        let all = CircuitRun { span: 0.0..10.0, populations, network }.together();
        assert_eq!((all.size, all.neurons), (5, vec![2, 3, 4, 0]));
        assert_eq!(all.times, [1.0, 1.0, 3.0, 4.0]);
    }
}
