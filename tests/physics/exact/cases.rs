//! The files of tests/reference, and the inputs that belong to them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use apical::cells::{Lif, LifPort};
use apical::protocol::Spike;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

/// splitmix64, as in tests/reference/generate.py.
pub struct Draws(pub u64);

impl Draws {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ z >> 31
    }

    fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
    }

    pub fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.bits()) * n as u128) >> 64) as usize
    }

    /// Spikes of `sources` neurons, in order of time.
    pub fn trains(&mut self, sources: usize, spikes: usize, duration: f64) -> Vec<Spike> {
        let mut drawn: Vec<Spike> = (0..spikes)
            .map(|_| {
                let time = self.unit() * duration;
                Spike { time, neuron: self.below(sources) as u32 }
            })
            .collect();
        drawn.sort_by(|a, b| a.time.total_cmp(&b.time).then(a.neuron.cmp(&b.neuron)));
        drawn
    }
}

/// A port as the files have it.
#[derive(Deserialize)]
#[serde(tag = "kernel", rename_all = "snake_case")]
enum PortKeys {
    Delta {
        name: String,
    },
    Exponential {
        name: String,
        #[serde(rename = "tau_ms")]
        tau: f64,
    },
    DoubleExponential {
        name: String,
        #[serde(rename = "tau_decay_ms")]
        tau_decay: f64,
        #[serde(rename = "tau_rise_ms")]
        tau_rise: f64,
    },
}

/// A cell as the files have it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(clippy::struct_field_names, reason = "keys of model files")]
struct CellKeys {
    tau_m_ms: f64,
    c_m_pf: f64,
    e_l_mv: f64,
    v_th_mv: f64,
    v_reset_mv: f64,
    t_ref_ms: f64,
    i_e_pa: f64,
    v_init_mv: Option<f64>,
    ports: Vec<PortKeys>,
}

impl From<CellKeys> for Lif {
    fn from(keys: CellKeys) -> Self {
        let port = |port| match port {
            PortKeys::Delta { name } => LifPort::Delta { name },
            PortKeys::Exponential { name, tau } => LifPort::Exponential { name, tau },
            PortKeys::DoubleExponential { name, tau_decay, tau_rise } => {
                LifPort::DoubleExponential { name, tau_decay, tau_rise }
            }
        };
        Self {
            tau_m: keys.tau_m_ms,
            c_m: keys.c_m_pf,
            e_l: keys.e_l_mv,
            v_th: keys.v_th_mv.into(),
            v_reset: keys.v_reset_mv,
            t_ref: keys.t_ref_ms,
            i_e: keys.i_e_pa,
            v_init: keys.v_init_mv.map(Into::into),
            ports: keys.ports.into_iter().map(port).collect(),
            ..Self::default()
        }
    }
}

fn lif<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Lif, D::Error> {
    CellKeys::deserialize(deserializer).map(Lif::from)
}

fn lifs<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, Lif>, D::Error> {
    let cells = BTreeMap::<String, CellKeys>::deserialize(deserializer)?;
    Ok(cells.into_iter().map(|(name, keys)| (name, keys.into())).collect())
}

#[derive(Deserialize)]
pub struct InputSource {
    pub port: usize,
    pub weight: f32,
}

/// One cell under input: cell-*.json.
#[derive(Deserialize)]
pub struct CellCase {
    pub seed: u64,
    pub duration_ms: f64,
    pub input_spikes: usize,
    #[serde(deserialize_with = "lif")]
    pub cell: Lif,
    pub sources: Vec<InputSource>,
    /// Time [ms] and slope of V [mV/ms], if V was not carried over the threshold by a jump.
    pub spikes: Vec<(f64, Option<f64>)>,
}

#[derive(Deserialize)]
pub struct NetworkProjection {
    pub source: String,
    pub target: String,
    pub port: usize,
    pub in_degree: usize,
    pub weight: f64,
    pub delay_steps: [usize; 2],
}

#[derive(Deserialize)]
pub struct SameSpikes {
    pub spikes: usize,
}

/// Two populations and their input: network-*.json.
#[derive(Deserialize)]
pub struct NetworkCase {
    pub seed: u64,
    pub duration_ms: f64,
    pub input_spikes: usize,
    pub sizes: BTreeMap<String, usize>,
    pub delay_step_ms: f64,
    #[serde(deserialize_with = "lifs")]
    pub cells: BTreeMap<String, Lif>,
    pub projections: Vec<NetworkProjection>,
    pub same_with_an_input_moved: SameSpikes,
    pub spikes: Vec<NetworkSpike>,
}

/// Time [ms], slope of V [mV/ms], population and neuron.
#[derive(Deserialize)]
pub struct NetworkSpike(
    pub f64,
    #[allow(dead_code, reason = "for readers of the file")] pub Option<f64>,
    pub String,
    pub u32,
);

/// All files whose names begin like this.
pub fn read<C: DeserializeOwned>(kind: &str) -> Vec<(String, C)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference");
    let files = fs::read_dir(&folder).expect("tests/reference").map(|entry| entry.expect("a file").path());
    let name = |path: &Path| path.file_stem().expect("a name").to_str().expect("UTF-8").to_owned();
    let mut wanted: Vec<_> = files
        .filter(|path| name(path).starts_with(kind) && path.extension().is_some_and(|end| end == "json"))
        .collect();
    wanted.sort();
    let read = |path: &Path| {
        let text = fs::read_to_string(path).expect("a file");
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    wanted.iter().map(|path| (name(path), read(path))).collect()
}
