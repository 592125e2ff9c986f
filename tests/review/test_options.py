"""Sets of controls: all where there are few, the most for the money where there are many."""

import math
from collections.abc import Sequence
from itertools import combinations

import pytest

from otsim.review.options import options_of
from otsim.review.results import Estimate

LOSS = 1000.0


def price_of(effects: dict[str, float]):
    """Controls that each let a share of the loss through, whatever else is there."""

    def price(sets: Sequence[frozenset[str]]) -> list[Estimate]:
        losses = [LOSS * math.prod(1.0 - effects[name] for name in chosen) for chosen in sets]
        return [Estimate(value=loss, low=loss, high=loss) for loss in losses]

    return price


def test_few_controls_are_all_tried() -> None:
    costs = {"a": 10.0, "b": 20.0, "c": 5.0}
    found = options_of(costs, price_of({"a": 0.5, "b": 0.2, "c": 0.1}))
    assert found.exact
    assert found.bound == 1.0
    assert len(found.sets) == 8
    assert [one.controls for one in found.sets if one.best] == [
        (), ("c",), ("a",), ("a", "c"), ("a", "b"), ("a", "b", "c")
    ]  # fmt: skip


@pytest.mark.parametrize("budget", [15.0, 30.0, 60.0, 100.0])
def test_many_controls_reach_the_bound_at_any_budget(budget: float) -> None:
    names = [f"c{i}" for i in range(9)]
    costs = {name: 7.0 + 5.0 * (i * i % 7) for i, name in enumerate(names)}
    effects = {name: 0.05 + 0.08 * (i * 5 % 9) for i, name in enumerate(names)}
    price = price_of(effects)
    found = options_of(costs, price)
    assert not found.exact
    assert found.bound == pytest.approx(0.316, abs=0.001)
    ours = max(LOSS - one.annual_loss.value for one in found.sets if one.cost_per_year <= budget)
    affordable = [
        frozenset(chosen)
        for size in range(len(names) + 1)
        for chosen in combinations(names, size)
        if sum(costs[name] for name in chosen) <= budget
    ]
    best = max(LOSS - each.value for each in price(affordable))
    assert ours >= found.bound * best
