"""Runs of which some neurons were recorded, and models of run files."""

from __future__ import annotations

import re

import numpy as np
import pytest

import apical
from apical import Model


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


def test_models_of_runs_are_not_read_again(monkeypatch):
    """The text of a kind of cell of another program cannot be: the library reads it as the run file describes it."""
    pytest.importorskip("neo")
    run = circuit_run("exc,exc[0:3].soma")
    text = run.model.text
    monkeypatch.setattr(Model, "parse", None)
    again = apical.open(run.path)
    assert isinstance(again.model, Model) and again.model.text == text
    assert again.traces("exc").compartments and again.to_neo().segments
