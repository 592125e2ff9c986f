"""Work on Dask: a cluster that runs already, or one on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, Future
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from otsim.errors import SimulationError
from otsim.executors.remote_task import here, run_remotely
from otsim.executors.workplace import WorkerLost, Workplace

__all__ = ["open_cluster"]

_AHEAD, _AHEAD_PER_THREAD = 64, 4
_MOST_DEATHS = 3
_CONNECT_S = 20
_OWN_CLUSTER = {
    # we count the deaths ourselves, and a task waits on the scheduler, not on a worker that dies
    "distributed.scheduler.allowed-failures": 0,
    "distributed.scheduler.worker-saturation": 1.0,
}


@contextmanager
def open_cluster(address: str, workers: int) -> Iterator[Workplace]:
    """Offer the workers of a Dask cluster.

    Args:
        address: `HOST:PORT` of its scheduler, or the path of its scheduler file; "" starts a
            cluster of `workers` processes that listens on this machine alone.
        workers: processes of a cluster that is started here.

    Raises:
        SimulationError: no scheduler answers there.
    """
    import dask
    import distributed  # noqa: F401 - its settings stand before they are changed

    with ExitStack() as open_things:
        open_things.enter_context(dask.config.set({} if address else _OWN_CLUSTER))
        client = _client(address, open_things, workers)
        threads = sum(client.nthreads().values())
        ahead = max(_AHEAD, _AHEAD_PER_THREAD * threads)
        executor = _DaskExecutor(client)
        yield Workplace(executor=executor, ahead=ahead, most_deaths=_MOST_DEATHS)


def _client(address: str, open_things: ExitStack, workers: int) -> Any:
    from distributed import Client, LocalCluster

    if not address:
        # nothing of it listens beyond this machine
        cluster = LocalCluster(
            n_workers=workers, threads_per_worker=1, host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
        )  # fmt: skip
        return open_things.enter_context(Client(open_things.enter_context(cluster)))
    try:
        if not address.startswith("/"):
            client = Client(f"tcp://{address}", timeout=_CONNECT_S)
        elif Path(address).is_file():
            client = Client(scheduler_file=address, timeout=_CONNECT_S)
        else:
            raise OSError("there is no such scheduler file")
    except (OSError, ValueError, TimeoutError) as error:
        raise SimulationError(
            f"--executor dask://{address}: no scheduler answers ({error}); "
            "start one with dask scheduler, or give --executor dask"
        ) from None
    return open_things.enter_context(client)


class _DaskExecutor(Executor):
    """Tasks as futures of `concurrent.futures`, with a lost worker told in our words."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._wanted = here()
        # pure=False: a task that lost its worker is not the same as the one that is tried again
        self._executor = client.get_executor(pure=False, retries=0)

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Hand a task to the cluster."""
        told: Future[Any] = Future()
        asked = self._executor.submit(run_remotely, self._wanted, fn, *args, **kwargs)

        def tell(done: Future[Any]) -> None:
            from distributed.scheduler import KilledWorker

            if done.cancelled():
                told.set_exception(WorkerLost("the cluster gave the task up"))
                return
            error = done.exception()
            if isinstance(error, KilledWorker):
                told.set_exception(WorkerLost("its worker was killed"))
            elif error is not None:
                told.set_exception(error)
            else:
                told.set_result(done.result())

        asked.add_done_callback(tell)
        return told
