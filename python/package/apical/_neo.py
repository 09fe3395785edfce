"""Runs as blocks of neo."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import neo
import numpy as np
import quantities as pq

if TYPE_CHECKING:
    from .run import Run


def block(run: Run) -> neo.Block:
    """A block of one segment: trains, groups of populations, epochs of phases and events, and signals."""
    made = neo.Block(name=run.model.name, file_origin=str(run.path))
    made.annotate(**{key: run.provenance[key] for key in ("seed", "apical_version", "command_line")})
    segment = neo.Segment(name="run")
    made.segments.append(segment)
    start, stop = _span(run)
    for population in run.recorded("spikes"):
        trains = list(_trains(run, population, start, stop))
        group = neo.Group(trains, name=population, allowed_types=[neo.SpikeTrain])
        segment.spiketrains.extend(trains)
        made.groups.append(group)
    segment.epochs.extend(list(_epochs(run)))
    for population in run.recorded("events"):
        segment.epochs.extend(list(_events(run, population)))
    for population in run.recorded("traces"):
        segment.analogsignals.extend(list(_signals(run, population)))
    made.check_relationships()
    return made


def _span(run: Run) -> tuple[float, float]:
    """Start and end of what was recorded, on the run's clock [ms]."""
    shown = run.presentations
    kept = np.asarray(shown["recorded"], bool)
    if not kept.any():
        return 0.0, 0.0
    ends = _ends(shown)
    return float(np.asarray(shown["start_ms"])[kept].min()), float(ends[kept].max())


def _ends(shown: Any) -> Any:
    forward, target = np.asarray(shown["forward_end_ms"]), np.asarray(shown["target_end_ms"])
    return np.where(np.isnan(target), forward, target)


def _trains(run: Run, population: str, start: float, stop: float) -> Iterator[neo.SpikeTrain]:
    """A train of each neuron of which spikes were recorded."""
    times, neurons = run.spikes(population)
    order = np.argsort(neurons, kind="stable")
    kept = run.spiking_neurons(population)
    cuts = np.searchsorted(neurons[order], np.arange(kept.start, kept.stop + 1))
    for neuron, first, end in zip(kept, cuts[:-1], cuts[1:], strict=True):
        own = times[order[first:end]]
        yield neo.SpikeTrain(
            own, units=pq.ms, t_start=start, t_stop=stop, name=f"{population}[{neuron}]", population=population, neuron=neuron
        )


def _epochs(run: Run) -> Iterator[neo.Epoch]:
    """Forward and target phases of the presentations that were recorded; none of a circuit."""
    if run.model.is_continuous:
        return
    shown = run.presentations
    kept = np.asarray(shown["recorded"], bool)
    start, forward, target = (np.asarray(shown[name])[kept] for name in ("start_ms", "forward_end_ms", "target_end_ms"))
    labels = np.asarray(shown["label"])[kept].astype(str)
    yield neo.Epoch(start * pq.ms, (forward - start) * pq.ms, labels=labels, name="forward")
    taught = ~np.isnan(target)
    if taught.any():
        yield neo.Epoch(
            forward[taught] * pq.ms, (target - forward)[taught] * pq.ms, labels=labels[taught], name="target"
        )


def _events(run: Run, population: str) -> Iterator[neo.Epoch]:
    """An epoch array of each kind of event of a population."""
    names = next(p.compartments for p in run.model.populations if p.name == population)
    for kind in run.event_kinds(population):
        start, stop, neurons, compartments = run.events(population, kind)
        yield neo.Epoch(
            start * pq.ms, (stop - start) * pq.ms, labels=np.array([f"{population}[{neuron}]" for neuron in neurons], dtype="U"),
            name=f"{population} {kind}", population=population, kind=kind,
            array_annotations={"neuron": neurons, "compartment": np.array(names, dtype="U")[compartments]},
        )


def _signals(run: Run, population: str) -> Iterator[neo.AnalogSignal]:
    """A signal of each compartment in each unbroken stretch, a channel a neuron."""
    times, values, neurons, compartments = run.traces(population)
    if not len(times):
        return
    unit = next(p.unit for p in run.model.populations if p.name == population)
    units = pq.mV if unit == "mV" else pq.dimensionless
    dt = float(np.min(np.diff(times))) if len(times) > 1 else 1.0
    breaks = np.flatnonzero(np.diff(times) > 1.5 * dt) + 1
    for part in np.split(np.arange(len(times)), breaks):
        for axis, compartment in enumerate(compartments):
            yield neo.AnalogSignal(
                values[part, :, axis], units=units, t_start=times[part[0]] * pq.ms, sampling_period=dt * pq.ms,
                name=f"{population} {compartment}", population=population, compartment=compartment,
                array_annotations={"neuron": neurons},
            )
