"""What an attacker does to a network: to what controllers read, what they hold, and what obeys.

The water is true; a controller acts on its reading of a tank. Every twin has its own times and
values for every tap, so that one batch holds as many attacks as twins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np

from otsim_kernels.plants.water_network.controls import Controllers, Readings
from otsim_kernels.plants.water_network.links import (
    Links,
    ordered_setting,
    ordered_status,
    status_of,
)
from otsim_kernels.plants.water_network.network import CLOSED, OPEN, Network
from otsim_kernels.plants.water_network.tanks import volume_at

Array = Any
NEVER = np.iinfo(np.int32).max


@dataclass(frozen=True, kw_only=True)
class Tap:
    """A point that may be tampered with.

    Attributes:
        kind: `bias` (value: ft added to a tank's reading), `constant` (value: level above the
            tank's bottom, ft), `hold` (the last reading), `threshold` (value: volume or head at
            which a control acts), `open` and `close` a link whatever its controls say, `speed`
            (value: of a pump when it is on), `demand` (value: factor on a pattern's demands).
        index: of the tank, the control, or the pattern; row of the link.
    """

    kind: Literal["bias", "constant", "hold", "threshold", "open", "close", "speed", "demand"]
    index: int


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Schedule:
    """When each tap acts, and how much.

    Attributes:
        start, stop: i32[n_taps, n_twins], seconds; `NEVER` for never.
        value: f[n_taps, n_twins].
    """

    start: Array
    stop: Array
    value: Array

    def active(self, tap: int, time: Array) -> Array:
        """Tell in which twins a tap acts."""
        return (time >= self.start[tap]) & (time < self.stop[tap])


def no_schedule(n_twins: int, dtype: Any) -> Schedule:
    """Return the schedule of no taps."""
    none = jnp.zeros((0, n_twins), jnp.int32)
    return Schedule(start=none, stop=none, value=jnp.zeros((0, n_twins), dtype))


def readings(
    network: Network, taps: Sequence[Tap], schedule: Schedule, time: Array, *, true: Readings,
    held: Array,
) -> Readings:  # fmt: skip
    """Return what controllers read of the tanks.

    Args:
        network: the network.
        taps, schedule: what is tampered with.
        time: i32[n_twins].
        true: volumes and inflows.
        held: f[n_tanks, n_twins], volumes that `hold` shows.
    """
    seen = true
    for i, tap in enumerate(taps):
        if tap.kind not in ("bias", "constant", "hold"):
            continue
        which, tank = schedule.active(i, time), network.tanks[tap.index]
        volume = seen.volume[tap.index]
        if tap.kind == "bias":
            shown = _shifted(tank, volume, schedule.value[i])
        elif tap.kind == "constant":
            shown = volume_at(tank, tank.bottom + schedule.value[i])
        else:
            shown = held[tap.index]
        seen = replace(seen, volume=seen.volume.at[tap.index].set(jnp.where(which, shown, volume)))
        if tap.kind != "bias":  # what does not move, never comes to a level
            still = jnp.where(which, 0.0, seen.inflow[tap.index])
            seen = replace(seen, inflow=seen.inflow.at[tap.index].set(still))
    return seen


def _shifted(tank: Any, volume: Array, height: Array) -> Array:
    from otsim_kernels.plants.water_network.tanks import head_at

    if tank.points is None:
        return volume + height * tank.area
    return volume_at(tank, head_at(tank, volume) + height)


def tampered(
    network: Network, taps: Sequence[Tap], schedule: Schedule, held: Controllers, time: Array
) -> Controllers:
    """Return the controls as they act now: thresholds, speeds, and who is heard."""
    for i, tap in enumerate(taps):
        which, value = schedule.active(i, time), schedule.value[i]
        if tap.kind == "threshold":
            new = jnp.where(which, value, held.value[tap.index])
            held = replace(held, value=held.value.at[tap.index].set(new))
        for number, control in enumerate(network.controls):
            if control.link != tap.index:
                continue
            if tap.kind == "speed" and control.status == OPEN:
                new = jnp.where(which, value, held.setting[number])
                held = replace(held, setting=held.setting.at[number].set(new))
            if tap.kind in ("open", "close"):
                heard = held.enabled[number] & ~which
                held = replace(held, enabled=held.enabled.at[number].set(heard))
    return held


def forced(
    network: Network, taps: Sequence[Tap], schedule: Schedule, links: Links, begins: Array,
    time: Array,
) -> Links:  # fmt: skip
    """Order what is forced: a status from its start on, a speed while the pump runs.

    Args:
        network, taps, schedule: what is tampered with.
        links: before.
        begins: bool[n_twins], twins at the beginning of a solve.
        time: i32[n_twins].
    """
    for i, tap in enumerate(taps):
        now = begins & (time == schedule.start[i])
        if tap.kind in ("open", "close"):
            status = OPEN if tap.kind == "open" else CLOSED
            links = ordered_status(network, links, tap.index, status, now)
        if tap.kind == "speed":
            runs = status_of(network, links, tap.index) > CLOSED
            value = schedule.value[i]
            links = ordered_setting(network, links, tap.index, value, now & runs)
            over = begins & (time == schedule.stop[i]) & runs
            links = ordered_setting(network, links, tap.index, jnp.ones_like(value), over)
    return links


def demand_factors(taps: Sequence[Tap], schedule: Schedule, factor: Array, time: Array) -> Array:
    """Return the factors on patterns, f[n_patterns, n_twins], with surges of demand."""
    for i, tap in enumerate(taps):
        if tap.kind == "demand":
            surge = jnp.where(schedule.active(i, time), schedule.value[i], 1.0)
            factor = factor.at[tap.index].multiply(surge)
    return factor


def next_change(schedule: Schedule, time: Array, seconds: Array) -> Array:
    """Shorten a step to the next start or stop of a tap."""
    for moments in (schedule.start, schedule.stop):
        for row in range(moments.shape[0]):
            wait = moments[row] - time
            seconds = jnp.where(
                (wait > 0) & (moments[row] != NEVER), jnp.minimum(seconds, wait), seconds
            )
    return seconds


__all__ = [
    "NEVER",
    "Schedule",
    "Tap",
    "demand_factors",
    "forced",
    "next_change",
    "no_schedule",
    "readings",
    "tampered",
]
