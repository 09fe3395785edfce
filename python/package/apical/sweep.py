"""Sweeps: many runs of a model, by any executor of `concurrent.futures`."""

from __future__ import annotations

import hashlib
import itertools
import json
import operator
import os
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor, Future, as_completed
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _native
from .errors import FileError, ModelError
from .model import Model
from .network import Network
from .run import _frame

if TYPE_CHECKING:
    import pandas as pd

Task = Callable[..., Mapping[str, Any]]


def measure(network: Network, **options: Any) -> dict[str, float]:
    """What a sweep measures unless it is given a task of its own.

    Of a circuit, which is run: ``rate_hz.POPULATION``, the mean rate of its neurons that are recorded [Hz]. Of any other network,
    which is trained: ``test_error_percent`` and ``train_error_percent`` of its last evaluation [%].

    :param options: of :meth:`Network.run` or :meth:`Network.train`.
    """
    if network.model.is_continuous:
        run = network.run(progress=False, **{"record": "spikes", **options})
        shown = run.presentations
        length = float(np.sum(np.asarray(shown["forward_end_ms"]) - np.asarray(shown["start_ms"])))
        counts = {name: len(run.spikes(name).times_ms) for name in run.recorded("spikes")}
        return {
            f"rate_hz.{name}": 1000.0 * count / (len(run.spiking_neurons(name)) * length) for name, count in counts.items()
        }
    network.train(progress=False, **{"record": "none", **options})
    curve = network.curve
    if not len(curve["test_error_percent"]):
        return {"examples_seen": network.examples_seen}
    return {name: float(np.asarray(curve[name])[-1]) for name in ("test_error_percent", "train_error_percent")}


def sweep(
    model: Model | str | os.PathLike[str],
    grid: Mapping[str, Sequence[Any]] | None = None,
    seeds: Iterable[int] = (1,),
    *,
    executor: Executor | None = None,
    folder: str | os.PathLike[str] | None = None,
    task: Task = measure,
    threads: int = 1,
    **options: Any,
) -> pd.DataFrame | dict[str, Any]:
    """Makes a run of every combination of the values of a grid and the seeds, and returns a table, a row a run.

    The table has a column for each key of the grid, `seed`, what the task returned, and `error`: empty, or why the run failed.
    It is the same to the bit whatever the executor, and holds no times. A failed run is a row with its error; all others go on.
    Where a worker is killed, its run is such a row, and so are those that the executor gives up with it: a pool of processes, all
    that were not done. The same call with the same folder makes these runs.

    >>> table = sweep("recurrent-lif", {"population.exc.t_ref_ms": [2, 4]}, seeds=range(2), duration_ms=100)
    >>> [float(t) for t in table["population.exc.t_ref_ms"]], [int(s) for s in table["seed"]]
    ([2.0, 2.0, 4.0, 4.0], [0, 1, 0, 1])

    :param grid: values by keys with dots, as :meth:`Model.load` takes them.
    :param executor: of processes, threads, dask, MPI, ...: whatever has `submit` and returns futures. In this process, one after
        the other, unless given.
    :param folder: where the result of each run is kept once it is done: a sweep that is called again with the same folder reads
        it there and makes what is missing, failed runs included.
    :param task: called in the worker with a network and the options; returns numbers, texts and lists of them by name. What JSON
        cannot keep is an error of that run. Executors of processes pickle it, so that it is a function of a module.
    :param threads: of each worker process.
    :param options: for the task; with a folder they are part of what a kept result is known by, as is the name of the task, and
        are numbers, texts, paths, arrays of numpy, or lists and mappings of them.
    :raises ModelError: if a model of the grid or a seed is not as it should be; nothing has run then.
    :raises TypeError: if the executor is none, a value of the grid is no list, or there is a folder, and an option or a task that
        a result cannot be known by; nothing has run then.
    """
    seeds = [_seed(seed) for seed in seeds]
    if executor is not None and (isinstance(executor, type) or not callable(getattr(executor, "submit", None))):
        raise TypeError(f"executor: expected one with a method `submit`, found {executor!r}")
    for key, values in (grid or {}).items():
        if isinstance(values, str | bytes) or not isinstance(values, Iterable):
            raise TypeError(f"grid: expected a list of values of `{key}`, found {values!r}")
    if folder is not None:
        _check_known(task)
    known = "" if folder is None else "\0".join(f"{key}={_digest(value, key)}" for key, value in sorted(options.items()))
    base = model if isinstance(model, Model) else Model.load(model)
    points = [dict(zip(grid or {}, values, strict=True)) for values in itertools.product(*(grid or {}).values())]
    jobs = [_Job(base, point, seed, task, options, known) for point in points for seed in seeds]
    kept = _Kept(folder)
    rows = {job.key: result for job in jobs if (result := kept.read(job)) is not None}
    missing = [job for job in jobs if job.key not in rows]
    if executor is None:
        for job in missing:
            rows[job.key] = kept.write(job, _outcome(job.text, job.seed, list(job.point), task, options, None))
    else:
        rows |= _submit(missing, executor, kept, threads)
    return _frame(_columns(jobs, rows))


def _submit(jobs: list[_Job], executor: Executor, kept: _Kept, threads: int) -> dict[str, dict[str, Any]]:
    """Has jobs run elsewhere, and keeps each result as it comes."""
    rows: dict[str, dict[str, Any]] = {}
    waiting: dict[Future[dict[str, Any]], _Job] = {}
    for job in jobs:
        elsewhere = (os.getpid(), threads)
        try:
            waiting[executor.submit(_outcome, job.text, job.seed, list(job.point), job.task, job.options, elsewhere)] = job
        except Exception as error:
            rows[job.key] = kept.write(job, {"error": _words(error)})
    try:
        for future in as_completed(waiting):
            job = waiting[future]
            try:
                outcome = future.result()
            except Exception as error:
                outcome = {"error": _words(error)}
            rows[job.key] = kept.write(job, outcome)
    finally:
        for future in waiting:
            future.cancel()
    return rows


def _outcome(
    text: str, seed: int, point: Sequence[str], task: Task, options: Mapping[str, Any], elsewhere: tuple[int, int] | None
) -> dict[str, Any]:
    """Runs the task on a new network; what it returns, or its error. `point`: the keys of the grid."""
    if elsewhere is not None and os.getpid() != elsewhere[0]:
        _native.set_threads(elsewhere[1])
    try:
        measured = task(Model.parse(text, origin="a model of the sweep").build(seed), **options)
        row = {**{str(name): _plain(value) for name, value in measured.items()}, "error": ""}
        if taken := {"error", "seed", *point} & {str(name) for name in measured}:
            raise ValueError(f"the task returned {', '.join(sorted(taken))}, which the table has already; give it another name")
        # As it is read back, whether it is kept or not.
        kept: dict[str, Any] = json.loads(json.dumps(row))
        return kept
    except (Exception, SystemExit) as error:
        return {"error": _words(error)}


class _Job:
    """A run of a sweep."""

    def __init__(
        self, base: Model, point: Mapping[str, Any], seed: int, task: Task, options: Mapping[str, Any], known: str
    ) -> None:
        """A run of a model with a point of the grid; `known`: what its options are known by."""
        self.point, self.seed, self.task, self.options = point, seed, task, options
        made = Model.parse(base.text, origin=base.name, **point)
        self.text = made.text
        name = f"{getattr(task, '__module__', '')}.{getattr(task, '__qualname__', '')}"
        parts = [version("apical"), made.text, str(seed), name, known]
        self.key = hashlib.sha256("\0".join(filter(None, parts)).encode()).hexdigest()[:32]


class _Kept:
    """The folder of results, a file of JSON each."""

    def __init__(self, folder: str | os.PathLike[str] | None) -> None:
        self._folder = None if folder is None else Path(folder)
        if self._folder is not None:
            self._folder.mkdir(parents=True, exist_ok=True)

    def read(self, job: _Job) -> dict[str, Any] | None:
        """The result of a run that was done; none of one that failed."""
        if self._folder is None:
            return None
        path = self._folder / f"{job.key}.json"
        if not path.exists():
            return None
        try:
            row = json.loads(path.read_text(encoding="utf-8"))["result"]
            return row if row["error"] == "" else None
        except (ValueError, KeyError, TypeError) as error:
            raise FileError(f"{path} is no result of a sweep; remove it\n  because: {error}") from None

    def write(self, job: _Job, result: dict[str, Any]) -> dict[str, Any]:
        """Keeps a result; a file is there whole or not at all."""
        if self._folder is not None:
            path = self._folder / f"{job.key}.json"
            part = path.with_suffix(f".{uuid.uuid4().hex}.part")
            point = {key: _plain(value) for key, value in job.point.items()}
            row = {"point": point, "seed": job.seed, "result": result}
            part.write_text(json.dumps(row, indent=1, default=str), encoding="utf-8")
            part.replace(path)
        return result


def _check_known(task: Task) -> None:
    """Refuses a task that results in a folder cannot be known by: one without a name of its own in a module.

    :raises TypeError: if it is one.
    """
    name = getattr(task, "__qualname__", "<none>")
    if "<" in name or getattr(task, "__self__", None) is not None:
        raise TypeError(
            f"task: expected a function of a module, by whose name results in the folder are known, found {task!r}; give it a "
            "name, or leave out `folder`"
        )


def _columns(jobs: list[_Job], rows: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """The table: columns in the order of the grid, then of what was measured."""
    names = list(dict.fromkeys(name for job in jobs for name in rows[job.key] if name != "error"))
    columns: dict[str, Any] = {key: [_plain(job.point[key]) for job in jobs] for key in (jobs[0].point if jobs else {})}
    columns["seed"] = np.array([job.seed for job in jobs], np.uint64)
    for name in [*names, "error"]:
        values = [rows[job.key].get(name) for job in jobs]
        columns[name] = [np.nan if value is None else value for value in values] if name != "error" else values
    return columns


def _words(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


def _plain(value: Any) -> Any:
    """A value as JSON keeps it."""
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value


def _seed(given: Any) -> int:
    """A seed, refused unless it is a whole number from 0."""
    try:
        seed = operator.index(given)
    except TypeError:
        seed = -1
    if not 0 <= seed < 2**64:
        raise ModelError(f"seeds: expected whole numbers from 0 to 2^64 - 1, found {given!r}")
    return seed


def _digest(value: Any, name: str) -> str:
    """What an option is known by: arrays by their content.

    >>> _digest([1, "a", {"b": 0.5}], "option")
    "[1,'a',{'b':0.5}]"
    """
    if isinstance(value, np.ndarray) and not value.dtype.hasobject and not np.ma.isMaskedArray(value):
        return hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest() + f"{value.dtype}{value.shape}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(_digest(each, name) for each in value) + "]"
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{_digest(key, name)}:{_digest(each, name)}" for key, each in value.items()) + "}"
    if isinstance(value, os.PathLike):
        return repr(os.fspath(value))
    if value is None or isinstance(value, bool | int | float | complex | str | bytes | range | np.generic):
        return repr(value)
    raise TypeError(
        f"the option `{name}`: expected a number, a text, an array of numpy, or a list or mapping of these, by which results in "
        f"the folder are known, found {type(value).__name__}; convert it, or leave out `folder`"
    )
