//! Inter-spike intervals and their variability.

use std::ops::Range;

/// Intervals between the spikes of each neuron, [size] lists of trains, a train for each stretch of time in which the neuron has
/// at least two spikes [ms].
///
/// Times [n] ascend, and so do the stretches [ms], which do not overlap; an interval from one stretch to another does not
/// count, for what drives the neuron is not the same.
pub fn intervals(times: &[f64], neurons: &[u64], size: usize, stretches: &[Range<f64>]) -> Vec<Vec<Vec<f64>>> {
    let mut found: Vec<Vec<Vec<f64>>> = vec![Vec::new(); size];
    // The stretch and time of the last spike, and whether its train has begun.
    let mut last: Vec<Option<(usize, f64, bool)>> = vec![None; size];
    for (&time, &neuron) in times.iter().zip(neurons) {
        let stretch = stretches.partition_point(|stretch| stretch.end <= time);
        let inside = stretches.get(stretch).is_some_and(|stretch| stretch.contains(&time));
        let Some(last) = last.get_mut(neuron as usize).filter(|_| inside) else { continue };
        let before = last.filter(|(same, ..)| *same == stretch);
        if let Some((_, before, begun)) = before {
            let trains = &mut found[neuron as usize];
            match trains.last_mut().filter(|_| begun) {
                Some(train) => train.push(time - before),
                None => trains.push(vec![time - before]),
            }
        }
        *last = Some((stretch, time, before.is_some()));
    }
    found
}

/// How variable intervals are; each measure is 1 for a Poisson train and 0 for a clock.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Variability {
    /// Coefficient of variation: standard deviation over mean, of the intervals of one train; over trains the root of the mean
    /// square, weighted by degrees of freedom, n − 1 of n intervals. Short trains have no room for long intervals, so that it is
    /// below 1 for a Poisson train that was cut into such.
    pub cv: f64,
    /// Mean of 2 |I(i+1) − I(i)| / (I(i+1) + I(i)) over pairs of successive intervals.
    ///
    /// Holt, Softky, Koch & Douglas (1996), J. Neurophysiol. 75:1806.
    pub cv2: f64,
    /// Local variation: mean of 3 (I(i) − I(i+1))² / (I(i) + I(i+1))² over the same pairs.
    ///
    /// Shinomoto, Shima & Tanji (2003), Neural Comput. 15:2823.
    pub lv: f64,
}

/// The variability of trains of intervals above 0; none without a pair of successive intervals.
pub fn variability(trains: &[Vec<f64>]) -> Option<Variability> {
    let (mut squares, mut cv2, mut lv, mut pairs) = (0.0, 0.0, 0.0, 0.0);
    for train in trains {
        let mean = train.iter().sum::<f64>() / train.len() as f64;
        squares += train.iter().map(|interval| (interval / mean - 1.0).powi(2)).sum::<f64>();
        for pair in train.windows(2) {
            let relative = (pair[1] - pair[0]).abs() / (pair[1] + pair[0]);
            cv2 += 2.0 * relative;
            lv += 3.0 * relative * relative;
            pairs += 1.0;
        }
    }
    // A train of n intervals has n − 1 pairs, as many as degrees of freedom.
    (pairs > 0.0).then(|| Variability { cv: (squares / pairs).sqrt(), cv2: cv2 / pairs, lv: lv / pairs })
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "these intervals are exact")]
mod tests {
    use super::*;

    #[test]
    fn intervals_do_not_cross_the_ends_of_stretches() {
        let times = [1.0, 2.0, 4.0, 7.0, 11.0, 12.0, 20.0, 21.0, 22.0];
        let neurons = [0, 1, 0, 0, 1, 0, 0, 0, 0];
        let found = intervals(&times, &neurons, 3, &[0.0..10.0, 10.0..13.0, 20.5..30.0]);
        assert_eq!(found, [vec![vec![3.0, 3.0], vec![1.0]], vec![], vec![]]);
        let whole = intervals(&times, &neurons, 2, &[0.0..30.0]);
        assert_eq!(whole, [vec![vec![3.0, 3.0, 5.0, 8.0, 1.0, 1.0]], vec![vec![9.0]]]);
    }

    #[test]
    fn variability_by_hand() {
        assert_eq!(variability(&[vec![4.0; 7]]), Some(Variability { cv: 0.0, cv2: 0.0, lv: 0.0 }));
        assert_eq!(variability(&[vec![4.0], vec![2.0], vec![]]), None);
        // Pairs (1, 3) and (3, 4): |ΔI|/ΣI = 1/2 and 1/7. Trains of means 2 and 7/2.
        let Variability { cv, cv2, lv } = variability(&[vec![1.0, 3.0], vec![3.0, 4.0]]).unwrap();
        assert!((cv - f64::midpoint(0.5, 2.0 / 49.0).sqrt()).abs() < 1e-15);
        assert!(
            (cv2 - f64::midpoint(1.0, 2.0 / 7.0)).abs() < 1e-15 && (lv - f64::midpoint(0.75, 3.0 / 49.0)).abs() < 1e-15
        );
    }

    /// The examples that elephant's documentation gives of `cv2` and `lv`.
    #[test]
    fn variability_as_elephant_computes_it() {
        let Variability { cv2, lv, .. } = variability(&[vec![0.3, 4.5, 6.7, 9.3]]).unwrap();
        assert!((cv2 - 0.822_619_047_619_047_8).abs() < 1e-14 && (lv - 0.830_615_433_673_469_5).abs() < 1e-14);
    }

    /// Exponential intervals, by a linear congruential generator.
    #[test]
    fn a_poisson_train_has_1_of_each_whatever_its_rate() {
        let mut state = 1_u64;
        let mut interval = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            -(((state >> 11) as f64 + 0.5) / (1_u64 << 53) as f64).ln()
        };
        let train: Vec<f64> = (0..20_000).map(|_| interval()).collect();
        let slower: Vec<f64> = (0..20_000).map(|_| 40.0 * interval()).collect();
        let Variability { cv, cv2, lv } = variability(&[train, slower]).unwrap();
        assert!([cv, cv2, lv].iter().all(|measure| (measure - 1.0).abs() < 0.02), "{cv} {cv2} {lv}");
    }
}
