"""The state of twins of a network, and how it begins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from otsim_kernels.plants.water_network.controls import Controllers, first_controllers
from otsim_kernels.plants.water_network.links import first_links
from otsim_kernels.plants.water_network.network import CLOSED, Q_ZERO, Network
from otsim_kernels.plants.water_network.trial import Hydraulics

Array = Any
BALANCED, UNBALANCED, UNSTABLE = range(3)


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Twin:
    """n twins of a network; every field's last axis is the twin.

    Attributes:
        hydraulics: heads, flows and statuses.
        volume: f[n_tanks, n], ft3, and volume_low, what float32 cannot hold of it, or None.
        inflow: f[n_tanks, n], of the last solve, cfs.
        time: i32[n], seconds.
        trials: i32[n], number of the next trial of the present solve; 0 before its beginning.
        next_check: i32[n], trial after which links are looked at.
        damped: bool[n], the next trial takes a part of the step.
        held: f[n_reads, n], the readings at the last solve, ft3.
        controls: what the controllers hold.
        relative: f[n], change of flow in the last trial.
        ran: bool[n_pumps, n], pumps that ran in the last solve.
        warning: i32[n], of the last solve: `BALANCED`, `UNBALANCED` or `UNSTABLE`.
    """

    hydraulics: Hydraulics
    volume: Array
    volume_low: Array | None
    inflow: Array
    time: Array
    trials: Array
    next_check: Array
    damped: Array
    held: Array
    controls: Controllers
    relative: Array
    ran: Array
    warning: Array


def first_twin(network: Network, n_twins: int, dtype: Any) -> Twin:
    """Return n twins at time 0."""
    volume = np.array([tank.first_volume for tank in network.tanks], np.float64).reshape(-1, 1)
    shape, none = (len(network.tanks), n_twins), jnp.zeros(n_twins, jnp.int32)
    return Twin(
        hydraulics=first_hydraulics(network, n_twins, dtype),
        volume=jnp.asarray(np.broadcast_to(volume, shape), dtype),
        volume_low=None if _is_wide(dtype) else jnp.zeros(shape, dtype),
        inflow=jnp.zeros(shape, dtype),
        time=none,
        trials=none,
        next_check=none,
        damped=none > 0,
        held=jnp.asarray(np.broadcast_to(volume, shape), dtype)[np.array(network.reads, int)],
        controls=first_controllers(network, n_twins, dtype),
        relative=jnp.zeros(n_twins, dtype),
        ran=jnp.asarray(np.broadcast_to(_first_runs(network), (len(network.pumps), n_twins))),
        warning=none,
    )


def _first_runs(network: Network) -> Any:
    """Return which pumps run at the beginning, bool[n_pumps, 1]."""
    status = network.first_status[network.n_pipes - network.n_plain :][: len(network.pumps)]
    return (status > CLOSED).reshape(-1, 1)


def _is_wide(dtype: Any) -> bool:
    return bool(np.dtype(dtype) == np.float64)


def first_hydraulics(network: Network, n_twins: int, dtype: Any) -> Hydraulics:
    """Begin with heads at the elevations and water at 1 ft/s."""

    def wide(values: Any) -> Array:
        values = np.asarray(values, np.float64)
        return jnp.asarray(np.broadcast_to(values[:, None], (len(values), n_twins)), dtype)

    valves = [valve.diameter for valve in network.valves]
    flow = (
        np.pi / 4.0 * np.concatenate([network.diameter, np.ones(len(network.pumps)), valves]) ** 2
    )
    for i, pump in enumerate(network.pumps):
        flow[network.n_pipes + i] = pump.design_flow * network.first_setting[i]
    closed = np.concatenate([network.plain_closed, network.first_status <= CLOSED])
    head = np.where(
        np.arange(network.n_nodes) < network.n_junctions, network.elevation, network.first_head
    )
    return Hydraulics(
        head=wide(head),
        head_low=None if _is_wide(dtype) else wide(np.zeros(network.n_nodes)),
        flow=wide(np.where(closed, Q_ZERO, flow)),
        links=first_links(network, n_twins, dtype),
        emitted=wide(np.ones(len(network.emitter_node))),
        delivered=wide(np.zeros(len(network.wants))),
    )


__all__ = ["BALANCED", "UNBALANCED", "UNSTABLE", "Twin", "first_hydraulics", "first_twin"]
