"""Models and their errors."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pytest

import apical
from apical import Model, Network
from apical.network import _CONNECTION_KEYS


def test_all_shipped_models_are_there_and_load():
    models = apical.models()
    assert {"g17-784-500-10", "recurrent-lif", "brunel-2000"} <= set(models)
    for name in models:
        assert Model.load(name).name == name


def test_keys_of_every_connection_rule_are_known():
    """`Network.project` tells keys of a connection from those of a projection by their names."""
    schema = json.loads((Path(__file__).parents[2] / "models" / "schema.json").read_text())
    keys = {key for rule in schema["$defs"]["Connection"]["oneOf"] for key in rule["properties"]} - {"kind"}
    assert keys == _CONNECTION_KEYS


def test_keys_are_set_as_on_the_command_line():
    model = Model.load("g17-784-500-10", **{"learning.batch": np.int64(4), "recording.spikes": ["hidden"], "about": 'a "b" é'})
    assert model.about == 'a "b" é'
    assert "batch = 4" in model.text and 'spikes = ["hidden"]' in model.text
    assert Model.parse(model.text) == model != Model.load("g17-784-500-10")


def test_files_are_read(tmp_path: Path):
    path = tmp_path / "mine.toml"
    path.write_text('name = "mine"\nbase = "g17-784-500-10"\n')
    assert Model.load(path, **{"learning.batch": 2}).name == "mine"


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"learning.bach": 3}, "unknown key `bach`"),
        ({"learning.batch": 0}, "expected an integer from 1 to 4096, found 0"),
        ({"population.hiden.size": 3}, "did you mean `hidden`?"),
        ({"learning.batch": None}, "expected a number, a string"),
        ({"learning.batch": object()}, "expected a number, a string"),
    ],
)
def test_refused_keys_say_what_was_expected(keys, words):
    with pytest.raises(apical.ModelError) as refused:
        Model.load("g17-784-500-10", **keys)
    assert words in str(refused.value)
    assert isinstance(refused.value, apical.Error) and isinstance(refused.value, ValueError)


def test_messages_are_those_of_the_command_line(program, tmp_path: Path):
    for name, keys in (("g17-784-500-1", {}), ("g17-784-500-10", {"learning.bach": 3})):
        with pytest.raises(apical.ModelError) as refused:
            Model.load(name, **keys)
        said = program("train", name, *(f"--set={k}={v}" for k, v in keys.items()), cwd=tmp_path, status=2)
        assert f"error: {refused.value}\n" == said


def test_a_model_is_a_value():
    model = Model.load("recurrent-lif")
    assert pickle.loads(pickle.dumps(model)) == model
    assert hash(model) == hash(Model.load("recurrent-lif"))
    assert model != "recurrent-lif"
    assert "<table>" in model._repr_html_() and "exc" in model._repr_html_()


def test_a_network_is_made_of_parts():
    network = Network(name="made", protocol="two-phase")
    network.population("input", 4, "poisson").population("hidden", 6, "pyramidal", g_a_per_ms=0.05)
    network.population("output", 2, "output")
    network.project("input", "hidden", "basal", learning_rate=0.6)
    network.project("hidden", "output", "dendrite", learning_rate=0.05).project("output", "hidden", "apical")
    assert [(p.name, p.size) for p in network.model.populations] == [("input", 4), ("hidden", 6), ("output", 2)]
    assert network.model == Model.parse(network.model.text)
    with pytest.raises(apical.ModelError, match="made already"):
        network.population("more", 1, "pyramidal")


def test_errors_of_a_network_made_of_parts_name_its_keys():
    network = Network(name="made").population("cells", 4, "pyramidal", g_a=0.05)
    with pytest.raises(apical.ModelError, match=r'the model "made".*unknown key `g_a`'):
        _ = network.model
    with pytest.raises(apical.ModelError, match="without `connect`"):
        Network().project("a", "b", "basal", p=0.1)
