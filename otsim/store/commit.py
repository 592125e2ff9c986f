"""One file at a time, whole or not at all: write aside, fsync, hash, rename, fsync the folder."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from otsim.errors import OtsimError, StorageError
from otsim.store.faults import reach
from otsim.store.places import is_local

__all__ = ["Seal", "commit_bytes", "read_bytes", "remove_temporary_files", "seal_of", "storing"]

_TEMPORARY = ".tmp-"
_REMEDIES: dict[int, str] = {
    errno.ENOSPC: "no space left: free some or choose another --out",
    errno.EDQUOT: "disk quota used up: free some or choose another --out",
    errno.EFBIG: "file larger than the system allows: raise the limit or lower shard_size",
    errno.EACCES: "no permission: make it readable and writable or choose another --out",
    errno.EPERM: "not permitted: choose another --out",
    errno.EROFS: "file system is read-only: choose another --out",
    errno.EIO: "the device reports an error: check the disk",
    errno.ENOTDIR: "a part of the path is a file: choose another --out",
    errno.EISDIR: "it is a folder where a file belongs: remove it",
    errno.ENAMETOOLONG: "the path is too long: choose a shorter --out",
    errno.ELOOP: "too many symbolic links: choose another --out",
}


@dataclass(frozen=True, kw_only=True)
class Seal:
    """What a committed file must look like.

    Attributes:
        n_bytes: its size.
        sha256: its hash, hex.
    """

    n_bytes: int
    sha256: str


@contextmanager
def storing(path: Path) -> Iterator[None]:
    """Turn an error of the system or the store on `path` into a one-line `StorageError`."""
    try:
        yield
    except OtsimError:
        raise
    except OSError as error:
        cause = os.strerror(error.errno) if error.errno else _one_line(error)
        remedy = _REMEDIES.get(error.errno or 0, f"{cause}: check the path and the disk")
        raise StorageError(f"{path}: {remedy}; then run the same command again") from error
    except Exception as error:
        if is_local(path):
            raise
        # clients of object stores have errors of their own: no credentials, no network, ...
        raise StorageError(
            f"{path}: {type(error).__name__}: {_one_line(error)}: check address and credentials; "
            "then run the same command again"
        ) from error


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def seal_of(data: bytes) -> Seal:
    """Size and hash of the bytes of a file."""
    return Seal(n_bytes=len(data), sha256=hashlib.sha256(data).hexdigest())


def read_bytes(path: Path) -> bytes:
    """Read a whole file.

    Raises:
        StorageError: it cannot be read.
    """
    with storing(path):
        return path.read_bytes()


def commit_bytes(path: Path, data: bytes, *, rivals: bool = False) -> Seal:
    """Make `path` hold `data`, or leave it as it was.

    The temporary file has no suffix, so that globs over `*.parquet` never see it, and a name of
    its own, so that parts of a run may write side by side. An object store has no rename: there
    an object is put whole or not at all.

    Args:
        path: the file.
        data: what it shall hold.
        rivals: on an object store, others may put other bytes there at the same time, and any of
            them will do; so what was put is not read back.

    Returns:
        The seal of what was read back from the disk before the rename.

    Raises:
        StorageError: disk full, no permission, or what was read back is not what was written.
    """
    if not is_local(path):
        with storing(path):
            return _put(path, data, rivals=rivals)
    temporary = path.parent / f"{_TEMPORARY}{path.stem}-{os.urandom(4).hex()}"
    with storing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            return _write_and_rename(temporary, path, data)
        except OSError:
            with suppress(OSError):
                temporary.unlink()
            raise


def _put(path: Path, data: bytes, *, rivals: bool) -> Seal:
    reach("before_write")
    path.write_bytes(data)
    reach("after_write")
    seal = seal_of(data if rivals else path.read_bytes())
    if seal != seal_of(data):
        raise OSError(errno.EIO, os.strerror(errno.EIO), str(path))
    reach("after_hash")
    return seal


def _write_and_rename(temporary: Path, path: Path, data: bytes) -> Seal:
    reach("before_write")
    with temporary.open("wb") as file:
        file.write(data[: len(data) // 2])
        file.flush()
        reach("half_written")
        file.write(data[len(data) // 2 :])
        file.flush()
        reach("after_write")
        os.fsync(file.fileno())
    reach("after_fsync")
    seal = seal_of(temporary.read_bytes())
    if seal != seal_of(data):
        raise OSError(errno.EIO, os.strerror(errno.EIO), str(path))
    reach("after_hash")
    temporary.replace(path)
    reach("after_replace")
    _fsync_folder(path.parent)
    reach("after_folder_fsync")
    return seal


def _fsync_folder(folder: Path) -> None:
    if os.name != "posix":
        return  # other systems cannot open a folder; the rename itself is atomic there
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_temporary_files(folder: Path, stems: Iterable[str] = ("",)) -> None:
    """Remove what a killed process left behind in `folder` and the folders right below it.

    Args:
        folder: a run folder.
        stems: beginnings of the files' names; by default any.
    """
    if not is_local(folder):
        return
    with storing(folder):
        for stem in stems:
            for pattern in (f"{_TEMPORARY}{stem}*", f"*/{_TEMPORARY}{stem}*"):
                for left_over in folder.glob(pattern):
                    left_over.unlink(missing_ok=True)
