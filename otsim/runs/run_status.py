"""How far a run is, told from its manifests alone, also while it runs."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from otsim.store.commit import storing
from otsim.store.folder_lock import lock_holder
from otsim.store.manifests import FOLDER, Manifest, read_manifest
from otsim.store.places import is_local
from otsim.store.run_reader import RUN_FILE, SUCCESS_FILE, RunFacts, read_facts, shard_file

__all__ = ["RunStatus", "run_status"]

State = Literal["running", "finished", "stopped"]


@dataclass(frozen=True, kw_only=True)
class RunStatus:
    """How far a run is.

    Attributes:
        run: the folder.
        run_id: its name.
        state: running: a process holds the folder. finished: `_SUCCESS` is there. stopped: neither.
        pid: the process that holds the folder; None for none, or one that cannot be known.
        shards_done, shards: committed and planned.
        twins_done, twins: the same in twins.
        diverged: of the committed twins.
        started_utc: when the folder was made, ISO 8601; "" where `run.json` does not tell.
        last_commit_utc: when the last manifest was written, by the file system's clock; None
            before the first, and in an object store.
    """

    run: Path
    run_id: str
    state: State
    pid: int | None
    shards_done: int
    shards: int
    twins_done: int
    twins: int
    diverged: int
    started_utc: str
    last_commit_utc: str | None


def run_status(run: Path) -> RunStatus:
    """Say how far a run is; nothing is written, no file but manifests is read.

    Args:
        run: a run folder, at work or not.

    Raises:
        StorageError: it is no run folder, or its `run.json` is damaged.
    """
    facts = read_facts(run)
    held, pid = lock_holder(run)
    done = [
        manifest
        for shard in range(facts.n_shards)
        if (manifest := _committed(run, facts, shard)) is not None
    ]
    finished = (run / SUCCESS_FILE).exists()
    return RunStatus(
        run=run,
        run_id=facts.run_id,
        state="running" if held else "finished" if finished else "stopped",
        pid=pid,
        shards_done=len(done),
        shards=facts.n_shards,
        twins_done=sum(manifest.count for manifest in done),
        twins=facts.twins,
        diverged=sum(manifest.quarantined for manifest in done),
        started_utc=_started(run),
        last_commit_utc=_last_commit(run),
    )


def _committed(run: Path, facts: RunFacts, shard: int) -> Manifest | None:
    found = read_manifest(run, shard_file(shard))
    twins = facts.twins_of(shard)
    if found is None or found.run_id != facts.run_id:
        return None
    return found if (found.first, found.count) == (twins.start, len(twins)) else None


def _started(run: Path) -> str:
    with storing(run / RUN_FILE):
        given: dict[str, Any] = json.loads((run / RUN_FILE).read_bytes())
    return str(given.get("created_utc", ""))


def _last_commit(run: Path) -> str | None:
    """Return when the newest manifest was written; one may vanish while we look."""
    newest = 0.0
    if not is_local(run):
        return None
    with storing(run / FOLDER):
        names = os.scandir(run / FOLDER) if (run / FOLDER).is_dir() else ()
        for entry in names:
            with suppress(FileNotFoundError):
                newest = max(newest, entry.stat().st_mtime)
    return datetime.fromtimestamp(newest, UTC).isoformat(timespec="seconds") if newest else None
