"""R4: the index over runs can be lost or damaged; a bad `run.json` disables one run alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from otsim.cli import main
from otsim.errors import StorageError
from otsim.runs import RunIndex, register_run, run_summary

Copies = Callable[[str], Path]


@pytest.fixture(scope="module")
def index(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> RunIndex:
    index = RunIndex(file=tmp_path_factory.mktemp("state") / "runs.sqlite")
    index.put(run_summary(finished))
    return index


def mutated(data: bytes, draw: st.DataObject) -> bytes:
    at = draw.draw(st.integers(0, len(data)))
    gone = draw.draw(st.integers(0, 40))
    return data[:at] + draw.draw(st.binary(max_size=40)) + data[at + gone :]


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(draw=st.data())
def test_r04_a_damaged_index_is_seen_and_made_again(
    index: RunIndex, finished: Path, draw: st.DataObject
) -> None:
    """Seen to fail: without the checksum in the header (a flipped figure is listed as sound)."""
    sound = index.file.read_bytes()
    known = index.runs()
    bad = mutated(sound, draw)
    try:
        index.file.write_bytes(bad)
        if bad not in (sound, b""):
            with pytest.raises(StorageError, match="otsim runs rebuild") as caught:
                index.runs()
            assert "\n" not in str(caught.value)
        assert register_run(finished, index.file) is None
        assert index.runs() == known
    finally:
        index.file.write_bytes(sound)


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"schema": "run/1.0.0"}', b"\xff\xfe"])
def test_r04_a_bad_run_json_disables_that_run_alone(
    copied: Copies, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: bytes
) -> None:
    """Seen to fail: with `OtsimError` not caught in `otsim runs rebuild`, which then lists none."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    copied("one"), copied("two")
    (copied("bad") / "run.json").write_bytes(damage)
    result = CliRunner().invoke(main, ["runs", "rebuild", str(tmp_path), "--json"])
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["runs"] == 2
    [left_out] = told["left_out"]
    assert str(tmp_path / "bad" / "run.json") in left_out
    listed = json.loads(CliRunner().invoke(main, ["runs", "list", "--json"]).stdout)["runs"]
    assert {Path(run["run"]).name for run in listed} == {"one", "two"}


def test_r04_a_lost_index_comes_back_from_the_folders(
    copied: Copies, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen to fail: with `found_runs` looking at the folder itself alone."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for name in ("one", "two"):
        assert register_run(copied(name)) is None
    listed = CliRunner().invoke(main, ["runs", "list", "--json"]).stdout
    (tmp_path / "state" / "otsim" / "runs.sqlite").unlink()
    assert json.loads(CliRunner().invoke(main, ["runs", "list", "--json"]).stdout) == {"runs": []}
    assert CliRunner().invoke(main, ["runs", "rebuild", str(tmp_path)]).exit_code == 0
    assert CliRunner().invoke(main, ["runs", "list", "--json"]).stdout == listed
