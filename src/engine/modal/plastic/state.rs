//! The spikes that plasticity remembers, as arrays of the state of a population.

use super::moment::Moment;
use super::sources::SentSpike;
use super::targets::FiredSpike;
use super::{PlasticInput, PlasticPopulation};
use crate::engine::modal::part::Part;
use crate::engine::observe::StateArray;

/// Parts of the spikes of sources, one number for each spike.
const SENT: [&str; 6] = ["source", "sent", "phase", "time", "trace_1", "trace_2"];

/// Parts of the last spikes of postsynaptic neurons, one number for each neuron.
const FIRED: [&str; 4] = ["fired_phase", "fired_time", "fired_trace_1", "fired_trace_2"];

/// Names of the arrays of the input of a population at this place: of the spikes of its sources, and of the neurons' own.
pub(crate) fn online_arrays(place: usize) -> [Vec<String>; 2] {
    let named = |names: &[&str]| names.iter().map(|name| format!("plastic_{place}_{name}")).collect();
    [named(&SENT), named(&FIRED)]
}

/// Appends the arrays of all plastic inputs, in the phase that begins at `clock`.
pub(in crate::engine::modal) fn save<const M: usize>(
    inputs: &[Option<PlasticInput>],
    parts: &[Part<M>],
    clock: f64,
    out: &mut Vec<StateArray>,
) {
    for (place, input) in inputs.iter().enumerate() {
        let Some(input) = input else { continue };
        let trains = || (0_u32..).zip(&input.sources.trains).flat_map(|(i, train)| train.iter().map(move |s| (i, s)));
        let sent = |part: fn(u32, &SentSpike, f64) -> f64| trains().map(|(i, s)| part(i, s, clock)).collect::<Vec<_>>();
        let fired = |part: fn(&FiredSpike, f64) -> f64| {
            let last = parts.iter().filter_map(|of| of.plastic[place].as_ref()).flat_map(|of| &of.targets.last);
            last.map(|spike| part(spike, clock)).collect::<Vec<_>>()
        };
        let [of_sources, of_targets] = online_arrays(place);
        let of_sources = of_sources.into_iter().zip([
            sent(|i, _, _| f64::from(i)),
            sent(|_, s, _| s.sent),
            sent(|_, s, clock| s.at.phase - clock),
            sent(|_, s, _| s.at.time),
            sent(|_, s, _| s.before[0]),
            sent(|_, s, _| s.before[1]),
        ]);
        let of_targets = of_targets.into_iter().zip([
            fired(|s, clock| s.at.phase - clock),
            fired(|s, _| s.at.time),
            fired(|s, _| s.before[0]),
            fired(|s, _| s.before[1]),
        ]);
        out.extend(of_sources.chain(of_targets).map(|(name, values)| StateArray { name, values }));
    }
}

impl<const M: usize> PlasticPopulation<'_, M> {
    /// Takes up such arrays, in the phase that begins at 0.
    pub(in crate::engine::modal) fn restore(&mut self, state: &[StateArray]) {
        let named = |name: &String| state.iter().find(|of| of.name == *name).map_or(&[][..], |of| &of.values);
        for (place, input) in self.inputs.iter_mut().enumerate() {
            let Some(input) = input else { continue };
            input.clear();
            let [of_sources, of_targets] =
                online_arrays(place).map(|names| names.iter().map(named).collect::<Vec<_>>());
            for spike in 0..of_sources.iter().map(|values| values.len()).min().unwrap_or(0) {
                let number = |part: usize| of_sources[part][spike];
                let Some(train) = input.sources.trains.get_mut(number(0) as usize) else { continue };
                let at = Moment { phase: number(2), time: number(3) };
                train.push(SentSpike { sent: number(1), at, before: [number(4), number(5)] });
            }
            for part in &mut *self.parts {
                let first = part.block.first;
                let Some(own) = &mut part.plastic[place] else { continue };
                own.clear();
                for (index, last) in own.targets.last.iter_mut().enumerate() {
                    let number = |part: usize| of_targets[part].get(first + index).copied();
                    let numbers = number(0).zip(number(1)).zip(number(2).zip(number(3)));
                    if let Some(((phase, time), (a, b))) = numbers {
                        *last = FiredSpike::applied(Moment { phase, time }, [a, b]);
                    }
                }
            }
        }
    }
}
