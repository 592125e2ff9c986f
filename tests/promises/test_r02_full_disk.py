"""R2: a disk that is full at any write ends the run in one line; the same command goes on."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedWriter
from pathlib import Path
from typing import Any

import pytest

from otsim.errors import StorageError
from otsim.store import RunFolder
from otsim.store.commit import remove_temporary_files
from store.synthetic_run import commit_shards, files_of, study_of

REASONS = {errno.ENOSPC: "no space left", errno.EDQUOT: "quota", errno.EFBIG: "raise the limit"}
N_WRITES = 20  # two a file: run.json, study.yaml, 3 shards, the manifests of these, _SUCCESS


class _Disk:
    """Counts what is written to temporary files and refuses from some write on."""

    def __init__(self, room_for: int, reason: int) -> None:
        self.left, self.reason = room_for, reason

    def write(self, file: BufferedWriter, data: bytes) -> int:
        self.left -= 1
        if self.left < 0:
            file.write(data[: len(data) // 3])  # a full disk takes what it can
            raise OSError(self.reason, os.strerror(self.reason))
        return file.write(data)


class _File:
    def __init__(self, file: Any, disk: _Disk) -> None:
        self.file, self.disk = file, disk

    def __enter__(self) -> _File:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def write(self, data: bytes) -> int:
        return self.disk.write(self.file, data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)


@contextmanager
def on(disk: _Disk) -> Iterator[None]:
    """Let every temporary file be written through that disk."""
    real = Path.open

    def opened(path: Path, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        file = real(path, mode, *args, **kwargs)
        return _File(file, disk) if mode == "wb" and path.name.startswith(".tmp-") else file

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "open", opened)
        yield


def run_into(path: Path) -> None:
    with RunFolder.open(path, study_of()) as folder:
        commit_shards(folder, study_of())
        folder.finish()


@pytest.mark.parametrize("reason", REASONS)
def test_r02_a_disk_full_at_the_nth_write_loses_nothing(tmp_path: Path, reason: int) -> None:
    """Seen to fail: with the temporary file left behind."""
    run_into(tmp_path / "whole")
    want = files_of(tmp_path / "whole")
    roomy = _Disk(10_000, reason)
    with on(roomy):
        run_into(tmp_path / "counted")
    assert 10_000 - roomy.left == N_WRITES
    for n in range(0, N_WRITES, 1 if reason == errno.ENOSPC else 7):
        run = tmp_path / f"run-{n}"
        with on(_Disk(n, reason)), pytest.raises(StorageError) as caught:
            run_into(run)
        assert caught.value.exit_code == 4
        assert REASONS[reason] in str(caught.value)
        assert str(run) in str(caught.value)
        assert "\n" not in str(caught.value)
        assert not list(run.rglob(".tmp-*"))
        kept = {name: data for name, data in files_of(run).items() if name.startswith("_manifest")}
        assert all(want[name] == data for name, data in kept.items())
        run_into(run)
        assert files_of(run) == want
    remove_temporary_files(tmp_path / "whole")
