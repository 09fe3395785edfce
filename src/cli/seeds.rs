//! Runs of several seeds, several at a time, on a share of the threads each.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use anyhow::Context;
use rayon::ThreadPoolBuilder;

use super::exit;
use super::failure::Failure;

/// Calls `one(index, threads)` for indices 0 to `count` − 1, at most `at_once` at a time, each on its share of the threads, and
/// returns the results by index. `done` is called by index, as soon as a run and all before it have ended. After a failure
/// the runs at work are completed and no further one begins.
///
/// # Errors
/// The first failure. A refusal becomes a failure while running if other runs have begun.
pub(super) fn run_parallel<T: Send>(
    count: usize,
    (at_once, threads): (usize, usize),
    one: impl Fn(usize, usize) -> Result<T, Failure> + Sync,
    done: impl FnMut(&T) -> Result<(), Failure> + Send,
) -> Result<Vec<T>, Failure> {
    let at_once = at_once.clamp(1, count.max(1));
    let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let gathered =
        Mutex::new(SeedResults { results: (0..count).map(|_| None).collect(), reported: 0, failed: Vec::new(), done });
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
    let SeedResults { results, failed, .. } = gathered.into_inner().unwrap_or_else(PoisonError::into_inner);
    let begun = next.into_inner().min(count);
    match first_of(failed) {
        Some(failure) if begun > 1 => Err(failure.into_runtime()),
        Some(failure) => Err(failure),
        None => Ok(results.into_iter().flatten().collect()),
    }
}

/// The results of runs so far.
struct SeedResults<T, D> {
    results: Vec<Option<T>>,
    /// How many of them were passed to `done`.
    reported: usize,
    failed: Vec<(usize, Failure)>,
    done: D,
}

impl<T, D: FnMut(&T) -> Result<(), Failure>> SeedResults<T, D> {
    /// Stores the result of a run; an error if no further run is to begin.
    fn take(&mut self, index: usize, ended: Result<T, Failure>) -> Result<(), ()> {
        let reported = ended.and_then(|result| {
            self.results[index] = Some(result);
            while let Some(Some(result)) = self.results.get(self.reported) {
                self.reported += 1;
                (self.done)(result)?;
            }
            Ok(())
        });
        reported.map_err(|failure| self.failed.push((index, failure)))
    }
}

/// The failure to end with: the first that is not an interruption. Prints the others.
fn first_of(mut failed: Vec<(usize, Failure)>) -> Option<Failure> {
    failed.sort_by_key(|(index, failure)| (matches!(failure, Failure::Interrupted), *index));
    let mut failed = failed.into_iter().map(|(_, failure)| failure);
    let first = failed.next();
    failed.filter(|failure| !matches!(failure, Failure::Interrupted)).for_each(|failure| _ = exit::report(failure));
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
            let mut reported = Vec::new();
            let ran = run_parallel(5, (at_once, threads), one, |&index| {
                reported.push(index);
                Ok(())
            });
            assert_eq!((ran.unwrap(), reported), (vec![0, 1, 2, 3, 4], vec![0, 1, 2, 3, 4]));
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
            (run_parallel(100, (at_once, at_once), one, |()| Ok(())).unwrap_err(), begun.into_inner())
        };
        assert!(matches!(failing(0, 1), (Failure::Refused(_), 1)), "nothing ran");
        assert!(matches!(failing(1, 1), (Failure::Failed(error), 2) if error.to_string() == "1"));
        let (failure, begun) = failing(0, 4);
        assert!(matches!(failure, Failure::Refused(_) | Failure::Failed(_)) && begun <= 8, "{begun}");
        let interrupted = run_parallel(2, (2, 2), |_, _| Err::<(), _>(Failure::Interrupted), |()| Ok(()));
        assert!(matches!(interrupted, Err(Failure::Interrupted)));
    }
}
