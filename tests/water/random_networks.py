"""Random water networks as `.inp` text: one seed, one network that mostly has enough water.

A main zone is fed by pumps or by gravity and has tanks near its head; a lower zone may hang on it
behind a PRV, a higher one behind a booster pump. Valves of all kinds stand in pipes, each between
two junctions of its own, so that none meets another or a tank. Inside: metres and litres a second.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

_DIAMETERS_MM = (60, 80, 100, 150, 200, 250, 300, 350, 400, 500, 600, 800)
_FLOW_UNITS = {  # of 1 L/s
    "LPS": 1.0, "LPM": 60.0, "MLD": 0.0864, "CMH": 3.6, "CMD": 86.4, "GPM": 15.8503,
    "CFS": 0.0353147, "MGD": 0.0228245, "IMGD": 0.0190053, "AFD": 0.0700457,
}  # fmt: skip
_SECTIONS = (  # nodes before links, links before what is done to them
    "JUNCTIONS", "RESERVOIRS", "TANKS", "PIPES", "PUMPS", "VALVES", "DEMANDS", "STATUS",
    "PATTERNS", "CURVES", "CONTROLS", "RULES", "EMITTERS", "TIMES", "OPTIONS",
)  # fmt: skip
_METRIC = ("LPS", "LPM", "MLD", "CMH", "CMD")
_FEET, _INCHES, _PSI, _HORSEPOWER = 1 / 0.3048, 1 / 25.4, 1 / 0.70307, 1 / 0.7457


@dataclass
class _Junction:
    name: str
    elevation: float
    place: np.ndarray
    demand: float = 0.0
    parent: str | None = None  # on the way to the source of its zone
    flow: float = 0.0  # that it takes in, for itself and what lies behind


@dataclass
class _Pipe:
    name: str
    start: str
    end: str
    length: float
    flow: float  # to be expected, for its size
    is_tree: bool
    ending: str = "Open"
    minor: float = 0.0
    diameter: float = 0.0


@dataclass
class _Pump:
    name: str
    start: str
    end: str
    words: str
    tank: str | None  # that it fills


@dataclass
class _Tank:
    name: str
    low: float
    high: float


@dataclass
class _Draft:
    """A network that grows; `head` is the head of each junction's zone, roughly."""

    rng: np.random.Generator
    units: str
    formula: str
    junctions: dict[str, _Junction] = field(default_factory=dict)
    head: dict[str, float] = field(default_factory=dict)
    pipes: list[_Pipe] = field(default_factory=list)
    pumps: list[_Pump] = field(default_factory=list)
    tanks: list[_Tank] = field(default_factory=list)
    valves: list[tuple[str, str, float]] = field(default_factory=list)  # name, kind, setting
    lines: dict[str, list[str]] = field(default_factory=dict)
    n_curves: int = 0
    n_patterns: int = 0

    def add(self, section: str, *words: object) -> None:
        said = [f"{word:.6g}" if isinstance(word, float) else str(word) for word in words]
        self.lines.setdefault(section, []).append(" " + "  ".join(said))

    def uniform(self, low: float, high: float) -> float:
        return float(self.rng.uniform(low, high))

    def chance(self, part: float) -> bool:
        return bool(self.rng.random() < part)

    def one_of(self, *choices: str) -> str:
        return choices[int(self.rng.integers(len(choices)))]

    # metres and litres a second -> the file's units

    @property
    def is_metric(self) -> bool:
        return self.units in _METRIC

    def length(self, metres: float) -> float:
        return metres if self.is_metric else metres * _FEET

    def diameter(self, millimetres: float) -> float:
        return millimetres if self.is_metric else millimetres * _INCHES

    def flow(self, litres: float) -> float:
        return litres * _FLOW_UNITS[self.units]

    def pressure(self, metres: float) -> float:
        return metres if self.is_metric else metres * _PSI

    def power(self, kilowatts: float) -> float:
        return kilowatts if self.is_metric else kilowatts * _HORSEPOWER

    # parts

    def junction(self, elevation: float, place: np.ndarray, head: float) -> _Junction:
        name = f"J{len(self.junctions) + 1}"
        self.junctions[name] = _Junction(name, elevation, place)
        self.head[name] = head
        return self.junctions[name]

    def pipe(self, start: str, end: str, *, length: float, flow: float, is_tree: bool) -> _Pipe:
        pipe = _Pipe(f"P{len(self.pipes) + 1}", start, end, length, flow, is_tree)
        self.pipes.append(pipe)
        return pipe

    def curve(self, points: list[tuple[float, float]]) -> str:
        self.n_curves += 1
        for x, y in points:
            self.add("CURVES", f"C{self.n_curves}", x, y)
        return f"C{self.n_curves}"

    def pattern(self, values: np.ndarray) -> str:
        self.n_patterns += 1
        for i in range(0, len(values), 6):
            self.add("PATTERNS", f"A{self.n_patterns}", *map(float, values[i : i + 6]))
        return f"A{self.n_patterns}"

    def demand_beyond(self, name: str, litres: float) -> None:
        """Let a flow go from the source of a zone to a junction."""
        at: str | None = name
        while at is not None:
            self.junctions[at].flow += litres
            at = self.junctions[at].parent


def random_network(seed: int) -> str:
    """Return the `.inp` text of a network; the same for the same seed."""
    rng = np.random.default_rng([seed, 20260])
    units = list(_FLOW_UNITS)[int(rng.integers(len(_FLOW_UNITS)))]
    draft = _Draft(rng, units, ("H-W", "H-W", "D-W", "C-M")[int(rng.integers(4))])
    n = int(rng.integers(8, 33))
    lower = int(rng.integers(2, 2 + n // 3)) if draft.chance(0.5) else 0
    higher = int(rng.integers(2, 2 + n // 4)) if n - lower >= 8 and draft.chance(0.5) else 0
    main_head = draft.uniform(75.0, 110.0)
    main = _zone(draft, max(n - lower - higher, 4), (0.0, main_head - 40.0), main_head)
    average = {"main": sum(one.demand for one in main)}
    behind_lower = _lower_zone(draft, lower, main, main_head) if lower else 0.0
    behind_higher = _higher_zone(draft, higher, main, main_head) if higher else 0.0
    total = average["main"] + behind_lower + behind_higher
    _main_tanks(draft, main, main_head, total)
    _source(draft, main[0], main_head, total)
    _loops(draft)
    _sized(draft)
    _valves_in_pipes(draft)
    _demands(draft)
    _controls(draft)
    _rules(draft)
    return _text(draft, seed)


def _zone(draft: _Draft, n: int, elevations: tuple[float, float], head: float) -> list[_Junction]:
    """A tree of junctions; the first is where water comes in."""
    found: list[_Junction] = []
    low, high = elevations
    tilt = draft.uniform(-1.0, 1.0)
    for _ in range(n):
        place = draft.rng.uniform(size=2)
        part = np.clip(0.5 + tilt * (place[0] - 0.5) + draft.uniform(-0.3, 0.3), 0.0, 1.0)
        one = draft.junction(low + part * (high - low), place, head)
        if found:
            near = sorted(found, key=lambda other: float(np.hypot(*(other.place - place))))
            other = near[int(draft.rng.integers(min(len(near), 2)))]
            one.parent = other.name
        one.demand = 0.0 if found and draft.chance(0.15) else draft.uniform(0.3, 4.0)
        draft.demand_beyond(one.name, one.demand)
        found.append(one)
    return found


def _way(draft: _Draft, one: str, other: str) -> float:
    way = np.hypot(*(draft.junctions[one].place - draft.junctions[other].place))
    return round(80.0 + 900.0 * float(way), 1)


def _lower_zone(draft: _Draft, n: int, main: list[_Junction], main_head: float) -> float:
    head = main_head - draft.uniform(20.0, 35.0)
    zone = _zone(draft, n, (0.0, head - 25.0), head)
    total = sum(one.demand for one in zone)
    feeds = 2 if draft.chance(0.4) else 1
    for i in range(feeds):
        into = zone[0 if i == 0 else int(draft.rng.integers(len(zone)))]
        source = main[int(draft.rng.integers(len(main)))]
        kind = "PRV" if i == 0 else draft.one_of("PRV", "PRV", "FCV", "TCV", "GPV")
        draft.demand_beyond(source.name, total / feeds)
        inlet = draft.junction(min(into.elevation + 2.0, source.elevation + 5.0), into.place, head)
        outlet = draft.junction(into.elevation, into.place, head)
        way = _way(draft, source.name, into.name)
        draft.pipe(source.name, inlet.name, length=way, flow=total / feeds, is_tree=i == 0)
        draft.pipe(outlet.name, into.name, length=30.0, flow=total / feeds, is_tree=i == 0)
        above = head - outlet.elevation
        setting = above - (0.0 if i == 0 else draft.uniform(-2.0, 4.0))
        _valve(draft, kind, (inlet, outlet), flow=total / feeds, setting=setting)
    if draft.chance(0.35):
        _tank(draft, zone[int(draft.rng.integers(len(zone)))], head - 1.0, total)
    return total


def _higher_zone(draft: _Draft, n: int, main: list[_Junction], main_head: float) -> float:
    lift = draft.uniform(20.0, 45.0)
    head = main_head + lift
    zone = _zone(draft, n, (main_head - 45.0, head - 30.0), head)
    total = sum(one.demand for one in zone)
    source = main[int(draft.rng.integers(len(main)))]
    draft.demand_beyond(source.name, 1.5 * total)
    tank = None
    if draft.chance(0.75):
        tank = _tank(draft, zone[int(draft.rng.integers(len(zone)))], head, total)
        draft.demand_beyond(tank.name.split("@")[1], 0.7 * total)
        tank.name = tank.name.split("@")[0]
    suction = draft.junction(source.elevation, source.place, main_head)
    draft.pipe(source.name, suction.name, length=60.0, flow=1.5 * total, is_tree=True)
    _pump_station(draft, suction.name, zone[0].name, total, lift + 4.0, tank)
    return total


def _tank(draft: _Draft, at: _Junction, head: float, daily: float) -> _Tank:
    """A tank whose middle stands at a head, with a pipe to it; its name tells where, after @."""
    name = f"T{len(draft.tanks) + 1}"
    low, high = draft.uniform(0.0, 1.0), draft.uniform(4.0, 8.0)
    first = low + (high - low) * draft.uniform(0.3, 0.8)
    volume = max(daily, 1.0) * 86.4 * draft.uniform(0.12, 0.35)
    area = volume / (high - low)
    bottom = head - (low + high) / 2.0
    curve = "*"
    if draft.chance(0.3):
        levels = np.linspace(0.0, high + 1.0, int(draft.rng.integers(3, 7)))
        widths = draft.rng.uniform(0.6, 1.5, len(levels) - 1) * area
        volumes = np.concatenate([[0.0], np.cumsum(widths * np.diff(levels))])
        scale = draft.length(1.0)
        curve = draft.curve(
            [(float(a * scale), float(b * scale**3)) for a, b in zip(levels, volumes, strict=True)]
        )
    least = 0.0 if draft.chance(0.7) or curve != "*" else area * low * draft.uniform(0.5, 1.0)
    words: list[object] = [
        name, draft.length(bottom), draft.length(first), draft.length(low), draft.length(high),
        draft.length(float(np.sqrt(4.0 * area / np.pi))), least * draft.length(1.0) ** 3, curve,
    ]  # fmt: skip
    draft.add("TANKS", *words, *(["YES"] if draft.chance(0.1) else []))
    draft.pipe(at.name, name, length=draft.uniform(30.0, 300.0), flow=1.2 * daily, is_tree=True)
    draft.tanks.append(_Tank(name, low, high))
    tank = draft.tanks[-1]
    tank.name = f"{name}@{at.name}"
    return tank


def _main_tanks(draft: _Draft, main: list[_Junction], head: float, total: float) -> None:
    n = int(draft.rng.integers(1, 3)) if len(draft.tanks) < 2 else 1
    for place in draft.rng.choice(len(main), n, replace=False):
        at = main[int(place)]
        _tank(draft, at, head + draft.uniform(-1.0, 1.0), total)
        draft.demand_beyond(at.name, 0.8 * total)
    for tank in draft.tanks:
        tank.name = tank.name.split("@")[0]


def _source(draft: _Draft, into: _Junction, head: float, total: float) -> None:
    """Pumps from a low reservoir, or gravity, or both."""
    filled = draft.tanks[-1]
    into.elevation = min(into.elevation, head - 45.0)
    if draft.chance(0.8):
        low = into.elevation - draft.uniform(-2.0, 3.0)
        changes = draft.pattern(draft.rng.uniform(0.97, 1.03, 6)) if draft.chance(0.3) else ""
        draft.add("RESERVOIRS", "R1", draft.length(max(low, 1.0)), changes)
        _pump_station(draft, "R1", into.name, total, head - max(low, 1.0) + 5.0, filled)
    else:
        changes = draft.pattern(draft.rng.uniform(0.985, 1.01, 12)) if draft.chance(0.4) else ""
        draft.add("RESERVOIRS", "R1", draft.length(head + 6.0), changes)
        draft.pipe("R1", into.name, length=250.0, flow=2.0 * total, is_tree=True)
    if draft.chance(0.3):
        names = list(draft.junctions)
        at = names[int(draft.rng.integers(1, max(len(names) // 3, 2)))]
        draft.add("RESERVOIRS", "R2", draft.length(head + draft.uniform(-3.0, 2.0)))
        pipe = draft.pipe("R2", at, length=400.0, flow=0.5 * total, is_tree=False)
        pipe.ending = draft.one_of("CV", "Open")


def _pump_station(
    draft: _Draft, start: str, end: str, flow: float, lift: float, tank: _Tank | None
) -> None:
    n = 2 if draft.chance(0.5) else 1
    flow = draft.uniform(1.35, 1.9) * flow / n**0.7
    for _ in range(n):
        kind = draft.one_of("one", "three", "pieces", "power" if tank is not None else "one")
        if kind == "power":
            words = f"POWER {draft.power(9.81e-3 * flow * lift):.5g}"
        else:
            words = f"HEAD {draft.curve(_pump_points(draft, kind, flow, lift))}"
            if draft.chance(0.2):
                words += f" SPEED {draft.uniform(0.95, 1.1):.4g}"
            elif draft.chance(0.2):
                speeds = draft.rng.uniform(0.92, 1.08, 12).round(3)
                if tank is not None and n == 2 and draft.chance(0.5):
                    speeds[draft.rng.integers(0, 12, 3)] = 0.0
                words += f" PATTERN {draft.pattern(speeds)}"
        name = f"PU{len(draft.pumps) + 1}"
        draft.add("PUMPS", name, start, end, words)
        draft.pumps.append(_Pump(name, start, end, words, tank.name if tank else None))


def _pump_points(draft: _Draft, kind: str, flow: float, lift: float) -> list[tuple[float, float]]:
    if kind == "one":
        points = [(flow, lift)]
    elif kind == "three":
        shutoff, last = draft.uniform(1.15, 1.4), draft.uniform(0.4, 0.8)
        points = [
            (0.0, shutoff * lift),
            (flow, lift),
            (draft.uniform(1.4, 2.0) * flow, last * lift),
        ]
    else:
        parts = np.linspace(0.0, draft.uniform(1.6, 2.2), int(draft.rng.integers(4, 7)))
        bend = draft.uniform(0.15, 0.35)
        points = [(float(p) * flow, float(1.0 + bend - bend * p**2) * lift) for p in parts]
    return [(draft.flow(x), draft.length(y)) for x, y in points]


def _loops(draft: _Draft) -> None:
    """The pipes of each zone's tree, and some between junctions that lie near each other."""
    joined = {frozenset((pipe.start, pipe.end)) for pipe in draft.pipes}
    for one in list(draft.junctions.values()):
        if one.parent is not None:
            way = _way(draft, one.parent, one.name)
            draft.pipe(one.parent, one.name, length=way, flow=one.flow, is_tree=True)
            joined.add(frozenset((one.parent, one.name)))
    inner = [one for one in draft.junctions.values() if one.demand > 0.0 or one.parent is not None]
    for _ in range(int(draft.rng.integers(1, 2 + len(inner) // 3))):
        one = inner[int(draft.rng.integers(len(inner)))]
        near = [
            other for other in inner
            if draft.head[other.name] == draft.head[one.name]
            and other is not one and frozenset((one.name, other.name)) not in joined
        ]  # fmt: skip
        if near:
            other = min(near, key=lambda other: float(np.hypot(*(other.place - one.place))))
            way = _way(draft, one.name, other.name)
            flow = draft.uniform(0.2, 0.6) * (one.flow + other.flow) / 2.0 + 0.3
            draft.pipe(one.name, other.name, length=way, flow=flow, is_tree=False)
            joined.add(frozenset((one.name, other.name)))


def _sized(draft: _Draft) -> None:
    for pipe in draft.pipes:
        wanted = 1000.0 * np.sqrt(4e-3 * max(pipe.flow, 0.2) / np.pi / draft.uniform(0.45, 0.9))
        pipe.diameter = float(next((d for d in _DIAMETERS_MM if d >= wanted), _DIAMETERS_MM[-1]))
        pipe.minor = draft.uniform(0.1, 5.0) if draft.chance(0.3) else 0.0


def _valves_in_pipes(draft: _Draft) -> None:
    """Cut pipes in two and put a valve between, with junctions of its own."""
    for pipe in list(draft.pipes):
        if not {pipe.start, pipe.end} <= draft.junctions.keys() or not draft.chance(0.22):
            continue
        kind = draft.one_of("TCV", "GPV", "CV", "PBV", "PRV")
        if not pipe.is_tree:
            kind = draft.one_of("TCV", "GPV", "CV", "PBV", "PRV", "PSV", "PSV", "FCV", "FCV")
        if kind == "CV":
            pipe.ending = "CV"
            continue
        ends = [draft.junctions[name] for name in (pipe.start, pipe.end)]
        head, place = draft.head[pipe.start], (ends[0].place + ends[1].place) / 2.0
        elevation = (ends[0].elevation + ends[1].elevation) / 2.0
        inlet, outlet = (draft.junction(elevation, place, head) for _ in range(2))
        after = draft.pipe(
            outlet.name, pipe.end, length=pipe.length / 2.0, flow=pipe.flow, is_tree=pipe.is_tree
        )
        after.diameter, pipe.end, pipe.length = pipe.diameter, inlet.name, pipe.length / 2.0
        part = {"PRV": draft.uniform(0.8, 0.99), "PSV": draft.uniform(0.92, 1.02)}.get(kind, 1.0)
        setting = part * (head - elevation)
        if kind == "FCV":
            setting = pipe.flow * draft.uniform(0.3, 1.2)
        _valve(draft, kind, (inlet, outlet), flow=pipe.flow, setting=setting)


def _valve(
    draft: _Draft, kind: str, ends: tuple[_Junction, _Junction], *, flow: float, setting: float
) -> None:
    """A valve; `setting` is a pressure for PRV and PSV, a flow for FCV and else not looked at."""
    name = f"V{len(draft.valves) + 1}"
    wanted = 1000.0 * np.sqrt(4e-3 * max(flow, 0.3) / np.pi / 0.9)
    size = float(next((d for d in _DIAMETERS_MM if d >= wanted), _DIAMETERS_MM[-1]))
    value: float | str = draft.pressure(max(setting, 5.0))
    if kind == "FCV":
        value = draft.flow(min(setting, 1.3 * flow))
    elif kind == "TCV":
        value = draft.uniform(0.5, 60.0)
    elif kind == "PBV":
        value = draft.pressure(draft.uniform(0.5, 4.0))
    elif kind == "GPV":
        steep = draft.uniform(0.5, 4.0)  # from 0 on: a loss without flow would have no sign
        parts = (0.0, 0.5, 1.0, 2.0, 4.0)
        value = draft.curve(
            [(draft.flow(p * max(flow, 0.3)), draft.length(steep * p**1.7)) for p in parts]
        )
    minor = draft.uniform(0.1, 4.0) if draft.chance(0.5) else 0.0
    names = (one.name for one in ends)
    draft.add("VALVES", name, *names, draft.diameter(size), kind, value, minor)
    draft.valves.append((name, kind, float(value) if not isinstance(value, str) else 0.0))
    if draft.chance(0.05) and kind in ("TCV", "PBV"):
        draft.add("STATUS", name, "OPEN")


def _demands(draft: _Draft) -> None:
    hours = np.arange(24) / 24.0
    patterns = []
    for _ in range(3):
        day = 1.0 + 0.4 * np.sin(2 * np.pi * (hours - draft.uniform(0.2, 0.45)))
        day += 0.25 * np.sin(4 * np.pi * (hours - draft.uniform(0.0, 0.5)))
        day *= draft.rng.uniform(0.85, 1.15, 24)
        patterns.append(draft.pattern(day.clip(0.1).round(3)))
    for one in draft.junctions.values():
        draft.add(
            "JUNCTIONS", one.name, draft.length(one.elevation), draft.flow(one.demand),
            patterns[int(draft.rng.integers(3))] if draft.chance(0.7) else "",
        )  # fmt: skip
        if one.demand > 0.0 and draft.chance(0.25):
            for _ in range(int(draft.rng.integers(1, 4))):
                pattern = patterns[int(draft.rng.integers(3))] if draft.chance(0.8) else ""
                part = draft.flow(one.demand * draft.uniform(0.2, 0.6))
                draft.add("DEMANDS", one.name, part, pattern)
        if one.demand > 0.0 and draft.chance(0.06):
            draft.add("EMITTERS", one.name, draft.flow(draft.uniform(0.02, 0.15)))


def _controls(draft: _Draft) -> None:
    """Pumps by the level of their tanks, and what operators do to pipes, valves and pumps."""
    tanks = {tank.name: tank for tank in draft.tanks}
    for i, pump in enumerate(draft.pumps):
        tank = tanks.get(pump.tank or "")
        is_power = pump.words.startswith("POWER")  # has no largest head: never against a full tank
        if tank is None or "PATTERN" in pump.words or (draft.chance(0.3) and not is_power):
            continue
        span = tank.high - tank.low
        on = draft.length(tank.low + span * draft.uniform(0.25, 0.55 - 0.1 * (i % 2)))
        off = draft.length(tank.low + span * draft.uniform(0.75, 0.93))
        speed = f"{draft.uniform(0.95, 1.08):.3f}"
        opened = speed if not is_power and draft.chance(0.25) else "OPEN"
        draft.add("CONTROLS", "LINK", pump.name, opened, "IF NODE", tank.name, "BELOW", on)
        draft.add("CONTROLS", "LINK", pump.name, "CLOSED", "IF NODE", tank.name, "ABOVE", off)
    for pipe in draft.pipes:
        if pipe.is_tree or pipe.ending != "Open" or not draft.chance(0.3):
            continue
        _pipe_controls(draft, pipe.name)
    for name, kind, setting in draft.valves:
        if kind != "GPV" and draft.chance(0.25):
            later = setting * draft.uniform(0.85, 1.1)
            at = draft.one_of("TIME 5", "TIME 7:30", "CLOCKTIME 6 AM", "CLOCKTIME 9:45 PM")
            draft.add("CONTROLS", "LINK", name, later, "AT", at)
            if draft.chance(0.5):
                draft.add("CONTROLS", "LINK", name, setting, "AT TIME", "15:10")


def _pipe_controls(draft: _Draft, name: str) -> None:
    if draft.chance(0.4):
        at = draft.one_of("TIME 3", "TIME 4:20", "CLOCKTIME 2:30 PM", "CLOCKTIME 11 PM")
        draft.add("CONTROLS", "LINK", name, "CLOSED", "AT", at)
        draft.add(
            "CONTROLS", "LINK", name, "OPEN", "AT", draft.one_of("TIME 9.5", "CLOCKTIME 5 AM")
        )
        return
    where = [one for one in draft.junctions.values() if one.demand > 0.0]
    at = where[int(draft.rng.integers(len(where)))]
    above = draft.head[at.name] - at.elevation
    low, high = above - draft.uniform(7.0, 12.0), above + draft.uniform(2.0, 8.0)
    acts = ("CLOSED", "OPEN") if draft.chance(0.5) else ("OPEN", "CLOSED")
    for act, when, value in zip(acts, ("BELOW", "ABOVE"), (low, high), strict=True):
        draft.add("CONTROLS", "LINK", name, act, "IF NODE", at.name, when, draft.pressure(value))


def _rules(draft: _Draft) -> None:
    if not draft.chance(0.6):
        return
    tanks = {tank.name: tank for tank in draft.tanks}
    rules = []
    for pump in draft.pumps:
        tank = tanks.get(pump.tank or "")
        if tank is None or "PATTERN" in pump.words or not draft.chance(0.6):
            continue
        span = tank.high - tank.low
        low = draft.length(tank.low + span * draft.uniform(0.2, 0.4))
        high = draft.length(tank.low + span * draft.uniform(0.75, 0.95))
        hour = draft.one_of("9 PM", "10:30 PM", "5 AM")
        rules.append(
            f"IF TANK {tank.name} LEVEL BELOW {low:.4f}\n"
            + (f"AND PUMP {pump.name} STATUS IS CLOSED\n" if draft.chance(0.5) else "")
            + f"THEN PUMP {pump.name} STATUS IS OPEN\nPRIORITY 3"
        )
        rules.append(
            f"IF TANK {tank.name} LEVEL ABOVE {high:.4f}\n"
            f"OR SYSTEM CLOCKTIME = {hour}\n"
            f"THEN PUMP {pump.name} STATUS IS CLOSED"
        )
    for name, kind, setting in draft.valves:
        if kind in ("GPV", "CV") or not draft.chance(0.35):
            continue
        tank, again = draft.tanks[0], setting * draft.uniform(0.9, 1.1)
        premise = draft.one_of(
            f"SYSTEM DEMAND > {draft.flow(sum(j.demand for j in draft.junctions.values())):.4f}",
            f"TANK {tank.name} LEVEL >= {draft.length((tank.low + tank.high) / 2.0):.4f}",
            f"TANK {tank.name} FILLTIME BELOW 3", f"TANK {tank.name} DRAINTIME BELOW 4",
            f"LINK {draft.pipes[0].name} FLOW ABOVE {draft.flow(draft.pipes[0].flow):.4f}",
            "SYSTEM TIME >= 8", f"TANK {tank.name} DEMAND > 0",
        )  # fmt: skip
        rules.append(
            f"IF {premise}\nAND SYSTEM CLOCKTIME < 8 PM\n"
            f"THEN VALVE {name} SETTING IS {again:.5g}\n"
            f"ELSE VALVE {name} SETTING IS {setting:.5g}\nPRIORITY {int(draft.rng.integers(1, 5))}"
        )
    loops = [pipe for pipe in draft.pipes if not pipe.is_tree and pipe.ending == "Open"]
    if loops and draft.chance(0.5):
        at = next(iter(draft.junctions.values()))
        above = draft.pressure(draft.head[at.name] - at.elevation + draft.uniform(0.0, 6.0))
        rules.append(
            f"IF JUNCTION {at.name} PRESSURE ABOVE {above:.3f}\n"
            f"AND PIPE {loops[0].name} STATUS IS OPEN\n"
            f"THEN PIPE {loops[0].name} STATUS IS CLOSED"
        )
        rules.append(
            f"IF SYSTEM CLOCKTIME >= 4 AM\nAND SYSTEM CLOCKTIME <= 4:30 AM\n"
            f"THEN PIPE {loops[0].name} STATUS IS OPEN"
        )
    for i, rule in enumerate(rules):
        draft.add("RULES", f"RULE {i + 1}\n{rule}\n")


def _text(draft: _Draft, seed: int) -> str:
    for pipe in draft.pipes:
        draft.add(
            "PIPES", pipe.name, pipe.start, pipe.end, draft.length(pipe.length),
            draft.diameter(pipe.diameter), _roughness(draft), pipe.minor, pipe.ending,
        )  # fmt: skip
    step = draft.one_of("0:05", "0:10", "0:15", "0:20", "0:30", "1:00")
    times = {
        "Duration": draft.one_of("24:00", "36:00", "48:00"), "Hydraulic Timestep": step,
        "Pattern Timestep": draft.one_of("1:00", "1:00", "0:30", "2:00"),
        "Pattern Start": draft.one_of("0:00", "0:00", "3:00"),
        "Report Timestep": draft.one_of("1:00", "1:00", "0:30"),
        "Start ClockTime": draft.one_of("0:00", "12 AM", "6:30 AM", "5 PM"),
    }  # fmt: skip
    if draft.chance(0.3):
        times["Rule Timestep"] = draft.one_of("0:01", "0:02", "0:05")
    options = {
        "Units": draft.units, "Headloss": draft.formula, "Accuracy": "0.00001", "Trials": "200",
        "Unbalanced": "Continue 10", "Pattern": draft.one_of("A1", "none"),
        "Demand Multiplier": f"{draft.uniform(0.85, 1.05):.4f}",
    }  # fmt: skip
    if draft.formula == "D-W":
        options["Viscosity"] = draft.one_of("1.0", "1.2", "0.9")
    if "EMITTERS" in draft.lines and draft.chance(0.5):
        options["Emitter Exponent"] = f"{draft.uniform(0.5, 1.1):.3f}"
    _rare_options(draft, options)
    for section, pairs in (("TIMES", times), ("OPTIONS", options)):
        for key, value in pairs.items():
            draft.add(section, key, value)
    parts = [f"[TITLE]\nrandom network {seed}\n"]
    for section in _SECTIONS:
        parts.append(f"[{section}]\n" + "\n".join(draft.lines.get(section, ())) + "\n")
    return "\n".join(parts) + "\n[END]\n"


def _rare_options(draft: _Draft, options: dict[str, str]) -> None:
    """What steers the trials, seldom."""
    for key, part, values in (
        ("CHECKFREQ", 0.08, ("1", "3", "5")),
        ("MAXCHECK", 0.08, ("4", "20")),
        ("DAMPLIMIT", 0.08, ("0.01", "0.1")),
        ("HEADERROR", 0.08, (f"{draft.length(3e-4):.6g}", f"{draft.length(3e-3):.6g}")),
        ("FLOWCHANGE", 0.08, (f"{draft.flow(0.003):.6g}", f"{draft.flow(0.03):.6g}")),
        ("Specific Gravity", 0.08, ("0.98", "1.02")),
    ):
        if draft.chance(part):
            options[key] = draft.one_of(*values)


def _roughness(draft: _Draft) -> float:
    if draft.formula == "H-W":
        return round(draft.uniform(85.0, 140.0), 1)
    if draft.formula == "C-M":
        return round(draft.uniform(0.009, 0.014), 4)
    millimetres = draft.uniform(0.05, 0.6)
    return round(millimetres if draft.is_metric else millimetres / 0.3048, 4)


__all__ = ["random_network"]
