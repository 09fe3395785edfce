//! Where an axis is divided, and what is written there.

use super::figure::{Axis, Scale, Ticks};

/// A division: its value and what is written there, empty for nothing.
pub(super) type Tick = (f64, String);

/// The divisions of an axis `length` pixels long, whose labels take `extent(label)` of it each.
pub(super) fn ticks(axis: &Axis, length: f64, extent: impl Fn(&str) -> f64) -> Vec<Tick> {
    let fits = |ticks: &[Tick]| {
        let places: Vec<_> = ticks.iter().filter(|(_, label)| !label.is_empty()).collect();
        places.windows(2).all(|pair| {
            let apart = (axis.share(pair[1].0) - axis.share(pair[0].0)).abs() * length;
            apart >= 0.5 * (extent(&pair[0].1) + extent(&pair[1].1))
        })
    };
    match &axis.ticks {
        Ticks::None => Vec::new(),
        Ticks::Named(names) => {
            let every = |n: usize| names.iter().step_by(n).cloned().collect::<Vec<_>>();
            (1..=names.len().max(1)).map(every).find(|ticks| fits(ticks)).unwrap_or_default()
        }
        Ticks::Round | Ticks::Whole | Ticks::Silent => {
            let linear = || (0..STEPS).map(|i| round(axis, i)).find(|ticks| fits(ticks) && ticks.len() < 13);
            let mut found =
                if axis.scale == Scale::Log { logarithmic(axis.range, fits).or_else(linear) } else { linear() };
            if let (Ticks::Silent, Some(found)) = (&axis.ticks, &mut found) {
                found.iter_mut().for_each(|(_, label)| label.clear());
            }
            found.unwrap_or_default()
        }
    }
}

/// Steps tried, each about twice the one before.
const STEPS: i32 = 40;

/// Divisions at multiples of the step number `i`, 0 being a hundredth of the range.
fn round(axis: &Axis, i: i32) -> Vec<Tick> {
    let [low, high] = [axis.range[0].min(axis.range[1]), axis.range[0].max(axis.range[1])];
    let first = ((high - low) / 100.0).log10().floor() as i32;
    let exponent = first + i / 3;
    let step = [1.0, 2.0, 5.0][i as usize % 3] * 10_f64.powi(exponent);
    if axis.ticks == Ticks::Whole && exponent < 0 || !step.is_normal() {
        // Too many, so that a larger step is tried.
        return vec![(low, "0".repeat(99)), (low, "0".repeat(99))];
    }
    let slack = 1e-9;
    let (from, to) = ((low / step - slack).ceil() as i64, (high / step + slack).floor() as i64);
    let decimals = usize::try_from(-exponent).unwrap_or(0);
    (from..=to.min(from + 200)).map(|k| (k as f64 * step, label(k as f64 * step, decimals))).collect()
}

/// Divisions of a logarithmic axis with as many powers of ten named as fit; between two powers of ten with their multiples
/// named. None if there are fewer than two names.
fn logarithmic(range: [f64; 2], fits: impl Fn(&[Tick]) -> bool) -> Option<Vec<Tick>> {
    let named = |ticks: &[Tick]| ticks.iter().filter(|(_, label)| !label.is_empty()).count();
    let whole = decades(range, 1, &[1]);
    let powers = (1..10).map(|every| decades(range, every, &[1])).filter(|_| named(&whole) > 1);
    let multiples = [&[1, 2, 5][..], &[1, 2, 3, 4, 5, 6, 7, 8, 9]].into_iter().map(|digits| decades(range, 1, digits));
    powers.chain(multiples.filter(|ticks| named(ticks) > 1)).find(|ticks| fits(ticks))
}

/// Divisions at powers of ten and their multiples; of every so many decades those multiples are named that begin with one of
/// these digits.
fn decades([low, high]: [f64; 2], every: i32, digits: &[i32]) -> Vec<Tick> {
    let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32);
    let all = (first..=last).flat_map(|decade| (1..10).map(move |digit| (decade, digit)));
    let ticks = all.map(|(decade, digit)| {
        let value = f64::from(digit) * 10_f64.powi(decade);
        let decimals = usize::try_from(-decade).unwrap_or(0);
        let named = digits.contains(&digit) && decade % every == 0;
        (value, if named { label(value, decimals) } else { String::new() })
    });
    ticks.filter(|(value, _)| (low * 0.999..=high * 1.001).contains(value)).collect()
}

/// A number with a true minus sign and commas between thousands.
pub(crate) fn label(value: f64, decimals: usize) -> String {
    let digits = format!("{:.decimals$}", value.abs());
    let (whole, rest) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    let mut grouped = String::new();
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let zero = digits.chars().all(|c| "0.".contains(c));
    let sign = if value < 0.0 && !zero { "−" } else { "" };
    format!("{sign}{grouped}{rest}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn labels(axis: &Axis, length: f64) -> Vec<String> {
        ticks(axis, length, |label| 8.0 * label.chars().count() as f64).into_iter().map(|(_, label)| label).collect()
    }

    #[test]
    fn divisions_are_round_numbers_as_many_as_fit() {
        let axis = Axis::linear("", [0.0, 104.0]);
        assert_eq!(labels(&axis, 400.0), ["0", "10", "20", "30", "40", "50", "60", "70", "80", "90", "100"]);
        assert_eq!(labels(&axis, 110.0), ["0", "20", "40", "60", "80", "100"]);
        assert_eq!(labels(&axis, 45.0), ["0", "50", "100"]);
        assert_eq!(
            labels(&Axis::linear("", [-0.3, 0.31]), 250.0),
            ["−0.3", "−0.2", "−0.1", "0.0", "0.1", "0.2", "0.3"]
        );
        assert_eq!(labels(&Axis::linear("", [0.0, 60_000.0]), 200.0), ["0", "20,000", "40,000", "60,000"]);
    }

    #[test]
    fn whole_numbers_have_no_parts() {
        let axis = Axis::linear("", [-0.5, 2.5]).ticks(Ticks::Whole);
        assert_eq!(labels(&axis, 500.0), ["0", "1", "2"]);
    }

    #[test]
    fn decades_are_named() {
        let axis = Axis { scale: Scale::Log, ..Axis::linear("", [0.5, 200.0]) };
        let named: Vec<_> = labels(&axis, 500.0).into_iter().filter(|label| !label.is_empty()).collect();
        assert_eq!(named, ["1", "10", "100"]);
        assert_eq!(ticks(&axis, 500.0, |_| 0.0).len(), 5 + 9 + 9 + 2);
    }

    #[test]
    fn a_logarithmic_axis_between_decades_has_names() {
        let named = |range, length| -> Vec<String> {
            let axis = Axis { scale: Scale::Log, ..Axis::linear("", range) };
            labels(&axis, length).into_iter().filter(|label| !label.is_empty()).collect()
        };
        assert_eq!(named([4.0, 60.0], 500.0), ["5", "10", "20", "50"]);
        assert_eq!(named([0.02, 0.05], 500.0), ["0.02", "0.05"]);
        assert_eq!(named([3.0, 8.5], 500.0), ["3", "4", "5", "6", "7", "8"]);
        assert_eq!(named([2.1, 2.6], 300.0), ["2.1", "2.2", "2.3", "2.4", "2.5", "2.6"]);
    }

    proptest! {
        #[test]
        fn a_logarithmic_axis_always_has_two_names(low in 1e-6..1e6_f64, factor in 1.05..1e9_f64) {
            let axis = Axis { scale: Scale::Log, ..Axis::linear("", [low, low * factor]) };
            let named = labels(&axis, 400.0).into_iter().filter(|label| !label.is_empty()).count();
            prop_assert!(named >= 2, "{low} to {}", low * factor);
        }
    }

    #[test]
    fn names_are_thinned_out_where_there_is_no_room() {
        let names = (0..10).map(|i| (f64::from(i), i.to_string())).collect();
        let axis = Axis::linear("", [-0.5, 9.5]).ticks(Ticks::Named(names));
        assert_eq!(labels(&axis, 100.0).len(), 10);
        assert_eq!(labels(&axis, 50.0), ["0", "2", "4", "6", "8"]);
    }

    proptest! {
        #[test]
        fn labels_never_overlap_and_lie_within_the_axis(low in -1e6..1e6_f64, span in 1e-6..1e7_f64, length in 20.0..2000.0) {
            let axis = Axis::linear("", [low, low + span]);
            let found = ticks(&axis, length, |label| 7.0 * label.chars().count() as f64);
            for pair in found.windows(2) {
                let apart = (axis.share(pair[1].0) - axis.share(pair[0].0)) * length;
                let taken = 3.5 * (pair[0].1.chars().count() + pair[1].1.chars().count()) as f64;
                prop_assert!(apart >= taken - 1e-6, "{found:?}");
            }
            prop_assert!(found.iter().all(|(v, _)| (-1e-6..=1.0 + 1e-6).contains(&axis.share(*v))), "{found:?}");
        }
    }
}
