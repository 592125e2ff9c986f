"""Mass and energy balances: the rates of change of the 50 states."""

from __future__ import annotations

from otsim_kernels.draws import Array
from otsim_kernels.plants.tennessee_eastman.components import Mixture
from otsim_kernels.plants.tennessee_eastman.process import Process, Surroundings
from otsim_kernels.plants.tennessee_eastman.streams import Rates, Streams

WATER_HEAT = 500.53  # Btu/(h C) per gpm
REACTOR_WATER, CONDENSER_WATER = 7060.0, 11138.0  # hold-up of the cooling jackets, Btu/C
VALVE_SECONDS = (8.0, 8.0, 6.0, 9.0, 7.0, 5.0, 5.0, 5.0, 120.0, 5.0, 5.0, 5.0)
REACTION_HEAT = (0.06899381054, 0.05)  # million Btu per lb-mol of G and of H


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
        rates: the four reaction rates to use, lb-mol/h.
        accepted: the 12 commands as the valves take them, %.
    """
    f, h, x = streams.flows, streams.enthalpies, streams.fractions
    effluent = tuple(f[8] * z for z in x[8])
    reactor_feed = tuple(f[6] * z for z in x[6])
    liquid_out = tuple(f[11] * z for z in x[11])
    gas_out = f[9] + f[10]
    reaction_heat = REACTION_HEAT[0] * rates[0] + REACTION_HEAT[1] * rates[1]
    recycle_heat, overhead_heat = h[9] * f[9], h[5] * f[5]
    fresh_heat = h[1] * f[1] + h[2] * f[2] + h[3] * f[3]
    reactor_water_c, condenser_water_c = _cooling_water(process, streams, around)
    return Process(
        reactor=_reactor(reactor_feed, effluent, rates),
        reactor_heat=h[6] * f[6] - h[8] * f[8] + reaction_heat + streams.reactor_heat,
        separator=tuple(
            e - gas_out * y - liquid
            for e, y, liquid in zip(effluent, x[10], liquid_out, strict=True)
        ),
        separator_heat=h[8] * f[8] - recycle_heat - h[10] * f[10] - h[11] * f[11]
        + streams.separator_heat,
        stripper=_stripper(streams, around, liquid_out),
        stripper_heat=h[4] * f[4] + h[11] * f[11] - overhead_heat - h[13] * f[13]
        + streams.steam_heat,
        mixing=_mixing_zone(streams, reactor_feed),
        mixing_heat=fresh_heat + overhead_heat + recycle_heat - h[6] * f[6],
        reactor_water_c=reactor_water_c,
        condenser_water_c=condenser_water_c,
        valves=tuple(
            (command - valve) * (3600.0 / seconds)
            for command, valve, seconds in zip(
                accepted, process.valves, VALVE_SECONDS, strict=True
            )
        ),
    )  # fmt: skip


def _reactor(feed: Mixture, effluent: Mixture, rates: Rates) -> Mixture:
    r1, r2, r3, r4 = rates
    # r3 takes a whole mole of A, and r4 none: the public program differs here from the paper
    made = (-r1 - r2 - r3, 0.0, -r1 - r2, -r1 - 1.5 * r4, -r2 - r3, r3 + r4, r1, r2)
    return tuple(fin - fout + new for fin, fout, new in zip(feed, effluent, made, strict=True))


def _stripper(streams: Streams, around: Surroundings, liquid_in: Mixture) -> Mixture:
    f, x = streams.flows, streams.fractions
    gas_in = [f[4] * z for z in around.feed4]
    fed = [gas_in[i] + liquid if i < len(gas_in) else liquid for i, liquid in enumerate(liquid_in)]
    return tuple(
        fin - over - f[13] * z for fin, over, z in zip(fed, streams.overhead, x[13], strict=True)
    )


def _mixing_zone(streams: Streams, reactor_feed: Mixture) -> Mixture:
    f, x = streams.flows, streams.fractions
    fresh = {0: 0.9999 * f[3], 1: 0.0001 * (f[1] + f[3]), 3: 0.9999 * f[1], 4: 0.9999 * f[2],
             5: 0.0001 * f[2]}  # fmt: skip
    return tuple(
        streams.overhead[i] + f[9] * x[10][i] + fresh.get(i, 0.0) - reactor_feed[i]
        for i in range(len(reactor_feed))
    )


def _cooling_water(process: Process, streams: Streams, around: Surroundings) -> tuple[Array, Array]:
    """Return the rates of the two cooling water outlet temperatures, C/h."""
    reactor_gpm, condenser_gpm = process.valves[9] * 10.0, process.valves[10] * 12.0
    return (
        _cooling(
            reactor_gpm, around.reactor_water_inlet_c - process.reactor_water_c,
            streams.reactor_heat, REACTOR_WATER,
        ),
        _cooling(
            condenser_gpm, around.condenser_water_inlet_c - process.condenser_water_c,
            streams.separator_heat, CONDENSER_WATER,
        ),
    )  # fmt: skip


def _cooling(flow_gpm: Array, below_c: Array, heat: Array, hold_up: float) -> Array:
    """Rate of a cooling water outlet temperature, C/h."""
    return (flow_gpm * WATER_HEAT * below_c - heat * (1e6 / 1.8)) / hold_up
