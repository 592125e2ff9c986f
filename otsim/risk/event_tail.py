"""Rare events' mean and tail, quick enough to be asked of thousands of variants.

Exact where a year holds at most one event that costs something; `otsim.risk.annual` compounds the
years that hold more. The error that this leaves is of the order of the yearly rate.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["resamplings", "tail_loss", "tail_rates", "yearly_loss"]

Floats = npt.NDArray[np.float64]


def yearly_loss(losses: Floats, rates: Floats) -> Floats:
    """Return the expected loss a year.

    Args:
        losses: f64[n], of n events.
        rates: f64[n], how often a year each comes; f64[m, n] for m resamplings of them.

    Returns:
        f64[], or f64[m].
    """
    return np.asarray(rates @ losses)


def tail_loss(losses: Floats, rates: Floats, return_period: float) -> Floats:
    """Return the mean loss of the worst years: those that come once in `return_period`.

    Args:
        losses, rates: as for `yearly_loss`.
        return_period: years.
    """
    order = np.argsort(-losses, kind="stable")
    within = _within(rates[..., order], 1.0 / return_period)
    return np.asarray(return_period * (within @ losses[order]))


def tail_rates(losses: Floats, rates: Floats, return_period: float) -> Floats:
    """Return the rate at which each event makes one of the worst years, f64[n].

    `return_period` times the losses at these rates adds up to `tail_loss`. Equal losses at the edge
    of the tail share what is left of it.

    Args:
        losses, rates: f64[n].
        return_period: years.
    """
    order = np.argsort(-losses, kind="stable")
    within = np.empty_like(rates)
    within[order] = _within(rates[order], 1.0 / return_period)
    inside = np.flatnonzero(within[order] > 0.0)
    if len(inside):
        edge = losses == losses[order][inside[-1]]
        within[edge] = rates[edge] * (within[edge].sum() / rates[edge].sum())
    return within


def resamplings(rates: Floats, n_resamplings: int, seed: int = 0) -> Floats:
    """Draw the events again, with replacement: f64[n_resamplings, n], their rates then."""
    draw, n = np.random.default_rng(seed), len(rates)
    return rates * draw.multinomial(n, np.full(n, 1.0 / n), n_resamplings)


def _within(rates: Floats, room: float) -> Floats:
    """Fill the tail from the worst event on."""
    before = np.cumsum(rates, axis=-1) - rates
    within: Floats = np.clip(room - before, 0.0, rates)
    return within
