//! Weights, as receptive fields or as a matrix.

use crate::plot::{Axis, ColourBar, ColourMap, Figure, Ink, Mark, Panel, Shape, Ticks};

/// How the weights of a neuron are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WeightLayout {
    /// As pictures with so many columns, side by side.
    Fields(usize),
    /// From ON and OFF maps, as pictures of the former less the latter: what the neuron makes of light.
    OnLessOff(usize),
    /// As rows of one matrix.
    Matrix,
}

/// Receptive fields side by side, [fields, pixels] row by row, each a picture with so many columns, all on one scale of
/// colours.
///
/// # Panics
/// If `pixels` is 0, or not a multiple of `columns`.
pub fn receptive_fields(title: &str, values: &[f32], pixels: usize, columns: usize) -> Panel {
    let range = around_zero(values);
    let panel = fields(values, pixels, 0, columns, range);
    let bare = |axis: Axis| Axis { label: String::new(), ..axis.ticks(Ticks::None) };
    let (x, y) = (bare(panel.x), bare(panel.y));
    Panel { title: title.to_owned(), x, y, colours: Some(colours(range)), ..panel }
}

/// Weights onto neurons from `first` on: [post, pre], row by row. `from` and `to` are the populations.
///
/// # Panics
/// If `pre` is 0, or not a multiple of the columns of a field.
pub fn weights(values: &[f32], pre: usize, first: usize, layout: WeightLayout, [from, to]: [&str; 2]) -> Figure {
    let light = match layout {
        WeightLayout::OnLessOff(_) => Some(on_less_off(values, pre)),
        WeightLayout::Fields(_) | WeightLayout::Matrix => None,
    };
    let (values, pre) = light.as_ref().map_or((values, pre), |light| (light, pre / 2));
    let range = around_zero(values);
    let mut panel = match layout {
        WeightLayout::Fields(columns) | WeightLayout::OnLessOff(columns) => fields(values, pre, first, columns, range),
        WeightLayout::Matrix => matrix(values, pre, first, range, [from, to]),
    };
    panel.colours = Some(colours(range));
    Figure { size: [900, 820], ..Figure::of(vec![vec![panel]]) }
}

/// Weights from ON maps less those from OFF maps, of [post, pre]: [post, pre/2].
fn on_less_off(values: &[f32], pre: usize) -> Vec<f32> {
    let difference = |row: &[f32]| {
        let (on, off) = row.split_at(pre / 2);
        on.iter().zip(off).map(|(on, off)| on - off).collect::<Vec<_>>()
    };
    values.chunks(pre).flat_map(difference).collect()
}

/// From the largest weight of either sign to its opposite.
fn around_zero(values: &[f32]) -> [f64; 2] {
    let largest = values.iter().filter(|w| w.is_finite()).fold(0.0_f32, |a, w| a.max(w.abs()));
    let reach = f64::from(if largest > 0.0 { largest } else { 1.0 });
    [-reach, reach]
}

fn colours(range: [f64; 2]) -> ColourBar {
    ColourBar { label: "weight (dimensionless)".to_owned(), map: ColourMap::Diverging, range }
}

fn matrix(values: &[f32], pre: usize, first: usize, range: [f64; 2], [from, to]: [&str; 2]) -> Panel {
    let post = values.len() / pre;
    let (top, bottom) = (first as f64 - 0.5, (first + post) as f64 - 0.5);
    let x = [-0.5, pre as f64 - 0.5];
    let within = [x[0], x[1], top, bottom];
    let shape = Shape::Image {
        within,
        columns: pre,
        values: values.to_vec(),
        map: ColourMap::Diverging,
        range,
        numbers: vec![],
    };
    Panel {
        x: Axis::linear(&format!("presynaptic neuron ({from})"), x).ticks(Ticks::Whole),
        y: Axis::linear(&format!("postsynaptic neuron ({to})"), [bottom, top]).ticks(Ticks::Whole),
        marks: vec![Mark::new("", Ink::Blue, shape)],
        ..Panel::default()
    }
}

fn fields(values: &[f32], pre: usize, first: usize, columns: usize, range: [f64; 2]) -> Panel {
    let (count, rows) = (values.len() / pre, pre / columns);
    let across = ((count as f64).sqrt().ceil() as usize).max(1);
    let down = count.div_ceil(across).max(1);
    let picture = mosaic(values, [rows, columns], [down, across]);
    let (width, height) = (across * (columns + 1) - 1, down * (rows + 1) - 1);
    let [w, h] = [width as f64, height as f64];
    let middle = |i: usize, side: usize| (i * (side + 1)) as f64 + 0.5 * side as f64;
    let name = |row: usize| (middle(row, rows), (first + row * across).to_string());
    let offset = |column: usize| (middle(column, columns), format!("+{column}"));
    let within = [0.0, w, 0.0, h];
    let shape =
        Shape::Image { within, columns: width, values: picture, map: ColourMap::Diverging, range, numbers: vec![] };
    Panel {
        x: Axis::linear("neuron: number in its row", [0.0, w]).ticks(Ticks::Named((0..across).map(offset).collect())),
        y: Axis::linear("neuron: first of the row", [h, 0.0]).ticks(Ticks::Named((0..down).map(name).collect())),
        marks: vec![Mark::new("", Ink::Blue, shape)],
        aspect: Some(w / h),
        ..Panel::default()
    }
}

/// Fields of [rows, columns] side by side in a grid, with one value of nothing between them.
fn mosaic(values: &[f32], [rows, columns]: [usize; 2], [down, across]: [usize; 2]) -> Vec<f32> {
    let (width, height) = (across * (columns + 1) - 1, down * (rows + 1) - 1);
    let mut picture = vec![f32::NAN; width * height];
    for (i, field) in values.chunks_exact(rows * columns).enumerate() {
        let corner = (i / across) * (rows + 1) * width + (i % across) * (columns + 1);
        for (row, line) in field.chunks_exact(columns).enumerate() {
            picture[corner + row * width..][..columns].copy_from_slice(line);
        }
    }
    picture
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_neuron_has_on_and_off_weights_of_its_own() {
        assert_eq!(on_less_off(&[1.0, 2.0, 0.5, 4.0, 0.0, 0.0, 3.0, 0.0], 4), [0.5, -2.0, -3.0, 0.0]);
    }

    #[test]
    fn fields_stand_side_by_side() {
        let values: Vec<f32> = (0..12).map(|i| i as f32).collect();
        let picture = mosaic(&values, [2, 2], [2, 2]);
        let shown: Vec<_> = picture.iter().map(|v| if v.is_nan() { -1 } else { *v as i32 }).collect();
        #[rustfmt::skip]
        assert_eq!(shown, [
            0, 1, -1, 4, 5,
            2, 3, -1, 6, 7,
            -1, -1, -1, -1, -1,
            8, 9, -1, -1, -1,
            10, 11, -1, -1, -1,
        ]);
    }
}
