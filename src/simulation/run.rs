//! The run itself.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

use super::error::SimulationError;
use super::piece::RecordedPiece;
use super::rollback::{Rollback, Wanted};
use super::sources::SourceInputs;
use crate::data::DataIdentity;
use crate::engine::{Circuit, Lane, Limits, Precision, TrialAborted, Work, keep_awake};
use crate::model::{ContinuousProtocol, InterventionKind, Model, Population, Snapshots};
use crate::network::Network;
use crate::numeric::PresentationKey;
use crate::protocol::{KeptSpikes, Phase, SLICE_MS, Sampling, Trial, slice_at, slice_start, slices_until};
use crate::record::{Checkpoint, Planned, Presentation, PresentationKind, Recorder, SinceEvaluation};
use crate::training::Ending;

/// A circuit in a continuous run. It begins at rest and stands between two slices whenever it may be looked at or changed.
#[derive(Debug)]
pub struct Simulation<'a> {
    pub(super) model: &'a Model,
    protocol: ContinuousProtocol,
    pub(super) lane: Lane,
    pub(super) network: Network,
    pub(super) inputs: SourceInputs,
    pub(super) seed: u64,
    /// The next slice.
    pub(super) next: u64,
    /// How far the run is recorded on its clock [ms]: beyond the start of the next slice where a run ended within one.
    recorded_ms: f64,
    edited: bool,
    /// The files of the run.
    data: Option<DataIdentity>,
    /// Whether a change made weights that are no finite numbers.
    pub(super) overflowed: bool,
    /// Changes that are not recorded yet, each with its time [ms].
    pub(super) changes: Vec<(f64, String)>,
    /// Spikes of each population in what was recorded since the start or resumption.
    spikes: Vec<u64>,
    copies: Rollback,
}

/// How far a run has come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SimulationProgress {
    /// The run's clock [ms].
    pub clock_ms: f64,
    /// Where the run began or was resumed [ms].
    pub from_ms: f64,
    /// Where it ends [ms].
    pub end_ms: f64,
}

/// Monitors a continuous run; `()` monitors nothing.
pub trait SimulationMonitor: Sync {
    /// Whether to end the run at once, without the slice that is being simulated; asked often.
    fn stop(&self) -> bool {
        false
    }

    /// A slice is over and recorded: a checkpoint may be saved. `Break` ends the run here.
    ///
    /// # Errors
    /// If one cannot be saved; the run stops.
    fn slice(
        &mut self,
        progress: SimulationProgress,
        simulation: &Simulation<'_>,
    ) -> Result<ControlFlow<()>, SimulationError> {
        let _ = (progress, simulation);
        Ok(ControlFlow::Continue(()))
    }
}

impl SimulationMonitor for () {}

impl<'a> Simulation<'a> {
    /// A new run of `model` from rest.
    ///
    /// # Errors
    /// If the model has another protocol or no layout, or the network is not one of it.
    pub fn new(model: &'a Model, network: Network, inputs: SourceInputs, seed: u64) -> Result<Self, SimulationError> {
        network.check(model)?;
        let mut simulation = Self::at(model, network, inputs, seed, 0)?;
        simulation.intervene(|at_ms| at_ms <= 0.0);
        Ok(simulation)
    }

    /// A run that goes on from a checkpoint of `model`, to the bit as if it had not been stopped.
    ///
    /// # Errors
    /// Those of [`Simulation::new`].
    pub fn resume(model: &'a Model, inputs: SourceInputs, checkpoint: Checkpoint) -> Result<Self, SimulationError> {
        checkpoint.check(model)?;
        let Checkpoint { network, seed, examples_seen, clock_ms, lanes, edited, data, .. } = checkpoint;
        let mut simulation = Self::at(model, network, inputs, seed, examples_seen)?;
        lanes.iter().for_each(|state| simulation.lane.restore(state));
        (simulation.edited, simulation.data, simulation.recorded_ms) = (edited, data, clock_ms);
        // Weights, biases and potentials have been changed already.
        let now = simulation.clock_ms();
        for intervention in model.interventions.iter().filter(|change| change.at_ms <= now) {
            if let InterventionKind::Silence { population, neurons } = &intervention.kind {
                simulation.inputs.silence(population.0, neurons);
            }
        }
        Ok(simulation)
    }

    fn at(
        model: &'a Model,
        network: Network,
        inputs: SourceInputs,
        seed: u64,
        next: u64,
    ) -> Result<Self, SimulationError> {
        let protocol = *model.protocol.continuous().ok_or(SimulationError::Protocol)?;
        let lane = Lane::new(&Arc::new(Circuit::new(model, seed, Precision::Single)?));
        let spikes = vec![0; model.populations.len()];
        let recorded_ms = slice_start(next);
        Ok(Self {
            model,
            protocol,
            lane,
            network,
            inputs,
            seed,
            next,
            recorded_ms,
            edited: false,
            data: None,
            overflowed: false,
            changes: Vec::new(),
            spikes,
            copies: Rollback::default(),
        })
    }

    /// The run, whose network comes from a checkpoint that was changed after it was written, or not; its checkpoints say so.
    #[must_use]
    pub fn with_edited(self, edited: bool) -> Self {
        Self { edited, ..self }
    }

    /// The run with the identity of its files, which its checkpoints keep.
    #[must_use]
    pub fn with_data(self, data: Option<DataIdentity>) -> Self {
        Self { data, ..self }
    }

    /// The run's clock: the start of the next slice [ms].
    pub fn clock_ms(&self) -> f64 {
        slice_start(self.next)
    }

    /// How far the run is recorded on its clock [ms].
    pub fn recorded_ms(&self) -> f64 {
        self.recorded_ms
    }

    /// Weights and biases as they are now; those that change at spikes, in the course of a run as they were at the last arrival over
    /// each synapse.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// What a run to the end of the model's protocol will record: sources at their rates, cells at what is assumed of them.
    pub fn planned(&self) -> Planned {
        let (from_ms, end_ms) = (self.recorded_ms, self.protocol.end_ms());
        let presentations = slice_at(from_ms)..slices_until(end_ms);
        let assumed = Planned::assumed(self.model, PresentationKind::Train, presentations, 0);
        let known = self.inputs.mean_rates(self.model.populations.len(), [0.0, end_ms]);
        let rates = assumed.rates.iter().zip(known).map(|(&assumed, known)| known.unwrap_or(assumed)).collect();
        Planned { rates, span_ms: self.protocol.warmup.max(from_ms)..end_ms, ..assumed }
    }

    /// Spikes of each population in what was recorded since the start or resumption.
    pub fn spikes(&self) -> &[u64] {
        &self.spikes
    }

    /// Work done since the start or resumption.
    pub fn work(&self) -> Work {
        self.lane.work()
    }

    /// A checkpoint of the run as it stands between two slices. Its clock is how far the run is recorded: where a run ended
    /// within a slice, the next one simulates that slice again and records the rest of it.
    pub fn checkpoint(&self) -> Checkpoint {
        let mut network = self.network.clone();
        if self.learns() {
            self.lane.apply_pending(&mut network);
        }
        Checkpoint {
            model_text: self.model.text(),
            data: self.data.clone(),
            edited: self.edited,
            seed: self.seed,
            examples_seen: self.next,
            examples_planned: self.next,
            tests_done: 0,
            clock_ms: self.recorded_ms,
            since_evaluation: SinceEvaluation::default(),
            curve: Vec::new(),
            network,
            centres: Vec::new(),
            lanes: vec![self.lane.state()],
        }
    }

    /// Runs until `end_ms` on the clock. What of the last slice lies beyond is simulated again by the next run, so that where
    /// runs end changes nothing.
    ///
    /// # Errors
    /// If something cannot be recorded, or activity runs away.
    pub fn run(
        &mut self,
        end_ms: f64,
        recorder: &mut dyn Recorder,
        monitor: &mut dyn SimulationMonitor,
    ) -> Result<Ending, SimulationError> {
        let from_ms = self.recorded_ms;
        let times = self.model.recording.recorded_times(self.protocol.warmup.max(from_ms)..end_ms);
        recorder.weights(self.next, Some("initial"), &self.network)?;
        self.record_changes(recorder)?;
        let mut ending = Ending::Done;
        self.copies.begin();
        while self.clock_ms() < end_ms {
            let (index, start) = (self.next, self.clock_ms());
            let is_cut = end_ms < start + SLICE_MS;
            let wanted = Wanted { at_any_cost: is_cut, weights: self.learns() };
            let before = self.copies.keep(&mut self.lane, &mut self.network, wanted);
            let piece = RecordedPiece::of(&times, start);
            let begun = Instant::now();
            let aborted = self.slice(piece, recorder, &|| before.is_some() && monitor.stop());
            self.copies.slice(begun);
            match aborted {
                Some(TrialAborted::Runaway { population, at_ms }) => return Err(self.runaway(population, at_ms)),
                Some(TrialAborted::Stopped) => {
                    self.lane.rest();
                    before.iter().for_each(|before| before.restore(&mut self.lane, &mut self.network));
                    ending = Ending::Stopped;
                    break;
                }
                None => (),
            }
            self.check_numbers()?;
            self.recorded_ms = end_ms.min(start + SLICE_MS);
            if let Some(before) = before.filter(|_| is_cut) {
                before.restore(&mut self.lane, &mut self.network);
            } else {
                self.next += 1;
                self.normalise();
                self.intervene(|at_ms| slice_at(at_ms) == index + 1);
                if self.overflowed {
                    self.check_numbers()?;
                }
            }
            // Last, so that a checkpoint is whole even if something cannot be recorded.
            piece.map_or(Ok(()), |piece| self.record(index, piece, recorder))?;
            if self.clock_ms() < end_ms {
                self.record_changes(recorder)?;
                self.record_weights(recorder)?;
            }
            if is_cut {
                break;
            }
            let progress = SimulationProgress { clock_ms: self.clock_ms(), from_ms, end_ms };
            if monitor.slice(progress, self)?.is_break() && self.clock_ms() < end_ms {
                ending = Ending::Stopped;
                break;
            }
        }
        self.settle_weights();
        self.check_weights()?;
        recorder.weights(self.next, Some("final"), &self.network)?;
        Ok(ending)
    }

    /// Simulates the next slice in full, with traces on the grid on which a piece of it is recorded. Returns why it was given
    /// up, if it was.
    fn slice(
        &mut self,
        piece: Option<RecordedPiece>,
        recorder: &mut dyn Recorder,
        stop: &(dyn Fn() -> bool + Sync),
    ) -> Option<TrialAborted> {
        let (index, start) = (self.next, self.clock_ms());
        let sampling = piece.and_then(|RecordedPiece { from, .. }| {
            let sampling = recorder.sampling(PresentationKind::Train, index, start + from)?;
            Some(Sampling { first: from + sampling.first, ..sampling })
        });
        self.inputs.prepare(self.seed, index);
        let stimuli = self.inputs.stimuli();
        let currents = self.inputs.currents();
        let phases = [Phase { currents: &currents, ..Phase::new(SLICE_MS, &stimuli) }];
        let key = PresentationKey::training(index);
        let trial = Trial { key, phases: &phases, spikes: KeptSpikes::All, sampling };
        let limits = Limits { largest_mean_rate: self.protocol.largest_mean_rate, stop };
        let (lane, network) = (&mut self.lane, &mut self.network);
        keep_awake(lane.parts_at_once() - 1, || lane.present_changing(network, &trial, &limits))
    }

    /// Records a piece of the slice just simulated.
    fn record(&mut self, index: u64, piece: RecordedPiece, recorder: &mut dyn Recorder) -> Result<(), SimulationError> {
        let (whole, start) = (self.lane.observation(), slice_start(index));
        let cut = (!piece.is_whole()).then(|| piece.cut(whole));
        let observed = cut.as_ref().unwrap_or(whole);
        self.spikes.iter_mut().zip(&observed.spikes).for_each(|(count, spikes)| *count += spikes.len() as u64);
        let (start_ms, cut_ms) = (start, piece.from);
        let (image, label, decoded) = (0, None, 0);
        let presentation =
            Presentation { kind: PresentationKind::Train, index, image, label, decoded, start_ms, cut_ms, observed };
        Ok(recorder.presentation(presentation)?)
    }

    /// Records the weights between two slices, if this is the time for it.
    fn record_weights(&mut self, recorder: &mut dyn Recorder) -> Result<(), SimulationError> {
        match self.model.recording.snapshots {
            Snapshots::Presentations(every) if self.next.is_multiple_of(every) => {
                self.settle_weights();
                self.check_weights()?;
                Ok(recorder.weights(self.next, None, &self.network)?)
            }
            _ => Ok(()),
        }
    }

    fn record_changes(&mut self, recorder: &mut dyn Recorder) -> Result<(), SimulationError> {
        let mut changes = std::mem::take(&mut self.changes).into_iter();
        Ok(changes.try_for_each(|(at_ms, what)| recorder.changed(at_ms, &what))?)
    }

    /// The error of a population that fired more by `at_ms` of the next slice than it may in all of it.
    fn runaway(&self, population: usize, at_ms: f64) -> SimulationError {
        let (spikes, from_ms) = (self.lane.observation().spikes[population].len(), self.clock_ms());
        let Population { name, size, .. } = &self.model.populations[population];
        SimulationError::Runaway {
            population: name.clone(),
            rate_hz: 1000.0 * spikes as f64 / (*size as f64 * at_ms),
            limit_hz: 1000.0 * self.protocol.largest_mean_rate,
            from_ms,
            to_ms: from_ms + at_ms,
            slice_ms: SLICE_MS,
        }
    }

    /// Returns an error if potentials or currents of a population, or weights, are no finite numbers any more.
    fn check_numbers(&self) -> Result<(), SimulationError> {
        let overflow = |what: String| Err(SimulationError::Overflow { what, at_ms: self.clock_ms() + SLICE_MS });
        if self.overflowed {
            return overflow("the weights, after a change".to_owned());
        }
        match self.lane.first_not_finite() {
            Some(index) => overflow(format!("population {:?}", self.model.populations[index].name)),
            None => Ok(()),
        }
    }
}
