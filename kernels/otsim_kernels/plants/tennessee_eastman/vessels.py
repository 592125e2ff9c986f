"""Reactor, separator and stripper as vessels: the pressure of the gas above the liquid, and drains.

The published equations know no vessel that runs dry or fills up: there liquid would go on boiling
off below nothing, and the gas above it would be squeezed into no room. What is done about that, an
assumption of otsim, acts only on the far side of the trip limits and changes no value on this side.
"""

from __future__ import annotations

from dataclasses import dataclass

import jax.numpy as jnp

from otsim_kernels.draws import Array
from otsim_kernels.plants.tennessee_eastman import components as chem
from otsim_kernels.plants.tennessee_eastman.components import Mixture
from otsim_kernels.plants.tennessee_eastman.signals import (
    FT3_PER_M3,
    REACTOR_TRIP_M3,
    SEPARATOR_TRIP_M3,
    STRIPPER_TRIP_M3,
)

# Of nothing can more leave a vessel within a step of one second than is in it.
_STEPS_PER_HOUR = 3600.0
# Gas passes through a vessel that is nearly full, so that its pressure is set by the flow and
# hardly by the room that is left; with less room, steps of one second are too long for it.
LEAST_GAS_FRAC = 0.2


@dataclass(frozen=True, kw_only=True)
class Vessel:
    """A vessel's volume and its heel, which no pipe drains: half of where the low level trips."""

    volume_ft3: float
    heel_ft3: float


REACTOR = Vessel(volume_ft3=1300.0, heel_ft3=0.5 * REACTOR_TRIP_M3[0] * FT3_PER_M3)
SEPARATOR = Vessel(volume_ft3=3500.0, heel_ft3=0.5 * SEPARATOR_TRIP_M3[0] * FT3_PER_M3)
# The level span of the stripper's sump with the same margin above 100 % as below 0 %; the
# publication gives no volume (assumption).
STRIPPER = Vessel(volume_ft3=313.0, heel_ft3=0.5 * STRIPPER_TRIP_M3[0] * FT3_PER_M3)


def partial_pressures(
    vessel: Vessel, amounts: Mixture, *, temperature_c: Array, liquid_ft3: Array
) -> tuple[Mixture, Array]:
    """Return the pressures of A to H, mmHg, and that of D per amount of it, mmHg per lb-mol.

    Ideal gas for A to C. D to H count as liquid, which boils by Raoult's law; where a heel dries
    up they turn into an ideal gas, which is all there is in an empty vessel.
    """
    room_ft3 = jnp.maximum(vessel.volume_ft3 - liquid_ft3, LEAST_GAS_FRAC * vessel.volume_ft3)
    gas = chem.GAS_CONSTANT_MMHG * (temperature_c + chem.KELVIN) / room_ft3
    liquid = chem.total(amounts[3:])
    dry = 1.0 - jnp.clip(liquid_ft3 / vessel.heel_ft3, 0.0, 1.0)
    vapour = dry * dry / gas
    per_amount = tuple(
        pure / (liquid + vapour * pure)
        for pure in (chem.vapour_pressure(i, temperature_c) for i in range(3, 8))
    )
    boiled = tuple(p * amount for p, amount in zip(per_amount, amounts[3:], strict=True))
    return tuple(amount * gas for amount in amounts[:3]) + boiled, per_amount[0]


def drained(vessel: Vessel, liquid_ft3: Array) -> Array:
    """Return the share of its flow that a liquid outlet lets through: none down at the heel.

    All of it down to one and a half heels: at the tick of a low-level trip, which is a little
    beyond the limit, the published flow still holds.
    """
    return jnp.clip(2.0 * (liquid_ft3 / vessel.heel_ft3 - 1.0), 0.0, 1.0)


def most_gas_out(pressure_mmhg: Array, d_mmhg_per_mol: Array) -> Array:
    """Return the most gas that can leave a vessel, lb-mol/h: what takes all its D within a step.

    D boils off first. Up to the trips a step takes at most half of it (0.52 in 1,700 attacks); in a
    hot vessel that is nearly dry, it would take more than there is.
    """
    return _STEPS_PER_HOUR * pressure_mmhg / d_mmhg_per_mol
