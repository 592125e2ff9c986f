"""A study's water network -> what its kernel compiles: arrays, service, taps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from otsim.config.epanet import WaterNetwork, parse_network
from otsim.config.epanet.network import Demand, Junction, Valve
from otsim.config.study_plant import Plant
from otsim.config.study_water import Water
from otsim.config.water_points import OPERATORS, zones_of
from otsim.plant.taps import ActionPoint
from otsim.plant.water_network import Compiled, compile_network
from otsim.plant.water_telemetry import Telemetry, telemetry_of
from otsim.plant.water_units import METRES, setting_unit, units_of

if TYPE_CHECKING:
    from otsim_kernels.plants.water_network.damage import Service
    from otsim_kernels.plants.water_network.life import WaterPlant
    from otsim_kernels.plants.water_network.taps import Tap

__all__ = ["TapRow", "WaterModel", "water_model", "with_demand_model"]

Floats = npt.NDArray[np.float64]
REQUIRED_M, LOW_M = 20.0, 14.0  # of water; see `Water`


@dataclass(frozen=True, kw_only=True)
class TapRow:
    """A row of the kernel's schedule.

    Attributes:
        tap: the tap.
        action: number of the action that it belongs to; -1 for the response.
        begins: with the action, or at its end.
        internal: turns the action's values into the tap's units.
    """

    tap: Tap
    action: int
    begins: Literal["start", "stop"] = "start"
    internal: Callable[[Floats], Floats] = lambda values: values


@dataclass(frozen=True, kw_only=True, eq=False)
class WaterModel:
    """A network ready to be lived in.

    Attributes:
        compiled: the network, and where its names stand.
        telemetry: who reads what.
        plant: for the kernel.
        rows: the schedule's rows, as `plant.taps`.
        zones: names, in the order of the tally's.
    """

    compiled: Compiled
    telemetry: Telemetry
    plant: WaterPlant
    rows: tuple[TapRow, ...]
    zones: tuple[str, ...]


def water_model(
    plant: Plant, actions: Sequence[ActionPoint], *, watched: bool, restores: bool
) -> WaterModel:
    """Compile a study's network.

    Args:
        plant: the study's block.
        actions: what may be done to it.
        watched: whether operators act on alarms.
        restores: whether a response puts all links back.
    """
    from otsim_kernels.plants.water_network.life import WaterPlant
    from otsim_kernels.plants.water_network.taps import Tap

    water = plant.water or Water()
    given = with_demand_model(parse_network(plant.inp or "", "plant.inp"), water)
    telemetry = telemetry_of(given, water, watched=watched)
    touched = [action.target.partition(".")[2] for action in actions]
    compiled = compile_network(given, [name for name in touched if name in given.links], telemetry)
    taps = _Taps(compiled, telemetry)
    rows = [row for i, action in enumerate(actions) for row in taps.rows_of(i, action)]
    if restores:
        rows.append(TapRow(tap=Tap(kind="release", index=-1), action=-1))
    service = _service(compiled, water)
    return WaterModel(
        compiled=compiled, telemetry=telemetry, rows=tuple(rows),
        plant=WaterPlant(
            network=compiled.network, service=service, taps=tuple(row.tap for row in rows)
        ),
        zones=tuple(zones_of(given, water)),
    )  # fmt: skip


def with_demand_model(given: WaterNetwork, water: Water) -> WaterNetwork:
    """Return a file's network with the demand model that a study asks for."""
    if water.demand_model == "file":
        return given
    unit = units_of(given.options).pressure
    required = REQUIRED_M / METRES * unit
    options = replace(
        given.options, is_pressure_driven=True, minimum_pressure=0.0, pressure_exponent=0.5,
        required_pressure=water.required_pressure or required,
        # what attacks do to a network is harder to solve than what its file was made for
        trials=max(given.options.trials, 200), damp_limit=given.options.damp_limit or 0.01,
    )  # fmt: skip
    return replace(given, options=options)


def _service(compiled: Compiled, water: Water) -> Service:
    from otsim_kernels.plants.water_network.damage import Service

    given, units = compiled.given, compiled.units
    junctions = [node for node in given.nodes.values() if isinstance(node, Junction)]
    zones = zones_of(given, water)
    zone_of = {name: i for i, members in enumerate(zones.values()) for name in members}
    mean = np.array([sum(_mean_demand(given, one) for one in node.demands) for node in junctions])
    share = mean / mean.sum() if mean.sum() > 0.0 else mean
    efficiency = water.pump_efficiency
    return Service(
        required_head=_head(water.required_pressure, REQUIRED_M, units.pressure),
        low_head=_head(water.low_pressure, LOW_M, units.pressure),
        efficiency=given.pump_efficiency / 100.0 if efficiency is None else efficiency,
        customers=water.customers * share,
        zone=np.array([zone_of[node.name] for node in junctions], np.int32),
        n_zones=len(zones),
    )


def _mean_demand(given: WaterNetwork, demand: Demand) -> float:
    pattern = (1.0,) if demand.pattern is None else given.patterns[demand.pattern]
    return max(demand.base * sum(pattern) / len(pattern), 0.0)


def _head(pressure: float | None, metres: float, unit: float) -> float:
    return metres / METRES if pressure is None else pressure / unit


@dataclass(frozen=True)
class _Taps:
    """Turns actions by name into rows of the schedule."""

    compiled: Compiled
    telemetry: Telemetry

    @property
    def given(self) -> WaterNetwork:
        return self.compiled.given

    def rows_of(self, number: int, action: ActionPoint) -> Iterator[TapRow]:
        """Yield the rows of one action, by what its target is."""
        from otsim_kernels.plants.water_network.taps import Tap

        kind, _, of = action.target.partition(".")
        if action.target == "ALARMS":
            yield TapRow(tap=Tap(kind="mute"), action=number)
        elif kind == "level":
            yield from self._on_readings(number, action, of)
        elif kind == "threshold":
            yield self._on_control(number, int(of) - 1)
        elif kind == "demand":
            pattern = list(self.given.patterns).index(of)
            yield TapRow(tap=Tap(kind="demand", index=pattern), action=number)
        elif kind in ("status", "speed", "setting"):
            yield from self._on_link(number, action, of)
        else:
            yield from self._on_communication(number, action.target)

    def _on_readings(self, number: int, action: ActionPoint, tank: str) -> Iterator[TapRow]:
        for row, line in enumerate(self.telemetry.lines):
            view = "operator" if line.reader == OPERATORS else "controller"
            if line.tank == tank and view in action.views:
                yield self._reading(number, action.kind, row)

    def _reading(self, number: int, kind: str, row: int) -> TapRow:
        from otsim_kernels.plants.water_network.taps import Tap

        kinds = {"dos": "hold", "override": "constant"}
        named: Any = kinds.get(kind, kind)
        in_feet = kind in ("bias", "ramp", "override")
        return TapRow(
            tap=Tap(kind=named, index=row), action=number,
            internal=_divided_by(self.compiled.units.length if in_feet else 1.0),
        )  # fmt: skip

    def _on_communication(self, number: int, link: str) -> Iterator[TapRow]:
        for row, line in enumerate(self.telemetry.lines):
            if line.over == link:
                yield self._reading(number, "hold", row)

    def _on_control(self, number: int, control: int) -> TapRow:
        from otsim_kernels.plants.water_network.taps import Tap

        def internal(levels: Floats) -> Floats:
            return np.array([self.compiled.control_value(control, float(one)) for one in levels])

        return TapRow(tap=Tap(kind="threshold", index=control), action=number, internal=internal)

    def _on_link(self, number: int, action: ActionPoint, name: str) -> Iterator[TapRow]:
        from otsim_kernels.plants.water_network.taps import Tap

        k, link = self.compiled.link[name], self.given.links[name]
        if action.kind in ("hold", "dos"):
            yield TapRow(tap=Tap(kind="keep", index=k), action=number)
            return
        if action.target.startswith("status"):
            yield TapRow(tap=Tap(kind="status", index=k), action=number)
            yield TapRow(tap=Tap(kind="release", index=k), action=number, begins="stop")
            return
        unit = setting_unit(link, self.compiled.units) if isinstance(link, Valve) else 1.0
        yield TapRow(tap=Tap(kind="setting", index=k), action=number, internal=_divided_by(unit))


def _divided_by(unit: float) -> Callable[[Floats], Floats]:
    return lambda values: values / unit
