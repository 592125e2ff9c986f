"""The points of each plant against which a study is checked; readable without jax."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from otsim_kernels.plants.tennessee_eastman import signals as tennessee_eastman
from otsim_kernels.signals import DamageColumn, Link, Signal

__all__ = ["PLANT_POINTS", "WATER_NETWORK", "PlantPoints", "column_of"]

WATER_NETWORK = "water_network"
_NUMBERED = re.compile(r"([A-Z]+)(\d+)")
_ANALOGUE = ("measurement", "command")
_FITS_PROCESS: dict[str, tuple[str, ...]] = {
    "bias": _ANALOGUE,
    "scale": _ANALOGUE,
    "override": _ANALOGUE,
    "ramp": _ANALOGUE,
    "hold": _ANALOGUE,
    "rate_limit": _ANALOGUE,
    "replay": ("measurement",),
    "setpoint": ("setpoint",),
    "gain": ("loop",),
    "dos": (*_ANALOGUE, "link"),
    "alarm_suppression": ("alarm",),
    "safety_bypass": ("trip",),
}


@dataclass(frozen=True, kw_only=True)
class PlantPoints:
    """What a study may name on a plant.

    Attributes:
        title: the plant in words.
        signals: every point that can be read or touched.
        links: communication links that can be cut.
        damage_columns: physical outcomes of a twin, which fragilities refer to.
        disturbances: numbers of the plant's own disturbances.
        rupture_signals: vessels that may rupture, with the signal of their pressure.
        family: `process` for one that trips and is shut down, `network` for one that goes on.
        fits: kind of action to the kinds of points that it fits.
    """

    title: str
    signals: tuple[Signal, ...]
    links: tuple[Link, ...]
    damage_columns: tuple[DamageColumn, ...]
    disturbances: tuple[int, ...] = ()
    rupture_signals: Mapping[str, str] = field(default_factory=dict)
    family: Literal["process", "network"] = "process"
    fits: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: _FITS_PROCESS)

    @cached_property
    def by_name(self) -> dict[str, Signal]:
        """The signals by name."""
        return {signal.name: signal for signal in self.signals}

    @cached_property
    def by_column(self) -> dict[str, Signal]:
        """The signals by the name of their column in records: `xmeas_9` for XMEAS9."""
        return {column_of(signal): signal for signal in self.signals}

    @cached_property
    def units(self) -> dict[str, str]:
        """The units of all that a fragility may refer to, by name."""
        units = {column.name: column.unit for column in self.damage_columns}
        return units | {signal.name: signal.unit for signal in self.signals}


def column_of(signal: Signal) -> str:
    """Return the name of a signal's column in records."""
    numbered = _NUMBERED.fullmatch(signal.name)
    return f"{numbered[1].lower()}_{numbered[2]}" if numbered else signal.name


PLANT_POINTS: dict[str, PlantPoints] = {
    "tennessee_eastman": PlantPoints(
        title="Tennessee Eastman process: reactor, separator, stripper (Downs and Vogel, 1993)",
        signals=tennessee_eastman.SIGNALS,
        links=tennessee_eastman.LINKS,
        damage_columns=tennessee_eastman.DAMAGE_COLUMNS,
        disturbances=tuple(range(1, 21)),
        rupture_signals={"reactor": "XMEAS7"},
    ),
}
"""The plants whose points are always the same; those of a water network come from its file."""
