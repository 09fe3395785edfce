//! Maps in the plane of what layers answer: t-SNE.

#![allow(clippy::needless_pass_by_value, reason = "views are handed on as slices are")]

use bhtsne::{Neighbor, tSNE};
use ndarray::{Array2, ArrayView2};

use super::nearest;
use crate::numeric::{PresentationKey, Purpose, StreamKey};

/// The stream by which maps begin.
const START: u32 = 1;

/// How a map is found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tsne {
    /// About how many neighbours a point keeps near.
    pub perplexity: f64,
    /// Steps downhill; in the first quarter clusters are pulled together twelvefold.
    pub steps: usize,
    /// Size of a group of points over its distance below which it acts as one.
    pub theta: f64,
}

impl Default for Tsne {
    /// Those of the papers, for thousands of points.
    fn default() -> Self {
        Self { perplexity: 30.0, steps: 1000, theta: 0.5 }
    }
}

impl Tsne {
    /// Neighbours by which a point is known: three times the perplexity.
    fn neighbours(self) -> usize {
        (3.0 * self.perplexity) as usize
    }

    /// Fewest points of which a map can be drawn.
    pub fn least_points(self) -> usize {
        self.neighbours() + 1
    }
}

/// Places points `x` [points, dimensions] in the plane so that near ones stay near, [points, 2]; axes have no meaning.
///
/// van der Maaten & Hinton (2008), Journal of Machine Learning Research 9:2579, by the tree of van der Maaten (2014), JMLR
/// 15:3221. The same points, settings and seed give the same map on one machine: it begins at places drawn from the seed,
/// its neighbours are not searched at random but all measured, and its sums run in one thread. Descent is chaotic, so
/// another machine's rounding gives a map with other places and the same clusters.
///
/// # Panics
/// If there are fewer points than [`Tsne::least_points`], or the system has no thread to give.
pub fn tsne(x: ArrayView2<'_, f64>, course: Tsne, seed: u64) -> Array2<f64> {
    let points = x.nrows();
    let kept = |(index, distance): (usize, f64)| Neighbor { index, distance };
    let near = nearest(x, course.neighbours()).into_iter();
    let near: Vec<Vec<_>> = near.map(|others| others.into_iter().map(kept).collect()).collect();
    let presentation = PresentationKey::training(0);
    let key = StreamKey { seed, purpose: Purpose::Analysis(START), presentation, phase: 0, block: 0 };
    let mut stream = key.stream();
    let start: Vec<f64> = (0..2 * points).map(|_| 1e-4 * stream.normal()).collect();
    let fit = || {
        let unseen = vec![(); points];
        let mut map = tSNE::<f64, (), 2>::new(&unseen);
        map.perplexity(course.perplexity).epochs(course.steps).initial_embedding(start);
        map.stop_lying_epoch(course.steps / 4).momentum_switch_epoch(course.steps / 4);
        map.barnes_hut_with_neighbors(course.theta, &near).embedding()
    };
    // Sums over several threads depend on who is first.
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread");
    Array2::from_shape_vec((points, 2), alone.install(fit)).expect("two coordinates a point")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::percent_among_their_own;

    const COURSE: Tsne = Tsne { perplexity: 15.0, steps: 400, theta: 0.5 };

    /// Three clouds of 100 points in 20 dimensions, 8 standard deviations apart.
    fn clouds(apart: f64) -> (Array2<f64>, Vec<u8>) {
        let presentation = PresentationKey::training(0);
        let key = StreamKey { seed: 5, purpose: Purpose::Analysis(99), presentation, phase: 0, block: 0 };
        let mut stream = key.stream();
        let labels: Vec<u8> = (0..300).map(|i| (i % 3) as u8).collect();
        let place = |(i, j)| stream.normal() + if usize::from(labels[i]) == j { apart / 2.0_f64.sqrt() } else { 0.0 };
        (Array2::from_shape_fn((300, 20), place), labels)
    }

    /// Points of a cloud drawn in one blob would be among their own in a third of cases.
    #[test]
    fn clouds_far_apart_stay_apart_and_one_cloud_stays_one() {
        let (x, labels) = clouds(8.0);
        let map = tsne(x.view(), COURSE, 1);
        assert!(map.iter().all(|place| place.is_finite()));
        assert!(percent_among_their_own(map.view(), &labels) > 99.0);
        let (x, labels) = clouds(0.0);
        // A share of 1/3 of 300 has a standard deviation of 2.7 %; mutual neighbours about 3.7 %. Five of them.
        let found = percent_among_their_own(tsne(x.view(), COURSE, 1).view(), &labels);
        assert!((found - 100.0 / 3.0).abs() < 19.0, "{found}");
    }

    #[test]
    fn the_same_seed_gives_the_same_map_on_any_number_of_threads() {
        let (x, _) = clouds(4.0);
        let course = Tsne { steps: 100, ..COURSE };
        let threads = |n| rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap();
        let one = threads(1).install(|| tsne(x.view(), course, 1));
        assert_eq!(one, threads(3).install(|| tsne(x.view(), course, 1)));
        assert_ne!(one, tsne(x.view(), course, 2));
    }

    #[test]
    fn points_at_one_place_do_no_harm() {
        let map = tsne(Array2::zeros((COURSE.least_points(), 4)).view(), COURSE, 1);
        assert!(map.iter().all(|place| place.is_finite()));
    }
}
