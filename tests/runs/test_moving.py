"""A finished run that was copied elsewhere is verified, reported and reproduced there."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from otsim.cli import main
from pipeline.whole_run import SHORT, STUDY, hashes
from store.synthetic_run import finished_run, study_of

SMALL = ("simulation.twins=16", "simulation.shard_size=8")


def otsim(*words: str) -> dict[str, object]:
    result = CliRunner().invoke(main, [*words, "--json"])
    assert result.exit_code == 0, result.output
    told: dict[str, object] = json.loads(result.stdout)
    return told


def test_a_copy_is_verified_and_told_apart_where_it_is(tmp_path: Path) -> None:
    here, there = finished_run(tmp_path / "here", study_of(64)), tmp_path / "far" / "there"
    shutil.copytree(here, there)
    shutil.rmtree(here)
    assert otsim("verify", str(there))["sound"] is True
    told = otsim("runs", "show", str(there))
    assert (told["path"], told["state"]) == (str(there.resolve()), "finished")
    (there / "tables" / "ept.parquet").unlink()
    assert CliRunner().invoke(main, ["verify", str(there)]).exit_code == 4


@pytest.mark.slow
@pytest.mark.parametrize(
    ("study", "overrides"),
    [(STUDY, SHORT), (STUDY.with_name("water_net3.yaml"), ("plant.horizon_h=24",))],
    ids=["process", "water"],
)
def test_a_copied_run_stands_alone(
    study: Path, overrides: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    laid_over = [part for value in (*overrides, *SMALL) for part in ("-s", value)]
    here, there = tmp_path / "here", tmp_path / "far" / "there"
    first = otsim("run", str(study), "--out", str(here), "--workers", "1", "-q", *laid_over)
    want = hashes(here)

    shutil.copytree(here, there)
    shutil.rmtree(here)  # what the copy needs is in it
    monkeypatch.chdir(there)
    assert otsim("verify", ".")["sound"] is True
    Path("report.html").unlink()
    assert otsim("report", ".")["answer"] == first["answer"]
    assert hashes(there) == want

    again = otsim("run", "study.yaml", "--out", "../again", "--workers", "1", "-q")
    assert again["run_id"] == first["run_id"]
    assert hashes(there.parent / "again") == want

    listed = otsim("runs", "list")["runs"]
    assert [Path(run["run"]).name for run in listed] == ["again", "here"]  # type: ignore[attr-defined, index]
    differ = otsim("runs", "diff", ".", "../again")
    assert differ["keys"] == []
