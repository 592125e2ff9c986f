"""When each node of an attack tree or graph falls, for many sampled worlds at once.

A graph is compiled (by `otsim.attack`) to a list of instructions over a table of times, a row a
value and a lane a world. The list is data, so a graph of any size compiles in the same fraction of
a second, and every shared node is one row: what two parents see is the same number, never two
independent chances.

The rules of time. The roots start at 0 and a gate hands its start on to its children; child i + 1
of a SAND starts when the children before it are done. A node that several parents hand a start to
starts at the earliest of them and falls once. A gate falls as its children say: OR at the minimum,
AND at the maximum, VOTE at the k-th smallest, COUNTER when its first child does unless the
countermeasure succeeds in this world. A SAND that comes to a child which another parent already
brought down finds it done: the child counts as done at max(its own time, end of the one before).

Values that depend on each other in a ring (graphs go round; so do the starts of a step that stands
in two SANDs) take the least times that hold together, found from infinity downwards (Knuth 1977):
what supports only itself never falls. The result is the largest fixed point of monotone rounded
operations, so no order of evaluation can change a bit of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import jax
import jax.numpy as jnp
from jax import lax

from otsim_kernels.draws import Array

MIN, MAX, UNLESS = range(3)
"""Instructions on rows a and b; UNLESS is a, or never where b ever comes."""

ZERO_ROW = 0  # the row that holds the start of the campaign


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Program:
    """A compiled attack tree or graph.

    Rows of its table: 0 is time zero; then a row for each leaf with its time to compromise, inf
    where it does not exist; then a row for each of `world_leaves` with 0 where the leaf exists and
    inf elsewhere; then what the instructions write; the last is for halves of a sum or a minimum.

    Attributes:
        n_rows: rows of the table.
        world_leaves: i32[n_world_leaves], leaves whose existence counts apart from their time.
        instructions: i32[n_instructions, 5], each (operation, row written, row a, row b, row that
            is added to the result).
        segments: i32[n_segments, 3], each (first instruction, end, whether it goes round).
        time_rows: i32[n_nodes], where the time of each node is found.
        start_rows: i32[n_nodes], where the start of each node is found.
        world_rows: i32[n_nodes], 0 where the node succeeds in this world, inf elsewhere; i32[0]
            if nobody asks.
    """

    n_rows: int = field(metadata={"static": True})
    world_leaves: Array
    instructions: Array
    segments: Array
    time_rows: Array
    start_rows: Array
    world_rows: Array


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Timeline:
    """What becomes of every node in n worlds.

    Attributes:
        time: f[n_nodes, n], when it falls; inf for never.
        start: f[n_nodes, n], when it is first tried; inf for never.
        success: bool[n_nodes, n], whether it succeeds in this world, whenever it is tried; no rows
            if the program does not ask.
        table: f[n_rows, n], all values.
    """

    time: Array
    start: Array
    success: Array
    table: Array


def timeline(program: Program, *, leaf_time: Array, leaf_exists: Array) -> Timeline:
    """Find when each node starts and falls.

    Args:
        program: the compiled graph.
        leaf_time: time to compromise, f32 or f64[n_leaves, n], not negative.
        leaf_exists: whether the step exists in this world, bool[n_leaves, n].

    Returns:
        Times in the unit and precision of `leaf_time`, nodes in the order of the program.
    """
    # Without the barrier the leaves would be drawn inside the assembly of the table, and slowly.
    drawn: tuple[Array, Array] = lax.optimization_barrier(  # type: ignore[no-untyped-call]
        (leaf_time, leaf_exists)
    )
    table = _run(program, _first_table(program, *drawn))
    return Timeline(
        time=table[program.time_rows],
        start=table[program.start_rows],
        success=table[program.world_rows] == 0,
        table=table,
    )


def _first_table(program: Program, leaf_time: Array, leaf_exists: Array) -> Array:
    never = jnp.full_like(leaf_time, jnp.inf)
    n_leaves, n_lanes = leaf_time.shape
    worlds = leaf_exists[program.world_leaves]
    n_written = program.n_rows - 1 - n_leaves - worlds.shape[0]
    return jnp.concatenate(
        [
            jnp.zeros((1, n_lanes), leaf_time.dtype),
            jnp.where(leaf_exists, leaf_time, never),
            jnp.where(worlds, 0.0, jnp.inf).astype(leaf_time.dtype),
            jnp.full((n_written, n_lanes), jnp.inf, leaf_time.dtype),
        ]
    )


def _run(program: Program, table: Array) -> Array:
    """Carry out the segments in order, those that go round until nothing moves.

    A result is stored at the beginning of the next step: with all reads after the one write, the
    compiler updates the table in place, where it would otherwise copy it in every step.
    """
    instructions, segments = program.instructions, program.segments
    halves = program.n_rows - 1
    nothing = jnp.zeros_like(table[:1])  # first written to row 0, which holds zeros anyway
    still = jnp.zeros((1, table.shape[1]), bool)

    def step(
        i: Array, carry: tuple[Array, Array, Array, Array]
    ) -> tuple[Array, Array, Array, Array]:
        table, moved, value, row = carry
        table = _put(table, value, row)
        operation, target, a, b, c = (instructions[i, j] for j in range(5))
        left, right = _row(table, a), _row(table, b)
        value = _apply(operation, left, right) + _row(table, c)
        moved = moved | ((value != _row(table, target)) & (target != halves))
        return table, moved, value, target

    def segment(k: Array, table: Array) -> Array:
        start, end, again = segments[k, 0], segments[k, 1], segments[k, 2]

        def sweep(carry: tuple[Array, Array]) -> tuple[Array, Array]:
            first = (carry[0], still, nothing, jnp.int32(ZERO_ROW))
            table, moved, value, row = lax.fori_loop(start, end, step, first)
            return _put(table, value, row), moved.any() & (again == 1)

        return lax.while_loop(lambda carry: carry[1], sweep, (table, jnp.bool_(True)))[0]

    return lax.fori_loop(0, segments.shape[0], segment, table)


def _apply(operation: Array, left: Array, right: Array) -> Array:
    never = jnp.full_like(left, jnp.inf)
    unless = jnp.where(jnp.isinf(right), left, never)
    latest = jnp.where(operation == MAX, jnp.maximum(left, right), unless)
    return jnp.where(operation == MIN, jnp.minimum(left, right), latest)


def _row(table: Array, row: Array) -> Array:
    return lax.dynamic_slice_in_dim(table, row, 1)


def _put(table: Array, value: Array, row: Array) -> Array:
    return lax.dynamic_update_slice_in_dim(table, value, row, 0)
