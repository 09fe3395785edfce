"""apical: exact event-driven simulation of spiking networks with dendritic compartments that learn by local rules.

>>> import apical
>>> network = apical.Model.load("recurrent-lif").build(seed=1)
>>> run = network.run(100)
>>> times, neurons = run.spikes("exc")
"""

from __future__ import annotations

import os

from . import errors
from ._figure import Figure, Page
from ._native import set_threads, threads
from ._progress import Evaluation
from .errors import DataError, Error, FileError, ModelError, RunError
from .model import Model, Population, Projection, models
from .network import Network
from .results import Presented, Synapses, Tested
from .rule import OnlineRule, Rule
from .run import Events, Plateaus, Run, Spikes, Traces
from .sweep import sweep

__all__ = [
    "DataError",
    "Error",
    "Evaluation",
    "Events",
    "Figure",
    "FileError",
    "Model",
    "ModelError",
    "Network",
    "OnlineRule",
    "Page",
    "Plateaus",
    "Population",
    "Presented",
    "Projection",
    "Rule",
    "Run",
    "RunError",
    "Spikes",
    "Synapses",
    "Tested",
    "Traces",
    "errors",
    "models",
    "open",
    "set_threads",
    "sweep",
    "threads",
]


def open(path: str | os.PathLike[str]) -> Run | Network:
    """A run file as a :class:`Run`, a checkpoint as a :class:`Network`, whichever it is. Nothing is run.

    :raises FileError: if it cannot be read, or is neither.
    """
    from ._native import holds_checkpoint

    return Network.open(path) if holds_checkpoint(os.fspath(path)) else Run(path)
