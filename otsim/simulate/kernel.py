"""A plant's compiled loop, called with arrays of the host."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from otsim.plant import ActionPoint, plant_table, taps_of
from otsim.plant.tables import Integration
from otsim.simulate.routes import driver_in_use

if TYPE_CHECKING:
    from otsim_kernels.control_loop import TwinState
    from otsim_kernels.plant_contract import PlantTable
    from otsim_kernels.signal_tampering import Tap

__all__ = [
    "RUNNING",
    "STATUS_NAMES",
    "Kernel",
    "advance",
    "columns_of",
    "first_states",
    "kernel_of",
]

History = dict[int, Any]
RUNNING = 0  # these are the codes of otsim_kernels.control_loop
_OTHER_CAUSES = {
    "horizon": "", "shut_down": "shut down by the defenders", "diverged": "numbers not finite",
}  # fmt: skip
STATUS_NAMES = ("horizon", "tripped", "shut_down", "destroyed", "diverged")


@dataclass(frozen=True, kw_only=True)
class Kernel:
    """What is compiled together: one plant, the points that may be touched, one precision.

    Attributes:
        table: the plant's functions.
        taps: every point that is compiled in.
        dtype: float32 or float64.
    """

    table: PlantTable
    taps: tuple[Tap, ...]
    dtype: np.dtype[Any]


def kernel_of(
    plant: str, points: tuple[ActionPoint, ...], *, integration: Integration, noise: bool,
    precision: str,
) -> Kernel:  # fmt: skip
    """Look a plant up and turn the points of actions into its taps."""
    table = plant_table(plant, integration=integration, noise=noise)
    taps = taps_of(plant, points, table.period_s)
    return Kernel(table=table, taps=taps, dtype=np.dtype(precision))


@contextmanager
def wide_floats(kernel: Kernel) -> Iterator[None]:
    """Let JAX have float64 while a float64 kernel runs."""
    import jax

    with jax.enable_x64(kernel.dtype == np.float64):
        yield


def first_states(kernel: Kernel, n: int) -> TwinState:
    """Return n twins at the plant's published base case, leaves [n] on the host."""
    return columns_of(_first_state(kernel), np.zeros(n, np.int64))  # type: ignore[no-any-return]


@cache
def _first_state(kernel: Kernel) -> TwinState:
    import jax

    from otsim_kernels.control_loop import first_twin

    with wide_floats(kernel):
        return jax.device_get(  # type: ignore[no-any-return]
            first_twin(kernel.table, kernel.taps, np.zeros(1, kernel.dtype))
        )


def advance(
    kernel: Kernel, state: TwinState, plan: Any, history: History, n_ticks: int
) -> tuple[TwinState, History]:
    """Advance a block of twins by at most `n_ticks`.

    Args:
        kernel: what to run.
        state: leaves [n_twins] on the host, likewise `plan`.
        plan: the twins' plans.
        history: recordings of replays; empty at the start.
        n_ticks: fewer are run where all twins end before.

    Returns:
        The new state and recordings, on the host.
    """
    import jax

    from otsim_kernels.drivers.time_loop import first_history

    driver = driver_in_use()
    with wide_floats(kernel):
        if not history:
            shown = kernel.table.shown(state.plant.instruments)
            history = first_history(kernel.taps, shown, state.received)
        longest = n_ticks
        if not driver.whole_lives:
            tapes = [tap.record_ticks for tap in kernel.taps if tap.record_ticks]
            longest = min(tapes, default=n_ticks)
        for first in range(0, max(n_ticks, 1), max(longest, 1)):
            state, history = driver.advance()(
                kernel.table, kernel.taps, state=state, plan=plan, history=history,
                n_ticks=np.int32(min(longest, n_ticks - first)),
            )  # fmt: skip
        return jax.device_get((state, history))  # type: ignore[no-any-return]


def columns_of(tree: Any, which: npt.NDArray[np.integer]) -> Any:
    """Take some twins out of a tree whose leaves are [n_twins]; leaves [] are kept."""
    import jax

    return jax.tree.map(lambda leaf: leaf[which] if np.ndim(leaf) else leaf, tree)


def causes_of(kernel: Kernel, state: TwinState) -> npt.NDArray[np.object_]:
    """Say in words why each twin ended, object[n]; "" for those that did not."""
    trips = [limit.cause for limit in kernel.table.trips]
    ending = state.ending
    named = []
    for status, trip, destroyed in zip(
        ending.status, ending.trips, ending.destructions, strict=True
    ):
        if STATUS_NAMES[status] == "tripped":
            named.append(_named(trips, int(trip)))
        elif STATUS_NAMES[status] == "destroyed":
            named.append(_named(kernel.table.destructions, int(destroyed)))
        else:
            named.append(_OTHER_CAUSES[STATUS_NAMES[status]])
    return np.array(named, object)


def _named(names: Any, mask: int) -> str:
    return "; ".join(name for bit, name in enumerate(names) if mask >> bit & 1)
