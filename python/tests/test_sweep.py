"""Sweeps: the same table whatever runs them, rows of what failed, and nothing made twice."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import apical

GRID = {"population.exc.t_ref_ms": [2, 4], "population.inh.size": [20, 10]}
CALLS = "APICAL_TEST_CALLS"


def table(**given):
    """A sweep of eight short runs."""
    return apical.sweep("recurrent-lif", GRID, seeds=range(2), duration_ms=200, **given)


def same(a, b) -> None:
    assert list(a) == list(b)
    for name in a:
        np.testing.assert_array_equal(np.asarray(a[name]), np.asarray(b[name]))


def counting(network: apical.Network, *, bad: int | None = None, killed: int | None = None) -> dict[str, float]:
    """A task that leaves a mark of each call, and fails or dies with one seed."""
    with open(os.environ[CALLS], "a") as calls:
        calls.write("x")
    if network.seed == bad:
        raise RuntimeError("this seed is bad")
    if network.seed == killed:
        os.kill(os.getpid(), signal.SIGKILL)
    return {"seen": float(network.weights("exc-inh").weight.mean())}


def test_executors_give_the_same_table():
    alone = table()
    assert len(alone["seed"]) == 8 and (np.asarray(alone["error"]) == "").all()
    assert (np.asarray(alone["rate_hz.exc"]) > 1).all() and len(set(alone["rate_hz.exc"])) == 8
    with ProcessPoolExecutor(2) as executor:
        same(table(executor=executor), alone)
    with ThreadPoolExecutor(2) as executor:
        same(table(executor=executor), alone)


def test_dask_gives_the_same_table():
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    ) as cluster, distributed.Client(cluster) as client:
        same(table(executor=client.get_executor()), table())


def test_failed_runs_are_rows_and_only_they_are_made_again(tmp_path: Path, monkeypatch):
    calls = tmp_path / "calls"
    monkeypatch.setenv(CALLS, str(calls))
    arguments = {"seeds": range(4), "folder": tmp_path / "kept", "task": counting, "bad": 2}
    first = apical.sweep("recurrent-lif", **arguments)
    assert list(first["error"]) == ["", "", "RuntimeError: this seed is bad", ""]
    assert np.isnan(np.asarray(first["seen"], float)[2]) and calls.read_text() == "xxxx"
    same(apical.sweep("recurrent-lif", **arguments), first)
    assert calls.read_text() == "xxxxx"
    # Other options are other runs.
    apical.sweep("recurrent-lif", **{**arguments, "bad": None})
    assert calls.read_text() == "xxxxxxxxx"


def test_a_killed_worker_is_a_row_and_the_sweep_goes_on_later(tmp_path: Path, monkeypatch):
    calls = tmp_path / "calls"
    monkeypatch.setenv(CALLS, str(calls))
    folder = tmp_path / "kept"
    with ProcessPoolExecutor(1) as executor:
        broken = apical.sweep("recurrent-lif", seeds=range(3), folder=folder, task=counting, executor=executor, killed=1)
    errors = list(broken["error"])
    assert errors[0] == "" and all("BrokenProcessPool" in error for error in errors[1:])
    monkeypatch.setattr(os, "kill", lambda *_: None)
    again = apical.sweep("recurrent-lif", seeds=range(3), folder=folder, task=counting, killed=1)
    assert list(again["error"]) == ["", "", ""]
    made = len(calls.read_text())
    assert made in (4, 5), "the first run is not made again"


def test_a_grid_of_wrong_keys_runs_nothing():
    with pytest.raises(apical.ModelError, match="t_ref"):
        apical.sweep("recurrent-lif", {"population.exc.t_ref": [1]})


def test_a_damaged_result_is_named(tmp_path: Path):
    apical.sweep("recurrent-lif", folder=tmp_path, duration_ms=100)
    (kept,) = tmp_path.glob("*.json")
    kept.write_text("{")
    with pytest.raises(apical.FileError, match="is no result of a sweep"):
        apical.sweep("recurrent-lif", folder=tmp_path, duration_ms=100)


def test_trainings_are_swept():
    digits = pytest.importorskip("sklearn.datasets").load_digits()
    images, labels = digits.images[:60] / 16, digits.target[:60]
    keys = {"population.input.size": [64], "population.hidden.size": [20, 30]}
    swept = apical.sweep("g17-784-500-10", keys, images=images, labels=labels, epochs=1, test=(images, labels))
    assert list(swept["population.hidden.size"]) == [20, 30]
    assert all(0 < error <= 100 for error in swept["test_error_percent"]), list(swept["error"])


def unkept(network: apical.Network, *, bad: int) -> dict[str, object]:
    """A task whose result of one seed JSON cannot keep."""
    return {"seen": (1, 2), "other": object() if network.seed == bad else 0}


def test_a_result_that_cannot_be_kept_is_a_row(tmp_path: Path):
    for folder in (None, tmp_path):
        made = apical.sweep("recurrent-lif", seeds=range(3), task=unkept, bad=1, folder=folder)
        errors = list(made["error"])
        assert errors[0] == errors[2] == "" and errors[1].startswith("TypeError: ") and "JSON" in errors[1]
        assert made["seen"][0] == [1, 2]
    assert apical.sweep("recurrent-lif", seeds=[0], task=unkept, bad=1, folder=tmp_path)["seen"][0] == [1, 2]


def test_options_that_results_cannot_be_known_by_are_refused(tmp_path: Path, monkeypatch):
    calls = tmp_path / "calls"
    monkeypatch.setenv(CALLS, str(calls))
    pandas = pytest.importorskip("pandas")
    for value in (pandas.Series(range(1000)), np.array([object()]), [lambda: 0], {"a": object()}):
        with pytest.raises(TypeError, match="the option `bad`: expected a number"):
            apical.sweep("recurrent-lif", folder=tmp_path / "kept", task=counting, bad=value)
    assert not calls.exists() and not (tmp_path / "kept").exists()
    for value in ({"a": [1, None, "x"]}, tmp_path, np.arange(3), range(2), np.float32(1)):
        apical.sweep("recurrent-lif", folder=tmp_path / "kept", task=counting, bad=value)
    assert len(list((tmp_path / "kept").iterdir())) == 5
    # Without a folder nothing is kept.
    assert list(apical.sweep("recurrent-lif", task=counting, bad=object())["error"]) == [""]


@pytest.mark.parametrize("seed", [1.5, -1, "1", 2**64, None])
def test_seeds_are_whole_numbers(seed, tmp_path: Path, monkeypatch):
    monkeypatch.setenv(CALLS, str(tmp_path / "calls"))
    with pytest.raises(apical.ModelError, match=r"seeds: expected whole numbers from 0"):
        apical.sweep("recurrent-lif", seeds=[0, seed], task=counting)
    assert not (tmp_path / "calls").exists()


def test_seeds_of_a_generator_are_those_of_every_point():
    grid = {"population.exc.t_ref_ms": [2, 4]}
    assert len(apical.sweep("recurrent-lif", grid, seeds=(seed for seed in range(2)), duration_ms=100)["seed"]) == 4


class Method:
    def task(self, network: apical.Network) -> dict[str, float]:
        return {"v": 1.0}


def leaves(network: apical.Network) -> dict[str, float]:
    raise SystemExit(3)


def taken(network: apical.Network, name: str) -> dict[str, float]:
    return {name: 12.5}


def test_kept_results_are_of_tasks_with_names(tmp_path: Path):
    def within(network: apical.Network) -> dict[str, float]:
        return {"v": 2.0}

    for task in (lambda network: {"v": 1.0}, within, Method().task):
        with pytest.raises(TypeError, match="a function of a module"):
            apical.sweep("recurrent-lif", task=task, folder=tmp_path / "kept")
        assert len(apical.sweep("recurrent-lif", task=task)["v"]) == 1
    with pytest.raises(TypeError, match="the option `bad`"):
        apical.sweep("recurrent-lif", task=counting, folder=tmp_path / "kept", bad=np.ma.masked_array([1, 2], [True, False]))


@pytest.mark.parametrize("name", ["error", "seed", "population.exc.t_ref_ms"])
def test_a_task_does_not_replace_columns_of_the_table(name: str):
    rows = apical.sweep("recurrent-lif", {"population.exc.t_ref_ms": [2]}, task=taken, name=name)
    assert rows["error"][0].startswith("ValueError: the task returned") and list(rows["seed"]) == [1]


def test_a_task_that_exits_is_a_row():
    assert list(apical.sweep("recurrent-lif", task=leaves, seeds=range(2))["error"]) == ["SystemExit: 3"] * 2


def test_executors_and_grids_are_what_they_should_be():
    for executor in (4, "dask", ProcessPoolExecutor):
        with pytest.raises(TypeError, match="with a method `submit`"):
            apical.sweep("recurrent-lif", executor=executor)
    for values in (4, "abc"):
        with pytest.raises(TypeError, match="a list of values of `about`"):
            apical.sweep("recurrent-lif", {"about": values})


def test_sweeps_of_one_process_share_a_folder(tmp_path: Path):
    with ThreadPoolExecutor(4) as pool:
        tables = list(pool.map(lambda _: apical.sweep("recurrent-lif", seeds=range(20), folder=tmp_path, task=quick), range(4)))
    assert all((np.asarray(each["error"]) == "").all() for each in tables) and not list(tmp_path.glob("*.part"))


def quick(network: apical.Network) -> dict[str, float]:
    return {"seed_seen": float(network.seed)}
