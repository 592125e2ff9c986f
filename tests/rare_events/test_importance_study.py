"""Importance sampling as a user meets it: the study's keys, the event table, a whole run."""

from pathlib import Path

import numpy as np
import pytest

from otsim.config import read_study
from otsim.config.study_tilt import Tilt, TiltedComponent
from otsim.draws import names, study_draws
from otsim.errors import ConfigError
from otsim.rare_events.tail_pilot import with_tilt
from otsim.store import RunReader
from otsim.store.events import event_columns
from otsim.study import run_study
from otsim.tilted_study import tilted

TE = "configs/studies/te_campaign.yaml"
ASKED = "simulation.sampling=importance"
TILT = Tilt(
    bins={names.PROFILE: (0.75, 0.95)},
    breach_ratio=1.25,
    components=(
        TiltedComponent(name="nominal", share=0.1),
        TiltedComponent(name="state", share=0.9, masses={names.PROFILE: (0.1, 0.1, 0.8)}),
    ),
)


def refusal(*settings: str) -> str:
    with pytest.raises(ConfigError) as caught:
        read_study(TE, list(settings))
    return "\n".join(caught.value.problems)


def test_nets_cannot_be_tilted() -> None:
    assert "importance needs draws: independent" in refusal(ASKED, "simulation.draws=sobol")


def test_a_tilt_without_importance_sampling_is_of_no_use() -> None:
    tilt = '{"bins": {}, "components": [{"name": "nominal", "share": 1.0}]}'
    assert "add sampling: importance" in refusal(f"simulation.tilt={tilt}")


@pytest.mark.parametrize(
    ("components", "fault"),
    [
        ([{"name": "nominal", "share": 0.5}], "shares must add up to 1"),
        ([{"name": "all", "share": 1.0, "masses": {"a": [0.5, 0.5]}}], "must have no masses"),
        ([{"name": "nominal", "share": 0.5}, {"name": "b", "share": 0.5, "masses": {"a": [1.0]}}],
         "one mass for each bin"),
        ([{"name": "nominal", "share": 0.5},
          {"name": "b", "share": 0.5, "masses": {"a": [0.5, 0.6]}}], "masses must add up to 1"),
    ],
)  # fmt: skip
def test_a_tilt_that_is_no_mixture_is_refused(components: list[object], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        Tilt.model_validate({"bins": {"a": [0.5]}, "components": components})


def test_cuts_must_ascend() -> None:
    with pytest.raises(ValueError, match="cuts must ascend"):
        Tilt(bins={"a": (0.5, 0.5)}, components=(TiltedComponent(name="nominal", share=1.0),))


def test_a_study_that_is_told_its_tilt_needs_no_pilots(tmp_path: Path) -> None:
    study = with_tilt(read_study(TE, [ASKED]), TILT)
    assert tilted(study, tmp_path / "none") is study
    plain = read_study(TE)
    assert tilted(plain, tmp_path / "none") is plain


def test_only_tilted_twins_have_a_weight_in_the_event_table() -> None:
    plain = [column.name for column in event_columns(read_study(TE))]
    weighted = [c.name for c in event_columns(with_tilt(read_study(TE, [ASKED]), TILT))]
    assert "weight" not in plain
    assert [name for name in weighted if name not in plain] == ["weight"]


@pytest.mark.slow
def test_a_run_weighs_its_twins_goes_on_and_refuses_what_it_does_not_know(tmp_path: Path) -> None:
    settings = [
        ASKED, "simulation.twins=768", "simulation.shard_size=384", "plant.horizon_h=2",
        "report.return_periods=[30, 1000000]",
    ]  # fmt: skip
    study = with_tilt(read_study(TE, settings), TILT)
    result = run_study(study, tmp_path / "run", workers=1)
    reader = RunReader.at(tmp_path / "run")
    stored = reader.study()
    assert stored.simulation.tilt == TILT
    rows = reader.read_events()
    weights = rows.column("weight").to_numpy()
    design = study_draws(study)
    attempts = rows.column("attempts").to_numpy().astype(np.int32)
    assert np.array_equal(weights, design.weights(np.arange(768), attempts))
    mean = reader.read_table("alt").to_pylist()[0]["MeanLoss"]
    loss = rows.column("loss").to_numpy()
    rate = study.attackers.frequency.per_year
    assert mean != pytest.approx(rate * loss.mean(), rel=0.05)
    known = {row["ReturnPeriod"] for row in reader.read_table("ept").to_pylist()}
    assert 1e6 not in known
    assert "not resolved" in result.report.read_text("utf-8")
    asked = read_study(TE, settings)  # without a tilt: the folder's own is taken, no pilot lives
    assert tilted(asked, tmp_path / "run").simulation.tilt == TILT
