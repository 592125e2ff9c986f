"""How many events a year holds: counts and their probability generating functions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

__all__ = [
    "Frequency",
    "bernoulli",
    "count_probs",
    "deterministic",
    "generating",
    "generating_inverse",
    "generating_slope",
    "negative_binomial",
    "poisson",
]

Floats = npt.NDArray[np.float64]
_SMALLEST = 1e-25  # counts rarer than this are left out


@dataclass(frozen=True, kw_only=True)
class Frequency:
    """The distribution of the number of events in a year.

    Attributes:
        family: `poisson`, `negative_binomial`, or `binomial`.
        mean: expected number a year.
        size: negative binomial: r in variance = mean + mean**2 / r; binomial: number of trials.
    """

    family: Literal["poisson", "negative_binomial", "binomial"]
    mean: float
    size: float = math.inf

    @property
    def variance(self) -> float:
        """Variance of the yearly number."""
        return self.mean * (1.0 + self._sign * self.mean / self.size)

    @property
    def _sign(self) -> float:
        return -1.0 if self.family == "binomial" else 1.0


def poisson(rate: float) -> Frequency:
    """Independent events at a constant rate a year."""
    return Frequency(family="poisson", mean=rate)


def negative_binomial(mean: float, dispersion: float) -> Frequency:
    """Clustered events: variance mean + mean**2 / dispersion."""
    return Frequency(family="negative_binomial", mean=mean, size=dispersion)


def bernoulli(probability: float) -> Frequency:
    """At most one event a year."""
    return Frequency(family="binomial", mean=probability, size=1)


def deterministic(count: int) -> Frequency:
    """The same number of events every year."""
    return Frequency(family="binomial", mean=count, size=max(count, 1))


def generating(frequency: Frequency, s: Any) -> Any:
    """Evaluate G(s) = E[s**N], for real or complex s of any shape."""
    mean, size = frequency.mean, frequency.size
    if frequency.family == "poisson":
        return np.exp(mean * (s - 1.0))
    if frequency.family == "negative_binomial":
        return np.exp(-size * np.log1p(mean / size * (1.0 - s)))
    return (1.0 + mean / size * (s - 1.0)) ** size


def generating_slope(frequency: Frequency, s: Any) -> Any:
    """Evaluate the derivative G'(s) = E[N s**(N - 1)]; G'(1) is the mean."""
    mean, size = frequency.mean, frequency.size
    if frequency.family == "poisson":
        return mean * np.exp(mean * (s - 1.0))
    if frequency.family == "negative_binomial":
        return mean * np.exp(-(size + 1.0) * np.log1p(mean / size * (1.0 - s)))
    return mean * (1.0 + mean / size * (s - 1.0)) ** (size - 1)


def generating_inverse(frequency: Frequency, probability: float) -> float:
    """Return s with G(s) = probability; negative where G(0) is above it, -inf for never."""
    mean, size = frequency.mean, frequency.size
    if mean == 0.0:
        return -math.inf
    if frequency.family == "poisson":
        return 1.0 + math.log(probability) / mean
    if frequency.family == "negative_binomial":
        return 1.0 - size / mean * math.expm1(-math.log(probability) / size)
    return 1.0 + size / mean * float(probability ** (1.0 / size) - 1.0)


def count_probs(frequency: Frequency) -> Floats:
    """Return P(N = n) for n = 0, 1, ... up to where counts are rarer than 1e-25."""
    if frequency.family == "binomial":
        return _binomial_probs(frequency)
    length = 64
    while True:
        probs = np.exp(_log_probs(frequency, length))
        if length > frequency.mean and probs[-1] < _SMALLEST:
            return probs[: 1 + np.flatnonzero(probs >= _SMALLEST)[-1]]
        length *= 2


def _log_probs(frequency: Frequency, length: int) -> Floats:
    """Add up the logarithms of P(n) / P(n - 1), which neither under- nor overflow."""
    n = np.arange(1.0, length)
    mean, size = frequency.mean, frequency.size
    if frequency.family == "poisson":
        first, ratio = -mean, mean / n
    else:
        first = -size * math.log1p(mean / size)
        ratio = (size + n - 1.0) / n * (mean / (size + mean))
    with np.errstate(divide="ignore"):  # a mean of 0 has no events: log(0) is meant
        return first + np.concatenate([[0.0], np.cumsum(np.log(ratio))])


def _binomial_probs(frequency: Frequency) -> Floats:
    size = int(frequency.size)
    chance = frequency.mean / size
    probs = np.array(
        [math.comb(size, n) * chance**n * (1.0 - chance) ** (size - n) for n in range(size + 1)]
    )
    return probs
