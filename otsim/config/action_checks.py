"""Checks of a plant action against the plant: the point, the views, the value."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from otsim.config.distributions import DistributionBase
from otsim.config.plant_points import PlantPoints
from otsim.config.problems import Problem, did_you_mean
from otsim.config.study_attack import Action, View
from otsim.config.yaml_lines import Step
from otsim_kernels.signals import Signal

__all__ = ["DEFAULT_VIEWS", "PointUse", "action_problems", "use_of"]

DEFAULT_VIEWS: tuple[View, ...] = ("controller", "operator")
_NEED_VALUE = ("bias", "scale", "override", "ramp", "rate_limit", "setpoint", "gain")
_ABSOLUTE = ("override", "setpoint")  # the value is one of the signal itself
_MOST_RANGES = 10.0  # beyond so many times the range, a unit was mistaken


@dataclass(frozen=True, kw_only=True)
class PointUse:
    """What one plant action does, as far as the plant can object.

    Attributes:
        kind, target, views: as in the file.
        has_value: whether a value is given.
        lowest, highest: its range; `highest` is a typical value where there is no upper end.
        record_min: length of the recording, minutes.
    """

    kind: str
    target: str
    views: tuple[str, ...]
    has_value: bool
    lowest: float
    highest: float
    record_min: float | None


def use_of(action: Action) -> PointUse:
    """Return what an action of a study does, with the range of its sampled value."""
    value = action.value
    return PointUse(
        kind=action.kind,
        target=action.target,
        views=action.views,
        has_value=value is not None,
        lowest=math.nan if value is None else _low_end(value),
        highest=math.nan if value is None else _high_end(value),
        record_min=action.record_min,
    )


def action_problems(
    points: PlantPoints, use: PointUse, place: tuple[Step, ...]
) -> Iterator[Problem]:
    """Find what the plant cannot do of a plant action.

    Args:
        points: what the plant has.
        use: the action.
        place: where it stands, for the locations of the problems.
    """
    kind = _kind_of_point(points, use.target)
    if kind is None:
        fitting = [
            name for name, other in _all_points(points).items() if other in points.fits[use.kind]
        ]
        hint = did_you_mean(use.target, fitting, otherwise="`otsim plants` lists them")
        yield (*place, "target"), f"the plant has no {use.target!r} ({hint})"
    elif not points.fits[use.kind]:
        able = ", ".join(kind for kind, fitting in points.fits.items() if fitting)
        yield (*place, "kind"), f"{use.kind} is not for this plant; it has {able}"
    elif kind not in points.fits[use.kind]:
        wanted = " or ".join(points.fits[use.kind])
        yield (*place, "target"), f"{use.kind} needs a {wanted}, but {use.target} is a {kind}"
    else:
        yield from _view_problems(points, use, kind, place)
        yield from _range_problems(points.by_name.get(use.target), use, place)
    yield from _value_problems(use, place)


def _kind_of_point(points: PlantPoints, target: str) -> str | None:
    return _all_points(points).get(target)


def _all_points(points: PlantPoints) -> dict[str, str]:
    links = {link.name: "link" for link in points.links}
    return {signal.name: signal.kind for signal in points.signals} | links


def _value_problems(use: PointUse, place: tuple[Step, ...]) -> Iterator[Problem]:
    if use.kind in _NEED_VALUE and not use.has_value:
        yield (*place, "value"), f"{use.kind} needs a value; add it"
    if use.kind not in _NEED_VALUE and use.has_value:
        yield (*place, "value"), f"{use.kind} takes no value; remove it"
    if use.kind == "rate_limit" and use.lowest < 0.0:
        message = f"a rate limit may not be negative, but goes down to {use.lowest:.6g}"
        yield (*place, "value"), message
    if use.kind != "replay" and use.record_min is not None:
        yield (*place, "record_min"), f"record_min is for replay, not for {use.kind}; remove it"


def _view_problems(
    points: PlantPoints, use: PointUse, kind: str, place: tuple[Step, ...]
) -> Iterator[Problem]:
    if kind not in ("measurement", "link") and use.views != DEFAULT_VIEWS:
        yield (*place, "views"), f"views are for measurements; {use.target} is a {kind}; remove it"
    elif "safety" in use.views and not _tripping(points.by_name.get(use.target)):
        names = ", ".join(signal.name for signal in points.signals if _tripping(signal))
        yield (*place, "views"), f"the safety system does not read {use.target}; it reads {names}"
    if len(set(use.views)) < len(use.views):
        yield (*place, "views"), "a view is named twice; name each once"


def _tripping(signal: Signal | None) -> bool:
    return signal is not None and (signal.trip_low, signal.trip_high) != (None, None)


def _range_problems(
    signal: Signal | None, use: PointUse, place: tuple[Step, ...]
) -> Iterator[Problem]:
    """Refuse values that no one can mean: of the wrong sign, or far beyond the range."""
    if signal is None or signal.low is None or signal.high is None or not use.has_value:
        return
    span = f"{signal.name} ranges from {signal.low:g} to {signal.high:g} {signal.unit}".rstrip()
    most = _MOST_RANGES * max(abs(signal.low), abs(signal.high))
    if use.kind in _ABSOLUTE and signal.low >= 0.0 > use.lowest:
        yield (*place, "value"), f"is negative ({use.lowest:.6g}), but {span}"
    elif use.kind in (*_ABSOLUTE, "bias"):
        far = max(abs(use.lowest), abs(use.highest))
        if far > most:
            yield (*place, "value"), f"reaches {far:.6g}, but {span}; check the unit"


def _low_end(value: DistributionBase) -> float:
    return value.lowest


def _high_end(value: DistributionBase) -> float:
    return value.highest if math.isfinite(value.highest) else value.mean
