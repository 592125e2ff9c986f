"""What the attacker does to signals: taps between plant, controllers, operators and safety.

Which taps exist is static, so that only reachable points are compiled in; when each acts, and by
how much, differs from twin to twin and stands in the `Schedule`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np

from otsim_kernels.draws import Array

Group = Literal["measurement", "command", "setpoint", "loop", "trip", "alarm", "disturbance"]
NEVER = np.iinfo(np.int32).max
ALL_TRIPS = -1


@dataclass(frozen=True, kw_only=True)
class Tap:
    """One tampered point.

    Attributes:
        kind: `override`, `bias`, `scale`, `ramp`, `hold`, `replay` or `rate_limit` for
            measurements and commands; `set` for the other groups.
        group: what the point is.
        index: place among the plant's measurements or commands; number of the loop, trip (from 0,
            `ALL_TRIPS` for all) or disturbance.
        row: row of the schedule.
        views: who sees a changed measurement: `controller`, `operator`, `safety`.
        record_ticks: length of a replay's recording.
    """

    kind: str
    group: Group
    index: int
    row: int
    views: tuple[str, ...] = ("controller", "operator")
    record_ticks: int = 0


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Schedule:
    """When each row acts; a tuple of arrays [] (or [n_twins]), one for each row.

    Attributes:
        start, stop: i32, in local ticks; acts while start <= tick < stop, `NEVER` for never.
        value: f32, in the unit of the point (ramp: per hour, rate_limit: per minute).
    """

    start: tuple[Array, ...]
    stop: tuple[Array, ...]
    value: tuple[Array, ...]


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Tampering:
    """What the taps remember, f32[] each, by the tap's place in the list.

    Attributes:
        held: last value before a hold, last output of a rate limit, set-point to put back.
        seen: what the controllers read last, for measurements under a tap.
    """

    held: dict[int, Array] = field(default_factory=dict)
    seen: dict[int, Array] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Moment:
    """Where a tick stands.

    Attributes:
        schedule: when each row acts.
        tick: local time in ticks, i32[].
        hours_per_tick: length of a tick.
    """

    schedule: Schedule
    tick: Array
    hours_per_tick: float


def first_tampering(
    taps: Sequence[Tap],
    *,
    shown: Sequence[Array],
    commands: Sequence[Array],
    setpoints: Mapping[int, Array],
) -> Tampering:
    """Return what the taps remember before anything is tampered with."""
    now: dict[str, Mapping[int, Array]] = {
        "measurement": dict(enumerate(shown)),
        "command": dict(enumerate(commands)),
        "setpoint": setpoints,
    }
    held = {i: now[tap.group][tap.index] for i, tap in enumerate(taps) if _remembers(tap)}
    seen = {tap.index: shown[tap.index] for tap in taps if tap.group == "measurement"}
    return Tampering(held=held, seen=seen)


def is_active(tap: Tap, now: Moment) -> Array:
    """Tell whether a tap acts now, bool[]."""
    return ~_not_yet(tap, now) & (now.tick < now.schedule.stop[tap.row])


def active_value(
    taps: Sequence[Tap], group: Group, index: int, *, now: Moment, default: float
) -> Array | None:
    """Return the value of the last acting tap on a point, `default` where none acts.

    None if no tap is on that point at all.
    """
    found: Array | None = None
    for tap in taps:
        if tap.group == group and tap.index == index:
            value = now.schedule.value[tap.row]
            before = jnp.full_like(value, default) if found is None else found
            found = jnp.where(is_active(tap, now), value, before)
    return found


def any_active(
    taps: Sequence[Tap], group: Group, indices: tuple[int, ...], now: Moment
) -> Array | None:
    """Tell whether any tap on one of these points acts, bool[]; None if there is no such tap."""
    found: Array | None = None
    for tap in taps:
        if tap.group == group and tap.index in indices:
            active = is_active(tap, now)
            found = active if found is None else found | active
    return found


def recall(
    taps: Sequence[Tap],
    raw: Sequence[Array],
    *,
    now: Moment,
    tampering: Tampering,
    recorded: Mapping[int, Array],
) -> dict[int, Array]:
    """Return what each tap remembers at this tick, by tap.

    A hold keeps the last value before it started, a replay repeats what was recorded.

    Args:
        taps: all taps.
        raw: measurements as the instruments show them.
        now: where the tick stands.
        tampering: memories after the tick before.
        recorded: this tick's rows of the recordings, by tap.
    """
    memories = dict(tampering.held)
    for i, tap in enumerate(taps):
        if tap.group == "measurement" and tap.kind == "hold":
            # the first held reading is the one shown just before the hold starts
            fresh = now.tick <= now.schedule.start[tap.row]
            memories[i] = jnp.where(fresh, raw[tap.index], memories[i])
        elif tap.kind == "replay":
            memories[i] = recorded[i]
    return memories


def record(
    taps: Sequence[Tap],
    raw: Mapping[str, Sequence[Array]],
    *,
    now: Moment,
    recorded: Mapping[int, Array],
) -> dict[int, Array]:
    """Return this tick's rows of the recordings, which go on until the replay starts."""
    return {
        i: jnp.where(_not_yet(tap, now), raw[tap.group][tap.index], recorded[i])
        for i, tap in enumerate(taps)
        if tap.kind == "replay"
    }


def tamper(
    taps: Sequence[Tap],
    group: Group,
    values: Sequence[Array],
    *,
    view: str,
    now: Moment,
    memories: Mapping[int, Array],
) -> tuple[Array, ...]:
    """Pass measurements or commands through their taps, in list order, as one view gets them.

    Args:
        taps: all taps; those of `group` that change `view` act. Commands have one view,
            `actuator`.
        group: `measurement` or `command`.
        values: what goes in.
        view: `controller`, `operator`, `safety` or `actuator`.
        now: where the tick stands.
        memories: what each tap remembers at this tick.
    """
    changed = list(values)
    for i, tap in enumerate(taps):
        if tap.group == group and (view == "actuator" or view in tap.views):
            value = changed[tap.index]
            new = _changed(tap, value, now, memories.get(i))
            changed[tap.index] = jnp.where(is_active(tap, now), new, value)
    return tuple(changed)


def remember(
    taps: Sequence[Tap],
    memories: Mapping[int, Array],
    *,
    now: Moment,
    seen: Sequence[Array],
    received: Sequence[Array],
) -> Tampering:
    """Return the memories after a tick: rate limits follow, holds of commands keep up to date."""
    held = {}
    for i, tap in enumerate(taps):
        out = seen if tap.group == "measurement" else received
        if tap.kind == "rate_limit":
            held[i] = out[tap.index]
        elif tap.kind == "hold" and tap.group == "command":
            held[i] = jnp.where(_not_yet(tap, now), out[tap.index], memories[i])
        elif _remembers(tap):
            held[i] = memories[i]
    return Tampering(
        held=held, seen={tap.index: seen[tap.index] for tap in taps if tap.group == "measurement"}
    )


def tamper_setpoints(
    taps: Sequence[Tap],
    setpoints: Mapping[int, Array],
    *,
    now: Moment,
    memories: dict[int, Array],
) -> dict[int, Array]:
    """Overwrite set-points while their taps act, and put the old ones back when they end.

    `memories` is brought up to date in place.
    """
    changed = dict(setpoints)
    for i, tap in enumerate(taps):
        if tap.group == "setpoint":
            value = changed[tap.index]
            fresh = now.tick <= now.schedule.start[tap.row]
            memories[i] = jnp.where(fresh, value, memories[i])
            back = jnp.where(now.tick == now.schedule.stop[tap.row], memories[i], value)
            changed[tap.index] = jnp.where(is_active(tap, now), now.schedule.value[tap.row], back)
    return changed


def _changed(tap: Tap, value: Array, now: Moment, memory: Array | None) -> Array:
    """Return what a tap makes of a value while it acts."""
    size = now.schedule.value[tap.row]
    if tap.kind == "override":
        return size
    if tap.kind == "bias":
        return value + size
    if tap.kind == "scale":
        return value * size
    if tap.kind == "ramp":
        since = (now.tick - now.schedule.start[tap.row]).astype(value.dtype)
        return value + size * (since * now.hours_per_tick)
    assert memory is not None
    if tap.kind == "rate_limit":
        step = size * (60.0 * now.hours_per_tick)
        return memory + jnp.clip(value - memory, -step, step)
    return memory


def _not_yet(tap: Tap, now: Moment) -> Array:
    return now.tick < now.schedule.start[tap.row]


def _remembers(tap: Tap) -> bool:
    return tap.kind in ("hold", "rate_limit") or tap.group == "setpoint"
