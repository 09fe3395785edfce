//! `apical plot`.

mod draw;
mod select;
mod title;

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};

pub(super) use self::draw::{neuron_traces, trials};
use self::select::Size;
pub(super) use self::select::{Numbers, Window};
use super::failure::Failure;
use super::files::{Part, spare};
use super::say;
use crate::plot::{Figure, Theme};
use crate::record::hdf5::RunReader;

/// Draw a figure of a run file, as SVG or PNG.
///
/// Spikes, traces and plateaus are drawn where they were recorded: shipped models record the first and the last 20
/// presentations, and `--record` of train, test and simulate says otherwise. Unless asked for, the last of them are drawn, the
/// network as training left it; titles tell which. Phases are shaded; potentials have no unit.
///
///   apical plot raster output/g17-784-500-10-seed1.h5
///
///   apical plot traces run.h5 --population hidden --neurons 3:5 --presentations 0:2 --out traces.png --theme dark
#[derive(Args, Debug)]
pub(super) struct Plot {
    /// What is drawn.
    #[arg(value_enum)]
    what: What,

    /// Run file.
    run: PathBuf,

    /// Write the figure here: an SVG or a PNG, by its name. Default: output/NAME-WHAT.svg, NAME being that of the run file.
    #[arg(long, value_name = "PATH")]
    out: Option<PathBuf>,

    #[command(flatten)]
    selection: Selection,

    /// Width and height in pixels, such as 1600x900. Default: what suits the figure.
    #[arg(long, value_name = "WxH", value_parser = Size::parse)]
    size: Option<Size>,

    /// Background.
    #[arg(long, value_enum, default_value_t = Background::Light)]
    theme: Background,
}

/// Which part of a run is drawn.
#[derive(Args, Debug)]
struct Selection {
    /// One population. Default: all of which there is something.
    #[arg(long, value_name = "NAME")]
    population: Option<String>,

    /// Neurons from A up to, but without, B, as in 0:50. Default: all; of traces the first two, of weights the first 100.
    #[arg(long, value_name = "A:B", value_parser = Numbers::parse)]
    neurons: Option<Numbers>,

    /// Recorded presentations from A up to, but without, B. Default: the last range without a gap; of a raster its last four, of
    /// traces its last two.
    #[arg(long, value_name = "A:B", value_parser = Numbers::parse)]
    presentations: Option<Numbers>,

    /// Start on the run's clock [ms], in place of presentations.
    #[arg(long, value_name = "MS", allow_negative_numbers = true, conflicts_with = "presentations")]
    from: Option<f64>,

    /// End on the run's clock [ms], in place of presentations.
    #[arg(long, value_name = "MS", allow_negative_numbers = true, conflicts_with = "presentations")]
    to: Option<f64>,

    /// Snapshot of the weights. Default: final.
    #[arg(long, value_name = "NAME")]
    snapshot: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum What {
    /// Spikes of populations over time.
    Raster,
    /// Potentials of soma and dendrites with spikes, plateaus and teaching currents.
    Traces,
    /// Distributions of plateau potentials at the ends of both phases, and of their difference.
    Plateaus,
    /// Firing rates of neurons, and over the time of a phase.
    Rates,
    /// Inter-spike intervals and their coefficient of variation.
    Isi,
    /// Errors and loss over the training presentations.
    Learning,
    /// Answers by label: of the last test, or of the training images if there was none.
    Confusion,
    /// Weights: receptive fields where the input is a square image, else a matrix.
    Weights,
    /// Lengths of forward and target phases.
    Phases,
    /// Angle between changes of hidden weights and those by backpropagation, of runs with `--set recording.credit=true`.
    Angle,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Background {
    /// Black on white.
    Light,
    /// White on almost black.
    Dark,
}

/// The file formats.
#[derive(Clone, Copy, Debug)]
enum Format {
    Svg,
    Png,
}

impl Plot {
    pub(super) fn execute(self) -> Result<(), Failure> {
        self.selection.check(self.what)?;
        let (path, format) = self.destination()?;
        let run = RunReader::open(&self.run).map_err(anyhow::Error::from)?;
        let mut figure = draw::figure(self.what, &run, &self.run, &self.selection)?;
        figure.title = title(&figure.title, &run)?;
        if let Some(Size(size)) = self.size {
            let [w, h] = std::mem::replace(&mut figure.size, size);
            if !figure.has_room() {
                let said = "too small for what is to be shown";
                return Err(anyhow::anyhow!("--size {}x{}: {said}; by default it is {w}x{h}", size[0], size[1]).into());
            }
        }
        figure.theme = match self.theme {
            Background::Light => Theme::Light,
            Background::Dark => Theme::Dark,
        };
        write(&path, format, &figure, self.out.is_none())?;
        say::result(format_args!("figure: {}", path.display()))
    }

    /// Where the figure is to be written, and as what.
    fn destination(&self) -> anyhow::Result<(PathBuf, Format)> {
        let Some(out) = &self.out else {
            let stem = self.run.file_stem().unwrap_or_default().to_string_lossy();
            return Ok((Path::new("output").join(format!("{stem}-{}.svg", self.what.name())), Format::Svg));
        };
        let format = match out.extension().and_then(OsStr::to_str).map(str::to_ascii_lowercase).as_deref() {
            Some("svg") => Format::Svg,
            Some("png") => Format::Png,
            _ => bail!("--out {}: expected a name that ends in .svg or .png", out.display()),
        };
        let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty());
        if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
            bail!("--out {}: there is no folder `{}`", out.display(), folder.display());
        }
        if out.is_dir() {
            bail!("--out {}: expected the path of a file, found a folder", out.display());
        }
        spare("--out", out, &self.run)?;
        Ok((out.clone(), format))
    }
}

impl What {
    /// What it shows, as a figure's title has it.
    fn said(self) -> &'static str {
        match self {
            Self::Raster => "spikes",
            Self::Traces => "potentials",
            Self::Plateaus => "plateau potentials",
            Self::Rates => "firing rates",
            Self::Isi => "inter-spike intervals",
            Self::Learning => "learning",
            Self::Confusion => "answers",
            Self::Weights => "weights",
            Self::Phases => "lengths of phases",
            Self::Angle => "assignment of credit",
        }
    }

    /// Its name on the command line.
    fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

fn title(what: &str, run: &RunReader) -> anyhow::Result<String> {
    let name = run.name()?;
    Ok(if what.is_empty() { name } else { format!("{name}: {what}") })
}

/// Writes a figure, into a folder that is made where it is ours.
fn write(path: &Path, format: Format, figure: &Figure, in_output: bool) -> Result<(), Failure> {
    if in_output {
        fs::create_dir_all("output").context("cannot create the folder output; give --out PATH")?;
    }
    let bytes = match format {
        Format::Svg => figure.svg().into_bytes(),
        Format::Png => figure.png(),
    };
    Part::create(path)?.complete(&bytes)
}
