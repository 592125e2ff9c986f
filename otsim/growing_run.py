"""A run that grows in whole shards until its error is small enough."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from otsim.config import Study
from otsim.errors import GateError
from otsim.risk.conditions import StopGoal, StopRule
from otsim.risk.events import study_frequency
from otsim.risk.measure_errors import estimate
from otsim.store.run_reader import RUN_FILE, RunReader
from otsim.store.stored_losses import chosen_events, stored_losses
from otsim.study import ALONE, RunResult, run_study

__all__ = ["GROWTH", "Growth", "grow_run", "next_twins", "with_twins"]

GROWTH = 64  # a run grows to so many times the study's twins, unless it is told otherwise
_AT_ONCE = 4.0  # an error known from few twins says little about how many are needed
_RESERVE = 1.1


@dataclass(frozen=True, kw_only=True)
class Growth:
    """A run that grew.

    Attributes:
        result: of the last size.
        reached: whether a goal was reached.
        told: how far each goal was, a sentence each.
    """

    result: RunResult
    reached: bool
    told: tuple[str, ...]


def grow_run(
    study: Study,
    out: Path,
    rules: tuple[StopRule, ...],
    *,
    most_twins: int | None = None,
    log: Callable[[str], None] = lambda line: None,
    run: Callable[..., RunResult] = run_study,
    **how: object,
) -> Growth:
    """Run a study, and again with more twins until every rule has one of its goals.

    Twins that are there stay; each step adds as many as the error seems to need, in whole shards,
    with nets of Sobol points twice as many. Looking often does not bias an error that is small
    enough in the end by more than a step's luck.

    Args:
        study: as read; it grows from its number of twins, or from those in the folder.
        out: the run folder.
        rules: when it is large enough.
        most_twins: where growth ends; None: 64 times the study's.
        log: told how far each size is.
        run: computes one size.
        how: goes to `run`.

    Raises:
        GateError: the errors are still too large at the end, or too many twins diverged; the
            report is written.
    """
    most = most_twins or GROWTH * study.simulation.twins
    study = with_twins(study, max(study.simulation.twins, _there(out)))
    how |= {"log": log}
    steps = how | {"among": replace(ALONE, page=False)}
    while True:
        try:
            run(study, out, **steps)
        except GateError:
            break  # the last run tells it again, with its page
        wanted, told = _looked_at(study, out, rules)
        log(f"{study.simulation.twins:,} twins: {'; '.join(told)}")
        larger = next_twins(study, wanted, most)
        if larger <= study.simulation.twins:
            break
        study = with_twins(study, larger)
        steps["resume"] = True
    result = run(study, out, **(how | {"resume": True}))
    wanted, told = _looked_at(study, out, rules)
    growth = Growth(result=result, reached=wanted <= study.simulation.twins, told=told)
    if not growth.reached:
        raise GateError(
            f"{out}: {'; '.join(told)} after {study.simulation.twins:,} twins; the report is "
            "written; allow more by --most-twins"
        )
    return growth


def with_twins(study: Study, twins: int) -> Study:
    """Return the study with another number of twins."""
    simulation = study.simulation.model_copy(update={"twins": twins})
    return study.model_copy(update={"simulation": simulation})


def next_twins(study: Study, wanted: float, most: int) -> int:
    """Return the next size of a run: whole shards, or twice the nets; at most `most`.

    Args:
        study: with its present size.
        wanted: how many twins seem to be needed.
        most: the largest size allowed.
    """
    simulation = study.simulation
    now, size = simulation.twins, simulation.shard_size
    if wanted <= now:
        return now
    if simulation.draws == "sobol":
        return 2 * now if 2 * now <= most else now
    larger = min(max(wanted * _RESERVE, now + 1), _AT_ONCE * now)
    shards = math.ceil(min(larger, most) / size)
    return max(shards * size if shards * size <= most else most, now)


def _there(out: Path) -> int:
    """Return how many twins the folder was planned for; 0 where there is no run."""
    return RunReader.at(out).facts.twins if (out / RUN_FILE).exists() else 0


def _looked_at(
    study: Study, out: Path, rules: tuple[StopRule, ...]
) -> tuple[float, tuple[str, ...]]:
    """Return how many twins all rules seem to need, and how far each is, in words."""
    stored = stored_losses(study, RunReader.at(out))
    events, frequency = chosen_events(stored, np.isfinite(stored.loss)), study_frequency(study)
    needs, told = [0.0], []
    for rule in rules:
        best = math.inf
        for goal in rule.goals:
            found = estimate(goal.measure, events, frequency)
            error = found.relative_error if goal.kind == "rel_se" else found.standard_error
            best = min(best, study.simulation.twins * (error / _target(goal)) ** 2)
            told.append(f"{goal.text}: reached {_in_words(goal, error)}")
        needs.append(best)
    return max(needs), tuple(told)


def _target(goal: StopGoal) -> float:
    assert goal.bound is not None
    return goal.bound.number


def _in_words(goal: StopGoal, error: float) -> str:
    return f"{100.0 * error:.3g} %" if goal.kind == "rel_se" else f"{error:.4g}"
