//! Delays in steps of a resolution.

use crate::model::Delay;
use crate::numeric::{Distribution, Stream};

/// Draws after which a delay within the range is given up; models are refused in which half of the draws or more are outside.
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
    /// Each on its own [ms].
    Drawn(Distribution),
}

impl DelayDraw {
    /// Of a projection. One delay of all synapses is one step, and so exact.
    pub(crate) fn new(delay: Delay) -> Self {
        let drawn = |distribution, resolution_ms| Self { resolution_ms, steps: Steps::Drawn(distribution) };
        match delay {
            Delay::Constant { value: 0.0 } => Self { resolution_ms: 1.0, steps: Steps::Constant(0) },
            Delay::Constant { value } => Self { resolution_ms: value, steps: Steps::Constant(1) },
            Delay::Normal { mean, sd, resolution_ms } => drawn(Distribution::Normal { mean, sd }, resolution_ms),
            Delay::Lognormal { mu, sigma, resolution_ms } => {
                drawn(Distribution::Lognormal { mu, sigma }, resolution_ms)
            }
            Delay::Uniform { low, high, resolution_ms } => drawn(Distribution::Uniform { low, high }, resolution_ms),
            Delay::List { resolution_ms } => Self { resolution_ms, steps: Steps::Constant(1) },
        }
    }

    /// Draws a delay [steps]: what does not round to 1 to 65,535 steps is drawn again.
    pub(crate) fn sample(&self, stream: &mut Stream) -> u16 {
        match self.steps {
            Steps::Constant(steps) => steps,
            Steps::Drawn(distribution) => {
                let draws = std::iter::repeat_with(|| steps(distribution.draw(stream), self.resolution_ms));
                draws.take(MOST_DRAWS).flatten().next().unwrap_or(1)
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
