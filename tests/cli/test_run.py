"""`otsim run`: what is refused before anything is computed, and how progress is told."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from otsim.cli import main
from otsim.cli.run_progress import run_progress
from otsim.study import Progress, RunResult
from pipeline.whole_run import STUDY


def run(*options: str):
    return CliRunner().invoke(main, ["run", *options])


WRONG = [
    (("nowhere.yaml", "--out", "run"), 2, "nowhere.yaml"),
    ((str(STUDY),), 2, "Missing option '--out'"),
    ((str(STUDY), "--out", "run", "--twins", "0"), 2, "0 is not in the range"),
    ((str(STUDY), "--out", "run", "--workers", "0"), 2, "0 is not in the range"),
    ((str(STUDY), "--out", "run", "--seed", "-1"), 2, "-1 is not in the range"),
    ((str(STUDY), "--out", "run", "-s", "plant.horizon_h=0"), 2, "plant.horizon_h"),
    ((str(STUDY), "--out", "run", "-s", "plant.horizon=4"), 2, "did you mean horizon_h?"),
    ((str(STUDY), "--out", "run", "--most-twins", "9"), 2, "add --until GOAL"),
    ((str(STUDY), "--dry-run", "--until", "rel_se(eal)=5%"), 2, "leave --until out"),
    ((str(STUDY), "--dry-run", "--shard", "1/2"), 2, "leave --shard out"),
    ((str(STUDY), "--dry-run", "--executor", "dask"), 2, "leave --executor out"),
    ((str(STUDY), "--out", "foreign"), 2, "holds 'diary.txt' but no run"),
    ((str(STUDY), "--out", "file"), 2, "is a file"),
]


@pytest.mark.parametrize(("options", "code", "words"), WRONG, ids=lambda value: str(value)[-40:])
def test_a_wrong_wish_is_one_line_and_nothing_is_written(
    options: tuple[str, ...], code: int, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "diary.txt").write_text("dear diary")
    (tmp_path / "file").write_text("mine")
    before = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*"))
    result = run(*options)
    assert result.exit_code == code
    assert words in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""
    assert sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*")) == before


def test_options_win_over_the_study_and_all_is_one_object(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {}

    def run_study(study, out, *, resume, workers, executor, log, progress):
        asked.update(study=study, resume=resume, workers=workers)
        log("a word")
        progress(Progress(stage="twins", done=0, total=9))
        return RunResult(run=out, report=out / "report.html", run_id="0123", n_twins=9,
                         n_diverged=0, answer="Expected annual loss 1\u00a0EUR.")  # fmt: skip

    monkeypatch.setattr("otsim.study.run_study", run_study)
    monkeypatch.setattr("otsim.runs.run_index.register_run", lambda _run: None)  # nothing was run
    options = ("--twins", "9", "--seed", "5", "--workers", "3", "--no-resume", "--json")
    result = run(str(STUDY), "--out", str(tmp_path / "run"), "-s", "simulation.seed=4", *options)
    assert result.exit_code == 0, result.output
    assert (asked["study"].simulation.twins, asked["study"].simulation.seed) == (9, 5)
    assert (asked["resume"], asked["workers"]) == (False, 3)
    assert json.loads(result.stdout) == {
        "answer": "Expected annual loss 1 EUR.", "run": str(tmp_path / "run"),
        "report": str(tmp_path / "run" / "report.html"), "run_id": "0123", "twins": 9,
        "diverged": 0,
    }  # fmt: skip
    assert result.stderr == "a word\nsimulating twins: 0 of 9\n"


def test_progress_off_a_terminal_tells_rate_and_time_left(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = iter([0.0, 1.0, 5.0, 20.0, 21.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(now))
    with run_progress(quiet=False) as (log, told):
        told(Progress(stage="twins", done=100, total=500))  # 100 were there already
        told(Progress(stage="twins", done=150, total=500))  # 4 s later: too soon for a line
        told(Progress(stage="twins", done=300, total=500))
        told(Progress(stage="report", done=500, total=500))
        log("recomputing shard 3")
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.splitlines() == [
        "simulating twins: 100 of 500",
        "simulating twins: 300 of 500, 10 twins/s, 20 s left",
        "tables, recordings and report: 500 of 500",
        "recomputing shard 3",
    ]


def test_quiet_tells_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with run_progress(quiet=True) as (log, told):
        told(Progress(stage="twins", done=1, total=2))
        log("recomputing shard 3")
    assert capsys.readouterr() == ("", "")
