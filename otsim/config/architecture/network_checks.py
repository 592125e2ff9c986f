"""Checks of the network: zones, conduits, assets with their plant points, services."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from graphlib import CycleError, TopologicalSorter

from otsim.config.architecture.architecture import Architecture
from otsim.config.architecture.network import Conduit, PointAccess
from otsim.config.architecture.plant_points import points_named
from otsim.config.architecture.references import References, repetitions
from otsim.config.problems import Problem
from otsim.config.yaml_lines import Step

__all__ = ["network_problems", "point_problems"]

_ALL = "*"  # no name of a protocol
_Ways = dict[tuple[str, str], set[str]]


def network_problems(
    given: Architecture, points: Collection[str] | None, references: References
) -> Iterator[Problem]:
    """Find what does not fit in the zones, conduits, assets and services.

    Args:
        given: the architecture, its fields valid.
        points: names of the plant's points; None leaves them unchecked.
        references: seeks the hints.
    """
    yield from _zone_problems(given, references)
    yield from _conduit_problems(given, references)
    for name, asset in given.assets.items():
        place = ("assets", name)
        yield from references.one(asset.zone, given.zones, "zone", (*place, "zone"))
        yield from point_problems(asset.points, points, references, (*place, "points"))
    yield from _service_problems(given, references)


def point_problems(
    access: PointAccess,
    points: Collection[str] | None,
    references: References,
    place: tuple[Step, ...],
) -> Iterator[Problem]:
    """Find plant points that do not exist or are named twice."""
    for way in ("read", "write", "logic"):
        names = getattr(access, way)
        for i, name in enumerate(names):
            if points is not None and not points_named(name, points):
                hint = references.hint(name, points, "`otsim plants` lists them")
                yield (*place, way, i), f"the plant has no point {name!r} ({hint})"
        yield from repetitions(names, (*place, way))


def _zone_problems(given: Architecture, references: References) -> Iterator[Problem]:
    parents = {}
    for name, zone in given.zones.items():
        yield from references.one(zone.parent, given.zones, "zone", ("zones", name, "parent"))
        parents[name] = [zone.parent] if zone.parent in given.zones else []
    try:
        TopologicalSorter(parents).prepare()
    except CycleError as error:
        ring = list(reversed(error.args[1]))
        message = f"cycle {' -> '.join(ring)}; a zone cannot be part of itself"
        yield ("zones", ring[0], "parent"), message


def _conduit_problems(given: Architecture, references: References) -> Iterator[Problem]:
    seen: dict[Conduit, str] = {}
    for name, conduit in given.conduits.items():
        place = ("conduits", name)
        for key in ("from_zone", "to_zone"):
            zone = getattr(conduit, key)
            yield from references.one(zone, given.zones, "zone", (*place, key))
        if conduit.from_zone == conduit.to_zone:
            message = "leads back to its own zone, inside which all is connected; remove it"
            yield (*place, "to_zone"), message
        yield from references.each(
            conduit.controls, given.controls, "control", (*place, "controls")
        )
        yield from repetitions(conduit.protocols, (*place, "protocols"))
        first = seen.setdefault(conduit.model_copy(update={"title": None, "source": None}), name)
        if first != name:
            yield place, f"is the same as conduit {first!r}; keep one"


def _service_problems(given: Architecture, references: References) -> Iterator[Problem]:
    seen: dict[tuple[str, str, int], str] = {}
    ways = _ways(given)
    for name, service in given.services.items():
        place = ("services", name)
        yield from references.one(service.asset, given.assets, "asset", (*place, "asset"))
        yield from references.each(service.open_to, given.zones, "zone", (*place, "open_to"))
        if service.port is not None:
            key = (service.asset, service.protocol, service.port)
            first = seen.setdefault(key, name)
            if first != name:
                message = f"{service.asset!r} has {service.protocol} on this port already"
                yield (*place, "port"), f"{message} (service {first!r}); keep one"
        home = given.assets[service.asset].zone if service.asset in given.assets else None
        for i, zone in enumerate(service.open_to):
            if home in given.zones and zone in given.zones and home is not None:
                yield from _unreachable(ways, zone, home, service.protocol, (*place, "open_to", i))


def _unreachable(
    ways: _Ways,
    zone: str,
    home: str,
    protocol: str,
    place: tuple[Step, ...],
) -> Iterator[Problem]:
    if zone == home:
        yield place, f"{zone!r} is its asset's own zone, from which it is open anyway; remove it"
    elif not ways.get((zone, home)):
        yield place, f"no conduit leads from {zone!r} to {home!r}; add one, or remove the zone"
    elif _ALL not in ways[zone, home] and protocol not in ways[zone, home]:
        message = f"no conduit from {zone!r} to {home!r} passes {protocol}"
        yield place, f"{message}; add it to its protocols, or remove the zone"


def _ways(given: Architecture) -> _Ways:
    """The protocols that pass from one zone to another, by these two."""
    ways: _Ways = {}
    for conduit in given.conduits.values():
        passed = conduit.protocols or (_ALL,)
        ways.setdefault((conduit.from_zone, conduit.to_zone), set()).update(passed)
        if conduit.direction == "both":
            ways.setdefault((conduit.to_zone, conduit.from_zone), set()).update(passed)
    return ways
