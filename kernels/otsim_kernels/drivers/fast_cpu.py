"""The fast CPU driver: the loop of the reference driver over a tick that computes nothing twice.

Made for blocks of 64 or 128 twins, whose values stay in the first cache levels, and for the
compiler settings that the library applies (`otsim.simulate.cpu_settings`). Serves every plant that
follows the contract; what a plant does in loops or matrix products of its own is left as it is.
"""

from __future__ import annotations

from functools import partial

import jax

from otsim_kernels.control_loop import Plan, TwinState
from otsim_kernels.draws import Array
from otsim_kernels.drivers.materialise import materialised
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
    """Advance a batch by at most `n_ticks`; the arguments are those of `time_loop.loop`.

    Gives the twins of the reference driver up to rounding, and the same bits for every batch.
    """
    return loop(
        materialised(one_tick_of(plant, taps)), plant.rare_ticks, state=state, plan=plan,
        history=history, n_ticks=n_ticks,
    )  # fmt: skip


__all__ = ["advance"]
