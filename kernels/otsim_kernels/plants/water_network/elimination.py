"""The linear system of a trial: elimination planned once on the host, done for many twins at once.

The matrix belongs to a graph of junctions with a conductance on each edge and a slack at each
node, what leads to fixed heads. Each diagonal is the sum of its row's conductances and slack, and
only those are stored. Eliminating a node joins its neighbours by edges of f_a P_b (star to mesh):
nothing is ever subtracted, and every pivot is known to full relative precision, however
conductances of 1e-8 and 1e8 meet. Single precision is safe.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
from jax import lax

Array = Any
Ints = npt.NDArray[np.int32]


@dataclass(frozen=True, kw_only=True, eq=False)
class Elimination:
    """In which order nodes are eliminated and what each step touches.

    Attributes:
        n_nodes: junctions; n_edges: edges, those that elimination adds included.
        pivots: i32[n_nodes], nodes in order of elimination.
        first_edge: i32[n_nodes + 1], where each pivot's edges start: they lie together.
        neighbours: i32[n_edges], the node at an edge's other end, eliminated later.
        first_update: i32[n_nodes + 1], where each pivot's updates start.
        updates: i32[n_updates, 3], edge a, edge b, and the edge that joins their ends.
        first_into: i32[n_nodes + 1], where each node's rows of `into` start.
        into: i32[n_edges, 2], the edges by which a node was a neighbour, and the other ends.
        edge_of: by pair of nodes, the lower number first.
    """

    n_nodes: int
    n_edges: int
    pivots: Ints
    first_edge: Ints
    neighbours: Ints
    first_update: Ints
    updates: Ints
    first_into: Ints
    into: Ints
    edge_of: dict[tuple[int, int], int]


def plan_elimination(n_nodes: int, edges: Iterable[tuple[int, int]]) -> Elimination:
    """Order the nodes of a graph by least degree and list what elimination does.

    Args:
        n_nodes: number of nodes.
        edges: pairs of different nodes; repetitions are one edge.
    """
    around: list[set[int]] = [set() for _ in range(n_nodes)]
    for i, j in edges:
        around[i].add(j)
        around[j].add(i)
    columns: list[tuple[int, list[int]]] = []
    for node in _least_degree(around):
        neighbours = sorted(around[node])
        columns.append((node, neighbours))
        for neighbour in neighbours:
            around[neighbour].discard(node)
            around[neighbour].update(other for other in neighbours if other != neighbour)
    return _listed(n_nodes, columns)


def _least_degree(around: Sequence[set[int]]) -> Iterable[int]:
    """Yield the node with the fewest neighbours left; `around` changes between two of them."""
    heap = [(len(neighbours), node) for node, neighbours in enumerate(around)]
    heapq.heapify(heap)
    done: set[int] = set()
    while heap:
        degree, node = heapq.heappop(heap)
        if node in done:
            continue
        if degree != len(around[node]):
            heapq.heappush(heap, (len(around[node]), node))
            continue
        done.add(node)
        touched = list(around[node])
        yield node
        for neighbour in touched:
            heapq.heappush(heap, (len(around[neighbour]), neighbour))


def _listed(n_nodes: int, columns: Sequence[tuple[int, list[int]]]) -> Elimination:
    edge_of: dict[tuple[int, int], int] = {}
    neighbours: list[int] = []
    for node, later in columns:
        for other in later:
            edge_of[_pair(node, other)] = len(neighbours)
            neighbours.append(other)
    into: list[list[tuple[int, int]]] = [[] for _ in range(n_nodes)]
    for node, later in columns:
        for other in later:
            into[other].append((edge_of[_pair(node, other)], node))
    updates, first_update = [], [0]
    for node, later in columns:
        for place, a in enumerate(later):
            for b in later[:place]:
                updates.append(
                    (edge_of[_pair(node, a)], edge_of[_pair(node, b)], edge_of[_pair(a, b)])
                )
        first_update.append(len(updates))
    return Elimination(
        n_nodes=n_nodes,
        n_edges=len(neighbours),
        pivots=np.array([node for node, _ in columns], np.int32),
        first_edge=np.cumsum([0, *(len(later) for _, later in columns)]).astype(np.int32),
        neighbours=np.array(neighbours, np.int32),
        first_update=np.array(first_update, np.int32),
        updates=np.array(updates, np.int32).reshape(-1, 3),
        first_into=np.cumsum([0, *map(len, into)]).astype(np.int32),
        into=np.array([pair for pairs in into for pair in pairs], np.int32).reshape(-1, 2),
        edge_of=edge_of,
    )


def _pair(i: int, j: int) -> tuple[int, int]:
    return (i, j) if i < j else (j, i)


def solve(plan: Elimination, conductance: Array, slack: Array, right: Array) -> tuple[Array, Array]:
    """Solve the systems of many twins.

    Args:
        plan: from `plan_elimination`.
        conductance: f[n_edges, n_twins], not negative.
        slack: f[n_nodes, n_twins], not negative.
        right: f[n_nodes, n_twins], the right side.

    Returns:
        The solution, f[n_nodes, n_twins], and each pivot, f[n_nodes, n_twins]: where one is 0,
        nothing holds the node, and what is returned for it is 0.
    """
    begin = (conductance, jnp.zeros_like(conductance), slack, right, right, jnp.zeros_like(slack))
    eliminate = partial(_eliminate, plan)
    _, factors, _, _, scaled, pivots = lax.fori_loop(0, plan.n_nodes, eliminate, begin)
    substitute = partial(_substitute, plan)
    return lax.fori_loop(0, plan.n_nodes, substitute, (scaled, factors))[0], pivots


# XLA copies a whole matrix wherever a loop may write to what is still to be read. So each inner
# loop carries all that it reads, rows that are needed later are read behind a barrier, and a row
# that is read before and written after such a loop goes to a matrix of its own (`scaled`).


def _eliminate(plan: Elimination, step: Array, carry: tuple[Array, ...]) -> tuple[Array, ...]:
    conductance, factors, slack, right, scaled, pivots = carry
    first_edge, neighbours = jnp.asarray(plan.first_edge), jnp.asarray(plan.neighbours)
    node = jnp.asarray(plan.pivots)[step]
    edges = first_edge[step], first_edge[step + 1]
    own_slack, own_right, slack, right = barrier((row(slack, node), row(right, node), slack, right))

    def total(e: Array, carry: tuple[Array, ...]) -> tuple[Array, ...]:
        conductance, pivot = carry
        return conductance, pivot + row(conductance, e)

    conductance, pivot = lax.fori_loop(*edges, total, (conductance, own_slack))
    inverse = jnp.where(pivot > 0.0, 1.0 / pivot, 0.0)

    def hand_on(e: Array, carry: tuple[Array, ...]) -> tuple[Array, ...]:
        conductance, factors, slack, right, *own = carry
        inverse, own_slack, own_right = own
        factor, other = row(conductance, e) * inverse, neighbours[e]
        return (
            conductance,
            put(factors, e, factor),
            put(slack, other, row(slack, other) + factor * own_slack),
            put(right, other, row(right, other) + factor * own_right),
            *own,
        )

    own = inverse, own_slack, own_right
    carry = lax.fori_loop(*edges, hand_on, (conductance, factors, slack, right, *own))
    conductance, factors, slack, right, inverse, _, own_right = carry
    conductance, factors = _join(plan, step, conductance, factors)
    scaled = put(scaled, node, own_right * inverse)
    return conductance, factors, slack, right, scaled, put(pivots, node, pivot)


def _join(
    plan: Elimination, step: Array, conductance: Array, factors: Array
) -> tuple[Array, Array]:
    """Join the neighbours of the node that is eliminated."""
    if not len(plan.updates):
        return conductance, factors
    updates, first = jnp.asarray(plan.updates), jnp.asarray(plan.first_update)

    def join(u: Array, carry: tuple[Array, Array]) -> tuple[Array, Array]:
        conductance, factors = carry
        a, b, joined = updates[u, 0], updates[u, 1], updates[u, 2]
        more = row(factors, a) * row(conductance, b)
        return put(conductance, joined, row(conductance, joined) + more), factors

    joined: tuple[Array, Array] = lax.fori_loop(
        first[step], first[step + 1], join, (conductance, factors)
    )
    return joined


def _substitute(plan: Elimination, back: Array, carry: tuple[Array, Array]) -> tuple[Array, Array]:
    """Take what is now known at a node to the nodes that were eliminated before it."""
    node = jnp.asarray(plan.pivots)[plan.n_nodes - 1 - back]
    first, into = jnp.asarray(plan.first_into), jnp.asarray(plan.into)

    def add(k: Array, carry: tuple[Array, ...]) -> tuple[Array, ...]:
        solution, factors, known = carry
        edge, other = into[k, 0], into[k, 1]
        return (
            put(solution, other, row(solution, other) + row(factors, edge) * known),
            factors,
            known,
        )

    solution, factors = carry
    known, solution = barrier((row(solution, node), solution))
    if len(plan.into):
        solution, factors, _ = lax.fori_loop(
            first[node], first[node + 1], add, (solution, factors, known)
        )
    return solution, factors


def barrier(values: Any) -> Any:
    """Return the same values; what is read for them is read before anything is made of them."""
    return lax.optimization_barrier(values)  # type: ignore[no-untyped-call]


def row(matrix: Array, i: Array) -> Array:
    """Read row i of f[n, n_twins]."""
    return lax.dynamic_index_in_dim(matrix, i, keepdims=False)


def put(matrix: Array, i: Array, values: Array) -> Array:
    """Write row i of f[n, n_twins]."""
    return lax.dynamic_update_index_in_dim(matrix, values, i, 0)


__all__ = ["Elimination", "barrier", "plan_elimination", "put", "row", "solve"]
