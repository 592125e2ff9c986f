"""`otsim replay`: what is refused; tests/pipeline/test_same_bits.py replays real twins."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from otsim.cli import main
from store.synthetic_run import finished_run, study_of


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made-up run; its numbers are not those of its study."""
    return finished_run(tmp_path_factory.mktemp("runs") / "run", study_of())


def replay(*options: str) -> Result:
    return CliRunner().invoke(main, ["replay", *options])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--twin", "96"), "there is no twin 96; give one from 0 to 95"),
        (("--twin", "-1"), "there is no twin -1"),
        (("--twin", "one"), "'one' is not a valid integer"),
        ((), "Missing option '--twin'"),
        (("--twin", "1", "--every", "0"), "in whole seconds"),
        (("--twin", "1", "--out", "twin.svg"), "is not named .parquet"),
    ],
)
def test_a_wrong_wish_is_one_line(run: Path, options: tuple[str, ...], words: str) -> None:
    result = replay(str(run), *options)
    assert result.exit_code == 2
    assert words in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""
    assert not (run / "replay").exists()


def test_a_folder_that_is_no_run_is_told(tmp_path: Path) -> None:
    result = replay(str(tmp_path), "--twin", "0")
    assert result.exit_code == 4
    assert "no run folder" in result.stderr


def test_a_damaged_shard_is_told(run: Path) -> None:
    shard = next(iter(sorted((run / "events").glob("*.parquet"))))
    sound = shard.read_bytes()
    shard.write_bytes(sound[:-9])
    try:
        result = replay(str(run), "--twin", "0")
    finally:
        shard.write_bytes(sound)
    assert result.exit_code == 4
    assert shard.name in result.stderr
