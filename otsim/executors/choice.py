"""`--executor`: the name of a place to work, with its address."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec

from otsim.errors import SimulationError
from otsim.executors.workplace import Workplace
from otsim.simulate.cpu_settings import prepare_cpu
from otsim.simulate.devices import available_workers

__all__ = ["EXECUTORS", "ExecutorChoice", "open_workplace", "parse_executor"]

EXECUTORS = ("local", "dask", "ray")
_PACKAGES = {"dask": "distributed", "ray": "ray"}
_AHEAD = 64


@dataclass(frozen=True, kw_only=True)
class ExecutorChoice:
    """Where to work.

    Attributes:
        kind: one of `EXECUTORS`.
        address: of a cluster that runs already; "" starts one on this machine.
    """

    kind: str = "local"
    address: str = ""


def parse_executor(text: str) -> ExecutorChoice:
    """Read `local`, `dask`, `dask://HOST:PORT`, `dask:///PATH/scheduler.json`, `ray`, `ray://...`.

    Raises:
        SimulationError: there is no such executor, or its package is not installed.
    """
    kind, _, address = text.partition("://")
    if kind not in EXECUTORS or (kind == "local" and address) or text.endswith("://"):
        raise SimulationError(
            f"--executor {text}: no such place to work; use local, dask, dask://HOST:PORT, "
            "dask:///PATH/scheduler.json, ray, or ray://HOST:PORT"
        )
    package = _PACKAGES.get(kind)
    if package is not None and find_spec(package) is None:
        raise SimulationError(
            f"--executor {text}: {package} is not installed; pip install 'otsim[{kind}]'"
        )
    return ExecutorChoice(kind=kind, address=address)


@contextmanager
def open_workplace(
    choice: ExecutorChoice, workers: int | None, *, tasks: int
) -> Iterator[Workplace]:
    """Offer an executor.

    Args:
        choice: where.
        workers: processes on this machine; None: one for each GPU, or else core. A cluster that
            runs already has its own number.
        tasks: how many there will be; no more processes are started.
    """
    prepare_cpu()
    n = min(workers or available_workers(), max(tasks, 1))
    if choice.kind != "local":
        opened: Callable[[str, int], AbstractContextManager[Workplace]] = import_module(
            f"otsim.executors.{choice.kind}_cluster"
        ).open_cluster
        with opened(choice.address, n) as workplace:
            yield workplace
    elif n == 1:
        from otsim.executors.in_process import InProcess

        # it works while it is asked: what it has done is committed before it goes on
        yield Workplace(executor=InProcess(), ahead=1)
    else:
        from otsim.executors.process_pool import spawned_workers

        with spawned_workers(n) as pool:
            yield Workplace(executor=pool, ahead=max(_AHEAD, 2 * n), n_idle=n)
