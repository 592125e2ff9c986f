"""Drives plants whose twins keep their own time: a tick is a piece of work, not of time.

Serves plants of vectors, such as networks, one core or GPU at a time. Twins that are over stand
still; a caller who refills their places between calls keeps the block full.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from otsim_kernels.draws import Array

Tick = Callable[[Any, Any, Any], Any]
IsRunning = Callable[[Any, Any], Array]


@partial(jax.jit, static_argnames=("tick", "is_running", "plant"))
def advance(
    tick: Tick, is_running: IsRunning, plant: Any, *, state: Any, plan: Any, n_ticks: Array
) -> tuple[Any, Array]:
    """Do at most `n_ticks` ticks of a block; fewer where every twin is over before.

    Args:
        tick: (plant, state, plan) -> state; leaves every twin that is over as it is.
        is_running: (state, plan) -> bool[n_twins].
        plant: static.
        state, plan: of the block; the last axis of every leaf is the twin.
        n_ticks: i32[].

    Returns:
        The state, and which twins still run, bool[n_twins].
    """

    def goes_on(carry: tuple[Any, Array]) -> Array:
        twins, done = carry
        return (done < n_ticks) & jnp.any(is_running(twins, plan))

    def body(carry: tuple[Any, Array]) -> tuple[Any, Array]:
        twins, done = carry
        return tick(plant, twins, plan), done + 1

    state, _ = lax.while_loop(goes_on, body, (state, jnp.int32(0)))
    return state, is_running(state, plan)


__all__ = ["advance"]
