"""Modules of a tree: nodes below which nothing has a parent outside."""

from __future__ import annotations

from collections.abc import Collection

from otsim.attack.exact.success import nodes_below
from otsim.config.attack_tree import AttackTree

__all__ = ["elements_of", "modules"]


def modules(tree: AttackTree, root: str) -> set[str]:
    """Return the nodes at or below a root that alone lead to everything below them.

    A node leads alone to another where it is on every way there from the root, that is, where it
    dominates it. Whoever has a parent's dominators up to the node's own nearest one leads there,
    but not alone.
    """
    order = nodes_below(tree, root)[::-1]
    parents: dict[str, list[str]] = {name: [] for name in order}
    for name in order:
        for child in tree.nodes[name].children:
            parents[child].append(name)
    nearest: dict[str, str] = {root: root}
    height = {root: 0}
    found = set(order)
    for name in order[1:]:
        nearest[name] = _meeting(parents[name], nearest, height)
        height[name] = height[nearest[name]] + 1
        for parent in parents[name]:
            while parent != nearest[name]:
                found.discard(parent)
                parent = nearest[parent]
    return found


def elements_of(
    tree: AttackTree, module: str, others: Collection[str]
) -> tuple[list[str], list[str]]:
    """Take a module apart into what it is made of and the gates that join it.

    Args:
        tree: of sound shape.
        module: a node.
        others: nodes to stop at; leaves are stopped at as well.

    Returns:
        The elements, and the gates that join them, the module itself among them.
    """
    elements: dict[str, None] = {}
    inner: dict[str, None] = {}
    stack = [module]
    while stack:
        name = stack.pop()
        children = tree.nodes[name].children
        if name != module and (name in others or not children):
            elements[name] = None
        elif name not in inner:
            inner[name] = None
            stack += reversed(children)
    return list(elements), list(inner)


def _meeting(parents: list[str], nearest: dict[str, str], height: dict[str, int]) -> str:
    """Return the lowest node that is on every way to all the parents."""
    meeting = parents[0]
    for parent in parents[1:]:
        while meeting != parent:
            if height[meeting] < height[parent]:
                parent = nearest[parent]
            else:
                meeting = nearest[meeting]
    return meeting
