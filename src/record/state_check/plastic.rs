//! Whether what plasticity remembers of spikes can be.

use super::mismatch::{StateMismatch, count, in_range, possible};
use crate::engine::{OnlineArrays, StateArray};
use crate::model::{Model, Population, PostEvents, Projection};

/// What rounding makes of a time that is counted from slice to slice [ms].
const ROUNDING_MS: f64 = 1e-6;

/// The phase of what never was [ms].
const NEVER: f64 = f64::MIN;

/// The state of a population, and the projections onto it.
pub(super) struct PlasticMemory<'a> {
    pub(super) model: &'a Model,
    pub(super) population: &'a Population,
    pub(super) state: &'a [StateArray],
    pub(super) lane: usize,
}

impl<'a> PlasticMemory<'a> {
    /// Checks the arrays of its inputs, all of them, or none where nothing was sent; returns their names.
    pub(super) fn check(&self) -> Result<Vec<String>, StateMismatch> {
        let onto = self.model.projections.iter().filter(|p| self.model.population(p.to).name == self.population.name);
        let mut all = Vec::new();
        for (place, projection) in onto.enumerate().filter(|(_, projection)| projection.plasticity.is_some()) {
            all.extend(self.check_input(place, projection)?);
        }
        Ok(all)
    }

    fn check_input(&self, place: usize, projection: &Projection) -> Result<Vec<String>, StateMismatch> {
        let rule = projection.plasticity.as_ref().and_then(|plasticity| plasticity.rule().ok());
        // Of a rule that another program has, the arrays that there are.
        let share = projection.dendritic_share;
        let remembers = || crate::engine::online_arrays(place, PostEvents::Bursts, share).remembered;
        let acts_at = match &rule {
            Some(rule) => rule.acts_at(),
            None if !self.values(&remembers()[0]).is_empty() => PostEvents::Bursts,
            None => PostEvents::Candidates,
        };
        let OnlineArrays { sent, fired, pending, remembered } = crate::engine::online_arrays(place, acts_at, share);
        let number = sent.iter().map(|name| self.values(name).len()).max().unwrap_or(0);
        let waiting = pending.iter().map(|name| self.values(name).len()).max().unwrap_or(0);
        let of_neurons = fired.iter().chain(&remembered).map(|name| (name, self.population.size));
        let of_spikes = sent.iter().map(|name| (name, number)).chain(pending.iter().map(|name| (name, waiting)));
        for (name, length) in of_spikes.chain(of_neurons) {
            count(self.what(name), length, self.values(name).len())?;
            possible(self.what(name), self.values(name))?;
        }
        in_range(&self.what(&sent[1]), "times up to the checkpoint", self.values(&sent[1]), |sent| {
            sent <= ROUNDING_MS
        })?;
        self.check_order([&sent[0], &sent[1]], self.model.population(projection.from).size)?;
        self.check_times(&sent[2..])?;
        self.check_traces(&sent[4..])?;
        self.check_times(&fired)?;
        if acts_at == PostEvents::Spikes {
            self.check_traces(&fired[2..])?;
        }
        if let [neurons, times @ ..] = pending.as_slice() {
            self.check_order([neurons, &times[0]], self.population.size)?;
            self.check_times(times)?;
        }
        if let (Some(rule), [_, _, first, second]) = (rule, remembered.as_slice()) {
            self.check_times(&remembered)?;
            for (&first_number, &second_number) in self.values(first).iter().zip(self.values(second)) {
                if let Some(expected) = rule.refuses_memory([first_number, second_number]) {
                    let what = format!("`{first}` and `{second}` of `{}` in lane {}", self.population.name, self.lane);
                    let found = format!("{first_number} and {second_number}");
                    return Err(StateMismatch::Count { what, expected: expected.to_owned(), found });
                }
            }
        }
        Ok([sent, fired, pending, remembered].concat())
    }

    /// Spikes of neurons that there are, neuron by neuron, each in the order of time.
    fn check_order(&self, [neurons, times]: [&String; 2], size: usize) -> Result<(), StateMismatch> {
        let expected = format!("whole numbers from 0 to below {size}");
        in_range(&self.what(neurons), &expected, self.values(neurons), |value| {
            value >= 0.0 && value < size as f64 && value.fract() == 0.0
        })?;
        let spikes: Vec<_> = self.values(neurons).iter().copied().zip(self.values(times).iter().copied()).collect();
        match spikes.windows(2).find(|pair| pair[0] > pair[1]) {
            None => Ok(()),
            Some(pair) => {
                let expected = format!("neuron by neuron, each in the order of `{times}`");
                Err(StateMismatch::Range { what: self.what(neurons), expected, found: pair[1].0 })
            }
        }
    }

    /// A phase and a time in it, that of nothing or up to the checkpoint.
    fn check_times(&self, names: &[String]) -> Result<(), StateMismatch> {
        let (phases, times) = (self.values(&names[0]), self.values(&names[1]));
        let passed: Vec<_> = phases.iter().zip(times).map(|(phase, time)| phase + time).collect();
        let what = format!("`{}` with `{}` of `{}` in lane {}", names[0], names[1], self.population.name, self.lane);
        in_range(&what, "times up to the checkpoint", &passed, |value| value <= ROUNDING_MS)?;
        in_range(&self.what(&names[1]), "times from 0 on in a phase", times, |value| value >= 0.0)?;
        in_range(&self.what(&names[0]), "phases up to the checkpoint", phases, |value| {
            value <= ROUNDING_MS || value.total_cmp(&NEVER).is_eq()
        })
    }

    fn check_traces(&self, names: &[String]) -> Result<(), StateMismatch> {
        names.iter().take(2).try_for_each(|name| {
            in_range(&self.what(name), "traces of 0 or more", self.values(name), |value| value >= 0.0)
        })
    }

    fn what(&self, name: &str) -> String {
        format!("values of `{name}` of `{}` in lane {}", self.population.name, self.lane)
    }

    fn values(&self, name: &str) -> &'a [f64] {
        self.state.iter().find(|array| array.name == name).map_or(&[][..], |array| &array.values)
    }
}
