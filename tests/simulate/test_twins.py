"""Twins from campaigns: what becomes of them, alone, in company, recorded, and after a response."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from otsim.attack.campaigns import Campaigns
from otsim.simulate import (
    STATUSES,
    Outcomes,
    TwinModel,
    baseline_outcomes,
    record_campaigns,
    simulate_campaigns,
    twin_model,
)
from otsim.simulate.warm_states import (
    N_MEMBERS,
    N_PHASES,
    PHASE_TICKS,
    WARM_UP_H,
    members_of,
    warm_starts,
)
from otsim_kernels.plants.tennessee_eastman.signals import MEASUREMENTS
from simulate.by_hand import (
    ACTIONS,
    BATCH,
    COOLING,
    HORIZON_H,
    LEAD,
    LEVEL,
    REPLAY,
    SETPOINT,
    campaigns,
    only,
    study_with,
)

ERRORS = 4.5
NEVER = np.iinfo(np.int32).max


@pytest.fixture(scope="module")
def model() -> TwinModel:
    return twin_model(study_with())


def under(model: TwinModel, action: str | None, **more: Any) -> TwinModel:
    """The same compiled plant under a study with another response."""
    return replace(model, study=study_with(action, **more))


def status_of(outcomes: Outcomes) -> list[str]:
    return [STATUSES[i] for i in outcomes.status]


def mixed(n: int, first: int = 0) -> Campaigns:
    """Campaigns that shut the cooling, bias a level, replay, move a set-point, or do nothing."""
    starts = np.full((len(ACTIONS), n), np.inf)
    for i in range(n):
        if (first + i) % 5 < len(ACTIONS):
            starts[(first + i) % 5, i] = 0.1 * ((first + i) % 7)
    return campaigns(starts, first=first)


def same(a: Outcomes, b: Outcomes) -> None:
    for name in ("twin_id", "status", "end_h", "extrapolated_h"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
    assert a.cause.tolist() == b.cause.tolist()
    for name, column in a.columns.items():
        np.testing.assert_array_equal(column, b.columns[name])


def taken(outcomes: Outcomes, which: slice) -> Outcomes:
    columns = {name: column[which] for name, column in outcomes.columns.items()}
    rest = {name: x[which] for name, x in vars(outcomes).items() if name != "columns"}
    return Outcomes(columns=columns, **rest)


@pytest.fixture(scope="module")
def lived(model: TwinModel) -> Outcomes:
    return simulate_campaigns(model, mixed(3 * BATCH + 7))


# --- the bank of warm states


@pytest.mark.slow
def test_the_bank_holds_256_different_living_states(model: TwinModel) -> None:
    bank = model.bank
    assert len(bank.clock) == N_MEMBERS == 256
    assert np.all(bank.ending.status == 0)
    assert len(np.unique(bank.plant.physical.reactor_heat)) > 0.9 * N_MEMBERS


def test_members_stand_at_all_phases_of_the_analysers(model: TwinModel) -> None:
    after = model.bank.clock - WARM_UP_H * 3600
    phases, counts = np.unique(after, return_counts=True)
    assert phases.tolist() == [i * PHASE_TICKS for i in range(N_PHASES)]
    assert counts.min() >= N_MEMBERS // N_PHASES


@pytest.mark.parametrize("number", [7, 8, 9, 11, 12, 13, 15, 16, 18, 21])
def test_the_bank_stands_around_the_published_state(model: TwinModel, number: int) -> None:
    shown = np.asarray(model.bank.plant.instruments.shown[number - 1], np.float64)
    error = shown.std(ddof=1) / N_MEMBERS**0.5
    printed = 5e-4 * MEASUREMENTS[number][4]  # five digits, see tests/physics/test_base_case.py
    assert abs(shown.mean() - MEASUREMENTS[number][4]) < ERRORS * error + printed


def test_members_are_drawn_by_twin_number(model: TwinModel) -> None:
    twin_id = np.arange(100_000, dtype=np.int64)
    drawn = members_of(model.study, twin_id)
    assert np.array_equal(drawn[70_000:], members_of(model.study, twin_id[70_000:]))
    other = members_of(study_with(**{"simulation.seed": 9}), twin_id)
    assert np.mean(drawn == other) < 0.02
    counts = np.bincount(drawn, minlength=N_MEMBERS)
    chi_square = np.sum((counts - counts.mean()) ** 2 / counts.mean())
    assert abs(chi_square - (N_MEMBERS - 1)) < ERRORS * (2.0 * (N_MEMBERS - 1)) ** 0.5


def test_a_start_is_a_member_whose_history_is_forgotten(model: TwinModel) -> None:
    chosen = np.array([3, 3, 200])
    start = warm_starts(model.kernel, model.bank, chosen)
    for leaf in ("clock",):
        assert np.array_equal(getattr(start, leaf), getattr(model.bank, leaf)[chosen])
    assert np.array_equal(
        start.plant.physical.reactor_heat, model.bank.plant.physical.reactor_heat[chosen]
    )
    assert int(start.tick) == 0
    assert np.all(start.ending.alarm == NEVER)
    assert np.all(np.isneginf(start.tally.peaks[7]))


# --- what becomes of twins


def test_campaigns_that_never_act_are_not_simulated(model: TwinModel, lived: Outcomes) -> None:
    idle = np.array([s == "no_action" for s in status_of(lived)])
    assert np.array_equal(idle, np.arange(len(idle)) % 5 == 4)
    assert np.all(np.isnan(lived.end_h[idle]))
    assert all(np.all(np.isnan(column[idle])) for column in lived.columns.values())
    assert not any(np.any(np.isnan(column[~idle])) for column in lived.columns.values())


def test_shut_cooling_trips_and_a_moved_setpoint_lives_to_the_horizon(lived: Outcomes) -> None:
    # the trip system fails on demand once in a hundred
    shut, moved = np.arange(len(lived.status)) % 5 == 0, np.arange(len(lived.status)) % 5 == 3
    status = np.array(status_of(lived))
    assert np.mean(status[shut] == "tripped") > 0.9
    assert set(lived.cause[shut & (status == "tripped")]) == {"reactor pressure high"}
    assert np.all(lived.end_h[shut] < 0.25)
    assert np.all(status[moved] == "horizon")
    assert np.all(lived.end_h[moved] == HORIZON_H)
    assert np.all(lived.columns["peak_xmeas7"][shut & (status == "tripped")] > 3000.0)


def test_any_company_and_any_order_gives_the_same_twins(model: TwinModel, lived: Outcomes) -> None:
    same(simulate_campaigns(model, mixed(20, first=90)), taken(lived, slice(90, 110)))
    same(simulate_campaigns(model, mixed(BATCH + 1, first=5)), taken(lived, slice(5, BATCH + 6)))


def test_nobody_alive_is_nobody_simulated(model: TwinModel) -> None:
    outcomes = simulate_campaigns(model, campaigns(only(COOLING, np.inf, n=3)))
    assert status_of(outcomes) == ["no_action"] * 3


def test_the_untouched_plant_lives_to_the_horizon(model: TwinModel) -> None:
    outcomes = baseline_outcomes(model, BATCH)
    assert set(status_of(outcomes)) == {"horizon"}
    assert np.all(outcomes.columns["peak_xmeas7"] < 2895.0)
    product = outcomes.columns["product_m3"]
    assert product == pytest.approx(22.949 * HORIZON_H, rel=0.1)


@pytest.mark.parametrize("every", [pytest.param(1, marks=pytest.mark.slow), 37, 600])
def test_a_recorded_twin_is_the_very_twin(model: TwinModel, lived: Outcomes, every: int) -> None:
    rows = [0, 1, 2, 3, 5]
    end = LEAD + round(HORIZON_H * 3600)
    if every == 1:
        rows, end = [0, 1], 900
    for i in rows:
        [found] = record_campaigns(model, mixed(1, first=i), list(range(0, end, every)))
        assert (found.status, found.cause) == (status_of(lived)[i], lived.cause[i])
        assert (found.end_tick - LEAD) / 3600.0 == lived.end_h[i]
        pressure = found.signals["xmeas_7"]
        assert np.all(np.diff(found.tick) > 0)
        if found.status == "tripped":
            assert found.tick[-1] == found.end_tick
            assert pressure[:-1].max() < pressure[-1]


def test_several_are_recorded_at_once_as_alone(model: TwinModel) -> None:
    ticks = list(range(0, 1200, 60))
    together = record_campaigns(model, mixed(4), ticks)
    for i, found in enumerate(together):
        [alone] = record_campaigns(model, mixed(1, first=i), ticks)
        assert np.array_equal(found.tick, alone.tick)
        for name, column in alone.signals.items():
            np.testing.assert_array_equal(found.signals[name], column, err_msg=name)


def test_a_record_shows_what_is_true_and_what_is_seen(model: TwinModel) -> None:
    ticks = list(range(LEAD - 3, LEAD + 30))
    [biased] = record_campaigns(model, campaigns(only(LEVEL), first=11), ticks)
    off = (biased.signals["xmeas_8_seen"][1:] - biased.signals["xmeas_8"][:-1])[:32]
    assert off == pytest.approx(np.where(biased.tick[1:33] >= LEAD, -20.0, 0.0), abs=1e-4)
    [shut] = record_campaigns(model, campaigns(only(COOLING), first=11), ticks)
    assert np.all(shut.signals["xmv_10_received"][shut.tick >= LEAD] == 0.0)
    assert np.all(shut.signals["xmv_10_received"][shut.tick < LEAD] > 10.0)


def test_a_replay_repeats_the_lead(model: TwinModel) -> None:
    ticks = list(range(LEAD + 20))
    [found] = record_campaigns(model, campaigns(only(REPLAY), first=4), ticks)
    seen = found.signals["xmeas_9_seen"]
    assert np.array_equal(seen[LEAD : LEAD + 20], seen[:20])


# --- responses


def test_a_response_that_shuts_down_ends_the_twin_at_its_time(model: TwinModel) -> None:
    made = campaigns(only(SETPOINT, 0.5, n=8), response_h=0.5 + 0.25)
    outcomes = simulate_campaigns(under(model, "shut_down"), made)
    assert set(status_of(outcomes)) == {"shut_down"}
    assert np.all(outcomes.end_h == 0.25)


@pytest.mark.parametrize("action", ["isolate", "restore"])
def test_a_response_in_time_saves_the_plant(model: TwinModel, action: str) -> None:
    unanswered = simulate_campaigns(model, campaigns(only(COOLING, 0.5, n=8)))
    assert "horizon" not in status_of(unanswered)
    made = campaigns(only(COOLING, 0.5, n=8), response_h=0.5 + 90.0 / 3600.0)
    answered = simulate_campaigns(under(model, action), made)
    assert set(status_of(answered)) == {"horizon"}


@pytest.mark.parametrize("action", ["isolate", "restore"])
def test_what_is_planned_after_the_response_never_acts(model: TwinModel, action: str) -> None:
    starts = only(SETPOINT, 0.1, n=8)
    starts[COOLING] = [0.3] * 8
    later = simulate_campaigns(under(model, action), campaigns(starts, response_h=0.2))
    without = simulate_campaigns(
        under(model, action), campaigns(only(SETPOINT, 0.1, n=8), response_h=0.2)
    )
    same(later, without)
    assert set(status_of(later)) == {"horizon"}


def test_a_restored_controller_starts_as_it_was_switched_on(model: TwinModel) -> None:
    made = campaigns(only(SETPOINT, 0.0, n=1), response_h=0.1)
    ticks = list(range(LEAD + 350, LEAD + 370))
    [found] = record_campaigns(under(model, "restore"), made, ticks)
    after = found.tick >= LEAD + 360
    # the tampered set-point, and the slave's that its master moved since the plant was started
    assert found.signals["sp_18"][after] == pytest.approx(120.40, abs=1e-4)
    assert found.signals["sp_18"][~after] == pytest.approx(121.0)
