//! The options of `apical compare`.

use std::path::PathBuf;

use clap::Args;
use clap::builder::RangedU64ValueParser;

use super::recurrent;
use crate::cli::options::{Seeds, parse_seeds};
use crate::model::Stimuli;

/// Compare learning rules: train networks of rates by each on the same images, in the same order, with the same seeds.
///
/// Prints a Markdown table of final errors with their spread over seeds, angles of the first layer's changes to those of
/// backprop, and cost. Without --rules all rules are trained. With --representations, the layers of these networks and of
/// checkpoints are compared by RSA and linear CKA on the same test images, each encoded as in the network's own model; with
/// --representations and without --rules, those of the checkpoints alone. With --task, rules of recurrent networks are
/// compared instead.
///
///   apical compare g17-784-500-10 --rules backprop,feedback-alignment --seeds 1..3
///
///   apical compare --sizes 784,500,100,10 --rules feedback-alignment,direct-feedback-alignment
///
///   apical compare --task adding --seeds 1..3
///
///   apical compare --rules backprop --representations a.checkpoint.h5,rate:a.checkpoint.h5
#[derive(Args, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub(in crate::cli) struct CompareCommand {
    /// Model file, or name of a shipped model, to compare rules on: on networks of the sizes of its populations, with its
    /// stimuli.
    #[arg(conflicts_with_all = ["sizes", "validation", "task"])]
    pub(super) model: Option<PathBuf>,

    /// Rules to train, by name.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(super) rules: Vec<String>,

    /// List the rules (with --task those of recurrent networks) and their learning rates, and train none.
    #[arg(long, conflicts_with_all = ["json", "out", "representations"])]
    pub(super) list: bool,

    /// Sizes of the layers, from input to output; --task rows takes the first and the last. Default: 784,500,10.
    #[arg(long, value_name = "SIZES", value_delimiter = ',',
        value_parser = RangedU64ValueParser::<usize>::new().range(1..=1_000_000))]
    pub(super) sizes: Vec<usize>,

    /// Seeds, as in `1..5` (both included) or `1,2,7`.
    #[arg(long, value_name = "SEEDS", value_parser = parse_seeds, default_value = "1")]
    pub(super) seeds: Seeds,

    /// Passes through the training images, in place of each rule's own number.
    #[arg(long, value_name = "N")]
    pub(super) epochs: Option<u32>,

    /// Examples in a batch, in place of each rule's own number.
    #[arg(long, value_name = "N")]
    pub(super) batch: Option<usize>,

    /// Learning rates of all layers, in place of each rule's own; with --task one for the whole network, of every rule.
    #[arg(long, value_name = "RATES", value_delimiter = ',')]
    pub(super) rates: Vec<f64>,

    /// Momentum, in place of each rule's own.
    #[arg(long, value_name = "MU")]
    pub(super) momentum: Option<f64>,

    /// Set so many training images aside and test on them; the test set is not touched.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(super) validation: usize,

    /// Checkpoints whose layers are compared with each other and with those of the rules (of their first seed): PATH as
    /// spikes, `rate:PATH` as the noiseless twin.
    #[arg(long, value_name = "CHECKPOINTS", value_delimiter = ',')]
    pub(super) representations: Vec<String>,

    /// Take checkpoints even if they were changed after they were written; the results say which were.
    #[arg(long, requires = "representations")]
    pub(super) accept_edited: bool,

    /// Test images over which representations are compared.
    #[arg(long, value_name = "N", default_value = "300")]
    pub(super) images: std::num::NonZeroUsize,

    /// Stimuli: the model's, else images.
    #[arg(skip)]
    pub(super) stimuli: Option<Stimuli>,

    #[command(flatten)]
    pub(super) recurrent: recurrent::Options,

    /// Folder of IDX files, plain or gzipped. Default: that of the checkpoint's training, of the model, or data/mnist.
    #[arg(long, value_name = "DIR")]
    pub(super) data: Option<PathBuf>,

    /// Write the results there, too, as JSON, and a figure beside it as SVG.
    #[arg(long, value_name = "PATH")]
    pub(super) out: Option<PathBuf>,

    /// No progress on standard error.
    #[arg(long)]
    pub(super) quiet: bool,

    /// Print the results as one JSON object in place of the table.
    #[arg(long)]
    pub(super) json: bool,
}
