"""What is given from outside at a time: multipliers of patterns, and wanted demands."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from otsim_kernels.plants.water_network.network import Network

Array = Any


def demand_of(network: Network, time: Array, factor: Array) -> Array:
    """Return the wanted demand of each junction, cfs, f[n_junctions, n_twins].

    Args:
        network: the network.
        time: i32[n_twins].
        factor: f[n_patterns, n_twins], on each pattern.
    """
    values = multipliers(network, time, factor.dtype) * factor
    none = jnp.ones((1, len(time)), factor.dtype)
    values = jnp.concatenate([values, none])  # pattern -1: none
    each = jnp.asarray(network.demand_base, factor.dtype)[:, None] * values[network.demand_pattern]
    if np.array_equal(network.demand_node, np.arange(network.n_junctions)):
        return each
    wanted = jnp.zeros((network.n_junctions, len(time)), factor.dtype)
    return wanted.at[network.demand_node].add(each)


def multipliers(network: Network, time: Array, dtype: Any) -> Array:
    """Return the present multiplier of each pattern, f[n_patterns, n_twins]."""
    period = (time + network.clock.pattern_start) // network.clock.pattern_step
    rows = [jnp.asarray(pattern, dtype)[period % len(pattern)] for pattern in network.patterns]
    return jnp.stack(rows) if rows else jnp.zeros((0, len(time)), dtype)


__all__ = ["demand_of", "multipliers"]
