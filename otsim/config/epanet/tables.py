"""[CURVES] and [PATTERNS]: numbers under a name."""

from __future__ import annotations

from collections.abc import Iterable

from otsim.config.epanet.faults import Faults
from otsim.config.epanet.fields import Fields
from otsim.config.epanet.inp_lines import Line
from otsim.config.epanet.network import Curve

__all__ = ["read_curves", "read_patterns"]


def read_patterns(lines: Iterable[Line], faults: Faults) -> dict[str, tuple[float, ...]]:
    """Read multipliers; a pattern goes on in later lines that begin with its name."""
    found: dict[str, list[float]] = {}
    for line in lines:
        fields = Fields(line, faults)
        multipliers = found.setdefault(fields.name(0, "pattern"), [])
        multipliers += (fields.number(i, "multiplier") for i in range(1, max(2, len(fields))))
    return {name: tuple(multipliers) for name, multipliers in found.items()}


def read_curves(lines: Iterable[Line], faults: Faults) -> dict[str, Curve]:
    """Read points, one a line, along each curve from left to right."""
    found: dict[str, list[tuple[float, float]]] = {}
    for line in lines:
        fields = Fields(line, faults)
        points = found.setdefault(fields.name(0, "curve"), [])
        x, y = fields.number(1, "x of the curve"), fields.number(2, "y of the curve")
        if points and x <= points[-1][0]:
            before = f"x of the curve is {x:g} after {points[-1][0]:g}"
            fields.fault(1, f"{before}; it must rise from point to point")
        points.append((x, y))
    return {name: tuple(points) for name, points in found.items()}
