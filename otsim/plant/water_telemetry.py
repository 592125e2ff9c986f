"""Who reads which level of a water network: the rows of the kernel's readings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from otsim.config.epanet.network import WaterNetwork
from otsim.config.study_water import AlarmLimits, Water
from otsim.config.water_points import OPERATORS, ReadingLine, reading_lines
from otsim.plant.water_units import tank_volume, units_of

__all__ = ["Telemetry", "plain_telemetry", "telemetry_of"]


@dataclass(frozen=True, kw_only=True)
class Telemetry:
    """The readings of a network.

    Attributes:
        tanks: the tank of each row, by its place among the tanks.
        row_of: row by the names of the tank and of the link that is operated on it.
        lines: what each row is; none where all controllers share one line a tank.
        alarms: volumes at which operators hear an alarm, low and high, ft3, by row.
    """

    tanks: tuple[int, ...]
    row_of: Mapping[tuple[str, str], int]
    lines: tuple[ReadingLine, ...] = ()
    alarms: Mapping[int, tuple[float, float]] = field(default_factory=dict)


def plain_telemetry(network: WaterNetwork) -> Telemetry:
    """Return one reading a tank, which all controllers share and no operator watches."""
    places = _places(network)
    links = tuple(network.links)
    return Telemetry(
        tanks=tuple(places.values()),
        row_of={(tank, link): row for tank, row in places.items() for link in links},
    )


def telemetry_of(network: WaterNetwork, water: Water, *, watched: bool) -> Telemetry:
    """Return the readings of a study.

    Args:
        network: as read.
        water: who controls it.
        watched: whether operators act on alarms; else none is raised.
    """
    places, lines = _places(network), reading_lines(network, water)
    shown = [row for row, line in enumerate(lines) if line.reader == OPERATORS and watched]
    return Telemetry(
        tanks=tuple(places[line.tank] for line in lines),
        row_of={
            (line.tank, link): row for row, line in enumerate(lines) for link in line.links
        },
        lines=lines,
        alarms={row: _volumes(network, lines, row, water.alarms) for row in shown},
    )  # fmt: skip


def _places(network: WaterNetwork) -> dict[str, int]:
    return {tank.name: place for place, tank in enumerate(network.tanks)}


def _volumes(
    network: WaterNetwork, lines: Sequence[ReadingLine], row: int, limits: Mapping[str, AlarmLimits]
) -> tuple[float, float]:
    [tank] = [one for one in network.tanks if one.name == lines[row].tank]
    given, units = limits.get(tank.name, AlarmLimits()), units_of(network.options)
    low = tank.min_level if given.low is None else given.low
    high = tank.max_level if given.high is None else given.high
    return tank_volume(network, units, tank, low), tank_volume(network, units, tank, high)
