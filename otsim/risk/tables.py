"""All risk tables of a study from its sampled events and the yearly number of campaigns."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from otsim.errors import ReportError
from otsim.risk.annual import (
    AnnualLoss,
    annual_loss,
    annual_mean,
    annual_value_at_risk,
    annual_variance,
)
from otsim.risk.contributions import Contribution, contributions, group_losses
from otsim.risk.estimates import chance_estimate, mean_estimate
from otsim.risk.events import EventLosses
from otsim.risk.exceedance import (
    AEP,
    AEP_TAIL,
    ENOUGH_TAIL,
    CurvePoint,
    Curves,
    ept,
    resolved,
)
from otsim.risk.frequency import Frequency, generating
from otsim.risk.sampling_error import Sampling

__all__ = [
    "AnnualMean",
    "Convergence",
    "Probability",
    "Quarantine",
    "RiskTables",
    "TailMeasure",
    "annual_risk",
]

Floats = npt.NDArray[np.float64]
LEVELS = (0.9, 0.95, 0.99, 0.995, 0.999)
_FIRST_SIZE = 64
_CURVE_POINTS = 60
_CURVE_YEARS = 1000.0


@dataclass(frozen=True, kw_only=True)
class AnnualMean:
    """A row of the ALT: mean and standard deviation of annual losses, currency.

    Attributes:
        group: `total`, `category`, `goal`, `entry` or `profile`; name: one of that group.
        mean_loss, sd_loss: of the group's annual loss (not of events).
        standard_error, lower_ci, upper_ci: Monte-Carlo error of the mean, and its 95 % interval.
    """

    group: str
    name: str
    mean_loss: float
    sd_loss: float
    standard_error: float
    lower_ci: float
    upper_ci: float


@dataclass(frozen=True, kw_only=True)
class Convergence:
    """A row of the ALCT: the expected annual loss from the first `sample_size` events."""

    mean_loss: float
    sd_loss: float
    sample_size: int
    lower_ci: float
    upper_ci: float
    standard_error: float
    relative_error: float


@dataclass(frozen=True, kw_only=True)
class TailMeasure:
    """Value at risk and tail mean (CVaR) of the annual loss at a level, with their errors."""

    level: float
    var: CurvePoint
    cvar: CurvePoint


@dataclass(frozen=True, kw_only=True)
class Probability:
    """How often something happens.

    Attributes:
        name: one of the events' flags, or `loss` for any loss.
        per_campaign: probability that a campaign (as the yearly rate counts) brings it.
        standard_error, lower_ci, upper_ci: of `per_campaign`; 95 % score interval.
        per_year, per_year_lower_ci, per_year_upper_ci: probability of a year with at least one.
    """

    name: str
    per_campaign: float
    standard_error: float
    lower_ci: float
    upper_ci: float
    per_year: float
    per_year_lower_ci: float
    per_year_upper_ci: float


@dataclass(frozen=True, kw_only=True)
class Quarantine:
    """What the diverged twins could change, each costing nothing or the whole plant."""

    n_events: int
    n_quarantined: int
    mean_loss_low: float
    mean_loss_high: float
    loss_100_years_low: float
    loss_100_years_high: float


@dataclass(frozen=True, kw_only=True)
class RiskTables:
    """The tables of a run; `ept` holds the study's return periods, `curve` many more."""

    alt: tuple[AnnualMean, ...]
    alct: tuple[Convergence, ...]
    ept: tuple[CurvePoint, ...]
    curve: tuple[CurvePoint, ...]
    tail_measures: tuple[TailMeasure, ...]
    contributions: tuple[Contribution, ...]
    probabilities: tuple[Probability, ...]
    quarantine: Quarantine


def annual_risk(
    events: EventLosses, frequency: Frequency, return_periods: Sequence[float]
) -> RiskTables:
    """Turn sampled events into annual risk.

    A year holds N campaigns, each as likely to be any of the events. Years are not sampled: their
    distribution is compounded, so the only error is that of the sampled events.

    Args:
        events: the campaigns that did not diverge.
        frequency: the yearly number of campaigns.
        return_periods: years, each above 1.
    """
    periods = tuple(float(period) for period in return_periods)
    annual = annual_loss(events.loss, frequency, events.sampling.calibrated)
    curves = Curves(annual=annual, plant_value=events.plant_value, sampling=events.sampling)
    points = resolved(curves, ept(curves, periods))
    if not points:
        raise ReportError(
            f"risk tables: {len(events.loss)} weighted twins, but no return period with "
            f"{ENOUGH_TAIL} effective ones beyond it; raise simulation.twins, the run goes on "
            "where it stopped, or use sampling: plain"
        )
    known = tuple(dict.fromkeys(point.return_period for point in points))
    return RiskTables(
        alt=_alt(events, frequency),
        alct=_alct(events, frequency),
        ept=points,
        curve=resolved(curves, ept(curves, _curve_periods(periods))),
        tail_measures=tuple(_measures(curves)),
        contributions=contributions(annual, events, known),
        probabilities=_probabilities(events, frequency),
        quarantine=_quarantine(events, annual),
    )


def _alt(events: EventLosses, frequency: Frequency) -> tuple[AnnualMean, ...]:
    sampling, most = events.sampling, events.plant_value
    total = _annual_mean(("total", "total"), events.loss, frequency, sampling, most=most)
    groups = (
        _annual_mean((group, name), losses, frequency, sampling)
        for group, name, losses in group_losses(events)
    )
    return total, *groups


def _annual_mean(
    names: tuple[str, str], losses: Floats, frequency: Frequency, sampling: Sampling, *,
    most: float | None = None,
) -> AnnualMean:  # fmt: skip
    each = mean_estimate(losses, sampling, most=most)
    mean = each.value
    variance = sampling.mean((losses - mean) ** 2)
    return AnnualMean(
        group=names[0],
        name=names[1],
        mean_loss=annual_mean(mean, frequency),
        sd_loss=math.sqrt(annual_variance(mean, variance + mean**2, frequency)),
        standard_error=frequency.mean * each.standard_error,
        lower_ci=frequency.mean * each.lower,
        upper_ci=frequency.mean * each.upper,
    )


def _alct(events: EventLosses, frequency: Frequency) -> tuple[Convergence, ...]:
    n_events = len(events.loss)
    doublings = range(max(math.ceil(math.log2(n_events / _FIRST_SIZE)), 0))
    sizes = [_FIRST_SIZE * 2**i for i in doublings] + [n_events]
    return tuple(
        _converged(events.loss[:size], frequency, events.sampling.first(size)) for size in sizes
    )


def _converged(losses: Floats, frequency: Frequency, sampling: Sampling) -> Convergence:
    row = _annual_mean(("total", "total"), losses, frequency, sampling)
    relative = row.standard_error / row.mean_loss if row.mean_loss > 0.0 else math.inf
    return Convergence(
        mean_loss=row.mean_loss,
        sd_loss=row.sd_loss,
        sample_size=len(losses),
        lower_ci=row.lower_ci,
        upper_ci=row.upper_ci,
        standard_error=row.standard_error,
        relative_error=relative,
    )


def _curve_periods(periods: tuple[float, ...]) -> list[float]:
    """Space return periods evenly in the logarithm of their exceedance odds."""
    last = max(_CURVE_YEARS, 2.0 * max(periods))
    return [1.0 + odds for odds in np.geomspace(0.02, last - 1.0, _CURVE_POINTS).tolist()]


def _measures(curves: Curves) -> Iterator[TailMeasure]:
    """Yield the levels that enough events know."""
    for level in LEVELS:
        measure = _measure(curves, level)
        if resolved(curves, [measure.var, measure.cvar]):
            yield measure


def _measure(curves: Curves, level: float) -> TailMeasure:
    rows = {row.ep_type: row for row in ept(curves, [1.0 / (1.0 - level)])}
    return TailMeasure(level=level, var=rows[AEP], cvar=rows[AEP_TAIL])


def _probabilities(events: EventLosses, frequency: Frequency) -> tuple[Probability, ...]:
    flags = {**events.flags, "loss": events.loss > 0.0}
    return tuple(
        _probability(name, flag, frequency, events.sampling) for name, flag in flags.items()
    )


def _probability(
    name: str, flag: npt.NDArray[np.bool_], frequency: Frequency, sampling: Sampling
) -> Probability:
    each = chance_estimate(flag, sampling)
    ends = each.value, each.lower, each.upper
    yearly = [1.0 - float(generating(frequency, 1.0 - p)) for p in ends]
    return Probability(
        name=name,
        per_campaign=each.value,
        standard_error=each.standard_error,
        lower_ci=each.lower,
        upper_ci=each.upper,
        per_year=yearly[0],
        per_year_lower_ci=yearly[1],
        per_year_upper_ci=yearly[2],
    )


def _quarantine(events: EventLosses, annual: AnnualLoss) -> Quarantine:
    n_events, n_quarantined = len(events.loss), events.n_quarantined
    worst = (0.0, events.plant_value) if n_quarantined else (0.0,)
    means, losses = [], []
    weights = events.sampling.all_calibrated
    for value in worst:
        bound = np.concatenate([events.loss, np.full(n_quarantined, value)])
        years = annual_loss(bound, annual.frequency, weights) if n_quarantined else annual
        means.append(annual_mean(float(np.average(bound, weights=weights)), annual.frequency))
        losses.append(annual_value_at_risk(years, 0.99))
    return Quarantine(
        n_events=n_events,
        n_quarantined=n_quarantined,
        mean_loss_low=means[0],
        mean_loss_high=means[-1],
        loss_100_years_low=losses[0],
        loss_100_years_high=losses[-1],
    )
