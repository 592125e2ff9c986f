"""Times that are sums of exponential stages: the leaves that a Markov process can hold."""

from __future__ import annotations

from otsim.attack.exact.measured_tree import Duration
from otsim.config.distributions import (
    DistributionBase,
    Exponential,
    Gamma,
    Sum,
    Weibull,
)

__all__ = ["Stages", "stages_of"]

Stages = tuple[float, ...]
"""Rates of the stages, one after the other; empty for no time at all."""

MOST_STAGES = 50


def stages_of(time: Duration) -> Stages | None:
    """Return the stages of a time, or None if it is not made of exponential ones."""
    rates = _rates(time.distribution)
    if rates is None or len(rates) > MOST_STAGES:
        return None
    return tuple(rate / time.scale for rate in rates)


def _rates(given: DistributionBase) -> Stages | None:
    if isinstance(given, Exponential):
        return (1.0 / given.mean,)
    if isinstance(given, Weibull) and given.weibull.shape == 1.0:
        return (1.0 / given.weibull.scale,)
    if isinstance(given, Gamma):
        shape, scale = given.gamma.shape_scale
        return (1.0 / scale,) * int(shape) if shape == int(shape) <= MOST_STAGES else None
    if isinstance(given, Sum):
        parts = [_rates(term) for term in given.sum]
        return None if None in parts else tuple(rate for part in parts for rate in part or ())
    return () if given.lowest == given.highest == 0.0 else None
