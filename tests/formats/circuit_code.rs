//! The shipped circuits, from their values.

use apical::cells::{
    BapKeys, BurstKeys, CompartmentKeys, CompartmentPortKeys, Compartments, CouplingKeys, CurrentKeys,
    DendriticEventKind, EventKeys, Lif, LifEscape, LifPort, NeuronValues, PoissonEncoder, PoissonInput, Retrigger,
    SpikeKeys, TriggerKeys,
};
use apical::model::{
    Connection, ContinuousProtocol, Delay, Model, ModelBuilder, OnlinePlasticity, PopulationStimulus, ProjectionSpec,
    Scaling, Sign, Stdp, UrbanczikSenn, WeightInit,
};

/// The shipped circuit of this name; none of networks that learn.
pub(crate) fn builder(name: &str) -> Option<ModelBuilder> {
    match name {
        "recurrent-lif" => Some(recurrent_lif()),
        "brunel-2000" => Some(brunel()),
        "potjans-diesmann-2014" => Some(microcircuit()),
        "bac" => Some(bac()),
        "song-2000" => Some(song()),
        "urbanczik-senn" => Some(urbanczik_senn()),
        _ => None,
    }
}

fn exponential(name: &str, tau: f64) -> LifPort {
    LifPort::Exponential { name: name.to_owned(), tau }
}

fn poisson(port: &str, count: u32, rate: f64, weight: f64) -> Vec<PoissonInput> {
    vec![PoissonInput { port: port.to_owned(), count, rate, weight }]
}

/// Initial potentials between two ends [mV].
fn between(low: f64, high: f64) -> NeuronValues {
    NeuronValues::Uniform { low, high }
}

fn excitatory(population: &str) -> bool {
    population == "exc" || population.ends_with('E')
}

/// The sign of the synapses of a population.
fn sign(population: &str) -> Sign {
    if excitatory(population) { Sign::NonNegative } else { Sign::NonPositive }
}

fn protocol(duration: f64, warmup: f64) -> ContinuousProtocol {
    ContinuousProtocol { duration, warmup, ..ContinuousProtocol::default() }
}

fn delay(mean: f64, sd: f64) -> Delay {
    Delay::Normal { mean, sd, min: None, max: None, resolution_ms: 0.1 }
}

fn recurrent_lif() -> ModelBuilder {
    let cell = Lif {
        tau_m: 20.0,
        c_m: 250.0,
        e_l: -65.0,
        v_th: NeuronValues::from(-50.0),
        v_reset: -58.0,
        t_ref: 2.0,
        v_init: Some(between(-65.0, -50.0)),
        ports: vec![exponential("exc", 2.0), exponential("inh", 5.0)],
        poisson_input: poisson("exc", 70, 5.0, 200.0),
        ..Lif::default()
    };
    let mut builder = Model::builder("recurrent-lif").population("exc", 80, cell.clone()).population("inh", 20, cell);
    for from in ["exc", "inh"] {
        let (p, mean, sd, delay) =
            if excitatory(from) { (0.1, 200.0, 40.0, delay(1.5, 0.5)) } else { (0.2, -400.0, 80.0, delay(0.8, 0.3)) };
        for to in ["exc", "inh"] {
            builder = builder.projection(ProjectionSpec {
                connection: Connection::FixedProbability { p, autapses: from != to },
                weights: WeightInit::Normal { mean, sd, min: None, max: None },
                sign: sign(from),
                delay: Some(delay),
                ..ProjectionSpec::new(from, to, from)
            });
        }
    }
    builder.protocol(protocol(2000.0, 200.0))
}

fn bac() -> ModelBuilder {
    let compartment =
        |name: &str, c_m, g_l| CompartmentKeys { name: name.to_owned(), c_m, g_l, e_l: -70.0, i_e: 0.0, v_init: None };
    let current = |compartment: &str, pa| CurrentKeys { compartment: compartment.to_owned(), pa };
    let [soma, apical] = ["soma", "apical"].map(str::to_owned);
    let (threshold, tau_decay, tau_rise) = (Some(-46.0), 8.0, 1.5);
    let pyramidal = Compartments {
        compartments: vec![compartment("soma", 250.0, 15.0), compartment("apical", 120.0, 10.0)].into(),
        couplings: vec![CouplingKeys { between: [soma.clone(), apical.clone()], g: 12.0 }],
        ports: vec![
            CompartmentPortKeys::Exponential { name: soma.clone(), compartment: soma.clone(), tau: 2.0 },
            CompartmentPortKeys::DoubleExponential {
                name: apical.clone(),
                compartment: apical.clone(),
                tau_decay,
                tau_rise,
            },
        ],
        spike: SpikeKeys {
            compartment: soma,
            v_th: Some((-52.0).into()),
            escape: None,
            v_reset: Some(-62.0),
            t_ref: 2.5,
        },
        events: vec![EventKeys {
            kind: DendriticEventKind::Plateau,
            reads: TriggerKeys { compartment: Some(apical.clone()), v_th: threshold, ..TriggerKeys::default() },
            duration: 25.0,
            currents: vec![current("apical", 300.0), current("soma", 400.0)],
            refractory: 100.0,
            retrigger: Retrigger::Ignore,
        }],
        bap: Some(BapKeys { delay: 1.0, compartment: apical, amplitude: 700.0, duration: Some(3.0), tau: None }),
        burst: Some(BurstKeys { window: 16.0 }),
        poisson_input: Vec::new(),
    };
    let epsp = Lif {
        v_th: NeuronValues::from(-55.0),
        v_init: Some((-55.0).into()),
        ports: vec![exponential("none", 2.0)],
        ..Lif::default()
    };
    let (times_ms, currents_pa) = (vec![50.0, 55.0], vec![1200.0, 0.0]);
    Model::builder("bac")
        .population("epsp", 1, epsp.clone())
        .population("ipsp", 1, epsp)
        .population("pyramidal", 1, pyramidal)
        .stimulus(PopulationStimulus::Current { times_ms, currents_pa })
        .projection(ProjectionSpec {
            weights: WeightInit::Constant { value: 4000.0 },
            sign: Sign::NonNegative,
            delay: Some(50.0.into()),
            ..ProjectionSpec::new("epsp", "pyramidal", "apical")
        })
        .projection(ProjectionSpec {
            weights: WeightInit::Constant { value: 0.0 },
            sign: Sign::NonPositive,
            delay: Some(55.0.into()),
            ..ProjectionSpec::new("ipsp", "pyramidal", "apical")
        })
        .protocol(protocol(200.0, 0.0))
}

/// Synapses that learn by pairs of spikes, as currents of a neuron of 10 nS.
fn song() -> ModelBuilder {
    let w_max = 9.0;
    let cell = Lif {
        tau_m: 20.0,
        c_m: 200.0,
        e_l: -70.0,
        v_th: NeuronValues::from(-54.0),
        v_reset: -60.0,
        t_ref: 0.0,
        ports: vec![exponential("exc", 5.0), exponential("inh", 5.0)],
        poisson_input: poisson("inh", 200, 10.0, -5.0),
        ..Lif::default()
    };
    Model::builder("song-2000")
        .population("inputs", 1000, PoissonEncoder::default())
        .stimulus(PopulationStimulus::Constant { rate_hz: 10.0 })
        .population("cell", 1, cell)
        .projection(ProjectionSpec {
            weights: WeightInit::Uniform { low: 0.0, high: w_max },
            sign: Sign::NonNegative,
            plasticity: Some(OnlinePlasticity::Stdp(Stdp::of(w_max))),
            ..ProjectionSpec::new("inputs", "cell", "exc")
        })
        .protocol(protocol(20_000.0, 1e6))
}

/// A dendrite that learns to predict its soma.
fn urbanczik_senn() -> ModelBuilder {
    let compartment =
        |name: &str, c_m, g_l| CompartmentKeys { name: name.to_owned(), c_m, g_l, e_l: -70.0, i_e: 0.0, v_init: None };
    let cell = Compartments {
        compartments: vec![compartment("soma", 7.5, 5.0), compartment("dendrite", 1000.0, 100.0)].into(),
        couplings: vec![CouplingKeys { between: ["soma", "dendrite"].map(str::to_owned), g: 10.0 }],
        ports: vec![CompartmentPortKeys::Exponential {
            name: "dendrite".to_owned(),
            compartment: "dendrite".to_owned(),
            tau: 3.0,
        }],
        spike: SpikeKeys {
            compartment: "soma".to_owned(),
            v_th: None,
            escape: Some(LifEscape { phi_max: 0.15, v_half: -57.079, width: 3.0 }),
            v_reset: None,
            t_ref: 0.0,
        },
        ..Compartments::default()
    };
    let rule = UrbanczikSenn { attenuation: Some(0.95238), ..UrbanczikSenn::of(60.0, 3000.0) };
    Model::builder("urbanczik-senn")
        .population("inputs", 200, PoissonEncoder::default())
        .stimulus(PopulationStimulus::Constant { rate_hz: 10.0 })
        .population("cell", 1, cell)
        .stimulus(PopulationStimulus::Current { times_ms: vec![0.0], currents_pa: vec![47.25] })
        .projection(ProjectionSpec {
            weights: WeightInit::Uniform { low: 0.0, high: 150.0 },
            sign: Sign::NonNegative,
            plasticity: Some(OnlinePlasticity::UrbanczikSenn(rule)),
            ..ProjectionSpec::new("inputs", "cell", "dendrite")
        })
        .protocol(ContinuousProtocol { duration: 100_000.0, ..ContinuousProtocol::default() })
}

fn brunel() -> ModelBuilder {
    let (j, g, eta, v_th, tau_m) = (0.1, 5.0, 2.0, 20.0, 20.0);
    let [n_e, n_i] = [10_000, 2_500];
    let [c_e, c_i] = [n_e / 10, n_i / 10];
    // ν_thr = θ/(J C_E τ) [1/ms].
    let nu_ext_hz = eta * 1000.0 * v_th / (j * c_e as f64 * tau_m);
    let cell = Lif {
        tau_m,
        e_l: 0.0,
        v_th: NeuronValues::from(v_th),
        v_reset: 10.0,
        t_ref: 2.0,
        v_init: Some(between(0.0, v_th)),
        ports: vec![LifPort::Delta { name: "psp".to_owned() }],
        poisson_input: poisson("psp", c_e as u32, nu_ext_hz, j),
        ..Lif::default()
    };
    let mut builder = Model::builder("brunel-2000").population("exc", n_e, cell.clone()).population("inh", n_i, cell);
    for from in ["exc", "inh"] {
        let (in_degree, value) = if excitatory(from) { (c_e, j) } else { (c_i, -g * j) };
        for to in ["exc", "inh"] {
            builder = builder.projection(ProjectionSpec {
                connection: Connection::FixedInDegree { in_degree, autapses: from != to, multapses: false },
                weights: WeightInit::Constant { value },
                sign: sign(from),
                delay: Some(1.5.into()),
                ..ProjectionSpec::new(from, to, "psp")
            });
        }
    }
    builder.protocol(protocol(1000.0, 500.0))
}

/// A population of the microcircuit.
struct Layer {
    name: &'static str,
    size: usize,
    /// Inputs from outside.
    external: u32,
    /// Mean rate at full size [Hz].
    rate_hz: f64,
    /// Probabilities of connection from each population.
    from: [f64; 8],
}

#[rustfmt::skip]
const LAYERS: [Layer; 8] = [
    Layer { name: "L23E", size: 20683, external: 1600, rate_hz: 0.903, from: [0.1009, 0.1689, 0.0437, 0.0818, 0.0323, 0.0, 0.0076, 0.0] },
    Layer { name: "L23I", size: 5834, external: 1500, rate_hz: 2.965, from: [0.1346, 0.1371, 0.0316, 0.0515, 0.0755, 0.0, 0.0042, 0.0] },
    Layer { name: "L4E", size: 21915, external: 2100, rate_hz: 4.414, from: [0.0077, 0.0059, 0.0497, 0.1350, 0.0067, 0.0003, 0.0453, 0.0] },
    Layer { name: "L4I", size: 5479, external: 1900, rate_hz: 5.876, from: [0.0691, 0.0029, 0.0794, 0.1597, 0.0033, 0.0, 0.1057, 0.0] },
    Layer { name: "L5E", size: 4850, external: 2000, rate_hz: 7.569, from: [0.1004, 0.0622, 0.0505, 0.0057, 0.0831, 0.3726, 0.0204, 0.0] },
    Layer { name: "L5I", size: 1065, external: 1900, rate_hz: 8.633, from: [0.0548, 0.0269, 0.0257, 0.0022, 0.0600, 0.3158, 0.0086, 0.0] },
    Layer { name: "L6E", size: 14395, external: 2900, rate_hz: 1.105, from: [0.0156, 0.0066, 0.0211, 0.0166, 0.0572, 0.0197, 0.0396, 0.2252] },
    Layer { name: "L6I", size: 2948, external: 2100, rate_hz: 7.829, from: [0.0364, 0.0010, 0.0034, 0.0005, 0.0277, 0.0080, 0.0658, 0.1443] },
];

/// Synapses in all of populations in which a pair is connected with probability `c`: K = ln(1 − C)/ln(1 − 1/(N_pre N_post)).
fn synapses(c: f64, pre: usize, post: usize) -> u64 {
    ((1.0 - c).ln() / (-1.0 / (pre as f64 * post as f64)).ln_1p()).round() as u64
}

fn microcircuit() -> ModelBuilder {
    const WEIGHT: f64 = 87.81;
    let mut builder = Model::builder("potjans-diesmann-2014");
    for layer in &LAYERS {
        let cell = Lif {
            tau_m: 10.0,
            c_m: 250.0,
            e_l: -65.0,
            v_th: NeuronValues::from(-50.0),
            v_reset: -65.0,
            t_ref: 2.0,
            v_init: Some(NeuronValues::Normal { mean: -58.0, sd: 10.0 }),
            ports: vec![exponential("exc", 0.5), exponential("inh", 0.5)],
            poisson_input: poisson("exc", layer.external, 8.0, WEIGHT),
            ..Lif::default()
        };
        builder = builder.population(layer.name, layer.size, cell);
    }
    for to in &LAYERS {
        for (from, &c) in LAYERS.iter().zip(&to.from).filter(|(_, c)| **c > 0.0) {
            let is_excitatory = excitatory(from.name);
            let factor = match (from.name, to.name) {
                ("L4E", "L23E") => 2.0,
                _ if is_excitatory => 1.0,
                _ => -4.0,
            };
            let (port, delay) = if is_excitatory { ("exc", delay(1.5, 0.75)) } else { ("inh", delay(0.75, 0.375)) };
            let total = synapses(c, from.size, to.size);
            // As the file has it, in decimals.
            let rounded = |value: f64| (value * 1e4).round() / 1e4;
            builder = builder.projection(ProjectionSpec {
                connection: Connection::FixedTotalNumber { total, autapses: true, multapses: true },
                weights: WeightInit::Normal {
                    mean: rounded(factor * WEIGHT),
                    sd: rounded(0.1 * factor.abs() * WEIGHT),
                    min: None,
                    max: None,
                },
                sign: sign(from.name),
                delay: Some(delay),
                ..ProjectionSpec::new(from.name, to.name, port)
            });
        }
    }
    let mean_rates_hz = LAYERS.iter().map(|layer| (layer.name.to_owned(), layer.rate_hz)).collect();
    builder.scaling(Scaling { factor: 1.0, mean_rates_hz }).protocol(protocol(1000.0, 500.0))
}

/// The weight of the microcircuit makes a postsynaptic potential of 0.15 mV: V(t) = w τ_m τ_s/(C_m (τ_m − τ_s)) (e^{−t/τ_m} − e^{−t/τ_s})
/// is largest at t = ln(τ_m/τ_s) τ_m τ_s/(τ_m − τ_s).
#[test]
fn a_synapse_of_the_microcircuit_makes_the_published_potential() {
    let (tau_m, tau_s, c_m) = (10.0_f64, 0.5_f64, 250.0);
    let t = (tau_m / tau_s).ln() * tau_m * tau_s / (tau_m - tau_s);
    let largest = 87.81 * tau_m * tau_s / (c_m * (tau_m - tau_s)) * ((-t / tau_m).exp() - (-t / tau_s).exp());
    assert!((largest - 0.15).abs() < 1e-5, "{largest}");
}
