//! The modes of the membranes of a cell, and its synaptic currents.
//!
//! With C dV/dt = −G V + I, G symmetric, the matrix C^−½ G C^−½ = U diag(μ) Uᵀ has real eigenvalues, and E = C^−½ U makes the modes
//! y = Eᵀ C V independent of each other: dy_j/dt = −μ_j y_j + Σ_c E[c][j] I_c, V = E y. With one compartment held at a potential its row
//! and column are left out, and its coupling is a current into its neighbours.
//!
//! The eigensolver takes sums, products, quotients and square roots alone, so that its bits are the same on every machine.

use nalgebra::{DMatrix, SymmetricEigen};

use super::{BapCourse, CompartmentalCell, EventTrigger};
use crate::cells::Kernel;

/// Rates of modes that differ by less than this, relative to the fastest, are one: the eigensolver leaves them as far apart.
const SAME_RATE: f64 = 1e-13;

/// The modes of the membranes of a cell.
#[derive(Clone, Debug, PartialEq)]
pub struct MembraneModes {
    /// Decay rates μ, ascending [modes] [1/ms].
    pub rates: Vec<f64>,
    /// E, [compartment][mode] [pF^−½]; the row of a compartment that is held is 0.
    pub shapes: Vec<Vec<f64>>,
    /// Potentials at rest without input, [compartments] [mV]; of one that is held, that potential.
    pub rest: Vec<f64>,
}

/// A synaptic current that decays by itself: spikes of all ports of one time constant and compartment add to one, but for a port whose
/// current an event reads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SynapticCurrent {
    /// Time constant [ms].
    pub tau: f64,
    /// The compartment that it drives.
    pub compartment: usize,
    /// The port that it is of, if it is read.
    pub port: Option<usize>,
}

impl CompartmentalCell {
    /// The modes of its membranes; with the compartment that fires held at its reset potential, or with none held.
    ///
    /// # Panics
    /// If a compartment of a coupling is not there.
    pub fn membrane_modes(&self, held: Option<f64>) -> MembraneModes {
        let held = held.map(|potential| (self.spike.compartment, potential));
        let free: Vec<usize> =
            (0..self.membranes.len()).filter(|&c| held.is_none_or(|(compartment, _)| c != compartment)).collect();
        let g = self.conductances();
        let root: Vec<f64> = self.membranes.iter().map(|membrane| membrane.capacitance.sqrt()).collect();
        let scaled = DMatrix::from_fn(free.len(), free.len(), |a, b| {
            let (a, b) = (free[a], free[b]);
            g[a][b] / (root[a] * root[b])
        });
        let (rates, columns) = sorted_modes(scaled);
        let mut shapes = vec![vec![0.0; rates.len()]; self.membranes.len()];
        for (row, &compartment) in free.iter().enumerate() {
            for (mode, column) in columns.iter().enumerate() {
                shapes[compartment][mode] = column[row] / root[compartment];
            }
        }
        let current = |c: usize| {
            let m = &self.membranes[c];
            m.leak * m.reversal + m.current - held.map_or(0.0, |(compartment, potential)| g[c][compartment] * potential)
        };
        let currents: Vec<f64> = (0..self.membranes.len()).map(current).collect();
        let mut modes = MembraneModes { rates, shapes, rest: Vec::new() };
        modes.rest = modes.shift(&currents);
        if let Some((compartment, potential)) = held {
            modes.rest[compartment] = potential;
        }
        modes
    }

    /// Its synaptic currents, and those of back-propagating action potentials that decay.
    pub fn currents(&self) -> Vec<SynapticCurrent> {
        let mut currents: Vec<SynapticCurrent> = Vec::new();
        let mut add = |current: SynapticCurrent| {
            if !currents.contains(&current) {
                currents.push(current);
            }
        };
        for (index, port) in self.ports.iter().enumerate() {
            let read = self.is_read(index).then_some(index);
            port.kernel.time_constants().into_iter().for_each(|tau| {
                add(SynapticCurrent { tau, compartment: port.compartment, port: read });
            });
        }
        if let Some(bap) = self.bap
            && let BapCourse::Decay(tau) = bap.course
        {
            add(SynapticCurrent { tau, compartment: bap.compartment, port: None });
        }
        currents
    }

    /// What a spike of weight 1 at a port adds to each of the currents [currents] [pA]; nothing of an impulse.
    pub fn current_jumps(&self, port: usize) -> Vec<f64> {
        let currents = self.currents();
        let mut jumps = vec![0.0; currents.len()];
        let read = self.is_read(port).then_some(port);
        let compartment = self.ports[port].compartment;
        let mut add = |tau: f64, jump: f64| {
            let place = currents.iter().position(|c| *c == SynapticCurrent { tau, compartment, port: read });
            place.into_iter().for_each(|place| jumps[place] += jump);
        };
        match self.ports[port].kernel {
            Kernel::Delta => (),
            Kernel::Exponential { tau } => add(tau, 1.0),
            Kernel::DoubleExponential(psp) => {
                add(psp.tau_l, psp.jump());
                add(psp.tau_s, -psp.jump());
            }
        }
        jumps
    }

    /// Whether an event reads the current of a port.
    fn is_read(&self, port: usize) -> bool {
        self.events.iter().any(|event| matches!(event.reads, EventTrigger::Current { port: read, .. } if read == port))
    }

    /// G, of leaks and couplings, [compartment][compartment] [nS].
    pub(super) fn conductances(&self) -> Vec<Vec<f64>> {
        let mut g = vec![vec![0.0; self.membranes.len()]; self.membranes.len()];
        for (c, membrane) in self.membranes.iter().enumerate() {
            g[c][c] += membrane.leak;
        }
        for coupling in &self.couplings {
            let [a, b] = coupling.between;
            g[a][a] += coupling.conductance;
            g[b][b] += coupling.conductance;
            g[a][b] -= coupling.conductance;
            g[b][a] -= coupling.conductance;
        }
        g
    }
}

impl MembraneModes {
    /// What V tends to by constant currents, E diag(1/μ) Eᵀ I, [compartments] [mV].
    pub fn shift(&self, currents_pa: &[f64]) -> Vec<f64> {
        self.response(currents_pa, |rate| rate)
    }

    /// What of V decays with a current of 1 pA that decays at rate `s` into a compartment, (G − s C)⁻¹ e_c [compartments] [mV/pA].
    pub fn particular(&self, compartment: usize, s: f64) -> Vec<f64> {
        let mut unit = vec![0.0; self.shapes.len()];
        unit[compartment] = 1.0;
        self.response(&unit, |rate| rate - s)
    }

    fn response(&self, currents: &[f64], divisor: impl Fn(f64) -> f64) -> Vec<f64> {
        let mode = |(j, &rate): (usize, &f64)| {
            let drive: f64 = self.shapes.iter().zip(currents).map(|(shape, current)| shape[j] * current).sum();
            drive / divisor(rate)
        };
        let modes: Vec<f64> = self.rates.iter().enumerate().map(mode).collect();
        self.shapes.iter().map(|shape| shape.iter().zip(&modes).map(|(e, y)| e * y).sum()).collect()
    }
}

/// Eigenvalues of a symmetric matrix, ascending, with their eigenvectors.
fn sorted_modes(matrix: DMatrix<f64>) -> (Vec<f64>, Vec<Vec<f64>>) {
    if matrix.is_empty() {
        return (Vec::new(), Vec::new());
    }
    let eigen = SymmetricEigen::new(matrix);
    let mut order: Vec<usize> = (0..eigen.eigenvalues.len()).collect();
    order.sort_by(|&a, &b| eigen.eigenvalues[a].total_cmp(&eigen.eigenvalues[b]));
    let mut rates: Vec<f64> = order.iter().map(|&j| eigen.eigenvalues[j]).collect();
    let fastest = rates.last().copied().unwrap_or(0.0);
    for j in 1..rates.len() {
        if rates[j] - rates[j - 1] <= SAME_RATE * fastest {
            rates[j] = rates[j - 1];
        }
    }
    (rates, order.iter().map(|&j| eigen.eigenvectors.column(j).iter().copied().collect()).collect())
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::{AxialCoupling, CompartmentMembrane, SpikeGenerator};
    use super::*;
    use crate::cells::{Fires, NeuronValues, Reset};

    /// Three compartments in a ring, so that the graph is no tree.
    pub(in crate::cells::compartmental) fn ring() -> CompartmentalCell {
        let membrane = |capacitance, leak, reversal, current| {
            let initial = NeuronValues::from(reversal);
            CompartmentMembrane { capacitance, leak, reversal, current, initial }
        };
        let coupling = |a, b, conductance| AxialCoupling { between: [a, b], conductance };
        CompartmentalCell {
            membranes: vec![
                membrane(100.0, 5.0, -70.0, 0.0),
                membrane(40.0, 3.0, -60.0, 25.0),
                membrane(200.0, 8.0, -65.0, -10.0),
            ],
            couplings: vec![coupling(0, 1, 12.0), coupling(1, 2, 30.0), coupling(2, 0, 4.0)],
            ports: Vec::new(),
            spike: SpikeGenerator {
                compartment: 0,
                fires: Fires::Threshold((-50.0).into()),
                reset: Some(Reset { potential: -68.0, refractory_ms: 2.0 }),
            },
            events: Vec::new(),
            bap: None,
            burst_window: None,
            background: Vec::new(),
        }
    }

    /// G times a vector of potentials less s C times it.
    fn applied(cell: &CompartmentalCell, v: &[f64], s: f64) -> Vec<f64> {
        let row = |(c, row): (usize, &Vec<f64>)| -> f64 {
            row.iter().zip(v).map(|(g, v)| g * v).sum::<f64>() - s * cell.membranes[c].capacitance * v[c]
        };
        cell.conductances().iter().enumerate().map(row).collect()
    }

    #[test]
    fn modes_solve_the_equations_of_the_membranes() {
        let cell = ring();
        let modes = cell.membrane_modes(None);
        for j in 0..3 {
            let shape: Vec<f64> = modes.shapes.iter().map(|row| row[j]).collect();
            let [g, c] = [0.0, 1.0].map(|s| applied(&cell, &shape, s));
            for r in 0..3 {
                // G E_j = μ_j C E_j.
                assert!((g[r] - modes.rates[j] * (g[r] - c[r])).abs() < 1e-13, "mode {j}");
            }
        }
        for r in 0..3 {
            let drive = cell.membranes[r].leak * cell.membranes[r].reversal + cell.membranes[r].current;
            assert!((applied(&cell, &modes.rest, 0.0)[r] - drive).abs() < 1e-11);
        }
        let particular = applied(&cell, &modes.particular(1, 0.4), 0.4);
        assert!(particular.iter().zip([0.0, 1.0, 0.0]).all(|(found, wanted)| (found - wanted).abs() < 1e-13));
    }

    #[test]
    fn a_held_compartment_drives_the_others_and_no_current_moves_it() {
        let cell = ring();
        let modes = cell.membrane_modes(Some(-68.0));
        assert_eq!((modes.rates.len(), modes.rest[0].to_bits()), (2, (-68.0_f64).to_bits()));
        for r in 1..3 {
            let drive = cell.membranes[r].leak * cell.membranes[r].reversal + cell.membranes[r].current;
            assert!((applied(&cell, &modes.rest, 0.0)[r] - drive).abs() < 1e-11);
        }
        assert!(modes.particular(0, 0.4).iter().all(|p| *p == 0.0));
    }

    #[test]
    fn equal_branches_have_one_rate() {
        let mut cell = ring();
        cell.membranes[2] = cell.membranes[1];
        cell.couplings[1].conductance = 7.0;
        cell.couplings[0].conductance = cell.couplings[2].conductance;
        let rates = |cell: &CompartmentalCell| cell.membrane_modes(Some(-68.0)).rates;
        assert!(rates(&cell)[1] > rates(&cell)[0]);
        cell.couplings.remove(1);
        assert_eq!(rates(&cell)[1].to_bits(), rates(&cell)[0].to_bits());
    }
}
