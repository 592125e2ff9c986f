"""Pumps and valves in the equations of a trial."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np

from otsim_kernels.plants.water_network import head_loss
from otsim_kernels.plants.water_network.links import (
    Links,
    is_fixed,
    setting_of,
    status_of,
    with_status,
    works,
)
from otsim_kernels.plants.water_network.network import (
    CBIG,
    CLOSED,
    XFCV,
    XPRESSURE,
    Network,
)
from otsim_kernels.plants.water_network.system import Term, link_terms

Array = Any
_STIFF = 1e5  # slope of a PBV in float32, which takes its setting to 1e-4 ft


@dataclass(frozen=True, kw_only=True)
class Heads:
    """Heads of nodes, f[n_nodes, n_twins], and what float32 cannot hold of them, or None."""

    high: Array
    low: Array | None

    def above(self, node: int, level: Array) -> Array:
        """Return by how much a node's head is above a level, f[n_twins]."""
        height = self.high[node] - level
        return height if self.low is None else height + self.low[node]

    def drop(self, network: Network, k: int) -> Array:
        """Return by how much the head falls along a link, f[n_twins]."""
        start, end = int(network.start[k]), int(network.end[k])
        drop = self.high[start] - self.high[end]
        return drop if self.low is None else drop + (self.low[start] - self.low[end])


def changing_terms(
    network: Network, links: Links, heads: Heads, flow: Array, inflow: Callable[[int], Array]
) -> list[Term]:
    """Return the links behind the plain pipes as they stand in the equations.

    Args:
        network, links: the network.
        heads, flow: before the trial.
        inflow: what a junction takes in from nowhere: minus its demand and emitter.
    """
    terms = []
    for k in range(network.n_plain, network.n_links):
        valve = k - network.first_valve
        if valve >= 0 and network.valves[valve].kind in ("PRV", "PSV"):
            terms.append(_pressure_valve(network, links, heads, flow, inflow, k))
        else:
            p, y = _terms(network, links, flow, k)
            step = y - p * heads.drop(network, k)
            terms.append(Term(slope=p, step=step, passed=flow[k] - step))
    return terms


def pipe_tables(network: Network) -> dict[str, Any]:
    """Return what the head loss of pipes depends on, by row."""
    return {
        "resistance": network.resistance, "minor": network.minor, "roughness": network.roughness,
        "viscous": network.viscous,
    }  # fmt: skip


def pipe_loss(network: Network, flow: Array, pipe: dict[str, Array]) -> tuple[Array, Array]:
    """Return slope and loss of a pipe."""
    if network.formula == "D-W":
        return head_loss.darcy_weisbach(flow, **pipe)
    exponent = head_loss.HAZEN_WILLIAMS if network.formula == "H-W" else 2.0
    return head_loss.power_law(flow, pipe["resistance"], pipe["minor"], exponent)


def unhinged(network: Network, links: Links, pivots: Array) -> tuple[Links, Array]:
    """Set valves free on which alone a junction hangs: nothing else holds its head.

    Returns:
        The links, and in which twins there were any, bool[n_twins].
    """
    singular = jnp.zeros(pivots.shape[1], bool)
    seen: set[int] = set()
    for i, valve in enumerate(network.valves):
        k = network.first_valve + i
        ends = {int(network.start[k]), int(network.end[k])}
        own = [node for node in sorted(ends - seen) if node < network.n_junctions]
        seen |= ends  # only the first valve at a node is set free
        if valve.kind not in ("PRV", "PSV", "FCV") or not own:
            continue
        hangs = jnp.any(jnp.stack([pivots[node] <= 0.0 for node in own]), axis=0)
        hangs = hangs & works(network, links, k)
        free = XFCV if valve.kind == "FCV" else XPRESSURE
        status = jnp.where(hangs, free, status_of(network, links, k)).astype(jnp.int32)
        links, singular = with_status(network, links, k, status), singular | hangs
    return links, singular


def _terms(network: Network, links: Links, flow: Array, k: int) -> tuple[Array, Array]:
    """Return P and Y of a link; of a PRV or PSV as if it held nothing."""
    closed = status_of(network, links, k) <= CLOSED
    if k < network.n_pipes:
        pipe = {name: float(table[k]) for name, table in pipe_tables(network).items()}
        return link_terms(pipe_loss(network, flow[k], pipe), flow[k], closed)
    setting = setting_of(network, links, k)
    if k < network.first_valve:
        closed = closed | (setting == 0.0)
        speed = jnp.where(closed, 1.0, setting)
        return link_terms(
            head_loss.pump(network.pumps[k - network.n_pipes], flow[k], speed), flow[k], closed
        )
    valve = network.valves[k - network.first_valve]
    p, y = link_terms(_loss(network, links, flow[k], k - network.first_valve), flow[k], closed)
    if valve.kind == "PBV":
        boosts = ~is_fixed(network, links, k) & ~closed & (setting != 0.0)
        boosts = boosts & (valve.minor * flow[k] * flow[k] <= setting)
        stiff = CBIG if flow.dtype == jnp.float64 else _STIFF
        p, y = jnp.where(boosts, stiff, p), jnp.where(boosts, setting * stiff, y)
    if valve.kind == "FCV":
        holds = works(network, links, k)
        p, y = jnp.where(holds, 1.0 / CBIG, p), jnp.where(holds, flow[k] - setting, y)
    return p, y


def _loss(network: Network, links: Links, flow: Array, i: int) -> tuple[Array, Array]:
    valve, k = network.valves[i], network.first_valve + i
    setting, fixed = setting_of(network, links, k), is_fixed(network, links, k)
    minor = jnp.full_like(flow, valve.minor)
    if valve.kind == "GPV":
        return head_loss.general_valve(valve.points, flow)
    if valve.kind == "TCV":
        minor = jnp.where(fixed, minor, 0.02517 * setting / valve.diameter**4)
    if valve.kind == "PCV":
        part = setting / 100.0
        if valve.points is not None:
            part = head_loss.interpolated(valve.points, setting) / 100.0
        part = jnp.clip(part, 1e-6, 1.0)
        partly = jnp.minimum(valve.minor / (part * part), CBIG)
        partly = jnp.where(setting >= 100.0, valve.minor, jnp.where(setting <= 0.0, CBIG, partly))
        minor = jnp.where(fixed, minor, partly)
    return head_loss.open_valve(flow, minor)


def _pressure_valve(
    network: Network,
    links: Links,
    heads: Heads,
    flow: Array,
    inflow: Callable[[int], Array],
    k: int,
) -> Term:
    """Let a PRV or PSV that works hold the head at its node and pass what is over there."""
    is_prv = network.valves[k - network.first_valve].kind == "PRV"
    start, end = int(network.start[k]), int(network.end[k])
    held, other = (end, start) if is_prv else (start, end)
    holds = works(network, links, k)
    over = _excess(network, links, flow, inflow, k)
    p, y = _terms(network, links, flow, k)
    step = y - p * heads.drop(network, k)
    lacks = over < 0.0 if is_prv else over > 0.0
    off = -heads.above(held, network.elevation[held] + setting_of(network, links, k))
    imbalances = [
        (other, jnp.where(holds & lacks, over, 0.0)), (held, jnp.where(holds, CBIG * off, 0.0)),
    ]  # fmt: skip
    conductances = [(network.plan.n_edges + held, jnp.where(holds, CBIG, 0.0))]
    if not is_prv and network.place[k] < network.plan.n_edges:
        leak = jnp.where(holds, 1.0 / CBIG, 0.0)
        conductances.append((int(network.place[k]), leak))
        imbalances.append((end, leak * heads.drop(network, k)))
    return Term(
        slope=jnp.where(holds, 0.0, p),
        step=jnp.where(holds, flow[k] + (over if is_prv else -over), step),
        # while it holds, what it passes comes a trial later, by `over`
        passed=jnp.where(holds, 0.0, flow[k] - step),
        conductances=tuple(conductances),
        imbalances=tuple(imbalances),
    )


def _excess(
    network: Network, links: Links, flow: Array, inflow: Callable[[int], Array], before: int
) -> Array:
    """Return what arrives beyond demand at the node that a PRV or PSV holds.

    Valves that hold something, whatever state they are in, are left out; an FCV that works counts
    with its setting, for valves after it in the file.
    """
    is_prv = network.valves[before - network.first_valve].kind == "PRV"
    node = int(network.end[before] if is_prv else network.start[before])
    total = inflow(node)
    for k in np.flatnonzero((network.start == node) | (network.end == node)).tolist():
        passed = flow[k]
        kind = network.valves[k - network.first_valve].kind if k >= network.first_valve else ""
        if kind in ("PRV", "PSV", "FCV"):
            passed = jnp.where(is_fixed(network, links, k), passed, 0.0)
        if kind == "FCV" and k < before:
            passed = jnp.where(works(network, links, k), setting_of(network, links, k), passed)
        total = total + passed * (1.0 if network.end[k] == node else -1.0)
    return total


__all__ = ["Heads", "changing_terms", "pipe_loss", "pipe_tables", "unhinged"]
