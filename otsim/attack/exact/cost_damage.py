"""Cost against damage: what an attacker gets for his money if all that he tries succeeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from otsim.attack.exact.decision_diagram import FALSE, TRUE, Diagram
from otsim.attack.exact.measured_tree import MeasuredTree
from otsim.attack.exact.pareto import Option, front
from otsim.attack.exact.success import leaf_order, success
from otsim.errors import ModelError

__all__ = ["cost_damage_front", "most_damage"]

MOST_OPTIONS = 1_000_000

_State = tuple[int, ...]  # what is left of each question "does this node fall?"
_Running = dict[_State, list[Option]]


def cost_damage_front(tree: MeasuredTree, node: str) -> list[Option]:
    """Return the best damages, each at its least cost, from the empty attack up.

    The damage of an attack is that of all nodes below `node`, and of itself, that fall; certain
    defences stand. The leaves are decided one by one. Partial attacks that leave the same
    questions open are compared with each other, and only the best go on: exact for shared nodes
    and for countermeasures.

    Raises:
        ModelError: too many partial attacks stay in the running.
    """
    defences, standing = tree.defences, tree.standing
    found = success(tree.shape, node, always=standing, never=defences - standing)
    amounts: dict[int, Fraction] = {}
    for name, function in found.functions.items():
        damage = Fraction(0 if name in defences else tree.damage.get(name, 0))
        amounts[function] = amounts.get(function, Fraction(0)) + damage
    due = {function: amount for function, amount in amounts.items() if amount != 0}
    questions = _Questions(diagram=found.diagram, amounts=tuple(due.values()))
    state, done = questions.settled(tuple(due))
    running: _Running = {state: [Option(cost=0, damage=done)]}
    bits = {name: 1 << i for i, name in enumerate(leaf_order(tree.shape, node))}
    for level, leaf in enumerate(found.leaves):
        tried = Option(cost=tree.cost.get(leaf, 0), damage=Fraction(0), attack=bits[leaf])
        running = _decided(questions, running, level, tried)
    return front(option for options in running.values() for option in options)


def most_damage(tree: MeasuredTree, node: str, budget: float) -> float:
    """Return the largest damage that an attacker can do for a budget; nan below every cost."""
    within = [each.damage for each in cost_damage_front(tree, node) if each.cost <= budget]
    return float(within[-1]) if within else float("nan")


@dataclass(frozen=True, kw_only=True)
class _Questions:
    """Which nodes fall, as functions of the leaves, and the damage that each fall does."""

    diagram: Diagram
    amounts: tuple[Fraction, ...]

    def settled(self, state: _State) -> tuple[_State, Fraction]:
        """Return a state without the nodes that have fallen for certain, and their damage."""
        if TRUE not in state:
            return state, Fraction(0)
        fallen = (amount for each, amount in zip(state, self.amounts, strict=True) if each == TRUE)
        return tuple(FALSE if each == TRUE else each for each in state), sum(fallen, Fraction(0))

    def decided(self, state: _State, level: int, side: list[int]) -> tuple[_State, Fraction]:
        """Return what a state becomes when one leaf is decided, and the damage done by that."""
        asks = self.diagram.level
        return self.settled(tuple(side[f] if asks[f] == level else f for f in state))


def _decided(questions: _Questions, running: _Running, level: int, tried: Option) -> _Running:
    """Go on with and without one leaf from every state."""
    after: _Running = {}
    diagram = questions.diagram
    for state, options in running.items():
        left, harmless = questions.decided(state, level, diagram.low)
        taken, harm = questions.decided(state, level, diagram.high)
        after.setdefault(left, []).extend(_raised(options, damage=harmless))
        if (taken, harm) != (left, harmless):
            raised = _raised(options, damage=harm, cost=tried.cost, attack=tried.attack)
            after.setdefault(taken, []).extend(raised)
    kept = {state: front(options) for state, options in after.items()}
    if sum(map(len, kept.values())) > MOST_OPTIONS:
        raise ModelError(
            f"more than {MOST_OPTIONS:,} partial attacks stay in the running; "
            "give damages to fewer nodes, or ask about a node further down"
        )
    return kept


def _raised(
    options: Sequence[Option], *, damage: Fraction, cost: int | Fraction = 0, attack: int = 0
) -> Sequence[Option]:
    if not (damage or cost or attack):
        return options
    return [
        Option(cost=each.cost + cost, damage=each.damage + damage, attack=each.attack | attack)
        for each in options
    ]
