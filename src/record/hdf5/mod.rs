//! Run files and checkpoints, in HDF5.
//!
//! A run file is a SONATA file (magic and version, spikes, element reports) with more beside it; h5py, libsonata and
//! bmtk read it. n: rows, N: neurons of the population, E: elements kept of it, T: samples.
//!
//! | object | type | holds |
//! |---|---|---|
//! | `/` attribute `format` | text | `apical run 2` |
//! | `/` attributes `magic`, `version` | u32 = 0x0A7A, u32 \[2\] = \[0, 1\] | the mark of SONATA |
//! | `/` attributes `name`, `model` | text | name and full merged text of the model |
//! | `/` attributes `populations`, `projections` | text \[n\] | their names in the order of the model |
//! | `/` attribute `cells` | text \[n\] | of each population in the same order, what readers use of its cells, as JSON: a [`CellDescription`](crate::cells::CellDescription) |
//! | `/` attributes `apical_version`, `git_commit`, `command_line`, `data_sha256`, `start_time` | text | provenance; `data_sha256` is `digest  file` a line, `start_time` RFC 3339 |
//! | `/` attribute `data_source` | text \[2\] | folder or file of the stimuli, as it was named and from the root; absent where they are in the model |
//! | `/` attribute `kind` | text | `spiking`, or `rate` for a rate twin |
//! | `/` attribute `seed` | u64 | seed of the run |
//! | `/` attribute `edited` | u8 = 1 | of a run that goes back to a checkpoint changed after it was written, as `--accept-edited` takes it |
//! | `/` attribute `frozen_after` | u64 | of a test or simulation alone: training presentations behind its network |
//! | `/spikes/POP` | attributes `sorting`: enum u8 {`none`, `by_id`, `by_time`} = `by_time`, `size`: u64 = N | spikes of the recorded presentations |
//! | `/spikes/POP/timestamps` | f64 \[n\], attribute `units` = ms, variable-length text | times on the run's clock |
//! | `/spikes/POP/node_ids` | u64 \[n\] | neurons |
//! | `/report/POP/data` | f32 \[T, E\], attribute `units` = dimensionless | potentials, neuron by neuron, elements ascending |
//! | `/report/POP/mapping/node_ids` | u64 \[N\], attribute `sorted`: u8 = 1 | neurons |
//! | `/report/POP/mapping/index_pointers` | u64 \[N + 1\], also by the soft link `index_pointer` | first column of each neuron |
//! | `/report/POP/mapping/element_ids` | u32 \[E\] | soma 0, basal or output dendrite 1, apical 2 |
//! | `/report/POP/mapping/element_pos` | f32 \[E\] | 0.5, the middle of a compartment |
//! | `/report/POP/mapping/time` | f64 \[3\], attribute `units` = ms | start, stop (exclusive), spacing |
//! | `/plateaus/POP/timestamps` | f64 \[n\], attribute `units` = ms | when they happened on the run's clock: at the ends of phases, or before them by `plateau_sd_ms` |
//! | `/plateaus/POP/{node_ids, alpha}` | u64 \[n\], f32 \[n\] | neurons, plateaus |
//! | `/plateaus/POP/phase` | enum u8 {`forward`, `target`} \[n\] | the phase that ended |
//! | `/events/POP/KIND/{start, stop}` | f64 \[n\], attribute `units` = ms | beginnings and ends on the run's clock of the events of each KIND that cells of the population have (`plateau`, `dendritic_spike`, `bap`, `burst`: first and last spike), of the neurons whose spikes are recorded; absent where no population has such. An event is recorded when it is over, and one that is not at the end of the run by the run that goes on from its checkpoint |
//! | `/events/POP/KIND/{node_ids, compartment}` | u64 \[n\], u32 \[n\] | neurons, and the compartment that each event is in |
//! | `/presentations/{start_ms, forward_end_ms, target_end_ms}` | f64 \[n\] | on the run's clock \[ms\]; NaN without target phase |
//! | `/presentations/{index, image}` | u64 \[n\], u32 \[n\] | count of presentations of its kind before; image in its set |
//! | `/presentations/{label, decoded}` | i16 \[n\], u8 \[n\] | label, −1 for none; answer |
//! | `/presentations/kind` | enum u8 {`train`, `test`} \[n\] | |
//! | `/presentations/recorded` | u8 \[n\] | 1 where spikes and plateaus are kept |
//! | `/credit/{index, output_loss}` | u64 \[n\], f64 \[n\] | training presentations in which the assignment of credit was measured, as [`Credit`]; absent unless asked for |
//! | `/credit/POP/{loss, angle}` | f64 \[n\] | as [`HiddenCredit`](super::HiddenCredit) \[degrees\]; NaN where a population does not learn |
//! | `/credit/eigenvalue/{examples_seen, of_means, mean}` | u64 \[k\], f64 \[k\] | as [`Jacobians`](super::Jacobians) over the 100 presentations before each multiple of 100 |
//! | `/credit/eigenvalue/product` | f64 \[k, outputs²\] | mean J_b J_g of the same, row by row |
//! | `/learning/examples_seen` | u64 \[n\] | training presentations before an evaluation |
//! | `/learning/{test_error, train_error, loss, seconds}` | f64 \[n\] | as [`Evaluation`] \[%, %, 1/ms², s\]; NaN for none |
//! | `/weights/PROJECTION/SNAPSHOT` | f32 \[post, pre\], attribute `examples_seen`: u64 | `initial`, `final`, `epoch-N`, `presentation-N` |
//! | `/weights/PROJECTION/SNAPSHOT/{source_node_id, target_node_id, delay_steps, weight}` | u32, u32, u16, f32 \[n\], attributes `examples_seen`, `pre`, `post`: u64, `resolution_ms`: f64 | the same of sparse synapses, in the order of storage: blocks of 4,096 postsynaptic neurons, in each by presynaptic neuron and delay |
//! | `/biases/POP/SNAPSHOT` | f32 \[post\], attribute `examples_seen`: u64 | the same, of populations with biases |
//! | `/changes/at_ms`, `/changes/what` | f64 \[n\], text \[n\] | what was changed in the course of a continuous run, and when on its clock; absent if nothing was |
//! | `/content_sha256` | text \[n\] | `digest  object` for every other object, as the module `digest` makes them; `apical inspect --check` compares |
//!
//! A continuous run has a row in `/presentations` for each stretch of 100 ms, or piece of one, that is recorded: `train`, without label
//! or target phase. Of some neurons alone, a report has those as its N, with their ids in ascending order.
//!
//! Text is UTF-8 of fixed length, padded with zeros, which h5py gives as `bytes`; in files of version 0.1, which are read, it is
//! of variable length, and there is neither `format` nor `content_sha256`.
//!
//! `/spikes`, `/report` and `/plateaus` have a member for each population recorded. A report is of one unbroken stretch of presentations: where an evaluation or presentations that are not recorded lie between, the next
//! stretch is `/report/POP@2`, then `/report/POP@3` and so on, to readers of SONATA populations of their own; all but `data`
//! and `mapping/time` are hard links to the same of `/report/POP`. No population has an `@` in its name. Spikes
//! and reports are deflated if the model asks for it, and then libsonata's wheel cannot read them.
//!
//! A checkpoint shares `name`, `model`, `populations`, `projections`, `seed`, `/learning`, `/weights` and `/biases` (snapshot
//! `final`) and `/content_sha256` with run files, and adds:
//!
//! | object | type | holds |
//! |---|---|---|
//! | `/` attribute `edited` | u8 = 1 | as in run files |
//! | `/` attribute `format` | text | `apical checkpoint 2`; version 0.1 wrote 1, without digests |
//! | `/` attributes `examples_seen`, `examples_planned`, `tests_done` | u64 | counts of presentations |
//! | `/` attributes `data_source`, `data_sha256` | text \[2\], text | the data of the training, as in run files; of a circuit the folder from which its model names files, and these; absent where there are none |
//! | `/` attribute `validation` | u64 | images of it set aside for tests |
//! | `/` attribute `clock_ms` | f64 | the run's clock; of a continuous run how far it is recorded |
//! | `/` attributes `since_evaluation_examples`, `since_evaluation_errors`, `since_evaluation_loss` | u64, u64, f64 | sums since the last evaluation |
//! | `/centres/PROJECTION` | f64 \[pre\] | running means of filtered trains \[1/ms\]; where `centring_presentations` asks for them |
//! | `/lanes/LANE/populations/POP/{v, drive_l, drive_s, DENDRITE_l, DENDRITE_s}` | f64 \[N\] | of cells with an escape rate: as [`StateArray`]; LANE counts from 0 |
//! | `/lanes/LANE/populations/POP/{mode_M, last_event, refractory_until}` | f64 \[N\] | of cells by their modes: amplitudes of V \[mV\], time of the last event and end of the refractory time \[ms\] from the checkpoint's |
//! | `/lanes/LANE/populations/POP/{applied_current, added_current, raised_threshold}` | f64 \[N\] | the same: currents as `stimulus` and `[[change]]`s gave them \[pA\], and by how much thresholds were raised \[mV\]; absent where all are 0 |
//! | `/lanes/LANE/populations/POP/in_flight_*` | f64 \[n\] | the same: spikes over sparse projections on their way; absent where there are none |
//! | `/lanes/LANE/populations/POP/{v_C, current_K, last_event, refractory_until}` | f64 \[N\] | of cells of several compartments: potentials \[mV\] and synaptic currents \[pA\] at the last event, and times as above |
//! | `/lanes/LANE/populations/POP/{event_E_start, event_E_end, event_E_ready, burst_first, burst_last, burst_count}` | f64 \[N\] | the same: times \[ms\] of each event that lasts and from when on it can be triggered, and of the spikes that may become a burst; the least f64 where there is none |
//! | `/lanes/LANE/populations/POP/{bap_neuron, bap_start, bap_begun}` | f64 \[n\] | the same: back-propagating action potentials on their way, and those that last (1); absent where there are none |
//! | `/lanes/LANE/populations/POP/plastic_I_*` | f64 \[n\], f64 \[N\] | the same: spikes of the sources of its input I that plasticity between spikes remembers (source, times \[ms\], traces), and the last spike of each neuron, or the last signal that its rule acts at (`fired`), with what a burst-dependent rule remembers of it (`memory`) |
//! | `/lanes/LANE/projections/PROJECTION/{trace_l, trace_s}` | f64 \[pre\] | as [`ProjectionState`] |
//! | `/lanes/LANE/projections/PROJECTION/{arrival_ms, arrival_node, arrival_factor}` | f64 \[n\], u32 \[n\], f64 \[n\] | spikes on their way; the part of its weight with which each acts, of short-term plasticity |
//! | `/lanes/LANE/projections/PROJECTION/{short_term_y, short_term_z, short_term_u, short_term_last_ms}` | f64 \[pre\] | state of short-term plasticity |
//!
//! [`StateArray`]: crate::engine::StateArray
//! [`ProjectionState`]: crate::engine::ProjectionState

mod attribute;
mod check;
mod checkpoint;
mod credit;
mod digest;
mod dtype;
mod edges;
mod events;
mod foreign;
mod grid;
mod heap;
mod nwb;
mod open_file;
mod parameters;
mod place;
mod presentation;
mod provenance;
mod reader;
mod recorded_data;
mod report;
mod rows;
mod run;
mod snapshot;
mod sonata;
mod spikes;
mod summary;
mod synapses;
mod tables;

pub use check::verify;
pub use edges::{count_edges, read_edges};
pub use nwb::export_nwb;
pub use open_file::holds_checkpoint;
pub use place::{Unfinished, set_aside_unfinished};
pub use presentation::PresentationRow;
pub use provenance::Provenance;
pub use reader::RunReader;
pub use recorded_data::{CreditTable, EventList, PlateauList, RecordedSpikes, TraceBlock};
pub use run::{RunFile, TextTooLong};
pub use snapshot::{read_bias_snapshot, read_snapshot};
pub use sonata::read_sonata_spikes;
pub use summary::{Contents, Counters, EventSummary, SnapshotSummary, SpikeSummary, Summary, TraceSummary};

use super::{Checkpoint, Evaluation, Presentation, PresentationKind, RecordError, Recorder, SinceEvaluation};
