"""The life of twins from the first plant action on: hydraulics, damage, alarms, and the end."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from otsim_kernels.plants.water_network.controls import Readings
from otsim_kernels.plants.water_network.damage import Service, Step, Tally, first_tally, tallied
from otsim_kernels.plants.water_network.demands import demand_of
from otsim_kernels.plants.water_network.network import Network
from otsim_kernels.plants.water_network.taps import (
    NEVER,
    Attack,
    Schedule,
    Tap,
    alarmed,
    demand_factors,
    readings,
    true_readings,
)
from otsim_kernels.plants.water_network.twin import Plan, tick
from otsim_kernels.plants.water_network.twin_state import UNBALANCED, Twin, first_twin

Array = Any


@dataclass(frozen=True, kw_only=True, eq=False)
class WaterPlant:
    """A network, what it owes, and what of it may be tampered with: what is compiled together."""

    network: Network
    service: Service
    taps: tuple[Tap, ...]

    @cached_property
    def may_alarm(self) -> bool:
        """Whether operators watch anything."""
        return bool(self.network.alarms)


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class LifePlan:
    """What is decided before twins start; times are the network's, in seconds.

    Attributes:
        schedule: when each tap acts, without the operators' doing; a `release` starts when what it
            ends is over, and its `stop` is when that begins.
        factor: f[n_patterns, n], on the demands of each pattern.
        onset: i32[n], from when on damage and alarms count.
        end: i32[n], the time at which the life is over.
        reaction: i32[n], seconds from the first alarm until operators have cut the attacker off;
            `NEVER` where they do not act.
    """

    schedule: Schedule
    factor: Array
    onset: Array
    end: Array
    reaction: Array


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Life:
    """n twins, what they have suffered, and how they ended; the last axis is the twin.

    Attributes:
        twin: hydraulics, tanks, clocks.
        tally: the damage.
        alarm: i32[n], time of the first alarm that operators saw; `NEVER` for none.
        lost: i32[n], time of the solve that did not balance; `NEVER` for none.
    """

    twin: Twin
    tally: Tally
    alarm: Array
    lost: Array


def first_life(plant: WaterPlant, n_twins: int, dtype: Any) -> Life:
    """Return n twins at the beginning of the file."""
    never = jnp.full(n_twins, NEVER, jnp.int32)
    return Life(
        twin=first_twin(plant.network, n_twins, dtype),
        tally=first_tally(plant.network, plant.service, n_twins, dtype),
        alarm=never, lost=never,
    )  # fmt: skip


def is_running(life: Life, plan: LifePlan) -> Array:
    """Tell which twins go on, bool[n]."""
    return (life.twin.time < plan.end) & (life.lost == NEVER)


def live(plant: WaterPlant, life: Life, plan: LifePlan) -> tuple[Life, Step]:
    """Do one trial of every twin that goes on; returns also the step that it led to."""
    network, twin = plant.network, life.twin
    runs = is_running(life, plan)
    alarm = _first_alarm(plant, life, plan, runs)
    acts = _schedule(plant, plan, alarm)
    attack = Attack(taps=plant.taps, schedule=acts)
    demand = demand_of(network, twin.time, demand_factors(attack, plan.factor, twin.time))
    last = jnp.where(runs, plan.end - 1, -1)
    after, ended = tick(
        network, plant.taps, twin, Plan(schedule=acts, factor=plan.factor, end=last)
    )
    # the step's flows are those of the last trial, its volumes those before it
    solved = replace(after, time=twin.time, volume=twin.volume, ran=twin.ran)
    counted = jnp.where(twin.time >= plan.onset, jnp.minimum(after.time, plan.end) - twin.time, 0)
    seconds = jnp.where(ended, counted, 0).astype(demand.dtype)
    step = Step(before=solved, after=after, demand=demand, ended=ended, seconds=seconds)
    tally = tallied(network, plant.service, life.tally, step)
    finite = jnp.isfinite(after.relative)
    breaks = runs & ((ended & (after.warning == UNBALANCED)) | ~finite)
    lost = jnp.where(breaks, twin.time, life.lost)
    return Life(twin=after, tally=tally, alarm=alarm, lost=lost), step


def lived_tick(plant: WaterPlant, life: Life, plan: LifePlan) -> Life:
    """Do one trial of every twin that goes on."""
    return live(plant, life, plan)[0]


def _first_alarm(plant: WaterPlant, life: Life, plan: LifePlan, runs: Array) -> Array:
    if not plant.may_alarm:
        return life.alarm
    twin = life.twin
    attack = Attack(taps=plant.taps, schedule=_schedule(plant, plan, life.alarm))
    seen = seen_by_all(plant, life, plan)
    rings = alarmed(plant.network, attack, seen, twin.time) & (twin.trials == 0) & runs
    rings = rings & (twin.time >= plan.onset) & (life.alarm == NEVER)
    return jnp.where(rings, twin.time, life.alarm)


def seen_by_all(plant: WaterPlant, life: Life, plan: LifePlan) -> Readings:
    """Return what controllers and operators read at the beginning of the present solve."""
    network, twin = plant.network, life.twin
    attack = Attack(taps=plant.taps, schedule=_schedule(plant, plan, life.alarm))
    true = true_readings(network, twin.volume, twin.inflow)
    return readings(network, attack, twin.time, true=true, held=twin.held)


def stands_still(plant: WaterPlant, life: Life, plan: LifePlan, reading: int) -> Array:
    """Tell in which twins a reading does not move with its tank, bool[n]."""
    attack = Attack(taps=plant.taps, schedule=_schedule(plant, plan, life.alarm))
    found = jnp.zeros_like(life.alarm, dtype=bool)
    for row, tap in attack.on("constant", "hold"):
        if tap.index == reading:
            found = found | attack.active(row, life.twin.time)
    return found


def _schedule(plant: WaterPlant, plan: LifePlan, alarm: Array) -> Schedule:
    """Let all that an attacker does end when operators have cut them off."""
    given, over = plan.schedule, alarm + jnp.minimum(plan.reaction, NEVER - alarm)
    if not plant.may_alarm and "release" not in {tap.kind for tap in plant.taps}:
        return given
    releases = np.array([[tap.kind == "release"] for tap in plant.taps], bool).reshape(-1, 1)
    released = jnp.where(over >= given.stop, jnp.minimum(given.start, over), NEVER)
    return replace(
        given, start=jnp.where(releases, released, given.start),
        stop=jnp.where(releases, NEVER, jnp.minimum(given.stop, over)),
    )  # fmt: skip


__all__ = [
    "Life", "LifePlan", "WaterPlant", "first_life", "is_running", "live", "lived_tick",
    "seen_by_all", "stands_still",
]  # fmt: skip
