"""`otsim simulate` against the trajectories of the public Tennessee Eastman program."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

import tolerances
from otsim.cli import main
from otsim.config import TimedAction, read_actions
from otsim.errors import ConfigError
from otsim.simulate.recording import Recording
from otsim.simulate.scripted import Script, live_script

FOLDER = (
    Path(os.environ.get("OTSIM_REFERENCE", Path(__file__).parents[3] / "shared/reference")) / "te"
)
PLANT = "tennessee_eastman"
N_FAST = 3
ROW_S = 180
STICKING = {14, 15, 19}  # a valve that sticks and slips multiplies rounding by 1e5 in half an hour
COMPARABLE_H = 0.3  # ... so that rows are compared so long
TARGETS = {"sensor": "XMEAS", "actuator": "XMV", "setpoint": "SP"}

pytestmark = [
    pytest.mark.reference,
    pytest.mark.skipif(not FOLDER.is_dir(), reason=f"no reference data in {FOLDER}"),
]


def cases() -> list[Any]:
    """Every closed-loop trajectory; the first shortest are for every test run."""
    found = sorted((FOLDER / "traj").glob("*.parquet"))
    closed = [path for path in found if case_of(path)["closed_loop"]]
    short = sorted(closed, key=lambda path: (_length_h(path), path.name))[:N_FAST]
    return [
        pytest.param(path, id=path.stem, marks=() if path in short else pytest.mark.slow)
        for path in closed
    ]


@cache
def case_of(path: Path) -> dict[str, Any]:
    """What was done in a trajectory: the index, which knows more, or the file itself."""
    index = FOLDER / "cases.json"
    listed = json.loads(index.read_text()) if index.exists() else []
    case: dict[str, Any] = json.loads(pq.read_schema(path).metadata[b"case"])
    return case | next((one for one in listed if one["name"] == path.stem), {})


def _length_h(path: Path) -> float:
    case = case_of(path)
    return float(case["trip_time_h"] or case["planned_hours"])


def written(case: dict[str, Any]) -> list[dict[str, Any]]:
    """Write the actions of a case as an action file does."""
    acts = [
        {
            "kind": attack["kind"],
            "target": TARGETS[attack["kind"].partition("_")[0]] + str(attack["index"]),
            "value": attack["value"],
            "start_h": attack["start_h"],
            **({} if attack["end_h"] is None else {"end_h": attack["end_h"]}),
        }
        for attack in case["attacks"]
    ]
    return acts + [
        {"kind": "disturbance", "target": f"IDV{idv}", "start_h": start_h}
        for idv, start_h in case["idv_start_h"].items()
    ]


@pytest.fixture(scope="module")
def actions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[TimedAction, ...]]:
    """The actions of each case; those of all other cases stand beside them and never start, so
    that all cases are one compiled loop."""
    file = tmp_path_factory.mktemp("actions") / "actions.json"
    read: dict[str, tuple[TimedAction, ...]] = {}
    for parameter in cases():
        [path] = parameter.values
        with suppress(KeyError, ConfigError):  # the test of that case tells
            file.write_text(json.dumps(written(case_of(path))))
            read[path.stem] = read_actions(file, PLANT)
    never = {name: [replace(one, start_h=np.inf, end_h=np.inf) for one in acts]
             for name, acts in read.items()}  # fmt: skip
    return {
        name: tuple(one for other, acts in never.items()
                    for one in (read[name] if other == name else acts))
        for name in read
    }  # fmt: skip


@pytest.mark.parametrize("path", cases())
def test_every_trajectory(path: Path, actions: dict[str, tuple[TimedAction, ...]]) -> None:
    case = case_of(path)
    script = Script(
        plant=PLANT, actions=actions[path.stem], hours=case["planned_hours"], every_s=ROW_S,
        noise=False, integration="reference",
    )  # fmt: skip
    compare(path, live_script(script))


def compare(path: Path, recording: Recording) -> None:
    case, table = case_of(path), pq.read_table(path)
    runaway = is_runaway(case)
    check_trip(case, recording, ticks=tolerances.RUNAWAY_TRIP_S if runaway else 0)
    at = {int(tick): i for i, tick in enumerate(recording.tick)}
    ks = table.column("k").to_numpy()
    shared = np.array([i for i, k in enumerate(ks) if int(k) in at and k <= last_tick(case)])
    assert len(shared) >= 100
    mine = np.array([at[int(k)] for k in ks[shared]])
    for theirs, ours in columns(table.column_names):
        want = table.column(theirs).to_numpy()
        floor = tolerances.FLOOR * np.max(np.abs(want))
        got, want = recording.signals[ours][mine], want[shared]
        worst = np.max(np.abs(got - want) / np.maximum(np.abs(want), floor))
        assert worst < tolerances.TRAJECTORY["float64"], (theirs, worst)


def is_runaway(case: dict[str, Any]) -> bool:
    """Tell whether the 1-s steps themselves decide when the case trips."""
    finer = case.get("trip_time_h_plant_dt_0p05s")
    if case["trip_time_h"] is None or finer is None:
        return False
    return bool(3600.0 * abs(finer - case["trip_time_h"]) > tolerances.RUNAWAY_S)


def last_tick(case: dict[str, Any]) -> float:
    """Return the last tick until which rows can be compared."""
    last = np.inf
    if is_runaway(case):
        last = case["trip_step"] - tolerances.RUNAWAY_LAST_S
    for idv, start_h in case["idv_start_h"].items():
        if int(idv) in STICKING:
            last = min(last, 3600.0 * (start_h + COMPARABLE_H))
    return last


def columns(names: list[str]) -> Iterator[tuple[str, str]]:
    """Name the reference's columns and ours for the same thing."""
    for name in names:
        kind, _, number = name.partition("_")
        if (kind in ("xmeas", "sp") and number != "12") or name == "xmeas_12":
            yield name, name
        elif kind == "xmv":
            yield name, f"{name}_received"
        elif kind == "seen":
            yield name, f"xmeas_{number}_seen"


def check_trip(case: dict[str, Any], recording: Recording, *, ticks: int) -> None:
    if case["trip_step"] is None:
        assert recording.status == "horizon"
        assert recording.end_tick == round(case["planned_hours"] * 3600)
        return
    assert recording.status == "tripped"
    assert abs(recording.end_tick - case["trip_step"]) <= ticks
    assert len(recording.cause.split("; ")) == len(case["trip_cause"])


@pytest.mark.slow
def test_the_command_gives_the_same(tmp_path: Path) -> None:
    """The shortest case with an action, through an action file and a Parquet file."""
    [path] = next(p.values for p in cases() if case_of(p.values[0])["attacks"]
                  and not p.marks)  # fmt: skip
    case = case_of(path)
    (tmp_path / "actions.json").write_text(json.dumps(written(case)))
    out = tmp_path / "twin.parquet"
    result = CliRunner().invoke(
        main,
        ["simulate", PLANT, "--actions", str(tmp_path / "actions.json"), "--hours",
         str(case["planned_hours"]), "--noise", "off", "--integration", "reference",
         "--out", str(out), "--json"],
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    told, table = json.loads(result.stdout), pq.read_table(out)
    recording = Recording(
        tick=np.rint(table.column("time_h").to_numpy() * 3600).astype(np.int64),
        signals={name: table.column(name).to_numpy() for name in table.column_names[1:]},
        status=told["status"], cause=told["cause"] or "", end_tick=told["end_tick"],
    )  # fmt: skip
    compare(path, recording)
