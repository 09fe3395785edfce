"""Values of Python as TOML, in which models are written."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from .errors import ModelError


def value(given: Any, key: str) -> str:
    """A value in TOML; `key` names it in errors.

    >>> value({"kind": "fixed_probability", "p": 0.1}, "connection")
    '{ "kind" = "fixed_probability", "p" = 0.1 }'
    >>> value([1, True, np.float32(0.5), float("inf")], "list")
    '[1, true, 0.5, inf]'
    """
    if isinstance(given, np.ndarray | np.generic):
        given = given.tolist()
    if isinstance(given, bool):
        return "true" if given else "false"
    if isinstance(given, int):
        return str(given)
    if isinstance(given, float):
        return repr(given) if math.isfinite(given) else str(given)
    if isinstance(given, str | os.PathLike):
        return text(os.fsdecode(given))
    if isinstance(given, Mapping):
        return "{ " + ", ".join(f"{name(k)} = {value(v, f'{key}.{k}')}" for k, v in given.items()) + " }"
    if isinstance(given, list | tuple | range):
        return "[" + ", ".join(value(each, key) for each in given) + "]"
    raise ModelError(f"`{key}`: expected a number, a string, a truth value, a list or a mapping of these, found {given!r}")


def name(key: Any) -> str:
    """A key in TOML."""
    if not isinstance(key, str):
        raise ModelError(f"expected the name of a key, found {key!r}")
    return text(key)


def text(given: str) -> str:
    """A string in TOML."""
    try:
        given.encode()
    except UnicodeEncodeError:
        raise ModelError(f"expected a text that is valid Unicode, found {given!r}") from None
    return json.dumps(given, ensure_ascii=False).replace("\x7f", "\\u007f")


def document(tables: Mapping[str, Any]) -> str:
    """A model text of keys and tables."""
    return "".join(f"{name(key)} = {value(of, key)}\n" for key, of in tables.items())


def overrides(keys: Mapping[str, Any]) -> list[str]:
    """Keys with dots, as `--set` takes them."""
    return [f"{key}={value(of, key)}" for key, of in keys.items()]
