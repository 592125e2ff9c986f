"""The whole pipeline: from a study to a run folder with its tables and report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from otsim.config import Study
from otsim.errors import GateError
from otsim.executors import ExecutorChoice, Workplace, open_workplace
from otsim.tilted_study import tilted

if TYPE_CHECKING:
    from otsim.store import RunFolder, RunReader

__all__ = [
    "ALONE",
    "LOCAL",
    "OneOfMany",
    "Progress",
    "RunResult",
    "complete_run",
    "compute_shards",
    "gate_fault",
    "run_study",
]

MAX_DIVERGED_SHARE = 1e-3
_AGAIN = "free some memory or use fewer --workers, and run the same command again"

Log = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a run is.

    Attributes:
        stage: what is being done, in words.
        done, total: twins.
    """

    stage: str
    done: int
    total: int


Told = Callable[[Progress], None]


@dataclass(frozen=True, kw_only=True)
class OneOfMany:
    """What a run leaves to the others of a sweep.

    Attributes:
        donors: folders of runs whose twins it takes over where they live the same life.
        page: make the recordings and the page too, a large part of a short run's time.
    """

    donors: tuple[Path, ...] = ()
    page: bool = True


ALONE = OneOfMany()
LOCAL = ExecutorChoice()


@dataclass(frozen=True, kw_only=True)
class RunResult:
    """A finished run: its folder, its page, the answer in one sentence."""

    run: Path
    report: Path
    run_id: str
    answer: str
    n_twins: int
    n_diverged: int


def run_study(  # noqa: PLR0913 - what a run may be told
    study: Study,
    out: Path,
    *,
    resume: bool = True,
    workers: int | None = None,
    executor: ExecutorChoice = LOCAL,
    among: OneOfMany = ALONE,
    log: Log = lambda line: None,
    progress: Told = lambda state: None,
) -> RunResult:
    """Run a study, or go on with a run of it, and write its report.

    Args:
        study: as read.
        out: the run folder; `otsim.store.place_of` makes one of a URL.
        resume: False computes again what is there.
        workers: processes; None: one for each GPU, or else core, as far as there are shards.
        executor: where they are.
        among: what it leaves to other runs.
        log: told what is worth a line.
        progress: told how far the run is.

    Raises:
        SimulationError: the folder belongs to something else.
        StorageError: it cannot be written.
        DeviceMemoryError: not even a tile of twins fits into memory.
        GateError: more than a thousandth of the twins diverged, or some could not be computed;
            the report is written.
    """
    from otsim.simulate.devices import device_kind
    from otsim.store import RunFolder

    study = tilted(study, out, log=log)
    device = device_kind()
    with RunFolder.open(out, study, resume=resume, device=device, log=log) as folder:
        todo = folder.missing_shards()
        with open_workplace(executor, workers, tasks=len(todo)) as place:
            compute_shards(
                study, folder, todo, place, donors=among.donors, log=log, progress=progress
            )
            return complete_run(study, folder, place, page=among.page, progress=progress)


def compute_shards(  # noqa: PLR0913 - what a run may be told
    study: Study,
    folder: RunFolder,
    todo: list[int],
    place: Workplace,
    *,
    donors: tuple[Path, ...] = (),
    log: Log,
    progress: Told,
) -> None:
    """Compute shards and commit each as it comes.

    Args:
        study: as resolved.
        folder: where they are committed.
        todo: numbers of the shards.
        place: where they are computed.
        donors: folders of runs that may lend twins.
        log, progress: told what happens.
    """
    from otsim.shard_loop import ShardTask, done_shards

    text, lent = study.model_dump_json(), tuple(map(str, donors))
    ranges = {shard: folder.facts.twins_of(shard) for shard in todo}
    total = sum(len(folder.facts.twins_of(shard)) for shard in folder.planned_shards())
    done = total - sum(map(len, ranges.values()))
    progress(Progress(stage="twins", done=done, total=total))
    tasks = (
        ShardTask(shard=shard, study_json=text, twins=twins, donors=lent)
        for shard, twins in ranges.items()
    )
    for found in done_shards(tasks, place, log=log):
        folder.commit_shard(found.shard, found.events, given_up=found.given_up)
        done += len(ranges[found.shard])
        progress(Progress(stage="twins", done=done, total=total))


def complete_run(
    study: Study,
    folder: RunFolder,
    place: Workplace,
    *,
    page: bool = True,
    again: str = _AGAIN,
    progress: Told,
) -> RunResult:
    """Write tables and report of a run whose shards are all there.

    Args:
        study: as resolved.
        folder: with its shards.
        place: where a few twins are lived again.
        page: make the recordings and the page.
        again: how shards that were given up are tried again, for the gate's message.
        progress: told how far the run is.

    Raises:
        StorageError: a shard is missing or damaged, or the folder cannot be written.
        GateError: more than a thousandth of the twins diverged, or some could not be computed;
            the report is written.
    """
    from otsim.report import REPORT_FILE, answer_sentence, read_findings, write_report
    from otsim.run_tables import write_tables

    n_twins = study.simulation.twins
    progress(Progress(stage="report", done=n_twins, total=n_twins))
    n_diverged = write_tables(study, folder, place, recorded=page)
    folder.finish()
    result = RunResult(
        run=folder.path,
        report=write_report(folder.path) if page else folder.path / REPORT_FILE,
        run_id=folder.facts.run_id,
        answer=answer_sentence(read_findings(folder.path)),
        n_twins=n_twins,
        n_diverged=n_diverged,
    )
    fault = gate_fault(folder.reader, n_diverged, again=again)
    if fault is not None:
        raise GateError(fault)
    return result


def gate_fault(reader: RunReader, n_diverged: int, *, again: str = _AGAIN) -> str | None:
    """Say why the results of a run are flagged; None where they are not.

    Args:
        reader: of a run whose tables are there.
        n_diverged: how many of its twins diverged.
        again: how shards that were given up are tried again.
    """
    n_twins, given_up = reader.facts.twins, reader.given_up_shards()
    if given_up:
        shard, reason = next(iter(given_up.items()))
        return (
            f"{reader.path}: {len(given_up)} of {reader.facts.n_shards} shards are quarantined, "
            f"shard {shard}: {reason}; the report gives the bounds; {again}"
        )
    if n_diverged > MAX_DIVERGED_SHARE * n_twins:
        return (
            f"{reader.path}: {n_diverged} of {n_twins} twins diverged, more than "
            "0.1 %; the report gives the bounds; run with precision float64, or mend the plant "
            "actions"
        )
    return None
