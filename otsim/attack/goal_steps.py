"""Which nodes of a tree a campaign tries on the way to its goal."""

from __future__ import annotations

from collections.abc import Iterable

from otsim.config.attack_tree import AttackTree

__all__ = ["steps_tried"]


def steps_tried(tree: AttackTree, needs: Iterable[str]) -> set[str]:
    """Find the nodes on whose fall the needs of a goal, or a way in, depend.

    A step that serves other goals alone is not tried, so it cannot give the campaign away. Tried
    are all nodes below the needs, and whatever a SAND above puts before them; every way in is
    tried whatever the goal.
    """
    before = _put_before(tree)
    tried: set[str] = set()
    started: set[str] = set()
    stack = [*needs, *tree.entry_names]
    while stack:
        name = stack.pop()
        if name not in tried:
            tried.add(name)
            stack += [*tree.nodes[name].children, *_to_start(name, before, started)]
    return tried


def _put_before(tree: AttackTree) -> dict[str, list[tuple[str, list[str]]]]:
    """List for each node its parents, each with the siblings that a SAND puts before it."""
    before: dict[str, list[tuple[str, list[str]]]] = {name: [] for name in tree.nodes}
    for name, node in tree.nodes.items():
        for i, child in enumerate(node.children):
            before[child].append((name, node.children[:i] if node.gate == "SAND" else []))
    return before


def _to_start(
    name: str, before: dict[str, list[tuple[str, list[str]]]], started: set[str]
) -> list[str]:
    """Collect what must fall for a node to start, and mark the nodes above as looked at."""
    found: list[str] = []
    stack = [name]
    while stack:
        current = stack.pop()
        if current not in started:
            started.add(current)
            for parent, siblings in before[current]:
                found += siblings
                stack.append(parent)
    return found
