"""An attack tree or graph -> the instructions that `otsim_kernels.attack_timeline` carries out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from otsim.attack.needed_values import needed_values
from otsim.attack.tree_values import ZERO, Definition, Value, Values, tree_values
from otsim.attack.value_order import Part, parts_in_order
from otsim.config.attack_tree import AttackTree

if TYPE_CHECKING:
    from otsim_kernels.attack_timeline import Program
    from otsim_kernels.attack_way import Ways

__all__ = ["compile_tree", "compile_with_ways", "leaf_names"]

Rows = dict[Value, int]


@dataclass(frozen=True, kw_only=True)
class _Layout:
    """Where each value stands in the table, and in which order it is computed.

    Attributes:
        values: what is computed, sums of a minimum or maximum and a leaf being one.
        added: for each computed value what is added to it at the end.
        parts: the order.
        rows: the row of each value that has one; halves: the last row.
    """

    values: Values
    added: dict[Value, Value]
    parts: tuple[Part, ...]
    rows: Rows
    halves: int


def leaf_names(tree: AttackTree) -> tuple[str, ...]:
    """The leaves of a tree, in the order of the file: the rows of the kernel's leaf arrays."""
    return tuple(name for name, node in tree.nodes.items() if node.gate == "LEAF")


def compile_tree(
    tree: AttackTree, *, nodes: Sequence[str] | None = None, worlds: bool = True
) -> Program:
    """Compile a tree or graph.

    Args:
        tree: of sound shape (`otsim.config.tree_shape.problems` finds no fault).
        nodes: the nodes whose times and starts are asked for; None for all.
        worlds: whether it is also asked which of them succeed in a world.
    """
    return _program(tree, _layout(tree, nodes, worlds), nodes, worlds)


def compile_with_ways(tree: AttackTree, nodes: Sequence[str]) -> tuple[Program, Ways]:
    """Compile a tree or graph, and what tells which steps led to a node."""
    layout = _layout(tree, nodes, worlds=False)
    return _program(tree, layout, nodes, worlds=False), _ways(tree, layout)


def _layout(tree: AttackTree, nodes: Sequence[str] | None, worlds: bool) -> _Layout:
    names = list(tree.nodes) if nodes is None else list(nodes)
    kinds = ("time", "start", "world") if worlds else ("time", "start")
    wanted: list[Value] = [(kind, name) for kind in kinds for name in names]
    all_values = tree_values(tree)
    values = needed_values(all_values, wanted)
    values, added = _with_sums_joined(values, {values.resolved(value) for value in wanted})
    leaves = leaf_names(tree)
    given: list[Value] = [ZERO, *(("leaf", name) for name in leaves)]
    used = {each for one in values.definitions.values() for each in one.operands}
    used |= {values.resolved(value) for value in wanted}
    given += [("exists", name) for name in leaves if ("exists", name) in used]
    known = {*given, *values.definitions}
    rows = [*given, *values.definitions, *sorted(used - known)]  # the last: what never comes
    return _Layout(
        values=values,
        added=added,
        parts=tuple(parts_in_order(_with_added(values, added))),
        rows={value: row for row, value in enumerate(rows)},
        halves=len(rows),
    )


def _with_sums_joined(
    values: Values, wanted: Collection[Value]
) -> tuple[Values, dict[Value, Value]]:
    """Let a minimum or maximum that serves one sum alone be computed with it, as one value."""
    uses = Counter(each for one in values.definitions.values() for each in one.operands)
    joined: dict[Value, Definition] = {}
    added: dict[Value, Value] = {}
    gone: set[Value] = set()
    for value, definition in values.definitions.items():
        if definition.operation != "add":
            joined[value] = definition
            continue
        start, time = definition.operands
        below = values.definitions.get(start)
        added[value] = time
        if below is None or below.operation == "add" or uses[start] > 1 or start in wanted:
            joined[value] = Definition(operation="min", operands=(start,))
        else:
            joined[value] = below
            gone.add(start)
    left = {value: definition for value, definition in joined.items() if value not in gone}
    return Values(definitions=left, aliases=values.aliases), added


def _with_added(values: Values, added: dict[Value, Value]) -> dict[Value, Definition]:
    return {
        value: Definition(
            operation=definition.operation,
            operands=(*definition.operands, *([added[value]] if value in added else [])),
        )
        for value, definition in values.definitions.items()
    }


def _program(
    tree: AttackTree, layout: _Layout, nodes: Sequence[str] | None, worlds: bool
) -> Program:
    from otsim_kernels.attack_timeline import MIN, ZERO_ROW, Program

    names = list(tree.nodes) if nodes is None else list(nodes)
    lines: list[tuple[int, ...]] = []
    segments = []
    for part, again in layout.parts:
        first = len(lines)
        lines += (line for value in part for line in _instructions(layout, value))
        segments.append((first, len(lines), int(again)))
    lines = lines or [(MIN, layout.halves, ZERO_ROW, ZERO_ROW, ZERO_ROW)]  # no empty arrays
    leaves = {name: i for i, name in enumerate(leaf_names(tree))}
    counted = [leaves[str(value[1])] for value in layout.rows if value[0] == "exists"]
    return Program(
        n_rows=layout.halves + 1,
        world_leaves=np.array(counted, np.int32),
        instructions=np.array(lines, np.int32),
        segments=np.array(segments or [(0, 0, 0)], np.int32),
        time_rows=_find(layout, [("time", name) for name in names]),
        start_rows=_find(layout, [("start", name) for name in names]),
        world_rows=_find(layout, [("world", name) for name in names] if worlds else []),
    )


def _find(layout: _Layout, wanted: Sequence[Value]) -> npt.NDArray[np.int32]:
    return np.array([layout.rows[layout.values.resolved(value)] for value in wanted], np.int32)


def _instructions(layout: _Layout, value: Value) -> Iterator[tuple[int, int, int, int, int]]:
    from otsim_kernels.attack_timeline import MAX, MIN, UNLESS, ZERO_ROW

    definition = layout.values.definitions[value]
    code = {"min": MIN, "max": MAX, "unless": UNLESS}[definition.operation]
    operands = [layout.rows[operand] for operand in definition.operands]
    target = layout.rows[value]
    added = layout.rows[layout.added[value]] if value in layout.added else ZERO_ROW
    left = operands[0]
    for right in operands[1:-1]:
        yield code, layout.halves, left, right, ZERO_ROW
        left = layout.halves
    yield code, target, left, operands[-1], added


def _ways(tree: AttackTree, layout: _Layout) -> Ways:
    from otsim_kernels.attack_way import Ways

    lines: list[tuple[int, ...]] = []
    segments = []
    for part, again in reversed(layout.parts):
        first = len(lines)
        lines += (line for value in reversed(part) for line in _links(layout, value))
        segments.append((first, len(lines), int(again)))
    return Ways(
        links=np.array(lines or [(0, 0, 0, 1, 0)], np.int32),
        segments=np.array(segments or [(0, 0, 0)], np.int32),
        leaf_rows=np.arange(1, 1 + len(leaf_names(tree)), dtype=np.int32),
    )


def _links(layout: _Layout, value: Value) -> Iterator[tuple[int, int, int, int, int]]:
    """List what a value may be owed to: (value, operand, added row, first of a choice, all)."""
    from otsim_kernels.attack_timeline import ZERO_ROW

    definition = layout.values.definitions[value]
    target = layout.rows[value]
    added = layout.rows[layout.added[value]] if value in layout.added else ZERO_ROW
    operands = definition.operands[:1] if definition.operation == "unless" else definition.operands
    every = int(definition.operation != "min")
    for i, operand in enumerate(operands):
        yield target, layout.rows[operand], added, int(i == 0), every
    if added != ZERO_ROW:
        yield target, added, ZERO_ROW, 1, 1
