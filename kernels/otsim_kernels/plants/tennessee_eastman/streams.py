"""Everything algebraic at one instant: temperatures, pressures, flows, enthalpies, heat, reactions.

Streams go by the public program's internal numbers: 1 D feed, 2 E feed, 3 A feed, 4 A+C feed,
5 stripper overhead, 6 reactor feed, 8 reactor effluent, 9 recycle, 10 purge, 11 separator liquid,
12 liquid from the stripper's trays, 13 product.
"""

from __future__ import annotations

from dataclasses import dataclass

import jax
import jax.numpy as jnp

from otsim_kernels.draws import Array
from otsim_kernels.plants.tennessee_eastman import components as chem
from otsim_kernels.plants.tennessee_eastman.components import Mixture, Number
from otsim_kernels.plants.tennessee_eastman.process import Process, Surroundings
from otsim_kernels.plants.tennessee_eastman.vessels import (
    REACTOR,
    SEPARATOR,
    STRIPPER,
    drained,
    most_gas_out,
    partial_pressures,
)

Rates = tuple[Array, Array, Array, Array]  # of the four reactions, lb-mol/h
MIXING_FT3 = 5000.0
GAUGE_ZERO_MMHG = 760.0
COMPRESSOR_MAX_LB_H = 280275.0
COMPRESSOR_MAX_RATIO = 1.3
STRIPPED_GAS = (0.995, 0.991, 0.990)  # share of A, B, C that leaves overhead
STRIPPED_LIQUID = (8.5010, 11.402, 11.795, 0.0480, 0.0242)  # D to H
STRIPPED_DRY = (0.9999, 0.999, 0.999, 0.99, 0.98)  # without liquid from the separator
FEED_C = 45.0  # of the E and A feeds, which nothing disturbs


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


@dataclass(frozen=True, kw_only=True)
class _Contents:
    """What is in the vessels: compositions, volumes, pressures."""

    temperatures: Temperatures
    volumes_ft3: tuple[Array, Array, Array]  # liquid in reactor, separator, stripper
    pressures_mmhg: tuple[Array, Array, Array]  # reactor, separator, mixing zone
    amounts: tuple[Array, Array]  # liquid in separator and stripper, lb-mol
    reactor_partial_mmhg: Mixture
    d_mmhg_per_mol: Array
    most_lb_mol_h: tuple[Array, Array]  # most gas that can leave reactor and separator
    fractions: dict[int, Mixture]


def streams_at(
    process: Process, around: Surroundings, guess: Temperatures, *, newton_iterations: int
) -> Streams:
    """Evaluate the algebra of the whole plant.

    Args:
        process: the 50 states.
        around: feed conditions, cooling water and fouling.
        guess: where the four Newton solves start.
        newton_iterations: 8 from a far guess; 2 do from the previous evaluation, as enthalpy is
            nearly linear in temperature.
    """
    inside = _contents(process, guess, newton_iterations)
    t, x = inside.temperatures, inside.fractions
    zero = jnp.zeros_like(t.reactor_c)
    feed4 = (*around.feed4, zero, zero, zero, zero, zero)
    masses = _molar_masses(x)
    flows, compressor_heat = _flows(process, around, masses, inside)
    overhead, inflow = _strip(feed4, x[11], flows, t.stripper_c)
    flows[5] = chem.total(overhead)
    flows[12] = chem.total(inflow) - flows[5]
    enthalpies = _enthalpies(x, t, around, overhead=overhead, feed4=feed4)
    enthalpies[5] = enthalpies[5] / flows[5]
    enthalpies[9] = enthalpies[10] + compressor_heat / flows[9]
    reactor_heat, separator_heat, steam_heat = _heats(process, around, inside, flows[8])
    return Streams(
        temperatures=t,
        reactor_liquid_ft3=inside.volumes_ft3[0],
        separator_liquid_ft3=inside.volumes_ft3[1],
        stripper_liquid_ft3=inside.volumes_ft3[2],
        separator_molar_ft3=inside.volumes_ft3[1] / inside.amounts[0],
        stripper_molar_ft3=inside.volumes_ft3[2] / inside.amounts[1],
        reactor_mmhg=inside.pressures_mmhg[0],
        separator_mmhg=inside.pressures_mmhg[1],
        mixing_mmhg=inside.pressures_mmhg[2],
        reactor_partial_mmhg=inside.reactor_partial_mmhg,
        d_mmhg_per_mol=inside.d_mmhg_per_mol,
        flows=flows,
        fractions=x,
        masses=masses,
        enthalpies=enthalpies,
        overhead=overhead,
        reactor_heat=reactor_heat,
        separator_heat=separator_heat,
        steam_heat=steam_heat,
        compressor_heat=compressor_heat,
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


def _contents(process: Process, guess: Temperatures, newton_iterations: int) -> _Contents:
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
    partial_s, d_mmhg_per_mol_s = partial_pressures(
        SEPARATOR, process.separator, temperature_c=t.separator_c, liquid_ft3=separator_ft3
    )
    p_reactor, p_separator = chem.total(partial_r), chem.total(partial_s)
    p_mixing = n_mixing * (chem.GAS_CONSTANT_MMHG / MIXING_FT3) * (t.mixing_c + chem.KELVIN)
    zero = jnp.zeros_like(p_reactor)
    return _Contents(
        temperatures=t,
        volumes_ft3=(reactor_ft3, separator_ft3, stripper_ft3),
        pressures_mmhg=(p_reactor, p_separator, p_mixing),
        amounts=(n_separator, n_stripper),
        reactor_partial_mmhg=partial_r,
        d_mmhg_per_mol=d_mmhg_per_mol,
        most_lb_mol_h=(
            most_gas_out(p_reactor, d_mmhg_per_mol),
            most_gas_out(p_separator, d_mmhg_per_mol_s),
        ),
        fractions={
            6: x_mixing,
            8: tuple(p / p_reactor for p in partial_r),
            10: tuple(p / p_separator for p in partial_s),
            11: (zero, zero, zero, *x_separator),
            13: x_stripper,
        },
    )


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


def _molar_masses(x: dict[int, Mixture]) -> dict[int, Array]:
    zero = jnp.zeros_like(x[6][0])
    recycle = chem.molar_mass(x[10])
    return {
        1: zero + (25.4 * 0.0001 + 32.0 * 0.9999),
        2: zero + (46.0 * 0.9999 + 48.0 * 0.0001),
        6: chem.molar_mass(x[6]),
        8: chem.molar_mass(x[8]),
        9: recycle,
        10: recycle,
    }


def _flows(
    process: Process, around: Surroundings, masses: dict[int, Array], inside: _Contents
) -> tuple[dict[int, Array], Array]:
    """Return the flows driven by valves and pressures, and the compressor's heat."""
    v = process.valves
    p_reactor, p_separator, p_mixing = inside.pressures_mmhg
    rise = p_mixing - p_separator
    ratio = jnp.clip(p_mixing / p_separator, 1.0, COMPRESSOR_MAX_RATIO)
    mass_lb_h = COMPRESSOR_MAX_LB_H + (COMPRESSOR_MAX_LB_H / 1.197) * (1.0 - ratio * ratio * ratio)
    recycle_lb_h = jnp.maximum(mass_lb_h - v[4] * 53.349 * _root(rise), 1e-3)
    flows = {
        1: v[0] * 4.0,
        2: v[1] * 4.0,
        3: v[2] * around.feed3_flow,
        4: v[3] * around.feed4_flow * 15.0 + 1e-10,
        6: 1937.6 * _root(p_mixing - p_reactor) / masses[6],
        8: 4574.21 * _root(p_reactor - p_separator) * (1.0 - 0.25 * around.effluent_fouling)
        / masses[8],
        9: recycle_lb_h / masses[9],
        10: v[5] * 0.151169 * _root(p_separator - GAUGE_ZERO_MMHG) / masses[10],
        11: v[6] * 15.0 * drained(SEPARATOR, inside.volumes_ft3[1]),
        13: v[7] * 10.0 * drained(STRIPPER, inside.volumes_ft3[2]),
    }  # fmt: skip
    flows[8] = jnp.minimum(flows[8], inside.most_lb_mol_h[0])
    share = jnp.minimum(inside.most_lb_mol_h[1] / (flows[9] + flows[10]), 1.0)
    flows[9], flows[10] = flows[9] * share, flows[10] * share
    inlet_k = inside.temperatures.separator_c + chem.KELVIN
    work = mass_lb_h * inlet_k * (1.8e-6 * 1.9872) * rise
    return flows, work / (masses[9] * p_separator)


def _root(difference: Array) -> Array:
    """Square root of a pressure difference, 0 where it is reversed, with a finite slope there."""
    forward = difference > 0.0
    return jnp.where(forward, jnp.sqrt(jnp.where(forward, difference, 1.0)), 0.0)


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


def _enthalpies(
    x: dict[int, Mixture], t: Temperatures, around: Surroundings, *, overhead: Mixture,
    feed4: Mixture,
) -> dict[int, Array]:  # fmt: skip
    """Return molar enthalpies by stream; of stream 5, whose amounts are given, the whole one."""
    return {
        1: _vapour_of({1: 0.0001, 3: 0.9999}, around.feed1_c),
        2: _vapour_of({4: 0.9999, 5: 0.0001}, FEED_C),
        3: _vapour_of({0: 0.9999, 1: 0.0001}, FEED_C),
        4: chem.enthalpy(chem.vapour_heat(feed4), around.feed4_c),
        5: chem.enthalpy(chem.vapour_heat(overhead), t.stripper_c),
        6: chem.enthalpy(chem.vapour_heat(x[6]), t.mixing_c),
        8: chem.enthalpy(chem.vapour_heat(x[8]), t.reactor_c),
        10: chem.enthalpy(chem.vapour_heat(x[10]), t.separator_c),
        11: chem.enthalpy(chem.liquid_heat(x[11][3:]), t.separator_c),
        13: chem.enthalpy(chem.liquid_heat(x[13]), t.stripper_c),
    }


def _vapour_of(shares: dict[int, float], temperature_c: Number) -> Number:
    """Molar vapour enthalpy of a feed of fixed composition {component: mole fraction}."""
    return chem.enthalpy(
        chem.vapour_heat(tuple(shares.get(i, 0.0) for i in range(8))), temperature_c
    )


def _heats(
    process: Process, around: Surroundings, inside: _Contents, effluent: Array
) -> tuple[Array, Array, Array]:
    """Return the heat added to reactor, separator and stripper, million Btu/h."""
    t = inside.temperatures
    level = inside.volumes_ft3[0] / 7.8
    wetted = jnp.clip(0.025 * level - 0.25, 0.0, 1.0)
    stirring = (process.valves[11] + 150.0) / 100.0
    ua_reactor = wetted * (-0.5 * stirring * stirring + 2.75 * stirring - 2.5) * 855490e-6
    relative = effluent / 3528.73
    ua_condenser = 0.404655 * (1.0 - 1.0 / (1.0 + (relative * relative) ** 2))
    ua_steam = process.valves[8] * 0.03 * (1.0 + around.steam_fouling) / 100.0
    return (
        ua_reactor * (process.reactor_water_c - t.reactor_c)
        * (1.0 - 0.35 * around.reactor_fouling),
        ua_condenser * (process.condenser_water_c - t.reactor_c)
        * (1.0 - 0.25 * around.condenser_fouling),
        ua_steam * jnp.maximum(100.0 - t.stripper_c, 0.0),
    )  # fmt: skip
