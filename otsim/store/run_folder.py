"""Writing a run folder: created or verified, locked, committed file by file, manifest last."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from otsim.config import dump_study
from otsim.errors import StorageError
from otsim.store.columns import stamped
from otsim.store.commit import commit_bytes, read_bytes, remove_temporary_files, storing
from otsim.store.disk_space import refuse_more_than_disk
from otsim.store.events import event_columns
from otsim.store.folder_identity import facts_of, refuse_foreign, refuse_other_study
from otsim.store.folder_lock import FolderLock, NoLock, PartLock
from otsim.store.manifests import FOLDER as MANIFEST_FOLDER
from otsim.store.manifests import Manifest, commit_with_manifest, manifest_path
from otsim.store.parquet_files import parquet_bytes
from otsim.store.parts import Part
from otsim.store.places import is_local
from otsim.store.run_reader import (
    RUN_FILE,
    RUN_SCHEMA,
    STUDY_FILE,
    SUCCESS_FILE,
    RunFacts,
    RunReader,
    json_line,
    read_facts,
    shard_file,
    table_file,
)

if TYPE_CHECKING:
    import pyarrow as pa

    from otsim.config.study import Study

__all__ = ["RunFolder"]

Log = Callable[[str], None]
AnyLock = FolderLock | PartLock | NoLock
_TABLE_NAME = re.compile(r"(?!shard-)[A-Za-z0-9_-]{1,64}")
_TAKEN = frozenset({"study", "report"})
_PERIOD_YEARS = "1"


class RunFolder:
    """A run folder that this process, and no other, writes; or a part of one."""

    def __init__(
        self, reader: RunReader, lock: AnyLock, study: Study, *, part: Part | None, log: Log
    ) -> None:
        """Use `RunFolder.open`."""
        self.reader = reader
        self._lock = lock
        self._study = study
        self._part = part
        self._log = log

    @staticmethod
    def open(
        path: Path,
        study: Study,
        *,
        resume: bool = True,
        device: str = "cpu",
        part: Part | None = None,
        log: Log | None = None,
    ) -> RunFolder:
        """Create the folder of a study, or verify that it is and go on.

        Args:
            path: the folder; it may be absent, empty, or hold a run of the same study.
            study: as resolved; its number of twins may have grown since.
            resume: False recomputes what is there.
            device: kind of device that will compute.
            part: write these shards alone; other processes may write other parts meanwhile.
            log: told of what is damaged and will be recomputed, a line each.

        Raises:
            SimulationError: the folder is no run, or of another study, or in use.
            StorageError: it cannot be written, or the shards will not fit on the disk.
        """
        refuse_foreign(path)
        lock = _locked(path, part)
        try:
            reader = RunReader(path=path, facts=facts_of(study, device=device))
            folder = RunFolder(reader, lock, study, part=part, log=log or _ignore)
            folder._begin(resume=resume)
        except BaseException:
            lock.release()
            raise
        return folder

    def __enter__(self) -> RunFolder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let other processes in."""
        self._lock.release()

    @property
    def path(self) -> Path:
        """The folder."""
        return self.reader.path

    @property
    def facts(self) -> RunFacts:
        """Identity and plan of the run."""
        return self.reader.facts

    def planned_shards(self) -> range:
        """The shards that this process is to compute."""
        n_shards = self.facts.n_shards
        return range(n_shards) if self._part is None else self._part.shards(n_shards)

    def missing_shards(self) -> list[int]:
        """Shards still to compute; those damaged or given up before are named on the log."""
        planned = self.planned_shards()
        missing = self.reader.given_up_shards(planned) | self.reader.missing_shards(planned)
        for shard, fault in missing.items():
            if manifest_path(self.path, shard_file(shard)).exists():
                self._log(f"recomputing shard {shard}: {fault}")
        return sorted(missing)

    def commit_shard(self, shard: int, table: pa.Table, *, given_up: str = "") -> None:
        """Commit the event rows of one shard, then its manifest.

        Args:
            shard: its number.
            table: the rows.
            given_up: why these twins could not be computed; the next run will try again.

        Raises:
            ValueError: the rows are not the twins of this shard, in order.
            StorageError: it cannot be written; committed shards stay.
        """
        twins = self.facts.twins_of(shard)
        if table.column("twin_id").to_pylist() != list(twins):
            raise ValueError(f"shard {shard} is twins {twins.start} to {twins.stop - 1}, in order")
        self._no_success()
        quarantined = table.column("status").to_pylist().count("diverged")
        claim = self._claim(shard_file(shard), twins)
        self._commit(replace(claim, quarantined=quarantined, given_up=given_up), table)

    def adopt_shard(self, manifest: Manifest, data: bytes) -> None:
        """Commit a shard that another folder of the same run holds, byte for byte.

        Args:
            manifest, data: as `RunReader.committed` of that folder returns them.

        Raises:
            StorageError: it cannot be written.
        """
        self._no_success()
        commit_with_manifest(self.path, manifest, data)

    def read_events(self) -> pa.Table:
        """Read the whole event table, in twin order.

        Raises:
            StorageError: a shard is missing or damaged.
        """
        return self.reader.read_events()

    def commit_table(self, name: str, table: pa.Table, *, quarantined: int = 0) -> None:
        """Commit a result table as `tables/NAME.parquet`, then its manifest.

        Args:
            name: letters, digits, - and _.
            table: its schema tells unit and meaning of each column.
            quarantined: how many twins of the run diverged.

        Raises:
            ValueError: a name that is no file name of a table.
            StorageError: it cannot be written.
        """
        if not _TABLE_NAME.fullmatch(name) or name in _TAKEN:
            raise ValueError(f"{name!r} is no name of a table")
        claim = self._claim(table_file(name), range(self.facts.twins))
        self._commit(replace(claim, quarantined=quarantined), table)

    def note(self, **facts: Any) -> None:
        """Add facts to `run.json`, the one file that may hold the clock.

        On an object store, where parts have no lock, it is left alone where it is right already.

        Raises:
            StorageError: it cannot be written.
        """
        path = self.path / RUN_FILE
        given: dict[str, Any] = json.loads(read_bytes(path)) if path.exists() else {}
        wanted = {"notes": {}, "created_utc": _now(), **given}
        wanted["notes"] = wanted["notes"] | facts
        wanted |= {"schema": RUN_SCHEMA, **asdict(self.facts)}
        if given == wanted and not is_local(path):
            return
        commit_bytes(path, json_line({**wanted, "updated_utc": _now()}), rivals=True)

    def finish(self) -> str:
        """Mark the run as complete.

        Returns:
            The hash over the manifests of all shards and tables, as `_SUCCESS` holds it.

        Raises:
            StorageError: a shard is missing or damaged, or the disk refuses.
        """
        missing = self.reader.missing_shards()
        if missing:
            shard, fault = next(iter(missing.items()))
            raise StorageError(f"{self.path}: {len(missing)} shards are missing, shard {shard}: "
                               f"{fault}; run the same command again")  # fmt: skip
        self._drop_unplanned()
        digest = self.reader.digest()
        commit_bytes(self.path / SUCCESS_FILE, f"{digest}\n".encode())
        return digest

    def _no_success(self) -> None:
        with storing(self.path / SUCCESS_FILE):
            (self.path / SUCCESS_FILE).unlink(missing_ok=True)

    def _commit(self, claim: Manifest, table: pa.Table) -> None:
        data = parquet_bytes(stamped(table, self._provenance(claim.quarantined)))
        commit_with_manifest(self.path, replace(claim, rows=table.num_rows), data)

    def _claim(self, file: str, twins: range) -> Manifest:
        run = self.facts.run_id
        return Manifest(file=file, run_id=run, first=twins.start, count=len(twins))

    def _provenance(self, quarantined: int) -> dict[str, str]:
        facts = self.facts
        return {
            "version": facts.versions["otsim"],
            "jax": facts.versions["jax"],
            "run_id": facts.run_id,
            "config_sha256": facts.config_sha256,
            "seed": str(facts.seed),
            "precision": facts.precision,
            "device": facts.device,
            "currency": self._study.loss.currency,
            "price_year": str(self._study.loss.price_year),
            "period_years": _PERIOD_YEARS,
            "n_quarantined": str(quarantined),
        }

    def _begin(self, *, resume: bool) -> None:
        """Take over the folder; a part lets others begin before it reads its shards."""
        self._tidy(resume=resume)
        if self._part is None:
            self._make_room()  # first, so that a run that does not fit leaves nothing behind
        elif not self._is_known():
            self._no_success()
        self._write_identity()
        self._lock.begun()
        if self._part is not None:
            self._make_room()

    def _tidy(self, *, resume: bool) -> None:
        if (self.path / RUN_FILE).exists():
            refuse_other_study(self.path, read_facts(self.path), self.facts)
        planned = [Path(shard_file(shard)).stem for shard in self.planned_shards()]
        remove_temporary_files(self.path, [""] if self._part is None else planned)
        if not resume:
            self._forget()

    def _is_known(self) -> bool:
        return (self.path / RUN_FILE).exists() and read_facts(self.path) == self.facts

    def _make_room(self) -> None:
        missing = self.reader.missing_shards(self.planned_shards())
        n_twins = sum(len(self.facts.twins_of(shard)) for shard in missing)
        n_columns = len(event_columns(self._study))
        refuse_more_than_disk(
            self.path, n_shards=len(missing), n_twins=n_twins, n_columns=n_columns
        )
        if missing:
            self._no_success()

    def _write_identity(self) -> None:
        self.note()
        claim = self._claim(STUDY_FILE, range(self.facts.twins))
        commit_with_manifest(self.path, claim, dump_study(self._study).encode())

    def _forget(self) -> None:
        """Drop the manifests: what they vouched for is recomputed and overwritten."""
        with storing(self.path / MANIFEST_FOLDER):
            (self.path / SUCCESS_FILE).unlink(missing_ok=True)
            if self._part is None:
                found = sorted((self.path / MANIFEST_FOLDER).glob("*.json"))
            else:
                shards = self.planned_shards()
                found = [manifest_path(self.path, shard_file(shard)) for shard in shards]
            for manifest in found:
                manifest.unlink(missing_ok=True)

    def _drop_unplanned(self) -> None:
        """Remove shards and tables that no manifest of this plan vouches for."""
        planned = {shard_file(shard) for shard in range(self.facts.n_shards)}
        planned |= {table_file(name) for name in self.reader.table_names()}
        with storing(self.path):
            for path in sorted([*self.path.glob("events/*"), *self.path.glob("tables/*")]):
                file = path.relative_to(self.path).as_posix()
                if file not in planned and path.is_file():
                    self._log(f"removing {file}: not of this run's plan")
                    manifest_path(self.path, file).unlink(missing_ok=True)
                    path.unlink()


def _locked(path: Path, part: Part | None) -> AnyLock:
    """Make the folder and take its lock, or that of a part; an object store has neither."""
    if not is_local(path):
        return NoLock()
    with storing(path):
        path.mkdir(parents=True, exist_ok=True)
    return FolderLock(path) if part is None else PartLock(path, part)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _ignore(_line: str) -> None:
    """Log of a caller that does not listen."""
