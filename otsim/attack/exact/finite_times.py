"""Times of a tree whose leaves take a few values each: every outcome is worked through."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from otsim.attack.exact.laws import Floats, Law, atomic_law
from otsim.attack.exact.leaf_laws import law_of
from otsim.attack.exact.measured_tree import MeasuredTree
from otsim.attack.exact.phase_states import operands_first
from otsim.attack.tree_values import ZERO, Value, Values, tree_values

__all__ = ["FiniteTimes", "finite_law", "finite_times"]

MOST_OUTCOMES = 1 << 18

_Outcomes = dict[str, list[tuple[float, float]]]  # by leaf, times (inf: never) and probabilities


@dataclass(frozen=True, kw_only=True)
class FiniteTimes:
    """All outcomes of a tree.

    Attributes:
        chance: how likely each is, f64[n].
        times: of each value that was asked for, f64[n]; inf for never.
    """

    chance: Floats
    times: tuple[Floats, ...]


def finite_times(tree: MeasuredTree, targets: Sequence[Value]) -> FiniteTimes | None:
    """Work through every outcome of a tree.

    Args:
        tree: the tree.
        targets: the values of `otsim.attack.tree_values` that are asked for.

    Returns:
        The outcomes; None if a time has a density, or there are more than `MOST_OUTCOMES`.
    """
    values = tree_values(tree.shape)
    wanted = [values.resolved(target) for target in targets]
    order = operands_first(values, wanted)
    outcomes = _outcomes(tree, {str(value[1]) for value in order if value[0] in _GIVEN})
    if outcomes is None:
        return None
    picks = np.meshgrid(*(np.arange(len(each)) for each in outcomes.values()), indexing="ij")
    count = math.prod(map(len, outcomes.values()))
    chance = np.ones(count)
    times: dict[Value, Floats] = {ZERO: np.zeros(count)}
    for pick, (name, pairs) in zip(picks, outcomes.items(), strict=True):
        time, weight = np.array(pairs).T[:, pick.ravel()]
        chance *= weight
        times["leaf", name] = time
        times["exists", name] = np.where(np.isfinite(time), 0.0, np.inf)
    _relax(values, order, times, count)
    never = np.full(count, np.inf)
    return FiniteTimes(chance=chance, times=tuple(times.get(each, never) for each in wanted))


def finite_law(found: FiniteTimes, which: int = 0) -> Law:
    """Return the law of one of the times."""
    time = found.times[which]
    finite = np.isfinite(time)
    return atomic_law(time[finite].tolist(), found.chance[finite].tolist())


_GIVEN = ("leaf", "exists")


def _outcomes(tree: MeasuredTree, leaves: set[str]) -> _Outcomes | None:
    found: _Outcomes = {}
    for name in sorted(leaves):
        chance = float(tree.chance_of(name))
        law = law_of(tree.time_of(name))
        if law.edges:
            return None
        pairs = zip(law.atoms.tolist(), (chance * law.weights).tolist(), strict=True)
        found[name] = [(time, weight) for time, weight in pairs if weight > 0.0]
        if chance < 1.0:
            found[name].append((math.inf, 1.0 - chance))
    return found if math.prod(map(len, found.values())) <= MOST_OUTCOMES else None


def _relax(values: Values, order: Sequence[Value], times: dict[Value, Floats], count: int) -> None:
    """Find the least times that hold together, in place, from infinity downwards."""
    never = np.full(count, np.inf)
    changed = True
    while changed:
        changed = False
        for value in order:
            definition = values.definitions.get(value)
            if definition is None:
                continue
            operands = [times.get(each, never) for each in definition.operands]
            found = _combined(definition.operation, operands)
            if value not in times or (found < times[value]).any():
                times[value] = found
                changed = True


def _combined(operation: str, operands: Sequence[Floats]) -> Floats:
    if operation == "unless":
        return np.where(np.isinf(operands[1]), operands[0], np.inf)
    if operation == "add":
        return operands[0] + operands[1]
    joined = np.array(operands)
    return joined.min(axis=0) if operation == "min" else joined.max(axis=0)
