"""Runs of which some neurons were recorded, and models of run files."""

from __future__ import annotations

import re

import numpy as np
import pytest

import apical
from apical import Model
from conftest import ROOT


def circuit_run(record: str) -> apical.Run:
    return Model.load("recurrent-lif").build(seed=1).run(500, record=record)


def test_rates_are_those_of_the_neurons_recorded():
    some, every = circuit_run("exc[10:30],inh"), circuit_run("spikes")
    assert some.spiking_neurons("exc") == range(10, 30) and some.spiking_neurons("inh") == range(20)
    assert every.spiking_neurons("exc") == range(80)
    neurons = every.spikes("exc").neurons
    expected = 1000 * ((neurons >= 10) & (neurons < 30)).sum() / (20 * 500)
    measured = apical.sweep("recurrent-lif", duration_ms=500, record="exc[10:30],inh")
    np.testing.assert_allclose(measured["rate_hz.exc"], [expected], rtol=1e-12)
    assert expected > 1
    (title,) = re.findall(r"exc: \d+ spikes, ([\d.]+) Hz", some.raster("exc").svg)
    assert float(title) == pytest.approx(expected, abs=0.051)
    with pytest.raises(KeyError, match='no population "ex"'):
        some.spiking_neurons("ex")


def test_trains_are_those_of_the_neurons_recorded():
    pytest.importorskip("neo")
    run = circuit_run("exc[10:30]")
    trains = run.to_neo().segments[0].spiketrains
    assert [train.annotations["neuron"] for train in trains] == list(range(10, 30))
    times, neurons = run.spikes("exc")
    for train in trains:
        np.testing.assert_array_equal(train.magnitude, times[neurons == train.annotations["neuron"]])


def test_one_neuron_may_be_an_integer_of_numpy():
    run = circuit_run("exc[0:4].soma")
    for one in (2, np.int64(2), np.uint8(2)):
        assert run.traces("exc", one).neurons.tolist() == [2]
    with pytest.raises(TypeError):
        run.traces("exc", 2.0)


@pytest.fixture(scope="module")
def tufts() -> apical.Run:
    """40 cells of two compartments with events of every kind, of which half are recorded."""
    return Model.load(ROOT / "tests" / "support" / "tufts.toml").build(seed=1).run(record="cells[10:30],cells[10:30].apical")


def test_events_have_a_beginning_an_end_a_neuron_and_a_compartment(tufts):
    assert tufts.recorded("events") == ["cells"]
    assert tufts.event_kinds("cells") == ["bap", "burst", "dendritic_spike", "plateau"]
    # As the model has it: a box of its duration in the apical dendrite, unless a refractory time is over before it is.
    for kind, duration in (("bap", 2), ("dendritic_spike", 5), ("plateau", 45)):
        start, stop, neurons, compartments = tufts.events("cells", kind)
        assert len(start) == len(stop) == len(neurons) == len(compartments) > 10
        np.testing.assert_allclose(stop - start, duration, rtol=1e-9)
        assert (np.diff(start) >= 0).all()
        assert neurons.dtype == compartments.dtype == np.int64
        assert set(neurons) <= set(range(10, 30)) and set(compartments) == {1}
    start, stop, neurons, compartments = tufts.events("cells", "burst")
    times, of = tufts.spikes("cells")
    assert set(compartments) == {0}
    for first, last, neuron in zip(start, stop, neurons, strict=True):
        own = times[of == neuron]
        assert (own == first).any() and (own == last).any() and last > first
        within = own[(own >= first) & (own <= last)]
        # Spikes of a burst follow each other within `window_ms`.
        assert (np.diff(within) <= 12).all()


def test_events_of_a_span_are_those_of_which_a_part_lies_in_it(tufts):
    whole = tufts.events("cells", "plateau")
    part = tufts.events("cells", "plateau", from_ms=150, to_ms=200)
    kept = (whole.start_ms <= 200) & (whole.stop_ms >= 150)
    assert 0 < kept.sum() < len(kept)
    for found, column in zip(part, whole, strict=True):
        np.testing.assert_array_equal(found, column[kept])
    assert (part.start_ms < 150).any() and (part.stop_ms > 200).any()


def test_events_that_there_are_not_are_named_with_those_there_are(tufts):
    with pytest.raises(KeyError, match='no kind of event of "cells", "spike", only "bap", "burst", "dendritic_spike", "plateau"'):
        tufts.events("cells", "spike")
    for ask in (tufts.event_kinds, lambda name: tufts.events(name, "bap")):
        with pytest.raises(KeyError, match='no population "cell", only "cells"'):
            ask("cell")
    lif = circuit_run("exc")
    assert lif.recorded("events") == [] and lif.event_kinds("exc") == []
    with pytest.raises(apical.FileError, match='no events of "exc" were recorded'):
        lif.events("exc", "plateau")


def test_events_are_epochs_of_neo(tufts):
    pytest.importorskip("neo")
    epochs = {epoch.name: epoch for epoch in tufts.to_neo().segments[0].epochs}
    assert sorted(epochs) == ["cells bap", "cells burst", "cells dendritic_spike", "cells plateau"]
    start, stop, neurons, _ = tufts.events("cells", "plateau")
    plateau = epochs["cells plateau"]
    np.testing.assert_array_equal(plateau.times.rescale("ms").magnitude, start)
    np.testing.assert_allclose(plateau.durations.rescale("ms").magnitude, stop - start)
    assert plateau.labels.tolist() == [f"cells[{neuron}]" for neuron in neurons]
    assert set(plateau.array_annotations["compartment"]) == {"apical"}
    np.testing.assert_array_equal(plateau.array_annotations["neuron"], neurons)


def test_events_are_drawn_behind_the_spikes_and_potentials_of_their_neurons(tufts):
    raster, traces = tufts.raster("cells").svg, tufts.traces_figure("cells", range(10, 12)).svg
    for kind in ("plateau", "dendritic spike"):
        assert f">{kind}<" in raster and f">{kind}<" in traces
    assert ">burst<" in raster and ">burst<" not in traces


def test_models_of_runs_are_not_read_again(monkeypatch):
    """The text of a kind of cell of another program cannot be: the library reads it as the run file describes it."""
    pytest.importorskip("neo")
    run = circuit_run("exc,exc[0:3].soma")
    text = run.model.text
    monkeypatch.setattr(Model, "parse", None)
    again = apical.open(run.path)
    assert isinstance(again.model, Model) and again.model.text == text
    assert again.traces("exc").compartments and again.to_neo().segments
