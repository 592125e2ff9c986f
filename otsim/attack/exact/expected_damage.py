"""Cost against expected damage: every leaf that is tried succeeds with its probability.

A module is a node below which nothing has a parent outside. From the outside only three numbers
of it count: what is spent below it, the damage expected there, and the chance that it falls. So
modules are solved one after the other, those below first. A gate whose children share nothing is
joined child by child; elsewhere every combination is tried.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

import numpy as np
import numpy.typing as npt

from otsim.attack.exact.decision_diagram import chances
from otsim.attack.exact.measured_tree import MeasuredTree
from otsim.attack.exact.modules import elements_of, modules
from otsim.attack.exact.pareto import Option, front, undominated
from otsim.attack.exact.success import leaf_order, nodes_below, success
from otsim.errors import ModelError

__all__ = ["expected_damage_front"]

MOST_COMBINATIONS = 1 << 20


@dataclass(frozen=True, kw_only=True)
class _Solved:
    """What is known so far: the options of each node that has been solved."""

    tree: MeasuredTree
    monotone: bool
    options: dict[str, list[Option]]

    def damage(self, name: str) -> float:
        """Return the damage that the fall of a node does."""
        return float(self.tree.damage.get(name, 0))


def expected_damage_front(tree: MeasuredTree, node: str) -> list[Option]:
    """Return the best expected damages, each at its least cost, from the empty attack up.

    Defences are always tried and succeed with their probability.

    Raises:
        ModelError: shared nodes leave too many combinations.
    """
    order = nodes_below(tree.shape, node)
    monotone = all(tree.shape.nodes[name].gate != "COUNTER" for name in order)
    solved = _Solved(tree=tree, monotone=monotone, options=_leaf_options(tree, node))
    apart = modules(tree.shape, node)
    for name in order:
        if name in apart and name not in solved.options:
            found = _module_options(solved, name, apart)
            solved.options[name] = undominated(found, monotone=monotone)
    return front(solved.options[node])


def _leaf_options(tree: MeasuredTree, node: str) -> dict[str, list[Option]]:
    """Return for each leaf whether it is tried; a defence always is, and does no damage."""
    options, defences = {}, tree.defences
    for i, name in enumerate(leaf_order(tree.shape, node)):
        chance = float(tree.chance_of(name))
        damage = float(tree.damage.get(name, 0)) * chance
        left = Option(cost=0, damage=0.0, chance=0.0)
        tried = Option(cost=tree.cost.get(name, 0), damage=damage, chance=chance, attack=1 << i)
        options[name] = [left, tried]
        if name in defences:
            options[name] = [replace(left, chance=chance)]
    return options


def _module_options(solved: _Solved, module: str, apart: set[str]) -> list[Option]:
    elements, inner = elements_of(solved.tree.shape, module, apart)
    gate = solved.tree.shape.nodes[module].gate
    if len(inner) > 1 or gate in ("VOTE", "COUNTER"):
        return _combined(solved, module, elements, inner)
    damage = solved.damage(module)
    joined = _joined(solved, elements, any_of=gate == "OR")
    return [replace(each, damage=each.damage + damage * each.chance) for each in joined]


def _joined(solved: _Solved, elements: Sequence[str], *, any_of: bool) -> list[Option]:
    """Join elements that share nothing, one after the other."""

    def join(options: list[Option], element: str) -> list[Option]:
        joined = [
            Option(
                cost=one.cost + other.cost,
                damage=one.damage + other.damage,
                chance=_either(one, other) if any_of else one.chance * other.chance,
                attack=one.attack | other.attack,
            )
            for one in options
            for other in solved.options[element]
        ]
        return undominated(joined, monotone=solved.monotone)

    first, *others = elements
    return reduce(join, others, solved.options[first])


def _either(one: Option, other: Option) -> float:
    return one.chance + other.chance - one.chance * other.chance


def _combined(
    solved: _Solved, module: str, elements: Sequence[str], inner: Sequence[str]
) -> list[Option]:
    """Try every combination of the elements' options."""
    choices = [solved.options[name] for name in elements]
    count = math.prod(map(len, choices))
    if count > MOST_COMBINATIONS:
        raise ModelError(
            f"{module!r} shares so many nodes that {count:,} combinations would have to be tried "
            f"(at most {MOST_COMBINATIONS:,}); ask about a node further down"
        )
    picks = np.unravel_index(np.arange(count), [len(each) for each in choices])

    def picked(field: str, kind: Any) -> list[npt.NDArray[Any]]:
        """Return for each element what every combination picks of one field."""
        fields = [np.array([getattr(each, field) for each in options], kind) for options in choices]
        return [values[pick] for values, pick in zip(fields, picks, strict=True)]

    fallen = _chances(solved, module, elements, picked("chance", float))
    inside = [fallen[name] * solved.damage(name) for name in inner]
    damage = np.sum([*picked("damage", float), *inside], axis=0)
    cost, attack = (np.sum(picked(each, object), axis=0) for each in ("cost", "attack"))
    return [
        Option(cost=cost[i], damage=float(damage[i]), chance=float(chance), attack=attack[i])
        for i, chance in enumerate(fallen[module])
    ]


def _chances(
    solved: _Solved, module: str, elements: Sequence[str], given: Sequence[npt.NDArray[np.float64]]
) -> dict[str, npt.NDArray[np.float64]]:
    """Return how likely a module and its inner gates are to fall in every combination."""
    found = success(solved.tree.shape, module, stops=elements)
    chance = dict(zip(elements, given, strict=True))
    yes = [chance[name] for name in found.leaves]
    diagram = found.diagram
    parts = chances(diagram, diagram.below(*found.functions.values()), yes, [1 - p for p in yes])
    nothing = np.zeros(len(given[0]))
    return {name: nothing + parts[function] for name, function in found.functions.items()}
