//! Delays in steps of a resolution.

use crate::model::Delay;
use crate::numeric::{Distribution, Stream, Truncation};

/// Draws after which a delay within the range is given up; models are refused in which most draws are outside.
const MOST_DRAWS: usize = 1000;

/// How delays are drawn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DelayDraw {
    /// Their step [ms].
    pub(crate) resolution_ms: f64,
    steps: Steps,
}

#[derive(Clone, Copy, Debug)]
enum Steps {
    /// The same of all.
    Constant(u16),
    /// Each on its own [ms], what is not kept drawn again.
    Drawn(Distribution, Truncation),
}

impl DelayDraw {
    /// Of a projection. One delay of all synapses is one step, and so exact.
    pub(crate) fn new(delay: Delay) -> Self {
        let steps = match (delay, delay.drawn()) {
            (_, Some((distribution, within))) => Steps::Drawn(distribution, within),
            (Delay::Constant { value: 0.0 }, None) => Steps::Constant(0),
            (_, None) => Steps::Constant(1),
        };
        Self { resolution_ms: delay.step_ms(), steps }
    }

    /// Draws a delay [steps]: what is truncated, or does not round to 1 to 65,535 steps, is drawn again.
    pub(crate) fn sample(&self, stream: &mut Stream) -> u16 {
        match self.steps {
            Steps::Constant(steps) => steps,
            Steps::Drawn(distribution, within) => {
                let draws = std::iter::repeat_with(|| distribution.draw(stream)).take(MOST_DRAWS);
                let mut kept = draws.filter(|&delay_ms| within.contains(delay_ms));
                kept.find_map(|delay_ms| steps(delay_ms, self.resolution_ms)).unwrap_or(1)
            }
        }
    }

    /// A delay of a list [ms] in steps; none if it does not round to 1 to 65,535 of them.
    pub(crate) fn listed(&self, delay_ms: f64) -> Option<u16> {
        steps(delay_ms, self.resolution_ms)
    }
}

fn steps(delay_ms: f64, resolution_ms: f64) -> Option<u16> {
    let steps = (delay_ms / resolution_ms).round();
    (1.0..=f64::from(u16::MAX)).contains(&steps).then_some(steps as u16)
}
