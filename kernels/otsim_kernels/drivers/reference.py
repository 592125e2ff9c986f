"""The reference driver: the tick as it is written, in a plain loop. The truth for all others."""

from __future__ import annotations

from functools import partial

import jax

from otsim_kernels.control_loop import Plan, TwinState
from otsim_kernels.draws import Array
from otsim_kernels.drivers.time_loop import History, loop, one_tick_of
from otsim_kernels.plant_contract import PlantTable
from otsim_kernels.signal_tampering import Tap


@partial(jax.jit, static_argnames=("plant", "taps"))
def advance(
    plant: PlantTable,
    taps: tuple[Tap, ...],
    *,
    state: TwinState,
    plan: Plan,
    history: History,
    n_ticks: Array,
) -> tuple[TwinState, History]:
    """Advance a batch by at most `n_ticks`; the arguments are those of `time_loop.loop`."""
    return loop(
        one_tick_of(plant, taps), plant.rare_ticks, state=state, plan=plan, history=history,
        n_ticks=n_ticks,
    )  # fmt: skip


__all__ = ["advance"]
