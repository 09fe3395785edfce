//! Threads that stay awake between the short windows of a circuit.
//!
//! A window of a tenth of a millisecond takes some ten microseconds, and a thread that went to sleep takes as long to wake.

use std::hint::spin_loop;
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::Yield;

/// Pause between two looks for work from which on other programs go first, in spins.
const LONGEST_PAUSE: u32 = 64;

/// Does work on a thread of the pool, while so many others at most look for parts of it without going to sleep.
pub(crate) fn keep_awake<R: Send>(others: usize, work: impl FnOnce() -> R + Send) -> R {
    let over = AtomicBool::new(false);
    rayon::scope(|scope| {
        if others == 0 || rayon::current_num_threads() == 1 {
            return work();
        }
        let own = rayon::current_thread_index().unwrap_or(0);
        let over = &over;
        scope.spawn_broadcast(move |_, context| {
            let place = (context.index() + context.num_threads() - own) % context.num_threads();
            if (1..=others).contains(&place) {
                look_for_work(over);
            }
        });
        let _ends = EndOnDrop(over);
        work()
    })
}

/// Takes what other threads leave until it is over.
fn look_for_work(over: &AtomicBool) {
    let mut pause = 1;
    while !over.load(Ordering::Acquire) {
        if rayon::yield_now() == Some(Yield::Executed) {
            pause = 1;
        } else if pause < LONGEST_PAUSE {
            (0..pause).for_each(|_| spin_loop());
            pause *= 2;
        } else {
            // Other programs may want the core.
            std::thread::yield_now();
        }
    }
}

/// EndOnDrop the looking, also where work panics.
struct EndOnDrop<'a>(&'a AtomicBool);

impl Drop for EndOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on_threads<R: Send>(threads: usize, work: impl FnOnce() -> R + Send) -> R {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(work)
    }

    #[test]
    fn work_is_shared_and_ends() {
        for (threads, others) in [(1, 3), (2, 0), (2, 1), (4, 2), (3, 9)] {
            let sum = || (0..1000).map(|n| rayon::join(|| n, || n).0).sum::<u64>();
            assert_eq!(on_threads(threads, || keep_awake(others, sum)), 499_500);
            let nested = || keep_awake(others, || keep_awake(others, sum));
            assert_eq!(on_threads(threads, nested), 499_500);
        }
    }

    #[test]
    fn a_panic_ends_it() {
        let ended = std::panic::catch_unwind(|| on_threads(2, || keep_awake(1, || panic!("expected"))));
        assert!(ended.is_err());
    }
}
