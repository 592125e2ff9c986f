"""Plant actions by name -> the kernel's taps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from otsim.config.plant_points import PLANT_POINTS, PlantPoints

if TYPE_CHECKING:
    from otsim_kernels.signal_tampering import Group, Tap

_NAMED_GROUPS: dict[str, tuple[Group, int]] = {"ALARMS": ("alarm", 0), "SIS": ("trip", -1)}
_NUMBERED_GROUPS: dict[str, Group] = {"SP": "setpoint", "LOOP": "loop", "IDV": "disturbance"}


@dataclass(frozen=True, kw_only=True)
class ActionPoint:
    """What of a plant action is the same for every twin.

    Attributes:
        kind: as studies write it (`otsim.config.study_attack.ActionKind`, or `disturbance`).
        target: name of a signal, link or disturbance.
        views: who sees a changed measurement.
        record_s: seconds that a replay records.
    """

    kind: str
    target: str
    views: tuple[str, ...] = ("controller", "operator")
    record_s: float = 0.0


def taps_of(plant: str, actions: Sequence[ActionPoint], period_s: float = 1.0) -> tuple[Tap, ...]:
    """Turn actions into taps; row i of the schedule is action i.

    Args:
        plant: its name.
        actions: already checked against the plant's points.
        period_s: length of a tick.
    """
    from otsim_kernels.signal_tampering import Tap

    points = PLANT_POINTS[plant]
    return tuple(
        Tap(
            kind=_tap_kind(action.kind, group),
            group=group,
            index=index,
            row=row,
            views=action.views,
            record_ticks=round(action.record_s / period_s) if action.kind == "replay" else 0,
        )
        for row, action in enumerate(actions)
        for group, index in _places(points, action.target)
    )


def _tap_kind(kind: str, group: Group) -> str:
    if group not in ("measurement", "command"):
        return "set"
    return "hold" if kind == "dos" else kind  # a link that is cut leaves the last value standing


def _places(points: PlantPoints, target: str) -> Iterator[tuple[Group, int]]:
    for link in points.links:
        if link.name == target:
            for name in link.signals:
                yield _place(points, name)
            return
    yield _place(points, target)


def _place(points: PlantPoints, name: str) -> tuple[Group, int]:
    if name in _NAMED_GROUPS:
        return _NAMED_GROUPS[name]
    prefix = name.rstrip("0123456789")
    if prefix in _NUMBERED_GROUPS:
        return _NUMBERED_GROUPS[prefix], int(name[len(prefix) :])
    kind: Any = points.by_name[name].kind
    same = [signal.name for signal in points.signals if signal.kind == kind]
    if kind == "trip":
        same.remove("SIS")
    return kind, same.index(name)
