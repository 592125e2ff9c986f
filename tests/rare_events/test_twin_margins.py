"""Subset simulation over all draws of a twin: cyber and plant together."""

from dataclasses import replace

import numpy as np
import pytest

from otsim.attack import compile_attack, sample_campaigns
from otsim.config import read_study
from otsim.draws import Design, study_draws
from otsim.errors import SimulationError
from otsim.rare_events import Effort, subset_simulation
from otsim.rare_events.twin_margins import WrittenDraws, loss_margin
from otsim_kernels.draws import purpose_id
from rare_events.cheap_plant import DISASTER, losses_of, rare_study

N_PLAIN = 400_000
BOUND = 4.5
EFFORT = Effort(n_populations=8, n_points=512, level_chance=0.25, n_moves=5)


def test_a_disaster_is_as_likely_as_plain_twins_say() -> None:
    study = rare_study("attempts")
    model = replace(compile_attack(study), counts_breaches=False)

    def graded(design: Design, numbers: np.ndarray) -> np.ndarray:
        """Losses, and below them how far a campaign came: what leads towards a disaster."""
        campaigns = sample_campaigns(model, 0, len(numbers), draws=design)
        losses = losses_of(design, campaigns)
        late_h = np.minimum(campaigns.goal_h, 1e3) - np.minimum(campaigns.response_h, 1e3)
        return np.where(campaigns.acts, losses, -1.0 - np.clip(late_h, 0.0, 1e3))

    wanted = 1.8 * DISASTER
    margin, n_dims = loss_margin(graded, study, loss=wanted)
    found = subset_simulation(margin, n_dims, seed=1, effort=EFFORT)
    plain = study_draws(study)
    losses = losses_of(plain, sample_campaigns(model, 0, N_PLAIN, draws=plain))
    chance = float(np.mean(losses >= wanted))
    error = np.hypot(found.standard_error, np.sqrt(chance / N_PLAIN))
    assert chance < 2e-3
    assert abs(found.probability - chance) < BOUND * error
    assert error < 0.35 * chance


def test_twins_draw_what_is_written_and_else_from_their_streams() -> None:
    names = {"campaign": ("b", "a"), "twin": ("c",), "loss": ()}
    points = np.random.default_rng(1).standard_normal((50, 3))
    design = WrittenDraws(seed=4, names=names, points=points)
    twins = np.arange(50)
    key = design.key(twins, "campaign")
    word = key.word(np.array([[purpose_id("a")], [purpose_id("z")]], np.uint32), 0)
    assert np.array_equal(np.argsort(word[0]), np.argsort(points[:, 1]))
    assert np.array_equal(word[1], key.stream.word(purpose_id("z"), 0))
    later = key.word(purpose_id("a"), np.uint32(1))
    assert np.array_equal(later, key.stream.word(purpose_id("a"), np.uint32(1)))
    assert np.array_equal(np.argsort(design.key(twins, "twin").word(purpose_id("c"), 0)),
                          np.argsort(points[:, 2]))  # fmt: skip


def test_an_architecture_is_refused() -> None:
    study = read_study("configs/studies/te_design_review.yaml")
    with pytest.raises(SimulationError, match="give the study an attack tree"):
        loss_margin(lambda design, numbers: np.zeros(len(numbers)), study, loss=1.0)
