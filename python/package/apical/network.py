"""Networks: trained, tested, shown images and run."""

from __future__ import annotations

import copy
import html
import operator
import os
import shutil
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np
import numpy.typing as npt

from . import _files, _native, _toml
from ._progress import Callback, Progress
from .errors import DataError, FileError, ModelError
from .model import Model
from .results import Presented, Synapses, Tested
from .run import Run, Singles, _frame

if TYPE_CHECKING:
    import pandas as pd

    from .rule import OnlineRule, Rule

Images = npt.ArrayLike
Labels = npt.ArrayLike

_CONNECTION_KEYS = frozenset({"p", "in_degree", "out_degree", "total", "autapses", "multapses", "path", "edges"})


class Network:
    """A network with its weights and dynamic state: of a model (:meth:`Model.build`), or made here, part by part.

    >>> import numpy as np
    >>> from apical import Model
    >>> keys = {"population.input.size": 4, "population.hidden.size": 20}
    >>> network = Model.load("g17-784-500-10", **keys).build(seed=1)
    >>> images, labels = np.array([[255, 0, 0, 255], [0, 255, 255, 0]], np.uint8), [0, 1]
    >>> run = network.train(images, labels, epochs=2, record="hidden")
    >>> len(run.presentations), network.examples_seen
    (4, 4)

    A circuit, made here:

    >>> network = Network(seed=2)
    >>> network = network.population("input", 20, "poisson", stimulus={"rate_hz": 40})
    >>> network = network.population("cells", 10, "pyramidal")
    >>> network = network.project("input", "cells", "basal", connect="fixed_probability", p=0.5, weights=1.0)
    >>> len(network.run(500).spikes("cells").times_ms) > 10
    True
    """

    def __init__(
        self,
        model: Model | None = None,
        *,
        seed: int = 1,
        name: str = "network",
        protocol: str | Mapping[str, Any] = "continuous",
    ) -> None:
        """The initial network of a model; or, without one, a network to be made by :meth:`population` and :meth:`project`.

        :param name: of a network made here; files are called after it.
        :param protocol: of a network made here: "continuous", "two-phase", or the keys of ``[protocol]``.
        """
        if model is not None and not isinstance(model, Model):
            raise TypeError(f"expected a Model, found {type(model).__name__}; Model.load reads one by its name or file")
        self._seed = _whole(seed, "seed", 0)
        self._making = threading.Lock()
        self._native: _native.Network | None = None
        self._model = model
        kind = {"kind": protocol} if isinstance(protocol, str) else copy.deepcopy(dict(protocol))
        self._tables: dict[str, Any] = {"name": name, "protocol": kind, "population": [], "projection": []}
        self._last: Run | None = None

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, accept_edited: bool = False) -> Network:
        """The network of a checkpoint, which goes on from it to the bit.

        :param accept_edited: whether to take a file that was changed after it was written.
        :raises FileError: if it cannot be read, or is damaged.
        """
        network = cls()
        network._native = _native.Network.open(os.fspath(path), accept_edited)
        network._seed = network._native.seed
        network._model = Model(of=network._native.model)
        return network

    # Making a network.

    def population(self, name: str, size: int, kind: str, **parameters: Any) -> Network:
        """Adds a population of `size` cells of a kind: "poisson", "pyramidal", "output", "lif" or "compartments".

        :param parameters: keys of ``[[population]]`` of that kind, with units in their names: ``tau_m_ms=10``.
        """
        return self._add("population", {"name": name, "size": size, "kind": kind, **parameters})

    def project(self, source: str, target: str, port: str, *, connect: str | None = None, **parameters: Any) -> Network:
        """Adds a projection onto a port of the cells of `target`: "basal" or "apical" of pyramidal cells, "dendrite" of output
        neurons, those that lif cells name.

        :param connect: "all_to_all", "one_to_one", "fixed_probability" (`p`), "fixed_in_degree" (`in_degree`),
            "fixed_out_degree" (`out_degree`), "fixed_total_number" (`total`), "list" (`path`, `edges`); with `autapses` and
            `multapses`.
        :param parameters: keys of the connection, and of ``[[projection]]``: ``weights=0.2``, ``delay_ms=1.5``,
            ``learning_rate=0.6``.
        """
        keys: dict[str, Any] = {"from": source, "to": target, "port": port}
        of_connection = {key: parameters.pop(key) for key in list(parameters) if key in _CONNECTION_KEYS}
        if connect is not None:
            keys["connection"] = {"kind": connect, **of_connection}
        elif of_connection:
            keys_without = ", ".join(of_connection)
            raise ModelError(f"projection {source}-{target}: {keys_without} without `connect`, the rule they belong to")
        return self._add("projection", {**keys, **parameters})

    def set(self, **tables: Any) -> Network:
        """Sets further tables and keys of the model: ``learning={"batch": 4}``, ``change=[...]``, ``about="..."``."""
        self._refuse_built()
        self._tables.update(copy.deepcopy(tables))
        return self

    def _add(self, table: str, entry: dict[str, Any]) -> Network:
        self._refuse_built()
        self._tables[table].append(copy.deepcopy(entry))
        return self

    def _refuse_built(self) -> None:
        if self._model is not None:
            raise ModelError("the network is made already: its model has been read, or it has run; begin another by Network()")

    @property
    def model(self) -> Model:
        """The model; a network made here is complete once it is asked for.

        :raises ModelError: if something of a network made here is not as it should be.
        """
        if self._model is None:
            text = _toml.document({key: table for key, table in self._tables.items() if table != []})
            self._model = Model(values=text, origin=self._tables["name"])
        return self._model

    def _built(self) -> Network:
        """The network, with its weights drawn."""
        _ = self._network
        return self

    @property
    def _network(self) -> _native.Network:
        with self._making:
            if self._native is None:
                self._native = _native.Network(self.model, self._seed)
            return self._native

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise TypeError("a network is neither copied nor pickled: `save` it, and open its checkpoint by Network.open")

    # Running it.

    def train(
        self,
        images: Images | None = None,
        labels: Labels | None = None,
        *,
        epochs: int | None = None,
        examples: int | None = None,
        test: tuple[Images, Labels] | None = None,
        test_examples: int | None = None,
        data: str | os.PathLike[str] | None = None,
        record: str | None = None,
        rate: str | None = None,
        rules: Mapping[str, Rule] | None = None,
        callback: Callback | None = None,
        progress: bool | None = None,
        out: str | os.PathLike[str] | None = None,
        overwrite: bool = False,
    ) -> Run:
        """Trains the network further, and returns what was recorded.

        Each epoch shows all images once, in an order of its own, which depends on the seed alone. Ctrl-C ends the training after
        the presentation at hand: all that was learnt and recorded stays (:attr:`last_run`), and it goes on from there to the bit.

        :param images: uint8 (0 to 255) or float (0 to 1, taken in steps of 1/255), (n, h, w) or (n, k). Without images, those
            that the model names are shown, and tested on, from the folder `data`.
        :param labels: integers (n,), from 0 to the number of classes - 1.
        :param epochs: passes through the images; those of the model unless given.
        :param examples: presentations, in place of epochs.
        :param test: images and labels that the network is tested on at the end of every epoch.
        :param test_examples: the first so many of them are.
        :param record: what is recorded, as ``--record`` has it: "all", "none", "hidden,plateaus,-20:"; as in the model unless
            given.
        :param rate: the twin of rates to train in place of spikes: "noiseless", "diffusion" or "noisy".
        :param rules: rules in Python, by the projections that learn by them.
        :param callback: called at the end of every epoch with an :class:`Evaluation`; weights of the network are then those of
            that moment. An exception ends the training there, and is raised.
        :param progress: whether to show a bar of tqdm; on terminals and in notebooks unless given.
        :param out: the run file; a temporary one unless given.
        :raises DataError: if images or labels do not fit, one is there without the other, or `data` beside them.
        :raises ModelError: if something is recorded or asked for that the model has not.
        :raises RunError: if learning diverges; the network is then as it was before the call. So it is if a rule in Python raises
            an exception, which is raised here.
        """
        epochs, examples = _whole(epochs, "epochs", 1), _whole(examples, "examples", 1)
        test_examples = _whole(test_examples, "test_examples", 0)
        command = _command("train", epochs=epochs, examples=examples, record=record, rate=rate)
        if test is not None and not (isinstance(test, tuple | list) and len(test) == 2):
            raise TypeError(f"test: expected a pair of images and labels, found {type(test).__name__}")
        test_images, test_labels = test if test is not None else (None, None)
        with Progress(progress, callback) as heed:
            return self._record("a training", out, overwrite, lambda path: self._network.train(
                images, labels, path, heed=heed, command=command, test_images=test_images, test_labels=test_labels,
                folder=None if data is None else os.fspath(data), epochs=epochs, examples=examples,
                test_examples=test_examples, record=record, rate=rate, rules=_by_projection(rules),
            ))

    def test(
        self,
        images: Images | None = None,
        labels: Labels | None = None,
        *,
        passes: int = 1,
        examples: int | None = None,
        seed: int | None = None,
        data: str | os.PathLike[str] | None = None,
        record: str | None = None,
        rate: str | None = None,
        progress: bool | None = None,
        out: str | os.PathLike[str] | None = None,
        overwrite: bool = False,
    ) -> Tested:
        """Shows each image once a pass, from rest, and counts the answers; nothing is learnt.

        :param images: as in :meth:`train`. :param passes: with other spikes each. :param examples: the first so many images.
        :param seed: of the spikes; that of the network unless given.
        :param record: what is recorded, as in :meth:`train`; nothing unless it or `out` is given. A model that learns by a rule
            of rates has one pass and nothing to record.
        :raises DataError: if images or labels do not fit, one is there without the other, or `data` beside them.
        :raises ModelError: if the model decodes no classes, or has not what is asked for.
        """
        passes, examples, seed = _whole(passes, "passes", 1), _whole(examples, "examples", 1), _whole(seed, "seed", 0)
        command = _command("test", passes=passes, examples=examples, record=record, rate=rate)

        def native(path: str | None) -> dict[str, Any]:
            return self._network.test(
                images, labels, heed=heed, command=command, out=path, folder=None if data is None else os.fspath(data),
                passes=passes, examples=examples, seed=seed, record=record, rate=rate,
            )

        with Progress(progress) as heed:
            if record is None and out is None:
                return Tested(**native(None), run=None)
            results: dict[str, Any] = {}
            run = self._record("a test", out, overwrite, lambda path: results.update(native(path)))
            return Tested(**results, run=run)

    def present(
        self,
        image: npt.ArrayLike,
        *,
        label: int | None = None,
        index: int = 0,
        every_ms: float | None = None,
    ) -> Presented:
        """Shows one image from rest, for as long as a test, and returns what happened; nothing is learnt.

        :param image: as one of :meth:`train`, (h, w) or (k,).
        :param label: with it, a target phase follows, and both are as long as in training.
        :param index: of the presentation, by which its spikes are drawn: those of image `index` in a test.
        :param every_ms: spacing at which potentials are sampled; they are not unless it is given.
        :raises ValueError: if that is no spacing, or makes more than 10^8 samples.
        """
        image = np.asanyarray(image)
        if image.ndim not in (1, 2):
            raise DataError(f"expected one image, of shape (h, w) or (k,), found {image.shape}")
        index, label = _whole(index, "index", 0, 2**32), _whole(label, "label", 0, 2**32)
        return Presented(self._network.present(image[np.newaxis], index=index, label=label, every_ms=every_ms))

    def run(
        self,
        duration_ms: float | None = None,
        *,
        record: str | None = None,
        rules: Mapping[str, OnlineRule] | None = None,
        progress: bool | None = None,
        out: str | os.PathLike[str] | None = None,
        overwrite: bool = False,
    ) -> Run:
        """Runs a circuit for so much more model time, and returns what was recorded; a first run has its warm-up before.

        :param duration_ms: of model time [ms]; that of the model unless given.
        :param record: what is recorded, as in :meth:`train`: "exc,inh[0:3].soma", and times in ms, "500:600".

        :param rules: rules between spikes in Python, by projections with `plasticity`, in place of theirs, within their bounds.

        Ctrl-C ends it after the slice of 100 ms at hand, as it does a training.

        :raises RunError: if activity runs away; the network is then as it was before. So it is if a rule in Python raises
            an exception, which is passed on.
        """
        command = _command("run", duration_ms=duration_ms, record=record)
        with Progress(progress) as heed:
            return self._record("the run of a circuit", out, overwrite, lambda path: self._network.run(
                duration_ms, path, heed=heed, command=command, record=record, rules=_by_projection(rules),
            ))

    def _record(self, kind: str, out: str | os.PathLike[str] | None, overwrite: bool, run: Any) -> Run:
        """Makes a run of a kind, as :func:`_files.kind_of` names it, recorded at `out` or in a temporary file, and opens it,
        whole or not. A file that it is to replace stands until it is complete; if it is stopped it is kept beside it, as
        NAME.unfinished.h5."""
        name = f"{self._network.model.name}.h5"
        if out is None:
            path = wanted = Path(tempfile.mkdtemp(prefix="apical-")) / name
        else:
            path = wanted = Path(os.path.abspath(out))
            if path.exists():
                if not overwrite:
                    raise FileError(f"{path} exists; name another file, or give overwrite=True")
                _files.check_replaced(path, kind)
                path = _files.unfinished(path)
        recorded = None
        try:
            run(os.fspath(path))
            if path != wanted:
                path.replace(wanted)
                path = wanted
        finally:
            if path.exists():
                recorded = self._last = Run(path, temporary=out is None)
            elif out is None:
                shutil.rmtree(path.parent, ignore_errors=True)
        if recorded is None:
            raise FileError(f"nothing was recorded in {path}")
        return recorded

    # What it is.

    @property
    def last_run(self) -> Run | None:
        """What was recorded last; also of a training or run that was stopped or failed."""
        return self._last

    @property
    def seed(self) -> int:
        """Seed of all that is random."""
        return self._seed

    @property
    def examples_seen(self) -> int:
        """Training presentations so far; of a circuit, slices of 100 ms."""
        return self._network.examples_seen

    @property
    def clock_ms(self) -> float:
        """The clock of the run [ms]."""
        return self._network.clock_ms

    @property
    def edited(self) -> bool:
        """Whether weights or biases were set by hand; run files and checkpoints keep that."""
        return self._network.edited

    @property
    def curve(self) -> pd.DataFrame | dict[str, npt.NDArray[Any]]:
        """The learning curve so far, as :attr:`Run.curve`."""
        return _frame(self._network.curve)

    def weights(self, projection: str) -> Singles | Synapses:
        """Weights of a projection as they are now: [post, pre] of dense synapses, else :class:`Synapses`.

        The array is a view that is not written to; what the network learns later is not seen in it.

        :raises KeyError: if there is no such projection.
        """
        dense = self._network.weights(projection)
        if dense is not None:
            return dense
        columns = self._network.synapses(projection)
        assert columns is not None
        return Synapses(**columns)

    def biases(self, population: str) -> Singles:
        """Biases of a population as they are now, [n], as a view; of no length where its cells have none.

        :raises KeyError: if there is no such population.
        """
        return self._network.biases(population)

    def set_weights(self, projection: str, weights: npt.ArrayLike) -> None:
        """Sets the weights of a projection: [post, pre], or of sparse synapses [n], in the order of :meth:`weights`.

        :raises ModelError: if the shape or a sign is another, or a number is not finite.
        """
        values = _singles(weights, "weights", projection)
        if values.ndim == 1:
            self._network.set_synapse_weights(projection, values)
        elif values.ndim == 2:
            self._network.set_weights(projection, values)
        else:
            raise ModelError(f"weights of `{projection}`: expected the shape [post, pre] or [n], found {values.shape}")

    def set_biases(self, population: str, biases: npt.ArrayLike) -> None:
        """Sets the biases of a population, [n].

        :raises ModelError: if the shape is another, or a number is not finite.
        """
        values = _singles(biases, "biases", population)
        if values.ndim != 1:
            raise ModelError(f"biases of `{population}`: expected the shape [n], found {values.shape}")
        self._network.set_biases(population, values)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes a checkpoint, from which ``apical train --resume`` and :meth:`open` go on to the bit.

        :raises FileError: if it cannot be written in full; an older file of that name stays as it was. So does one that is no
            checkpoint.
        """
        _files.check_replaced(Path(path), "a checkpoint")
        self._network.save(os.fspath(path))

    def __repr__(self) -> str:
        made = f"{self.model.name!r}, seed {self.seed}" if self._model is not None else "in the making"
        return f"<apical.Network {made}>"

    def _repr_html_(self) -> str:
        if self._model is None:
            return f"<div>{html.escape(repr(self))}</div>"
        seen = 0 if self._native is None else self._native.examples_seen
        return f"{self.model._repr_html_()}<div>seed {self.seed}, {seen} presentations</div>"


def _singles(given: npt.ArrayLike, what: str, of: str) -> Singles:
    try:
        if np.ma.isMaskedArray(given):
            raise TypeError("a masked array, whose mask would be lost; fill it before, as by `.filled(0)`")
        values = np.asarray(given)
        if values.dtype.kind not in "fiub":
            raise TypeError(f"dtype {values.dtype}")
        with np.errstate(over="ignore"):
            return values.astype(np.float32)
    except (TypeError, ValueError) as error:
        raise ModelError(f"{what} of `{of}`: expected an array of numbers, found {error}") from None


def _by_projection(rules: Mapping[str, Any] | None) -> list[tuple[str, Any]]:
    """Rules by the names of their projections."""
    if rules is not None and not isinstance(rules, Mapping):
        raise TypeError(f"rules: expected rules by the names of projections, found {type(rules).__name__}")
    return list((rules or {}).items())


@overload
def _whole(given: None, name: str, least: int, most: int = ...) -> None: ...
@overload
def _whole(given: int, name: str, least: int, most: int = ...) -> int: ...
def _whole(given: int | None, name: str, least: int, most: int = 2**64) -> int | None:
    """An argument that is a whole number from `least` to below `most`, or is not given.

    :raises ValueError: if it is out of that range. :raises TypeError: if it is none.
    """
    if given is None:
        return None
    try:
        value = operator.index(given)
    except TypeError:
        raise TypeError(f"{name}: expected a whole number, found {given!r}") from None
    if not least <= value < most:
        raise ValueError(f"{name}: expected a whole number from {least} to {most - 1}, found {value}")
    return value


def _command(name: str, **given: Any) -> str:
    """A call as provenance keeps it."""
    arguments = ", ".join(f"{key}={value!r}" for key, value in given.items() if value is not None)
    return f"apical.Network.{name}({arguments})"
