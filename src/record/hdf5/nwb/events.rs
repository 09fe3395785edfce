//! Events with a beginning and an end as tables of intervals.

use hdf5::Group;

use super::object::Maker;
use super::table::Table;
use super::{Export, Trouble, seconds};

impl Export {
    /// Events of a population, a table for each kind of which there are some.
    pub(super) fn events(&self, intervals: &Group, maker: &Maker, name: &str) -> std::result::Result<(), Trouble> {
        let compartments = self.compartments(name);
        for kind in self.reader.event_kinds(name)? {
            let list = self.reader.events(name, &kind, f64::MIN..f64::MAX)?.unwrap_or_default();
            if list.start.is_empty() {
                continue;
            }
            let [starts, stops] =
                [&list.start, &list.stop].map(|times| times.iter().map(|&time| seconds(time)).collect::<Vec<_>>());
            let neurons: Vec<i64> = list.neurons.iter().map(|&neuron| neuron.cast_signed()).collect();
            let place = |&place: &u32| compartments.get(place as usize).map_or("", |compartment| &compartment.name);
            let places: Vec<_> = list.compartments.iter().map(place).collect();
            let what = format!("events of kind {kind} of neurons of {name}");
            let table = format!("events_{name}_{kind}");
            let mut table = Table::create(maker, intervals, &table, ("TimeIntervals", &what), starts.len())?;
            table.column("start_time", "when the event began; of a burst its first spike [s]", &starts)?;
            table.column("stop_time", "when it ended; of a burst its last spike [s]", &stops)?;
            table.column("neuron", "neuron of its population", &neurons)?;
            table.texts("compartment", "compartment of the neuron that the event is in", &places)?;
            table.finish()?;
        }
        Ok(())
    }
}
