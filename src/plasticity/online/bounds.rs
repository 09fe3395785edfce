//! Bounds of weights, hard or soft.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How changes depend on the distance to the bounds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BoundKind {
    /// Changes do not depend on the weight (additive), and end at the bounds.
    #[default]
    Hard,
    /// Changes are in proportion to the distance to the bound ahead (multiplicative).
    Soft,
}

/// Bounds of a weight. The amplitude of a change is a part of their distance where they are hard, and of the distance of the weight from
/// the bound ahead where they are soft.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WeightBounds {
    /// Smallest weight.
    pub w_min: f64,
    /// Largest weight.
    pub w_max: f64,
    /// How changes depend on them.
    pub kind: BoundKind,
}

impl WeightBounds {
    /// The weight raised by this part.
    #[inline(always)]
    pub fn potentiated(self, w: f64, part: f64) -> f64 {
        let room = match self.kind {
            BoundKind::Hard => self.w_max - self.w_min,
            BoundKind::Soft => self.w_max - w,
        };
        self.clipped(w + room * part)
    }

    /// The weight lowered by this part.
    #[inline(always)]
    pub fn depressed(self, w: f64, part: f64) -> f64 {
        let room = match self.kind {
            BoundKind::Hard => self.w_max - self.w_min,
            BoundKind::Soft => w - self.w_min,
        };
        self.clipped(w - room * part)
    }

    /// The weight moved by an amount of its own unit, with hard bounds.
    #[inline(always)]
    pub fn moved(self, w: f64, by: f64) -> f64 {
        self.clipped(w + by)
    }

    /// The weight, or the bound beyond which it is.
    #[inline(always)]
    pub fn clipped(self, w: f64) -> f64 {
        w.max(self.w_min).min(self.w_max)
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;

    #[test]
    fn hard_bounds_clip_and_soft_ones_slow_down() {
        let hard = WeightBounds { w_min: 1.0, w_max: 5.0, kind: BoundKind::Hard };
        assert_eq!((hard.potentiated(2.0, 0.25), hard.depressed(2.5, 0.25)), (3.0, 1.5));
        assert_eq!((hard.potentiated(4.5, 0.25), hard.depressed(1.5, 0.25)), (5.0, 1.0));
        let soft = WeightBounds { kind: BoundKind::Soft, ..hard };
        assert_eq!((soft.potentiated(3.0, 0.25), soft.depressed(3.0, 0.5)), (3.5, 2.0));
        assert_eq!((soft.potentiated(5.0, 0.25), soft.depressed(1.0, 0.25)), (5.0, 1.0));
        // Part above 1: no further than the bound.
        assert_eq!((soft.potentiated(3.0, 1.5), soft.depressed(3.0, 1.5)), (5.0, 1.0));
    }
}
