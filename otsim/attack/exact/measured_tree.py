"""An attack tree with the numbers that exact answers need: chances, times, costs, damages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from otsim.attack.step_arrays import HOURS_PER_DAY, leaf_chance
from otsim.config.attack_tree import AttackTree, Node, Skill
from otsim.config.distributions import DistributionBase, FixedNumber
from otsim.config.problems import did_you_mean
from otsim.config.tree_shape import attacker_nodes
from otsim.errors import ModelError

__all__ = [
    "Duration",
    "MeasuredTree",
    "Race",
    "decimal",
    "known_node",
    "measured",
    "with_chances",
]


@dataclass(frozen=True, kw_only=True)
class Duration:
    """A random time: a distribution, times a factor such as 24 for days in hours."""

    distribution: DistributionBase
    scale: float = 1.0


NO_TIME = Duration(distribution=FixedNumber(0.0))


@dataclass(frozen=True, kw_only=True)
class Race:
    """A competing clock, such as detection.

    Attributes:
        clock: how long it runs.
        node: with which node it starts; None for the start of the attack.
        completed: whether it starts when that node has fallen, or when it is first tried.
    """

    clock: Duration
    node: str | None = None
    completed: bool = False


@dataclass(frozen=True, kw_only=True)
class MeasuredTree:
    """A tree of sound shape and its numbers; a leaf or node that is not named has the default.

    Attributes:
        shape: gates and children.
        chance: by leaf, the probability that it succeeds; default 1.
        time: by leaf, how long it takes; default no time at all.
        cost: by leaf, what trying it costs; default 0.
        damage: by node, the damage that its fall does; default 0.
        labels: by leaf, whatever else is said about it.
        race: the competing clock, if there is one.
    """

    shape: AttackTree
    chance: Mapping[str, Fraction]
    time: Mapping[str, Duration] = field(default_factory=dict)
    cost: Mapping[str, Fraction] = field(default_factory=dict)
    damage: Mapping[str, Fraction] = field(default_factory=dict)
    labels: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    race: Race | None = None

    @property
    def root(self) -> str:
        """The first root."""
        return self.shape.root_names[0]

    @property
    def leaves(self) -> tuple[str, ...]:
        """The leaves, in the order of the file."""
        return tuple(name for name, node in self.shape.nodes.items() if node.gate == "LEAF")

    @property
    def defences(self) -> frozenset[str]:
        """The leaves of the defender: so labelled, or else reached as countermeasures alone."""
        tried = attacker_nodes(self.shape)
        return frozenset(
            name
            for name in self.leaves
            if self.labels.get(name, {}).get("role", _ROLES[name in tried]) == "defender"
        )

    @property
    def standing(self) -> frozenset[str]:
        """The defences that are certain; the others may turn out not to be there."""
        return frozenset(name for name in self.defences if self.chance_of(name) == 1)

    def chance_of(self, leaf: str) -> Fraction:
        """Return the probability that a leaf succeeds."""
        return self.chance.get(leaf, Fraction(1))

    def time_of(self, leaf: str) -> Duration:
        """Return how long a leaf takes."""
        return self.time.get(leaf, NO_TIME)


_ROLES = {True: "attacker", False: "defender"}


def measured(tree: AttackTree, *, skill: Skill = "intermediate") -> MeasuredTree:
    """Take chances and times (in hours) from a tree as files write it.

    Args:
        tree: of sound shape.
        skill: whose probability is taken at leaves that give one for each skill.
    """
    leaves = {name: node for name, node in tree.nodes.items() if node.gate == "LEAF"}
    chance = {name: decimal(leaf_chance(node.probability, skill)) for name, node in leaves.items()}
    time = {name: _hours(node) for name, node in leaves.items()}
    return MeasuredTree(
        shape=tree,
        chance=chance,
        time={name: given for name, given in time.items() if given is not None},
    )


def decimal(value: float | str) -> Fraction:
    """Return a number as the decimal that was written, such as 1/10 for 0.1."""
    return Fraction(str(value))


def with_chances(tree: MeasuredTree, chance: Mapping[str, Fraction]) -> MeasuredTree:
    """Return the tree with other probabilities at some leaves.

    Raises:
        ModelError: one of them is no leaf.
    """
    for name in chance:
        known_node(tree, name, tree.leaves)
    return replace(tree, chance={**tree.chance, **chance})


def known_node(tree: MeasuredTree, name: str, known: tuple[str, ...] = ()) -> str:
    """Return the name of a node, or of one of those that are known.

    Raises:
        ModelError: there is none of that name.
    """
    names = known or tuple(tree.shape.nodes)
    if name in names:
        return name
    kind = "leaf" if known else "node"
    raise ModelError(f"the tree has no {kind} {name!r} ({did_you_mean(name, names)})")


def _hours(node: Node) -> Duration | None:
    if node.time_d is not None:
        return Duration(distribution=node.time_d, scale=HOURS_PER_DAY)
    return None if node.time_h is None else Duration(distribution=node.time_h)
