"""Gauss points of the distributions that an uncertain input may have."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from otsim.config.distributions import (
    PERT_SHAPE,
    Discrete,
    DistributionBase,
    Exponential,
    Gamma,
    Lognormal,
    Pert,
    Sum,
    Triangular,
    Uniform,
    Weibull,
)

__all__ = ["Array", "Points", "Rule", "normal_rule", "rule_of"]

Array = npt.NDArray[np.float64]
Points = tuple[Array, Array]
"""Values of an input and their weights, which add up to 1."""

Rule = Callable[[int], Points]
"""From the number of points to the points."""


def rule_of(distribution: DistributionBase) -> Rule:
    """Return the rule of a distribution: Gauss quadrature for its own density."""
    match distribution:
        case Uniform():
            return _uniform(distribution.uniform.low, distribution.uniform.high)
        case Lognormal():
            return _mapped(normal_rule(*distribution.lognormal.mu_sigma), np.exp)
        case Exponential():
            return _gamma(1.0, distribution.mean)
        case Gamma():
            return _gamma(*distribution.gamma.shape_scale)
        case Weibull():
            given = distribution.weibull
            return _mapped(_gamma(1.0, 1.0), lambda x: given.scale * x ** (1.0 / given.shape))
        case Triangular():
            points = distribution.triangular
            return _triangular(points.low, points.mode, points.high)
        case Pert():
            return _pert(distribution.pert.low, distribution.pert.mode, distribution.pert.high)
        case Discrete():
            values = np.array(distribution.discrete.values)
            return lambda count: (values, np.array(distribution.discrete.probs))
        case Sum():
            return _sum([rule_of(term) for term in distribution.sum])
    return lambda count: (np.array([distribution.mean]), np.ones(1))


def normal_rule(mean: float, deviation: float) -> Rule:
    """Return the rule of a normal distribution."""

    def rule(count: int) -> Points:
        from scipy.special import roots_hermitenorm

        points, weights = roots_hermitenorm(count)
        return mean + deviation * points, weights / math.sqrt(2.0 * math.pi)

    return rule


def _uniform(low: float, high: float) -> Rule:
    """Two panels, so that a bend in the middle does no harm."""

    def rule(count: int) -> Points:
        points, weights = np.polynomial.legendre.leggauss(max(count // 2, 1))
        halves = [0.25 * (points + 1.0), 0.5 + 0.25 * (points + 1.0)]
        return low + (high - low) * np.concatenate(halves), np.tile(0.25 * weights, 2)

    return rule


def _gamma(shape: float, scale: float) -> Rule:
    def rule(count: int) -> Points:
        from scipy.special import roots_genlaguerre

        points, weights = roots_genlaguerre(count, shape - 1.0)
        return scale * points, weights / weights.sum()

    return rule


def _triangular(low: float, mode: float, high: float) -> Rule:
    def rule(count: int) -> Points:
        points, weights = np.polynomial.legendre.leggauss(max(count // 2, 1))
        x = 0.5 * (points + 1.0)
        rising, falling = low + (mode - low) * x, high - (high - mode) * x
        parts = [(mode - low) * x * weights, (high - mode) * x * weights]
        return np.concatenate([rising, falling]), np.concatenate(parts) / (high - low)

    return rule


def _pert(low: float, mode: float, high: float) -> Rule:
    width = high - low

    def rule(count: int) -> Points:
        from scipy.special import roots_jacobi

        rise = PERT_SHAPE * (mode - low) / width
        points, weights = roots_jacobi(count, PERT_SHAPE - rise, rise)
        return low + 0.5 * width * (points + 1.0), weights / weights.sum()

    return rule


def _mapped(rule: Rule, function: Callable[[Array], Array]) -> Rule:
    def mapped(count: int) -> Points:
        points, weights = rule(count)
        return function(points), weights

    return mapped


def _sum(rules: list[Rule]) -> Rule:
    def rule(count: int) -> Points:
        points, weights = np.zeros(1), np.ones(1)
        for term in rules:
            more, shares = term(count)
            points = np.add.outer(points, more).ravel()
            weights = np.multiply.outer(weights, shares).ravel()
        return points, weights

    return rule
