"""An attack tree -> the list of instructions that `otsim_kernels.attack_timeline` carries out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from otsim.attack.tree_values import NEVER, ZERO, Value, Values, tree_values
from otsim.config.attack_tree import AttackTree

if TYPE_CHECKING:
    import networkx as nx

    from otsim_kernels.attack_timeline import Program

__all__ = ["compile_tree", "leaf_names"]


def leaf_names(tree: AttackTree) -> tuple[str, ...]:
    """The leaves of a tree, in the order of the file: the rows of the kernel's leaf arrays."""
    return tuple(name for name, node in tree.nodes.items() if node.gate == "LEAF")


def compile_tree(tree: AttackTree) -> Program:
    """Compile a tree whose shape is sound (`otsim.config.tree_shape.problems` finds no fault)."""
    from otsim_kernels.attack_timeline import Program

    values = tree_values(tree)
    leaves = leaf_names(tree)
    rows = _rows(values, leaves)
    lines = [
        line for value in _evaluation_order(values) for line in _instructions(values, rows, value)
    ]
    return Program(
        n_leaves=len(leaves),
        n_rows=len(rows),
        instructions=np.array(lines, np.int32).reshape(-1, 4),
        time_rows=_find(values, rows, [("time", name) for name in tree.nodes]),
        start_rows=_find(values, rows, [("start", name) for name in tree.nodes]),
        world_rows=_find(values, rows, [("world", name) for name in tree.nodes]),
    )


def _rows(values: Values, leaves: Sequence[str]) -> dict[Value, int]:
    given: list[Value] = [ZERO, *(("leaf", name) for name in leaves)]
    given += [("exists", name) for name in leaves]
    return {value: row for row, value in enumerate([*given, *values.definitions, NEVER])}


def _find(values: Values, rows: dict[Value, int], wanted: Sequence[Value]) -> np.ndarray:
    return np.array([rows[values.resolved(value)] for value in wanted], np.int32)


def _instructions(
    values: Values, rows: dict[Value, int], value: Value
) -> Iterator[tuple[int, int, int, int]]:
    from otsim_kernels.attack_timeline import ADD, MAX, MIN, UNLESS

    codes = {"min": MIN, "max": MAX, "add": ADD, "unless": UNLESS}
    definition = values.definitions[value]
    target, code = rows[value], codes[definition.operation]
    first, second, *others = (rows[operand] for operand in definition.operands)
    yield code, target, first, second
    for other in others:
        yield code, target, target, other


def _evaluation_order(values: Values) -> Iterator[Value]:
    """Order the values so that each comes after all that it is made of.

    Values that depend on each other in a ring are swept repeatedly. Only starts close a ring;
    given the starts, the rest has an order. A sweep makes at least one more of the ring's starts
    final, the next smallest (Knuth 1977), so as many sweeps as starts are enough.
    """
    import networkx as nx

    graph: nx.DiGraph[Value] = nx.DiGraph()
    graph.add_nodes_from(values.definitions)
    graph.add_edges_from(
        (operand, value)
        for value, definition in values.definitions.items()
        for operand in definition.operands
        if operand in values.definitions
    )
    rings = nx.condensation(graph)
    for ring in nx.lexicographical_topological_sort(rings):
        members = rings.nodes[ring]["members"]
        if len(members) == 1 and not graph.has_edge(*members, *members):
            yield from members
        else:
            yield from _sweeps(graph.subgraph(members).copy())


def _sweeps(ring: nx.DiGraph[Value]) -> Iterator[Value]:
    import networkx as nx

    starts = sorted(value for value in ring if value[0] == "start")
    ring.remove_nodes_from(starts)
    rest = list(nx.lexicographical_topological_sort(ring, key=repr))
    for _ in starts:
        yield from starts
        yield from rest
