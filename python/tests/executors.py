"""Ray and two MPI ranks give the table of one process to the bit. Run by hand, for neither is in CI:

    python executors.py ray
    mpiexec -n 3 python -m mpi4py.futures executors.py mpi
"""

from __future__ import annotations

import sys
from concurrent.futures import Executor, Future
from threading import Thread
from typing import Any

import numpy as np

import apical

GRID = {"population.exc.t_ref_ms": [2, 4], "population.inh.size": [20, 10]}


class RayExecutor(Executor):
    """Runs calls as tasks of Ray: the adapter of docs/sweeps.md."""

    def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        import ray

        future: Future[Any] = Future()
        reference = ray.remote(function).remote(*args, **kwargs)
        future.set_running_or_notify_cancel()

        def wait() -> None:
            try:
                future.set_result(ray.get(reference))
            except Exception as error:
                future.set_exception(error)

        Thread(target=wait, daemon=True).start()
        return future


def main(name: str) -> None:
    if name == "ray":
        import ray

        ray.init(num_cpus=2, include_dashboard=False)
        executor: Executor = RayExecutor()
    else:
        from mpi4py.futures import MPIPoolExecutor

        executor = MPIPoolExecutor()
    alone = apical.sweep("recurrent-lif", GRID, seeds=range(2), duration_ms=200)
    with executor:
        table = apical.sweep("recurrent-lif", GRID, seeds=range(2), duration_ms=200, executor=executor)
    assert list(table) == list(alone) and len(alone["seed"]) == 8
    for column in alone:
        np.testing.assert_array_equal(np.asarray(table[column]), np.asarray(alone[column]))
    print(f"{name}: the table of one process, to the bit: {list(alone['rate_hz.exc'])}")


if __name__ == "__main__":
    main(sys.argv[1])
