"""Populations of points in standard-normal space: resampling, and moves that stay below a level."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Margin", "Population", "moved", "resampled"]

Floats = npt.NDArray[np.float64]
Margin = Callable[[Floats], Floats]
"""Takes points, f64[n, n_dims], to f64[n]: the event happens where it is not above 0."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Population:
    """Independent populations side by side.

    Attributes:
        points: f64[n_populations, n_points, n_dims].
        margins: f64[n_populations, n_points].
        alive: bool[n_populations], whether any point of the population was below the last level.
    """

    points: Floats
    margins: Floats
    alive: npt.NDArray[np.bool_]


def resampled(population: Population, level: float, random: np.random.Generator) -> Population:
    """Copy, within each population, the points at or below a level until it is full again.

    The copies are dealt out evenly (systematic resampling), so that the share of survivors of one
    level times that of the next is unbiased for the chance of both.
    """
    n_populations, n_points = population.margins.shape
    chosen = np.empty((n_populations, n_points), np.int64)
    survivors = population.margins <= level
    for i, row in enumerate(survivors):
        below = np.flatnonzero(row) if row.any() else np.arange(n_points)
        places = (np.arange(n_points) + random.random()) * (len(below) / n_points)
        chosen[i] = random.permutation(below)[np.minimum(places.astype(int), len(below) - 1)]
    rows = np.arange(n_populations)[:, None]
    return Population(
        points=population.points[rows, chosen],
        margins=population.margins[rows, chosen],
        alive=population.alive & survivors.any(axis=1),
    )


def moved(
    population: Population, margin: Margin, *, level: float, step: float,
    random: np.random.Generator,
) -> tuple[Population, float]:  # fmt: skip
    """Propose one conditional-sampling move for every point; keep those at or below the level.

    The proposal sqrt(1 - step^2) x + step z leaves the standard normal as it is (I. Papaioannou,
    W. Betz, K. Zwirglmaier and D. Straub, Probabilistic Engineering Mechanics 41 (2015), 89).

    Returns:
        The population after the move, and the share of proposals that were kept.
    """
    points = population.points
    proposed = np.sqrt(1.0 - step**2) * points + step * random.standard_normal(points.shape)
    flat = proposed.reshape(-1, points.shape[2])
    margins = np.asarray(margin(flat), np.float64).reshape(population.margins.shape)
    kept = margins <= level
    after = Population(
        points=np.where(kept[:, :, None], proposed, points),
        margins=np.where(kept, margins, population.margins),
        alive=population.alive,
    )
    return after, float(np.mean(kept))
