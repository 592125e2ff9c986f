"""Finished runs compared with the first of them, measure by measure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from otsim.config import Study
from otsim.errors import ConfigError
from otsim.risk.changes import LEVEL, Change, Sample, changes
from otsim.risk.events import EventLosses, study_frequency
from otsim.risk.named_measures import Measure, measure_of
from otsim.store.run_reader import RunFacts, RunReader
from otsim.store.stored_losses import chosen_events, stored_losses

__all__ = [
    "MEASURES",
    "ComparedRun",
    "Comparison",
    "Pair",
    "compare_runs",
    "compared",
    "measures_of",
    "refuse_tilted",
]

MEASURES = ("eal", "var95", "var99", "cvar95", "cvar99", "p_acts", "p_damaged")
FEW_DIFFERENT = 10


@dataclass(frozen=True, kw_only=True)
class ComparedRun:
    """One of the runs.

    Attributes:
        label: short name, of its own among the runs.
        path: its folder.
        study, facts: what was run.
        stored: losses and flags of all its twins.
    """

    label: str
    path: Path
    study: Study
    facts: RunFacts
    stored: EventLosses


@dataclass(frozen=True, kw_only=True)
class Pair:
    """The first run against another.

    Attributes:
        first, second: the runs.
        why_unpaired: what keeps them from being paired; "" where they are.
        n_twins: twins of each that the figures rest on.
        n_different: twins whose loss differs; None where they are not paired.
        n_damaged: twins damaged in one run and not in the other; None likewise.
        n_left_out: twins that diverged in either run, which are in no figure.
        changes: of every measure.
    """

    first: ComparedRun
    second: ComparedRun
    why_unpaired: str
    n_twins: tuple[int, int]
    n_different: int | None
    n_damaged: int | None
    n_left_out: int
    changes: tuple[Change, ...]

    @property
    def is_paired(self) -> bool:
        """Whether both runs have twin numbers and draws in common."""
        return not self.why_unpaired

    def change(self, measure: Measure) -> Change:
        """Return the change of one measure."""
        return next(change for change in self.changes if change.measure == measure)


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """All runs, and each but the first against the first."""

    runs: tuple[ComparedRun, ...]
    pairs: tuple[Pair, ...]
    level: float

    @property
    def currency(self) -> str:
        """The currency of all runs."""
        return self.runs[0].study.loss.currency


def measures_of(*more: Measure) -> tuple[Measure, ...]:
    """Return the measures that every comparison has, and more of them."""
    return tuple(dict.fromkeys([*(measure_of(name) for name in MEASURES), *more]))


def compare_runs(
    folders: Sequence[Path],
    measures: Sequence[Measure],
    *,
    labels: Sequence[str] | None = None,
    level: float = LEVEL,
) -> Comparison:
    """Compare finished runs with the first.

    Args:
        folders: two or more run folders.
        measures: what to compare.
        labels: what to call the runs; by default their folders' names.
        level: of the intervals.

    Raises:
        ConfigError: their losses are in different currencies, or one is importance-sampled.
        StorageError: a folder is no run, or damaged.
    """
    named = _unique(labels or [folder.resolve().name for folder in folders])
    runs = tuple(_read(folder, label) for folder, label in zip(folders, named, strict=True))
    first = runs[0]
    for run in runs[1:]:
        if run.study.loss.currency != first.study.loss.currency:
            raise ConfigError(
                f"{run.path}: losses in {run.study.loss.currency}, but {first.path} has "
                f"{first.study.loss.currency}; compare runs in one currency"
            )
    pairs = tuple(compared(first, run, measures, level=level) for run in runs[1:])
    return Comparison(runs=runs, pairs=pairs, level=level)


def _read(folder: Path, label: str) -> ComparedRun:
    reader = RunReader.at(folder)
    study = reader.study()
    refuse_tilted(str(folder), study)
    stored = stored_losses(study, reader)
    return ComparedRun(label=label, path=folder, study=study, facts=reader.facts, stored=stored)


def refuse_tilted(where: str, study: Study) -> None:
    """Refuse importance sampling: twins of two such runs are drawn by different tilts.

    Raises:
        ConfigError: naming where the study stands.
    """
    if study.simulation.sampling != "plain":
        raise ConfigError(
            f"{where}: simulation.sampling: {study.simulation.sampling}: comparisons are for plain "
            "twins; run it with sampling: plain"
        )


def compared(
    first: ComparedRun, second: ComparedRun, measures: Sequence[Measure], *, level: float = LEVEL
) -> Pair:
    """Compare a run with the first, twin by twin where both drew the same twins.

    Paired runs rest on the twins that are sound in both.

    Args:
        first, second: the runs.
        measures: what to compare.
        level: of the intervals.
    """
    why = _why_unpaired(first, second)
    sound = [np.isfinite(run.stored.loss) for run in (first, second)]
    if not why:
        sound = [sound[0] & sound[1]] * 2
    one, two = _sample(first, sound[0]), _sample(second, sound[1])
    left_out = [int(np.sum(~which)) for which in sound]
    losses = one.events.loss, two.events.loss
    return Pair(
        first=first,
        second=second,
        why_unpaired=why,
        n_twins=(len(losses[0]), len(losses[1])),
        n_different=None if why else int(np.sum(losses[0] != losses[1])),
        n_damaged=None if why else int(np.sum(_damaged(one) != _damaged(two))),
        n_left_out=sum(left_out) if why else left_out[0],
        changes=tuple(changes(one, two, measures, paired=not why, level=level)),
    )


def _damaged(sample: Sample) -> npt.NDArray[np.bool_]:
    return sample.events.flags["damaged"]


def _sample(run: ComparedRun, which: npt.NDArray[np.bool_]) -> Sample:
    return Sample(events=chosen_events(run.stored, which), frequency=study_frequency(run.study))


def _why_unpaired(first: ComparedRun, second: ComparedRun) -> str:
    """Say what differs that paired runs must have in common; "" for nothing."""
    one, two = first.study.simulation, second.study.simulation
    if one.seed != two.seed:
        return f"they have different seeds, {one.seed} and {two.seed}"
    nets = one.draws == "sobol" and one.replicates != two.replicates
    if one.draws != two.draws or one.sampling != two.sampling or nets:
        return "they draw their twins in different ways (simulation.draws, sampling)"
    n_one, n_two = first.facts.twins, second.facts.twins
    if n_one != n_two:
        return f"they have different numbers of twins, {n_one:,} and {n_two:,}"
    return ""


def _unique(labels: Sequence[str]) -> list[str]:
    """Number labels that stand twice."""
    found: list[str] = []
    for label in labels:
        name, number = label, 2
        while name in found:
            name, number = f"{label} ({number})", number + 1
        found.append(name)
    return found
