"""The plant actions of `otsim simulate`: a list in a file, in plant time."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationError

from otsim.config.action_checks import DEFAULT_VIEWS, PointUse, action_problems
from otsim.config.distribution_parameters import Frozen, Positive, Real
from otsim.config.field_types import NonNegative, Source
from otsim.config.plant_points import PLANT_POINTS, PlantPoints
from otsim.config.problems import Problem, did_you_mean, fault_lines
from otsim.config.study_attack import ActionKind, View
from otsim.config.validation_problems import validation_problems
from otsim.config.yaml_lines import plain, read_yaml
from otsim.errors import ConfigError, ModelError

__all__ = ["ActionEntry", "TimedAction", "read_actions"]

Disturbance = Literal["disturbance"]
FieldKind = Literal[
    "sensor_const",
    "sensor_bias",
    "sensor_scale",
    "sensor_ramp",
    "sensor_freeze",
    "actuator_const",
    "actuator_freeze",
    "setpoint_set",
]
# the field's name: ours, and the kind of point that the name speaks of
_FIELD_KINDS: dict[str, tuple[str, str]] = {
    "sensor_const": ("override", "measurement"),
    "sensor_bias": ("bias", "measurement"),
    "sensor_scale": ("scale", "measurement"),
    "sensor_ramp": ("ramp", "measurement"),
    "sensor_freeze": ("hold", "measurement"),
    "actuator_const": ("override", "command"),
    "actuator_freeze": ("hold", "command"),
    "setpoint_set": ("setpoint", "setpoint"),
}
_IDLE_VALUE = ("sensor_freeze", "actuator_freeze")  # the field's tables write 0 there
_RECORD_MIN = 30.0


@dataclass(frozen=True, kw_only=True)
class TimedAction:
    """One plant action at a fixed time.

    Attributes:
        kind: a kind of study action, or `disturbance`.
        target: the point, such as `XMEAS9`; `IDV4` for a disturbance.
        views: who sees a changed measurement; empty for a disturbance.
        value: in the unit of the action; None where the kind takes none.
        start_h: plant time at which it begins, hours.
        end_h: plant time at which it ends, hours; inf for never.
        record_min: replay: minutes recorded before the start; else None.
    """

    kind: ActionKind | Disturbance
    target: str
    views: tuple[View, ...]
    value: float | None
    start_h: float
    end_h: float = math.inf
    record_min: float | None = None


class ActionEntry(Frozen):
    """One plant action as a file writes it."""

    kind: Literal[ActionKind, FieldKind, Disturbance] = Field(
        description="A kind of study action, one of sensor_const, sensor_bias, sensor_scale, "
        "sensor_ramp, sensor_freeze, actuator_const, actuator_freeze, setpoint_set, or "
        "disturbance."
    )
    target: str = Field(description="The point, such as XMEAS9; IDV4 for a disturbance.")
    value: Real | None = Field(None, description="Size, in the unit of the action.")
    start_h: NonNegative = Field(description="Plant time at which it begins, hours.")
    end_h: Annotated[NonNegative, Field(gt=0)] | None = Field(
        None, description="Plant time at which it ends, hours. Default: never."
    )
    view: View | None = Field(None, description="The one view that is changed.")
    views: tuple[View, ...] | None = Field(
        None, min_length=1, description="Views that are changed. Default [controller, operator]."
    )
    record_min: Positive | None = Field(
        None, description="replay: minutes recorded before the start. Default 30."
    )
    source: Source = None


_ENTRIES = TypeAdapter(tuple[ActionEntry, ...])


def read_actions(path: str | Path, plant: str) -> tuple[TimedAction, ...]:
    """Read a YAML or JSON list of plant actions and check it against a plant.

    Args:
        path: the file; `-` is standard input.
        plant: name of the plant.

    Returns:
        The actions in the order of the file, under the names that studies use.

    Raises:
        ModelError: there is no such plant.
        ConfigError: every fault of the file, a line `file:line:col: where: what; what to do` each.
    """
    points = PLANT_POINTS.get(plant)
    if points is None:
        raise ModelError(f"unknown plant {plant!r} ({did_you_mean(plant, PLANT_POINTS)})")
    root = read_yaml(path, top="list")
    try:
        entries = _ENTRIES.validate_python(plain(root))
    except ValidationError as error:
        problems = validation_problems(root, error, _ENTRIES.json_schema())
        raise ConfigError(*fault_lines(root, problems)) from None
    found = [fault for i, entry in enumerate(entries) for fault in _problems(points, i, entry)]
    if found:
        raise ConfigError(*fault_lines(root, found))
    return tuple(_timed(entry) for entry in entries)


def _timed(entry: ActionEntry) -> TimedAction:
    replay = entry.kind == "replay"
    return TimedAction(
        kind=_kind(entry),
        target=entry.target,
        views=() if entry.kind == "disturbance" else _views(entry),
        value=None if entry.kind in _IDLE_VALUE else entry.value,
        start_h=entry.start_h,
        end_h=math.inf if entry.end_h is None else entry.end_h,
        record_min=(entry.record_min or _RECORD_MIN) if replay else None,
    )


def _kind(entry: ActionEntry) -> ActionKind | Disturbance:
    kind, _ = _FIELD_KINDS.get(entry.kind, (entry.kind, ""))
    return kind  # type: ignore[return-value]  # the table holds ours alone


def _views(entry: ActionEntry) -> tuple[View, ...]:
    if entry.view is not None:
        return (entry.view,)
    return entry.views or DEFAULT_VIEWS


def _problems(points: PlantPoints, i: int, entry: ActionEntry) -> Iterator[Problem]:
    place = (i,)
    if entry.end_h is not None and entry.end_h <= entry.start_h:
        message = f"ends at {entry.end_h:g}, not after start_h ({entry.start_h:g}); change one"
        yield (*place, "end_h"), message
    if entry.view is not None and entry.views is not None:
        yield (*place, "views"), "view and views are both given; keep one"
    if entry.kind == "disturbance":
        yield from _disturbance_problems(points, i, entry)
        return
    _, wanted = _FIELD_KINDS.get(entry.kind, ("", ""))
    signal = points.by_name.get(entry.target)
    if wanted and signal is not None and signal.kind != wanted:
        message = f"{entry.kind} needs a {wanted}, but {entry.target} is a {signal.kind}"
        yield (*place, "target"), message
        return
    for location, message in action_problems(points, _use_of(entry), place):
        named = "view" if location[-1] == "views" and entry.view is not None else location[-1]
        yield (*location[:-1], named), message


def _use_of(entry: ActionEntry) -> PointUse:
    value = None if entry.kind in _IDLE_VALUE else entry.value
    return PointUse(
        kind=_kind(entry),
        target=entry.target,
        views=_views(entry),
        has_value=value is not None,
        lowest=math.nan if value is None else value,
        highest=math.nan if value is None else value,
        record_min=entry.record_min,
    )


def _disturbance_problems(points: PlantPoints, i: int, entry: ActionEntry) -> Iterator[Problem]:
    known = [f"IDV{number}" for number in points.disturbances]
    if entry.target not in known:
        hint = did_you_mean(entry.target, known, otherwise=f"known: {known[0]} to {known[-1]}")
        yield (i, "target"), f"the plant has no disturbance {entry.target!r} ({hint})"
    for key in ("value", "view", "views", "record_min"):
        if getattr(entry, key) is not None:
            yield (i, key), f"a disturbance takes no {key}; remove it"
