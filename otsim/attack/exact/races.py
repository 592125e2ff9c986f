"""The attack against a competing clock, such as detection or response."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from otsim.attack.exact.finite_times import finite_times
from otsim.attack.exact.laws import Law
from otsim.attack.exact.leaf_laws import law_of
from otsim.attack.exact.measured_tree import MeasuredTree, Race
from otsim.attack.exact.panels import integral, mesh, survival
from otsim.attack.exact.phase_process import PhaseProcess, TooManyStatesError, phase_process
from otsim.attack.exact.phases import stages_of
from otsim.attack.exact.time_metrics import mean_given_success
from otsim.attack.exact.times import phase_steps, time_law, worlds
from otsim.attack.exact.tree_expressions import NotIndependentError, TreeExpressions
from otsim.attack.exact.tree_laws import ExpressionLaws
from otsim.attack.tree_values import ZERO, Definition, Value, tree_values
from otsim.errors import ModelError

__all__ = ["race_won"]

_CLOCK = ""  # no node has an empty name

_Won = tuple[float, float]  # the probability to win, and the mean time given that


def race_won(tree: MeasuredTree, node: str) -> tuple[float, float]:
    """Return the probability that a node falls before the tree's clock runs out, and when.

    Returns:
        The probability, and the mean time at which the node falls given that it does; nan where
        that is impossible. A tie is lost.

    Raises:
        ModelError: the tree has no clock, or the race has no exact answer here.
    """
    if tree.race is None:
        raise ModelError("the tree has no competing clock; add model.race")
    process = _process(tree, node, tree.race)
    if process is not None:
        return _given(process.mass, process.moment(1))
    try:
        return _independent(tree, node, tree.race)
    except NotIndependentError:
        won = _finite(tree, node, tree.race)
        if won is None:
            raise
        return won


def _origin(race: Race) -> Value:
    """Return the value at which the clock starts."""
    if race.node is None:
        return ZERO
    return ("time" if race.completed else "start", race.node)


def _process(tree: MeasuredTree, node: str, race: Race) -> PhaseProcess | None:
    """Return the race as a Markov process, the clock as one more step; None if it is none."""
    values = tree_values(tree.shape)
    target: Value = ("time", node)
    origin = values.resolved(_origin(race))
    stages = stages_of(race.clock)
    steps = phase_steps(tree, values, [target, origin])
    if steps is None or stages is None:
        return None
    clock: Value = ("time", _CLOCK)
    runs_out = Definition(operation="add", operands=(origin, ("leaf", _CLOCK)))
    values = replace(values, definitions={**values.definitions, clock: runs_out})
    try:
        return phase_process(values, target, {**steps, _CLOCK: (stages, 1.0)}, stop=clock)
    except TooManyStatesError:
        return None


def _independent(tree: MeasuredTree, node: str, race: Race) -> _Won:
    clock = law_of(race.clock)
    start = race.node
    if start is None:
        return _against(time_law(tree, node), clock)

    def origin(expressions: TreeExpressions) -> int:
        return expressions.time(start) if race.completed else expressions.start(start)

    found = worlds(tree, lambda expressions: [expressions.time(node), origin(expressions)])
    wins, moments = 0.0, 0.0
    for chance, expressions in found:
        laws, table = ExpressionLaws(expressions), expressions.table
        before, factors = table.factors(origin(expressions)), table.factors(expressions.time(node))
        if factors[: len(before)] != before:
            raise NotIndependentError(
                f"the race has no exact answer here: {node!r} does not simply follow on {start!r}, "
                "with which the clock starts; sample the tree"
            )
        head, tail = (laws.law(table.chain(each)) for each in (before, factors[len(before) :]))
        won, mean = _against(tail, clock)
        if won > 0.0 and head.mass > 0.0:
            wins += chance * head.mass * won
            moments += chance * head.mass * won * (mean_given_success(head) + mean)
    return _given(wins, moments)


def _finite(tree: MeasuredTree, node: str, race: Race) -> _Won | None:
    """Return the race of a tree whose times take a few values; None if they do not."""
    found = finite_times(tree, [("time", node), _origin(race)])
    if found is None:
        return None
    time, origin = found.times
    reached = np.isfinite(time)
    time, chance = time[reached], found.chance[reached]
    needed = np.where(np.isfinite(origin[reached]), time - origin[reached], -1.0)
    won = chance * survival(law_of(race.clock))(needed)
    return _given(float(won.sum()), float(won @ time))


def _against(law: Law, clock: Law) -> _Won:
    """Return the chance that a time is before an independent clock, and its mean if it is."""
    left = survival(clock)
    at_atoms = law.weights * left(law.atoms)
    chance, moment = float(at_atoms.sum()), float(at_atoms @ law.atoms)
    if law.edges:
        ends = _joint_mesh(law, [clock])
        chance += integral(lambda time: law.density(time) * left(time), ends)
        moment += integral(lambda time: time * law.density(time) * left(time), ends)
    return _given(chance, moment)


def _joint_mesh(law: Law, others: Sequence[Law]) -> np.ndarray:
    """Return panel ends over a law's support that follow the others too."""
    own = mesh(law)
    ends = [own, *(other.atoms for other in others), *(mesh(each) for each in others if each.edges)]
    return np.unique(np.clip(np.concatenate(ends), own[0], own[-1]))


def _given(chance: float, moment: float) -> _Won:
    return chance, moment / chance if chance > 0.0 else math.nan
