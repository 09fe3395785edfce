//! What files keep of the cells of a population, by which a run is read, drawn and exported without knowing their kind.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Cell, CompartmentInfo, Dynamics, PortInfo};

/// A cell as a file describes it: all that it says of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellDescription {
    /// Name of the kind.
    pub kind: String,
    /// Compartments, in the order of their elements in a report; those of a source are none.
    pub compartments: Vec<CompartmentInfo>,
    /// Names of the ports at which synapses end; none at a source.
    pub ports: Vec<String>,
    /// How it moves and fires.
    pub dynamics: Dynamics,
}

impl CellDescription {
    /// That of a cell.
    pub fn of(cell: &dyn Cell) -> Self {
        Self {
            kind: cell.kind().to_owned(),
            compartments: cell.compartments().to_vec(),
            ports: cell.ports().into_iter().map(|port| port.name.to_owned()).collect(),
            dynamics: cell.dynamics(),
        }
    }
}

/// A cell of a described kind, with its keys in the model file as they stand there.
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
        self.description.ports.iter().map(|name| PortInfo { name }).collect()
    }

    fn dynamics(&self) -> Dynamics {
        self.description.dynamics.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Compartments, Lif, NeuronValues, OutputNeuron, PoissonEncoder, Pyramidal};
    use super::*;

    #[test]
    fn a_described_cell_says_of_itself_what_the_cell_does() {
        let drawn = Lif {
            v_th: NeuronValues::Uniform { low: -55.0, high: -50.0 },
            v_init: Some(NeuronValues::Normal { mean: -65.0, sd: 2.5 }),
            ..Lif::default()
        };
        let (compartments, lif) = (Compartments::default(), Lif::default());
        let cells: [&dyn Cell; 6] =
            [&PoissonEncoder::default(), &Pyramidal::default(), &OutputNeuron::default(), &lif, &drawn, &compartments];
        for cell in cells {
            let text = serde_json::to_string(&CellDescription::of(cell)).unwrap();
            let described = DescribedCell::new(serde_json::from_str(&text).unwrap(), BTreeMap::new());
            assert_eq!(described.kind(), cell.kind());
            assert_eq!((described.compartments(), described.ports()), (cell.compartments(), cell.ports()));
            assert_eq!(described.dynamics(), cell.dynamics(), "{text}");
        }
    }
}
