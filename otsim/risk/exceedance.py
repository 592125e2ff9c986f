"""Exceedance curves with their Monte-Carlo errors: OEP, AEP and their tail means (EPT)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from otsim.risk.annual import (
    AnnualLoss,
    annual_tail_mean,
    annual_value_at_risk,
    largest_event,
    others_exceedance,
    others_excess,
)
from otsim.risk.frequency import count_probs, generating_inverse, generating_slope
from otsim.risk.intervals import CONFIDENCE_SCORE, order_levels
from otsim.risk.measures import ROUNDING, DiscreteLoss, tail_mean, value_at_risk
from otsim.risk.sampling_error import INDEPENDENT, Sampling

__all__ = [
    "AEP",
    "AEP_TAIL",
    "ENOUGH_TAIL",
    "OEP",
    "OEP_TAIL",
    "CurvePoint",
    "Curves",
    "ept",
    "resolved",
    "spread_of",
]

OEP, OEP_TAIL, AEP, AEP_TAIL = 1, 2, 3, 4  # EPType of Open Results Data
ENOUGH_TAIL = 100  # effective events of weighted ones, below which a tail is not told
_ENOUGH = 16_384  # losses that a standard error is computed from; more are thinned evenly

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class CurvePoint:
    """One row of the EPT.

    Attributes:
        ep_type: 1 OEP, 2 mean of the worst years by OEP, 3 AEP, 4 mean of the worst by AEP.
        return_period: years.
        loss: currency.
        standard_error, lower_ci, upper_ci: Monte-Carlo error, and the 95 % interval.
        tail_events: how many sampled events know this part of the curve; below 10 is few.
    """

    ep_type: int
    return_period: float
    loss: float
    standard_error: float
    lower_ci: float
    upper_ci: float
    tail_events: float


@dataclass(frozen=True, kw_only=True)
class Curves:
    """An annual loss with what its curves need.

    Attributes:
        annual: the annual loss.
        plant_value: the most that one event can cost.
        sampling: how the events were drawn.
    """

    annual: AnnualLoss
    plant_value: float = math.inf
    sampling: Sampling = INDEPENDENT

    @cached_property
    def largest(self) -> DiscreteLoss:
        """The largest event of a year."""
        return largest_event(self.annual)

    @cached_property
    def step(self) -> int:
        """Of every so many losses one is looked at for errors; of replicates all count."""
        if not self.sampling.is_plain:
            return 1
        return 1 + len(self.annual.losses) // _ENOUGH

    @cached_property
    def thinned(self) -> Floats:
        """At most 16,384 of the losses, evenly taken, f64[n]; for replicates all."""
        return self.annual.losses[:: self.step]

    @cached_property
    def largest_slopes(self) -> Floats:
        """Influence of an event on the largest event's stop-loss, up to each loss: f64[n_losses].

        The integral of G'(F(y)) from 0 to the loss.
        """
        annual = self.annual
        ranks = 1.0 - annual.share + annual.share * annual.ranks_before[:-1]
        slopes = generating_slope(annual.frequency, ranks)
        return np.asarray(np.cumsum(slopes * np.diff(annual.losses, prepend=0.0)))

    @cached_property
    def count_ranks(self) -> Floats:
        """Probability of at most n events in a year, f64[n_counts]."""
        return np.cumsum(count_probs(self.annual.frequency))


def ept(curves: Curves, return_periods: Sequence[float]) -> tuple[CurvePoint, ...]:
    """Return the four curves at return periods, years, each above 1.

    The loss at return period T is the smallest that a year exceeds with probability at most 1 / T;
    the tail mean is that of the worst 1 / T of probability, whatever other periods are asked for.
    """
    rows = (_oep, _oep_tail, _aep, _aep_tail)
    return tuple(row(curves, period) for row in rows for period in return_periods)


def resolved(curves: Curves, points: Sequence[CurvePoint]) -> tuple[CurvePoint, ...]:
    """Leave out, where events are weighted, the return periods that too few of them know.

    A few heavy weights look surer than they are: an interval from them would be a pretence.
    """
    if curves.sampling.weights is None:
        return tuple(points)
    few = {point.return_period for point in points if point.tail_events < ENOUGH_TAIL}
    return tuple(point for point in points if point.return_period not in few)


def spread_of(curves: Curves, of_losses: Floats, of_zero: float) -> float:
    """Return the standard error of a mean over events.

    Args:
        curves: the annual loss.
        of_losses: f64[n_thinned], the quantity for the losses of `curves.thinned`.
        of_zero: the quantity for events without a loss.
    """
    annual, share = curves.annual, curves.annual.share
    if len(of_losses) == 0:
        return 0.0
    if not curves.sampling.is_plain:
        of_events = np.full(annual.n_events, of_zero)
        of_events[annual.events] = of_losses
        return curves.sampling.mean_error(of_events)
    mean = share * float(np.mean(of_losses)) + (1.0 - share) * of_zero
    square = share * float(np.mean((of_losses - mean) ** 2)) + (1.0 - share) * (of_zero - mean) ** 2
    return math.sqrt(square / annual.n_events)


def _oep(curves: Curves, period: float) -> CurvePoint:
    level = 1.0 - 1.0 / period
    rank = generating_inverse(curves.annual.frequency, level)
    loss = value_at_risk(curves.largest, level)
    n_events = curves.annual.n_events
    if rank <= 0.0:
        return _point(OEP, period, 0.0, 0.0, (0.0, 0.0), float(n_events))
    known = _effective_events(curves, loss, rank)
    lower, upper = (_at_rank(curves, part) for part in order_levels(rank, known))
    near, far = (_at_rank(curves, part) for part in order_levels(rank, known, 1.0))
    ends = min(lower, loss), max(upper, loss)
    tail = _tail_events(curves, loss, n_events * (1.0 - rank))
    return _point(OEP, period, loss, 0.5 * (far - near), ends, tail)


def _effective_events(curves: Curves, loss: float, rank: float) -> float:
    """How many independent events would know as well how many of them cost at most a loss."""
    error = spread_of(curves, (curves.thinned <= loss).astype(np.float64), 1.0)
    return curves.sampling.effective_size(rank, error, curves.annual.n_events)


def _at_rank(curves: Curves, part: float) -> float:
    """Read the sampled losses at a part of their number, between order statistics."""
    annual = curves.annual
    if part > 1.0:
        return curves.plant_value
    ranks = 1.0 - annual.share + annual.share * annual.ranks_before
    return float(np.interp(part, ranks, np.concatenate([[0.0], annual.losses])))


def _oep_tail(curves: Curves, period: float) -> CurvePoint:
    level = 1.0 - 1.0 / period
    at = value_at_risk(curves.largest, level)
    place = int(np.searchsorted(curves.annual.losses, at, side="right"))
    floor = curves.largest_slopes[place - 1] if place > 0 else 0.0
    influence = np.maximum(curves.largest_slopes[:: curves.step] - floor, 0.0)
    error = period * spread_of(curves, influence, 0.0)
    known = min(1.0 - generating_inverse(curves.annual.frequency, level), 1.0)
    loss = tail_mean(curves.largest, level)
    ends = _tail_ends(loss, error * curves.sampling.widening, curves.plant_value)
    tail = _tail_events(curves, at, curves.annual.n_events * known)
    return _point(OEP_TAIL, period, loss, error, ends, tail)


def _aep(curves: Curves, period: float) -> CurvePoint:
    annual, level = curves.annual, 1.0 - 1.0 / period
    loss = annual_value_at_risk(annual, level)
    years = _effective_years(curves, loss, level)
    lower, upper = (_at_level(curves, part, level) for part in order_levels(level, years))
    near, far = (_at_level(curves, part, level) for part in order_levels(level, years, 1.0))
    ends = min(lower, loss), max(upper, loss)
    tail = _tail_events(curves, loss, years / period)
    return _point(AEP, period, loss, 0.5 * (far - near), ends, tail)


def _effective_years(curves: Curves, loss: float, level: float) -> float:
    """How many sampled years would know P(annual loss > loss) as well as the events do.

    An event's influence on that probability is the mean number of events times the chance that
    the other events of its year carry the sum over the loss.
    """
    annual = curves.annual
    over = others_exceedance(annual, loss - curves.thinned)
    over_zero = float(others_exceedance(annual, np.array([loss]))[0])
    spread = curves.sampling.widening * spread_of(curves, over, over_zero)
    error = annual.frequency.mean * spread
    return level * (1.0 - level) / error**2 if error > 0.0 else float(annual.n_events)


def _at_level(curves: Curves, part: float, level: float) -> float:
    """Read the annual loss at a level between events; above all levels, what it cannot exceed."""
    if part <= 1.0 - 1e-12:
        return annual_value_at_risk(curves.annual, part, smooth=True)
    most = int(np.searchsorted(curves.count_ranks, level - ROUNDING))
    return most * curves.plant_value


def _aep_tail(curves: Curves, period: float) -> CurvePoint:
    annual, level = curves.annual, 1.0 - 1.0 / period
    at = annual_value_at_risk(annual, level)
    excess = others_excess(annual, at - curves.thinned)
    excess_zero = float(others_excess(annual, np.array([at]))[0])
    error = period * annual.frequency.mean * spread_of(curves, excess, excess_zero)
    loss = annual_tail_mean(annual, level)
    known = _effective_years(curves, at, level) / period
    ends = _tail_ends(loss, error * curves.sampling.widening, math.inf)
    return _point(AEP_TAIL, period, loss, error, ends, _tail_events(curves, at, known))


def _tail_events(curves: Curves, loss: float, plain: float) -> float:
    """How many events know a tail: `plain` of equal ones, of weighted ones the effective number."""
    weights, annual = curves.sampling.weights, curves.annual
    if weights is None:
        return plain
    first = int(np.searchsorted(annual.losses, loss, side="left"))
    which = np.zeros(annual.n_events, bool)
    which[annual.events[first:]] = True
    return curves.sampling.effective_events(which)


def _tail_ends(loss: float, error: float, most: float) -> tuple[float, float]:
    """Return the ends of a tail mean's interval, which is symmetric in the logarithm."""
    factor = math.exp(min(CONFIDENCE_SCORE * error / loss, 700.0)) if loss > 0.0 else 1.0
    return loss / factor, min(loss * factor, most)


def _point(
    ep_type: int, period: float, loss: float, error: float, ends: tuple[float, float],
    tail_events: float,
) -> CurvePoint:  # fmt: skip
    return CurvePoint(
        ep_type=ep_type, return_period=period, loss=loss, standard_error=error,
        lower_ci=ends[0], upper_ci=ends[1], tail_events=tail_events,
    )  # fmt: skip
