"""`otsim report` makes the page of a run again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from otsim.cli import main
from store.synthetic_run import finished_run, study_of


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return finished_run(tmp_path_factory.mktemp("runs") / "run", study_of())


def test_it_says_the_answer_and_where_the_page_is(run: Path) -> None:
    result = CliRunner().invoke(main, ["report", str(run)])
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("Expected annual loss ")
    assert f"Report: {run / 'report.html'}" in result.stdout
    assert (run / "report.html").read_text().startswith("<!DOCTYPE html>")


def test_json_is_one_object(run: Path) -> None:
    result = CliRunner().invoke(main, ["report", str(run), "--json"])
    told = json.loads(result.stdout)
    assert set(told) == {"answer", "report", "run_id"}
    assert told["report"] == str(run / "report.html")


def test_a_folder_that_is_no_run_is_one_line_and_exit_code_4(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["report", str(tmp_path)])
    assert result.exit_code == 4
    assert "no run folder" in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


def test_help_has_an_example() -> None:
    assert "Example: otsim report" in CliRunner().invoke(main, ["report", "--help"]).stdout
