"""Laws of times: atoms and a density, with what integration over them needs to know."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

__all__ = [
    "Floats",
    "Function",
    "Law",
    "Moments",
    "always",
    "atomic_law",
    "merged_edges",
    "mixed",
    "real_edges",
    "thinned",
]

Floats = npt.NDArray[np.float64]
Function = Callable[[Floats], Floats]
Moments = Callable[[], tuple[float, float]]

SAME_TIME = 1e-12  # relative; atoms nearer than this are one


def _nothing(time: Floats) -> Floats:
    return np.zeros(len(time))


def _zero() -> float:
    return 0.0


def always(value: float) -> Callable[[], float]:
    """Return the function that returns a value."""
    return lambda: value


@dataclass(frozen=True, kw_only=True)
class Law:
    """The law of a time that may be never.

    Attributes:
        cdf: P(T <= t), atoms and all, f64[n] to f64[n]; keeps its digits where it is small.
        density: of the part without atoms.
        mass: P(T < inf).
        atoms: the times that have a probability of their own, ascending; f64[n_atoms].
        weights: their probabilities.
        edges: the density's support, and where in it the density may not be smooth; empty for
            atoms alone.
        first: nothing that matters lies nearer than this to the lower end of the support; a
            function, because it may take work that mean and variance do not need.
        endless: whether the upper end is only where the rest no longer matters.
        moments: mean and variance given that it is not never, where they need not be integrated.
    """

    cdf: Function
    density: Function = _nothing
    mass: float
    atoms: Floats = field(default_factory=lambda: np.zeros(0))
    weights: Floats = field(default_factory=lambda: np.zeros(0))
    edges: tuple[float, ...] = ()
    first: Callable[[], float] = _zero
    endless: bool = False
    moments: Moments | None = None

    def smooth_cdf(self, time: Floats) -> Floats:
        """Return the part of the distribution function that the density makes up."""
        if not len(self.atoms):
            return self.cdf(time)
        return np.maximum(self.cdf(time) - _steps(self.atoms, self.weights, time), 0.0)

    def cdf_before(self, time: Floats) -> Floats:
        """Return P(T < t)."""
        if not len(self.atoms):
            return self.cdf(time)
        at = np.abs(time[:, None] - self.atoms) <= SAME_TIME * np.abs(self.atoms)
        return np.maximum(self.cdf(time) - at @ self.weights, 0.0)

    @property
    def start(self) -> float:
        """The earliest time that matters."""
        return float(min([*self.atoms[:1], *self.edges[:1]], default=0.0))

    @property
    def end(self) -> float:
        """The latest time that matters."""
        return float(max([*self.atoms[-1:], *self.edges[-1:]], default=0.0))


def atomic_law(times: Sequence[float], weights: Sequence[float]) -> Law:
    """Return the law of a time that takes a few values; their weights may add up to less than 1."""
    atoms, masses = _gathered(np.array(times, float), np.array(weights, float))
    return Law(
        cdf=lambda time: _steps(atoms, masses, time),
        mass=float(masses.sum()),
        atoms=atoms,
        weights=masses,
        moments=lambda: _pooled(masses, [(atom, 0.0) for atom in atoms.tolist()]),
    )


def thinned(law: Law, chance: float) -> Law:
    """Return the law of a time that comes with a probability, else never."""
    if chance == 1.0:
        return law
    return replace(
        law,
        cdf=lambda time: chance * law.cdf(time),
        density=lambda time: chance * law.density(time),
        mass=chance * law.mass,
        weights=chance * law.weights,
    )


def mixed(laws: Sequence[Law]) -> Law:
    """Return the law whose parts are the given ones, already thinned."""
    smooth = [law for law in laws if law.edges]
    atoms, weights = _gathered(
        np.concatenate([law.atoms for law in laws]), np.concatenate([law.weights for law in laws])
    )
    known = [law.moments for law in laws if law.moments is not None]
    all_known = len(known) == len(laws)
    masses = np.array([law.mass for law in laws])
    end = max((law.edges[-1] for law in smooth), default=0.0)
    return Law(
        cdf=lambda time: _total([law.cdf for law in laws], time),
        density=lambda time: _total([law.density for law in smooth], time),
        mass=float(masses.sum()),
        atoms=atoms,
        weights=weights,
        edges=merged_edges([edge for law in smooth for edge in real_edges(law)], end),
        first=lambda: min((law.first() for law in smooth), default=0.0),
        endless=any(law.endless for law in smooth if law.edges[-1] == end),
        moments=(lambda: _pooled(masses, [each() for each in known])) if all_known else None,
    )


def real_edges(law: Law) -> tuple[float, ...]:
    """Return the edges without an upper end that is none."""
    return law.edges[:-1] if law.endless else law.edges


def merged_edges(edges: Sequence[float], end: float) -> tuple[float, ...]:
    """Sort edges, without those that differ by rounding alone, and close them with an end."""
    if not edges:
        return ()
    ordered = sorted(edge for edge in edges if edge < end)
    width = SAME_TIME * (end - ordered[0])
    kept = [edge for i, edge in enumerate(ordered) if i == 0 or edge - ordered[i - 1] > width]
    if end - kept[-1] <= width and len(kept) > 1:
        kept.pop()
    return (*kept, end)


def _pooled(masses: Floats, moments: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Return mean and variance of a mixture; nan if it has no mass."""
    present = [(w, *each) for w, each in zip(masses.tolist(), moments, strict=True) if w > 0.0]
    if not present:
        return np.nan, np.nan
    weights, means, variances = np.array(present).T
    mean = float(weights @ means / weights.sum())
    return mean, float(weights @ (variances + (means - mean) ** 2) / weights.sum())


def _total(functions: Sequence[Function], time: Floats) -> Floats:
    total = np.zeros(len(time))
    for function in functions:
        total += function(time)
    return total


def _steps(atoms: Floats, weights: Floats, time: Floats) -> Floats:
    """Return the probability of the atoms up to each time."""
    cumulative = np.concatenate([[0.0], np.cumsum(weights)])
    later = time + SAME_TIME * np.abs(time)
    return cumulative[np.searchsorted(atoms, later, side="right")]


def _gathered(times: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Sort atoms, drop those of no weight and join those at the same time."""
    kept = weights > 0.0
    order = np.argsort(times[kept], kind="stable")
    times, weights = times[kept][order], weights[kept][order]
    new = np.diff(times, prepend=-np.inf) > SAME_TIME * np.abs(times)
    groups = np.cumsum(new) - 1
    return times[new], np.bincount(groups, weights, minlength=int(new.sum()))
