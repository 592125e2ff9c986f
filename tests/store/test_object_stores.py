"""Runs on object stores, which have no rename: the manifest, put last, is the commit."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from otsim.cli import main
from otsim.errors import SimulationError, StorageError
from otsim.store import Part, RunFolder, RunReader, place_of
from otsim.store.faults import InjectedFault
from pipeline.whole_run import IDLE, STUDY
from store.synthetic_run import commit_shards, files_of, finished_run, study_of

pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::ResourceWarning",
    "ignore::pytest.PytestUnraisableExceptionWarning",
)  # fmt: skip


@pytest.fixture(scope="module")
def s3_server() -> Iterator[str]:
    """An S3 server on this machine with one bucket; its address."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(params=[pytest.param("memory", marks=pytest.mark.slow), "s3"])
def url(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where nothing is yet."""
    name = uuid.uuid4().hex
    if request.param == "memory":
        return f"memory://{name}/te"
    import fsspec

    for key, value in {
        "AWS_ENDPOINT_URL": request.getfixturevalue("s3_server"), "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1",
    }.items():  # fmt: skip
        monkeypatch.setenv(key, value)
    fsspec.filesystem("s3", skip_instance_cache=True).mkdir(f"bucket-{name}")
    return f"s3://bucket-{name}/runs/te"


def bytes_at(run: Path) -> dict[str, bytes]:
    """Every file of a run on an object store but `run.json`."""
    found = [path for path in (*run.glob("*"), *run.glob("*/*")) if path.is_file()]
    return {
        path.relative_to(run).as_posix(): path.read_bytes()
        for path in found
        if path.name != "run.json"
    }


def test_a_run_on_an_object_store_has_the_same_bytes(url: str, tmp_path: Path) -> None:
    local = finished_run(tmp_path / "run", study_of())
    run = finished_run(place_of(url), study_of())
    assert bytes_at(run) == files_of(local)
    assert RunReader.at(place_of(url)).study() == study_of()
    with RunFolder.open(place_of(url), study_of()) as folder:
        assert folder.missing_shards() == []


def test_a_run_that_was_killed_there_goes_on(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen to fail: with the manifest put before the shard.

    The faults count what is put; `run.json` is, the first time only.
    """
    study, local = study_of(), finished_run(tmp_path / "run", study_of())
    for arrival in (1, 3, 5, 6):
        monkeypatch.setenv("OTSIM_FAULT", f"after_write:{arrival}")
        with (
            pytest.raises(InjectedFault),
            RunFolder.open(place_of(url), study, resume=False) as folder,
        ):
            commit_shards(folder, study)
        monkeypatch.delenv("OTSIM_FAULT")
        with RunFolder.open(place_of(url), study) as folder:
            assert len(folder.missing_shards()) == {1: 3, 3: 3, 5: 2, 6: 1}[arrival]
    assert bytes_at(finished_run(place_of(url), study)) == files_of(local)


def test_a_flipped_bit_and_a_lost_object_are_found_there(url: str, tmp_path: Path) -> None:
    """Seen to fail: with `exists` in the place of the hash."""
    study, local = study_of(), finished_run(tmp_path / "run", study_of())
    run = finished_run(place_of(url), study)
    shard = run / "events/shard-00001.parquet"
    data = bytearray(shard.read_bytes())
    data[200] ^= 4
    shard.write_bytes(bytes(data))
    (run / "events/shard-00002.parquet").unlink()
    heard: list[str] = []
    with RunFolder.open(place_of(url), study, log=heard.append) as folder:
        assert commit_shards(folder, study) == [1, 2]
        folder.finish()
    assert "size or hash differs" in heard[0]
    assert bytes_at(run) == files_of(local)


def test_parts_that_put_run_json_at_once_are_both_right(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It holds the clock. Seen to fail: with what was put held against its seal."""
    from otsim.store import commit

    run, others = place_of(url), []

    def reach(point: str) -> None:
        if point == "after_write" and not others:
            others.append((run / "run.json").read_bytes().replace(b"20", b"21", 1))
            (run / "run.json").write_bytes(others[0])

    monkeypatch.setattr(commit, "reach", reach)
    with RunFolder.open(run, study_of(), part=Part(number=1, of=2)) as folder:
        assert folder.missing_shards() == [0, 2]
    assert (run / "run.json").read_bytes() == others[0]


def test_a_run_json_that_is_right_is_not_put_again(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen to fail: with the time of the last opening put there."""
    from otsim.store import run_folder

    run = place_of(url)
    RunFolder.open(run, study_of()).close()
    before = (run / "run.json").read_bytes()
    monkeypatch.setattr(run_folder, "_now", lambda: "2031-01-01T00:00:00+00:00")
    RunFolder.open(run, study_of(), part=Part(number=2, of=2)).close()
    assert (run / "run.json").read_bytes() == before
    RunFolder.open(run, study_of(128)).close()
    assert RunReader.at(run).facts.twins == 128


def test_the_report_of_a_run_there_is_made_there(url: str, tmp_path: Path) -> None:
    run = finished_run(place_of(url), study_of())
    told = CliRunner().invoke(main, ["report", url])
    assert told.exit_code == 0, told.output
    assert f"Report: {url}/report.html" in told.stdout
    local = finished_run(tmp_path / "run", study_of())
    assert CliRunner().invoke(main, ["report", str(local)]).exit_code == 0
    assert (run / "report.html").read_bytes() == (local / "report.html").read_bytes()


def test_what_is_foreign_there_is_refused(url: str) -> None:
    run = place_of(url)
    (run / "cat.jpg").write_bytes(b"meow")
    with pytest.raises(SimulationError, match=r"'cat.jpg' but no run"):
        RunFolder.open(run, study_of())


def test_a_store_that_refuses_is_one_line_with_exit_code_4(
    s3_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen to fail: with only the errors of the system turned into a line."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    for endpoint, name in (("http://127.0.0.1:9", "any"), (s3_server, "no-such-bucket")):
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        with pytest.raises(StorageError) as caught:
            RunFolder.open(place_of(f"s3://{name}/te-{uuid.uuid4().hex}"), study_of())
        assert caught.value.exit_code == 4
        assert "\n" not in str(caught.value)
        assert f"s3://{name}" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [("nowhere://x", "nowhere://x: "), ("gopher://a/b", "use a folder")],
)
def test_an_unknown_kind_of_address_is_one_line(text: str, words: str) -> None:
    with pytest.raises(SimulationError) as caught:
        place_of(text)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_local_addresses_are_folders(tmp_path: Path) -> None:
    assert place_of("runs/te") == Path("runs/te")
    assert place_of(f"file://{tmp_path}/a%20b") == tmp_path / "a b"
    assert os.fspath(place_of("./x"))


def test_a_run_there_is_looked_at_as_any_other(url: str, tmp_path: Path) -> None:
    run = finished_run(place_of(url), study_of())
    status = CliRunner().invoke(main, ["status", url])
    assert status.exit_code == 0, status.output
    assert status.stdout.startswith(f"{url}: finished")
    sound = CliRunner().invoke(main, ["verify", url])
    assert sound.exit_code == 0, sound.output
    assert sound.stdout.startswith(f"{url}: sound, finished")
    told = CliRunner().invoke(main, ["replay", url, "--twin", "96"])
    assert told.exit_code == 2
    assert "there is no twin 96; give one from 0 to 95" in told.stderr
    shard = run / "events/shard-00001.parquet"
    shard.write_bytes(shard.read_bytes()[:-1])
    damaged = CliRunner().invoke(main, ["verify", url])
    assert damaged.exit_code == 4
    assert f"{url}/events/shard-00001.parquet: " in damaged.stdout


@pytest.mark.slow
def test_a_sweep_and_a_comparison_there_have_the_same_bytes(url: str, tmp_path: Path) -> None:
    sweep = ["sweep", str(STUDY), "--quiet", "--workers", "1", "-s", "loss.margin_per_hour=1,2"]
    for setting in (*IDLE, "simulation.twins=32", "simulation.shard_size=32", "uncertainty=[]"):
        sweep += ["-s", setting]
    for out in (url, str(tmp_path / "sweep")):
        told = CliRunner().invoke(main, [*sweep, "--out", out])
        assert told.exit_code == 0, told.output
        assert f"Page: {out}/sweep.html" in told.stdout
    there = place_of(url)
    for name in ("sweep.csv", "sweep.parquet", "sweep.html"):
        assert (there / name).read_bytes() == (tmp_path / "sweep" / name).read_bytes(), name
    first, second = (f"{url}/runs/{run.name}" for run in sorted((there / "runs").iterdir()))
    out = url.replace("/te", "/compared")
    told = CliRunner().invoke(main, ["compare", first, second, "--out", out])
    assert told.exit_code == 0, told.output
    assert f"Page: {out}/compare.html" in told.stdout
    again = CliRunner().invoke(main, [*sweep, "--out", out])
    assert again.exit_code == 2
    assert "no sweep" in again.stderr
