"""Runs for other programs: pandas, neo and elephant, NWB, figures and pages."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from apical import Model
from conftest import bars


@pytest.fixture
def circuit():
    return Model.load("recurrent-lif").build(seed=1).run(500, record="exc,inh,exc[0:3].soma,200:400,500:600")


def test_pandas(circuit):
    pandas = pytest.importorskip("pandas")
    frame = circuit.to_pandas()
    assert isinstance(frame, pandas.DataFrame) and list(frame) == ["time_ms", "population", "neuron"]
    times, neurons = circuit.spikes("exc")
    exc = frame[frame.population == "exc"]
    np.testing.assert_array_equal(exc.time_ms, times)
    np.testing.assert_array_equal(exc.neuron, neurons)
    assert frame.time_ms.is_monotonic_increasing and len(frame) > len(exc)


def test_neo_has_trains_groups_and_signals(circuit):
    neo = pytest.importorskip("neo")
    block = circuit.to_neo()
    assert isinstance(block, neo.Block)
    assert [(group.name, len(group.spiketrains)) for group in block.groups] == [("exc", 80), ("inh", 20)]
    times, neurons = circuit.spikes("exc")
    train = block.groups[0].spiketrains[7]
    np.testing.assert_array_equal(train.magnitude, times[neurons == 7])
    assert train.annotations == {"population": "exc", "neuron": 7} and float(train.t_stop) == 600
    signals = block.segments[0].analogsignals
    assert [(signal.shape, float(signal.t_start)) for signal in signals] == [((400, 3), 200.0), ((200, 3), 500.0)]
    assert {str(signal.units.dimensionality) for signal in signals} == {"mV"}
    np.testing.assert_array_equal(
        np.concatenate([signal.magnitude for signal in signals]), circuit.traces("exc").values[:, :, 0]
    )


def test_neo_has_the_phases_of_presentations(model):
    pytest.importorskip("neo")
    images, labels = bars(4)
    run = model.build().train(images, labels, epochs=1, record="all")
    forward, target = run.to_neo().segments[0].epochs
    shown = run.presentations
    np.testing.assert_array_equal(forward.times.magnitude, shown["start_ms"])
    np.testing.assert_allclose(target.durations.magnitude, shown["target_end_ms"] - shown["forward_end_ms"])
    assert list(forward.labels) == [str(label) for label in shown["label"]]


def test_elephant_computes_rates_and_irregularity(circuit):
    statistics = pytest.importorskip("elephant.statistics")
    trains = circuit.to_neo().groups[0].spiketrains
    times, neurons = circuit.spikes("exc")
    rate = statistics.mean_firing_rate(trains[3]).rescale("Hz").item()
    # Over the span from the first to the last recorded stretch.
    assert rate == pytest.approx(1000 * np.sum(neurons == 3) / 400)
    busiest = np.argmax(np.bincount(neurons))
    own = np.diff(times[neurons == busiest])
    assert statistics.cv(statistics.isi(trains[busiest])) == pytest.approx(own.std() / own.mean())


def test_nwb(circuit, tmp_path: Path):
    circuit.to_nwb(tmp_path / "run.nwb")
    assert (tmp_path / "run.nwb").read_bytes()[1:4] == b"HDF"


def test_figures_are_svg(circuit, model, tmp_path: Path):
    images, labels = bars(4)
    trained = model.build().train(images, labels, epochs=2, test=(images, labels), record="all")
    figures = (
        circuit.raster(), circuit.raster("inh", from_ms=200, to_ms=300), circuit.traces_figure("exc", range(2)),
        trained.learning_figure(), trained.raster("hidden"),
    )
    for figure in figures:
        assert ElementTree.fromstring(figure._repr_svg_()).tag.endswith("svg")
    assert figures[0].svg != figures[1].svg
    figures[0].save(tmp_path / "raster.svg")
    assert (tmp_path / "raster.svg").read_text() == figures[0].svg
    with pytest.raises(KeyError):
        circuit.raster("hiden")


def test_the_explorer_is_a_page(circuit, tmp_path: Path):
    page = circuit.explorer(height=300)
    page.save(tmp_path / "page.html")
    assert "<html" in (tmp_path / "page.html").read_text()[:200].lower()
    assert page._repr_html_().startswith("<iframe srcdoc=") and "http://" not in page._repr_html_()[:100]
    assert "seed" in circuit._repr_html_()
