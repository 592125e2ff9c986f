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


@dataclass(frozen=True, kw_only=True, eq=False)
class Sampling:
    """How events were drawn.

    Attributes:
        replicate: i64[n_events], the net of each event; None if all are independent.
    """

    replicate: npt.NDArray[np.int64] | None = None

    def first(self, n_events: int) -> Sampling:
        """Return how the first events were drawn."""
        return self if self.replicate is None else Sampling(replicate=self.replicate[:n_events])

    def mean_error(self, values: Floats) -> float:
        """Return the standard error of the mean of f64[n_events].

        From the spread of the events; for replicates from the spread of their sums, as a ratio
        estimate, since events that diverged may leave them uneven.
        """
        off = values - np.mean(values)
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
        no probability is taken as better known than to that rounding.

        Args:
            chance: the probability.
            error: its standard error.
            n_events: how many there are.
        """
        if self.replicate is None or not 0.0 < chance < 1.0:
            return n_events
        rounding = math.sqrt(self._n_replicates / 12.0) / n_events
        return chance * (1.0 - chance) / (self.widening * max(error, rounding)) ** 2

    @cached_property
    def _n_replicates(self) -> int:
        assert self.replicate is not None
        return int(np.max(self.replicate)) + 1


INDEPENDENT = Sampling()
