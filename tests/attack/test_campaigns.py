"""Campaigns against closed forms: breaches, detection, response, budget, profiles, goals."""

import math
from typing import Any

import numpy as np
import pytest

from attack.small_study import exponential, small_study
from otsim.attack import Campaigns, compile_attack, sample_campaigns
from otsim.draws import Streams
from otsim.errors import ModelError

N_TWINS = 100_000
SEED = 11
ERRORS = 4.5

HOUR_D = 1.0 / 24.0


def sampled(
    nodes: dict[str, Any], needs: Any = None, *, n: int = N_TWINS, **keys: Any
) -> Campaigns:
    study = small_study(nodes, needs=needs or {"g": ["r"]}, **keys)
    return sample_campaigns(compile_attack(study), 0, n, draws=Streams(seed=SEED))


def agrees(hits: np.ndarray, chance: float) -> None:
    error = math.sqrt(chance * (1.0 - chance) / len(hits))
    assert abs(hits.mean() - chance) <= ERRORS * error


def mean_agrees(values: np.ndarray, mean: float, deviation: float) -> None:
    assert abs(values.mean() - mean) <= ERRORS * deviation / math.sqrt(len(values))


def entry(probability: Any = 1.0, mean_h: float = 10.0, **keys: Any) -> dict[str, Any]:
    return {"probability": probability, "time_h": exponential(mean_h), "entry": True, **keys}


def noticed(probability: float, delay_h: Any = 0.0) -> dict[str, Any]:
    return {"detection": {"probability": probability, "delay_h": delay_h}}


def respond(delay_h: Any, probability: float = 1.0) -> dict[str, Any]:
    return {"probability": probability, "delay_h": delay_h, "action": "isolate"}


def test_a_shared_step_is_one_step() -> None:
    nodes = {
        "r": {"gate": "OR", "children": ["x", "y"]},
        "x": {"gate": "AND", "children": ["a", "b"]},
        "y": {"gate": "AND", "children": ["a", "c"]},
        "a": {"probability": 0.5, "entry": True},
        "b": {"probability": 0.5},
        "c": {"probability": 0.5},
    }
    acts = sampled(nodes).acts
    agrees(acts, 3.0 / 8.0)
    naive = 7.0 / 16.0
    assert abs(acts.mean() - naive) > ERRORS * math.sqrt(naive * (1.0 - naive) / N_TWINS)


def test_vote_counter_and_sand_in_a_campaign() -> None:
    nodes = {
        "r": {"gate": "SAND", "children": ["in", "v", "c"]},
        "v": {"gate": "VOTE", "k": 2, "children": ["v1", "v2", "v3"]},
        "c": {"gate": "COUNTER", "children": ["step", "guard"]},
        "in": {"time_h": 5.0, "entry": True},
        "v1": {"probability": 0.5, "time_h": 1.0},
        "v2": {"probability": 0.5, "time_h": 2.0},
        "v3": {"probability": 0.5, "time_h": 3.0},
        "step": {"probability": 0.8, "time_h": 4.0},
        "guard": {"probability": 0.25},
    }
    campaigns = sampled(nodes)
    agrees(campaigns.acts, 0.5 * 0.8 * 0.75)
    reached = campaigns.goal_h[campaigns.acts]
    assert set(reached.tolist()) == {5.0 + 2.0 + 4.0, 5.0 + 3.0 + 4.0}
    agrees(reached == 11.0, 0.5)  # of the four equal worlds that pass, two have v1 and v2


def test_the_first_entry_is_told() -> None:
    nodes = {
        "r": {"gate": "OR", "children": ["slow", "fast"]},
        "slow": entry(mean_h=30.0),
        "fast": entry(mean_h=10.0),
    }
    campaigns = sampled(nodes)
    agrees(campaigns.entry == 1, 0.75)
    mean_agrees(campaigns.entry_h, 7.5, 7.5)
    assert (campaigns.attempts == 1).all()


def test_an_attempt_without_an_entry_says_so() -> None:
    nodes = {"r": {"gate": "AND", "children": ["a"]}, "a": entry(0.3)}
    campaigns = sampled(nodes)
    agrees(campaigns.entry == -1, 0.7)
    np.testing.assert_array_equal(np.isinf(campaigns.entry_h), campaigns.entry == -1)
    np.testing.assert_array_equal(campaigns.acts, campaigns.entry == 0)


@pytest.mark.parametrize("budget_h", [None, 8.0])
def test_breaches_are_attempts_given_that_an_entry_falls(budget_h: float | None) -> None:
    nodes = {
        "r": {"gate": "SAND", "children": ["in", "step"]},
        "in": entry({"novice": 0.1, "beginner": 0.2, "intermediate": 0.3, "expert": 0.6}),
        "step": {"probability": 0.5},
    }
    profiles = {
        "crowd": {"share": 0.75, "skill": "novice"},
        "state": {"share": 0.25, "skill": "expert", "time_factor": 0.5},
    }
    budget_d = None if budget_h is None else budget_h * HOUR_D
    campaigns = sampled(nodes, count="breaches", profiles=profiles, budget_d=budget_d)
    in_time = [1.0 if budget_h is None else 1.0 - math.exp(-budget_h / m) for m in (10.0, 5.0)]
    joint = [0.75 * 0.1 * in_time[0], 0.25 * 0.6 * in_time[1]]
    assert (campaigns.entry == 0).all()
    assert np.isfinite(campaigns.entry_h).all()
    agrees(campaigns.profile == 1, joint[1] / sum(joint))
    agrees(campaigns.attempts == 1, sum(joint))
    mean_agrees(campaigns.attempts, 1.0 / sum(joint), math.sqrt(1.0 - sum(joint)) / sum(joint))
    agrees(campaigns.acts, 0.5)
    if budget_h is not None:
        assert (campaigns.entry_h <= budget_h).all()
        slow = campaigns.entry_h[campaigns.profile == 0]
        mean = 10.0 - budget_h * math.exp(-budget_h / 10.0) / in_time[0]
        mean_agrees(slow, mean, budget_h / math.sqrt(12.0))  # a uniform one would scatter more


def test_breaches_must_come_before_the_response() -> None:
    nodes = {"r": {"gate": "OR", "children": ["a"]}, "a": entry(mean_h=10.0, **noticed(0.4))}
    campaigns = sampled(nodes, count="breaches", response=respond(exponential(10.0)))
    assert (campaigns.entry_h < campaigns.response_h).all()
    # Without detection an attempt breaches for sure, with it in half of the cases.
    agrees(np.isfinite(campaigns.detected_h), 0.4 * 0.5 / (0.6 + 0.4 * 0.5))


def test_detection_and_response_race_the_goal() -> None:
    nodes = {"r": {"gate": "OR", "children": ["a"]}, "a": entry(mean_h=20.0, **noticed(0.7))}
    campaigns = sampled(nodes, response=respond(exponential(5.0), probability=0.9))
    agrees(campaigns.detected_h == 0.0, 0.7)
    agrees(np.isfinite(campaigns.response_h), 0.63)
    agrees(campaigns.acts, 0.37 + 0.63 * (1 / 20) / (1 / 20 + 1 / 5))
    mean_agrees(campaigns.goal_h, 20.0, 20.0)  # told whether cut or not


def test_the_delay_runs_from_the_start_of_the_step() -> None:
    nodes = {
        "r": {"gate": "SAND", "children": ["in", "a", "b"]},
        "in": {"time_h": 3.0, "entry": True},
        "a": {"time_h": 4.0} | noticed(1.0, 2.5),
        "b": {"time_h": 5.0} | noticed(1.0, 0.0),
    }
    campaigns = sampled(nodes, n=64, response=respond(6.0))
    assert set(campaigns.detected_h.tolist()) == {5.5}
    assert set(campaigns.response_h.tolist()) == {11.5}
    assert not campaigns.acts.any()  # the goal would fall at 12
    assert set(campaigns.goal_h.tolist()) == {12.0}


def test_steps_that_are_never_reached_are_never_noticed() -> None:
    nodes = {
        "r": {"gate": "SAND", "children": ["in", "a"]},
        "in": entry(0.3),
        "a": {"time_h": 1.0} | noticed(0.5),
    }
    agrees(np.isfinite(sampled(nodes).detected_h), 0.15)


def test_a_step_that_fails_may_be_noticed_all_the_same() -> None:
    nodes = {"r": {"gate": "OR", "children": ["a"]}, "a": entry(0.0) | noticed(0.5)}
    agrees(np.isfinite(sampled(nodes).detected_h), 0.5)


def test_nothing_is_tried_after_the_goal_or_the_budget() -> None:
    nodes = {
        "r": {"gate": "SAND", "children": ["in", "goal", "more"]},
        "in": {"time_h": 2.0, "entry": True},
        "goal": {"time_h": 3.0},
        "more": {"time_h": 1.0} | noticed(1.0),
    }
    assert np.isinf(sampled(nodes, {"g": ["goal"]}, n=16).detected_h).all()
    assert np.isinf(sampled(nodes, n=16, budget_d=4.0 * HOUR_D).detected_h).all()
    assert (sampled(nodes, n=16).detected_h == 5.0).all()


def test_a_step_that_would_begin_when_the_goal_falls_is_not_tried() -> None:
    nodes: dict[str, Any] = {
        "r": {"gate": "OR", "children": ["short", "long"]},
        "long": {"gate": "SAND", "children": ["short", "rest"]},
        "short": {"time_h": 3.0, "entry": True},
        "rest": {"time_h": 1.0} | noticed(1.0),
    }
    assert np.isinf(sampled(nodes, n=16).detected_h).all()
    nodes["r"]["gate"] = "AND"
    assert (sampled(nodes, n=16).detected_h == 3.0).all()


def test_an_instant_insider_may_be_noticed() -> None:
    nodes = {"r": {"gate": "OR", "children": ["a"]}, "a": {"entry": True} | noticed(0.25)}
    campaigns = sampled(nodes)
    agrees(campaigns.detected_h == 0.0, 0.25)
    assert campaigns.acts.all()  # without a response nothing cuts the campaign


def test_steps_of_other_goals_are_not_tried() -> None:
    nodes = {
        "in": {"time_h": 1.0, "entry": True},
        "r": {"gate": "SAND", "children": ["in", "either"]},
        "either": {"gate": "OR", "children": ["one", "two"]},
        "one": {"time_h": 10.0},
        "two": {"time_h": 10.0} | noticed(1.0),
    }
    campaigns = sampled(nodes, {"first": ["one"], "second": ["two"]})
    np.testing.assert_array_equal(np.isfinite(campaigns.detected_h), campaigns.goal == 1)
    agrees(campaigns.goal == 1, 0.5)


def test_the_budget_ends_a_campaign() -> None:
    nodes = {"r": {"gate": "OR", "children": ["a"]}, "a": entry(mean_h=48.0)}
    agrees(sampled(nodes, budget_d=1.0).acts, 1.0 - math.exp(-0.5))


def test_days_are_twenty_four_hours() -> None:
    nodes = {"r": {"gate": "OR", "children": ["a"]}, "a": {"time_d": 2.0, "entry": True}}
    assert (sampled(nodes, n=8).goal_h == 48.0).all()


def test_the_last_need_sets_the_goal_time() -> None:
    nodes = {
        "r": {"gate": "AND", "children": ["a", "b", "c"]},
        "a": {"time_h": 3.0, "entry": True},
        "b": {"time_h": 7.0},
        "c": {"time_h": 5.0},
    }
    campaigns = sampled(nodes, {"g": ["a", "b"], "h": ["c"]})
    assert set(campaigns.goal_h[campaigns.goal == 0].tolist()) == {7.0}
    assert set(campaigns.goal_h[campaigns.goal == 1].tolist()) == {5.0}


def test_one_effort_for_all_steps_of_a_campaign() -> None:
    nodes = {
        "r": {"gate": "AND", "children": ["a", "b"]},
        "a": {"time_h": 3.0, "entry": True},
        "b": {"time_h": 30.0},
    }
    profiles = {"p": {"share": 1.0, "skill": "expert", "time_factor": 0.25}}
    campaigns = sampled(nodes, sigma=0.5, profiles=profiles)
    scores = np.log(campaigns.node_h[1].astype(np.float64) / 0.75) / 0.5
    np.testing.assert_allclose(campaigns.node_h[2], 10.0 * campaigns.node_h[1], rtol=1e-6)
    mean_agrees(scores, 0.0, 1.0)
    mean_agrees(scores**2, 1.0, math.sqrt(2.0))


def test_profiles_and_goals_come_by_their_weights() -> None:
    nodes = {
        "r": {"gate": "AND", "children": ["a", "b", "c"]},
        "a": {"entry": True},
        "b": {},
        "c": {},
    }
    profiles = {
        "all": {"share": 0.2, "skill": "novice"},
        "some": {"share": 0.8, "skill": "expert", "motive": {"x": 1.0, "z": 3.0}},
        "none": {"share": 0.0, "skill": "expert"},
    }
    campaigns = sampled(nodes, {"x": ["a"], "y": ["b"], "z": ["c"]}, profiles=profiles)
    agrees(campaigns.profile == 0, 0.2)
    agrees(campaigns.profile == 1, 0.8)
    for goal, weight in enumerate((0.25, 0.0, 0.75)):
        agrees(campaigns.goal[campaigns.profile == 1] == goal, weight)
        agrees(campaigns.goal[campaigns.profile == 0] == goal, 1.0 / 3.0)


def test_breaches_need_a_way_in() -> None:
    nodes = {"r": {"gate": "OR", "children": ["a"]}, "a": {}}
    with pytest.raises(ModelError, match="no step is a way in"):
        sampled(nodes, count="breaches", n=4)


def test_a_hopeless_way_in_is_told() -> None:
    nodes = {"r": {"gate": "OR", "children": ["a"]}, "a": entry(1e-9)}
    with pytest.raises(ModelError, match=r"found no way in within 10,000 attempts.*a\)"):
        sampled(nodes, count="breaches", n=5000)
