"""Files that a run, a checkpoint or an export is written to."""

from __future__ import annotations

import itertools
from pathlib import Path

from . import _native
from .errors import FileError


def kind_of(path: Path) -> str:
    """What a file is: "a checkpoint", "a training", "a test", "the run of a circuit", or "no finished file of apical"."""
    try:
        if _native.holds_checkpoint(path):
            return "a checkpoint"
        run = _native.RunFile(path)
        if run.model.is_continuous:
            return "the run of a circuit"
        shown = run.presentations()["kind"]
        return "a test" if len(shown) and shown[0] == "test" else "a training"
    except FileError:
        return "no finished file of apical"


def check_replaced(path: Path, kind: str) -> None:
    """Refuses to put a file of a kind in the place of one of another.

    :raises FileError: if there is one.
    """
    if path.exists() and (found := kind_of(path)) != kind:
        raise FileError(f"{path} is {found}, which {kind} does not replace; name another file")


def check_exported(path: Path) -> None:
    """Refuses to put an export in the place of a run or a checkpoint.

    :raises FileError: if there is one.
    """
    if path.exists() and (found := kind_of(path)) != "no finished file of apical":
        raise FileError(f"{path} is {found}, which an export does not replace; name another file")


def unfinished(path: Path) -> Path:
    """Where a run is written that is to replace a file once it is complete: the first free of NAME.unfinished.h5,
    NAME.unfinished-2.h5 and so on."""
    names = itertools.chain(["unfinished"], (f"unfinished-{n}" for n in itertools.count(2)))
    return next(free for name in names if not (free := path.with_name(f"{path.stem}.{name}.h5")).exists())
