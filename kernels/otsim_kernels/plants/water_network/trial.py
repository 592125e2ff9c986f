"""One trial of the gradient method: heads and flows of many twins, a Newton step on.

In residual form: unknown are the corrections of the heads, and the right side is what flows do not
balance at each node. The same steps as EPANET's, with far less rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from otsim_kernels.plants.water_network.changing_links import (
    Heads,
    changing_terms,
    pipe_loss,
    pipe_tables,
    unhinged,
)
from otsim_kernels.plants.water_network.elimination import put, row, solve
from otsim_kernels.plants.water_network.links import Links, status_of
from otsim_kernels.plants.water_network.network import CLOSED, Network
from otsim_kernels.plants.water_network.outflows import Outflows, demand_error, outflows
from otsim_kernels.plants.water_network.sums import summed
from otsim_kernels.plants.water_network.system import System, Term, link_terms

Array = Any
# Bounds of heads: ft below all junctions, above all that holds or lifts water; cfs / ft beyond.
_BELOW_ALL, _ABOVE_ALL, _BEYOND = 100.0, 1000.0, 1e-3
_LINKS_PASSED = 10.0  # by what is delivered, on its way
_STRONGEST = 3000.0  # ft, for pumps without a shutoff head
_FARTHEST, _FASTEST = 1e12, 1e6  # ft and cfs, beyond what any network knows


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Hydraulics:
    """What trials work on; ft and cfs.

    Attributes:
        head: f[n_nodes, n_twins]; flow: f[n_links, n_twins].
        head_low: f[n_nodes, n_twins], what float32 cannot hold of the heads; None in float64. A
            pipe at rest turns a rounding of heads into flow by a factor of 1e7.
        links: those that may change.
        emitted: f[n_emitters, n_twins].
        delivered: f[n_wants, n_twins], demands that depend on pressure.
    """

    head: Array
    head_low: Array | None
    flow: Array
    links: Links
    emitted: Array
    delivered: Array


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Change:
    """How far a trial moved; f[n_twins].

    Attributes:
        relative: sum of changes of flow over the sum of flows.
        largest: of flows, cfs.
        head_error: worst disagreement of a link's loss with the heads at its ends, ft; 0 unless the
            file limits it.
        demand_error: worst disagreement of a delivered demand with its formula, cfs.
        leaked: what comes from or goes to nowhere, where heads lie beyond their bounds, cfs.
        singular: bool, the system could not be solved, a valve was set free and nothing moved.
    """

    relative: Array
    largest: Array
    head_error: Array
    demand_error: Array
    leaked: Array
    singular: Array


def trial(
    network: Network, state: Hydraulics, *, demand: Array, relax: Array
) -> tuple[Hydraulics, Change]:
    """Do one trial.

    Args:
        network: the network.
        state: heads of fixed nodes are those of the present time.
        demand: wanted, f[n_junctions, n_twins].
        relax: part of the step that is taken, f[n_twins]; 0 moves nothing.
    """
    drawn = outflows(network, state.head, demand, (state.emitted, state.delivered))
    system, slope, step = _plain_pipes(network, state, _first_system(network, state, demand))
    inflow = drawn.taken(network, demand, state.emitted, state.delivered)
    heads = Heads(high=state.head, low=state.head_low)
    terms = changing_terms(network, state.links, heads, state.flow, inflow)
    system = system.with_links(network, terms)
    system = drawn.added(network, system, state.emitted, state.delivered)
    n_edges, n = network.plan.n_edges, network.n_junctions
    slack = system.conductance[n_edges : n_edges + n]
    correction, pivots = solve(
        network.plan, system.conductance[:n_edges], slack, system.imbalance[:n]
    )
    links, singular = unhinged(network, state.links, pivots)
    relax = jnp.where(singular, 0.0, relax)
    correction = _bounded(correction, _FARTHEST)
    correction = jnp.where(relax == 0.0, 0.0, correction)
    gathered = _Gathered(slope=slope, step=step, terms=terms, correction=correction)
    moved, change = _moved(network, replace(state, links=links), gathered, relax=relax)
    moved, change = _drawn(network, moved, change, drawn, correction, (relax, demand))
    if network.trials.head_error > 0.0:
        inflow = drawn.taken(network, demand, moved.emitted, moved.delivered)
        change = replace(change, head_error=_head_error(network, moved, demand, inflow))
    return moved, replace(change, singular=singular)


def _bounded(values: Array, most: float) -> Array:
    """Keep float32 finite where water is cut off and heads mean nothing; float64 can hold them."""
    return values if values.dtype == jnp.float64 else jnp.clip(values, -most, most)


def _first_system(network: Network, state: Hydraulics, demand: Array) -> System:
    """Begin with nothing but the demands that do not depend on pressure."""
    n_twins = state.flow.shape[1]
    plain = -demand
    if len(network.wants):
        plain = jnp.where(network.is_plain_demand[:, None], plain, 0.0)
    fixed = jnp.zeros((network.n_nodes - network.n_junctions, n_twins), plain.dtype)
    n_edges, n = network.plan.n_edges, network.n_junctions
    conductance = jnp.zeros((n_edges + n + 1, n_twins), plain.dtype)
    if len(network.wants):
        slope, taken_in = _beyond(network, state.head)
        conductance = conductance.at[n_edges : n_edges + n].set(slope)
        plain = plain + taken_in
    return System(conductance=conductance, imbalance=jnp.concatenate([plain, fixed]))


def _beyond(network: Network, head: Array) -> tuple[Array, Array]:
    """Let water in where heads fall below all junctions, and out where they rise above all else.

    Where demands depend on pressure, no consistent state is there: a valve at work that takes water
    from where there is none draws heads down until it is looked at, and what a source is made to
    give drives them up while nobody takes it. A solve that ends so is not balanced (`solves.py`).
    What a pump at rest holds apart, in a dry district too, is within the bounds; no deeper, since
    float32 rounds the heads that slide down to them.

    Returns:
        Slope and flow, f[n_junctions, n_twins].
    """
    n = network.n_junctions
    lifts = [min(pump.shutoff_head, _STRONGEST) for pump in network.pumps]
    most = max([1.0, *(float(np.max(pattern)) for pattern in network.patterns)])
    held = [*(most * network.first_head[n:]).tolist(), *network.elevation[:n].tolist()]
    highest = max(*held, *(tank.max_head for tank in network.tanks), -np.inf)
    lowest = float(np.min(network.elevation[:n])) - max(lifts, default=0.0) - _BELOW_ALL
    highest += 2.0 * sum(lifts) + _ABOVE_ALL
    off = head[:n] - jnp.clip(head[:n], lowest, highest)
    return jnp.where(off != 0.0, _BEYOND, 0.0), -_BEYOND * off


def _plain_pipes(
    network: Network, state: Hydraulics, system: System
) -> tuple[System, Array, Array]:
    """Add the plain pipes; returns also their slopes and steps, f[n_plain, n_twins]."""
    dtype, n = state.flow.dtype, network.n_plain
    tables = {name: jnp.asarray(table, dtype) for name, table in pipe_tables(network).items()}
    start, end = jnp.asarray(network.start), jnp.asarray(network.end)
    plain_closed = jnp.asarray(network.plain_closed)

    def add(k: Array, carry: tuple[System, Array, Array]) -> tuple[System, Array, Array]:
        system, slopes, steps = carry
        flow = row(state.flow, k)
        loss = pipe_loss(network, flow, {name: table[k] for name, table in tables.items()})
        p, y = link_terms(loss, flow, plain_closed[k])
        drop = row(state.head, start[k]) - row(state.head, end[k])
        if state.head_low is not None:
            drop = drop + (row(state.head_low, start[k]) - row(state.head_low, end[k]))
        step = y - p * drop
        system = system.with_link(network, k, p=p, passed=flow - step)
        return system, put(slopes, k, p), put(steps, k, step)

    none = jnp.zeros((n, state.flow.shape[1]), dtype)
    if not n:
        return system, none, none
    found: tuple[System, Array, Array] = lax.fori_loop(0, n, add, (system, none, none))
    return found


@dataclass(frozen=True, kw_only=True)
class _Gathered:
    """Slopes and first steps of all links, and the correction of the heads of junctions."""

    slope: Array
    step: Array
    terms: Sequence[Term]
    correction: Array


def _moved(
    network: Network, state: Hydraulics, gathered: _Gathered, *, relax: Array
) -> tuple[Hydraulics, Change]:
    """Take the step: new heads and flows, and how far they went."""
    n = network.n_junctions
    still = jnp.zeros((network.n_nodes - n, len(relax)), relax.dtype)
    shift = jnp.concatenate([gathered.correction, still])
    start, end = jnp.asarray(network.start), jnp.asarray(network.end)

    def move(k: Array, carry: tuple[Array, ...]) -> tuple[Array, ...]:
        turn = row(shift, start[k]) - row(shift, end[k])
        change = relax * (row(gathered.step, k) - row(gathered.slope, k) * turn)
        after = _bounded(row(state.flow, k) - change, _FASTEST)
        return _with_flow(carry, k, row(state.flow, k), after)

    none = jnp.zeros_like(relax)
    carry = (jnp.zeros_like(state.flow), none, none, none)
    if network.n_plain:
        carry = lax.fori_loop(0, network.n_plain, move, carry)
    after = []
    for i, term in enumerate(gathered.terms):
        k = network.n_plain + i
        turn = shift[int(network.start[k])] - shift[int(network.end[k])]
        flow = state.flow[k] - relax * (term.step - term.slope * turn)
        if network.is_constant_power(k):  # closed or not, it never turns round
            flow = jnp.where((flow < 0.0) & (relax > 0.0), state.flow[k] / 2.0, flow)
        after.append(_bounded(flow, _FASTEST))
    if after:
        rows = jnp.stack(after)
        carry = lax.fori_loop(
            0, len(after), lambda i, carry: _with_flow(
                carry, network.n_plain + i, row(state.flow, network.n_plain + i), row(rows, i)
            ), carry,
        )  # fmt: skip
    flows, changes, total, largest = carry
    head, head_low = summed(state.head, state.head_low, shift)
    return replace(state, flow=flows, head=head, head_low=head_low), Change(
        relative=_relative(network, changes, total), largest=largest, head_error=none,
        demand_error=none, leaked=none, singular=relax < 0.0,
    )  # fmt: skip


def _with_flow(
    carry: tuple[Array, ...], k: Array, before: Array, after: Array
) -> tuple[Array, ...]:
    flows, changes, total, largest = carry
    size = jnp.abs(after - before)
    return put(flows, k, after), changes + size, total + jnp.abs(after), jnp.maximum(largest, size)


def _head_error(
    network: Network, state: Hydraulics, demand: Array, inflow: Callable[[int], Array]
) -> Array:
    """Return the worst disagreement of an open link's loss with the heads at its ends, ft.

    A link's step is P times it.
    """
    _, slope, step = _plain_pipes(network, state, _first_system(network, state, demand))
    is_open = ~jnp.asarray(network.plain_closed)[:, None]
    worst = jnp.where(is_open, jnp.abs(step / slope), 0.0).max(axis=0, initial=0.0)
    heads = Heads(high=state.head, low=state.head_low)
    terms = changing_terms(network, state.links, heads, state.flow, inflow)
    for i, term in enumerate(terms):
        counts = (status_of(network, state.links, network.n_plain + i) > CLOSED) & (
            term.slope > 0.0
        )
        error = jnp.abs(term.step / jnp.where(counts, term.slope, 1.0))
        worst = jnp.maximum(worst, jnp.where(counts, error, 0.0))
    return worst


def _drawn(
    network: Network, state: Hydraulics, change: Change, drawn: Outflows, correction: Array,
    given: tuple[Array, Array],
) -> tuple[Hydraulics, Change]:  # fmt: skip
    """Move what is drawn by pressure too."""
    if not len(network.emitter_node) and not len(network.wants):
        return state, change
    relax, demand = given
    total = jnp.abs(state.flow).sum(axis=0)
    changes = change.relative * jnp.where(total > network.trials.accuracy, total, 1.0)
    emitted = state.emitted - relax * drawn.emitter_steps(network, correction)
    delivered = state.delivered - drawn.demand_steps(network, correction, demand, state.delivered)
    delivered = jnp.where(relax > 0.0, delivered, state.delivered)
    largest = change.largest
    for before, after in ((state.emitted, emitted), (state.delivered, delivered)):
        changes = changes + jnp.abs(after - before).sum(axis=0)
        largest = jnp.maximum(largest, jnp.abs(after - before).max(axis=0, initial=0.0))
        total = total + jnp.abs(after).sum(axis=0)
    if delivered.dtype != jnp.float64:
        # where all is cut off, what flows is rounding: changes are related to what would flow
        unmet = jnp.maximum(demand[network.wants] - delivered, 0.0).sum(axis=0)
        total = total + _LINKS_PASSED * unmet
    state = replace(state, emitted=emitted, delivered=delivered)
    error = demand_error(network, state.head, demand, delivered)
    relative = _relative(network, changes, total)
    change = replace(change, relative=relative, largest=largest, demand_error=error)
    if not len(network.wants):
        return state, change
    return state, replace(change, leaked=jnp.abs(_beyond(network, state.head)[1]).sum(axis=0))


def _relative(network: Network, changes: Array, total: Array) -> Array:
    """Relate the changes to the flows, unless there are hardly any."""
    return jnp.where(total > network.trials.accuracy, changes / jnp.maximum(total, 1e-30), changes)


__all__ = ["Change", "Hydraulics", "trial"]
