"""What a plant tells the outside: its signals, links, and damage columns; readable without jax."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "measurement", "command", "setpoint", "loop", "trip", "alarm", "demand", "observation"
]


@dataclass(frozen=True, kw_only=True)
class Signal:
    """One point of the plant that can be read or touched.

    Attributes:
        name: as studies write it, such as `XMEAS9`.
        title: what it is, in words.
        unit: engineering unit, `""` for none.
        kind: what the point is; it decides which plant actions fit. An observation is recorded,
            and read by nobody.
        low, high: lower and upper end of the instrument's or actuator's range.
        normal: value in undisturbed operation.
        trip_low, trip_high: the safety system's limits on it.
        alarm_low, alarm_high: the operator's limits on it.
    """

    name: str
    title: str
    unit: str
    kind: Kind
    low: float | None = None
    high: float | None = None
    normal: float | None = None
    trip_low: float | None = None
    trip_high: float | None = None
    alarm_low: float | None = None
    alarm_high: float | None = None


@dataclass(frozen=True, kw_only=True)
class Link:
    """A communication link: the signals that go stale together when it is cut."""

    name: str
    title: str
    signals: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class DamageColumn:
    """One physical outcome of a twin, as it stands in the event table."""

    name: str
    unit: str
    description: str
