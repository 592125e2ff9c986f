"""Units of EPANET files, and what settings, levels and pressures are in feet.

Conversion factors are those that EPANET uses, not exact ones, so that results agree to many digits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from otsim.config.epanet.network import Junction, Link, Options, Tank, Valve, WaterNetwork
from otsim.errors import ModelError

__all__ = [
    "METRES", "PSI", "Units",
    "control_value", "fills_up", "setting_unit", "tank_volume", "units_of",
]  # fmt: skip

_FLOW = {
    "CFS": 1.0, "GPM": 448.831, "MGD": 0.64632, "IMGD": 0.5382, "AFD": 1.9837, "LPS": 28.317,
    "LPM": 1699.0, "MLD": 2.4466, "CMH": 101.94, "CMD": 2446.6, "CMS": 0.028317,
}  # fmt: skip
METRES, PSI, _KPA, _KILOWATTS = 0.3048, 0.4333, 6.895, 0.7457
_TINY = 1e-6  # a segment of a curve below it is a step


@dataclass(frozen=True, kw_only=True)
class Units:
    """What internal numbers are multiplied by to be those of the file.

    Attributes:
        length: of ft; diameter: of ft; flow: of cfs; pressure: of ft of water; power: of hp.
    """

    length: float
    diameter: float
    flow: float
    pressure: float
    power: float


def units_of(options: Options) -> Units:
    """Return the factors of a file's units."""
    metric, gravity = options.is_metric, options.specific_gravity
    unit = options.pressure_unit or ("METERS" if metric else "PSI")
    pressure = {"METERS": METRES, "PSI": PSI * gravity, "KPA": _KPA * PSI * gravity}[unit]
    return Units(
        length=METRES if metric else 1.0,
        diameter=1000.0 * METRES if metric else 12.0,
        flow=_FLOW[options.flow_units],
        pressure=pressure,
        power=_KILOWATTS if metric else 1.0,
    )


def setting_unit(link: Link, units: Units) -> float:
    """Return what an internal setting is multiplied by to be that of the file."""
    if not isinstance(link, Valve):
        return 1.0
    if link.kind in ("PRV", "PSV", "PBV"):
        return units.pressure
    return units.flow if link.kind == "FCV" else 1.0


def control_value(given: WaterNetwork, units: Units, name: str | None, value: float) -> float:
    """Return the volume at a tank's level, ft3, or the head at a junction's pressure, ft."""
    node = given.nodes[name] if name is not None else None
    if isinstance(node, Tank):
        return tank_volume(given, units, node, value)
    if isinstance(node, Junction):
        return node.elevation / units.length + value / units.pressure
    raise ModelError(f"a control looks at {name}, which is no tank or junction")


def tank_volume(given: WaterNetwork, units: Units, tank: Tank, level: float) -> float:
    """Return the volume of a tank at a level of the file, ft3."""
    if tank.volume_curve is not None:
        levels, volumes = np.array(given.curves[tank.volume_curve], np.float64).T
        return float(np.interp(level, levels, volumes)) / units.length**3
    area = math.pi / 4.0 * (tank.diameter / units.length) ** 2
    least = tank.min_volume / units.length**3 or area * tank.min_level / units.length
    return least + area * (level - tank.min_level) / units.length


def fills_up(given: WaterNetwork, units: Units, tank: Tank) -> bool:
    """Return whether a tank at its largest volume has its largest head, in float64.

    EPANET closes the links that fill a tank once its head is not below the largest. Where the head
    at the largest volume falls short by a rounding, which happens to some tank in twenty, it never
    does. So the operations here are in its order and its units.
    """
    length, cube = units.length, (units.length * units.length) * units.length
    bottom = tank.elevation / length
    largest = bottom + tank.max_level / length
    if tank.volume_curve is not None:
        levels, volumes = np.array(given.curves[tank.volume_curve], np.float64).T.tolist()
        volume = _on_curve(levels, volumes, tank.max_level) / cube
        return bottom + _on_curve(volumes, levels, volume * cube) / length >= largest
    base = math.pi * (tank.diameter * tank.diameter) / 4.0
    least = tank.min_volume or base * tank.min_level
    most = least + base * (tank.max_level - tank.min_level)
    across = tank.diameter / length
    height = (most / cube - least / cube) / (math.pi * (across * across) / 4.0)
    return bottom + tank.min_level / length + height >= largest


def _on_curve(x: list[float], y: list[float], at: float) -> float:
    """Interpolate backwards from the end of a segment, as EPANET does; held beyond the ends."""
    if at <= x[0]:
        return y[0]
    for k in range(1, len(x)):
        if x[k] >= at:
            width = x[k] - x[k - 1]
            return y[k] - (x[k] - at) * (y[k] - y[k - 1]) / width if abs(width) >= _TINY else y[k]
    return y[-1]
