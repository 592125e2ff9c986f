"""Subset simulation: a small probability as a product of large ones, on the way down to it.

S.-K. Au and J. L. Beck, Probabilistic Engineering Mechanics 16 (2001), 263. A first population
chooses the levels and the lengths of steps; fresh populations then go down the same levels, each
an estimate of its own that is unbiased, so that their spread is an honest error.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from otsim.errors import SimulationError
from otsim.rare_events.populations import Floats, Margin, Population, moved, resampled

__all__ = ["Effort", "Subsets", "subset_simulation"]

_MOST_LEVELS = 400
_STUCK_SHARE = 0.9  # a level that keeps more than this is an atom: the next lower value is taken
_WANTED_ACCEPTANCE = 0.4  # close to the best for conditional sampling (Papaioannou et al., 0.44)
_SHORTEST_STEP = 0.02


@dataclass(frozen=True, kw_only=True)
class Effort:
    """How hard subset simulation tries.

    Attributes:
        n_populations: independent estimates, whose spread is the error; at least 2.
        n_points: of each population.
        level_chance: share of points that a level keeps.
        n_moves: moves of every point at every level.
    """

    n_populations: int = 16
    n_points: int = 512
    level_chance: float = 0.25
    n_moves: int = 8


@dataclass(frozen=True, kw_only=True, eq=False)
class Subsets:
    """What subset simulation found.

    Attributes:
        probability: the mean of the populations' estimates.
        standard_error: from their spread.
        estimates: f64[n_populations].
        levels: the margins on the way down, the last of them 0.
        failures: f64[n, n_dims], points where the event happens, drawn given that it does.
        n_evaluations: how often the margin was evaluated, points of the first population included.
    """

    probability: float
    standard_error: float
    estimates: Floats
    levels: tuple[float, ...]
    failures: Floats
    n_evaluations: int


@dataclass(frozen=True, kw_only=True)
class _Stage:
    """One level on the way down, and the length of the steps below it."""

    level: float
    step: float


def subset_simulation(
    margin: Margin, n_dims: int, *, seed: int, effort: Effort | None = None
) -> Subsets:
    """Estimate the probability that a margin is not above 0, for independent standard normals.

    Args:
        margin: f64[n, n_dims] -> f64[n], pure; inf is allowed, nan is not.
        n_dims: number of normals.
        seed: same seed, same answer.
        effort: populations and moves.

    Raises:
        SimulationError: the margin is not a number somewhere, or the event was not reached.
    """
    effort = effort or Effort()
    watched = _watched(margin)
    first, second = np.random.SeedSequence(seed).spawn(2)
    stages, n_first = _way_down(watched, n_dims, effort, np.random.default_rng(first))
    random = np.random.default_rng(second)
    population = _first(watched, n_dims, effort.n_populations, effort.n_points, random)
    chances = np.ones(effort.n_populations)
    for stage in stages:
        chances = chances * np.mean(population.margins <= stage.level, axis=1)
        population = resampled(population, stage.level, random)
        for _ in range(effort.n_moves):
            population, _ = moved(
                population, watched, level=stage.level, step=stage.step, random=random
            )
    if not np.any(population.alive):
        raise SimulationError(
            f"rare event: a first search reached the event, but none of {effort.n_populations} "
            "populations after it; use more points, or a margin that tells how far the event is"
        )
    estimates = np.where(population.alive, chances, 0.0)
    n_points = effort.n_populations * effort.n_points
    return Subsets(
        probability=float(np.mean(estimates)),
        standard_error=float(np.std(estimates, ddof=1) / math.sqrt(effort.n_populations)),
        estimates=estimates,
        levels=tuple(stage.level for stage in stages),
        failures=population.points[population.alive].reshape(-1, n_dims),
        n_evaluations=n_first + n_points * (1 + len(stages) * effort.n_moves),
    )


def _way_down(
    margin: Margin, n_dims: int, effort: Effort, random: np.random.Generator
) -> tuple[list[_Stage], int]:
    """Choose levels and steps with a population of its own, of four times the points."""
    n_points = 4 * effort.n_points
    population = _first(margin, n_dims, 1, n_points, random)
    stages: list[_Stage] = []
    level, step = math.inf, 0.8
    while level > 0.0:
        level = _next_level(population.margins, level, effort.level_chance)
        if len(stages) == _MOST_LEVELS or not math.isfinite(level):
            raise SimulationError(
                f"rare event: no point below margin {stages[-1].level if stages else level:.6g} "
                f"after {len(stages)} levels; use more points, or check that the event can happen"
            )
        population = resampled(population, level, random)
        for _ in range(effort.n_moves):
            population, kept = moved(population, margin, level=level, step=step, random=random)
            step = min(max(step * math.exp(kept - _WANTED_ACCEPTANCE), _SHORTEST_STEP), 1.0)
        stages.append(_Stage(level=level, step=step))
    return stages, n_points * (1 + len(stages) * effort.n_moves)


def _next_level(margins: Floats, before: float, chance: float) -> float:
    """Return the level that keeps the wanted share, 0 if that is as easy; inf if none is lower."""
    level = max(float(np.quantile(margins, chance, method="inverted_cdf")), 0.0)
    if level < before and np.mean(margins <= level) <= _STUCK_SHARE:
        return level
    if np.mean(margins <= 0.0) > 0.0 and level == 0.0:
        return 0.0
    lower = margins[margins < min(level, before)]
    return max(float(np.max(lower)), 0.0) if len(lower) else math.inf


def _first(
    margin: Margin, n_dims: int, n_populations: int, n_points: int, random: np.random.Generator
) -> Population:
    points = random.standard_normal((n_populations, n_points, n_dims))
    margins = margin(points.reshape(-1, n_dims)).reshape(n_populations, n_points)
    return Population(points=points, margins=margins, alive=np.ones(n_populations, bool))


def _watched(margin: Margin) -> Margin:
    def checked(points: Floats) -> Floats:
        margins = np.asarray(margin(points), np.float64)
        if np.any(np.isnan(margins)):
            raise SimulationError(
                "rare event: the margin is not a number at some point; give inf where the event "
                "cannot happen"
            )
        return margins

    return checked
