//! `apical plot`.

mod figure_source;
mod kind;
mod rates;
mod select;
mod title;
mod trains;

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};

use self::kind::FigureKind;
pub(super) use self::select::IndexRange;
use self::select::{Selection, Size};
use super::failure::Failure;
use super::files::{OwnFile, PartialFile, refuse_model, refuse_overwrite};
use super::terminal;
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
pub(super) struct PlotCommand {
    /// What is drawn.
    #[arg(value_enum)]
    what: FigureKind,

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

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Background {
    /// Black on white.
    Light,
    /// White on almost black.
    Dark,
}

/// The file formats.
#[derive(Clone, Copy, Debug)]
enum ImageFormat {
    Svg,
    Png,
}

impl PlotCommand {
    pub(super) fn execute(self) -> Result<(), Failure> {
        self.selection.check(self.what)?;
        let (path, format) = self.destination()?;
        refuse_model(&self.run, OwnFile::Run)?;
        let run = RunReader::open(&self.run).map_err(anyhow::Error::from)?;
        let mut figure = figure_source::figure(self.what, &run, &self.run, &self.selection)?;
        figure.title = title(&figure.title, &run)?;
        if let Some(Size(size)) = self.size {
            let [w, h] = std::mem::replace(&mut figure.size, size);
            if !figure.has_room() {
                let why = "too small for what is to be shown";
                return Err(anyhow::anyhow!("--size {}x{}: {why}; by default it is {w}x{h}", size[0], size[1]).into());
            }
        }
        figure.theme = match self.theme {
            Background::Light => Theme::Light,
            Background::Dark => Theme::Dark,
        };
        write(&path, format, &figure, self.out.is_none())?;
        terminal::print_result(format_args!("figure: {}", path.display()))
    }

    /// Path and format of the figure.
    fn destination(&self) -> anyhow::Result<(PathBuf, ImageFormat)> {
        let Some(out) = &self.out else {
            let stem = self.run.file_stem().unwrap_or_default().to_string_lossy();
            return Ok((Path::new("output").join(format!("{stem}-{}.svg", self.what.name())), ImageFormat::Svg));
        };
        let format = match out.extension().and_then(OsStr::to_str).map(str::to_ascii_lowercase).as_deref() {
            Some("svg") => ImageFormat::Svg,
            Some("png") => ImageFormat::Png,
            _ => bail!("--out {}: expected a name that ends in .svg or .png", out.display()),
        };
        let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty());
        if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
            bail!("--out {}: there is no folder `{}`", out.display(), folder.display());
        }
        if out.is_dir() {
            bail!("--out {}: expected the path of a file, found a folder", out.display());
        }
        refuse_overwrite("--out", out, &self.run)?;
        Ok((out.clone(), format))
    }
}

fn title(what: &str, run: &RunReader) -> anyhow::Result<String> {
    let name = run.name()?;
    Ok(if what.is_empty() { name } else { format!("{name}: {what}") })
}

/// Writes a figure; the folder `output` is created if there is none.
fn write(path: &Path, format: ImageFormat, figure: &Figure, in_output: bool) -> Result<(), Failure> {
    if in_output {
        fs::create_dir_all("output").context("cannot create the folder output; give --out PATH")?;
    }
    let bytes = match format {
        ImageFormat::Svg => figure.svg().into_bytes(),
        ImageFormat::Png => figure.png(),
    };
    PartialFile::create(path)?.complete(&bytes)
}
