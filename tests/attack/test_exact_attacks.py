"""Attacks and fronts against the enumeration of every set of leaves."""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attack.random_trees import (
    attacks_of,
    chances,
    falls,
    nodes_that_count,
    priced,
    tree_of,
    trees,
    worlds,
)
from otsim.attack.exact import MeasuredTree
from otsim.attack.exact.attacks import (
    highest_chance,
    least_cost,
    least_time_in_parallel,
    least_time_one_at_a_time,
    minimal_attacks,
    n_minimal_attacks,
)
from otsim.attack.exact.cost_damage import cost_damage_front, most_damage
from otsim.attack.exact.expected_damage import expected_damage_front
from otsim.errors import ModelError

EXAMPLES = settings(max_examples=100, deadline=None)
COSTS = st.lists(st.integers(0, 5), min_size=1, max_size=5)
Point = tuple[Fraction, Fraction]


def front(points: Iterable[Point]) -> list[Point]:
    kept: list[Point] = []
    for cost, damage in sorted(points, key=lambda point: (point[0], -point[1])):
        if not kept or damage > kept[-1][1]:
            kept.append((cost, damage))
    return kept


@EXAMPLES
@given(trees(), COSTS)
def test_single_attacks(tree: MeasuredTree, costs: list[int]) -> None:
    tree = priced(tree, costs)
    found = [chosen for chosen, fallen in attacks_of(tree) if fallen[tree.root]]
    minimal = {one for one in found if not any(other < one for other in found)}
    assert {frozenset(each) for each in minimal_attacks(tree, tree.root)} == minimal
    assert n_minimal_attacks(tree, tree.root) == len(minimal)
    cheapest = min((sum(tree.cost[name] for name in each) for each in found), default=math.inf)
    assert least_cost(tree, tree.root) == cheapest
    likeliest = max((math.prod(map(tree.chance_of, each)) for each in found), default=Fraction(0))
    assert highest_chance(tree, tree.root) == float(likeliest)


@EXAMPLES
@given(trees(), COSTS, st.lists(st.integers(0, 9), min_size=1, max_size=5), st.integers(0, 20))
def test_cost_damage(tree: MeasuredTree, costs: list[int], damages: list[int], budget: int) -> None:
    tree = priced(tree, costs, damages)
    counted = [name for name in nodes_that_count(tree) if name not in tree.defences]
    points = [
        (
            sum((tree.cost[name] for name in chosen), Fraction(0)),
            sum((tree.damage[name] for name in counted if fallen[name]), Fraction(0)),
        )
        for chosen, fallen in attacks_of(tree)
    ]
    found = cost_damage_front(tree, tree.root)
    assert [(each.cost, each.damage) for each in found] == front(points)
    assert most_damage(tree, tree.root, budget) == max(d for c, d in points if c <= budget)


@EXAMPLES
@given(trees(most=5), COSTS, st.lists(st.integers(0, 9), min_size=1, max_size=5))
def test_cost_expected_damage(tree: MeasuredTree, costs: list[int], damages: list[int]) -> None:
    tree = priced(tree, costs, damages)
    p = chances(tree)
    points = []
    for chosen, _ in attacks_of(tree):
        tried = {name: p[name] for name in p if name in chosen or name in tree.defences}
        expected = Fraction(0)
        for weight, up in worlds(tree, dict.fromkeys(p, Fraction(0)) | tried):
            if weight:
                fallen = falls(tree, up)
                expected += weight * sum(tree.damage.get(n, 0) for n in nodes_that_count(tree)
                                         if fallen[n])  # fmt: skip
        points.append((sum((tree.cost[name] for name in chosen), Fraction(0)), expected))
    want = front(points)
    found = [(each.cost, float(each.damage)) for each in expected_damage_front(tree, tree.root)]
    assert [cost for cost, _ in found] == [cost for cost, _ in want]
    assert [damage for _, damage in found] == pytest.approx([float(d) for _, d in want])


def test_least_times() -> None:
    """A shared step is done once, whether all at once or one after the other."""
    nodes = {
        "r": {"gate": "AND", "children": ["x", "y"]},
        "x": {"gate": "SAND", "children": ["a", "b"]},
        "y": {"gate": "OR", "children": ["c", "z"]},
        "z": {"gate": "SAND", "children": ["a", "d"]},
        "a": {"time_h": 3.0},
        "b": {"time_h": 4.0},
        "c": {"time_h": 9.0},
        "d": {"time_h": 5.0},
    }
    tree = tree_of(nodes)
    assert least_time_in_parallel(tree, "r") == 8.0
    assert least_time_one_at_a_time(tree, "r") == 12.0
    random = tree_of({**nodes, "d": {"time_h": {"exponential": {"mean": 5.0}}}})
    with pytest.raises(ModelError, match="time of leaf 'd' is random"):
        least_time_in_parallel(random, "r")


def test_only_some_leaves() -> None:
    tree = priced(tree_of({"r": {"gate": "OR", "children": ["a", "b"]}, "a": {}, "b": {}}), [1, 5])
    labelled = MeasuredTree(
        shape=tree.shape,
        chance={},
        cost=tree.cost,
        labels={"a": {"loud": True}, "b": {"loud": False}},
    )
    assert least_cost(labelled, "r") == 1.0
    assert least_cost(labelled, "r", only={"loud": False}) == 5.0
    assert least_cost(labelled, "r", only={"loud": "no"}) == math.inf
