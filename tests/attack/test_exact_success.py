"""Probabilities and importance measures of trees against enumeration in rational arithmetic."""

from __future__ import annotations

import math
from collections.abc import Collection
from fractions import Fraction
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attack.random_trees import chances, enumerated, falls, tree_of, trees, worlds
from otsim.attack.exact import MeasuredTree, answer
from otsim.attack.exact.importance import MEASURES, importance
from otsim.attack.exact.measured_tree import with_chances
from otsim.attack.exact.success import probability
from otsim.errors import ModelError

EXAMPLES = settings(max_examples=100, deadline=None)
ROUNDING = 1e-12


def given_leaf(tree: MeasuredTree, leaf: str, value: int) -> Fraction:
    return enumerated(tree, {**chances(tree), leaf: Fraction(value)})


def ratio(above: Fraction, below: Fraction) -> float:
    if below == 0:
        return math.nan if above == 0 else math.inf
    return float(above / below)


@EXAMPLES
@given(trees())
def test_probability(tree: MeasuredTree) -> None:
    assert probability(tree, tree.root) == enumerated(tree, chances(tree))


@EXAMPLES
@given(trees())
def test_ratios(tree: MeasuredTree) -> None:
    top = enumerated(tree, chances(tree))
    found = {name: importance(tree, tree.root, name) for name in MEASURES}
    for leaf, p in chances(tree).items():
        one, nought = given_leaf(tree, leaf, 1), given_leaf(tree, leaf, 0)
        expected = {
            "birnbaum": float(one - nought),
            "criticality": ratio((one - nought) * p, top),
            "fussell_vesely": ratio(top - nought, top),
            "raw": ratio(one, top),
            "rrw": ratio(top, nought),
        }
        for name, want in expected.items():
            assert found[name][leaf] == pytest.approx(want, rel=ROUNDING, nan_ok=True)


@EXAMPLES
@given(trees(most=5))
def test_shapley_value(tree: MeasuredTree) -> None:
    found = importance(tree, tree.root, "shapley")
    p = chances(tree)

    def value(coalition: Collection[str]) -> Fraction:
        return enumerated(tree, {name: p[name] if name in coalition else Fraction(0) for name in p})

    for leaf in p:
        others = [name for name in p if name != leaf]
        want = Fraction(0)
        for size in range(len(p)):
            for group in combinations(others, size):
                weight = Fraction(1, len(p) * math.comb(len(others), size))
                want += weight * (value((*group, leaf)) - value(group))
        assert found[leaf] == pytest.approx(float(want), abs=ROUNDING)


@EXAMPLES
@given(trees())
def test_sobol_indices(tree: MeasuredTree) -> None:
    p = chances(tree)
    top = enumerated(tree, p)
    variance = top * (1 - top)
    first = importance(tree, tree.root, "sobol_first")
    total = importance(tree, tree.root, "sobol_total")
    for leaf in p:
        own = p[leaf] * (1 - p[leaf])
        slope = given_leaf(tree, leaf, 1) - given_leaf(tree, leaf, 0)
        decides = sum(
            (
                weight
                for weight, up in worlds(tree, p)
                if falls(tree, {**up, leaf: True})[tree.root]
                != falls(tree, {**up, leaf: False})[tree.root]
            ),
            Fraction(0),
        )
        assert first[leaf] == pytest.approx(ratio(own * slope**2, variance), nan_ok=True)
        assert total[leaf] == pytest.approx(ratio(own * decides, variance), nan_ok=True)


@given(st.integers(1, 2000))
@settings(max_examples=10, deadline=None)
def test_deep_trees(depth: int) -> None:
    """No answer hangs on how deep Python recurses."""
    nodes = {}
    for i in range(depth):
        gate = ("OR", "AND")[i % 2]
        below = [f"x{i + 1}"] if i + 1 < depth else []
        nodes[f"x{i}"] = {"gate": gate, "children": [*below, f"l{i}"]}
        nodes[f"l{i}"] = {"probability": 0.5}
    tree = tree_of(nodes)
    chance = Fraction(1, 2)
    for i in reversed(range(depth - 1)):
        chance = 1 - (1 - chance) / 2 if i % 2 == 0 else chance / 2
    assert probability(tree, "x0") == chance
    assert answer(tree, "depth") == depth


def test_forty_leaves_in_one_vote() -> None:
    leaves = {f"l{i}": {"probability": 0.3} for i in range(40)}
    tree = tree_of({"r": {"gate": "VOTE", "k": 20, "children": list(leaves)}, **leaves})
    p = Fraction(3, 10)
    want = sum(math.comb(40, k) * p**k * (1 - p) ** (40 - k) for k in range(20, 41))
    assert probability(tree, "r") == want
    assert answer(tree, "num_minimal_attacks") == math.comb(40, 20)


def test_overrides_and_their_faults() -> None:
    tree = tree_of({"r": {"gate": "OR", "children": ["a"]}, "a": {"probability": 0.25}})
    assert probability(with_chances(tree, {"a": Fraction(1, 8)}), "r") == Fraction(1, 8)
    with pytest.raises(ModelError, match="no leaf 'b'"):
        with_chances(tree, {"b": Fraction(1, 8)})
    with pytest.raises(ModelError, match="did you mean prob_success"):
        answer(tree, "prob_sucess")
    with pytest.raises(ModelError, match="min_cost needs what the tree does not give: cost"):
        answer(tree, "min_cost")
