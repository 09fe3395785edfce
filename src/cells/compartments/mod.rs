//! Cells of several compartments with dendritic events: passive membranes coupled by conductances, a threshold or an escape rate in one
//! of them, and plateaus, dendritic spikes and back-propagating action potentials as currents for a time.
//!
//! C_m dV_r/dt = −g_L (V_r − E_L) + Σ_s g_rs (V_s − V_r) + I_e + Σ I_syn + Σ I_event + I_bap. Events as constant currents are those of
//! Bouhadjar, Wouters, Diesmann & Tetzlaff (2022), PLoS Computational Biology 18:e1010233; what they do between events is exact here.

mod keys;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use keys::{
    BapKeys, BurstKeys, CompartmentKeys, CompartmentList, CompartmentPortKeys, CouplingKeys, CurrentKeys, EventKeys,
    SpikeKeys, TriggerKeys,
};

use super::lif::MOST_POISSON_HZ;
use super::{
    AxialCoupling, BackPropagation, BapCourse, Cell, CompartmentInfo, CompartmentMembrane, CompartmentPort,
    CompartmentalCell, Conflict, DendriticEvent, Dynamics, Escape, EventTrigger, Fires, InjectedCurrent, NeuronValues,
    PoissonDrive, PoissonInput, PortInfo, Reset, SpikeGenerator,
};
use crate::units::tagged;

/// Cells of several compartments: passive membranes coupled by conductances, with a threshold or an escape rate in one of them, and
/// events that add constant currents for a time: plateaus, dendritic spikes, back-propagating action potentials.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Compartments {
    /// Compartments.
    #[schemars(with = "Vec<CompartmentKeys>")]
    pub compartments: CompartmentList,
    /// Conductances between them, which connect all of them.
    pub couplings: Vec<CouplingKeys>,
    /// Where synapses end.
    #[serde(serialize_with = "tagged::all_by_kernel")]
    pub ports: Vec<CompartmentPortKeys>,
    /// When it fires.
    pub spike: SpikeKeys,
    /// Events of its dendrites.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<EventKeys>,
    /// The back-propagating action potential.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bap: Option<BapKeys>,
    /// Bursts, which are marked where this is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub burst: Option<BurstKeys>,
    /// Poisson input of each neuron by itself.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub poisson_input: Vec<PoissonInput>,
}

impl Default for Compartments {
    /// A soma and an apical dendrite without events.
    fn default() -> Self {
        let compartment = |name: &str, c_m, g_l| CompartmentKeys {
            name: name.to_owned(),
            c_m,
            g_l,
            e_l: -70.0,
            i_e: 0.0,
            v_init: None,
        };
        let port = |name: &str, compartment: &str| CompartmentPortKeys::Exponential {
            name: name.to_owned(),
            compartment: compartment.to_owned(),
            tau: 2.0,
        };
        Self {
            compartments: vec![compartment("soma", 250.0, 25.0), compartment("apical", 100.0, 10.0)].into(),
            couplings: vec![CouplingKeys { between: ["soma", "apical"].map(str::to_owned), g: 10.0 }],
            ports: vec![port("soma", "soma"), port("apical", "apical")],
            spike: SpikeKeys {
                compartment: "soma".to_owned(),
                v_th: Some((-55.0).into()),
                escape: None,
                v_reset: Some(-70.0),
                t_ref: 2.0,
            },
            events: Vec::new(),
            bap: None,
            burst: None,
            poisson_input: Vec::new(),
        }
    }
}

/// Place of a name that [`Compartments::check`] has found; where it has not, one that no list has.
const NOWHERE: usize = usize::MAX;

impl Compartments {
    fn compartment(&self, name: &str) -> usize {
        self.compartments.keys().iter().position(|keys| keys.name == name).unwrap_or(NOWHERE)
    }

    fn port(&self, name: &str) -> usize {
        self.ports.iter().position(|port| port.name() == name).unwrap_or(NOWHERE)
    }

    /// The values of the cell.
    fn cell(&self) -> CompartmentalCell {
        let membrane = |keys: &CompartmentKeys| CompartmentMembrane {
            capacitance: keys.c_m,
            leak: keys.g_l,
            reversal: keys.e_l,
            current: keys.i_e,
            initial: keys.v_init.unwrap_or_else(|| keys.e_l.into()),
        };
        let coupling = |keys: &CouplingKeys| AxialCoupling {
            between: keys.between.each_ref().map(|name| self.compartment(name)),
            conductance: keys.g,
        };
        let port = |keys: &CompartmentPortKeys| CompartmentPort {
            compartment: self.compartment(keys.compartment()),
            kernel: keys.kernel(),
        };
        let background = |input: &PoissonInput| PoissonDrive {
            port: self.port(&input.port),
            rate: f64::from(input.count) * input.rate / 1000.0,
            weight: input.weight,
        };
        CompartmentalCell {
            membranes: self.compartments.keys().iter().map(membrane).collect(),
            couplings: self.couplings.iter().map(coupling).collect(),
            ports: self.ports.iter().map(port).collect(),
            spike: self.spike_generator(),
            events: self.events.iter().map(|keys| self.event(keys)).collect(),
            bap: self.bap.as_ref().map(|keys| BackPropagation {
                delay: keys.delay,
                compartment: self.compartment(&keys.compartment),
                amplitude: keys.amplitude,
                course: keys.tau.map_or(BapCourse::Box(keys.duration.unwrap_or(0.0)), BapCourse::Decay),
            }),
            burst_window: self.burst.map(|burst| burst.window),
            background: self.poisson_input.iter().map(background).collect(),
        }
    }

    fn spike_generator(&self) -> SpikeGenerator {
        let SpikeKeys { compartment, v_th, escape, v_reset, t_ref } = &self.spike;
        let never = || Fires::Threshold(NeuronValues::from(f64::INFINITY));
        SpikeGenerator {
            compartment: self.compartment(compartment),
            fires: escape.map_or_else(
                || v_th.map_or_else(never, Fires::Threshold),
                |escape| {
                    Fires::Escape(Escape { rate_max: escape.phi_max, threshold: escape.v_half, width: escape.width })
                },
            ),
            reset: v_reset.map(|potential| Reset { potential, refractory_ms: *t_ref }),
        }
    }

    fn event(&self, keys: &EventKeys) -> DendriticEvent {
        let EventKeys { kind, reads, duration, currents, refractory, retrigger } = keys;
        let reads = match (&reads.compartment, &reads.port) {
            (_, Some(port)) => {
                EventTrigger::Current { port: self.port(port), threshold: reads.i_th.unwrap_or(f64::NAN) }
            }
            (name, None) => EventTrigger::Potential {
                compartment: self.compartment(name.as_deref().unwrap_or_default()),
                threshold: reads.v_th.unwrap_or(f64::NAN),
            },
        };
        let current =
            |keys: &CurrentKeys| InjectedCurrent { compartment: self.compartment(&keys.compartment), current: keys.pa };
        DendriticEvent {
            kind: *kind,
            reads,
            duration: *duration,
            currents: currents.iter().map(current).collect(),
            refractory: *refractory,
            retrigger: *retrigger,
        }
    }

    fn check_names(&self) -> Result<(), Conflict> {
        let compartments: Vec<&str> = self.compartments.keys().iter().map(|keys| keys.name.as_str()).collect();
        let ports: Vec<&str> = self.ports.iter().map(CompartmentPortKeys::name).collect();
        for (key, names) in [("compartments", &compartments), ("ports", &ports)] {
            for (index, name) in names.iter().enumerate() {
                if name.is_empty() || names[..index].contains(name) {
                    let why = format!("expected {key} of different names, found {name:?} twice or empty");
                    return Err(Conflict::new(&[key], why));
                }
            }
        }
        let mut of_compartments = vec![("spike", self.spike.compartment.as_str())];
        of_compartments.extend(self.couplings.iter().flat_map(|c| &c.between).map(|name| ("couplings", name.as_str())));
        of_compartments.extend(self.ports.iter().map(|port| ("ports", port.compartment())));
        of_compartments.extend(self.bap.iter().map(|bap| ("bap", bap.compartment.as_str())));
        for event in &self.events {
            of_compartments.extend(event.currents.iter().map(|current| ("events", current.compartment.as_str())));
            of_compartments.extend(event.reads.compartment.iter().map(|name| ("events", name.as_str())));
        }
        let mut of_ports: Vec<_> =
            self.events.iter().filter_map(|event| Some(("events", event.reads.port.as_deref()?))).collect();
        of_ports.extend(self.poisson_input.iter().map(|input| ("poisson_input", input.port.as_str())));
        for (what, named, known) in [("compartment", of_compartments, compartments), ("port", of_ports, ports)] {
            if let Some((key, name)) = named.into_iter().find(|(_, name)| !known.contains(name)) {
                let why = format!("expected a {what} of the cell ({}), found {name:?}", known.join(", "));
                return Err(Conflict::new(&[key], why));
            }
        }
        Ok(())
    }

    /// Refuses keys of which one must be there without the other.
    fn check_choices(&self) -> Result<(), Conflict> {
        let SpikeKeys { v_th, escape, v_reset, t_ref, .. } = &self.spike;
        let refused = |key, why: &str| Err(Conflict::new(&[key], why));
        if v_th.is_some() == escape.is_some() {
            return refused("spike", "expected either `v_th_mv` or `escape` of `spike`");
        }
        if v_reset.is_none() && (v_th.is_some() || *t_ref > 0.0) {
            return refused("spike", "expected `v_reset_mv` of `spike`, beside `v_th_mv` and `t_ref_ms`; found none");
        }
        for TriggerKeys { compartment, v_th, port, i_th } in self.events.iter().map(|event| &event.reads) {
            let of_potential = compartment.is_some() && v_th.is_some() && port.is_none() && i_th.is_none();
            let of_current = compartment.is_none() && v_th.is_none() && port.is_some() && i_th.is_some();
            if !of_potential && !of_current {
                let why = "expected `reads` of either a `compartment` and its `v_th_mv` or a `port` and its `i_th_pa`";
                return refused("events", why);
            }
        }
        if self.bap.as_ref().is_some_and(|bap| bap.duration.is_some() == bap.tau.is_some()) {
            return refused("bap", "expected either `duration_ms` or `tau_ms` of `bap`");
        }
        let total = |input: &PoissonInput| f64::from(input.count) * input.rate;
        if let Some(found) = self.poisson_input.iter().map(total).find(|total| *total > MOST_POISSON_HZ) {
            let why = format!(
                "expected `count` times `rate_hz` of at most {MOST_POISSON_HZ} Hz, for each of its spikes is simulated; found {found}"
            );
            return Err(Conflict::new(&["poisson_input"], why));
        }
        Ok(())
    }
}

impl Cell for Compartments {
    fn kind(&self) -> &'static str {
        "compartments"
    }

    fn compartments(&self) -> &[CompartmentInfo] {
        self.compartments.infos()
    }

    fn ports(&self) -> Vec<PortInfo<'_>> {
        self.ports.iter().map(|port| PortInfo { name: port.name() }).collect()
    }

    fn dynamics(&self) -> Dynamics {
        Dynamics::Compartmental(self.cell())
    }

    fn check(&self) -> Result<(), Conflict> {
        self.check_names()?;
        self.check_choices()?;
        self.cell().check()
    }
}
