"""One file is committed whole or not at all, whatever happens on the way."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import pytest

from otsim.errors import StorageError
from otsim.store.commit import commit_bytes, remove_temporary_files, seal_of
from otsim.store.faults import FAULT_POINTS, InjectedFault

AFTER_THE_RENAME = ("after_replace", "after_folder_fsync")


def test_a_commit_leaves_the_file_and_nothing_else(tmp_path: Path) -> None:
    seal = commit_bytes(tmp_path / "a" / "x.parquet", b"whole")
    assert (tmp_path / "a" / "x.parquet").read_bytes() == b"whole"
    assert seal == seal_of(b"whole")
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["x.parquet"]


@pytest.mark.parametrize("point", FAULT_POINTS)
def test_a_kill_leaves_the_old_file_or_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    path = tmp_path / "x.parquet"
    commit_bytes(path, b"old")
    monkeypatch.setenv("OTSIM_FAULT", f"{point}:1")
    with pytest.raises(InjectedFault):
        commit_bytes(path, b"new and longer")
    assert path.read_bytes() == (b"new and longer" if point in AFTER_THE_RENAME else b"old")
    assert not [left for left in tmp_path.glob("*.parquet") if left != path]
    remove_temporary_files(tmp_path)
    assert [left.name for left in tmp_path.iterdir()] == ["x.parquet"]


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "no space left"),
        (errno.EDQUOT, "quota"),
        (errno.EFBIG, "larger than the system allows"),
        (errno.EACCES, "no permission"),
        (errno.EROFS, "read-only"),
    ],
)
def test_a_refusing_disk_is_one_line_with_exit_code_4(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, words: str
) -> None:
    commit_bytes(tmp_path / "x.json", b"old")

    def refuse(_descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(StorageError) as caught:
        commit_bytes(tmp_path / "x.json", b"new")
    assert caught.value.exit_code == 4
    assert str(tmp_path / "x.json") in str(caught.value)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert (tmp_path / "x.json").read_bytes() == b"old"
    assert [left.name for left in tmp_path.iterdir()] == ["x.json"]


@pytest.mark.skipif(sys.platform == "win32", reason="no RLIMIT_FSIZE there")
def test_a_real_size_limit_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(StorageError, match="larger than the system allows"):
            commit_bytes(tmp_path / "x.parquet", b"0" * 10_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []


def test_bytes_that_read_back_otherwise_are_not_committed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "read_bytes", lambda _path: b"rot")
    with pytest.raises(StorageError, match="device reports an error"):
        commit_bytes(tmp_path / "x.json", b"new")
    assert list(tmp_path.iterdir()) == []
