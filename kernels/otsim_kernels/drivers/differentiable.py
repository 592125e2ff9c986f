"""The differentiable driver: how close twins come to their limits, and which way leads closer."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
from jax import lax

from otsim_kernels.control_loop import Plan, TwinState, margins, tick
from otsim_kernels.draws import Array
from otsim_kernels.plant_contract import PlantTable
from otsim_kernels.signal_tampering import Tap

SEGMENT_TICKS = 60  # between checkpoints: memory and recomputation both stay small


@partial(jax.jit, static_argnames=("plant", "taps", "n_segments"))
def closest_approach(
    plant: PlantTable, taps: tuple[Tap, ...], *, state: TwinState, plan: Plan, n_segments: int
) -> Array:
    """Return the smallest margin to each trip limit over a span of time.

    The result can be differentiated by any float of `state` and `plan`, such as the values of the
    schedule. States between segments of `SEGMENT_TICKS` are kept, those within are computed again.
    Replays are not supported: their recordings belong to the reference driver.

    Args:
        plant: the plant's table.
        taps: which points may be tampered with.
        state: the twins, fields f32[n_twins] (or f32[] for one).
        plan: their plans.
        n_segments: length of the span in segments.

    Returns:
        f32[n_trips, n_twins], in the units of the limits' measurements; below 0 is beyond.
    """

    def one_tick(carry: tuple[TwinState, Array], _: None) -> tuple[tuple[TwinState, Array], None]:
        twins, nearest = carry
        rare = jnp.any(lax.rem(twins.clock, jnp.int32(plant.rare_ticks)) == 0)
        twins, rows = tick(plant, taps, twins, plan, rare=rare, recorded={})
        assert not rows
        now = jnp.stack(margins(plant.trips, plant.shown(twins.plant.instruments)))
        return (twins, jnp.minimum(nearest, now)), None

    @jax.checkpoint
    def segment(carry: tuple[TwinState, Array], _: None) -> tuple[tuple[TwinState, Array], None]:
        return lax.scan(one_tick, carry, None, length=SEGMENT_TICKS)

    first = jnp.stack(margins(plant.trips, plant.shown(state.plant.instruments)))
    (_, nearest), _ = lax.scan(segment, (state, first), None, length=n_segments)
    return nearest
