"""A solve from its beginning through its trials to the step that leads to the next."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import jax.numpy as jnp

from otsim_kernels.plants.water_network import controls, rules, tanks
from otsim_kernels.plants.water_network.demands import multipliers
from otsim_kernels.plants.water_network.links import (
    Links,
    chosen,
    ordered_setting,
    status_of,
)
from otsim_kernels.plants.water_network.network import CLOSED, Network
from otsim_kernels.plants.water_network.statuses import links_checked, valves_checked
from otsim_kernels.plants.water_network.sums import summed
from otsim_kernels.plants.water_network.taps import (
    Attack,
    deaf,
    forced,
    next_change,
    readings,
    true_readings,
)
from otsim_kernels.plants.water_network.trial import Change, Hydraulics, trial
from otsim_kernels.plants.water_network.twin_state import (
    BALANCED,
    UNBALANCED,
    UNSTABLE,
    Twin,
    first_hydraulics,
)

Array = Any
_DAMPED = 0.6
_LATE, _NOW_AND_THEN = 8, 4  # trials from which on, and how often, valves are looked at anyway
_LEAST_LEAK = 1e-4  # cfs, from which on a solve that lets water in or out is not balanced
_MEANINGLESS_FT, _MEANINGLESS_CFS = 1e5, 1e3


def begun(
    network: Network, twin: Twin, demand: Array, seen: controls.Readings, attack: Attack,
    fresh: Array,
) -> Twin:  # fmt: skip
    """Set what is given at the beginning of a solve: fixed heads, speeds, controls, and force.

    Args:
        network, twin: before.
        demand: wanted.
        seen: what controllers read.
        attack: what is done to them.
        fresh: bool[n_twins], twins that begin a solve.
    """
    state = twin.hydraulics
    values = multipliers(network, twin.time, state.head.dtype)
    links = before = state.links
    for i, pump in enumerate(network.pumps):
        if pump.pattern >= 0:
            speed = values[pump.pattern]
            links = ordered_setting(network, links, network.n_pipes + i, speed, fresh)
    links = forced(network, attack, links, fresh, twin.time)
    acted = controls.applied(network, twin.controls, links, seen, twin.time)
    links = chosen(fresh, acted, links)
    state = _without_lost_heads(network, state, fresh)
    head, head_low = _with_fixed_heads(network, state, values, twin.volume)
    state = replace(state, head=head, head_low=head_low, links=links)
    state = _restarted(network, before, state)
    if len(network.wants):
        delivered = jnp.where(fresh, demand[network.wants], state.delivered)
        state = replace(state, delivered=delivered)
    return replace(
        twin, hydraulics=state, damped=twin.damped & ~fresh,
        next_check=jnp.where(fresh, network.trials.check_every, twin.next_check),
        trials=jnp.where(fresh, 1, twin.trials),
    )  # fmt: skip


def _without_lost_heads(network: Network, state: Hydraulics, fresh: Array) -> Hydraulics:
    """Begin anew where float32 lost heads and flows, in parts that were cut off from all water.

    A trial's result does not depend on the heads before it but by rounding, which of heads of
    millions of feet is larger than the network.
    """
    if state.head_low is None:
        return state
    elevation = jnp.asarray(network.elevation, state.head.dtype)[:, None]
    lost = fresh & (jnp.abs(state.head - elevation) > _MEANINGLESS_FT)
    flow = jnp.where(fresh, jnp.clip(state.flow, -_MEANINGLESS_CFS, _MEANINGLESS_CFS), state.flow)
    return replace(
        state, head=jnp.where(lost, elevation, state.head),
        head_low=jnp.where(lost, 0.0, state.head_low), flow=flow,
    )  # fmt: skip


def _with_fixed_heads(
    network: Network, state: Hydraulics, values: Array, volume: Array
) -> tuple[Array, Array | None]:
    """Set the heads of reservoirs and tanks, which stand still during a solve."""
    rows = []
    places = {int(node): i for i, node in enumerate(network.tank_node)}
    none = jnp.zeros_like(state.head[0])
    low = none if state.head_low is not None else None
    for node in range(network.n_junctions, network.n_nodes):
        if node in places:
            base, height = tanks.height_at(network.tanks[places[node]], volume[places[node]])
            rows.append(summed(none + base, low, height))
        else:
            pattern = network.head_pattern[node]
            factor = values[pattern] if pattern >= 0 else none + 1.0
            rows.append((network.first_head[node] * factor, low))
    if not rows:
        return state.head, state.head_low
    head = state.head.at[network.n_junctions :].set(jnp.stack([high for high, _ in rows]))
    if state.head_low is None:
        return head, None
    lows = jnp.stack([none if small is None else small for _, small in rows])
    return head, state.head_low.at[network.n_junctions :].set(lows)


def _restarted(network: Network, before: Links, state: Hydraulics) -> Hydraulics:
    """Let pumps of constant power that are opened begin at their design flow."""
    flow = state.flow
    for i, pump in enumerate(network.pumps):
        k = network.n_pipes + i
        if pump.kind == "constant":
            was, now = status_of(network, before, k), status_of(network, state.links, k)
            opens = (was <= CLOSED) & (now > CLOSED)
            flow = flow.at[k].set(jnp.where(opens, pump.design_flow, flow[k]))
    return replace(state, flow=flow)


def tried(network: Network, twin: Twin, demand: Array, done: Array) -> tuple[Twin, Array]:
    """Do one trial of the present solves; returns the twins and where a solve ended, bool[n]."""
    rule, state = network.trials, _anew(network, twin, demand, done)
    relax = jnp.where(twin.damped, _DAMPED, 1.0).astype(state.flow.dtype)
    relax = jnp.where(done, 0.0, relax)
    state, change = trial(network, state, demand=demand, relax=relax)
    moves = ~change.singular & ~done
    valved, valves_moved = valves_checked(network, state)
    small = change.relative <= rule.damp_limit
    looks = moves & _looks(network, twin.trials, small)
    valved, valves_moved = chosen(looks, valved, state.links), valves_moved & looks
    converged = moves & _has_converged(network, change)
    beyond = twin.trials > rule.most
    checked, links_moved = links_checked(network, state, valved, twin.volume)
    pressed, pressed_moved = controls.pressed(network, twin.controls, state.head, checked)
    settles = converged & ~beyond
    periodic = moves & ~converged & (twin.trials == twin.next_check)
    periodic = periodic & (twin.trials <= rule.max_check)
    links = chosen(settles, pressed, chosen(periodic, checked, valved))
    ended = (converged & beyond) | (settles & ~(valves_moved | links_moved | pressed_moved))
    trials = jnp.where(moves, twin.trials + 1, twin.trials)
    gives_up = ~ended & ~done & (trials > rule.most + max(rule.extra, 0))
    loses = gives_up | (change.leaked > _LEAST_LEAK)
    warning = jnp.where(loses, UNBALANCED, jnp.where(beyond, UNSTABLE, BALANCED))
    next_check = jnp.where(settles, twin.trials + rule.check_every, twin.next_check)
    return replace(
        twin, hydraulics=replace(state, links=links), trials=trials,
        next_check=jnp.where(periodic, next_check + rule.check_every, next_check),
        damped=small if rule.damp_limit > 0.0 else twin.damped, relative=change.relative,
        warning=jnp.where(ended | gives_up, warning, twin.warning).astype(jnp.int32),
    ), ended | gives_up  # fmt: skip


def _anew(network: Network, twin: Twin, demand: Array, done: Array) -> Hydraulics:
    """Begin a solve anew, once, whose demands depend on pressure and which has hunted for long.

    Where districts are dry many states fit, and which trials end is chance, in float32 above all.
    """
    state = twin.hydraulics
    if not len(network.wants):
        return state
    first = first_hydraulics(network, state.flow.shape[1], state.flow.dtype)
    hunts = (twin.trials == network.trials.most // 2) & ~done
    inner = (jnp.arange(network.n_nodes) < network.n_junctions)[:, None] & hunts
    low = state.head_low
    return replace(
        state,
        head=jnp.where(inner, first.head, state.head),
        head_low=None if low is None else jnp.where(inner, 0.0, low),
        flow=jnp.where(hunts, first.flow, state.flow),
        delivered=jnp.where(hunts, demand[network.wants], state.delivered),
    )


def _looks(network: Network, trials: Array, small: Array) -> Array:
    """Tell where valves are looked at: with damping, only when a trial changes little.

    Where demands depend on pressure, also now and then: a valve that holds a pressure with water
    that is not there keeps trials from ever changing little.
    """
    if network.trials.damp_limit <= 0.0:
        return jnp.ones_like(small)
    if not len(network.wants):
        return small
    return small | ((trials >= _LATE) & (trials % _NOW_AND_THEN == 0))


def _has_converged(network: Network, change: Change) -> Array:
    rule = network.trials
    converged = change.relative <= rule.accuracy
    if rule.head_error > 0.0:
        converged = converged & (change.head_error <= rule.head_error)
    if rule.flow_change > 0.0:
        converged = converged & (change.largest <= rule.flow_change)
    if len(network.wants):
        converged = converged & (change.demand_error <= 1e-4)
    return converged


def stepped(network: Network, twin: Twin, demand: Array, ended: Array, attack: Attack) -> Twin:
    """Go on to the next solve in those twins whose solve ended.

    Args:
        network, twin: after a trial.
        demand: wanted.
        ended: bool[n_twins].
        attack: at whose starts and stops a solve is due.
    """
    state, inflow = twin.hydraulics, tanks.inflows(network, twin.hydraulics)

    def seen(volume: Array, time: Array) -> controls.Readings:
        true = true_readings(network, volume, inflow)
        return readings(network, attack, time, true=true, held=twin.held)

    seconds = controls.step_length(
        network, twin.controls, state.links, twin.time, water=(twin.volume, inflow),
        seen=seen(twin.volume, twin.time),
    )  # fmt: skip
    seconds = next_change(attack.schedule, twin.time, seconds)
    seconds = jnp.where(ended, seconds, 0)
    volume, low = twin.volume, twin.volume_low
    if network.rules:
        solved = rules.Solved(
            state=state, demand=demand, time=twin.time, inflow=inflow,
            seen=lambda volume, time: seen(volume, time).volume,
            deaf=lambda k, time: deaf(network, attack, k, time),
        )  # fmt: skip
        links, (volume, low), seconds = rules.ruled_step(
            network, solved, volumes=(volume, low), seconds=seconds
        )
        before, state = state.links, replace(state, links=links)
        state = _restarted(network, before, state)
    else:
        length = seconds.astype(inflow.dtype)
        volume, low = tanks.volumes_after(network, volume, low, inflow, length)
    volume, low = chosen(ended, (volume, low), (twin.volume, twin.volume_low))
    ran = jnp.where(ended, _running(network, twin), twin.ran)
    return replace(
        twin, hydraulics=state, volume=volume, volume_low=low,
        ran=ran,
        inflow=jnp.where(ended, inflow, twin.inflow), time=twin.time + seconds,
        trials=jnp.where(ended, 0, twin.trials),
    )  # fmt: skip


def _running(network: Network, twin: Twin) -> Array:
    """Tell which pumps run, bool[n_pumps, n_twins], before rules act."""
    rows = [
        status_of(network, twin.hydraulics.links, network.n_pipes + i) > CLOSED
        for i in range(len(network.pumps))
    ]
    return jnp.stack(rows) if rows else twin.ran


__all__ = ["begun", "stepped", "tried"]
