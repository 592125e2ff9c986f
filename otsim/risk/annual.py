"""The annual loss of equally likely sampled events: years with one loss exact, the rest by FFT."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from otsim.risk.frequency import Frequency, generating, generating_slope
from otsim.risk.grid import (
    GridLoss,
    grid_exceedance,
    grid_excess,
    grid_inverse,
    grid_loss,
    spread,
    sum_bound,
)
from otsim.risk.measures import ROUNDING, DiscreteLoss

__all__ = [
    "AnnualLoss",
    "annual_exceedance",
    "annual_loss",
    "annual_mean",
    "annual_tail_mean",
    "annual_value_at_risk",
    "annual_variance",
    "largest_event",
    "others_exceedance",
    "others_excess",
]

Floats = npt.NDArray[np.float64]
CELLS = 2**19  # of the grid; a transform takes 10 ms


@dataclass(frozen=True, kw_only=True)
class AnnualLoss:
    """The sum of a random number of losses, each one of n_events sampled events.

    Attributes:
        frequency: number of events in a year.
        n_events: number of sampled events, with or without a loss.
        share: probability that an event has a loss.
        losses: f64[n_losses], the positive losses, ascending.
        events: i64[n_losses], which event each of them is.
        ranks: f64[n_losses], probability of at most each loss, given that there is one.
        none: probability of a year without any loss.
        one: probability of a year with exactly one.
        rest: years with two losses or more.
        others_none: as `none`, for the other events of a year, seen from one event in it.
        others: the sum of those others where it is not 0.
    """

    frequency: Frequency
    n_events: int
    share: float
    losses: Floats
    events: npt.NDArray[np.int64]
    ranks: Floats
    none: float
    one: float
    rest: GridLoss
    others_none: float
    others: GridLoss

    @cached_property
    def at_most(self) -> Floats:
        """P(annual loss <= x) at each of `losses`, f64[n_losses]."""
        rest = self.rest.mass - grid_exceedance(self.rest, self.losses)
        return np.asarray(self.none + self.one * self.ranks + rest)

    @cached_property
    def sums_from(self) -> Floats:
        """E[loss; it stands at this index or later], given a loss: f64[n_losses + 1]."""
        parts = self.losses * np.diff(self.ranks, prepend=0.0)
        return np.concatenate([np.cumsum(parts[::-1])[::-1], [0.0]])

    @cached_property
    def ranks_before(self) -> Floats:
        """Probability to stand before each index, given a loss: f64[n_losses + 1]."""
        return np.concatenate([[0.0], self.ranks])


def annual_loss(
    losses: Floats, frequency: Frequency, weights: Floats | None = None, cells: int = CELLS
) -> AnnualLoss:
    """Compound sampled losses to years.

    Years without a loss and with one are exact; sums of two or more are put on a grid of `cells`
    nodes that keeps every loss's mean, and reaches so far that less than 1e-13 wraps around.

    Args:
        losses: f64[n_events], not negative, finite; most may be 0.
        frequency: number of events in a year, loss or not.
        weights: f64[n_events], relative probability of each event; all alike by default.
        cells: number of nodes, a power of two.
    """
    weights = np.ones(len(losses)) if weights is None else weights
    order = np.argsort(losses, kind="stable")
    order = order[np.searchsorted(losses[order], 0.0, side="right") :]
    positive, total = losses[order], float(np.sum(weights))
    share = float(np.sum(weights[order])) / total
    chances = weights[order] / (share * total or 1.0)
    step = _step(positive, chances, share, frequency=frequency, cells=cells)
    transform = np.fft.rfft(spread(positive / step, chances, cells))
    none = float(generating(frequency, 1.0 - share))
    slope = float(generating_slope(frequency, 1.0 - share))
    rest, others = _sums(transform, share, frequency)
    return AnnualLoss(
        frequency=frequency, n_events=len(losses), share=share, losses=positive,
        events=order, ranks=np.cumsum(chances), none=none, one=share * slope,
        rest=grid_loss(rest, step, cells), others_none=slope / (frequency.mean or 1.0),
        others=grid_loss(others, step, cells),
    )  # fmt: skip


def annual_mean(mean: float, frequency: Frequency) -> float:
    """Expected annual loss from the mean loss of an event (Wald's identity)."""
    return frequency.mean * mean


def annual_variance(mean: float, second_moment: float, frequency: Frequency) -> float:
    """Variance of the annual loss from the mean and mean square of an event's loss."""
    event_variance = second_moment - mean**2
    return frequency.mean * event_variance + frequency.variance * mean**2


def annual_exceedance(annual: AnnualLoss, x: Any) -> Any:
    """Return P(annual loss > x) for x >= 0."""
    before = annual.ranks_before[np.searchsorted(annual.losses, x, side="right")]
    return annual.one * (annual.ranks_before[-1] - before) + grid_exceedance(annual.rest, x)


def annual_value_at_risk(annual: AnnualLoss, level: float, *, smooth: bool = False) -> float:
    """Return the smallest x with P(annual loss <= x) >= level.

    Args:
        annual: the annual loss.
        level: probability, 0 to 1.
        smooth: interpolate between neighbouring events, for the ends of confidence intervals.
    """
    if annual.none >= level - ROUNDING:
        return 0.0
    losses, n_losses = annual.losses, len(annual.losses)
    i = int(np.searchsorted(annual.at_most, level - ROUNDING))
    below = losses[i - 1] if i > 0 else 0.0
    if smooth and i < n_losses:
        return _between_events(annual, i, level)
    wanted = level - annual.none - annual.one * annual.ranks_before[i]
    between = max(grid_inverse(annual.rest, wanted), below)
    return float(min(between, losses[i]) if i < n_losses else between)


def annual_tail_mean(annual: AnnualLoss, level: float) -> float:
    """Return the mean of the worst 1 - level of years; the atom at VaR is split."""
    at = annual_value_at_risk(annual, level)
    i = int(np.searchsorted(annual.losses, at, side="right"))
    larger = annual.ranks_before[-1] - annual.ranks_before[i]
    one = annual.one * (annual.sums_from[i] - at * larger)
    return at + float(one + grid_excess(annual.rest, at)) / (1.0 - level)


def others_exceedance(annual: AnnualLoss, y: Floats) -> Floats:
    """Return the chance that the other events of an event's year cost more than y, f64[n]."""
    return np.asarray(np.where(y < 0.0, 1.0, grid_exceedance(annual.others, y)))


def others_excess(annual: AnnualLoss, y: Floats) -> Floats:
    """Return E[(loss of the other events of an event's year - y)+], f64[n]."""
    mean = grid_excess(annual.others, np.zeros(1))
    return np.asarray(np.where(y < 0.0, mean - y, grid_excess(annual.others, y)))


def largest_event(annual: AnnualLoss) -> DiscreteLoss:
    """Return the distribution of a year's largest event, 0 for years without a loss."""
    ranks = 1.0 - annual.share + annual.share * annual.ranks_before
    probs = np.diff(generating(annual.frequency, ranks), prepend=0.0)
    return DiscreteLoss(values=np.concatenate([[0.0], annual.losses]), probs=probs)


def _between_events(annual: AnnualLoss, i: int, level: float) -> float:
    """Solve P(annual loss <= x) = level with the step at loss i spread over the gap before it."""
    low = first = float(annual.losses[i - 1]) if i > 0 else 0.0
    high = last = float(annual.losses[i])
    before, step = annual.ranks_before[i], annual.ranks_before[i + 1] - annual.ranks_before[i]
    for _ in range(50):
        x = 0.5 * (low + high)
        one = annual.one * (before + step * (x - first) / max(last - first, 1e-300))
        if annual.none + one + annual.rest.mass - grid_exceedance(annual.rest, x) < level:
            low = x
        else:
            high = x
    return high


def _sums(
    transform: npt.NDArray[np.complex128], share: float, frequency: Frequency
) -> tuple[npt.NDArray[np.complex128], npt.NDArray[np.complex128]]:
    """Transform years of two losses or more, and the others of an event's year that have any."""
    thinned = 1.0 - share + share * transform
    slope = generating_slope(frequency, 1.0 - share)
    rest = generating(frequency, thinned) - generating(frequency, 1.0 - share)
    others = generating_slope(frequency, thinned) - slope
    return rest - share * slope * transform, others / (frequency.mean or 1.0)


def _step(
    positive: Floats, chances: Floats, share: float, *, frequency: Frequency, cells: int
) -> float:
    """Choose the step so that the grid holds all sums and, if it can, the largest loss exactly."""
    if len(positive) == 0 or frequency.mean == 0.0:
        return 1.0
    largest = float(positive[-1])
    bins = np.minimum((positive / largest * 256).astype(np.int64), 255)
    probs = share * np.bincount(bins, chances, 256)
    values = np.arange(257) / 256 * largest
    reach = sum_bound(values, np.concatenate([[1.0 - share], probs]), frequency)
    whole = int((cells - 2) * largest / max(reach, largest))
    return largest / whole if whole else reach / (cells - 2)
