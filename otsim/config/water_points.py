"""The points of a water network, named after its file: levels, statuses, thresholds, demands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from otsim.config.epanet.network import Control, Pipe, Pump, Tank, Valve, WaterNetwork
from otsim.config.plant_points import PlantPoints
from otsim.config.study_water import Water
from otsim_kernels.plants.water_network.signals import damage_columns
from otsim_kernels.signals import Link, Signal

__all__ = [
    "ALONE", "ELSEWHERE", "OPERATORS", "ReadingLine", "flow_unit", "length_unit", "pressure_unit",
    "reading_lines", "water_points", "zones_of",
]  # fmt: skip

ALONE = "control"  # the controller of all links that the study gives to none
OPERATORS = "operators"
ELSEWHERE = "elsewhere"
_MEASURES = ("measurement",)
_FITS: dict[str, tuple[str, ...]] = {
    "bias": _MEASURES,
    "scale": (*_MEASURES, "demand"),
    "override": (*_MEASURES, "command"),
    "ramp": _MEASURES,
    "hold": (*_MEASURES, "command"),
    "replay": _MEASURES,
    "setpoint": ("setpoint",),
    "dos": (*_MEASURES, "command", "link"),
    "alarm_suppression": ("alarm",),
    "rate_limit": (),
    "gain": (),
    "safety_bypass": (),
}
_FLOW_UNITS = {
    "CFS": "ft3/s", "GPM": "gal/min", "MGD": "Mgal/d", "IMGD": "imp. Mgal/d", "AFD": "acre-ft/d",
    "LPS": "L/s", "LPM": "L/min", "MLD": "ML/d", "CMH": "m3/h", "CMD": "m3/d", "CMS": "m3/s",
}  # fmt: skip
_PRESSURE_UNITS = {"PSI": "psi", "KPA": "kPa", "METERS": "m"}


@dataclass(frozen=True, kw_only=True)
class ReadingLine:
    """A level as one reader gets it.

    Attributes:
        tank: its name.
        reader: a controller, or `OPERATORS`.
        links: names of the links that the controller operates on it.
        over: the communication link that it comes over; "" for a sensor of the reader's own.
    """

    tank: str
    reader: str
    links: tuple[str, ...] = ()
    over: str = ""


def reading_lines(network: WaterNetwork, water: Water) -> tuple[ReadingLine, ...]:
    """Return who reads which level for which links, the operators' last."""
    operator = {link: name for name, one in water.controllers.items() for link in one.operates}
    owner = {tank: name for name, one in water.controllers.items() for tank in one.measures}
    tanks = {tank.name for tank in network.tanks}
    links: dict[tuple[str, str], list[str]] = {}
    for tank, link in _reads(network):
        if tank in tanks:
            links.setdefault((tank, operator.get(link, ALONE)), []).append(link)
    lines = []
    for (tank, reader), operated in links.items():
        source = owner.get(tank, reader)
        over = "" if source == reader else f"{source}-{reader}"
        lines.append(
            ReadingLine(tank=tank, reader=reader, links=tuple(dict.fromkeys(operated)), over=over)
        )
    lines += [ReadingLine(tank=tank.name, reader=OPERATORS) for tank in network.tanks]
    return tuple(lines)


def _reads(network: WaterNetwork) -> Iterator[tuple[str, str]]:
    """Yield the node and the link of each control and rule."""
    for control in network.controls:
        if control.node is not None:
            yield control.node, control.link
    for rule in network.rules:
        operated, *_ = (action.link for action in (*rule.then, *rule.otherwise))
        for premise in rule.premises:
            if premise.kind == "node" and premise.name is not None:
                yield premise.name, operated


def zones_of(network: WaterNetwork, water: Water) -> dict[str, tuple[str, ...]]:
    """Return the junctions by zone; those that the study names in none are `elsewhere`."""
    named = {junction for zone in water.zones.values() for junction in zone}
    rest = tuple(one.name for one in network.junctions if one.name not in named)
    return {**water.zones, ELSEWHERE: rest} if rest or not water.zones else dict(water.zones)


def length_unit(network: WaterNetwork) -> str:
    """Return the unit of levels and heads."""
    return "m" if network.options.is_metric else "ft"


def flow_unit(network: WaterNetwork) -> str:
    """Return the unit of flows."""
    return _FLOW_UNITS[network.options.flow_units]


def pressure_unit(network: WaterNetwork) -> str:
    """Return the unit of pressures."""
    given = network.options.pressure_unit
    return _PRESSURE_UNITS[given or ("METERS" if network.options.is_metric else "PSI")]


def water_points(network: WaterNetwork, water: Water) -> PlantPoints:
    """Return what a study may name on a network."""
    lines = reading_lines(network, water)
    return PlantPoints(
        title=network.title or "water network",
        signals=tuple(_signals(network, water)),
        links=_links(lines),
        damage_columns=damage_columns(tuple(zones_of(network, water))),
        family="network",
        fits=_FITS,
    )


def _signals(network: WaterNetwork, water: Water) -> Iterator[Signal]:
    for tank in network.tanks:
        yield _level(tank, length_unit(network), water)
    for name in _operated(network, water):
        yield from _commands(network, name)
    for number, control in enumerate(network.controls, start=1):
        if control.node is not None:
            yield _threshold(network, number, control)
    for name in network.patterns:
        yield Signal(
            name=f"demand.{name}", title=f"demands of pattern {name}", unit="", kind="demand",
            low=0.0, high=10.0, normal=1.0,
        )  # fmt: skip
    for name in water.observe:
        yield from _observed(network, name)
    yield Signal(name="unmet", title="demand not delivered", unit="m3/h", kind="observation")
    yield Signal(name="ALARMS", title="alarms in the control room", unit="", kind="alarm")


def _level(tank: Tank, unit: str, water: Water) -> Signal:
    limits = water.alarms.get(tank.name)
    low = tank.min_level if limits is None or limits.low is None else limits.low
    high = tank.max_level if limits is None or limits.high is None else limits.high
    return Signal(
        name=f"level.{tank.name}", title=f"level of tank {tank.name}", unit=unit,
        kind="measurement", low=0.0, high=tank.max_level, normal=tank.initial_level,
        alarm_low=low, alarm_high=high,
    )  # fmt: skip


def _operated(network: WaterNetwork, water: Water) -> list[str]:
    """Name the links that can be operated: pumps, valves, and pipes that somebody operates."""
    named = {link for one in water.controllers.values() for link in one.operates}
    named |= {control.link for control in network.controls}
    for rule in network.rules:
        named |= {action.link for action in (*rule.then, *rule.otherwise)}
    return [
        name
        for name, link in network.links.items()
        if not isinstance(link, Pipe) or (name in named and not link.has_check_valve)
    ]


def _commands(network: WaterNetwork, name: str) -> Iterator[Signal]:
    link = network.links[name]
    what = {Pump: "pump", Pipe: "pipe", Valve: "valve"}[type(link)]
    yield Signal(
        name=f"status.{name}", title=f"{what} {name} open (1) or closed (0)", unit="",
        kind="command", low=0.0, high=1.0,
    )  # fmt: skip
    if isinstance(link, Pump) and (link.power is None or link.head_curve is not None):
        yield Signal(
            name=f"speed.{name}", title=f"relative speed of pump {name}", unit="", kind="command",
            low=0.0, high=2.0, normal=link.speed,
        )  # fmt: skip
    if isinstance(link, Valve) and link.kind != "GPV":
        unit = {
            "FCV": flow_unit(network), "TCV": "", "PCV": "%",
        }.get(link.kind, pressure_unit(network))  # fmt: skip
        yield Signal(
            name=f"setting.{name}", title=f"setting of {link.kind} {name}", unit=unit,
            kind="command", normal=link.setting,
        )  # fmt: skip


def _threshold(network: WaterNetwork, number: int, control: Control) -> Signal:
    tanks = {tank.name for tank in network.tanks}
    unit = length_unit(network) if control.node in tanks else pressure_unit(network)
    order = control.status or f"set to {control.setting:g}"
    words = f"link {control.link} {order.lower()} if {control.node} {control.when}"
    return Signal(
        name=f"threshold.{number}", title=f"control {number}: {words}", unit=unit, kind="setpoint",
        normal=control.value,
    )  # fmt: skip


def _observed(network: WaterNetwork, name: str) -> Iterator[Signal]:
    kind, _, of = name.partition(".")
    if kind == "pressure":
        yield Signal(
            name=name, title=f"pressure at {of}", unit=pressure_unit(network), kind="observation"
        )
    else:
        yield Signal(name=name, title=f"flow in {of}", unit=flow_unit(network), kind="observation")


def _links(lines: Sequence[ReadingLine]) -> tuple[Link, ...]:
    carried: Mapping[str, list[str]] = {}
    found: dict[str, list[str]] = dict(carried)
    for line in lines:
        if line.over:
            found.setdefault(line.over, []).append(f"level.{line.tank}")
    return tuple(
        Link(
            name=name, title="levels that {} reads from {}".format(*reversed(name.split("-", 1))),
            signals=tuple(dict.fromkeys(signals)),
        )
        for name, signals in found.items()
    )  # fmt: skip
