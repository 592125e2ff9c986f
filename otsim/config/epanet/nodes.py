"""Junctions, reservoirs and tanks, with what other sections say of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace

from otsim.config.epanet.faults import Faults, shown
from otsim.config.epanet.fields import LARGEST, SMALLEST, Fields, as_number, is_word
from otsim.config.epanet.inp_lines import Line
from otsim.config.epanet.network import Demand, Junction, Node, Reservoir, Tank

__all__ = ["Nodes", "is_multiplier"]

_YES_OR_NO = {"YES": True, "NO": False}


@dataclass
class Nodes:
    """The nodes while the sections are read.

    Attributes:
        faults: keeps what is wrong.
        patterns: names of the patterns.
        curves: names of the curves.
        default_pattern: of demands that name none; None where there is no such pattern.
        found: nodes by name, in the order of the file.
        lines: where each is described.
        ignored: what is said of nodes that cannot have it.
    """

    faults: Faults
    patterns: Collection[str]
    curves: Collection[str]
    default_pattern: str | None
    found: dict[str, Node] = field(default_factory=dict)
    lines: dict[str, Line] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)
    _described_again: set[str] = field(default_factory=set)

    def read_junctions(self, lines: Iterable[Line]) -> None:
        """[JUNCTIONS]: name, elevation, demand, pattern."""
        for line in lines:
            fields = Fields(line, self.faults)
            elevation = fields.number(1, "elevation")
            demands = (self._demand(fields, 2),) if fields.has(2) else ()
            name = fields.name(0, "junction")
            self._keep(fields, Junction(name=name, elevation=elevation, demands=demands))

    def read_reservoirs_and_tanks(self, lines: Iterable[Line]) -> None:
        """[RESERVOIRS] and [TANKS]: EPANET tells one from the other by the number of fields."""
        for line in lines:
            fields = Fields(line, self.faults)
            self._keep(fields, self._reservoir(fields) if len(fields) <= 3 else self._tank(fields))

    def read_demands(self, lines: Iterable[Line]) -> None:
        """[DEMANDS]: the first of a junction replaces its own, more are added to it."""
        for line in lines:
            fields = Fields(line, self.faults)
            if is_multiplier(fields, self.found):
                continue  # an option, read with the others
            junction = self._junction(fields, "demand")
            demand = self._demand(fields, 1)
            if junction is not None:
                again = junction.name in self._described_again
                before = junction.demands if again else ()
                self._described_again.add(junction.name)
                self.found[junction.name] = replace(junction, demands=(*before, demand))

    def read_emitters(self, lines: Iterable[Line]) -> None:
        """[EMITTERS]: junction, coefficient."""
        for line in lines:
            fields = Fields(line, self.faults)
            coefficient = fields.number(1, "coefficient", low=0)
            junction = self._junction(fields, "emitter")
            if junction is not None:
                self.found[junction.name] = replace(junction, emitter=coefficient)

    def read_places(self, lines: Iterable[Line]) -> None:
        """[COORDINATES]: node, x, y; what is no place is passed over, as in EPANET."""
        for line in lines:
            fields = Fields(line, self.faults)
            x, y = as_number(fields.text(1)), as_number(fields.text(2))
            node = self.found.get(fields.text(0))
            if node is None or x is None or y is None or max(abs(x), abs(y)) > LARGEST:
                continue
            self.found[node.name] = replace(node, place=(x, y))

    def _keep(self, fields: Fields, node: Node) -> None:
        if node.name in self.found:
            first = self.lines[node.name].number
            again = f"node {shown(node.name)} is described again (first in line {first})"
            fields.fault(0, f"{again}; rename or remove one")
            return
        self.found[node.name] = node
        self.lines[node.name] = fields.line

    def _reservoir(self, fields: Fields) -> Reservoir:
        return Reservoir(
            name=fields.name(0, "reservoir"),
            head=fields.number(1, "head"),
            pattern=fields.known_or_none(2, "pattern", self.patterns),
        )

    def _tank(self, fields: Fields) -> Tank:
        n_faults = len(self.faults)
        tank = Tank(
            name=fields.name(0, "tank"),
            elevation=fields.number(1, "elevation"),
            initial_level=fields.number(2, "initial level", low=0),
            min_level=fields.number(3, "minimum level", low=0),
            max_level=fields.number(4, "maximum level", low=0),
            diameter=fields.number(5, "diameter", low=SMALLEST),
            min_volume=fields.number(6, "minimum volume", low=0, otherwise=0.0),
            volume_curve=fields.known_or_none(7, "curve", self.curves),
            overflows=fields.has(8) and fields.choice(8, _YES_OR_NO, "overflow", False),
        )
        if len(self.faults) == n_faults:
            _check_levels(fields, tank)
        return tank

    def _demand(self, fields: Fields, i: int) -> Demand:
        pattern = fields.known_or_none(i + 1, "pattern", self.patterns)
        return Demand(base=fields.number(i, "demand"), pattern=pattern or self.default_pattern)

    def _junction(self, fields: Fields, what: str) -> Junction | None:
        node = self.found.get(fields.known(0, "junction", self.found))
        if node is None or isinstance(node, Junction):
            return node
        place = f"[{fields.line.section}] line {fields.line.number}"
        self.ignored.append(f"{place}: {shown(node.name)} is no junction, its {what} is ignored.")
        return None


def _check_levels(fields: Fields, tank: Tank) -> None:
    low, high = tank.min_level, tank.max_level
    if low > high:
        fields.fault(3, f"minimum level {low:g} is above maximum level {high:g}; change one")
    elif not low <= tank.initial_level <= high:
        level = f"initial level {tank.initial_level:g} is not between minimum and maximum"
        fields.fault(2, f"{level}; write one from {low:g} to {high:g}")


def is_multiplier(fields: Fields, names: Collection[str]) -> bool:
    """Whether a line of [DEMANDS] multiplies all demands, an old way to give the option."""
    return is_word(fields.text(0), "MULTiply") and fields.text(0) not in names
