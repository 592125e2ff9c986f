"""The reference driver: one plain loop over ticks for a batch of twins."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from otsim_kernels.control_loop import RUNNING, Plan, TwinState, first_twin, tick
from otsim_kernels.draws import Array
from otsim_kernels.plant_contract import PlantTable
from otsim_kernels.signal_tampering import Tap

History = dict[int, Array]  # by tap: f32[record_ticks, n_twins]


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
    """Advance a batch by at most `n_ticks`; it stops early when every twin has ended.

    The number of ticks is an argument of one compiled loop, so that a twin recorded every few
    ticks and one that runs through give the same bits.

    Args:
        plant: the plant's table.
        taps: which points may be tampered with.
        state: the twins, fields f32[n_twins].
        plan: their plans.
        history: recordings of the replays.
        n_ticks: i32[], at most the ticks of the shortest recording: what is replayed within a
            call was recorded before it, so that the loop reads one buffer and writes another
            (with one buffer for both, XLA copies it at every tick).
    """
    last = state.tick + n_ticks

    def is_on(carry: tuple[TwinState, History]) -> Array:
        twins, _ = carry
        return (twins.tick < last) & jnp.any(twins.ending.status == RUNNING)

    def one_tick(carry: tuple[TwinState, History]) -> tuple[TwinState, History]:
        twins, tapes = carry
        places = {i: lax.rem(twins.tick, jnp.int32(tape.shape[0])) for i, tape in tapes.items()}
        recorded = {
            i: lax.dynamic_index_in_dim(tape, places[i], keepdims=False)
            for i, tape in history.items()
        }
        rare = jnp.any(lax.rem(twins.clock, jnp.int32(plant.rare_ticks)) == 0)
        twins, rows = tick(plant, taps, twins, plan, rare=rare, recorded=recorded)
        tapes = {
            i: lax.dynamic_update_index_in_dim(tape, rows[i], places[i], 0)
            for i, tape in tapes.items()
        }
        return twins, tapes

    twins, tapes = lax.while_loop(is_on, one_tick, (state, history))
    return replace_tick(twins, last), tapes


def replace_tick(state: TwinState, tick_: Array) -> TwinState:
    """Set the local time, which stands still once every twin of a batch has ended."""
    return replace(state, tick=tick_)


def first_history(taps: tuple[Tap, ...], shown: Any, commands: Any) -> History:
    """Return recordings that hold nothing but the present values."""
    now = {"measurement": shown, "command": commands}
    return {
        i: jnp.tile(now[tap.group][tap.index][None, :], (tap.record_ticks, 1))
        for i, tap in enumerate(taps)
        if tap.kind == "replay"
    }


__all__ = ["History", "advance", "first_history", "first_twin"]
