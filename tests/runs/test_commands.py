"""`otsim verify`, `otsim status` and `otsim sql` as a user meets them."""

from __future__ import annotations

import builtins
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from otsim.cli import main
from otsim.store import RunFolder, place_of
from store.synthetic_run import commit_shards, events_of, files_of, finished_run, study_of


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return finished_run(tmp_path_factory.mktemp("runs") / "run", study_of())


@pytest.fixture
def half(tmp_path: Path) -> Path:
    """A run of which one shard of three is committed."""
    study = study_of()
    with RunFolder.open(tmp_path / "half", study) as folder:
        folder.commit_shard(1, events_of(study, folder.facts.twins_of(1)))
    return tmp_path / "half"


def otsim(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def test_a_sound_run_ends_with_0(finished: Path, half: Path) -> None:
    result = otsim("verify", finished)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith(f"{finished}: sound, finished; ")
    assert "1 of 3 shards so far" in otsim("verify", half).stdout
    told = json.loads(otsim("verify", half, "--json").stdout)
    assert (told["sound"], told["finished"], told["shards"], told["planned"]) == (True, False, 1, 3)
    assert told["n_files"] == len(files_of(half)) + 1  # run.json


def test_a_damaged_run_is_a_line_a_file_and_ends_with_4(half: Path) -> None:
    shard = half / "events/shard-00001.parquet"
    shard.write_bytes(shard.read_bytes()[:100])
    (half / "study.yaml").write_text("version: 1\n")
    result = otsim("verify", half)
    assert result.exit_code == 4
    assert [line.partition(": ")[0] for line in result.stdout.splitlines()] == [
        str(shard), str(half / "study.yaml"),
    ]  # fmt: skip
    assert result.stderr.startswith(f"{half}: 2 damaged files; otsim run of the same study")
    told = otsim("verify", half, "--json")
    assert told.exit_code == 4
    assert told.stderr == ""
    damaged = json.loads(told.stdout)["damaged"]
    assert [each["file"] for each in damaged] == ["events/shard-00001.parquet", "study.yaml"]


def test_without_run_json_the_other_files_are_still_checked(half: Path) -> None:
    (half / "run.json").write_text("{")
    (half / "events/shard-00001.parquet").write_bytes(b"PAR1")
    result = otsim("verify", half)
    assert result.exit_code == 4
    assert len(result.stdout.splitlines()) == 2
    assert "into a new --out" in result.stderr


def test_a_run_at_work_is_not_called_damaged_for_good(half: Path) -> None:
    (half / "events/shard-00001.parquet").write_bytes(b"PAR1")
    with RunFolder.open(half, study_of()):
        assert "verify again when it has ended" in otsim("verify", half).stderr


@pytest.mark.parametrize("command", ["verify", "status"])
def test_what_is_no_run_is_one_line(command: str, tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere"):
        result = otsim(command, path)
        assert result.exit_code == 4
        assert (
            result.stderr
            == f"{path}: no run folder (it holds no run.json); give one of otsim run\n"
        )
    assert json.loads(otsim(command, tmp_path, "--json").stdout)["error"]["code"] == "StorageError"


def test_status_follows_a_run(half: Path) -> None:
    def told() -> dict[str, Any]:
        found: dict[str, Any] = json.loads(otsim("status", half, "--json").stdout)
        return found

    assert (told()["state"], told()["pid"], told()["shards_done"]) == ("stopped", None, 1)
    study = study_of()
    with RunFolder.open(half, study) as folder:
        before = files_of(half)
        assert (told()["state"], told()["twins_done"], told()["twins"]) == ("running", 32, 96)
        assert files_of(half) == before
        commit_shards(folder, study)
        assert (told()["state"], told()["shards_done"]) == ("running", 3)
        folder.finish()
    assert told()["state"] == "finished"
    assert told()["diverged"] == 1
    assert told()["last_commit_utc"] >= told()["started_utc"]
    lines = otsim("status", half).stdout.splitlines()
    assert lines[0] == f"{half}: finished"
    assert lines[1].split() == ["Shards", "3", "of", "3"]


def test_status_of_a_run_that_grows(half: Path) -> None:
    RunFolder.open(half, study_of(128)).close()
    found = json.loads(otsim("status", half, "--json").stdout)
    assert (found["shards_done"], found["shards"], found["twins"]) == (1, 4, 128)


def test_sql_answers_about_events_and_tables(finished: Path) -> None:
    pytest.importorskip("duckdb")
    query = "select goal, count(*) as twins from events group by goal order by twins desc"
    lines = otsim("sql", finished, query).stdout.splitlines()
    assert lines[0].split() == ["goal", "twins"]
    assert sum(int(line.split()[1]) for line in lines[1:]) == 96
    query = "select max(time_h) as h, 'nan'::double as n, null as x, date '2026-01-02' as d"
    told = json.loads(otsim("sql", finished, f"{query} from twin_worst", "--json").stdout)
    assert told["columns"] == ["h", "n", "x", "d"]
    [[hours, nan, null, day]] = told["rows"]
    assert (hours > 10.0, nan, null, day) == (True, None, None, "2026-01-02")
    shown = otsim("sql", finished, "select chr(27) || '[31m' as red").stdout
    assert "\x1b" not in shown


@pytest.mark.parametrize(
    "query", ["selec 1", "select x from events", "select * from evnts", "", ";"]
)
def test_a_wrong_query_is_one_line(query: str, finished: Path) -> None:
    pytest.importorskip("duckdb")
    result = otsim("sql", finished, query)
    assert result.exit_code == 2, result.output
    assert result.stderr.count("\n") == 1


def test_a_damaged_table_is_not_queried(half: Path) -> None:
    pytest.importorskip("duckdb")
    result = otsim("sql", half, "select * from events")
    assert result.exit_code == 4
    assert "not committed" in result.stderr


def test_without_duckdb_one_line_says_what_to_install(
    finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def missing(name: str, *args: Any, **named: Any) -> Any:
        if name == "duckdb":
            raise ModuleNotFoundError(name="duckdb")
        return real(name, *args, **named)

    monkeypatch.setattr(builtins, "__import__", missing)
    result = otsim("sql", finished, "select 1")
    assert result.exit_code == 2
    assert result.stderr.endswith("pip install 'otsim[sql]'\n")


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_a_run_in_an_object_store_is_checked_and_watched_alike() -> None:
    pytest.importorskip("upath")
    url = "memory://promised/te"
    finished_run(place_of(url), study_of())
    assert otsim("verify", url).stdout.startswith(f"{url}: sound, finished; ")
    told = json.loads(otsim("status", url, "--json").stdout)
    assert (told["run"], told["state"], told["pid"]) == (url, "finished", None)
    assert json.loads(otsim("runs", "show", url, "--json").stdout)["path"] == url
    shard = place_of(url) / "events/shard-00001.parquet"
    shard.write_bytes(shard.read_bytes()[:-1])
    result = otsim("verify", url)
    assert result.exit_code == 4
    assert result.stdout.startswith(f"{url}/events/shard-00001.parquet: not the file")
