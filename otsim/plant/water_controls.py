"""Controls and rules of a water network -> rows and internal units."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from otsim.config.epanet.network import (
    Action,
    Control,
    Pipe,
    Premise,
    Pump,
    Reservoir,
    Rule,
    Valve,
    WaterNetwork,
)
from otsim.plant.water_units import Units, control_value, setting_unit

if TYPE_CHECKING:
    from otsim_kernels.plants.water_network import network as kernel

__all__ = ["ControlCompiler"]


@dataclass(frozen=True, kw_only=True)
class ControlCompiler:
    """Compiles controls and rules.

    Attributes:
        given: the network; units: of its file.
        node, link: rows by name; junctions come first.
        n_junctions: how many.
        readings: row of the reading by tank and by the link that is operated on it.
    """

    given: WaterNetwork
    units: Units
    node: dict[str, int]
    link: dict[str, int]
    n_junctions: int
    readings: Mapping[tuple[str, str], int]

    def control(self, control: Control) -> kernel.Control:
        """Compile a simple control."""
        from otsim_kernels.plants.water_network import network as kernel

        link = self.given.links[control.link]
        status, setting = self._order(link, control.status, control.setting)
        node, value = -1, control.value
        if control.node is not None:
            node = self.node[control.node]
            value = control_value(self.given, self.units, control.node, control.value)
        return kernel.Control(
            link=self.link[link.name], status=status, setting=setting, when=control.when,
            node=node, value=value,
            # EPANET 2.3 lets controls on a junction's pressure act though the file disables them
            enabled=control.is_enabled or 0 <= node < self.n_junctions,
            reading=self.readings.get((control.node or "", control.link), -1),
        )  # fmt: skip

    def _order(
        self, link: Pipe | Pump | Valve, status: str | None, setting: float | None
    ) -> tuple[int, float]:
        """Return the status code and setting of an order; nan for a valve that is fixed."""
        from otsim_kernels.plants.water_network.network import ACTIVE, CLOSED, OPEN

        code = CLOSED if status == "CLOSED" else OPEN
        if isinstance(link, Pipe):
            return (CLOSED if setting == 0.0 else OPEN) if status is None else code, 0.0
        if isinstance(link, Pump):
            speed = setting if setting is not None else float(code == OPEN)
            return OPEN if speed > 0.0 else CLOSED, speed
        if setting is None:
            return code, 0.0 if link.kind == "GPV" else math.nan
        return ACTIVE, setting / setting_unit(link, self.units)

    def rule(self, rule: Rule) -> kernel.Rule:
        """Compile a rule."""
        from otsim_kernels.plants.water_network import network as kernel

        (operated, *_) = (action.link for action in (*rule.then, *rule.otherwise))
        return kernel.Rule(
            premises=tuple(self._premise(premise, operated) for premise in rule.premises),
            then=self._actions(rule.then),
            otherwise=self._actions(rule.otherwise),
            priority=rule.priority,
        )

    def _actions(self, actions: Sequence[Action]) -> tuple[kernel.RuleAction, ...]:
        from otsim_kernels.plants.water_network import network as kernel
        from otsim_kernels.plants.water_network.network import CLOSED, OPEN

        found = []
        for action in actions:
            link, setting = self.given.links[action.link], math.nan
            status = CLOSED if action.status == "CLOSED" else OPEN
            if action.setting is not None and isinstance(link, Pipe):
                status = CLOSED if action.setting == 0.0 else OPEN
            elif action.setting is not None:
                setting = action.setting / setting_unit(link, self.units)
            found.append(
                kernel.RuleAction(link=self.link[link.name], status=status, setting=setting)
            )
        return tuple(found)

    def _premise(self, premise: Premise, operated: str) -> kernel.Premise:
        from otsim_kernels.plants.water_network import network as kernel
        from otsim_kernels.plants.water_network.network import ACTIVE, CLOSED, OPEN

        codes = {"OPEN": OPEN, "CLOSED": CLOSED, "ACTIVE": ACTIVE}
        value = codes[premise.value] if isinstance(premise.value, str) else premise.value
        factor, offset, row, attribute = 1.0, 0.0, -1, premise.attribute
        if premise.kind == "link" and premise.name is not None:
            row = self.link[premise.name]
            factor = self.units.flow
            if attribute == "SETTING":
                factor = setting_unit(self.given.links[premise.name], self.units)
        elif premise.kind == "node" and premise.name is not None:
            row = self.node[premise.name]
            factor = {
                "DEMAND": self.units.flow, "PRESSURE": self.units.pressure,
                "FILLTIME": 1.0, "DRAINTIME": 1.0,
            }.get(attribute, self.units.length)  # fmt: skip
            offset = self._elevation(premise.name) if attribute in ("PRESSURE", "LEVEL") else 0.0
            if attribute in ("FILLTIME", "DRAINTIME"):
                value = 3600.0 * float(value)
        elif attribute == "DEMAND":
            factor = self.units.flow
        return kernel.Premise(
            joined_by=premise.joined_by, kind=premise.kind, row=row, attribute=attribute,
            relation=premise.relation, value=float(value), factor=factor, offset=offset,
            reading=self.readings.get((premise.name or "", operated), -1),
        )  # fmt: skip

    def _elevation(self, name: str) -> float:
        node = self.given.nodes[name]
        return (node.head if isinstance(node, Reservoir) else node.elevation) / self.units.length
