"""Losses of campaigns -> figures with their error, and differences of figures on the same draws."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from otsim.review.lives import Losses
from otsim.review.results import Change, Effect, Estimate, Figures
from otsim.risk.event_tail import resamplings, tail_loss, yearly_loss

__all__ = ["N_RESAMPLINGS", "Scale"]

N_RESAMPLINGS = 200
Floats = npt.NDArray[np.float64]
_QUANTILES = (0.025, 0.975)


@dataclass(frozen=True, kw_only=True)
class Scale:
    """What turns the losses of n campaigns into yearly figures.

    Attributes:
        return_period: years, of the tail.
        valid: bool[n], campaigns whose twins diverged in no variant.
        rates: f64[n_valid], how often a year each valid one comes.
        resampled: f64[m, n_valid], the same in m resamplings, alike for every figure.
    """

    return_period: float
    valid: npt.NDArray[np.bool_]
    rates: Floats
    resampled: Floats

    @staticmethod
    def of(rates: Floats, return_period: float, valid: npt.NDArray[np.bool_]) -> Scale:
        """Draw the resamplings; what is not valid is taken to be like the rest."""
        kept = rates[valid] * (rates.sum() / rates[valid].sum())
        return Scale(
            return_period=return_period,
            valid=valid,
            rates=kept,
            resampled=resamplings(kept, N_RESAMPLINGS),
        )

    def mean(self, per_event: Floats) -> Estimate:
        """Estimate a yearly mean of what each campaign does, f64[n].

        Campaigns of nan, whose twin diverged in this variant alone, are taken to be like the rest.
        """
        given = per_event[self.valid]
        known = ~np.isnan(given)
        found = [
            yearly_loss(given[known], rates[..., known])
            * (rates.sum(axis=-1) / rates[..., known].sum(axis=-1))
            for rates in (self.rates, self.resampled)
        ]
        return _estimate(float(found[0]), found[1])

    def figures(self, losses: Losses) -> Figures:
        """Estimate the figures of one variant."""
        return Figures(
            annual_loss=self.mean(losses.loss),
            tail_loss=_estimate(*self._tail(losses.loss)),
            damage_per_year=self.mean(losses.acts.astype(np.float64)),
            response_cost=self.mean(losses.response).value,
        )

    def effect(self, change: Change, before: Losses, after: Losses) -> Effect:
        """Estimate what a change avoids."""
        fewer = before.acts.astype(np.float64) - after.acts.astype(np.float64)
        now, then = self._tail(before.loss), self._tail(after.loss)
        return Effect(
            change=change,
            annual_loss=self.mean(before.loss - after.loss),
            tail_loss=_estimate(now[0] - then[0], now[1] - then[1]),
            damage_per_year=self.mean(fewer),
            n_relived=after.n_relived,
        )

    def _tail(self, loss: Floats) -> tuple[float, Floats]:
        """The mean loss of the worst years, and the same of each resampling."""
        given = loss[self.valid]
        value = float(tail_loss(given, self.rates, self.return_period))
        return value, tail_loss(given, self.resampled, self.return_period)


def _estimate(value: float, resampled: Floats) -> Estimate:
    low, high = np.quantile(resampled, _QUANTILES)
    return Estimate(value=value, low=min(float(low), value), high=max(float(high), value))
