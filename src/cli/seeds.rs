//! Runs of several seeds, side by side on the threads given.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use anyhow::Context;
use rayon::ThreadPoolBuilder;

use super::failure::Failure;

/// Runs `one` for 0 to `count` − 1, no more `at_once` than that, and gives the results in this order. Each run works on its
/// share of the threads, passed to it; `done` is called in order, as soon as a run and all before it have ended. A run that
/// fails lets those beside it go on to their ends, and no further one begins.
///
/// # Errors
/// The first failure; a refusal is one, too, where other runs have begun.
pub(super) fn side_by_side<T: Send>(
    count: usize,
    (at_once, threads): (usize, usize),
    one: impl Fn(usize, usize) -> Result<T, Failure> + Sync,
    done: impl FnMut(&T) -> Result<(), Failure> + Send,
) -> Result<Vec<T>, Failure> {
    let at_once = at_once.clamp(1, count.max(1));
    let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let gathered =
        Mutex::new(Gathered { results: (0..count).map(|_| None).collect(), told: 0, failed: Vec::new(), done });
    let work = |share: usize| {
        while !stop.load(Ordering::SeqCst) {
            let index = next.fetch_add(1, Ordering::SeqCst);
            if index >= count {
                return;
            }
            let ended = one(index, share);
            let taken = gathered.lock().unwrap_or_else(PoisonError::into_inner).take(index, ended);
            stop.fetch_or(taken.is_err(), Ordering::SeqCst);
        }
    };
    if at_once == 1 {
        work(threads);
    } else {
        let pools = (0..at_once).map(|worker| {
            let share = threads / at_once + usize::from(worker < threads % at_once);
            ThreadPoolBuilder::new()
                .num_threads(share.max(1))
                .build()
                .context("cannot start threads; give fewer by --threads")
        });
        let pools = pools.collect::<anyhow::Result<Vec<_>>>()?;
        std::thread::scope(|scope| {
            for pool in &pools {
                scope.spawn(|| pool.install(|| work(pool.current_num_threads())));
            }
        });
    }
    let Gathered { results, failed, .. } = gathered.into_inner().unwrap_or_else(PoisonError::into_inner);
    let begun = next.into_inner().min(count);
    match first_of(failed) {
        Some(failure) if begun > 1 => Err(failure.on_the_way()),
        Some(failure) => Err(failure),
        None => Ok(results.into_iter().flatten().collect()),
    }
}

/// What runs came to so far.
struct Gathered<T, D> {
    results: Vec<Option<T>>,
    /// How many of them were handed to `done`.
    told: usize,
    failed: Vec<(usize, Failure)>,
    done: D,
}

impl<T, D: FnMut(&T) -> Result<(), Failure>> Gathered<T, D> {
    /// Takes the end of a run; an error if no further one is to begin.
    fn take(&mut self, index: usize, ended: Result<T, Failure>) -> Result<(), ()> {
        let told = ended.and_then(|result| {
            self.results[index] = Some(result);
            while let Some(Some(result)) = self.results.get(self.told) {
                self.told += 1;
                (self.done)(result)?;
            }
            Ok(())
        });
        told.map_err(|failure| self.failed.push((index, failure)))
    }
}

/// The failure to end with: the first that is more than an interruption. The others are reported here.
fn first_of(mut failed: Vec<(usize, Failure)>) -> Option<Failure> {
    failed.sort_by_key(|(index, failure)| (matches!(failure, Failure::Interrupted), *index));
    let mut failed = failed.into_iter().map(|(_, failure)| failure);
    let first = failed.next();
    failed.filter(|failure| !matches!(failure, Failure::Interrupted)).for_each(|failure| _ = failure.report());
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order_and_no_more_run_than_may() {
        for (at_once, threads) in [(1, 1), (3, 4), (4, 4), (9, 9)] {
            let (running, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
            let one = |index: usize, share: usize| {
                let now = running.fetch_add(1, Ordering::SeqCst) + 1;
                most.fetch_max(now, Ordering::SeqCst);
                // The later, the sooner.
                std::thread::sleep(std::time::Duration::from_millis(5 * (5 - index as u64)));
                running.fetch_sub(1, Ordering::SeqCst);
                assert_eq!(share, if at_once == 1 { threads } else { rayon::current_num_threads() });
                Ok(index)
            };
            let mut told = Vec::new();
            let ran = side_by_side(5, (at_once, threads), one, |&index| {
                told.push(index);
                Ok(())
            });
            assert_eq!((ran.unwrap(), told), (vec![0, 1, 2, 3, 4], vec![0, 1, 2, 3, 4]));
            assert!(most.into_inner() <= at_once);
        }
    }

    #[test]
    fn after_a_failure_nothing_begins_and_the_first_is_reported() {
        let refused = |index: usize| Failure::Refused(anyhow::anyhow!("{index}"));
        let failing = |at: usize, at_once: usize| {
            let begun = AtomicUsize::new(0);
            let one = |index: usize, _: usize| {
                begun.fetch_add(1, Ordering::SeqCst);
                if index >= at { Err(refused(index)) } else { Ok(()) }
            };
            (side_by_side(100, (at_once, at_once), one, |()| Ok(())).unwrap_err(), begun.into_inner())
        };
        assert!(matches!(failing(0, 1), (Failure::Refused(_), 1)), "nothing ran");
        assert!(matches!(failing(1, 1), (Failure::Failed(error), 2) if error.to_string() == "1"));
        let (failure, begun) = failing(0, 4);
        assert!(matches!(failure, Failure::Refused(_) | Failure::Failed(_)) && begun <= 8, "{begun}");
        let interrupted = side_by_side(2, (2, 2), |_, _| Err::<(), _>(Failure::Interrupted), |()| Ok(()));
        assert!(matches!(interrupted, Err(Failure::Interrupted)));
    }
}
