"""Rules: looked at in steps of the rule step, while tanks move with the flows held."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from otsim_kernels.plants.water_network.controls import DAY_S
from otsim_kernels.plants.water_network.links import (
    Links,
    is_fixed,
    nan_of,
    ordered_setting,
    ordered_status,
    setting_of,
    status_of,
)
from otsim_kernels.plants.water_network.network import (
    ACTIVE,
    CLOSED,
    OPEN,
    TINY,
    Network,
    Premise,
    Rule,
    RuleAction,
)
from otsim_kernels.plants.water_network.tanks import head_at, volumes_after
from otsim_kernels.plants.water_network.trial import Hydraulics

Array = Any
_TOLERANCE = 0.001  # of numbers, in the user's units; of settings, in internal ones


@dataclass(frozen=True, kw_only=True)
class Solved:
    """What a step starts from.

    Attributes:
        state: of the last solve; demand: wanted then; time: of it, i32[n_twins].
        inflow: of the tanks, cfs.
        seen: the readings of the tanks from their volumes and the time, f[n_reads, n_twins].
        deaf: whether a link obeys no rule at a time, bool[n_twins]; None if it always does.
    """

    state: Hydraulics
    demand: Array
    time: Array
    inflow: Array
    seen: Callable[[Array, Array], Array]
    deaf: Callable[[int, Array], Array | None]


def ruled_step(
    network: Network, solved: Solved, *, volumes: tuple[Array, Array | None], seconds: Array
) -> tuple[Links, tuple[Array, Array | None], Array]:
    """Move the tanks to the end of the step, or to where a rule first changes something.

    Args:
        network: the network.
        solved: what the step starts from.
        volumes: of the tanks, ft3, and what float32 cannot hold of them.
        seconds: the step, i32[n_twins], at most.

    Returns:
        The links after the rules, the volumes, and the step.
    """
    step = network.clock.rule_step

    def goes_on(carry: tuple[Any, ...]) -> Array:
        return jnp.any(~carry[3])

    def sub_step(carry: tuple[Any, ...]) -> tuple[Any, ...]:
        links, volumes, gone, stopped, length = carry
        length = jnp.where(stopped, 0, jnp.minimum(length, seconds - gone))
        moving = jnp.where(stopped, 0.0, solved.inflow)
        length_s = length.astype(moving.dtype)
        volumes = volumes_after(network, volumes[0], volumes[1], moving, length_s)
        gone = gone + length
        now = _Now(network, solved, links, volume=volumes[0], end=solved.time + gone, length=length)
        links, changed = _ruled(network, now, links, ~stopped)
        stopped = stopped | changed | (gone >= seconds)
        return links, volumes, gone, stopped, jnp.full_like(length, step)

    begin = (
        solved.state.links, volumes, jnp.zeros_like(seconds), seconds <= 0,
        step - solved.time % step,
    )  # fmt: skip
    links, volumes, gone, _, _ = lax.while_loop(goes_on, sub_step, begin)
    return links, volumes, gone


def _ruled(network: Network, now: _Now, links: Links, which: Array) -> tuple[Links, Array]:
    """Evaluate all rules, then take their actions; on a link the first by priority wins."""
    truths = [now.holds(rule) for rule in network.rules]
    order = sorted(range(len(truths)), key=lambda i: -network.rules[i].priority)
    changed, before = jnp.zeros_like(which), links
    for k in sorted({one.link for rule in network.rules for one in (*rule.then, *rule.otherwise)}):
        deaf = now.solved.deaf(k, now.end)
        taken = ~which if deaf is None else ~which | deaf
        for i in order:
            rule = network.rules[i]
            for actions, holds in ((rule.then, truths[i]), (rule.otherwise, ~truths[i])):
                action = next((one for one in actions if one.link == k), None)
                if action is None:
                    continue
                acts = holds & ~taken
                links, moved = _act(network, before, links, action, acts)
                changed, taken = changed | moved, taken | acts
    return links, changed


def _act(
    network: Network, before: Links, links: Links, action: RuleAction, which: Array
) -> tuple[Links, Array]:
    k = action.link
    if nan_of(action.setting):
        closed = status_of(network, before, k) <= CLOSED
        differs = which & (closed if action.status == OPEN else ~closed)
        return ordered_status(network, links, k, action.status, differs), differs
    now = setting_of(network, before, k)
    differs = jnp.abs(now - action.setting) > _TOLERANCE
    if k >= network.first_valve:
        differs = differs | is_fixed(network, before, k)
    differs = differs & which
    setting = jnp.full_like(now, action.setting)
    return ordered_setting(network, links, k, setting, differs), differs


class _Now:
    """The numbers that premises look at, at the end of a sub-step."""

    def __init__(
        self, network: Network, solved: Solved, links: Links, *, volume: Array, end: Array,
        length: Array,
    ) -> None:  # fmt: skip
        self.network, self.solved, self.state, self.links = network, solved, solved.state, links
        self.inflow, self.demand, self.end, self.length = solved.inflow, solved.demand, end, length
        self.seen = solved.seen(volume, end)

    def holds(self, rule: Rule) -> Array:
        """Evaluate a rule's premises from left to right; AND and OR have equal rank."""
        result, over = jnp.ones_like(self.end, dtype=bool), jnp.zeros_like(self.end, dtype=bool)
        for premise in rule.premises:
            found = self._premise(premise)
            if premise.joined_by == "or":
                result = result | found
            else:
                over = over | ~result  # a false result before AND is final
                result = result & found
        return result & ~over

    def _premise(self, premise: Premise) -> Array:
        if premise.attribute in ("TIME", "CLOCKTIME"):
            return self._time(premise)
        if premise.attribute == "STATUS":
            status = status_of(self.network, self.links, premise.row)
            now = jnp.where(status <= CLOSED, CLOSED, jnp.where(status == ACTIVE, ACTIVE, OPEN))
            same = now == int(premise.value)
            return same if premise.relation == "=" else ~same
        x = (self._number(premise) - premise.offset) * premise.factor
        found = _compared(x, premise.relation, premise.value)
        if premise.attribute == "SETTING" and premise.row >= self.network.first_valve:
            return found & ~is_fixed(self.network, self.links, premise.row)
        if premise.attribute in ("FILLTIME", "DRAINTIME"):
            q = self.inflow[self._tank(premise)]
            return found & ((q > TINY) if premise.attribute == "FILLTIME" else (q < -TINY))
        return found

    def _tank(self, premise: Premise) -> int:
        return int(np.flatnonzero(self.network.tank_node == premise.row)[0])

    def _number(self, premise: Premise) -> Array:
        network, row = self.network, premise.row
        if premise.kind == "system":
            return jnp.maximum(self.demand, 0.0).sum(axis=0)
        if premise.kind == "link":
            if premise.attribute == "FLOW":
                return jnp.abs(self.state.flow[row])
            return setting_of(network, self.links, row)
        is_tank = row in network.tank_node
        if premise.attribute == "DEMAND":
            return self.inflow[self._tank(premise)] if is_tank else self._drawn(row)
        if not is_tank:
            return self.state.head[row]
        place = self._tank(premise)
        tank, volume = network.tanks[place], self.seen[premise.reading]
        if premise.attribute in ("FILLTIME", "DRAINTIME"):
            q = self.inflow[place]
            end = tank.max_volume if premise.attribute == "FILLTIME" else tank.min_volume
            return (end - volume) / jnp.where(jnp.abs(q) > TINY, q, 1.0)
        return head_at(tank, volume)

    def _drawn(self, node: int) -> Array:
        network = self.network
        if node >= network.n_junctions:
            return self._reservoir_inflow(node)
        total = self.demand[node]
        for place in np.flatnonzero(network.wants == node):
            total = self.state.delivered[place]
        for place in np.flatnonzero(network.emitter_node == node):
            total = total + self.state.emitted[place]
        return total

    def _reservoir_inflow(self, node: int) -> Array:
        network, total = self.network, jnp.zeros_like(self.demand[0])
        for k in np.flatnonzero((network.start == node) | (network.end == node)).tolist():
            flow = self.state.flow[k] if network.end[k] == node else -self.state.flow[k]
            if k >= network.n_plain:
                is_open = status_of(network, self.links, k) > CLOSED
                flow = jnp.where(is_open, flow, 0.0)
            elif network.plain_closed[k]:
                flow = jnp.zeros_like(flow)
            total = total + flow
        return total

    def _time(self, premise: Premise) -> Array:
        first, last = self.end - self.length + 1, self.end
        if premise.attribute == "CLOCKTIME":
            first = (first + self.network.clock.start_clock) % DAY_S
            last = (last + self.network.clock.start_clock) % DAY_S
        x, relation = int(premise.value), premise.relation
        if relation in ("=", "<>"):
            wraps = (x >= first) | (x <= last)
            within = jnp.where(last < first, wraps, (x >= first) & (x <= last))
            return within if relation == "=" else ~within
        return {
            "<": last < x, "<=": last <= x, ">": last > x, ">=": last >= x,
        }[relation]  # fmt: skip


def _compared(x: Array, relation: str, value: float) -> Array:
    off = jnp.abs(x - value)
    return {
        "=": off <= _TOLERANCE, "<>": off >= _TOLERANCE,
        "<": x <= value + _TOLERANCE, ">": x >= value - _TOLERANCE,
        "<=": x <= value - _TOLERANCE, ">=": x >= value + _TOLERANCE,
    }[relation]  # fmt: skip


__all__ = ["Solved", "ruled_step"]
