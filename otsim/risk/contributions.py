"""Who and what the annual loss comes from: additive parts of the mean and of the tail."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from otsim.risk.annual import (
    AnnualLoss,
    annual_exceedance,
    annual_tail_mean,
    annual_value_at_risk,
    others_exceedance,
)
from otsim.risk.events import EventLosses

__all__ = ["Contribution", "contributions", "group_losses", "tail_parts"]

Floats = npt.NDArray[np.float64]
NO_GROUP = "(none)"
_WINDOW = 0.25  # part of the tail on each side of VaR that tells what the years there are made of


@dataclass(frozen=True, kw_only=True)
class Contribution:
    """A group's part of the mean annual loss of the worst years (by AEP).

    Attributes:
        return_period: the worst 1 / return_period of years.
        group: `category`, `goal`, `entry` or `profile`; name: one of that group.
        loss: E[loss of the group | those years], currency; a group's rows add up to the tail mean.
        share: part of the tail mean, 0 to 1.
        standard_error: Monte-Carlo error of `loss`, first order in the number of events a year.
    """

    return_period: float
    group: str
    name: str
    loss: float
    share: float
    standard_error: float


def group_losses(events: EventLosses) -> Iterator[tuple[str, str, Floats]]:
    """Yield group, name and f64[n] losses of every group; each group's add up to the total."""
    for name, losses in events.by_category.items():
        yield "category", name, losses
    for group, labels in events.labels.items():
        for code, name in enumerate(labels.names):
            yield group, name, np.where(labels.codes == code, events.loss, 0.0)
        if np.any(events.loss[labels.codes < 0] > 0.0):
            yield group, NO_GROUP, np.where(labels.codes < 0, events.loss, 0.0)


def tail_parts(
    annual: AnnualLoss, losses: Floats, level: float, weights: Floats | None = None
) -> Floats:
    """Split the tail mean over the events.

    An event's part is its loss times the rate of tail years that hold it. Where an atom of years
    with this one loss lies at VaR, the tail takes an even share of it.

    Args:
        annual: compounded from `losses` with the same weights.
        losses: f64[n_events].
        level: of the tail; the worst 1 - level of years.
        weights: f64[n_events], of mean 1; all alike by default.

    Returns:
        f64[n_events] that add up to `annual_tail_mean`.
    """
    at = annual_value_at_risk(annual, level)
    weights = np.ones(len(losses)) if weights is None else weights
    rate = annual.frequency.mean / len(losses) * weights
    parts = rate * losses * others_exceedance(annual, at - losses)
    ties = losses == at
    if at > 0.0 and np.any(ties):
        missing = max(1.0 - level - float(annual_exceedance(annual, at)), 0.0)
        parts = parts + np.where(ties, missing * at * weights / np.sum(weights[ties]), 0.0)
    # What is left to mend is the grid's rounding, far below a step.
    return parts * (annual_tail_mean(annual, level) / (np.sum(parts) or 1.0))


def contributions(
    annual: AnnualLoss, events: EventLosses, return_periods: tuple[float, ...]
) -> tuple[Contribution, ...]:
    """Return the parts of the AEP tail by category, goal, entry and profile."""
    return tuple(row for period in return_periods for row in _of_tail(annual, events, period))


def _of_tail(annual: AnnualLoss, events: EventLosses, period: float) -> Iterator[Contribution]:
    level = 1.0 - 1.0 / period
    losses = np.where(events.loss > 0.0, events.loss, 1.0)
    weights = events.sampling.calibrated
    parts = tail_parts(annual, events.loss, level, weights) / losses
    around = _around(annual, events.loss, level, weights) / losses
    over = others_exceedance(annual, annual_value_at_risk(annual, level) - events.loss)
    total = annual_tail_mean(annual, level) or 1.0
    for group, name, of_group in group_losses(events):
        loss = float(np.sum(parts * of_group))
        influence = over * (of_group - float(np.sum(around * of_group)))
        error = period * annual.frequency.mean * events.sampling.mean_error(influence)
        yield Contribution(
            return_period=period, group=group, name=name, loss=loss, share=loss / total,
            standard_error=error,
        )  # fmt: skip


def _around(annual: AnnualLoss, losses: Floats, level: float, weights: Floats | None) -> Floats:
    """Split E[annual loss | it is near VaR] over the events, f64[n_events]."""
    far, near = (1.0 - _WINDOW) * (1.0 - level), min((1.0 + _WINDOW) * (1.0 - level), 1.0)
    wide = near * tail_parts(annual, losses, 1.0 - near, weights)
    return (wide - far * tail_parts(annual, losses, 1.0 - far, weights)) / (near - far)
