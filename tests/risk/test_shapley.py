"""Shares of what several measures do together."""

from itertools import combinations

import numpy as np
import pytest

from otsim.errors import ReportError
from otsim.risk.shapley import MOST_EXACT, shapley_shares

ASSETS = {"a": 3.0, "b": 5.0, "c": 11.0}


def covered(group: frozenset[str]) -> np.ndarray:
    """Measures that overlap: the worth of a set is that of its best member."""
    return np.array([max((ASSETS[each] for each in group), default=0.0)])


def test_the_airport_game() -> None:
    # Littlechild and Owen 1973: three share the first 3, two the next 2, and the rest is c's
    found = shapley_shares(list(ASSETS), covered)
    assert {name: float(share[0]) for name, share in found.items()} == pytest.approx(
        {"a": 1.0, "b": 2.0, "c": 8.0}
    )


def test_sampled_orders_agree_with_all_subsets() -> None:
    names = [f"m{i}" for i in range(MOST_EXACT + 2)]
    draw = np.random.default_rng(3)
    pairs = {pair: draw.random() for pair in combinations(names, 2)}
    own = dict(zip(names, draw.random(len(names)), strict=True))

    def worth(group: frozenset[str]) -> np.ndarray:
        together = sum(value for pair, value in pairs.items() if group.issuperset(pair))
        return np.array([sum(own[name] for name in group) + together])

    found = shapley_shares(names, worth, n_orders=40)
    for name, share in found.items():  # a pair is shared evenly; an order and its reverse are exact
        want = own[name] + sum(value / 2 for pair, value in pairs.items() if name in pair)
        assert share[0] == pytest.approx(want)
    assert sum(float(share[0]) for share in found.values()) == pytest.approx(
        float(worth(frozenset(names))[0])
    )


def test_too_many_are_refused() -> None:
    with pytest.raises(ReportError, match="31 groups"):
        shapley_shares([str(i) for i in range(31)], covered)
