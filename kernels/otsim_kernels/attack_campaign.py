"""One attempt of a campaign for many twins: who, what for, when each step falls, who notices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp

from otsim_kernels.attack_timeline import Program, Timeline, timeline
from otsim_kernels.distributions import DrawBank, draw_table, happens, normal_score
from otsim_kernels.draws import Array, DrawKey, uniform


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Choice:
    """A draw of one of several, its odds given by a row of `limits`.

    Attributes:
        purpose: u32[].
        limits: u32[n_rows, n_choices - 1], `chance_limit` of the cumulative odds.
    """

    purpose: Array
    limits: Array


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Steps:
    """The leaves of the tree.

    Attributes:
        exists_purpose: u32[n_leaves, 1].
        exists_limit: u32[n_profiles, n_leaves], `chance_limit` of the probability.
        time_h: a distribution for each leaf, hours.
    """

    exists_purpose: Array
    exists_limit: Array
    time_h: DrawBank


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Detections:
    """The leaves that may be noticed when they are tried.

    Attributes:
        nodes: i32[n_watched], rows of the node arrays.
        purpose: u32[n_watched, 1]; limit: u32[n_watched, 1].
        tried: bool[n_watched, n_goals], whether a campaign for that goal tries the step.
        delay_h: a distribution for each, hours from the start of the step.
    """

    nodes: Array
    purpose: Array
    limit: Array
    tried: Array
    delay_h: DrawBank


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Clocks:
    """What slows a campaign down and what ends it.

    Attributes:
        effort_purpose: u32[]; effort_sigma: f[], of the logarithm of the common factor on times.
        time_factor: f[n_profiles].
        budget_h: f[], inf for none.
        response_purpose: u32[]; response_limit: u32[], chance that a detection is acted upon.
        response_h: one distribution, hours from the first detection.
    """

    effort_purpose: Array
    effort_sigma: Array
    time_factor: Array
    budget_h: Array
    response_purpose: Array
    response_limit: Array
    response_h: DrawBank


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class CampaignModel:
    """All that is drawn for a campaign before it acts on the plant.

    Attributes:
        profile: limits are u32[1, n_profiles - 1]; goal: u32[n_profiles, n_goals - 1].
        needs: i32[n_goals, n_needs], rows of the node arrays; shorter lists repeat their last.
        entries: i32[n_entries], rows of the node arrays.
    """

    program: Program
    profile: Choice
    goal: Choice
    needs: Array
    entries: Array
    steps: Steps
    detections: Detections
    clocks: Clocks


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
    profile = _choose(model.profile, key, slot, jnp.zeros_like(slot))
    goal = _choose(model.goal, key, slot, profile)
    nodes = _nodes(key, model, slot=slot, profile=profile, dtype=dtype)
    goal_h = _of_goal(nodes.time[model.needs].max(axis=1), goal)
    budget_h = model.clocks.budget_h.astype(dtype)
    end_h = jnp.minimum(goal_h, budget_h)
    detected_h = first_detection(key, model.detections, nodes, slot=slot, goal=goal, end_h=end_h)
    response_h = _response(key, model.clocks, slot=slot, detected_h=detected_h)
    entries_h = nodes.time[model.entries]
    entry_h = entries_h.min(axis=0, initial=jnp.inf)
    entered = (entry_h <= budget_h) & (entry_h < response_h) & jnp.isfinite(entry_h)
    return Attempt(
        profile=profile,
        goal=goal,
        entry=jnp.where(entered, _first_row(entries_h, entry_h), -1),
        entry_h=jnp.where(entered, entry_h, jnp.inf),
        goal_h=goal_h,
        detected_h=detected_h,
        response_h=response_h,
        acts=(goal_h <= budget_h) & (goal_h < response_h) & jnp.isfinite(goal_h),
        node_h=nodes.time,
    )


def first_detection(
    key: DrawKey,
    detections: Detections,
    nodes: Timeline,
    *,
    slot: Array,
    goal: Array,
    end_h: Array,
) -> Array:
    """Find when the defenders first notice a step that is tried before the campaign ends.

    A step that takes no time and falls at the very end still counts: it was tried.

    Returns:
        Hours, f[n]; inf for never.
    """
    noticed = happens(key.word(detections.purpose, slot), detections.limit)
    start_h = nodes.start[detections.nodes]
    tried = (start_h < end_h) | (nodes.time[detections.nodes] <= end_h)
    tried = tried & jnp.isfinite(start_h) & detections.tried[:, goal]
    delay_h = draw_table(detections.delay_h, key, slot, start_h.dtype)
    seen_h = jnp.where(noticed & tried, start_h + delay_h, jnp.inf)
    return seen_h.min(axis=0, initial=jnp.inf)


def _nodes(
    key: DrawKey, model: CampaignModel, *, slot: Array, profile: Array, dtype: Any
) -> Timeline:
    """Draw the world and the times to compromise, and find when each node falls."""
    bits = key.word(model.steps.exists_purpose, slot)
    clocks = model.clocks
    effort = normal_score(uniform(key.word(clocks.effort_purpose, slot), dtype))
    factor = jnp.exp(clocks.effort_sigma.astype(dtype) * effort)
    factor = factor * clocks.time_factor.astype(dtype)[profile]
    return timeline(
        model.program,
        leaf_time=draw_table(model.steps.time_h, key, slot, dtype) * factor,
        leaf_exists=happens(bits, model.steps.exists_limit.T[:, profile]),
    )


def _response(key: DrawKey, clocks: Clocks, *, slot: Array, detected_h: Array) -> Array:
    bits = key.word(clocks.response_purpose, slot)
    delay_h = draw_table(clocks.response_h, key, slot, detected_h.dtype)[0]
    acted_upon = happens(bits, clocks.response_limit)
    return jnp.where(acted_upon, detected_h + delay_h, jnp.inf)


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
