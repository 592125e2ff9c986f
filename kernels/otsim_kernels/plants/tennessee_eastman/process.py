"""The process: its 50 states, and what acts on it from outside.

Equations: Downs and Vogel (1993) as realised by the public program of Russell, Chiang and Braatz.
Units are those of the program: lb-mol, million Btu, ft3, mmHg, degrees Celsius, hours.
"""

from __future__ import annotations

from dataclasses import dataclass

import jax

from otsim_kernels.draws import Array
from otsim_kernels.plants.tennessee_eastman.components import Mixture, Number


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Process:
    """The 50 states in the order of the publication; every leaf is f32[].

    For D to H, reactor and separator hold the liquid amounts, for A to C the vapour amounts.
    """

    reactor: Mixture  # lb-mol
    reactor_heat: Array  # million Btu, of the liquid
    separator: Mixture
    separator_heat: Array
    stripper: Mixture
    stripper_heat: Array
    mixing: Mixture
    mixing_heat: Array
    reactor_water_c: Array
    condenser_water_c: Array
    valves: tuple[Array, ...]  # 12 positions, %


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What disturbances act on; every leaf is f32[], or a plain number where nothing acts."""

    feed4: tuple[Number, Number, Number]  # mole fractions of A, B, C
    feed1_c: Number
    feed4_c: Number
    reactor_water_inlet_c: Number
    condenser_water_inlet_c: Number
    kinetics: tuple[Number, Number]  # factors on reactions 1 and 2
    feed3_flow: Number  # factors on flows
    feed4_flow: Number
    steam_fouling: Number  # added share of steam heat transfer
    reactor_fouling: Number  # pulses, 0 to 1
    condenser_fouling: Number
    effluent_fouling: Number
