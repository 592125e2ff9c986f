"""What an attacker can get at all, and what of that leads to a goal."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from otsim.architecture.attack_graph import AttackGraph
from otsim.config.attack_tree import SKILLS, Node

__all__ = ["Shape", "possible", "pruned", "shapes_of"]

Shape = tuple[str, Collection[str], int]
"""A gate, its children, and how many of these must fall (of the first ones, if not all)."""


def pruned(graph: AttackGraph, needs: Iterable[str]) -> AttackGraph:
    """Leave out what no attacker can reach, and what does not lead to the nodes needed.

    Args:
        graph: an attack graph, which may go round.
        needs: names of nodes; those that cannot fall are passed over.

    Returns:
        The graph of the rest; its `needs` are those whose node is left.
    """
    can = possible(shapes_of(graph.nodes))
    kept = _below(graph.nodes, needs, can)
    nodes = {name: _with_children(node, kept) for name, node in graph.nodes.items() if name in kept}
    return replace(
        graph,
        nodes=nodes,
        steps={name: step for name, step in graph.steps.items() if name in kept},
        needs={goal: node for goal, node in graph.needs.items() if node in kept},
    )


def shapes_of(nodes: Mapping[str, Node]) -> dict[str, Shape]:
    """The gates of a graph; a leaf that exists for no skill cannot fall."""
    return {name: _shape(node) for name, node in nodes.items()}


def possible(shapes: Mapping[str, Shape]) -> set[str]:
    """Return the nodes that can fall, found from the leaves up: a ring does not hold itself up.

    Args:
        shapes: the gates by name; a child that is not among them cannot fall.
    """
    lacking: dict[str, int] = {}
    parents: dict[str, list[str]] = {}
    ready = []
    for name, (_, children, count) in shapes.items():
        lacking[name] = count
        if count == 0:
            ready.append(name)
        for child in children:
            parents.setdefault(child, []).append(name)
    fallen = set(ready)
    while ready:
        for parent in parents.get(ready.pop(), ()):
            lacking[parent] -= 1
            if lacking[parent] == 0 and parent not in fallen:
                fallen.add(parent)
                ready.append(parent)
    return fallen


def _shape(node: Node) -> Shape:
    children = tuple(dict.fromkeys(node.children))
    if node.gate == "LEAF":
        return "LEAF", (), 0 if _highest(node) > 0.0 else 1
    if node.gate == "COUNTER":  # a countermeasure hinders in some worlds, not in all
        return "COUNTER", children[:1], 1
    count = {"OR": 1, "VOTE": node.k or 1}.get(node.gate, len(children))
    return node.gate, children, count


def _highest(node: Node) -> float:
    given = node.probability
    if isinstance(given, float):
        return given
    return max(float(getattr(given, skill)) for skill in SKILLS)


def _below(nodes: Mapping[str, Node], needs: Iterable[str], can: Collection[str]) -> set[str]:
    stack = [name for name in needs if name in can]
    kept = set(stack)
    while stack:
        node = nodes[stack.pop()]
        for child in node.children:
            wanted = child in can or node.gate == "COUNTER"
            if wanted and child in nodes and child not in kept:
                kept.add(child)
                stack.append(child)
    return kept


def _with_children(node: Node, kept: Collection[str]) -> Node:
    children = [child for child in node.children if child in kept]
    return node if children == node.children else node.model_copy(update={"children": children})
