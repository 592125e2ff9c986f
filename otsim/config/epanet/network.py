"""A water network as an EPANET file describes it, in the file's own units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

__all__ = [
    "Action",
    "Control",
    "Curve",
    "Demand",
    "Junction",
    "Link",
    "Node",
    "Options",
    "Pipe",
    "Premise",
    "Pump",
    "Reservoir",
    "Rule",
    "Tank",
    "Times",
    "Valve",
    "WaterNetwork",
]

FlowUnits = Literal["CFS", "GPM", "MGD", "IMGD", "AFD", "LPS", "LPM", "MLD", "CMH", "CMD", "CMS"]
US_UNITS = frozenset({"CFS", "GPM", "MGD", "IMGD", "AFD"})
Curve = tuple[tuple[float, float], ...]
Place = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Demand:
    """One demand of a junction: base flow and the pattern that multiplies it, None for 1.0."""

    base: float
    pattern: str | None


@dataclass(frozen=True, kw_only=True)
class Junction:
    """A node without storage.

    Attributes:
        name: as in the file.
        elevation: length unit.
        demands: those of [DEMANDS] if there are any, else that of [JUNCTIONS]; patterns resolved
            (the default pattern filled in where one exists).
        emitter: discharge coefficient, 0 for none.
        place: map coordinates, if the file has them.
    """

    name: str
    elevation: float
    demands: tuple[Demand, ...] = ()
    emitter: float = 0.0
    place: Place | None = None


@dataclass(frozen=True, kw_only=True)
class Reservoir:
    """A node of fixed head, times a pattern if it has one."""

    name: str
    head: float
    pattern: str | None = None
    place: Place | None = None


@dataclass(frozen=True, kw_only=True)
class Tank:
    """A node whose head is its water level above `elevation`; lengths in the file's unit.

    Attributes:
        volume_curve: name of the curve level -> volume; None for a cylinder.
        min_volume: below the minimum level; 0 means that of the cylinder.
        overflows: a full tank spills instead of closing its links.
    """

    name: str
    elevation: float
    initial_level: float
    min_level: float
    max_level: float
    diameter: float
    min_volume: float = 0.0
    volume_curve: str | None = None
    overflows: bool = False
    place: Place | None = None


@dataclass(frozen=True, kw_only=True)
class Pipe:
    """A pipe from `start` to `end`; `has_check_valve` lets flow pass that way alone."""

    name: str
    start: str
    end: str
    length: float
    diameter: float
    roughness: float
    minor_loss: float = 0.0
    is_open: bool = True
    has_check_valve: bool = False


@dataclass(frozen=True, kw_only=True)
class Pump:
    """A pump with a head curve, or of constant power, or (with neither) an open link.

    Attributes:
        head_curve: name of the curve flow -> head; power: in hp or kW.
        speed: relative; `is_open` False starts it closed, with speed 0.
        pattern: of the speed.
    """

    name: str
    start: str
    end: str
    head_curve: str | None = None
    power: float | None = None
    speed: float = 1.0
    is_open: bool = True
    pattern: str | None = None


@dataclass(frozen=True, kw_only=True)
class Valve:
    """A valve of a kind with its setting.

    Attributes:
        setting: pressure (PRV, PSV, PBV), flow (FCV), coefficient (TCV), per cent open (PCV).
        curve: of a GPV (flow -> head loss), or of a PCV (opening -> part of the open flow), if it
            has one.
        fixed: OPEN or CLOSED by [STATUS] instead of working by its setting; None for working.
    """

    name: str
    start: str
    end: str
    diameter: float
    kind: Literal["PRV", "PSV", "PBV", "FCV", "TCV", "GPV", "PCV"]
    setting: float
    minor_loss: float = 0.0
    curve: str | None = None
    fixed: Literal["OPEN", "CLOSED"] | None = None


Node = Junction | Reservoir | Tank
Link = Pipe | Pump | Valve


@dataclass(frozen=True, kw_only=True)
class Control:
    """A line of [CONTROLS]: what is done to a link, and when.

    Attributes:
        link: its name.
        status: OPEN or CLOSED; None where a setting is given.
        setting: speed or valve setting; None where a status is given.
        when: `above` or `below` a level (pressure, for a junction) of `node`, `at_time` seconds of
            the run, or `at_clock` seconds of the day.
        node: its name, for above and below.
        value: level above the tank's bottom, pressure, or whole seconds.
        line: of the file, for messages.
        is_enabled: False where the line ends with DISABLED; it counts among the controls still.
    """

    link: str
    status: Literal["OPEN", "CLOSED"] | None
    setting: float | None
    when: Literal["above", "below", "at_time", "at_clock"]
    node: str | None
    value: float
    line: int
    is_enabled: bool = True


@dataclass(frozen=True, kw_only=True)
class Premise:
    """A clause of a rule.

    Attributes:
        joined_by: how it joins those before it; the first is `if`.
        kind: what is looked at; `name` which, None for the system.
        attribute: DEMAND, HEAD, GRADE (as HEAD), LEVEL, PRESSURE, FILLTIME, DRAINTIME, FLOW,
            STATUS, SETTING, TIME or CLOCKTIME.
        relation: of the attribute to the value.
        value: a number in the file's unit (seconds for TIME and CLOCKTIME, hours for FILLTIME and
            DRAINTIME), or a status.
    """

    joined_by: Literal["if", "and", "or"]
    kind: Literal["node", "link", "system"]
    name: str | None
    attribute: str
    relation: Literal["=", "<>", "<", ">", "<=", ">="]
    value: float | Literal["OPEN", "CLOSED", "ACTIVE"]


@dataclass(frozen=True, kw_only=True)
class Action:
    """What a rule does to a link: a status or a setting."""

    link: str
    status: Literal["OPEN", "CLOSED"] | None
    setting: float | None


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A rule of [RULES]; `is_enabled` is False where it says DISABLED."""

    name: str
    premises: tuple[Premise, ...]
    then: tuple[Action, ...]
    otherwise: tuple[Action, ...] = ()
    priority: float = 0.0
    is_enabled: bool = True


@dataclass(frozen=True, kw_only=True)
class Options:
    """Options that hydraulics needs; defaults are EPANET's.

    Attributes:
        viscosity: as written: a multiplier of water's at 20 C above 1e-3, else ft2/s or m2/s.
        extra_trials: of UNBALANCED CONTINUE; None for STOP.
        demand_multiplier: of all demands.
        is_pressure_driven: DEMAND MODEL PDA, with the three pressures' keys below.
    """

    flow_units: FlowUnits = "GPM"
    pressure_unit: Literal["PSI", "KPA", "METERS"] | None = None
    head_loss: Literal["H-W", "D-W", "C-M"] = "H-W"
    specific_gravity: float = 1.0
    viscosity: float = 1.0
    trials: int = 200
    accuracy: float = 0.001
    head_error: float = 0.0
    flow_change: float = 0.0
    check_every: int = 2
    max_check: int = 10
    damp_limit: float = 0.0
    extra_trials: int | None = None
    demand_multiplier: float = 1.0
    emitter_exponent: float = 0.5
    emitter_backflow: bool = True
    is_pressure_driven: bool = False
    minimum_pressure: float = 0.0
    required_pressure: float = 0.1
    pressure_exponent: float = 0.5

    @property
    def is_metric(self) -> bool:
        """Metres and litres rather than feet and gallons."""
        return self.flow_units not in US_UNITS


@dataclass(frozen=True, kw_only=True)
class Times:
    """Whole seconds; defaults are EPANET's."""

    duration: int = 0
    hydraulic_step: int = 3600
    pattern_step: int = 3600
    pattern_start: int = 0
    report_step: int = 3600
    report_start: int = 0
    rule_step: int | None = None
    start_clock: int = 0


@dataclass(frozen=True, kw_only=True)
class WaterNetwork:
    """All that hydraulics needs of an EPANET file.

    Attributes:
        title: first line of [TITLE], "" for none.
        nodes: junctions in the file's order, then reservoirs and tanks in the file's order.
        links: pipes, pumps and valves in the order in which the file names them.
        patterns: multipliers by name; curves: points by name.
        energy_price: currency per kWh; pump_efficiency: per cent.
        ignored: what the file holds that is not simulated, a sentence each.
    """

    title: str
    nodes: Mapping[str, Node]
    links: Mapping[str, Link]
    patterns: Mapping[str, tuple[float, ...]]
    curves: Mapping[str, Curve]
    controls: tuple[Control, ...] = ()
    rules: tuple[Rule, ...] = ()
    options: Options = field(default_factory=Options)
    times: Times = field(default_factory=Times)
    energy_price: float = 0.0
    pump_efficiency: float = 75.0
    ignored: tuple[str, ...] = ()

    @property
    def junctions(self) -> tuple[Junction, ...]:
        """The junctions, in order."""
        return tuple(node for node in self.nodes.values() if isinstance(node, Junction))

    @property
    def tanks(self) -> tuple[Tank, ...]:
        """The tanks, in order."""
        return tuple(node for node in self.nodes.values() if isinstance(node, Tank))
