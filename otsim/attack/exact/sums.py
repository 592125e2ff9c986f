"""Laws of sums of independent times, integrated over panels that follow both densities."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache, reduce

import numpy as np
import numpy.typing as npt

from otsim.attack.exact.laws import (
    Floats,
    Function,
    Law,
    atomic_law,
    merged_edges,
    mixed,
    real_edges,
)
from otsim.attack.exact.panels import Panels, first_ends, fitted, mesh, moments_of

__all__ = ["sum_of"]

Indices = npt.NDArray[np.intp]

NEGLIGIBLE = 1e-24
IDLE = 1e-17  # relative; errors of a fit below this do not matter
_GAUSS = np.polynomial.legendre.leggauss(20)
_BLOCK = 64  # times whose integrals are taken together


def sum_of(laws: Sequence[Law]) -> Law:
    """Return the law of the sum of independent times; never, if one of them is never.

    Atoms are added last: they only shift what has been found.
    """
    return reduce(_sum_of_two, sorted(laws, key=lambda law: (not law.edges, len(law.atoms))))


def _sum_of_two(first: Law, second: Law) -> Law:
    parts = [_shifted(_smooth(second), *atom) for atom in _atoms(first)]
    parts += [_shifted(_smooth(first), *atom) for atom in _atoms(second)]
    if first.edges and second.edges:
        parts.append(_convolved(_smooth(first), _smooth(second)))
    both = atomic_law(
        np.add.outer(first.atoms, second.atoms).ravel().tolist(),
        np.multiply.outer(first.weights, second.weights).ravel().tolist(),
    )
    found = mixed([both, *(part for part in parts if part.mass > 0.0)])
    return replace(
        found, mass=first.mass * second.mass, moments=cache(lambda: _added(first, second))
    )


def _added(first: Law, second: Law) -> tuple[float, float]:
    """Return mean and variance of a sum of independent times."""
    means, variances = zip(moments_of(first), moments_of(second), strict=True)
    return sum(means), sum(variances)


def _atoms(law: Law) -> list[tuple[float, float]]:
    return list(zip(law.atoms.tolist(), law.weights.tolist(), strict=True))


def _smooth(law: Law) -> Law:
    """Return the part of a law that has a density; of mass 0 if there is none."""
    if not len(law.atoms):
        return law
    nothing = np.zeros(0)
    mass = law.mass - float(law.weights.sum()) if law.edges else 0.0
    return replace(law, cdf=law.smooth_cdf, mass=mass, atoms=nothing, weights=nothing, moments=None)


def _shifted(law: Law, by: float, weight: float) -> Law:
    return replace(
        law,
        cdf=lambda time: weight * law.cdf(time - by),
        density=lambda time: weight * law.density(time - by),
        mass=weight * law.mass,
        edges=tuple(edge + by for edge in law.edges),
        moments=None,
    )


def _convolved(first: Law, second: Law) -> Law:
    """Return the law of the sum of two times that have densities, fitted once it is asked for."""
    first, second = sorted((first, second), key=lambda law: law.endless)
    end = first.edges[-1] + second.edges[-1]
    real = [one + other for one in real_edges(first) for other in real_edges(second)]
    edges = merged_edges(real, end)
    mass = first.mass * second.mass
    nearest = cache(lambda: _nearest(first, second, end - edges[0]))
    panels = cache(lambda: _fitted(first, second, edges, nearest()))

    def inside(which: int, above: float) -> Function:
        def value(time: Floats) -> Floats:
            found = np.where(time >= end, above, 0.0)
            within = (time >= panels().ends[0]) & (time < end)
            found[within] = np.maximum(panels().value(which, time[within]), 0.0)
            return found

        return value

    return Law(
        cdf=inside(0, mass),
        density=inside(1, 0.0),
        mass=mass,
        edges=edges,
        first=nearest,
        endless=first.endless or second.endless,
    )


def _fitted(first: Law, second: Law, edges: tuple[float, ...], nearest: float) -> Panels:
    """Fit distribution function and density of a sum."""
    begin = edges[0] + nearest
    ends = first_ends(edges, nearest)
    mass = first.mass * second.mass
    return fitted(
        _convolution(first, second),
        np.append(begin, ends[ends > begin]),
        origin=edges[0],
        idle=IDLE * np.array([mass, mass / (edges[-1] - edges[0])]),
    )


def _nearest(first: Law, second: Law, width: float) -> float:
    """Return how far above the lowest sum its probability stops being negligible."""
    wanted = NEGLIGIBLE * first.mass * second.mass
    low, high = np.log(width) - 650.0, np.log(width)
    while high - low > 0.1:
        middle = 0.5 * (low + high)
        distance = np.array([np.exp(middle)])
        both = first.cdf(first.edges[0] + distance) * second.cdf(second.edges[0] + distance)
        low, high = (middle, high) if both[0] <= wanted else (low, middle)
    return float(np.exp(low))


def _convolution(first: Law, second: Law) -> Callable[[Floats], Floats]:
    """Return the function from times to distribution function and density of the sum, f64[2, n].

    The integral is cut in the middle, and each half is taken over the time whose lower end lies
    in it, so that no digits of the distance to that end are lost.
    """
    meshes = mesh(first), mesh(second)
    lows = first.edges[0], second.edges[0]

    def of_block(time: Floats) -> Floats:
        middle = 0.5 * (lows[1] + time - lows[0])
        index, other, weight = _points(meshes[1], time[:, None] - meshes[0], lows[1], middle)
        weight = weight * second.density(other)
        own = time[index] - other
        found = _summed(index, weight, first, own, len(time))
        index, own, weight = _points(meshes[0], time[:, None] - meshes[1], lows[0], time - middle)
        weight = weight * second.density(time[index] - own)
        return found + _summed(index, weight, first, own, len(time))

    def of_all(time: Floats) -> Floats:
        blocks = [of_block(time[i : i + _BLOCK]) for i in range(0, len(time), _BLOCK)]
        return np.concatenate(blocks, axis=1)

    return of_all


def _summed(index: Indices, weight: Floats, law: Law, time: Floats, count: int) -> Floats:
    return np.array(
        [
            np.bincount(index, weight * law.cdf(time), count),
            np.bincount(index, weight * law.density(time), count),
        ]
    )


def _points(
    fixed: Floats, moving: Floats, low: float, high: Floats
) -> tuple[Indices, Floats, Floats]:
    """Return Gauss points between low and each high, cut wherever either mesh has an end."""
    count = len(high)
    ends = np.concatenate([np.broadcast_to(fixed, (count, len(fixed))), moving, high[:, None]], 1)
    ends = np.sort(np.clip(ends, low, high[:, None]), axis=1)
    index, at = np.nonzero(np.diff(ends) > 0.0)
    begin, end = ends[index, at], ends[index, at + 1]
    points, weights = _GAUSS
    half = 0.5 * (end - begin)[:, None]
    nodes = 0.5 * (begin + end)[:, None] + half * points
    return np.repeat(index, len(points)), nodes.ravel(), (half * weights).ravel()
