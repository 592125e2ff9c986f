"""Differences of two samples: against known answers, and never better than they are."""

from __future__ import annotations

import math

import numpy as np
import pytest

from otsim.risk import changes as module
from otsim.risk.changes import Change, Sample, changes
from otsim.risk.compound import compound_loss, compound_tail_mean, compound_value_at_risk
from otsim.risk.events import EventLosses
from otsim.risk.frequency import poisson
from otsim.risk.named_measures import measure_of, measured
from otsim.risk.sampling_error import Sampling
from otsim.risk.severity import gamma

RATE, HIT, BETTER_HIT, BETTER_SIZE = 0.5, 0.4, 0.36, 0.8
MEANS = [measure_of(name) for name in ("eal", "p_damaged")]
TAILS = [measure_of(name) for name in ("var95", "cvar95", "oep50")]


def sample(loss: np.ndarray, hit: np.ndarray, rate: float = RATE, **sampling) -> Sample:
    events = EventLosses(
        loss=loss, by_category={}, labels={}, flags={"damaged": hit}, plant_value=1e9,
        sampling=Sampling(**sampling),
    )  # fmt: skip
    return Sample(events=events, frequency=poisson(rate))


def two_runs(seed: int, n: int = 1000, *, together: bool = True, **sampling) -> list[Sample]:
    """Exponential losses; the second run is hit less often and less hard, on the same luck."""
    rng = np.random.default_rng(seed)
    runs = []
    luck, size = rng.random(n), rng.exponential(1.0, n)
    for hit, factor in ((HIT, 1.0), (BETTER_HIT, BETTER_SIZE)):
        runs.append(sample(np.where(luck < hit, factor * size, 0.0), luck < hit, **sampling))
        if not together:
            luck, size = rng.random(n), rng.exponential(1.0, n)
    return runs


def truth() -> dict[str, float]:
    """The differences that endless runs would show."""
    found = []
    for hit, size in ((HIT, 1.0), (BETTER_HIT, BETTER_SIZE)):
        years = compound_loss(poisson(RATE * hit), gamma(1.0, size))
        found.append(
            {
                "eal": RATE * hit * size,
                "p_damaged": 1.0 - math.exp(-RATE * hit),
                "var95": compound_value_at_risk(years, 0.95),
                "cvar95": compound_tail_mean(years, 0.95),
            }
        )
    return {name: found[1][name] - found[0][name] for name in found[0]}


def held(change: Change, wanted: float) -> bool:
    return change.lower <= wanted <= change.upper


@pytest.mark.parametrize("together", [True, False])
def test_intervals_of_means_hold_the_truth_as_often_as_they_say(together: bool) -> None:
    wanted, runs = truth(), 400
    hits = np.zeros(len(MEANS))
    for seed in range(runs):
        found = changes(*two_runs(seed, 400, together=together), MEANS, paired=together)
        hits += [held(change, wanted[change.measure.name]) for change in found]
    error = math.sqrt(0.95 * 0.05 / runs)
    assert np.all(np.abs(hits / runs - 0.95) < 4.5 * error)


@pytest.mark.slow
def test_intervals_of_tails_hold_the_truth(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_RESAMPLES", 200)
    wanted, runs = truth(), 30
    hits = np.zeros(2)
    for seed in range(runs):
        found = changes(*two_runs(seed), TAILS[:2], paired=True)
        hits += [held(change, wanted[change.measure.name]) for change in found]
    # at 95 % coverage, fewer than 26 of 30 is a matter of 2 %; these seeds give 29 and 29
    assert np.all(hits >= 26)


def test_pairing_cancels_the_luck_that_runs_share() -> None:
    apart = changes(*two_runs(1), MEANS, paired=False)
    for change, other in zip(changes(*two_runs(1), MEANS, paired=True), apart, strict=True):
        assert change.narrower > 2.0
        assert change.difference == other.difference
        assert other.paired is False
        assert (other.lower, other.upper) == (change.unpaired_lower, change.unpaired_upper)


def test_pairing_is_no_free_lunch() -> None:
    """Twins with nothing in common gain nothing from being counted together."""
    found = changes(*two_runs(2, 2000, together=False), MEANS, paired=True)
    for change in found:
        assert 0.9 < change.narrower < 1.1


def test_a_run_against_itself_differs_by_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_RESAMPLES", 20)
    run = two_runs(3)[0]
    for change in changes(run, run, [*MEANS, *TAILS], paired=True):
        assert change.difference == 0.0
        assert change.is_decided is False
        if change.measure.is_money:
            assert change.lower == change.upper == 0.0
        else:  # a chance that no sampled twin showed may differ all the same
            assert change.lower < 0.0 < change.upper


def test_a_rate_that_rises_shows_in_every_measure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_RESAMPLES", 20)
    run = two_runs(4)[0]
    more = sample(run.events.loss, run.events.flags["damaged"], 2.0 * RATE)
    for change in changes(run, more, [*MEANS, *TAILS], paired=True):
        assert change.lower > 0.0
        assert change.difference == measured(change.measure, more.events, more.frequency) - (
            measured(change.measure, run.events, run.frequency)
        )


def test_a_stricter_level_is_wider() -> None:
    runs = two_runs(5)
    for usual, strict in zip(
        changes(*runs, MEANS, paired=True),
        changes(*runs, MEANS, paired=True, level=0.999),
        strict=True,
    ):
        assert strict.lower < usual.lower < usual.upper < strict.upper


def test_nets_take_their_error_from_the_spread_between_nets() -> None:
    """Twins that come in equal pairs say half as much; only the nets know."""
    rng = np.random.default_rng(6)
    n, nets = 1024, 16
    luck = np.repeat(rng.random(n // 2), 2)
    size = np.repeat(rng.exponential(1.0, n // 2), 2)
    replicate = np.repeat(np.arange(n // 2) % nets, 2)
    runs = {}
    for name, sampling in (("nets", {"replicate": replicate}), ("alone", {})):
        pair = [
            sample(np.where(luck < hit, factor * size, 0.0), luck < hit, **sampling)
            for hit, factor in ((HIT, 1.0), (BETTER_HIT, BETTER_SIZE))
        ]
        runs[name] = changes(*pair, MEANS, paired=True)
    for of_nets, alone in zip(runs["nets"], runs["alone"], strict=True):
        assert 1.0 < of_nets.standard_error / alone.standard_error < 2.0


def test_nets_agree_with_the_formula_for_means() -> None:
    first, second = two_runs(7, 1024, replicate=np.arange(1024) % 16)
    change = changes(first, second, MEANS[:1], paired=True)[0]
    off = RATE * (second.events.loss - first.events.loss)
    assert change.standard_error == pytest.approx(
        first.events.sampling.mean_error(off), rel=1e-9
    )  # equal nets: the jackknife of a mean is its error


def test_weighted_twins_count_by_their_weight() -> None:
    """Twins drawn twice as often as in life, and weighted back, give the same answer."""
    rng = np.random.default_rng(8)
    n = 4000
    luck, size = rng.random(n), rng.exponential(1.0, n)
    often = luck < 2.0 * HIT
    weights = np.where(often, 0.5, (1.0 - HIT) / (1.0 - 2.0 * HIT))
    weights /= weights.mean()
    less = luck < 2.0 * BETTER_HIT
    pair = [
        sample(np.where(often, size, 0.0), often, weights=weights),
        sample(np.where(less, BETTER_SIZE * size, 0.0), less, weights=weights),
    ]
    wanted = truth()
    for change in changes(*pair, MEANS, paired=True):
        assert abs(change.difference - wanted[change.measure.name]) < 4.5 * change.standard_error


def test_samples_of_different_size_are_no_pair() -> None:
    with pytest.raises(ValueError, match="same twins"):
        changes(two_runs(1, 100)[0], two_runs(1, 101)[1], MEANS, paired=True)
