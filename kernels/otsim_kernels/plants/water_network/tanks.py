"""Tanks: volume and level, net inflow, and how both move in a step of forward Euler."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from otsim_kernels.plants.water_network.head_loss import interpolated
from otsim_kernels.plants.water_network.links import status_of
from otsim_kernels.plants.water_network.network import CLOSED, Q_ZERO, Network, Tank
from otsim_kernels.plants.water_network.sums import summed
from otsim_kernels.plants.water_network.trial import Hydraulics

Array = Any


def height_at(tank: Tank, volume: Array) -> tuple[float, Array]:
    """Return a constant head and the height above it of a tank at a volume, ft."""
    if tank.points is not None:
        return tank.bottom, interpolated(np.asarray(tank.points)[:, ::-1], volume)
    return tank.min_head, (volume - tank.min_volume) / tank.area


def volume_at(tank: Tank, head: Array) -> Array:
    """Return the volume of a tank at a head, ft3."""
    if tank.points is not None:
        return interpolated(tank.points, head - tank.bottom)
    return tank.min_volume + (head - tank.min_head) * tank.area


def head_at(tank: Tank, volume: Array) -> Array:
    """Return the head of a tank at a volume, ft."""
    base, height = height_at(tank, volume)
    return base + height


def inflows(network: Network, state: Hydraulics) -> Array:
    """Return the net inflow of each tank, cfs, f[n_tanks, n_twins]; closed links bring nothing."""
    rows = []
    for node in network.tank_node:
        total = jnp.zeros_like(state.flow[0])
        for k in np.flatnonzero((network.start == node) | (network.end == node)).tolist():
            inwards = 1.0 if network.end[k] == node else -1.0
            is_open = status_of(network, state.links, k) > CLOSED
            total = total + jnp.where(is_open, inwards * state.flow[k], 0.0)
        rows.append(total)
    return jnp.stack(rows) if rows else jnp.zeros((0, state.flow.shape[1]), state.flow.dtype)


def volumes_after(
    network: Network, volume: Array, low: Array | None, inflow: Array, seconds: Array
) -> tuple[Array, Array | None]:
    """Return the volumes after a step, f[n_tanks, n_twins], and what float32 cannot hold of them.

    As EPANET has it: within a second of full is full, and a tank is set to its minimum by the
    same rule with the inflow's sign turned, so that one that drains may stop a little below.
    """
    flows = jnp.abs(inflow) > Q_ZERO
    moved, rest = summed(volume, low, jnp.where(flows, inflow * seconds, 0.0))
    most, least = (
        jnp.asarray([[one] for one in ends], volume.dtype).reshape(-1, 1)
        for ends in (
            [tank.max_volume for tank in network.tanks], [tank.min_volume for tank in network.tanks]
        )
    )  # fmt: skip
    full = flows & (moved + inflow >= most)
    empty = flows & ~full & (moved - inflow <= least)
    moved = jnp.where(full, most, jnp.where(empty, least, moved))
    return moved, None if rest is None else jnp.where(full | empty, 0.0, rest)


__all__ = ["head_at", "height_at", "inflows", "volume_at", "volumes_after"]
