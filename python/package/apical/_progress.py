"""Progress of a run: a bar of tqdm where that is installed, and the callback of the user."""

from __future__ import annotations

import math
from collections.abc import Callable
from types import TracebackType
from typing import Any, NamedTuple


class Evaluation(NamedTuple):
    """The end of an epoch, or of a training."""

    examples_seen: int
    """Training presentations so far."""
    examples_planned: int
    """Training presentations in all."""
    test_error_percent: float
    """Error on the test images [%]; NaN where none are tested."""


Callback = Callable[[Evaluation], object]

_UNITS = {"train": "images", "test": "images", "ms": "ms"}


class Progress:
    """Called by a run with what it reports, as :mod:`apical._native` has it."""

    def __init__(self, shown: bool | None, callback: Callback | None = None) -> None:
        if callback is not None and not callable(callback):
            raise TypeError(f"callback: expected a function of an Evaluation, found {callback!r}")
        self._shown = shown
        self._callback = callback
        self._part = ""
        self._bar: Any = None

    def __call__(self, part: str, done: float, total: float, error_percent: float) -> None:
        if part == "evaluated":
            if self._callback is not None:
                self._callback(Evaluation(int(done), int(total), error_percent))
            return
        if self._shown is False:
            return
        if part != self._part:
            self._close()
            self._part, self._bar = part, _bar(self._shown, part, total)
        if self._bar is not None:
            self._bar.n = done
            if not math.isnan(error_percent):
                self._bar.set_postfix_str(f"error {error_percent:.2f} %", refresh=False)
            self._bar.refresh()

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._close()

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def _bar(shown: bool | None, part: str, total: float) -> Any:
    """A bar; without tqdm none. Unless it is asked for, tqdm shows it on terminals and in notebooks alone."""
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return None
    return tqdm(total=total, desc=part, unit=f" {_UNITS[part]}", leave=False, disable=None if shown is None else not shown)
