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
_STEEP = 1e9  # of the barriers that keep a flow within its bounds
_HELD = 1e-3  # slope of a demand beyond its bounds, where it has none: a brake on its head alone
_LEAST_PART = 0.01  # of what is wanted, from which on the slope is that of the formula
_LARGEST_STEP = 0.4  # of a demand, in parts of what is wanted


@dataclass(frozen=True, kw_only=True)
class Outflows:
    """Virtual links out of junctions; slope P and first step, f[n, n_twins], for each kind."""

    emitter_slope: Array
    emitter_step: Array
    demand_slope: Array
    demand_step: Array

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
        full = demand[network.wants]
        step = self.demand_step - self.demand_slope * correction[network.wants]
        most = _LARGEST_STEP * jnp.abs(full)
        if step.dtype == jnp.float64:
            step = jnp.clip(step, -most, most)
        else:
            step = delivered - jnp.clip(delivered - step, 0.0, full)
        return jnp.where(full > 0.0, step, delivered)


def outflows(
    network: Network, head: Array, demand: Array, drawn: tuple[Array, Array], careful: Array
) -> Outflows:
    """Return slopes and steps at the present heads.

    Args:
        network, head, demand: as in a trial.
        drawn: by emitters and demands, f[n, n_twins] each.
        careful: bool[n_twins], where trials swing.
    """
    emitted, delivered = drawn
    emitters, wants = emitted, emitted
    demands, steps = delivered, delivered
    if len(network.emitter_node):
        emitters, wants = _emitters(network, head, emitted)
    if len(network.wants):
        demands, steps = _demands(network, head, demand, delivered, careful)
    return Outflows(
        emitter_slope=emitters, emitter_step=wants, demand_slope=demands, demand_step=steps
    )


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
    network: Network, head: Array, demand: Array, flow: Array, careful: Array
) -> tuple[Array, Array]:
    full = demand[network.wants]
    drawn = full > 0.0
    full = jnp.where(drawn, full, 1.0)
    n = network.pressure_power
    if flow.dtype != jnp.float64:
        slope, step = _within(network, _pressure(network, head), full, flow, careful)
        return jnp.where(drawn, slope, 0.0), jnp.where(drawn, step, flow)
    g = n * network.pressure_range * (jnp.abs(flow) / full) ** (n - 1.0) / full
    g, h = _not_below(flow, 0.0, g, g * flow / n)
    g, h = _not_above(flow, full, g, h)
    step = (h - _pressure(network, head)) / g
    return jnp.where(drawn, 1.0 / g, 0.0), jnp.where(drawn, step, flow)


def _within(
    network: Network, pressure: Array, full: Array, flow: Array, careful: Array
) -> tuple[Array, Array]:
    """Return slope and step of demands as functions of the pressure, for float32.

    Beyond a bound, a foot of pressure is 1e-9 cfs of EPANET's barrier, which float32 cannot tell
    from nothing. So the formula is solved by heads. Beyond the bounds, where it is flat, the slope
    is only a brake; where heads swing from bound to bound, it is the chord to the other bound.
    """
    n, most = network.pressure_power, network.pressure_range
    part = pressure / most
    within = (part > 0.0) & (part < 1.0)
    wanted = jnp.clip(part, 0.0, 1.0) ** (1.0 / n)
    slope = full / (n * most * jnp.maximum(wanted, _LEAST_PART) ** (n - 1.0))
    chord = full / jnp.where(part >= 1.0, pressure, most - jnp.minimum(pressure, 0.0))
    held = jnp.where(careful, chord, _HELD * full / most)
    return jnp.where(within, slope, held), flow - full * wanted


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


def _not_above(flow: Array, most: Any, g: Array, h: Array) -> tuple[Array, Array]:
    u = _STEEP * (flow - most)
    v = jnp.sqrt(u * u + 1e-6)
    return g + 0.5 * _STEEP * (1.0 + u / v), h + (u + v) / 2.0


__all__ = ["Outflows", "demand_error", "outflows"]
