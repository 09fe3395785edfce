//! Ctrl-C: the first finishes the presentation and saves all, the second ends the process at once.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

static STOP: AtomicBool = AtomicBool::new(false);

/// Listens for Ctrl-C and the signal to terminate from now on.
pub(super) fn listen() -> anyhow::Result<()> {
    ctrlc::set_handler(|| {
        if STOP.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    })?;
    Ok(())
}

/// Whether to go on.
pub(super) fn flow() -> ControlFlow<()> {
    if asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}

/// Whether the run was asked to stop.
pub(super) fn asked() -> bool {
    STOP.load(Ordering::Relaxed)
}
