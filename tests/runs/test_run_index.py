"""The index over runs, and the commands that read it."""

from __future__ import annotations

import json
import shutil
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from otsim.cli import main
from otsim.config import with_value
from otsim.errors import GateError
from otsim.runs import RunIndex, index_file, register_run, registered, run_summary
from otsim.runs.run_index import found_runs
from otsim.store import RunFolder, RunReader
from store.synthetic_run import finished_run, study_of

Otsim = Callable[..., str]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two finished runs, which differ in a margin, and one that has only begun."""
    folder = tmp_path_factory.mktemp("runs")
    finished_run(folder / "one", study_of(64))
    finished_run(folder / "more" / "two", with_value(study_of(64), "loss.margin_per_hour", 15e3))
    RunFolder.open(folder / "begun", study_of(64)).close()
    (folder / "notes").mkdir()
    (folder / "loop").symlink_to(folder)
    return folder


@pytest.fixture
def otsim(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Otsim:
    """Run a command with an index of its own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))

    def run(*words: str | Path, code: int = 0) -> str:
        result = CliRunner().invoke(main, [str(word) for word in words])
        assert result.exit_code == code, result.output
        return result.stdout if code == 0 else result.stderr

    return run


def test_runs_are_found_below_a_folder_and_links_are_not_followed(folders: Path) -> None:
    assert [run.name for run in found_runs(folders)] == ["begun", "two", "one"]
    assert list(found_runs(folders / "one")) == [folders / "one"]
    assert list(found_runs(folders / "nowhere")) == []


def test_the_index_holds_what_the_tables_say(folders: Path, tmp_path: Path) -> None:
    index = RunIndex(file=tmp_path / "runs.sqlite")
    index.put(*map(run_summary, found_runs(folders)))
    known = {run.path.name: run for run in index.runs()}
    assert set(known) == {"one", "two", "begun"}
    one = known["one"]
    assert one == run_summary(folders / "one")
    [row] = [r for r in RunReader.at(folders / "one").read_table("alt").to_pylist()
             if r["SummaryId"] == 1]  # fmt: skip
    eal = one.figure("eal")
    assert eal is not None
    assert (eal.value, eal.standard_error) == (row["MeanLoss"], row["StandardError"])
    assert {"var_0.99", "cvar_0.99", "aep_100", "oep_10", "prob_damaged", "quarantined"} <= {
        figure.name for figure in one.figures
    }
    assert known["begun"].figures == ()
    assert known["begun"].status.state == "stopped"


def test_it_is_an_sqlite_file_that_other_tools_read(folders: Path, tmp_path: Path) -> None:
    index = RunIndex(file=tmp_path / "runs.sqlite")
    index.put(run_summary(folders / "one"))
    with closing(sqlite3.connect(index.file)) as database:
        query = (
            "SELECT json_extract(study, '$.loss.margin_per_hour'), value FROM runs "
            "JOIN figures USING (path) WHERE name = 'eal'"
        )
        [(margin, eal)] = database.execute(query)
    assert margin == 12_000.0
    assert eal > 0.0


def test_writers_at_the_same_time_lose_nothing(folders: Path, tmp_path: Path) -> None:
    index = RunIndex(file=tmp_path / "runs.sqlite")
    copies = [shutil.copytree(folders / "one", tmp_path / f"copy-{n}") for n in range(6)]
    threads = [threading.Thread(target=register_run, args=(copy, index.file)) for copy in copies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {run.path for run in index.runs()} == {Path(copy).resolve() for copy in copies}
    assert not list(tmp_path.glob(".tmp-*"))


def test_a_run_enters_the_index_when_it_ends_also_at_a_gate(
    folders: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    heard: list[str] = []
    with registered(folders / "one", heard.append):
        pass
    with pytest.raises(GateError), registered(folders / "more" / "two", heard.append):
        raise GateError("too many diverged")
    with pytest.raises(KeyboardInterrupt), registered(folders / "begun", heard.append):
        raise KeyboardInterrupt
    assert heard == []
    assert {run.path.name for run in RunIndex(file=index_file()).runs()} == {"one", "two"}


def test_an_index_that_cannot_be_written_does_not_fail_a_run(
    folders: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "state").write_text("a file where a folder belongs")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    heard: list[str] = []
    with registered(folders / "one", heard.append):
        pass
    [line] = heard
    assert line.startswith("otsim runs will not list this run: ")


def test_list_shows_the_last_run_first(folders: Path, otsim: Otsim) -> None:
    assert "otsim runs rebuild" in otsim("runs", "list")
    assert otsim("runs", "rebuild", folders).startswith("3 runs in ")
    lines = otsim("runs", "list").splitlines()
    assert len(lines) == 4
    assert {line.split()[1] for line in lines[1:]} == {"finished", "stopped"}
    told = json.loads(otsim("runs", "list", "--json"))["runs"]
    assert [run["started_utc"] for run in told] == sorted(
        (run["started_utc"] for run in told), reverse=True
    )
    assert all("study" not in run for run in told)


def test_show_takes_a_folder_or_the_start_of_an_id(folders: Path, otsim: Otsim) -> None:
    otsim("runs", "rebuild", folders / "more")
    by_folder = json.loads(otsim("runs", "show", folders / "more" / "two", "--json"))
    by_id = json.loads(otsim("runs", "show", by_folder["run_id"][:6], "--json"))
    assert by_id == by_folder
    assert by_folder["study"]["loss"]["margin_per_hour"] == 15e3
    assert by_folder["figures"]["eal"]["value"] > 0.0
    shown = otsim("runs", "show", folders / "more" / "two")
    assert "Remote compromise" in shown
    assert "cvar_0.99" in shown


@pytest.mark.parametrize("wrong", ["nowhere", "abc", "0123456789abcdef", ""])
def test_an_unknown_run_is_one_line(wrong: str, folders: Path, otsim: Otsim) -> None:
    otsim("runs", "rebuild", folders)
    assert otsim("runs", "show", wrong, code=2).count("\n") == 1


def test_two_runs_of_one_id_are_told_apart_by_their_folders(
    folders: Path, tmp_path: Path, otsim: Otsim
) -> None:
    shutil.copytree(folders / "one", tmp_path / "copy")
    otsim("runs", "rebuild", folders, tmp_path)
    run_id = json.loads(otsim("runs", "show", folders / "one", "--json"))["run_id"]
    assert "3 runs are called" in otsim("runs", "show", run_id, code=2)  # `begun` is one too


def test_diff_names_the_keys_and_sets_figures_side_by_side(folders: Path, otsim: Otsim) -> None:
    one, two = folders / "one", folders / "more" / "two"
    told = json.loads(otsim("runs", "diff", one, two, "--json"))
    assert told["keys"] == [{"key": "loss.margin_per_hour", "first": 12e3, "second": 15e3}]
    eal = next(pair for pair in told["figures"] if pair["name"] == "eal")
    assert eal["first"]["value"] < eal["second"]["value"] * 1.000001
    assert "loss.margin_per_hour" in otsim("runs", "diff", one, two)
    assert otsim("runs", "diff", one, one).startswith("Same study, same versions.")


def test_rebuild_drops_runs_that_are_gone(folders: Path, tmp_path: Path, otsim: Otsim) -> None:
    gone = Path(shutil.copytree(folders / "one", tmp_path / "gone"))
    otsim("runs", "rebuild", folders, tmp_path)
    shutil.rmtree(gone)
    assert otsim("runs", "rebuild", folders / "more").startswith("3 runs in ")
