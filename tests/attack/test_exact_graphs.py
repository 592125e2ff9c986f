"""Cyclic graphs, worms on a network, and sensitivity indices."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from otsim.attack.exact.edge_race import EdgeRace, mean_time_all_infected, mean_time_of_one_host
from otsim.attack.exact.graph_times import AttackGraph, Step, compromise_times, goal_law
from otsim.attack.exact.input_points import normal_rule, rule_of
from otsim.attack.exact.sensitivity import sensitivity
from otsim.config.distributions import Distribution
from otsim.errors import ModelError


@st.composite
def graphs(draw: st.DrawFn, *, random: bool = False) -> AttackGraph:
    names = [f"s{i}" for i in range(draw(st.integers(2, 7)))]
    steps = {}
    for name in names:
        options = (
            [(1.0,), (0.0,), (2.0, 5.0), (3.0, math.inf)] if random else [(0.0,), (1.0,), (4.0,)]
        )
        times = draw(st.sampled_from(options))
        steps[name] = Step(
            kind=draw(st.sampled_from(["or", "and"])),
            parents=tuple(draw(st.lists(st.sampled_from(names), max_size=3))),
            times=times,
            chances=(1.0,) if len(times) == 1 else (0.25, 0.75),
        )
    return AttackGraph(steps=steps, entries=("s0",))


def by_rounds(graph: AttackGraph, own: dict[str, float]) -> dict[str, float]:
    """Sweep synchronously from infinity downwards until nothing changes."""
    times = {name: 0.0 if name in graph.entries else math.inf for name in graph.steps}
    while True:
        after = dict(times)
        for name, step in graph.steps.items():
            if name not in graph.entries and step.parents:
                join = min if step.kind == "or" else max
                after[name] = own[name] + join(times[parent] for parent in step.parents)
        if after == times:
            return times
        times = after


@settings(max_examples=200, deadline=None)
@given(graphs())
def test_fixed_times(graph: AttackGraph) -> None:
    own = {name: step.times[0] for name, step in graph.steps.items()}
    assert compromise_times(graph) == by_rounds(graph, own)


@settings(max_examples=60, deadline=None)
@given(graphs(random=True))
def test_random_times(graph: AttackGraph) -> None:
    goal = list(graph.steps)[-1]
    want: dict[float, float] = {}
    for pick in itertools.product(*(range(len(step.times)) for step in graph.steps.values())):
        chosen = dict(zip(graph.steps, pick, strict=True))
        own = {name: graph.steps[name].times[i] for name, i in chosen.items()}
        chance = math.prod(graph.steps[name].chances[i] for name, i in chosen.items())
        time = by_rounds(graph, own)[goal]
        want[time] = want.get(time, 0.0) + chance
    law = goal_law(graph, goal)
    never = want.pop(math.inf, 0.0)
    assert law.mass == pytest.approx(1.0 - never)
    assert dict(zip(law.atoms.tolist(), law.weights.tolist(), strict=True)) == pytest.approx(want)


def test_a_ring_does_not_support_itself() -> None:
    steps = {
        "e": Step(kind="or"),
        "x": Step(kind="and", parents=("y",)),
        "y": Step(kind="or", parents=("x",)),
        "g": Step(kind="and", parents=("x", "e"), times=(1.0,)),
    }
    found = compromise_times(AttackGraph(steps=steps, entries=("e",)))
    assert found == {"e": 0.0, "x": math.inf, "y": math.inf, "g": math.inf}


def test_faults_of_graphs() -> None:
    graph = AttackGraph(steps={"a": Step(kind="or", parents=("b",))}, entries=("a",))
    with pytest.raises(ModelError, match="no step 'b'"):
        compromise_times(graph)
    random = {"e": Step(kind="or"), "a": Step(kind="or", times=(1.0, 2.0), chances=(0.5, 0.5))}
    with pytest.raises(ModelError, match="time of step 'a' is random"):
        compromise_times(AttackGraph(steps=random, entries=("e",)))


@pytest.mark.parametrize(("hosts", "start"), [(2, 1), (5, 1), (5, 2)])
def test_worm_by_counting_every_set_of_hosts(hosts: int, start: int) -> None:
    rate = 0.7
    everyone = frozenset(range(hosts))

    def expected(infected: frozenset[int], until: frozenset[int]) -> float:
        if until <= infected:
            return 0.0
        clean = everyone - infected
        total = rate * len(infected) * len(clean)
        return 1.0 / total + sum(expected(infected | {host}, until) for host in clean) / len(clean)

    race = EdgeRace(hosts=hosts, edge_rate=rate, start=start)
    first = frozenset(range(start))
    assert mean_time_all_infected(race) == pytest.approx(expected(first, everyone))
    assert mean_time_of_one_host(race) == pytest.approx(expected(first, frozenset([hosts - 1])))


def rule(written: Any) -> Any:
    return rule_of(TypeAdapter(Distribution).validate_python(written))


UNIT = {"uniform": {"low": 0.0, "high": 1.0}}


def test_g_function() -> None:
    """Sobol's product function: bent in the middle of each input, indices in closed form."""
    a = [0.0, 1.0, 4.5, 9.0, 99.0, 99.0, 99.0, 99.0]

    def product(**inputs: Any) -> Any:
        found: Any = 1.0
        for weight, value in zip(a, inputs.values(), strict=True):
            found = found * (abs(4.0 * value - 2.0) + weight) / (1.0 + weight)
        return found

    found = sensitivity(product, {f"x{i}": rule(UNIT) for i in range(len(a))})
    own = [1.0 / 3.0 / (1.0 + weight) ** 2 for weight in a]
    variance = math.prod(1.0 + each for each in own) - 1.0
    assert found.mean == pytest.approx(1.0)
    assert found.variance == pytest.approx(variance)
    assert found.error < 1e-12
    for i, each in enumerate(own):
        others = math.prod(1.0 + other for j, other in enumerate(own) if j != i)
        assert found.first[f"x{i}"] == pytest.approx(each / variance)
        assert found.total[f"x{i}"] == pytest.approx(each * others / variance)
    assert sum(found.shapley.values()) == pytest.approx(1.0)


@pytest.mark.parametrize(
    "written",
    [
        {"exponential": {"mean": 3.0}},
        {"gamma": {"shape": 2.5, "scale": 3.0}},
        {"lognormal": {"mu": 0.3, "sigma": 0.4}},
        {"uniform": {"low": -1.0, "high": 4.0}},
        {"triangular": {"low": -1.0, "mode": 2.0, "high": 6.0}},
        {"pert": {"low": -1.0, "mode": 2.0, "high": 6.0}},
        {"discrete": {"values": [-1.0, 2.0, 4.0], "probs": [0.2, 0.3, 0.5]}},
        {"weibull": {"shape": 1.0, "scale": 2.0}},
        {"sum": [{"exponential": {"mean": 3.0}}, 2.0]},
    ],
    ids=lambda written: next(iter(written)),
)
def test_points_have_the_mean_of_their_distribution(written: Any) -> None:
    points, weights = rule(written)(24)
    assert weights.sum() == pytest.approx(1.0)
    want = TypeAdapter(Distribution).validate_python(written).mean
    assert weights @ points == pytest.approx(want, rel=1e-12)


def test_linear_function_of_normal_inputs() -> None:
    inputs = {"x": normal_rule(1.0, 2.0), "y": normal_rule(0.0, 1.0)}
    found = sensitivity(lambda x, y: 3.0 * x + 4.0 * y, inputs)
    assert (found.mean, found.variance) == pytest.approx((3.0, 52.0))
    for shares in (found.first, found.total, found.shapley):
        assert shares == pytest.approx({"x": 36.0 / 52.0, "y": 16.0 / 52.0})


def test_faults_of_sensitivity() -> None:
    with pytest.raises(ModelError, match="does not vary"):
        sensitivity(lambda x: np.zeros_like(x), {"x": rule(UNIT)})
    with pytest.raises(ModelError, match="20 inputs are too many"):
        sensitivity(lambda **x: sum(x.values()), {f"x{i}": rule(UNIT) for i in range(20)})
