//! The course of a run: in what order images come, how long their phases last, how fast the network learns.

use crate::model::{Model, Protocol, Stimuli};
use crate::numeric::{PresentationKey, Purpose, StreamKey, order};

/// The order of images in one epoch.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Order {
    epoch: Option<u64>,
    images: Vec<u32>,
}

impl Order {
    /// The image of training presentation `n`, of `images` in an epoch; reshuffled every epoch.
    pub(super) fn image(&mut self, seed: u64, n: u64, images: usize) -> usize {
        let epoch = n / images as u64;
        if self.epoch != Some(epoch) {
            self.epoch = Some(epoch);
            self.images = order(seed, epoch, images);
        }
        self.images[(n % images as u64) as usize] as usize
    }
}

/// The lengths of the forward and the target phase of a training presentation [ms].
pub(super) fn phase_lengths(protocol: &Protocol, seed: u64, presentation: PresentationKey) -> [f64; 2] {
    [(0, protocol.forward), (1, protocol.target)].map(|(phase, fixed)| {
        if protocol.wald_mean == 0.0 {
            return fixed;
        }
        let key = StreamKey { seed, purpose: Purpose::PhaseLength, presentation, phase, block: 0 };
        fixed + key.stream().wald(protocol.wald_mean, protocol.wald_scale)
    })
}

/// By how many rows down and columns to the right the image of a training presentation is shown shifted.
pub(super) fn shift(stimuli: &Stimuli, seed: u64, presentation: PresentationKey) -> [isize; 2] {
    let Stimuli::Idx { shift: most @ 1.., shift_share, .. } = *stimuli else { return [0; 2] };
    let mut stream = StreamKey { seed, purpose: Purpose::Shift, presentation, phase: 0, block: 0 }.stream();
    let drawn = [(); 2].map(|()| (stream.below(2 * most as u64 + 1) as usize).cast_signed() - most.cast_signed());
    if stream.unit() < shift_share { drawn } else { [0; 2] }
}

/// The factor on every learning rate at presentation `n` of `planned`, with `epoch` presentations in an epoch.
pub(super) fn rate_factor(model: &Model, n: u64, planned: u64, epoch: u64) -> f64 {
    model.learning.schedule.factor(n / epoch, n as f64 / planned as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Schedule;

    fn images(shift: usize, shift_share: f64) -> Stimuli {
        Stimuli::Idx { path: None, validation: 0, shift, shift_share, on_off: None }
    }

    #[test]
    fn every_epoch_shows_every_image_once_in_another_order() {
        let mut order = Order::default();
        let epochs: Vec<Vec<usize>> =
            (0..2).map(|epoch| (0..50).map(|n| order.image(1, epoch * 50 + n, 50)).collect()).collect();
        assert_ne!(epochs[0], epochs[1]);
        for mut images in epochs {
            images.sort_unstable();
            assert_eq!(images, (0..50).collect::<Vec<_>>());
        }
    }

    /// Of 9,000 draws each of the nine shifts has 1,000, give or take six standard deviations.
    #[test]
    fn shifts_are_spread_evenly() {
        let stimuli = images(1, 1.0);
        let mut counts = [0; 9];
        for n in 0..9000 {
            let [down, right] = shift(&stimuli, 1, PresentationKey::training(n));
            counts[((down + 1) * 3 + right + 1) as usize] += 1;
        }
        assert!(counts.iter().all(|&count: &i32| (count - 1000).abs() < 179), "{counts:?}");
        assert_eq!(shift(&images(0, 1.0), 1, PresentationKey::training(5)), [0, 0]);
    }

    /// Of 9,000 presentations 2,700 are shifted by a draw, one in nine of them by nothing: 2,400, give or take six standard
    /// deviations; and each by the draw it would have if all were.
    #[test]
    fn a_share_of_the_images_is_shifted() {
        let of = |n, share| shift(&images(1, share), 1, PresentationKey::training(n));
        let moved: Vec<u64> = (0..9000).filter(|&n| of(n, 0.3) != [0, 0]).collect();
        assert!(moved.len().abs_diff(2400) < 6 * 42, "{}", moved.len());
        assert!(moved.iter().all(|&n| of(n, 0.3) == of(n, 1.0)));
    }

    /// Epochs of 100 presentations, 400 in all.
    #[test]
    fn learning_rates_follow_their_schedule() {
        let mut model = Model::load("g17-784-500-10".as_ref(), &[]).unwrap();
        for (schedule, factors) in [
            (Schedule::Constant, [(0, 1.0), (99, 1.0), (100, 1.0), (399, 1.0)]),
            (
                Schedule::Exponential { factor_per_epoch: 0.9 },
                [(0, 1.0), (99, 1.0), (100, 0.9), (399, 0.9 * 0.9 * 0.9)],
            ),
            (Schedule::Linear, [(0, 1.0), (100, 0.75), (399, 0.0025), (400, 0.0)]),
        ] {
            model.learning.schedule = schedule;
            for (n, expected) in factors {
                let found = rate_factor(&model, n, 400, 100);
                assert!((found - expected).abs() < 1e-15, "{schedule:?} at {n}: {found} for {expected}");
            }
        }
    }

    #[test]
    #[allow(clippy::float_cmp, reason = "nothing is added to them")]
    fn phases_are_their_fixed_part_and_a_wald_draw_of_their_own() {
        let protocol = Protocol {
            forward: 50.0,
            target: 60.0,
            test: 250.0,
            settle: 30.0,
            target_settle: 30.0,
            wald_mean: 2.0,
            wald_scale: 1.0,
        };
        let [forward, target] = phase_lengths(&protocol, 1, PresentationKey::training(5));
        assert!(forward > 50.0 && target > 60.0 && (target - forward - 10.0).abs() > 1e-9);
        let fixed = Protocol { wald_mean: 0.0, ..protocol };
        assert_eq!(phase_lengths(&fixed, 1, PresentationKey::training(5)), [50.0, 60.0]);
    }
}
