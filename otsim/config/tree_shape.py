"""The shape of an attack tree: every fault with its place, and the order of evaluation."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter

from otsim.config.attack_tree import AttackTree, Node

__all__ = ["Problem", "attacker_nodes", "children_first", "problems", "unknown_nodes"]

Problem = tuple[tuple[str | int, ...], str]
_LEAF_ONLY = ("probability", "time_h", "time_d", "detection", "technique", "entry")
_MOST_HINTS = 20
_MOST_NAMES = 2000


def problems(tree: AttackTree, *, need_entry: bool = False) -> list[Problem]:
    """Find every fault in the shape of a tree.

    Args:
        tree: the tree, its fields already validated.
        need_entry: whether at least one leaf must be a way in, as a study needs.

    Returns:
        For each fault its location below the tree, such as `("nodes", "a", "children", 0)`, and
        a message; empty if the tree is sound.
    """
    found: list[Problem] = []
    for name, node in tree.nodes.items():
        found += _node_faults(tree, name, node, hint=len(found) < _MOST_HINTS)
    found += unknown_nodes(tree, tree.roots or (), ("roots",))
    if not found:  # what follows needs a graph whose links all exist
        found += _cycles(tree) or [*_stray_nodes(tree), *_countermeasure_faults(tree)]
    if need_entry and not tree.entry_names:
        found.append((("nodes",), "no leaf is a way in; mark at least one with entry: true"))
    return found


def unknown_nodes(
    tree: AttackTree, names: Iterable[str], location: tuple[str | int, ...], *, hint: bool = True
) -> list[Problem]:
    """Find the names that no node of the tree bears, with a hint at the nearest one.

    Hints end after the first few and in large trees: to seek them takes longer than the rest.
    """
    hint = hint and len(tree.nodes) <= _MOST_NAMES
    return [
        ((*location, i), _no_such_node(tree, name, hint=hint and i < _MOST_HINTS))
        for i, name in enumerate(names)
        if name not in tree.nodes
    ]


def children_first(tree: AttackTree) -> tuple[str, ...]:
    """Order the nodes of an acyclic tree so that each comes after all its children."""
    graph = {name: node.children for name, node in tree.nodes.items()}
    return tuple(TopologicalSorter(graph).static_order())


def attacker_nodes(tree: AttackTree) -> set[str]:
    """Return the nodes that an attacker tries, which countermeasures alone do not reach."""
    seen: set[tuple[str, bool]] = set()
    stack = [(name, True) for name in tree.root_names]
    while stack:
        name, attacker = stack.pop()
        if (name, attacker) in seen:
            continue
        seen.add((name, attacker))
        node = tree.nodes[name]
        for i, child in enumerate(node.children):
            counters = node.gate == "COUNTER" and i == 1
            stack.append((child, attacker != counters))
    return {name for name, attacker in seen if attacker}


def _node_faults(tree: AttackTree, name: str, node: Node, *, hint: bool) -> Iterator[Problem]:
    place = ("nodes", name)
    yield from unknown_nodes(tree, node.children, (*place, "children"), hint=hint)
    seen: set[str] = set()
    for i, child in enumerate(node.children):
        if child in seen:
            yield (*place, "children", i), f"{child!r} is named twice; name each child once"
        seen.add(child)
    yield from _leaf_faults(place, node) if node.gate == "LEAF" else _gate_faults(place, node)


def _leaf_faults(place: tuple[str, str], node: Node) -> Iterator[Problem]:
    if node.children:
        message = "a LEAF has no children; give gate: OR, AND, SAND, VOTE or COUNTER"
        yield (*place, "children"), message
    if node.k is not None:
        yield (*place, "k"), "k is for VOTE alone; remove it"
    if node.time_h is not None and node.time_d is not None:
        yield (*place, "time_d"), "time_h and time_d are both given; keep one"


def _gate_faults(place: tuple[str, str], node: Node) -> Iterator[Problem]:
    count = len(node.children)
    if count == 0:
        yield place, f"{node.gate} needs children; name at least one"
    for key in _LEAF_ONLY:
        if key in node.model_fields_set and getattr(node, key) is not None:
            yield (*place, key), f"{key} is for a LEAF, not for {node.gate}; move it to a leaf"
    if node.gate == "COUNTER" and count not in (0, 2):
        message = f"COUNTER needs two children (a step, its countermeasure), not {count}"
        yield (*place, "children"), message
    if node.gate != "VOTE" and node.k is not None:
        yield (*place, "k"), "k is for VOTE alone; remove it"
    if node.gate == "VOTE" and node.k is None:
        yield place, "VOTE needs k, the number of children that must fall"
    if node.gate == "VOTE" and node.k is not None and node.k > count > 0:
        yield (*place, "k"), f"k is {node.k}, but there are {count} children"


def _no_such_node(tree: AttackTree, name: str, *, hint: bool) -> str:
    near = difflib.get_close_matches(name, tree.nodes, n=1) if hint else []
    what_to_do = f"did you mean {near[0]}?" if near else "add it under nodes"
    return f"no node is named {name!r} ({what_to_do})"


def _cycles(tree: AttackTree) -> list[Problem]:
    try:
        children_first(tree)
    except CycleError as error:
        ring = list(reversed(error.args[1]))  # from parent to child
        message = f"cycle {' -> '.join(ring)}; a tree may share nodes, but not go round"
        return [(("nodes", ring[0], "children"), message)]
    return []


def _stray_nodes(tree: AttackTree) -> Iterator[Problem]:
    reached: set[str] = set()
    stack = list(tree.root_names)
    while stack:
        name = stack.pop()
        if name not in reached:
            reached.add(name)
            stack.extend(tree.nodes[name].children)
    for name in tree.nodes:
        if name not in reached:
            yield ("nodes", name), f"{name!r} is below none of the roots; use it or remove it"


def _countermeasure_faults(tree: AttackTree) -> Iterator[Problem]:
    tried = attacker_nodes(tree)
    for name, node in tree.nodes.items():
        for key, given in (("entry", node.entry), ("detection", node.detection)):
            if given and name not in tried:
                message = f"{key} is for a step of the attacker, but {name!r} is a countermeasure"
                yield ("nodes", name, key), message
