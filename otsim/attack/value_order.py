"""In which order values are computed: what goes round together, each part after what it needs."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from otsim.attack.tree_values import Definition, Value

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["Part", "parts_in_order"]

Part = tuple[list[Value], bool]
"""Values in order, and whether they go round and must be swept until nothing moves."""


def parts_in_order(definitions: Mapping[Value, Definition]) -> Iterator[Part]:
    """Cut the values into runs, each after all that it is made of.

    Values that depend on each other in a ring stand together, nearest to the outside first: then
    few sweeps are enough.
    """
    import networkx as nx

    graph: nx.DiGraph[Value] = nx.DiGraph()
    graph.add_nodes_from(definitions)
    graph.add_edges_from(
        (operand, value)
        for value, definition in definitions.items()
        for operand in definition.operands
        if operand in definitions
    )
    rings = nx.condensation(graph)
    line: list[Value] = []
    for ring in nx.topological_sort(rings):
        members = rings.nodes[ring]["members"]
        if len(members) == 1 and not graph.has_edge(*members, *members):
            line.extend(members)
            continue
        if line:
            yield line, False
            line = []
        yield _from_outside(graph, definitions, members), True
    if line:
        yield line, False


def _from_outside(
    graph: nx.DiGraph[Value], definitions: Mapping[Value, Definition], ring: set[Value]
) -> list[Value]:
    """Order a ring by the number of steps from what stands outside of it."""
    within = [value for value in definitions if value in ring]
    first = [
        value
        for value in within
        if any(operand not in ring for operand in definitions[value].operands)
    ]
    queue = deque(first or within[:1])
    seen = dict.fromkeys(queue)
    while queue:
        for user in graph.successors(queue.popleft()):
            if user in ring and user not in seen:
                seen[user] = None
                queue.append(user)
    return list(seen)
