"""Designs of draws: what is a dimension, and what growing or cutting a run leaves as it is."""

from typing import Any

import jax
import numpy as np
import pytest

from otsim.attack import compile_attack, sample_campaigns
from otsim.attack.campaigns import chosen_campaigns
from otsim.config import read_study, with_value
from otsim.config.study import Study
from otsim.draws import SobolNets, Streams, replicates_of, study_draws
from otsim.draws.names import RESPONSE_ACTED_UPON, names_by_part, step_exists
from otsim.loss import assess
from otsim.simulate.outcomes import STATUSES, Outcomes
from otsim.simulate.plans import action_clock, plan_of
from otsim_kernels.draws import purpose_id
from otsim_kernels.written_draws import WrittenKey

STUDIES = ("configs/studies/te_campaign.yaml", "configs/studies/te_insider.yaml")


def sobol_study(path: str, *settings: str) -> Study:
    return read_study(path, ["simulation.draws=sobol", *settings])


def asked_for(study: Study, monkeypatch: pytest.MonkeyPatch) -> set[int]:
    """Return the purposes of every draw from campaign to loss."""
    found: set[int] = set()
    word = WrittenKey.word

    def heard(self: WrittenKey, purpose: Any, slot: Any) -> Any:
        found.update(np.asarray(purpose).ravel().tolist())
        return word(self, purpose, slot)

    monkeypatch.setattr(WrittenKey, "word", heard)
    with jax.disable_jit():
        campaigns = sample_campaigns(compile_attack(study), 0, 512, draws=study_draws(study))
        acting = chosen_campaigns(campaigns, np.flatnonzero(action_clock(campaigns).acts))
        plan_of(study, acting, action_clock(acting))
        assess(study, campaigns, quiet_outcomes(study, campaigns.twin_id))
    return found


def quiet_outcomes(study: Study, twin_id: np.ndarray) -> Outcomes:
    """Make outcomes of twins to which nothing happened."""
    calm = np.ones(len(twin_id))
    extremes = [f"{one.extreme}_{one.signal.lower()}" for one in study.loss.fragility.values()]
    return Outcomes(
        twin_id=twin_id,
        status=np.full(len(twin_id), STATUSES.index("horizon"), np.int32),
        cause=np.full(len(twin_id), "", object),
        end_h=calm,
        extrapolated_h=np.full(len(twin_id), np.nan),
        columns=dict.fromkeys([*extremes, "product_m3", "offspec_product_m3"], calm),
    )


@pytest.mark.parametrize("path", [STUDIES[0], pytest.param(STUDIES[1], marks=pytest.mark.slow)])
def test_all_that_is_drawn_is_a_dimension(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody needs to draw stays out: certain steps, and a response that there is not."""
    study = sobol_study(path)
    names = [name for part in names_by_part(study).values() for name in part]
    assert len(set(map(purpose_id, names))) == len(names)
    certain = {name for name, node in study.attack.tree.nodes.items() if node.probability == 1.0}
    idle = set(map(purpose_id, [*map(step_exists, certain), RESPONSE_ACTED_UPON]))
    asked = asked_for(study, monkeypatch)
    assert asked - set(map(purpose_id, names)) <= idle
    assert set(map(purpose_id, names)) <= asked


def test_a_run_that_grows_keeps_its_twins() -> None:
    small = sobol_study(STUDIES[0], "simulation.twins=1024")
    large = with_value(small, "simulation.twins", 4096)
    few, many = (
        sample_campaigns(compile_attack(study), 0, 1024, draws=study_draws(study))
        for study in (small, large)
    )
    np.testing.assert_array_equal(few.node_h, many.node_h)
    np.testing.assert_array_equal(few.actions.value, many.actions.value)


def test_a_net_is_every_so_many_twins() -> None:
    study = sobol_study(STUDIES[0], "simulation.replicates=8")
    found = replicates_of(study, np.arange(20))
    assert found is not None
    assert found.tolist() == [*range(8), *range(8), *range(4)]
    assert replicates_of(read_study(STUDIES[0]), np.arange(20)) is None


def test_the_study_says_which_design() -> None:
    assert study_draws(read_study(STUDIES[0])) == Streams(seed=1)
    nets = study_draws(sobol_study(STUDIES[0]))
    assert isinstance(nets, SobolNets)
    for part in nets.purposes.values():
        assert (np.diff(part.astype(np.int64)) > 0).all()


def test_sobol_campaigns_are_those_of_the_study() -> None:
    """Marginals agree with independent draws, where breaches are drawn anew too."""
    study = sobol_study(STUDIES[0], "simulation.twins=16384")
    model = compile_attack(study)
    even, chance = (
        sample_campaigns(model, 0, 16_384, draws=draws)
        for draws in (study_draws(study), Streams(seed=1))
    )
    assert even.attempts.max() > 1
    for name in ("profile", "goal", "entry"):
        counts = [np.bincount(getattr(one, name), minlength=12) for one in (even, chance)]
        spread = np.sqrt(counts[0] + counts[1] + 1.0)
        assert (np.abs(counts[0] - counts[1]) < 4.5 * spread).all()
    assert abs(even.acts.mean() - chance.acts.mean()) < 4.5 * np.sqrt(0.5 / 16_384)


def test_profiles_of_attempts_are_known_to_one_twin_a_net() -> None:
    study = sobol_study(STUDIES[0], "attackers.frequency.count=attempts")
    drawn = sample_campaigns(compile_attack(study), 0, 4096, draws=study_draws(study))
    nets = drawn.profile.reshape(256, 16)
    for number, profile in enumerate(study.attackers.profiles.values()):
        counts = np.sum(nets == number, axis=0)
        assert (np.abs(counts - 256 * profile.share) <= 2).all()


def test_breaches_are_known_no_worse_than_by_chance() -> None:
    """Half the campaigns of this study are drawn again, which must not undo what nets gain."""
    study = sobol_study(STUDIES[0], "simulation.twins=65536", "simulation.replicates=64")
    drawn = sample_campaigns(compile_attack(study), 0, 65_536, draws=study_draws(study))
    for flag in (drawn.acts, *(drawn.profile == number for number in range(3))):
        by_chance = flag.mean() * (1.0 - flag.mean()) / 1024
        gain = by_chance / np.var(flag.reshape(1024, 64).mean(axis=0), ddof=1)
        assert gain > 1.0
