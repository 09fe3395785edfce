"""What networks do beside the numbers: views, errors, interruptions, files."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import apical
from apical import Model, Network
from conftest import SMALL, bars


def test_images_of_any_form_are_the_same(model):
    images, labels = bars(8)
    runs = []
    for form in (images, images / 255, (images / 255).reshape(8, 16), images.astype(np.int32), images.tolist(), images[:, ::1]):
        network = model.build()
        network.train(form, labels.astype(np.int8), epochs=1)
        runs.append(network.weights("input-hidden"))
    for other in runs[1:]:
        np.testing.assert_array_equal(runs[0], other)


def test_digits_of_scikit_learn_are_learnt_without_a_file():
    digits = pytest.importorskip("sklearn.datasets").load_digits()
    keys = {
        "population.input.size": 64,
        "population.hidden.size": 100,
        "projection.input-hidden.learning_rate": 2,
        "projection.hidden-output.learning_rate": 0.2,
    }
    network = Model.load("g17-784-500-10", **keys).build(seed=1)
    images = digits.images / 16
    network.train(images[:1400], digits.target[:1400], epochs=2, record="none")
    tested = network.test(images[1400:], digits.target[1400:])
    assert tested.error_percent < 35
    assert tested.confusion.sum() == tested.examples == 397
    assert tested.confusion.trace() == 397 - tested.wrong[0]


def test_weights_are_views_that_stay_as_they_were(model):
    images, labels = bars(4)
    network = model.build()
    view, again = network.weights("input-hidden"), network.weights("input-hidden")
    assert view.shape == (24, 16) and view.dtype == np.float32 and view.base is not None
    assert np.shares_memory(view, again)
    with pytest.raises(ValueError, match="read-only"):
        view[0, 0] = 1
    before = view.copy()
    network.train(images, labels, epochs=1)
    np.testing.assert_array_equal(view, before)
    assert (network.weights("input-hidden") != before).any()
    del network
    np.testing.assert_array_equal(view, before)


def test_weights_and_biases_are_set(model):
    network = model.build()
    weights = np.random.default_rng(1).normal(size=(24, 16))
    network.set_weights("input-hidden", weights)
    network.set_biases("hidden", np.arange(24))
    np.testing.assert_array_equal(network.weights("input-hidden"), weights.astype(np.float32))
    np.testing.assert_array_equal(network.biases("hidden"), np.arange(24, dtype=np.float32))
    assert network.edited
    for refused, words in (
        (np.zeros((16, 24)), r"expected the shape \(24, 16\)"),
        (np.full((24, 16), np.nan), "finite"),
        (np.full((24, 16), 1e300), "finite"),
        (np.zeros((24, 16), complex), "array of numbers"),
        (np.zeros(24 * 16), "expected an array"),
        (np.zeros((2, 3, 4)), "expected the shape"),
        ("weights", "array of numbers"),
    ):
        with pytest.raises(apical.ModelError, match=words):
            network.set_weights("input-hidden", refused)
    np.testing.assert_array_equal(network.weights("input-hidden"), weights.astype(np.float32))
    with pytest.raises(KeyError, match='no projection "hidden", only "input-hidden"'):
        network.weights("hidden")


def test_sparse_synapses_are_columns_that_are_set():
    network = Model.load("recurrent-lif").build(seed=1)
    synapses = network.weights("exc-inh")
    assert len(synapses.source) == len(synapses.weight) > 100
    assert synapses.source.max() < 80 and synapses.target.max() < 20 and synapses.delay_ms.min() > 0
    network.set_weights("exc-inh", synapses.weight * 0)
    assert not network.weights("exc-inh").weight.any()
    silent = network.run(100, record="inh").spikes("inh")
    loud = Model.load("recurrent-lif").build(seed=1).run(100, record="inh").spikes("inh")
    assert len(silent.times_ms) < len(loud.times_ms)
    with pytest.raises(apical.ModelError, match=r"sign|non-negative"):
        network.set_weights("exc-inh", synapses.weight * 0 - 1)


def test_the_callback_sees_the_network_of_its_evaluation(model):
    images, labels = bars(6)
    network, seen = Model.parse(model.text, **{"recording.weights": "epochs"}).build(), []

    def callback(evaluation):
        seen.append((evaluation.examples_seen, evaluation.examples_planned, network.weights("hidden-output").copy()))

    run = network.train(images, labels, epochs=3, test=(images, labels), callback=callback, record="none")
    assert [row[:2] for row in seen] == [(6, 18), (12, 18), (18, 18)]
    for epoch, (_, _, weights) in enumerate(seen, 1):
        np.testing.assert_array_equal(run.weights("hidden-output", f"epoch-{epoch}"), weights)
    assert list(run.curve["examples_seen"]) == [6, 12, 18]


def test_a_callback_may_work_with_other_networks_on_one_thread(model):
    images, labels = bars(4)
    before, other, seen = apical.threads(), model.build(seed=2), []
    apical.set_threads(1)

    def callback(evaluation):
        other.train(images, labels, epochs=1)
        run = Model.load("recurrent-lif").build().run(100)
        seen.append(len(run.presentations["start_ms"]))

    model.build().train(images, labels, epochs=2, callback=callback)
    apical.set_threads(before)
    assert seen == [1, 1] and other.examples_seen == 8


def test_a_rule_cannot_train(model):
    images, labels = bars(4)
    other = model.build(seed=2)

    class Nested:
        post, pre = (), ()

        def __call__(self, post, pre, eta):
            other.train(images, labels, epochs=1)

    with pytest.raises(apical.RunError, match="a rule cannot train"):
        model.build().train(images, labels, epochs=1, rules={"hidden-output": Nested()})


def test_an_exception_of_the_callback_ends_the_training_there(model):
    images, labels = bars(6)
    network = model.build()

    def callback(evaluation):
        if evaluation.examples_seen == 12:
            raise StopIteration("enough")

    with pytest.raises(StopIteration, match="enough"):
        network.train(images, labels, epochs=5, callback=callback)
    assert network.examples_seen == 12
    assert len(network.last_run.presentations["index"]) == 12
    network.train(images, labels, epochs=1)
    whole = model.build()
    whole.train(images, labels, epochs=3)
    np.testing.assert_array_equal(network.weights("input-hidden"), whole.weights("input-hidden"))


def test_ctrl_c_stops_with_the_state_intact(model):
    images, labels = bars(2000)
    network = model.build()
    timer = threading.Timer(0.7, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        network.train(images, labels, epochs=100_000, record="none")
    seen = network.examples_seen
    assert 0 < seen < 2000 * 100_000
    network.train(images, labels, examples=10)
    whole = model.build()
    whole.train(images, labels, examples=seen + 10)
    np.testing.assert_array_equal(network.weights("input-hidden"), whole.weights("input-hidden"))


def test_ctrl_c_stops_a_circuit():
    network = Model.load("recurrent-lif").build()
    timer = threading.Timer(0.7, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        network.run(1e8, record="none")
    assert 0 < network.clock_ms < 1e8
    network.run(100)


def test_the_lock_of_the_interpreter_is_released(model):
    images, labels = bars(100)
    network = model.build()
    begun, failed = threading.Event(), []

    def train():
        try:
            network.train(images, labels, epochs=30, record="none", callback=lambda _: begun.set())
        except BaseException as error:
            failed.append(error)

    worker = threading.Thread(target=train)
    worker.start()
    assert begun.wait(30)
    refused = 0
    while worker.is_alive():
        try:
            network.present(images[0])
        except apical.RunError as error:
            assert "at work in another thread" in str(error)
            refused += 1
        time.sleep(0.001)
    worker.join()
    assert refused > 5 and not failed


def test_processes_that_fork_have_threads_of_their_own(model):
    images, labels = bars(4)
    model.build().train(images, labels, epochs=1)
    code = (
        "import os, numpy as np, apical\n"
        "def work():\n"
        f"    n = apical.Model.load('g17-784-500-10', **{SMALL!r}).build()\n"
        "    n.test(np.zeros((2, 4, 4), np.uint8), [0, 1])\n"
        "work()\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    work()\n"
        "    os._exit(7)\n"
        "assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7\n"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, timeout=60)


def test_checkpoints_and_run_files_are_opened(model, tmp_path: Path):
    images, labels = bars(5)
    network = model.build(seed=9)
    network.save(tmp_path / "new.h5")
    run = network.train(images, labels, epochs=1, out=tmp_path / "run.h5")
    network.save(tmp_path / "trained.h5")
    opened = apical.open(tmp_path / "trained.h5")
    assert isinstance(opened, Network) and opened.seed == 9 and opened.examples_seen == 5
    begun = apical.open(tmp_path / "new.h5")
    begun.train(images, labels, epochs=1)
    np.testing.assert_array_equal(begun.weights("input-hidden"), opened.weights("input-hidden"))
    with apical.open(tmp_path / "run.h5") as again:
        assert again.provenance["seed"] == 9 and again.provenance["command_line"].startswith("apical.Network.train(")
        np.testing.assert_array_equal(again.weights("input-hidden"), run.weights("input-hidden"))
    with pytest.raises(apical.FileError, match="is closed"):
        again.spikes("hidden")
    with pytest.raises(apical.FileError, match="exists"):
        network.train(images, labels, epochs=1, out=tmp_path / "run.h5")
    network.train(images, labels, epochs=1, out=tmp_path / "run.h5", overwrite=True)
    for name, words in (("none.h5", "cannot read"), ("text.h5", "text.h5")):
        if name == "text.h5":
            (tmp_path / name).write_text("no HDF5")
        with pytest.raises(apical.FileError, match=words):
            apical.open(tmp_path / name)
    with pytest.raises(apical.FileError):
        network.save(tmp_path / "no" / "folder.h5")


def test_temporary_files_go_with_their_runs(model):
    images, labels = bars(3)
    run = model.build().train(images, labels, epochs=1)
    path = run.path
    assert path.exists()
    del run
    assert not path.parent.exists()


def test_what_was_not_recorded_is_said(model):
    images, labels = bars(3)
    run = model.build().train(images, labels, epochs=1, record="none")
    for read in (run.spikes, run.plateaus, run.traces):
        with pytest.raises(apical.FileError, match="were not recorded"):
            read("hidden")
        with pytest.raises(KeyError, match='no population "hiden"'):
            read("hiden")


def test_traces_have_a_compartment_axis(model):
    images, labels = bars(3)
    run = model.build().train(images, labels, epochs=1, record="all")
    traces = run.traces("hidden")
    assert traces.compartments == ("soma", "basal", "apical")
    assert traces.values.shape == (len(traces.times_ms), 24, 3)
    some = run.traces("hidden", range(3, 5))
    np.testing.assert_array_equal(some.values, traces.values[:, 3:5])
    assert list(some.neurons) == [3, 4] and list(run.traces("hidden", 7).neurons) == [7]
    assert np.all(np.diff(traces.times_ms) > 0)


def test_a_presentation_with_a_label_has_two_phases(model):
    images, _ = bars(1)
    network = model.build()
    presented = network.present(images[0], label=3, every_ms=1.0)
    assert len(presented.phases_ms) == 2
    forward, target = presented.plateaus("hidden"), presented.plateaus("hidden", "target")
    assert forward.shape == target.shape == (24,) and (forward != target).any()
    times, values = presented.traces("hidden")
    assert values.shape == (len(times), 24, 3) and times[1] == 1.0
    with pytest.raises(apical.DataError, match="label below 10"):
        network.present(images[0], label=10)
    with pytest.raises(apical.ModelError, match="give `every_ms`"):
        network.present(images[0]).traces("hidden")


def test_a_rule_in_python_is_the_rule_of_the_model(model):
    class Delta:
        post = ("v_forward", "sigmoid_target")
        pre = ("train_forward",)

        def __call__(self, post, pre, eta):
            slope = 1 / (1 + np.exp(-post["v_forward"]))
            return eta * (post["sigmoid_target"] - slope), pre["train_forward"]

    images, labels = bars(6)
    keys = {
        "projection.hidden-output.rule": "expression",
        "projection.hidden-output.post": "sigmoid_target - sigmoid(v_forward)",
        "projection.hidden-output.pre": "train_forward",
    }
    ours, theirs = model.build(), Model.parse(model.text, **keys).build()
    ours.train(images, labels, epochs=2, rules={"hidden-output": Delta()})
    theirs.train(images, labels, epochs=2)
    change = theirs.weights("hidden-output") - model.build().weights("hidden-output")
    np.testing.assert_allclose(
        ours.weights("hidden-output"), theirs.weights("hidden-output"), rtol=0, atol=1e-3 * np.abs(change).max()
    )


def rule(returned=None, post=(), fails=None):
    """A rule that returns what is given, or fails."""

    class Given:
        pre = ()

        def __call__(self, post, pre, eta):
            if fails is not None:
                raise fails
            return returned

    Given.post = post
    return Given()


@pytest.mark.parametrize(
    ("rule", "error", "words"),
    [
        (rule(post=("v",)), apical.ModelError, 'no signal "v", only v_forward'),
        (rule((np.zeros(3), np.zeros(24))), apical.ModelError, r"postsynaptic factors of shape \(10,\)"),
        (rule((np.zeros(10), np.zeros((24, 1)))), apical.ModelError, r"presynaptic factors of shape \(24,\)"),
        (rule(fails=ZeroDivisionError("by 0")), ZeroDivisionError, "by 0"),
        (rule((np.full(10, np.nan), np.ones(24))), apical.RunError, "left the finite numbers"),
    ],
)
def test_a_rule_that_fails_ends_the_training(model, rule, error, words):
    images, labels = bars(6)
    network = model.build()
    with pytest.raises(error, match=words):
        network.train(images, labels, epochs=1, rules={"hidden-output": rule})
    network.train(images, labels, epochs=1)


def test_networks_of_rates_are_trained_once(model):
    images, labels = bars(20)
    keys = {"population.input.size": 16, "population.hidden.size": 24}
    network = Model.load("g17-784-500-10-backprop", **keys).build()
    network.train(images, labels, epochs=3, test=(images, labels))
    assert network.examples_seen == 60 and len(network.curve["examples_seen"]) == 3
    assert network.test(images, labels).error_percent <= 100
    with pytest.raises(apical.ModelError, match="whole epochs, from the start"):
        network.train(images, labels, epochs=1)


def test_calls_that_make_no_sense_say_so(model):
    images, labels = bars(3)
    network, circuit = model.build(), Model.load("recurrent-lif").build()
    with pytest.raises(apical.ModelError, match='expected a model of the protocol "continuous"'):
        network.run(100)
    for call in (lambda: circuit.train(images, labels), lambda: circuit.present(images[0]), lambda: circuit.test(images, labels)):
        with pytest.raises(apical.Error):
            call()
    for duration in (0, -1, float("nan"), float("inf"), 1e300):
        with pytest.raises(apical.ModelError, match="expected a duration"):
            circuit.run(duration)
    with pytest.raises(apical.ModelError, match="there is no"):
        network.train(images, labels, record="hiden")
    with pytest.raises(ValueError, match="epochs or examples"):
        network.train(images, labels, epochs=1, examples=2)
    with pytest.raises(ValueError, match="epochs: expected a whole number from 1"):
        network.train(images, labels, epochs=0)
    with pytest.raises(apical.ModelError, match="twin"):
        network.train(images, labels, rate="quick")
    with pytest.raises(apical.DataError, match="needs a label"):
        network.train(images)
    with pytest.raises(apical.DataError, match="no folder `nowhere`"):
        network.train(data="nowhere")
    assert network.examples_seen == 0


def test_runaway_activity_is_an_error_and_leaves_the_network():
    network = Model.load("recurrent-lif", **{"protocol.largest_mean_rate_hz": 1, "protocol.warmup_ms": 0}).build()
    with pytest.raises(apical.RunError, match="runaway activity"):
        network.run(500)
    assert network.clock_ms == 0


SONG = {"population.inputs.size": 200, "projection.inputs-cell.weights.low": 6, "protocol.warmup_ms": 0}


class Pairs:
    """The rule of song-2000."""

    arrival_traces_ms = (20.0,)
    spike_traces_ms = (20.0,)

    def at_arrival(self, w, x, y):
        return w - 0.00525 * 9 * y[0]

    def at_spike(self, w, x, y):
        return w + 0.005 * 9 * x[0]


def test_a_rule_between_spikes_in_python_is_the_rule_of_the_model():
    keys = {**SONG, "population.inputs.stimulus.rate_hz": 40, "projection.inputs-cell.plasticity.kind": "stdp"}
    ours, theirs = (Model.load("song-2000", **keys).build() for _ in range(2))
    before = ours.weights("inputs-cell").copy()
    for duration in (300, 200):
        spikes = ours.run(duration, rules={"inputs-cell": Pairs()}, record="cell").spikes("cell")
    spikes_of_theirs = theirs.run(500, record="cell").spikes("cell")
    assert len(spikes_of_theirs[0]) > len(spikes[0]) > 0
    np.testing.assert_allclose(ours.weights("inputs-cell"), theirs.weights("inputs-cell"), rtol=0, atol=1e-5)
    assert (ours.weights("inputs-cell") != before).mean() > 0.9
    assert (ours.weights("inputs-cell") <= 9).all() and (ours.weights("inputs-cell") >= 0).all()


def online(**attributes):
    """Pairs with other attributes."""
    return type("Other", (Pairs,), attributes)()


def fails(self, w, x, y):
    raise ZeroDivisionError("by 0")


@pytest.mark.parametrize(
    ("rules", "error", "words"),
    [
        ({"inputs-cells": Pairs()}, apical.ModelError, "there is no such projection"),
        ({"inputs-cell": online(spike_traces_ms=(1.0, 2.0, 3.0))}, apical.ModelError, "at most two time constants"),
        ({"inputs-cell": online(arrival_traces_ms=(0.0,))}, apical.ModelError, "at most two time constants"),
        ({"inputs-cell": online(at_arrival=fails)}, ZeroDivisionError, "by 0"),
        ({"inputs-cell": online(at_spike=fails)}, ZeroDivisionError, "by 0"),
        ({"inputs-cell": online(at_arrival=lambda self, w, x, y: np.zeros(3))}, apical.ModelError, "weights of synapses"),
        ({"inputs-cell": online(at_arrival=lambda self, w, x, y: w * np.nan)}, apical.RunError, "went beyond all numbers"),
    ],
)
def test_a_rule_between_spikes_that_fails_ends_the_run(rules, error, words):
    network = Model.load("song-2000", **SONG, **{"population.inputs.stimulus.rate_hz": 40}).build()
    before = network.weights("inputs-cell").copy()
    with pytest.raises(error, match=words):
        network.run(500, rules=rules)
    assert network.clock_ms == 0 and (network.weights("inputs-cell") == before).all()
    network.run(100)


def test_a_projection_without_plasticity_takes_no_rule_between_spikes():
    network = Model.load("recurrent-lif").build()
    with pytest.raises(apical.ModelError, match="expected a projection with `plasticity`"):
        network.run(100, rules={"exc-exc": Pairs()})
