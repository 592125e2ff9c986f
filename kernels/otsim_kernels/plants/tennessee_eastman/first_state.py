"""The published base case ("mode 1", 50/50 G and H): the 50 states at time 0.

Source: Downs and Vogel (1993), as in the public program. lb-mol, million Btu, C, %.
"""

from __future__ import annotations

from otsim_kernels.draws import Array
from otsim_kernels.plants.tennessee_eastman.process import Process

REACTOR = (10.40491389, 4.363996017, 7.570059737, 0.4230042431, 24.15513437, 2.942597645,
           154.3770655, 159.1865960)  # fmt: skip
REACTOR_HEAT = 2.808522723
SEPARATOR = (63.75581199, 26.74026066, 46.38532432, 0.2464521543, 15.20484404, 1.852266172,
             52.44639459, 41.20394008)  # fmt: skip
SEPARATOR_HEAT = 0.5699317760
STRIPPER = (0.4306056376, 7.9906200783e-3, 0.9056036089, 1.6054258216e-2, 0.7509759687,
            8.8582855955e-2, 48.27726193, 39.38459028)  # fmt: skip
STRIPPER_HEAT = 0.3755297257
MIXING = (107.7562698, 29.77250546, 88.32481135, 23.03929507, 62.85848794, 5.546318688,
          11.92244772, 5.555448243)  # fmt: skip
MIXING_HEAT = 0.9218489762
REACTOR_WATER_C, CONDENSER_WATER_C = 94.59927549, 77.29698353
VALVES = (63.05263039, 53.97970677, 24.64355755, 61.30192144, 22.21000000, 40.06374673,
          38.10034370, 46.53415582, 47.44573456, 41.10581288, 18.11349055, 50.00000000)  # fmt: skip
FIRST_GUESS_C = (120.0, 80.0, 66.0, 86.0)  # reactor, separator, stripper, mixing zone


def first_process(zero: Array) -> Process:
    """Return the base case, shaped as `zero`."""
    return Process(
        reactor=tuple(zero + y for y in REACTOR),
        reactor_heat=zero + REACTOR_HEAT,
        separator=tuple(zero + y for y in SEPARATOR),
        separator_heat=zero + SEPARATOR_HEAT,
        stripper=tuple(zero + y for y in STRIPPER),
        stripper_heat=zero + STRIPPER_HEAT,
        mixing=tuple(zero + y for y in MIXING),
        mixing_heat=zero + MIXING_HEAT,
        reactor_water_c=zero + REACTOR_WATER_C,
        condenser_water_c=zero + CONDENSER_WATER_C,
        valves=tuple(zero + v for v in VALVES),
    )
