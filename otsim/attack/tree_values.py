"""What an attack tree needs computed: each value by name, with the operation that gives it.

A value is a tuple: `("zero",)`; `("leaf", name)`, the time to compromise; `("exists", name)`;
`("start", name)`, `("time", name)` and `("world", name)` of a node; and parts of these. The rules
are those of `otsim_kernels.attack_timeline`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from otsim.config.attack_tree import AttackTree, Node

__all__ = ["NEVER", "ZERO", "Definition", "Value", "Values", "tree_values"]

Value = tuple[str | int, ...]
Operation = Literal["min", "max", "add", "unless"]

ZERO: Value = ("zero",)
NEVER: Value = ("never",)


@dataclass(frozen=True, kw_only=True)
class Definition:
    """How a value follows from two others or, with min and max, from several."""

    operation: Operation
    operands: tuple[Value, ...]


@dataclass(frozen=True, kw_only=True)
class Values:
    """Definitions of the values of a tree, and the values that are another one by a new name."""

    definitions: dict[Value, Definition]
    aliases: dict[Value, Value]

    def resolved(self, value: Value) -> Value:
        """Follow the aliases of a value to the one that is computed."""
        while value in self.aliases:
            value = self.aliases[value]
        return value


def tree_values(tree: AttackTree) -> Values:
    """List every value that the starts, the times and the worlds of a tree's nodes need."""
    values = Values(definitions={}, aliases={})
    offers = _start_offers(tree)
    for name in tree.nodes:
        _define_start(values, name, offers[name])
    for name, node in tree.nodes.items():
        if node.gate == "LEAF":
            values.aliases["world", name] = ("exists", name)
            _define(values, ("time", name), "add", (("start", name), ("leaf", name)))
            continue
        _define_gate(values, ("world", name), node, [("world", child) for child in node.children])
        if node.gate == "SAND":
            _define_chain(values, name, node)
        else:
            times: list[Value] = [("time", child) for child in node.children]
            _define_gate(values, ("time", name), node, times)
    return Values(
        definitions={
            value: Definition(
                operation=definition.operation,
                operands=tuple(map(values.resolved, definition.operands)),
            )
            for value, definition in values.definitions.items()
        },
        aliases=values.aliases,
    )


def _start_offers(tree: AttackTree) -> dict[str, list[Value]]:
    """List for each node the values at which its parents, or the campaign, would start it."""
    offers: dict[str, list[Value]] = {name: [] for name in tree.nodes}
    for name, node in tree.nodes.items():
        for i, child in enumerate(node.children):
            after = ("chain", name, i - 1) if node.gate == "SAND" and i > 0 else ("start", name)
            offers[child].append(after)
    parentless = [name for name, given in offers.items() if not given]
    for name in {*tree.root_names, *parentless}:
        offers[name].append(ZERO)
    return offers


def _define_start(values: Values, name: str, offers: list[Value]) -> None:
    unique = list(dict.fromkeys(offers))
    _define(values, ("start", name), "min", (ZERO,) if ZERO in unique else tuple(unique))


def _define_chain(values: Values, name: str, node: Node) -> None:
    """Define the SAND's progress: after child i, the later of its time and what came before."""
    before: Value = ("start", name)
    for i, child in enumerate(node.children):
        _define(values, ("chain", name, i), "max", (before, ("time", child)))
        before = ("chain", name, i)
    values.aliases["time", name] = before


def _define_gate(values: Values, value: Value, node: Node, children: list[Value]) -> None:
    """Define the time or the world of a gate from those of its children."""
    if node.gate == "COUNTER":
        countermeasure = ("world", node.children[1])
        _define(values, value, "unless", (children[0], countermeasure))
    elif node.gate == "VOTE":
        values.aliases[value] = _define_vote(values, value, node.k or 1, children)
    else:
        _define(values, value, "min" if node.gate == "OR" else "max", tuple(children))


def _define_vote(values: Values, value: Value, k: int, children: list[Value]) -> Value:
    """Define the k-th smallest of the children, one child after the other.

    `("votes", ..., i, j)` is when j of the first i children have fallen: j of the first i - 1, or
    j - 1 of them and child i too.
    """
    for i, child in enumerate(children, start=1):
        for j in range(1, min(i, k) + 1):
            ways: list[Value] = [("votes", *value, i - 1, j)] if j < i else []
            ways.append(child if j == 1 else ("both", *value, i, j))
            if j > 1:
                both = (("votes", *value, i - 1, j - 1), child)
                _define(values, ("both", *value, i, j), "max", both)
            _define(values, ("votes", *value, i, j), "min", tuple(ways))
    return ("votes", *value, len(children), k) if k <= len(children) else NEVER


def _define(
    values: Values, value: Value, operation: Operation, operands: tuple[Value, ...]
) -> None:
    if len(operands) == 1 and operation in ("min", "max"):
        values.aliases[value] = operands[0]
    else:
        values.definitions[value] = Definition(operation=operation, operands=operands)
