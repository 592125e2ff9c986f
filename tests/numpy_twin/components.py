"""Physical properties of the components A to H of the Tennessee Eastman process.

Numbers: Downs and Vogel (1993), in the units of their program: lb-mol, ft3, million Btu, mmHg, C.
Arrays of eight run over the components A B C D E F G H.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

KELVIN = 273.15
GAS_ENERGY = 3.57696e-6  # gas constant, million Btu / (lb-mol K)

MASS = np.array([2.0, 25.4, 28.0, 32.0, 46.0, 48.0, 62.0, 76.0])  # lb / lb-mol

# vapour pressure of D to H: exp(a + b / (T + c)), mmHg
ANTOINE_A = np.array([15.92, 16.35, 16.35, 16.43, 17.21])
ANTOINE_B = np.array([-1444.0, -2114.0, -2114.0, -2748.0, -3318.0])
ANTOINE_C = np.array([259.0, 265.5, 265.5, 232.9, 249.6])

# liquid density d0 + d1 T + d2 T^2, lb / ft3
DENSITY_0 = np.array([1.0, 1.0, 1.0, 23.3, 33.9, 32.8, 49.9, 50.5])
DENSITY_1 = np.array([0.0, 0.0, 0.0, -0.0700, -0.0957, -0.0995, -0.0191, -0.0541])
DENSITY_2 = np.array([0.0, 0.0, 0.0, -0.0002, -0.000152, -0.000233, -0.000425, -0.000150])

# heat capacities per mass, h0 + h1 T + h2 T^2, and the heat of vaporisation
LIQUID_0 = np.array([1.0, 1.0, 1.0, 0.960, 0.573, 0.652, 0.515, 0.471]) * 1e-6
LIQUID_1 = np.array([0.0, 0.0, 0.0, 8.70e-9, 2.41e-9, 2.18e-9, 5.65e-10, 8.70e-10])
LIQUID_2 = np.array([0.0, 0.0, 0.0, 4.81e-11, 1.82e-11, 1.94e-11, 3.82e-12, 2.62e-12])
VAPOUR_0 = np.array([3.411, 0.3799, 0.2491, 0.3567, 0.3463, 0.3930, 0.170, 0.150]) * 1e-6
VAPOUR_1 = np.array([7.18e-10, 1.08e-9, 1.36e-11, 8.51e-10, 8.96e-10, 1.02e-9, 0.0, 0.0])
VAPOUR_2 = np.array([6.0e-13, -3.98e-13, -3.93e-14, -3.12e-13, -3.27e-13, -3.12e-13, 0.0, 0.0])
EVAPORATION = np.array([1.0, 1.0, 1.0, 86.7, 160.0, 160.0, 225.0, 209.0]) * 1e-6


def liquid_enthalpy(x: Array, temperature_c: float) -> float:
    """Molar enthalpy of a liquid with mole fractions `x`, million Btu / lb-mol."""
    t = temperature_c
    per_mass = 1.8 * t * (LIQUID_0 + LIQUID_1 * t / 2.0 + LIQUID_2 * t**2 / 3.0)
    return float(np.dot(x * MASS, per_mass))


def vapour_enthalpy(x: Array, temperature_c: float) -> float:
    """Molar enthalpy of a vapour with mole fractions `x`, million Btu / lb-mol."""
    t = temperature_c
    per_mass = 1.8 * t * (VAPOUR_0 + VAPOUR_1 * t / 2.0 + VAPOUR_2 * t**2 / 3.0) + EVAPORATION
    return float(np.dot(x * MASS, per_mass))


def liquid_temperature(x: Array, enthalpy: float, guess_c: float) -> float:
    """Invert `liquid_enthalpy` by Newton's method; returns C."""
    weights = x * MASS

    def slope(t: float) -> float:
        return float(np.dot(weights, 1.8 * (LIQUID_0 + LIQUID_1 * t + LIQUID_2 * t**2)))

    t = guess_c
    for _ in range(100):
        step = (liquid_enthalpy(x, t) - enthalpy) / slope(t)
        t -= step
        if abs(step) < 1e-12:
            break
    return t


def vapour_temperature(x: Array, energy: float, guess_c: float) -> float:
    """Temperature of a vapour from its molar internal energy, by Newton's method; returns C."""
    weights = x * MASS
    t = guess_c
    for _ in range(100):
        excess = vapour_enthalpy(x, t) - GAS_ENERGY * (t + KELVIN) - energy
        heat = 1.8 * (VAPOUR_0 + VAPOUR_1 * t + VAPOUR_2 * t**2)
        step = excess / (float(np.dot(weights, heat)) - GAS_ENERGY)
        t -= step
        if abs(step) < 1e-12:
            break
    return t


def molar_density(x: Array, temperature_c: float) -> float:
    """Molar density of a liquid with mole fractions `x`, lb-mol / ft3."""
    t = temperature_c
    return 1.0 / float(np.sum(x * MASS / (DENSITY_0 + (DENSITY_1 + DENSITY_2 * t) * t)))


def vapour_pressures(temperature_c: float) -> Array:
    """Vapour pressures of D to H, mmHg, f64[5]."""
    return np.exp(ANTOINE_A + ANTOINE_B / (temperature_c + ANTOINE_C))
