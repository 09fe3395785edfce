//! `apical view`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::Args;

use super::disk::size;
use super::failure::Failure;
use super::files::{OwnFile, PartialFile, refuse_model, refuse_overwrite};
use super::plot::IndexRange;
use super::terminal;
use crate::model::Model;
use crate::view::{LiveParts, Parts, RunParts, Server, export, serve};

/// Largest size of the recorded numbers in one page [bytes]: browsers limit the length of its text.
const LARGEST_PAGE: usize = 300_000_000;

/// Look at a run file in the browser: raster, potentials, plateaus, images, learning, receptive fields.
///
/// Prints the address of a page on 127.0.0.1 and serves it, to this machine alone, until Ctrl-C. Drag to pan, wheel to
/// zoom, shift and wheel to zoom into neurons; click a neuron for its traces and weights. Images are shown where those
/// of the run are at hand.
///
///   apical view output/g17-784-500-10-seed1.h5 --open
///
///   apical view run.h5 --export page.html
#[derive(Args, Debug)]
pub(super) struct ViewCommand {
    /// Run file.
    run: PathBuf,

    /// Recorded presentations from A up to, but without, B, as in 0:50. Default: all.
    #[arg(long, value_name = "A:B", value_parser = IndexRange::parse)]
    presentations: Option<IndexRange>,

    /// Folder of the IDX files that were shown, in place of where they were when the run was made.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,

    /// Port to serve on. Default: any that is free.
    #[arg(long, value_name = "N", conflicts_with = "export")]
    port: Option<u16>,

    /// Open the page in the browser.
    #[arg(long, conflicts_with = "export")]
    open: bool,

    /// Write the page there with all that it shows in it, to be opened without apical, and serve nothing.
    #[arg(long, value_name = "FILE.html")]
    export: Option<PathBuf>,
}

impl ViewCommand {
    pub(super) fn execute(self) -> Result<(), Failure> {
        refuse_model(&self.run, OwnFile::Run)?;
        let range = self.presentations.map(IndexRange::range);
        let run = RunParts::open(&self.run, self.data.as_deref(), range).map_err(anyhow::Error::from)?;
        if let Some(asked) = self.presentations.filter(|_| run.shown().is_empty()) {
            let file = self.run.display();
            return Err(anyhow::anyhow!("--presentations {asked}: {file} recorded none of them").into());
        }
        if self.data.is_some() && !run.has_stimuli() {
            let file = self.run.display();
            return Err(anyhow::anyhow!("--data: {file} holds no presentations of images").into());
        }
        // Served from where they are by default, images are read when they are first looked at.
        if (self.data.is_some() || self.export.is_some())
            && let Err(why) = run.load_images().map_err(anyhow::Error::from)
        {
            if self.data.is_some() {
                return Err(why.into());
            }
            terminal::print_message(format_args!("not all images are shown: {why:#}"));
        }
        match &self.export {
            Some(path) => self.write(path, &run),
            None => self.serve(run),
        }
    }

    fn serve(&self, run: RunParts) -> Result<(), Failure> {
        let server = start(self.port, self.open)?;
        terminal::print_result(format_args!("page: {}", server.url()))?;
        terminal::print_message("Ctrl-C ends it");
        let parts: Arc<dyn Parts> = Arc::new(run);
        serve(&server, &parts);
        Ok(())
    }

    fn write(&self, path: &Path, run: &RunParts) -> Result<(), Failure> {
        check(path, run)?;
        refuse_overwrite("--export", path, &self.run)?;
        let page = export(run).map_err(anyhow::Error::from)?;
        PartialFile::create(path)?.complete(page.as_bytes())?;
        terminal::print_result(format_args!("page: {} ({})", path.display(), size(page.len() as u64)))
    }
}

/// Refuses a page that cannot be written or would be too large.
fn check(path: &Path, run: &RunParts) -> anyhow::Result<()> {
    let html = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("html") || end.eq_ignore_ascii_case("htm"));
    if !html || path.is_dir() {
        bail!("--export {}: expected a name that ends in .html", path.display());
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
        bail!("--export {}: there is no folder `{}`", path.display(), folder.display());
    }
    let bytes = run.bytes()?;
    if bytes > LARGEST_PAGE {
        let (found, most) = (size(bytes as u64), size(LARGEST_PAGE as u64));
        bail!("--export: what was recorded takes {found}, a page {most} at most; choose by --presentations A:B");
    }
    Ok(())
}

/// Serves a page of runs of this model in a thread of its own and prints its address.
pub(super) fn serve_live(model: &Model) -> anyhow::Result<Arc<LiveParts>> {
    let server = start(None, false)?;
    terminal::print_message(format_args!("page: {}", server.url()));
    let parts = Arc::new(LiveParts::new(model));
    let served: Arc<dyn Parts> = Arc::<LiveParts>::clone(&parts);
    std::thread::spawn(move || serve(&server, &served));
    Ok(parts)
}

/// Binds a port and, with `--open`, opens the page in the browser.
fn start(port: Option<u16>, open: bool) -> anyhow::Result<Server> {
    let port = port.unwrap_or(0);
    let server = Server::bind(port).with_context(|| format!("cannot serve on port {port} of 127.0.0.1"))?;
    let url = server.url();
    if open && let Err(error) = open::that_detached(&url) {
        terminal::print_message(format_args!("no browser could be opened ({error}); open {url} yourself"));
    }
    Ok(server)
}
