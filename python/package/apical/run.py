"""Recorded runs: spikes, traces, plateaus, events, presentations and weights as arrays."""

from __future__ import annotations

import functools
import html
import math
import os
import shutil
import weakref
from operator import index
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from . import _files, _native
from ._figure import Figure, Page
from .errors import FileError
from .model import Model

if TYPE_CHECKING:
    import neo
    import pandas as pd

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]


class Spikes(NamedTuple):
    """Spikes of a population, by time."""

    times_ms: Floats
    """On the run's clock [n] [ms], ascending."""
    neurons: Integers
    """[n], from 0."""


class Traces(NamedTuple):
    """Sampled potentials of neurons of a population."""

    times_ms: Floats
    """On the run's clock [samples] [ms]."""
    values: Singles
    """[samples, neurons, compartments]; mV, or dimensionless as in the paper of the model."""
    neurons: Integers
    """[neurons], from 0."""
    compartments: tuple[str, ...]
    """Names along the last axis."""


class Plateaus(NamedTuple):
    """Plateaus of a population."""

    times_ms: Floats
    """On the run's clock [n] [ms]."""
    neurons: Integers
    """[n], from 0."""
    alpha: Singles
    """Plateau potential, 0 to 1 [n]."""
    phase: npt.NDArray[np.uint8]
    """Phase at whose end it was: 0 forward, 1 target [n]."""


class Events(NamedTuple):
    """Events of a population that have a beginning and an end, by their beginnings."""

    start_ms: Floats
    """When each began on the run's clock [n] [ms], ascending; of a burst its first spike."""
    stop_ms: Floats
    """When it ended [n] [ms]; of a burst its last spike."""
    neurons: Integers
    """[n], from 0."""
    compartments: Integers
    """The compartment that it is in, by its place among those of the population (`Population.compartments`) [n]."""


class Run:
    """A run file, open to be read: what was recorded of a training, a test or a continuous run.

    Only what is asked for is read. A run that was recorded nowhere else is in a temporary file, which goes with the object;
    :meth:`save` keeps it.

    >>> import apical
    >>> network = apical.Model.load("recurrent-lif").build(seed=1)
    >>> run = network.run(200, record="exc")
    >>> times, neurons = run.spikes("exc")
    >>> len(times) == len(neurons) and bool(times.min() >= 200)
    True
    """

    def __init__(self, path: str | os.PathLike[str], *, temporary: bool = False) -> None:
        """Opens a run file.

        :raises FileError: if it cannot be read, or is none.
        """
        if temporary:
            self._finalizer = weakref.finalize(self, _remove, Path(path).parent, os.getpid())
        self._file = _native.RunFile(os.path.abspath(path))

    @property
    def path(self) -> Path:
        """The run file."""
        return Path(self._file.path)

    @functools.cached_property
    def model(self) -> Model:
        """The model, as it was run."""
        return Model(of=self._file.model)

    @property
    def provenance(self) -> dict[str, Any]:
        """Where the run came from: seed, command, versions, digests of the data, names of the snapshots of weights."""
        return self._file.provenance()

    def recorded(self, what: str = "spikes") -> list[str]:
        """Populations of which "spikes", "traces", "plateaus" of phases, "events" or "biases" were recorded."""
        groups = {"spikes": "spikes", "traces": "report", "plateaus": "plateaus", "events": "events", "biases": "biases"}
        if what not in groups:
            raise ValueError(f"expected one of {', '.join(groups)}, found {what!r}")
        return self._file.recorded(groups[what])

    def spiking_neurons(self, population: str) -> range:
        """Neurons of a population of which spikes were recorded, where those of any were: all, or those that `record` named.

        :raises KeyError: if there is no such population.
        """
        return range(*self._file.spiking(population))

    def spikes(self, population: str, *, from_ms: float = -math.inf, to_ms: float = math.inf) -> Spikes:
        """Spikes of a population in a span of the run's clock [ms], its end excluded.

        :raises KeyError: if there is no such population.
        :raises FileError: if its spikes were not recorded.
        """
        columns = self._file.spikes(population, *_span(from_ms, to_ms))
        return Spikes(columns["times_ms"], columns["neurons"])

    def plateaus(self, population: str, *, from_ms: float = -math.inf, to_ms: float = math.inf) -> Plateaus:
        """Plateaus of a population in a span of the run's clock [ms], its end included.

        :raises KeyError: if there is no such population.
        :raises FileError: if its plateaus were not recorded.
        """
        columns = self._file.plateaus(population, *_span(from_ms, to_ms))
        return Plateaus(columns["times_ms"], columns["neurons"], columns["alpha"], columns["phase"])

    def event_kinds(self, population: str) -> list[str]:
        """Kinds of events that were recorded of a population: those of "bap", "burst", "dendritic_spike" and "plateau" that its
        cells have.

        :raises KeyError: if there is no such population.
        """
        return self._file.event_kinds(population)

    def events(self, population: str, kind: str, *, from_ms: float = -math.inf, to_ms: float = math.inf) -> Events:
        """Events of a kind of a population, of which a part lies in a span of the run's clock [ms], both ends included.

        They are recorded with the spikes of cells of several compartments, once they are over; plateaus of phases are
        :meth:`plateaus`.

        >>> import apical
        >>> run = apical.Model.load("bac").build().run(record="all")
        >>> run.event_kinds("pyramidal")
        ['bap', 'burst', 'plateau']
        >>> plateau = run.events("pyramidal", "plateau")
        >>> round(float(plateau.stop_ms[0] - plateau.start_ms[0]), 9)
        25.0

        :param kind: one of those that :meth:`event_kinds` lists.
        :raises KeyError: if there is no such population, or no such kind of it; the error lists those there are.
        :raises FileError: if no events of the population were recorded.
        """
        columns = self._file.events(population, kind, *_span(from_ms, to_ms))
        return Events(columns["start_ms"], columns["stop_ms"], columns["neurons"], columns["compartments"])

    def traces(
        self,
        population: str,
        neurons: range | int | None = None,
        *,
        from_ms: float = -math.inf,
        to_ms: float = math.inf,
    ) -> Traces:
        """Potentials of a population, or of some of its neurons, in a span of the run's clock [ms], its end excluded.

        :param neurons: a range of step 1, or one neuron; those of them that were recorded are returned. All unless given.
        :raises KeyError: if there is no such population.
        :raises ValueError: if a range is of another step, or holds no neuron of the population.
        :raises FileError: if its traces were not recorded.
        """
        blocks = self._file.traces(population, _ends(self.model, population, neurons), *_span(from_ms, to_ms))
        names = next(p.compartments for p in self.model.populations if p.name == population)
        if not blocks or not len(blocks[0]["neurons"]):
            nothing = np.empty((0, 0, len(names)), np.float32)
            return Traces(np.empty(0), nothing, np.empty(0, np.int64), names)
        times = [block["start_ms"] + block["dt_ms"] * np.arange(len(block["values"])) for block in blocks]
        first = blocks[0]
        ids = np.unique(first["neurons"])
        elements = first["elements"].reshape(len(ids), -1)[0]
        values = np.concatenate([block["values"] for block in blocks]) if len(blocks) > 1 else first["values"]
        values = values.reshape(len(values), len(ids), len(elements))
        return Traces(np.concatenate(times), values, ids, tuple(names[e] for e in elements))

    @property
    def presentations(self) -> pd.DataFrame | dict[str, npt.NDArray[Any]]:
        """What was shown when, and what was answered: a DataFrame where pandas is installed, else a mapping of columns.

        A row a presentation: `kind` ("train", "test"), `index` among those of its kind, `image` in its set, `label` (-1: none),
        `decoded`, `start_ms`, `forward_end_ms` and `target_end_ms` (NaN: none) on the run's clock, and whether its activity was
        `recorded`. A circuit has a row for each slice of 100 ms.
        """
        return _frame({name: np.asarray(column) for name, column in self._file.presentations().items()})

    @property
    def curve(self) -> pd.DataFrame | dict[str, npt.NDArray[Any]]:
        """The learning curve: `examples_seen`, `test_error_percent`, `train_error_percent`, `loss_per_ms2` and `seconds`."""
        return _frame(self._file.curve())

    def snapshots(self, projection: str) -> list[str]:
        """Names of the snapshots of the weights of a projection, as "initial", "epoch-1" and "final".

        :raises KeyError: if there is no such projection.
        """
        names = [of.name for of in self.model.projections]
        if projection not in names:
            raise KeyError(f'there is no projection "{projection}", only {", ".join(names)}')
        return list(self.provenance["snapshots"].get(projection, []))

    def weights(self, projection: str, snapshot: str = "final") -> Singles:
        """Weights of a projection with dense synapses in a snapshot, [post, pre].

        :raises FileError: if there is no such snapshot; the error lists those there are.
        """
        return self._file.weights(projection, snapshot)

    def biases(self, population: str, snapshot: str = "final") -> Singles:
        """Biases of a population in a snapshot, [n].

        :raises FileError: if there is no such snapshot; the error lists those there are.
        """
        return self._file.biases(population, snapshot)

    # Figures, in the look of `apical plot`.

    def raster(self, *populations: str, from_ms: float = -math.inf, to_ms: float = math.inf) -> Figure:
        """Spikes of populations, all that were recorded unless named, in a span of the run's clock [ms], over their events.

        :raises FileError: if their spikes were not recorded.
        """
        return Figure(self._file.raster_svg(populations or self.recorded("spikes"), *_span(from_ms, to_ms)))

    def traces_figure(
        self, population: str, neurons: range | int, *, from_ms: float = -math.inf, to_ms: float = math.inf
    ) -> Figure:
        """Potentials of some neurons in a span of the run's clock [ms], with their spikes, plateaus and events.

        :param neurons: a range of step 1, or one neuron; those of them that the population has are drawn.
        :raises KeyError: if there is no such population.
        :raises ValueError: if the range is of another step, or holds no neuron of the population.
        :raises FileError: if their traces were not recorded.
        """
        return Figure(self._file.traces_svg(population, _ends(self.model, population, neurons), *_span(from_ms, to_ms)))

    def learning_figure(self) -> Figure:
        """The learning curve."""
        return Figure(self._file.learning_svg())

    def explorer(self, *, height: int = 800) -> Page:
        """The explorer of `apical view` with all of the run in it, shown in a notebook, or saved as a page.

        :param height: in a notebook [px].
        """
        return Page(self._file.page(), height)

    # For other programs.

    def to_pandas(self) -> pd.DataFrame:
        """All spikes recorded, by time: columns `time_ms`, `population` and `neuron`. Needs pandas."""
        import pandas as pd

        def frame(population: str) -> pd.DataFrame:
            times, neurons = self.spikes(population)
            return pd.DataFrame({"time_ms": times, "population": population, "neuron": neurons})

        names = self.recorded("spikes")
        joined = pd.concat([frame(name) for name in names] or [pd.DataFrame(columns=["time_ms", "population", "neuron"])])
        joined = joined.sort_values("time_ms", kind="stable", ignore_index=True)
        return joined.astype({"population": pd.CategoricalDtype(names)})

    def to_neo(self) -> neo.Block:
        """The run as a block of neo, which elephant takes: a train of every neuron recorded, a group of each population, epochs
        of the phases of presentations and of the events of each kind of a population, labelled by their neurons ("cells[3]"), and
        signals of the potentials recorded. Needs neo.
        """
        from ._neo import block

        return block(self)

    def to_nwb(self, path: str | os.PathLike[str]) -> None:
        """Writes the run as a file of NWB, Neurodata Without Borders.

        :raises FileError: if it cannot be written, or there is a run or a checkpoint of that name.
        """
        _files.check_exported(Path(path))
        self._file.export_nwb(os.fspath(path))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Copies the run file.

        :raises FileError: if there is a file of that name.
        """
        if Path(path).exists():
            raise FileError(f"{os.fspath(path)} exists; name another file, or remove it")
        self._file.check_unchanged()
        shutil.copyfile(self.path, path)

    def close(self) -> None:
        """Closes the file; what is asked for afterwards is an error."""
        self._file.close()

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise TypeError("an open run is neither copied nor pickled: open its file again, apical.open(run.path)")

    def __enter__(self) -> Run:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _repr_html_(self) -> str:
        about = html.escape(repr(self))
        try:
            told = self.provenance
        except FileError as error:
            return f"<div>{about}: {html.escape(str(error))}</div>"
        rows = "".join(
            f"<tr><td>{key}</td><td>{html.escape(str(told[key]))}</td></tr>"
            for key in ("command_line", "seed", "apical_version", "start_time") if key in told
        )
        return f"<div>{about}<table>{rows}</table></div>"

    def __repr__(self) -> str:
        return f"<apical.Run of {self._file.model.name!r}: {self.path}>"


def _span(from_ms: float, to_ms: float) -> tuple[float, float]:
    """A span of time [ms], refused where it ends before it begins, or is none."""
    if not from_ms <= to_ms:
        raise ValueError(f"expected `from_ms` of at most `to_ms`, found {from_ms} and {to_ms}")
    return float(from_ms), float(to_ms)


def _ends(model: Model, population: str, neurons: range | int | None) -> tuple[int, int]:
    """The first of the neurons of a range, of one or of all, that a population has, and the one after the last."""
    size = _size(model, population)
    if neurons is None:
        wanted = range(size)
    else:
        wanted = neurons if isinstance(neurons, range) else range(index(neurons), index(neurons) + 1)
    if wanted.step != 1 or not 0 <= wanted.start < min(size, wanted.stop):
        raise ValueError(f'expected a range of step 1 of the {size} neurons of "{population}", found {wanted}')
    return wanted.start, min(size, wanted.stop)


def _remove(folder: Path, process: int) -> None:
    """Removes a temporary folder; a process that forked has the object, but not the folder."""
    if os.getpid() == process:
        shutil.rmtree(folder, ignore_errors=True)


def _size(model: Model, population: str) -> int:
    sizes = {p.name: p.size for p in model.populations}
    if population not in sizes:
        known = ", ".join(f'"{name}"' for name in sizes)
        raise KeyError(f'there is no population "{population}", only {known}')
    return sizes[population]


def _frame(columns: dict[str, npt.NDArray[Any]]) -> pd.DataFrame | dict[str, npt.NDArray[Any]]:
    """A DataFrame where there is pandas."""
    try:
        import pandas as pd
    except ImportError:
        return columns
    return pd.DataFrame(columns)
