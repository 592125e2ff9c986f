"""The eight components A to H: their constants and the properties of their mixtures.

Source: Downs and Vogel, Computers & Chemical Engineering 17(3), 1993, 245-255, table 2, in the
units of the original program: lb-mol, lb, ft3, mmHg, degrees Celsius, million Btu, hours. Valid
for liquids between about 5 and 200 C: above 208 C the density polynomial of D reaches zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import jax.numpy as jnp

from otsim_kernels.draws import Array

Number = Array  # or a plain float, where nothing varies
Mixture = tuple[Array, ...]  # one value for each of A to H, in this order

MOLAR_MASS = (2.0, 25.4, 28.0, 32.0, 46.0, 48.0, 62.0, 76.0)  # lb/lb-mol
ANTOINE = (  # D to H: a, b, c of exp(a + b/(T + c)) mmHg
    (15.92, -1444.0, 259.0),
    (16.35, -2114.0, 265.5),
    (16.35, -2114.0, 265.5),
    (16.43, -2748.0, 232.9),
    (17.21, -3318.0, 249.6),
)
DENSITY = (  # lb/ft3 = d0 + d1*T + d2*T^2
    (1.0, 0.0, 0.0),
    (1.0, 0.0, 0.0),
    (1.0, 0.0, 0.0),
    (23.3, -0.0700, -0.0002),
    (33.9, -0.0957, -0.000152),
    (32.8, -0.0995, -0.000233),
    (49.9, -0.0191, -0.000425),
    (50.5, -0.0541, -0.000150),
)
LIQUID_HEAT = (  # million Btu/lb per 1.8 C, powers of T
    (1.0e-6, 0.0, 0.0),
    (1.0e-6, 0.0, 0.0),
    (1.0e-6, 0.0, 0.0),
    (0.960e-6, 8.70e-9, 4.81e-11),
    (0.573e-6, 2.41e-9, 1.82e-11),
    (0.652e-6, 2.18e-9, 1.94e-11),
    (0.515e-6, 5.65e-10, 3.82e-12),
    (0.471e-6, 8.70e-10, 2.62e-12),
)
VAPOUR_HEAT = (
    (3.411e-6, 7.18e-10, 6.0e-13),
    (0.3799e-6, 1.08e-9, -3.98e-13),
    (0.2491e-6, 1.36e-11, -3.93e-14),
    (0.3567e-6, 8.51e-10, -3.12e-13),
    (0.3463e-6, 8.96e-10, -3.27e-13),
    (0.3930e-6, 1.02e-9, -3.12e-13),
    (0.170e-6, 0.0, 0.0),
    (0.150e-6, 0.0, 0.0),
)
VAPORISATION = (1.0e-6, 1.0e-6, 1.0e-6, 86.7e-6, 160.0e-6, 160.0e-6, 225.0e-6, 209.0e-6)
GAS_CONSTANT_BTU = 3.57696e-6  # million Btu/(lb-mol K)
GAS_CONSTANT_MMHG = 998.9  # mmHg ft3/(lb-mol K)
KELVIN = 273.15


class Heat(NamedTuple):
    """Enthalpy of a mixture as a cubic in T: `at_zero + T*(c1 + T*(c2 + T*c3))`, f32[] each."""

    at_zero: Array | float
    c1: Array
    c2: Array
    c3: Array


def weighted_sum(weights: Sequence[float], values: Sequence[Array]) -> Array:
    """Sum weights[i]*values[i], leaving out zero weights."""
    terms = [w * v if w != 1.0 else v for w, v in zip(weights, values, strict=True) if w != 0.0]
    return total(terms)


def total(values: Sequence[Array]) -> Array:
    """Sum in the given order, so that every batch size rounds alike."""
    result = values[0]
    for value in values[1:]:
        result = result + value
    return result


def fractions(amounts: Mixture) -> tuple[Mixture, Array]:
    """Return mole fractions and the total of the amounts, lb-mol."""
    amount = total(amounts)
    per_amount = 1.0 / amount
    return tuple(a * per_amount for a in amounts), amount


def molar_mass(z: Mixture) -> Array:
    """Mean molar mass of a mixture, lb/lb-mol."""
    return weighted_sum(MOLAR_MASS, z)


def liquid_heat(z: Mixture) -> Heat:
    """Liquid enthalpy of amounts or mole fractions z of the last len(z) components."""
    rows, mass = LIQUID_HEAT[-len(z) :], MOLAR_MASS[-len(z) :]
    return Heat(0.0, *_cubic(rows, mass, z))


def vapour_heat(z: Mixture) -> Heat:
    """Vapour enthalpy of amounts or mole fractions z of A to H, heat of vaporisation included."""
    latent = [m * lam for m, lam in zip(MOLAR_MASS, VAPORISATION, strict=True)]
    return Heat(weighted_sum(latent, z), *_cubic(VAPOUR_HEAT, MOLAR_MASS, z))


def vapour_energy(amounts: Mixture, amount: Array) -> Heat:
    """Internal energy of vapour amounts: enthalpy less R*T."""
    heat = vapour_heat(amounts)
    return Heat(
        heat.at_zero - (GAS_CONSTANT_BTU * KELVIN) * amount,
        heat.c1 - GAS_CONSTANT_BTU * amount,
        heat.c2,
        heat.c3,
    )


def enthalpy(heat: Heat, temperature_c: Array) -> Array:
    """Evaluate an enthalpy at a temperature, million Btu per what `heat` was made of."""
    return heat.at_zero + temperature_c * (
        heat.c1 + temperature_c * (heat.c2 + temperature_c * heat.c3)
    )


def temperature_of(heat: Heat, energy: Array, guess_c: Array, iterations: int) -> Array:
    """Solve enthalpy(heat, T) = energy for T in C by Newton steps from a guess."""
    temperature_c = guess_c
    twice_c2, thrice_c3 = 2.0 * heat.c2, 3.0 * heat.c3
    for _ in range(iterations):
        slope = heat.c1 + temperature_c * (twice_c2 + temperature_c * thrice_c3)
        temperature_c = temperature_c - (enthalpy(heat, temperature_c) - energy) / slope
    return temperature_c


def liquid_volume(amounts: Mixture, temperature_c: Array) -> Array:
    """Volume of liquid amounts of the last len(amounts) components, ft3."""
    volumes = []
    offset = len(MOLAR_MASS) - len(amounts)
    for i, amount in enumerate(amounts, start=offset):
        d0, d1, d2 = DENSITY[i]
        mass = amount * MOLAR_MASS[i]
        volumes.append(
            mass if d1 == 0.0 else mass / (d0 + (d1 + d2 * temperature_c) * temperature_c)
        )
    return total(volumes)


def vapour_pressure(component: int, temperature_c: Array) -> Array:
    """Vapour pressure of component 3 (D) to 7 (H) by Antoine's equation, mmHg."""
    a, b, c = ANTOINE[component - 3]
    return jnp.exp(a + b / (temperature_c + c))


def _cubic(
    rows: Sequence[tuple[float, float, float]], mass: Sequence[float], z: Mixture
) -> tuple[Array, Array, Array]:
    weights = [
        [1.8 * m * row[power] / (power + 1) for row, m in zip(rows, mass, strict=True)]
        for power in range(3)
    ]
    first, second, third = (weighted_sum(w, z) for w in weights)
    return first, second, third
