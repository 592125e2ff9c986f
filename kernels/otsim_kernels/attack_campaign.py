"""One attempt of a campaign for many twins: who, what for, when each step falls, who notices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp

from otsim_kernels.attack_timeline import Timeline, timeline
from otsim_kernels.attack_way import Ways, way_to
from otsim_kernels.campaign_model import CampaignModel, Choice, Exploits, Responses, Steps
from otsim_kernels.distributions import apart, draw_table, happens, normal_score
from otsim_kernels.draws import Array, DrawKey, uniform


@dataclass(frozen=True, kw_only=True)
class _Lanes:
    """What is drawn before anything is tried.

    Attributes:
        key: keys of the n twins; slot: u32[n], number of the attempt.
        profile: i32[n]; goal: i32[n].
        effect: f[n_controls + 1, n], how well each control works; the last row is 1.
    """

    key: DrawKey
    slot: Array
    profile: Array
    goal: Array
    effect: Array


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One attempt of n twins; times are hours from its beginning, inf for never.

    Attributes:
        profile: i32[n]; goal: i32[n].
        entry: i32[n], the first entry that fell before the campaign was cut, -1 for none.
        entry_h: when it fell.
        goal_h: when the last need of the goal fell, cut or not.
        detected_h: first detection.
        response_h: when the response is complete; inf if none comes.
        acts: bool[n], the goal was reached before the response and within the budget.
        node_h: f[n_nodes, n], when each node falls, cut or not.
    """

    profile: Array
    goal: Array
    entry: Array
    entry_h: Array
    goal_h: Array
    detected_h: Array
    response_h: Array
    acts: Array
    node_h: Array


def attempt(
    key: DrawKey, model: CampaignModel, *, slot: Array, dtype: Any = jnp.float32
) -> Attempt:
    """Draw one attempt of a campaign for each twin.

    Args:
        key: keys of the twins.
        model: the compiled study.
        slot: number of the attempt, u32[n].
        dtype: float32, or float64 where JAX has 64 bits.
    """
    lanes = _lanes(key, model, slot, dtype)
    nodes = _nodes(lanes, model)
    goal_h = _of_goal(nodes.time[model.needs].max(axis=1), lanes.goal)
    way = None if model.ways is None else _way(lanes, model, model.ways, nodes)
    budget_h = model.clocks.budget_h.astype(dtype)
    entries_h = nodes.time[model.entries]
    first_h = entries_h.min(axis=0, initial=jnp.inf)
    tried = _tried(lanes, model, nodes, way, end_h=jnp.minimum(goal_h, budget_h))
    seen_h = jnp.concatenate(
        [_sightings(lanes, model, nodes, tried), _discovery(lanes, model, first_h, budget_h)]
    )
    response_h = _response(lanes, model.responses, seen_h)
    entered = (first_h <= budget_h) & (first_h < response_h) & jnp.isfinite(first_h)
    if way is not None:  # the way in that mattered, where one did
        used_h = jnp.where(way[model.entry_leaves], entries_h, jnp.inf)
        some = jnp.isfinite(used_h.min(axis=0, initial=jnp.inf))
        entries_h = jnp.where(some, used_h, entries_h)
    entry_h = entries_h.min(axis=0, initial=jnp.inf)
    return Attempt(
        profile=lanes.profile,
        goal=lanes.goal,
        entry=jnp.where(entered, _first_row(entries_h, entry_h), -1),
        entry_h=jnp.where(entered, entry_h, jnp.inf),
        goal_h=goal_h,
        detected_h=seen_h.min(axis=0, initial=jnp.inf),
        response_h=response_h,
        acts=(goal_h <= budget_h) & (goal_h < response_h) & jnp.isfinite(goal_h),
        node_h=nodes.time,
    )


def attempt_way(key: DrawKey, model: CampaignModel, *, slot: Array) -> Array:
    """Find which steps of a graph an attempt owes its goal to.

    Args:
        key, model, slot: as for `attempt`; the model has `ways`.

    Returns:
        bool[n_leaves, n]; none of an attempt whose goal never falls.
    """
    assert model.ways is not None
    lanes = _lanes(key, model, slot, jnp.float32)
    return _way(lanes, model, model.ways, _nodes(lanes, model))


def _lanes(key: DrawKey, model: CampaignModel, slot: Array, dtype: Any) -> _Lanes:
    """Draw who comes, what for, and how well each control works."""
    profile = _choose(model.profile, key, slot, jnp.zeros_like(slot))
    controls = model.controls
    drawn = draw_table(controls.effect, key, slot, dtype) * controls.share.astype(dtype)
    return _Lanes(
        key=key,
        slot=slot,
        profile=profile,
        goal=_choose(model.goal, key, slot, profile),
        effect=jnp.concatenate([drawn, jnp.ones((1, key.n_twins), dtype)]),
    )


def leaf_draws(
    key: DrawKey, steps: Steps, *, slot: Array, profile: Array, effect: Array
) -> tuple[Array, Array]:
    """Draw the times to compromise and which leaves exist.

    Args:
        key: keys of n twins.
        steps: the leaves.
        slot: number of the attempt, u32[n]; profile: the attacker's, i32[n].
        effect: f[n_controls + 1, n], how well each control works; the last row is 1.

    Returns:
        Hours, before the common factor of the campaign, f[n_leaves, n]; bool[n_leaves, n].
    """
    times_h = draw_table(steps.time_h, key, slot, effect.dtype)
    if steps.exploits.process.shape[0]:
        exploits_h = _exploit_times(key, steps.exploits, slot, profile, effect.dtype)
        times_h = jnp.concatenate([times_h, exploits_h])
    limit = _of_profile(steps.exists_limit, profile)
    if steps.guards.shape[0]:
        left = jnp.concatenate([1.0 - effect[:-1], effect[-1:]])
        passed = left[steps.guards[0]]
        for guard in steps.guards[1:]:
            passed = passed * left[guard]
        limit = _part(limit, passed)
    exists = happens(apart(key.word(steps.exists_purpose, slot)), limit)
    return times_h, (exists | steps.present) & ~steps.absent


def _nodes(lanes: _Lanes, model: CampaignModel) -> Timeline:
    """Draw the world and the times to compromise, and find when each node falls."""
    clocks, steps, dtype = model.clocks, model.steps, lanes.effect.dtype
    effort = normal_score(uniform(lanes.key.word(clocks.effort_purpose, lanes.slot), dtype))
    factor = jnp.exp(clocks.effort_sigma.astype(dtype) * effort)
    factor = factor * clocks.time_factor.astype(dtype)[lanes.profile]
    times_h, exists = leaf_draws(
        lanes.key, steps, slot=lanes.slot, profile=lanes.profile, effect=lanes.effect
    )
    times_h = jnp.maximum(times_h * factor, steps.least_h.astype(dtype))
    return timeline(model.program, leaf_time=times_h, leaf_exists=exists)


def _exploit_times(
    key: DrawKey, exploits: Exploits, slot: Array, profile: Array, dtype: Any
) -> Array:
    """Draw the process and, within it, the time; hours, f[n_exploits, n]."""
    bits = apart(key.word(exploits.process, slot))
    ready = happens(bits, _of_profile(exploits.limits[0], profile))
    written = happens(bits, _of_profile(exploits.limits[1], profile))
    mu = [_of_profile(each, profile) for each in exploits.mu.astype(dtype)]
    score = normal_score(apart(uniform(key.word(exploits.time, slot), dtype)))
    chosen = jnp.where(ready, mu[0], jnp.where(written, mu[1], mu[2]))
    return jnp.exp(chosen + exploits.sigma.astype(dtype) * score)


def _way(lanes: _Lanes, model: CampaignModel, ways: Ways, nodes: Timeline) -> Array:
    """Find the leaves that led to the goal, bool[n_leaves, n]."""
    n_goals, n_needs = model.needs.shape
    goal_h = _of_goal(nodes.time[model.needs].max(axis=1), lanes.goal)
    wanted = (jnp.arange(n_goals)[:, None] == lanes.goal) & jnp.isfinite(goal_h)
    rows = model.program.time_rows[model.needs.ravel()]
    return way_to(ways, nodes.table, nodes=rows, fallen=jnp.repeat(wanted, n_needs, axis=0))


def _tried(
    lanes: _Lanes, model: CampaignModel, nodes: Timeline, way: Array | None, *, end_h: Array
) -> Array:
    """Find the watched steps that are tried before the campaign ends, bool[n_watched, n].

    A step that takes no time and falls at the very end still counts: it was tried.
    """
    watched = model.detections
    start_h = nodes.start[watched.nodes]
    tried = (start_h < end_h) | (nodes.time[watched.nodes] <= end_h)
    tried = tried & jnp.isfinite(start_h) & watched.tried[:, lanes.goal]
    return tried if way is None else tried & (way[watched.leaves] | ~way.any(axis=0))


def _sightings(lanes: _Lanes, model: CampaignModel, nodes: Timeline, tried: Array) -> Array:
    """Draw when each watched step is noticed, hours, f[n_watched, n]; inf for never."""
    watched, dtype = model.detections, lanes.effect.dtype
    limit = _part(watched.limit, lanes.effect[watched.control])
    noticed = happens(lanes.key.word(watched.purpose, lanes.slot), limit)
    own_h = draw_table(watched.delay_h, lanes.key, lanes.slot, dtype)
    of_controls_h = draw_table(model.controls.delay_h, lanes.key, lanes.slot, dtype)
    delay_h = jnp.concatenate([own_h, of_controls_h])[watched.delay_place]
    return jnp.where(noticed & tried, nodes.start[watched.nodes] + delay_h, jnp.inf)


def _discovery(lanes: _Lanes, model: CampaignModel, first_h: Array, budget_h: Array) -> Array:
    """Draw when the intrusion is discovered whatever the detectors see, hours, f[1, n]."""
    dwell_h = draw_table(model.detections.found_h, lanes.key, lanes.slot, lanes.effect.dtype)
    return jnp.where(first_h <= budget_h, first_h + dwell_h, jnp.inf)


def _response(lanes: _Lanes, responses: Responses, seen_h: Array) -> Array:
    """Find when the first response is complete, hours, f[n]; inf if none comes."""
    delay_h = draw_table(responses.delay_h, lanes.key, lanes.slot, seen_h.dtype)
    limit = _part(responses.limit, lanes.effect[responses.control])
    acts = happens(lanes.key.word(responses.purpose, lanes.slot), limit)
    answered_h = jnp.where(responses.answers[:, :, None], seen_h, jnp.inf).min(axis=1)
    return jnp.where(acts, answered_h + delay_h, jnp.inf).min(axis=0, initial=jnp.inf)


def _part(limit: Array, share: Array) -> Array:
    """Scale the limit of a chance by a share, u32; a share of 1 leaves every bit of it."""
    part = jnp.asarray(limit, jnp.uint32).astype(share.dtype) * share
    return jnp.where(share < 1.0, part.astype(jnp.uint32), limit)


def _of_profile(table: Array, profile: Array) -> Array:
    """Take from [n_profiles, n_rows] what holds for each twin's attacker, [n_rows, n].

    Profiles are few: selecting among them costs a fraction of fetching number by number.
    """
    rows = jnp.asarray(table)[:, :, None]
    found = rows[0]
    for i in range(1, rows.shape[0]):
        found = jnp.where(profile == i, rows[i], found)
    return jnp.broadcast_to(found, (rows.shape[1], profile.shape[0]))


def _choose(choice: Choice, key: DrawKey, slot: Array, row: Array) -> Array:
    """Draw one of several by the odds in a row of the limits, i32[n]."""
    bits = key.word(choice.purpose, slot)
    beyond = ~happens(bits, choice.limits.T[:, row])
    return beyond.sum(axis=0, dtype=jnp.int32)


def _of_goal(per_goal: Array, goal: Array) -> Array:
    """Take from f[n_goals, n] the row of each twin's goal."""
    return jnp.take_along_axis(per_goal, goal[None, :], axis=0)[0]


def _first_row(values: Array, value: Array) -> Array:
    """Return the first row that holds the value, i32[n]."""
    return jnp.argmax(values == value, axis=0).astype(jnp.int32)
