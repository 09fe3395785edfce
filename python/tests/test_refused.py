"""Calls that would leave out what they are given, or never end, are refused."""

from __future__ import annotations

import numpy as np
import pytest

import apical
from apical import Model, Network
from conftest import bars

RATES = {"population.input.size": 16, "population.hidden.size": 24}


def of_rates() -> Network:
    """A network that learns by a rule of rates, trained."""
    network = Model.load("g17-784-500-10-backprop", **RATES).build()
    network.train(*bars(4), epochs=1)
    return network


def test_a_test_needs_labels_and_classes(model):
    images, labels = bars(4)
    network = model.build()
    with pytest.raises(apical.DataError, match="a test needs a label of each image"):
        network.test(images)
    with pytest.raises(apical.DataError, match="labels without images"):
        network.test(labels=labels)
    circuit = Network().population("input", 16, "poisson", stimulus={"rate_hz": 40}).population("cells", 10, "pyramidal")
    for given in ((images,), (images, labels), ()):
        with pytest.raises(apical.ModelError, match="decodes classes"):
            circuit.test(*given)


def test_images_and_a_folder_of_images_are_not_both_shown(model, tmp_path):
    network = model.build()
    for call in (network.train, network.test):
        with pytest.raises(apical.DataError, match=r"found images and `data`.*give one of both"):
            call(*bars(4), data=tmp_path)


def test_networks_of_rates_record_no_test(tmp_path):
    images, labels = bars(4)
    network = of_rates()
    trained = network.last_run
    for asked in ({"out": tmp_path / "test.h5"}, {"record": "all"}, {"passes": 2}):
        with pytest.raises(apical.ModelError, match="one pass and records nothing"):
            network.test(images, labels, **asked)
    assert network.last_run is trained and not list(tmp_path.iterdir())
    assert network.test(images, labels).run is None


def test_what_is_returned_is_never_an_older_run(model):
    network = model.build()
    network.train(*bars(4), epochs=1)
    with pytest.raises(apical.FileError, match="nothing was recorded"):
        network._record("a training", None, False, lambda path: None)


def test_trainings_take_whole_pairs(model):
    images, labels = bars(4)
    network = model.build()
    for given, words in (
        ({"images": images, "labels": labels, "test": (images, None)}, "a test needs a label of each image"),
        ({"images": images, "labels": labels, "test": (None, labels)}, "a test: found labels without images"),
        ({"labels": labels}, "training: found labels without images"),
        ({"test": (images, labels)}, "without images to train with"),
    ):
        with pytest.raises(apical.DataError, match=words):
            network.train(**given)
    assert network.examples_seen == 0


def test_networks_of_rates_take_no_rules():
    class Unused:
        post, pre = (), ()

        def __call__(self, post, pre, eta):
            raise AssertionError

    with pytest.raises(apical.ModelError, match="takes no rules"):
        Model.load("g17-784-500-10-backprop", **RATES).build().train(*bars(4), epochs=1, rules={"hidden-output": Unused()})


def test_samples_are_limited(model):
    images, _ = bars(1)
    network = model.build()
    for every_ms in (1e-6, 1e-300):
        with pytest.raises(ValueError, match=r"expected at most 1e8 samples, found .* give `every_ms` above"):
            network.present(images[0], every_ms=every_ms)
    assert network.present(images[0], every_ms=1.0).traces("hidden")[1].shape[1:] == (24, 3)


def test_ranges_are_those_of_the_population(model):
    run = model.build().train(*bars(2), epochs=1, record="all")
    assert run.traces_figure("hidden", range(22, 10**12)).svg == run.traces_figure("hidden", range(22, 24)).svg
    np.testing.assert_array_equal(run.traces("hidden", range(22, 10**30)).neurons, [22, 23])
    for neurons in (range(0, 10, 2), range(-1, 3), range(24, 30), range(3, 3)):
        for read in (run.traces, run.traces_figure):
            with pytest.raises(ValueError, match='of step 1 of the 24 neurons of "hidden"'):
                read("hidden", neurons)


def test_factors_may_be_views_of_any_stride(model):
    class Strided:
        post, pre = (), ()

        def __call__(self, post, pre, eta):
            return np.full(20, 0.25)[::2], np.ones((24, 2))[:, 0]

    network = model.build()
    before = network.weights("hidden-output")
    network.train(*bars(1), epochs=1, rules={"hidden-output": Strided()})
    np.testing.assert_allclose(network.weights("hidden-output") - before, 0.25, rtol=1e-5)


def test_what_has_no_height_is_neither_shifted_nor_deformed(model):
    images, labels = bars(4)
    for key in ("shift_pixels", "deformation"):
        moved = Model.parse(model.text, **{f"stimuli.{key}": 1 if key == "shift_pixels" else {"rotation_deg": 5}}).build()
        with pytest.raises(apical.DataError, match=r"shape \(n, h, w\), for the model shifts or deforms"):
            moved.train(images.reshape(4, 16), labels, epochs=1)
        moved.train(images, labels, epochs=1)
        assert moved.present(images[0].ravel()).decoded == moved.present(images[0]).decoded
    keys = {"population.input.size": 32, "stimuli.on_off": {"surround_pixels": 1, "gain": 1}}
    maps = Model.parse(model.text, **keys).build()
    with pytest.raises(apical.DataError, match="ON and OFF maps"):
        maps.present(images[0].ravel())
    maps.present(images[0])


def test_images_of_arrays_are_not_set_aside(model):
    aside = Model.parse(model.text, **{"stimuli.validation": 2}).build()
    with pytest.raises(apical.DataError, match=r"`stimuli.validation` = 2"):
        aside.train(*bars(4), epochs=1)


def test_masks_and_imaginary_parts_are_not_dropped(model):
    images, labels = bars(4)
    network = model.build()
    masked = np.ma.masked_array(images, images > 100)
    for call in (lambda: network.train(masked, labels, epochs=1), lambda: network.present(masked[0])):
        with pytest.raises(apical.DataError, match="a masked one"):
            call()
    with pytest.raises(apical.DataError, match="labels as an array, found a masked one"):
        network.train(images, np.ma.masked_array(labels, labels > 1), epochs=1)
    weights = network.weights("hidden-output")
    with pytest.raises(apical.ModelError, match="a masked array"):
        network.set_weights("hidden-output", np.ma.masked_array(weights, weights > 0))

    class Odd:
        post, pre = ("v_forward",), ("train_forward",)

        def __init__(self, factors):
            self.factors = factors

        def __call__(self, post, pre, eta):
            return self.factors(post["v_forward"]), pre["train_forward"]

    for factors, found in ((lambda v: v * 1j, "complex numbers"), (lambda v: np.ma.masked_array(v, v > 0), "a masked array")):
        with pytest.raises(apical.ModelError, match=f"postsynaptic factors that are real numbers, found {found}"):
            network.train(images, labels, epochs=1, rules={"hidden-output": Odd(factors)})


def test_potentials_beyond_all_numbers_are_an_error(model):
    network = model.build()
    network.set_weights("input-hidden", np.full((24, 16), 3e38))
    with pytest.raises(apical.RunError, match="beyond all numbers"):
        network.present(np.full((4, 4), 255, np.uint8))


def test_spans_and_counts_say_what_they_are(model):
    network = model.build()
    run = network.train(*bars(4), epochs=1, record="all")
    for span in ({"from_ms": float("nan")}, {"to_ms": float("nan")}, {"from_ms": 400, "to_ms": 300}):
        for read in (run.spikes, run.plateaus, run.traces, run.raster):
            with pytest.raises(ValueError, match="`from_ms` of at most `to_ms`"):
                read("hidden", **span)
    for call, words in (
        (lambda: network.train(*bars(4), epochs=0), "epochs: expected a whole number from 1"),
        (lambda: network.train(*bars(4), examples=-1), "examples: expected a whole number from 1"),
        (lambda: network.test(*bars(4), seed=-1), "seed: expected a whole number from 0"),
        (lambda: network.present(bars(1)[0][0], label=-1), "label: expected a whole number from 0"),
        (lambda: Network(seed=-1), "seed: expected a whole number from 0"),
        (lambda: run.recorded("spkes"), "expected one of spikes, traces"),
    ):
        with pytest.raises(ValueError, match=words):
            call()
    for call, words in (
        (lambda: network.train(*bars(4), epochs=1.5), "epochs: expected a whole number, found 1.5"),
        (lambda: network.train(*bars(4), test=bars(4)[0]), "test: expected a pair"),
        (lambda: network.train(*bars(4), callback=3), "callback: expected a function"),
        (lambda: network.train(*bars(4), rules=[3]), "rules: expected rules by the names"),
        (lambda: Network("recurrent-lif"), "expected a Model"),
    ):
        with pytest.raises(TypeError, match=words):
            call()
    with pytest.raises(KeyError, match="no projection"):
        run.snapshots("nope")
    run.traces_figure("hidden", 1)
