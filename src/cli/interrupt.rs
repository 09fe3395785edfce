//! Signals that end the process: SIGINT (Ctrl-C), SIGTERM and SIGHUP.
//!
//! While a [`Guard`] is held, the command handles the first signal: it finishes the presentation, saves and ends. Without a
//! guard, and at a second signal more than a second after the first, the process ends at once. The exit code is 128 plus the
//! number of the signal. A write beyond a limit on file sizes (SIGXFSZ) fails as on a full disk.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};

/// Number of the signal of Ctrl-C.
const INTERRUPT: i32 = 2;

/// The signal received; 0: none.
static SIGNAL: AtomicI32 = AtomicI32::new(0);
/// Number of guards held.
static GUARDS: AtomicUsize = AtomicUsize::new(0);

/// While it lives, a signal does not end the process: the command polls [`requested`], saves and ends.
pub(super) struct Guard(());

/// Leaves the first signal to the command for as long as the guard lives.
pub(super) fn hold() -> Guard {
    GUARDS.fetch_add(1, Ordering::SeqCst);
    Guard(())
}

impl Drop for Guard {
    fn drop(&mut self) {
        GUARDS.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Installs the signal handlers.
#[cfg(unix)]
pub(super) fn listen() -> std::io::Result<()> {
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;
    use std::time::{Duration, Instant};

    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
    use signal_hook::iterator::Signals;

    /// Signals this close to the first are the same request: `timeout` signals both the process and its group.
    const SAME_REQUEST: Duration = Duration::from_secs(1);

    // With a handler SIGXFSZ does not kill the process: the write fails with EFBIG.
    signal_hook::flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false)))?;
    let hangup = (!ignores_hangup()).then_some(SIGHUP);
    let mut signals = Signals::new([SIGINT, SIGTERM].into_iter().chain(hangup))?;
    std::thread::spawn(move || {
        let mut first: Option<Instant> = None;
        for signal in signals.forever() {
            let again = first.is_some_and(|first| first.elapsed() > SAME_REQUEST);
            if GUARDS.load(Ordering::SeqCst) == 0 || again {
                signal_hook::low_level::exit(i32::from(code_after(signal)));
            }
            first.get_or_insert_with(Instant::now);
            // The first signal decides the exit code.
            let _ = SIGNAL.compare_exchange(0, signal, Ordering::SeqCst, Ordering::SeqCst);
        }
    });
    Ok(())
}

/// Without Unix signals Ctrl-C ends the process at once.
#[cfg(not(unix))]
pub(super) fn listen() -> std::io::Result<()> {
    Ok(())
}

/// Whether the process was started to outlive its terminal, as by `nohup`.
#[cfg(unix)]
fn ignores_hangup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| u64::from_str_radix(line.strip_prefix("SigIgn:")?.trim(), 16).ok());
    ignored.is_some_and(|mask| mask & (1 << (signal_hook::consts::SIGHUP - 1)) != 0)
}

/// Whether to continue: `Break` once a signal was received.
pub(super) fn flow() -> ControlFlow<()> {
    if requested() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}

/// Whether a signal was received.
pub(super) fn requested() -> bool {
    SIGNAL.load(Ordering::SeqCst) != 0
}

/// The exit code of an interrupted command.
pub(super) fn exit_code() -> u8 {
    match SIGNAL.load(Ordering::SeqCst) {
        0 => code_after(INTERRUPT),
        signal => code_after(signal),
    }
}

/// The exit code of a signal, as in shells.
fn code_after(signal: i32) -> u8 {
    128 + signal as u8
}
