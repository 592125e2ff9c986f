"""The best single attacks: how many there are, the cheapest, the likeliest, the quickest.

An attack is a set of the attacker's leaves that all succeed, while no other leaf of his does. A
defence whose probability is 1 stands and has to be countered in turn; any other may not be there,
and then the attack is possible.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Any

from otsim.attack.exact.decision_diagram import FALSE, TRUE
from otsim.attack.exact.measured_tree import Duration, MeasuredTree
from otsim.attack.exact.minimal_sets import Families, minimal_family
from otsim.attack.exact.success import Success, success
from otsim.attack.tree_values import Definition, Value, tree_values
from otsim.config.tree_shape import children_first
from otsim.errors import ModelError

__all__ = [
    "depth",
    "fixed_time",
    "highest_chance",
    "least_cost",
    "least_time_in_parallel",
    "least_time_one_at_a_time",
    "minimal_attacks",
    "n_minimal_attacks",
    "usable_leaves",
]

Labels = Mapping[str, Any]


def n_minimal_attacks(tree: MeasuredTree, node: str, *, only: Labels | None = None) -> int:
    """Count the attacks that hold no smaller one.

    Args:
        tree: the tree.
        node: what is attacked.
        only: labels, each with the value that a leaf must have to be used. Default: any leaf.
    """
    families = Families()
    found = _attacks(tree, node, only)
    return families.count(minimal_family(found.diagram, found.functions[node], families))


def minimal_attacks(
    tree: MeasuredTree, node: str, *, only: Labels | None = None, most: int = 1000
) -> list[tuple[str, ...]]:
    """List the attacks that hold no smaller one, at most so many."""
    families = Families()
    found = _attacks(tree, node, only)
    family = minimal_family(found.diagram, found.functions[node], families)
    return [tuple(found.leaves[i] for i in each) for each in families.sets(family, most)]


def least_cost(tree: MeasuredTree, node: str, *, only: Labels | None = None) -> float:
    """Return the cost of the cheapest attack, each leaf paid once; inf if there is none."""
    return _least_sum(_attacks(tree, node, only), node, lambda name: tree.cost.get(name, 0))


def least_time_one_at_a_time(tree: MeasuredTree, node: str, *, only: Labels | None = None) -> float:
    """Return the shortest time of an attacker who does one step at a time, each once.

    Raises:
        ModelError: a leaf's time is random.
    """
    return _least_sum(_attacks(tree, node, only), node, lambda name: fixed_time(tree, name))


def highest_chance(tree: MeasuredTree, node: str, *, only: Labels | None = None) -> float:
    """Return the largest probability that all leaves of one attack succeed; 0 without attacks."""
    found = _attacks(tree, node, only)
    diagram = found.diagram
    best = {FALSE: Fraction(0), TRUE: Fraction(1)}
    for each in diagram.below(found.functions[node]):
        chance = tree.chance_of(found.leaves[diagram.level[each]])
        best[each] = max(best[diagram.low[each]], chance * best[diagram.high[each]])
    return float(best[found.functions[node]])


def least_time_in_parallel(tree: MeasuredTree, node: str, *, only: Labels | None = None) -> float:
    """Return the shortest time of an attacker who does all at once that need not wait.

    A SAND waits for one child after the other, an AND for the last, an OR for the first. A shared
    node is done once. inf if there is no attack.

    Raises:
        ModelError: a leaf's time is random, or there is a countermeasure: time is not defined.
    """
    if any(each.gate == "COUNTER" for each in tree.shape.nodes.values()):
        raise ModelError("min_time_parallel is not defined for trees with COUNTER; sample the tree")
    usable = usable_leaves(tree, only)
    values = tree_values(tree.shape)
    times: dict[Value, float] = {("zero",): 0.0}
    for name in tree.leaves:
        times["leaf", name] = float(fixed_time(tree, name)) if name in usable else math.inf
        times["exists", name] = 0.0
    _relax(values.definitions, times)
    return times.get(values.resolved(("time", node)), math.inf)


def depth(tree: MeasuredTree, node: str) -> int:
    """Return the number of links on the longest way from a node down to a leaf."""
    links: dict[str, int] = {}
    for name in children_first(tree.shape):
        children = tree.shape.nodes[name].children
        links[name] = 1 + max(links[child] for child in children) if children else 0
    return links[node]


def usable_leaves(tree: MeasuredTree, only: Labels | None) -> set[str]:
    """Return the attacker's leaves that bear the given labels."""
    wanted, defences = only or {}, tree.defences
    return {
        name
        for name in tree.leaves
        if name not in defences
        and all(tree.labels.get(name, {}).get(key) == value for key, value in wanted.items())
    }


def fixed_time(tree: MeasuredTree, leaf: str) -> Fraction:
    """Return the time of a leaf that always takes the same.

    Raises:
        ModelError: its time is random.
    """
    time: Duration = tree.time_of(leaf)
    if time.distribution.lowest == time.distribution.highest:
        return Fraction(str(time.distribution.mean)) * Fraction(str(time.scale))
    raise ModelError(
        f"the time of leaf {leaf!r} is random, and this asks for fixed ones; "
        "ask for time_mean or time_quantile"
    )


def _attacks(tree: MeasuredTree, node: str, only: Labels | None) -> Success:
    usable = usable_leaves(tree, only)
    standing = tree.standing
    never = set(tree.leaves) - standing - usable
    return success(tree.shape, node, always=standing, never=never)


def _least_sum(found: Success, node: str, price: Callable[[str], Fraction | int]) -> float:
    diagram = found.diagram
    prices = [price(name) for name in found.leaves]
    best: dict[int, Fraction | float] = {FALSE: math.inf, TRUE: Fraction(0)}
    for each in diagram.below(found.functions[node]):
        with_leaf = best[diagram.high[each]] + prices[diagram.level[each]]
        best[each] = min(best[diagram.low[each]], with_leaf)
    return float(best[found.functions[node]])


def _relax(definitions: Mapping[Value, Definition], times: dict[Value, float]) -> None:
    """Find the least times that hold together, in place, from infinity downwards."""
    users: dict[Value, list[Value]] = {}
    for value, definition in definitions.items():
        for operand in definition.operands:
            users.setdefault(operand, []).append(value)
    waiting = deque(value for known in times for value in users.get(known, ()))
    while waiting:
        value = waiting.popleft()
        operands = definitions[value].operands
        combine = _COMBINE[definitions[value].operation]
        time = combine(times.get(each, math.inf) for each in operands)
        if time < times.get(value, math.inf):
            times[value] = time
            waiting += users.get(value, ())


_COMBINE: dict[str, Callable[[Iterable[float]], float]] = {
    "min": min,
    "max": max,
    "add": math.fsum,
}
