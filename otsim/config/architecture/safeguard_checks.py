"""Checks of controls and goals: their scope exists, their techniques and points too."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from otsim.config.architecture.architecture import Architecture
from otsim.config.architecture.attack_techniques import (
    Techniques,
    mitigation_fault,
    technique_fault,
)
from otsim.config.architecture.network_checks import point_problems
from otsim.config.architecture.references import References, repetitions
from otsim.config.architecture.safeguards import Control
from otsim.config.problems import Problem

__all__ = ["goal_problems", "safeguard_problems"]

_MOST_HINTS = 20


def safeguard_problems(
    given: Architecture, techniques: Techniques, references: References
) -> Iterator[Problem]:
    """Find controls that act on nothing, or on what does not exist."""
    named = {control for conduit in given.conduits.values() for control in conduit.controls}
    n_unknown = 0
    for name, control in given.controls.items():
        place = ("controls", name)
        yield from _scope_problems(given, name, control, references)
        if name not in named and not _acts(control):
            message = "acts on nothing; fill its scope, or name it in the controls of a conduit"
            yield (*place, "scope"), message
        for i, technique in enumerate(control.scope.techniques):
            here = (*place, "scope", "techniques", i)
            fault = technique_fault(technique, techniques, hint=n_unknown < _MOST_HINTS)
            if fault is not None:
                n_unknown += 1
                yield here, fault
        yield from repetitions(control.scope.techniques, (*place, "scope", "techniques"))
        if control.mitigation is not None:
            fault = mitigation_fault(control.mitigation, techniques)
            if fault is not None:
                yield (*place, "mitigation"), fault
        if control.type == "prevent" and control.delay_h is not None:
            yield (*place, "delay_h"), "delay_h is for detect and respond; remove it"


def goal_problems(
    given: Architecture, points: Collection[str] | None, references: References
) -> Iterator[Problem]:
    """Find goals that take nothing, or what does not exist."""
    for name, goal in given.goals.items():
        place = ("goals", name)
        for asset in goal.assets:
            yield from references.one(asset, given.assets, "asset", (*place, "assets", asset))
        yield from point_problems(goal.points, points, references, (*place, "points"))
        if not goal.assets and not (goal.points.read or goal.points.write or goal.points.logic):
            yield place, "takes nothing; name assets or points"


def _scope_problems(
    given: Architecture, name: str, control: Control, references: References
) -> Iterator[Problem]:
    known = (
        ("zones", given.zones, "zone"),
        ("assets", given.assets, "asset"),
        ("conduits", given.conduits, "conduit"),
        ("services", given.services, "service"),
    )
    for key, names, what in known:
        place = ("controls", name, "scope", key)
        yield from references.each(getattr(control.scope, key), names, what, place)


def _acts(control: Control) -> bool:
    return any(names for _, names in control.scope)
