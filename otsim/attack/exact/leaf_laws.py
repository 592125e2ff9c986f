"""The laws of the distributions that leaves and clocks may have."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from otsim.attack.exact.laws import Floats, Function, Law, always, atomic_law
from otsim.attack.exact.measured_tree import Duration
from otsim.attack.exact.panels import moments_of
from otsim.attack.exact.sums import sum_of
from otsim.config.distributions import (
    PERT_SHAPE,
    Discrete,
    DistributionBase,
    Exponential,
    Fixed,
    FixedNumber,
    Gamma,
    Lognormal,
    Pert,
    Sum,
    Triangular,
    Uniform,
    Weibull,
)

__all__ = ["law_of"]

NEGLIGIBLE = 1e-24  # probability of what lies nearer to the lower end than `Law.first`
_LOW_SCORE, _HIGH_SCORE = 10.3, 9.6  # normal scores beyond which lie 1e-24 and 1e-21
_NARROW = 1e-13  # `Law.first` of bounded laws, relative to their width


def law_of(time: Duration) -> Law:
    """Return the law of a leaf's or a clock's time."""
    return _scaled(_law(time.distribution), time.scale)


def _law(given: DistributionBase) -> Law:
    match given:
        case FixedNumber() | Fixed():
            return atomic_law([given.mean], [1.0])
        case Discrete():
            return atomic_law(given.discrete.values, given.discrete.probs)
        case Sum():
            return sum_of([_law(term) for term in given.sum])
        case Exponential():
            return _gamma(1.0, given.mean)
        case Gamma():
            return _gamma(*given.gamma.shape_scale)
        case Weibull():
            return _weibull(given.weibull.shape, given.weibull.scale)
        case Lognormal():
            return _lognormal(*given.lognormal.mu_sigma)
        case Uniform():
            return _uniform(given.uniform.low, given.uniform.high)
        case Triangular():
            points = given.triangular
            return _triangular(points.low, points.mode, points.high)
        case Pert():
            return _pert(given.pert.low, given.pert.mode, given.pert.high)
    raise TypeError(f"no law for {type(given).__name__}")


def _scaled(law: Law, scale: float) -> Law:
    if scale == 1.0:
        return law

    def moments() -> tuple[float, float]:
        mean, variance = moments_of(law)
        return mean * scale, variance * scale**2

    return replace(
        law,
        cdf=lambda time: law.cdf(time / scale),
        density=lambda time: law.density(time / scale) / scale,
        atoms=law.atoms * scale,
        edges=tuple(edge * scale for edge in law.edges),
        first=lambda: law.first() * scale,
        moments=moments,
    )


def _positive(function: Function) -> Function:
    """Return a function of positive times that is 0 elsewhere."""

    def extended(time: Floats) -> Floats:
        found = np.zeros(len(time))
        found[time > 0.0] = function(time[time > 0.0])
        return found

    return extended


def _gamma(shape: float, scale: float) -> Law:
    from scipy.special import gammainc, gammainccinv, gammaln

    norm = float(gammaln(shape))

    def density(time: Floats) -> Floats:
        x = time / scale
        return np.exp((shape - 1.0) * np.log(x) - x - norm) / scale

    smallest = (math.log(NEGLIGIBLE) + math.lgamma(shape + 1.0)) / shape
    return Law(
        cdf=_positive(lambda time: gammainc(shape, time / scale)),
        density=_positive(density),
        mass=1.0,
        edges=(0.0, scale * float(gammainccinv(shape + 2.0, NEGLIGIBLE))),
        first=always(scale * math.exp(max(smallest, -600.0))),
        endless=True,
        moments=lambda: (shape * scale, shape * scale**2),
    )


def _weibull(shape: float, scale: float) -> Law:
    from scipy.special import gammainccinv

    def density(time: Floats) -> Floats:
        log = np.log(time / scale)
        return shape / scale * np.exp((shape - 1.0) * log - np.exp(shape * log))

    mean = scale * math.gamma(1.0 + 1.0 / shape)
    last = float(gammainccinv(1.0 + 2.0 / shape, NEGLIGIBLE))
    return Law(
        cdf=_positive(lambda time: -np.expm1(-((time / scale) ** shape))),
        density=_positive(density),
        mass=1.0,
        edges=(0.0, scale * last ** (1.0 / shape)),
        first=always(scale * math.exp(max(math.log(NEGLIGIBLE) / shape, -600.0))),
        endless=True,
        moments=lambda: (mean, scale**2 * math.gamma(1.0 + 2.0 / shape) - mean**2),
    )


def _lognormal(mu: float, sigma: float) -> Law:
    from scipy.special import ndtr

    def density(time: Floats) -> Floats:
        log = np.log(time)
        score = (log - mu) / sigma
        return np.exp(-0.5 * score**2 - log) / (sigma * math.sqrt(2.0 * math.pi))

    mean = math.exp(mu + sigma**2 / 2.0)
    first = math.exp(max(mu - _LOW_SCORE * sigma, -600.0))
    return Law(
        cdf=_positive(lambda time: ndtr((np.log(time) - mu) / sigma)),
        density=_positive(density),
        mass=1.0,
        edges=(0.0, math.exp(min(mu + (2.0 * sigma + _HIGH_SCORE) * sigma, 600.0))),
        first=always(first),
        endless=True,
        moments=lambda: (mean, mean**2 * math.expm1(sigma**2)),
    )


def _uniform(low: float, high: float) -> Law:
    width = high - low
    return Law(
        cdf=lambda time: np.clip((time - low) / width, 0.0, 1.0),
        density=lambda time: ((time >= low) & (time < high)) / width,
        mass=1.0,
        edges=(low, high),
        first=always(_NARROW * width),
        moments=lambda: (0.5 * (low + high), width**2 / 12.0),
    )


def _triangular(low: float, mode: float, high: float) -> Law:
    width = high - low
    rise, fall = max(mode - low, 1e-300), max(high - mode, 1e-300)

    def cdf(time: Floats) -> Floats:
        up = np.clip(time - low, 0.0, mode - low) ** 2 / (width * rise)
        down = np.clip(high - time, 0.0, high - mode) ** 2 / (width * fall)
        return np.where(time < mode, up, 1.0 - down)

    def density(time: Floats) -> Floats:
        slope = np.where(time < mode, (time - low) / rise, (high - time) / fall)
        return np.maximum(slope, 0.0) * 2.0 / width

    rises = (mode - low) ** 2 + (mode - low) * (high - mode) + (high - mode) ** 2
    return Law(
        cdf=cdf,
        density=density,
        mass=1.0,
        edges=tuple(sorted({low, mode, high})),
        first=always(_NARROW * width),
        moments=lambda: ((low + mode + high) / 3.0, rises / 18.0),
    )


def _pert(low: float, mode: float, high: float) -> Law:
    from scipy.special import betainc, betaln, xlog1py, xlogy

    width = high - low
    rise = 1.0 + PERT_SHAPE * (mode - low) / width
    fall = 1.0 + PERT_SHAPE * (high - mode) / width
    norm = float(betaln(rise, fall)) + math.log(width)

    def density(time: Floats) -> Floats:
        x = np.clip((time - low) / width, 0.0, 1.0)
        with np.errstate(divide="ignore"):
            log = xlogy(rise - 1.0, x) + xlog1py(fall - 1.0, -x)
        return np.where((time >= low) & (time <= high), np.exp(log - norm), 0.0)

    mean = (low + PERT_SHAPE * mode + high) / (PERT_SHAPE + 2.0)
    return Law(
        cdf=lambda time: betainc(rise, fall, np.clip((time - low) / width, 0.0, 1.0)),
        density=density,
        mass=1.0,
        edges=(low, high),
        first=always(_NARROW * width),
        moments=lambda: (mean, (mean - low) * (high - mean) / (PERT_SHAPE + 3.0)),
    )
