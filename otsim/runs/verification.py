"""Every byte of a run folder held against what vouches for it; what does not match is named."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from otsim.errors import OtsimError, StorageError
from otsim.runs.identity_checks import facts_fault, provenance_fault
from otsim.store.commit import storing
from otsim.store.manifests import (
    FOLDER,
    Manifest,
    manifest_path,
    read_manifest,
    trusted_bytes,
)
from otsim.store.parquet_files import table_from
from otsim.store.places import is_local
from otsim.store.run_reader import (
    RUN_FILE,
    STUDY_FILE,
    SUCCESS_FILE,
    RunFacts,
    RunReader,
    json_line,
    read_facts,
    shard_file,
)

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Damage", "Verification", "verify_run"]

_LISTED = ("events", "tables")


@dataclass(frozen=True, kw_only=True)
class Damage:
    """One file that is not what was committed.

    Attributes:
        file: its path inside the run folder.
        what: what is wrong with it.
    """

    file: str
    what: str


@dataclass(frozen=True, kw_only=True)
class Verification:
    """What a look at every committed byte found.

    Attributes:
        run: the folder.
        finished: `_SUCCESS` is there, so that every shard and table must be.
        shards: shards that are whole.
        planned: shards of the study; None where `run.json` cannot tell.
        n_files, n_bytes: what was read.
        damaged: by file name; empty for a sound run.
    """

    run: Path
    finished: bool
    shards: int
    planned: int | None
    n_files: int
    n_bytes: int
    damaged: tuple[Damage, ...]


@dataclass
class _Findings:
    """What is gathered on the way."""

    n_files: int = 0
    n_bytes: int = 0
    damaged: dict[str, str] = field(default_factory=dict)
    whole: set[str] = field(default_factory=set)

    def told(self, file: str, what: str | None) -> None:
        """Keep the first fault of a file."""
        if what is not None:
            self.damaged.setdefault(file, what)


def verify_run(run: Path) -> Verification:
    """Check every committed byte of a run: manifests, hashes, page checksums, `_SUCCESS`.

    Nothing is written, and no lock is taken. A run that still grows is judged by what it has
    committed so far. The clock times and notes in `run.json`, and what `otsim replay` left, have
    nothing that vouches for them.

    Args:
        run: a run folder.

    Raises:
        StorageError: it is no run folder, or cannot be read.
    """
    seen = _Findings()
    with storing(run):
        manifests = sorted((run / FOLDER).glob("*.json"))
        finished = (run / SUCCESS_FILE).exists()
    if not manifests and not (run / RUN_FILE).exists():
        raise StorageError(f"{run}: no run folder (it holds no run.json); give one of otsim run")
    facts = _facts(run, seen)
    for path in manifests:
        _check_manifest(run, path, facts, seen)
    whole = len(seen.whole)
    if facts is not None:
        planned = {shard_file(shard) for shard in range(facts.n_shards)}
        whole = len(planned & seen.whole)
        if finished:
            _check_finished(run, facts, planned, seen)
    return Verification(
        run=run, finished=finished, shards=whole, planned=facts.n_shards if facts else None,
        n_files=seen.n_files, n_bytes=seen.n_bytes,
        damaged=tuple(Damage(file=name, what=seen.damaged[name]) for name in sorted(seen.damaged)),
    )  # fmt: skip


def _facts(run: Path, seen: _Findings) -> RunFacts | None:
    """Read `run.json`, and hold it against itself."""
    try:
        facts = read_facts(run)
    except StorageError as error:
        seen.told(RUN_FILE, _without_path(error, run / RUN_FILE))
        return None
    with storing(run / RUN_FILE):
        data = (run / RUN_FILE).read_bytes()
    seen.n_files += 1
    seen.n_bytes += len(data)
    seen.told(RUN_FILE, facts_fault(facts, data))
    return facts


def _check_manifest(run: Path, path: Path, facts: RunFacts | None, seen: _Findings) -> None:
    """Check a manifest and the file that it vouches for."""
    name = path.relative_to(run).as_posix()
    with storing(path):
        data = path.read_bytes()
    seen.n_files += 1
    seen.n_bytes += len(data)
    manifest = _manifest(run, path, data)
    if manifest is None:
        seen.told(name, "damaged: it vouches for no file")
        return
    if facts is not None and manifest.run_id != facts.run_id:
        seen.told(name, f"of run {manifest.run_id}, not of this one")
        return
    try:
        found = trusted_bytes(run, manifest)
        seen.n_files += 1
        seen.n_bytes += len(found)
        fault = _file_fault(run, manifest, found, facts)
    except OtsimError as error:
        fault = _without_path(error, run / manifest.file)
    seen.told(manifest.file, fault)
    if fault is None and manifest.file.startswith("events/") and _planned(manifest, facts):
        seen.whole.add(manifest.file)


def _manifest(run: Path, path: Path, data: bytes) -> Manifest | None:
    """Return a manifest whose every byte is as otsim writes it."""
    try:
        file = json.loads(data)["file"]
        if manifest_path(run, file) != path:
            return None
        manifest = read_manifest(run, file)
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    if manifest is None or not _is_inside(run, manifest.file):
        return None
    return manifest if json_line(json.loads(data)) == data else None


def _is_inside(run: Path, file: str) -> bool:
    if not is_local(run):
        return ".." not in file.split("/")
    return (run / file).resolve().is_relative_to(run.resolve())


def _file_fault(run: Path, manifest: Manifest, data: bytes, facts: RunFacts | None) -> str | None:
    """Say what a file with the right hash still does wrong."""
    if not manifest.file.endswith(".parquet"):
        return "its manifest counts rows" if manifest.rows or manifest.quarantined else None
    with storing(run / manifest.file):
        table = table_from(data)
    if table.num_rows != manifest.rows:
        return f"{table.num_rows} rows, not {manifest.rows}"
    return _rows_fault(manifest, table) or provenance_fault(table.schema.metadata or {}, facts)


def _rows_fault(manifest: Manifest, table: pa.Table) -> str | None:
    """Say how the rows of a shard are not the twins that its manifest names."""
    if not manifest.file.startswith("events/"):
        return None
    twins = range(manifest.first, manifest.first + manifest.count)
    if table.column("twin_id").to_pylist() != list(twins):
        return f"its rows are not twins {twins.start} to {twins.stop - 1}"
    diverged = table.column("status").to_pylist().count("diverged")
    if diverged != manifest.quarantined:
        return f"{diverged} twins diverged, not {manifest.quarantined}"
    return None


def _planned(manifest: Manifest, facts: RunFacts | None) -> bool:
    if facts is None:
        return True
    number = Path(manifest.file).stem.removeprefix("shard-")
    if not number.isdigit() or manifest.file != shard_file(int(number)):
        return False
    twins = facts.twins_of(int(number))
    return (manifest.first, manifest.count) == (twins.start, len(twins))


def _check_finished(run: Path, facts: RunFacts, planned: set[str], seen: _Findings) -> None:
    """Check what only a finished run promises: all shards, all tables, the hash over both."""
    for file in sorted(planned - seen.whole):
        seen.told(file, "missing: the run is finished and no manifest vouches for this shard")
    for file in _unvouched(run, facts):
        seen.told(file, "no manifest of this run vouches for it")
    seen.told(STUDY_FILE, _study_fault(run, facts))
    try:
        digest = RunReader(path=run, facts=facts).digest()
    except StorageError as error:
        seen.told(SUCCESS_FILE, _without_path(error, run / SUCCESS_FILE))
        return
    with storing(run / SUCCESS_FILE):
        data = (run / SUCCESS_FILE).read_bytes()
    seen.n_files += 1
    seen.n_bytes += len(data)
    if data != f"{digest}\n".encode():
        seen.told(SUCCESS_FILE, "not the hash over the manifests: one is damaged, or was replaced")


def _unvouched(run: Path, facts: RunFacts) -> Iterator[str]:
    """Find files among shards and tables that no manifest of this run names."""
    for folder in _LISTED:
        with storing(run / folder):
            paths = sorted((run / folder).glob("*"))
        for path in paths:
            file = path.relative_to(run).as_posix()
            if not path.name.startswith(".tmp-"):
                manifest = read_manifest(run, file)
                if manifest is None or manifest.run_id != facts.run_id:
                    yield file


def _study_fault(run: Path, facts: RunFacts) -> str | None:
    manifest = read_manifest(run, STUDY_FILE)
    if manifest is None:
        return "no manifest of this run vouches for it"
    return None if manifest.count == facts.twins else f"of {manifest.count} twins"


def _without_path(error: OtsimError, path: Path) -> str:
    """Return what an error says of a file, without its path and without what to do."""
    return str(error).removeprefix(f"{path}: ").partition("; ")[0]
