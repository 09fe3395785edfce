//! Ctrl-C: the first finishes the presentation and saves all, the second ends the process at once.

use std::ops::ControlFlow;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

static STOP: AtomicBool = AtomicBool::new(false);
/// When it was asked first.
static ASKED: OnceLock<Instant> = OnceLock::new();

/// Signals that follow one another so soon are one: `timeout` sends its own to the process and to its group.
const ONE: Duration = Duration::from_secs(1);

/// Listens for Ctrl-C and the signal to terminate from now on.
pub(super) fn listen() -> anyhow::Result<()> {
    ctrlc::set_handler(|| {
        let first = ASKED.get_or_init(Instant::now);
        if STOP.swap(true, Ordering::Relaxed) && first.elapsed() > ONE {
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
