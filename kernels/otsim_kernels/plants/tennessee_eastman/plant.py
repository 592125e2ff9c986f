"""The Tennessee Eastman plant as a table of functions for the control loop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any, Literal

import jax
import jax.numpy as jnp

from otsim_kernels import summation
from otsim_kernels.draws import Array, StreamKey
from otsim_kernels.plant_contract import Limit, PlantState, PlantTable
from otsim_kernels.plants.tennessee_eastman import controllers, damage, disturbances, instruments
from otsim_kernels.plants.tennessee_eastman import signals as points
from otsim_kernels.plants.tennessee_eastman.first_state import FIRST_GUESS_C, first_process
from otsim_kernels.plants.tennessee_eastman.integration import (
    HOURS_PER_TICK,
    NEWTON_ITERATIONS,
    euler_rates,
    midpoint_rates,
)
from otsim_kernels.plants.tennessee_eastman.process import Surroundings
from otsim_kernels.plants.tennessee_eastman.streams import Streams, Temperatures, streams_at
from otsim_kernels.plants.tennessee_eastman.vessels import REACTOR, SEPARATOR, STRIPPER

Integration = Literal["converged", "reference"]
PERIOD_S = 1.0
FULL = 0.98  # share of a vessel that counts as full of liquid
HOTTEST_C = 200.0  # above, the density of liquid D has no meaning (zero at 208 C)
_GUESSED = ("reactor_c", "separator_c", "stripper_c", "mixing_c")
_RATES = {"converged": midpoint_rates, "reference": euler_rates}


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Instant:
    """Everything algebraic at one evaluation."""

    streams: Streams
    around: Surroundings
    walks: Any
    accepted: tuple[Array, ...]
    true: tuple[Array, ...]


@cache
def tennessee_eastman(integration: Integration = "converged", *, noise: bool = True) -> PlantTable:
    """Return the plant's table.

    Args:
        integration: `converged` for risk, `reference` for the public program's 1-s Euler steps.
        noise: whether measurements are noisy.
    """
    return PlantTable(
        name="tennessee_eastman",
        period_s=PERIOD_S,
        rare_ticks=instruments.RARE_TICKS,
        trips=tuple(
            Limit(cause=cause, measurement=number - 1, side=side, value=value)
            for (_, cause), (number, side, value) in zip(points.TRIPS, _trip_limits(), strict=True)
        ),
        alarms=tuple(_limits(points.ALARM_LIMITS)),
        destructions=points.DESTRUCTIONS,
        damage_columns=points.DAMAGE_COLUMNS,
        first=_first,
        evaluate=_evaluate,
        measure=lambda instant: instant.true,
        report=partial(_report, noise=noise),
        shown=lambda shown: shown.shown,
        control=controllers.control,
        commands=lambda memory: memory.commands,
        setpoints=lambda memory: memory.setpoints,
        with_setpoints=lambda memory, setpoints: replace(memory, setpoints=setpoints),
        advance=partial(_advance, _RATES[integration]),
        first_tally=damage.first_tally,
        damage=lambda tally, true, now: damage.damage(tally, true, now.streams, now.accepted),
        tally_columns=damage.columns,
        destroyed=_destroyed,
        finite=_finite,
        meaningful=lambda now: _finite(now) & ~_too_hot(now),
    )


def _first(like: Array, idvs: frozenset[int]) -> tuple[PlantState, controllers.Memory]:
    """Start from the published base case, shaped as `like`, instruments showing the truth."""
    zero = jnp.zeros_like(like)
    process = first_process(zero)
    memory = controllers.first_memory(zero)
    guesses = Temperatures(
        **{name: zero + t for name, t in zip(_GUESSED, FIRST_GUESS_C, strict=True)}
    )
    around = disturbances.surroundings({}, {}, zero)
    streams = streams_at(process, around, guesses, newton_iterations=8)
    true = instruments.true_values(process, streams)
    state = PlantState(
        physical=process,
        residues=jax.tree.map(jnp.zeros_like, process),
        guesses=streams.temperatures,
        walks=disturbances.first_walks(idvs, zero),
        accepted=memory.commands,
        instruments=instruments.first_instruments(true),
    )
    return state, memory


def _evaluate(
    state: PlantState,
    received: tuple[Array, ...],
    *,
    flags: Mapping[int, Array],
    key: StreamKey,
    clock: Array,
) -> Instant:
    time_h = clock.astype(received[0].dtype) * HOURS_PER_TICK
    walks = disturbances.step_walks(state.walks, flags, key=key, clock=clock, time_h=time_h)
    around = disturbances.surroundings(walks, flags, time_h)
    streams = streams_at(state.physical, around, state.guesses, newton_iterations=NEWTON_ITERATIONS)
    return Instant(
        streams=streams,
        around=around,
        walks=walks,
        accepted=disturbances.accepted_commands(state.accepted, received, flags),
        true=instruments.true_values(state.physical, streams),
    )


def _report(
    held: instruments.Instruments,
    true: tuple[Array, ...],
    *,
    key: StreamKey,
    clock: Array,
    rare: Array,
    noise: bool,
) -> instruments.Instruments:
    return instruments.show(held, true, key=key if noise else None, clock=clock, rare=rare)


def _advance(rates: Any, state: PlantState, now: Instant) -> PlantState:
    slope = rates(state.physical, now.streams, now.around, now.accepted)
    leaves, tree = jax.tree.flatten(state.physical)
    residues = jax.tree.leaves(state.residues)
    summed = [
        summation.add(y, residue, HOURS_PER_TICK * dy)
        for y, residue, dy in zip(leaves, residues, jax.tree.leaves(slope), strict=True)
    ]
    return replace(
        state,
        physical=jax.tree.unflatten(tree, [y for y, _ in summed]),
        residues=jax.tree.unflatten(tree, [residue for _, residue in summed]),
        guesses=now.streams.temperatures,
        walks=now.walks,
        accepted=now.accepted,
    )


def _destroyed(now: Instant, rupture_kpa: Array) -> Array:
    """Return a bit for each cause; where it is too hot for the model, volumes mean nothing."""
    s, hot = now.streams, _too_hot(now)
    conditions = (
        ~hot & (now.true[6] > rupture_kpa),
        ~hot & (s.reactor_liquid_ft3 > FULL * REACTOR.volume_ft3),
        ~hot & (s.separator_liquid_ft3 > FULL * SEPARATOR.volume_ft3),
        ~hot & (s.stripper_liquid_ft3 > FULL * STRIPPER.volume_ft3),
        hot,
    )
    mask = jnp.zeros_like(now.true[6], dtype=jnp.uint32)
    for bit, condition in enumerate(conditions):
        mask = mask | (condition.astype(jnp.uint32) << bit)
    return mask


def _too_hot(now: Instant) -> Array:
    return now.streams.temperatures.reactor_c > HOTTEST_C


def _finite(now: Instant) -> Array:
    """Every state feeds one of these within a tick or two, so a NaN cannot hide for long."""
    s = now.streams
    probe = s.reactor_mmhg + s.separator_mmhg + s.mixing_mmhg + s.temperatures.stripper_c
    return jnp.isfinite(probe + s.flows[13] + s.reactor_heat + s.separator_heat)


def _trip_limits() -> list[tuple[int, Literal["high", "low"], float]]:
    """Number, side and value of each safety function, in the order of `signals.TRIPS`."""
    limits = {
        (limit.measurement + 1, limit.side): limit.value for limit in _limits(points.TRIP_LIMITS)
    }
    order: list[tuple[int, Literal["high", "low"]]] = [
        (7, "high"), (8, "high"), (8, "low"), (9, "high"), (12, "high"), (12, "low"),
        (15, "high"), (15, "low"),
    ]  # fmt: skip
    return [(number, side, limits[number, side]) for number, side in order]


def _limits(table: Mapping[int, tuple[float | None, float | None]]) -> list[Limit]:
    found = []
    for number, (low, high) in table.items():
        title = points.MEASUREMENTS[number][0]
        if low is not None:
            found.append(Limit(cause=f"{title} low", measurement=number - 1, side="low", value=low))
        if high is not None:
            found.append(
                Limit(cause=f"{title} high", measurement=number - 1, side="high", value=high)
            )
    return found


__all__ = ["HOTTEST_C", "Instant", "tennessee_eastman"]
