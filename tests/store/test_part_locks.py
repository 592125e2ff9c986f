"""R24 for parts: each part has one writer, a whole run has none beside it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from otsim.errors import SimulationError
from otsim.store import Part, RunFolder
from otsim.store.folder_lock import FolderLock, PartLock, is_lock_file, lock_holder
from store.synthetic_run import files_of, study_of

ONE, TWO = Part(number=1, of=2), Part(number=2, of=2)


def test_parts_are_written_side_by_side_but_each_by_one(tmp_path: Path) -> None:
    with RunFolder.open(tmp_path, study_of(), part=ONE):
        with RunFolder.open(tmp_path, study_of(), part=TWO) as second:
            assert second.missing_shards() == [1]
        with pytest.raises(SimulationError, match=rf"process {os.getpid()} is writing part 1/2 of"):
            RunFolder.open(tmp_path, study_of(), part=ONE)
        assert lock_holder(tmp_path) == (True, os.getpid())
    assert lock_holder(tmp_path) == (False, None)
    RunFolder.open(tmp_path, study_of(), part=ONE).close()


def test_a_whole_run_and_a_part_exclude_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from otsim.store import folder_lock

    monkeypatch.setattr(folder_lock, "_WAIT_S", 0.2)
    with (
        RunFolder.open(tmp_path, study_of(), part=TWO),
        pytest.raises(SimulationError, match=rf"process {os.getpid()} is writing part 2/2 of"),
    ):
        RunFolder.open(tmp_path, study_of())
    with (
        RunFolder.open(tmp_path, study_of()),
        pytest.raises(SimulationError, match=rf"process {os.getpid()} is writing this run; wait"),
    ):
        RunFolder.open(tmp_path, study_of(), part=TWO)
    left = [path.name for path in tmp_path.iterdir() if path.name.startswith(".")]
    assert set(left) <= {".lock"}, "a whole run tidies up after the parts"
    assert all(map(is_lock_file, left))


def test_what_killed_holders_left_is_in_nobodys_way(tmp_path: Path) -> None:
    for name in (".holder", ".holder-1-of-2"):
        (tmp_path / name).write_text("999999\n")
    (tmp_path / ".lock-1-of-2").touch()
    part = PartLock(tmp_path, ONE)
    part.begun()
    part.release()
    whole = FolderLock(tmp_path)
    whole.release()
    assert lock_holder(tmp_path) == (False, None)


def test_a_part_leaves_the_temporary_files_of_others(tmp_path: Path) -> None:
    RunFolder.open(tmp_path, study_of()).close()
    (tmp_path / "events").mkdir()
    others, own = (tmp_path / f"events/.tmp-shard-0000{k}-ab" for k in (1, 2))
    for path in (others, own):
        path.write_bytes(b"half")
    RunFolder.open(tmp_path, study_of(), part=ONE).close()  # shards 0 and 2
    assert others.exists()
    assert not own.exists()
    RunFolder.open(tmp_path, study_of()).close()
    assert not [name for name in files_of(tmp_path) if ".tmp-" in name]


def test_other_parts_begin_while_one_reads_its_shards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen to fail: with the folder locked until every shard of the part is verified."""
    from otsim.store import folder_lock
    from otsim.store.run_reader import RunReader

    monkeypatch.setattr(folder_lock, "_WAIT_S", 0.2)
    real, begun = RunReader.missing_shards, list[str]()

    def missing_shards(reader: RunReader, among: object = None) -> dict[int, str]:
        if not begun:
            begun.append("two")
            RunFolder.open(tmp_path, study_of(), part=TWO).close()
        return real(reader, among)

    monkeypatch.setattr(RunReader, "missing_shards", missing_shards)
    RunFolder.open(tmp_path, study_of(), part=ONE).close()
    assert begun == ["two"]


def test_a_part_of_a_run_that_grew_ends_its_success(tmp_path: Path) -> None:
    from store.synthetic_run import finished_run

    finished_run(tmp_path, study_of())
    RunFolder.open(tmp_path, study_of(), part=TWO).close()
    assert (tmp_path / "_SUCCESS").exists()
    RunFolder.open(tmp_path, study_of(128), part=ONE).close()  # shard 3 is of part 2
    assert not (tmp_path / "_SUCCESS").exists()


def test_a_part_recomputes_its_own_shards_alone(tmp_path: Path) -> None:
    from store.synthetic_run import commit_shards

    with RunFolder.open(tmp_path, study_of()) as folder:
        commit_shards(folder, study_of())
    with RunFolder.open(tmp_path, study_of(), part=ONE, resume=False) as folder:
        assert folder.missing_shards() == [0, 2]
        assert folder.reader.missing_shards([1]) == {}
