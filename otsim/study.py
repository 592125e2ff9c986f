"""The whole pipeline: from a study to a run folder with its tables and report."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from otsim.config import Study
from otsim.errors import GateError
from otsim.simulate.executors import available_workers, worker_pool

if TYPE_CHECKING:
    import pyarrow as pa

    from otsim.store import RunFolder

__all__ = ["Progress", "RunResult", "run_study"]

MAX_DIVERGED_SHARE = 1e-3
TASKS_AHEAD = 64
MAPPED_TWINS = 512  # whose damage is counted by place and hour, for the map


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


@dataclass(frozen=True, kw_only=True)
class RunResult:
    """A finished run: its folder, its page, the answer in one sentence."""

    run: Path
    report: Path
    run_id: str
    answer: str
    n_twins: int
    n_diverged: int


def run_study(
    study: Study,
    out: Path,
    *,
    resume: bool = True,
    workers: int | None = None,
    log: Callable[[str], None] = lambda line: None,
    progress: Callable[[Progress], None] = lambda state: None,
) -> RunResult:
    """Run a study, or go on with a run of it, and write its report.

    Args:
        study: as read.
        out: the run folder.
        resume: False computes again what is there.
        workers: processes; None: one for each GPU, or else core, as far as there are shards.
        log: told what is worth a line.
        progress: told how far the run is.

    Raises:
        SimulationError: the folder belongs to something else.
        StorageError: it cannot be written.
        GateError: more than a thousandth of the twins diverged; the report is written.
    """
    from otsim.report import answer_sentence, read_findings, write_report
    from otsim.store import RunFolder

    with RunFolder.open(out, study, resume=resume, log=log) as folder:
        todo = folder.missing_shards()
        n_workers = min(workers or available_workers(), max(len(todo), 1))
        with worker_pool(n_workers) as pool:
            # one worker works while it is asked: what it has done is committed before it goes on
            ahead = 1 if n_workers == 1 else TASKS_AHEAD
            _compute_shards(study, folder, todo, pool, ahead=ahead, progress=progress)
            progress(Progress(stage="report", done=study.simulation.twins,
                              total=study.simulation.twins))  # fmt: skip
            n_diverged = _write_tables(study, folder, pool)
        folder.finish()
        page = write_report(folder.path)
        answer = answer_sentence(read_findings(folder.path))
        result = RunResult(
            run=folder.path, report=page, run_id=folder.facts.run_id, answer=answer,
            n_twins=study.simulation.twins, n_diverged=n_diverged,
        )  # fmt: skip
    if n_diverged > MAX_DIVERGED_SHARE * study.simulation.twins:
        raise GateError(
            f"{out}: {n_diverged} of {study.simulation.twins} twins diverged, more than 0.1 %; "
            "the report gives the bounds; run with precision float64, or mend the plant actions"
        )
    return result


def _compute_shards(
    study: Study,
    folder: RunFolder,
    todo: list[int],
    pool: Executor,
    *,
    ahead: int,
    progress: Callable[[Progress], None],
) -> None:
    """Compute the missing shards and commit each as it comes."""
    from otsim.work import shard_events

    text, total = study.model_dump_json(), study.simulation.twins
    ranges = {shard: folder.facts.twins_of(shard) for shard in todo}
    done = total - sum(map(len, ranges.values()))
    progress(Progress(stage="twins", done=done, total=total))
    tasks = (
        (shard, shard_events, (text, twins.start, len(twins))) for shard, twins in ranges.items()
    )
    for shard, table in _as_they_come(pool, tasks, ahead=ahead):
        folder.commit_shard(shard, table)
        done += len(ranges[shard])
        progress(Progress(stage="twins", done=done, total=total))


def _as_they_come(pool: Executor, tasks: Iterator[Any], *, ahead: int) -> Iterator[Any]:
    """Submit at most `ahead` tasks at a time; yields (name, result) in order of completion."""
    waiting: dict[Future[Any], Any] = {}
    exhausted = False
    while waiting or not exhausted:
        while not exhausted and len(waiting) < ahead:
            task = next(tasks, None)
            if task is None:
                exhausted = True
            else:
                name, function, arguments = task
                waiting[pool.submit(function, *arguments)] = name
        finished, _ = wait(waiting, return_when=FIRST_COMPLETED)
        for future in finished:
            yield waiting.pop(future), future.result()


def _write_tables(study: Study, folder: RunFolder, pool: Executor) -> int:
    """Turn the committed events into risk tables; returns the number of diverged twins."""
    from otsim.attack import compile_attack, sample_campaigns
    from otsim.draws import study_draws
    from otsim.loss import assess
    from otsim.risk import annual_risk, event_losses, study_frequency, tornado
    from otsim.store import physical_table, risk_tables, tornado_table
    from otsim.store.stored_outcomes import stored_outcomes
    from otsim.work import baseline, recordings

    text = study.model_dump_json()
    rows = folder.read_events()
    untouched = pool.submit(baseline, text)
    chosen = _typical_twins(rows)
    recorded = pool.submit(recordings, text, list(chosen.values()))
    of_network = _of_network(study, rows, pool)
    outcomes = stored_outcomes(study, rows)
    campaigns = sample_campaigns(
        compile_attack(study), 0, study.simulation.twins, draws=study_draws(study)
    )
    events = event_losses(study, campaigns, outcomes, assess(study, campaigns, outcomes))
    tables = risk_tables(
        study, annual_risk(events, study_frequency(study), study.report.return_periods)
    )
    tables["tornado"] = tornado_table(study, tornado(study, campaigns, outcomes))
    tables["physical"] = physical_table(study, rows)
    tables["baseline"] = untouched.result()
    tables |= of_network.result() if of_network else {}
    for role, recording in zip(chosen, recorded.result(), strict=True):
        tables[f"twin-{role}"] = _story(study, rows, role, chosen[role], recording)
    for name, table in tables.items():
        folder.commit_table(name, table, quarantined=events.n_quarantined)
    return events.n_quarantined


def _of_network(study: Study, events: pa.Table, pool: Executor) -> Future[Any] | None:
    """Ask for what only a water network's report has."""
    from otsim.config.plant_points import WATER_NETWORK
    from otsim.work import network_tables

    if study.plant.model != WATER_NETWORK:
        return None
    status = np.asarray(events.column("status").to_pylist())
    lived = np.flatnonzero((status != "no_action") & (status != "diverged"))
    return pool.submit(network_tables, study.model_dump_json(), lived[:MAPPED_TWINS].tolist())


def _typical_twins(events: pa.Table) -> dict[str, int]:
    """Choose the median, a bad (95 %) and the worst of the simulated twins, by loss."""
    status = np.asarray(events.column("status").to_pylist())
    loss = events.column("loss").to_numpy(zero_copy_only=False).astype(np.float64)
    lived = np.flatnonzero((status != "no_action") & (status != "diverged"))
    if not len(lived):
        return {}
    ranked = lived[np.argsort(loss[lived], kind="stable")]
    places = {"median": len(ranked) // 2, "bad": int(0.95 * len(ranked)), "worst": len(ranked) - 1}
    return {role: int(ranked[place]) for role, place in places.items()}


def _story(study: Study, events: pa.Table, role: str, twin_id: int, recording: Any) -> pa.Table:
    from otsim.recorded import recorded_table

    row = events.slice(twin_id, 1).to_pylist()[0]
    return recorded_table(study, recording, role=role, row=row)
