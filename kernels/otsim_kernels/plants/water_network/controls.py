"""Simple controls: when they act, and how far a step may go before the next one does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from otsim_kernels.plants.water_network.links import (
    Links,
    is_fixed,
    nan_of,
    ordered_both,
    setting_of,
    status_of,
)
from otsim_kernels.plants.water_network.network import (
    CLOSED,
    H_TOL,
    OPEN,
    Q_ZERO,
    Network,
)

Array = Any
DAY_S = 86_400


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Controllers:
    """What controllers hold, and an attacker may change.

    Attributes:
        value: f[n_controls, n_twins], volume or head at which each acts, ft3 or ft, or seconds.
        setting: f[n_controls, n_twins]; enabled: bool[n_controls, n_twins].
    """

    value: Array
    setting: Array
    enabled: Array


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Readings:
    """What is read of the tanks, f[n_reads, n_twins]; `Network.reads` has the tank of each row.

    Attributes:
        volume: ft3; inflow: cfs, by which a reading moves.
    """

    volume: Array
    inflow: Array


def first_controllers(network: Network, n_twins: int, dtype: Any) -> Controllers:
    """Return the controls as the file has them."""
    shape = (len(network.controls), n_twins)

    def wide(values: list[float]) -> Array:
        return jnp.asarray(np.broadcast_to(np.array(values).reshape(-1, 1), shape), dtype)

    settings = [0.0 if np.isnan(one.setting) else one.setting for one in network.controls]
    return Controllers(
        value=wide([one.value for one in network.controls]),
        setting=wide(settings),
        enabled=wide([one.enabled for one in network.controls]) != 0,
    )


def applied(
    network: Network, held: Controllers, links: Links, seen: Readings, time: Array
) -> Links:
    """Let the controls act that do so now, in the order of the file."""
    for i, control in enumerate(network.controls):
        fires = _fires(network, held, i, seen, time)
        if fires is None:
            continue
        fires = fires & held.enabled[i]
        present = jnp.where(status_of(network, links, control.link) <= CLOSED, CLOSED, OPEN)
        differs = (present != control.status) | _setting_differs(network, held, i, links)
        links = _do(network, held, i, links, fires & differs)
    return links


def _do(network: Network, held: Controllers, i: int, links: Links, which: Array) -> Links:
    control = network.controls[i]
    setting = None if nan_of(control.setting) else held.setting[i]
    return ordered_both(network, links, control.link, (control.status, setting), which)


def _setting_differs(network: Network, held: Controllers, i: int, links: Links) -> Array:
    control = network.controls[i]
    k = control.link
    if k < network.n_pipes:
        return jnp.zeros_like(held.enabled[i])
    if k < network.first_valve:
        return setting_of(network, links, k) != held.setting[i]
    fixed = is_fixed(network, links, k)
    if nan_of(control.setting):
        return ~fixed
    return fixed | (setting_of(network, links, k) != held.setting[i])


def _fires(
    network: Network, held: Controllers, i: int, seen: Readings, time: Array
) -> Array | None:
    control = network.controls[i]
    if control.when == "at_time":
        return time == held.value[i].astype(jnp.int32)
    if control.when == "at_clock":
        return (time + network.clock.start_clock) % DAY_S == held.value[i].astype(jnp.int32)
    if control.reading < 0:
        return None
    now, wanted = seen.volume[control.reading], held.value[i]
    slack = jnp.abs(seen.inflow[control.reading])
    return now <= wanted + slack if control.when == "below" else now >= wanted - slack


def pressed(network: Network, held: Controllers, head: Array, links: Links) -> tuple[Links, Array]:
    """Let controls act that look at a junction's pressure; returns also which twins changed."""
    changed = jnp.zeros(head.shape[1], bool)
    for i, control in enumerate(network.controls):
        if control.node < 0 or control.node >= network.n_junctions:
            continue
        now, k = head[control.node], control.link
        low, high = now <= held.value[i] + H_TOL, now >= held.value[i] - H_TOL
        fires = (low if control.when == "below" else high) & held.enabled[i]
        status_differs = status_of(network, links, k) != control.status
        differs = status_differs
        if k >= network.n_pipes:
            differs = _setting_differs(network, held, i, links)
        if k >= network.first_valve:
            differs = differs | (is_fixed(network, links, k) & status_differs)
        links = _do(network, held, i, links, fires & differs)
        changed = changed | (fires & differs)
    return links, changed


def step_length(
    network: Network, held: Controllers, links: Links, time: Array, *,
    water: tuple[Array, Array], seen: Readings,
) -> Array:  # fmt: skip
    """Return the seconds to the next solve, i32[n_twins], rules apart.

    Args:
        network: the network.
        held: what the controllers hold.
        links: after the solve.
        time: of it.
        water: volumes and inflows of the tanks, ft3 and cfs, f[n_tanks, n_twins].
        seen: what controllers read of them.
    """
    clock = network.clock
    seconds = jnp.full_like(time, min(clock.hydraulic_step, clock.pattern_step, clock.report_step))
    pattern = ((time + clock.pattern_start) // clock.pattern_step + 1) * clock.pattern_step - time
    report = (time // clock.report_step + 1) * clock.report_step - time
    seconds = jnp.minimum(seconds, jnp.minimum(jnp.maximum(pattern, 1), report))
    for i, tank in enumerate(network.tanks):
        now, q = water[0][i], water[1][i]
        fills, drains = (q > 0.0) & (now < tank.max_volume), (q < 0.0) & (now > tank.min_volume)
        target = jnp.where(fills, tank.max_volume, tank.min_volume)
        seconds = _sooner(seconds, target - now, q, (fills | drains))
    for i, control in enumerate(network.controls):
        wait, may = _wait(network, held, i, seen, time)
        if wait is None:
            continue
        k = control.link
        acts = status_of(network, links, k) != control.status
        acts = acts | _setting_differs(network, held, i, links)
        acts = acts & may & held.enabled[i] & (wait > 0) & (wait < seconds)
        seconds = jnp.where(acts, wait, seconds)
    return seconds


def _sooner(seconds: Array, volume: Array, flow: Array, which: Array) -> Array:
    """Shorten a step to the second nearest to the time in which a volume flows."""
    wait = _nearest(volume, flow)
    use = which & (jnp.abs(flow) > Q_ZERO) & (wait > 0) & (wait < seconds)
    return jnp.where(use, wait, seconds)


def _nearest(volume: Array, flow: Array) -> Array:
    safe = jnp.where(jnp.abs(flow) > Q_ZERO, flow, 1.0)
    return jnp.floor(jnp.clip(volume / safe, -1e9, 1e9) + 0.5).astype(jnp.int32)


def _wait(
    network: Network, held: Controllers, i: int, seen: Readings, time: Array
) -> tuple[Array | None, Array]:
    """Return the seconds until a control acts, and whether it may; None if no step waits for it."""
    control, always = network.controls[i], jnp.ones_like(time, dtype=bool)
    if control.when == "at_time":
        return held.value[i].astype(jnp.int32) - time, always
    if control.when == "at_clock":
        now = (time + network.clock.start_clock) % DAY_S
        wait = held.value[i].astype(jnp.int32) - now
        return jnp.where(wait < 0, wait + DAY_S, wait), always
    if control.reading < 0:
        return None, always
    now, q, wanted = seen.volume[control.reading], seen.inflow[control.reading], held.value[i]
    rises, falls = (now < wanted) & (q > 0.0), (now > wanted) & (q < 0.0)
    may = rises if control.when == "above" else falls
    return _nearest(wanted - now, q), may & (jnp.abs(q) > Q_ZERO)


def with_change(held: Controllers, i: int, **changes: tuple[Any, Array]) -> Controllers:
    """Change what a controller holds: `value`, `setting` or `enabled`, in some twins."""
    found = {}
    for name, (wanted, which) in changes.items():
        matrix = getattr(held, name)
        found[name] = matrix.at[i].set(jnp.where(which, wanted, matrix[i]))
    return replace(held, **found)


__all__ = [
    "Controllers",
    "Readings",
    "applied",
    "first_controllers",
    "pressed",
    "step_length",
    "with_change",
]
