"""Value at risk, tail means and exceedance of a loss that takes finitely many values."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

__all__ = [
    "DiscreteLoss",
    "discrete_loss",
    "exceedance",
    "loss_mean",
    "loss_variance",
    "tail_mean",
    "tail_weights",
    "value_at_risk",
]

Floats = npt.NDArray[np.float64]
ROUNDING = 1e-12  # probabilities this close are the same number, written in binary


@dataclass(frozen=True, kw_only=True)
class DiscreteLoss:
    """A loss with finitely many values.

    Attributes:
        values: f64[n], strictly ascending.
        probs: f64[n]; they add up to 1.
    """

    values: Floats
    probs: Floats

    @cached_property
    def above(self) -> Floats:
        """P(loss > value), f64[n], summed from the top so that small tails stay exact."""
        return np.concatenate([np.cumsum(self.probs[:0:-1])[::-1], [0.0]])


def discrete_loss(values: npt.ArrayLike, probs: npt.ArrayLike) -> DiscreteLoss:
    """Sort values, merge equal ones, and drop those without probability."""
    distinct, place = np.unique(np.asarray(values, np.float64), return_inverse=True)
    total = np.bincount(place, np.asarray(probs, np.float64), len(distinct))
    return DiscreteLoss(values=distinct[total > 0.0], probs=total[total > 0.0])


def loss_mean(loss: DiscreteLoss) -> float:
    """Expected loss."""
    return float(np.sum(loss.values * loss.probs))


def loss_variance(loss: DiscreteLoss) -> float:
    """Variance of the loss."""
    return float(np.sum((loss.values - loss_mean(loss)) ** 2 * loss.probs))


def exceedance(loss: DiscreteLoss, x: npt.ArrayLike) -> Floats:
    """Return P(loss > x), in the shape of x."""
    padded = np.concatenate([[1.0], loss.above])
    found: Floats = padded[np.searchsorted(loss.values, x, side="right")]
    return found


def value_at_risk(loss: DiscreteLoss, level: float) -> float:
    """Return the smallest x with P(loss <= x) >= level, for a level between 0 and 1."""
    return float(loss.values[_var_index(loss, level)])


def tail_mean(loss: DiscreteLoss, level: float) -> float:
    """Return the mean of the worst 1 - level of probability (CVaR); the atom at VaR is split."""
    return float(np.sum(loss.values * tail_weights(loss, level)))


def tail_weights(loss: DiscreteLoss, level: float) -> Floats:
    """Return the probability of each value within the tail, f64[n]; they add up to 1.

    Values above VaR count in full; the value at VaR fills what is missing to 1 - level.
    """
    at = _var_index(loss, level)
    weights = np.where(np.arange(len(loss.probs)) > at, loss.probs, 0.0)
    weights[at] = max(1.0 - level - loss.above[at], 0.0)
    return weights / (1.0 - level)


def _var_index(loss: DiscreteLoss, level: float) -> int:
    enough = loss.above <= (1.0 - level) + ROUNDING
    return int(np.argmax(enough))
