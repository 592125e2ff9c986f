"""The points of a sweep: each a run, failures counted, nothing done twice; its table and page."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from otsim.cli import main
from otsim.config.read_sweep import read_sweep
from otsim.errors import ConfigError, SimulationError, StorageError
from otsim.store import RunReader, run_id
from otsim.store.batch_folder import open_batch
from otsim.sweep import run_sweep, table, write_sweep
from otsim.sweep.points import folder_of
from otsim.sweep.table import point_rows
from sweep.made_up import FakeRuns, study_file

MARGIN, RATE, SIGMA = (
    "loss.margin_per_hour", "attackers.frequency.per_year",
    "loss.fragility.reactor_overpressure.sigma",
)  # fmt: skip
DELAY = "defence.response.delay_h"


@pytest.fixture(autouse=True)
def _made_up_twins_may_diverge(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("otsim.study.MAX_DIVERGED_SHARE", 1.0)


@pytest.fixture
def plan(tmp_path: Path):
    return read_sweep(str(study_file(tmp_path)), [f"{MARGIN}=4000,8000,16000"])


def test_every_point_is_a_run_named_by_its_content(plan, tmp_path: Path) -> None:
    found = run_sweep(plan, tmp_path / "out", run=FakeRuns())
    for result in found.points:
        assert result.run == tmp_path / "out" / "runs" / run_id(result.point.study)
        reader = RunReader.at(result.run)
        assert reader.facts.run_id == result.run.name
        assert reader.study().loss.margin_per_hour == result.point.settings[MARGIN]
        assert reader.facts.seed == plan.study.simulation.seed


def test_a_sweep_goes_on_where_it_stopped(plan, tmp_path: Path) -> None:
    first = FakeRuns(fails_at=8000)
    run_sweep(plan, tmp_path, run=first)
    assert len(first.asked) == 3
    again = FakeRuns()
    run_sweep(plan, tmp_path, run=again)
    assert [out for out, _, _ in again.asked] == [folder_of(tmp_path, plan.points[1])]
    shard = folder_of(tmp_path, plan.points[0]) / "events" / "shard-00001.parquet"
    shard.write_bytes(shard.read_bytes()[:-1])
    damaged = FakeRuns()
    run_sweep(plan, tmp_path, run=damaged)
    assert [out for out, _, _ in damaged.asked] == [folder_of(tmp_path, plan.points[0])]
    anew = FakeRuns()
    run_sweep(plan, tmp_path, run=anew, resume=False)
    assert [resume for _, _, resume in anew.asked] == [False] * 3


def test_a_point_that_failed_the_gate_fails_it_again(
    plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen to fail: with every point that has its tables taken for sound."""
    run_sweep(plan, tmp_path, run=FakeRuns())
    monkeypatch.setattr("otsim.study.MAX_DIVERGED_SHARE", 1e-3)
    again, said = FakeRuns(), list[str]()
    found = run_sweep(plan, tmp_path, run=again, log=said.append)
    assert again.asked == []
    assert all("of 128 twins diverged, more than 0.1 %" in each.error for each in found.failed)
    assert len(found.failed) == 3
    assert all(each.has_results for each in found.failed)
    assert len([line for line in said if "failed" in line]) == 3
    ended = run_sweep(plan, tmp_path, run=again, fail_fast=True)
    assert len(ended.points) == 1


def test_points_with_shards_given_up_or_of_another_device_are_run_again(
    plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen to fail: with neither looked at."""
    run_sweep(plan, tmp_path, run=FakeRuns())
    folder = folder_of(tmp_path, plan.points[2])
    manifest = folder / "_manifest" / "shard-00001.json"
    manifest.write_text(manifest.read_text().replace('"given_up": ""', '"given_up": "killed"'))
    again = FakeRuns()
    run_sweep(plan, tmp_path, run=again)
    assert [out for out, _, _ in again.asked] == [folder]
    monkeypatch.setattr("otsim.sweep.points.device_kind", lambda: "gpu")
    elsewhere = FakeRuns()
    run_sweep(plan, tmp_path, run=elsewhere)
    assert len(elsewhere.asked) == 3


def test_a_failed_point_does_not_end_the_others(plan, tmp_path: Path) -> None:
    said: list[str] = []
    found = run_sweep(plan, tmp_path, run=FakeRuns(fails_at=8000), log=said.append)
    assert [bool(result.error) for result in found.points] == [False, True, False]
    assert "point 2 failed: made to fail" in said
    table = pq.read_table(write_table(found, tmp_path))
    assert table.column("Error").to_pylist() == [None, "made to fail", None]
    assert table.column("MeanLoss").null_count == 1
    assert table.column(MARGIN).to_pylist() == [4000.0, 8000.0, 16000.0]


def test_fail_fast_ends_at_the_first(plan, tmp_path: Path) -> None:
    runs = FakeRuns(fails_at=8000)
    found = run_sweep(plan, tmp_path, run=runs, fail_fast=True)
    assert len(found.points) == len(runs.asked) == 2
    write_sweep(found, tmp_path)
    assert "ended after 2 of 3 points" in (tmp_path / "sweep.html").read_text()


def test_a_full_disk_ends_the_sweep(plan, tmp_path: Path) -> None:
    def run(*_: object, **__: object) -> None:
        raise StorageError("disk full")

    with pytest.raises(StorageError):
        run_sweep(plan, tmp_path, run=run)


def test_an_unexpected_error_is_told_and_counted(plan, tmp_path: Path) -> None:
    def run(*_: object, **__: object) -> None:
        raise ZeroDivisionError("of all things")

    found = run_sweep(plan, tmp_path, run=run)
    assert len(found.failed) == 3
    assert found.failed[0].error == "unexpected error: ZeroDivisionError: of all things"
    page, answer = write_sweep(found, tmp_path)
    assert answer == "No point has results."
    assert "of all things" in page.read_text()


def test_points_borrow_from_those_that_differ_least(tmp_path: Path) -> None:
    path = study_file(tmp_path)
    plan = read_sweep(str(path), [f"{DELAY}=6,24,72", f"{MARGIN}=4000,8000"])
    runs = FakeRuns()
    run_sweep(plan, tmp_path / "out", run=runs)
    donors = [among.donors for _, among, _ in runs.asked]
    folders = [folder_of(tmp_path / "out", point) for point in plan.points]
    assert donors[0] == ()
    for odd in (1, 3, 5):  # the same delay, another margin
        assert donors[odd][0] == folders[odd - 1]
    assert all(not among.page for _, among, _ in runs.asked)


def test_two_points_of_one_run_are_refused(tmp_path: Path) -> None:
    plan = read_sweep(str(study_file(tmp_path)), [f"{MARGIN}=4000,4000.0"])
    with pytest.raises(ConfigError, match="points 1 and 2 are the same run"):
        run_sweep(plan, tmp_path / "out", run=FakeRuns())


def write_table(found, out: Path) -> Path:
    write_sweep(found, out)
    return out / "sweep.parquet"


def test_the_table_tells_what_the_runs_say(plan, tmp_path: Path) -> None:
    found = run_sweep(plan, tmp_path, run=FakeRuns())
    table = pq.read_table(write_table(found, tmp_path))
    assert table.num_rows == 3
    for row, result in zip(table.to_pylist(), found.points, strict=True):
        reader = RunReader.at(result.run)
        total = reader.read_table("alt").to_pylist()[0]
        assert (row["MeanLoss"], row["MeanLossUpperCI"]) == (total["MeanLoss"], total["UpperCI"])
        tail = {level["Level"]: level for level in reader.read_table("tail").to_pylist()}
        assert row["CVaR99.5StandardError"] == tail[0.995]["CVaRStandardError"]
        assert row["VaR99"] == row["PML100"]
        chances = {given["Name"]: given for given in reader.read_table("probabilities").to_pylist()}
        assert row["P_damaged"] == chances["damaged"]["AnnualProbability"]
    assert table.schema.field("MeanLoss").metadata[b"unit"] == b"EUR"
    assert table.schema.field("P_damaged").metadata[b"unit"] == b"1"
    lines = (tmp_path / "sweep.csv").read_text().splitlines()
    assert len(lines) == 4
    assert lines[0].split(",")[:5] == ["Point", "RunId", "Error", "Twins", MARGIN]


def test_the_change_from_the_first_point_is_of_the_same_twins(plan, tmp_path: Path) -> None:
    """A margin twice as high moves every twin, all in one direction: no luck is left in it."""
    found = run_sweep(plan, tmp_path, run=FakeRuns())
    rows = pq.read_table(write_table(found, tmp_path)).to_pylist()
    assert rows[0]["Change"] is None
    for row in rows[1:]:
        assert row["Change"] == pytest.approx(row["MeanLoss"] - rows[0]["MeanLoss"])
        assert row["ChangeLowerCI"] > 0.0
        width = row["ChangeUpperCI"] - row["ChangeLowerCI"]
        assert width < row["MeanLossUpperCI"] - row["MeanLossLowerCI"]


def test_points_are_paired_by_twin_and_not_by_count(
    plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One twin diverges in each point, another one each time. Seen to fail: with the twins that
    are left paired in order."""
    found = run_sweep(plan, tmp_path, run=FakeRuns())
    real, worst = table.stored_losses, list[int]()

    def stored_losses(study, reader):
        stored = real(study, reader)
        loss = stored.loss.copy()
        loss[[3, 77, 50][len(worst)]] = np.nan
        worst.append(1)
        return replace(stored, loss=loss)

    monkeypatch.setattr(table, "stored_losses", stored_losses)
    first, second, _ = point_rows(found)
    assert first.change is None
    losses = [real(each.point.study, RunReader.at(each.run)).loss for each in found.points[:2]]
    kept = np.isfinite(losses[0]) & np.isfinite(losses[1])
    kept[[3, 77]] = False
    rate = found.points[0].point.study.attackers.frequency.per_year
    wanted = rate * np.mean(losses[1][kept] - losses[0][kept])
    assert second.change.difference == pytest.approx(wanted, rel=1e-9)
    assert second.change.narrower > 1.5


def test_points_of_other_seeds_are_not_paired(tmp_path: Path) -> None:
    """Seen to fail: with equal counts taken for the same twins."""
    plan = read_sweep(str(study_file(tmp_path)), ["simulation.seed=7,8"])
    rows = point_rows(run_sweep(plan, tmp_path / "out", run=FakeRuns()))
    assert rows[1].change.narrower == pytest.approx(1.0)


PAGES = {
    "one key": ([f"{MARGIN}=4000,8000,16000"], 8, "against loss.margin_per_hour"),
    "one key that is no number": ([f"{DELAY}=6,{{exponential: {{mean: 9}}}}"], 8, "against"),
    "two keys": ([f"{MARGIN}=4000,8000", f"{RATE}=0.1,0.4"], 8, "over two keys"),
    "three keys": ([f"{MARGIN}=4000,8000", f"{RATE}=0.1,0.4", f"{SIGMA}=0.05,0.1"], 6, "against"),
}


@pytest.mark.parametrize("name", PAGES)
def test_the_page_shows_curves_maps_or_dots(name: str, tmp_path: Path) -> None:
    sets, pictures, words = PAGES[name]
    found = run_sweep(read_sweep(str(study_file(tmp_path)), sets), tmp_path, run=FakeRuns())
    page, answer = write_sweep(found, tmp_path)
    text = page.read_text()
    assert text.count("<svg ") == pictures  # each in two widths
    assert words in text
    assert answer in text.replace("&#39;", "'")
    assert "<script" not in text
    assert write_sweep(found, tmp_path)[0].read_text() == text


def test_hostile_names_are_inert_on_the_page(tmp_path: Path) -> None:
    path = study_file(tmp_path, hostile=True)
    found = run_sweep(read_sweep(str(path), [f"{MARGIN}=1,2"]), tmp_path, run=FakeRuns(fails_at=2))
    text = write_sweep(found, tmp_path)[0].read_text()
    assert not re.search(r"<(script|img|iframe)", text)
    assert "onerror=alert(1)&gt;" in text


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "diary.txt").write_text("dear diary")
    with (
        pytest.raises(SimulationError, match=r"holds 'diary.txt' but no sweep"),
        open_batch(tmp_path, "sweep"),
    ):
        pass
    with open_batch(tmp_path / "new", "sweep"):
        pass
    with (
        pytest.raises(SimulationError, match="no compare"),
        open_batch(tmp_path / "new", "compare"),
    ):
        pass


def sweep(*options: str):
    return CliRunner().invoke(main, ["sweep", *options])


def test_the_command_tells_points_failures_and_one_object(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(run_sweep.__kwdefaults__, "run", FakeRuns(fails_at=8000))
    path, out = str(study_file(tmp_path)), str(tmp_path / "out")
    listed = sweep(path, "--set", f"{MARGIN}=4000,8000", "--dry-run")
    assert listed.exit_code == 0, listed.output
    assert listed.stdout.splitlines()[0] == "2 points of 128 twins each."
    found = sweep(path, "--set", f"{MARGIN}=4000,8000", "--out", out, "-q", "--json")
    assert found.exit_code == 3
    told = json.loads(found.stdout)
    assert [point["error"] for point in told["points"]] == [None, "made to fail"]
    assert told["error"]["code"] == "GateError"
    plain = sweep(path, "--set", f"{MARGIN}=4000,8000", "--out", out, "-q")
    assert plain.exit_code == 3
    assert plain.stderr.startswith("1 of 2 points failed, point 2: made to fail")
    assert plain.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [((), "Missing option '--out'"), (("--out", "x"), "no key is swept"),
     (("--out", "x", "--set", "loss.margin_per_our=1,2"), "did you mean")],
)  # fmt: skip
def test_a_wrong_wish_is_one_line(options: tuple[str, ...], words: str, tmp_path: Path) -> None:
    result = sweep(str(study_file(tmp_path)), *options)
    assert result.exit_code == 2
    assert words in result.stderr
    assert result.stdout == ""
    assert not Path("x").exists()
