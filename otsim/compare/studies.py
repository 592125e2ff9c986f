"""Studies run for a comparison, all on the same draws, and grown until it is decided."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from otsim.compare.comparison import Comparison, compare_runs, refuse_tilted
from otsim.config import Study
from otsim.errors import GateError, SimulationError
from otsim.growing_run import GROWTH, with_twins
from otsim.risk.changes import LEVEL, Change
from otsim.risk.conditions import StopGoal, StopRule
from otsim.risk.named_measures import Measure
from otsim.store.batch_folder import RUNS_FOLDER
from otsim.store.run_identity import run_id
from otsim.store.run_reader import RUN_FILE, RunReader
from otsim.study import OneOfMany, RunResult, run_study

__all__ = ["Decision", "Subject", "compare_studies"]


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What is to be compared: a study to run, or a run that is finished.

    Attributes:
        label: what to call it.
        study: to run; None for a finished run.
        run: folder of a finished run; None for a study.
    """

    label: str
    study: Study | None = None
    run: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Decision:
    """A comparison and how it came to an end.

    Attributes:
        comparison: at 95 %.
        reached: every rule has a goal, in every pair; True where there is no rule.
        looks: how often it was looked at.
        told: how far each goal was, a sentence each.
    """

    comparison: Comparison
    reached: bool
    looks: int
    told: tuple[str, ...] = ()


def compare_studies(
    subjects: Sequence[Subject],
    out: Path | None,
    measures: Sequence[Measure],
    *,
    rules: Sequence[StopRule] = (),
    most_twins: int | None = None,
    run: Callable[..., RunResult] = run_study,
    **how: object,
) -> Decision:
    """Run what is not finished, and compare all with the first.

    Studies that live the same twins share them. With rules, all studies grow together, twice as
    many twins at a time. A difference whose sign is looked at k times is decided by the interval
    at 1 - 0.05 / k, so that looking often does not make a chance result look certain.

    Args:
        subjects: two or more.
        out: folder for the runs of studies.
        measures: what to compare.
        rules: when the comparison is large enough.
        most_twins: where growth ends; None: 64 times the first size.
        run: computes one study at one size.
        how: goes to `run`.

    Raises:
        SimulationError: rules for runs that are finished, or studies without a folder.
        ConfigError: a study is importance-sampled.
    """
    _refuse(subjects, out, rules)
    labels = [subject.label for subject in subjects]
    if not rules:
        folders = _folders(subjects, out, None, run=run, page=True, how=how)
        return Decision(
            comparison=compare_runs(folders, measures, labels=labels), reached=True, looks=1
        )
    first = _first_size(subjects, out)
    most = max(most_twins or GROWTH * first, first)
    looks = 1 + int(math.log2(most / first))
    size, reached, look = first, False, 0
    for look in range(1, looks + 1):
        size = first * 2 ** (look - 1)
        folders = _folders(subjects, out, size, run=run, page=False, how=how)
        strict = compare_runs(folders, measures, labels=labels, level=1.0 - (1.0 - LEVEL) / looks)
        told = _how_far(strict, rules)
        reached = all(any(goal for goal, _ in goals) for goals in told)
        if reached:
            break
    folders = _folders(subjects, out, size, run=run, page=True, how=how)
    return Decision(
        comparison=compare_runs(folders, measures, labels=labels), reached=reached, looks=look,
        told=tuple(words for goals in told for _, words in goals),
    )  # fmt: skip


def _refuse(subjects: Sequence[Subject], out: Path | None, rules: Sequence[StopRule]) -> None:
    for subject in subjects:
        if subject.study is not None:
            refuse_tilted(subject.label, subject.study)
        if subject.study is not None and out is None:
            raise SimulationError(
                f"{subject.label}: a study has to be run; say where by --out, or give finished runs"
            )
        if subject.run is not None and rules:
            raise SimulationError(
                f"{subject.run}: --until lets studies grow, but this run is finished; give its "
                "study, or leave --until out"
            )


def _first_size(subjects: Sequence[Subject], out: Path | None) -> int:
    """Return the largest number of twins of the studies and of the runs of them that are there."""
    sizes = [1]
    for subject in subjects:
        assert subject.study is not None
        assert out is not None
        sizes.append(subject.study.simulation.twins)
        folder = _folder(out, subject.study)
        if (folder / RUN_FILE).exists():
            sizes.append(RunReader.at(folder).facts.twins)
    return max(sizes)


def _folders(
    subjects: Sequence[Subject], out: Path | None, twins: int | None, *,
    run: Callable[..., RunResult], page: bool, how: dict[str, object],
) -> list[Path]:  # fmt: skip
    """Run the studies, each with the twins of those before it at hand; returns all folders."""
    folders: list[Path] = []
    for subject in subjects:
        if subject.study is None or out is None:
            assert subject.run is not None
            folders.append(subject.run)
            continue
        study = subject.study if twins is None else with_twins(subject.study, twins)
        folder = _folder(out, study)
        if folder not in folders:
            _run(run, study, folder, OneOfMany(donors=tuple(folders), page=page), how)
        folders.append(folder)
    return folders


def _run(
    run: Callable[..., RunResult], study: Study, folder: Path, among: OneOfMany,
    how: dict[str, object],
) -> None:  # fmt: skip
    """Run one study; twins that diverge are left out of the comparison, and told there."""
    try:
        run(study, folder, **how, among=replace(among))
    except GateError:
        if not (folder / RUN_FILE).exists():
            raise


def _folder(out: Path, study: Study) -> Path:
    return out / RUNS_FOLDER / run_id(study)


def _how_far(comparison: Comparison, rules: Sequence[StopRule]) -> list[list[tuple[bool, str]]]:
    """Return for every rule and pair whether each goal is reached, and how far it is, in words."""
    return [
        [
            _goal(goal, pair.change(goal.measure), pair.second.label, len(comparison.pairs))
            for goal in rule.goals
        ]
        for rule in rules
        for pair in comparison.pairs
    ]


def _goal(goal: StopGoal, change: Change, label: str, n_pairs: int) -> tuple[bool, str]:
    of = f"{label}, " if n_pairs > 1 else ""
    if goal.kind == "sign":
        sign = "above" if change.lower > 0.0 else "below" if change.upper < 0.0 else "not decided"
        told = "not decided" if sign == "not decided" else f"decided, {sign} 0"
        return change.is_decided, f"{of}{goal.text}: {told}"
    assert goal.bound is not None
    width = change.upper - change.lower
    if goal.bound.relative:
        share = width / abs(change.first) if change.first else math.inf
        return share <= goal.bound.number, f"{of}{goal.text}: reached {100.0 * share:.3g} %"
    return width <= goal.bound.number, f"{of}{goal.text}: reached {width:.4g}"
