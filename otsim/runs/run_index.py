"""The index over runs: a small SQLite file that can be lost and made again from the folders."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from platformdirs import user_state_path

from otsim.errors import GateError, OtsimError, StorageError
from otsim.runs.run_status import RunStatus
from otsim.runs.run_summary import Figure, RunSummary, run_summary
from otsim.store.commit import commit_bytes, storing
from otsim.store.places import place_of
from otsim.store.run_reader import RUN_FILE

__all__ = ["RunIndex", "found_runs", "index_file", "register_run", "registered"]

_VERSION = 1
_PATIENCE_S = 20.0
_SEAL = (68, 72)  # bytes of the header that hold `application_id`
_TABLES = """
CREATE TABLE runs (
  path TEXT PRIMARY KEY, run_id TEXT NOT NULL, state TEXT NOT NULL, title TEXT NOT NULL,
  plant TEXT NOT NULL, currency TEXT NOT NULL, seed INTEGER NOT NULL, precision TEXT NOT NULL,
  device TEXT NOT NULL, otsim TEXT NOT NULL, jax TEXT NOT NULL, results TEXT NOT NULL,
  config_sha256 TEXT NOT NULL, shards_done INTEGER NOT NULL, shards INTEGER NOT NULL,
  twins_done INTEGER NOT NULL, twins INTEGER NOT NULL, diverged INTEGER NOT NULL,
  started_utc TEXT NOT NULL, last_commit_utc TEXT, study TEXT NOT NULL);
CREATE TABLE figures (
  path TEXT NOT NULL REFERENCES runs(path) ON DELETE CASCADE, name TEXT NOT NULL,
  value REAL NOT NULL, standard_error REAL, low REAL, high REAL, PRIMARY KEY (path, name));
"""


def index_file() -> Path:
    """Where the index stands: in the state folder of this user."""
    return user_state_path("otsim") / "runs.sqlite"


@dataclass(frozen=True, kw_only=True)
class RunIndex:
    """The index, in a file.

    A reader takes no lock: it reads the whole file, and a writer replaces it whole, one writer at a
    time. So no file system, however shared, needs to understand SQLite's own locks.

    Attributes:
        file: the SQLite file; it need not be there.
    """

    file: Path

    def runs(self) -> list[RunSummary]:
        """Return all runs, the last one started first; none where the file is absent.

        Raises:
            StorageError: the file is damaged; the message says how to make it again.
        """
        with closing(self._read()) as database, _reading(self.file):
            return _summaries(database)

    def is_damaged(self) -> bool:
        """Whether there is a file that is no index of this otsim."""
        try:
            self.runs()
        except StorageError:
            return True
        return False

    def put(self, *summaries: RunSummary) -> None:
        """Add runs, or replace what was known of them; a damaged index starts anew.

        Raises:
            StorageError: the file cannot be written.
        """
        self._change(lambda database: _put(database, summaries), anew=self.is_damaged())

    def rebuild(self, summaries: Sequence[RunSummary]) -> None:
        """Hold these runs and no others.

        Raises:
            StorageError: the file cannot be written.
        """
        self._change(lambda database: _put(database, summaries), anew=True)

    def _change(self, change: Callable[[sqlite3.Connection], None], *, anew: bool) -> None:
        with self._writing(), closing(_empty() if anew else self._read()) as database:
            change(database)
            database.commit()
            commit_bytes(self.file, _sealed(database.serialize()))

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with storing(self.file):
            self.file.parent.mkdir(parents=True, exist_ok=True)
            lock = FileLock(str(self.file.with_suffix(".lock")), timeout=_PATIENCE_S)
            try:
                lock.acquire()
            except Timeout:
                raise StorageError(f"{self.file}: another process has been writing it for "
                                   f"{_PATIENCE_S:.0f} s; try again") from None  # fmt: skip
        try:
            yield
        finally:
            lock.release()

    def _read(self) -> sqlite3.Connection:
        """Load the file into memory; an absent one is an empty index."""
        with storing(self.file):
            data = self.file.read_bytes() if self.file.is_file() else b""
        if not data:
            return _empty()
        database = sqlite3.connect(":memory:")
        with _reading(self.file):
            if _sealed(data) != data:
                raise ValueError
            database.deserialize(data)
            [(version,)] = database.execute("PRAGMA user_version").fetchall()
            [(sound,)] = database.execute("PRAGMA quick_check(1)").fetchall()
            if version != _VERSION or sound != "ok":
                raise ValueError
        return database


def register_run(run: Path, file: Path | None = None) -> str | None:
    """Tell the index of a run; a run does not fail because of it.

    Args:
        run: the run folder.
        file: the index; None: this user's.

    Returns:
        Why it could not be told; None if it was.
    """
    try:
        RunIndex(file=file or index_file()).put(run_summary(run))
    except (OtsimError, OSError, sqlite3.Error) as error:
        return f"otsim runs will not list this run: {error}"
    return None


@contextmanager
def registered(run: Path, log: Callable[[str], None]) -> Iterator[None]:
    """Tell the index of a run when it has ended, well or at a gate.

    Args:
        run: the run folder.
        log: told why the index could not be told.
    """
    try:
        yield
    except GateError:
        _told(run, log)
        raise
    _told(run, log)


def _told(run: Path, log: Callable[[str], None]) -> None:
    fault = register_run(run)
    if fault is not None:
        log(fault)


def found_runs(folder: Path) -> Iterator[Path]:
    """Find the run folders at or below a folder; links are not followed, nor runs looked into."""
    if (folder / RUN_FILE).is_file():
        yield folder
        return
    try:
        below = sorted(path for path in folder.iterdir() if path.is_dir())
    except OSError:
        return
    for path in below:
        if not path.is_symlink() and not path.name.startswith("."):
            yield from found_runs(path)


@contextmanager
def _reading(file: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        raise StorageError(
            f"{file}: damaged, or of another otsim; make it again with otsim runs rebuild FOLDER"
        ) from error


def _empty() -> sqlite3.Connection:
    database = sqlite3.connect(":memory:")
    database.executescript(f"{_TABLES}PRAGMA user_version = {_VERSION};")
    return database


def _sealed(data: bytes) -> bytes:
    """Put a checksum of the file where SQLite keeps a number for its user, and no other meaning."""
    start, end = _SEAL
    check = zlib.crc32(data[end:], zlib.crc32(data[:start]))
    return data[:start] + check.to_bytes(end - start, "big") + data[end:]


def _put(database: sqlite3.Connection, summaries: Sequence[RunSummary]) -> None:
    for summary in summaries:
        path, row = str(summary.path), _row(summary)
        database.execute("DELETE FROM figures WHERE path = ?", (path,))
        marks = ", ".join("?" * len(row))
        names = ", ".join(row)
        # names are the columns above, values are bound
        database.execute(
            f"INSERT OR REPLACE INTO runs ({names}) VALUES ({marks})",  # noqa: S608
            tuple(row.values()),
        )
        database.executemany(
            "INSERT INTO figures VALUES (?, ?, ?, ?, ?, ?)",
            [(path, *astuple(figure)) for figure in summary.figures],
        )


def _row(summary: RunSummary) -> dict[str, Any]:
    status, known = summary.status, summary.versions
    return {
        "path": str(summary.path), "run_id": status.run_id, "state": status.state,
        "title": summary.title, "plant": summary.plant, "currency": summary.currency,
        "seed": summary.seed, "precision": summary.precision, "device": summary.device,
        "otsim": known.get("otsim", ""), "jax": known.get("jax", ""),
        "results": known.get("results", ""), "config_sha256": summary.config_sha256,
        "shards_done": status.shards_done, "shards": status.shards,
        "twins_done": status.twins_done, "twins": status.twins, "diverged": status.diverged,
        "started_utc": status.started_utc, "last_commit_utc": status.last_commit_utc,
        "study": json.dumps(summary.study, ensure_ascii=False, separators=(",", ":")),
    }  # fmt: skip


def _summaries(database: sqlite3.Connection) -> list[RunSummary]:
    figures: dict[str, list[Figure]] = {}
    for path, name, *numbers in database.execute("SELECT * FROM figures ORDER BY rowid"):
        value, error, low, high = (None if n is None else float(n) for n in numbers)
        figure = Figure(name=name, value=value or 0.0, standard_error=error, low=low, high=high)
        figures.setdefault(path, []).append(figure)
    rows = database.execute("SELECT * FROM runs ORDER BY started_utc DESC, path")
    names = [column[0] for column in rows.description]
    return [_summary(dict(zip(names, row, strict=True)), figures) for row in rows]


def _summary(row: dict[str, Any], figures: dict[str, list[Figure]]) -> RunSummary:
    path = place_of(row["path"])
    status = RunStatus(
        run=path, pid=None,
        **{name: row[name] for name in RunStatus.__annotations__ if name not in ("run", "pid")},
    )  # fmt: skip
    same = ("title", "plant", "currency", "seed", "precision", "device", "config_sha256")
    return RunSummary(
        path=path, status=status, study=json.loads(row["study"]),
        versions={name: row[name] for name in ("otsim", "jax", "results")},
        figures=tuple(figures.get(row["path"], [])), **{name: row[name] for name in same},
    )  # fmt: skip
