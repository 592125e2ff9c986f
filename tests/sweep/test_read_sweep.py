"""From a sweep block, or --set, to the studies of its points; faults at the value's place."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from otsim.config import read_study
from otsim.config.read_sweep import read_sweep
from otsim.errors import ConfigError
from otsim.store import run_id
from pipeline.whole_run import STUDY

DELAY = "defence.response.delay_h.lognormal.median"
MARGIN = "loss.margin_per_hour"


def swept(folder: Path, block: str, *sets: str):
    """Read the points of the shipped study with a sweep block."""
    path = folder / "study.yaml"
    path.write_text(f"version: 1\nextends: {STUDY}\nsweep:\n{block}")
    return read_sweep(str(path), sets)


def values(plan, key: str) -> list:
    return [point.settings[key] for point in plan.points]


def test_a_grid_is_every_combination(tmp_path: Path) -> None:
    plan = swept(tmp_path, f"  grid: {{{DELAY}: [6, 24], {MARGIN}: [4000, 7200, 14000]}}\n")
    assert plan.keys == (DELAY, MARGIN)
    assert values(plan, DELAY) == [6, 6, 6, 24, 24, 24]
    assert values(plan, MARGIN) == [4000, 7200, 14000] * 2
    assert [point.study.loss.margin_per_hour for point in plan.points] == [4000, 7200, 14000] * 2
    assert len({run_id(point.study) for point in plan.points}) == 6
    assert plan.study.sweep is None


def test_a_point_is_the_study_with_its_values_alone(tmp_path: Path) -> None:
    plan = swept(tmp_path, f"  grid: {{{MARGIN}: [4000, 7200]}}\n")
    alone = read_study(STUDY, [f"{MARGIN}=4000", "uncertainty=[]"])
    assert run_id(plan.points[0].study) == run_id(alone)
    assert run_id(plan.points[1].study) == run_id(read_study(STUDY))


def test_zip_and_list_go_side_by_side(tmp_path: Path) -> None:
    plan = swept(tmp_path, f"  zip: {{{DELAY}: [6, 24], {MARGIN}: [4000, 7200]}}\n")
    assert list(zip(values(plan, DELAY), values(plan, MARGIN), strict=True)) == [
        (6, 4000), (24, 7200),
    ]  # fmt: skip
    plan = swept(tmp_path, f"  list: [{{{DELAY}: 6}}, {{{DELAY}: 48}}]\n")
    assert values(plan, DELAY) == [6, 48]


def test_importance_sampling_is_refused_where_it_is_asked_for(tmp_path: Path) -> None:
    """Seen to fail: with the points run, each with a tilt of its own."""
    block = f"  grid: {{{MARGIN}: [4000, 7200]}}\nsimulation:\n  sampling: importance\n"
    with pytest.raises(ConfigError) as caught:
        swept(tmp_path, block)
    first = caught.value.problems[0]
    assert "study.yaml:6:13: simulation.sampling: importance: points of a sweep" in first
    with pytest.raises(ConfigError, match=r"use plain \(sweep point 2"):
        swept(tmp_path, "  grid: {simulation.sampling: [plain, importance]}\n")


def test_parts_together_are_combined(tmp_path: Path) -> None:
    block = f"  grid: {{{DELAY}: [6, 24]}}\n  list: [{{{MARGIN}: 4000}}, {{{MARGIN}: 9000}}]\n"
    assert len(swept(tmp_path, block).points) == 4


@pytest.mark.parametrize("kind", ["latin_hypercube", "sobol"])
def test_spread_points_fill_their_ranges(tmp_path: Path, kind: str) -> None:
    block = (
        f"  {kind}:\n    points: 16\n    ranges:\n"
        f"      {DELAY}: {{low: 2, high: 200, log: true}}\n      {MARGIN}: {{low: 0, high: 16}}\n"
        "      simulation.seed: {low: 10, high: 2000, whole: true}\n"
    )
    plan = swept(tmp_path, block)
    again = swept(tmp_path, block)
    assert [point.settings for point in plan.points] == [point.settings for point in again.points]
    for unit in (
        np.array(values(plan, MARGIN)) / 16.0,
        np.log(np.array(values(plan, DELAY)) / 2.0) / np.log(100.0),
    ):
        assert sorted(np.floor(unit * 16.0).astype(int)) == list(range(16))  # one a step
    assert all(isinstance(seed, int) for seed in values(plan, "simulation.seed"))


def test_the_command_line_sweeps_and_sets(tmp_path: Path) -> None:
    plan = read_sweep(str(STUDY), [f"{MARGIN}=4000,9000", "simulation.twins=64"])
    assert plan.keys == (MARGIN,)
    assert plan.study.simulation.twins == 64
    assert plan.points[1].study.simulation.twins == 64
    block = f"  grid: {{{MARGIN}: [1, 2, 3]}}\n"
    assert values(swept(tmp_path, block, f"{MARGIN}=5,6"), MARGIN) == [5, 6]


def test_a_value_may_be_a_list_or_a_mapping() -> None:
    key = "loss.restart_h"
    plan = read_sweep(str(STUDY), [f"{key}=12,{{uniform: {{low: 1, high: 9}}}}"])
    assert values(plan, key) == [12, {"uniform": {"low": 1, "high": 9}}]
    plan = read_sweep(str(STUDY), ["plant.disturbances.idv=[],[1, 8]"])
    assert [point.study.plant.disturbances.idv for point in plan.points] == [(), (1, 8)]


def test_other_shares_keep_their_proportions() -> None:
    state, crew = "attackers.profiles.state.share", "attackers.profiles.crew.share"
    plan = read_sweep(str(STUDY), [f"{state}=0.05,0.5"])
    shares = [point.study.attackers.profiles for point in plan.points]
    assert shares[0]["crew"].share == pytest.approx(0.2)
    assert shares[1]["crew"].share / shares[1]["opportunist"].share == pytest.approx(0.2 / 0.75)
    plan = read_sweep(str(STUDY), [f"{state}=0.1,0.2", f"{crew}=0.3,0.4"])
    found = plan.points[-1].study.attackers.profiles
    assert [found[name].share for name in ("state", "crew")] == [0.2, 0.4]
    assert found["opportunist"].share == pytest.approx(0.4)


def test_the_range_of_a_swept_input_does_not_bind_it() -> None:
    plan = read_sweep(str(STUDY), [f"{MARGIN}=1,99999"])  # the study says 4000 to 14000
    left = [given.key for given in plan.points[0].study.uncertainty]
    assert MARGIN not in left
    assert "loss.plant_value" in left


WRONG_BLOCKS = [
    ("  grid: {plant.horizon: [1, 2]}\n", ":4:26: plant.horizon: unknown key", "did you mean"),
    ("  grid: {loss.margin_per_hour: [1, -2]}\n", ":4:36: loss.margin_per_hour", "at least 0"),
    ("  gird: {}\n", "sweep.gird: unknown key", "did you mean grid?"),
    ("  grid: {loss.margin_per_hour: []}\n", ":4:10:", "has no values"),
    ("  grid: {simulation.twins: [64, 128]}\n", ":4:10:", "does not change what a twin does"),
    ("  grid: {a..b: [64, 128]}\n", ":4:10:", "not a key path"),
    ("  zip: {loss.margin_per_hour: [1, 2], plant.horizon_h: [1]}\n", ":4:3:", "one length"),
    ("  list: [{loss.margin_per_hour: 1}, {plant.horizon_h: 1}]\n", ":4:37:", "the same keys"),
    ("  sobol: {points: 12, ranges: {loss.margin_per_hour: {low: 1, high: 2}}}\n", ":4:11:",
     "no power of two; use 8 or 16"),
    ("  sobol: {points: 8, ranges: {loss.margin_per_hour: {low: 3, high: 2}}}\n", "low",
     "must be below high"),
    ("  sobol: {points: 8, ranges: {loss.margin_per_hour: {low: 0, high: 2, log: true}}}\n",
     "low", "above 0"),
    ("  grid: {loss.margin_per_hour: [1]}\n  list: [{loss.margin_per_hour: 1}]\n", ":5:",
     "swept by grid too"),
]  # fmt: skip


@pytest.mark.parametrize(("block", "place", "words"), WRONG_BLOCKS)
def test_a_fault_is_told_at_its_value(tmp_path: Path, block: str, place: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        swept(tmp_path, block)
    first = caught.value.problems[0]
    assert place in first
    assert words in first
    assert str(tmp_path / "study.yaml") in first


def test_a_faulty_point_names_itself() -> None:
    with pytest.raises(ConfigError) as caught:
        read_sweep(str(STUDY), [f"{MARGIN}=1,-2"])
    assert caught.value.problems == (
        f"-s {MARGIN}: is -2, but must be at least 0 (sweep point 2: {MARGIN}=-2)",
    )


def test_no_sweep_and_too_large_a_sweep_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no key is swept"):
        read_sweep(str(STUDY))
    many = ", ".join(map(str, range(1, 102)))
    with pytest.raises(ConfigError, match="10,201 points"):
        swept(tmp_path, f"  grid: {{{MARGIN}: [{many}], {DELAY}: [{many}]}}\n")


def test_a_run_passes_over_the_block(tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(f"version: 1\nextends: {STUDY}\nsweep: {{grid: {{{MARGIN}: [1, 2]}}}}\n")
    assert run_id(read_study(path)) == run_id(read_study(STUDY))
