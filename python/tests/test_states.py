"""Where a network stands after a run that failed, in a process that forked, and in what it saves."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import apical
from apical import Model, Network
from conftest import bars, write_idx


def after(calls: int, fails):
    """A rule that changes weights, and from so many calls on does something else."""

    class Counting:
        post, pre = (), ()
        made = 0

        def __call__(self, post, pre, eta):
            self.made += 1
            return np.full(10, fails() if self.made > calls else 0.01), np.ones(24)

    return Counting()


def by_zero() -> float:
    return 1 / 0


@pytest.mark.parametrize(("fails", "error"), [(lambda: np.nan, apical.RunError), (by_zero, ZeroDivisionError)])
@pytest.mark.parametrize("batch", [1, 4])
def test_a_training_that_fails_leaves_the_network(model, fails, error, batch):
    images, labels = bars(8)
    network = Model.parse(model.text, **{"learning.batch": batch}).build()
    network.train(images, labels, epochs=1)
    before, seen = network.weights("hidden-output"), []
    with pytest.raises(error):
        # It fails in the second epoch, after an evaluation.
        network.train(images, labels, epochs=3, rules={"hidden-output": after(10, fails)}, callback=seen.append)
    assert len(seen) == 1 and network.examples_seen == 8
    np.testing.assert_array_equal(network.weights("hidden-output"), before)
    network.train(images, labels, epochs=1)
    whole = Model.parse(model.text, **{"learning.batch": batch}).build()
    whole.train(images, labels, epochs=2)
    np.testing.assert_array_equal(network.weights("hidden-output"), whole.weights("hidden-output"))


def test_what_a_run_recorded_is_not_of_the_network(model, tmp_path: Path):
    circuit = Model.load("recurrent-lif", **{"protocol.duration_ms": 300, "protocol.warmup_ms": 0}).build()
    circuit.run(200, record="exc")
    circuit.run(100, record="none")
    circuit.save(tmp_path / "circuit.h5")
    opened = Network.open(tmp_path / "circuit.h5")
    assert opened.model == circuit.model and opened.clock_ms == 300
    opened.run()
    assert opened.clock_ms == 600
    trained = model.build()
    trained.train(*bars(4), epochs=1, record="none")
    trained.save(tmp_path / "trained.h5")
    assert Network.open(tmp_path / "trained.h5").model == model


def test_a_circuit_goes_on_with_the_very_files_of_its_run(tmp_path: Path):
    table = tmp_path / "rates.csv"
    table.write_text("time_ms,rate_hz\n0,20\n50,80\n")
    stimulus = {"kind": "rate-table", "path": str(table)}
    circuit = Network(seed=1).population("input", 4, "poisson", stimulus=stimulus).population("cells", 4, "lif")
    circuit.project("input", "cells", "exc", weights=900, delay_ms=1)
    circuit.run(100)
    circuit.save(tmp_path / "circuit.h5")
    table.write_text("time_ms,rate_hz\n0,20\n50,90\n")
    for network in (circuit, Network.open(tmp_path / "circuit.h5")):
        with pytest.raises(apical.Error, match=r"rates\.csv: the SHA-256 is .*, expected"):
            network.run(100)
        assert network.clock_ms == 100


def forked(work: str, *arguments: object) -> None:
    """Does some work, and does it again in a process that forked."""
    code = (
        f"import os, signal, sys\nimport numpy as np\nimport apical\n{work}\nwork()\nchild = os.fork()\n"
        "if child == 0:\n    signal.alarm(40)\n    work()\n    os._exit(7)\n"
        "assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7\n"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", code, *map(str, arguments)], check=True, timeout=120)


# More images than one thread makes the maps of.
MANY = 500
ON_OFF = {"population.input.size": 32, "population.hidden.size": 12}


def test_maps_are_made_in_processes_that_fork():
    forked(
        "def work():\n"
        f"    network = apical.Model.load('g17-1568-1000-10x5', **{ON_OFF!r}).build()\n"
        f"    network.test(np.zeros(({MANY}, 4, 4), np.uint8), np.zeros({MANY}, int), examples=1)\n"
    )


def test_pages_are_made_in_processes_that_fork(tmp_path: Path):
    for half in ("train", "t10k"):
        write_idx(tmp_path / "bars", half, *bars(MANY))
    network = Model.load("g17-1568-1000-10x5", **ON_OFF).build()
    network.train(data=tmp_path / "bars", examples=2, test_examples=1, out=tmp_path / "run.h5")
    forked("def work():\n    apical.open(sys.argv[1]).explorer()\n", tmp_path / "run.h5")


def test_temporary_files_stay_with_the_process_that_made_them():
    code = (
        "import os\nimport apical\nrun = apical.Model.load('recurrent-lif').build().run(100, record='exc')\n"
        "path, child = run.path, os.fork()\n"
        "if child == 0:\n    del run\n    os._exit(7)\n"
        "assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7 and path.exists()\n"
        "del run\nassert not path.parent.exists()\n"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, timeout=60)


def test_changes_at_the_start_are_made_before_a_network_is_saved(tmp_path: Path):
    text = Model.load("recurrent-lif", **{"protocol.duration_ms": 300, "protocol.warmup_ms": 0}).text
    change = "\n[[change]]\nkind = 'scale-weights'\nat_ms = 0\nprojection = 'exc-exc'\nfactor = 3\n"
    network = Model.parse(text.replace("change = []", "") + change).build()
    network.save(tmp_path / "begun.h5")
    expected = network.run(record="exc").spikes("exc")
    opened = Network.open(tmp_path / "begun.h5").run(record="exc").spikes("exc")
    assert len(expected[0]) > 20
    np.testing.assert_array_equal(opened, expected)
