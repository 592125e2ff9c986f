"""Twins of a network under attack, each at its own pace: one trial a tick."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp

from otsim_kernels.plants.water_network import tanks
from otsim_kernels.plants.water_network.controls import Readings
from otsim_kernels.plants.water_network.damage import Service, Tally, tallied
from otsim_kernels.plants.water_network.demands import demand_of
from otsim_kernels.plants.water_network.links import chosen
from otsim_kernels.plants.water_network.network import Network
from otsim_kernels.plants.water_network.solves import begun, stepped, tried
from otsim_kernels.plants.water_network.taps import (
    Schedule,
    Tap,
    demand_factors,
    forced,
    no_schedule,
    readings,
    tampered,
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


def counted_tick(
    network: Network, taps: tuple[Tap, ...], twin: Twin, plan: Plan, *, service: Service,
    tally: Tally,
) -> tuple[Twin, Tally]:  # fmt: skip
    """Do a tick and count what the network suffers in the step that it leads to."""
    factor = demand_factors(taps, plan.schedule, plan.factor, twin.time)
    demand = demand_of(network, twin.time, factor)
    after, _ = tick(network, taps, twin, plan)
    # the step's flows are those of the last trial, its volumes those before it
    solved = replace(after, time=twin.time, volume=twin.volume, ran=twin.ran)
    return after, tallied(network, service, tally, before=solved, after=after, demand=demand)


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
    schedule, done = plan.schedule, twin.time > plan.end
    factor = demand_factors(taps, schedule, plan.factor, twin.time)
    demand = demand_of(network, twin.time, factor)
    own = twin.controls
    twin = replace(twin, controls=tampered(network, taps, schedule, own, twin.time))
    fresh = (twin.trials == 0) & ~done
    links = forced(network, taps, schedule, twin.hydraulics.links, fresh, twin.time)
    twin = replace(twin, hydraulics=replace(twin.hydraulics, links=links))
    true = Readings(volume=twin.volume, inflow=twin.inflow)
    seen = readings(network, taps, schedule, twin.time, true=true, held=twin.held)
    twin = replace(twin, held=chosen(fresh, seen.volume, twin.held))
    twin = begun(network, twin, demand, seen)
    twin, ended = tried(network, twin, demand, done)
    true = Readings(volume=twin.volume, inflow=tanks.inflows(network, twin.hydraulics))
    seen = readings(network, taps, schedule, twin.time, true=true, held=twin.held)
    twin = stepped(network, twin, demand, ended, (true, seen), schedule)
    return replace(twin, controls=own), ended


__all__ = ["Plan", "counted_tick", "quiet_plan", "tick"]
