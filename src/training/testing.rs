//! Tests: presentations from rest, in parallel, with the same result for any number of threads.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use super::backend::Backend;
use super::decoding::decode;
use super::{Monitor, NetworkDynamics, RunError, data_shape};
use crate::data::{OtherSources, Presentations};
use crate::engine::{Circuit, Observation};
use crate::model::{Decoding, Model};
use crate::network::Network;
use crate::numeric::PresentationKey;
use crate::protocol::{KeptSpikes, Sampling, Trial};
use crate::record::{Presentation, PresentationKind, Recorder};

/// Images per thread between two calls of the monitor.
const SHARE: usize = 64;

/// The result of a test.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tested {
    /// Images presented in each pass.
    pub examples: usize,
    /// Wrongly decoded images in each pass.
    pub wrong: Vec<usize>,
    /// Presentations by label and decoded class, over all passes.
    pub confusion: Vec<Vec<u64>>,
    /// Wall time of the presentations themselves [s].
    pub seconds: f64,
}

impl Tested {
    /// Mean error over the passes [%].
    pub fn error_percent(&self) -> f64 {
        100.0 * self.wrong.iter().sum::<usize>() as f64 / (self.examples * self.wrong.len()) as f64
    }
}

/// A test to be run.
#[derive(Clone, Copy, Debug)]
pub struct Test<'a> {
    /// The model, for its protocol and decoding.
    pub model: &'a Model,
    /// Its layout.
    pub circuit: &'a Arc<Circuit>,
    /// The dynamics of the test.
    pub dynamics: NetworkDynamics,
    /// The weights.
    pub network: &'a Network,
    /// The presentations; every one has a label.
    pub shown: &'a Presentations,
    /// How many of them are tested, from the first.
    pub examples: usize,
    /// How often each is presented, with independent spikes.
    pub passes: u32,
    /// Tests on the run's clock before these.
    pub index: u64,
    /// The run's clock at the start [ms].
    pub clock_ms: f64,
}

impl Test<'_> {
    /// Presents the images and counts decoded classes; none if the monitor stops the run.
    ///
    /// # Errors
    /// If the presentations do not fit the model or have no labels, or one cannot be recorded.
    pub fn run(&self, recorder: &mut dyn Recorder, monitor: &mut dyn Monitor) -> Result<Option<Tested>, RunError> {
        data_shape::part(self.model, self.shown, self.examples, true)?;
        let classes = self.model.classes();
        let mut tested =
            Tested { examples: self.examples, confusion: vec![vec![0; classes]; classes], ..Tested::default() };
        let backend = |_| Backend::new(self.circuit, self.dynamics);
        let mut lanes: Vec<Backend> = (0..rayon::current_num_threads()).map(backend).collect();
        let total = self.examples * self.passes as usize;
        for pass in 0..self.passes {
            let mut wrong = 0;
            for first in (0..self.examples).step_by(lanes.len() * SHARE) {
                let last = (first + lanes.len() * SHARE).min(self.examples);
                let answers = self.show(&mut lanes, pass, first..last, recorder, &mut tested.seconds, monitor);
                for answer in answers {
                    self.check(pass, &answer)?;
                    let label = self.shown.label(answer.example).unwrap_or(0);
                    wrong += usize::from(answer.decoded != label);
                    tested.confusion[usize::from(label)][usize::from(answer.decoded)] += 1;
                    self.record(pass, label, &answer, recorder)?;
                }
                let done = pass as usize * self.examples + last;
                let wrong_so_far = tested.wrong.iter().sum::<usize>() + wrong;
                if monitor.tested(done, total, 100.0 * wrong_so_far as f64 / done as f64) == ControlFlow::Break(()) {
                    return Ok(None);
                }
            }
            tested.wrong.push(wrong);
        }
        Ok(Some(tested))
    }

    /// The place of a presentation among the run's tests.
    fn place(&self, pass: u32, example: usize) -> u64 {
        self.index + (pass as usize * self.examples + example) as u64
    }

    fn start_ms(&self, pass: u32, example: usize) -> f64 {
        self.clock_ms + (self.place(pass, example) - self.index) as f64 * self.model.phases().test
    }

    /// Presents a range of images, distributed over the lanes.
    fn show(
        &self,
        lanes: &mut [Backend],
        pass: u32,
        examples: std::ops::Range<usize>,
        recorder: &mut dyn Recorder,
        seconds: &mut f64,
        monitor: &dyn Monitor,
    ) -> Vec<Answer> {
        let wanted: Vec<_> = examples
            .map(|example| {
                let place = self.place(pass, example);
                let watched = recorder.watches(PresentationKind::Test, place);
                let sampling = recorder.sampling(PresentationKind::Test, place, self.start_ms(pass, example));
                (example, watched, sampling)
            })
            .collect();
        let start = monitor.seconds();
        // Each lane takes the next image as soon as it is free: the lane does not matter, since every image starts from rest.
        let next = AtomicUsize::new(0);
        let taken = || wanted.get(next.fetch_add(1, Ordering::Relaxed)).copied();
        let shown = lanes.par_iter_mut().flat_map_iter(|lane| {
            std::iter::from_fn(taken).map(|(example, watched, sampling)| {
                let decoded = self.present(lane, pass, example, (watched, sampling));
                let overflowed = lane.overflowed();
                let observed = if watched { lane.observation().clone() } else { lane.observation().lengths() };
                Answer { example, decoded, overflowed, observed }
            })
        });
        let mut answers: Vec<_> = shown.collect();
        *seconds += monitor.seconds() - start;
        answers.sort_unstable_by_key(|answer| answer.example);
        answers
    }

    /// Presents one image from rest and decodes its class.
    fn present(
        &self,
        lane: &mut Backend,
        pass: u32,
        example: usize,
        (watched, sampling): (bool, Option<Sampling>),
    ) -> u8 {
        lane.rest();
        let others = OtherSources::of(self.model);
        let stimuli = others.after(self.shown.stimulus(example));
        let phases = self.model.phases().test(&stimuli).with_rates(self.model.decoding == Decoding::Rate);
        let key = PresentationKey::test(pass, self.shown.image(example) as u32);
        lane.present(self.network, &Trial { key, phases: &phases, spikes: kept(watched), sampling });
        decode(self.model, lane)
    }

    /// Returns an error if mean potentials are not finite.
    fn check(&self, pass: u32, answer: &Answer) -> Result<(), RunError> {
        answer.overflowed.map_or(Ok(()), |population| {
            let population = self.model.populations[population].name.clone();
            Err(RunError::Overflow { population, kind: "test", example: self.place(pass, answer.example) })
        })
    }

    fn record(&self, pass: u32, label: u8, answer: &Answer, recorder: &mut dyn Recorder) -> Result<(), RunError> {
        recorder.presentation(Presentation {
            kind: PresentationKind::Test,
            index: self.place(pass, answer.example),
            image: self.shown.image(answer.example) as u32,
            label: Some(label),
            decoded: answer.decoded,
            start_ms: self.start_ms(pass, answer.example),
            cut_ms: 0.0,
            observed: &answer.observed,
        })?;
        Ok(())
    }
}

/// What becomes of the spikes of a presentation that a recorder watches, or does not.
pub(super) fn kept(watched: bool) -> KeptSpikes {
    if watched { KeptSpikes::All } else { KeptSpikes::None }
}

/// The result of one presentation.
struct Answer {
    example: usize,
    decoded: u8,
    /// A population whose potentials are not finite.
    overflowed: Option<usize>,
    observed: Observation,
}
