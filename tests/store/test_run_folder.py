"""A run folder is created or verified, goes on where it stopped, and trusts manifests alone."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otsim.config import Study, with_value
from otsim.errors import SimulationError, StorageError
from otsim.store import RunFolder, RunReader
from otsim.store.faults import FAULT_POINTS, InjectedFault
from store.synthetic_run import (
    commit_shards,
    commit_tables,
    events_of,
    files_of,
    finished_run,
    study_of,
)

N_FSYNCS = 18  # run.json, study.yaml, 3 shards and the manifests of these, folder after file


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return finished_run(tmp_path_factory.mktemp("runs") / "whole", study_of())


def test_events_come_back_as_they_were_committed(finished: Path) -> None:
    study = study_of()
    want = events_of(study, range(study.simulation.twins))
    got = RunReader.at(finished).read_events()
    assert got.drop_columns([]).equals(want.replace_schema_metadata(got.schema.metadata))
    assert RunReader.at(finished).study() == study


def test_the_layout_is_the_promised_one(finished: Path) -> None:
    files = set(files_of(finished))
    assert {"study.yaml", "_SUCCESS", "events/shard-00002.parquet"} <= files
    assert {"_manifest/shard-00000.json", "tables/ept.parquet", "_manifest/ept.json"} <= files
    assert not [name for name in files if ".tmp-" in name]


def test_the_same_run_gives_the_same_bytes(finished: Path, tmp_path: Path) -> None:
    again = finished_run(tmp_path / "again", study_of())
    assert files_of(again) == files_of(finished)


def test_only_run_json_holds_the_clock(finished: Path) -> None:
    year = json.loads((finished / "run.json").read_text())["created_utc"][:5]
    assert year.endswith("-")
    for name, data in files_of(finished).items():
        assert b"_utc" not in data, name


@pytest.mark.parametrize("point", FAULT_POINTS)
def test_a_kill_anywhere_and_the_same_command_again_give_the_same_files(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    study, path = study_of(), tmp_path / "run"
    arrival = 0
    while True:  # one more commit further each time, until none is hit
        arrival += 1
        monkeypatch.setenv("OTSIM_FAULT", f"{point}:{arrival}")
        try:
            with RunFolder.open(path, study) as folder:
                commit_shards(folder, study)
        except InjectedFault:
            monkeypatch.delenv("OTSIM_FAULT")
            with RunFolder.open(path, study) as folder:
                known = set(range(folder.facts.n_shards)) - set(folder.missing_shards())
            for shard in known:
                assert RunReader.at(path).shard(shard).num_rows == study.simulation.shard_size
            continue
        break
    monkeypatch.delenv("OTSIM_FAULT")
    assert arrival > 2
    finished_run(path, study)
    assert files_of(path) == files_of(finished)


def _flip_a_bit(run: Path, rng: np.random.Generator) -> None:
    shard = int(rng.integers(3))
    path = run / f"events/shard-{shard:05d}.parquet"
    data = bytearray(path.read_bytes())
    data[int(rng.integers(len(data)))] ^= 1 << int(rng.integers(8))
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("n_flips", "n_cuts"), [(10, 4), pytest.param(100, 20, marks=pytest.mark.slow)]
)
def test_flipped_and_cut_shards_are_found_named_and_recomputed(
    tmp_path: Path, n_flips: int, n_cuts: int
) -> None:
    study, rng = study_of(), np.random.default_rng(3)
    run = finished_run(tmp_path / "run", study)
    want = files_of(run)
    for trial in range(n_flips + n_cuts):
        if trial < n_flips:
            _flip_a_bit(run, rng)
        else:
            path = run / f"events/shard-{int(rng.integers(3)):05d}.parquet"
            path.write_bytes(path.read_bytes()[: int(rng.integers(path.stat().st_size))])
        heard: list[str] = []
        with RunFolder.open(run, study, log=heard.append) as folder:
            assert len(commit_shards(folder, study)) == 1
            folder.finish()
        assert len(heard) == 1
        assert "recomputing shard" in heard[0]
        assert "size or hash differs" in heard[0]
        assert files_of(run) == want


def test_swapped_shards_and_lost_or_foreign_manifests_are_not_trusted(tmp_path: Path) -> None:
    study = study_of()
    run = finished_run(tmp_path / "run", study)
    want = files_of(run)
    first, second = (run / f"events/shard-0000{k}.parquet" for k in (0, 1))
    first_bytes = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(first_bytes)
    manifest = run / "_manifest/shard-00002.json"
    manifest.write_text(manifest.read_text().replace('"run_id": "', '"run_id": "0'))
    with RunFolder.open(run, study) as folder:
        assert commit_shards(folder, study) == [0, 1, 2]
        folder.finish()
    assert files_of(run) == want


@settings(max_examples=60, deadline=None)
@given(garbage=st.binary(max_size=200))
def test_a_garbled_manifest_means_a_missing_shard(finished: Path, garbage: bytes) -> None:
    manifest = finished / "_manifest/shard-00001.json"
    sound = manifest.read_bytes()
    try:
        manifest.write_bytes(garbage)
        assert RunReader.at(finished).missing_shards() == {1: "not committed"}
    finally:
        manifest.write_bytes(sound)
    assert RunReader.at(finished).missing_shards() == {}


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_garbled_run_json_is_refused_in_one_line(finished: Path, data: st.DataObject) -> None:
    path = finished / "run.json"
    sound = path.read_bytes()
    cut = data.draw(st.integers(0, len(sound) - 3))
    try:
        path.write_bytes(sound[:cut] + data.draw(st.binary(max_size=5)))
        with pytest.raises(StorageError) as caught:
            RunReader.at(finished)
        assert "\n" not in str(caught.value)
    finally:
        path.write_bytes(sound)


def test_a_run_grows_and_keeps_its_full_shards(tmp_path: Path) -> None:
    small, large = study_of(80), study_of(160)
    run = finished_run(tmp_path / "run", small)
    kept = {shard: (run / f"events/shard-0000{shard}.parquet").stat().st_ino for shard in (0, 1)}
    with RunFolder.open(run, large) as folder:
        assert not (run / "_SUCCESS").exists()
        with pytest.raises(StorageError, match="not committed"):
            RunReader.at(run).read_table("ept")  # of the smaller run
        assert commit_shards(folder, large) == [2, 3, 4]
        commit_tables(folder, large)
        folder.finish()
    for shard, inode in kept.items():
        assert (run / f"events/shard-0000{shard}.parquet").stat().st_ino == inode
    assert files_of(run) == files_of(finished_run(tmp_path / "fresh", large))


def test_other_shards_of_the_same_twins_are_recut(tmp_path: Path) -> None:
    run = finished_run(tmp_path / "run", study_of(96, shard_size=16))
    recut = study_of(96, shard_size=48)
    finished_run(run, recut)
    assert files_of(run) == files_of(finished_run(tmp_path / "fresh", recut))


def test_no_resume_recomputes_everything(tmp_path: Path) -> None:
    run = finished_run(tmp_path / "run", study_of())
    want = files_of(run)
    with RunFolder.open(run, study_of(), resume=False) as folder:
        assert folder.missing_shards() == [0, 1, 2]
        assert not (run / "_SUCCESS").exists()
    finished_run(run, study_of())
    assert files_of(run) == want


def test_fewer_twins_than_the_folder_holds_are_refused(tmp_path: Path) -> None:
    finished_run(tmp_path / "run", study_of(96))
    with pytest.raises(SimulationError, match="ask for at least 96 or choose another --out"):
        RunFolder.open(tmp_path / "run", study_of(64))


def test_the_folder_of_another_study_is_refused_and_left_as_it_was(finished: Path) -> None:
    other = with_value(study_of(), "loss.margin_per_hour", 12_001.0)
    want = files_of(finished)
    with pytest.raises(SimulationError, match=r"of another study.*choose another --out"):
        RunFolder.open(finished, other)
    with pytest.raises(SimulationError, match=r"on cpu, not .* on gpu"):
        RunFolder.open(finished, study_of(), device="gpu")
    assert files_of(finished) == want


def test_folders_that_are_no_runs_are_refused(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").write_bytes(b"meow")
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "empty")
    for name, words in (("photos", "'cat.jpg' but no run"), ("file", "is a file"),
                        ("link", "symbolic link")):  # fmt: skip
        with pytest.raises(SimulationError, match=words):
            RunFolder.open(tmp_path / name, study_of())
    assert [path.name for path in (tmp_path / "photos").iterdir()] == ["cat.jpg"]
    RunFolder.open(tmp_path / "empty", study_of()).close()


def test_more_shards_than_disk_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"GB are free; lower simulation\.twins"):
        RunFolder.open(tmp_path / "run", study_of(1_000_000_000, shard_size=1_000_000))
    assert files_of(tmp_path / "run") == {}
    RunFolder.open(tmp_path / "run", study_of()).close()  # the lock is free again


HOLDER = """
import sys, pathlib
from store.synthetic_run import study_of
from otsim.store import RunFolder
folder = RunFolder.open(pathlib.Path(sys.argv[1]), study_of())
print("held", flush=True)
sys.stdin.readline()
"""


def test_a_second_process_is_told_the_pid_and_a_dead_holder_does_not_block(tmp_path: Path) -> None:
    run = tmp_path / "run"
    path = os.pathsep.join(path for path in sys.path if path)
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(run)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(SimulationError, match=f"process {holder.pid} is writing this run"):
            RunFolder.open(run, study_of())
        holder.kill()
    assert (run / ".holder").read_text() == f"{holder.pid}\n"
    RunFolder.open(run, study_of()).close()
    assert not (run / ".holder").exists()


def test_rows_of_other_twins_are_not_committed(tmp_path: Path) -> None:
    study = study_of()
    with RunFolder.open(tmp_path / "run", study) as folder:
        with pytest.raises(ValueError, match="shard 1 is twins 32 to 63"):
            folder.commit_shard(1, events_of(study, range(0, 32)))
        with pytest.raises(StorageError, match="3 shards are missing"):
            folder.finish()


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".", "..", "shard-00000", "study", "x" * 65])
def test_table_names_stay_inside_the_folder(tmp_path: Path, name: str) -> None:
    study = study_of()
    with (
        RunFolder.open(tmp_path / "run", study) as folder,
        pytest.raises(ValueError, match="no name of a table"),
    ):
        folder.commit_table(name, events_of(study, range(0, 1)))


def commit_all(run: Path, study: Study) -> None:
    with RunFolder.open(run, study) as folder:
        commit_shards(folder, study)


def test_a_full_disk_keeps_what_is_committed_and_goes_on_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study, real = study_of(), os.fsync
    commit_all(tmp_path / "fresh", study)
    for n_writes in range(N_FSYNCS):
        run, left = tmp_path / f"run-{n_writes}", [n_writes]

        def refuse(descriptor: int, left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] < 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            real(descriptor)

        monkeypatch.setattr(os, "fsync", refuse)
        with pytest.raises(StorageError, match="no space left"):
            commit_all(run, study)
        monkeypatch.setattr(os, "fsync", real)
        assert not list(run.rglob(".tmp-*"))
        commit_all(run, study)
        assert files_of(run) == files_of(tmp_path / "fresh")


def test_notes_go_into_run_json_alone(tmp_path: Path) -> None:
    with RunFolder.open(tmp_path / "run", study_of()) as folder:
        folder.note(wall_s=1.5)
        folder.note(workers=2)
    told = json.loads((tmp_path / "run" / "run.json").read_text())
    assert told["notes"] == {"wall_s": 1.5, "workers": 2}
    assert set(told) >= {"created_utc", "updated_utc", "run_id", "versions", "seed", "twins"}
