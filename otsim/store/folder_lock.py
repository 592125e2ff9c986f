"""Who may write a run folder: one process all of it, or one process each of its parts.

A lock is the system's, which drops it with the process, so that a dead holder never blocks. A
whole run holds the folder's lock; a part holds it only while it begins, and then one of its own.
An object store has no locks. There two processes that compute the same run waste work and nothing
else, since they put the same bytes, but for the clock in `run.json`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from otsim.errors import SimulationError, StorageError
from otsim.store.commit import storing
from otsim.store.parts import Part
from otsim.store.places import is_local

__all__ = ["LOCK_FILES", "FolderLock", "NoLock", "PartLock", "is_lock_file", "lock_holder"]

_LOCK, _HOLDER = ".lock", ".holder"
LOCK_FILES = frozenset({_LOCK, _HOLDER})
_WAIT_S, _BETWEEN_S = 120.0, 0.05  # for other parts, which hold the folder while they begin


def is_lock_file(name: str) -> bool:
    """Tell whether a file of a run folder belongs to its locks."""
    return name in LOCK_FILES or name.startswith((f"{_LOCK}-", f"{_HOLDER}-"))


class _Lock:
    """One lock file with the pid of its holder beside it."""

    def __init__(self, folder: Path, name: str = "") -> None:
        self.folder = folder
        self.lock_file, self.holder_file = folder / f"{_LOCK}{name}", folder / f"{_HOLDER}{name}"
        self._lock = FileLock(str(self.lock_file))

    def take(self) -> bool:
        with storing(self.lock_file):
            try:
                self._lock.acquire(timeout=0)
            except Timeout:
                return False
        return True

    def sign(self) -> None:
        with storing(self.holder_file):
            self.holder_file.write_text(f"{os.getpid()}\n")

    def pid(self) -> int | None:
        with suppress(OSError):
            text = self.holder_file.read_text().strip()
            return int(text) if text.isdigit() else None
        return None

    def refusal(self, what: str) -> SimulationError:
        pid = self.pid()
        who = "another process" if pid is None else f"process {pid}"
        return SimulationError(f"{self.folder}: {who} is writing {what}; wait for it or stop it")

    def release(self) -> None:
        """Let others in; a second call does nothing."""
        if self._lock.is_locked:
            with suppress(OSError):
                self.holder_file.unlink()
            self._lock.release()

    def free(self) -> None:
        """Let others in, and leave the pid of whoever held it before."""
        self._lock.release()


class NoLock:
    """Stands where there are no locks."""

    def begun(self) -> None:
        """Nothing waits."""

    def release(self) -> None:
        """Nothing is held."""


class FolderLock:
    """Lock of a whole run folder."""

    def __init__(self, folder: Path) -> None:
        """Take the lock at once or not at all.

        Raises:
            SimulationError: another process holds it, or a part; the message gives its pid.
            StorageError: the folder cannot be written.
        """
        self._lock = _Lock(folder)
        if not self._lock.take():
            raise self._lock.refusal("this run")
        try:
            _refuse_parts(folder)
            self._lock.sign()
        except BaseException:
            self._lock.release()
            raise

    def begun(self) -> None:
        """The folder stays locked."""

    def release(self) -> None:
        """Let the next process in; a second call does nothing."""
        self._lock.release()


class PartLock:
    """Lock of one part; other parts may be written at the same time, a whole run may not."""

    def __init__(self, folder: Path, part: Part) -> None:
        """Wait until no other part begins, and take the lock of this one.

        Raises:
            SimulationError: another process writes this part, or the whole run.
            StorageError: the folder cannot be written.
        """
        self._folder = _Lock(folder)
        self._part = _Lock(folder, f"-{part.number}-of-{part.of}")
        _wait_for(self._folder)
        try:
            with suppress(OSError):
                self._folder.holder_file.unlink()  # of a whole run that was killed
            if not self._part.take():
                raise self._part.refusal(f"part {part} of this run")
            self._part.sign()
        except BaseException:
            self._folder.release()
            raise

    def begun(self) -> None:
        """Let other parts begin."""
        self._folder.release()

    def release(self) -> None:
        """Let another process compute this part; a second call does nothing."""
        self._folder.release()
        self._part.release()


def _wait_for(lock: _Lock) -> None:
    """Take the folder's lock while parts begin one after the other; a whole run is not awaited."""
    deadline, seen = time.monotonic() + _WAIT_S, 0
    while not lock.take():
        # twice, as one who was killed may have left his pid to the part that begins now
        seen = seen + 1 if lock.pid() is not None else 0
        if seen * _BETWEEN_S > 1.0 or time.monotonic() > deadline:
            raise lock.refusal("this run")
        time.sleep(_BETWEEN_S)


def _part_locks(folder: Path) -> Iterator[_Lock]:
    for path in sorted(folder.glob(f"{_LOCK}-*")):
        yield _Lock(folder, path.name.removeprefix(_LOCK))


def _refuse_parts(folder: Path) -> None:
    """Refuse while a part is written; tidy up after those that have ended."""
    for lock in _part_locks(folder):
        if not lock.take():
            number, _, of = lock.lock_file.name.removeprefix(f"{_LOCK}-").partition("-of-")
            raise lock.refusal(f"part {number}/{of} of this run")
        lock.release()
        # nobody can take it before the folder's lock is free again
        with suppress(OSError):
            lock.holder_file.unlink(missing_ok=True)
            lock.lock_file.unlink()


def lock_holder(folder: Path) -> tuple[bool, int | None]:
    """Say whether a process writes a run folder or a part of it, and which; nothing is written.

    Returns:
        Whether a lock is held, and the pid where the holder tells it.
    """
    if not is_local(folder):
        return False, None
    for lock in (_Lock(folder), *_part_locks(folder)):
        if not lock.holder_file.exists():
            continue  # a holder writes it first and removes it last
        pid = lock.pid()
        try:
            held = not lock.take()  # only where the holder died is it taken, and for a moment
        except StorageError:
            held = True  # not ours to write: believe the holder
        if held:
            return True, pid
        lock.free()
    return False, None
