//! A leaky integrate-and-fire neuron in double-double, as tests/reference/generate.py has it in 40 digits.

use apical::cells::{Lif, LifPort, NeuronValues};

use super::double::Double;

/// A spike of the reference.
#[derive(Clone, Copy, Debug)]
pub struct SolvedSpike {
    /// When [ms].
    pub time: f64,
    /// dV/dt at threshold [mV/ms]; none where a jump carried V over it.
    pub slope: Option<f64>,
}

/// What reaches a neuron.
#[derive(Clone, Copy, Debug)]
pub struct Input {
    /// When it was sent, and how long it took [ms]; its time of arrival is the sum, which is not rounded.
    pub sent: f64,
    pub delay: f64,
    pub port: usize,
    pub weight: f64,
}

/// Modes of a cell, the membrane's first, and what each port adds to each.
struct SolvedCell {
    rates: Vec<Double>,
    jumps: Vec<Vec<Double>>,
    delta: Vec<bool>,
    /// V at rest minus threshold, and V_reset, V_init minus V at rest [mV].
    distance: Double,
    reset: Double,
    start: Double,
    t_ref: Double,
}

impl SolvedCell {
    fn new(lif: &Lif) -> Self {
        let exact = Double::from;
        let (tau_m, c_m, one) = (exact(lif.tau_m), exact(lif.c_m), exact(1.0));
        let rest = exact(lif.e_l) + exact(lif.i_e) * tau_m / c_m;
        let NeuronValues::Constant { value: threshold } = lif.v_th else { panic!("one threshold expected") };
        let modes = 1 + lif.ports.iter().map(|port| taus(port).len()).sum::<usize>();
        let (mut rates, mut jumps) = (vec![one / tau_m], Vec::new());
        for port in &lif.ports {
            let mut jump = vec![exact(0.0); modes];
            if let LifPort::Delta { .. } = port {
                jump[0] = one;
            }
            for (tau, size) in taus(port) {
                let gain = size * tau_m * tau / (c_m * (tau_m - tau));
                jump[0] = jump[0] + gain;
                jump[rates.len()] = -gain;
                rates.push(one / tau);
            }
            jumps.push(jump);
        }
        Self {
            rates,
            jumps,
            delta: lif.ports.iter().map(|port| matches!(port, LifPort::Delta { .. })).collect(),
            distance: rest - exact(threshold),
            reset: exact(lif.v_reset) - rest,
            start: exact(lif.e_l) - rest,
            t_ref: exact(lif.t_ref),
        }
    }
}

/// The exponentials that a port's current is a sum of: time constants, and factors of the weight.
fn taus(port: &LifPort) -> Vec<(Double, Double)> {
    let exact = Double::from;
    match *port {
        LifPort::Delta { .. } => Vec::new(),
        LifPort::Exponential { tau, .. } => vec![(exact(tau), exact(1.0))],
        LifPort::DoubleExponential { tau_decay, tau_rise, .. } => {
            let size = exact(1.0) / (exact(tau_decay) - exact(tau_rise));
            vec![(exact(tau_decay), size), (exact(tau_rise), -size)]
        }
        ref other => panic!("no solution of {other:?}"),
    }
}

struct SolvedNeuron {
    cell: SolvedCell,
    now: Double,
    a: Vec<Double>,
    held_until: Option<Double>,
    spikes: Vec<SolvedSpike>,
}

/// The spikes that a cell fires before `until` on inputs in any order.
pub fn solve(lif: &Lif, inputs: &[Input], until: f64) -> Vec<SolvedSpike> {
    let cell = SolvedCell::new(lif);
    let mut a = vec![Double::from(0.0); cell.rates.len()];
    a[0] = cell.start;
    let mut neuron = SolvedNeuron { cell, now: Double::from(0.0), a, held_until: None, spikes: Vec::new() };
    let arrival = |input: &Input| Double::from(input.sent) + Double::from(input.delay);
    let mut inputs: Vec<(Double, Input)> = inputs.iter().map(|input| (arrival(input), *input)).collect();
    inputs.sort_by(|(a, _), (b, _)| (*a - *b).high.total_cmp(&0.0));
    for together in inputs.chunk_by(|(a, _), (b, _)| (*a - *b).high.abs() <= 0.0) {
        let time = together[0].0;
        if (time - Double::from(until)).high >= 0.0 {
            break;
        }
        neuron.advance(time);
        neuron.receive(time, together);
    }
    neuron.advance(Double::from(until));
    neuron.spikes
}

impl SolvedNeuron {
    fn decay(&mut self, time: Double) {
        let step = time - self.now;
        if step.high > 0.0 {
            for (a, &rate) in self.a.iter_mut().zip(&self.cell.rates) {
                *a = *a * (-(rate * step)).exp();
            }
        }
        self.now = time;
    }

    fn fire(&mut self, time: Double, slope: Option<f64>) {
        self.decay(time);
        self.spikes.push(SolvedSpike { time: time.high, slope });
        self.held_until = Some(time + self.cell.t_ref);
    }

    fn potential(&self) -> Double {
        self.a.iter().fold(self.cell.distance, |sum, &a| sum + a)
    }

    /// To `until`, without what happens there but the end of a refractory time.
    fn advance(&mut self, until: Double) {
        loop {
            if let Some(end) = self.held_until {
                if (end - until).high > 0.0 {
                    return;
                }
                self.decay(end);
                self.held_until = None;
                let others = self.a[1..].iter().fold(Double::from(0.0), |sum, &a| sum + a);
                self.a[0] = self.cell.reset - others;
            }
            let Some((t, slope)) = self.crossing(until - self.now) else { return };
            self.fire(self.now + t, Some(slope));
        }
    }

    fn receive(&mut self, time: Double, inputs: &[(Double, Input)]) {
        self.decay(time);
        let held = self.held_until.is_some();
        for (_, Input { port, weight, .. }) in inputs.iter().filter(|(_, input)| !(held && self.cell.delta[input.port]))
        {
            for (a, &jump) in self.a.iter_mut().zip(&self.cell.jumps[*port]) {
                *a = *a + jump * Double::from(*weight);
            }
        }
        if !held && self.potential().high >= 0.0 {
            self.fire(time, None);
        }
    }

    /// The first (t, dV/dt) at threshold with 0 < t < `length`, by steps of which a parabola certifies that V stays below.
    fn crossing(&self, length: Double) -> Option<(Double, f64)> {
        let tolerance = 1e-28;
        let mut t = Double::from(0.0);
        loop {
            let (mut value, mut slope, mut up, mut down) = (self.cell.distance, 0.0, 0.0, 0.0);
            for (&a, &rate) in self.a.iter().zip(&self.cell.rates) {
                let term = if t.high > 0.0 { a * (-(rate * t)).exp() } else { a };
                value = value + term;
                slope -= rate.high * term.high;
                let bend = rate.high * rate.high * term.high;
                *(if bend > 0.0 { &mut up } else { &mut down }) += bend;
            }
            let (value, left) = (value.high, (length - t).high);
            if value > -tolerance {
                assert!(slope > 0.0 && slope * slope > 4.0 * (1.0 - down) * tolerance, "a maximum at the threshold");
                return (left > 0.0).then_some((t, slope));
            }
            if left <= 0.0 || value + left * (slope + 0.5 * left * up) < -tolerance {
                return None;
            }
            let root = (slope * slope - 2.0 * up * value).sqrt();
            let step = if slope > 0.0 { -2.0 * value / (slope + root) } else { (root - slope) / up };
            t = if step < left { t + Double::from(step) } else { length };
        }
    }
}
