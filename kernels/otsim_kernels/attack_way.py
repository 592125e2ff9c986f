"""Which steps led to a node that fell: the way of a campaign, traced back through a timeline.

A node that needs all of its operands owes its fall to each of them; one that needs any, to the
first operand that fell when it did. Every step takes time, so whatever goes round is later than
what it goes back to, and tracing ends.
"""

from __future__ import annotations

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax import lax

from otsim_kernels.draws import Array


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Ways:
    """What each row of a timeline's table may be owed to, latest rows first.

    Attributes:
        links: i32[n_links, 5], each (row, operand, row added to it, whether a choice among
            operands begins here, whether the row needs all of them).
        segments: i32[n_segments, 3], each (first link, end, whether it goes round).
        leaf_rows: i32[n_leaves], the rows of the leaves.
    """

    links: Array
    segments: Array
    leaf_rows: Array


def way_to(ways: Ways, table: Array, *, fallen: Array, nodes: Array) -> Array:
    """Find the leaves that some nodes owe their fall to.

    Args:
        ways: compiled with the program of the table.
        table: f[n_rows, n], from `timeline`.
        nodes: i32[k], rows of the table.
        fallen: bool[k, n], which of them to trace back in which world.

    Returns:
        bool[n_leaves, n].
    """
    links, segments = ways.links, ways.segments
    n_lanes = table.shape[1]
    none = jnp.zeros((1, n_lanes), bool)
    marked = jnp.zeros(table.shape, bool).at[nodes].max(fallen)

    def link(
        i: Array, carry: tuple[Array, Array, Array, Array, Array]
    ) -> tuple[Array, Array, Array, Array, Array]:
        marked, moved, taken, value, row = carry
        marked = _put(marked, value, row)  # the previous result first, as in `timeline`
        target, operand, added, begins, every = (links[i, j] for j in range(5))
        taken = taken & (begins == 0)
        met = _row(table, operand) + _row(table, added) == _row(table, target)
        owed = _row(marked, target) & ((every == 1) | (met & ~taken))
        before = _row(marked, operand)
        moved = moved | (owed & ~before)
        return marked, moved, taken | met, before | owed, operand

    def segment(k: Array, marked: Array) -> Array:
        start, end, again = segments[k, 0], segments[k, 1], segments[k, 2]

        def sweep(carry: tuple[Array, Array]) -> tuple[Array, Array]:
            # row 0 is time zero, which nobody asks for
            first = (carry[0], none, none, none, jnp.int32(0))
            marked, moved, _, value, row = lax.fori_loop(start, end, link, first)
            return _put(marked, value, row), moved.any() & (again == 1)

        return lax.while_loop(lambda carry: carry[1], sweep, (marked, jnp.bool_(True)))[0]

    return lax.fori_loop(0, segments.shape[0], segment, marked)[ways.leaf_rows]


def _row(table: Array, row: Array) -> Array:
    return lax.dynamic_slice_in_dim(table, row, 1)


def _put(table: Array, value: Array, row: Array) -> Array:
    return lax.dynamic_update_slice_in_dim(table, value, row, 0)
