//! The parts of a run at work, collected by a recorder, since HDF5 locks the file that is being written.
//!
//! The recorder copies spikes and plateaus only after the page has asked for them, a few presentations at a time: without a
//! page it only counts.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use super::run::{network, presentations};
use super::{DataPart, Pack, Parts, curve};
use crate::analysis::confusion;
use crate::model::Model;
use crate::protocol::{FORWARD, PhaseName, TARGET};
use crate::record::hdf5::{PlateauList, PresentationRow, RecordedSpikes};
use crate::record::{Evaluation, Presentation, PresentationKind, RecordError, Recorder};

/// Presentations sent to the page at a time.
const SHOWN: usize = 4;

/// Training presentations in a point of the running error.
const POINT: u64 = 500;

/// Consecutive training presentations with their spikes and plateaus, by population.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LiveTrials {
    /// The presentations.
    pub rows: Vec<PresentationRow>,
    /// Their spikes.
    pub spikes: Vec<RecordedSpikes>,
    /// Their plateaus, of populations with apical dendrites.
    pub plateaus: Vec<PlateauList>,
}

/// The state shared by recorder and page.
#[derive(Debug, Default)]
struct State {
    wanted: bool,
    shown: LiveTrials,
    seed: u64,
    seen: u64,
    planned: u64,
    curve: Vec<Evaluation>,
    /// Presentations seen and error over the last of them [%].
    running: Vec<(u64, f64)>,
    /// Presentations and wrong answers since the last point.
    since_point: (u64, u64),
    answers: Vec<(u8, u8)>,
    confusion: Vec<Vec<u64>>,
}

/// The parts of a run at work.
#[derive(Debug)]
pub struct LiveParts {
    network: Value,
    classes: usize,
    state: Arc<Mutex<State>>,
}

/// The recorder that collects the parts of a run at work.
#[derive(Debug)]
pub struct Live {
    classes: usize,
    sizes: Vec<usize>,
    collected: LiveTrials,
    state: Arc<Mutex<State>>,
}

impl LiveParts {
    /// Parts of runs of this model, before the first has begun.
    pub fn new(model: &Model) -> Self {
        let mut network = network(model);
        network["live"] = true.into();
        for (population, described) in
            model.populations.iter().zip(network["populations"].as_array_mut().into_iter().flatten())
        {
            described["spikes"] = true.into();
            described["plateaus"] = population.has_plateaus().into();
        }
        Self { network, classes: model.classes(), state: Arc::default() }
    }

    /// The recorder of the next run, of `planned` training presentations in all; the page switches to it.
    pub fn recorder(&self, model: &Model, seed: u64, planned: u64) -> Live {
        *locked(&self.state) = State { seed, planned, wanted: true, ..State::default() };
        let sizes = model.populations.iter().map(|population| population.size).collect();
        Live { classes: self.classes, sizes, collected: LiveTrials::default(), state: Arc::clone(&self.state) }
    }

    fn about(&self, state: &State) -> Value {
        let mut about = self.network.clone();
        about["seed"] = state.seed.into();
        about["seen"] = state.seen.into();
        about["planned"] = state.planned.into();
        about["curve"] = curve(&state.curve);
        about["running"] = json!(state.running);
        about["confusion"] = json!({ "of": about["tested_on"], "counts": state.confusion });
        about
    }
}

impl Parts for LiveParts {
    fn part(&self, part: DataPart) -> Result<Option<Pack>, RecordError> {
        let mut state = locked(&self.state);
        match part {
            DataPart::Run => return Ok(Some(Pack::of(self.about(&state)))),
            DataPart::Live => state.wanted = true,
            _ => return Ok(None),
        }
        let mut all = Pack::default().part("run", Pack::of(self.about(&state)));
        all = all.part("presentations", presentations(&state.shown.rows));
        for (p, list) in state.shown.spikes.iter().enumerate() {
            let pack = Pack::of(json!({ "total": list.times.len() })).f64("time", &list.times);
            all = all.part(&DataPart::Spikes(p).name(), pack.u32("neuron", list.neurons.iter().map(|&n| n as u32)));
        }
        for (p, list) in state.shown.plateaus.iter().enumerate().filter(|(_, list)| !list.times.is_empty()) {
            let pack =
                Pack::of(json!({ "total": list.times.len() })).f64("time", &list.times).f32("alpha", &list.alpha);
            let pack = pack.u32("neuron", list.neurons.iter().map(|&n| n as u32));
            let target = list.phases.iter().map(|&phase| u8::from(phase == PhaseName::Target));
            all = all.part(&DataPart::Plateaus(p).name(), pack.u8("phase", target));
        }
        Ok(Some(all))
    }
}

impl Live {
    fn collect(&mut self, presentation: &Presentation<'_>) {
        let Presentation { kind, index, image, label, decoded, start_ms, observed, .. } = *presentation;
        let forward_end_ms = start_ms + observed.phase_ms(FORWARD);
        let target_end_ms = (observed.phase_ms(TARGET) > 0.0).then_some(forward_end_ms + observed.phase_ms(TARGET));
        let recorded = true;
        let row =
            PresentationRow { kind, index, image, label, decoded, start_ms, forward_end_ms, target_end_ms, recorded };
        let shown = &mut self.collected;
        shown.rows.push(row);
        shown.spikes.resize_with(self.sizes.len(), RecordedSpikes::default);
        shown.plateaus.resize_with(self.sizes.len(), PlateauList::default);
        for ((list, seen), &size) in shown.spikes.iter_mut().zip(&observed.spikes).zip(&self.sizes) {
            list.size = size;
            list.times.extend(seen.iter().map(|spike| start_ms + spike.time));
            list.neurons.extend(seen.iter().map(|spike| u64::from(spike.neuron)));
        }
        for (population, (list, seen)) in shown.plateaus.iter_mut().zip(&observed.plateaus).enumerate() {
            for ((index, phase), alphas) in [PhaseName::Forward, PhaseName::Target].into_iter().enumerate().zip(seen) {
                list.times.extend(observed.plateau_times(population, index, start_ms));
                list.neurons.extend(0..alphas.len() as u64);
                list.alpha.extend(alphas);
                list.phases.extend(alphas.iter().map(|_| phase));
            }
        }
    }
}

impl Recorder for Live {
    fn watches(&self, kind: PresentationKind, _: u64) -> bool {
        kind == PresentationKind::Train
    }

    fn presentation(&mut self, presentation: Presentation<'_>) -> Result<(), RecordError> {
        let shared = Arc::clone(&self.state);
        let mut state = locked(&shared);
        if presentation.kind == PresentationKind::Test {
            state.answers.extend(presentation.label.map(|label| (label, presentation.decoded)));
            return Ok(());
        }
        state.seen = presentation.index + 1;
        state.since_point.0 += 1;
        state.since_point.1 += u64::from(presentation.label.is_some_and(|label| label != presentation.decoded));
        if state.since_point.0 == POINT {
            let point = (state.seen, 100.0 * state.since_point.1 as f64 / POINT as f64);
            state.running.push(point);
            state.since_point = (0, 0);
        }
        if state.wanted {
            self.collect(&presentation);
        }
        if self.collected.rows.len() == SHOWN {
            state.shown = std::mem::take(&mut self.collected);
            state.wanted = false;
        }
        Ok(())
    }

    fn evaluation(&mut self, evaluation: &Evaluation) -> Result<(), RecordError> {
        let mut state = locked(&self.state);
        state.curve.push(*evaluation);
        let answers = std::mem::take(&mut state.answers);
        if !answers.is_empty() {
            state.confusion = confusion(answers, self.classes);
        }
        Ok(())
    }
}

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Observation;
    use crate::protocol::Spike;

    fn model() -> Model {
        Model::load("g17-784-500-10".as_ref(), &["population.hidden.size=2".to_owned()]).unwrap()
    }

    fn show(live: &mut Live, kind: PresentationKind, index: u64, decoded: u8) {
        let spike = Spike { time: 1.5, neuron: 1 };
        let observed = Observation {
            phases_ms: vec![50.0, 50.0],
            spikes: vec![vec![], vec![spike], vec![]],
            marks: Vec::new(),
            plateau_lead_ms: Vec::new(),
            plateaus: vec![Vec::new(), vec![vec![0.25, 0.5], vec![0.75, 1.0]], Vec::new()],
            traces: vec![],
        };
        let start_ms = 100.0 * index as f64;
        let shown =
            Presentation { kind, index, image: 3, label: Some(1), decoded, start_ms, cut_ms: 0.0, observed: &observed };
        live.presentation(shown).unwrap();
    }

    #[test]
    fn presentations_are_copied_when_they_are_asked_for_alone() {
        let parts = LiveParts::new(&model());
        let mut live = parts.recorder(&model(), 1, 100);
        (0..6).for_each(|n| show(&mut live, PresentationKind::Train, n, 1));
        let first = |parts: &LiveParts| locked(&parts.state).shown.rows.iter().map(|row| row.index).collect::<Vec<_>>();
        assert_eq!(first(&parts), [0, 1, 2, 3]);
        (6..20).for_each(|n| show(&mut live, PresentationKind::Train, n, 1));
        assert_eq!(first(&parts), [0, 1, 2, 3], "nobody looked");
        assert!(parts.part(DataPart::Live).unwrap().is_some());
        (20..30).for_each(|n| show(&mut live, PresentationKind::Train, n, 1));
        assert_eq!(first(&parts), [20, 21, 22, 23]);
        let state = locked(&parts.state);
        assert_eq!(state.shown.spikes[1].times, [2001.5, 2101.5, 2201.5, 2301.5]);
        assert_eq!(state.shown.plateaus[1].times[..4], [2050.0, 2050.0, 2100.0, 2100.0]);
        assert_eq!(state.shown.plateaus[1].alpha[..4], [0.25, 0.5, 0.75, 1.0]);
    }

    #[test]
    fn errors_and_answers_are_counted() {
        let parts = LiveParts::new(&model());
        let mut live = parts.recorder(&model(), 1, 1000);
        (0..1000).for_each(|n| show(&mut live, PresentationKind::Train, n, u8::from(n % 4 > 0)));
        (0..3).for_each(|n| show(&mut live, PresentationKind::Test, n, n as u8));
        let evaluation =
            Evaluation { examples_seen: 1000, test_error: 66.7, train_error: 25.0, loss: 0.0, seconds: 1.0 };
        live.evaluation(&evaluation).unwrap();
        let about = parts.part(DataPart::Run).unwrap().unwrap().meta;
        assert_eq!(about["running"], json!([[500, 25.0], [1000, 25.0]]));
        assert_eq!((&about["seen"], &about["curve"][0]["test_error"]), (&json!(1000), &json!(66.7)));
        let mut answered = vec![1, 1, 1];
        answered.resize(10, 0);
        assert_eq!(about["confusion"]["counts"][1], json!(answered));
    }

    #[test]
    fn the_next_run_begins_with_nothing() {
        let parts = LiveParts::new(&model());
        (0..5).for_each(|n| show(&mut parts.recorder(&model(), 1, 10), PresentationKind::Train, n, 1));
        let _second = parts.recorder(&model(), 2, 10);
        let about = parts.part(DataPart::Run).unwrap().unwrap().meta;
        assert_eq!((&about["seed"], &about["seen"]), (&json!(2), &json!(0)));
    }
}
