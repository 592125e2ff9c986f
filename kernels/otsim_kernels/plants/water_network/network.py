"""A network as arrays, in feet and cubic feet per second; junctions come first among the nodes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from otsim_kernels.plants.water_network.elimination import Elimination

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]

XHEAD, TEMPCLOSED, CLOSED, OPEN, ACTIVE, XFLOW, XFCV, XPRESSURE = range(8)
"""Status codes of links, as EPANET numbers them; at most `CLOSED` is closed."""

CBIG, CSMALL = 1e8, 1e-6  # resistance of a closed and of an open link
RQ_TOL = 1e-7  # smallest gradient of head loss, ft / cfs
H_TOL = 0.0005  # ft
Q_TOL = 1e-4  # cfs
Q_ZERO = 1e-6  # cfs
TINY = 1e-6


@dataclass(frozen=True, kw_only=True)
class Pump:
    """A pump's curve.

    Attributes:
        kind: `power` h0 - b q^c; `pieces`; `constant` power; `none`, an open link.
        h0, b, c: of the power function, ft and cfs.
        points: flow, head of a piecewise curve, f64[n_points, 2].
        power: hp, of constant power.
        design_flow: cfs; shutoff_head: ft, inf for none.
        pattern: row of the patterns for the speed, -1 for none.
    """

    kind: Literal["power", "pieces", "constant", "none"]
    h0: float = 0.0
    b: float = 0.0
    c: float = 1.0
    points: Floats | None = None
    power: float = 0.0
    design_flow: float = 1.0
    shutoff_head: float = np.inf
    pattern: int = -1


@dataclass(frozen=True, kw_only=True)
class Valve:
    """A valve's kind.

    Attributes:
        kind: as EPANET names it.
        minor: head loss / flow^2 when open, s2 / ft5.
        diameter: ft.
        points: flow, head loss of a GPV, or opening 0 to 100, part of the open flow of a PCV.
    """

    kind: Literal["PRV", "PSV", "PBV", "FCV", "TCV", "GPV", "PCV"]
    minor: float
    diameter: float
    points: Floats | None = None


@dataclass(frozen=True, kw_only=True)
class Tank:
    """A tank; heads and volumes, ft and ft3.

    Attributes:
        bottom: elevation; min_head, max_head: of the water.
        min_volume, max_volume; area: of a cylinder, ft2.
        points: level, volume of a curve, f64[n_points, 2]; None for a cylinder.
        overflows: spills when full.
        fills_up: whether its head at the largest volume reaches the largest head in float64. Where
            it does not by a rounding, EPANET never takes the tank as full.
        first_volume: at the beginning.
    """

    bottom: float
    min_head: float
    max_head: float
    min_volume: float
    max_volume: float
    area: float
    points: Floats | None
    overflows: bool
    fills_up: bool
    first_volume: float


@dataclass(frozen=True, kw_only=True)
class Control:
    """A simple control.

    Attributes:
        link: row.
        status: `CLOSED` or `OPEN`; for a setting that of a link that works by it.
        setting: speed or setting, internal units; nan for a valve that is then fixed.
        when: as in the file; node: row, -1 for none.
        value: volume of a tank, ft3, head of a junction, ft, or seconds. A volume, so that a tank
            that begins at the level is there exactly, whatever the precision.
        enabled: at the beginning.
        reading: row of the tank's reading that it acts on, -1 where it looks at no tank.
    """

    link: int
    status: int
    setting: float
    when: Literal["above", "below", "at_time", "at_clock"]
    node: int
    value: float
    enabled: bool = True
    reading: int = -1


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """What operators watch: a reading of theirs, and the volumes at which it rings, ft3."""

    reading: int
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Premise:
    """A clause of a rule; `value` in the user's units, whose factor turns internal numbers into.

    `reading` is the row of the tank's reading that it looks at, -1 where it looks at no tank.
    """

    joined_by: Literal["if", "and", "or"]
    kind: Literal["node", "link", "system"]
    row: int
    attribute: str
    relation: str
    value: float
    factor: float
    offset: float = 0.0
    reading: int = -1


@dataclass(frozen=True, kw_only=True)
class RuleAction:
    """What a rule does to a link: a status, or (nan for none) a setting."""

    link: int
    status: int
    setting: float


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A rule; `premises` from left to right."""

    premises: tuple[Premise, ...]
    then: tuple[RuleAction, ...]
    otherwise: tuple[RuleAction, ...]
    priority: float


@dataclass(frozen=True, kw_only=True)
class Trials:
    """When a solve has converged, and when statuses are looked at."""

    accuracy: float
    most: int
    extra: int
    check_every: int
    max_check: int
    damp_limit: float
    head_error: float
    flow_change: float


@dataclass(frozen=True, kw_only=True)
class Clock:
    """Steps and starts, seconds."""

    duration: int
    hydraulic_step: int
    pattern_step: int
    pattern_start: int
    report_step: int
    rule_step: int
    start_clock: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Network:
    """A network of n_nodes nodes (junctions, then those of fixed head) and n_links links.

    Links stand as plain pipes, which stay open or closed for good, then those whose status may
    change: other pipes, pumps, valves, each in the order of the file.

    Attributes:
        n_junctions, n_nodes: how many.
        elevation: f64[n_nodes].
        first_head: f64[n_nodes], of reservoirs and tanks.
        head_pattern: i32[n_nodes], row of a reservoir's pattern, -1 for none.
        demand_node, demand_pattern: i32[n_demands], pattern -1 for none; demand_base: f64.
        patterns: multipliers by row.
        start, end: i32[n_links].
        formula: head loss of pipes.
        resistance, minor: f64[n_pipes], by flow; roughness, viscous: of Darcy-Weisbach, relative
            roughness and viscosity times diameter.
        diameter: f64[n_pipes].
        check_valves: pipes with one, rows.
        pumps, valves, tanks: their kinds; tank_node: i32[n_tanks].
        n_plain: number of plain pipes; plain_closed: bool[n_plain].
        first_status: of the other links, i32; first_setting: of pumps and valves; first_fixed: of
            valves, bool.
        emitter_node: i32[n]; emitter: f64[n], head / flow^n; emitter_power: that n.
        emitter_backflow: whether an emitter may draw water in.
        wants: i32[n], junctions whose demand depends on pressure, none for plain demands; and
            min_pressure, pressure_range (ft), pressure_power (1 / exponent).
        controls, rules.
        reads: the tank of each reading; several controllers, and operators, may read one tank, each
            over a line of its own.
        alarms: of the operators.
        plan: how the system is solved; place: i32[n_links], row of a link's conductance: an edge,
            n_edges + junction for one fixed end, n_edges + n_junctions where both are.
    """

    n_junctions: int
    n_nodes: int
    elevation: Floats
    first_head: Floats
    head_pattern: Ints
    demand_node: Ints
    demand_pattern: Ints
    demand_base: Floats
    patterns: tuple[Floats, ...]
    start: Ints
    end: Ints
    formula: Literal["H-W", "D-W", "C-M"]
    resistance: Floats
    minor: Floats
    roughness: Floats
    viscous: Floats
    diameter: Floats
    check_valves: tuple[int, ...]
    pumps: tuple[Pump, ...]
    valves: tuple[Valve, ...]
    tanks: tuple[Tank, ...]
    tank_node: Ints
    n_plain: int
    plain_closed: Bools
    first_status: Ints
    first_setting: Floats
    first_fixed: Bools
    emitter_node: Ints
    emitter: Floats
    emitter_power: float
    emitter_backflow: bool
    wants: Ints
    min_pressure: float
    pressure_range: float
    pressure_power: float
    controls: tuple[Control, ...]
    rules: tuple[Rule, ...]
    reads: tuple[int, ...]
    alarms: tuple[Alarm, ...]
    trials: Trials
    clock: Clock
    plan: Elimination
    place: Ints

    @property
    def n_links(self) -> int:
        """Pipes, pumps and valves."""
        return len(self.start)

    @property
    def n_pipes(self) -> int:
        """Links that are pipes: the first ones."""
        return len(self.resistance)

    @property
    def is_plain_demand(self) -> Bools:
        """Which junctions' demand does not depend on pressure, bool[n_junctions]."""
        plain = np.ones(self.n_junctions, bool)
        plain[self.wants] = False
        return plain

    def is_constant_power(self, k: int) -> bool:
        """Tell whether a link is a pump of constant power."""
        pump = k - self.n_pipes
        return 0 <= pump < len(self.pumps) and self.pumps[pump].kind == "constant"

    @property
    def first_valve(self) -> int:
        """Row of the first valve."""
        return self.n_pipes + len(self.pumps)


__all__ = [
    "ACTIVE",
    "CBIG",
    "CLOSED",
    "CSMALL",
    "H_TOL",
    "OPEN",
    "Q_TOL",
    "Q_ZERO",
    "RQ_TOL",
    "TEMPCLOSED",
    "TINY",
    "XFCV",
    "XFLOW",
    "XHEAD",
    "XPRESSURE",
    "Alarm",
    "Clock",
    "Control",
    "Network",
    "Premise",
    "Pump",
    "Rule",
    "RuleAction",
    "Tank",
    "Trials",
    "Valve",
]
