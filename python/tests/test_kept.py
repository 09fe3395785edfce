"""What is finished stays: files are not replaced by what is less, nor mixed up with what replaced them."""

from __future__ import annotations

import copy
import os
import pickle
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import apical
from apical import Model, Network, _native
from conftest import bars


def stop(_: object) -> None:
    raise RuntimeError("stopped")


def test_a_stopped_run_is_kept_beside_the_finished_one_that_it_was_to_replace(model, tmp_path: Path):
    out = tmp_path / "good.h5"
    model.build(seed=1).train(*bars(4), epochs=2, out=out)
    other = model.build(seed=2)
    for name in ("good.unfinished.h5", "good.unfinished-2.h5"):
        with pytest.raises(RuntimeError, match="stopped"):
            other.train(*bars(4), epochs=2, out=out, overwrite=True, callback=stop)
        assert other.last_run is not None and other.last_run.path == tmp_path / name
        assert apical.open(tmp_path / name).provenance["seed"] == 2
    with apical.open(out) as kept:
        assert kept.provenance["seed"] == 1 and len(kept.presentations) == 8
    run = other.train(*bars(4), epochs=1, out=out, overwrite=True)
    assert run.path == out and run.provenance["seed"] == 2


def test_files_are_replaced_by_their_kind_alone(model, tmp_path: Path):
    network, run, notes = model.build(), tmp_path / "run.h5", tmp_path / "notes.txt"
    notes.write_text("mine")
    trained = network.train(*bars(4), epochs=1, out=run)
    network.save(tmp_path / "network.h5")
    for path in (notes, tmp_path / "network.h5"):
        with pytest.raises(apical.FileError, match="which a training does not replace"):
            network.train(*bars(4), epochs=1, out=path, overwrite=True)
    with pytest.raises(apical.FileError, match="is a training, which a test does not replace"):
        network.test(*bars(4), out=run, overwrite=True)
    for path in (notes, run):
        with pytest.raises(apical.FileError, match="which a checkpoint does not replace"):
            network.save(path)
    for path in (run, tmp_path / "network.h5"):
        with pytest.raises(apical.FileError, match="which an export does not replace"):
            trained.to_nwb(path)
    assert notes.read_text() == "mine" and len(trained.presentations) == 4
    network.save(tmp_path / "network.h5")


def test_a_run_is_read_from_the_file_that_was_opened(model, tmp_path: Path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    run = model.build(seed=1).train(*bars(4), epochs=1, out="run.h5")
    biases = run.biases("hidden")
    monkeypatch.chdir(tmp_path / "elsewhere")
    np.testing.assert_array_equal(run.biases("hidden"), biases)
    model.build(seed=2).train(*bars(4), epochs=1, out="../run.h5", overwrite=True)
    for read in (lambda: run.biases("hidden"), lambda: run.provenance, lambda: run.save("copy.h5"), run.explorer):
        with pytest.raises(apical.FileError, match="not the file that was opened"):
            read()
    assert "not the file" in run._repr_html_() and not Path("copy.h5").exists()


def test_networks_and_runs_are_not_copied(model):
    network = model.build()
    run = network.train(*bars(4), epochs=1)
    presented = network.present(bars(1)[0][0])
    for thing, instead in ((network, "Network.open"), (run, "apical.open"), (presented, "take the arrays")):
        for copied in (copy.copy, copy.deepcopy, pickle.dumps):
            with pytest.raises(TypeError, match=instead):
                copied(thing)


def test_what_a_network_is_made_of_is_its_own():
    stimulus, keys = {"rate_hz": 40.0}, {"kind": "continuous", "duration_ms": 100.0}
    network = Network(protocol=keys).population("input", 4, "poisson", stimulus=stimulus)
    stimulus["rate_hz"], keys["duration_ms"] = 1.0, 7.0
    # Shown in a notebook, and still in the making.
    assert "in the making" in network._repr_html_()
    network.population("cells", 3, "lif").project("input", "cells", "exc", weights=1.0)
    text = network.model.text
    assert "40" in text and "duration_ms = 100" in text and "lif" in network._repr_html_()


def test_a_temporary_folder_goes_with_a_run_that_could_not_begin(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(apical.ModelError):
        Network().population("input", 4, "poisson", stimulus={"rate_hz": 40}, unknown=1).run(10)
    assert not os.listdir(tmp_path)


def test_two_threads_build_one_network(monkeypatch):
    build, built = _native.Network, []

    def slow(*arguments):
        built.append(arguments)
        time.sleep(0.3)
        return build(*arguments)

    monkeypatch.setattr(_native, "Network", slow)
    network = Network(Model.load("recurrent-lif"))
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: network._network, range(2))
    assert first is second and len(built) == 1
