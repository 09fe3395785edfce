//! Tasks for recurrent networks, as generators of sequences.

use ndarray::{Array1, Array2};

use super::Sequence;
use crate::data::Presentations;
use crate::numeric::Purpose;
use crate::protocol::Stimulus;
use crate::rate::draws::{stream_of, uses};

/// The adding task, example `n` of a seed: at every step a number in (0, 1) and a mark; the sum of the two numbers
/// marked, one in each half, is asked at the end. Two inputs, one output. The mean, 1, is off by a variance of 1/6.
///
/// # Panics
/// If there are fewer than 2 steps.
pub fn adding(seed: u64, n: u64, steps: usize) -> Sequence {
    assert!(steps >= 2, "a mark in each half");
    let mut stream = stream_of(seed, Purpose::Rate(uses::TASK + 1), n);
    let mut inputs = Array2::zeros((steps, 2));
    inputs.column_mut(0).mapv_inplace(|_: f64| stream.unit());
    let half = steps / 2;
    let marked = [stream.below(half as u64) as usize, half + stream.below((steps - half) as u64) as usize];
    marked.iter().for_each(|&t| inputs[[t, 1]] = 1.0);
    let mut targets = Array2::zeros((steps, 1));
    targets[[steps - 1, 0]] = marked.iter().map(|&t| inputs[[t, 0]]).sum();
    Sequence { inputs, targets, weights: asked(steps, steps - 1) }
}

/// The recall task, example `n` of a seed: `length` symbols of `symbols`, a pause of `pause` steps, then a cue at every
/// step at which a symbol is asked, in their order. One input per symbol and one for the cue, one output per symbol.
pub fn recall(seed: u64, n: u64, symbols: usize, length: usize, pause: usize) -> Sequence {
    let mut stream = stream_of(seed, Purpose::Rate(uses::TASK + 2), n);
    let steps = 2 * length + pause;
    let (mut inputs, mut targets) = (Array2::zeros((steps, symbols + 1)), Array2::zeros((steps, symbols)));
    for t in 0..length {
        let symbol = stream.below(symbols as u64) as usize;
        inputs[[t, symbol]] = 1.0;
        inputs[[length + pause + t, symbols]] = 1.0;
        targets[[length + pause + t, symbol]] = 1.0;
    }
    Sequence { inputs, targets, weights: asked(steps, length + pause) }
}

/// Image `i` row by row from the top, pixels from 0 to 1, its label of `classes` asked at the last row.
///
/// # Panics
/// If it is no image of `rows` rows, or has no label.
pub fn rows_of_image(shown: &Presentations, i: usize, rows: usize, classes: usize) -> Sequence {
    let Stimulus::Pixels(pixels) = shown.stimulus(i) else { panic!("presentation {i} is no image") };
    let pixels = pixels.iter().map(|&pixel| f64::from(pixel) / 255.0).collect();
    let inputs = Array2::from_shape_vec((rows, shown.set().inputs() / rows), pixels).expect("whole rows");
    let mut targets = Array2::zeros((rows, classes));
    targets[[rows - 1, usize::from(shown.label(i).expect("a labelled image"))]] = 1.0;
    Sequence { inputs, targets, weights: asked(rows, rows - 1) }
}

/// Weights of steps that are asked from `first` on.
fn asked(steps: usize, first: usize) -> Array1<f64> {
    (0..steps).map(|t| f64::from(u8::from(t >= first))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Bptt, Recurrent, RecurrentRule};
    use super::*;
    use crate::data::ImageSet;
    use crate::rate::{Activation, Readout};

    #[test]
    fn the_sum_asked_is_that_of_the_two_numbers_marked() {
        for n in 0..50 {
            let sequence = adding(1, n, 9);
            let (numbers, marks) = (sequence.inputs.column(0), sequence.inputs.column(1));
            assert!((numbers.dot(&marks) - sequence.targets[[8, 0]]).abs() < 1e-15);
            assert!((marks.slice(ndarray::s![..4]).sum() - 1.0).abs() < 1e-15 && (marks.sum() - 2.0).abs() < 1e-15);
            assert!((sequence.weights.sum() - sequence.weights[8]).abs() < 1e-15);
        }
        assert_ne!(adding(1, 0, 9), adding(1, 1, 9));
    }

    #[test]
    fn what_is_asked_is_what_was_shown_in_its_order() {
        let sequence = recall(1, 3, 4, 5, 2);
        assert_eq!(sequence.inputs.slice(ndarray::s![..5, ..4]), sequence.targets.slice(ndarray::s![7.., ..]));
        assert_eq!(sequence.inputs.column(4), sequence.weights);
        assert!((sequence.targets.sum() - 5.0).abs() < 1e-15);
    }

    #[test]
    fn an_image_is_shown_from_the_top() {
        let shown = Presentations::all(ImageSet::new(2, 3, vec![0, 51, 102, 153, 204, 255], vec![1]).into());
        let sequence = rows_of_image(&shown, 0, 2, 3);
        assert!((sequence.inputs - ndarray::array![[0.0, 0.2, 0.4], [0.6, 0.8, 1.0]]).iter().all(|x| x.abs() < 1e-15));
        assert_eq!(sequence.targets.row(1).to_vec(), [0.0, 1.0, 0.0]);
    }

    /// Always answering 1 has a mean loss of 1/12.
    #[test]
    fn a_network_learns_to_add() {
        let mut network = Recurrent::new(2, 16, 1, Readout::Squared(Activation::Linear), 1);
        let mut rule = Bptt::default();
        for n in 0..20_000 {
            let change = rule.present(&network, &adding(1, n, 6));
            network.add(0.03, &change);
        }
        let loss = (0..500).map(|n| network.loss(&adding(2, n, 6))).sum::<f64>() / 500.0;
        assert!(loss < 0.1 / 12.0, "{loss}");
    }
}
