"""A water network in the file's units -> the arrays of its kernel, in ft and cfs."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from otsim.config.epanet.network import (
    Junction,
    Link,
    Pipe,
    Pump,
    Reservoir,
    Tank,
    Valve,
    WaterNetwork,
)
from otsim.errors import ModelError
from otsim.plant.water_controls import ControlCompiler
from otsim.plant.water_telemetry import Telemetry, plain_telemetry
from otsim.plant.water_units import (
    METRES,
    PSI,
    Units,
    control_value,
    fills_up,
    setting_unit,
    tank_volume,
    units_of,
)

if TYPE_CHECKING:
    from otsim_kernels.plants.water_network import network as kernel

__all__ = ["Compiled", "compile_network"]

_VISCOSITY = 1.1e-5  # ft2/s, of water at 20 C
_NO_PATTERN = -1


@dataclass(frozen=True, kw_only=True, eq=False)
class Compiled:
    """A network as arrays, and where its names stand in them.

    Attributes:
        given: as read; network: as arrays; units: between the two.
        node, link: rows by name.
    """

    given: WaterNetwork
    network: kernel.Network
    units: Units
    node: dict[str, int]
    link: dict[str, int]

    def setting_unit(self, row: int) -> float:
        """Return what an internal setting of a link is multiplied by."""
        return setting_unit(self.given.links[list(self.link)[row]], self.units)

    def control_value(self, number: int, level: float) -> float:
        """Return where a control acts that looks at this level or pressure: a volume or a head."""
        control = self.given.controls[number]
        return control_value(self.given, self.units, control.node, level)


def compile_network(
    network: WaterNetwork, touched: Collection[str] = (), telemetry: Telemetry | None = None
) -> Compiled:
    """Turn a network into arrays, and plan how its equations are solved.

    Args:
        network: as read.
        touched: names of pipes that somebody may open or close, beside controls and rules.
        telemetry: who reads which tank; None: all controllers read each by one line.

    Raises:
        ModelError: something that the solver does not know.
    """
    compiler = _Compiler(network, touched, telemetry or plain_telemetry(network))
    return Compiled(
        given=network, network=compiler.network(), units=compiler.units, node=compiler.node,
        link=compiler.link,
    )  # fmt: skip


class _Compiler:
    """Looks names up and converts units."""

    def __init__(self, given: WaterNetwork, touched: Collection[str], telemetry: Telemetry) -> None:
        self.given, self.units, self.telemetry = given, units_of(given.options), telemetry
        nodes = list(given.nodes.values())
        self.junctions = [node for node in nodes if isinstance(node, Junction)]
        self.fixed: list[Reservoir | Tank] = [
            node for node in nodes if not isinstance(node, Junction)
        ]
        ordered: list[Junction | Reservoir | Tank] = [*self.junctions, *self.fixed]
        self.node: dict[str, int] = {node.name: row for row, node in enumerate(ordered)}
        links = list(given.links.values())
        pipes = [link for link in links if isinstance(link, Pipe)]
        changing = self._changing(pipes) | set(touched)
        self.plain = [pipe for pipe in pipes if pipe.name not in changing]
        self.pipes = [*self.plain, *(pipe for pipe in pipes if pipe.name in changing)]
        self.pumps = [link for link in links if isinstance(link, Pump)]
        self.valves = [link for link in links if isinstance(link, Valve)]
        self.links: list[Link] = [*self.pipes, *self.pumps, *self.valves]
        self.link = {link.name: row for row, link in enumerate(self.links)}
        self.pattern = {name: row for row, name in enumerate(given.patterns)}

    def _changing(self, pipes: Sequence[Pipe]) -> set[str]:
        """Return the pipes whose status may change: by a valve, a tank, a control or a rule."""
        given = self.given
        ordered = {control.link for control in given.controls}
        for rule in given.rules:
            ordered |= {action.link for action in (*rule.then, *rule.otherwise)}
            ordered |= {one.name for one in rule.premises if one.kind == "link" and one.name}
        tanks = {tank.name for tank in given.tanks}
        return {
            pipe.name
            for pipe in pipes
            if pipe.has_check_valve or {pipe.start, pipe.end} & tanks or pipe.name in ordered
        }

    def network(self) -> kernel.Network:
        """Put the arrays together."""
        from otsim_kernels.plants.water_network import network as kernel

        options, n = self.given.options, len(self.junctions)
        controls = ControlCompiler(
            given=self.given, units=self.units, node=self.node, link=self.link, n_junctions=n,
            readings=self.telemetry.row_of,
        )  # fmt: skip
        start = np.array([self.node[link.start] for link in self.links], np.int32)
        end = np.array([self.node[link.end] for link in self.links], np.int32)
        plan, place = self._plan(start, end)
        tanks = [node for node in self.fixed if isinstance(node, Tank)]
        emitters = [i for i, node in enumerate(self.junctions) if node.emitter > 0.0]
        return kernel.Network(
            n_junctions=n,
            n_nodes=len(self.node),
            elevation=np.array([self._elevation(name) for name in self.node]),
            first_head=np.array([self._first_head(name) for name in self.node]),
            head_pattern=np.array([self._head_pattern(name) for name in self.node], np.int32),
            **self._demands(),
            patterns=tuple(np.array(values) for values in self.given.patterns.values()),
            start=start,
            end=end,
            formula=options.head_loss,
            **self._pipes(),
            pumps=tuple(map(self._pump, self.pumps)),
            valves=tuple(map(self._valve, self.valves)),
            tanks=tuple(map(self._tank, tanks)),
            tank_node=np.array([self.node[tank.name] for tank in tanks], np.int32),
            **self._first_links(),
            emitter_node=np.array(emitters, np.int32),
            emitter=np.array([self._emitter(self.junctions[i].emitter) for i in emitters]),
            emitter_power=1.0 / options.emitter_exponent,
            emitter_backflow=options.emitter_backflow,
            **self._wants(),
            controls=tuple(map(controls.control, self.given.controls)),
            rules=tuple(controls.rule(rule) for rule in self.given.rules if rule.is_enabled),
            reads=self.telemetry.tanks,
            alarms=tuple(
                kernel.Alarm(reading=row, low=low, high=high)
                for row, (low, high) in self.telemetry.alarms.items()
            ),
            trials=self._trials(),
            clock=self._clock(),
            plan=plan,
            place=place,
        )

    def _plan(self, start: Any, end: Any) -> tuple[Any, Any]:
        from otsim_kernels.plants.water_network.elimination import plan_elimination

        n = len(self.junctions)
        pairs = [(int(min(i, j)), int(max(i, j))) for i, j in zip(start, end, strict=True)]
        plan = plan_elimination(n, [pair for pair in pairs if pair[1] < n and pair[0] != pair[1]])
        place = [
            plan.edge_of[pair] if pair[1] < n else plan.n_edges + min(pair[0], n) for pair in pairs
        ]
        return plan, np.array(place, np.int32)

    def _elevation(self, name: str) -> float:
        node = self.given.nodes[name]
        return (node.head if isinstance(node, Reservoir) else node.elevation) / self.units.length

    def _first_head(self, name: str) -> float:
        node = self.given.nodes[name]
        level = node.initial_level if isinstance(node, Tank) else 0.0
        return self._elevation(name) + level / self.units.length

    def _head_pattern(self, name: str) -> int:
        node = self.given.nodes[name]
        if isinstance(node, Reservoir) and node.pattern is not None:
            return self.pattern[node.pattern]
        return _NO_PATTERN

    def _demands(self) -> dict[str, Any]:
        rows = [
            (row, self._pattern(demand.pattern), demand.base)
            for row, junction in enumerate(self.junctions)
            for demand in junction.demands
        ]
        factor = self.given.options.demand_multiplier / self.units.flow
        return {
            "demand_node": np.array([row for row, _, _ in rows], np.int32),
            "demand_pattern": np.array([pattern for _, pattern, _ in rows], np.int32),
            "demand_base": np.array([base * factor for _, _, base in rows], np.float64),
        }

    def _pattern(self, name: str | None) -> int:
        return _NO_PATTERN if name is None else self.pattern[name]

    def _pipes(self) -> dict[str, Any]:
        options, units = self.given.options, self.units
        diameter = np.array([pipe.diameter for pipe in self.pipes]) / units.diameter
        length = np.array([pipe.length for pipe in self.pipes]) / units.length
        rough = np.array([pipe.roughness for pipe in self.pipes])
        area = math.pi / 4.0 * diameter**2
        relative = np.zeros_like(diameter)
        if options.head_loss == "H-W":
            resistance = 4.727 * length / rough**1.852 / diameter**4.871
        elif options.head_loss == "C-M":
            resistance = (4.0 * rough / (1.49 * math.pi * diameter**2)) ** 2
            resistance = resistance * (diameter / 4.0) ** -1.333 * length
        else:
            relative = rough / (1000.0 * units.length) / diameter
            resistance = length / (2.0 * 32.2 * diameter * area**2)
        viscosity = options.viscosity
        of_water = viscosity * _VISCOSITY if viscosity > 1e-3 else viscosity / units.length**2
        losses = np.array([pipe.minor_loss for pipe in self.pipes])
        return {
            "resistance": resistance,
            "minor": 0.02517 * losses / diameter**4,
            "roughness": relative,
            "viscous": of_water * diameter,
            "diameter": diameter,
            "check_valves": tuple(
                row for row, pipe in enumerate(self.pipes) if pipe.has_check_valve
            ),
        }

    def _curve(self, name: str, x: float, y: float) -> npt.NDArray[np.float64]:
        return np.asarray(np.array(self.given.curves[name], np.float64) / np.array([x, y]))

    def _pump(self, pump: Pump) -> kernel.Pump:
        from otsim_kernels.plants.water_network import network as kernel

        pattern = self._pattern(pump.pattern)
        if pump.power is not None and pump.head_curve is None:
            power = pump.power / self.units.power
            return kernel.Pump(kind="constant", power=power, design_flow=1.0, pattern=pattern)
        if pump.head_curve is None:
            return kernel.Pump(kind="none", pattern=pattern)
        points = self._curve(pump.head_curve, self.units.flow, self.units.length)
        if len(points) == 1:
            ((flow, head),) = points
            points = np.array([[0.0, 1.33334 * head], [flow, head], [2.0 * flow, 0.0]])
        if len(points) == 3 and points[0, 0] == 0.0:
            return self._power_pump(pump.name, points, pattern)
        if len(points) < 2:
            raise ModelError(f"pump {pump.name}: its curve needs one, three or more points")
        middle = (points[0, 0] + points[-1, 0]) / 2.0
        return kernel.Pump(
            kind="pieces", points=points, design_flow=middle, shutoff_head=points[0, 1],
            pattern=pattern,
        )  # fmt: skip

    def _power_pump(self, name: str, points: np.ndarray, pattern: int) -> kernel.Pump:
        from otsim_kernels.plants.water_network import network as kernel

        (_, h0), (q1, h1), (q2, h2) = points.tolist()
        h4, h5 = h0 - h1, h0 - h2
        if h0 <= 0.0 or h4 <= 0.0 or h5 <= h4 or q1 <= 0.0 or q2 <= q1:
            raise ModelError(
                f"pump {name}: its three points are no head curve; heads must fall with flow"
            )
        c = math.log(h5 / h4) / math.log(q2 / q1)
        return kernel.Pump(
            kind="power", h0=h0, b=h4 / q1**c, c=c, design_flow=q1, shutoff_head=h0,
            pattern=pattern,
        )  # fmt: skip

    def _valve(self, valve: Valve) -> kernel.Valve:
        from otsim_kernels.plants.water_network import network as kernel

        diameter, points = valve.diameter / self.units.diameter, None
        if valve.kind == "GPV" and valve.curve is not None:
            points = self._curve(valve.curve, self.units.flow, self.units.length)
        elif valve.curve is not None:
            points = self._curve(valve.curve, 1.0, 1.0)
        minor = 0.02517 * valve.minor_loss / diameter**4
        return kernel.Valve(kind=valve.kind, minor=minor, diameter=diameter, points=points)

    def _tank(self, tank: Tank) -> kernel.Tank:
        from otsim_kernels.plants.water_network import network as kernel

        length = self.units.length
        area = math.pi / 4.0 * (tank.diameter / length) ** 2
        levels = [tank.min_level, tank.max_level, tank.initial_level]
        low, high = (level / length for level in levels[:2])
        points = None
        if tank.volume_curve is not None:
            points = self._curve(tank.volume_curve, length, length**3)
        volumes = [tank_volume(self.given, self.units, tank, level) for level in levels]
        bottom = tank.elevation / length
        return kernel.Tank(
            bottom=bottom, min_head=bottom + low, max_head=bottom + high, min_volume=volumes[0],
            max_volume=volumes[1], area=area, points=points, overflows=tank.overflows,
            fills_up=fills_up(self.given, self.units, tank),
            first_volume=volumes[2],
        )  # fmt: skip

    def _first_links(self) -> dict[str, Any]:
        from otsim_kernels.plants.water_network.network import ACTIVE, CLOSED, OPEN

        status, setting, fixed = [], [], []
        for pipe in self.pipes[len(self.plain) :]:
            status.append(OPEN if pipe.is_open else CLOSED)
        for pump in self.pumps:
            status.append(OPEN if pump.is_open and pump.speed > 0.0 else CLOSED)
            setting.append(pump.speed if pump.is_open else 0.0)
        for valve in self.valves:
            works = OPEN if valve.kind == "GPV" else ACTIVE
            status.append({None: works, "OPEN": OPEN, "CLOSED": CLOSED}[valve.fixed])
            setting.append(valve.setting / setting_unit(valve, self.units))
            fixed.append(valve.fixed is not None)
        return {
            "n_plain": len(self.plain),
            "plain_closed": np.array([not pipe.is_open for pipe in self.plain], bool),
            "first_status": np.array(status, np.int32),
            "first_setting": np.array(setting, np.float64),
            "first_fixed": np.array(fixed, bool),
        }

    def _emitter(self, coefficient: float) -> float:
        options, n = self.given.options, 1.0 / self.given.options.emitter_exponent
        per_foot = METRES if options.is_metric else PSI * options.specific_gravity
        return float(self.units.flow**n / per_foot / coefficient**n)

    def _wants(self) -> dict[str, Any]:
        options = self.given.options
        rows = [
            row for row, one in enumerate(self.junctions) if any(d.base > 0 for d in one.demands)
        ]
        lowest = options.minimum_pressure / self.units.pressure
        return {
            "wants": np.array(rows if options.is_pressure_driven else [], np.int32),
            "min_pressure": lowest,
            "pressure_range": options.required_pressure / self.units.pressure - lowest,
            "pressure_power": 1.0 / options.pressure_exponent,
        }

    def _trials(self) -> kernel.Trials:
        from otsim_kernels.plants.water_network import network as kernel

        options = self.given.options
        extra = -1 if options.extra_trials is None else options.extra_trials
        return kernel.Trials(
            accuracy=options.accuracy, most=options.trials, extra=extra,
            check_every=options.check_every, max_check=options.max_check,
            damp_limit=options.damp_limit, head_error=options.head_error / self.units.length,
            flow_change=options.flow_change / self.units.flow,
        )  # fmt: skip

    def _clock(self) -> kernel.Clock:
        from otsim_kernels.plants.water_network import network as kernel

        times = self.given.times
        step = min(times.hydraulic_step, times.pattern_step, times.report_step)
        rule_step = times.rule_step or max(step // 10, 1)
        return kernel.Clock(
            duration=times.duration, hydraulic_step=step, pattern_step=times.pattern_step,
            pattern_start=times.pattern_start, report_step=times.report_step,
            rule_step=min(rule_step, step), start_clock=times.start_clock,
        )  # fmt: skip
