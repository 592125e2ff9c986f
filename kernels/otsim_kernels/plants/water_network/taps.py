"""What an attacker does to a network: to what is read, what controllers hold, and what obeys.

The water is true; a controller acts on its reading of a tank, operators see another one. Every twin
has its own times and values for every tap, so that one batch holds as many attacks as twins.
"""

from __future__ import annotations

from collections.abc import Iterator
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
    put_back,
    status_of,
)
from otsim_kernels.plants.water_network.network import CLOSED, OPEN, Network, Tank
from otsim_kernels.plants.water_network.tanks import head_at, volume_at

Array = Any
NEVER = np.iinfo(np.int32).max
_HOUR_S = 3600.0
_OPEN_FROM = 0.5  # values of `status` from here on open a link
_ON_LINKS = ("status", "setting", "keep")


@dataclass(frozen=True, kw_only=True)
class Tap:
    """A point that may be tampered with.

    Attributes:
        kind: of a reading: `bias` (value: ft added), `scale` (value: factor on the level),
            `constant` (value: level above the tank's bottom, ft), `ramp` (value: ft an hour),
            `hold` (the last reading), `replay` (nothing that raises an alarm).
            Of a control: `threshold` (value: volume or head at which it acts). Of a link:
            `status` (value: opens it from 0.5 on, else closes it), `setting` (value: speed of a
            pump while it runs, or setting of a valve), `keep` (as it is); its controls and rules
            are not heard meanwhile, but for those of a pump whose speed alone is taken.
            `release`, at its start, puts a link back to what it was at the beginning (all links:
            index -1), and its controls go on from there. `demand` (value: factor on a pattern's
            demands). `mute`: no alarm is raised.
        index: of the reading, the control or the pattern; row of the link.
    """

    kind: Literal[
        "bias", "scale", "constant", "ramp", "hold", "replay", "threshold", "status", "setting",
        "keep", "release", "demand", "mute",
    ]  # fmt: skip
    index: int = 0


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


def no_schedule(n_twins: int, dtype: Any) -> Schedule:
    """Return the schedule of no taps."""
    none = jnp.zeros((0, n_twins), jnp.int32)
    return Schedule(start=none, stop=none, value=jnp.zeros((0, n_twins), dtype))


@dataclass(frozen=True, kw_only=True)
class Attack:
    """The taps of a tick with their schedule."""

    taps: tuple[Tap, ...]
    schedule: Schedule

    def active(self, row: int, time: Array) -> Array:
        """Tell in which twins a tap acts, bool[n_twins]."""
        return (time >= self.schedule.start[row]) & (time < self.schedule.stop[row])

    def on(self, *kinds: str) -> Iterator[tuple[int, Tap]]:
        """Yield the taps of some kinds with their rows."""
        return ((row, tap) for row, tap in enumerate(self.taps) if tap.kind in kinds)


def true_readings(network: Network, volume: Array, inflow: Array) -> Readings:
    """Return every reading as it would be untouched."""
    if network.reads == tuple(range(len(network.tanks))):
        return Readings(volume=volume, inflow=inflow)
    rows = np.array(network.reads, np.int32)
    return Readings(volume=volume[rows], inflow=inflow[rows])


def readings(
    network: Network, attack: Attack, time: Array, *, true: Readings, held: Array
) -> Readings:
    """Return what is read of the tanks.

    Args:
        network: the network.
        attack: what is tampered with.
        time: i32[n_twins].
        true: the readings untouched.
        held: f[n_reads, n_twins], volumes that `hold` shows.
    """
    seen = true
    for row, tap in attack.on("bias", "scale", "constant", "ramp", "hold"):
        which, i = attack.active(row, time), tap.index
        since = (time - attack.schedule.start[row]).astype(seen.volume.dtype) / _HOUR_S
        volume, inflow = _shown(
            tap.kind, network.tanks[network.reads[i]], seen.volume[i], seen.inflow[i],
            attack.schedule.value[row], (since, held[i]),
        )  # fmt: skip
        seen = Readings(
            volume=seen.volume.at[i].set(jnp.where(which, volume, seen.volume[i])),
            inflow=seen.inflow.at[i].set(jnp.where(which, inflow, seen.inflow[i])),
        )
    return seen


def _shown(
    kind: str, tank: Tank, volume: Array, inflow: Array, value: Array, past: tuple[Array, Array]
) -> tuple[Array, Array]:
    """Return a reading's volume and how it moves; what does not move never comes to a level."""
    since, held = past
    if kind == "bias":
        return _shifted(tank, volume, value), inflow
    if kind == "ramp":
        pace = value / _HOUR_S * tank.area
        return _shifted(tank, volume, value * since), inflow + pace
    if kind == "scale":
        level = head_at(tank, volume) - tank.bottom
        return volume_at(tank, tank.bottom + level * value), inflow * value
    still = jnp.zeros_like(inflow)
    return (volume_at(tank, tank.bottom + value) if kind == "constant" else held), still


def _shifted(tank: Tank, volume: Array, height: Array) -> Array:
    if tank.points is None:
        return volume + height * tank.area
    return volume_at(tank, head_at(tank, volume) + height)


def tampered(network: Network, attack: Attack, held: Controllers, time: Array) -> Controllers:
    """Return the controls as they act now: thresholds, speeds, and who is heard."""
    for row, tap in attack.on("threshold"):
        new = jnp.where(attack.active(row, time), attack.schedule.value[row], held.value[tap.index])
        held = replace(held, value=held.value.at[tap.index].set(new))
    for row, tap in attack.on(*_ON_LINKS):
        which, value = attack.active(row, time), attack.schedule.value[row]
        for number, control in enumerate(network.controls):
            if control.link != tap.index:
                continue
            if tap.kind != "setting" or tap.index >= network.first_valve:
                heard = held.enabled[number] & ~which
                held = replace(held, enabled=held.enabled.at[number].set(heard))
            elif control.status == OPEN:
                new = jnp.where(which, value, held.setting[number])
                held = replace(held, setting=held.setting.at[number].set(new))
    return held


def deaf(network: Network, attack: Attack, k: int, time: Array) -> Array | None:
    """Tell in which twins a link obeys no rule; None if it always does."""
    found: Array | None = None
    for row, tap in attack.on(*_ON_LINKS):
        if tap.index == k and (tap.kind != "setting" or k >= network.first_valve):
            which = attack.active(row, time)
            found = which if found is None else found | which
    return found


def forced(network: Network, attack: Attack, links: Links, begins: Array, time: Array) -> Links:
    """Order what is forced: a status from its start on, a speed while the pump runs.

    Args:
        network: the network.
        attack: what is tampered with.
        links: before.
        begins: bool[n_twins], twins at the beginning of a solve.
        time: i32[n_twins].
    """
    for row, tap in attack.on("status", "setting", "release"):
        k, value = tap.index, attack.schedule.value[row]
        now = begins & (time == attack.schedule.start[row])
        if tap.kind == "release":
            every = range(network.n_plain, network.n_links)
            for one in every if k < 0 else (k,):
                links = put_back(network, links, one, now)
            continue
        if tap.kind == "status":
            opens = value >= _OPEN_FROM
            links = ordered_status(network, links, k, OPEN, now & opens)
            links = ordered_status(network, links, k, CLOSED, now & ~opens)
            continue
        over = begins & (time == attack.schedule.stop[row])
        if k < network.first_valve:
            runs = status_of(network, links, k) > CLOSED
            if network.pumps[k - network.n_pipes].pattern >= 0:  # which sets it at every solve
                now = begins & attack.active(row, time)
            now, over = now & runs, over & runs
        usual = jnp.full_like(value, network.first_setting[k - network.n_pipes] or 1.0)
        links = ordered_setting(network, links, k, value, now)
        links = ordered_setting(network, links, k, usual, over)
    return links


def demand_factors(attack: Attack, factor: Array, time: Array) -> Array:
    """Return the factors on patterns, f[n_patterns, n_twins], with surges of demand."""
    for row, tap in attack.on("demand"):
        surge = jnp.where(attack.active(row, time), attack.schedule.value[row], 1.0)
        factor = factor.at[tap.index].multiply(surge)
    return factor


def alarmed(network: Network, attack: Attack, seen: Readings, time: Array) -> Array:
    """Tell in which twins operators see an alarm: a reading of theirs beyond its limits.

    What is replayed was shown before, and would have raised its alarm then.
    """
    found = jnp.zeros_like(time, dtype=bool)
    for alarm in network.alarms:
        volume = seen.volume[alarm.reading]
        rings = (volume <= alarm.low) | (volume >= alarm.high)
        for row, tap in attack.on("replay"):
            if tap.index == alarm.reading:
                rings = rings & ~attack.active(row, time)
        found = found | rings
    for row, _ in attack.on("mute"):
        found = found & ~attack.active(row, time)
    return found


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
    "Attack",
    "Schedule",
    "Tap",
    "alarmed",
    "deaf",
    "demand_factors",
    "forced",
    "next_change",
    "no_schedule",
    "readings",
    "tampered",
    "true_readings",
]
