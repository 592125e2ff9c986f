"""What can be asked about a tree: every metric by name, what it needs, how it is answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from otsim.attack.exact import attacks, races, time_metrics
from otsim.attack.exact.completing_child import chance_to_complete
from otsim.attack.exact.cost_damage import cost_damage_front, most_damage
from otsim.attack.exact.expected_damage import expected_damage_front
from otsim.attack.exact.importance import MEASURES, importance
from otsim.attack.exact.laws import Law
from otsim.attack.exact.measured_tree import MeasuredTree, known_node
from otsim.attack.exact.pareto import Option
from otsim.attack.exact.success import leaf_order, probability
from otsim.attack.exact.times import time_law
from otsim.config.problems import did_you_mean
from otsim.errors import ModelError

__all__ = ["METRICS", "Answer", "Metric", "answer", "what_is_missing"]

Answer = float | int | list[float] | dict[str, float] | list[dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked about.

    Attributes:
        node: the node.
        at: times, probabilities or budgets, as the metric says.
        only: labels that the attacker's leaves must bear.
    """

    node: str
    at: Sequence[float] = ()
    only: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One metric.

    Attributes:
        about: what it is, in a few words.
        answer: computes it.
        at: what it is asked at: time, probability or budget; empty if nothing.
        needs: which numbers of the tree it rests on: cost, damage, time, fixed time, race.
    """

    about: str
    answer: Callable[[MeasuredTree, Question], Answer]
    at: str = ""
    needs: tuple[str, ...] = ()


def answer(
    tree: MeasuredTree,
    metric: str,
    *,
    node: str | None = None,
    at: Sequence[float] = (),
    only: Mapping[str, Any] | None = None,
) -> Answer:
    """Answer one question about a tree exactly.

    Args:
        tree: the tree.
        metric: one of `METRICS`.
        node: the node that is asked about. Default: the first root.
        at: times, probabilities or budgets, where the metric asks for them.
        only: labels that the attacker's leaves must bear to be used, for metrics of attacks.

    Raises:
        ModelError: no such metric or node, numbers are missing, or no exact answer is known.
    """
    found = METRICS.get(metric)
    if found is None:
        raise ModelError(f"there is no metric {metric!r} ({did_you_mean(metric, METRICS)})")
    missing = what_is_missing(tree, found)
    if missing:
        raise ModelError(f"{metric} needs what the tree does not give: {missing}")
    if found.at and not at:
        raise ModelError(f"{metric} is asked at a {found.at}; give at least one (--at NUMBER)")
    name = known_node(tree, tree.root if node is None else node)
    return found.answer(tree, Question(node=name, at=at, only=only or {}))


def what_is_missing(tree: MeasuredTree, metric: Metric) -> str:
    """Return which numbers a metric needs that the tree lacks; empty if it lacks none."""
    lacking = {
        "cost": not tree.cost,
        "damage": not any(tree.damage.values()),
        "time": not tree.time,
        "race": tree.race is None,
    }
    words = {
        "cost": "cost of leaves",
        "damage": "damage of nodes",
        "time": "times of leaves",
        "race": "a competing clock",
    }
    return ", ".join(words[need] for need in metric.needs if lacking[need])


def _chance(tree: MeasuredTree, asked: Question) -> Answer:
    return float(probability(tree, asked.node))


def _importance(measure: str, tree: MeasuredTree, asked: Question) -> Answer:
    return importance(tree, asked.node, measure)


def _of_attacks(function: Callable[..., float], tree: MeasuredTree, asked: Question) -> Answer:
    return function(tree, asked.node, only=asked.only)


def _of_law(function: Callable[[Law], float], tree: MeasuredTree, asked: Question) -> Answer:
    return function(time_law(tree, asked.node))


def _cdf(tree: MeasuredTree, asked: Question) -> Answer:
    found: list[float] = time_law(tree, asked.node).cdf(np.array(asked.at, float)).tolist()
    return found


def _quantiles(tree: MeasuredTree, asked: Question) -> Answer:
    for p in asked.at:
        if not 0.0 <= p <= 1.0:
            raise ModelError(f"time_quantile is asked at probabilities, from 0 to 1, not at {p:g}")
    law = time_law(tree, asked.node)
    return [time_metrics.quantile(law, p) for p in asked.at]


def _first(tree: MeasuredTree, asked: Question) -> Answer:
    children = tree.shape.nodes[asked.node].children
    return {child: chance_to_complete(tree, asked.node, child) for child in children}


def _race(which: int, tree: MeasuredTree, asked: Question) -> Answer:
    return races.race_won(tree, asked.node)[which]


def _front(
    function: Callable[[MeasuredTree, str], list[Option]], tree: MeasuredTree, asked: Question
) -> Answer:
    leaves = leaf_order(tree.shape, asked.node)
    return [
        {
            "cost": _plain(option.cost),
            "damage": _plain(option.damage),
            "attack": [name for i, name in enumerate(leaves) if option.attack >> i & 1],
        }
        for option in function(tree, asked.node)
    ]


def _budget(tree: MeasuredTree, asked: Question) -> Answer:
    return [most_damage(tree, asked.node, budget) for budget in asked.at]


def _depth(tree: MeasuredTree, asked: Question) -> Answer:
    return attacks.depth(tree, asked.node)


def _plain(value: Any) -> float | int:
    number = float(value)
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


_MEASURE_TEXTS = {
    "birnbaum": "P(node | leaf succeeds) - P(node | it fails)",
    "criticality": "Birnbaum times the leaf's probability over that of the node",
    "fussell_vesely": "share of the probability that goes when the leaf fails for certain",
    "raw": "times the probability rises when the leaf succeeds for certain",
    "rrw": "times the probability falls when the leaf fails for certain",
    "shapley": "fair share of each leaf in the probability",
    "sobol_first": "share of the success indicator's variance, the leaf alone",
    "sobol_total": "the same, with all its interactions",
}
_TIMED = ("time",)

METRICS: dict[str, Metric] = {
    "prob_success": Metric(about="probability that the node ever falls", answer=_chance),
    "prob_node": Metric(about="the same; name the node", answer=_chance),
    **{
        name if name.startswith("sobol") else f"importance.{name}": Metric(
            about=_MEASURE_TEXTS[name], answer=partial(_importance, name)
        )
        for name in MEASURES
    },
    "num_minimal_attacks": Metric(
        about="number of attacks that hold no smaller one",
        answer=partial(_of_attacks, attacks.n_minimal_attacks),
    ),
    "max_prob_of_one_attack": Metric(
        about="largest probability that all steps of one attack succeed",
        answer=partial(_of_attacks, attacks.highest_chance),
    ),
    "depth": Metric(about="links on the longest way down to a leaf", answer=_depth),
    "min_cost": Metric(
        about="cost of the cheapest attack, each leaf paid once",
        answer=partial(_of_attacks, attacks.least_cost),
        needs=("cost",),
    ),
    "min_time_parallel": Metric(
        about="shortest time, all at once that need not wait; fixed times",
        answer=partial(_of_attacks, attacks.least_time_in_parallel),
        needs=_TIMED,
    ),
    "min_time_one_at_a_time": Metric(
        about="shortest time, one step after the other; fixed times",
        answer=partial(_of_attacks, attacks.least_time_one_at_a_time),
        needs=_TIMED,
    ),
    "pareto_cost_damage": Metric(
        about="most damage for its cost, if all that is tried succeeds",
        answer=partial(_front, cost_damage_front),
        needs=("damage",),
    ),
    "pareto_cost_expected_damage": Metric(
        about="most expected damage for its cost",
        answer=partial(_front, expected_damage_front),
        needs=("damage",),
    ),
    "max_damage_given_budget": Metric(
        about="most damage within a budget, if all succeeds",
        answer=_budget,
        at="budget",
        needs=("damage",),
    ),
    "time_cdf": Metric(
        about="probability that the node has fallen by a time",
        answer=_cdf,
        at="time",
        needs=_TIMED,
    ),
    "time_quantile": Metric(
        about="time by which a probability is reached",
        answer=_quantiles,
        at="probability",
        needs=_TIMED,
    ),
    "time_mean": Metric(
        about="mean time; inf if it may be never",
        answer=partial(_of_law, time_metrics.mean),
        needs=_TIMED,
    ),
    "time_variance": Metric(
        about="variance of the time; inf if it may be never",
        answer=partial(_of_law, time_metrics.variance),
        needs=_TIMED,
    ),
    "time_mean_given_success": Metric(
        about="mean time, given that it is not never",
        answer=partial(_of_law, time_metrics.mean_given_success),
        needs=_TIMED,
    ),
    "prob_first": Metric(
        about="probability that each child is the one that brings the node down",
        answer=_first,
        needs=_TIMED,
    ),
    "prob_win_race": Metric(
        about="probability to be before the competing clock",
        answer=partial(_race, 0),
        needs=("race",),
    ),
    "time_mean_given_win": Metric(
        about="mean time, given that the race is won",
        answer=partial(_race, 1),
        needs=("race",),
    ),
}
