"""A measure of one run with its Monte-Carlo error."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from otsim.risk.annual import annual_loss
from otsim.risk.events import EventLosses
from otsim.risk.exceedance import AEP, AEP_TAIL, OEP, Curves, ept
from otsim.risk.frequency import Frequency, generating, generating_slope
from otsim.risk.intervals import mean_interval, proportion_interval
from otsim.risk.named_measures import Measure, hits_of

__all__ = ["Estimate", "estimate"]

_EP_TYPES = {"var": AEP, "cvar": AEP_TAIL, "oep": OEP}


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A measure with its error.

    Attributes:
        value: currency, or a probability.
        standard_error: Monte-Carlo error.
        lower, upper: 95 % interval; inf where no sampled event bounds it.
    """

    value: float
    standard_error: float
    lower: float
    upper: float

    @property
    def relative_error(self) -> float:
        """Standard error over value; inf for a value of 0."""
        return self.standard_error / self.value if self.value > 0.0 else math.inf


def estimate(measure: Measure, events: EventLosses, frequency: Frequency) -> Estimate:
    """Estimate a measure from sampled events, as the tables of a run do."""
    if measure.kind == "eal":
        return _mean_loss(events, frequency)
    if measure.kind == "chance":
        return _chance(measure, events, frequency)
    curves = Curves(
        annual=annual_loss(events.loss, frequency, events.sampling.calibrated),
        plant_value=events.plant_value, sampling=events.sampling,
    )  # fmt: skip
    kind = _EP_TYPES[measure.kind]
    point = next(p for p in ept(curves, [measure.return_period]) if p.ep_type == kind)
    return Estimate(
        value=point.loss, standard_error=point.standard_error, lower=point.lower_ci,
        upper=point.upper_ci,
    )  # fmt: skip


def _mean_loss(events: EventLosses, frequency: Frequency) -> Estimate:
    loss, sampling = events.loss, events.sampling
    mean, error = sampling.mean(loss), sampling.mean_error(loss)
    lower, upper = mean_interval(mean, error * sampling.widening, skewness_of(loss), len(loss))
    return Estimate(
        value=frequency.mean * mean, standard_error=frequency.mean * error,
        lower=frequency.mean * lower, upper=frequency.mean * upper,
    )  # fmt: skip


def _chance(measure: Measure, events: EventLosses, frequency: Frequency) -> Estimate:
    hits = hits_of(events, measure.flag)
    chance, error = events.sampling.mean(hits), events.sampling.mean_error(hits)
    known = events.sampling.effective_size(chance, error, len(hits))
    ends = proportion_interval(chance * known, known)
    yearly = [1.0 - float(generating(frequency, 1.0 - p)) for p in (chance, *ends)]
    slope = float(generating_slope(frequency, 1.0 - chance))
    return Estimate(value=yearly[0], standard_error=slope * error, lower=yearly[1], upper=yearly[2])


def skewness_of(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    """Return the third standardised moment of f64[n]; 0 where all are equal."""
    off = values - np.mean(values)
    sd = math.sqrt(float(np.mean(off**2)))
    return float(np.mean((off / sd) ** 3)) if sd > 0.0 else 0.0
