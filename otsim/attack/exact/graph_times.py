"""Attack graphs with cycles: the least-time derivation of every step, fixed or random times.

A step falls its own time after the first (`or`) or the last (`and`) of its parents, and an entry
at time 0. A step that no entry leads to is never reached: times are found from infinity downwards
(Knuth 1977), because a ring whose steps support each other from nothing is no attack.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from otsim.attack.exact.laws import Floats, Law, atomic_law
from otsim.errors import ModelError

__all__ = ["AttackGraph", "Step", "compromise_times", "goal_law"]

MOST_WORLDS = 1 << 22
_BLOCK = 1 << 16


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of an attack graph.

    Attributes:
        kind: whether it needs one parent or all.
        parents: the steps that it needs.
        times: what it may take, inf for a step that does not exist.
        chances: their probabilities.
    """

    kind: Literal["or", "and"]
    parents: tuple[str, ...] = ()
    times: tuple[float, ...] = (0.0,)
    chances: tuple[float, ...] = (1.0,)


@dataclass(frozen=True, kw_only=True)
class AttackGraph:
    """Steps by name, and the ones where the attacker stands at time 0."""

    steps: Mapping[str, Step]
    entries: tuple[str, ...]


def compromise_times(graph: AttackGraph) -> dict[str, float]:
    """Return when each step falls; inf for never.

    Raises:
        ModelError: a time is random, or a step is missing.
    """
    _check(graph)
    for name, step in graph.steps.items():
        if len(step.times) > 1 and name not in graph.entries:
            raise ModelError(f"the time of step {name!r} is random; ask for goal_time_pmf")
    children: dict[str, list[str]] = {name: [] for name in graph.steps}
    missing = {name: len(set(step.parents)) for name, step in graph.steps.items()}
    for name, step in graph.steps.items():
        for parent in set(step.parents):
            children[parent].append(name)
    found: dict[str, float] = {}
    waiting = [(0.0, name) for name in graph.entries]
    while waiting:
        time, name = heapq.heappop(waiting)
        if name in found:
            continue
        found[name] = time
        for child in children[name]:
            missing[child] -= 1
            if graph.steps[child].kind == "or" or missing[child] == 0:
                heapq.heappush(waiting, (time + graph.steps[child].times[0], child))
    return {name: found.get(name, math.inf) for name in graph.steps}


def goal_law(graph: AttackGraph, goal: str) -> Law:
    """Return the law of the time at which a goal falls, over every combination of random times.

    Raises:
        ModelError: there are more than `MOST_WORLDS` combinations, or a step is missing.
    """
    _check(graph)
    names = _leading_to(graph, goal)
    free = [name for name in names if name not in graph.entries]
    sizes = [len(graph.steps[name].times) for name in free]
    count = math.prod(sizes)
    if count > MOST_WORLDS:
        raise ModelError(
            f"{count:,} combinations of times lead to {goal!r}, but at most {MOST_WORLDS:,} are "
            "worked through; fix some times"
        )
    times, weights = [], []
    for begin in range(0, count, _BLOCK):
        worlds = np.arange(begin, min(begin + _BLOCK, count))
        picks = dict(zip(free, np.unravel_index(worlds, sizes) if sizes else (), strict=True))
        fallen, weight = _worlds(graph, names, picks, len(worlds))
        times.append(fallen[goal])
        weights.append(weight)
    law = np.concatenate(times), np.concatenate(weights)
    finite = np.isfinite(law[0])
    return atomic_law(law[0][finite].tolist(), law[1][finite].tolist())


def _worlds(
    graph: AttackGraph, names: list[str], picks: Mapping[str, np.ndarray], count: int
) -> tuple[dict[str, Floats], Floats]:
    """Return when each step falls in some worlds, and how likely each world is."""
    weight = np.ones(count)
    own: dict[str, Floats] = {}
    for name, pick in picks.items():
        own[name] = np.array(graph.steps[name].times)[pick]
        weight *= np.array(graph.steps[name].chances)[pick]
    fallen = {name: np.full(count, 0.0 if name in graph.entries else np.inf) for name in names}
    never = [np.full(count, np.inf)]
    changed = True
    while changed:
        changed = False
        for name in own:
            step = graph.steps[name]
            parents = np.array([fallen[parent] for parent in step.parents] or never)
            start = parents.min(axis=0) if step.kind == "or" else parents.max(axis=0)
            time = start + own[name]
            if (time < fallen[name]).any():
                fallen[name] = np.minimum(time, fallen[name])
                changed = True
    return fallen, weight


def _leading_to(graph: AttackGraph, goal: str) -> list[str]:
    seen: dict[str, None] = {}
    stack = [goal]
    while stack:
        name = stack.pop()
        if name not in seen:
            seen[name] = None
            stack += [] if name in graph.entries else graph.steps[name].parents
    return list(seen)[::-1]


def _check(graph: AttackGraph) -> None:
    named = {*graph.entries, *(name for step in graph.steps.values() for name in step.parents)}
    unknown = sorted(named - set(graph.steps))
    if unknown:
        raise ModelError(f"the graph has no step {unknown[0]!r}; add it, or take out its edges")
