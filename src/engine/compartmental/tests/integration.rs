//! A cell of several compartments by numerical integration: the classical Runge-Kutta method in small steps, with crossings found by
//! bisection of the step. Nothing but the equations is shared with the engine.

use crate::cells::{BapCourse, CompartmentalCell, EventTrigger, Fires, Kernel, MarkKind, Retrigger};
use crate::engine::mark::EventMark;

/// A spike that arrives.
#[derive(Clone, Copy, Debug)]
pub(super) struct InputSpike {
    pub(super) time: f64,
    pub(super) port: usize,
    pub(super) weight: f64,
}

/// What a run of a cell gives.
#[derive(Clone, Debug, Default)]
pub(super) struct CellCourse {
    pub(super) spikes: Vec<f64>,
    pub(super) marks: Vec<EventMark>,
    /// [samples][compartments]
    pub(super) potentials: Vec<Vec<f64>>,
}

/// Something of the cell's own that is to come.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Due {
    Release,
    BapBegin,
    BapEnd(f64),
    EventEnd(usize),
    Ready(usize),
}

/// A threshold that is reached.
enum ReachedThreshold {
    OfEvent(usize),
    OfSpike,
}

struct Integration<'a> {
    cell: &'a CompartmentalCell,
    /// Potentials, then the two parts of the current of each port, then that of the bAP.
    x: Vec<f64>,
    held: bool,
    baps: f64,
    /// Start of each event that lasts.
    lasts: Vec<Option<f64>>,
    ready: Vec<bool>,
    due: Vec<(f64, Due)>,
    course: CellCourse,
}

/// Runs a cell up to the last of the times of samples, in steps of at most `h` ms.
pub(super) fn integrate(cell: &CompartmentalCell, inputs: &[InputSpike], samples: &[f64], h: f64) -> CellCourse {
    let count = cell.membranes.len();
    let mut x: Vec<f64> = cell.membranes.iter().map(|membrane| membrane.initial.mean()).collect();
    x.resize(count + 2 * cell.ports.len() + 1, 0.0);
    let mut run = Integration {
        cell,
        x,
        held: false,
        baps: 0.0,
        lasts: vec![None; cell.events.len()],
        ready: vec![true; cell.events.len()],
        due: Vec::new(),
        course: CellCourse::default(),
    };
    let (mut t, mut input) = (0.0, 0);
    run.look(t);
    for &sample in samples {
        while t < sample {
            let effect = run.due.iter().map(|(time, _)| *time).fold(f64::INFINITY, f64::min);
            let arrival = inputs.get(input).map_or(f64::INFINITY, |input| input.time);
            let stop = effect.min(arrival).min(sample);
            t = run.step(t, stop, h);
            while let Some(place) = run.due.iter().position(|(time, _)| *time <= t) {
                let (_, due) = run.due.remove(place);
                run.happen(t, due);
            }
            while let Some(input_now) = inputs.get(input).filter(|input| input.time <= t) {
                run.arrive(*input_now);
                input += 1;
            }
            run.look(t);
        }
        run.course.potentials.push(run.x[..count].to_vec());
    }
    run.course
}

impl Integration<'_> {
    fn port_tau(&self, port: usize) -> [f64; 2] {
        match self.cell.ports[port].kernel {
            Kernel::Delta => [1.0; 2],
            Kernel::Exponential { tau } => [tau; 2],
            Kernel::DoubleExponential(psp) => [psp.tau_l, psp.tau_s],
        }
    }

    fn port_current(&self, port: usize, x: &[f64]) -> f64 {
        let first = self.cell.membranes.len() + 2 * port;
        x[first] + x[first + 1]
    }

    fn slope(&self, x: &[f64]) -> Vec<f64> {
        let cell = self.cell;
        let count = cell.membranes.len();
        let mut slope = vec![0.0; x.len()];
        for (r, membrane) in cell.membranes.iter().enumerate() {
            slope[r] = membrane.current - membrane.leak * (x[r] - membrane.reversal);
        }
        for coupling in &cell.couplings {
            let [a, b] = coupling.between;
            slope[a] += coupling.conductance * (x[b] - x[a]);
            slope[b] += coupling.conductance * (x[a] - x[b]);
        }
        for (p, port) in cell.ports.iter().enumerate() {
            slope[port.compartment] += self.port_current(p, x);
            for (part, tau) in self.port_tau(p).into_iter().enumerate() {
                slope[count + 2 * p + part] = -x[count + 2 * p + part] / tau;
            }
        }
        for (event, lasts) in cell.events.iter().zip(&self.lasts) {
            if lasts.is_some() {
                event.currents.iter().for_each(|injected| slope[injected.compartment] += injected.current);
            }
        }
        if let Some(bap) = cell.bap {
            let last = x.len() - 1;
            slope[bap.compartment] += self.baps * bap.amplitude + x[last];
            if let BapCourse::Decay(tau) = bap.course {
                slope[last] = -x[last] / tau;
            }
        }
        for (r, membrane) in cell.membranes.iter().enumerate() {
            slope[r] /= membrane.capacitance;
        }
        if self.held {
            slope[cell.spike.compartment] = 0.0;
        }
        slope
    }

    fn after(&self, h: f64) -> Vec<f64> {
        let moved = |k: &[f64], h: f64| self.x.iter().zip(k).map(|(x, k)| x + h * k).collect::<Vec<_>>();
        let k1 = self.slope(&self.x);
        let k2 = self.slope(&moved(&k1, h / 2.0));
        let k3 = self.slope(&moved(&k2, h / 2.0));
        let k4 = self.slope(&moved(&k3, h));
        let sum = |j: usize| k1[j] + 2.0 * (k2[j] + k3[j]) + k4[j];
        self.x.iter().enumerate().map(|(j, x)| x + h / 6.0 * sum(j)).collect()
    }

    /// Steps to `stop`, or to the first crossing before it; returns the time reached.
    fn step(&mut self, mut t: f64, stop: f64, h: f64) -> f64 {
        while t < stop {
            let to = stop.min(t + h);
            let x = self.after(to - t);
            if self.reached(&x).is_some() {
                let (mut below, mut above) = (0.0, to - t);
                for _ in 0..60 {
                    let middle = 0.5 * (below + above);
                    if self.reached(&self.after(middle)).is_some() {
                        above = middle;
                    } else {
                        below = middle;
                    }
                }
                self.x = self.after(above);
                return t + above;
            }
            (t, self.x) = (to, x);
        }
        stop
    }

    /// The first threshold that is reached.
    fn reached(&self, x: &[f64]) -> Option<ReachedThreshold> {
        let cell = self.cell;
        for (index, event) in cell.events.iter().enumerate() {
            let over = match event.reads {
                EventTrigger::Potential { compartment, threshold } => x[compartment] >= threshold,
                EventTrigger::Current { port, threshold } => self.port_current(port, x) >= threshold,
            };
            if over && self.ready[index] && (self.lasts[index].is_none() || event.retrigger == Retrigger::Extend) {
                return Some(ReachedThreshold::OfEvent(index));
            }
        }
        let Fires::Threshold(threshold) = cell.spike.fires else { return None };
        (!self.held && x[cell.spike.compartment] >= threshold.mean()).then_some(ReachedThreshold::OfSpike)
    }

    /// Lets everything fire that is at its threshold.
    fn look(&mut self, t: f64) {
        while let Some(reached) = self.reached(&self.x) {
            let cell = self.cell;
            if let ReachedThreshold::OfEvent(index) = reached {
                let event = &cell.events[index];
                self.lasts[index] = self.lasts[index].or(Some(t));
                self.ready[index] = false;
                self.due.retain(|(_, due)| *due != Due::EventEnd(index));
                self.due.push((t + event.duration, Due::EventEnd(index)));
                self.due.push((t + event.refractory, Due::Ready(index)));
                continue;
            }
            self.course.spikes.push(t);
            let reset = cell.spike.reset.unwrap();
            self.x[cell.spike.compartment] = reset.potential;
            if reset.refractory_ms > 0.0 {
                self.held = true;
                self.due.push((t + reset.refractory_ms, Due::Release));
            }
            if let Some(bap) = cell.bap {
                self.due.push((t + bap.delay, Due::BapBegin));
            }
        }
    }

    fn happen(&mut self, t: f64, due: Due) {
        let mark = |kind, start, compartment: usize| EventMark {
            kind,
            neuron: 0,
            compartment: compartment as u32,
            start,
            stop: t,
            over: t,
        };
        match due {
            Due::Release => self.held = false,
            Due::Ready(index) => self.ready[index] = true,
            Due::EventEnd(index) => {
                let event = &self.cell.events[index];
                let start = self.lasts[index].take().unwrap();
                self.course.marks.push(mark(event.kind.into(), start, self.cell.event_compartment(event)));
            }
            Due::BapBegin => {
                let bap = self.cell.bap.unwrap();
                match bap.course {
                    BapCourse::Decay(_) => *self.x.last_mut().unwrap() += bap.amplitude,
                    BapCourse::Box(duration) => {
                        self.baps += 1.0;
                        self.due.push((t + duration, Due::BapEnd(t)));
                    }
                }
            }
            Due::BapEnd(start) => {
                self.baps -= 1.0;
                self.course.marks.push(mark(MarkKind::Bap, start, self.cell.bap.unwrap().compartment));
            }
        }
    }

    fn arrive(&mut self, InputSpike { port, weight, .. }: InputSpike) {
        let compartment = self.cell.ports[port].compartment;
        let first = self.cell.membranes.len() + 2 * port;
        match self.cell.ports[port].kernel {
            Kernel::Delta if self.held && compartment == self.cell.spike.compartment => (),
            Kernel::Delta => self.x[compartment] += weight,
            Kernel::Exponential { .. } => self.x[first] += weight,
            Kernel::DoubleExponential(psp) => {
                self.x[first] += weight / (psp.tau_l - psp.tau_s);
                self.x[first + 1] -= weight / (psp.tau_l - psp.tau_s);
            }
        }
    }
}
