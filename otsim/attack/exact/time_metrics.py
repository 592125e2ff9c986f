"""Numbers of a law of a time: moments and quantiles."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from otsim.attack.exact.laws import Law
from otsim.attack.exact.panels import first_ends, moments_of

__all__ = ["mean", "mean_given_success", "quantile", "variance", "variance_given_success"]

CERTAIN = 1e-12  # a time that is never with less than this probability always comes
ROUNDING = 1e-13


def mean_given_success(law: Law) -> float:
    """Return the mean of the times that are not never; nan if all are."""
    return moments_of(law)[0]


def variance_given_success(law: Law) -> float:
    """Return the variance of the times that are not never; nan if all are."""
    return moments_of(law)[1]


def mean(law: Law) -> float:
    """Return the mean; inf if the time may be never."""
    return mean_given_success(law) if law.mass >= 1.0 - CERTAIN else math.inf


def variance(law: Law) -> float:
    """Return the variance; inf if the time may be never."""
    return variance_given_success(law) if law.mass >= 1.0 - CERTAIN else math.inf


def quantile(law: Law, probability: float) -> float:
    """Return the least time by which the probability is reached; inf if it never is."""
    from scipy.optimize import brentq

    if probability <= 0.0:
        return law.start
    if probability > law.mass * (1.0 + ROUNDING):
        return math.inf
    below = law.cdf_before(law.atoms)
    reached = (below < probability) & (probability <= law.cdf(law.atoms) * (1.0 + ROUNDING))
    if reached.any():
        return float(law.atoms[np.argmax(reached)])
    if probability >= law.mass * (1.0 - ROUNDING):
        return math.inf if law.endless else law.end

    def excess(time: float) -> float:
        return float(law.cdf(np.array([time]))[0]) - probability

    low, high = _bracket(law, probability)
    found = float(brentq(excess, low, high, xtol=1e-300, rtol=4.0 * np.finfo(float).eps))
    return _reached(excess, found, high)


def _reached(excess: Callable[[float], float], found: float, high: float) -> float:
    """Go up from a root to the first time found at which nothing is lacking: `high` at the latest.

    A root search ends on either side, and just below a jump what is reached is read off a panel,
    which may lack its last digits.
    """
    step = float(np.spacing(found))
    while found < high and excess(found) < 0.0:
        found, step = min(found + step, high), 2.0 * step
    return found


def _bracket(law: Law, probability: float) -> tuple[float, float]:
    """Return two times with the quantile in between, and no atom."""
    ends = np.unique(np.concatenate([first_ends(law.edges, law.first()), law.atoms]))
    at = int(np.searchsorted(law.cdf(ends), probability))
    return float(ends[max(at - 1, 0)]), float(ends[min(at, len(ends) - 1)])
