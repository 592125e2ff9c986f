"""Items without which a goal cannot fall, conjunctions and rings minded."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from otsim.architecture.graph.reachable import Shape, possible
from otsim.review.findings import Item
from otsim.review.reviewed_network import ReviewedNetwork

__all__ = ["items_on_every_way", "leaves_of_one_way"]


def items_on_every_way(
    network: ReviewedNetwork, shapes: Mapping[str, Shape]
) -> dict[Item, tuple[str, ...]]:
    """Return the items that every way to a goal uses, with the goals of which this is so.

    What is on every way is on any one way, so that only the items of one need be tried.
    """
    steps = network.graph.steps
    found: dict[Item, tuple[str, ...]] = {}
    tried: dict[Item, Collection[str]] = {}
    for goal, needs in network.graph.needs.items():
        way = leaves_of_one_way(shapes, needs)
        items = dict.fromkeys(
            Item(kind=kind, name=name)
            for leaf in way
            if leaf in steps
            for kind, name in steps[leaf].items.items()
        )
        for item in items:
            if item not in tried:
                tried[item] = possible(_without(network, shapes, item))
            if not all(node in tried[item] for node in needs):
                found[item] = (*found.get(item, ()), goal)
    return found


def leaves_of_one_way(shapes: Mapping[str, Shape], needs: Collection[str]) -> tuple[str, ...]:
    """Return the leaves by which some nodes fall together; none if they cannot.

    Args:
        shapes: the gates by name.
        needs: names of nodes.
    """
    because = _supports(shapes)
    if not all(node in because for node in needs):
        return ()
    stack, seen = list(needs), set(needs)
    leaves = []
    while stack:
        node = stack.pop()
        if shapes[node][0] == "LEAF":
            leaves.append(node)
        for child in because[node]:
            if child not in seen:
                seen.add(child)
                stack.append(child)
    return tuple(leaves)


def _supports(shapes: Mapping[str, Shape]) -> dict[str, list[str]]:
    """For each node that can fall the children by which it fell first: a ring supports nothing."""
    parents: dict[str, list[str]] = {}
    because: dict[str, list[str]] = {}
    ready = []
    for name, (_, children, count) in shapes.items():
        if count == 0:
            ready.append(name)
            because[name] = []
        for child in children:
            parents.setdefault(child, []).append(name)
    support: dict[str, list[str]] = {}
    for node in ready:  # grows while it is walked: breadth first, so that ways are short
        for parent in parents.get(node, ()):
            held = support.setdefault(parent, [])
            if parent not in because:
                held.append(node)
                if len(held) == shapes[parent][2]:
                    because[parent] = held
                    ready.append(parent)
    return because


def _without(network: ReviewedNetwork, shapes: Mapping[str, Shape], item: Item) -> dict[str, Shape]:
    """The gates without the steps that use an item."""
    steps = network.graph.steps
    return {
        name: shape
        for name, shape in shapes.items()
        if shape[0] != "LEAF" or name not in steps or steps[name].items.get(item.kind) != item.name  # type: ignore[call-overload]
    }
