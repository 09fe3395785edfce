"""The package and the program give the same bits for the same model, data and seed."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import apical
from apical import Model
from conftest import SMALL, bars, write_idx

SETS = [f"--set={key}={value}" for key, value in SMALL.items()]


def same(a: apical.Run, b: apical.Run) -> None:
    """Two runs are the same to the bit."""
    for population in b.recorded():
        for ours, theirs in zip(a.spikes(population), b.spikes(population), strict=True):
            np.testing.assert_array_equal(ours, theirs)
    for population in b.recorded("plateaus"):
        for ours, theirs in zip(a.plateaus(population), b.plateaus(population), strict=True):
            np.testing.assert_array_equal(ours, theirs)
    for population in b.recorded("traces"):
        for ours, theirs in zip(a.traces(population)[:3], b.traces(population)[:3], strict=True):
            np.testing.assert_array_equal(ours, theirs)
    for projection in b.model.projections:
        for snapshot in b.snapshots(projection.name):
            np.testing.assert_array_equal(a.weights(projection.name, snapshot), b.weights(projection.name, snapshot))
    for name, column in b.presentations.items():
        np.testing.assert_array_equal(a.presentations[name], column)


def test_training_and_test(program, tmp_path: Path):
    (images, labels), test = bars(40, 1), bars(20, 2)
    write_idx(tmp_path / "bars", "train", images, labels)
    write_idx(tmp_path / "bars", "t10k", *test)
    program("train", "g17-784-500-10", *SETS, "--data", "bars", "--epochs", 2, "--seed", 5, "--record", "all", "--out",
            "run.h5", "--quiet", cwd=tmp_path)
    network = Model.load("g17-784-500-10", **SMALL).build(seed=5)
    ours = network.train(images, labels, epochs=2, test=test, record="all")
    theirs = apical.open(tmp_path / "run.h5")
    assert len(theirs.spikes("hidden").times_ms) > 1000
    same(ours, theirs)
    np.testing.assert_array_equal(ours.curve["test_error_percent"], theirs.curve["test_error_percent"])

    # The checkpoint of either goes on as the other.
    checkpoint = apical.open(tmp_path / "run.checkpoint.h5")
    np.testing.assert_array_equal(checkpoint.weights("hidden-output"), network.weights("hidden-output"))
    more = [each.train(images, labels, epochs=1, record="all") for each in (network, checkpoint)]
    same(*more)

    tested = network.test(*test, record="all")
    network.save(tmp_path / "ours.h5")
    program("test", "ours.h5", "--data", "bars", "--record", "all", "--out", "test.h5", "--quiet", cwd=tmp_path)
    same(tested.run, apical.open(tmp_path / "test.h5"))


def test_parts_of_a_training_are_the_whole(model):
    images, labels = bars(12)
    whole = model.build(seed=2)
    whole.train(images, labels, epochs=3)
    parts = model.build(seed=2)
    parts.train(images, labels, examples=17)
    parts.train(images.reshape(12, 16).astype(int), labels.astype(np.uint16), examples=19)
    np.testing.assert_array_equal(whole.weights("input-hidden"), parts.weights("input-hidden"))
    np.testing.assert_array_equal(whole.biases("hidden"), parts.biases("hidden"))


def test_an_image_of_a_test_is_presented_alone(model):
    images, labels = bars(6)
    network = model.build(seed=3)
    run = network.test(images, labels, record="all").run
    for index in (0, 5):
        start, end = run.presentations["start_ms"][index], run.presentations["forward_end_ms"][index]
        presented = network.present(images[index], index=index)
        times, neurons = run.spikes("hidden", from_ms=start, to_ms=end)
        np.testing.assert_array_equal(presented.spikes("hidden").times_ms + start, times)
        np.testing.assert_array_equal(presented.spikes("hidden").neurons, neurons)
        assert presented.decoded == run.presentations["decoded"][index]


def test_circuits(program, tmp_path: Path):
    program("simulate", "recurrent-lif", "--duration", 350, "--seed", 4, "--record", "exc,exc[0:3].soma", "--out", "run.h5",
            "--quiet", cwd=tmp_path)
    theirs = apical.open(tmp_path / "run.h5")
    same(Model.load("recurrent-lif").build(seed=4).run(350, record="exc,exc[0:3].soma"), theirs)


def test_parts_of_a_circuit_run_are_the_whole():
    model = Model.load("recurrent-lif", **{"protocol.warmup_ms": 0})
    whole = model.build(seed=4).run(410, record="exc")
    network = model.build(seed=4)
    parts = [network.run(duration, record="exc") for duration in (130, 20, 250, 10)]
    assert network.clock_ms == 410
    for whole_column, column in zip(whole.spikes("exc"), ([p.spikes("exc")[i] for p in parts] for i in (0, 1)), strict=True):
        np.testing.assert_array_equal(whole_column, np.concatenate(column))


def test_threads_change_nothing(model):
    images, labels = bars(10)
    before, weights = apical.threads(), []
    for threads in (1, 3):
        apical.set_threads(threads)
        network = Model.parse(model.text, **{"learning.batch": 3}).build(seed=1)
        network.train(images, labels, epochs=1, test=(images, labels))
        weights.append(network.weights("input-hidden"))
    apical.set_threads(before)
    np.testing.assert_array_equal(*weights)
