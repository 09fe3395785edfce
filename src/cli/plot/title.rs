//! What a title says of presentations: which they are, and what their network had learnt.

use std::ops::Range;

use super::draw::Source;
use crate::model::{Model, WeightInit};
use crate::plot::label;
use crate::record::Kind;
use crate::record::hdf5::PresentationRow;

/// Presentations from the start at most of which a learning network is called untrained: as many as are recorded by default.
const UNTRAINED: u64 = 20;

impl Source<'_> {
    /// The presentations and what their network had learnt, as a title has it: "presentations 59,980 to 59,999, after 59,980
    /// training presentations".
    pub(super) fn of(&self, shown: &[PresentationRow]) -> anyhow::Result<String> {
        let (Some(first), Some(last)) = (shown.first(), shown.last()) else { return Ok(String::new()) };
        let kind = if first.kind == Kind::Test { "test " } else { "" };
        let range = match label(first.index as f64, 0) {
            one if first.index == last.index => format!("{kind}presentation {one}"),
            from => format!("{kind}presentations {from} to {}", label(last.index as f64, 0)),
        };
        let trained = match self.run.frozen_after()? {
            Some(seen) => Some(seen..seen),
            None if first.kind == Kind::Train => Some(first.index..last.index),
            None => self.trained_before(first)?.map(|seen| seen..seen),
        };
        Ok(match trained {
            Some(trained) => format!("{range}, {}", state(&self.model()?, &trained)),
            None => range,
        })
    }

    /// Training presentations before a test of a run that trains; none if the file keeps none.
    fn trained_before(&self, test: &PresentationRow) -> anyhow::Result<Option<u64>> {
        let rows = self.run.presentations()?;
        let before = rows.iter().take_while(|row| row.start_ms < test.start_ms).filter(|row| row.kind == Kind::Train);
        Ok(before.last().map(|row| row.index + 1))
    }
}

/// What a network had learnt that was shown something after these numbers of training presentations, from the first to the last
/// thing shown.
pub(super) fn state(model: &Model, trained: &Range<u64>) -> String {
    match trained.start {
        0 => {}
        1 => return "after 1 training presentation".to_owned(),
        seen => return format!("after {} training presentations", label(seen as f64, 0)),
    }
    let given = |init: &WeightInit| matches!(init, WeightInit::Run { .. } | WeightInit::Npy { .. });
    let start = if model.projections.iter().any(|p| given(&p.weights)) { "with given weights" } else { "untrained" };
    if trained.end < UNTRAINED { start.to_owned() } else { format!("{start} at first") }
}
