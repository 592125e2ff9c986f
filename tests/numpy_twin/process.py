"""The Tennessee Eastman process in plain NumPy: algebra, derivatives, measurements, trips.

One plant at a time, float64, in the order of the equations of Downs and Vogel (1993) as realised by
the public program of Russell, Chiang and Braatz. `y` holds the 50 states in their order; streams
bear the program's internal numbers (see `Streams.flow`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from numpy_twin import components as chem
from numpy_twin.components import KELVIN, Array

GAS_PRESSURE = 998.9  # gas constant, mmHg ft3 / (lb-mol K)
REACTOR_FT3, SEPARATOR_FT3, MIXING_FT3 = 1300.0, 3500.0, 5000.0
FT3_PER_M3 = 35.3145
VALVE_SECONDS = np.array([8.0, 8.0, 6.0, 9.0, 7.0, 5.0, 5.0, 5.0, 120.0, 5.0, 5.0, 5.0])
HEAT_1, HEAT_2 = 0.06899381054, 0.05  # of reactions 1 and 2, million Btu / lb-mol

FIRST_STATE = np.array([
    10.40491389, 4.363996017, 7.570059737, 0.4230042431, 24.15513437, 2.942597645, 154.3770655,
    159.1865960, 2.808522723,
    63.75581199, 26.74026066, 46.38532432, 0.2464521543, 15.20484404, 1.852266172, 52.44639459,
    41.20394008, 0.5699317760,
    0.4306056376, 7.9906200783e-3, 0.9056036089, 1.6054258216e-2, 0.7509759687, 8.8582855955e-2,
    48.27726193, 39.38459028, 0.3755297257,
    107.7562698, 29.77250546, 88.32481135, 23.03929507, 62.85848794, 5.546318688, 11.92244772,
    5.555448243, 0.9218489762,
    94.59927549, 77.29698353,
    63.05263039, 53.97970677, 24.64355755, 61.30192144, 22.21000000, 40.06374673, 38.10034370,
    46.53415582, 47.44573456, 41.10581288, 18.11349055, 50.00000000,
])  # fmt: skip

FEED_1 = np.array([0.0, 0.0001, 0.0, 0.9999, 0.0, 0.0, 0.0, 0.0])
FEED_2 = np.array([0.0, 0.0, 0.0, 0.0, 0.9999, 0.0001, 0.0, 0.0])
FEED_3 = np.array([0.9999, 0.0001, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])

# what the random channels 1 to 12 say while their disturbances are off
CALM = np.array([0.485, 0.005, 45.0, 45.0, 35.0, 40.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0])
QUIET = np.zeros(20)  # no disturbance IDV(1..20)


@dataclass(frozen=True, kw_only=True)
class Streams:
    """Everything algebraic at one instant.

    Attributes:
        temperature_c: of reactor R, separator S, stripper C and mixing zone V.
        liquid_ft3: liquid volumes of R, S, C.
        density: molar densities of the liquids of R, S, C, lb-mol / ft3.
        pressure_mmhg: of R, S, V.
        flow: lb-mol/h by stream: 1 D feed, 2 E feed, 3 A feed, 4 A+C feed, 5 stripper overhead,
            6 and 7 reactor feed, 8 reactor effluent, 9 recycle, 10 purge, 11 separator liquid,
            12 liquid to the stripper sump, 13 product.
        fraction: mole fractions by stream, f64[8] each.
        enthalpy: million Btu / lb-mol by stream.
        reaction: rates of the four reactions, lb-mol/h.
        heat: heat added to R, S and C, million Btu/h.
        compressor_heat: million Btu/h.
    """

    temperature_c: dict[str, float]
    liquid_ft3: dict[str, float]
    density: dict[str, float]
    pressure_mmhg: dict[str, float]
    flow: dict[int, float]
    fraction: dict[int, Array]
    enthalpy: dict[int, float]
    reaction: Array
    heat: dict[str, float]
    compressor_heat: float


def streams_at(y: Array, w: Array = CALM, idv: Array = QUIET) -> Streams:
    """Evaluate the algebra of the whole plant.

    Args:
        y: the 50 states.
        w: the 12 random channels, f64[12].
        idv: the disturbance flags, 0 or 1, f64[20]; IDV(n) is `idv[n - 1]`.
    """
    x, t, liquid, density = _vessels(y)
    partial = {
        k: _partial_pressures(gas, x[k], t[k], volume - liquid[k])
        for k, gas, volume in (("R", y[0:3], REACTOR_FT3), ("S", y[9:12], SEPARATOR_FT3))
    }
    pressure = {k: float(p.sum()) for k, p in partial.items()}
    pressure["V"] = float(y[27:35].sum()) * GAS_PRESSURE * (t["V"] + KELVIN) / MIXING_FT3
    vapour = {k: partial[k] / pressure[k] for k in ("R", "S")}

    feed_4 = _feed_4(w, idv)
    z = {1: FEED_1, 2: FEED_2, 3: FEED_3, 4: feed_4, 6: x["V"], 7: x["V"], 8: vapour["R"],
         9: vapour["S"], 10: vapour["S"], 11: x["S"], 13: x["C"]}  # fmt: skip
    flow, work = _flows(y, z, t["S"], pressure, w, idv)
    overhead, sump = _strip(flow, feed_4, x["S"], t["C"])
    flow[5], flow[12] = float(overhead.sum()), float(sump.sum())
    z[5], z[12] = overhead / flow[5], sump / flow[12]
    return Streams(
        temperature_c=t,
        liquid_ft3=liquid,
        density=density,
        pressure_mmhg=pressure,
        flow=flow,
        fraction=z,
        enthalpy=_enthalpies(z, t, w, idv, work / flow[9]),
        reaction=_reactions(partial["R"], t["R"], REACTOR_FT3 - liquid["R"], w),
        heat=_heat_exchange(y, t, liquid["R"], flow[8], w),
        compressor_heat=work,
    )


def derivatives(y: Array, s: Streams, accepted: Array, w: Array, idv: Array) -> Array:
    """Return dy/dt per hour, f64[50].

    Args:
        y: the 50 states.
        s: `streams_at` these states.
        accepted: the 12 commands as the valves take them, %.
        w: the 12 random channels.
        idv: the disturbance flags.
    """
    f, h, heat = s.flow, s.enthalpy, s.heat
    moved = {j: f[j] * s.fraction[j] for j in f}  # component flows by stream
    r1, r2, r3, r4 = s.reaction
    made = np.array([-r1 - r2 - r3, 0.0, -r1 - r2, -r1 - 1.5 * r4, -r2 - r3, r3 + r4, r1, r2])
    water_r = 500.53 * y[47] * 1000.0 / 100.0  # valve 10
    water_s = 500.53 * y[48] * 1200.0 / 100.0  # valve 11

    rate = np.empty(50)
    rate[0:8] = moved[6] - moved[8] + made
    rate[8] = h[6] * f[6] - h[8] * f[8] + HEAT_1 * r1 + HEAT_2 * r2 + heat["R"]
    rate[9:17] = moved[8] - moved[9] - moved[10] - moved[11]
    rate[17] = h[8] * f[8] - h[9] * f[9] - h[10] * f[10] - h[11] * f[11] + heat["S"]
    rate[18:26] = moved[12] - moved[13]
    rate[26] = h[4] * f[4] + h[11] * f[11] - h[5] * f[5] - h[13] * f[13] + heat["C"]
    rate[27:35] = moved[1] + moved[2] + moved[3] + moved[5] + moved[9] - moved[6]
    rate[35] = sum(h[j] * f[j] for j in (1, 2, 3, 5, 9)) - h[6] * f[6]
    inlet_r, inlet_s = w[4] + 5.0 * idv[3], w[5] + 5.0 * idv[4]
    rate[36] = (water_r * (inlet_r - y[36]) - heat["R"] * 1e6 / 1.8) / 7060.0
    rate[37] = (water_s * (inlet_s - y[37]) - heat["S"] * 1e6 / 1.8) / 11138.0
    rate[38:50] = (accepted - y[38:50]) * 3600.0 / VALVE_SECONDS
    return rate


def measurements(y: Array, s: Streams) -> Array:
    """Return the continuous measurements XMEAS(1..22) without noise, f64[22]."""
    f, p = s.flow, s.pressure_mmhg
    standard = 0.359 / FT3_PER_M3  # kscm per lb-mol
    mass_1 = float(np.dot(FEED_1, chem.MASS)) * 0.454
    mass_2 = float(np.dot(FEED_2, chem.MASS)) * 0.454
    return np.array([
        f[3] * standard,
        f[1] * mass_1,
        f[2] * mass_2,
        f[4] * standard,
        f[9] * standard,
        f[6] * standard,
        _gauge_kpa(p["R"]),
        (s.liquid_ft3["R"] - 84.6) / 666.7 * 100.0,
        s.temperature_c["R"],
        f[10] * standard,
        s.temperature_c["S"],
        (s.liquid_ft3["S"] - 27.5) / 290.0 * 100.0,
        _gauge_kpa(p["S"]),
        f[11] / s.density["S"] / FT3_PER_M3,
        (s.liquid_ft3["C"] - 78.25) / 156.5 * 100.0,
        _gauge_kpa(p["V"]),
        f[13] / s.density["C"] / FT3_PER_M3,
        s.temperature_c["C"],
        s.heat["C"] * 1040.0 * 0.454,
        s.compressor_heat * 293.07,
        y[36],
        y[37],
    ])  # fmt: skip


def compositions(s: Streams) -> Array:
    """Return what the analysers see now, XMEAS(23..41), mole %, f64[19]."""
    feed, purge, product = s.fraction[6][:6], s.fraction[10], s.fraction[13][3:]
    return 100.0 * np.concatenate([feed, purge, product])


def trip_mask(s: Streams) -> int:
    """Return the safety trips as bits: 1 reactor pressure high, then pairs high, low and so on.

    2 and 4: reactor level high, low; 8: reactor temperature high; 16 and 32: separator level high,
    low; 64 and 128: stripper level high, low. 0: none.
    """
    m3 = {k: volume / FT3_PER_M3 for k, volume in s.liquid_ft3.items()}
    conditions = (
        _gauge_kpa(s.pressure_mmhg["R"]) > 3000.0,
        m3["R"] > 24.0,
        m3["R"] < 2.0,
        s.temperature_c["R"] > 175.0,
        m3["S"] > 12.0,
        m3["S"] < 1.0,
        m3["C"] > 8.0,
        m3["C"] < 1.0,
    )
    return sum(1 << bit for bit, true in enumerate(conditions) if true)


def operating_cost_usd_h(xmeas: Array, product_valve: float) -> float:
    """Return the operating cost of Downs and Vogel, table 9, with Ricker's product term, USD/h."""
    a, _, c, d, e, f, g, h = xmeas[28:36]
    lost = 2.209 * a + 6.177 * c + 22.06 * d + 14.56 * e + 17.89 * f + 30.44 * g + 22.94 * h
    purge = 44.791 * xmeas[9] * lost / 100.0
    unreacted = 22.06 * xmeas[36] + 14.56 * xmeas[37] + 17.89 * xmeas[38]
    product = 4.541 * product_valve * unreacted / 100.0
    return float(purge + product + 0.0536 * xmeas[19] + 0.0318 * xmeas[18])


def _vessels(
    y: Array,
) -> tuple[dict[str, Array], dict[str, float], dict[str, float], dict[str, float]]:
    """Mole fractions, temperatures, liquid volumes and molar densities of R, S, C (and V)."""
    none = np.zeros(3)
    amounts = {"R": np.concatenate([none, y[3:8]]), "S": np.concatenate([none, y[12:17]]),
               "C": y[18:26], "V": y[27:35]}  # fmt: skip
    total = {k: float(n.sum()) for k, n in amounts.items()}
    x = {k: n / total[k] for k, n in amounts.items()}
    t = {
        "R": chem.liquid_temperature(x["R"], y[8] / total["R"], 120.0),
        "S": chem.liquid_temperature(x["S"], y[17] / total["S"], 80.0),
        "C": chem.liquid_temperature(x["C"], y[26] / total["C"], 66.0),
        "V": chem.vapour_temperature(x["V"], y[35] / total["V"], 86.0),
    }
    density = {k: chem.molar_density(x[k], t[k]) for k in "RSC"}
    return x, t, {k: total[k] / density[k] for k in "RSC"}, density


def _partial_pressures(gas: Array, x: Array, temperature_c: float, vapour_ft3: float) -> Array:
    ideal = gas * GAS_PRESSURE * (temperature_c + KELVIN) / vapour_ft3
    return np.concatenate([ideal, chem.vapour_pressures(temperature_c) * x[3:]])


def _feed_4(w: Array, idv: Array) -> Array:
    a = w[0] - 0.03 * idv[0] - 0.00243719 * idv[1]
    b = w[1] + 0.005 * idv[1]
    return np.array([a, b, 1.0 - a - b, 0.0, 0.0, 0.0, 0.0, 0.0])


def _flows(
    y: Array,
    z: dict[int, Array],
    separator_c: float,
    pressure: dict[str, float],
    w: Array,
    idv: Array,
) -> tuple[dict[int, float], float]:
    """Flows driven by valves and pressures, lb-mol/h, and the compressor's heat."""
    valve = y[38:50]
    mass = {j: float(np.dot(z[j], chem.MASS)) for j in (6, 8, 9, 10)}
    p_r, p_s, p_v = pressure["R"], pressure["S"], pressure["V"]
    ratio = min(max(p_v / p_s, 1.0), 1.3)
    recycle = 280275.0 + (280275.0 / 1.197) * (1.0 - ratio**3)
    work = recycle * (separator_c + KELVIN) * 1.8e-6 * 1.9872 * (p_v - p_s) / (mass[9] * p_s)
    recycle = max(recycle - valve[4] * 53.349 * np.sqrt(max(p_v - p_s, 0.0)), 1e-3)
    feed = 1937.6 * np.sqrt(max(p_v - p_r, 0.0)) / mass[6]
    effluent = 4574.21 * np.sqrt(max(p_r - p_s, 0.0)) * (1.0 - 0.25 * w[11]) / mass[8]
    flow = {
        1: valve[0] * 400.0 / 100.0,
        2: valve[1] * 400.0 / 100.0,
        3: valve[2] * (1.0 - idv[5]) * 100.0 / 100.0,
        4: valve[3] * (1.0 - 0.2 * idv[6]) * 1500.0 / 100.0 + 1e-10,
        6: feed,
        7: feed,
        8: effluent,
        9: recycle / mass[9],
        10: valve[5] * 0.151169 * np.sqrt(max(p_s - 760.0, 0.0)) / mass[10],
        11: valve[6] * 1500.0 / 100.0,
        13: valve[7] * 1000.0 / 100.0,
    }
    return {j: float(value) for j, value in flow.items()}, float(work)


def _strip(
    flow: dict[int, float], feed_4: Array, x_11: Array, temperature_c: float
) -> tuple[Array, Array]:
    """Split what enters the stripper into overhead and liquid, component flows in lb-mol/h."""
    share = np.array([0.995, 0.991, 0.990, 0.9999, 0.999, 0.999, 0.99, 0.98])
    if flow[11] > 0.1:
        if temperature_c > 170.0:
            g = temperature_c - 120.262
        elif temperature_c < 5.292:
            g = 0.1
        else:
            g = 363.744 / (177.0 - temperature_c) - 2.22579488
        kv = np.array([8.5010, 11.402, 11.795, 0.0480, 0.0242]) * flow[4] / flow[11] * g
        share[3:] = kv / (1.0 + kv)
    inflow = flow[4] * feed_4 + flow[11] * x_11
    return share * inflow, inflow - share * inflow


def _enthalpies(
    z: dict[int, Array], t: dict[str, float], w: Array, idv: Array, compression: float
) -> dict[int, float]:
    h = {
        1: chem.vapour_enthalpy(z[1], w[2] + 5.0 * idv[2]),
        2: chem.vapour_enthalpy(z[2], 45.0),
        3: chem.vapour_enthalpy(z[3], 45.0),
        4: chem.vapour_enthalpy(z[4], w[3]),
        5: chem.vapour_enthalpy(z[5], t["C"]),
        6: chem.vapour_enthalpy(z[6], t["V"]),
        8: chem.vapour_enthalpy(z[8], t["R"]),
        10: chem.vapour_enthalpy(z[10], t["S"]),
        11: chem.liquid_enthalpy(z[11], t["S"]),
        12: chem.liquid_enthalpy(z[12], t["C"]),
        13: chem.liquid_enthalpy(z[13], t["C"]),
    }
    h[7], h[9] = h[6], h[10] + compression
    return h


def _reactions(p: Array, temperature_c: float, vapour_ft3: float, w: Array) -> Array:
    """Rates of A+C+D->G, A+C+E->H, A+E->F and 3D->2F from partial pressures, lb-mol/h."""
    kelvin = temperature_c + KELVIN
    k1 = w[6] * np.exp(31.5859536 - 40000.0 / 1.987 / kelvin)
    k2 = w[7] * np.exp(3.00094014 - 20000.0 / 1.987 / kelvin)
    k3 = np.exp(53.4060443 - 60000.0 / 1.987 / kelvin)
    k4 = 0.767488334 * k3
    a, _, c, d, e = p[:5]
    q = a**1.1544 * c**0.3735 if a > 0.0 and c > 0.0 else 0.0
    return vapour_ft3 * np.array([k1 * q * d, k2 * q * e, k3 * a * e, k4 * a * d])


def _heat_exchange(
    y: Array, t: dict[str, float], reactor_ft3: float, effluent: float, w: Array
) -> dict[str, float]:
    wetted = min(max(0.025 * reactor_ft3 / 7.8 - 0.25, 0.0), 1.0)
    stirring = (y[49] + 150.0) / 100.0
    ua_r = wetted * (-0.5 * stirring**2 + 2.75 * stirring - 2.5) * 855490e-6
    ua_s = 0.404655 * (1.0 - 1.0 / (1.0 + (effluent / 3528.73) ** 4))
    ua_c = y[46] * 0.03 * (1.0 + w[8]) / 100.0
    return {
        "R": float(ua_r * (y[36] - t["R"]) * (1.0 - 0.35 * w[9])),
        "S": float(ua_s * (y[37] - t["R"]) * (1.0 - 0.25 * w[10])),
        "C": float(ua_c * (100.0 - t["C"])) if t["C"] < 100.0 else 0.0,
    }


def _gauge_kpa(pressure_mmhg: float) -> float:
    return (pressure_mmhg - 760.0) / 760.0 * 101.325
