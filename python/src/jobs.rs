//! Work that takes a while: in the threads of the package, without the interpreter's lock, while the thread that called waits for
//! signals and passes on what the work reports.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use apical::training::threads_of_environment;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::errors::RunError;

/// Longest time between two looks for a signal.
const SIGNALS: Duration = Duration::from_millis(50);

/// Largest number of threads, as on the command line.
const MOST_THREADS: usize = 1024;

/// The threads of this process.
struct Threads {
    /// The process that started them: in one that forked from it they are not.
    process: u32,
    pool: Arc<ThreadPool>,
}

static THREADS: Mutex<Option<Threads>> = Mutex::new(None);

/// Sets the number of threads that runs of this process use; results do not depend on it.
///
/// Without it: `RAYON_NUM_THREADS`, or `SLURM_CPUS_PER_TASK`, or all cores.
#[pyfunction]
pub(crate) fn set_threads(number: usize) -> PyResult<()> {
    if !(1..=MOST_THREADS).contains(&number) {
        return Err(PyValueError::new_err(format!("expected 1 to {MOST_THREADS} threads, found {number}")));
    }
    start(number).map(|_| ())
}

/// The number of threads that runs of this process use.
#[pyfunction]
pub(crate) fn threads() -> PyResult<usize> {
    Ok(pool()?.current_num_threads())
}

/// The threads of this process, started where there are none yet.
pub(crate) fn pool() -> PyResult<Arc<ThreadPool>> {
    let started = THREADS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(Threads { process, pool }) = &*started
        && *process == std::process::id()
    {
        return Ok(Arc::clone(pool));
    }
    drop(started);
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    start(threads_of_environment(|name| std::env::var(name).ok()).unwrap_or_else(cores))
}

fn start(number: usize) -> PyResult<Arc<ThreadPool>> {
    let pool = ThreadPoolBuilder::new().num_threads(number).build();
    let refused = |error| RunError::new_err(format!("cannot start {number} threads: {error}"));
    let pool = Arc::new(pool.map_err(refused)?);
    let started = Threads { process: std::process::id(), pool: Arc::clone(&pool) };
    let before = THREADS.lock().unwrap_or_else(PoisonError::into_inner).replace(started);
    // Of threads that a fork left behind there is nothing to end.
    before.filter(|before| before.process != std::process::id()).into_iter().for_each(std::mem::forget);
    Ok(pool)
}

/// Does work in the threads of the package, without the interpreter's lock. Those of rayon itself are not there in a process that
/// forked.
pub(crate) fn install<R: Send>(py: Python<'_>, work: impl FnOnce() -> R + Send) -> PyResult<R> {
    let pool = pool()?;
    Ok(py.detach(|| pool.install(work)))
}

/// What a job sees of the thread that waits for it.
pub(crate) struct Waiting<'a, E> {
    stop: &'a AtomicBool,
    reports: Sender<E>,
}

impl<E> Waiting<'_, E> {
    /// Whether the job is to end as soon as its state is whole.
    pub(crate) fn stops(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Passes a report on.
    pub(crate) fn report(&self, report: E) {
        // Nobody waits for reports of a job that is to end.
        let _ = self.reports.send(report);
    }
}

/// Runs a job in the threads of the package. The calling thread holds the interpreter's lock only while it passes reports to
/// `heed` and looks for signals; an error of either ends the job, and is returned with what the job returned.
pub(crate) fn run<R: Send, E: Send>(
    py: Python<'_>,
    job: impl FnOnce(&Waiting<'_, E>) -> R + Send,
    heed: &mut dyn FnMut(&E) -> PyResult<()>,
) -> PyResult<(R, Option<PyErr>)> {
    let pool = pool()?;
    if pool.current_thread_index().is_some() {
        return Err(RunError::new_err("a rule cannot train, test or run a network: it is called by one that does"));
    }
    let (reports, received) = mpsc::channel();
    let received = Mutex::new(received);
    let stop = AtomicBool::new(false);
    let (mut result, mut raised, mut panicked) = (None, None, None);
    pool.in_place_scope(|scope| {
        let (stop, result) = (&stop, &mut result);
        scope.spawn(move |_| {
            let waiting = Waiting { stop, reports };
            *result = Some(job(&waiting));
        });
        loop {
            let report = py.detach(|| received.lock().unwrap_or_else(PoisonError::into_inner).recv_timeout(SIGNALS));
            let heeded = match &report {
                // Unwinding from here would wait for the job, and the job for what it reported: it is ended first.
                Ok(report) if raised.is_none() && panicked.is_none() => catch_unwind(AssertUnwindSafe(|| heed(report)))
                    .unwrap_or_else(|panic| {
                        panicked = Some(panic);
                        stop.store(true, Ordering::Relaxed);
                        Ok(())
                    }),
                Err(RecvTimeoutError::Disconnected) => break,
                _ => Ok(()),
            };
            if let (Err(error), None) = (heeded.and_then(|()| py.check_signals()), &raised) {
                raised = Some(error);
                stop.store(true, Ordering::Relaxed);
            }
            // Only now, for a job may wait until what it reported is dropped.
            drop(report);
        }
    });
    if let Some(panic) = panicked {
        resume_unwind(panic);
    }
    Ok((result.expect("a job that ends without a result panics"), raised))
}
