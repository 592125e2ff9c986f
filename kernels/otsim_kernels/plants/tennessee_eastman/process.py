"""The process: 50 states and their rates of change, without controllers and without attack.

Equations: Downs and Vogel (1993) as realised by the public program of Russell, Chiang and Braatz.
Units are those of the program: lb-mol, million Btu, ft3, mmHg, degrees Celsius, hours. Streams go
by the program's internal numbers: 1 D feed, 2 E feed, 3 A feed, 4 A+C feed, 5 stripper overhead,
6 reactor feed, 8 reactor effluent, 9 recycle, 10 purge, 11 separator liquid, 13 product.
"""

from __future__ import annotations

from dataclasses import dataclass

import jax
import jax.numpy as jnp

from otsim_kernels.draws import Array
from otsim_kernels.plants.tennessee_eastman import components as chem
from otsim_kernels.plants.tennessee_eastman.components import Mixture, Number
from otsim_kernels.plants.tennessee_eastman.vessels import (
    REACTOR,
    SEPARATOR,
    STRIPPER,
    drained,
    partial_pressures,
)

Rates = tuple[Array, Array, Array, Array]  # of the four reactions, lb-mol/h
MIXING_FT3 = 5000.0
GAUGE_ZERO_MMHG = 760.0
COMPRESSOR_MAX_LB_H = 280275.0
COMPRESSOR_MAX_RATIO = 1.3
WATER_HEAT = 500.53  # Btu/(h C) per gpm
REACTOR_WATER, CONDENSER_WATER = 7060.0, 11138.0  # hold-up of the cooling jackets, Btu/C
VALVE_SECONDS = (8.0, 8.0, 6.0, 9.0, 7.0, 5.0, 5.0, 5.0, 120.0, 5.0, 5.0, 5.0)
REACTION_HEAT = (0.06899381054, 0.05)  # million Btu per lb-mol of G and of H
STRIPPED_GAS = (0.995, 0.991, 0.990)  # share of A, B, C that leaves overhead
STRIPPED_LIQUID = (8.5010, 11.402, 11.795, 0.0480, 0.0242)  # D to H
STRIPPED_DRY = (0.9999, 0.999, 0.999, 0.99, 0.98)  # without liquid from the separator


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


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Temperatures:
    """Reactor, separator, stripper, mixing zone, C; the Newton starts of the next evaluation."""

    reactor_c: Array
    separator_c: Array
    stripper_c: Array
    mixing_c: Array


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Streams:
    """Everything algebraic at one instant; flows in lb-mol/h, enthalpies in million Btu/lb-mol."""

    temperatures: Temperatures
    reactor_liquid_ft3: Array
    separator_liquid_ft3: Array
    stripper_liquid_ft3: Array
    separator_molar_ft3: Array  # ft3 per lb-mol of liquid
    stripper_molar_ft3: Array
    reactor_mmhg: Array
    separator_mmhg: Array
    mixing_mmhg: Array
    reactor_partial_mmhg: Mixture
    d_mmhg_per_mol: Array  # of D in the reactor
    flows: dict[int, Array]
    fractions: dict[int, Mixture]  # by stream
    masses: dict[int, Array]  # mean molar mass by stream
    enthalpies: dict[int, Array]
    overhead: Mixture  # component flows of stream 5
    reactor_heat: Array  # heat added to the vessel, million Btu/h
    separator_heat: Array
    steam_heat: Array
    compressor_heat: Array


def streams_at(
    process: Process, around: Surroundings, guess: Temperatures, *, newton_iterations: int
) -> Streams:
    """Evaluate the algebra of the whole plant.

    Args:
        process: the 50 states.
        around: feed conditions, cooling water and fouling.
        guess: where the four Newton solves start.
        newton_iterations: 8 from a far guess; 2 from the previous evaluation are exact to
            rounding, as enthalpy is nearly linear in temperature.
    """
    t = _temperatures(process, guess, newton_iterations)
    x_separator, n_separator = chem.fractions(process.separator[3:])
    x_stripper, n_stripper = chem.fractions(process.stripper)
    x_mixing, n_mixing = chem.fractions(process.mixing)
    reactor_ft3 = chem.liquid_volume(process.reactor[3:], t.reactor_c)
    separator_ft3 = chem.liquid_volume(process.separator[3:], t.separator_c)
    stripper_ft3 = chem.liquid_volume(process.stripper, t.stripper_c)
    partial_r, d_mmhg_per_mol = partial_pressures(
        REACTOR, process.reactor, temperature_c=t.reactor_c, liquid_ft3=reactor_ft3
    )
    partial_s, _ = partial_pressures(
        SEPARATOR, process.separator, temperature_c=t.separator_c, liquid_ft3=separator_ft3
    )
    p_reactor, p_separator = chem.total(partial_r), chem.total(partial_s)
    p_mixing = n_mixing * (chem.GAS_CONSTANT_MMHG / MIXING_FT3) * (t.mixing_c + chem.KELVIN)
    y_reactor = tuple(p / p_reactor for p in partial_r)
    y_separator = tuple(p / p_separator for p in partial_s)

    zero = jnp.zeros_like(p_reactor)
    feed4 = (*around.feed4, zero, zero, zero, zero, zero)
    masses = {
        1: zero + (25.4 * 0.0001 + 32.0 * 0.9999),
        2: zero + (46.0 * 0.9999 + 48.0 * 0.0001),
        6: chem.molar_mass(x_mixing),
        8: chem.molar_mass(y_reactor),
        9: chem.molar_mass(y_separator),
    }
    masses[10] = masses[9]
    flows, compressor_heat = _flows(
        process, around, masses, pressures=(p_reactor, p_separator, p_mixing), inlet_c=t.separator_c
    )
    flows[11] = flows[11] * drained(SEPARATOR, separator_ft3)
    flows[13] = flows[13] * drained(STRIPPER, stripper_ft3)

    x11 = (zero, zero, zero, *x_separator)
    overhead, inflow = _strip(feed4, x11, flows, t.stripper_c)
    flows[5] = chem.total(overhead)
    flows[12] = chem.total(inflow) - flows[5]
    enthalpies = {
        1: _vapour_of({1: 0.0001, 3: 0.9999}, around.feed1_c),
        2: _vapour_of({4: 0.9999, 5: 0.0001}, 45.0),
        3: _vapour_of({0: 0.9999, 1: 0.0001}, 45.0),
        4: chem.enthalpy(chem.vapour_heat(feed4), around.feed4_c),
        5: chem.enthalpy(chem.vapour_heat(overhead), t.stripper_c) / flows[5],
        6: chem.enthalpy(chem.vapour_heat(x_mixing), t.mixing_c),
        8: chem.enthalpy(chem.vapour_heat(y_reactor), t.reactor_c),
        10: chem.enthalpy(chem.vapour_heat(y_separator), t.separator_c),
        11: chem.enthalpy(chem.liquid_heat(x_separator), t.separator_c),
        13: chem.enthalpy(chem.liquid_heat(x_stripper), t.stripper_c),
    }
    enthalpies[9] = enthalpies[10] + compressor_heat / flows[9]
    level = reactor_ft3 / 7.8
    wetted = jnp.clip(0.025 * level - 0.25, 0.0, 1.0)
    stirring = (process.valves[11] + 150.0) / 100.0
    ua_reactor = wetted * (-0.5 * stirring * stirring + 2.75 * stirring - 2.5) * 855490e-6
    relative = flows[8] / 3528.73
    ua_condenser = 0.404655 * (1.0 - 1.0 / (1.0 + (relative * relative) ** 2))
    ua_steam = process.valves[8] * 0.03 * (1.0 + around.steam_fouling) / 100.0
    return Streams(
        temperatures=t,
        reactor_liquid_ft3=reactor_ft3,
        separator_liquid_ft3=separator_ft3,
        stripper_liquid_ft3=stripper_ft3,
        separator_molar_ft3=separator_ft3 / n_separator,
        stripper_molar_ft3=stripper_ft3 / n_stripper,
        reactor_mmhg=p_reactor,
        separator_mmhg=p_separator,
        mixing_mmhg=p_mixing,
        reactor_partial_mmhg=partial_r,
        d_mmhg_per_mol=d_mmhg_per_mol,
        flows=flows,
        fractions={6: x_mixing, 8: y_reactor, 10: y_separator, 11: x11, 13: x_stripper},
        masses=masses,
        enthalpies=enthalpies,
        overhead=overhead,
        reactor_heat=ua_reactor
        * (process.reactor_water_c - t.reactor_c)
        * (1.0 - 0.35 * around.reactor_fouling),
        separator_heat=ua_condenser
        * (process.condenser_water_c - t.reactor_c)
        * (1.0 - 0.25 * around.condenser_fouling),
        steam_heat=ua_steam * jnp.maximum(100.0 - t.stripper_c, 0.0),
        compressor_heat=compressor_heat,
    )


def rates_of_change(
    process: Process,
    streams: Streams,
    around: Surroundings,
    *,
    rates: Rates,
    accepted: tuple[Array, ...],
) -> Process:
    """Return d/dt of every state, per hour.

    Args:
        process: the 50 states.
        streams: the algebra at these states.
        around: feed conditions, cooling water and fouling.
        rates: the four reaction rates to use, lb-mol/h (those of `streams`, or implicit ones).
        accepted: the 12 commands as the valves take them, %.
    """
    f, h, x = streams.flows, streams.enthalpies, streams.fractions
    reactor_feed = tuple(f[6] * z for z in x[6])
    effluent = tuple(f[8] * z for z in x[8])
    gas_out = f[9] + f[10]
    liquid_out = tuple(f[11] * z for z in x[11])
    recycle = tuple(f[9] * z for z in x[10])
    feed4 = around.feed4
    stripper_in = tuple(
        f[4] * feed4[i] + liquid_out[i] if i < 3 else liquid_out[i] for i in range(8)
    )
    fresh = {0: 0.9999 * f[3], 1: 0.0001 * (f[1] + f[3]), 3: 0.9999 * f[1], 4: 0.9999 * f[2],
             5: 0.0001 * f[2]}  # fmt: skip
    r1, r2, r3, r4 = rates
    made = (-r1 - r2 - r3, None, -r1 - r2, -r1 - 1.5 * r4, -r2 - r3, r3 + r4, r1, r2)
    reactor = []
    for produced, fin, fout in zip(made, reactor_feed, effluent, strict=True):
        reactor.append(fin - fout if produced is None else fin - fout + produced)
    mixing = []
    for i in range(8):
        inflow = streams.overhead[i] + recycle[i]
        mixing.append(
            inflow + fresh[i] - reactor_feed[i] if i in fresh else inflow - reactor_feed[i]
        )
    reaction_heat = REACTION_HEAT[0] * r1 + REACTION_HEAT[1] * r2
    recycle_heat = h[9] * f[9]
    gas4_5 = h[5] * f[5]
    valves = process.valves
    return Process(
        reactor=tuple(reactor),
        reactor_heat=h[6] * f[6] - h[8] * f[8] + reaction_heat + streams.reactor_heat,
        separator=tuple(
            e - gas_out * y - liq for e, y, liq in zip(effluent, x[10], liquid_out, strict=True)
        ),
        separator_heat=h[8] * f[8] - recycle_heat - h[10] * f[10] - h[11] * f[11]
        + streams.separator_heat,
        stripper=tuple(
            fin - over - f[13] * z
            for fin, over, z in zip(stripper_in, streams.overhead, x[13], strict=True)
        ),
        stripper_heat=h[4] * f[4] + h[11] * f[11] - gas4_5 - h[13] * f[13] + streams.steam_heat,
        mixing=tuple(mixing),
        mixing_heat=h[1] * f[1] + h[2] * f[2] + h[3] * f[3] + gas4_5 + recycle_heat - h[6] * f[6],
        reactor_water_c=_cooling(
            valves[9] * 10.0, around.reactor_water_inlet_c - process.reactor_water_c,
            streams.reactor_heat, REACTOR_WATER,
        ),
        condenser_water_c=_cooling(
            valves[10] * 12.0, around.condenser_water_inlet_c - process.condenser_water_c,
            streams.separator_heat, CONDENSER_WATER,
        ),
        valves=tuple(
            (command - valve) * (3600.0 / seconds)
            for command, valve, seconds in zip(accepted, valves, VALVE_SECONDS, strict=True)
        ),
    )  # fmt: skip


def _temperatures(process: Process, guess: Temperatures, iterations: int) -> Temperatures:
    solve = chem.temperature_of
    return Temperatures(
        reactor_c=solve(
            chem.liquid_heat(process.reactor[3:]), process.reactor_heat, guess.reactor_c, iterations
        ),
        separator_c=solve(
            chem.liquid_heat(process.separator[3:]), process.separator_heat, guess.separator_c,
            iterations,
        ),
        stripper_c=solve(
            chem.liquid_heat(process.stripper), process.stripper_heat, guess.stripper_c, iterations
        ),
        mixing_c=solve(
            chem.vapour_energy(process.mixing, chem.total(process.mixing)), process.mixing_heat,
            guess.mixing_c, iterations,
        ),
    )  # fmt: skip


def _flows(
    process: Process,
    around: Surroundings,
    masses: dict[int, Array],
    *,
    pressures: tuple[Array, Array, Array],
    inlet_c: Array,
) -> tuple[dict[int, Array], Array]:
    """Flows driven by valves and pressures, and the compressor's heat."""
    v = process.valves
    p_reactor, p_separator, p_mixing = pressures
    rise = p_mixing - p_separator
    ratio = jnp.clip(p_mixing / p_separator, 1.0, COMPRESSOR_MAX_RATIO)
    mass_lb_h = COMPRESSOR_MAX_LB_H + (COMPRESSOR_MAX_LB_H / 1.197) * (1.0 - ratio * ratio * ratio)
    spill = v[4] * 53.349 * jnp.sqrt(jnp.maximum(rise, 0.0))
    recycle_lb_h = jnp.maximum(mass_lb_h - spill, 1e-3)
    flows = {
        1: v[0] * 4.0,
        2: v[1] * 4.0,
        3: v[2] * around.feed3_flow,
        4: v[3] * around.feed4_flow * 15.0 + 1e-10,
        6: 1937.6 * jnp.sqrt(jnp.maximum(p_mixing - p_reactor, 0.0)) / masses[6],
        8: 4574.21
        * jnp.sqrt(jnp.maximum(p_reactor - p_separator, 0.0))
        * (1.0 - 0.25 * around.effluent_fouling)
        / masses[8],
        9: recycle_lb_h / masses[9],
        10: v[5] * 0.151169 * jnp.sqrt(jnp.maximum(p_separator - GAUGE_ZERO_MMHG, 0.0)) / masses[9],
        11: v[6] * 15.0,
        13: v[7] * 10.0,
    }
    work = mass_lb_h * (inlet_c + chem.KELVIN) * (1.8e-6 * 1.9872) * rise
    return flows, work / (masses[9] * p_separator)


def _strip(
    feed4: Mixture, x11: Mixture, flows: dict[int, Array], temperature_c: Array
) -> tuple[Mixture, Mixture]:
    """Split the stripper's inflow; returns overhead and whole inflow by component, lb-mol/h."""
    hot = temperature_c - 120.262
    warm = 363.744 / (177.0 - temperature_c) - 2.22579488
    g = jnp.where(temperature_c > 170.0, hot, jnp.where(temperature_c < 5.292, 0.1, warm))
    wet = flows[11] > 0.1
    v = flows[4] / jnp.where(wet, flows[11], 1.0) * g
    shares: list[Array | float] = list(STRIPPED_GAS)
    for k, dry in zip(STRIPPED_LIQUID, STRIPPED_DRY, strict=True):
        shares.append(jnp.where(wet, k * v / (1.0 + k * v), dry))
    inflow = tuple(flows[4] * a + flows[11] * b for a, b in zip(feed4, x11, strict=True))
    return tuple(s * f for s, f in zip(shares, inflow, strict=True)), inflow


def _vapour_of(shares: dict[int, float], temperature_c: Number) -> Number:
    """Molar vapour enthalpy of a feed of fixed composition {component: mole fraction}."""
    return chem.enthalpy(
        chem.vapour_heat(tuple(shares.get(i, 0.0) for i in range(8))), temperature_c
    )


def reaction_rates(streams: Streams, p_d: Array, kinetics: tuple[Number, Number]) -> Rates:
    """Rates of A+C+D->G, A+C+E->H, A+E->F and 3D->2F, lb-mol/h, at a given pressure of D, mmHg."""
    partial = streams.reactor_partial_mmhg
    p_a, p_c, p_e = partial[0], partial[2], partial[4]
    vapour_ft3 = jnp.maximum(REACTOR.volume_ft3 - streams.reactor_liquid_ft3, 0.0)
    inverse_k = 1.0 / (streams.temperatures.reactor_c + chem.KELVIN)
    both = (p_a > 0.0) & (p_c > 0.0)
    log_q = 1.1544 * jnp.log(jnp.where(both, p_a, 1.0)) + 0.3735 * jnp.log(
        jnp.where(both, p_c, 1.0)
    )
    k1 = kinetics[0] * jnp.exp(31.5859536 - (40000.0 / 1.987) * inverse_k + log_q)
    k2 = kinetics[1] * jnp.exp(3.00094014 - (20000.0 / 1.987) * inverse_k + log_q)
    k3 = jnp.exp(53.4060443 - (60000.0 / 1.987) * inverse_k) * vapour_ft3
    return (
        jnp.where(both, vapour_ft3 * k1 * p_d, 0.0),
        jnp.where(both, vapour_ft3 * k2 * p_e, 0.0),
        k3 * p_a * p_e,
        0.767488334 * k3 * p_a * p_d,
    )


def _cooling(flow_gpm: Array, below_c: Array, heat: Array, hold_up: float) -> Array:
    """Rate of a cooling water outlet temperature, C/h."""
    return (flow_gpm * WATER_HEAT * below_c - heat * (1e6 / 1.8)) / hold_up
