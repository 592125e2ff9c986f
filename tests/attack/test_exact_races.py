"""The attack against a clock: closed forms, engines against each other, the sampler."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from attack.random_trees import EXPONENTIAL, tree_of, trees
from otsim.attack import sample_tree
from otsim.attack.exact import MeasuredTree, answer
from otsim.attack.exact.measured_tree import Duration, Race
from otsim.attack.exact.races import race_won
from otsim.config.distributions import Distribution
from otsim.errors import ModelError

N_WORLDS = 40_960
SEED = 20_261_126  # fixed before the first run
ERRORS = 4.5

STAGES: dict[str, Any] = {
    "r": {"gate": "SAND", "children": ["a", "b", "c"]},
    "a": {"time_h": {"exponential": {"rate": 0.05}}},
    "b": {"time_h": {"exponential": {"rate": 0.1}}},
    "c": {"time_h": {"exponential": {"rate": 0.2}}},
}


def distribution(written: Any) -> Any:
    return TypeAdapter(Distribution).validate_python(written)


def with_clock(
    tree: MeasuredTree, clock: Any, *, node: str | None = None, completed: bool = False
) -> MeasuredTree:
    race = Race(clock=Duration(distribution=distribution(clock)), node=node, completed=completed)
    return replace(tree, race=race)


def test_exponential_stages() -> None:
    tree = with_clock(tree_of(STAGES), {"exponential": {"rate": 0.03}})
    chance, mean = race_won(tree, "r")
    rates = np.array([0.05, 0.1, 0.2])
    assert chance == pytest.approx(np.prod(rates / (rates + 0.03)), rel=1e-12)
    assert mean == pytest.approx(np.sum(1.0 / (rates + 0.03)), rel=1e-12)


@pytest.mark.parametrize(("completed", "raced"), [(False, [0.1, 0.2]), (True, [0.2])])
def test_a_clock_that_starts_with_a_step(completed: bool, raced: list[float]) -> None:
    for time in ({"exponential": {"rate": 0.05}}, {"lognormal": {"mu": 1.0, "sigma": 1.0}}):
        tree = tree_of({**STAGES, "a": {"time_h": time}})
        tree = with_clock(tree, {"exponential": {"rate": 0.03}}, node="b", completed=completed)
        chance, mean = race_won(tree, "r")
        assert chance == pytest.approx(math.prod(r / (r + 0.03) for r in raced), rel=1e-10)
        before = tree.time_of("a").distribution.mean + 10.0 * completed
        assert mean == pytest.approx(before + sum(1.0 / (r + 0.03) for r in raced), rel=1e-10)


def test_a_rare_win_keeps_its_digits() -> None:
    steps = {f"s{i}": {"time_h": {"exponential": {"rate": 0.01}}} for i in range(8)}
    nodes = {"r": {"gate": "SAND", "children": list(steps)}, **steps}
    want = (0.01 / 0.51) ** 8
    for clock in (
        {"exponential": {"rate": 0.5}},
        {"weibull": {"shape": 1.0 + 1e-15, "scale": 2.0}},
    ):
        chance, mean = race_won(with_clock(tree_of(nodes), clock), "r")
        assert chance == pytest.approx(want, rel=1e-9)
        assert mean == pytest.approx(8.0 / 0.51, rel=1e-9)


def test_a_tie_is_lost() -> None:
    tree = tree_of({"r": {"gate": "AND", "children": ["a", "b"]}, "a": {"time_h": 2.0}, "b": {}})
    assert race_won(with_clock(tree, 2.0), "r")[0] == 0.0
    assert race_won(with_clock(tree, 2.5), "r") == (1.0, 2.0)
    late = with_clock(tree, {"discrete": {"values": [1.0, 4.0], "probs": [0.5, 0.5]}})
    assert race_won(late, "r") == (0.5, 2.0)


@settings(max_examples=40, deadline=None)
@given(trees(time=EXPONENTIAL), st.sampled_from([0.2, 1.0, 4.0]))
def test_exponential_clock_as_a_step_and_as_a_law(tree: MeasuredTree, rate: float) -> None:
    """A Weibull clock of shape 1 is exponential, but one just beside it is no stage."""
    step = race_won(with_clock(tree, {"exponential": {"rate": rate}}), tree.root)
    beside = {"weibull": {"shape": 1.0 + 1e-15, "scale": 1.0 / rate}}
    law = race_won(with_clock(tree, beside), tree.root)
    np.testing.assert_allclose(step, law, rtol=1e-9, atol=1e-14, equal_nan=True)


def test_against_the_sampler() -> None:
    nodes: dict[str, Any] = {
        "r": {"gate": "SAND", "children": ["x", "y"]},
        "x": {"gate": "OR", "children": ["a", "b"]},
        "y": {"gate": "AND", "children": ["c", "d"]},
        "a": {"time_h": {"lognormal": {"mu": 1.0, "sigma": 1.0}}, "probability": 0.7},
        "b": {"time_h": {"uniform": {"low": 2.0, "high": 6.0}}, "probability": 0.6},
        "c": {"time_h": {"weibull": {"shape": 0.8, "scale": 3.0}}},
        "d": {"time_h": {"pert": {"low": 0.0, "mode": 1.0, "high": 5.0}}},
    }
    clock = {"gamma": {"shape": 2.0, "scale": 5.0}}
    tree = with_clock(tree_of(nodes), clock)
    chance, mean = race_won(tree, "r")
    drawn = sample_tree(tree.shape, 0, N_WORLDS, seed=SEED, clock=distribution(clock))
    won = drawn.time_h[0] < drawn.clock_h
    assert abs(won.mean() - chance) < ERRORS * math.sqrt(chance * (1.0 - chance) / N_WORLDS)
    times = drawn.time_h[0][won].astype(np.float64)
    assert abs(times.mean() - mean) < ERRORS * times.std() / math.sqrt(len(times))


def test_without_a_clock() -> None:
    with pytest.raises(ModelError, match="prob_win_race needs what the tree does not give"):
        answer(tree_of(STAGES), "prob_win_race")
