"""Twins of the Tennessee Eastman plant that nobody touches, for any driver."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, kw_only=True)
class IdleTwins:
    """A batch at the base case, without taps.

    Attributes:
        plant: its table.
        state, plan: leaves [n_twins].
        dtype: float32 or float64.
    """

    plant: Any
    state: Any
    plan: Any
    dtype: str

    def advance_by(self, driver: Any, n_ticks: int) -> Callable[[], Any]:
        """Return a call that advances all twins by `n_ticks` from the start, with a driver."""
        import jax

        def call() -> Any:
            with jax.enable_x64(self.dtype == "float64"):
                ended, _ = driver(
                    self.plant, (), state=self.state, plan=self.plan, history={},
                    n_ticks=np.int32(n_ticks),
                )  # fmt: skip
                return jax.block_until_ready(ended)

        return call


def idle_twins(n: int, *, dtype: str, noise: bool, integration: str) -> IdleTwins:
    """Make n twins."""
    import jax

    from otsim_kernels.control_loop import first_twin, idle_plan
    from otsim_kernels.draws import stream_key
    from otsim_kernels.plants.tennessee_eastman.plant import tennessee_eastman

    plant = tennessee_eastman(integration, noise=noise)
    with jax.enable_x64(dtype == "float64"):
        state = jax.device_get(first_twin(plant, (), np.zeros(n, dtype)))
    plan = idle_plan(stream_key(1, np.arange(n, dtype=np.uint32)), dtype)
    return IdleTwins(plant=plant, state=state, plan=plan, dtype=dtype)


def none_has_ended(state: Any) -> None:
    """Stop the benchmark if an undisturbed twin did not live to its end."""
    status = np.asarray(state.ending.status)
    if status.any():
        raise SystemExit(f"{np.count_nonzero(status)} of {len(status)} undisturbed twins ended")
