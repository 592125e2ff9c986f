"""A run whose numbers are there already, so that nearly all of its time goes into commits."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from otsim.store import RunFolder, RunReader
from store.synthetic_run import events_of, study_of

STUDY = study_of(96, shard_size=16)


def ready_tables(run: Path) -> dict[str, object]:
    """Return what a finished run of `STUDY` holds."""
    reader = RunReader.at(run)
    tables: dict[str, object] = {name: reader.read_table(name) for name in reader.table_names()}
    tables |= {f"shard {shard}": events_of(STUDY, reader.facts.twins_of(shard))
               for shard in range(reader.facts.n_shards)}  # fmt: skip
    return tables


def commit_ready(path: Path, ready: dict[str, object]) -> None:
    """Run `STUDY` into a folder, or go on with it, as `run_study` does."""
    with RunFolder.open(path, STUDY) as folder:
        for shard in folder.missing_shards():
            folder.commit_shard(shard, ready[f"shard {shard}"])
        for name, table in ready.items():
            if not name.startswith("shard "):
                folder.commit_table(name, table)
        folder.finish()


def serve(model: Path) -> None:
    """For each `seconds folder` on standard input, run into it in a child, killed after so long.

    Prints how long each took, s.
    """
    ready = ready_tables(model)
    for line in sys.stdin:
        kill_after, path = line.rstrip("\n").split(" ", 1)
        began = time.monotonic()
        child = os.fork()
        if child == 0:
            commit_ready(Path(path), ready)
            os._exit(0)
        if kill_after != "inf":
            time.sleep(float(kill_after))
            os.kill(child, signal.SIGKILL)  # even one that has ended is there until waited for
        os.waitpid(child, 0)
        sys.stdout.write(f"{time.monotonic() - began}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
