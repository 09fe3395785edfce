//! Power spectra of spike trains.

use crate::analysis::PowerSpectrum;
use crate::plot::{Axis, Dash, Figure, Ink, Mark, Panel, Shape};

/// The power spectrum of a population.
#[derive(Clone, Debug, Default)]
pub struct PopulationSpectrum {
    /// Name of the population.
    pub name: String,
    /// Mean rate of a neuron [Hz], which is the spectrum of Poisson trains.
    pub rate: f64,
    /// Its spectra.
    pub spectrum: PowerSpectrum,
}

/// Power spectra of populations, one above the other.
pub fn spectra(populations: &[PopulationSpectrum]) -> Figure {
    let size = [1000, 120 + 230 * populations.len() as u32];
    Figure { size, ..Figure::of(populations.iter().map(|population| vec![panel(population)]).collect()) }
}

fn panel(population: &PopulationSpectrum) -> Panel {
    let PopulationSpectrum { name, rate, spectrum: PowerSpectrum { frequencies, neurons, population } } = population;
    let line = |power: &[f64]| Shape::line(frequencies.iter().zip(power).map(|(&f, &power)| [f, power]).collect());
    let ends = [0.0, frequencies.last().copied().unwrap_or(1.0)];
    let rates = Shape::Line { points: ends.map(|f| [f, *rate]).to_vec(), dash: Dash::Dashed };
    Panel {
        title: name.clone(),
        x: Axis::linear("frequency (Hz)", ends),
        y: Axis::from_zero("power (Hz)", neurons.iter().chain(population).copied().chain([1.1 * rate])),
        marks: vec![
            Mark::new("all trains together, per neuron", Ink::Vermillion, line(population)),
            Mark::new("single trains", Ink::Blue, line(neurons)),
            Mark::new(&format!("rate, {rate:.1} Hz"), Ink::Grey, rates),
        ],
        ..Panel::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_drawn_beside_the_spectra() {
        let (frequencies, neurons) = (vec![2.0, 4.0], vec![9.0, 11.0]);
        let spectrum = PowerSpectrum { frequencies, neurons, population: vec![12.0, 8.0] };
        let figure = spectra(&[PopulationSpectrum { name: "cells".to_owned(), rate: 10.0, spectrum }]);
        let panel = &figure.rows[0].panels[0];
        let points = |mark: usize| match &panel.marks[mark].shape {
            Shape::Line { points, .. } => points.clone(),
            _ => Vec::new(),
        };
        assert_eq!((points(0), points(2)), (vec![[2.0, 12.0], [4.0, 8.0]], vec![[0.0, 10.0], [4.0, 10.0]]));
    }
}
