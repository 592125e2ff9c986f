"""Twins taken over from another run: the same rows as if they had been simulated, and far fewer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from attack.small_study import exponential, small_study
from otsim.attack import compile_attack, sample_campaigns
from otsim.config import Study, with_value
from otsim.config.plant_points import PLANT_POINTS
from otsim.draws import study_draws
from otsim.loss import assess
from otsim.shared_twins import shared_outcomes
from otsim.simulate.outcomes import STATUSES, Outcomes
from otsim.simulate.same_lives import lives_of, same_lives
from otsim.store import RunFolder, event_table
from otsim.study import OneOfMany, run_study
from pipeline.whole_run import hashes, short_study

TWINS = 64
DELAY = "defence.response.delay_h.exponential.mean"
NODES = {
    "way": {"entry": True, "probability": 0.7, "time_h": exponential(100.0)},
    "valve": {
        "probability": 0.9,
        "time_h": exponential(50.0),
        "detection": {"probability": 0.5, "delay_h": exponential(10.0)},
    },
}


def study() -> Study:
    """A campaign of two steps against one valve, with a response that may be faster."""
    found = small_study(
        NODES,
        needs={"shut": ["valve"]},
        response={"delay_h": exponential(50.0), "action": "isolate"},
        actions={"shut": [{"kind": "override", "target": "XMV10", "value": 0.0}]},
    )
    size = {"twins": TWINS, "shard_size": TWINS}
    return found.model_copy(update={"simulation": found.simulation.model_copy(update=size)})


class Lived:
    """Stands for a simulator: what becomes of a twin is a hash of all that decides its life."""

    def __init__(self, of: Study) -> None:
        self.of, self.twins = of, list[int]()

    def __call__(self, campaigns) -> Outcomes:
        self.twins += campaigns.twin_id.tolist()
        lives, n = lives_of(self.of, campaigns), len(campaigns.twin_id)
        place = np.arange(1, lives.own.shape[1] + 1, dtype=np.float64)
        told = np.where(lives.acts, lives.own.astype(np.float64) @ place, np.nan)
        points = PLANT_POINTS[self.of.plant.model]
        return Outcomes(
            twin_id=campaigns.twin_id,
            status=np.where(lives.acts, STATUSES.index("tripped"), 0).astype(np.int32),
            cause=np.where(lives.acts, "why", "").astype(object),
            end_h=told / 1e6, extrapolated_h=np.full(n, np.nan),
            columns={column.name: told for column in points.damage_columns},
        )  # fmt: skip


def campaigns_of(given: Study):
    return sample_campaigns(compile_attack(given), 0, TWINS, draws=study_draws(given))


def run_of(given: Study, folder: Path) -> str:
    """Commit a whole run of a study, lived by `Lived`."""
    campaigns = campaigns_of(given)
    outcomes = Lived(given)(campaigns)
    rows = event_table(given, campaigns, outcomes, assess(given, campaigns, outcomes))
    with RunFolder.open(folder, given) as opened:
        opened.commit_shard(0, rows)
    return str(folder)


def rows_of(given: Study, donors: list[str]):
    """Compute the event rows with donors; returns them and the twins that were lived."""
    campaigns, live = campaigns_of(given), Lived(given)
    outcomes = shared_outcomes(given, campaigns, donors, live)
    return event_table(given, campaigns, outcomes, assess(given, campaigns, outcomes)), live.twins


CHANGES = {
    "a price": ("loss.margin_per_hour", 5.0, 0),
    "the yearly rate": ("attackers.frequency.per_year", 3.0, 0),
    "a faster response": (DELAY, 20.0, TWINS // 2),
    "a slower response": (DELAY, 90.0, TWINS // 2),
    "a chance of the safety system": (
        "plant.safety.probability_of_failure_on_demand", 0.2, TWINS // 2
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_rows_are_those_of_a_run_of_its_own(name: str, tmp_path: Path) -> None:
    key, value, most = CHANGES[name]
    donor, changed = run_of(study(), tmp_path / "donor"), with_value(study(), key, value)
    shared, lived = rows_of(changed, [donor])
    alone, all_twins = rows_of(changed, [])
    assert shared.equals(alone)
    assert len(lived) <= most < len(all_twins) == TWINS


FOREIGN = {
    "another seed": ("simulation.seed", 2),
    "a longer horizon": ("plant.horizon_h", 49.0),
    "no noise": ("plant.disturbances.noise", False),
    "another valve": ("attack.goals.shut.actions[0].target", "XMV3"),
    "another precision": ("simulation.precision", "float64"),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_twins_of_another_plant_are_not_taken(name: str, tmp_path: Path) -> None:
    changed = with_value(study(), *FOREIGN[name])
    donor = run_of(study(), tmp_path / "donor")
    ours, theirs = (lives_of(each, campaigns_of(each)) for each in (changed, study()))
    assert not same_lives(ours, theirs).any()
    _, lived = rows_of(changed, [donor])
    assert lived == list(range(TWINS))


def test_a_donor_that_is_damaged_or_gone_gives_nothing(tmp_path: Path) -> None:
    donor = run_of(study(), tmp_path / "donor")
    shard = tmp_path / "donor" / "events" / "shard-00000.parquet"
    shard.write_bytes(shard.read_bytes()[:-7])
    changed = with_value(study(), "loss.margin_per_hour", 5.0)
    for donors in ([donor], [str(tmp_path / "nowhere")]):
        shared, lived = rows_of(changed, donors)
        assert lived == list(range(TWINS))
        assert shared.equals(rows_of(changed, [])[0])


def test_a_donor_of_another_device_gives_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen to fail: without a look at the device; its twins are other bits."""
    donor = run_of(study(), tmp_path / "donor")
    monkeypatch.setattr("otsim.shared_twins.device_kind", lambda: "gpu")
    changed = with_value(study(), "loss.margin_per_hour", 5.0)
    assert rows_of(changed, [donor])[1] == list(range(TWINS))


def test_a_donor_that_grew_since_gives_what_it_has_now(tmp_path: Path) -> None:
    """Seen to fail: with the reader of its first size kept."""
    half = with_value(study(), "simulation.twins", TWINS // 2)
    with RunFolder.open(tmp_path / "donor", half):
        pass
    changed = with_value(study(), "loss.margin_per_hour", 5.0)
    assert rows_of(changed, [str(tmp_path / "donor")])[1] == list(range(TWINS))
    donor = run_of(study(), tmp_path / "donor")
    assert rows_of(changed, [donor])[1] == []


def test_two_donors_give_what_one_lacks(tmp_path: Path) -> None:
    slow, fast = (with_value(study(), DELAY, mean) for mean in (200.0, 5.0))
    donors = [run_of(each, tmp_path / str(i)) for i, each in enumerate((slow, fast))]
    shared, lived = rows_of(study(), donors)
    assert shared.equals(rows_of(study(), [])[0])
    assert len(lived) <= min(len(rows_of(study(), [donor])[1]) for donor in donors)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("key", "value"),
    [("loss.margin_per_hour", 9000.0), ("defence.response.delay_h.lognormal.median", 6.0),
     ("defence.operators.probability", 0.5)],
)  # fmt: skip
def test_simulated_runs_are_the_same_bytes(key: str, value: float, tmp_path: Path) -> None:
    base, changed = short_study(twins=64), with_value(short_study(twins=64), key, value)
    bare = OneOfMany(page=False)
    run_study(base, tmp_path / "base", workers=1, among=bare)
    run_study(changed, tmp_path / "alone", workers=1, among=bare)
    lent = OneOfMany(donors=(tmp_path / "base",), page=False)
    run_study(changed, tmp_path / "shared", workers=1, among=lent)
    assert hashes(tmp_path / "shared") == hashes(tmp_path / "alone")
