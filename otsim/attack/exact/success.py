"""The success of a tree as a decision diagram, and its exact probability."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from otsim.attack.exact.decision_diagram import FALSE, TRUE, Diagram, chances
from otsim.attack.exact.measured_tree import MeasuredTree
from otsim.config.attack_tree import AttackTree, Node
from otsim.config.tree_shape import children_first

__all__ = ["Success", "leaf_order", "nodes_below", "probability", "success"]


@dataclass(frozen=True, kw_only=True)
class Success:
    """Which nodes of a tree succeed, by which of its leaves do.

    Attributes:
        diagram: holds the functions.
        leaves: its variables.
        functions: by node, where it succeeds.
    """

    diagram: Diagram
    leaves: tuple[str, ...]
    functions: Mapping[str, int]


def success(
    tree: AttackTree,
    root: str,
    *,
    always: Collection[str] = (),
    never: Collection[str] = (),
    stops: Collection[str] = (),
) -> Success:
    """Build the decision diagram of a node and of all nodes below it.

    Args:
        tree: of sound shape.
        root: the node.
        always: leaves that succeed for certain, which leaves them out of the variables.
        never: leaves that fail for certain.
        stops: nodes below the root to take for leaves.
    """
    fixed = dict.fromkeys(always, TRUE) | dict.fromkeys(never, FALSE)
    leaves = tuple(name for name in leaf_order(tree, root, stops) if name not in fixed)
    diagram = Diagram()
    functions = fixed | {name: diagram.variable(i) for i, name in enumerate(leaves)}
    for name in nodes_below(tree, root, stops):
        if name not in functions:
            node = tree.nodes[name]
            functions[name] = _function(diagram, node, [functions[c] for c in node.children])
    return Success(diagram=diagram, leaves=leaves, functions=functions)


def _function(diagram: Diagram, node: Node, children: Sequence[int]) -> int:
    """Return where a gate succeeds, given where its children do."""
    match node.gate:
        case "OR":
            return diagram.any_of(children)
        case "VOTE":
            return diagram.at_least(node.k or 1, children)
        case "COUNTER":
            return diagram.unless(*children)
    return diagram.all_of(children)


def probability(tree: MeasuredTree, node: str) -> Fraction:
    """Return the exact probability that a node succeeds, however many parents its leaves have."""
    found = success(tree.shape, node)
    yes = [tree.chance_of(name) for name in found.leaves]
    function = found.functions[node]
    nodes = found.diagram.below(function)
    return Fraction(chances(found.diagram, nodes, yes, [1 - p for p in yes])[function])


def leaf_order(tree: AttackTree, root: str, stops: Collection[str] = ()) -> tuple[str, ...]:
    """Order the leaves below a node: those of one gate together, the nearest first.

    Args:
        tree: of sound shape.
        root: the node.
        stops: nodes below the root to take for leaves.
    """
    order: dict[str, None] = {}
    seen: set[str] = set()
    stack = [root]
    while stack:
        name = stack.pop()
        if name in seen:
            continue
        seen.add(name)
        children = [] if name in stops else tree.nodes[name].children
        order |= {each: None for each in (name, *children) if _ends(tree, each, stops)}
        stack += reversed(children)
    return tuple(order)


def nodes_below(tree: AttackTree, root: str, stops: Collection[str] = ()) -> list[str]:
    """Return a node and all nodes below it, each after its children; arguments as above."""
    seen: set[str] = set()
    stack = [root]
    while stack:
        name = stack.pop()
        if name not in seen:
            seen.add(name)
            stack += [] if name in stops else tree.nodes[name].children
    return [name for name in children_first(tree) if name in seen]


def _ends(tree: AttackTree, name: str, stops: Collection[str]) -> bool:
    return name in stops or not tree.nodes[name].children
