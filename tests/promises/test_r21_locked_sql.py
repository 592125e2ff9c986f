"""R21: SQL of a user reads the tables of the run, and reaches nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from otsim.cli import main
from promises.watched_process import deeds, written_outside
from store.synthetic_run import files_of

pytest.importorskip("duckdb")
Copies = Callable[[str], Path]

ESCAPES = {
    "another file": "select * from read_csv('/etc/passwd')",
    "a file by its name": "select * from '/etc/passwd'",
    "a text file": "select * from read_text('/etc/hostname')",
    "up and out": "select * from read_parquet('{run}/../other/events/*.parquet')",
    "its own files": "select * from read_parquet('{run}/events/*.parquet')",
    "listing": "select * from glob('/*')",
    "writing": "copy (select 1) to '{run}/out.csv'",
    "writing elsewhere": "copy (select 1) to '{out}'",
    "dumping": "export database '{out}'",
    "installing": "install httpfs",
    "loading": "load '{run}/evil.duckdb_extension'",
    "attaching": "attach '{out}' as other",
    "network": "select * from read_csv('http://127.0.0.1:9/x.csv')",
    "unlocking": "set enable_external_access = true",
    "unlocking configuration": "set lock_configuration = false",
    "resetting": "reset enable_external_access",
    "letting in a folder": "set allowed_directories = ['/']",
    "our variables": 'select * from "table"',
    "pragma": "pragma enable_external_access = true",
    "spilling": "set temp_directory = '{out}'",
    "in a comment, then": "select 1; copy (select 1) to '{out}'",
}


@pytest.mark.parametrize("escape", ESCAPES)
def test_r21_escapes_are_refused(copied: Copies, tmp_path: Path, escape: str) -> None:
    """Five ways out of CONVENTIONS.md and more.

    Seen to fail: without `enable_external_access = false` (files, copies, network), and without
    `lock_configuration = true` (unlocking). `python_enable_replacements = false` is a second lock
    on one door: no external access shuts out the variables of the caller too.
    """
    run, out = copied("run"), tmp_path / "out"
    copied("other")
    before = files_of(run)
    query = ESCAPES[escape].format(run=run, out=out)
    with deeds() as done:
        result = CliRunner().invoke(main, ["sql", str(run), query])
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert written_outside(done) == []
    assert not out.exists()
    assert files_of(run) == before


def test_r21_what_is_meant_to_work_does(copied: Copies) -> None:
    """Seen to fail: with the tables registered after the lock."""
    query = "select count(*) as n, sum(e.loss) from events e; select MeanLoss from alt limit 1"
    result = CliRunner().invoke(main, ["sql", str(copied("run")), query])
    assert result.exit_code == 0, result.output
    head, value = result.stdout.split()
    assert head == "MeanLoss"
    assert float(value) > 0.0
