"""The run id changes with what decides a twin, and with nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from otsim.config import with_value
from otsim.store import run_id
from store.synthetic_run import study_of


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("simulation.twins", 4096),
        ("simulation.shard_size", 8),
        ("simulation.batch", 128),
        ("report.return_periods", [20.0]),
        ("title", "Another title"),
        ("description", "Other words"),
        ("attackers.frequency.source", "another survey"),
        ("attack.goals.flood_reactor.title", "Flood it"),
    ],
)
def test_what_leaves_each_twin_as_it_is_keeps_the_id(key: str, value: Any) -> None:
    assert run_id(with_value(study_of(), key, value)) == run_id(study_of())


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("simulation.seed", 8),
        ("simulation.precision", "float64"),
        ("plant.horizon_h", 47.0),
        ("plant.integration", "reference"),
        ("loss.restart_h.lognormal.median", 19.0),
        ("attack.goals.flood_reactor.needs", ["way in"]),
        ("attackers.frequency.per_year", 0.5),
        ("attackers.profiles.state.time_factor", 0.6),
    ],
)
def test_what_decides_a_twin_or_its_cost_changes_the_id(key: str, value: Any) -> None:
    assert run_id(with_value(study_of(), key, value)) != run_id(study_of())


def test_goals_in_another_order_are_another_run() -> None:
    study = study_of()
    turned = dict(reversed(study.attack.goals.items()))
    other = study.model_copy(update={"attack": study.attack.model_copy(update={"goals": turned})})
    assert run_id(other) != run_id(study)


@pytest.mark.parametrize("name", ["otsim", "jax"])
def test_another_version_is_another_run(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    before = run_id(study_of())
    monkeypatch.setattr(
        "otsim.store.run_identity.versions",
        lambda: {"otsim": "1", "jax": "1", "results": "1.0.0"} | {name: "2"},
    )
    assert run_id(study_of()) != before
