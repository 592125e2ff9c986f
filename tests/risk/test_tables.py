"""The risk tables: parts add up, curves are ordered, and every count is right."""

import math

import numpy as np
import pytest

from loss.priced_twins import campaigns_of, outcomes_of, priced_study
from otsim.errors import ReportError
from otsim.loss import CATEGORIES, assess
from otsim.risk import EventLosses, Labels, annual_risk, event_losses, study_frequency
from otsim.risk.annual import annual_loss, annual_tail_mean
from otsim.risk.contributions import tail_parts
from otsim.risk.exceedance import AEP, AEP_TAIL, OEP, OEP_TAIL
from otsim.risk.frequency import Frequency, bernoulli, negative_binomial, poisson
from otsim.risk.tables import RiskTables

PERIODS = (10.0, 50.0, 100.0, 250.0)
PLANT_VALUE = 1e8


def sampled_events(
    n_events: int = 4096, share: float = 0.15, n_quarantined: int = 0
) -> EventLosses:
    """Events that mostly cost nothing, some the whole plant."""
    rng = np.random.default_rng(11)
    happens = rng.random(n_events) < share
    loss = np.where(happens, np.minimum(rng.lognormal(14.0, 1.8, n_events), PLANT_VALUE), 0.0)
    parts = rng.dirichlet(np.ones(len(CATEGORIES)), n_events)
    codes = {"goal": rng.integers(0, 3, n_events), "entry": rng.integers(-1, 2, n_events)}
    return EventLosses(
        loss=loss,
        by_category={name: loss * parts[:, i] for i, name in enumerate(CATEGORIES)},
        labels={
            key: Labels(codes=code.astype(np.int32), names=tuple("abc"[: code.max() + 1]))
            for key, code in codes.items()
        },
        flags={"acts": happens, "destroyed": loss == PLANT_VALUE},
        plant_value=PLANT_VALUE,
        n_quarantined=n_quarantined,
    )


@pytest.fixture(scope="module")
def events() -> EventLosses:
    return sampled_events()


@pytest.fixture(scope="module")
def tables(events: EventLosses) -> RiskTables:
    return annual_risk(events, poisson(0.8), PERIODS)


def losses_of(tables: RiskTables, ep_type: int) -> np.ndarray:
    return np.array([row.loss for row in tables.curve if row.ep_type == ep_type])


def test_curves_are_in_order(tables: RiskTables) -> None:
    oep, oep_tail = losses_of(tables, OEP), losses_of(tables, OEP_TAIL)
    aep, aep_tail = losses_of(tables, AEP), losses_of(tables, AEP_TAIL)
    for curve in (oep, oep_tail, aep, aep_tail):
        assert np.all(np.diff(curve) >= -1e-9 * curve[1:])
    assert np.all(oep <= aep * (1.0 + 1e-9))
    assert np.all(oep_tail <= aep_tail * (1.0 + 1e-9))
    assert np.all(aep <= aep_tail * (1.0 + 1e-9))
    assert np.all(oep_tail <= PLANT_VALUE * (1.0 + 1e-12))
    assert len(oep) >= 50


def test_intervals_hold_their_estimates(tables: RiskTables) -> None:
    for row in (*tables.ept, *tables.curve):
        assert row.lower_ci <= row.loss <= row.upper_ci
        assert row.standard_error >= 0.0
    for mean in tables.alt:
        assert mean.lower_ci <= mean.mean_loss <= mean.upper_ci
        assert mean.standard_error > 0.0
    assert [row.return_period for row in tables.ept if row.ep_type == AEP] == list(PERIODS)


def test_return_periods_do_not_move_each_other(events: EventLosses, tables: RiskTables) -> None:
    alone = annual_risk(events, poisson(0.8), (100.0,))
    assert list(alone.ept) == [row for row in tables.ept if row.return_period == 100.0]


def test_means_add_up(events: EventLosses, tables: RiskTables) -> None:
    total = next(row for row in tables.alt if row.group == "total")
    assert total.mean_loss == pytest.approx(0.8 * np.mean(events.loss), rel=1e-13)
    assert total.sd_loss == pytest.approx(math.sqrt(0.8 * np.mean(events.loss**2)), rel=1e-12)
    for group in ("category", "goal", "entry"):
        parts = [row.mean_loss for row in tables.alt if row.group == group]
        assert math.fsum(parts) == pytest.approx(total.mean_loss, rel=1e-12)


def test_contributions_add_up_to_the_tail_mean(tables: RiskTables) -> None:
    for row in (row for row in tables.ept if row.ep_type == AEP_TAIL):
        for group in ("category", "goal", "entry"):
            parts = [
                part
                for part in tables.contributions
                if part.group == group and part.return_period == row.return_period
            ]
            assert math.fsum(part.loss for part in parts) == pytest.approx(row.loss, rel=1e-12)
            assert math.fsum(part.share for part in parts) == pytest.approx(1.0, rel=1e-12)
            assert all(0.0 <= part.standard_error < row.loss for part in parts)


@pytest.mark.parametrize("frequency", [poisson(0.8), negative_binomial(4.0, 1.2), bernoulli(0.3)])
def test_contributions_agree_with_simulated_years(frequency: Frequency) -> None:
    """A million simulated years of one table of events, bound 4.5 standard errors."""
    losses, level, n_years = sampled_events(512).loss, 0.95, 1_000_000
    rng = np.random.default_rng(2024)
    if frequency.family == "negative_binomial":
        rate = rng.gamma(frequency.size, frequency.mean / frequency.size, n_years)
        counts = rng.poisson(rate)
    elif frequency.family == "poisson":
        counts = rng.poisson(frequency.mean, n_years)
    else:
        counts = rng.binomial(1, frequency.mean, n_years)
    drawn = rng.integers(0, len(losses), counts.sum())
    year = np.repeat(np.arange(n_years), counts)
    sums = np.bincount(year, losses[drawn], n_years)
    marked = np.bincount(year, np.where(drawn % 3 == 0, losses[drawn], 0.0), n_years)
    annual = annual_loss(losses, frequency)
    parts = tail_parts(annual, losses, level)
    worst = np.argsort(-sums, kind="stable")[: round(n_years * (1.0 - level))]
    edge = sums[worst].min()
    for got, sample in (
        (float(np.sum(parts)), sums),
        (float(np.sum(parts[::3])), marked),
    ):
        influence = np.where(sums >= edge, sample - np.mean(sample[worst[-2000:]]), 0.0)
        error = np.std(influence) / math.sqrt(n_years) / (1.0 - level)
        assert abs(got - np.mean(sample[worst])) < 4.5 * error


def test_tail_parts_need_no_mending(events: EventLosses) -> None:
    """The parts add up by themselves to the grid's precision, before they are scaled."""
    annual = annual_loss(events.loss, poisson(0.8))
    for level in (0.5, 0.9, 0.99, 0.996):
        parts = tail_parts(annual, events.loss, level)
        assert np.sum(parts) == pytest.approx(annual_tail_mean(annual, level), rel=1e-12)
        assert np.all(parts >= 0.0)


def test_probabilities_count(events: EventLosses, tables: RiskTables) -> None:
    row = next(row for row in tables.probabilities if row.name == "destroyed")
    chance = np.mean(events.flags["destroyed"])
    assert row.per_campaign == pytest.approx(chance)
    assert row.per_year == pytest.approx(-math.expm1(-0.8 * chance))
    assert row.lower_ci < chance < row.upper_ci
    assert row.per_year_lower_ci < row.per_year < row.per_year_upper_ci
    loss = next(row for row in tables.probabilities if row.name == "loss")
    assert loss.per_campaign == np.mean(events.loss > 0.0)


def test_convergence_ends_with_all_events(tables: RiskTables) -> None:
    sizes = [row.sample_size for row in tables.alct]
    assert sizes == [64, 128, 256, 512, 1024, 2048, 4096]
    assert tables.alct[-1].mean_loss == tables.alt[0].mean_loss
    last = tables.alct[-1]
    assert last.relative_error == pytest.approx(last.standard_error / last.mean_loss)


def test_quarantined_twins_only_move_the_bounds(events: EventLosses, tables: RiskTables) -> None:
    with_bad = annual_risk(sampled_events(n_quarantined=40), poisson(0.8), PERIODS)
    assert with_bad.alt == tables.alt
    assert with_bad.ept == tables.ept
    bounds = with_bad.quarantine
    n_all = 4096 + 40
    low = 0.8 * events.loss.sum() / n_all
    assert bounds.mean_loss_low == pytest.approx(low)
    assert bounds.mean_loss_high == pytest.approx(low + 0.8 * 40 * PLANT_VALUE / n_all)
    median = next(row.loss for row in tables.ept if (row.ep_type, row.return_period) == (AEP, 100))
    assert bounds.loss_100_years_low <= median <= bounds.loss_100_years_high
    assert tables.quarantine.mean_loss_low == tables.quarantine.mean_loss_high


def test_nothing_ever_lost() -> None:
    empty = sampled_events(share=0.0)
    tables = annual_risk(empty, poisson(0.8), PERIODS)
    assert tables.alt[0].mean_loss == 0.0
    assert 0.0 < tables.alt[0].upper_ci < 0.8 * PLANT_VALUE * 4.0 / 4096
    assert all(row.loss == 0.0 for row in tables.ept)
    assert math.isinf(tables.alct[-1].relative_error)


def test_one_event_is_enough_for_tables() -> None:
    one = sampled_events(1, share=1.0)
    tables = annual_risk(one, poisson(0.8), PERIODS)
    assert tables.alct[-1].sample_size == 1
    assert all(math.isfinite(row.loss) for row in tables.ept)


def test_events_of_a_study() -> None:
    statuses = ["no_action", "tripped", "destroyed", "diverged", "horizon", "shut_down"] * 20
    outcomes = outcomes_of(statuses, peak_xmeas7=3400.0)
    study, campaigns = priced_study(), campaigns_of(outcomes)
    losses = assess(study, campaigns, outcomes)
    events = event_losses(study, campaigns, outcomes, losses)
    assert (len(events.loss), events.n_quarantined) == (100, 20)
    assert not np.any(np.isnan(events.loss))
    assert events.labels["entry"].names == ("phishing", "vendor_link")
    assert events.flags["destroyed"].sum() == 20
    assert np.all(events.flags["damaged"] >= events.flags["destroyed"])
    assert sum(events.by_category.values()) == pytest.approx(events.loss)
    tables = annual_risk(events, study_frequency(study), PERIODS)
    assert {row.group for row in tables.alt} == {"total", "category", "goal", "entry", "profile"}


def test_only_diverged_twins_are_refused() -> None:
    outcomes = outcomes_of(["diverged"] * 3)
    study, campaigns = priced_study(), campaigns_of(outcomes)
    losses = assess(study, campaigns, outcomes)
    with pytest.raises(ReportError, match="all 3 twins diverged"):
        event_losses(study, campaigns, outcomes, losses)
