"""The shipped review against brute force: a network without an item, all twins lived anew."""

from pathlib import Path

import numpy as np
import pytest

from otsim.attack import compile_attack, sample_campaigns
from otsim.attack.joined_graph import graph_problems
from otsim.config import read_study
from otsim.config.study import Study
from otsim.config.write_study import study_data
from otsim.draws import study_draws
from otsim.loss import assess
from otsim.review.changes import changes_of
from otsim.review.design import design_of
from otsim.review.estimates import Scale
from otsim.review.lives import Lives
from otsim.review.review_figures import RETURN_PERIOD
from otsim.simulate import simulate_campaigns, twin_model

STUDY = Path(__file__).resolve().parents[2] / "configs/studies/te_design_review.yaml"
N = 4096


def crude(study: Study) -> tuple[float, float]:
    """Expected annual loss by plain sampling, and its standard error."""
    campaigns = sample_campaigns(compile_attack(study), 0, N, draws=study_draws(study))
    outcomes = simulate_campaigns(twin_model(study), campaigns)
    loss = assess(study, campaigns, outcomes).total
    rate = study.attackers.frequency.per_year
    return rate * float(loss.mean()), rate * float(loss.std() / np.sqrt(N))


@pytest.mark.slow
def test_what_a_removal_avoids_is_what_brute_force_finds() -> None:
    """The safety controller's engineering service goes: file edited, campaigns and twins anew."""
    study = read_study(STUDY, also=graph_problems)
    design = design_of(study)
    model = twin_model(study)
    lives = Lives(study=study, live=lambda campaigns: simulate_campaigns(model, campaigns))
    before = design.campaigns(design.nothing_changed)
    ways = design.ways(np.flatnonzero(before.acts))
    change = next(
        each for each in changes_of(design, ways.any(axis=1))
        if each.key == "service:safety_engineering"
    )  # fmt: skip
    now, then = lives.losses([before, design.campaigns(change)])
    scale = Scale.of(design.rates, RETURN_PERIOD, np.ones(len(design.rates), bool))
    avoided = scale.effect(change, now, then).annual_loss
    data = study_data(study)
    del data["attack"]["architecture"]["services"]["safety_engineering"]
    del data["attack"]["architecture"]["vulnerabilities"]["safety_memory"]  # it is reached through
    without = Study.model_validate(data)
    (all_of_it, error), (rest, rest_error) = crude(study), crude(without)
    spread = np.sqrt(error**2 + rest_error**2 + ((avoided.high - avoided.low) / 3.92) ** 2)
    assert avoided.value > 0.0
    assert abs(avoided.value - (all_of_it - rest)) < 3.0 * spread
    total = scale.figures(now).annual_loss
    apart = np.hypot(error, (total.high - total.low) / 3.92)
    assert abs(total.value - all_of_it) < 3.0 * apart
