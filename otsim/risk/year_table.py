"""Exceedance losses of simulated years, by the rule of Open Results Data (see `period_loss`)."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

__all__ = ["period_loss", "period_tail_mean"]

Floats = npt.NDArray[np.float64]


def period_loss(losses: Floats, return_period: float) -> float:
    """Return the loss at a return period.

    The years' losses stand in descending order; rank i has return period P / i for P years.
    Between ranks the loss is linear in the return period. (As oasislmf's `write_ept` has it.)

    Args:
        losses: f64[n_years], one per simulated year: the sum (AEP) or the largest event (OEP).
        return_period: years, at least 1.

    Returns:
        The loss, nan above the largest return period.
    """
    n_years = len(losses)
    if return_period > n_years:
        return math.nan
    periods = n_years / np.arange(n_years, 0, -1.0)
    return float(np.interp(return_period, periods, np.sort(losses)))


def period_tail_mean(losses: Floats, return_period: float) -> float:
    """Return the mean loss of the worst 1 / return_period of the years.

    These are the worst floor(P / return_period) years, and of the next one the missing part;
    what other return periods are asked for makes no difference.

    Args:
        losses: f64[n_years].
        return_period: years, at least 1.

    Returns:
        The mean, nan above the largest return period.
    """
    wanted = len(losses) / return_period
    if wanted < 1.0:
        return math.nan
    ordered = np.sort(losses)[::-1]
    parts = np.clip(wanted - np.arange(len(losses)), 0.0, 1.0)
    return float(np.sum(ordered * parts) / wanted)
