"""From names in a study to the kernel's plant: its table of functions and its taps."""

from otsim.plant.tables import plant_table
from otsim.plant.taps import ActionPoint, taps_of

__all__ = ["ActionPoint", "plant_table", "taps_of"]
