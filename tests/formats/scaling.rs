//! `[scaling]`: smaller networks whose neurons have the input of those of the full one.

use apical::cells::PoissonDrive;
use apical::model::{Model, Population, Sign, WeightInit};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

/// Input of a population at the rates of the full network: its mean, as a potential [mV], and the sum of squares of weights over
/// synapses and time, which its variance is in proportion to.
struct InputStatistics {
    mean: f64,
    squares: f64,
}

/// Current [pA] over 1 ms and weight of one at each port, where a weight is a jump of current or of potential.
struct PortEffect {
    port: &'static str,
    current: f64,
}

fn drawn(weights: &WeightInit) -> [f64; 2] {
    match *weights {
        WeightInit::Constant { value } => [value, value * value],
        // Spreads of these models are small enough that truncation cuts nothing off.
        WeightInit::Normal { mean, sd, min: None, max: None } => [mean, mean * mean + sd * sd],
        WeightInit::Uniform { low, high } => {
            let [mean, width] = [f64::midpoint(low, high), high - low];
            [mean, mean * mean + width * width / 12.0]
        }
        _ => panic!("{weights:?}"),
    }
}

/// By its equations: V is on average E_L + τ_m/C_m (I_e + Σ w q r), q the charge of a synaptic event of weight 1.
fn statistics(model: &Model, to: usize, effects: &[PortEffect], rates_hz: &[f64], tau_over_c: f64) -> InputStatistics {
    let population = &model.populations[to];
    let cell = population.linear().unwrap();
    let ports: Vec<_> = population.cell.ports().iter().map(|port| port.name.to_owned()).collect();
    let effect = |port: usize| effects.iter().find(|effect| effect.port == ports[port]).unwrap().current;
    let mut found = InputStatistics { mean: cell.rest, squares: 0.0 };
    let mut add = |port: usize, events: f64, [mean, square]: [f64; 2]| {
        found.mean += tau_over_c * effect(port) * events * mean;
        found.squares += effect(port).powi(2) * events * square;
    };
    for projection in model.projections.iter().filter(|projection| projection.to.0 == to) {
        let ends = projection.ends(&model.populations);
        let k = projection.connection.expected_synapses(ends).unwrap() / ends.post as f64;
        add(projection.port.0, k * rates_hz[projection.from.0] / 1000.0, drawn(&projection.weights));
    }
    for &PoissonDrive { port, rate, weight } in &cell.background {
        add(port, rate, [weight, weight * weight]);
    }
    found
}

const MICROCIRCUIT_RATES: [f64; 8] = [0.903, 2.965, 4.414, 5.876, 7.569, 8.633, 1.105, 7.829];

fn microcircuit(factor: f64) -> Model {
    Model::load("potjans-diesmann-2014".as_ref(), &[format!("scaling.factor={factor:?}")]).unwrap()
}

/// A network with a synapse of every rule and port; in-degrees of a few, of which rounding leaves a share that is not the factor.
const SMALL: &str = "name = 'small'
[[population]]
name = 'in'
size = 50
kind = 'poisson'
stimulus = { rate_hz = 20 }
[[population]]
name = 'a'
size = 40
kind = 'lif'
tau_m_ms = 20
i_e_pa = 10
ports = [{ kernel = 'delta', name = 'd' }, { kernel = 'exponential', name = 'e', tau_ms = 3 },
         { kernel = 'double_exponential', name = 'x', tau_decay_ms = 4, tau_rise_ms = 1 }]
poisson_input = [{ port = 'e', count = 7, rate_hz = 100, weight = 3 }, { port = 'd', rate_hz = 50, weight = 0.5 }]
[[population]]
name = 'b'
size = 40
kind = 'lif'
[[projection]]
from = 'in'
to = 'a'
port = 'd'
connection = { kind = 'fixed_in_degree', in_degree = 9 }
weights = { from = 'uniform', low = 0.1, high = 0.3 }
[[projection]]
from = 'a'
to = 'a'
port = 'e'
connection = { kind = 'fixed_out_degree', out_degree = 7 }
weights = { from = 'normal', mean = -40, sd = 4 }
sign = 'non-positive'
delay_ms = 1
[[projection]]
from = 'b'
to = 'a'
port = 'x'
connection = { kind = 'one_to_one' }
weights = { from = 'constant', value = 30 }
delay_ms = 1
[[projection]]
from = 'a'
to = 'b'
port = 'exc'
weights = { from = 'constant', value = 30 }
delay_ms = 1
[[projection]]
name = 'sparse'
from = 'b'
to = 'b'
port = 'inh'
connection = { kind = 'fixed_probability', p = 0.2, autapses = false }
weights = { from = 'constant', value = -30 }
delay_ms = 1
[scaling]
mean_rates_hz = { a = 12.5, b = 4 }
[protocol]
kind = 'continuous'
";

fn small(overrides: &[String]) -> Result<Model, apical::model::ModelError> {
    Model::parse(SMALL, "small.toml", overrides)
}

fn close(found: f64, expected: f64) -> bool {
    (found - expected).abs() <= 1e-10 * expected.abs().max(1.0)
}

fn same_input(full: &InputStatistics, less: &InputStatistics) -> bool {
    close(less.mean, full.mean) && close(less.squares, full.squares)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, rng_seed: RngSeed::Fixed(9), failure_persistence: None, ..ProptestConfig::default() })]

    /// Mean and variance of the input of every neuron are those of the full microcircuit, whatever the factor.
    #[test]
    fn a_smaller_microcircuit_has_the_input_of_the_full_one(factor in 0.01..1.0_f64) {
        let (full, less) = (microcircuit(1.0), microcircuit(factor));
        let effects = ["exc", "inh"].map(|port| PortEffect { port, current: 0.5 });
        for to in 0..8 {
            let of = |model: &Model| statistics(model, to, &effects, &MICROCIRCUIT_RATES, 10.0 / 250.0);
            prop_assert!(same_input(&of(&full), &of(&less)), "population {to} at {factor}");
        }
        prop_assert_eq!(&Model::parse(&less.text(), "again", &[]).unwrap(), &less);
    }

    #[test]
    fn a_smaller_network_has_the_input_of_the_full_one_by_every_rule_and_port(factor in 0.08..1.0_f64) {
        let (full, less) = (small(&[]).unwrap(), small(&[format!("scaling.factor={factor:?}")]).unwrap());
        let current = |port, current| PortEffect { port, current };
        let ports = [current("d", 250.0), current("e", 3.0), current("x", 1.0), current("exc", 2.0), current("inh", 2.0)];
        for (to, tau_m) in [(1, 20.0), (2, 10.0)] {
            let of = |model: &Model| statistics(model, to, &ports, &[20.0, 12.5, 4.0], tau_m / 250.0);
            prop_assert!(same_input(&of(&full), &of(&less)), "population {to} at {factor}");
        }
    }
}

/// Numbers of NEST's example `microcircuit` for N_scaling = K_scaling = 0.1: sizes and synapses as it rounds them, weights over
/// √0.1, and the currents of its `adjust_weights_and_input_to_synapse_scaling`, (1 − √0.1) τ_syn Σ K w r. Here weights also make
/// up for what rounding changes in K, less than 1 in 100.
#[test]
fn a_tenth_of_the_microcircuit_is_that_of_the_published_example() {
    let (full, tenth) = (microcircuit(1.0), microcircuit(0.1));
    let sizes: Vec<_> = tenth.populations.iter().map(|population: &Population| population.size).collect();
    assert_eq!(sizes, [2068, 583, 2192, 548, 485, 107, 1440, 295]);
    let ends = |projection: usize| tenth.projections[projection].ends(&tenth.populations);
    assert_eq!(tenth.projections[0].connection.expected_synapses(ends(0)), Some(454_998.0));
    for (full, tenth) in full.projections.iter().zip(&tenth.projections) {
        let [[full_mean, _], [mean, _]] = [drawn(&full.weights), drawn(&tenth.weights)];
        assert!((mean / full_mean * 0.1_f64.sqrt() - 1.0).abs() < 0.01, "{}", full.name);
        assert_eq!((tenth.sign == Sign::NonPositive, tenth.delay), (mean < 0.0, full.delay));
    }
    let tau_syn = 0.5;
    for (to, (before, after)) in full.populations.iter().zip(&tenth.populations).enumerate() {
        let external: f64 = before.linear().unwrap().background.iter().map(|drive| drive.rate * drive.weight).sum();
        let onto = full.projections.iter().filter(|projection| projection.to.0 == to);
        let recurrent = onto.map(|projection| {
            let k = projection.connection.expected_synapses(projection.ends(&full.populations)).unwrap();
            k / before.size as f64 * drawn(&projection.weights)[0] * MICROCIRCUIT_RATES[projection.from.0] / 1000.0
        });
        let expected = (1.0 - 0.1_f64.sqrt()) * tau_syn * (external + recurrent.sum::<f64>());
        let found = (after.linear().unwrap().rest + 65.0) * 250.0 / 10.0;
        assert!((found - expected).abs() < 0.01 * external * tau_syn, "{}: {found} for {expected}", before.name);
        let count = before.linear().unwrap().background[0].rate / after.linear().unwrap().background[0].rate;
        assert!((count - 10.0).abs() < 1e-12, "{count}");
    }
}

#[test]
fn at_full_size_nothing_changes() {
    let without = SMALL.replace("[scaling]\nmean_rates_hz = { a = 12.5, b = 4 }\n", "");
    assert_eq!(Model::parse(&without, "m", &[]).unwrap(), small(&["scaling.factor=1".to_owned()]).unwrap());
}

#[test]
fn what_cannot_be_scaled_is_refused_with_what_to_do() {
    let half = "scaling.factor=0.5";
    for (overrides, expected) in [
        (
            &["scaling.factor=0"][..],
            "--set scaling.factor=0: `factor` in [scaling]: expected a number above 0 and of at most 1",
        ),
        (&["scaling.factor=2"], "expected a number above 0 and of at most 1"),
        (&["scaling.mean_rates_hz.c=2"], "there is no population `c`"),
        (&["scaling.mean_rates_hz.a=-2"], "`a` in `mean_rates_hz` of [scaling]: expected a number from 0 to 10000"),
        (&["scaling.mean_rates_hz=2"], "expected a table"),
        (&["scaling.size=2"], "unknown key `size` in [scaling]; its keys are factor, mean_rates_hz"),
        (
            &[half, "projection.a-b.weights={ from = 'npy', path = 'w.npy' }"],
            "[[projection]] \"a-b\": expected `weights` from \"constant\", \"normal\", \"lognormal\" or \"uniform\"",
        ),
        (
            &[half, "projection.a-b.connection={ kind = 'list', path = 'e.csv' }"],
            "[[projection]] \"a-b\": expected synapses that are drawn by a rule",
        ),
        (
            &["scaling.factor=0.05"],
            "[[projection]] \"in-a\": expected synapses to be left at the `factor` 0.05 of [scaling], found none of the 9",
        ),
        (
            &[half, "population.in.stimulus={ kind = 'spikes', path = 's.csv' }"],
            "[[population]] \"in\": expected a `stimulus` of kind \"constant\"",
        ),
    ] {
        let overrides: Vec<_> = overrides.iter().map(|&text| text.to_owned()).collect();
        let message = small(&overrides).unwrap_err().to_string();
        assert!(message.contains(expected), "{overrides:?}: {message}");
    }
    let message = Model::parse(&SMALL.replace("a = 12.5, ", ""), "m", &[half.to_owned()]).unwrap_err().to_string();
    assert!(message.contains("expected the mean rate of \"a\" in the network of full size"), "{message}");
    let escape = "name = 'm'\nbase = 'g17-784-500-10'\nscaling.factor = 0.5\n";
    let message = Model::parse(escape, "m", &[]).unwrap_err().to_string();
    assert!(
        message.contains("m:3:18: [scaling]: expected `factor` 1 but with the protocol \"continuous\""),
        "{message}"
    );
    let pyramidal = SMALL.replace("name = 'b'\nsize = 40\nkind = 'lif'", "name = 'b'\nsize = 40\nkind = 'pyramidal'");
    let pyramidal = pyramidal.replace("port = 'exc'", "port = 'basal'").replace("port = 'inh'", "port = 'apical'");
    let message = Model::parse(&pyramidal, "m.toml", &[half.to_owned()]).unwrap_err().to_string();
    assert!(message.contains("expected cells that take a constant current, such as \"lif\""), "{message}");
}
