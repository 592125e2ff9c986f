"""Status checks of a solve: valves after every trial, other links now and then, as EPANET does."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from otsim_kernels.plants.water_network.links import (
    Links,
    any_differs,
    is_fixed,
    setting_of,
    status_of,
    with_status,
)
from otsim_kernels.plants.water_network.network import (
    ACTIVE,
    CLOSED,
    H_TOL,
    OPEN,
    Q_TOL,
    TEMPCLOSED,
    TINY,
    XFCV,
    XHEAD,
    XPRESSURE,
    Network,
)
from otsim_kernels.plants.water_network.trial import Hydraulics

Array = Any


def valves_checked(network: Network, state: Hydraulics) -> tuple[Links, Array]:
    """Check PRVs and PSVs; returns the links and whether any status changed, bool[n_twins]."""
    links = state.links
    for i, valve in enumerate(network.valves):
        k = network.first_valve + i
        if valve.kind in ("PRV", "PSV"):
            check = _prv if valve.kind == "PRV" else _psv
            now = status_of(network, links, k)
            found = jnp.where(is_fixed(network, links, k), now, check(network, state, k))
            links = with_status(network, links, k, found.astype(jnp.int32))
    return links, _changed(state.links, links, state)


def links_checked(
    network: Network, state: Hydraulics, links: Links, volume: Array
) -> tuple[Links, Array]:
    """Check check valves, pumps, FCVs and links to tanks, in one pass.

    Args:
        network: the network.
        state: heads and flows.
        links: after the check of valves.
        volume: of the tanks; exact at both limits, where a head would be rounded.
    """
    checked = links
    for k in range(network.n_plain, network.n_links):
        before = status_of(network, links, k)
        status = jnp.where((before == XHEAD) | (before == TEMPCLOSED), OPEN, before)
        if k in network.check_valves:
            status = _check_valve(network, state, k, status)
        elif network.n_pipes <= k < network.first_valve:
            status = _pump(network, state, links, k, status)
        elif k >= network.first_valve:
            valve = network.valves[k - network.first_valve]
            if valve.kind == "FCV":
                found = _fcv(network, state, links, k, status)
                status = jnp.where(is_fixed(network, links, k), status, found)
        status = _link_to_tank(network, state, k, status, volume)
        checked = with_status(network, checked, k, status.astype(jnp.int32))
    return checked, _changed(links, checked, state)


def _changed(before: Links, after: Links, state: Hydraulics) -> Array:
    if not before.status:
        return jnp.zeros(state.flow.shape[1], bool)
    return any_differs(before.status, after.status) | jnp.zeros(state.flow.shape[1], bool)


def _ends(network: Network, state: Hydraulics, k: int) -> tuple[Array, Array]:
    return state.head[int(network.start[k])], state.head[int(network.end[k])]


def _drop(network: Network, state: Hydraulics, k: int) -> Array:
    """Return by how much the head falls along a link, to more digits than heads have."""
    start, end = int(network.start[k]), int(network.end[k])
    drop = state.head[start] - state.head[end]
    if state.head_low is None:
        return drop
    return drop + (state.head_low[start] - state.head_low[end])


def _check_valve(network: Network, state: Hydraulics, k: int, now: Array) -> Array:
    drop, back = _drop(network, state, k), state.flow[k] < -Q_TOL
    clear = jnp.where((drop < -H_TOL) | back, CLOSED, OPEN)
    return jnp.where(jnp.abs(drop) > H_TOL, clear, jnp.where(back, CLOSED, now))


def _pump(network: Network, state: Hydraulics, links: Links, k: int, now: Array) -> Array:
    pump, speed = network.pumps[k - network.n_pipes], setting_of(network, links, k)
    runs = (now >= OPEN) & (speed > 0.0)
    if pump.kind == "constant":
        return jnp.where(runs & (state.flow[k] < TINY), TEMPCLOSED, now)
    h1, h2 = _ends(network, state, k)
    return jnp.where(runs & (h2 - h1 > speed * speed * pump.shutoff_head + H_TOL), XHEAD, now)


def _link_to_tank(network: Network, state: Hydraulics, k: int, now: Array, volume: Array) -> Array:
    """Close a link that would fill a full tank or empty an empty one; only the sign counts."""
    for i, (tank, node) in enumerate(zip(network.tanks, network.tank_node.tolist(), strict=True)):
        if node not in (network.start[k], network.end[k]):
            continue
        arrives = state.flow[k] if network.end[k] == node else -state.flow[k]
        stops = (volume[i] <= tank.min_volume) & (arrives < 0.0)
        if tank.fills_up and not tank.overflows:
            stops = stops | ((volume[i] >= tank.max_volume) & (arrives > 0.0))
        now = jnp.where(stops & (now > CLOSED), TEMPCLOSED, now)
    return now


def _prv(network: Network, state: Hydraulics, k: int) -> Array:
    now, flow = status_of(network, state.links, k), state.flow[k]
    held = network.elevation[network.end[k]] + setting_of(network, state.links, k)
    minor = network.valves[k - network.first_valve].minor
    h1, h2 = _ends(network, state, k)
    back, lossy = flow < -Q_TOL, h1 - minor * flow * flow
    active = jnp.where(back, CLOSED, jnp.where(lossy < held - H_TOL, OPEN, ACTIVE))
    is_open = jnp.where(back, CLOSED, jnp.where(h2 >= held + H_TOL, ACTIVE, OPEN))
    opens = (h1 < held - H_TOL) & (h1 > h2 + H_TOL)
    holds = (h1 >= held + H_TOL) & (h2 < held - H_TOL)
    closed = jnp.where(holds, ACTIVE, jnp.where(opens, OPEN, CLOSED))
    return _by_state(now, active=active, is_open=is_open, closed=closed, back=back)


def _psv(network: Network, state: Hydraulics, k: int) -> Array:
    now, flow = status_of(network, state.links, k), state.flow[k]
    held = network.elevation[network.start[k]] + setting_of(network, state.links, k)
    minor = network.valves[k - network.first_valve].minor
    h1, h2 = _ends(network, state, k)
    back, lossy = flow < -Q_TOL, h2 + minor * flow * flow
    active = jnp.where(back, CLOSED, jnp.where(lossy > held + H_TOL, OPEN, ACTIVE))
    is_open = jnp.where(back, CLOSED, jnp.where(h1 < held - H_TOL, ACTIVE, OPEN))
    forwards = h1 > h2 + H_TOL
    closed = jnp.where((h1 >= held + H_TOL) & forwards, ACTIVE, CLOSED)
    closed = jnp.where((h2 > held + H_TOL) & forwards, OPEN, closed)
    return _by_state(now, active=active, is_open=is_open, closed=closed, back=back)


def _by_state(now: Array, *, active: Array, is_open: Array, closed: Array, back: Array) -> Array:
    found = jnp.where(now == ACTIVE, active, now)
    found = jnp.where(now == OPEN, is_open, found)
    found = jnp.where(now == CLOSED, closed, found)
    return jnp.where((now == XPRESSURE) & back, CLOSED, found)


def _fcv(network: Network, state: Hydraulics, links: Links, k: int, now: Array) -> Array:
    h1, h2 = _ends(network, state, k)
    flow, minor = state.flow[k], network.valves[k - network.first_valve].minor
    cannot = (h1 - h2 < -H_TOL) | (flow < -Q_TOL)
    wide = (now == ACTIVE) & (h1 - h2 < minor * flow * flow)
    again = (now == XFCV) & (flow >= setting_of(network, links, k))
    return jnp.where(cannot | wide, XFCV, jnp.where(again, ACTIVE, now))


__all__ = ["links_checked", "valves_checked"]
