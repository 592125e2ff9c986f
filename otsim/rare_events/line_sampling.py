"""Line sampling: along each line through random points the chance is found exactly.

P. S. Koutsourelakis, H. J. Pradlwarter and G. I. Schueller, Probabilistic Engineering Mechanics 19
(2004), 409; here for several directions, each of which answers for the points that lie further
along it than along the others. Any directions give an unbiased answer; good ones a certain one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from otsim.rare_events.populations import Floats, Margin

__all__ = ["Lines", "line_sampling"]

_STEP = 0.25  # of the looks along a line; a region narrower than that may be overlooked
_FIRST, _LAST = -8.0, 14.0
_LOOKS = np.arange(_FIRST, _LAST + _STEP, _STEP)
_BISECTIONS = 45
_TURNS = 2  # of the directions before the lines that count
_FEWEST = 64  # lines of a turn, besides two for each dimension
_LOOKS_AT_ONCE = 2**22  # numbers of the points that are looked at together

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Lines:
    """What line sampling found.

    Attributes:
        probability: of the event.
        standard_error: from the spread of the lines, and never below what one line in each
            direction could have been missed for.
        n_evaluations: how often the margin was evaluated.
    """

    probability: float
    standard_error: float
    n_evaluations: int


def line_sampling(margin: Margin, directions: Floats, *, seed: int, n_lines: int = 512) -> Lines:
    """Estimate the probability that a margin is not above 0, for independent standard normals.

    Args:
        margin: f64[n, n_dims] -> f64[n].
        directions: f64[n_directions, n_dims], unit vectors.
        seed: same seed, same answer.
        n_lines: for each direction.
    """
    random = np.random.default_rng(np.random.SeedSequence(seed).spawn(3)[2])
    looked = _Looks(margin=margin)
    for _ in range(_TURNS):
        directions = _turned(looked, directions, random)
    total, variance = 0.0, 0.0
    for i in range(len(directions)):
        chances = _chances(looked, _across(n_lines, directions[i], random), directions, i)
        mean = float(np.mean(chances))
        total += mean
        variance += float(np.var(chances, ddof=1)) / n_lines + (mean / n_lines) ** 2
    return Lines(probability=total, standard_error=math.sqrt(variance), n_evaluations=looked.count)


@dataclass(kw_only=True)
class _Looks:
    """Tells where the event happens, and counts how often it was asked."""

    margin: Margin
    count: int = 0

    def happens(self, points: Floats, directions: Floats, own: int) -> Bools:
        """Tell whether the event happens, only for points that are furthest along a direction."""
        self.count += len(points)
        further = np.argmax(points @ directions.T, axis=1) == own
        return np.asarray(further & (self.margin(points) <= 0.0))


def _turned(looked: _Looks, directions: Floats, random: np.random.Generator) -> Floats:
    """Turn each direction square to the border, by regression of where lines meet it.

    A flat border is met further out by as much as the line's place across goes against it.
    """
    found = directions.copy()
    n_dims = directions.shape[1]
    for i, direction in enumerate(directions):
        across = _across(_FEWEST + 2 * n_dims, direction, random)
        inside = _scan(looked, across, directions, i)
        meets = np.flatnonzero(inside.any(axis=1) & ~inside[:, 0])
        if len(meets) < _FEWEST // 2 + n_dims:
            continue
        place = _LOOKS[inside[meets].argmax(axis=1) - 1]
        opens = np.ones(len(meets), bool)
        border = _borders(looked, across[meets], directions, i, low=place, opens=opens)
        terms = np.hstack([np.ones((len(meets), 1)), across[meets]])
        slope = np.linalg.lstsq(terms, border, rcond=None)[0][1:]
        turned = direction - (slope - (slope @ direction) * direction)
        found[i] = turned / np.linalg.norm(turned)
    return found


def _across(n_lines: int, direction: Floats, random: np.random.Generator) -> Floats:
    """Draw where lines along a direction cross the plane through the origin, f64[n, n_dims]."""
    points = random.standard_normal((n_lines, len(direction)))
    return np.asarray(points - (points @ direction)[:, None] * direction)


def _chances(looked: _Looks, across: Floats, directions: Floats, own: int) -> Floats:
    """Return the chance of the event on each line, f64[n_lines]."""
    from scipy.special import ndtr

    inside = _scan(looked, across, directions, own)
    line, place = np.nonzero(inside[:, 1:] != inside[:, :-1])
    opens = inside[line, place + 1]
    border = _borders(looked, across[line], directions, own, low=_LOOKS[place], opens=opens)
    # what lies beyond a border where the event begins counts, beyond one where it ends not
    signed = np.where(opens, 1.0, -1.0) * ndtr(-border)
    begins = np.where(inside[:, 0], ndtr(-_FIRST), 0.0)
    return np.asarray(np.maximum(begins + np.bincount(line, signed, len(across)), 0.0))


def _scan(looked: _Looks, across: Floats, directions: Floats, own: int) -> Bools:
    """Tell where along each line the event happens, bool[n_lines, n_looks]."""
    inside = np.empty((len(across), len(_LOOKS)), bool)
    at_once = max(_LOOKS_AT_ONCE // (len(_LOOKS) * directions.shape[1]), 1)
    for first in range(0, len(across), at_once):
        some = across[first : first + at_once]
        points = some[:, None, :] + _LOOKS[None, :, None] * directions[own]
        found = looked.happens(points.reshape(-1, directions.shape[1]), directions, own)
        inside[first : first + at_once] = found.reshape(len(some), len(_LOOKS))
    return inside


def _borders(
    looked: _Looks, across: Floats, directions: Floats, own: int, *, low: Floats, opens: Bools
) -> Floats:
    """Bisect where the event begins or ends, one border a row."""
    high = low + _STEP
    for _ in range(_BISECTIONS if len(low) else 0):
        middle = 0.5 * (low + high)
        points = across + middle[:, None] * directions[own]
        before = looked.happens(points, directions, own) != opens
        low, high = np.where(before, middle, low), np.where(before, high, middle)
    return np.asarray(0.5 * (low + high))
