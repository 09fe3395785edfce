//! What files keep of the cells of a population, by which a run is read, drawn and exported without knowing their kind.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    Cell, CompartmentInfo, ConductanceClamp, Dynamics, Escape, Fires, Kernel, LinearCell, NeuronValues, PhasePlateau,
    PlateauTimes, Port, PortInfo, Psp, Source,
};

/// A kind of cell as a file describes it: what readers, figures and exports ask of a cell. It does not tell how one moves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellDescription {
    /// Name of the kind.
    pub kind: String,
    /// Compartments, in the order of their elements in a report; those of a source are none.
    pub compartments: Vec<CompartmentInfo>,
    /// Where synapses end; none at a source.
    pub ports: Vec<PortDescription>,
    /// Whether it emits what a stimulus encodes.
    pub source: bool,
    /// Largest firing rate [1/ms]; none where nothing bounds it.
    pub rate_max: Option<f64>,
    /// Neurons per class, of cells that are taught.
    pub group: Option<usize>,
    /// The port of the dendrite that makes plateaus.
    pub plateau_port: Option<usize>,
    /// The port of the dendrite that has a bias.
    pub bias_port: Option<usize>,
    /// Conductance by which a current drives the membrane, 1/C_m [mV/(ms pA)]; 0: it takes none.
    pub current_conductance: f64,
}

/// A port as a file describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PortDescription {
    /// Its name in model files.
    pub name: String,
    /// The compartment whose potential its input is, if it is one; 0 is the soma.
    pub compartment: Option<usize>,
}

impl CellDescription {
    /// That of a cell.
    pub fn of(cell: &dyn Cell) -> Self {
        let dynamics = cell.dynamics();
        let rate_max = Some(dynamics.rate_max()).filter(|rate| rate.is_finite());
        let linear = match dynamics {
            Dynamics::Source(_) => None,
            Dynamics::Linear(linear) => Some(linear),
        };
        let ends = linear.iter().flat_map(|linear| &linear.ports);
        let described = |(port, end): (PortInfo<'_>, &Port)| PortDescription {
            name: port.name.to_owned(),
            compartment: end.compartment,
        };
        Self {
            kind: cell.kind().to_owned(),
            compartments: cell.compartments().to_vec(),
            ports: cell.ports().into_iter().zip(ends).map(described).collect(),
            source: linear.is_none(),
            rate_max,
            group: linear.as_ref().and_then(|linear| Some(linear.clamp?.group)),
            plateau_port: linear.as_ref().and_then(|linear| Some(linear.plateau?.port)),
            bias_port: linear.as_ref().and_then(|linear| linear.bias),
            current_conductance: linear.map_or(0.0, |linear| linear.current_conductance),
        }
    }

    /// A linear cell of these compartments and ports, whose time constants are not those of the cell described.
    fn linear(&self) -> LinearCell {
        let port = |port: &PortDescription| Port {
            kernel: Kernel::DoubleExponential(Psp::default()),
            conductance: 1.0,
            compartment: port.compartment,
        };
        let clamp = |group| ConductanceClamp { group, conductance: 1.0, e_exc: 1.0, e_inh: -1.0 };
        let never = Fires::Threshold(NeuronValues::Constant { value: 1.0 });
        LinearCell {
            ports: self.ports.iter().map(port).collect(),
            bias: self.bias_port,
            fires: self.rate_max.map_or(never, |rate_max| Fires::Escape(Escape::new(rate_max))),
            current_conductance: self.current_conductance,
            clamp: self.group.map(clamp),
            plateau: self.plateau_port.map(|port| PhasePlateau { port, times: PlateauTimes::default() }),
            ..LinearCell::new(1.0, Escape::new(1.0))
        }
    }
}

/// A cell of a described kind, with its keys in the model file as they stand there. It is for readers: how it moves is not known,
/// and it is not to be simulated.
#[derive(Clone, Debug)]
pub struct DescribedCell {
    description: CellDescription,
    keys: BTreeMap<String, serde_json::Value>,
}

impl DescribedCell {
    /// The cell of a description, with its keys in the model file.
    pub fn new(description: CellDescription, keys: BTreeMap<String, serde_json::Value>) -> Self {
        Self { description, keys }
    }
}

impl Serialize for DescribedCell {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.keys.serialize(serializer)
    }
}

impl Cell for DescribedCell {
    fn kind(&self) -> &str {
        &self.description.kind
    }

    fn compartments(&self) -> &[CompartmentInfo] {
        &self.description.compartments
    }

    fn ports(&self) -> Vec<PortInfo<'_>> {
        self.description.ports.iter().map(|port| PortInfo { name: &port.name }).collect()
    }

    fn dynamics(&self) -> Dynamics {
        if self.description.source {
            return Dynamics::Source(Source { rate_max: self.description.rate_max.unwrap_or_default() });
        }
        Dynamics::Linear(self.description.linear())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Lif, OutputNeuron, PoissonEncoder, Pyramidal};
    use super::*;

    #[test]
    fn a_described_cell_is_described_as_the_cell_is() {
        let cells: [&dyn Cell; 4] =
            [&PoissonEncoder::default(), &Pyramidal::default(), &OutputNeuron::default(), &Lif::default()];
        for cell in cells {
            let description = CellDescription::of(cell);
            let text = serde_json::to_string(&description).unwrap();
            let read: CellDescription = serde_json::from_str(&text).unwrap();
            assert_eq!(read, description);
            let described = DescribedCell::new(read, BTreeMap::new());
            assert_eq!(CellDescription::of(&described), description);
        }
    }
}
