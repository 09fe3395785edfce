//! What a cell of several compartments must be to be simulated.

use super::{BapCourse, CompartmentalCell, DendriticEvent, EventTrigger};
use crate::cells::{Conflict, Escape, Fires, Kernel, LONGEST_TAU_MS, MOST_MODES, SHORTEST_TAU_MS, TOO_CLOSE};

/// Fastest decay of a mode of the membranes [1/ms].
const FASTEST_RATE: f64 = 1000.0;

/// Most events of a cell, and currents of each.
const MOST_EVENTS: usize = 64;

/// Least time between two triggers of an event [ms].
const LEAST_REFRACTORY_MS: f64 = 0.01;

/// A conflict of keys, unless what is expected of them holds.
fn expect(holds: bool, keys: &[&'static str], why: impl FnOnce() -> String) -> Result<(), Conflict> {
    if holds { Ok(()) } else { Err(Conflict::new(keys, why())) }
}

impl CompartmentalCell {
    /// Checks that the engine can simulate it.
    ///
    /// # Errors
    /// The first value that is out of its range or does not fit the others, with its key in a model file.
    pub fn check(&self) -> Result<(), Conflict> {
        self.check_membranes()?;
        self.check_spike()?;
        self.check_inputs()?;
        self.check_bap()?;
        expect(self.events.len() <= MOST_EVENTS, &["events"], || {
            format!("expected at most {MOST_EVENTS} events, found {}", self.events.len())
        })?;
        self.events.iter().try_for_each(|event| self.check_event(event))?;
        expect(self.burst_window.is_none_or(|window| window > 0.0 && window.is_finite()), &["burst"], || {
            "expected a `window_ms` above 0".to_owned()
        })?;
        self.check_modes()
    }

    fn has(&self, compartment: usize, keys: &[&'static str]) -> Result<(), Conflict> {
        let count = self.membranes.len();
        expect(compartment < count, keys, || format!("expected a compartment below {count}, found {compartment}"))
    }

    fn check_membranes(&self) -> Result<(), Conflict> {
        let count = self.membranes.len();
        expect((1..=MOST_MODES).contains(&count), &["compartments"], || {
            format!("expected 1 to {MOST_MODES} compartments, found {count}")
        })?;
        for membrane in &self.membranes {
            let fits = membrane.capacitance > 0.0 && membrane.leak >= 0.0;
            let finite = [membrane.capacitance, membrane.leak, membrane.reversal, membrane.current];
            expect(fits && finite.iter().all(|x| x.is_finite()), &["compartments"], || {
                format!(
                    "expected a `c_m_pf` above 0, a `g_l_ns` of 0 or more and finite numbers, found {} and {}",
                    membrane.capacitance, membrane.leak
                )
            })?;
            expect(membrane.initial.is_sound(), &["compartments"], || {
                "expected finite numbers for `v_init_mv`, an `sd` of at least 0 and `low` of at most `high`".to_owned()
            })?;
        }
        let mut reached = vec![0];
        for coupling in &self.couplings {
            let [a, b] = coupling.between;
            self.has(a, &["couplings"])?;
            self.has(b, &["couplings"])?;
            let fits = coupling.conductance >= 0.0 && coupling.conductance.is_finite() && a != b;
            expect(fits, &["couplings"], || {
                format!(
                    "expected `g_ns` of 0 or more between two different compartments, found {}",
                    coupling.conductance
                )
            })?;
        }
        let mut next = 0;
        while let Some(&from) = reached.get(next) {
            let others = self.couplings.iter().filter(|coupling| coupling.between.contains(&from));
            let others: Vec<usize> = others.map(|c| c.between[usize::from(c.between[0] == from)]).collect();
            others.into_iter().for_each(|other| {
                if !reached.contains(&other) {
                    reached.push(other);
                }
            });
            next += 1;
        }
        expect(reached.len() == count, &["couplings", "compartments"], || {
            format!(
                "expected `couplings` that connect all {count} compartments, found {} connected to the first",
                reached.len()
            )
        })
    }

    fn check_spike(&self) -> Result<(), Conflict> {
        let spike = &self.spike;
        self.has(spike.compartment, &["spike"])?;
        if let Some(reset) = spike.reset {
            let fits = reset.potential.is_finite() && reset.refractory_ms >= 0.0 && reset.refractory_ms.is_finite();
            expect(fits, &["spike"], || "expected a finite `v_reset_mv` and a `t_ref_ms` of 0 or more".to_owned())?;
        }
        match spike.fires {
            Fires::Escape(Escape { rate_max, threshold, width }) => {
                let fits =
                    rate_max > 0.0 && rate_max <= 10.0 && width > 0.0 && width.is_finite() && threshold.is_finite();
                expect(fits, &["spike"], || {
                    "expected a largest rate above 0 and of at most 10 per ms, a width above 0 and a finite `v_half_mv`"
                        .to_owned()
                })
            }
            Fires::Threshold(threshold) => {
                let above = spike.reset.is_some_and(|reset| threshold.are_mostly_above(reset.potential));
                expect(threshold.is_sound() && above, &["spike"], || {
                    format!(
                        "expected `v_th_mv` above `v_reset_mv`, in the mean where it is drawn, or the cell fires without end; found \
                         {} and {}",
                        threshold.mean(),
                        spike.reset.map_or("no reset".to_owned(), |reset| reset.potential.to_string())
                    )
                })
            }
        }
    }

    fn check_inputs(&self) -> Result<(), Conflict> {
        for port in &self.ports {
            self.has(port.compartment, &["ports"])?;
            for tau in port.kernel.time_constants() {
                check_tau(tau, &["ports"])?;
            }
            if let Some(psp) = port.kernel.psp() {
                expect((psp.tau_l / psp.tau_s - 1.0).abs() > TOO_CLOSE, &["ports"], || {
                    format!(
                        "expected `tau_rise_ms` to differ from `tau_decay_ms` by more than a millionth (the alpha function is not \
                         built), found {} and {}",
                        psp.tau_s, psp.tau_l
                    )
                })?;
            }
        }
        for input in &self.background {
            let fits = input.port < self.ports.len() && input.rate >= 0.0 && input.rate.is_finite();
            expect(fits && input.weight.is_finite(), &["poisson_input"], || {
                "expected a port of the cell, a rate of 0 or more and a finite weight".to_owned()
            })?;
        }
        Ok(())
    }

    fn check_bap(&self) -> Result<(), Conflict> {
        let Some(bap) = self.bap else { return Ok(()) };
        self.has(bap.compartment, &["bap"])?;
        let fits = bap.delay >= 0.0 && bap.delay.is_finite() && bap.amplitude.is_finite();
        expect(fits, &["bap"], || {
            format!(
                "expected a `delay_ms` of 0 or more and a finite `amplitude_pa`, found {} and {}",
                bap.delay, bap.amplitude
            )
        })?;
        match bap.course {
            BapCourse::Box(duration) => expect(duration > 0.0 && duration.is_finite(), &["bap"], || {
                format!("expected a `duration_ms` above 0, found {duration}")
            }),
            BapCourse::Decay(tau) => check_tau(tau, &["bap"]),
        }
    }

    fn check_event(&self, event: &DendriticEvent) -> Result<(), Conflict> {
        let keys: &[&'static str] = &["events"];
        let threshold = match event.reads {
            EventTrigger::Potential { compartment, threshold } => {
                self.has(compartment, keys)?;
                threshold
            }
            EventTrigger::Current { port, threshold } => {
                let kernel = self.ports.get(port).map(|port| port.kernel);
                expect(kernel.is_some_and(|kernel| kernel != Kernel::Delta), keys, || {
                    "expected a `port` whose synapses make a current, as of kernel \"exponential\"".to_owned()
                })?;
                expect(threshold > 0.0, keys, || {
                    format!(
                        "expected `i_th_pa` above 0, or the event is triggered again as soon as it can be, without any input; found \
                         {threshold}"
                    )
                })?;
                threshold
            }
        };
        expect(threshold.is_finite(), keys, || format!("expected a finite threshold, found {threshold}"))?;
        expect(event.duration > 0.0 && event.duration.is_finite(), keys, || {
            format!("expected a `duration_ms` above 0, found {}", event.duration)
        })?;
        expect(event.refractory >= LEAST_REFRACTORY_MS && event.refractory.is_finite(), keys, || {
            format!(
                "expected a `refractory_ms` of at least {LEAST_REFRACTORY_MS}, or the event is triggered without end; found {}",
                event.refractory
            )
        })?;
        expect(event.currents.len() <= MOST_EVENTS, keys, || {
            format!("expected at most {MOST_EVENTS} `currents` of an event")
        })?;
        for injected in &event.currents {
            self.has(injected.compartment, keys)?;
            expect(injected.current.is_finite(), keys, || "expected finite `pa`".to_owned())?;
        }
        Ok(())
    }

    /// Checks that the response to every current has a closed form, with and without the compartment that fires held, as it is while
    /// refractory and where a change silences the cell.
    fn check_modes(&self) -> Result<(), Conflict> {
        let held = self.spike.reset;
        let mut taus: Vec<f64> = self.currents().iter().map(|current| current.tau).collect();
        taus.sort_unstable_by(f64::total_cmp);
        taus.dedup();
        let modes = [None, held.map(|reset| reset.potential)].map(|held| self.membrane_modes(held).rates);
        for &rate in modes.iter().flatten() {
            expect((1.0 / LONGEST_TAU_MS..=FASTEST_RATE).contains(&rate), &["compartments", "couplings"], || {
                format!(
                    "expected membranes whose potentials decay at rates of 1e-5 to {FASTEST_RATE} per ms (make `g_l_ns` and `g_ns` \
                     larger or smaller against `c_m_pf`), found {rate}"
                )
            })?;
            for tau in &taus {
                expect((rate * tau - 1.0).abs() > TOO_CLOSE, &["ports", "bap", "compartments", "couplings"], || {
                    format!(
                        "expected time constants of ports and of `bap` that differ from those of the membranes by more than a \
                         millionth, for the response divides by their difference; found {tau} and {} ms",
                        1.0 / rate
                    )
                })?;
            }
        }
        let count = modes[0].len() + taus.len();
        expect(count <= MOST_MODES, &["compartments", "ports", "bap"], || {
            format!(
                "expected at most {MOST_MODES} decay rates, one of each compartment and of each time constant of `ports` and `bap`; \
                 found {count}"
            )
        })
    }
}

fn check_tau(tau: f64, keys: &[&'static str]) -> Result<(), Conflict> {
    expect((SHORTEST_TAU_MS..=LONGEST_TAU_MS).contains(&tau), keys, || {
        format!("expected time constants of {SHORTEST_TAU_MS} to {LONGEST_TAU_MS} ms, found {tau}")
    })
}

#[cfg(test)]
mod tests {
    use super::super::modes::tests::ring;
    use super::super::{BackPropagation, CompartmentPort, DendriticEventKind, Retrigger};
    use super::*;

    fn refused(change: impl Fn(&mut CompartmentalCell)) -> String {
        let mut cell = ring();
        assert_eq!(cell.check(), Ok(()));
        change(&mut cell);
        let conflict = cell.check().unwrap_err();
        format!("{}: {}", conflict.keys.join(" "), conflict.why)
    }

    fn event() -> DendriticEvent {
        DendriticEvent {
            kind: DendriticEventKind::Plateau,
            reads: EventTrigger::Potential { compartment: 1, threshold: -40.0 },
            duration: 30.0,
            currents: Vec::new(),
            refractory: 50.0,
            retrigger: Retrigger::Ignore,
        }
    }

    #[test]
    fn what_cannot_be_simulated_is_refused_by_its_keys() {
        let exponential = |tau| CompartmentPort { compartment: 1, kernel: Kernel::Exponential { tau } };
        let slowest = 1.0 / ring().membrane_modes(None).rates[0];
        let held = 1.0 / ring().membrane_modes(Some(-68.0)).rates[1];
        for (found, expected) in [
            (refused(|cell| cell.membranes[1].capacitance = 0.0), "compartments: expected a `c_m_pf` above 0"),
            (
                refused(|cell| cell.couplings.truncate(1)),
                "couplings compartments: expected `couplings` that connect all 3",
            ),
            (refused(|cell| cell.couplings[0].conductance = -1.0), "couplings: expected `g_ns` of 0 or more"),
            (refused(|cell| cell.couplings[0].between = [0, 3]), "couplings: expected a compartment below 3, found 3"),
            (
                refused(|cell| cell.spike.fires = Fires::Threshold((-68.0).into())),
                "spike: expected `v_th_mv` above `v_reset_mv`",
            ),
            (refused(|cell| cell.spike.reset = None), "spike: expected `v_th_mv` above `v_reset_mv`"),
            (
                refused(|cell| cell.ports.push(exponential(slowest))),
                "ports bap compartments couplings: expected time constants",
            ),
            (
                refused(|cell| cell.ports.push(exponential(held))),
                "ports bap compartments couplings: expected time constants",
            ),
            (
                refused(|cell| cell.ports.extend([1.0, 2.0, 3.0, 4.0, 5.0, 6.0].map(exponential))),
                "compartments ports bap: expected at most 8 decay rates",
            ),
            (
                refused(|cell| cell.events.push(DendriticEvent { refractory: 0.0, ..event() })),
                "events: expected a `refractory_ms`",
            ),
            (
                refused(|cell| cell.events.push(DendriticEvent { duration: 0.0, ..event() })),
                "events: expected a `duration_ms`",
            ),
            (
                refused(|cell| {
                    let reads = EventTrigger::Current { port: 0, threshold: 5.0 };
                    cell.ports.push(CompartmentPort { compartment: 1, kernel: Kernel::Delta });
                    cell.events.push(DendriticEvent { reads, ..event() });
                }),
                "events: expected a `port` whose synapses make a current",
            ),
            (
                refused(|cell| {
                    cell.ports.push(exponential(4.0));
                    let reads = EventTrigger::Current { port: cell.ports.len() - 1, threshold: 0.0 };
                    cell.events.push(DendriticEvent { reads, ..event() });
                }),
                "events: expected `i_th_pa` above 0, or the event is triggered again as soon as it can be",
            ),
            (
                // Never refractory, but held all the same where a change silences it.
                refused(|cell| {
                    cell.spike.reset.iter_mut().for_each(|reset| reset.refractory_ms = 0.0);
                    cell.ports.push(exponential(held));
                }),
                "ports bap compartments couplings: expected time constants",
            ),
            (
                refused(|cell| {
                    let course = BapCourse::Box(0.0);
                    cell.bap = Some(BackPropagation { delay: 1.0, compartment: 1, amplitude: 100.0, course });
                }),
                "bap: expected a `duration_ms` above 0",
            ),
        ] {
            assert!(found.starts_with(expected), "{found}");
        }
    }
}
