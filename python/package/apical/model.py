"""Models: what a network is, how it learns, what it is shown and what is recorded."""

from __future__ import annotations

import html
import os
from typing import TYPE_CHECKING, Any, NamedTuple

from . import _native, _toml

if TYPE_CHECKING:
    from .network import Network


class Population(NamedTuple):
    """A population of like cells."""

    name: str
    size: int
    kind: str
    """Kind of cell, as model files name it: "poisson", "pyramidal", "output", "lif", "compartments"."""
    compartments: tuple[str, ...]
    """Compartments of which potentials are recorded, in the order of their axis; none of a source."""
    unit: str
    """Unit of their potentials: "mV", or "dimensionless" as in Guerguiev, Lillicrap & Richards (2017)."""


class Projection(NamedTuple):
    """Synapses from one population to another."""

    name: str
    source: str
    target: str
    port: str
    """Where on the target cells the synapses end."""
    learning_rate: float
    """0: the weights stay."""


def models() -> dict[str, str]:
    """The models that come with the package: what each is, by its name.

    >>> import apical
    >>> apical.models()["recurrent-lif"]
    'Small balanced circuit'
    """
    texts = _native.shipped_models()
    return {name: _native.Model(text=text, origin=name).about for name, text in texts.items()}


class Model(_native.Model):
    """A model, which does not change.

    >>> model = Model.load("g17-784-500-10", **{"population.hidden.size": 200})
    >>> model.populations[1].size
    200
    >>> Model.parse(model.text) == model
    True
    """

    __slots__ = ()

    @classmethod
    def load(cls, name_or_path: str | os.PathLike[str], /, **overrides: Any) -> Model:
        """The model of a file, or a shipped one by its name, with any of its keys set.

        :param overrides: keys with dots, as ``--set`` takes them: ``**{"learning.batch": 16}``; docs/model.md lists them.
        :raises ModelError: if there is no such model, a key is unknown or a value out of its range; with file, line and column.
        """
        return cls(os.fspath(name_or_path), overrides=_toml.overrides(overrides))

    @classmethod
    def parse(cls, text: str, /, origin: str = "the text", **overrides: Any) -> Model:
        """The model of a text in TOML; `origin` is its name in errors.

        :raises ModelError: as :meth:`load`.
        """
        return cls(text=text, origin=origin, overrides=_toml.overrides(overrides))

    def build(self, seed: int = 1) -> Network:
        """The initial network: all that is random in it depends on the seed alone.

        >>> network = Model.load("g17-784-500-10").build(seed=3)
        >>> network.weights("hidden-output").shape
        (10, 500)
        """
        from .network import Network

        return Network(self, seed=seed)._built()

    @property
    def populations(self) -> tuple[Population, ...]:
        """The populations, from input to output."""
        return tuple(
            Population(p["name"], p["size"], p["kind"], tuple(p["compartments"]), p["unit"]) for p in self._populations()
        )

    @property
    def projections(self) -> tuple[Projection, ...]:
        """The projections."""
        return tuple(Projection(**p) for p in self._projections())

    def __repr__(self) -> str:
        sizes = ", ".join(f"{p.name} {p.size}" for p in self.populations)
        return f"<apical.Model {self.name!r}: {sizes}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return _of_text, (type(self), self.text, self.name)

    def _repr_html_(self) -> str:
        populations = _table(("population", "neurons", "cells", "compartments"), [
            (p.name, p.size, p.kind, ", ".join(p.compartments)) for p in self.populations
        ])
        projections = _table(("projection", "from", "to", "port", "learning rate"), [
            (p.name, p.source, p.target, p.port, p.learning_rate) for p in self.projections
        ])
        about = html.escape(self.about)
        return f"<div><b>{html.escape(self.name)}</b> {about}{populations}{projections}</div>"


def _of_text(kind: type[Model], text: str, name: str) -> Model:
    return kind.parse(text, origin=name)


def _table(head: tuple[str, ...], rows: list[tuple[Any, ...]]) -> str:
    """A table in HTML."""
    def cells(of: tuple[Any, ...], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{html.escape(str(cell))}</{tag}>" for cell in of) + "</tr>"

    return f"<table>{cells(head, 'th')}{''.join(cells(row, 'td') for row in rows)}</table>"
