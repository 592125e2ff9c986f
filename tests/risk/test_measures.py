"""VaR and CVaR: their order, coherence, and what a scenario adds."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otsim.risk.measures import (
    DiscreteLoss,
    discrete_loss,
    exceedance,
    loss_mean,
    tail_mean,
    tail_weights,
    value_at_risk,
)
from otsim.risk.scenarios import (
    Scenario,
    scenario_contributions,
    scenario_loss,
    scenario_shapley,
)
from otsim.risk.year_table import period_loss, period_tail_mean

LEVEL = st.floats(0.01, 0.995)
PROBABILITY = st.floats(0.01, 0.99)
LOSSES = st.lists(st.integers(0, 500), min_size=1, max_size=30)
SCENARIOS = st.lists(st.tuples(PROBABILITY, st.integers(1, 400)), min_size=1, max_size=5).map(
    lambda rows: {f"s{i}": Scenario(prob=p, loss=float(x)) for i, (p, x) in enumerate(rows)}
)


def equal_loss(values: list[int]) -> DiscreteLoss:
    return discrete_loss(values, np.full(len(values), 1.0 / len(values)))


@given(LOSSES, LEVEL)
def test_var_is_the_smallest_loss_that_is_enough(values: list[int], level: float) -> None:
    loss = equal_loss(values)
    at = value_at_risk(loss, level)
    assert float(exceedance(loss, at)) <= 1.0 - level + 1e-9
    assert float(exceedance(loss, at - 0.5)) > 1.0 - level - 1e-9 or at == min(values)


@given(LOSSES, LEVEL, LEVEL)
def test_measures_grow_with_the_level(values: list[int], one: float, other: float) -> None:
    loss, low, high = equal_loss(values), min(one, other), max(one, other)
    assert value_at_risk(loss, low) <= value_at_risk(loss, high)
    assert tail_mean(loss, low) <= tail_mean(loss, high) * (1.0 + 1e-9) + 1e-9
    assert loss_mean(loss) <= tail_mean(loss, low) * (1.0 + 1e-9) + 1e-9
    assert value_at_risk(loss, high) <= tail_mean(loss, high) * (1.0 + 1e-9) + 1e-9
    assert tail_mean(loss, high) <= max(values) * (1.0 + 1e-9)


@given(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99)), min_size=2, max_size=30), LEVEL)
def test_tail_mean_is_coherent(pairs: list[tuple[int, int]], level: float) -> None:
    left, right = [list(side) for side in zip(*pairs, strict=True)]
    both = [x + y for x, y in pairs]
    apart = tail_mean(equal_loss(left), level) + tail_mean(equal_loss(right), level)
    assert tail_mean(equal_loss(both), level) <= apart + 1e-9
    scaled = equal_loss([3 * x + 7 for x in left])
    assert tail_mean(scaled, level) == pytest.approx(3 * tail_mean(equal_loss(left), level) + 7)


@given(LOSSES, LEVEL)
def test_tail_weights_fill_the_tail(values: list[int], level: float) -> None:
    loss = equal_loss(values)
    weights = tail_weights(loss, level)
    assert np.sum(weights) == pytest.approx(1.0, rel=1e-9)
    assert np.all(weights * (1.0 - level) <= loss.probs + 1e-12)


@settings(max_examples=60, deadline=None)
@given(SCENARIOS, LEVEL)
def test_scenario_parts_add_up(scenarios: dict[str, Scenario], level: float) -> None:
    want = tail_mean(scenario_loss(scenarios), level)
    parts = scenario_contributions(scenarios, level)
    assert math.fsum(parts.values()) == pytest.approx(want, rel=1e-9)
    shares = scenario_shapley(scenarios, level)
    assert math.fsum(shares.values()) == pytest.approx(want, rel=1e-9)
    for name, scenario in scenarios.items():
        assert 0.0 <= parts[name] <= scenario.loss * (1.0 + 1e-9)
        assert parts[name] >= scenario.prob * scenario.loss * (1.0 - 1e-9)
        assert shares[name] >= -1e-9


def test_scenario_loss_agrees_with_enumeration() -> None:
    scenarios = {"a": (0.3, 0.1), "b": (0.25, 0.2), "c": (0.6, 0.3)}
    total = scenario_loss({key: Scenario(prob=p, loss=x) for key, (p, x) in scenarios.items()})
    assert total.values == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    tie = 0.3 * 0.25 * 0.4 + 0.7 * 0.75 * 0.6
    assert total.probs[3] == pytest.approx(tie, rel=1e-14)


def test_period_loss_is_linear_in_the_return_period() -> None:
    losses = np.array([0.0, 100.0, 0.0, 40.0, 0.0, 0.0, 0.0, 0.0, 0.0, 10.0])
    assert period_loss(losses, 10.0) == 100.0
    assert period_loss(losses, 5.0) == 40.0
    assert period_loss(losses, 7.5) == 70.0
    assert period_loss(losses, 10.0 / 3.0) == 10.0
    assert period_loss(losses, 2.0) == 0.0
    assert math.isnan(period_loss(losses, 11.0))


def test_period_tail_mean_weighs_the_next_year() -> None:
    losses = np.array([10.0, 0.0, 40.0, 100.0, 0.0])
    assert period_tail_mean(losses, 5.0) == 100.0
    assert period_tail_mean(losses, 2.5) == 70.0
    assert period_tail_mean(losses, 2.0) == pytest.approx((100.0 + 40.0 + 0.5 * 10.0) / 2.5)
    assert period_tail_mean(losses, 1.0) == pytest.approx(30.0)
    assert math.isnan(period_tail_mean(losses, 6.0))
