"""A mean loss and a chance of sampled events with their Monte-Carlo errors and 95 % intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from otsim.risk.intervals import mean_interval, proportion_interval
from otsim.risk.sampling_error import Sampling

__all__ = ["Estimate", "chance_estimate", "mean_estimate", "skewness_of"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A figure with its error.

    Attributes:
        value: currency, or a probability.
        standard_error: Monte-Carlo error.
        lower, upper: 95 % interval; inf where no sampled event bounds it.
    """

    value: float
    standard_error: float
    lower: float
    upper: float

    @property
    def relative_error(self) -> float:
        """Standard error over value; inf for a value of 0."""
        return self.standard_error / self.value if self.value > 0.0 else math.inf


def mean_estimate(losses: Floats, sampling: Sampling, *, most: float | None = None) -> Estimate:
    """Estimate the mean loss of an event.

    Args:
        losses: f64[n_events], currency.
        sampling: how the events were drawn.
        most: what an event can cost; it bounds the mean if no sampled event cost anything.
    """
    mean, error = sampling.mean(losses), sampling.mean_error(losses)
    skewness = skewness_of(sampling.off_mean(losses))
    lower, upper = mean_interval(mean, error * sampling.widening, skewness, len(losses))
    if most is not None and mean == 0.0:
        upper = most * chance_estimate(losses > 0.0, sampling).upper
    return Estimate(value=mean, standard_error=error, lower=lower, upper=upper)


def chance_estimate(hits: npt.NDArray[np.bool_], sampling: Sampling) -> Estimate:
    """Estimate the chance of what some events, bool[n_events], have."""
    values = hits.astype(np.float64)
    chance, error = sampling.mean(values), sampling.mean_error(values)
    known = sampling.effective_size(chance, error, len(values))
    lower, upper = proportion_interval(chance * known, known)
    return Estimate(value=chance, standard_error=error, lower=lower, upper=upper)


def skewness_of(values: Floats) -> float:
    """Return the third standardised moment of f64[n]; 0 where all are equal."""
    off = values - np.mean(values)
    sd = math.sqrt(float(np.mean(off**2)))
    return float(np.mean((off / sd) ** 3)) if sd > 0.0 else 0.0
