"""Twins of a network under attack, each at its own pace: one trial a tick."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp

from otsim_kernels.plants.water_network.demands import demand_of
from otsim_kernels.plants.water_network.links import chosen
from otsim_kernels.plants.water_network.network import Network
from otsim_kernels.plants.water_network.solves import begun, stepped, tried
from otsim_kernels.plants.water_network.taps import (
    Attack,
    Schedule,
    Tap,
    demand_factors,
    no_schedule,
    readings,
    tampered,
    true_readings,
)
from otsim_kernels.plants.water_network.twin_state import Twin

Array = Any


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is decided before twins start.

    Attributes:
        schedule: when each tap acts.
        factor: f[n_patterns, n], on the demands of each pattern.
        end: i32[n], the time after which a twin stays as it is, seconds.
    """

    schedule: Schedule
    factor: Array
    end: Array


def quiet_plan(network: Network, n_twins: int, dtype: Any) -> Plan:
    """Return the plan of twins that nobody touches, up to the file's duration."""
    return Plan(
        schedule=no_schedule(n_twins, dtype),
        factor=jnp.ones((len(network.patterns), n_twins), dtype),
        end=jnp.full(n_twins, network.clock.duration, jnp.int32),
    )


def tick(network: Network, taps: tuple[Tap, ...], twin: Twin, plan: Plan) -> tuple[Twin, Array]:
    """Do one trial of every twin, and go on to the next solve where one ended.

    Args:
        network: the network.
        taps: what may be tampered with.
        twin: the twins.
        plan: theirs.

    Returns:
        The twins, and where a solve ended, bool[n]: with its heads, flows and statuses, those of
        the beginning of the next.
    """
    attack, done = Attack(taps=taps, schedule=plan.schedule), twin.time > plan.end
    demand = demand_of(network, twin.time, demand_factors(attack, plan.factor, twin.time))
    own = twin.controls
    fresh = (twin.trials == 0) & ~done
    true = true_readings(network, twin.volume, twin.inflow)
    seen = readings(network, attack, twin.time, true=true, held=twin.held)
    twin = replace(
        twin, controls=tampered(network, attack, own, twin.time),
        held=chosen(fresh, seen.volume, twin.held),
    )  # fmt: skip
    twin = begun(network, twin, demand, seen, attack, fresh)
    twin, ended = tried(network, twin, demand, done)
    twin = stepped(network, twin, demand, ended, attack)
    return replace(twin, controls=own), ended


__all__ = ["Plan", "quiet_plan", "tick"]
