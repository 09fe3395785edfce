//! The registry of figures: a line for each.

use super::figure::PublishedFigure;
use super::figures::{
    ablations, bac, brunel, credit, fa_linear, fields, in_degree, maps, microcircuit, phases, prediction, recurrent,
    song, threshold, traces, triplet, urbanczik_senn, variants,
};

/// All published figures that can be reproduced, in the order of their report.
pub const FIGURES: [PublishedFigure; 26] = [
    traces::FIGURE_3C,
    phases::FIGURE_4A,
    phases::FIGURE_4B,
    credit::FIGURE_5B,
    credit::FIGURE_5C,
    credit::FIGURE_5_S1,
    variants::FIGURE_6B,
    maps::FIGURE,
    variants::FIGURE_6_S1,
    phases::FIGURE_6_S1A,
    credit::FIGURE_7A,
    fields::FIGURE_7B,
    fields::FIGURE_7C,
    variants::FIGURE_8B,
    variants::FIGURE_8D,
    variants::FIGURE_8_S1,
    traces::FIGURE_9A,
    variants::FIGURE_9B,
    prediction::FIGURE,
    fa_linear::FIGURE,
    brunel::FIGURE,
    microcircuit::FIGURE,
    bac::FIGURE,
    song::FIGURE,
    triplet::FIGURE,
    urbanczik_senn::FIGURE,
];

/// Figures that were not published: extensions of the published experiments.
pub const EXTENSIONS: [PublishedFigure; 8] = [
    ablations::BEST,
    ablations::FASHION,
    ablations::LEVERS,
    variants::FEEDBACK,
    variants::BRIEF,
    threshold::FIGURE,
    in_degree::FIGURE,
    recurrent::FIGURE,
];

/// The figure of this name in any case; `None` if there is none.
pub fn find(name: &str) -> Option<&'static PublishedFigure> {
    static ALL: [&[PublishedFigure]; 2] = [&FIGURES, &EXTENSIONS];
    ALL.into_iter().flatten().find(|figure| figure.name.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_is_found_by_its_name() {
        for figure in FIGURES.iter().chain(&EXTENSIONS) {
            assert_eq!(find(&figure.name.to_lowercase()).map(|found| found.name), Some(figure.name));
        }
        assert!(find("6Z").is_none());
    }
}
