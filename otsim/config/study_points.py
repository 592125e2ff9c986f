"""What a study may name on its own plant."""

from __future__ import annotations

from functools import lru_cache

from otsim.config.plant_points import PLANT_POINTS, WATER_NETWORK, PlantPoints
from otsim.config.study_plant import Plant
from otsim.config.study_water import Water

__all__ = ["points_of"]


def points_of(plant: Plant) -> PlantPoints:
    """Return what a study may name on its plant.

    Raises:
        KeyError: there is no such plant.
        ConfigError: its network cannot be read.
    """
    if plant.model != WATER_NETWORK:
        return PLANT_POINTS[plant.model]
    return _water_points(plant.inp or "", plant.water.model_dump_json() if plant.water else "{}")


@lru_cache(maxsize=8)
def _water_points(inp: str, water: str) -> PlantPoints:
    from otsim.config.epanet import parse_network
    from otsim.config.water_points import water_points

    return water_points(parse_network(inp, "plant.inp"), Water.model_validate_json(water))
