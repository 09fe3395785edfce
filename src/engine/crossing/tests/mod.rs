//! Crossings against an independent oracle, and by name.

mod double;
mod oracle;
mod regimes;

use double::Double;
use oracle::{Finding, local, magnitude};
use regimes::{Neuron, REGIMES, TILE_MS, at_random, stream};

use super::{Approach, Crossings, DecayRates};

/// What a comparison saw.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    intervals: u64,
    crossings: u64,
    /// Decided in double-double.
    doubtful: u64,
    /// With a maximum, or an end, within 4 units in the last place of the threshold.
    at_threshold: u64,
    rejected: u64,
    counts: Crossings,
}

impl std::ops::AddAssign for Seen {
    fn add_assign(&mut self, other: Self) {
        self.intervals += other.intervals;
        self.crossings += other.crossings;
        self.doubtful += other.doubtful;
        self.at_threshold += other.at_threshold;
        self.rejected += other.rejected;
        self.counts += other.counts;
    }
}

impl Seen {
    /// The first crossing in (0, `until`], compared with the oracle; its bracket is two adjacent floats, and what the bounds reject up
    /// to `next` has none.
    fn compare<const M: usize>(
        &mut self,
        f: &Approach<M>,
        rates: &DecayRates<M>,
        until: f64,
        next: f64,
    ) -> Option<f64> {
        let found = f.first_crossing(rates, until, &mut self.counts);
        self.intervals += 1;
        self.crossings += u64::from(found.is_some());
        let context = || format!("{f:?} with rates {:?} until {until}: found {found:?}", rates.lambda);
        if let Some(t) = found {
            assert!(0.0 < t && t <= until, "{}", context());
            assert!(f.at(rates, t) >= 0.0 && f.at(rates, t.next_down()) < 0.0, "not a root: {}", context());
        }
        if f.stays_below(rates, next, &mut Crossings::default()) {
            self.rejected += 1;
            assert!(found.is_none_or(|t| t > next), "rejected up to {next}: {}", context());
            assert!(f.upper_bound(rates, next) < 0.0, "{}", context());
        }
        let verdict = oracle::first_crossing::<f64, M>(f, &rates.lambda, until);
        let agrees = match (verdict, found) {
            (Finding::Crosses { at, slope }, Some(t)) => {
                (t - at).abs() <= 4e-15 * magnitude(f) / slope + 4.0 * f64::EPSILON * at
            }
            (Finding::Below, None) => true,
            _ => false,
        };
        if !agrees || self.intervals.is_multiple_of(1000) {
            self.decide(f, rates, until, found, context);
        }
        found
    }

    /// In double-double: the crossing lies between those of f raised and of f lowered by 4 units in the last place of its terms.
    fn decide<const M: usize>(
        &mut self,
        f: &Approach<M>,
        rates: &DecayRates<M>,
        until: f64,
        found: Option<f64>,
        context: impl Fn() -> String,
    ) {
        self.doubtful += 1;
        let last_places = 4.0 * f64::EPSILON * magnitude(f);
        let [early, late] = [last_places, -last_places].map(|shift| {
            // The shift is a mode that does not decay, so that c is not rounded.
            let mut shifted = [0.0; 9];
            let mut lambda = [0.0; 9];
            shifted[..M].copy_from_slice(&f.a);
            lambda[..M].copy_from_slice(&rates.lambda);
            shifted[M] = shift;
            let shifted = Approach { c: f.c, a: shifted };
            if local::<Double, 9>(&shifted, &lambda, 0.0).value >= 0.0 {
                return Some(0.0);
            }
            match oracle::first_crossing::<Double, 9>(&shifted, &lambda, until) {
                Finding::Crosses { at, .. } => Some(at),
                Finding::Below => None,
                Finding::Doubtful => panic!("not even in double-double: {}", context()),
            }
        });
        self.at_threshold += u64::from(early.is_some() != late.is_some());
        let ulp = 2.0 * f64::EPSILON * until;
        let (earliest, latest) = (early.unwrap_or(f64::INFINITY) - ulp, late.unwrap_or(f64::INFINITY) + ulp);
        let t = found.unwrap_or(f64::INFINITY);
        assert!(earliest <= t && t <= latest, "expected {early:?} to {late:?}: {}", context());
    }
}

/// Intervals of neurons of M modes in a regime, each looked at to the end of a tile.
fn neurons<const M: usize>(intervals: u64, seed: u64) -> Seen {
    let mut seen = Seen::default();
    for (n, regime) in (0..).zip(REGIMES) {
        for neuron in 0..4 {
            let mut neuron = Neuron::<M>::new(regime, stream(seed + 32 * M as u64 + 4 * n + neuron));
            for _ in 0..intervals / 32 {
                let gap = neuron.next_gap();
                match seen.compare(&neuron.f, &neuron.rates, TILE_MS.max(gap), gap) {
                    Some(t) if t <= gap => neuron.fire(t),
                    _ => neuron.receive(gap),
                }
            }
        }
    }
    seen
}

fn random<const M: usize>(intervals: u64, seed: u64) -> Seen {
    let (mut seen, mut stream) = (Seen::default(), stream(1_000_000 + seed + M as u64));
    for _ in 0..intervals {
        let (lambda, f) = at_random::<M>(&mut stream);
        let until = 100.0 * stream.unit().powi(3);
        let next = until * stream.unit();
        seen.compare(&f, &DecayRates::new(lambda), until, next);
    }
    seen
}

/// As many intervals for each number of modes from 1 to 6, half of neurons, half at random.
fn all(intervals: u64, seed: u64) -> Seen {
    let half = intervals / 12;
    let mut seen = Seen::default();
    let of_neurons = [neurons::<1>, neurons::<2>, neurons::<3>, neurons::<4>, neurons::<5>, neurons::<6>];
    let at_random = [random::<1>, random::<2>, random::<3>, random::<4>, random::<5>, random::<6>];
    for part in of_neurons.into_iter().chain(at_random) {
        let of_part = part(half, seed);
        println!("{of_part:?}");
        seen += of_part;
    }
    seen
}

#[test]
fn first_crossings_are_those_of_the_oracle() {
    let seen = all(1_000_000, 0);
    println!("{seen:?}");
    // The test would see nothing where nothing crosses, or where no interval needs more than the cheap tests.
    assert!(seen.crossings > 100_000 && seen.rejected > 100_000 && seen.counts.interior > 100_000, "{seen:?}");
    assert!(seen.at_threshold < 3, "{seen:?}");
}

/// Ten times as many: `cargo test --release -- --ignored ten_million`.
#[test]
#[ignore = "a minute"]
fn first_crossings_are_those_of_the_oracle_in_ten_million_intervals() {
    let seen = all(10_000_000, 1_000);
    println!("{seen:?}");
    assert!(seen.at_threshold < 30, "{seen:?}");
}

/// Samples of f at 2,000 times, which no bound can mislead: none is at threshold before the crossing found.
#[test]
fn no_sample_before_the_first_crossing_is_at_threshold() {
    let (mut stream, mut crossings) = (stream(7), 0);
    for _ in 0..2_000 {
        let (lambda, f) = at_random::<5>(&mut stream);
        let rates = DecayRates::new(lambda);
        let until = 100.0 * stream.unit().powi(3);
        let found = f.first_crossing(&rates, until, &mut Crossings::default());
        crossings += u64::from(found.is_some());
        for sample in 1..2_000 {
            let t = found.unwrap_or(until) * f64::from(sample) / 2_000.0;
            let value: f64 = f.c + (0..5).map(|k| f.a[k] * libm::exp(-lambda[k] * t)).sum::<f64>();
            assert!(value < 4e-15 * magnitude(&f), "{f:?} at {t}: {value}, found {found:?}");
        }
    }
    assert!(crossings > 500, "{crossings}");
}

/// Maxima moved across the threshold by single units in the last place of c.
#[test]
fn maxima_at_the_threshold_are_decided_to_the_last_places_and_counted() {
    let (mut stream, mut maxima) = (stream(8), 0);
    while maxima < 40 {
        let (lambda, f) = at_random::<4>(&mut stream);
        let (rates, mut counts) = (DecayRates::new(lambda), Crossings::default());
        let lowered = |c: f64| Approach { c, a: f.a };
        let crosses = |c: f64| lowered(c).first_crossing(&rates, 100.0, &mut Crossings::default()).is_some();
        // The highest maximum before the end lies at the threshold for the largest c that makes none cross.
        let (mut below, mut above) = (f.c - 1000.0, f.c);
        if !crosses(above) || crosses(below) {
            continue;
        }
        loop {
            let middle = below + 0.5 * (above - below);
            if middle <= below || middle >= above {
                break;
            }
            *(if crosses(middle) { &mut above } else { &mut below }) = middle;
        }
        let highest = lowered(below);
        let last_place = f64::EPSILON * magnitude(&highest);
        if highest.at(&rates, 100.0).abs() < 1e-9 || highest.at(&rates, 0.0).abs() < 1e-9 {
            continue;
        }
        maxima += 1;
        let mut seen = Seen::default();
        for places in -20_i32..=20 {
            let f = lowered(f64::from(places).mul_add(last_place, below));
            let found = f.first_crossing(&rates, 100.0, &mut counts);
            seen.decide(&f, &rates, 100.0, found, || format!("{f:?} {lambda:?} {places}: {found:?}"));
        }
        assert!((1..=17).contains(&counts.grazing), "{highest:?} {lambda:?}: {counts:?}, {seen:?}");
    }
}

/// One synaptic current [pA] that lifts a membrane of 250 pF for a moment, from `v` [mV] with the threshold 15 mV above rest.
fn lifted(tau_m: f64, tau_syn: f64, v: f64, current: f64) -> ([f64; 2], Approach<2>) {
    let psp = current * tau_m * tau_syn / (250.0 * (tau_m - tau_syn));
    ([1.0 / tau_m, 1.0 / tau_syn], Approach { c: -15.0, a: [v + psp, -psp] })
}

/// States from which NEST 3.10's `iaf_psc_exp_ps_lossless` stops with `NumericalInstability` instead of firing (run with a resolution
/// of 10 ms, so that no step ends within), and `iaf_psc_exp_ps` fires no spike at all. Times by mpmath to 50 digits.
fn fires(tau: [f64; 2], v: f64, current: f64, at: f64, slope: f64) {
    let (lambda, f) = lifted(tau[0], tau[1], v, current);
    let mut counts = Crossings::default();
    let found = f.first_crossing(&DecayRates::new(lambda), 10.0, &mut counts).expect("a spike");
    assert!((found - at).abs() <= 1e-12 + 1e-13 / slope, "{found}");
    assert_eq!(counts, Crossings { interior: 1, ..Crossings::default() });
}

#[test]
fn nest_fails_at_tau_10_and_2_where_the_spike_is_at_1_4408_ms() {
    fires([10.0, 2.0], 13.5, 873.133, 1.440_792_837_671_329_5, 0.199_324);
}

#[test]
fn nest_fails_at_tau_20_and_5_where_the_spike_is_at_0_0010_ms() {
    fires([20.0, 5.0], 14.9995, 312.528, 0.001_000_001_008_277_397_7, 0.499_862);
}

#[test]
fn nest_fails_at_tau_10_and_half_where_the_spike_is_at_0_6179_ms() {
    fires([10.0, 0.5], 13.5, 1688.641, 0.617_899_296_828_359_1, 0.462_894);
}

/// Three zeros, at 0.636, 10.257 and 15.215 (mpmath, 50 digits): the first is found from the start, the third from between the others.
#[test]
fn the_first_of_three_zeros_of_four_modes_is_found() {
    let rates = DecayRates::new([0.03, 0.1, 0.3, 1.0]);
    let f = Approach { c: -1.0, a: [10.13, -28.84, 84.55, -97.74] };
    let found = |f: &Approach<4>, until| f.first_crossing(&rates, until, &mut Crossings::default());
    for until in [0.7, 5.0, 11.0, 15.2, 16.0, 100.0] {
        let t = found(&f, until).expect("a crossing");
        assert!((t - 0.636_149_996_414_076_9).abs() < 1e-14, "{t} until {until}");
    }
    assert_eq!(found(&f, 0.63), None);
    let decays = rates.decays(11.0);
    let later = Approach { c: f.c, a: std::array::from_fn(|k| f.a[k] * decays[k]) };
    let t = found(&later, 20.0).expect("a crossing");
    assert!((t - (15.214_881_575_862_06 - 11.0)).abs() < 1e-12, "{t}");
    assert_eq!(found(&later, 4.2), None);
}

/// tau ln((R I − V_reset)/(R I − V_th)), with modes at rest beside the membrane's, too.
#[test]
fn constant_drive_crosses_at_its_closed_form() {
    fn time<const M: usize>(drive: f64, membrane: usize) -> f64 {
        let rates = DecayRates::<M>::new(std::array::from_fn(|k| [0.05, 0.1, 0.5][k]));
        let mut f = Approach { c: drive - 15.0, a: [0.0; M] };
        f.a[membrane] = -drive;
        f.first_crossing(&rates, 1000.0, &mut Crossings::default()).expect("a crossing") * rates.lambda[membrane]
    }
    for drive in [15.001_f64, 16.0, 20.0, 40.0, 400.0] {
        let expected = -(-15.0 / drive).ln_1p();
        for t in [time::<1>(drive, 0), time::<2>(drive, 1), time::<3>(drive, 1)] {
            assert!((t - expected).abs() <= 1e-14 + 1e-14 / (drive - 15.0), "{drive}: {t}, expected {expected}");
        }
    }
}

#[test]
fn each_test_of_the_ladder_settles_what_it_is_for() {
    let rates = DecayRates::new([0.1, 0.5]);
    let below = |c, a, until| {
        let mut counts = Crossings::default();
        (Approach { c, a }.stays_below(&rates, until, &mut counts), counts)
    };
    let none = Crossings::default();
    assert_eq!(below(-15.0, [14.0, -1.0], 0.1), (true, Crossings { parabola: 1, ..none }));
    assert_eq!(below(-15.0, [14.0, -1.0], 50.0), (true, Crossings { partial_sums: 1, ..none }));
    assert_eq!(below(-15.0, [40.0, -30.0], 50.0), (false, none));
    let crossing = |c, a, until| {
        let mut counts = Crossings::default();
        (Approach { c, a }.first_crossing(&rates, until, &mut counts).is_some(), counts)
    };
    assert_eq!(crossing(1.0, [-5.0, 0.0], 50.0), (true, Crossings { end: 1, ..none }));
    assert_eq!(crossing(1.0, [-5.0, 0.0], 1.0), (false, Crossings { end: 1, ..none }));
    assert_eq!(crossing(-15.0, [50.0, -40.0], 1.0), (true, Crossings { end: 1, ..none }));
    assert_eq!(crossing(-15.0, [50.0, -40.0], 50.0), (true, Crossings { interior: 1, ..none }));
    assert_eq!(crossing(-15.0, [20.0, -15.0], 50.0), (false, Crossings { interior: 1, ..none }));
}

#[test]
fn extremes_are_answered() {
    let counts = &mut Crossings::default();
    assert_eq!(Approach { c: -1.0, a: [] }.first_crossing(&DecayRates::new([]), 16.0, counts), None);
    let rates = DecayRates::new([0.1, 0.1 * (1.0 + 1e-6), 1.0, 2.0, 3.0, 50.0, 60.0, 70.0]);
    // Two modes of nearly one rate: 15 e^{-0.1 t} t of a slowly rising potential, by amplitudes of 1e8 that nearly cancel.
    let rise = 15.0 / (0.1 * 1e-6);
    let nearly_alpha = Approach { c: -30.0, a: [rise, -rise, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0] };
    let t = nearly_alpha.first_crossing(&rates, 16.0, counts).expect("a crossing");
    assert!((15.0 * t * (-0.1 * t).exp() - 30.0).abs() < 1e-5, "{t}");
    let f = Approach { c: -30.0, a: [0.0; 8] };
    assert_eq!(f.first_crossing(&rates, 16.0, counts), None);
    assert_eq!(Approach { c: 30.0, ..f }.first_crossing(&rates, 16.0, counts), Some(0.0));
    assert_eq!(nearly_alpha.first_crossing(&rates, 0.0, counts), None);
}

/// What the tests and a search cost: `cargo test --release -- --ignored --nocapture costs_of`.
#[test]
#[ignore = "prints times"]
fn costs_of_tests_and_searches() {
    fn measure<const M: usize>(name: &str, regime: regimes::Regime) {
        let mut neuron = Neuron::<M>::new(regime, stream(99));
        let (mut states, mut crossing, mut interior) = (Vec::new(), Vec::new(), Vec::new());
        while states.len() < 200_000 {
            let (gap, before) = (neuron.next_gap(), neuron.f);
            states.push((before, gap));
            let mut counts = Crossings::default();
            if before.stays_below(&neuron.rates, gap, &mut counts) {
                neuron.receive(gap);
                continue;
            }
            let found = before.first_crossing(&neuron.rates, TILE_MS.max(gap), &mut counts);
            if counts.interior > 0 { &mut interior } else { &mut crossing }.push((before, TILE_MS.max(gap)));
            match found {
                Some(t) if t <= gap => neuron.fire(t),
                _ => neuron.receive(gap),
            }
        }
        let mut counts = Crossings::default();
        let nanoseconds = |states: &[(Approach<M>, f64)], job: &mut dyn FnMut(&Approach<M>, f64) -> f64| {
            // The least over stretches of 256, which other work of the machine does not slow down.
            let mut least = f64::INFINITY;
            for stretch in states.as_chunks::<256>().0 {
                let start = std::time::Instant::now();
                let sum: f64 = stretch.iter().map(|(f, until)| job(f, *until)).sum();
                assert!(sum.is_finite());
                least = least.min(start.elapsed().as_secs_f64() * 1e9 / 256.0);
            }
            least
        };
        let rates = &neuron.rates;
        let reject =
            nanoseconds(&states, &mut |f, until| f64::from(u8::from(f.stays_below(rates, until, &mut counts))));
        let mut search =
            |f: &Approach<M>, until: f64| f.first_crossing(rates, until, &mut Crossings::default()).unwrap_or(0.0);
        let [by_end, inside] = [&crossing, &interior].map(|states| nanoseconds(states, &mut search));
        println!(
            "{name} M = {M}: tests 1 and 2 {reject:.1} ns ({} of {} rejected); search settled by the end {by_end:.0} ns ({}), \
             interior {inside:.0} ns ({})",
            counts.parabola + counts.partial_sums,
            states.len(),
            crossing.len(),
            interior.len()
        );
    }
    for (name, regime) in [("0.1 kHz, strong", REGIMES[0]), ("1 kHz", REGIMES[2]), ("20 kHz", REGIMES[6])] {
        measure::<1>(name, regime);
        measure::<2>(name, regime);
        measure::<3>(name, regime);
        measure::<4>(name, regime);
    }
}
