"""The points of each plant against which a study is checked; readable without jax."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from otsim_kernels.plants.tennessee_eastman import signals as tennessee_eastman
from otsim_kernels.signals import DamageColumn, Link, Signal

__all__ = ["PLANT_POINTS", "PlantPoints"]


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
    """

    title: str
    signals: tuple[Signal, ...]
    links: tuple[Link, ...]
    damage_columns: tuple[DamageColumn, ...]
    disturbances: tuple[int, ...]
    rupture_signals: dict[str, str]

    @cached_property
    def by_name(self) -> dict[str, Signal]:
        """The signals by name."""
        return {signal.name: signal for signal in self.signals}


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
