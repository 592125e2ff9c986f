"""Which child brings a node down: the first one under an OR, the last one under an AND."""

from __future__ import annotations

import numpy as np

from otsim.attack.exact.decision_diagram import Diagram
from otsim.attack.exact.expressions import DONE
from otsim.attack.exact.finite_times import finite_times
from otsim.attack.exact.gate_laws import chance_together
from otsim.attack.exact.measured_tree import MeasuredTree, known_node
from otsim.attack.exact.phase_process import TooManyStatesError, phase_process
from otsim.attack.exact.times import phase_steps, worlds
from otsim.attack.exact.tree_expressions import NotIndependentError, TreeExpressions
from otsim.attack.exact.tree_laws import ExpressionLaws, gate_function
from otsim.attack.tree_values import Value, tree_values

__all__ = ["chance_to_complete"]


def chance_to_complete(tree: MeasuredTree, node: str, child: str) -> float:
    """Return the probability that both fall, and at the same moment.

    With a tie, each of the children that fall together counts.

    Args:
        tree: the tree.
        node: the node that is brought down.
        child: one of its children, or any node below it.

    Raises:
        ModelError: the steps are neither exponential nor independent enough.
    """
    known_node(tree, child)
    values = tree_values(tree.shape)
    targets: list[Value] = [("time", node), ("time", child)]
    steps = phase_steps(tree, values, targets)
    if steps is not None:
        try:
            return phase_process(values, targets[0], steps, watched=targets[1:]).chance(1)
        except TooManyStatesError:
            pass
    try:
        return _independent(tree, node, child)
    except NotIndependentError:
        found = finite_times(tree, targets)
        if found is None:
            raise
        first, second = found.times
        return float(found.chance[np.isfinite(first) & (first == second)].sum())


def _independent(tree: MeasuredTree, node: str, child: str) -> float:
    def ask(expressions: TreeExpressions) -> list[int]:
        """Ask about both times, and about all that is left of them after what both begin with."""
        both = expressions.time(node), expressions.time(child)
        head, *rests = expressions.table.after_common(both)
        elements = [each for rest in rests for each in expressions.table.elements(rest)]
        return [*both, expressions.table.chain([head, *dict.fromkeys(elements)])]

    found = worlds(tree, ask)
    return sum(chance * _together(expressions, node, child) for chance, expressions in found)


def _together(expressions: TreeExpressions, node: str, child: str) -> float:
    """Return the chance that two nodes fall at once, made of independent parts."""
    table, laws = expressions.table, ExpressionLaws(expressions)
    head, *rests = table.after_common((expressions.time(node), expressions.time(child)))
    if DONE in rests:
        rest = laws.law(max(rests))  # the other one is over with the head
        return laws.law(head).mass * float(rest.cdf(np.zeros(1))[0])
    elements = list(dict.fromkeys(each for rest in rests for each in table.elements(rest)))
    diagram = Diagram()
    first, second = (gate_function(table, rest, diagram, elements) for rest in rests)
    together = chance_together(diagram, (first, second), [laws.law(each) for each in elements])
    return laws.law(head).mass * together
