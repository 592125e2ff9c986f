"""What pressure draws from junctions: emitters, and demands that depend on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np

from otsim_kernels.plants.water_network.network import RQ_TOL, Network
from otsim_kernels.plants.water_network.system import System

Array = Any
_STEEP = 1e9  # of the barrier that keeps an emitter from drawing water in
_LEAST_PART = 0.01  # of what is wanted, from which on the slope is that of the formula
# Slopes of demands at their bounds, in parts of what is wanted over the range of pressure. They
# have none there: these are brakes on their heads alone, stronger where nothing holds the heads.
_BRAKE, _DRY_BRAKE = 1e-3, 0.1


@dataclass(frozen=True, kw_only=True)
class Outflows:
    """Virtual links out of junctions; slope P and first step, f[n, n_twins], for each kind.

    `stays`, bool[n, n_twins], are demands at a bound that their pressure holds them to.
    """

    emitter_slope: Array
    emitter_step: Array
    demand_slope: Array
    demand_step: Array
    stays: Array

    def taken(
        self, network: Network, demand: Array, emitted: Array, delivered: Array
    ) -> Callable[[int], Array]:
        """Return a function: what a node takes in from nowhere, minus its demand and emitter."""

        def at(node: int) -> Array:
            wants = np.flatnonzero(network.wants == node)
            total = -delivered[int(wants[0])] if len(wants) else -demand[node]
            for place in np.flatnonzero(network.emitter_node == node).tolist():
                total = total - emitted[place]
            return total

        return at

    def added(self, network: Network, system: System, emitted: Array, delivered: Array) -> System:
        """Add them to the equations."""
        for nodes, flow, slope, step in (
            (network.emitter_node, emitted, self.emitter_slope, self.emitter_step),
            (network.wants, delivered, self.demand_slope, self.demand_step),
        ):
            if len(nodes):
                system = System(
                    conductance=system.conductance.at[network.plan.n_edges + nodes].add(slope),
                    imbalance=system.imbalance.at[nodes].add(step - flow),
                )
        return system

    def emitter_steps(self, network: Network, correction: Array) -> Array:
        """Return by how much emitters' flows fall, f[n_emitters, n_twins]."""
        return self.emitter_step - self.emitter_slope * correction[network.emitter_node]

    def demand_steps(
        self, network: Network, correction: Array, demand: Array, delivered: Array
    ) -> Array:
        """Return by how much delivered demands fall, f[n_wants, n_twins]."""
        full, slope = demand[network.wants], jnp.where(self.stays, 0.0, self.demand_slope)
        step = self.demand_step - slope * correction[network.wants]
        step = delivered - jnp.clip(delivered - step, 0.0, full)
        return jnp.where(full > 0.0, step, delivered)


def outflows(network: Network, head: Array, demand: Array, drawn: tuple[Array, Array]) -> Outflows:
    """Return slopes and steps at the present heads.

    Args:
        network, head, demand: as in a trial.
        drawn: by emitters and demands, f[n, n_twins] each.
    """
    emitted, delivered = drawn
    emitters, wants = emitted, emitted
    demands, steps, stays = delivered, delivered, delivered > 0.0
    if len(network.emitter_node):
        emitters, wants = _emitters(network, head, emitted)
    if len(network.wants):
        demands, steps, stays = _demands(network, head, demand, delivered)
    return Outflows(
        emitter_slope=emitters, emitter_step=wants, demand_slope=demands, demand_step=steps,
        stays=stays,
    )  # fmt: skip


def _emitters(network: Network, head: Array, flow: Array) -> tuple[Array, Array]:
    n, nodes = network.emitter_power, network.emitter_node
    coefficient = jnp.asarray(network.emitter, flow.dtype)[:, None]
    slope = n * coefficient * jnp.abs(flow) ** (n - 1.0)
    tiny = slope < RQ_TOL
    g = jnp.where(tiny, RQ_TOL / n, slope)
    h = jnp.where(tiny, g * flow, slope * flow / n)
    if not network.emitter_backflow:
        g, h = _not_below(flow, 0.0, g, h)
    pressure = head[nodes] - jnp.asarray(network.elevation[nodes], head.dtype)[:, None]
    return 1.0 / g, (h - pressure) / g


def _demands(
    network: Network, head: Array, demand: Array, flow: Array
) -> tuple[Array, Array, Array]:
    """Return slope and step of demands, and which stay at a bound.

    Between the bounds a demand is a flow whose pressure the formula gives, as in EPANET. At a bound
    it leaves as soon as its pressure does, and no step leads beyond. EPANET has barriers of 1e-9
    cfs a foot there instead: what is cut off falls by millions of feet in a trial, and float32
    cannot tell them from nothing.
    """
    full = demand[network.wants]
    drawn = full > 0.0
    full = jnp.where(drawn, full, 1.0)
    n, most = network.pressure_power, network.pressure_range
    pressure, within = _pressure(network, head), jnp.clip(flow, 0.0, full)
    part = within / full
    dry = (part <= 0.0) & (pressure <= 0.0)
    stays = dry | ((part >= 1.0) & (pressure >= most))
    g = n * most * jnp.maximum(part, _LEAST_PART) ** (n - 1.0) / full
    slope = jnp.where(stays, jnp.where(dry, _DRY_BRAKE, _BRAKE) * full / most, 1.0 / g)
    step = jnp.where(stays, flow - within, (most * part**n - pressure) / g)
    return jnp.where(drawn, slope, 0.0), jnp.where(drawn, step, flow), stays


def _pressure(network: Network, head: Array) -> Array:
    """Return the head above that at which nothing is delivered, ft."""
    nothing = jnp.asarray(network.elevation[network.wants] + network.min_pressure, head.dtype)
    return head[network.wants] - nothing[:, None]


def demand_error(network: Network, head: Array, demand: Array, delivered: Array) -> Array:
    """Return the worst disagreement of a demand with its formula, cfs, f[n_twins]."""
    if not len(network.wants):
        return jnp.zeros_like(demand[0])
    full = demand[network.wants]
    part = jnp.clip(_pressure(network, head) / network.pressure_range, 0.0, 1.0)
    wanted = full * part ** (1.0 / network.pressure_power)
    return jnp.where(full > 0.0, jnp.abs(delivered - wanted), 0.0).max(axis=0)


def _not_below(flow: Array, least: Any, g: Array, h: Array) -> tuple[Array, Array]:
    u = _STEEP * (flow - least)
    v = jnp.sqrt(u * u + 1e-6)
    return g + 0.5 * _STEEP * (1.0 - u / v), h + (u - v) / 2.0


__all__ = ["Outflows", "demand_error", "outflows"]
