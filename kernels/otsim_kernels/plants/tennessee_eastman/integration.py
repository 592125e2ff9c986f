"""Two ways to advance the process by one second: `reference` and `converged`.

`reference` is the public program's explicit Euler step. `converged` is an explicit midpoint step in
which the fast consumption of C and D in the reactor is implicit ("midpoint-DC"); its error against
the differential equations is measured in docs/decisions/te-integration.md.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from otsim_kernels.draws import Array
from otsim_kernels.plants.tennessee_eastman.balances import rates_of_change
from otsim_kernels.plants.tennessee_eastman.process import Process, Surroundings
from otsim_kernels.plants.tennessee_eastman.streams import (
    Rates,
    Streams,
    reaction_rates,
    streams_at,
)

HOURS_PER_TICK = 1.0 / 3600.0
# From the temperatures of the evaluation before: a step is off by 2e-11 of a rate within 15 % of
# the base case, by 1e-9 at the extreme states of the reference (float64).
NEWTON_ITERATIONS = 2
_LEAST_MOL = 1e-6  # lb-mol of C and D below which their consumption per amount is cut off
_ORDER_C = 0.3735  # reaction order of C


def euler_rates(
    process: Process, streams: Streams, around: Surroundings, accepted: tuple[Array, ...]
) -> Process:
    """Return d/dt of every state as the public program has it, per hour."""
    rates = reaction_rates(streams, streams.reactor_partial_mmhg[3], around.kinetics)
    return rates_of_change(process, streams, around, rates=rates, accepted=accepted)


def midpoint_rates(
    process: Process, streams: Streams, around: Surroundings, accepted: tuple[Array, ...]
) -> Process:
    """Return the mean d/dt of every state over the coming second, per hour."""
    half, whole = 0.5 * HOURS_PER_TICK, HOURS_PER_TICK
    first = _implicit(process, streams, around, start=process, step_h=half)
    slope = rates_of_change(process, streams, around, rates=first, accepted=accepted)
    middle = jax.tree.map(lambda y, dy: y + half * dy, process, slope)
    again = streams_at(middle, around, streams.temperatures, newton_iterations=NEWTON_ITERATIONS)
    rates = _implicit(middle, again, around, start=process, step_h=whole)
    return rates_of_change(middle, again, around, rates=rates, accepted=accepted)


def _implicit(
    at: Process, streams: Streams, around: Surroundings, *, start: Process, step_h: float
) -> Rates:
    """Scale the reaction rates to the mean amounts of C and D over a step from `start`.

    Each of the two amounts obeys dy/dt = S - L*y with S from the flows and L from the reactions;
    the rates are taken at the mean of that solution over the step.
    """
    y_c = jnp.maximum(at.reactor[2], _LEAST_MOL)
    y_d = jnp.maximum(at.reactor[3], _LEAST_MOL)
    r1, r2, r3, r4 = reaction_rates(streams, streams.d_mmhg_per_mol * y_d, around.kinetics)
    s_a, s_c, s_d, s_e = (
        streams.flows[6] * streams.fractions[6][i] - streams.flows[8] * streams.fractions[8][i]
        for i in (0, 2, 3, 4)
    )
    c = jnp.ones_like(y_c)
    for _ in range(2):
        loss_d = (r1 * c + 1.5 * r4) / y_d
        d = jnp.maximum(_mean_over(start.reactor[3], s_d, loss_d, step_h) / y_d, 0.0)
        used = r1 * d + r2
        # the order at which C is taken: never so low that C would end below zero
        order = jnp.clip(1.0 - s_c / jnp.maximum(used, 1e-9), _ORDER_C, 1.0)
        source = s_c - (1.0 - order) * used
        mean_c = _mean_over(start.reactor[2], source, order * used / y_c, step_h)
        c = jnp.maximum(1.0 + order * (mean_c / y_c - 1.0), 0.0)
    r1, r2, r4 = r1 * c * d, r2 * c, r4 * d
    e = _within_supply(r2 + r3, start.reactor[4], s_e, step_h)
    r2, r3 = r2 * e, r3 * e
    a = _within_supply(r1 + r2 + r3, start.reactor[0], s_a, step_h)
    return r1 * a, r2 * a, r3 * a, r4


def _within_supply(used: Array, start: Array, source: Array, step_h: float) -> Array:
    """Share of a consumption that there is enough for within a step.

    Less than 1 only in a runaway beyond the model's range, where a step could use up all A or E.
    """
    supply = jnp.maximum(start / step_h + source, 0.0)
    return jnp.minimum(supply / jnp.maximum(used, 1e-9), 1.0)


def _mean_over(start: Array, source: Array, loss: Array, step_h: float) -> Array:
    """Mean of y over a step of dy/dt = source - loss*y, with exp(-z) as 1/(1 + z + z^2/2)."""
    z = loss * step_h
    return ((1.0 + 0.5 * z) * start + (0.5 + 0.5 * z) * step_h * source) / (1.0 + z + 0.5 * z * z)
