"""The Monte-Carlo error of a mean over sampled events, however they were drawn."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from otsim.risk.intervals import CONFIDENCE_SCORE

__all__ = ["INDEPENDENT", "Sampling"]

Floats = npt.NDArray[np.float64]
_LEAST_BENT = 0.1  # part of a weight that calibration leaves at least


@dataclass(frozen=True, kw_only=True, eq=False)
class Sampling:
    """How events were drawn.

    Attributes:
        replicate: i64[n_events], the net of each event; None if all are independent.
        weights: f64[n_events], how likely each event is in life over how likely it was to be
            drawn; their mean is 1 but for chance. None if all are alike.
        dropped_weights: f64[n_dropped], of the twins drawn with them that diverged. None if all
            are alike, or none did.
    """

    replicate: npt.NDArray[np.int64] | None = None
    weights: Floats | None = None
    dropped_weights: Floats | None = None

    @property
    def is_plain(self) -> bool:
        """Whether events are independent and all alike."""
        return self.replicate is None and self.weights is None

    def first(self, n_events: int) -> Sampling:
        """Return how the first events were drawn."""
        replicate = None if self.replicate is None else self.replicate[:n_events]
        weights = None if self.weights is None else self.weights[:n_events]
        return Sampling(replicate=replicate, weights=weights)

    @cached_property
    def calibrated(self) -> Floats | None:
        """The weights, f64[n_events], bent a little so that their mean is 1; None if all alike.

        What is estimated with them is the regression estimate on the weights, whose mean is known
        (C.-E. Sarndal, B. Swensson, J. Wretman, Model assisted survey sampling, 1992): for large
        samples no worse than weights left alone, nor than weights scaled, which tails suffer from.
        That mean is of all twins drawn, so those that diverged are dropped after the bending.
        """
        if self.weights is None:
            return None
        known = self.all_calibrated
        assert known is not None
        found = known[: len(self.weights)]
        return np.asarray(found / np.mean(found))

    @cached_property
    def all_calibrated(self) -> Floats | None:
        """The same with the dropped twins behind, f64[n_events + n_dropped], of mean 1 together."""
        if self.weights is None:
            return None
        none = np.zeros(0) if self.dropped_weights is None else self.dropped_weights
        weights = np.concatenate([self.weights, none])
        mean = float(np.mean(weights))
        off = weights - mean
        variance = float(np.mean(off**2)) or 1.0
        bent = np.maximum(1.0 - (mean - 1.0) * off / variance, _LEAST_BENT)
        found = weights * bent
        return np.asarray(found / np.mean(found))

    def mean(self, values: Floats) -> float:
        """Return the mean of f64[n_events] as life has them."""
        weights = self.calibrated
        return float(np.mean(values if weights is None else weights * values))

    def off_mean(self, values: Floats) -> Floats:
        """Return what each event adds to the error of the mean of f64[n_events], of mean 0."""
        weights = self.weights
        if weights is None:
            return values - np.mean(values)
        parts, off = weights * values, weights - np.mean(weights)
        parts = parts - np.mean(parts)
        return np.asarray(parts - off * (np.sum(parts * off) / (np.sum(off**2) or 1.0)))

    def effective_events(self, which: npt.NDArray[np.bool_]) -> float:
        """Return how many events of equal weight some of them are worth (L. Kish, 1965)."""
        if self.weights is None:
            return float(np.sum(which))
        some: Floats = self.weights[which]
        return float(np.sum(some)) ** 2 / max(float(np.sum(some**2)), 1e-300)

    def mean_error(self, values: Floats) -> float:
        """Return the standard error of the mean of f64[n_events].

        From the spread of the events; for replicates from the spread of their sums, as a ratio
        estimate, since events that diverged may leave them uneven.
        """
        off = self.off_mean(values)
        if self.replicate is None:
            return math.sqrt(float(np.mean(off**2)) / len(values))
        sums = np.bincount(self.replicate, off, self._n_replicates)
        few = self._n_replicates / (self._n_replicates - 1.0)
        return math.sqrt(few * float(np.sum(sums**2))) / len(values)

    @cached_property
    def widening(self) -> float:
        """How much wider than the normal a 95 % interval is, as few replicates tell the error."""
        if self.replicate is None:
            return 1.0
        from scipy.special import stdtrit

        return float(stdtrit(self._n_replicates - 1.0, 0.975)) / CONFIDENCE_SCORE

    def effective_size(self, chance: float, error: float, n_events: int) -> float:
        """Return how many independent events would know a probability as well as these do.

        So that intervals for independent draws can be used (E. L. Korn and B. I. Graubard, Survey
        Methodology 24 (1998), 193). The events of a replicate that count are a whole number, so
        no probability is taken as better known than to that rounding. Weighted events of which
        none, or all, count are worth so many as if each had the largest weight: what was not seen
        may lie where they were drawn most thinly.

        Args:
            chance: the probability.
            error: its standard error.
            n_events: how many there are.
        """
        if self.weights is not None:
            if 0.0 < chance < 1.0 and error > 0.0:
                return chance * (1.0 - chance) / error**2
            return n_events / max(float(np.max(self.weights)), 1.0)
        if self.replicate is None or not 0.0 < chance < 1.0:
            return n_events
        rounding = math.sqrt(self._n_replicates / 12.0) / n_events
        return chance * (1.0 - chance) / (self.widening * max(error, rounding)) ** 2

    @cached_property
    def _n_replicates(self) -> int:
        assert self.replicate is not None
        return int(np.max(self.replicate)) + 1


INDEPENDENT = Sampling()
