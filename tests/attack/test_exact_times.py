"""Exact times against each other, against closed forms, and against the sampler."""

from __future__ import annotations

import contextlib
import json
import math
import random
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from scipy import stats

from attack.random_trees import ANY_TIME, EXPONENTIAL, FEW_VALUES, tree_of, trees
from otsim.attack import sample_tree
from otsim.attack.exact import MeasuredTree
from otsim.attack.exact.completing_child import chance_to_complete
from otsim.attack.exact.finite_times import finite_law, finite_times
from otsim.attack.exact.laws import Law, mixed, thinned
from otsim.attack.exact.phase_process import phase_process
from otsim.attack.exact.phase_times import PhaseTimes
from otsim.attack.exact.phases import stages_of
from otsim.attack.exact.time_metrics import mean, mean_given_success, quantile, variance
from otsim.attack.exact.times import phase_steps, time_law, worlds
from otsim.attack.exact.tree_expressions import NotIndependentError
from otsim.attack.exact.tree_laws import ExpressionLaws
from otsim.attack.tree_values import tree_values

EXAMPLES = settings(max_examples=60, deadline=None)
TIMES = np.array([0.0, 0.1, 0.5, 1.0, 1.5, 2.0, 3.3, 5.0, 8.0, 13.0, 30.0])
N_WORLDS = 40_960
SEED = 20_261_125  # fixed before the first run
ERRORS = 4.5


def phase_law(tree: MeasuredTree) -> Law:
    values = tree_values(tree.shape)
    target = ("time", tree.root)
    steps = phase_steps(tree, values, [target])
    assert steps is not None
    return PhaseTimes(phase_process(values, target, steps)).law()


def independent_law(tree: MeasuredTree) -> Law:
    try:
        found = worlds(tree, lambda expressions: [expressions.time(tree.root)])
    except NotIndependentError:
        assume(False)
    return mixed(
        [thinned(ExpressionLaws(each).law(each.time(tree.root)), chance) for chance, each in found]
    )


def assert_same(one: Law, other: Law) -> None:
    np.testing.assert_allclose(one.cdf(TIMES), other.cdf(TIMES), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(one.mass, other.mass, rtol=1e-12)
    np.testing.assert_allclose(
        mean_given_success(one), mean_given_success(other), rtol=1e-9, equal_nan=True
    )


@EXAMPLES
@given(trees(time=EXPONENTIAL))
def test_markov_process_and_independent_sums(tree: MeasuredTree) -> None:
    assert_same(phase_law(tree), independent_law(tree))


@EXAMPLES
@given(trees(time=FEW_VALUES))
def test_every_outcome_and_independent_sums(tree: MeasuredTree) -> None:
    outcomes = finite_times(tree, [("time", tree.root)])
    assert outcomes is not None
    assert_same(finite_law(outcomes), independent_law(tree))


@EXAMPLES
@given(trees(time=ANY_TIME, gates=("OR", "AND", "SAND", "VOTE", "COUNTER")))
def test_a_law_is_one(tree: MeasuredTree) -> None:
    law = independent_law(tree)
    ends = np.array([*TIMES, max(2.0 * law.end, 1.0)])
    reached = law.cdf(ends)
    assert (np.diff(reached) >= -1e-14).all()
    assert reached[-1] == pytest.approx(law.mass, rel=1e-12)
    for p in (0.05, 0.5, 0.95):
        at = quantile(law, p)
        if math.isfinite(at):
            assert law.cdf(np.array([at]))[0] >= p * (1.0 - 1e-12)
            assert law.cdf_before(np.array([at]))[0] <= p * (1.0 + 1e-9)
        else:
            assert law.mass < p * (1.0 + 1e-9)


def test_a_quantile_just_below_a_jump_is_reached() -> None:
    """Half of a uniform time is over when a fixed one falls at its middle."""
    nodes = {
        "middle": {"time_h": 2.0},
        "any": {"time_h": {"uniform": {"low": 1.0, "high": 3.0}}},
        "first": {"gate": "OR", "children": ["middle", "any"]},
    }
    law = independent_law(tree_of(nodes, "first"))
    at = quantile(law, 0.5)
    assert at == pytest.approx(2.0, rel=1e-11)
    assert law.cdf(np.array([at]))[0] >= 0.5


def random_tree(seed: int, times: list[Any]) -> MeasuredTree:
    """Draw a tree without Hypothesis: each costs the sampler a compilation."""
    draw = random.Random(seed)
    nodes: dict[str, Any] = {}
    for i in range(draw.randint(3, 6)):
        time = draw.choice(times)
        nodes[f"l{i}"] = {"probability": draw.choice([1.0, 0.5, 0.8])}
        nodes[f"l{i}"] |= {} if time == {} else {"time_h": time}
    for i in range(draw.randint(2, 6)):
        gate = draw.choice(["OR", "AND", "SAND", "SAND", "VOTE", "COUNTER"])
        size = 2 if gate == "COUNTER" else draw.randint(1, min(4, len(nodes)))
        nodes[f"x{i}"] = {"gate": gate, "children": draw.sample(sorted(nodes), size)}
        nodes[f"x{i}"] |= {"k": draw.randint(1, size)} if gate == "VOTE" else {}
    return tree_of(nodes, root=list(nodes)[-1])


PHASES = [{"exponential": {"mean": 2.0}}, {"gamma": {"shape": 3.0, "scale": 0.5}}, {}]
MIXED = [
    {"lognormal": {"mu": 0.5, "sigma": 0.7}},
    {"weibull": {"shape": 0.7, "scale": 2.0}},
    {"uniform": {"low": 1.0, "high": 3.0}},
    {"pert": {"low": 0.0, "mode": 1.0, "high": 5.0}},
    2.0,
]


@pytest.mark.parametrize("seed", range(8))
def test_against_the_sampler(seed: int) -> None:
    """Every node's law, and which child brings each gate down, in sampled worlds."""
    tree = random_tree(seed, PHASES if seed % 2 else MIXED)
    drawn = sample_tree(tree.shape, 0, N_WORLDS, seed=SEED, dtype=np.float64)
    row = {name: i for i, name in enumerate(drawn.nodes)}
    for name, node in tree.shape.nodes.items():
        law = time_law(tree, name)
        times = drawn.time_h[row[name]]
        for at in TIMES:
            check_share(times <= at * (1.0 + 1e-9), float(law.cdf(np.array([at]))[0]))
        check_share(np.isfinite(times), law.mass)
        for child in node.children:
            together = np.isfinite(times) & (times == drawn.time_h[row[child]])
            with contextlib.suppress(NotIndependentError):
                check_share(together, chance_to_complete(tree, name, child))


def check_share(hits: Any, chance: float) -> None:
    error = math.sqrt(max(chance * (1.0 - chance), 0.0) / N_WORLDS)
    assert abs(hits.mean() - chance) <= ERRORS * error + 5e-4 * (error < 1e-4)


@pytest.mark.parametrize(
    ("time", "law"),
    [
        ({"exponential": {"mean": 3.0}}, stats.expon(scale=3.0)),
        ({"gamma": {"shape": 0.4, "scale": 3.0}}, stats.gamma(0.4, scale=3.0)),
        ({"weibull": {"shape": 1.7, "scale": 3.0}}, stats.weibull_min(1.7, scale=3.0)),
        ({"lognormal": {"mu": 1.0, "sigma": 1.5}}, stats.lognorm(1.5, scale=math.e)),
        ({"uniform": {"low": 1.0, "high": 4.0}}, stats.uniform(1.0, 3.0)),
        ({"triangular": {"low": 1.0, "mode": 2.0, "high": 6.0}}, stats.triang(0.2, 1.0, 5.0)),
        ({"pert": {"low": 1.0, "mode": 2.0, "high": 6.0}}, stats.beta(1.8, 4.2, 1.0, 5.0)),
    ],
    ids=lambda given: next(iter(given)) if isinstance(given, dict) else "",
)
def test_leaves(time: Any, law: Any) -> None:
    found = time_law(tree_of({"a": {"time_h": time}}), "a")
    at = np.array([1.5, 2.0, 3.0, 5.0])
    np.testing.assert_allclose(found.cdf(at), law.cdf(at), rtol=1e-12)
    np.testing.assert_allclose(found.density(at), law.pdf(at), rtol=1e-11)
    assert mean(found) == pytest.approx(law.mean(), rel=1e-12)
    assert variance(found) == pytest.approx(law.var(), rel=1e-11)
    assert quantile(found, 0.3) == pytest.approx(law.ppf(0.3), rel=1e-11)


def chain(*times: Any) -> Law:
    leaves = {f"l{i}": {"time_h": time} for i, time in enumerate(times)}
    return independent_law(tree_of({"r": {"gate": "SAND", "children": list(leaves)}, **leaves}))


def test_sums_keep_their_digits() -> None:
    """Far down the lower tail, and with densities that are infinite at 0."""
    stage = {"gamma": {"shape": 1.0, "scale": 4.0}}
    at = np.array([0.01, 0.1, 1.0, 10.0, 40.0])
    np.testing.assert_allclose(
        chain(*[stage] * 6).cdf(at), stats.gamma(6, scale=4.0).cdf(at), rtol=1e-10
    )
    steep = [{"gamma": {"shape": shape, "scale": 4.0}} for shape in (0.5, 0.25)]
    at = np.array([1e-9, 1e-3, 0.1, 5.0, 40.0])
    law, want = chain(*steep, 3.0), stats.gamma(0.75, scale=4.0)
    np.testing.assert_allclose(law.cdf(at + 3.0), want.cdf((at + 3.0) - 3.0), rtol=1e-10)


def test_sum_of_uniform_times_is_irwin_hall() -> None:
    law = chain(*[{"uniform": {"low": 0.0, "high": 10.0}}] * 3)
    at = np.array([1e-3, 5.0, 10.0, 15.0, 29.0])
    want = [(1e-4) ** 3 / 6.0, 1.0 / 48.0, 1.0 / 6.0, 0.5, 1.0 - 1e-3 / 6.0]
    np.testing.assert_allclose(law.cdf(at), want, rtol=1e-10)
    assert quantile(law, 0.5) == pytest.approx(15.0, rel=1e-12)
    assert quantile(law, 1.0) == 30.0


def test_fast_and_slow_steps() -> None:
    """A thousand times faster than slow: uniformization gives way to squaring."""
    rates = (1e-3, 1e3, 50.0)
    leaves = {f"l{i}": {"time_h": {"exponential": {"rate": rate}}} for i, rate in enumerate(rates)}
    tree = tree_of({"r": {"gate": "SAND", "children": list(leaves)}, **leaves})
    values = tree_values(tree.shape)
    steps = phase_steps(tree, values, [("time", "r")])
    assert steps is not None
    times = PhaseTimes(phase_process(values, ("time", "r"), steps))
    assert times.is_stiff
    at = np.array([1e-3, 1.0, 1000.0, 20_000.0])
    np.testing.assert_allclose(times.law().cdf(at), time_law(tree, "r").cdf(at), rtol=1e-10)


def test_shared_beginnings_are_taken_out() -> None:
    """Both ways lead through the same foothold, whose time is not exponential."""
    slow = {"lognormal": {"mu": 1.0, "sigma": 0.5}}
    nodes = {
        "r": {"gate": "AND", "children": ["x", "y"]},
        "x": {"gate": "SAND", "children": ["a", "b"]},
        "y": {"gate": "SAND", "children": ["a", "c"]},
        "a": {"time_h": slow},
        "b": {"time_h": {"exponential": {"mean": 1.0}}},
        "c": {"time_h": {"exponential": {"mean": 2.0}}},
    }
    law = time_law(tree_of(nodes), "r")
    later = 1.0 + 2.0 - 1.0 / 1.5  # mean of the later of b and c
    assert mean(law) == pytest.approx(math.exp(1.0 + 0.125) + later, rel=1e-12)


def test_what_no_engine_holds() -> None:
    """A step that one branch waits for and another starts at once."""
    nodes = {
        "r": {"gate": "AND", "children": ["b", "x"]},
        "x": {"gate": "SAND", "children": ["y", "a"]},
        "y": {"gate": "OR", "children": ["b", "c"]},
        **{name: {"time_h": {"lognormal": {"mu": 0.0, "sigma": 1.0}}} for name in "abc"},
    }
    with pytest.raises(NotIndependentError, match="share b, whose times are not exponential"):
        time_law(tree_of(nodes), "r")


def test_stages() -> None:
    def stages(time: Any) -> Any:
        tree = tree_of({"a": {"time_d": time}})
        return stages_of(tree.time_of("a"))

    hours = 24.0
    assert stages({"exponential": {"mean": 2.0}}) == (0.5 / hours,)
    assert stages({"gamma": {"shape": 2.0, "scale": 4.0}}) == (0.25 / hours,) * 2
    assert stages({"gamma": {"shape": 2.5, "scale": 4.0}}) is None
    assert stages({"sum": [{"exponential": {"mean": 1.0}}, 0.0]}) == (1.0 / hours,)
    assert stages(0.0) == ()
    assert stages(1.0) is None
    assert json.dumps(stages({"weibull": {"shape": 1.0, "scale": 2.0}})) == f"[{0.5 / hours}]"
