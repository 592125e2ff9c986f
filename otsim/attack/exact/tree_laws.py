"""Laws of the times of a tree's nodes, from expressions of independent times."""

from __future__ import annotations

from collections.abc import Generator

from otsim.attack.exact.decision_diagram import FALSE, TRUE, Diagram
from otsim.attack.exact.expressions import DONE, NEVER, Expression, Expressions
from otsim.attack.exact.gate_laws import gate_law
from otsim.attack.exact.laws import Law, atomic_law, thinned
from otsim.attack.exact.leaf_laws import law_of
from otsim.attack.exact.sums import sum_of
from otsim.attack.exact.tree_expressions import TreeExpressions
from otsim.attack.exact.unwinding import unwind

__all__ = ["ExpressionLaws", "gate_function", "shared_leaves"]


class ExpressionLaws:
    """Laws of expressions whose parts share no leaf."""

    def __init__(self, expressions: TreeExpressions) -> None:
        """Begin with the expressions of a tree."""
        self._expressions = expressions
        self._table = expressions.table
        self._known: dict[int, Law] = {}

    def law(self, number: int) -> Law:
        """Return the law of an expression."""
        return unwind(self._rule, number, self._known)

    def _rule(self, number: int) -> Generator[int, Law, Law]:
        expression = self._table[number]
        if number in (DONE, NEVER):
            return atomic_law([0.0], [float(number == DONE)])
        if expression.kind in ("leaf", "exists"):
            return self._leaf(expression)
        chain = expression.kind == "chain"
        laws = []
        for part in expression.parts if chain else self._table.elements(number):
            laws.append((yield part))
        if chain:
            return sum_of(laws)
        diagram = Diagram()
        function = gate_function(self._table, number, diagram, self._table.elements(number))
        return gate_law(diagram, function, laws)

    def _leaf(self, expression: Expression) -> Law:
        chance = float(self._expressions.chance(expression.name))
        if expression.kind == "exists":
            return atomic_law([0.0], [chance])
        return thinned(law_of(self._expressions.tree.time_of(expression.name)), chance)


def gate_function(table: Expressions, number: int, diagram: Diagram, elements: list[int]) -> int:
    """Return when an expression is over, as a function of which elements are.

    Args:
        table: holds the expressions.
        number: an element, or gates over elements.
        diagram: in which the function is built; its variable i is element i.
        elements: the elements.
    """
    functions = {DONE: TRUE, NEVER: FALSE}
    functions |= {element: diagram.variable(i) for i, element in enumerate(elements)}
    for each in table.below(number):
        expression = table[each]
        if each in functions or any(part not in functions for part in expression.parts):
            continue
        parts = [functions[part] for part in expression.parts]
        match expression.kind:
            case "OR":
                functions[each] = diagram.any_of(parts)
            case "AND":
                functions[each] = diagram.all_of(parts)
            case "VOTE":
                functions[each] = diagram.at_least(expression.k, parts)
            case "COUNTER":
                functions[each] = diagram.unless(*parts)
    return functions[number]


def shared_leaves(expressions: TreeExpressions, number: int) -> set[str]:
    """Return the random leaves that parts taken for independent have in common."""
    table = expressions.table
    shared: set[str] = set()
    leaves: dict[int, frozenset[str]] = {}
    for each in table.below(number):
        expression = table[each]
        is_gate = expression.kind not in ("leaf", "exists", "chain", "done", "never")
        parts = table.elements(each) if is_gate else expression.parts
        seen = {expression.name} if expressions.is_random(expression) else set()
        for part in parts:
            shared |= seen & leaves[part]
            seen |= leaves[part]
        leaves[each] = frozenset(seen)
    return shared
