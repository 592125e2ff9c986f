"""The process of the Tennessee Eastman plant for the compiled twin: scalar loops, float64.

Equations: Downs and Vogel (1993), as realised by the public program of Russell, Chiang and Braatz.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

Array = npt.NDArray[np.float64]
# no checks for division by zero, which would keep loops from being vectorised; strict arithmetic
compiled = njit(error_model="numpy", fastmath=False)
inlined = njit(error_model="numpy", fastmath=False, inline="always")  # called in one place

# fmt: off
FIRST_STATE = np.array([
    10.40491389, 4.363996017, 7.570059737, 0.4230042431, 24.15513437, 2.942597645, 154.3770655,
    159.1865960, 2.808522723, 63.75581199, 26.74026066, 46.38532432, 0.2464521543, 15.20484404,
    1.852266172, 52.44639459, 41.20394008, 0.5699317760, 0.4306056376, 7.9906200783e-3,
    0.9056036089, 1.6054258216e-2, 0.7509759687, 8.8582855955e-2, 48.27726193, 39.38459028,
    0.3755297257, 107.7562698, 29.77250546, 88.32481135, 23.03929507, 62.85848794, 5.546318688,
    11.92244772, 5.555448243, 0.9218489762, 94.59927549, 77.29698353, 63.05263039, 53.97970677,
    24.64355755, 61.30192144, 22.21000000, 40.06374673, 38.10034370, 46.53415582, 47.44573456,
    41.10581288, 18.11349055, 50.00000000])
VALVE_RATE = 3600.0 / np.array([8.0, 8.0, 6.0, 9.0, 7.0, 5.0, 5.0, 5.0, 120.0, 5.0, 5.0, 5.0])

MASS = np.array([2.0, 25.4, 28.0, 32.0, 46.0, 48.0, 62.0, 76.0])
ANTOINE = np.array([[15.92, -1444.0, 259.0], [16.35, -2114.0, 265.5], [16.35, -2114.0, 265.5],
                    [16.43, -2748.0, 232.9], [17.21, -3318.0, 249.6]])
DENSITY = np.array([[1.0, 0.0, 0.0], [1.0, 0.0, 0.0], [1.0, 0.0, 0.0], [23.3, -0.07, -0.0002],
                    [33.9, -0.0957, -0.000152], [32.8, -0.0995, -0.000233],
                    [49.9, -0.0191, -0.000425], [50.5, -0.0541, -0.00015]])
LIQUID = np.array([[1e-6, 0.0, 0.0], [1e-6, 0.0, 0.0], [1e-6, 0.0, 0.0],
                   [0.960e-6, 8.70e-9, 4.81e-11], [0.573e-6, 2.41e-9, 1.82e-11],
                   [0.652e-6, 2.18e-9, 1.94e-11], [0.515e-6, 5.65e-10, 3.82e-12],
                   [0.471e-6, 8.70e-10, 2.62e-12]])
VAPOUR = np.array([[3.411e-6, 7.18e-10, 6.0e-13], [0.3799e-6, 1.08e-9, -3.98e-13],
                   [0.2491e-6, 1.36e-11, -3.93e-14], [0.3567e-6, 8.51e-10, -3.12e-13],
                   [0.3463e-6, 8.96e-10, -3.27e-13], [0.3930e-6, 1.02e-9, -3.12e-13],
                   [0.170e-6, 0.0, 0.0], [0.150e-6, 0.0, 0.0]])
EVAPORATION = np.array([1.0, 1.0, 1.0, 86.7, 160.0, 160.0, 225.0, 209.0]) * 1e-6
FEED_4 = np.array([0.485, 0.005, 0.510])
STRIPPED_GAS = np.array([0.995, 0.991, 0.990])
STRIPPED_LIQUID = np.array([8.5010, 11.402, 11.795, 0.0480, 0.0242])
STRIPPED_DRY = np.array([0.9999, 0.999, 0.999, 0.99, 0.98])
# fmt: on


class Work(NamedTuple):
    """Scratch of one evaluation.

    Attributes:
        x_r, x_s, x_c, x_v: mole fractions of the liquids of reactor, separator and stripper and of
            the mixing zone's gas, f64[8].
        y_r, y_s: vapour mole fractions of reactor and separator, f64[8].
        over, sump: component flows of the stripper, f64[8].
        t: temperatures of the four, f64[4]; they start the next evaluation.
    """

    x_r: Array
    x_s: Array
    x_c: Array
    x_v: Array
    y_r: Array
    y_s: Array
    over: Array
    sump: Array
    t: Array


class Vessels(NamedTuple):
    """Amounts, temperatures, liquid volumes and pressures; r, s, c, v as in `Work`."""

    n_s: float
    n_c: float
    t_r: float
    t_s: float
    t_c: float
    t_v: float
    vl_r: float
    vl_s: float
    vl_c: float
    p_r: float
    p_s: float
    p_v: float


class Flows(NamedTuple):
    """Flows by stream, lb-mol/h, and the compressor's heat."""

    f1: float
    f2: float
    f3: float
    f4: float
    f6: float
    f8: float
    f9: float
    f10: float
    f11: float
    f13: float
    work: float


@compiled
def new_work():
    work = Work(
        np.empty(8), np.empty(8), np.empty(8), np.empty(8), np.empty(8), np.empty(8), np.empty(8),
        np.empty(8), np.empty(4),
    )  # fmt: skip
    work.t[0], work.t[1], work.t[2], work.t[3] = 120.0, 80.0, 66.0, 86.0
    return work


@compiled
def _liquid(y, first, x, guess):
    """Fill the mole fractions; returns total amount, temperature and volume of D to H (or all)."""
    begin = 0 if first == 18 else 3
    total = 0.0
    for i in range(begin, 8):
        total += y[first + i]
    for i in range(8):
        x[i] = y[first + i] / total if i >= begin else 0.0
    wanted = y[first + 8] / total
    t = guess
    for _ in range(100):
        value, slope = 0.0, 0.0
        for i in range(8):
            weight = 1.8 * x[i] * MASS[i]
            value += weight * t * (LIQUID[i, 0] + LIQUID[i, 1] * t / 2 + LIQUID[i, 2] * t * t / 3)
            slope += weight * (LIQUID[i, 0] + LIQUID[i, 1] * t + LIQUID[i, 2] * t * t)
        step = (value - wanted) / slope
        t -= step
        if abs(step) < 1e-12:
            break
    volume = 0.0
    for i in range(8):
        volume += x[i] * MASS[i] / (DENSITY[i, 0] + (DENSITY[i, 1] + DENSITY[i, 2] * t) * t)
    return total, t, total * volume


@compiled
def _gas(y, x, guess):
    """Fill the mole fractions of the mixing zone; returns total amount and temperature."""
    total = 0.0
    for i in range(8):
        total += y[27 + i]
    for i in range(8):
        x[i] = y[27 + i] / total
    wanted = y[35] / total
    t = guess
    for _ in range(100):
        slope = -3.57696e-6
        for i in range(8):
            slope += 1.8 * x[i] * MASS[i] * (VAPOUR[i, 0] + VAPOUR[i, 1] * t + VAPOUR[i, 2] * t * t)
        step = (_vapour_enthalpy(x, t) - 3.57696e-6 * (t + 273.15) - wanted) / slope
        t -= step
        if abs(step) < 1e-12:
            break
    return total, t


@compiled
def _vapour_enthalpy(x, t):
    h = 0.0
    for i in range(8):
        heat = VAPOUR[i, 0] + VAPOUR[i, 1] * t / 2 + VAPOUR[i, 2] * t * t / 3
        h += x[i] * MASS[i] * (1.8 * t * heat + EVAPORATION[i])
    return h


@compiled
def _liquid_enthalpy(x, t):
    h = 0.0
    for i in range(8):
        heat = LIQUID[i, 0] + LIQUID[i, 1] * t / 2 + LIQUID[i, 2] * t * t / 3
        h += x[i] * MASS[i] * 1.8 * t * heat
    return h


@compiled
def _partial(y, first, x, t, vapour_ft3, p):
    """Fill the partial pressures of a vessel, mmHg; returns their sum."""
    total = 0.0
    for i in range(8):
        if i < 3:
            p[i] = y[first + i] * 998.9 * (t + 273.15) / vapour_ft3
        else:
            a = ANTOINE[i - 3]
            p[i] = math.exp(a[0] + a[1] / (t + a[2])) * x[i]
        total += p[i]
    return total


@compiled
def _mean_mass(x):
    mass = 0.0
    for i in range(8):
        mass += x[i] * MASS[i]
    return mass


@compiled
def evaluate(y, received, w, rate, xmeas):
    """Fill the rates of change and the noise-free measurements; returns the trip bits."""
    v = _vessels(y, w)
    reactions = _reactions(w.y_r, v)
    for i in range(8):
        w.y_r[i] /= v.p_r
        w.y_s[i] /= v.p_s
    f = _flows(y, w, v)
    _strip(f, v.t_c, w)
    heat = _heat_exchange(y, v, f.f8)
    _amount_rates(w, f, reactions, rate)
    _energy_rates(y, w, v, f, reactions, heat, rate)
    for i in range(12):
        rate[38 + i] = (min(max(received[i], 0.0), 100.0) - y[38 + i]) * VALVE_RATE[i]
    _measure(y, v, f, heat[2], xmeas)
    for i in range(8):
        xmeas[28 + i] = 100.0 * w.y_s[i]
        if i < 6:
            xmeas[22 + i] = 100.0 * w.x_v[i]
        if i < 5:
            xmeas[36 + i] = 100.0 * w.x_c[3 + i]
    m3 = 35.3145
    return _trip(xmeas[6], v.vl_r / m3, v.t_r, v.vl_s / m3, v.vl_c / m3)


@inlined
def _vessels(y, w):
    """Temperatures, volumes and pressures; leaves partial pressures in `y_r` and `y_s`."""
    _, t_r, vl_r = _liquid(y, 0, w.x_r, w.t[0])
    n_s, t_s, vl_s = _liquid(y, 9, w.x_s, w.t[1])
    n_c, t_c, vl_c = _liquid(y, 18, w.x_c, w.t[2])
    n_v, t_v = _gas(y, w.x_v, w.t[3])
    w.t[0], w.t[1], w.t[2], w.t[3] = t_r, t_s, t_c, t_v
    p_r = _partial(y, 0, w.x_r, t_r, 1300.0 - vl_r, w.y_r)
    p_s = _partial(y, 9, w.x_s, t_s, 3500.0 - vl_s, w.y_s)
    p_v = n_v * 998.9 * (t_v + 273.15) / 5000.0
    return Vessels(n_s, n_c, t_r, t_s, t_c, t_v, vl_r, vl_s, vl_c, p_r, p_s, p_v)


@inlined
def _reactions(p, v):
    """Rates of the four reactions from the reactor's partial pressures."""
    kelvin, vapour_ft3 = v.t_r + 273.15, 1300.0 - v.vl_r
    k1 = math.exp(31.5859536 - 40000.0 / 1.987 / kelvin)
    k2 = math.exp(3.00094014 - 20000.0 / 1.987 / kelvin)
    k3 = math.exp(53.4060443 - 60000.0 / 1.987 / kelvin)
    q = 0.0
    if p[0] > 0.0 and p[2] > 0.0:
        q = p[0] ** 1.1544 * p[2] ** 0.3735
    r1, r2 = vapour_ft3 * k1 * q * p[3], vapour_ft3 * k2 * q * p[4]
    return r1, r2, vapour_ft3 * k3 * p[0] * p[4], vapour_ft3 * 0.767488334 * k3 * p[0] * p[3]


@inlined
def _flows(y, w, v):
    mass_9 = _mean_mass(w.y_s)
    f6 = 1937.6 * math.sqrt(max(v.p_v - v.p_r, 0.0)) / _mean_mass(w.x_v)
    f8 = 4574.21 * math.sqrt(max(v.p_r - v.p_s, 0.0)) / _mean_mass(w.y_r)
    f10 = y[43] * 0.151169 * math.sqrt(max(v.p_s - 760.0, 0.0)) / mass_9
    rise = v.p_v - v.p_s
    ratio = min(max(v.p_v / v.p_s, 1.0), 1.3)
    mass = 280275.0 + (280275.0 / 1.197) * (1.0 - ratio * ratio * ratio)
    work = mass * (v.t_s + 273.15) * 1.8e-6 * 1.9872 * rise / (mass_9 * v.p_s)
    f9 = max(mass - y[42] * 53.349 * math.sqrt(max(rise, 0.0)), 1e-3) / mass_9
    return Flows(
        y[38] * 4.0, y[39] * 4.0, y[40], y[41] * 15.0 + 1e-10, f6, f8, f9, f10, y[44] * 15.0,
        y[45] * 10.0, work,
    )  # fmt: skip


@inlined
def _strip(f, t, w):
    """Fill overhead and liquid of the stripper."""
    if t > 170.0:
        g = t - 120.262
    elif t < 5.292:
        g = 0.1
    else:
        g = 363.744 / (177.0 - t) - 2.22579488
    for i in range(8):
        if i < 3:
            share, inflow = STRIPPED_GAS[i], f.f4 * FEED_4[i]
        else:
            inflow = f.f11 * w.x_s[i]
            kv = STRIPPED_LIQUID[i - 3] * f.f4 / max(f.f11, 0.1) * g
            share = kv / (1.0 + kv) if f.f11 > 0.1 else STRIPPED_DRY[i - 3]
        w.over[i] = share * inflow
        w.sump[i] = inflow - w.over[i]


@inlined
def _heat_exchange(y, v, f8):
    """Heat added to reactor, separator and stripper."""
    wetted = min(max(0.025 * v.vl_r / 7.8 - 0.25, 0.0), 1.0)
    stir = (y[49] + 150.0) / 100.0
    ua_r = wetted * (-0.5 * stir * stir + 2.75 * stir - 2.5) * 855490e-6
    ua_s = 0.404655 * (1.0 - 1.0 / (1.0 + (f8 / 3528.73) ** 4))
    steam = y[46] * 0.03 / 100.0 * (100.0 - v.t_c) if v.t_c < 100.0 else 0.0
    return ua_r * (y[36] - v.t_r), ua_s * (y[37] - v.t_r), steam


@inlined
def _amount_rates(w, f, r, rate):
    for i in range(8):
        rate[i] = f.f6 * w.x_v[i] - f.f8 * w.y_r[i]
        rate[9 + i] = f.f8 * w.y_r[i] - (f.f9 + f.f10) * w.y_s[i] - f.f11 * w.x_s[i]
        rate[18 + i] = w.sump[i] - f.f13 * w.x_c[i]
        rate[27 + i] = w.over[i] + f.f9 * w.y_s[i] - f.f6 * w.x_v[i]
    rate[0] += -r[0] - r[1] - r[2]
    rate[2] += -r[0] - r[1]
    rate[3] += -r[0] - 1.5 * r[3]
    rate[4] += -r[1] - r[2]
    rate[5] += r[2] + r[3]
    rate[6] += r[0]
    rate[7] += r[1]
    rate[27] += 0.9999 * f.f3
    rate[28] += 0.0001 * (f.f1 + f.f3)
    rate[30] += 0.9999 * f.f1
    rate[31] += 0.9999 * f.f2
    rate[32] += 0.0001 * f.f2


@inlined
def _energy_rates(y, w, v, f, r, q, rate):  # noqa: PLR0913
    feeds = (
        f.f1 * _feed_enthalpy(1, 0.0001, 3, 0.9999)
        + f.f2 * _feed_enthalpy(4, 0.9999, 5, 0.0001)
        + f.f3 * _feed_enthalpy(0, 0.9999, 1, 0.0001)
    )
    feed_4 = f.f4 * (
        _feed_enthalpy(0, FEED_4[0], 1, FEED_4[1]) + _feed_enthalpy(2, FEED_4[2], 3, 0.0)
    )
    overhead = _vapour_enthalpy(w.over, v.t_c)  # component flows, so this is the flow's heat
    feed, effluent = f.f6 * _vapour_enthalpy(w.x_v, v.t_v), f.f8 * _vapour_enthalpy(w.y_r, v.t_r)
    purged = _vapour_enthalpy(w.y_s, v.t_s)
    recycle, purge = f.f9 * purged + f.work, f.f10 * purged
    liquid = f.f11 * _liquid_enthalpy(w.x_s, v.t_s)
    product = f.f13 * _liquid_enthalpy(w.x_c, v.t_c)
    rate[8] = feed - effluent + 0.06899381054 * r[0] + 0.05 * r[1] + q[0]
    rate[17] = effluent - recycle - purge - liquid + q[1]
    rate[26] = feed_4 + liquid - overhead - product + q[2]
    rate[35] = feeds + overhead + recycle - feed
    rate[36] = (y[47] * 10.0 * 500.53 * (35.0 - y[36]) - q[0] * 1e6 / 1.8) / 7060.0
    rate[37] = (y[48] * 12.0 * 500.53 * (40.0 - y[37]) - q[1] * 1e6 / 1.8) / 11138.0


@inlined
def _measure(y, v, f, steam, xmeas):
    standard = 0.359 / 35.3145
    xmeas[0], xmeas[3], xmeas[4] = f.f3 * standard, f.f4 * standard, f.f9 * standard
    xmeas[1] = f.f1 * (0.0001 * 25.4 + 0.9999 * 32.0) * 0.454
    xmeas[2] = f.f2 * (0.9999 * 46.0 + 0.0001 * 48.0) * 0.454
    xmeas[5], xmeas[9] = f.f6 * standard, f.f10 * standard
    xmeas[6], xmeas[12], xmeas[15] = _gauge(v.p_r), _gauge(v.p_s), _gauge(v.p_v)
    xmeas[7], xmeas[11] = (v.vl_r - 84.6) / 666.7 * 100.0, (v.vl_s - 27.5) / 290.0 * 100.0
    xmeas[14] = (v.vl_c - 78.25) / 156.5 * 100.0
    xmeas[8], xmeas[10], xmeas[17] = v.t_r, v.t_s, v.t_c
    xmeas[13] = f.f11 * v.vl_s / v.n_s / 35.3145
    xmeas[16] = f.f13 * v.vl_c / v.n_c / 35.3145
    xmeas[18], xmeas[19] = steam * 1040.0 * 0.454, f.work * 293.07
    xmeas[20], xmeas[21] = y[36], y[37]


@compiled
def _feed_enthalpy(i, share_i, j, share_j):
    """Molar vapour enthalpy of two components at the feeds' 45 C."""
    h = 0.0
    for n, share in ((i, share_i), (j, share_j)):
        heat = VAPOUR[n, 0] + VAPOUR[n, 1] * 45.0 / 2 + VAPOUR[n, 2] * 45.0 * 45.0 / 3
        h += share * MASS[n] * (1.8 * 45.0 * heat + EVAPORATION[n])
    return h


@compiled
def _gauge(pressure_mmhg):
    return (pressure_mmhg - 760.0) / 760.0 * 101.325


@inlined
def _trip(pressure_kpa, reactor_m3, reactor_c, separator_m3, stripper_m3):
    bits = 1 if pressure_kpa > 3000.0 else 0
    bits |= (2 if reactor_m3 > 24.0 else 0) | (4 if reactor_m3 < 2.0 else 0)
    bits |= 8 if reactor_c > 175.0 else 0
    bits |= (16 if separator_m3 > 12.0 else 0) | (32 if separator_m3 < 1.0 else 0)
    return bits | (64 if stripper_m3 > 8.0 else 0) | (128 if stripper_m3 < 1.0 else 0)
