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

Array = jax.Array
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


def first_tampering(taps: Sequence[Tap], *, shown: Sequence[Array], commands: Sequence[Array],
                    setpoints: Mapping[int, Array]) -> Tampering:  # fmt: skip
    """Return what the taps remember before anything is tampered with."""
    now: dict[str, Mapping[int, Array]] = {
        "measurement": dict(enumerate(shown)),
        "command": dict(enumerate(commands)),
        "setpoint": setpoints,
    }
    held = {i: now[tap.group][tap.index] for i, tap in enumerate(taps) if _remembers(tap)}
    seen = {tap.index: shown[tap.index] for tap in taps if tap.group == "measurement"}
    return Tampering(held=held, seen=seen)


def is_active(tap: Tap, schedule: Schedule, tick: Array) -> Array:
    """Tell whether a tap acts now, bool[]."""
    return (tick >= schedule.start[tap.row]) & (tick < schedule.stop[tap.row])


def active_value(taps: Sequence[Tap], group: Group, index: int, schedule: Schedule, *,
                 tick: Array, default: float) -> Array | None:  # fmt: skip
    """Return the value of the last acting tap on a point, `default` where none acts.

    None if no tap is on that point at all.
    """
    found: Array | None = None
    for tap in taps:
        if tap.group == group and tap.index == index:
            value = schedule.value[tap.row]
            before = jnp.full_like(value, default) if found is None else found
            found = jnp.where(is_active(tap, schedule, tick), value, before)
    return found


def any_active(
    taps: Sequence[Tap], group: Group, indices: tuple[int, ...], *, schedule: Schedule, tick: Array
) -> Array | None:
    """Tell whether any tap on one of these points acts, bool[]; None if there is no such tap."""
    found: Array | None = None
    for tap in taps:
        if tap.group == group and tap.index in indices:
            active = is_active(tap, schedule, tick)
            found = active if found is None else found | active
    return found


@dataclass(frozen=True, kw_only=True)
class Clock:
    """Where a tick stands: local time in ticks, i32[], and the length of a tick."""

    tick: Array
    hours_per_tick: float


def recall(
    taps: Sequence[Tap],
    raw: Sequence[Array],
    *,
    schedule: Schedule,
    tampering: Tampering,
    clock: Clock,
    recorded: Mapping[int, Array],
) -> dict[int, Array]:
    """Return what each tap on a measurement remembers at this tick, by tap.

    A hold keeps the last value before it started, a replay repeats what was recorded.

    Args:
        taps: all taps.
        raw: measurements as the instruments show them.
        schedule: when each row acts.
        tampering: memories after the tick before.
        clock: local time.
        recorded: this tick's rows of the recordings, by tap.
    """
    memories = dict(tampering.held)
    for i, tap in enumerate(taps):
        if tap.group == "measurement" and tap.kind == "hold":
            not_yet = clock.tick <= schedule.start[tap.row]
            memories[i] = jnp.where(not_yet, raw[tap.index], memories[i])
        elif tap.kind == "replay":
            memories[i] = recorded[i]
    return memories


def record(
    taps: Sequence[Tap], raw: Mapping[str, Sequence[Array]], *, schedule: Schedule, tick: Array,
    recorded: Mapping[int, Array],
) -> dict[int, Array]:  # fmt: skip
    """Return this tick's rows of the recordings, which go on until the replay starts."""
    return {
        i: jnp.where(tick < schedule.start[tap.row], raw[tap.group][tap.index], recorded[i])
        for i, tap in enumerate(taps)
        if tap.kind == "replay"
    }


def tamper(
    taps: Sequence[Tap],
    group: Group,
    values: Sequence[Array],
    *,
    view: str,
    schedule: Schedule,
    memories: Mapping[int, Array],
    clock: Clock,
) -> tuple[Array, ...]:
    """Pass measurements or commands through their taps, in list order, as one view gets them.

    Args:
        taps: all taps; those of `group` that change `view` act. Commands have one view,
            `actuator`.
        group: `measurement` or `command`.
        values: what goes in.
        view: `controller`, `operator`, `safety` or `actuator`.
        schedule: when each row acts.
        memories: what each tap remembers at this tick.
        clock: local time.
    """
    changed = list(values)
    for i, tap in enumerate(taps):
        if tap.group == group and (view == "actuator" or view in tap.views):
            now = changed[tap.index]
            since_h = (clock.tick - schedule.start[tap.row]).astype(now.dtype)
            new = _changed(
                tap.kind, now, schedule.value[tap.row], since_h=since_h * clock.hours_per_tick,
                memory=memories.get(i), minutes_per_tick=60.0 * clock.hours_per_tick,
            )  # fmt: skip
            changed[tap.index] = jnp.where(is_active(tap, schedule, clock.tick), new, now)
    return tuple(changed)


def remember(
    taps: Sequence[Tap],
    memories: Mapping[int, Array],
    *,
    schedule: Schedule,
    tick: Array,
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
            held[i] = jnp.where(tick < schedule.start[tap.row], out[tap.index], memories[i])
        elif _remembers(tap):
            held[i] = memories[i]
    return Tampering(
        held=held, seen={tap.index: seen[tap.index] for tap in taps if tap.group == "measurement"}
    )


def tamper_setpoints(
    taps: Sequence[Tap],
    setpoints: Mapping[int, Array],
    *,
    schedule: Schedule,
    memories: dict[int, Array],
    tick: Array,
) -> dict[int, Array]:
    """Overwrite set-points while their taps act, and put the old ones back when they end.

    `memories` is brought up to date in place.
    """
    changed = dict(setpoints)
    for i, tap in enumerate(taps):
        if tap.group == "setpoint":
            now = changed[tap.index]
            memories[i] = jnp.where(tick <= schedule.start[tap.row], now, memories[i])
            back = jnp.where(tick == schedule.stop[tap.row], memories[i], now)
            active = is_active(tap, schedule, tick)
            changed[tap.index] = jnp.where(active, schedule.value[tap.row], back)
    return changed


def _changed(
    kind: str, now: Array, value: Array, *, since_h: Array, memory: Array | None,
    minutes_per_tick: float,
) -> Array:  # fmt: skip
    if kind == "override":
        return value
    if kind == "bias":
        return now + value
    if kind == "scale":
        return now * value
    if kind == "ramp":
        return now + value * since_h
    assert memory is not None
    if kind == "rate_limit":
        step = value * minutes_per_tick
        return memory + jnp.clip(now - memory, -step, step)
    return memory


def _remembers(tap: Tap) -> bool:
    return tap.kind in ("hold", "rate_limit") or tap.group == "setpoint"
