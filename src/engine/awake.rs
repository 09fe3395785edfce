//! Threads that stay awake between the short windows of a circuit.
//!
//! A window of a tenth of a millisecond takes some ten microseconds, and a thread that went to sleep takes as long to wake.
//!
//! A thread that looks for work does so on top of whatever it was at when it began, which others may wait for. So it never looks without
//! bound: it stops where it finds nothing for a while, and where a second piece of work begins, and nothing waits for it.

use std::hint::spin_loop;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rayon::Yield;

/// Pause between two looks for work from which on other programs go first, in spins.
const LONGEST_PAUSE: u32 = 64;

/// So many looks in a row at most find nothing after such a pause: some milliseconds.
const MOST_IDLE_LOOKS: u32 = 1000;

/// Pieces of work for which threads may be kept awake now.
static RUNNING: AtomicUsize = AtomicUsize::new(0);

/// Does work on a thread of the pool, while so many others at most look for parts of it without going to sleep.
pub(crate) fn keep_awake<R: Send>(others: usize, work: impl FnOnce() -> R + Send) -> R {
    rayon::scope(|_| {
        let running = RunningWork::begin();
        if others > 0 && rayon::current_num_threads() > 1 && is_alone() {
            let own = rayon::current_thread_index().unwrap_or(0);
            let over = Arc::clone(&running.over);
            rayon::spawn_broadcast(move |context| {
                let place = (context.index() + context.num_threads() - own) % context.num_threads();
                if (1..=others).contains(&place) {
                    look_for_work(&over);
                }
            });
        }
        work()
    })
}

/// Takes what other threads leave, until the work is over or there is nothing to take.
fn look_for_work(over: &AtomicBool) {
    let (mut pause, mut idle) = (1, 0);
    while !over.load(Ordering::Acquire) && is_alone() && idle < MOST_IDLE_LOOKS {
        if rayon::yield_now() == Some(Yield::Executed) {
            (pause, idle) = (1, 0);
        } else if pause < LONGEST_PAUSE {
            (0..pause).for_each(|_| spin_loop());
            pause *= 2;
        } else {
            // Other programs may want the core.
            std::thread::yield_now();
            idle += 1;
        }
    }
}

/// Whether no more than one piece of work runs.
fn is_alone() -> bool {
    RUNNING.load(Ordering::Relaxed) <= 1
}

/// A piece of work from its beginning to its end, also where it panics.
struct RunningWork {
    over: Arc<AtomicBool>,
}

impl RunningWork {
    fn begin() -> Self {
        RUNNING.fetch_add(1, Ordering::Relaxed);
        Self { over: Arc::new(AtomicBool::new(false)) }
    }
}

impl Drop for RunningWork {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Release);
        RUNNING.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on_threads<R: Send>(threads: usize, work: impl FnOnce() -> R + Send) -> R {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(work)
    }

    /// Σ 0 … n − 1 by joins within joins.
    fn sum(from: u64, to: u64) -> u64 {
        if to - from == 1 {
            return from;
        }
        let (below, above) = rayon::join(|| sum(from, u64::midpoint(from, to)), || sum(u64::midpoint(from, to), to));
        below + above
    }

    #[test]
    fn work_is_shared_and_ends() {
        for (threads, others) in [(1, 3), (2, 0), (2, 1), (4, 2), (3, 9)] {
            assert_eq!(on_threads(threads, || keep_awake(others, || sum(0, 1000))), 499_500);
            assert_eq!(on_threads(threads, || keep_awake(others, || keep_awake(others, || sum(0, 1000)))), 499_500);
        }
    }

    /// Several callers share one pool, and each waits for parts that others have taken.
    #[test]
    fn several_pieces_of_work_in_one_pool_end() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        assert_eq!(pool.install(|| keep_awake(2, || sum(0, 500))), 124_750);
                    }
                });
            }
        });
    }

    #[test]
    fn a_thread_that_finds_nothing_stops_looking() {
        on_threads(2, || look_for_work(&AtomicBool::new(false)));
    }

    #[test]
    fn a_panic_ends_it() {
        let ended = std::panic::catch_unwind(|| on_threads(2, || keep_awake(1, || panic!("expected"))));
        assert!(ended.is_err());
    }
}
