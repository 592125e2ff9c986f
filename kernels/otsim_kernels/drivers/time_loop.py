"""The loop over ticks that drivers share: it stops early, and keeps the recordings of replays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from otsim_kernels.control_loop import RUNNING, Plan, TwinState, tick
from otsim_kernels.draws import Array
from otsim_kernels.plant_contract import PlantTable
from otsim_kernels.signal_tampering import Tap

History = dict[int, Array]  # by tap: f32[record_ticks, n_twins]
Rows = dict[int, Array]
OneTick = Callable[[TwinState, Plan, Array, Rows], tuple[TwinState, Rows]]


def one_tick_of(plant: PlantTable, taps: tuple[Tap, ...]) -> OneTick:
    """Return the tick as a function of (state, plan, rare, recorded)."""

    def one_tick(
        state: TwinState, plan: Plan, rare: Array, recorded: Rows
    ) -> tuple[TwinState, Rows]:
        return tick(plant, taps, state, plan, rare=rare, recorded=recorded)

    return one_tick


def compiled_loop(prepare: Callable[[OneTick], OneTick]) -> Any:
    """Return `advance(plant, taps, *, state, plan, history, n_ticks)`, compiled for each plant.

    Args:
        prepare: what the driver makes of the tick before it is compiled.

    Returns:
        A jitted function; its other arguments and its results are those of `loop`.
    """

    @partial(jax.jit, static_argnames=("plant", "taps"))
    def advance(
        plant: PlantTable, taps: tuple[Tap, ...], *, state: TwinState, plan: Plan,
        history: History, n_ticks: Array,
    ) -> tuple[TwinState, History]:  # fmt: skip
        one_tick = prepare(one_tick_of(plant, taps))
        return loop(
            one_tick, plant.rare_ticks, state=state, plan=plan, history=history, n_ticks=n_ticks
        )

    return advance


def loop(
    one_tick: OneTick,
    rare_ticks: int,
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
        one_tick: what is done at each.
        rare_ticks: as in the plant's table.
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

    def body(carry: tuple[TwinState, History]) -> tuple[TwinState, History]:
        twins, tapes = carry
        places = {i: lax.rem(twins.tick, jnp.int32(tape.shape[0])) for i, tape in tapes.items()}
        recorded = {
            i: lax.dynamic_index_in_dim(tape, places[i], keepdims=False)
            for i, tape in history.items()
        }
        rare = jnp.any(lax.rem(twins.clock, jnp.int32(rare_ticks)) == 0)
        twins, rows = one_tick(twins, plan, rare, recorded)
        tapes = {
            i: lax.dynamic_update_index_in_dim(tape, rows[i], places[i], 0)
            for i, tape in tapes.items()
        }
        return twins, tapes

    twins, tapes = lax.while_loop(is_on, body, (state, history))
    # local time stands still once every twin of a batch has ended
    return replace(twins, tick=last), tapes


def first_history(taps: tuple[Tap, ...], shown: Any, commands: Any) -> History:
    """Return recordings that hold nothing but the present values."""
    now = {"measurement": shown, "command": commands}
    return {
        i: jnp.tile(now[tap.group][tap.index][None, :], (tap.record_ticks, 1))
        for i, tap in enumerate(taps)
        if tap.kind == "replay"
    }


__all__ = ["History", "OneTick", "compiled_loop", "first_history", "loop", "one_tick_of"]
