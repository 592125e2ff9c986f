"""The studies in configs/ are sound, sourced, and say what they promise."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import yaml
from pydantic import BaseModel

from otsim.attack import compile_attack, sample_campaigns
from otsim.attack.joined_graph import joined_graph
from otsim.config import PLANT_POINTS, Study, read_study
from otsim.config.plant_points import WATER_NETWORK
from otsim.draws import Streams
from otsim.simulate import baseline_outcomes, twin_model
from otsim.store import RunReader
from otsim.study import run_study

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
STUDIES = sorted((CONFIGS / "studies").glob("*.yaml"))
OURS = "assumption (otsim)"
IDLE_IN_NETWORKS = ("study.plant.safety", "study.plant.rupture", "study.loss.destroyed")
N_CAMPAIGNS = 4096
N_TWINS = 8
MUST_HAVE_SOURCE = ("Frequency", "Profile", "Goal", "Response", "Operators", "Destroyed",
                    "Fragility", "Loss", "Safety", "UncertainInput")  # fmt: skip


@pytest.fixture(params=STUDIES, ids=lambda path: path.stem)
def study(request: pytest.FixtureRequest) -> Study:
    return read_study(request.param)


def models_below(value: object, place: str) -> Iterator[tuple[str, BaseModel]]:
    if isinstance(value, BaseModel):
        yield place, value
        for name, inner in value:
            yield from models_below(inner, f"{place}.{name}")
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from models_below(inner, f"{place}.{name}")
    elif isinstance(value, tuple | list):
        for i, inner in enumerate(value):
            yield from models_below(inner, f"{place}[{i}]")


def test_there_are_studies() -> None:
    assert {path.stem for path in STUDIES} >= {
        "te_campaign",
        "te_insider",
        "water_net3",
        "water_network_template",
    }


def test_every_number_says_where_it_is_from(study: Study) -> None:
    unsourced, unknown = [], []
    for place, model in models_below(study, "study"):
        source = getattr(model, "source", None)
        leaf = type(model).__name__ == "Node" and getattr(model, "gate", "") == "LEAF"
        if study.plant.model == WATER_NETWORK and place.startswith(IDLE_IN_NETWORKS):
            continue
        if source is None and (leaf or type(model).__name__ in MUST_HAVE_SOURCE):
            unsourced.append(place)
        elif source is not None and source not in _sources(study) and OURS not in source:
            unknown.append((place, source))
    assert unsourced == []
    assert unknown == []


def _sources(study: Study) -> dict[str, str]:
    architecture = study.attack.architecture
    return study.sources | ({} if architecture is None else architecture.sources)


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_every_source_is_used(path: Path) -> None:
    """Those that the file itself states; one laid over another may leave some of it unused."""
    study = read_study(path)
    used = {getattr(model, "source", None) for _, model in models_below(study, "study")}
    assert set(yaml.safe_load(path.read_text("utf-8")).get("sources", {})) <= used


def test_no_goal_is_out_of_reach(study: Study) -> None:
    if study.attack.architecture is not None:  # a good network leaves some to one in many thousand
        assert joined_graph(study).out_of_reach == ()
        return
    campaigns = sample_campaigns(compile_attack(study), 0, N_CAMPAIGNS, draws=Streams(seed=1))
    for i, name in enumerate(study.attack.goals):
        assert campaigns.acts[campaigns.goal == i].any(), name


def test_some_campaigns_are_stopped_in_time(study: Study) -> None:
    campaigns = sample_campaigns(compile_attack(study), 0, N_CAMPAIGNS, draws=Streams(seed=1))
    reached = np.isfinite(campaigns.goal_h)
    assert (reached & ~campaigns.acts).any()


def test_fragilities_leave_a_healthy_plant_alone(study: Study) -> None:
    assert not study.loss.acknowledge_fragile_at_normal
    if study.plant.model == WATER_NETWORK:
        untouched = baseline_outcomes(twin_model(study), 64).columns
        for name, fragility in study.loss.fragility.items():
            worst = float(untouched[fragility.signal].max())
            assert fragility.damage_probability(worst) <= 1e-5, name
        return
    signals = PLANT_POINTS[study.plant.model].by_name
    for name, fragility in study.loss.fragility.items():
        signal = signals[fragility.signal]
        limit = signal.trip_high if fragility.extreme == "peak" else signal.trip_low
        assert signal.normal is not None, name
        assert limit is not None, name
        assert fragility.damage_probability(signal.normal) <= 1e-6, name
        assert fragility.damage_probability(limit) <= 1e-3, name


def test_the_remote_campaign_is_as_wide_as_promised() -> None:
    study = read_study(CONFIGS / "studies" / "te_campaign.yaml")
    kinds = {action.kind for goal in study.attack.goals.values() for action in goal.actions}
    assert len(study.attack.goals) >= 5
    assert len(study.attackers.profiles) == 3
    assert study.simulation.twins >= 4096
    assert {"override", "replay", "bias", "setpoint", "dos", "safety_bypass",
            "alarm_suppression"} <= kinds  # fmt: skip
    assert {node.gate for node in study.attack.tree.nodes.values()} == {
        "OR",
        "AND",
        "SAND",
        "VOTE",
        "COUNTER",
        "LEAF",
    }
    assert study.uncertainty[0].key == "attackers.frequency.per_year"


@pytest.mark.slow  # tests/golden runs te_campaign, tests/water runs networks
@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_every_study_runs_with_8_twins(path: Path, tmp_path: Path) -> None:
    study = read_study(path, [f"simulation.twins={N_TWINS}"])
    result = run_study(study, tmp_path / "run", workers=1)
    assert (result.n_twins, result.n_diverged) == (N_TWINS, 0)
    assert result.answer.startswith("Expected annual loss ")
    assert result.report.read_text().startswith("<!DOCTYPE html>")
    events = RunReader.at(tmp_path / "run").read_events()
    assert events.column("twin_id").to_pylist() == list(range(N_TWINS))
    assert any(events.column("acts").to_pylist())
