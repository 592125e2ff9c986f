"""Panels on which a law's density is smooth, and what is integrated or interpolated on them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from otsim.attack.exact.laws import Floats, Function, Law

__all__ = [
    "Panels",
    "first_ends",
    "fitted",
    "integral",
    "mesh",
    "moments_of",
    "nodes_of",
    "survival",
]

POINTS = 20  # of a panel, Gauss or Chebyshev
RATIO = 2.5  # of neighbouring panels, in their distance from the lower end of the support
ROUNDS = 40  # of halving panels
PRECISION = 1e-13  # of a density, relative to the probability up to there
FIT = 1e-12  # last coefficients of a fit, relative to its largest value on the panel
NOISE = 1e-14  # relative; what rounding does to a distance as small as the time itself is large
IDLE = 1e-18  # relative to the whole: not worth halving a panel for
NARROWEST = 1e-12  # width of a panel, relative to the support

_GAUSS = np.polynomial.legendre.leggauss(POINTS)
_ANGLES = (np.arange(POINTS) + 0.5) * np.pi / POINTS
_TO_COEFFICIENTS = np.cos(np.outer(np.arange(POINTS), _ANGLES)) * (2.0 / POINTS)
_TO_COEFFICIENTS[0] *= 0.5
_MEANS = 1.0 / (1.0 - np.arange(0.0, POINTS, 2) ** 2)  # of the even Chebyshev polynomials


def mesh(law: Law) -> Floats:
    """Return panel ends that resolve the density of a law; f64[n_panels + 1].

    On each panel the density is a polynomial, up to an error that does not matter beside the
    probability of all that lies before the panel's end.
    """
    ends = first_ends(law.edges, law.first())
    narrow = NARROWEST * (ends[-1] - ends[0])
    for _ in range(ROUNDS):
        low, high = ends[:-1], ends[1:]
        values = law.density(_chebyshev_points(low, high)).reshape(-1, POINTS)
        found = values @ _TO_COEFFICIENTS.T
        sums = (high - low) * np.maximum(found[:, ::2] @ _MEANS, 0.0)
        room = PRECISION * np.cumsum(sums) + IDLE * law.mass
        error = (high - low) * np.abs(found[:, -2:]).max(axis=1)
        rough = (error > room) & (high - low > narrow)
        if not rough.any():
            break
        ends = np.sort(np.concatenate([ends, 0.5 * (low + high)[rough]]))
    return ends


def first_ends(edges: tuple[float, ...], first: float) -> Floats:
    """Return the edges, and between the first two of them panels that grow by a ratio."""
    width = edges[1] - edges[0]
    if first <= 0.0:
        return np.array(edges)
    distances = np.exp(np.arange(np.log(first), np.log(0.75 * width), np.log(RATIO)))
    return np.unique(np.concatenate([edges, edges[0] + distances]))


def nodes_of(ends: Floats) -> tuple[Floats, Floats]:
    """Return Gauss points and weights of all panels, each f64[n_panels * POINTS]."""
    points, weights = _GAUSS
    half = 0.5 * np.diff(ends)[:, None]
    middle = 0.5 * (ends[:-1] + ends[1:])[:, None]
    return (middle + half * points).ravel(), (half * weights).ravel()


def integral(function: Function, ends: Floats) -> float:
    """Integrate a function over panels."""
    points, weights = nodes_of(ends)
    return float(weights @ function(points))


def moments_of(law: Law) -> tuple[float, float]:
    """Return mean and variance of a time, given that it is not never; nan if it always is."""
    if law.moments is not None:
        return law.moments()
    if law.mass == 0.0:
        return np.nan, np.nan
    points, weights = nodes_of(mesh(law)) if law.edges else (np.zeros(0), np.zeros(0))
    times = np.concatenate([law.atoms, points])
    chances = np.concatenate([law.weights, weights * law.density(points)]) / law.mass
    mean = float(chances @ times)
    return mean, float(chances @ (times - mean) ** 2)


def survival(law: Law) -> Function:
    """Return the function P(T > t), which keeps its digits where it is small."""
    never = 1.0 - law.mass if law.mass < 1.0 - NARROWEST else 0.0
    later = np.append(np.cumsum(law.weights[::-1])[::-1], 0.0)

    def atoms_alone(time: Floats) -> Floats:
        found: Floats = never + later[np.searchsorted(law.atoms, time, side="right")]
        return found

    if not law.edges:
        return atoms_alone
    ends = mesh(law)
    points, weights = nodes_of(ends)
    sums = (weights * law.density(points)).reshape(-1, POINTS).sum(axis=1)
    behind = np.append(np.cumsum(sums[::-1])[::-1], 0.0)

    def with_density(time: Floats) -> Floats:
        at = np.clip(time, ends[0], ends[-1])
        panel = np.clip(np.searchsorted(ends, at, side="right"), 1, len(ends) - 1)
        half = 0.5 * (ends[panel] - at)[:, None]
        nodes = 0.5 * (ends[panel] + at)[:, None] + half * _GAUSS[0]
        part = law.density(nodes.ravel()).reshape(nodes.shape) @ _GAUSS[1] * half[:, 0]
        found: Floats = atoms_alone(time) + behind[panel] + part
        return found

    return with_density


@dataclass(frozen=True, kw_only=True)
class Panels:
    """Several functions as polynomials on panels.

    Attributes:
        ends: f64[n_panels + 1].
        coefficients: Chebyshev coefficients, f64[n_functions, n_panels, POINTS].
    """

    ends: Floats
    coefficients: Floats

    def value(self, which: int, time: Floats) -> Floats:
        """Return a function's values at times within the panels, by Clenshaw's recurrence."""
        panel = np.clip(np.searchsorted(self.ends, time, side="right") - 1, 0, len(self.ends) - 2)
        low, high = self.ends[panel], self.ends[panel + 1]
        x = (2.0 * time - low - high) / (high - low)
        rows = self.coefficients[which].T[:, panel]
        later = now = np.zeros(len(time))
        for row in rows[:0:-1]:
            later, now = now, row + 2.0 * x * now - later
        found: Floats = rows[0] + x * now - later
        return found


def fitted(
    functions: Callable[[Floats], Floats], ends: Floats, *, origin: float, idle: Floats
) -> Panels:
    """Fit several functions at once by polynomials on panels, which are halved as needed.

    Args:
        functions: from times, f64[n], to values, f64[n_functions, n].
        ends: the first panel ends, above the origin.
        origin: where the functions begin; the nearer, the fewer digits the distance to it has.
        idle: by function, the size below which its error does not matter; f64[n_functions].
    """
    low, high = ends[:-1], ends[1:]
    narrow = NARROWEST * (ends[-1] - ends[0])
    lows, fits = [], []
    for _ in range(ROUNDS):
        values = functions(_chebyshev_points(low, high)).reshape(len(idle), len(low), POINTS)
        found = values @ _TO_COEFFICIENTS.T
        relative = FIT + NOISE * abs(origin) / (low - origin)
        room = relative * np.abs(values).max(axis=2) + idle[:, None]
        rough = (np.abs(found[:, :, -2:]).max(axis=2) > room).any(axis=0) & (high - low > narrow)
        lows.append(low[~rough])
        fits.append(found[:, ~rough])
        low, high = low[rough], high[rough]
        if not len(low):
            break
        middle = 0.5 * (low + high)
        low, high = np.concatenate([low, middle]), np.concatenate([middle, high])
    order = np.argsort(np.concatenate(lows))
    starts = np.concatenate(lows)[order]
    return Panels(
        ends=np.append(starts, ends[-1]), coefficients=np.concatenate(fits, axis=1)[:, order]
    )


def _chebyshev_points(low: Floats, high: Floats) -> Floats:
    middle, half = 0.5 * (low + high)[:, None], 0.5 * (high - low)[:, None]
    return (middle + half * np.cos(_ANGLES)).ravel()
