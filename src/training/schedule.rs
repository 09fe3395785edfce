//! What changes over a run: learning rates, and how images are varied.

use crate::data::{DrawnDeformation, ImageVariation};
use crate::model::{ImageStimuli, Model, Stimuli};
use crate::numeric::{PresentationKey, Purpose, StreamKey};

/// How the image of a training presentation is varied.
pub(super) fn variation(stimuli: &Stimuli, seed: u64, presentation: PresentationKey) -> ImageVariation {
    let Stimuli::Idx(images) = stimuli else { return ImageVariation::default() };
    ImageVariation {
        shift: drawn_shift(images, seed, presentation),
        deformation: images.deformation.and_then(|law| {
            let purpose = Purpose::Deformation;
            let mut stream = StreamKey { seed, purpose, presentation, phase: 0, block: 0 }.stream();
            (stream.unit() < law.share).then_some(DrawnDeformation { law, stream })
        }),
    }
}

/// By how many rows down and columns to the right it is shown shifted.
fn drawn_shift(images: &ImageStimuli, seed: u64, presentation: PresentationKey) -> [isize; 2] {
    let ImageStimuli { shift: most @ 1.., shift_share, .. } = *images else { return [0; 2] };
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
    use crate::model::{Deformation, Schedule};

    fn images(shift: usize, shift_share: f64) -> ImageStimuli {
        ImageStimuli { shift, shift_share, ..ImageStimuli::default() }
    }

    /// Of 9,000 draws each of the nine shifts has 1,000, give or take six standard deviations.
    #[test]
    fn shifts_are_spread_evenly() {
        let stimuli = images(1, 1.0);
        let mut counts = [0; 9];
        for n in 0..9000 {
            let [down, right] = drawn_shift(&stimuli, 1, PresentationKey::training(n));
            counts[((down + 1) * 3 + right + 1) as usize] += 1;
        }
        assert!(counts.iter().all(|&count: &i32| (count - 1000).abs() < 179), "{counts:?}");
        assert_eq!(drawn_shift(&images(0, 1.0), 1, PresentationKey::training(5)), [0, 0]);
    }

    /// Of 9,000 presentations 2,700 are deformed, give or take six standard deviations.
    #[test]
    fn a_share_of_the_images_is_deformed() {
        let deformation = Some(Deformation { share: 0.3, ..Deformation::default() });
        let stimuli = Stimuli::Idx(ImageStimuli { deformation, ..ImageStimuli::default() });
        let is_deformed = |&n: &u64| variation(&stimuli, 1, PresentationKey::training(n)).deformation.is_some();
        let deformed = (0..9000).filter(is_deformed).count();
        assert!(deformed.abs_diff(2700) < 261, "{deformed}");
    }

    /// Of 9,000 presentations 2,700 are shifted by a draw, one in nine of them by nothing: 2,400, give or take six standard
    /// deviations; and each by the draw it would have if all were.
    #[test]
    fn a_share_of_the_images_is_shifted() {
        let of = |n, share| drawn_shift(&images(1, share), 1, PresentationKey::training(n));
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
}
