"""A folder that holds many runs and what they say together: a sweep, a comparison."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from otsim.errors import SimulationError
from otsim.store.commit import commit_bytes, remove_temporary_files, storing
from otsim.store.folder_lock import LOCK_FILES, FolderLock, NoLock
from otsim.store.places import is_local

__all__ = ["RUNS_FOLDER", "open_batch"]

RUNS_FOLDER = "runs"
"""Where its runs are, each by its run id."""


@contextmanager
def open_batch(path: Path, kind: str) -> Iterator[Path]:
    """Create the folder, or go on with one of the same kind; no other process writes it meanwhile.

    Args:
        path: the folder, or a prefix of an object store, where nothing keeps others out.
        kind: `sweep` or `compare`; the file `KIND.json` tells it.

    Raises:
        SimulationError: it holds something else, or another process writes it.
        StorageError: it cannot be written.
    """
    marker = path / f"{kind}.json"
    with storing(path):
        if path.is_symlink() or (path.exists() and not path.is_dir()):
            raise SimulationError(f"{path}: is no folder; give one that is new or of a {kind}")
        if is_local(path):
            path.mkdir(parents=True, exist_ok=True)
        listed = path.iterdir() if path.exists() else ()
        others = {found.name for found in listed} - LOCK_FILES
    foreign = sorted(name for name in others if not name.startswith(".tmp-"))
    if foreign and not marker.exists():
        raise SimulationError(
            f"{path}: holds {foreign[0]!r} but no {kind}; give a folder that is new or empty"
        )
    lock = FolderLock(path) if is_local(path) else NoLock()
    try:
        remove_temporary_files(path)
        if not marker.exists():
            note_batch(path, kind, {})
        yield path
    finally:
        lock.release()


def note_batch(path: Path, kind: str, facts: dict[str, Any]) -> None:
    """Write what the folder holds into `KIND.json`."""
    text = json.dumps({"schema": f"{kind}/1.0.0", **facts}, ensure_ascii=False, indent=1)
    commit_bytes(path / f"{kind}.json", f"{text}\n".encode())
