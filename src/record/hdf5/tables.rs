//! Tables, one dataset per column: presentations and the learning curve.

use crate::protocol::{FORWARD, TARGET};
use hdf5::{Group, Result};

use super::dtype::KindCode;
use super::rows::Rows;
use super::{Evaluation, Presentation};

/// `/presentations`.
#[derive(Debug)]
pub(super) struct PresentationTable {
    start: Rows<f64>,
    forward_end: Rows<f64>,
    target_end: Rows<f64>,
    index: Rows<u64>,
    image: Rows<u32>,
    label: Rows<i16>,
    decoded: Rows<u8>,
    kind: Rows<KindCode>,
    recorded: Rows<u8>,
}

impl PresentationTable {
    pub(super) fn create(file: &Group, rows: u64) -> Result<Self> {
        let table = file.create_group("presentations")?;
        Ok(Self {
            start: Rows::column(&table, "start_ms", rows)?,
            forward_end: Rows::column(&table, "forward_end_ms", rows)?,
            target_end: Rows::column(&table, "target_end_ms", rows)?,
            index: Rows::column(&table, "index", rows)?,
            image: Rows::column(&table, "image", rows)?,
            label: Rows::column(&table, "label", rows)?,
            decoded: Rows::column(&table, "decoded", rows)?,
            kind: Rows::column(&table, "kind", rows)?,
            recorded: Rows::column(&table, "recorded", rows)?,
        })
    }

    /// Adds a row; `recorded` tells whether spikes and plateaus of this presentation are kept.
    pub(super) fn push(&mut self, presentation: &Presentation<'_>, recorded: bool) {
        let observed = presentation.observed;
        let start = presentation.recorded_from_ms();
        let forward_end = start + observed.phase_ms(FORWARD);
        let target_end =
            if observed.phase_ms(TARGET) > 0.0 { forward_end + observed.phase_ms(TARGET) } else { f64::NAN };
        self.start.waiting().push(start);
        self.forward_end.waiting().push(forward_end);
        self.target_end.waiting().push(target_end);
        self.index.waiting().push(presentation.index);
        self.image.waiting().push(presentation.image);
        self.label.waiting().push(presentation.label.map_or(-1, i16::from));
        self.decoded.waiting().push(presentation.decoded);
        self.kind.waiting().push(presentation.kind.into());
        self.recorded.waiting().push(u8::from(recorded));
    }

    pub(super) fn append(&mut self) -> Result<()> {
        self.start.append()?;
        self.forward_end.append()?;
        self.target_end.append()?;
        self.index.append()?;
        self.image.append()?;
        self.label.append()?;
        self.decoded.append()?;
        self.kind.append()?;
        self.recorded.append()
    }
}

/// `/learning`.
#[derive(Debug)]
pub(super) struct LearningTable {
    examples_seen: Rows<u64>,
    /// In the order of [`LearningTable::COLUMNS`].
    columns: [Rows<f64>; 4],
}

impl LearningTable {
    /// Columns beside `examples_seen`.
    pub(super) const COLUMNS: [&'static str; 4] = ["test_error", "train_error", "loss", "seconds"];

    pub(super) fn create(file: &Group) -> Result<Self> {
        let table = file.create_group("learning")?;
        // As many rows as one chunk of the smallest size has; one by one they come in any number.
        let column = |name| Rows::column(&table, name, 0);
        let [test_error, train_error, loss, seconds] = Self::COLUMNS;
        let columns = [column(test_error)?, column(train_error)?, column(loss)?, column(seconds)?];
        Ok(Self { examples_seen: Rows::column(&table, "examples_seen", 0)?, columns })
    }

    pub(super) fn push(&mut self, evaluation: &Evaluation) {
        let Evaluation { examples_seen, test_error, train_error, loss, seconds } = *evaluation;
        self.examples_seen.waiting().push(examples_seen);
        for (column, value) in self.columns.iter_mut().zip([test_error, train_error, loss, seconds]) {
            column.waiting().push(value);
        }
    }

    pub(super) fn append(&mut self) -> Result<()> {
        self.examples_seen.append()?;
        self.columns.iter_mut().try_for_each(Rows::append)
    }
}
