"""The tornado: the rate first, losses priced anew, shares as weights, and the same draws."""

from dataclasses import replace

import numpy as np
import pytest

from loss.priced_twins import campaigns_of, outcomes_of, priced_study
from otsim.config import with_value
from otsim.config.study import Study
from otsim.errors import ReportError
from otsim.loss import assess
from otsim.risk import TornadoRow, tornado

RATE = "attackers.frequency.per_year"
DISPERSION = "attackers.frequency.dispersion"
SHARE = "attackers.profiles.state.share"
MARGIN = "loss.margin_per_hour"
REPAIR = "loss.fragility.vessel.repair_cost"
STATUSES = ["no_action", "tripped", "no_action", "destroyed", "horizon", "no_action"] * 100
OUTCOMES = outcomes_of(STATUSES, peak_xmeas7=3400.0)
CAMPAIGNS = campaigns_of(OUTCOMES)


def study_with(
    *ranges: tuple[str, float, float], frequency: dict[str, object] | None = None
) -> Study:
    uncertainty = [{"key": key, "low": low, "high": high} for key, low, high in ranges]
    study = priced_study(uncertainty=uncertainty)
    if frequency is None:
        return study
    given = study.attackers.frequency.model_copy(update=frequency)
    attackers = study.attackers.model_copy(update={"frequency": given})
    return study.model_copy(update={"attackers": attackers})


def row_of(study: Study, key: str) -> TornadoRow:
    return next(row for row in tornado(study, CAMPAIGNS, OUTCOMES) if row.key == key)


def test_rate_is_always_there_and_first() -> None:
    rows = tornado(study_with((REPAIR, 1e3, 9e7), (MARGIN, 900.0, 1100.0)), CAMPAIGNS, OUTCOMES)
    assert [row.key for row in rows] == [RATE, REPAIR, MARGIN]
    assert rows[0].assumed
    assert (rows[0].low, rows[0].high) == (0.25, 0.75)
    assert rows[0].eal_low == pytest.approx(0.5 * rows[0].eal_base)
    assert not rows[1].assumed


def test_stated_range_of_the_rate_is_used() -> None:
    row = row_of(study_with((RATE, 0.1, 2.0)), RATE)
    assert not row.assumed
    assert row.eal_low == pytest.approx(row.eal_base / 5.0)
    assert row.eal_high == pytest.approx(row.eal_base * 4.0)
    assert row.aep100_low <= row.aep100_base <= row.aep100_high


def test_loss_inputs_are_priced_anew_with_the_same_draws() -> None:
    study = study_with((MARGIN, 500.0, 4000.0))
    row = row_of(study, MARGIN)
    for value, got in ((500.0, row.eal_low), (1000.0, row.eal_base), (4000.0, row.eal_high)):
        losses = assess(with_value(study, MARGIN, value), CAMPAIGNS, OUTCOMES).total
        assert got == pytest.approx(0.5 * np.mean(losses))
    assert row.eal_low < row.eal_base < row.eal_high


def test_shares_weigh_the_campaigns() -> None:
    losses = assess(study_with(), CAMPAIGNS, OUTCOMES).total
    crew, state = (np.mean(losses[CAMPAIGNS.profile == i]) for i in (0, 1))
    row = row_of(study_with((SHARE, 0.0, 1.0)), SHARE)
    assert row.eal_low == pytest.approx(0.5 * crew)
    assert row.eal_high == pytest.approx(0.5 * state)
    assert row.eal_base == pytest.approx(0.5 * (0.75 * crew + 0.25 * state))


def test_dispersion_changes_only_the_spread() -> None:
    clustered = {"per_year": 3.0, "distribution": "negative_binomial", "dispersion": 1.0}
    row = row_of(study_with((DISPERSION, 0.1, 50.0), frequency=clustered), DISPERSION)
    assert row.eal_low == row.eal_base == row.eal_high
    assert row.aep100_low > row.aep100_base > row.aep100_high


def test_diverged_twins_are_left_out() -> None:
    status = OUTCOMES.status.copy()
    status[::50] = 5
    rows = tornado(study_with(), CAMPAIGNS, replace(OUTCOMES, status=status))
    losses = assess(study_with(), CAMPAIGNS, OUTCOMES).total
    keep = np.arange(len(losses)) % 50 != 0
    assert rows[0].eal_base == pytest.approx(0.5 * np.mean(losses[keep]))


def test_inputs_that_need_new_twins_are_refused() -> None:
    with pytest.raises(ReportError, match="needs new twins"):
        tornado(study_with(("plant.horizon_h", 24.0, 96.0)), CAMPAIGNS, OUTCOMES)
