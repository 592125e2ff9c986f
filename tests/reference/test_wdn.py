"""Water networks against EPANET's runs: every case of the reference folder, solve by solve.

The tolerances are those of the reference's README.md.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from otsim.config.epanet import WaterNetwork, read_network
from water.network_run import Run, run_network, with_control, with_link

ROOT = Path(os.environ.get("OTSIM_REFERENCE", "reference")) / "wdn"
CASES = sorted(path.parent for path in ROOT.rglob("case.json"))
# Times from which on a case is chaotic, hours; the README names them.
CHAOTIC_FROM_H = {"a10_pu1_pu2_off": 27.0, "a03_t2_constant_high": 18.0}
pytestmark = [
    pytest.mark.reference,
    pytest.mark.skipif(not CASES, reason="no reference data: set OTSIM_REFERENCE"),
]


class Case:
    """A reference run and ours."""

    def __init__(self, folder: Path, dtype: Any) -> None:
        self.folder = folder
        self.told = json.loads((folder / "case.json").read_text())
        (inp,) = folder.parent.glob("*.inp")
        given = read_network(inp)
        if self.told.get("accuracy"):
            given = replace(given, options=replace(given.options, accuracy=self.told["accuracy"]))
        self.given = _with_patterns(given, self.actions("scale_pattern"))
        self.run = run_network(
            self.given, changes=self.changes(), touched=self.touched(), dtype=dtype
        )
        self.steps = self.table("steps")

    def actions(self, *kinds: str) -> list[dict[str, Any]]:
        found = self.told.get("actions") or []
        return [one for one in found if not kinds or one["do"] in kinds]

    def touched(self) -> list[str]:
        return [one["link"] for one in self.actions("set_status", "set_setting")]

    def changes(self) -> dict[int, list[Callable[..., Any]]]:
        found: dict[int, list[Callable[..., Any]]] = {}
        for one in self.actions():
            if "t_s" in one:
                found.setdefault(one["t_s"], []).append(_change(one))
        return found

    @cache  # noqa: B019 - a case lives as long as its tests
    def table(self, name: str) -> dict[str, np.ndarray]:
        table = pq.read_table(self.folder / f"{name}.parquet")
        return {column: table.column(column).to_numpy() for column in table.column_names}

    @property
    def is_metric(self) -> bool:
        return self.given.options.is_metric

    @property
    def is_loose(self) -> bool:
        """Cases in which the reference's own rounding moves events."""
        return self.folder.parent.name == "ctown" or self.folder.parent.name.startswith("f04")

    def until_s(self) -> float:
        """Until when the case is compared by limits rather than by windows."""
        return 3600.0 * CHAOTIC_FROM_H.get(self.folder.name, np.inf)


def _change(told: dict[str, Any]) -> Callable[..., Any]:
    match told["do"]:
        case "set_control_level":
            return with_control(told["control"] - 1, level=told["level"])
        case "set_control_setting":
            return with_control(told["control"] - 1, setting=told["setting"])
        case "disable_control" | "enable_control":
            return with_control(told["control"] - 1, enabled=told["do"] == "enable_control")
        case "set_status":
            return with_link(
                told["link"], status=told["status"], if_open=told.get("if_open", False)
            )
        case "set_setting":
            return with_link(
                told["link"], setting=told["setting"], if_open=told.get("if_open", False)
            )
    raise AssertionError(told)


def _with_patterns(given: WaterNetwork, actions: list[dict[str, Any]]) -> WaterNetwork:
    patterns = {name: list(values) for name, values in given.patterns.items()}
    for one in actions:
        values = patterns[one["pattern"]]
        for period in range(one["first"], one["last"] + 1):
            values[period % len(values)] *= one["factor"]
    return replace(given, patterns={name: tuple(values) for name, values in patterns.items()})


def _name(path: Path) -> str:
    return f"{path.parent.name}-{path.name}"


@pytest.fixture(scope="module", params=CASES, ids=_name)
def case(request: pytest.FixtureRequest) -> Case:
    return Case(request.param, np.float64)


def _switchings(time_s: np.ndarray, values: np.ndarray) -> Iterator[tuple[int, float]]:
    """Yield when a status or setting changed, and to what."""
    for i in np.flatnonzero(values[1:] != values[:-1]):
        yield int(time_s[i + 1]), float(values[i + 1])


@cache
def _actuators(case: Case) -> dict[str, dict[str, np.ndarray]]:
    if not (case.folder / "actuators.parquet").exists():
        return {}
    table = case.table("actuators")
    return {
        str(name): {key: column[table["link"] == name] for key, column in table.items()}
        for name in np.unique(table["link"])
    }


def test_solves_are_as_many(case: Case) -> None:
    ours, theirs = len(case.run.time_s), len(case.steps["time_s"])
    assert abs(ours - theirs) <= 0.01 * theirs


def test_switchings_come_in_the_same_order_at_the_same_times(case: Case) -> None:
    tolerance = 5
    if case.is_loose:
        tolerance = 10 if case.folder.name.startswith("nominal") else 35
    for name, theirs in _actuators(case).items():
        ours = list(_switchings(case.run.time_s, case.run.status[name]))
        wanted = list(_switchings(theirs["time_s"], theirs["status"]))
        limit = case.until_s()
        ours, wanted = ([one for one in each if one[0] <= limit] for each in (ours, wanted))
        assert [to for _, to in ours] == [to for _, to in wanted], name
        for (at, _), (at_reference, _) in zip(ours, wanted, strict=True):
            assert abs(at - at_reference) <= tolerance, name


def _compared_times(case: Case) -> np.ndarray:
    """Times of both runs between whose neighbouring solves nothing switches in one of them."""
    common = np.intersect1d(case.run.time_s, case.steps["time_s"])
    bad = case.steps["time_s"][np.isin(case.steps["warning"], (1, 3))]
    common = common[(common <= case.until_s()) & ~np.isin(common, bad)]
    agrees = np.ones(len(common), bool)
    for name, theirs in _actuators(case).items():
        ours = case.run.status[name][np.searchsorted(case.run.time_s, common)]
        places = np.minimum(np.searchsorted(theirs["time_s"], common), len(theirs["time_s"]) - 1)
        agrees &= (theirs["time_s"][places] != common) | (theirs["status"][places] == ours)
    kept = common[agrees]
    assert len(kept) >= 0.99 * len(common)
    return kept


def test_heads_flows_and_levels_agree(case: Case) -> None:
    foot = 1.0 if case.is_metric else 3.28
    times = _compared_times(case)
    for name, column, values, tolerance in (
        ("nodes", "head", case.run.head, (0.02 if case.is_loose else 0.01) * foot),
        ("tanks", "level", case.run.level, (0.02 if case.is_loose else 5e-3) * foot),
        ("links", "flow", case.run.flow, 1e-3),
    ):
        if not (case.folder / f"{name}.parquet").exists():
            continue
        theirs = case.table(name)
        kind = name[:-1]
        scale = np.abs(theirs["flow"]).max() if kind == "link" else 1.0
        kept = np.isin(theirs["time_s"], times)
        rows = np.searchsorted(case.run.time_s, theirs["time_s"][kept])
        ours = np.array(
            [values[one][row] for one, row in zip(theirs[kind][kept], rows, strict=True)]
        )
        off = np.abs(ours - theirs[column][kept]) / scale
        if kind == "node":
            off = off[_has_pressure(case, theirs, kept)]
        if kind == "tank" and case.is_loose:
            assert np.mean(off <= 5e-3 * foot) >= 0.99, case.folder
        assert off.max(initial=0.0) <= tolerance, (name, off.max())


def _has_pressure(case: Case, table: dict[str, np.ndarray], kept: np.ndarray) -> np.ndarray:
    """Leave out nodes that are cut off: their heads mean nothing."""
    nodes = case.given.nodes
    bottom = {name: getattr(node, "elevation", -1e9) for name, node in nodes.items()}
    height = table["head"][kept] - np.array([bottom[name] for name in table["node"][kept]])
    return height > (-10.0 if case.is_metric else -33.0)


def test_before_the_first_event_heads_agree_closely(case: Case) -> None:
    switched = [
        at
        for theirs in _actuators(case).values()
        for at, _ in _switchings(theirs["time_s"], theirs["status"])
    ]
    theirs = case.table("nodes")
    kept = theirs["time_s"] < min(switched, default=np.inf)
    rows = np.searchsorted(case.run.time_s, theirs["time_s"][kept])
    pairs = zip(theirs["node"][kept], rows, strict=True)
    ours = np.array([case.run.head[name][row] for name, row in pairs])
    off = np.abs(ours - theirs["head"][kept])[_has_pressure(case, theirs, kept)]
    assert off.max(initial=0.0) <= (1e-3 if case.is_metric else 3e-3)


def test_settings_agree(case: Case) -> None:
    times = _compared_times(case)
    for name, theirs in _actuators(case).items():
        if name in case.run.setting:
            kept = np.isin(theirs["time_s"], times)
            rows = np.searchsorted(case.run.time_s, theirs["time_s"][kept])
            np.testing.assert_allclose(
                case.run.setting[name][rows], theirs["setting"][kept], atol=1e-4, err_msg=name
            )


def _quick_ones(cases: list[Path]) -> Iterator[Any]:
    """Attacks on the network of seven days and 400 links take 5 s each."""
    for folder in cases:
        is_long = folder.parent.name == "ctown" and not folder.name.startswith("nominal")
        marks = pytest.mark.slow if is_long else ()
        yield pytest.param(folder, id=_name(folder), marks=marks)


@pytest.mark.parametrize("folder", list(_quick_ones(CASES)))
def test_single_precision_switches_alike_and_keeps_heads(folder: Path) -> None:
    """Heads to 0.02 m and the same sequence of switchings, outside the windows of the README."""
    single = Case(folder, np.float32)
    for name, theirs in _actuators(single).items():
        limit = single.until_s()
        ours, wanted = (
            [to for at, to in _switchings(*pair) if at <= limit]
            for pair in (
                (single.run.time_s, single.run.status[name]), (theirs["time_s"], theirs["status"])
            )
        )  # fmt: skip
        assert ours == wanted, name
    table, times = single.table("nodes"), _compared_times(single)
    kept = np.isin(table["time_s"], times)
    rows = np.searchsorted(single.run.time_s, table["time_s"][kept])
    pairs = zip(table["node"][kept], rows, strict=True)
    ours = np.array([single.run.head[name][row] for name, row in pairs])
    off = np.abs(ours - table["head"][kept])[_has_pressure(single, table, kept)]
    assert off.max(initial=0.0) <= 0.02 * (1.0 if single.is_metric else 3.28)


def test_nothing_is_left_out() -> None:
    """Seven networks and fourteen of single features; the folder's README counts them."""
    assert len({path.parent for path in CASES}) >= 21


def trials_differ(run: Run, steps: dict[str, np.ndarray]) -> int:
    """Count the solves with another number of trials, where the solves are the same."""
    return int(np.sum(run.trials != steps["iterations"]))


def test_trials_are_the_same_where_the_model_says_so(case: Case) -> None:
    """A sharp test of when statuses are looked at: as many trials at every solve."""
    equal = ("net1", "net2", "net3", "minitown")
    network = case.folder.parent.name
    if network in equal or (network[0] == "f" and network[:3] not in ("f04", "f18")):
        assert case.run.time_s.tolist() == case.steps["time_s"].tolist()
        assert trials_differ(case.run, case.steps) == 0
