"""A task on a worker that otsim did not start: refused where its bits would differ."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any

import otsim
from otsim.errors import SimulationError
from otsim.simulate.cpu_settings import CPU_FLAGS, prepare_cpu
from otsim.simulate.devices import device_kind

__all__ = ["here", "run_remotely"]


def here() -> dict[str, str]:
    """Return what decides the bits of a result on this machine, as far as it can be named."""
    return {"otsim": otsim.__version__, "jax": version("jax"), "device": device_kind()}


def run_remotely(
    wanted: Mapping[str, str], fn: Callable[..., Any], *args: Any, **kwargs: Any
) -> Any:
    """Run a task on a worker.

    Args:
        wanted: `here()` of the machine that the run was started on.
        fn, args, kwargs: the task.

    Raises:
        SimulationError: this worker would compute other bits; it says why and what to do.
    """
    found = here()
    for name, value in wanted.items():
        if found[name] != value:
            raise SimulationError(
                f"a worker of the cluster has {name} {found[name]}, and the run was started with "
                f"{value}: its twins would differ in bits; use the same on all machines"
            )
    if not prepare_cpu() and found["device"] == "cpu":
        raise SimulationError(
            "JAX was already loaded on a worker of the cluster, without otsim's settings; start "
            f"workers of their own for otsim, or with XLA_FLAGS='{' '.join(CPU_FLAGS)}'"
        )
    return fn(*args, **kwargs)
