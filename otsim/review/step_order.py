"""The steps of a way in an order in which they can be taken."""

from __future__ import annotations

from collections.abc import Sequence

from otsim.config.attack_tree import AttackTree

__all__ = ["in_order"]


def in_order(tree: AttackTree, leaves: Sequence[str]) -> tuple[str, ...]:
    """Return the leaves so that each stands after those that it needs; the rest, at the end.

    Args:
        tree: a graph; only the leaves given are taken.
        leaves: the steps of one way.
    """
    parents: dict[str, list[str]] = {}
    for name, node in tree.nodes.items():
        for child in node.children:
            parents.setdefault(child, []).append(name)
    wanted, fallen, order = dict.fromkeys(leaves), set[str](), list[str]()
    moved = True
    while moved and len(order) < len(wanted):
        left = [leaf for leaf in wanted if leaf not in fallen]
        ready = [leaf for leaf in left if _may_start(tree, parents, leaf, fallen)]
        for leaf in ready:
            order.append(leaf)
            _fall(tree, parents, leaf, fallen)
        moved = bool(ready)
    return (*order, *(leaf for leaf in wanted if leaf not in order))


def _may_start(
    tree: AttackTree, parents: dict[str, list[str]], leaf: str, fallen: set[str]
) -> bool:
    """A leaf may be tried where a SAND has come to it, or where nothing stands before it."""
    before = [
        tree.nodes[parent].children[: tree.nodes[parent].children.index(leaf)]
        for parent in parents.get(leaf, ())
        if tree.nodes[parent].gate == "SAND"
    ]
    others = any(tree.nodes[parent].gate != "SAND" for parent in parents.get(leaf, ()))
    return others or not before or any(all(each in fallen for each in one) for one in before)


def _fall(tree: AttackTree, parents: dict[str, list[str]], leaf: str, fallen: set[str]) -> None:
    stack = [leaf]
    while stack:
        name = stack.pop()
        if name in fallen:
            continue
        fallen.add(name)
        for parent in parents.get(name, ()):
            node = tree.nodes[parent]
            done = sum(child in fallen for child in node.children)
            needed = {"OR": 1, "VOTE": node.k or 1, "COUNTER": 1}.get(node.gate, len(node.children))
            if done >= needed:
                stack.append(parent)
