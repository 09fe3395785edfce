"""What networks return: synapses, results of tests, and what happened while an image was shown."""

from __future__ import annotations

from typing import Any, NamedTuple

from . import _native
from .run import Floats, Integers, Run, Singles, Spikes


class Synapses(NamedTuple):
    """Sparse synapses of a projection, in the order in which they are stored."""

    source: Integers
    """Presynaptic neurons [n]."""
    target: Integers
    """Postsynaptic neurons [n]."""
    delay_ms: Floats
    """From spike to arrival [n] [ms]."""
    weight: Singles
    """Weights [n]."""


class Tested(NamedTuple):
    """The result of a test."""

    examples: int
    """Images in a pass."""
    wrong: Integers
    """Wrong answers of each pass [passes]."""
    confusion: Integers
    """Answers [label, answer], over all passes."""
    run: Run | None
    """What was recorded, where that was asked for."""

    @property
    def error_percent(self) -> float:
        """Mean error over the passes [%]."""
        return 100.0 * float(self.wrong.sum()) / (self.examples * len(self.wrong))


class Presented:
    """What happened while one image was shown; times count from its start."""

    def __init__(self, native: _native.Presented) -> None:
        self._native = native

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise TypeError("what was presented is neither copied nor pickled: take the arrays of `spikes`, `plateaus` and `traces`")

    @property
    def decoded(self) -> int | None:
        """The answer, decoded from the forward phase."""
        return self._native.decoded

    @property
    def phases_ms(self) -> list[float]:
        """Lengths of the phases [ms]."""
        return self._native.phases_ms

    def spikes(self, population: str) -> Spikes:
        """Spikes of a population, by time."""
        return Spikes(*self._native.spikes(population))

    def plateaus(self, population: str, phase: str = "forward") -> Singles:
        """Plateaus of a population at the end of the "forward" or "target" phase, 0 to 1 [n]; none of a population without."""
        return self._native.plateaus(population, phase)

    def traces(self, population: str) -> tuple[Floats, Singles]:
        """Sampled potentials of a population: times [samples] [ms], and values [samples, neurons, compartments]."""
        return self._native.traces(population)
