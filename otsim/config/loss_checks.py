"""Checks of the loss block: fragilities refer to what the plant records and spare a healthy one."""

from __future__ import annotations

from collections.abc import Iterator

from otsim.config.plant_points import PlantPoints
from otsim.config.problems import Problem, did_you_mean
from otsim.config.study_loss import Fragility, Loss
from otsim_kernels.signals import Signal

__all__ = ["MOST_AT_NORMAL", "MOST_AT_TRIP", "fragility_problems"]

MOST_AT_NORMAL = 1e-6
MOST_AT_TRIP = 1e-3
_ACKNOWLEDGE = "or set loss.acknowledge_fragile_at_normal: true"


def fragility_problems(loss: Loss, points: PlantPoints) -> Iterator[Problem]:
    """Find fragilities of unknown extremes, and such as damage a healthy plant."""
    for name, fragility in loss.fragility.items():
        place = ("loss", "fragility", name)
        if points.family == "network":
            yield from _column_problems(fragility, points, place)
            continue
        signal = points.by_name.get(fragility.signal)
        if signal is None:
            hint = did_you_mean(fragility.signal, _recorded(points, fragility.extreme))
            yield (*place, "signal"), f"unknown signal {fragility.signal!r} ({hint})"
        elif fragility.signal not in _recorded(points, fragility.extreme):
            known = ", ".join(_recorded(points, fragility.extreme))
            message = f"the {fragility.extreme} of {signal.name} is not recorded; known: {known}"
            yield (*place, "signal"), message
        elif not loss.acknowledge_fragile_at_normal:
            yield from ((place, text) for text in _harm_without_attack(fragility, signal))


def _column_problems(
    fragility: Fragility, points: PlantPoints, place: tuple[str, ...]
) -> Iterator[Problem]:
    known = [column.name for column in points.damage_columns]
    if fragility.signal not in known:
        hint = did_you_mean(fragility.signal, known)
        yield (*place, "signal"), f"unknown damage column {fragility.signal!r} ({hint})"
    elif fragility.extreme != "peak":
        yield (*place, "extreme"), f"{fragility.signal} has no low; use peak"


def _recorded(points: PlantPoints, extreme: str) -> list[str]:
    """Name the signals whose extreme stands among the damage columns."""
    columns = {column.name for column in points.damage_columns}
    return [name for name in points.by_name if f"{extreme}_{name.lower()}" in columns]


def _harm_without_attack(fragility: Fragility, signal: Signal) -> Iterator[str]:
    limit = signal.trip_high if fragility.extreme == "peak" else signal.trip_low
    cases = (
        ("at normal operation", signal.normal, MOST_AT_NORMAL),
        ("at the trip limit", limit, MOST_AT_TRIP),
    )
    for words, value, most in cases:
        if value is None:
            continue
        probability = fragility.damage_probability(value)
        if probability > most:
            yield (
                f"damages with probability {probability:.3g} {words} ({signal.name} = "
                f"{value:.5g} {signal.unit}), more than {most:g}; move median or lower sigma, "
                f"{_ACKNOWLEDGE}"
            )
