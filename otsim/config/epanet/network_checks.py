"""Checks of the whole network: what no line alone shows."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import pairwise

from otsim.config.epanet.faults import Faults, shown
from otsim.config.epanet.inp_lines import Line
from otsim.config.epanet.links import Links
from otsim.config.epanet.network import Curve, Junction, Link, Pump, Tank, Valve
from otsim.config.epanet.nodes import Nodes

__all__ = ["check_network"]

_TINY = 1e-6  # EPANET's, of pump curves
_STEEPEST = 20.0  # exponent of a pump curve
# the roles of two valves at a node that EPANET does not let meet there
_APART = (
    ("PRV", "ends", "PRV", "ends"),
    ("PRV", "ends", "PRV", "starts"),
    ("PSV", "starts", "PSV", "starts"),
    ("PSV", "ends", "PSV", "starts"),
    ("PRV", "ends", "PSV", "starts"),
    ("FCV", "ends", "PSV", "starts"),
    ("PRV", "ends", "FCV", "starts"),
)


def check_network(nodes: Nodes, links: Links, curves: Mapping[str, Curve], faults: Faults) -> None:
    """Keep the faults of a network that cannot be solved."""
    if not nodes.found:
        faults.add(1, 1, "JUNCTIONS", "the file describes no node; is this an EPANET file (.inp)?")
        return
    if all(isinstance(node, Junction) for node in nodes.found.values()):
        faults.add(1, 1, "RESERVOIRS", "the network has no reservoir or tank; add one")
    for line, message in (
        *_unlinked(nodes, links),
        *_valves_that_meet(links),
        *_pump_curves(links, curves),
        *_valve_curves(links, curves),
        *_tank_curves(nodes, curves),
    ):
        column = len(line.text) - len(line.text.lstrip(" \t")) + 1
        faults.add(line.number, column, line.section, message)


Problem = tuple[Line, str]


def _unlinked(nodes: Nodes, links: Links) -> Iterator[Problem]:
    linked = {end for link in links.found.values() for end in (link.start, link.end)}
    for name, node in nodes.found.items():
        if isinstance(node, Junction) and name not in linked:
            yield nodes.lines[name], f"junction {shown(name)} is on no link; link or remove it"


def _valves_that_meet(links: Links) -> Iterator[Problem]:
    at: dict[tuple[str, str, str], list[Link]] = defaultdict(list)
    for link in links.found.values():
        if isinstance(link, Valve):
            at[link.end, link.kind, "ends"].append(link)
            at[link.start, link.kind, "starts"].append(link)
    for node in dict.fromkeys(place for place, _, _ in at):
        for kind, role, other_kind, other_role in _APART:
            one, other = at.get((node, kind, role), []), at.get((node, other_kind, other_role), [])
            pair = (one[0], other[-1]) if one and other else None
            if pair and pair[0] is not pair[1]:
                yield _meeting(links, node, *pair)


def _meeting(links: Links, node: str, one: Link, other: Link) -> Problem:
    line = max(links.lines[one.name], links.lines[other.name], key=lambda line: line.number)
    valves = f"valves {shown(one.name)} and {shown(other.name)}"
    return line, f"{valves} work against each other at node {shown(node)}; put a pipe between them"


def _pump_curves(links: Links, curves: Mapping[str, Curve]) -> Iterator[Problem]:
    for pump in links.found.values():
        curve = curves.get(pump.head_curve or "") if isinstance(pump, Pump) else None
        if curve and not _is_pump_curve(curve):
            assert isinstance(pump, Pump)
            named = f"curve {shown(pump.head_curve or '')} of pump {shown(pump.name)}"
            falls = "the head must be above 0 and fall from point to point"
            yield links.lines[pump.name], f"{named} is no pump curve; {falls}"


def _is_pump_curve(curve: Curve) -> bool:
    if len(curve) == 1:
        ((flow, head),) = curve
        return _is_power_law((0.0, 1.33334 * head), (flow, head), (2 * flow, 0.0))
    if len(curve) == 3 and curve[0][0] == 0:
        return _is_power_law(*curve)
    return all(after[1] < before[1] for before, after in pairwise(curve))


def _is_power_law(*points: tuple[float, float]) -> bool:
    (_, shutoff), (flow, head), (last_flow, last_head) = points
    falls = (shutoff, shutoff - head, head - last_head, flow, last_flow - flow)
    if min(falls) < _TINY:
        return False
    steepness = math.log((shutoff - last_head) / (shutoff - head)) / math.log(last_flow / flow)
    return 0.0 < steepness <= _STEEPEST


def _valve_curves(links: Links, curves: Mapping[str, Curve]) -> Iterator[Problem]:
    for valve in links.found.values():
        curve = curves.get(valve.curve or "") if isinstance(valve, Valve) else None
        if curve and isinstance(valve, Valve) and valve.kind == "GPV" and len(curve) < 2:
            named = f"curve {shown(valve.curve or '')} of valve {shown(valve.name)}"
            yield links.lines[valve.name], f"{named} has one point; give two or more"


def _tank_curves(nodes: Nodes, curves: Mapping[str, Curve]) -> Iterator[Problem]:
    for tank in nodes.found.values():
        curve = curves.get(tank.volume_curve or "") if isinstance(tank, Tank) else None
        if curve and isinstance(tank, Tank):
            named = f"curve {shown(tank.volume_curve or '')} of tank {shown(tank.name)}"
            yield from ((nodes.lines[tank.name], f"{named} {what}") for what in _wrong(tank, curve))


def _wrong(tank: Tank, curve: Curve) -> Iterator[str]:
    low, high = curve[0][0], curve[-1][0]
    if tank.min_level < low - _TINY or tank.max_level > high + _TINY:
        levels = f"{tank.min_level:g} to {tank.max_level:g}"
        yield f"goes from level {low:g} to {high:g}; it must hold the levels {levels}"
    if any(after[1] < before[1] for before, after in pairwise(curve)):
        yield "has a volume that falls as the level rises; let it rise"
    elif curve[-1][1] <= curve[0][1]:
        yield "has no volume; let it rise with the level"
