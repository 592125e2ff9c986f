"""`otsim export` writes the tables of a run as CSV."""

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


def test_it_writes_events_and_tables(run: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["export", str(run), "--csv", str(tmp_path / "csv")])
    assert result.exit_code == 0, result.output
    files = result.stdout.splitlines()
    assert str(tmp_path / "csv" / "events.csv") in files
    assert sorted(files) == sorted(str(path) for path in (tmp_path / "csv").iterdir())
    header = (tmp_path / "csv" / "ept.csv").read_text().splitlines()[0]
    assert header.startswith("SummaryId,EPCalc,EPType,ReturnPeriod,Loss,")


def test_json_is_one_object(run: Path, tmp_path: Path) -> None:
    arguments = ["export", str(run), "--csv", str(tmp_path / "csv"), "--raw-csv", "--json"]
    told = json.loads(CliRunner().invoke(main, arguments).stdout)
    assert all(Path(path).is_file() for path in told["files"])


def test_a_folder_that_is_no_run_writes_nothing(tmp_path: Path) -> None:
    arguments = ["export", str(tmp_path), "--csv", str(tmp_path / "csv")]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 4
    assert not (tmp_path / "csv").exists()


def test_help_has_an_example() -> None:
    assert "Example: otsim export" in CliRunner().invoke(main, ["export", "--help"]).stdout
