"""Work on Ray, which has no executor of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from typing import Any

from otsim.errors import SimulationError
from otsim.executors.remote_task import here, run_remotely
from otsim.executors.workplace import WorkerLost, Workplace
from otsim.simulate.devices import device_kind

__all__ = ["open_cluster"]

_AHEAD, _AHEAD_PER_CPU = 64, 4


@contextmanager
def open_cluster(address: str, workers: int) -> Iterator[Workplace]:
    """Offer the workers of a Ray cluster.

    Args:
        address: `HOST:PORT` of its client server, or `auto` for the cluster that this machine is
            a part of; "" starts one of `workers` processes that listens on this machine alone.
        workers: processes of a cluster that is started here.

    Raises:
        SimulationError: no cluster answers there.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    import ray

    quiet = {"logging_level": "error", "log_to_driver": False}
    try:
        if address:
            ray.init(address if address == "auto" else f"ray://{address}", **quiet)
        else:
            ray.init(
                num_cpus=workers, include_dashboard=False, _node_ip_address="127.0.0.1", **quiet
            )
    except (ConnectionError, OSError, RuntimeError, ValueError) as error:
        raise SimulationError(
            f"--executor ray://{address}: no cluster answers ({str(error).splitlines()[0]}); "
            "start one with ray start --head, or give --executor ray"
        ) from None
    try:
        cpus = int(ray.cluster_resources().get("CPU", 1))
        yield Workplace(executor=_RayExecutor(), ahead=max(_AHEAD, _AHEAD_PER_CPU * cpus))
    finally:
        ray.shutdown()


class _RayExecutor(Executor):
    """Tasks as futures of `concurrent.futures`; one core each, or one GPU."""

    def __init__(self) -> None:
        import ray

        needs = {"num_gpus": 1} if device_kind() == "gpu" else {"num_cpus": 1}
        # we count the deaths ourselves
        self._task = ray.remote(max_retries=0, **needs)(run_remotely)
        self._wanted = here()

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Hand a task to the cluster."""
        told: Future[Any] = Future()
        asked = self._task.remote(self._wanted, fn, *args, **kwargs).future()
        asked.add_done_callback(lambda done: _tell(told, done))
        return told


def _tell(told: Future[Any], done: Future[Any]) -> None:
    from ray.exceptions import (
        NodeDiedError,
        OutOfMemoryError,
        RayTaskError,
        WorkerCrashedError,
    )

    error = done.exception()
    if isinstance(error, OutOfMemoryError):
        told.set_exception(WorkerLost("its worker was killed, as memory ran out"))
    elif isinstance(error, WorkerCrashedError | NodeDiedError):
        told.set_exception(WorkerLost("its worker was killed"))
    elif isinstance(error, RayTaskError):
        told.set_exception(error.cause)
    elif error is not None:
        told.set_exception(error)
    else:
        told.set_result(done.result())
