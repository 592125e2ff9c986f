"""What a water network's study may not say, each with its place and what to do about it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from otsim.config import dump_study, read_study
from otsim.config.epanet import network_text
from otsim.config.study_points import points_of
from otsim.errors import ConfigError
from water.small_study import INP, WATER, study_of

STOP = {"kind": "override", "target": "status.P", "value": 0}


def faults(folder: Path, *, action: dict[str, Any] | None = None, **blocks: Any) -> list[str]:
    """Return the faults of a study, without its folder."""
    with pytest.raises(ConfigError) as error:
        study_of(folder, [action or STOP], **blocks)
    return [line.replace(f"{folder}/", "") for line in str(error.value).splitlines()]


@pytest.mark.parametrize(
    ("water", "told"),
    [
        ({"controllers": {"PLC1": {"operates": ["Q"]}}}, "the network has no link 'Q'"),
        ({"controllers": {"PLC1": {"measures": ["A"]}}}, "the network has no tank 'A'"),
        (
            {"controllers": {"PLC1": {"operates": ["P"]}, "PLC2": {"operates": ["P"]}}},
            "link P is PLC1's already; name it once",
        ),
        ({"zones": {"east": ["X"]}}, "the network has no junction 'X'"),
        ({"zones": {"east": ["B"], "west": ["B"]}}, "junction B is in zone east already"),
        ({"observe": ["head.B"]}, "write pressure.JUNCTION or flow.LINK"),
        ({"observe": ["flow.B"]}, "the network has no link 'B'"),
        ({"alarms": {"V": {"low": 1.0}}}, "the network has no tank 'V'"),
        ({"alarms": {"T": {"low": 2.0, "high": 1.0}}}, "is 1, not above low (2); raise it"),
        ({"demand_model": "wish"}, "demand_model"),
        ({"customers": -1}, "customers"),
    ],
)
def test_names_must_stand_in_the_network(water: Any, told: str, tmp_path: Path) -> None:
    plant = {"model": "water_network", "inp": "small.inp", "water": water}
    found = faults(tmp_path, plant=plant)
    assert told in found[0]
    assert found[0].startswith("study.yaml:")


@pytest.mark.parametrize(
    ("action", "told"),
    [
        ({"kind": "override", "target": "status.Q", "value": 0}, "the plant has no 'status.Q'"),
        ({"kind": "bias", "target": "status.P", "value": 1}, "bias needs a measurement"),
        ({"kind": "gain", "target": "level.T", "value": 1}, "gain is not for this plant"),
        ({"kind": "safety_bypass", "target": "ALARMS"}, "safety_bypass is not for this plant"),
        ({"kind": "replay", "target": "level.T"}, "write views: [operator]"),
        ({"kind": "dos", "target": "RTU1-PLC9"}, "the plant has no 'RTU1-PLC9'"),
        ({"kind": "override", "target": "level.T", "value": -1}, "is negative"),
        ({"kind": "override", "target": "level.T", "value": 99}, "check the unit"),
        ({"kind": "hold", "target": "level.T", "views": ["safety"]}, "safety system does not read"),
    ],
)
def test_actions_must_fit_the_network(action: Any, told: str, tmp_path: Path) -> None:
    assert told in faults(tmp_path, action=action)[0]


def test_what_belongs_to_other_plants(tmp_path: Path) -> None:
    assert "is missing; add the EPANET file" in faults(tmp_path, plant={"inp": None})[0]
    shut = {"response": {"delay_h": 1.0, "action": "shut_down"}}
    assert "use isolate or restore" in faults(tmp_path, defence=shut)[0]
    for block, key, value in (
        ("plant", "integration", "reference"),
        ("plant", "disturbances", {"idv": [8]}),
        ("plant", "safety", {"probability_of_failure_on_demand": 0.5}),
        ("plant", "rupture", {"reactor": 5000.0}),
        ("loss", "restart_h", 12.0),
        ("loss", "offspec_product_per_m3", 3.0),
        ("loss", "destroyed", {"safety_cost": 1.0}),
    ):
        [line] = faults(tmp_path, **{block: {key: value}})
        assert f"{block}.{key}: is not for a water network; remove it" in line
    found = faults(tmp_path, plant={"model": "tennessee_eastman"})
    assert any("inp: is for water_network" in line for line in found)
    assert any("water: is for water_network" in line for line in found)
    fragility = {"pump": {"signal": "pump_starts", "median": 9.0, "sigma": 0.5, "repair_cost": 1.0}}
    assert study_of(tmp_path, [STOP], loss={"fragility": fragility}).loss.fragility
    fragility["pump"]["signal"] = "pump_stops"
    found = faults(tmp_path, loss={"fragility": fragility})
    assert "unknown damage column 'pump_stops'" in found[0]
    assert "pump_starts" in found[0]


def test_a_process_needs_its_margin_and_restart(tmp_path: Path) -> None:
    study = Path(__file__).resolve().parents[2] / "configs/studies/te_insider.yaml"
    with pytest.raises(ConfigError, match=r"loss: margin_per_hour is missing; add it"):
        read_study(study, ["loss.margin_per_hour=null"])


def test_faults_of_the_network_are_told_with_their_lines(tmp_path: Path) -> None:
    (tmp_path / "bad.inp").write_text(INP.format(controls="").replace("BC B C", "BC B X"))
    plant = {"inp": "bad.inp"}
    [line] = faults(tmp_path, plant=plant)
    assert line.startswith("bad.inp:14:7:")
    assert "[PIPES]" in line
    assert "there is no file" in faults(tmp_path, plant={"inp": "none.inp"})[0]


def test_a_run_s_study_holds_its_network(tmp_path: Path) -> None:
    """It reads back equal, far from the network's file."""
    study = study_of(tmp_path, [STOP])
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "study.yaml").write_text(dump_study(study))
    assert read_study(elsewhere / "study.yaml") == study
    assert "inp: |" in dump_study(study)


def test_tabs_and_blanks_at_line_ends_go(tmp_path: Path) -> None:
    path = tmp_path / "tabs.inp"
    path.write_text(INP.format(controls="").replace(" A 10 0", "\tA\t10  0  "))
    assert network_text(path) == INP.format(controls="").replace(" A 10 0", " A 10  0")


def test_points_are_named_after_the_file(tmp_path: Path) -> None:
    points = points_of(study_of(tmp_path, [STOP]).plant)
    assert {"level.T", "level.U", "status.P", "speed.P", "threshold.1", "demand.day"} <= set(
        points.by_name
    )
    assert [link.name for link in points.links] == ["RTU1-PLC1"]
    assert points.by_name["level.T"].unit == "m"
    assert points.by_name["pressure.B"].unit == "m"
    assert points.by_name["flow.AB"].unit == "L/s"
    assert "unmet_m3_east" in points.units
    assert WATER["observe"] == ["pressure.B", "flow.AB"]


def test_a_file_too_large_for_a_study_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "large.inp"
    path.write_text(INP.format(controls="") + "\n[VERTICES]\n" + " AB 1.00000 2.00000\n" * 450_000)
    with pytest.raises(ConfigError, match="more than 8 MB"):
        network_text(path)
