"""A measure of one run with its Monte-Carlo error."""

from __future__ import annotations

from otsim.risk.annual import annual_loss
from otsim.risk.estimates import Estimate, chance_estimate, mean_estimate
from otsim.risk.events import EventLosses
from otsim.risk.exceedance import AEP, AEP_TAIL, OEP, Curves, ept
from otsim.risk.frequency import Frequency, generating, generating_slope
from otsim.risk.named_measures import Measure, hits_of

__all__ = ["Estimate", "estimate"]

_EP_TYPES = {"var": AEP, "cvar": AEP_TAIL, "oep": OEP}


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
    each = mean_estimate(events.loss, events.sampling, most=events.plant_value)
    return Estimate(
        value=frequency.mean * each.value, standard_error=frequency.mean * each.standard_error,
        lower=frequency.mean * each.lower, upper=frequency.mean * each.upper,
    )  # fmt: skip


def _chance(measure: Measure, events: EventLosses, frequency: Frequency) -> Estimate:
    each = chance_estimate(hits_of(events, measure.flag) > 0.0, events.sampling)
    yearly = [
        1.0 - float(generating(frequency, 1.0 - p)) for p in (each.value, each.lower, each.upper)
    ]
    slope = float(generating_slope(frequency, 1.0 - each.value))
    return Estimate(
        value=yearly[0], standard_error=slope * each.standard_error, lower=yearly[1],
        upper=yearly[2],
    )  # fmt: skip
