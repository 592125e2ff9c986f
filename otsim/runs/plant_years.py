"""Simulated plant-years: which of the sampled campaigns happen in which year, and when in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from otsim.risk.frequency import Frequency, count_probs

__all__ = ["PlantYears", "plant_years", "years_for"]

_LEAST_YEARS = 10_000
_MOST_YEARS = 5_000_000
_YEARS_BEYOND = 100  # years a return period: so many worst ones know its loss
_MINUTES_A_DAY, _DAYS_A_YEAR = 1440, 365
_COUNTS, _CHOICES, _DATES = range(3)  # streams, so that more years leave the first as they were

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class PlantYears:
    """n occurrences of campaigns, in the order of the years.

    Attributes:
        n_years: simulated years, those without any campaign too.
        year: i64[n], from 1.
        campaign: i64[n], index into the campaigns that were drawn from.
        month, day, hour, minute: i64[n], of a year of 365 days.
    """

    n_years: int
    year: Ints
    campaign: Ints
    month: Ints
    day: Ints
    hour: Ints
    minute: Ints


def years_for(return_periods: tuple[float, ...]) -> int:
    """Return how many years show the longest of these return periods."""
    wanted = int(_YEARS_BEYOND * max(return_periods, default=1.0))
    return min(max(wanted, _LEAST_YEARS), _MOST_YEARS)


def plant_years(
    frequency: Frequency, *, weights: npt.NDArray[np.float64], n_years: int, seed: int
) -> PlantYears:
    """Let sampled campaigns happen over simulated years, with replacement.

    Args:
        frequency: number of campaigns a year.
        weights: f64[n_campaigns], how likely each campaign is beside the others.
        n_years: how many years.
        seed: the same seed gives the same years.
    """
    counts = _counts(frequency, _stream(seed, _COUNTS).random(n_years))
    total = int(np.sum(counts))
    minute = _stream(seed, _DATES).integers(0, _DAYS_A_YEAR * _MINUTES_A_DAY, total)
    year = np.repeat(np.arange(1, n_years + 1), counts)
    order = np.lexsort((minute, year))
    month, day = _date(minute[order] // _MINUTES_A_DAY)
    return PlantYears(
        n_years=n_years, year=year, month=month, day=day,
        campaign=_chosen(weights, _stream(seed, _CHOICES).random(total))[order],
        hour=minute[order] % _MINUTES_A_DAY // 60, minute=minute[order] % 60,
    )  # fmt: skip


def _counts(frequency: Frequency, level: npt.NDArray[np.float64]) -> Ints:
    ranks = np.cumsum(count_probs(frequency))
    return np.asarray(np.searchsorted(ranks[:-1], level, side="right"), np.int64)


def _chosen(weights: npt.NDArray[np.float64], level: npt.NDArray[np.float64]) -> Ints:
    ranks = np.cumsum(weights) / np.sum(weights)
    return np.asarray(np.searchsorted(ranks[:-1], level, side="right"), np.int64)


def _stream(seed: int, purpose: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=[seed, purpose]))


def _date(day_of_year: Ints) -> tuple[Ints, Ints]:
    """Turn days from 0 into months and days from 1."""
    lengths = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    month = np.searchsorted(starts, day_of_year, side="right")
    return month, day_of_year - starts[month - 1] + 1
