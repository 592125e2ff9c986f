"""A run in parts, as a job array computes it; and the parts joined to one run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from otsim.config import Study
from otsim.errors import GateError, SimulationError, StorageError
from otsim.executors import ExecutorChoice, open_workplace
from otsim.store.parts import Part
from otsim.study import LOCAL, Log, RunResult, Told, complete_run, compute_shards
from otsim.tilted_study import tilted

if TYPE_CHECKING:
    from otsim.store import RunFolder, RunReader

__all__ = ["PartResult", "merge_runs", "run_part"]

_NAMED = 8  # missing shards that a message names
_LIVED_AGAIN = 3  # tasks of a merge: untouched twins, recorded twins, the map
_PART_AGAIN = "free some memory or use fewer --workers, and run this part again"


@dataclass(frozen=True, kw_only=True)
class PartResult:
    """A part that is done.

    Attributes:
        run: the folder that holds it.
        part: which.
        run_id: of the whole.
        n_shards, n_twins: of this part.
    """

    run: Path
    part: Part
    run_id: str
    n_shards: int
    n_twins: int


def run_part(  # noqa: PLR0913 - what a run may be told
    study: Study,
    out: Path,
    part: Part,
    *,
    resume: bool = True,
    workers: int | None = None,
    executor: ExecutorChoice = LOCAL,
    log: Log = lambda line: None,
    progress: Told = lambda state: None,
) -> PartResult:
    """Compute one part of a run's shards, or go on with it; tables and report are left to a merge.

    Parts may write one folder at the same time, from any machine that sees it, or one each.

    Args:
        study: as read.
        out: the run folder.
        part: which shards.
        resume, workers, executor, log, progress: as for `run_study`.

    Raises:
        SimulationError, StorageError, DeviceMemoryError: as for `run_study`.
        GateError: some twins could not be computed; a merge would quarantine them.
    """
    from otsim.simulate.devices import device_kind
    from otsim.store import RunFolder

    study = tilted(study, out, log=log)
    device = device_kind()
    with RunFolder.open(out, study, resume=resume, device=device, part=part, log=log) as folder:
        todo = folder.missing_shards()
        with open_workplace(executor, workers, tasks=len(todo)) as place:
            compute_shards(study, folder, todo, place, log=log, progress=progress)
        planned = folder.planned_shards()
        _refuse_given_up(folder, part)
        return PartResult(
            run=folder.path, part=part, run_id=folder.facts.run_id, n_shards=len(planned),
            n_twins=sum(len(folder.facts.twins_of(shard)) for shard in planned),
        )  # fmt: skip


def _refuse_given_up(folder: RunFolder, part: Part) -> None:
    given_up = folder.reader.given_up_shards(folder.planned_shards())
    if given_up:
        shard, reason = next(iter(given_up.items()))
        raise GateError(
            f"{folder.path}: part {part}: {len(given_up)} of its {len(folder.planned_shards())} "
            f"shards are quarantined, shard {shard}: {reason}; {_PART_AGAIN} (--shard {part})"
        )


def merge_runs(
    parts: Sequence[Path],
    out: Path,
    *,
    workers: int | None = None,
    page: bool = True,
    log: Log = lambda line: None,
    progress: Told = lambda state: None,
) -> RunResult:
    """Join folders that hold parts of one run, every byte checked, and write tables and report.

    Args:
        parts: the folders; `out` may be one of them, or the only one.
        out: the run folder of the whole.
        workers: processes for the twins of the report that are lived again.
        page: make the recordings and the page too.
        log, progress: told what happens.

    Raises:
        SimulationError: the folders are of different runs, or `out` belongs to something else.
        StorageError: shards are in none of the folders.
        GateError: as for `run_study`.
    """
    from otsim.store import RunFolder, RunReader

    readers = [RunReader.at(path) for path in parts]
    _refuse_different(readers)
    study = readers[0].study()
    _refuse_other_versions(study, readers[0])
    device = readers[0].facts.device
    with RunFolder.open(out, study, device=device, log=log) as folder:
        others = [reader for reader in readers if reader.path != out]
        _adopt(folder, others, log)
        with open_workplace(LOCAL, workers or 1, tasks=_LIVED_AGAIN) as place:
            return complete_run(
                study, folder, place, page=page, again=_parts_again(folder), progress=progress
            )


def _parts_again(folder: RunFolder) -> str:
    """Say which parts hold the shards that were given up; how many there are, only users know."""
    given_up = list(folder.reader.given_up_shards())
    return (
        f"run the parts of {_shards(given_up)} again (otsim run STUDY --shard k/N, where shard s "
        "is in part k = s mod N + 1), with more memory or fewer --workers, then merge again"
    )


def _shards(numbers: Sequence[int]) -> str:
    named = ", ".join(map(str, numbers[:_NAMED]))
    more = f" and {len(numbers) - _NAMED} more" if len(numbers) > _NAMED else ""
    return f"shards {named}{more}"


def _refuse_different(readers: Sequence[RunReader]) -> None:
    first = readers[0]
    for reader in readers[1:]:
        if reader.facts != first.facts:
            theirs, ours = reader.facts, first.facts
            what = _difference(
                {"run": theirs.run_id, "twins": theirs.twins, "shard size": theirs.shard_size},
                {"run": ours.run_id, "twins": ours.twins, "shard size": ours.shard_size},
            )
            raise SimulationError(
                f"{reader.path}: {what} in {first.path}; "
                "give parts of one run: the same study, seed, twins, versions and kind of device"
            )


def _difference(theirs: dict[str, object], ours: dict[str, object]) -> str:
    for name, value in theirs.items():
        if value != ours[name]:
            return f"{name} {value} here, {name} {ours[name]}"
    return "another device or version than"


def _refuse_other_versions(study: Study, reader: RunReader) -> None:
    from otsim.store.folder_identity import facts_of, refuse_other_study

    refuse_other_study(reader.path, reader.facts, facts_of(study, device=reader.facts.device))


def _adopt(folder: RunFolder, others: Sequence[RunReader], log: Log) -> None:
    """Copy every shard that is missing from the first folder that has it sound and computed."""
    given_up = {reader.path: reader.given_up_shards() for reader in others}
    lacking = {*folder.reader.missing_shards(), *folder.reader.given_up_shards()}
    for shard in sorted(lacking):
        sources = [reader for reader in others if reader.claims(shard)]
        for reader in sorted(sources, key=lambda one: shard in given_up[one.path]):
            try:
                manifest, data = reader.committed(shard)
            except StorageError as fault:
                log(f"left out: {fault}")
                continue
            folder.adopt_shard(manifest, data)
            break
    _refuse_incomplete(folder)


def _refuse_incomplete(folder: RunFolder) -> None:
    missing = list(folder.reader.missing_shards())
    if missing:
        raise StorageError(
            f"{folder.path}: no part has {_shards(missing)} of {folder.facts.n_shards}; run the "
            "parts that are not done (otsim run STUDY --shard k/N), then merge again"
        )
