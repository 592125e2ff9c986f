"""What a trial gathers link by link: the matrix and the right side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from otsim_kernels.plants.water_network.elimination import barrier, put, row
from otsim_kernels.plants.water_network.network import CBIG, Network

Array = Any


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class System:
    """The equations of a trial.

    Attributes:
        conductance: f[n_edges + n_junctions + 1, n_twins], of edges, then what holds each junction
            by itself, then what is in no equation.
        imbalance: f[n_nodes, n_twins], flow that arrives and does not leave.
    """

    conductance: Array
    imbalance: Array

    def with_link(self, network: Network, k: Any, *, p: Array, passed: Array) -> System:
        """Add a link of slope P that passes a flow from its start to its end."""
        start, end, place = (
            jnp.asarray(table)[k] for table in (network.start, network.end, network.place)
        )
        imbalance = put(self.imbalance, start, row(self.imbalance, start) - passed)
        # between the two, or XLA would read both rows first and copy the matrix
        (imbalance,) = barrier((imbalance,))
        return System(
            conductance=put(self.conductance, place, row(self.conductance, place) + p),
            imbalance=put(imbalance, end, row(imbalance, end) + passed),
        )

    def with_links(self, network: Network, links: Sequence[Term]) -> System:
        """Add the links behind the plain pipes, and what they add to single rows."""
        if not links:
            return self
        slopes = jnp.stack([term.slope for term in links])
        flows = jnp.stack([term.passed for term in links])

        def add(i: Array, system: System) -> System:
            return system.with_link(
                network, network.n_plain + i, p=row(slopes, i), passed=row(flows, i)
            )

        system: System = lax.fori_loop(0, len(links), add, self)
        conductances = [one for term in links for one in term.conductances]
        imbalances = [one for term in links for one in term.imbalances]
        return system.with_rows(conductances, imbalances)

    def with_rows(
        self, conductances: Sequence[tuple[int, Array]], imbalances: Sequence[tuple[int, Array]]
    ) -> System:
        """Add to single rows."""
        return replace(
            self,
            conductance=_added(self.conductance, conductances),
            imbalance=_added(self.imbalance, imbalances),
        )


@dataclass(frozen=True, kw_only=True)
class Term:
    """A link that may change, in the equations.

    Attributes:
        slope: P; step: the change of its flow at the old heads.
        passed: what it passes in the equations.
        conductances, imbalances: what it adds to single rows.
    """

    slope: Array
    step: Array
    passed: Array
    conductances: tuple[tuple[int, Array], ...] = ()
    imbalances: tuple[tuple[int, Array], ...] = ()


def _added(matrix: Array, rows: Sequence[tuple[int, Array]]) -> Array:
    """Add rows one after the other, in a loop: unrolled, XLA would copy the matrix for each."""
    if not rows:
        return matrix
    places, more = jnp.asarray(np.array([i for i, _ in rows])), jnp.stack([one for _, one in rows])

    def add(i: Array, matrix: Array) -> Array:
        return put(matrix, places[i], row(matrix, places[i]) + row(more, i))

    return lax.fori_loop(0, len(rows), add, matrix)


def link_terms(loss: tuple[Array, Array], flow: Array, closed: Array) -> tuple[Array, Array]:
    """Return P and Y = P h of a link from its slope and loss, or of one that is closed."""
    g, h = loss
    return jnp.where(closed, 1.0 / CBIG, 1.0 / g), jnp.where(closed, flow, h / g)


__all__ = ["System", "Term", "link_terms"]
