"""What a network suffers: water not delivered, low pressure, spills, empty tanks, worn pumps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from otsim_kernels.plants.water_network.network import Network
from otsim_kernels.plants.water_network.trial import Hydraulics
from otsim_kernels.plants.water_network.twin_state import Twin

Array = Any
CUBIC_METRES = 0.3048**3  # of ft3
_HOURS = 1.0 / 3600.0
_KILOWATTS = 0.7457 / 8.814  # of cfs times ft of head, at an efficiency of 1


@dataclass(frozen=True, kw_only=True)
class Service:
    """What a network owes.

    Attributes:
        required_head: ft of water at which a junction gets all that it wants; below, as the
            square root of its pressure's part of it (J. M. Wagner and others, 1988).
        low_head: ft of water below which pressure counts as low, such as that for firefighting.
        efficiency: of pumps, 0 to 1.
    """

    required_head: float
    low_head: float
    efficiency: float = 0.75


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Tally:
    """What twins have suffered so far, f[n_twins] each.

    Attributes:
        unmet_m3: demand that was not delivered.
        low_pressure_h: hours of low pressure, summed over the junctions that want water then.
        overflow_m3: spilled over the rims of tanks.
        tank_empty_h: hours in which a tank was at its minimum, summed over tanks.
        pump_starts: of all pumps.
        pump_dry_h: hours in which a pump ran with less than atmospheric pressure at its inlet.
        energy_kwh: of pumps.
    """

    unmet_m3: Array
    low_pressure_h: Array
    overflow_m3: Array
    tank_empty_h: Array
    pump_starts: Array
    pump_dry_h: Array
    energy_kwh: Array


def first_tally(n_twins: int, dtype: Any) -> Tally:
    """Return a tally of nothing."""
    none = jnp.zeros(n_twins, dtype)
    return Tally(
        unmet_m3=none, low_pressure_h=none, overflow_m3=none, tank_empty_h=none, pump_starts=none,
        pump_dry_h=none, energy_kwh=none,
    )  # fmt: skip


def tallied(
    network: Network, service: Service, tally: Tally, *, before: Twin, after: Twin, demand: Array
) -> Tally:
    """Count a step of every twin; of those that did none, nothing.

    Args:
        network: the network.
        service: what it owes.
        tally: so far.
        before: after the last trial of a solve, whose flows hold during the step.
        after: at the beginning of the next solve.
        demand: wanted during the step, cfs, f[n_junctions, n_twins].
    """
    state = before.hydraulics
    seconds = (after.time - before.time).astype(demand.dtype)
    pressure = state.head[: network.n_junctions] - jnp.asarray(
        network.elevation[: network.n_junctions], demand.dtype
    )[:, None]  # fmt: skip
    unmet = _unmet(network, service, state, demand, pressure)
    low = ((pressure < service.low_head) & (demand > 0.0)).sum(axis=0).astype(demand.dtype)
    spilled, empty = _tanks(network, before, after, seconds)
    dry, power = _pumps(network, service, state, after.ran)
    return Tally(
        unmet_m3=tally.unmet_m3 + unmet * seconds * CUBIC_METRES,
        low_pressure_h=tally.low_pressure_h + low * seconds * _HOURS,
        overflow_m3=tally.overflow_m3 + spilled * CUBIC_METRES,
        tank_empty_h=tally.tank_empty_h + empty * seconds * _HOURS,
        pump_starts=tally.pump_starts + _starts(network, before, after),
        pump_dry_h=tally.pump_dry_h + dry * seconds * _HOURS,
        energy_kwh=tally.energy_kwh + power * seconds * _HOURS,
    )


def _unmet(
    network: Network, service: Service, state: Hydraulics, demand: Array, pressure: Array
) -> Array:
    """Return the demand that is not delivered, cfs."""
    if len(network.wants):
        wanted = jnp.maximum(demand[network.wants], 0.0)
        return jnp.maximum(wanted - state.delivered, 0.0).sum(axis=0)
    part = jnp.sqrt(jnp.clip(pressure / service.required_head, 0.0, 1.0))
    return (jnp.maximum(demand, 0.0) * (1.0 - part)).sum(axis=0)


def _tanks(network: Network, before: Twin, after: Twin, seconds: Array) -> tuple[Array, Array]:
    """Return what spilled, ft3, and how many tanks are empty."""
    spilled = empty = jnp.zeros_like(seconds)
    for i, tank in enumerate(network.tanks):
        if tank.overflows:
            over = before.volume[i] + after.inflow[i] * seconds - tank.max_volume
            full = after.volume[i] >= tank.max_volume
            spilled = spilled + jnp.where(full & (seconds > 0.0), jnp.maximum(over, 0.0), 0.0)
        empty = empty + (before.volume[i] <= tank.min_volume).astype(seconds.dtype)
    return spilled, empty


def _pumps(
    network: Network, service: Service, state: Hydraulics, ran: Array
) -> tuple[Array, Array]:
    """Return how many pumps run dry, and the power of all, kW."""
    dry = power = jnp.zeros_like(state.flow[0])
    for i in range(len(network.pumps)):
        k = network.n_pipes + i
        start, end = int(network.start[k]), int(network.end[k])
        lift = jnp.maximum(state.head[end] - state.head[start], 0.0)
        work = jnp.maximum(state.flow[k], 0.0) * lift * _KILOWATTS / service.efficiency
        power = power + jnp.where(ran[i], work, 0.0)
        sucks = ran[i] & (state.head[start] < network.elevation[start])
        if start < network.n_junctions:
            dry = dry + sucks.astype(dry.dtype)
    return dry, power


def _starts(network: Network, before: Twin, after: Twin) -> Array:
    """Count the pumps that run in this solve and did not in the one before."""
    total = jnp.zeros_like(before.relative)
    for i in range(len(network.pumps)):
        starts = after.ran[i] & ~before.ran[i]
        total = total + starts.astype(total.dtype)
    return total


DAMAGE_UNITS = {
    "unmet_m3": "m3", "low_pressure_h": "h", "overflow_m3": "m3", "tank_empty_h": "h",
    "pump_starts": "", "pump_dry_h": "h", "energy_kwh": "kWh",
}  # fmt: skip
"""Units of the tally's columns."""


def columns(tally: Tally) -> dict[str, Any]:
    """Return the tally by column, f[n_twins] on the host."""
    return {name: np.asarray(getattr(tally, name), np.float64) for name in DAMAGE_UNITS}


__all__ = ["DAMAGE_UNITS", "Service", "Tally", "columns", "first_tally", "tallied"]
