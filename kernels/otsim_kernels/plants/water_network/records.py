"""Lives written down: signals over time, and damage by junction and by hour."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from otsim_kernels.plants.water_network.damage import (
    CUBIC_METRES,
    Step,
    by_zone,
    pressures,
    undelivered,
)
from otsim_kernels.plants.water_network.life import (
    Life,
    LifePlan,
    WaterPlant,
    is_running,
    live,
    seen_by_all,
    stands_still,
)
from otsim_kernels.plants.water_network.links import setting_of, status_of
from otsim_kernels.plants.water_network.network import CLOSED, Network
from otsim_kernels.plants.water_network.tanks import head_at

Array = Any
HOUR_S = 3600.0


@dataclass(frozen=True, kw_only=True)
class Watched:
    """What is written down, by rows; the record's signals stand in this order.

    Attributes:
        tanks: true levels, ft above the bottom; readings: levels as they are read, likewise.
        statuses: 1 for open, 0 for closed; settings: of pumps and valves.
        pressures: of junctions, ft of water; flows: of links, cfs.
    The last signal is the demand not delivered, m3/h.
    """

    tanks: tuple[int, ...]
    readings: tuple[int, ...]
    statuses: tuple[int, ...]
    settings: tuple[int, ...]
    pressures: tuple[int, ...]
    flows: tuple[int, ...]


@partial(jax.jit, static_argnames=("plant", "watched"))
def recorded(
    plant: WaterPlant, watched: Watched, *, life: Life, plan: LifePlan, times: Array
) -> tuple[Life, Array]:
    """Live to the end and write signals down.

    Args:
        plant, watched: static.
        life, plan: n twins.
        times: i32[n_times, n_recorded], when each of the first ones is to be written down, seconds
            of the network.

    Returns:
        The lives at their end, and f[n_signals, n_times, n_recorded]; nan after the end.
    """
    n_recorded = times.shape[1]

    def body(carry: tuple[Life, Array]) -> tuple[Life, Array]:
        before, found = carry
        after, step = live(plant, before, plan)
        t0, t1 = before.twin.time[:n_recorded], after.twin.time[:n_recorded]
        here = (times >= t0) & (times < t1) & step.ended[:n_recorded]
        signals = _signals(plant, watched, before, plan, step)
        now, rate = (matrix[:, :n_recorded] for matrix in signals)
        since = jnp.where(here, times - t0, 0).astype(now.dtype)
        values = now[:, None, :] + rate[:, None, :] * since[None]
        return after, jnp.where(here[None], values, found)

    dtype = life.twin.volume.dtype
    begin = jnp.full((n_signals(watched), *times.shape), jnp.nan, dtype)
    return lax.while_loop(lambda carry: jnp.any(is_running(carry[0], plan)), body, (life, begin))


def _signals(
    plant: WaterPlant, watched: Watched, before: Life, plan: LifePlan, step: Step
) -> tuple[Array, Array]:
    """Return the signals at the beginning of a step, and how fast each moves within it."""
    network, state = plant.network, step.before.hydraulics
    twin, seen = before.twin, seen_by_all(plant, before, plan)
    rows, rates = [], []
    length = jnp.maximum(step.after.time - twin.time, 1).astype(step.seconds.dtype)
    # to where a tank is set at the end of the step, which may be its rim or its bottom
    moved = [
        (_level(network, i, step.after.volume[i]) - _level(network, i, twin.volume[i])) / length
        for i in range(len(network.tanks))
    ]
    for i in watched.tanks:
        rows.append(_level(network, i, twin.volume[i]))
        rates.append(moved[i])
    for row in watched.readings:
        tank = network.reads[row]
        rows.append(_level(network, tank, seen.volume[row]))
        rates.append(jnp.where(stands_still(plant, before, plan, row), 0.0, moved[tank]))
    none = jnp.zeros_like(step.seconds)
    opened = (status_of(network, state.links, k) > CLOSED for k in watched.statuses)
    still = [
        *(one.astype(none.dtype) for one in opened),
        *(setting_of(network, state.links, k) for k in watched.settings),
        *(pressures(network, state)[i] for i in watched.pressures),
        *(_flow(network, step, k) for k in watched.flows),
    ]  # fmt: skip
    pressure = pressures(network, state)
    lacks = undelivered(network, plant.service, state, step.demand, pressure).sum(axis=0)
    still.append(lacks * (CUBIC_METRES * HOUR_S))
    return jnp.stack([*rows, *still]), jnp.stack([*rates, *(none for _ in still)])


def _level(network: Network, i: int, volume: Array) -> Array:
    return head_at(network.tanks[i], volume) - network.tanks[i].bottom


def _flow(network: Network, step: Step, k: int) -> Array:
    flow = step.before.hydraulics.flow[k]
    if k < network.n_plain:
        return jnp.zeros_like(flow) if network.plain_closed[k] else flow
    is_open = status_of(network, step.before.hydraulics.links, k) > CLOSED
    return jnp.where(is_open, flow, 0.0)


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Detail:
    """Where and when twins suffered, from the first plant action on.

    Attributes:
        unmet_m3: f[n_junctions, n]; low_h: f[n_junctions, n], hours of low pressure.
        by_bin_m3: f[n_zones, n_bins, n], not delivered by zone and time.
    """

    unmet_m3: Array
    low_h: Array
    by_bin_m3: Array


@partial(jax.jit, static_argnames=("plant", "n_bins", "bin_s"))
def detailed(
    plant: WaterPlant, *, life: Life, plan: LifePlan, n_bins: int, bin_s: int
) -> tuple[Life, Detail]:
    """Live to the end and count by junction, and by zone in bins of time.

    Args:
        plant, n_bins, bin_s: static; a step counts in the bin in which it begins.
        life, plan: n twins.
    """
    network, service = plant.network, plant.service
    n = life.twin.time.shape[0]
    dtype = life.twin.volume.dtype
    zeros = jnp.zeros((network.n_junctions, n), dtype)
    bins = jnp.arange(n_bins, dtype=jnp.int32)[:, None]

    def body(carry: tuple[Life, Detail]) -> tuple[Life, Detail]:
        before, detail = carry
        after, step = live(plant, before, plan)
        state, seconds = step.before.hydraulics, step.seconds
        pressure = pressures(network, state)
        lacks = undelivered(network, service, state, step.demand, pressure)
        lacks = lacks * (seconds * CUBIC_METRES)
        low = (pressure < service.low_head) & (step.demand > 0.0)
        at = (before.twin.time - plan.onset) // bin_s
        here = ((bins == at) & (seconds > 0.0)).astype(dtype)
        return after, Detail(
            unmet_m3=detail.unmet_m3 + lacks,
            low_h=detail.low_h + jnp.where(low, seconds / HOUR_S, 0.0),
            by_bin_m3=detail.by_bin_m3 + by_zone(service, lacks)[:, None, :] * here[None],
        )

    begin = Detail(
        unmet_m3=zeros, low_h=zeros,
        by_bin_m3=jnp.zeros((service.n_zones, n_bins, n), dtype),
    )  # fmt: skip
    return lax.while_loop(lambda carry: jnp.any(is_running(carry[0], plan)), body, (life, begin))


def n_signals(watched: Watched) -> int:
    """Return how many signals are written down."""
    parts = (watched.tanks, watched.readings, watched.statuses)
    more = (watched.settings, watched.pressures, watched.flows)
    return sum(map(len, (*parts, *more))) + 1


__all__ = ["Detail", "Watched", "detailed", "n_signals", "recorded"]
