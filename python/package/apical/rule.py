"""Plasticity rules in Python, to try ideas with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

Signals = Mapping[str, npt.NDArray[np.float64]]
Traces = Sequence[npt.NDArray[np.float64]]


class Rule(Protocol):
    """A rule of a projection, called once a presentation with the local signals of its neurons.

    Each call takes some tens of microseconds, and the presentations of a batch wait for each other in it: a formula of signals is
    faster as ``rule = "expression"`` of the model, and the same numbers to the rounding of its operations.

    Signals, named after the phase: ``v_forward`` (mean somatic potential), ``plateau_forward`` and ``plateau_target`` (0 to 1),
    ``sigmoid_forward`` and ``sigmoid_target`` (mean of sigmoid(V), 0 to 1), ``train_forward`` and ``train_target`` (mean of the
    filtered spike train [1/ms]), ``backprop_error``; docs/rules.md has which are measured where.

    The delta rule of output weights:

    >>> class Delta:
    ...     post = ("v_forward", "sigmoid_target")
    ...     pre = ("train_forward",)
    ...
    ...     def __call__(self, post, pre, eta):
    ...         answered = 1 / (1 + np.exp(-post["v_forward"]))
    ...         return eta * (post["sigmoid_target"] - answered), pre["train_forward"]
    >>> import apical
    >>> keys = {"population.input.size": 4, "population.hidden.size": 20}
    >>> network = apical.Model.load("g17-784-500-10", **keys).build()
    >>> run = network.train(np.eye(4, dtype=float), [0, 1, 2, 3], epochs=1, rules={"hidden-output": Delta()})
    >>> bool((run.weights("hidden-output") != run.weights("hidden-output", "initial")).any())
    True
    """

    post: Sequence[str]
    """Names of the signals of postsynaptic neurons that it reads."""
    pre: Sequence[str]
    """Names of the signals of presynaptic neurons that it reads."""

    def __call__(self, post: Signals, pre: Signals, eta: float) -> tuple[npt.ArrayLike, npt.ArrayLike]:
        """Factors of postsynaptic [post] and presynaptic neurons [pre], whose outer product is the change of the weights.

        Biases of the postsynaptic neurons change by the postsynaptic factors.

        An exception ends the training, and leaves the network as it was before it.

        :param eta: the learning rate of the projection, by its schedule.
        """


class OnlineRule(Protocol):
    """A rule between spikes of a projection of a circuit, called at each arrival of a presynaptic spike with its synapses.

    Each call takes some tens of microseconds, and threads wait for each other in it: networks of many spikes run many times
    slower. Terms of traces are computed without Python as ``kind = "expression"`` of `plasticity` (docs/rules.md). What a rule
    computes depends on its arguments alone, for threads call it, in no order: only then do runs repeat to the bit.

    Pairs of spikes (Song, Miller & Abbott 2000), within the bounds of the model:

    >>> class Pairs:
    ...     arrival_traces_ms = (20.0,)
    ...     spike_traces_ms = (20.0,)
    ...
    ...     def at_arrival(self, w, x, y):
    ...         return w - 0.00525 * 9 * y[0]
    ...
    ...     def at_spike(self, w, x, y):
    ...         return w + 0.005 * 9 * x[0]
    >>> import apical
    >>> network = apical.Model.load("song-2000", **{"protocol.warmup_ms": 0}).build()
    >>> before = network.weights("inputs-cell").copy()
    >>> run = network.run(100, rules={"inputs-cell": Pairs()})
    >>> bool((network.weights("inputs-cell") != before).any())
    True
    """

    arrival_traces_ms: Sequence[float]
    """Time constants of the traces of arrivals that it reads, two at most; each arrival adds 1."""
    spike_traces_ms: Sequence[float]
    """Time constants of the traces of postsynaptic spikes that it reads, two at most."""

    def at_arrival(self, w: npt.NDArray[np.float64], x: Traces, y: Traces) -> npt.ArrayLike:
        """Weights after an arrival over synapses with weights `w` [n], by the traces just before it.

        :param x: traces of earlier arrivals, an array [n] of each. :param y: of earlier postsynaptic spikes.

        They end at the bounds of the model. An exception ends the run, and leaves the network as it was before it.
        """

    def at_spike(self, w: npt.NDArray[np.float64], x: Traces, y: Traces) -> npt.ArrayLike:
        """Weights after a postsynaptic spike at each of these synapses, in the same way."""
