"""Shards whose rows are made up, and workers that die of some: no plant is compiled for them."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

from otsim.config import Study
from otsim.errors import GateError
from otsim.executors import ExecutorChoice
from otsim.store import RunReader
from otsim.store.folder_lock import is_lock_file
from otsim.study import OneOfMany, run_study
from otsim.work import ComputedShard
from store.synthetic_run import events_of, study_of

MARK = "OTSIM_TEST_MARK"  # a file in which dying workers leave a line each
WITHOUT_PAGE = OneOfMany(page=False)
POISON = 32  # the first twin of the shard that kills
SHARDS = 12


def small_study() -> Study:
    """A study of so many shards of 16 twins."""
    return study_of(16 * SHARDS, shard_size=16)


def made_up(
    study_json: str, first: int, count: int, *, donors: Any = (), halvings: int = 0
) -> ComputedShard:
    """Stand in for `otsim.work.computed_shard`; twin i is a function of i alone here too."""
    time.sleep(0.003 * (first // count % 3))  # so that workers end in another order
    rows = events_of(Study.model_validate_json(study_json), range(first, first + count))
    return ComputedShard(events=rows, halvings=halvings)


def dies_once(*task: Any, **how: Any) -> ComputedShard:
    """Kill the worker of one shard, the first time."""
    if task[1] == POISON and not _deaths():
        _die()
    return made_up(*task, **how)


def dies_unless_halved(*task: Any, **how: Any) -> ComputedShard:
    """Kill the worker of one shard, as the system does, unless half as many twins are abreast."""
    if task[1] == POISON and how["halvings"] == 0:
        _die()
    return made_up(*task, **how)


def always_dies(*task: Any, **how: Any) -> ComputedShard:
    """Kill every worker of one shard."""
    if task[1] == POISON:
        _die()
    return made_up(*task, **how)


def _deaths() -> list[str]:
    mark = Path(os.environ[MARK])
    return mark.read_text().splitlines() if mark.exists() else []


def _die() -> None:
    with Path(os.environ[MARK]).open("a") as file:
        file.write(f"{os.getpid()}\n")
    os.kill(os.getpid(), signal.SIGKILL)


def run_made_up(
    out: Path, executor: str = "local", workers: int = 2, log: Any = lambda line: None
) -> GateError | None:
    """Run the small study; return the gate's refusal, if there is one."""
    try:
        run_study(
            small_study(), out, workers=workers, among=WITHOUT_PAGE, log=log,
            executor=ExecutorChoice(kind=executor),
        )  # fmt: skip
    except GateError as error:
        return error
    return None


def files(run: Path) -> dict[str, bytes]:
    """Every file of a run but `run.json` and locks, wherever the run is."""
    found = {
        path.relative_to(run).as_posix(): path
        for path in (*run.glob("*"), *run.glob("*/*"))
        if path.is_file()
    }
    return {
        name: path.read_bytes()
        for name, path in sorted(found.items())
        if name != "run.json" and not is_lock_file(name)
    }


def quarantined(run: Path) -> list[dict[str, Any]]:
    """The event rows of diverged twins."""
    return [r for r in RunReader.at(run).read_events().to_pylist() if r["status"] == "diverged"]
