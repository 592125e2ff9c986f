"""Damage to money: each status, each category, the cap, and draws that hang on the twin alone."""

import dataclasses

import numpy as np
import pytest

from loss.priced_twins import BASE_RATE_M3_H, LOSS, campaigns_of, outcomes_of, priced_study
from otsim.config.study import Study
from otsim.loss import CATEGORIES, Losses, assess
from otsim.loss.damage import damage_probability
from otsim.simulate.outcomes import Outcomes

NO_FRAGILITY = {"fragility": {}}
Z = 4.5  # standard errors


def priced(study: Study, outcomes: Outcomes, response_h: object = np.inf) -> Losses:
    return assess(study, campaigns_of(outcomes, response_h), outcomes)


def test_campaign_that_never_acts_costs_only_its_response() -> None:
    losses = priced(priced_study(), outcomes_of(["no_action"] * 2), [np.inf, 30.0])
    assert losses.total.tolist() == [0.0, 7000.0]
    assert losses.by_category["response"].tolist() == [0.0, 7000.0]
    assert losses.downtime_h.tolist() == [0.0, 0.0]


@pytest.mark.parametrize("status", ["tripped", "shut_down"])
def test_stop_costs_the_margin_of_the_restart(status: str) -> None:
    losses = priced(priced_study(NO_FRAGILITY), outcomes_of([status] * 20_000))
    log_h = np.log(losses.downtime_h)
    sigma = np.log(72.0 / 18.0) / 1.6448536269514722
    assert abs(log_h.mean() - np.log(18.0)) < Z * sigma / np.sqrt(20_000)
    assert np.array_equal(losses.total, 1000.0 * losses.downtime_h)


def test_shortfall_and_bad_product_are_priced() -> None:
    made = np.array([48.0, 24.0, 60.0]) * BASE_RATE_M3_H
    outcomes = outcomes_of(["horizon"] * 3, product_m3=made, offspec_product_m3=[0.0, 10.0, 2.0])
    losses = priced(priced_study(NO_FRAGILITY), outcomes)
    assert losses.by_category["business_interruption"] == pytest.approx([0.0, 24_000.0, 0.0])
    assert losses.by_category["product"].tolist() == [0.0, 500.0, 100.0]


def test_damage_is_as_frequent_as_the_fragility_says() -> None:
    study, n_twins = priced_study(), 40_000
    outcomes = outcomes_of(["horizon"] * n_twins, peak_xmeas7=3200.0, low_xmeas8=18.0)
    losses = priced(study, outcomes)
    for name, value in (("vessel", 3200.0), ("pump", 18.0)):
        chance = study.loss.fragility[name].damage_probability(value)
        error = np.sqrt(chance * (1.0 - chance) / n_twins)
        assert abs(losses.damaged[name].mean() - chance) < Z * error


def test_repairs_run_side_by_side_and_cost_their_category() -> None:
    outcomes = outcomes_of(["horizon"] * 4000, peak_xmeas7=3500.0, low_xmeas8=20.0)
    losses = priced(priced_study(), outcomes)
    vessel, pump = losses.damaged["vessel"], losses.damaged["pump"]
    assert np.array_equal(losses.by_category["equipment"], np.where(vessel, 2e6, 0.0))
    assert np.array_equal(losses.by_category["environment"] > 0.0, pump)
    assert np.all(losses.downtime_h[pump & ~vessel] == 50.0)
    assert np.all(losses.downtime_h[~pump & ~vessel] == 0.0)
    both = losses.downtime_h[pump & vessel]
    assert np.all((both >= 100.0) & (both <= 300.0))
    tripped = priced(priced_study(), dataclasses.replace(outcomes, status=outcomes.status + 1))
    restart_h = priced(priced_study(NO_FRAGILITY), outcomes_of(["tripped"] * 4000)).downtime_h
    assert tripped.downtime_h == pytest.approx(losses.downtime_h + restart_h)


def test_destroyed_plant_is_capped_in_proportion() -> None:
    losses = priced(priced_study(NO_FRAGILITY), outcomes_of(["destroyed"]))
    uncapped = {"business_interruption": 1e7, "equipment": 1e8, "environment": 4e6, "safety": 6e6}
    for name in CATEGORIES:
        assert losses.by_category[name][0] == pytest.approx(uncapped.get(name, 0.0) / 1.2)
    assert losses.total[0] == pytest.approx(1e8, rel=1e-15)
    assert losses.downtime_h.tolist() == [10_000.0]


def test_diverged_twin_is_nan_and_touches_no_other() -> None:
    clean = priced(priced_study(), outcomes_of(["tripped"] * 5))
    mixed = priced(priced_study(), outcomes_of(["tripped", "diverged", *["tripped"] * 3]))
    assert np.isnan(mixed.total).tolist() == [False, True, False, False, False]
    assert all(np.isnan(mixed.by_category[name][1]) for name in CATEGORIES)
    assert not any(flags[1] for flags in mixed.damaged.values())
    keep = [0, 2, 3, 4]
    assert np.array_equal(mixed.total[keep], clean.total[keep])


def test_any_split_of_the_twins_gives_the_same_bits() -> None:
    statuses = ["tripped", "horizon", "destroyed", "shut_down"] * 50
    peaks = np.linspace(2700.0, 4000.0, 200)
    whole = priced(priced_study(), outcomes_of(statuses, peak_xmeas7=peaks))
    for cut in (1, 77):
        parts = [
            priced(priced_study(), outcomes_of(statuses[:cut], peak_xmeas7=peaks[:cut])),
            priced(priced_study(), outcomes_of(statuses[cut:], first=cut, peak_xmeas7=peaks[cut:])),
        ]
        assert np.array_equal(np.concatenate([part.total for part in parts]), whole.total)


def test_other_fragilities_leave_the_draws_alone() -> None:
    outcomes = outcomes_of(["horizon"] * 500, peak_xmeas7=3500.0)
    alone = {"fragility": {"vessel": LOSS["fragility"]["vessel"]}}
    first, second = priced(priced_study(), outcomes), priced(priced_study(alone), outcomes)
    assert np.array_equal(first.damaged["vessel"], second.damaged["vessel"])


def test_loss_grows_with_margin_and_peak() -> None:
    peaks = np.linspace(2700.0, 4200.0, 400)
    lower = outcomes_of(["tripped"] * 400, peak_xmeas7=peaks)
    higher = outcomes_of(["tripped"] * 400, peak_xmeas7=peaks * 1.05)
    base = priced(priced_study(), lower)
    dear = priced(priced_study({"margin_per_hour": 2000.0}), lower)
    assert np.all(dear.total > base.total)
    assert np.all(priced(priced_study(), higher).total >= base.total)
    assert np.any(priced(priced_study(), higher).total > base.total)


def test_total_never_passes_the_plant_value() -> None:
    small = priced_study({"plant_value": 5e4})
    losses = priced(small, outcomes_of(["tripped", "destroyed"] * 300), 1.0)
    assert np.all(losses.total <= 5e4 * (1.0 + 1e-14))
    assert np.isclose(losses.total.max(), 5e4)
    assert all(np.all(losses.by_category[name] >= 0.0) for name in CATEGORIES)


def test_damage_probability_agrees_with_the_study() -> None:
    values = np.array([-1.0, 0.0, 1.0, 18.0, 20.0, 3500.0, 4000.0])
    for fragility in priced_study().loss.fragility.values():
        want = [fragility.damage_probability(value) for value in values]
        assert damage_probability(fragility, values) == pytest.approx(want, abs=1e-12)
        assert damage_probability(fragility, np.array([np.nan]))[0] == 0.0


def test_other_twins_are_refused() -> None:
    outcomes = outcomes_of(["tripped"] * 3)
    with pytest.raises(ValueError, match="different twins"):
        assess(priced_study(), campaigns_of(outcomes_of(["tripped"] * 3, first=1)), outcomes)
