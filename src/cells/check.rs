//! What a linear cell must be to be simulated.

use super::Modes;
use super::linear::{
    Escape, Fires, LARGEST_GAMMA, LONGEST_TAU_MS, LinearCell, PoissonDrive, Reset, SHORTEST_TAU_MS, TOO_CLOSE,
};
use super::modal::{MOST_MODES, ModalForm};

/// Why a linear cell cannot be simulated.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CellError {
    /// A value out of its range.
    #[error("expected {what} {expected}, found {found}")]
    Value {
        /// What it is.
        what: &'static str,
        /// Its range.
        expected: &'static str,
        /// What it is instead.
        found: f64,
    },
    /// Two decay rates that are one.
    #[error(
        "expected a total conductance of the membrane that differs from 1/tau of its synapses by more than a millionth, found \
         {gamma} /ms and {tau} ms"
    )]
    Degenerate {
        /// γ [1/ms].
        gamma: f64,
        /// τ [ms].
        tau: f64,
    },
    /// Another number of ports or compartments than the cell names.
    #[error("expected {count} {what}, as the cell names, found {found}")]
    Count {
        /// What is counted.
        what: &'static str,
        /// How many are named.
        count: usize,
        /// How many there are.
        found: usize,
    },
    /// What only cells whose spikes leave them as they are can have.
    #[error(
        "expected no {what} of a cell with currents of its own, kernels other than one double exponential, or a threshold without a \
         rate to learn by"
    )]
    Unsupported {
        /// What it has.
        what: &'static str,
    },
    /// A dendrite with a bias that makes plateaus.
    #[error("expected the bias and the plateaus on two dendrites, found them on one")]
    BiasedPlateau,
    /// A number of a port, or of a compartment, that the cell does not have.
    #[error("expected {what} below {count}, found {found}")]
    Index {
        /// What is numbered.
        what: &'static str,
        /// How many there are.
        count: usize,
        /// Its number.
        found: usize,
    },
    /// Values of a cell of several compartments that do not fit.
    #[error(transparent)]
    Compartments(#[from] super::Conflict),
}

impl LinearCell {
    /// Checks that the engine can simulate it, as a cell of so many compartments and ports.
    ///
    /// # Errors
    /// The first value that is out of its range.
    pub fn check(&self, compartments: usize, ports: usize) -> Result<(), CellError> {
        for (what, count, found) in
            [("ports", ports, self.ports.len()), ("compartments", compartments, self.compartments())]
        {
            if count != found {
                return Err(CellError::Count { what, count, found });
            }
        }
        if self.is_plain_escape() {
            self.check_escape()?;
        } else {
            self.check_modes()?;
        }
        let count = self.ports.len();
        if self.bias.is_some() && self.bias == self.plateau.map(|plateau| plateau.port) {
            return Err(CellError::BiasedPlateau);
        }
        let numbered = [("the port of the bias", self.bias), ("the port of the plateau", self.plateau.map(|p| p.port))];
        for (what, port) in numbered {
            if let Some(found) = port.filter(|port| *port >= count) {
                return Err(CellError::Index { what, count, found });
            }
        }
        Ok(())
    }

    fn check_escape(&self) -> Result<(), CellError> {
        let value = |what, expected, found| Err(CellError::Value { what, expected, found });
        if !(self.rate_max() > 0.0 && self.rate_max() <= 10.0) {
            return value("the largest firing rate [1/ms]", "above 0, at most 10", self.rate_max());
        }
        let psp = self.psp();
        for port in &self.ports {
            if !(0.0..=LARGEST_GAMMA).contains(&port.conductance) {
                return value("the conductance of a port [1/ms]", "in 0..=4", port.conductance);
            }
        }
        for tau in [psp.tau_l, psp.tau_s] {
            if !(0.25..=1000.0).contains(&tau) {
                return value("a synaptic time constant [ms]", "in 0.25..=1000", tau);
            }
        }
        if (psp.tau_l / psp.tau_s - 1.0).abs() <= TOO_CLOSE {
            return value("the two synaptic time constants [ms]", "further apart than a millionth of them", psp.tau_s);
        }
        for Modes { gamma, .. } in self.modes() {
            if !(gamma > 0.0 && gamma <= LARGEST_GAMMA) {
                return value("the total conductance of the membrane [1/ms]", "above 0, at most 4", gamma);
            }
            if let Some(tau) = [psp.tau_l, psp.tau_s].into_iter().find(|tau| (gamma * tau - 1.0).abs() <= TOO_CLOSE) {
                return Err(CellError::Degenerate { gamma, tau });
            }
        }
        Ok(())
    }

    fn check_modes(&self) -> Result<(), CellError> {
        let has_dendrite = self.ports.iter().any(|port| port.compartment.is_some());
        for (what, found) in [
            ("bias that learns", self.bias.is_some()),
            ("teaching conductances", self.clamp.is_some()),
            ("plateau", self.plateau.is_some()),
            ("dendritic compartment", has_dendrite),
        ] {
            if found && !self.has_phase_means() {
                return Err(CellError::Unsupported { what });
            }
        }
        let value = |what, expected, found| Err(CellError::Value { what, expected, found });
        if let Fires::Escape(Escape { rate_max, threshold, width }) = self.fires {
            if !(rate_max > 0.0 && rate_max <= 10.0) {
                return value("the largest firing rate [1/ms]", "above 0, at most 10", rate_max);
            }
            if !(width > 0.0 && width.is_finite()) {
                return value("the width of the escape rate", "above 0", width);
            }
            if !threshold.is_finite() {
                return value("the potential of half the largest rate", "finite", threshold);
            }
        }
        for (what, found) in [
            ("the conductance of currents", Some(self.current_conductance)),
            ("the potential at rest", Some(self.rest)),
            ("the reset potential", self.reset.map(|reset| reset.potential)),
            ("the jump of the adaptation", self.adaptation.map(|adaptation| adaptation.jump)),
        ] {
            if let Some(found) = found.filter(|found| !found.is_finite()) {
                return value(what, "finite", found);
            }
        }
        if let Some(Reset { refractory_ms, .. }) =
            self.reset.filter(|r| !(r.refractory_ms >= 0.0 && r.refractory_ms.is_finite()))
        {
            return value("the refractory time [ms]", "0 or more", refractory_ms);
        }
        self.check_drives()?;
        let taus = self.ports.iter().flat_map(|port| port.kernel.time_constants());
        let taus = taus.chain(self.adaptation.map(|adaptation| adaptation.tau));
        let largest = 1.0 / SHORTEST_TAU_MS;
        if !(self.gamma > 0.0 && self.gamma <= largest) {
            return value("the total conductance of the membrane [1/ms]", "above 0, at most 20", self.gamma);
        }
        for tau in taus {
            if !(SHORTEST_TAU_MS..=LONGEST_TAU_MS).contains(&tau) {
                return value("a time constant [ms]", "in 0.05..=100000", tau);
            }
            if (self.gamma * tau - 1.0).abs() <= TOO_CLOSE {
                return Err(CellError::Degenerate { gamma: self.gamma, tau });
            }
        }
        for psp in self.ports.iter().filter_map(|port| port.kernel.psp()) {
            if (psp.tau_l / psp.tau_s - 1.0).abs() <= TOO_CLOSE {
                return value(
                    "the two synaptic time constants [ms]",
                    "further apart than a millionth of them",
                    psp.tau_s,
                );
            }
        }
        for Modes { gamma, .. } in self.modes().into_iter().filter(|_| self.clamp.is_some()) {
            if !(gamma > 0.0 && gamma <= largest) {
                return value("the total conductance of the membrane [1/ms]", "above 0, at most 20", gamma);
            }
            let psp = self.psp();
            if let Some(tau) = [psp.tau_l, psp.tau_s].into_iter().find(|tau| (gamma * tau - 1.0).abs() <= TOO_CLOSE) {
                return Err(CellError::Degenerate { gamma, tau });
            }
        }
        let modes = ModalForm::of(self).rates.len();
        if modes > MOST_MODES {
            return value("the number of different decay rates of a cell", "at most 8", modes as f64);
        }
        Ok(())
    }

    /// Checks Poisson input and distributions of values, and that a spike ends below the threshold.
    fn check_drives(&self) -> Result<(), CellError> {
        let value = |what, expected, found| Err(CellError::Value { what, expected, found });
        for &PoissonDrive { port, rate, weight } in &self.background {
            if port >= self.ports.len() {
                let what = "the port of a Poisson input";
                return Err(CellError::Index { what, count: self.ports.len(), found: port });
            }
            if !(rate >= 0.0 && rate.is_finite()) {
                return value("the rate of a Poisson input [1/ms]", "0 or more", rate);
            }
            if !weight.is_finite() {
                return value("the weight of a Poisson input", "finite", weight);
            }
        }
        if self.initial.is_some_and(|initial| !initial.is_sound()) {
            return value("the initial potentials", "finite, spreads of 0 or more, ends in order", f64::NAN);
        }
        let Fires::Threshold(threshold) = self.fires else { return Ok(()) };
        if !threshold.is_sound() {
            return value("the thresholds", "finite, spreads of 0 or more, ends in order", f64::NAN);
        }
        let lowest = self.reset.map_or(f64::NEG_INFINITY, |reset| reset.potential);
        if !threshold.are_mostly_above(lowest) {
            return value(
                "the threshold",
                "above the reset potential, or the cell fires without end",
                threshold.mean(),
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cells::{Kernel, NeuronValues, PhasePlateau, PlateauTimes, Psp};

    #[test]
    fn cells_without_a_closed_form_are_refused() {
        let mut cell = LinearCell::new(0.7, Escape::new(0.2));
        cell.synapse(Psp::default(), 0.6);
        assert_eq!(cell.check(1, 1), Ok(()));
        assert!(cell.check(2, 1).is_err());
        for (gamma, fits) in [(0.1, false), (1.0 / 3.0, false), (0.334, true), (4.0, true), (4.1, false), (0.0, false)]
        {
            assert_eq!(LinearCell { gamma, ..cell.clone() }.check(1, 1).is_ok(), fits, "{gamma}");
        }
        let mut other = cell.clone();
        other.synapse(Psp { tau_l: 5.0, tau_s: 2.0 }, 0.1);
        assert_eq!(other.check(1, 2), Ok(()), "in modes of its own");
        other.port(Kernel::Exponential { tau: 1.0 / 0.7 }, 0.1);
        assert!(matches!(other.check(1, 3), Err(CellError::Degenerate { .. })));
        let without = LinearCell { bias: Some(1), ..cell };
        assert!(matches!(without.check(1, 1), Err(CellError::Index { found: 1, .. })));
    }

    #[test]
    fn what_only_cells_of_three_modes_have_is_refused_of_others() {
        let mut cell = LinearCell::new(0.7, Escape::new(0.2));
        let basal = cell.dendrite(Psp::default(), 0.6);
        let apical = cell.dendrite(Psp::default(), 0.05);
        let plateau = Some(PhasePlateau { port: apical, times: PlateauTimes::default() });
        cell = LinearCell { bias: Some(basal), plateau, ..cell };
        assert_eq!(cell.check(3, 2), Ok(()));
        let threshold = LinearCell { fires: Fires::Threshold(1.0.into()), ..cell.clone() };
        assert!(matches!(threshold.check(3, 2), Err(CellError::Unsupported { .. })));
        cell.synapse(Psp { tau_l: 5.0, tau_s: 2.0 }, 0.1);
        assert!(matches!(cell.check(3, 3), Err(CellError::Unsupported { what: "bias that learns" })));
    }

    #[test]
    fn thresholds_that_a_reset_reaches_are_refused() {
        let reset = Some(Reset { potential: -55.0, refractory_ms: 0.0 });
        let mut cell = LinearCell { reset, ..LinearCell::new(0.1, Escape::new(1.0)) };
        for (v_th, fits) in [
            (NeuronValues::from(-54.0), true),
            (NeuronValues::from(-55.0), false),
            (NeuronValues::Normal { mean: -54.0, sd: 5.0 }, true),
            (NeuronValues::Normal { mean: -56.0, sd: 5.0 }, false),
            (NeuronValues::Normal { mean: -54.0, sd: -5.0 }, false),
        ] {
            cell.fires = Fires::Threshold(v_th);
            assert_eq!(cell.check(1, 0).is_ok(), fits, "{v_th:?}");
        }
    }
}
