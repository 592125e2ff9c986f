"""When each node of an attack tree falls, for many sampled worlds at once.

A tree is compiled (by `otsim.attack`) to a list of two-operand instructions over a table of times,
a row a value and a lane a world. The list is data, so a tree of any size compiles in the same
fraction of a second, and every shared node is one row: what two parents see is the same number,
never two independent chances.

The rules of time. The roots start at 0 and a gate hands its start on to its children; child i + 1
of a SAND starts when the children before it are done. A node that several parents hand a start to
starts at the earliest of them and falls once. A gate falls as its children say: OR at the minimum,
AND at the maximum, VOTE at the k-th smallest, COUNTER when its first child does unless the
countermeasure succeeds in this world. A SAND that comes to a child which another parent already
brought down finds it done: the child counts as done at max(its own time, end of the one before).
Where starts depend on each other in a ring (a step that stands in two SANDs), the least times
that hold together are taken, found from infinity downwards.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import jax
import jax.numpy as jnp
from jax import lax

from otsim_kernels.draws import Array

MIN, MAX, ADD, UNLESS = range(4)
"""Instructions on rows a and b; UNLESS is a, or never where b ever comes."""

ZERO_ROW = 0  # the row that holds the start of the campaign


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Program:
    """A compiled attack tree.

    Rows of its table: 0 is time zero; then a row for each leaf with its time to compromise, inf
    where it does not exist; then a row for each leaf with 0 where it exists and inf elsewhere;
    then what the instructions write.

    Attributes:
        n_leaves: number of leaves.
        n_rows: rows of the table.
        instructions: i32[n_instructions, 4], each (operation, row written, row a, row b).
        time_rows: i32[n_nodes], where the time of each node is found.
        start_rows: i32[n_nodes], where the start of each node is found.
        world_rows: i32[n_nodes], 0 where the node succeeds in this world, inf elsewhere.
    """

    n_leaves: int = field(metadata={"static": True})
    n_rows: int = field(metadata={"static": True})
    instructions: Array
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
        success: bool[n_nodes, n], whether it succeeds in this world, whenever it is tried.
    """

    time: Array
    start: Array
    success: Array


def timeline(program: Program, *, leaf_time: Array, leaf_exists: Array) -> Timeline:
    """Find when each node starts and falls.

    Args:
        program: the compiled tree.
        leaf_time: time to compromise, f32 or f64[n_leaves, n], not negative.
        leaf_exists: whether the step exists in this world, bool[n_leaves, n].

    Returns:
        Times in the unit and precision of `leaf_time`, nodes in the order of the file.
    """
    # Without the barrier the leaves would be drawn inside the assembly of the table, and slowly.
    drawn: tuple[Array, Array] = lax.optimization_barrier(  # type: ignore[no-untyped-call]
        (leaf_time, leaf_exists)
    )
    table = _run(program.instructions, _first_table(program, *drawn))
    return Timeline(
        time=table[program.time_rows],
        start=table[program.start_rows],
        success=table[program.world_rows] == 0,
    )


def _first_table(program: Program, leaf_time: Array, leaf_exists: Array) -> Array:
    zero, never = jnp.zeros_like(leaf_time), jnp.full_like(leaf_time, jnp.inf)
    n_lanes = leaf_time.shape[1]
    n_written = program.n_rows - 1 - 2 * program.n_leaves
    return jnp.concatenate(
        [
            jnp.zeros((1, n_lanes), leaf_time.dtype),
            jnp.where(leaf_exists, leaf_time, never),
            jnp.where(leaf_exists, zero, never),
            jnp.full((n_written, n_lanes), jnp.inf, leaf_time.dtype),
        ]
    )


def _run(instructions: Array, table: Array) -> Array:
    """Carry out the instructions in order.

    A result is stored at the beginning of the next step: with all reads after the one write, the
    compiler updates the table in place, where it would otherwise copy it in every step.
    """

    def step(i: Array, carry: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        table, value, row = carry
        table = lax.dynamic_update_slice_in_dim(table, value, row, 0)
        operation, target, a, b = (instructions[i, j] for j in range(4))
        left = lax.dynamic_slice_in_dim(table, a, 1)
        right = lax.dynamic_slice_in_dim(table, b, 1)
        return table, _apply(operation, left, right), target

    nothing = jnp.zeros_like(table[:1])  # first written to row 0, which holds zeros anyway
    start = (table, nothing, jnp.int32(ZERO_ROW))
    table, value, row = lax.fori_loop(0, instructions.shape[0], step, start)
    return lax.dynamic_update_slice_in_dim(table, value, row, 0)


def _apply(operation: Array, left: Array, right: Array) -> Array:
    never = jnp.full_like(left, jnp.inf)
    unless = jnp.where(jnp.isinf(right), left, never)
    either = jnp.where(operation == ADD, left + right, unless)
    latest = jnp.where(operation == MAX, jnp.maximum(left, right), either)
    return jnp.where(operation == MIN, jnp.minimum(left, right), latest)
