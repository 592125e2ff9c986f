"""Which bins of a draw tell events that matter from others, and how likely each bin is then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from otsim.config.study_tilt import Tilt, TiltedComponent

__all__ = ["Elites", "Way", "tilt_of"]

_TAIL_CUTS = (0.001, 0.003, 0.01, 0.02, 0.03)
_CUTS = (*_TAIL_CUTS, *(i / 20 for i in range(1, 20)), *(1.0 - cut for cut in _TAIL_CUTS))
_ALIKE = 14.0  # twice a log-likelihood ratio, one in 5,000 by chance: bins with less are one
_PRIOR = 5.0  # plain draws that every histogram is mixed with, so that no bin is empty
_LEAST_MASS = 1e-5
_DIGITS = 6  # of what is stored: enough, and short to read

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Elites:
    """Draws of events that matter.

    Attributes:
        uniforms: f64[n] for each draw by its name.
        weights: f64[n], how much each event matters, in life and not among those drawn.
    """

    uniforms: Mapping[str, Floats]
    weights: Floats

    @property
    def effective(self) -> float:
        """How many events of equal weight they are worth."""
        total = float(np.sum(self.weights))
        return total**2 / float(np.sum(self.weights**2)) if total > 0.0 else 0.0


@dataclass(frozen=True, kw_only=True)
class Way:
    """One way to draw: its name, its share of the twins, and the events that it is to be like.

    Several groups of events count by their effective numbers, each at most `most`.
    """

    name: str
    share: float
    groups: Sequence[Elites]
    most: float = 2000.0


def tilt_of(
    ways: Sequence[Way], *, nominal: float, cuts: Mapping[str, Sequence[float]] | None = None
) -> Tilt:
    """Fit a mixture of tilted draws: each way's draws one by one, as cross-entropy asks.

    Of all products of densities, that of the events' own histograms is the nearest to their
    distribution (R. Y. Rubinstein and D. P. Kroese, The cross-entropy method, 2004). Draws that
    do not tell the events from plain ones are left alone, since every tilt makes weights uneven.

    Args:
        ways: what the components are to be like; their shares are scaled to 1 - nominal.
        nominal: share of plain draws; no weight is above its inverse.
        cuts: where a draw changes its meaning, by name, besides round numbers.
    """
    names = dict.fromkeys(name for way in ways for group in way.groups for name in group.uniforms)
    bins: dict[str, tuple[float, ...]] = {}
    masses: list[dict[str, tuple[float, ...]]] = [{} for _ in ways]
    for name in names:
        at = np.unique([round(c, 9) for c in (*_CUTS, *(cuts or {}).get(name, ())) if 0 < c < 1])
        counts = np.array([_counts(way, name, at) for way in ways])
        at, counts = _merged(at, counts)
        widths = np.diff(at, prepend=0.0, append=1.0)
        told = [i for i, row in enumerate(counts) if _surprise(row, widths) > _ALIKE * len(at)]
        if told:
            bins[name] = tuple(at.tolist())
        for i in told:
            masses[i][name] = _masses(counts[i], widths)
    total = sum(way.share for way in ways)
    shares = [(1.0 - nominal) * way.share / total for way in ways]
    components = [
        TiltedComponent(name=way.name, share=share, masses=given)
        for way, share, given in zip(ways, _rounded(shares, 1.0 - nominal), masses, strict=True)
    ]
    plain = TiltedComponent(name="nominal", share=nominal)
    return Tilt(bins=bins, components=(plain, *components))


def _counts(way: Way, name: str, cuts: Floats) -> Floats:
    """Count a way's events in each bin, as effective numbers, f64[n_bins]."""
    counts = np.zeros(len(cuts) + 1)
    for group in way.groups:
        if name in group.uniforms and group.effective > 0.0:
            place = np.searchsorted(cuts, group.uniforms[name], side="right")
            found = np.bincount(place, group.weights, len(counts))
            counts += min(group.effective, way.most) * found / np.sum(group.weights)
    return counts


def _merged(cuts: Floats, counts: Floats) -> tuple[Floats, Floats]:
    """Take out, one by one, the cuts that no way's events tell apart."""
    edges = np.concatenate([[0.0], cuts, [1.0]])
    while len(edges) > 2:
        widths = np.diff(edges)
        apart = _apart(counts, widths).max(axis=0)
        least = int(np.argmin(apart))
        if apart[least] >= _ALIKE:
            break
        edges = np.delete(edges, least + 1)
        joined = counts[:, least] + counts[:, least + 1]
        counts = np.delete(counts, least + 1, axis=1)
        counts[:, least] = joined
    return edges[1:-1], counts


def _apart(counts: Floats, widths: Floats) -> Floats:
    """Twice the log-likelihood ratio of two densities over one, f64[n_ways, n_bins - 1]."""
    left, right = counts[:, :-1], counts[:, 1:]
    part = widths[:-1] / (widths[:-1] + widths[1:])
    both = left + right
    return 2.0 * (_xlogy(left, part * both) + _xlogy(right, (1.0 - part) * both))


def _surprise(counts: Floats, widths: Floats) -> float:
    """Twice the log-likelihood ratio of a histogram over plain draws."""
    return float(2.0 * np.sum(_xlogy(counts, widths * np.sum(counts))))


def _xlogy(x: Floats, expected: Floats) -> Floats:
    """Return x log(x / expected), 0 where x is 0."""
    ratio = np.where(x > 0.0, x, 1.0) / np.where(x > 0.0, np.maximum(expected, 1e-300), 1.0)
    return np.asarray(x * np.log(ratio))


def _masses(counts: Floats, widths: Floats) -> tuple[float, ...]:
    mixed = (counts + _PRIOR * widths) / (np.sum(counts) + _PRIOR)
    mixed = np.maximum(mixed, _LEAST_MASS)
    return _rounded((mixed / np.sum(mixed)).tolist(), 1.0)


def _rounded(values: Sequence[float], total: float) -> tuple[float, ...]:
    """Round to a few digits; the largest value takes what the sum is off by."""
    rounded = [round(value, _DIGITS) for value in values]
    largest = int(np.argmax(rounded)) if rounded else 0
    if rounded:
        others = sum(rounded) - rounded[largest]
        rounded[largest] = round(total - others, _DIGITS)
    return tuple(rounded)
