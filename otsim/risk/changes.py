"""How much a measure differs between two samples of events, with an interval for the difference."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from otsim.risk.annual import annual_loss
from otsim.risk.estimates import skewness_of
from otsim.risk.events import EventLosses
from otsim.risk.frequency import Frequency, generating_slope
from otsim.risk.intervals import CONFIDENCE_SCORE, mean_interval
from otsim.risk.measure_errors import estimate
from otsim.risk.named_measures import Measure, hits_of, measured

__all__ = ["Change", "Sample", "changes"]

Floats = npt.NDArray[np.float64]
LEVEL = 0.95
_RESAMPLES = 500
_CELLS = 2**12  # of the grid of a resample: years with one event are exact on any
_SEED = 7


@dataclass(frozen=True, kw_only=True)
class Sample:
    """The events of one run, with the yearly number of campaigns."""

    events: EventLosses
    frequency: Frequency


@dataclass(frozen=True, kw_only=True)
class Change:
    """A measure of two runs and what lies between them.

    Attributes:
        measure: which.
        first, second: its value in each run.
        standard_error: Monte-Carlo error of second - first.
        lower, upper: interval of second - first.
        unpaired_error, unpaired_lower, unpaired_upper: as they would be if the two runs had
            nothing in common; the same for runs that have not.
        paired: the runs have twin numbers and draws in common.
    """

    measure: Measure
    first: float
    second: float
    standard_error: float
    lower: float
    upper: float
    unpaired_error: float
    unpaired_lower: float
    unpaired_upper: float
    paired: bool

    @property
    def difference(self) -> float:
        """Second minus first."""
        return self.second - self.first

    @property
    def relative(self) -> float:
        """The difference over the first value; nan where that is 0."""
        return self.difference / self.first if self.first else math.nan

    @property
    def is_decided(self) -> bool:
        """The interval leaves no doubt about the sign."""
        return self.lower > 0.0 or self.upper < 0.0

    @property
    def narrower(self) -> float:
        """How many times narrower the interval is than without anything in common."""
        width = self.upper - self.lower
        return (self.unpaired_upper - self.unpaired_lower) / width if width > 0.0 else math.inf


def changes(
    first: Sample, second: Sample, measures: Sequence[Measure], *, paired: bool,
    level: float = LEVEL,
) -> list[Change]:  # fmt: skip
    """Compare measures of two samples.

    Paired samples are of the same twins in the same order: event i of both is the same attacker
    with the same luck. Independent draws: means and chances from the spread of each twin's
    difference, quantiles and tail means from 500 resamples of the twins, drawn for both alike.
    Nets: everything from leaving out one net at a time, with the t distribution.

    Args:
        first, second: the samples.
        measures: what to compare.
        paired: whether they are of the same twins.
        level: of the intervals.

    Raises:
        ValueError: paired samples of different size.
    """
    if paired and len(first.events.loss) != len(second.events.loss):
        raise ValueError("paired samples are of the same twins")
    if not paired:
        return [_unpaired(first, second, measure, level) for measure in measures]
    if first.events.sampling.replicate is not None:
        return _by_nets(first, second, measures, level)
    tails = [measure for measure in measures if not measure.is_mean]
    resampled = dict(zip(tails, _resampled(first, second, tails), strict=True)) if tails else {}
    return [
        _of_tail(first, second, measure, resampled[measure], level)
        if measure in resampled
        else _of_mean(first, second, measure, level)
        for measure in measures
    ]


def _of_mean(first: Sample, second: Sample, measure: Measure, level: float) -> Change:
    """Compare means by the twins' differences, chances with four pseudo twins of weight 1/2.

    Those keep the interval of a chance honest where few or no twins differ (A. Agresti and Y. Min,
    Statistics in Medicine 24 (2005), 729).
    """
    off = _influence(second, measure) - _influence(first, measure)
    n, error, score = len(off), math.sqrt(float(np.mean(off**2)) / len(off)), _score(level)
    value = _values(first, second, measure)
    difference = value[1] - value[0]
    if measure.kind == "chance":
        pseudo = _pseudo_twins(first, second, measure)
        shift = 0.5 * float(np.sum(pseudo)) / (n + 2.0)
        square = (float(np.sum(off**2)) + 0.5 * float(np.sum(pseudo**2))) / (n + 2.0)
        half = score * math.sqrt(max(square - shift**2, 0.0) / (n + 2.0))
        ends = difference + shift - half, difference + shift + half
    else:
        ends = mean_interval(difference, error, skewness_of(off), n, score=score)
    apart = _apart(first, second, measure, level)
    return _change(measure, value, error, ends, apart, paired=True)


def _of_tail(
    first: Sample, second: Sample, measure: Measure, resampled: Floats, level: float
) -> Change:
    """Compare by resamples, f64[2, n_resamples]; two unlike ones stand for unpaired runs."""
    tail = 0.5 * (1.0 - level)
    together = resampled[1] - resampled[0]
    apart = np.roll(resampled[1], 1) - resampled[0]
    ends, apart_ends = (np.quantile(off, [tail, 1.0 - tail]).tolist() for off in (together, apart))
    return _change(
        measure, _values(first, second, measure), float(np.std(together)), tuple(ends),
        (float(np.std(apart)), *apart_ends), paired=True,
    )  # fmt: skip


def _by_nets(
    first: Sample, second: Sample, measures: Sequence[Measure], level: float
) -> list[Change]:
    """Compare by a jackknife over nets."""
    from scipy.special import stdtrit

    left_out = _without_each_net(first, second, measures)
    n_nets = left_out.shape[2]
    score = float(stdtrit(n_nets - 1.0, 0.5 + 0.5 * level))
    found = []
    for measure, values in zip(measures, left_out, strict=True):
        value = _values(first, second, measure)
        difference = value[1] - value[0]
        error, *apart = (_jackknifed(off) for off in (values[1] - values[0], *values))
        alone = math.hypot(*apart)
        found.append(
            _change(
                measure, value, error, (difference - score * error, difference + score * error),
                (alone, difference - score * alone, difference + score * alone), paired=True,
            )
        )  # fmt: skip
    return found


def _unpaired(first: Sample, second: Sample, measure: Measure, level: float) -> Change:
    apart = _apart(first, second, measure, level)
    ends = apart[1], apart[2]
    return _change(measure, _values(first, second, measure), apart[0], ends, apart, paired=False)


def _apart(
    first: Sample, second: Sample, measure: Measure, level: float
) -> tuple[float, float, float]:
    """Return error and interval of the difference of two independent estimates.

    From the interval of each, which may be lopsided (G. Y. Zou and A. Donner, Statistics in
    Medicine 27 (2008), 1693).
    """
    one, two = (estimate(measure, each.events, each.frequency) for each in (first, second))
    wide = _score(level) / CONFIDENCE_SCORE
    difference = two.value - one.value
    low = difference - wide * math.hypot(two.value - two.lower, one.upper - one.value)
    high = difference + wide * math.hypot(two.upper - two.value, one.value - one.lower)
    return math.hypot(one.standard_error, two.standard_error), low, high


def _change(
    measure: Measure, value: tuple[float, float], error: float, ends: tuple[float, ...],
    apart: tuple[float, ...], *, paired: bool,
) -> Change:  # fmt: skip
    return Change(
        measure=measure, first=value[0], second=value[1], standard_error=error,
        lower=ends[0], upper=ends[1], unpaired_error=apart[0], unpaired_lower=apart[1],
        unpaired_upper=apart[2], paired=paired,
    )  # fmt: skip


def _values(first: Sample, second: Sample, measure: Measure) -> tuple[float, float]:
    one, two = (measured(measure, each.events, each.frequency) for each in (first, second))
    return one, two


def _influence(sample: Sample, measure: Measure) -> Floats:
    """Return how far each event moves a smooth function of a mean, f64[n] of mean 0."""
    sampling = sample.events.sampling
    if measure.kind == "eal":
        values, slope = sample.events.loss, sample.frequency.mean
    else:
        values, slope = hits_of(sample.events, measure.flag), _slope(sample, measure)[0]
    return slope * _as_drawn(sample, values - sampling.mean(values))


def _pseudo_twins(first: Sample, second: Sample, measure: Measure) -> Floats:
    """Return how far four twins would move a chance: none hit, the second, the first, both."""
    (own, at_first), (other, at_second) = (_slope(each, measure) for each in (first, second))
    linear = other * at_second - own * at_first
    return np.array([0.0, other, -own, other - own]) - linear


def _slope(sample: Sample, measure: Measure) -> tuple[float, float]:
    """Return what a campaign's chance moves the year's by, and that chance."""
    chance = sample.events.sampling.mean(hits_of(sample.events, measure.flag))
    return float(generating_slope(sample.frequency, 1.0 - chance)), chance


def _resampled(first: Sample, second: Sample, measures: Sequence[Measure]) -> Floats:
    """Draw resamples of the twins, both runs alike: f64[n_measures, 2, n_resamples]."""
    n = len(first.events.loss)
    rng = np.random.default_rng(_SEED)
    found = np.empty((len(measures), 2, _RESAMPLES))
    for i in range(_RESAMPLES):
        weights = np.bincount(rng.integers(0, n, n), minlength=n).astype(np.float64)
        found[:, :, i] = _weighted(first, second, measures, weights)
    return found


def _without_each_net(first: Sample, second: Sample, measures: Sequence[Measure]) -> Floats:
    replicate = first.events.sampling.replicate
    assert replicate is not None
    nets = np.unique(replicate)
    found = np.empty((len(measures), 2, len(nets)))
    for i, net in enumerate(nets):
        weights = (replicate != net).astype(np.float64)
        found[:, :, i] = _weighted(first, second, measures, weights)
    return found


def _weighted(
    first: Sample, second: Sample, measures: Sequence[Measure], weights: Floats
) -> Floats:
    """Return the measures of both runs with these counts of the twins, f64[n_measures, 2]."""
    found = np.empty((len(measures), 2))
    for j, sample in enumerate((first, second)):
        events, frequency = sample.events, sample.frequency
        own = _as_drawn(sample, weights)
        annual = annual_loss(events.loss, frequency, own, cells=_CELLS)
        found[:, j] = [
            measured(measure, events, frequency, weights=own, annual=annual) for measure in measures
        ]
    return found


def _as_drawn(sample: Sample, values: Floats) -> Floats:
    """Weigh f64[n] by how likely each event is in life over how likely it was to be drawn."""
    weights = sample.events.sampling.weights
    return values if weights is None else weights * values


def _jackknifed(values: Floats) -> float:
    n = len(values)
    return math.sqrt((n - 1.0) / n * float(np.sum((values - np.mean(values)) ** 2)))


def _score(level: float) -> float:
    from scipy.special import ndtri

    return float(ndtri(0.5 + 0.5 * level))
