"""What a network suffers: water not delivered, low pressure, spills, empty tanks, worn pumps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from otsim_kernels.plants.water_network.network import Network
from otsim_kernels.plants.water_network.trial import Hydraulics
from otsim_kernels.plants.water_network.twin_state import Twin

Array = Any
METRES = 0.3048  # of ft
CUBIC_METRES = METRES**3  # of ft3
_HOURS = 1.0 / 3600.0
_KILOWATTS = 0.7457 / 8.814  # of cfs times ft of head, at an efficiency of 1
_OUT_BELOW = 0.5  # part of the demand that is delivered, below which customers are without water
# Joukowsky's surge of a sudden change of velocity, a dv / g, with a wave speed of 1000 m/s, as in
# iron and steel pipes (900 to 1,300); in plastic ones it is 300 to 500.
_SURGE_S = 1000.0 / 9.80665


@dataclass(frozen=True, kw_only=True, eq=False)
class Service:
    """What a network owes.

    Attributes:
        required_head: ft of water at which a junction gets all that it wants; below, as the
            square root of its pressure's part of it (J. M. Wagner and others, 1988).
        low_head: ft of water below which pressure counts as low, such as that for firefighting.
        efficiency: of pumps, 0 to 1.
        customers: f64[n_junctions], served at each.
        zone: i32[n_junctions], the zone of each, from 0; n_zones: how many.
    """

    required_head: float
    low_head: float
    customers: npt.NDArray[np.float64]
    zone: npt.NDArray[np.int32]
    n_zones: int
    efficiency: float = 0.75


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Tally:
    """What twins have suffered so far; the last axis is the twin.

    Attributes:
        unmet_m3: f[n_zones, n], demand that was not delivered.
        outage_h: f[n], customers times the part of their demand not delivered times hours.
        out: bool[n_junctions, n], where customers ever got less than half of what they wanted.
        low_pressure_h: f[n], hours of low pressure, summed over the junctions that want water then.
        overflow_m3: f[n], spilled over the rims of tanks.
        tank_empty_h: f[n], hours in which a tank was at its minimum, summed over tanks.
        pump_starts: f[n_pumps, n].
        pump_dry_h: f[n_pumps, n], hours in which it ran with less than atmospheric pressure at its
            inlet.
        energy_kwh: f[n], of pumps.
        surge_m: f[n], the largest surge that a change of flow between two solves may have made.
        flow: f[n_pipes, n], cfs, of the solve before.
    """

    unmet_m3: Array
    outage_h: Array
    out: Array
    low_pressure_h: Array
    overflow_m3: Array
    tank_empty_h: Array
    pump_starts: Array
    pump_dry_h: Array
    energy_kwh: Array
    surge_m: Array
    flow: Array


def first_tally(network: Network, service: Service, n_twins: int, dtype: Any) -> Tally:
    """Return a tally of nothing."""

    def none(*shape: int) -> Array:
        return jnp.zeros((*shape, n_twins), dtype)

    n_pumps = len(network.pumps)
    return Tally(
        unmet_m3=none(service.n_zones), outage_h=none(),
        out=jnp.zeros((network.n_junctions, n_twins), bool), low_pressure_h=none(),
        overflow_m3=none(), tank_empty_h=none(), pump_starts=none(n_pumps),
        pump_dry_h=none(n_pumps), energy_kwh=none(), surge_m=none(),
        flow=jnp.full((network.n_pipes, n_twins), jnp.nan, dtype),
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Step:
    """A step of every twin, from a solve to the next.

    Attributes:
        before: after the last trial of a solve, whose flows hold during the step.
        after: at the beginning of the next solve.
        demand: wanted during the step, cfs, f[n_junctions, n_twins].
        ended: bool[n_twins], where there was a solve at all.
        seconds: f[n_twins], that count; 0 where there was none.
    """

    before: Twin
    after: Twin
    demand: Array
    ended: Array
    seconds: Array


def tallied(network: Network, service: Service, tally: Tally, step: Step) -> Tally:
    """Count a step of every twin; of those that did none, nothing."""
    state, demand, seconds = step.before.hydraulics, step.demand, step.seconds
    counts = seconds > 0.0
    pressure = pressures(network, state)
    lacks = undelivered(network, service, state, demand, pressure)
    low = ((pressure < service.low_head) & (demand > 0.0)).sum(axis=0).astype(demand.dtype)
    spilled, empty = _tanks(network, step)
    dry, power = _pumps(network, service, state, step.after.ran)
    wanted = jnp.maximum(demand, 0.0)
    part = lacks / jnp.where(wanted > 0.0, wanted, 1.0)
    customers = jnp.asarray(service.customers, demand.dtype)[:, None]
    flow, surge = _surge(network, tally.flow, step)
    return Tally(
        unmet_m3=tally.unmet_m3 + by_zone(service, lacks) * seconds * CUBIC_METRES,
        outage_h=tally.outage_h + (customers * part).sum(axis=0) * seconds * _HOURS,
        out=tally.out | ((part > _OUT_BELOW) & counts),
        low_pressure_h=tally.low_pressure_h + low * seconds * _HOURS,
        overflow_m3=tally.overflow_m3 + spilled * CUBIC_METRES,
        tank_empty_h=tally.tank_empty_h + empty * seconds * _HOURS,
        pump_starts=tally.pump_starts + jnp.where(counts, _starts(step), 0.0),
        pump_dry_h=tally.pump_dry_h + dry * seconds * _HOURS,
        energy_kwh=tally.energy_kwh + power * seconds * _HOURS,
        surge_m=jnp.where(counts, jnp.maximum(tally.surge_m, surge), tally.surge_m),
        flow=flow,
    )


def pressures(network: Network, state: Hydraulics) -> Array:
    """Return the pressure at every junction, ft of water."""
    n = network.n_junctions
    return state.head[:n] - jnp.asarray(network.elevation[:n], state.head.dtype)[:, None]


def undelivered(
    network: Network, service: Service, state: Hydraulics, demand: Array, pressure: Array
) -> Array:
    """Return the demand that is not delivered at each junction, cfs.

    What depends on pressure is solved to the accuracy of the file: less than that lacks nothing.
    """
    wanted = jnp.maximum(demand, 0.0)
    if len(network.wants):
        given = jnp.zeros_like(wanted).at[network.wants].set(state.delivered)
        lacks = wanted - given
        return jnp.where(lacks > network.trials.accuracy * wanted, lacks, 0.0)
    return wanted * (1.0 - jnp.sqrt(jnp.clip(pressure / service.required_head, 0.0, 1.0)))


def by_zone(service: Service, values: Array) -> Array:
    """Sum the values of junctions over each zone, f[n_zones, n_twins]."""
    if service.n_zones == 1:
        return values.sum(axis=0, keepdims=True)
    rows = [values[np.flatnonzero(service.zone == zone)] for zone in range(service.n_zones)]
    return jnp.stack([row.sum(axis=0) for row in rows])


def _tanks(network: Network, step: Step) -> tuple[Array, Array]:
    """Return what spilled, ft3, and how many tanks are empty."""
    spilled = empty = jnp.zeros_like(step.seconds)
    for i, tank in enumerate(network.tanks):
        if tank.overflows:
            inflow, volume = step.after.inflow[i], step.before.volume[i]
            over = volume + inflow * step.seconds - tank.max_volume
            full = (step.after.volume[i] >= tank.max_volume) & (step.seconds > 0.0)
            spilled = spilled + jnp.where(full, jnp.maximum(over, 0.0), 0.0)
        empty = empty + (step.before.volume[i] <= tank.min_volume).astype(empty.dtype)
    return spilled, empty


def _pumps(
    network: Network, service: Service, state: Hydraulics, ran: Array
) -> tuple[Array, Array]:
    """Return which pumps run dry, f[n_pumps, n_twins], and the power of all, kW."""
    power, dry = jnp.zeros_like(state.flow[0]), []
    for i in range(len(network.pumps)):
        k = network.n_pipes + i
        start, end = int(network.start[k]), int(network.end[k])
        lift = jnp.maximum(state.head[end] - state.head[start], 0.0)
        work = jnp.maximum(state.flow[k], 0.0) * lift * _KILOWATTS / service.efficiency
        power = power + jnp.where(ran[i], work, 0.0)
        sucks = ran[i] & (state.head[start] < network.elevation[start])
        dry.append((sucks & (start < network.n_junctions)).astype(power.dtype))
    return jnp.stack(dry) if dry else jnp.zeros((0, *power.shape), power.dtype), power


def _starts(step: Step) -> Array:
    """Tell the pumps that run in this solve and did not in the one before."""
    return (step.after.ran & ~step.before.ran).astype(step.seconds.dtype)


def _surge(network: Network, before: Array, step: Step) -> tuple[Array, Array]:
    """Return the flows of this solve, and the largest surge since the one before, m of water."""
    flow = step.before.hydraulics.flow[: network.n_pipes]
    area = jnp.asarray(np.pi / 4.0 * network.diameter**2, flow.dtype)[:, None]
    change = jnp.abs(flow - before) / area * (METRES * _SURGE_S)
    largest = jnp.nan_to_num(change).max(axis=0, initial=0.0)  # nothing before the first solve
    return jnp.where(step.ended, flow, before), largest


def columns(service: Service, tally: Tally) -> dict[str, npt.NDArray[np.float64]]:
    """Return the tally by column of the event table, f64[n_twins] on the host."""
    wide = {name: np.asarray(getattr(tally, name), np.float64) for name in _PLAIN}
    starts, dry = (np.asarray(rows, np.float64) for rows in (tally.pump_starts, tally.pump_dry_h))
    return {
        "unmet_m3": _summed(np.asarray(tally.unmet_m3, np.float64)),
        "outage_customer_h": np.asarray(tally.outage_h, np.float64),
        "customers_affected": _summed(service.customers[:, None] * np.asarray(tally.out)),
        **wide,
        "peak_surge_m": np.asarray(tally.surge_m, np.float64),
        "pump_starts": _summed(starts),
        "peak_pump_starts": starts.max(axis=0, initial=0.0),
        "pump_dry_h": _summed(dry),
        "peak_pump_dry_h": dry.max(axis=0, initial=0.0),
    }


def _summed(rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Sum over the first axis, one row after the other, however many twins there are."""
    if not len(rows):
        return np.zeros(rows.shape[1:])
    total: npt.NDArray[np.float64] = np.add.accumulate(rows, axis=0)[-1]
    return total


_PLAIN = ("low_pressure_h", "overflow_m3", "tank_empty_h", "energy_kwh")

__all__ = [
    "CUBIC_METRES",
    "METRES",
    "Service",
    "Step",
    "Tally",
    "by_zone",
    "columns",
    "first_tally",
    "pressures",
    "tallied",
    "undelivered",
]
