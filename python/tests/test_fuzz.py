"""Whatever is given: an answer, or an exception of the package that says what was expected; never the end of the interpreter."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import apical
from apical import Model
from conftest import SMALL

NETWORK = Model.load("g17-784-500-10", **SMALL).build()
KEYS = ["learning.batch", "about", "population.hidden.size", "x", "a.b", "=", "", "recording.spikes"]
SETTINGS = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))

dtypes = st.one_of(
    arrays.boolean_dtypes(), arrays.integer_dtypes(), arrays.unsigned_integer_dtypes(), arrays.floating_dtypes(),
    arrays.complex_number_dtypes(), arrays.unicode_string_dtypes(max_len=3), arrays.datetime64_dtypes(),
)
shapes = st.one_of(
    st.sampled_from([(2, 4, 4), (2, 16), (1, 4, 4), (0, 4, 4), (2, 4, 5), (16,), (4, 4)]),
    arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5),
)
anything = st.one_of(
    st.none(), st.text(max_size=3), st.integers(), st.floats(), st.lists(st.lists(st.integers(0, 9), max_size=3), max_size=3),
    st.tuples(dtypes, shapes).flatmap(lambda of: arrays.arrays(*of)),
)


def refused_or(call):
    """Calls, and takes errors that say what was expected."""
    try:
        return call()
    except apical.DataError as error:
        assert "expected" in str(error) or "has" in str(error) or "needs" in str(error), error
    except apical.ModelError as error:
        assert str(error)
    return None


@SETTINGS
@given(anything.filter(lambda images: images is not None), anything)
def test_images_and_labels(images, labels):
    tested = refused_or(lambda: NETWORK.test(images, labels) if labels is not None else NETWORK.test(images, [0, 1]))
    if tested is not None:
        assert tested.examples == np.shape(images)[0]


@SETTINGS
@given(arrays.arrays(np.float64, (2, 4, 4), elements=st.floats(-0.5, 1.5) | st.just(np.nan) | st.just(np.inf)))
def test_brightness(images):
    tested = refused_or(lambda: NETWORK.test(images, [0, 9]))
    assert (tested is not None) == bool(((images >= 0) & (images <= 1)).all())


@SETTINGS
@given(arrays.arrays(st.sampled_from([np.int64, np.uint8, np.int8, np.uint64]), 2))
def test_labels(labels):
    tested = refused_or(lambda: NETWORK.test(np.zeros((2, 4, 4), np.uint8), labels))
    assert (tested is not None) == all(0 <= int(label) < 10 for label in labels)


@SETTINGS
@given(st.sampled_from(["input-hidden", "hidden-output"]), anything)
def test_weights(projection, weights):
    network = Model.load("g17-784-500-10", **SMALL).build()
    refused_or(lambda: network.set_weights(projection, weights))
    assert np.isfinite(network.weights(projection)).all()


@SETTINGS
@given(st.dictionaries(st.sampled_from(KEYS), anything, min_size=1, max_size=2))
def test_keys(keys):
    refused_or(lambda: Model.load("g17-784-500-10", **keys))


@SETTINGS
@given(st.text(max_size=40))
def test_texts(text):
    with pytest.raises(apical.ModelError):
        Model.parse(text)


@SETTINGS
@given(st.text(max_size=20))
def test_records(record):
    refused_or(lambda: NETWORK.test(np.zeros((1, 16), np.uint8), [0], record=record))


@SETTINGS
@given(st.binary(max_size=300))
def test_files(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("files") / "any.h5"
    path.write_bytes(content)
    for read in (apical.open, apical.Run, apical.Network.open):
        with pytest.raises(apical.FileError):
            read(path)
