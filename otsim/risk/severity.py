"""Continuous losses of one event in closed form: probability, partial mean, and quantile."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

__all__ = ["Severity", "beta", "gamma", "lognormal", "pert", "triangular", "uniform", "weibull"]

Function = Callable[[Any], Any]


@dataclass(frozen=True, kw_only=True)
class Severity:
    """The loss of one event, continuous and not negative.

    Attributes:
        mean, second_moment: E[X] and E[X**2].
        above: x -> P(X > x).
        mean_above: x -> E[X; X > x].
        upper_quantile: q -> the x with P(X > x) = q.
        gamma_shape, gamma_scale: set for gamma losses, whose sums are gamma again.
    """

    mean: float
    second_moment: float
    above: Function
    mean_above: Function
    upper_quantile: Function
    gamma_shape: float = math.nan
    gamma_scale: float = math.nan


def lognormal(mu: float, sigma: float) -> Severity:
    """Lognormal loss, by mean and standard deviation of the natural logarithm."""
    mean = math.exp(mu + 0.5 * sigma**2)

    def score(x: Any) -> Any:
        with np.errstate(divide="ignore"):  # log(0) = -inf: everything lies above 0
            return (mu - np.log(x)) / sigma

    return Severity(
        mean=mean,
        second_moment=math.exp(2.0 * mu + 2.0 * sigma**2),
        above=lambda x: special.ndtr(score(x)),
        mean_above=lambda x: mean * special.ndtr(score(x) + sigma),
        upper_quantile=lambda q: np.exp(mu - sigma * special.ndtri(q)),
    )


def gamma(shape: float, scale: float) -> Severity:
    """Gamma loss; shape 1 is exponential."""
    mean = shape * scale
    return Severity(
        mean=mean,
        second_moment=mean * (mean + scale),
        above=lambda x: special.gammaincc(shape, np.asarray(x) / scale),
        mean_above=lambda x: mean * special.gammaincc(shape + 1.0, np.asarray(x) / scale),
        upper_quantile=lambda q: scale * special.gammainccinv(shape, q),
        gamma_shape=shape,
        gamma_scale=scale,
    )


def weibull(shape: float, scale: float) -> Severity:
    """Weibull loss: P(X > x) = exp(-(x / scale)**shape)."""
    mean = scale * math.gamma(1.0 + 1.0 / shape)
    return Severity(
        mean=mean,
        second_moment=scale**2 * math.gamma(1.0 + 2.0 / shape),
        above=lambda x: np.exp(-((np.asarray(x) / scale) ** shape)),
        mean_above=lambda x: (
            mean * special.gammaincc(1.0 + 1.0 / shape, (np.asarray(x) / scale) ** shape)
        ),
        upper_quantile=lambda q: scale * (-np.log(q)) ** (1.0 / shape),
    )


def beta(low: float, high: float, rise: float, fall: float) -> Severity:
    """Beta loss between low and high, with the two shape parameters."""
    width = high - low
    part = rise / (rise + fall)
    square = part * (rise + 1.0) / (rise + fall + 1.0)

    def place(x: Any) -> Any:
        return np.clip((np.asarray(x) - low) / width, 0.0, 1.0)

    def mean_above(x: Any) -> Any:
        larger = special.betaincc(rise + 1.0, fall, place(x))
        return low * special.betaincc(rise, fall, place(x)) + width * part * larger

    return Severity(
        mean=low + width * part,
        second_moment=low**2 + 2.0 * low * width * part + width**2 * square,
        above=lambda x: special.betaincc(rise, fall, place(x)),
        mean_above=mean_above,
        upper_quantile=lambda q: low + width * special.betainccinv(rise, fall, q),
    )


def pert(low: float, mode: float, high: float) -> Severity:
    """PERT loss with shape 4."""
    width = high - low
    return beta(low, high, 1.0 + 4.0 * (mode - low) / width, 1.0 + 4.0 * (high - mode) / width)


def uniform(low: float, high: float) -> Severity:
    """Any loss between low and high, all alike."""
    return beta(low, high, 1.0, 1.0)


def triangular(low: float, mode: float, high: float) -> Severity:
    """Triangular loss."""
    rising, falling, width = mode - low, high - mode, high - low

    def above(x: Any) -> Any:
        x = np.clip(x, low, high)
        up = (x - low) ** 2 / (width * rising) if rising > 0.0 else np.zeros_like(x)
        down = (high - x) ** 2 / (width * falling) if falling > 0.0 else np.zeros_like(x)
        return np.where(x < mode, 1.0 - up, down)

    mean = (low + mode + high) / 3.0

    def mean_above(x: Any) -> Any:
        x = np.clip(x, low, high)
        up = (x - low) ** 2 * (2.0 * x + low) / 3.0 / (width * rising) if rising > 0.0 else 0.0 * x
        down = (high - x) ** 2 * (2.0 * x + high) / 3.0
        down = down / (width * falling) if falling > 0.0 else 0.0 * x
        return np.where(x < mode, mean - up, down)

    def upper_quantile(q: Any) -> Any:
        q = np.asarray(q)
        down = high - np.sqrt(q * width * falling)
        return np.where(q * width <= falling, down, low + np.sqrt((1.0 - q) * width * rising))

    squares = low**2 + mode**2 + high**2 + low * mode + low * high + mode * high
    return Severity(
        mean=mean, second_moment=squares / 6.0, above=above, mean_above=mean_above,
        upper_quantile=upper_quantile,
    )  # fmt: skip


def _exponential(*, mean: float | None = None, rate: float | None = None) -> Severity:
    return gamma(1.0, mean if mean is not None else 1.0 / (rate or math.nan))


SEVERITIES: Mapping[str, Callable[..., Severity]] = {
    "lognormal": lognormal,
    "exponential": _exponential,
    "gamma": gamma,
    "weibull": weibull,
    "pert": pert,
    "uniform": uniform,
    "triangular": triangular,
}
"""Severities by name of the family; the parameters are called by their names."""
