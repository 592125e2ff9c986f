"""What a run found, in a few numbers, for a list of many runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from otsim.config.write_study import study_data
from otsim.runs.run_status import RunStatus, run_status
from otsim.store import RunReader
from otsim.store.places import is_local

if TYPE_CHECKING:
    from otsim.config.study import Study

__all__ = ["Figure", "RunSummary", "run_summary"]

_LONGEST_TEXT = 2_000  # of a study's values; longer ones (a network's file) are cut
_TOTAL = 1
_CURVES = {1: "oep", 2: "oep_tail", 3: "aep", 4: "aep_tail"}


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One number that a run found.

    Attributes:
        name: such as `eal`, `var_0.99`, `cvar_0.99`, `aep_100`, `prob_damaged`.
        value: currency; a probability has none.
        standard_error: of Monte Carlo.
        low, high: 95 % interval; high is None where no sampled event bounds it.
    """

    name: str
    value: float
    standard_error: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, kw_only=True)
class RunSummary:
    """A run as the index keeps it.

    Attributes:
        path: the folder, absolute.
        status: how far it is.
        title, plant, currency: of the study.
        seed, precision, device: as in `run.json`.
        versions: of otsim, jax and the result tables.
        config_sha256: hash of the study.
        study: the study as plain data, very long texts cut; empty where it cannot be read.
        figures: what was found; empty for a run that is not finished.
    """

    path: Path
    status: RunStatus
    title: str
    plant: str
    currency: str
    seed: int
    precision: str
    device: str
    versions: dict[str, str]
    config_sha256: str
    study: dict[str, Any]
    figures: tuple[Figure, ...]

    def figure(self, name: str) -> Figure | None:
        """Return a figure by its name; None for one that the run does not have."""
        return next((figure for figure in self.figures if figure.name == name), None)


def run_summary(run: Path) -> RunSummary:
    """Read the summary of a run from its folder.

    Args:
        run: a run folder, finished or not.

    Raises:
        StorageError: it is no run folder, or damaged.
        ConfigError: this otsim does not understand its study.
    """
    reader, status = RunReader.at(run), run_status(run)
    facts, study = reader.facts, reader.study()
    figures = tuple(_figures(reader)) if status.state == "finished" else ()
    return RunSummary(
        path=run.resolve() if is_local(run) else run, status=status,
        title=study.title, plant=study.plant.model,
        currency=study.loss.currency, seed=facts.seed, precision=facts.precision,
        device=facts.device, versions=dict(facts.versions), config_sha256=facts.config_sha256,
        study=_data(study), figures=figures,
    )  # fmt: skip


def _data(study: Study) -> dict[str, Any]:
    data: dict[str, Any] = _cut(study_data(study))
    return data


def _cut(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _cut(below) for name, below in value.items()}
    if isinstance(value, list):
        return [_cut(below) for below in value]
    if isinstance(value, str) and len(value) > _LONGEST_TEXT:
        return f"{value[:_LONGEST_TEXT]}... ({len(value)} characters)"
    return value


def _figures(reader: RunReader) -> Iterator[Figure]:
    """Read the figures of the whole loss; tables that a later otsim drops are no loss."""
    rows = {name: reader.read_table(name).to_pylist() for name in reader.table_names()
            if name in ("alt", "tail", "ept", "probabilities")}  # fmt: skip
    for row in rows.get("alt", []):
        if row["SummaryId"] == _TOTAL:
            yield _figure("eal", row["MeanLoss"], row)
            yield Figure(name="quarantined", value=row["NumQuarantined"])
    for row in rows.get("tail", []):
        for name in ("VaR", "CVaR"):
            told = {key.removeprefix(name): value for key, value in row.items()}
            yield _figure(f"{name.lower()}_{row['Level']:g}", row[name], told)
    for row in rows.get("ept", []):
        yield _figure(f"{_CURVES[row['EPType']]}_{row['ReturnPeriod']:g}", row["Loss"], row)
    for row in rows.get("probabilities", []):
        yield _figure(f"prob_{row['Name']}", row["Probability"], row)


def _figure(name: str, value: float, row: dict[str, Any]) -> Figure:
    return Figure(
        name=name, value=value, standard_error=row["StandardError"],
        low=row["LowerCI"], high=row["UpperCI"],
    )  # fmt: skip
