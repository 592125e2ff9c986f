"""The probability of a rare event in standard-normal space, by the surer of two estimates."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from otsim.rare_events.directions import directions_of
from otsim.rare_events.line_sampling import line_sampling
from otsim.rare_events.populations import Margin
from otsim.rare_events.subset_simulation import Effort, subset_simulation

__all__ = ["RareEvent", "rare_event"]

_AGREES = 4.0  # standard errors within which the lines must agree with the subsets


@dataclass(frozen=True, kw_only=True)
class RareEvent:
    """A small probability.

    Attributes:
        probability, standard_error: of the event.
        method: whose estimate it is.
        n_regions: places where the event was found to lie.
        n_evaluations: how often the margin was evaluated, by both methods.
    """

    probability: float
    standard_error: float
    method: Literal["subsets", "lines"]
    n_regions: int
    n_evaluations: int

    @property
    def effective_samples(self) -> float:
        """How many hits of crude sampling would know the probability as well."""
        if not self.standard_error > 0.0:
            return math.inf
        return (self.probability / self.standard_error) ** 2

    @property
    def crude_samples(self) -> float:
        """How many samples of crude sampling would know the probability as well."""
        if not self.probability > 0.0:
            return math.inf
        return self.effective_samples * (1.0 - self.probability) / self.probability


def rare_event(
    margin: Margin, n_dims: int, *, seed: int, effort: Effort | None = None, n_lines: int = 512
) -> RareEvent:
    """Estimate the probability that a margin is not above 0, for independent standard normals.

    Subset simulation finds where the event lies and how likely it is, whatever its shape; line
    sampling along the directions found then knows it better where borders are smooth. Its answer
    is taken if it is the surer one and the two agree.

    Args:
        margin: f64[n, n_dims] -> f64[n], pure; the event happens where it is not above 0.
        n_dims: number of normals.
        seed: same seed, same answer.
        effort: of subset simulation.
        n_lines: for each direction; 0 leaves line sampling out, for margins that are dear.

    Raises:
        SimulationError: the margin is not a number somewhere, or the event was not reached.
    """
    subsets = subset_simulation(margin, n_dims, seed=seed, effort=effort)
    directions = directions_of(subsets.failures)
    found = RareEvent(
        probability=subsets.probability,
        standard_error=subsets.standard_error,
        method="subsets",
        n_regions=len(directions),
        n_evaluations=subsets.n_evaluations,
    )
    if not (n_lines and len(directions)):
        return found
    lines = line_sampling(margin, directions, seed=seed, n_lines=n_lines)
    n_evaluations = subsets.n_evaluations + lines.n_evaluations
    # a low estimate of the subsets has as much too low an error
    ratio = max(lines.probability / subsets.probability, 1.0) if subsets.probability > 0.0 else 1.0
    error = math.hypot(ratio * subsets.standard_error, lines.standard_error)
    surer = lines.standard_error < subsets.standard_error
    if surer and abs(lines.probability - subsets.probability) <= _AGREES * error:
        return RareEvent(
            probability=lines.probability, standard_error=lines.standard_error, method="lines",
            n_regions=len(directions), n_evaluations=n_evaluations,
        )  # fmt: skip
    return RareEvent(
        probability=subsets.probability, standard_error=subsets.standard_error, method="subsets",
        n_regions=len(directions), n_evaluations=n_evaluations,
    )  # fmt: skip
