"""Confidence intervals of means, probabilities and quantiles that hold for skewed losses too."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

__all__ = ["CONFIDENCE_SCORE", "mean_interval", "order_levels", "proportion_interval"]

Floats = npt.NDArray[np.float64]
CONFIDENCE_SCORE = 1.959963984540054  # two-sided 95 % of the standard normal


def mean_interval(
    mean: float, error: float, skewness: float, n: int, *, score: float = CONFIDENCE_SCORE
) -> tuple[float, float]:
    """Return the 95 % interval of a mean, corrected for skewness.

    P. Hall, On the removal of skewness by transformation, J. R. Statist. Soc. B 54 (1992), 221:
    a cubic of the studentised mean is closer to normal than the mean itself. Without skewness it
    is the central limit's mean +- 1.96 errors.

    Args:
        mean: the sample mean.
        error: its standard error.
        skewness: third standardised moment of the sample.
        n: number of draws.
        score: how many standard deviations to each side, for another level.
    """
    bent = skewness / math.sqrt(n)
    scores = [_unbend(each, bent) for each in (score, -score)]
    return mean - error * scores[0], mean - error * scores[1]


def proportion_interval(hits: float, n: float) -> tuple[float, float]:
    """Return the 95 % interval of a probability (E. B. Wilson, JASA 22 (1927), 209)."""
    square = CONFIDENCE_SCORE**2
    middle = (hits + 0.5 * square) / (n + square)
    half = math.sqrt(hits * (n - hits) / n + 0.25 * square) * CONFIDENCE_SCORE / (n + square)
    return max(middle - half, 0.0), min(middle + half, 1.0)


def order_levels(level: float, n: float, score: float = CONFIDENCE_SCORE) -> tuple[float, float]:
    """Return the probability levels between whose sample quantiles the true quantile lies.

    The order statistics l < u of n draws hold the true quantile with the probability that between
    l and u - 1 of n draws fall below it; real-valued l and u (read between order statistics) make
    that the wanted confidence (J. Nyblom, Statistics & Probability Letters 14 (1992), 363).

    Args:
        level: the quantile's level, 0 to 1.
        n: number of draws, or the effective number, real.
        score: how many standard deviations to each side.

    Returns:
        l / n and u / n; above 1 where no sampled value bounds the quantile.
    """
    from scipy.special import ndtr

    return _order(level, n, float(ndtr(score))) / n, _order(level, n, float(ndtr(-score))) / n


def _order(level: float, n: float, wanted: float) -> float:
    """Return l with P(at least l of n draws below the quantile) = wanted, by bisection."""
    from scipy.special import betainc

    low, high = 0.0, n + 1.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        if betainc(middle, n + 1.0 - middle, level) > wanted:
            low = middle
        else:
            high = middle
    return low


def _unbend(score: float, bent: float) -> float:
    """Invert Hall's cubic t + bent t^2 / 3 + bent^2 t^3 / 27 + bent / 6 at a score."""
    if abs(bent) < 1e-9:
        return score
    return 3.0 / bent * (float(np.cbrt(1.0 + bent * (score - bent / 6.0))) - 1.0)
