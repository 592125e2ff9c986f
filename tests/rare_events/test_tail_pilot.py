"""Importance sampling of campaigns: unbiased, sure of the tail, a function of study and twin."""

from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from otsim.attack import compile_attack, sample_campaigns
from otsim.config import read_study
from otsim.config.study import Study
from otsim.config.study_tilt import Tilt, TiltedComponent
from otsim.draws import names, study_draws, weights_of
from otsim.errors import SimulationError
from otsim.rare_events import tail_pilot
from otsim.rare_events.campaign_pilot import goal_elites
from otsim.rare_events.tail_pilot import NOMINAL, found_tilt, with_tilt
from otsim.risk.sampling_error import Sampling
from rare_events.cheap_plant import (
    DISASTER,
    CheapTwins,
    losses_of,
    rare_study,
    use_cheap_plant,
)

N_PLAIN, N_TILTED = 200_000, 2048
BOUND = 4.5


@cache
def tilted_study(count: str) -> Study:
    with pytest.MonkeyPatch.context() as patch:
        use_cheap_plant(patch)
        study = rare_study(count)
        return with_tilt(study, found_tilt(study, compile_attack(study), CheapTwins(study)))


def drawn(study: Study, first: int, count: int) -> tuple[np.ndarray, np.ndarray, Sampling]:
    """Return losses, goals of those that act (else -1), and the sampling of some twins."""
    draws = study_draws(study)
    campaigns = sample_campaigns(compile_attack(study), first, count, draws=draws)
    weights = weights_of(study, campaigns.twin_id, campaigns.attempts)
    acting = np.where(campaigns.acts, campaigns.goal, -1)
    return losses_of(draws, campaigns), acting, Sampling(weights=weights)


@pytest.mark.parametrize("count", ["attempts", "breaches"])
def test_tilted_twins_agree_with_plain_ones_and_know_the_tail_better(count: str) -> None:
    plain_losses, plain_goals, plain = drawn(rare_study(count), 10**6, N_PLAIN)
    losses, goals, sampling = drawn(tilted_study(count), 0, N_TILTED)
    for mine, theirs in (
        (losses, plain_losses),
        (losses >= DISASTER, plain_losses >= DISASTER),
        (goals == 0, plain_goals == 0),
        (goals == 1, plain_goals == 1),
    ):
        values, reference = mine.astype(np.float64), theirs.astype(np.float64)
        error = np.hypot(sampling.mean_error(values), plain.mean_error(reference))
        assert abs(sampling.mean(values) - plain.mean(reference)) < BOUND * error
    disaster = losses >= DISASTER
    chance = float(np.mean(plain_losses >= DISASTER))
    error = sampling.mean_error(disaster.astype(np.float64))
    crude_twins = chance * (1.0 - chance) / error**2
    assert chance < 2e-2
    assert crude_twins > 10.0 * N_TILTED
    assert sampling.effective_events(disaster) > 100.0


def test_weights_have_mean_1_and_are_bounded_by_the_nominal_share() -> None:
    _, _, sampling = drawn(tilted_study("breaches"), 0, N_TILTED)
    weights = sampling.weights
    assert weights is not None
    ratio = tilted_study("breaches").simulation.tilt.breach_ratio
    assert ratio > 1.0
    assert abs(weights.mean() - 1.0) < BOUND * weights.std() / np.sqrt(len(weights))
    assert weights.max() <= ratio / NOMINAL * (1.0 + 1e-9)


def test_the_weights_ask_for_the_ratio_of_breaches() -> None:
    study = tilted_study("breaches")
    tilt = study.simulation.tilt.model_copy(update={"breach_ratio": 1.0})
    _, _, sampling = drawn(with_tilt(study, tilt), 0, N_TILTED)
    weights = sampling.weights
    assert abs(weights.mean() - 1.0) > BOUND * weights.std() / np.sqrt(len(weights))


def test_a_twin_is_the_same_in_any_range() -> None:
    study = tilted_study("breaches")
    losses, goals, sampling = drawn(study, 0, 96)
    later, later_goals, later_sampling = drawn(study, 50, 20)
    assert np.array_equal(losses[50:70], later)
    assert np.array_equal(goals[50:70], later_goals)
    assert np.array_equal(sampling.weights[50:70], later_sampling.weights)


def test_the_tilt_is_a_function_of_the_study(monkeypatch: pytest.MonkeyPatch) -> None:
    use_cheap_plant(monkeypatch)
    study = rare_study()
    again = found_tilt(study, compile_attack(study), CheapTwins(study))
    assert again == tilted_study("breaches").simulation.tilt
    other = rare_study(seed=2)
    assert found_tilt(other, compile_attack(other), CheapTwins(other)) != again


def test_a_rare_goal_is_approached_in_rounds() -> None:
    study = rare_study("attempts")
    elites = goal_elites(study, compile_attack(study))
    assert set(elites) == {"stop", "wreck"}
    assert elites["wreck"].effective > 50.0
    assert np.all(elites["wreck"].uniforms["step/bypass/exists"] < 0.6)


def test_diverged_pilot_twins_are_left_out_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seen to fail with losses of nan taken as 0: then the tilt is away from what diverges."""
    use_cheap_plant(monkeypatch)
    sound = tail_pilot.assess

    def half_diverged(*given: Any) -> Any:
        losses = sound(*given).total
        return SimpleNamespace(total=np.where(np.arange(len(losses)) % 2 == 0, losses, np.nan))

    monkeypatch.setattr(tail_pilot, "assess", half_diverged)
    study, lines = rare_study(), list[str]()
    model, sizes = compile_attack(study), (64, 64)
    tilt = found_tilt(study, model, CheapTwins(study), sizes, log=lines.append)
    assert lines == ["importance sampling: 64 of 128 pilot twins diverged, left out"]
    tilted = with_tilt(study, tilt)
    pilot = tail_pilot._pilot(tilted, model, CheapTwins(tilted), range(100))
    assert pilot.campaigns.twin_id.tolist() == list(range(0, 100, 2))
    assert len(pilot.losses) == len(pilot.weights) == 50
    assert np.all(np.isfinite(pilot.losses))


def test_a_pilot_of_diverged_twins_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    use_cheap_plant(monkeypatch)
    monkeypatch.setattr(
        tail_pilot, "assess",
        lambda study, campaigns, outcomes: SimpleNamespace(
            total=np.full(len(campaigns.twin_id), np.nan)
        ),
    )  # fmt: skip
    study = rare_study()
    with pytest.raises(SimulationError, match="all 64 twins of a pilot diverged"):
        found_tilt(study, compile_attack(study), CheapTwins(study), (64,))


def test_the_plain_component_stays_plain_whatever_a_goal_is_called() -> None:
    plain = TiltedComponent(name="nominal", share=0.5)
    goal = TiltedComponent(name="nominal", share=0.5)
    tilt = tail_pilot._failing(rare_study(), Tilt(bins={}, components=(plain, goal)), [1], 0.5)
    assert tilt.components[0] == plain
    assert set(tilt.components[1].masses) == {names.SAFETY_FAILS}


@pytest.mark.slow
def test_steps_and_controls_of_an_architecture_are_drawn_plainly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Profiles, goals and trips are tilted; the weights then know all of it."""
    use_cheap_plant(monkeypatch)
    study = read_study("configs/studies/te_design_review.yaml", ["simulation.sampling=importance"])
    model = compile_attack(study)
    tilted = with_tilt(study, found_tilt(study, model, CheapTwins(study)))
    assert set(tilted.simulation.tilt.bins) >= {names.GOAL, names.SAFETY_FAILS}
    mine, _, sampling = drawn(tilted, 0, 8192)
    theirs, _, plain = drawn(with_tilt(study, None), 10**6, 32_768)
    for values, reference in ((mine, theirs), (1.0 * (mine > 0.0), 1.0 * (theirs > 0.0))):
        error = np.hypot(sampling.mean_error(values), plain.mean_error(reference))
        assert abs(sampling.mean(values) - plain.mean(reference)) < BOUND * error
