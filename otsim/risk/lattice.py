"""Exact sums of independent losses whose values are multiples of one unit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from otsim.risk.frequency import Frequency, count_probs
from otsim.risk.measures import DiscreteLoss

__all__ = ["LatticeLoss", "add", "common_unit", "compound", "lattice_loss", "plain_loss"]

_LARGEST = 2**52


@dataclass(frozen=True, kw_only=True)
class LatticeLoss:
    """A loss that takes the values `multiples` * `unit`.

    Attributes:
        multiples: i64[n], strictly ascending; whole numbers, so that ties are exact.
        probs: f64[n].
        unit: the common unit.
    """

    multiples: npt.NDArray[np.int64]
    probs: npt.NDArray[np.float64]
    unit: Fraction


def common_unit(values: npt.ArrayLike) -> Fraction:
    """Return the largest unit of which all values, as written in decimal, are multiples.

    Raises:
        ValueError: the multiples would be too large to be exact.
    """
    written = [Fraction(repr(float(value))) for value in np.ravel(values)]
    below = math.lcm(*(value.denominator for value in written))
    unit = Fraction(math.gcd(*(int(value * below) for value in written)) or 1, below)
    if max(abs(value) for value in written) / unit > _LARGEST:
        raise ValueError("values have no common unit that is large enough")
    return unit


def lattice_loss(values: npt.ArrayLike, probs: npt.ArrayLike, unit: Fraction) -> LatticeLoss:
    """Put a loss on the lattice; equal values are merged."""
    multiples = [int(Fraction(repr(float(value))) / unit) for value in np.ravel(values)]
    return _merged(np.array(multiples, np.int64), np.asarray(probs, np.float64), unit)


def plain_loss(loss: LatticeLoss) -> DiscreteLoss:
    """Return the loss in currency, for the measures."""
    whole, below = float(loss.unit.numerator), float(loss.unit.denominator)
    values = loss.multiples.astype(np.float64) * whole / below
    return DiscreteLoss(values=values, probs=loss.probs)


def add(left: LatticeLoss, right: LatticeLoss) -> LatticeLoss:
    """Return the sum of two independent losses on one lattice."""
    multiples = np.add.outer(left.multiples, right.multiples)
    probs = np.multiply.outer(left.probs, right.probs)
    return _merged(np.ravel(multiples), np.ravel(probs), left.unit)


def compound(frequency: Frequency, severity: LatticeLoss) -> LatticeLoss:
    """Return the annual loss: N independent severities, as sum over n of P(n) times the n-fold sum.

    Only products and sums of positive numbers occur, so small probabilities keep all their
    digits (unlike by FFT); meant for few values and few events.
    """
    one = np.ones(1)
    power = LatticeLoss(multiples=np.zeros(1, np.int64), probs=one, unit=severity.unit)
    multiples, probs = [], []
    counts = count_probs(frequency)
    for i, chance in enumerate(counts):
        multiples.append(power.multiples)
        probs.append(power.probs * chance)
        if i + 1 < len(counts):
            power = add(power, severity)
    return _merged(np.concatenate(multiples), np.concatenate(probs), severity.unit)


def _merged(
    multiples: npt.NDArray[np.int64], probs: npt.NDArray[np.float64], unit: Fraction
) -> LatticeLoss:
    distinct, place = np.unique(multiples, return_inverse=True)
    return LatticeLoss(
        multiples=distinct, probs=np.bincount(place, probs, len(distinct)), unit=unit
    )
