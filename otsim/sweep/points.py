"""The points of a sweep run one after the other, each in its own folder, failures counted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from otsim.config.read_sweep import SweepPlan, SweepPoint
from otsim.errors import ConfigError, GateError, OtsimError, StorageError
from otsim.simulate.devices import device_kind
from otsim.store.batch_folder import RUNS_FOLDER
from otsim.store.run_identity import run_id
from otsim.store.run_reader import RUN_FILE, SUCCESS_FILE, RunReader
from otsim.study import OneOfMany, RunResult, gate_fault, run_study

__all__ = ["PointResult", "SweepResult", "folder_of", "refuse_equal_points", "run_sweep"]

MOST_DONORS = 2  # each costs a look at its campaigns
_TABLES = frozenset({"alt", "ept", "probabilities", "tail"})
Log = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class PointResult:
    """What became of a point.

    Attributes:
        point: its values and study.
        run: its folder.
        error: why it has no results, or why they are flagged; "" where all went well.
        has_results: its tables are there.
    """

    point: SweepPoint
    run: Path
    error: str = ""
    has_results: bool = True


@dataclass(frozen=True, kw_only=True)
class SweepResult:
    """All points that were tried, in order; fewer than planned where the first failure ended it."""

    plan: SweepPlan
    points: tuple[PointResult, ...]

    @property
    def failed(self) -> tuple[PointResult, ...]:
        """Points with an error."""
        return tuple(result for result in self.points if result.error)


def run_sweep(  # noqa: PLR0913 - what a sweep may be told
    plan: SweepPlan,
    out: Path,
    *,
    resume: bool = True,
    fail_fast: bool = False,
    pages: bool = False,
    log: Log = lambda line: None,
    run: Callable[..., RunResult] = run_study,
    **how: object,
) -> SweepResult:
    """Run every point, or go on where a sweep stopped.

    All points have the study's seed: twin i is the same attacker with the same luck in each. A
    twin that lives the same life in an earlier point is taken over from it.

    Args:
        plan: from `read_sweep`.
        out: folder of the sweep; each point's run stands in it by its run id.
        resume: False computes again what is there.
        fail_fast: end at the first point that fails.
        pages: make a report of every point too.
        log: told of each point, a line.
        run: computes one point.
        how: goes to `run`.

    Raises:
        ConfigError: two points are the same run.
        StorageError: the disk refuses; the same command goes on.
    """
    refuse_equal_points(plan)
    done: list[PointResult] = []
    for point in plan.points:
        folder = folder_of(out, point)
        values = ", ".join(f"{key}={value}" for key, value in point.settings.items())
        log(f"point {point.number} of {len(plan.points)}: {values}")
        result = _finished(folder, point) if resume and not pages else None
        if result is None:
            among = OneOfMany(donors=_donors(point, done), page=pages)
            told = {**how, "resume": resume, "among": among, "log": log}
            result = _tried(run, point, folder, told)
        done.append(result)
        if result.error:
            log(f"point {point.number} failed: {result.error}")
            if fail_fast:
                break
    return SweepResult(plan=plan, points=tuple(done))


def folder_of(out: Path, point: SweepPoint) -> Path:
    """Return where the run of a point stands."""
    return out / RUNS_FOLDER / run_id(point.study)


def refuse_equal_points(plan: SweepPlan) -> None:
    """Refuse a sweep in which two points are the same run.

    Raises:
        ConfigError: naming the two.
    """
    seen: dict[str, SweepPoint] = {}
    for point in plan.points:
        other = seen.setdefault(run_id(point.study), point)
        if other is not point:
            raise ConfigError(
                f"sweep: points {other.number} and {point.number} are the same run "
                f"({', '.join(f'{key}={value}' for key, value in point.settings.items())}); "
                "leave out values that stand twice, and keys that change nothing"
            )


def _tried(
    run: Callable[..., RunResult], point: SweepPoint, folder: Path, how: dict[str, object]
) -> PointResult:
    """Run a point; what is wrong with it alone does not end the others."""
    try:
        run(point.study, folder, **how)
    except StorageError:
        raise
    except GateError as error:
        return PointResult(point=point, run=folder, error=str(error))
    except OtsimError as error:
        return PointResult(point=point, run=folder, error=str(error), has_results=False)
    except Exception as error:
        told = f"unexpected error: {type(error).__name__}: {' '.join(str(error).split())}"
        return PointResult(point=point, run=folder, error=told, has_results=False)
    return PointResult(point=point, run=folder)


def _donors(point: SweepPoint, done: Sequence[PointResult]) -> tuple[Path, ...]:
    """Choose the finished points that differ least, the latest first."""
    lending = [result for result in reversed(done) if result.has_results]
    nearest = sorted(lending, key=lambda result: _distance(point, result.point))
    return tuple(result.run for result in nearest[:MOST_DONORS])


def _distance(point: SweepPoint, other: SweepPoint) -> int:
    """Count the settings that differ and touch a twin's life; losses and years do not."""
    return sum(
        value != other.settings[key]
        for key, value in point.settings.items()
        if not key.startswith(("loss.", "attackers.frequency."))
    )


def _finished(folder: Path, point: SweepPoint) -> PointResult | None:
    """Return a point that is there already, flagged as its run was; None where it is to be run."""
    if not (folder / RUN_FILE).exists() or not (folder / SUCCESS_FILE).exists():
        return None
    try:
        reader = RunReader.at(folder)
        if not _is_whole(reader, point):
            return None
        fault = gate_fault(reader, reader.n_diverged())
    except OtsimError:
        return None
    return PointResult(point=point, run=folder, error=fault or "")


def _is_whole(reader: RunReader, point: SweepPoint) -> bool:
    simulation, facts = point.study.simulation, reader.facts
    same = (facts.twins, facts.shard_size, facts.device) == (
        simulation.twins, simulation.shard_size, device_kind(),
    )  # fmt: skip
    return (
        same
        and set(reader.table_names()) >= _TABLES
        and not reader.given_up_shards()  # the next run tries them again
        and not reader.missing_shards()
    )
