"""Sampled campaigns become plans: whose clock starts where, what a response cuts, what is drawn."""

from __future__ import annotations

import numpy as np
import pytest

from otsim.config import with_value
from otsim.simulate.plans import (
    NEVER,
    TICKS_PER_HOUR,
    action_clock,
    action_points,
    lead_ticks,
    plan_of,
    undisturbed_plan,
)
from simulate.by_hand import (
    ACTIONS,
    COOLING,
    LEAD,
    LEVEL,
    REPLAY,
    SETPOINT,
    campaigns,
    only,
    study_with,
)

N_MANY, ERRORS = 4096, 4.5
STUDY = study_with()


def plan(study=STUDY, *columns, **more):
    made = campaigns(np.array(columns).T, **more)
    return plan_of(study, made, action_clock(made))


def test_the_lead_is_the_longest_recording() -> None:
    assert lead_ticks(STUDY) == LEAD
    assert [point.target for point in action_points(STUDY)] == [a["target"] for a in ACTIONS]


def test_local_time_starts_a_lead_before_the_first_action_of_each_twin() -> None:
    # a twin whose replay comes first, and one whose cooling is shut a quarter of an hour before it
    got = plan(STUDY, [2.0, np.inf, 1.5, np.inf], [0.25, 7.0, 0.5, np.inf])
    assert got.schedule.start[COOLING].tolist() == [LEAD + 1800, LEAD]
    assert got.schedule.start[LEVEL].tolist() == [NEVER, LEAD + round(6.75 * TICKS_PER_HOUR)]
    assert got.schedule.start[REPLAY].tolist() == [LEAD, LEAD + 900]
    assert got.schedule.start[SETPOINT].tolist() == [NEVER, NEVER]
    assert got.onset.tolist() == [LEAD, LEAD]


def test_every_campaign_that_acts_starts_at_the_lead() -> None:
    rng = np.random.default_rng(5)
    starts = rng.exponential(3.0, (len(ACTIONS), 500))
    starts[rng.random(starts.shape) < 0.3] = np.inf
    acts = np.isfinite(starts).any(axis=0)
    assert not acts.all()
    assert np.array_equal(action_clock(campaigns(starts)).acts, acts)
    got = plan(STUDY, *starts[:, acts].T)
    assert np.all(np.min(got.schedule.start, axis=0) == LEAD)


def test_what_ends_ends_at_its_time() -> None:
    stops = [[1.25], [np.inf], [np.inf], [np.inf]]
    got = plan(STUDY, [1.0, 1.0, np.inf, np.inf], stops=stops)
    assert got.schedule.stop[COOLING].tolist() == [LEAD + 900]
    assert got.schedule.stop[LEVEL].tolist() == [NEVER]


@pytest.mark.parametrize("action", ["isolate", "restore"])
def test_a_response_that_isolates_cuts_every_action(action: str) -> None:
    columns = [1.0, 3.0, np.inf, 2.0]
    got = plan(study_with(action), columns, response_h=2.5)
    response = LEAD + round(1.5 * TICKS_PER_HOUR)
    for start, stop in zip(got.schedule.start, got.schedule.stop, strict=True):
        assert stop[0] == response
        assert (start[0] >= stop[0]) == (start[0] in (LEAD + 2 * TICKS_PER_HOUR, NEVER))
    assert got.reload.tolist() == [response if action == "restore" else NEVER]
    assert got.shutdown.tolist() == [NEVER]


def test_a_response_that_shuts_down_leaves_the_attack_to_act_until_then() -> None:
    got = plan(study_with("shut_down"), [1.0, np.inf, np.inf, np.inf], response_h=2.5)
    assert got.shutdown.tolist() == [LEAD + round(1.5 * TICKS_PER_HOUR)]
    assert got.schedule.stop[COOLING].tolist() == [NEVER]
    assert got.reload.tolist() == [NEVER]


def test_an_early_end_stays_early_when_the_response_comes_later() -> None:
    stops = [[1.5], [np.inf], [np.inf], [np.inf]]
    got = plan(study_with("isolate"), [1.0, 1.0, np.inf, np.inf], stops=stops, response_h=3.0)
    assert got.schedule.stop[COOLING].tolist() == [LEAD + 1800]
    assert got.schedule.stop[LEVEL].tolist() == [LEAD + 2 * TICKS_PER_HOUR]


@pytest.mark.parametrize(
    ("response_h", "acts"), [(0.4, False), (0.5, False), (0.5001, True), (np.inf, True)]
)
def test_a_response_no_later_than_the_first_action_forestalls_it(
    response_h: float, acts: bool
) -> None:
    made = campaigns(only(COOLING, 0.5), response_h=response_h)
    assert action_clock(made).acts.tolist() == [acts]


def test_campaigns_without_a_goal_never_act() -> None:
    made = campaigns(only(COOLING, 0.5, n=2), acts=np.array([True, False]))
    assert action_clock(made).acts.tolist() == [True, False]


def test_plans_go_by_the_twin_number_not_by_place() -> None:
    study = with_value(STUDY, "plant.safety.probability_of_failure_on_demand", 0.3)
    whole = campaigns(only(COOLING, n=100))
    part = campaigns(only(COOLING, n=40), first=60)
    a = plan_of(study, whole, action_clock(whole))
    b = plan_of(study, part, action_clock(part))
    for name in ("safety_works", "rupture", "reaction"):
        assert np.array_equal(getattr(a, name)[60:], getattr(b, name))
    assert np.array_equal(a.key.high[60:], b.key.high)
    assert np.array_equal(a.key.low[60:], b.key.low)


def test_disturbances_of_the_study_act_from_the_start_of_every_twin() -> None:
    study = with_value(STUDY, "plant.disturbances.idv", [8, 13])
    made = campaigns(only(COOLING, n=3))
    for got in (plan_of(study, made, action_clock(made)), undisturbed_plan(study, made.twin_id)):
        for row in (-2, -1):
            assert got.schedule.start[row].tolist() == [0, 0, 0]
            assert got.schedule.stop[row].tolist() == [NEVER] * 3


def test_an_undisturbed_plan_does_nothing() -> None:
    got = undisturbed_plan(STUDY, np.arange(5, dtype=np.int64))
    assert np.all(np.array(got.schedule.start) == NEVER)
    assert np.all(got.shutdown == NEVER)


def test_draws_have_their_distributions() -> None:
    chance, wait_min, acting = 0.3, 10.0, 0.6
    study = with_value(STUDY, "plant.safety.probability_of_failure_on_demand", chance)
    study = with_value(
        study, "defence.operators",
        {"reaction_min": {"exponential": {"mean": wait_min}}, "probability": acting},
    )  # fmt: skip
    study = with_value(study, "plant.rupture.reactor", {"uniform": {"low": 4000.0, "high": 6000.0}})
    got = undisturbed_plan(study, np.arange(N_MANY, dtype=np.int64))
    root = N_MANY**0.5
    works = np.mean(got.safety_works)
    assert abs(works - (1.0 - chance)) < ERRORS * (chance * (1.0 - chance)) ** 0.5 / root
    react = got.reaction != NEVER
    assert abs(np.mean(react) - acting) < ERRORS * (acting * (1.0 - acting)) ** 0.5 / root
    waits_min = got.reaction[react] / 60.0
    assert abs(waits_min.mean() - wait_min) < ERRORS * wait_min / len(waits_min) ** 0.5 + 1 / 120
    assert abs(got.rupture.mean() - 5000.0) < ERRORS * 2000.0 / 12**0.5 / root
    assert got.rupture.min() >= 4000.0
    assert got.rupture.max() <= 6000.0
    # the three are drawn apart
    assert abs(np.corrcoef(got.rupture, got.safety_works)[0, 1]) < ERRORS / root


def test_a_response_on_call_at_the_far_end_of_time_never_comes() -> None:
    got = plan(study_with("shut_down"), [1.0, np.inf, np.inf, np.inf], response_h=1e9)
    assert got.shutdown.tolist() == [NEVER]
