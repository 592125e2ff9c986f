"""Parts of a loss distribution on a grid of equal steps, as fast Fourier transforms give them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from otsim.risk.frequency import Frequency, generating, generating_slope

__all__ = [
    "GridLoss",
    "grid_exceedance",
    "grid_excess",
    "grid_inverse",
    "grid_loss",
    "spread",
    "sum_bound",
]

Floats = npt.NDArray[np.float64]
_BEYOND = 1e-13  # probability that a sum leaves the grid and comes back at its start


@dataclass(frozen=True, kw_only=True)
class GridLoss:
    """A part of a loss distribution, continuous, on a grid.

    Attributes:
        step: distance of the nodes 0, step, 2 step, ..., in currency.
        mass: probability of the whole part.
        below: f64[n_nodes], probability of at most the node, linear between nodes.
        excess: f64[n_nodes], E[(loss - node)+] over this part.
    """

    step: float
    mass: float
    below: Floats
    excess: Floats


def spread(places: Floats, chances: Floats, cells: int) -> Floats:
    """Share the chance of each place out to the two nodes around it, so that means are kept."""
    node = np.minimum(places.astype(np.int64), cells - 2)
    upper = places - node
    lower_part = np.bincount(node, (1.0 - upper) * chances, cells)
    return np.asarray(lower_part + np.bincount(node + 1, upper * chances, cells))


def grid_loss(transform: npt.NDArray[np.complex128], step: float, cells: int) -> GridLoss:
    """Make a part of a loss distribution from its Fourier transform on the grid."""
    pmf = np.fft.irfft(transform, cells)
    mass = float(transform[0].real)
    below = np.minimum(np.maximum.accumulate(np.cumsum(pmf) - 0.5 * pmf), mass)
    tail = mass - below
    between = 0.5 * step * (tail[1:] + tail[:-1])
    excess = np.concatenate([np.cumsum(between[::-1])[::-1], [0.0]])
    return GridLoss(step=step, mass=mass, below=below, excess=excess)


def grid_exceedance(grid: GridLoss, x: Any) -> Any:
    """Return P(loss > x, within this part) for x >= 0."""
    return grid.mass - _linear(grid.below, x, grid.step)


def grid_excess(grid: GridLoss, x: Any) -> Any:
    """Return E[(loss - x)+, within this part] for x >= 0."""
    return _linear(grid.excess, x, grid.step)


def sum_bound(
    values: Floats, probs: Floats, frequency: Frequency, beyond: float = _BEYOND
) -> float:
    """Return a loss that the annual sum exceeds with a probability below `beyond` (Chernoff).

    Args:
        values: f64[n], losses of an event; they may be rounded up, the bound then still holds.
        probs: f64[n].
        frequency: number of events in a year.
        beyond: the probability.
    """
    largest = float(values[-1])
    rates = np.logspace(-6.0, 2.5, 200) / largest
    moments = np.exp(np.multiply.outer(rates, values)) @ probs
    with np.errstate(all="ignore"):  # rates that are too large give inf or nan: no bound
        logs = np.log([generating(frequency, moments), generating_slope(frequency, moments)])
        logs[1] -= np.log(frequency.mean)
        bounds = (logs.max(axis=0) - np.log(beyond)) / rates
    return float(np.min(bounds[np.isfinite(bounds)], initial=np.inf))


def grid_inverse(grid: GridLoss, wanted: float) -> float:
    """Return the smallest x with P(loss <= x, within this part) >= wanted."""
    node = int(np.searchsorted(grid.below, wanted))
    if node == 0:
        return 0.0
    if node == len(grid.below):
        return grid.step * (node - 1)
    start, end = grid.below[node - 1], grid.below[node]
    return grid.step * (node - 1 + float((wanted - start) / (end - start)))


def _linear(table: Floats, x: Any, step: float) -> Any:
    place = np.clip(np.asarray(x) / step, 0.0, len(table) - 1.0)
    node = np.minimum(place.astype(np.int64), len(table) - 2)
    return table[node] + (table[node + 1] - table[node]) * (place - node)
