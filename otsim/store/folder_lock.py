"""One process at a time writes a run folder; the next one is told who holds it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from otsim.errors import SimulationError
from otsim.store.commit import storing

__all__ = ["LOCK_FILES", "FolderLock"]

_LOCK, _HOLDER = ".lock", ".holder"
LOCK_FILES = frozenset({_LOCK, _HOLDER})


class FolderLock:
    """Lock of a run folder; the system drops it with the process, so a dead holder never blocks."""

    def __init__(self, folder: Path) -> None:
        """Take the lock at once or not at all.

        Raises:
            SimulationError: another process holds it; the message gives its pid.
            StorageError: the folder cannot be written.
        """
        self._holder = folder / _HOLDER
        self._folder = folder
        self._lock = FileLock(str(folder / _LOCK))
        with storing(folder / _LOCK):
            try:
                self._lock.acquire(timeout=0)
            except Timeout:
                raise SimulationError(self._refusal()) from None
            self._holder.write_text(f"{os.getpid()}\n")

    def _refusal(self) -> str:
        with suppress(OSError):
            pid = self._holder.read_text().strip()
            if pid.isdigit():
                return f"{self._folder}: process {pid} is writing this run; wait for it or stop it"
        return f"{self._folder}: another process is writing this run; wait for it or stop it"

    def release(self) -> None:
        """Let the next process in; a second call does nothing."""
        if self._lock.is_locked:
            with suppress(OSError):
                self._holder.unlink()
            self._lock.release()
