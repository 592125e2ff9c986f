"""Open Results Data in the narrow sense: the columns and types that oasislmf itself writes."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from otsim.errors import ReportError, StorageError
from otsim.risk import study_frequency
from otsim.risk.sampling_error import Sampling
from otsim.runs.plant_years import PlantYears, plant_years, years_for
from otsim.store import RunReader
from otsim.store.columns import stamped
from otsim.store.commit import commit_bytes, storing
from otsim.store.csv_files import guarded
from otsim.store.parquet_files import parquet_bytes

if TYPE_CHECKING:
    import pyarrow as pa

    from otsim.config.study import Study

__all__ = ["COLUMNS", "export_open_results"]

PERSPECTIVE = "net"  # what is lost after trips and response
COLUMNS: dict[str, tuple[tuple[str, str], ...]] = {
    "splt": (
        ("Period", "int32"), ("PeriodWeight", "float32"), ("EventId", "int32"),
        ("Year", "int32"), ("Month", "int32"), ("Day", "int32"), ("Hour", "int32"),
        ("Minute", "int32"), ("SummaryId", "int32"), ("SampleId", "int32"), ("Loss", "float32"),
        ("ImpactedExposure", "float32"),
    ),
    "alt": (
        ("SummaryId", "int32"), ("SampleType", "int32"), ("MeanLoss", "float32"),
        ("SDLoss", "float32"),
    ),
    "ept": (
        ("SummaryId", "int32"), ("EPCalc", "int32"), ("EPType", "int32"),
        ("ReturnPeriod", "float32"), ("Loss", "float32"),
    ),
}  # fmt: skip
"""Columns of each table with their types, in order."""

_SETS = ("total", "category", "goal", "entry", "profile")  # summary sets 1, 2, ...
_FIRST_EVENT, _SAMPLE = 1, 1  # EventId is the twin number plus one


@dataclass(frozen=True, kw_only=True)
class _Run:
    """What the export needs of a run."""

    reader: RunReader
    study: Study
    events: pa.Table
    years: PlantYears


def export_open_results(run: Path, folder: Path) -> list[Path]:
    """Write a run as Open Results Data that oasislmf and ods-tools read.

    For each summary set (1 total, 2 loss category, 3 goal, 4 entry, 5 profile) `net_S1_splt`,
    `net_S1_alt`, and the CSV `net_S1_summary-info` that names its SummaryIds; for the total
    `net_S1_ept` too. Money is float32, columns beyond those of oasislmf are left out. The SPLT is a
    sample of plant-years drawn from the run's campaigns; ALT and EPT are the run's own, exact.

    Args:
        run: a finished run folder.
        folder: where the files go; it is made.

    Returns:
        The files written.

    Raises:
        StorageError: the run is damaged, or a file cannot be written.
        ReportError: the run is not finished, or nothing is left to draw from.
    """
    if folder.is_symlink():
        raise StorageError(f"{folder}: is a symbolic link; give the folder that it points to")
    given = _read(run)
    with storing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    return [_written(folder / name, data) for name, data in _files(given)]


def _read(run: Path) -> _Run:
    reader = RunReader.at(run)
    if not {"summaries", "alt", "ept"} <= set(reader.table_names()):
        raise ReportError(f"{run}: the run is not finished; run the same study into this folder "
                          "again, it goes on where it stopped")  # fmt: skip
    study, events = reader.study(), reader.read_events()
    events = events.filter(events.column("loss").is_valid())
    if not events.num_rows:
        raise ReportError(f"{run}: all twins diverged, there is no loss to export")
    years = plant_years(
        study_frequency(study), weights=_weights(events), seed=study.simulation.seed,
        n_years=years_for(study.report.return_periods),
    )  # fmt: skip
    return _Run(reader=reader, study=study, events=events, years=years)


def _files(run: _Run) -> Iterator[tuple[str, bytes]]:
    """Make every file, by its name."""
    summaries = run.reader.read_table("summaries").to_pylist()
    for number, kind in enumerate(_SETS, start=1):
        rows = [row for row in summaries if row["Kind"] == kind]
        ids = {row["SummaryId"]: place for place, row in enumerate(rows, start=1)}
        names = {row["Name"]: ids[row["SummaryId"]] for row in rows}
        if not rows:
            continue
        start = f"{PERSPECTIVE}_S{number}"
        yield f"{start}_summary-info.csv", _names_csv(run.study, kind, names)
        yield f"{start}_splt.parquet", _parquet(run, "splt", _splt(run, kind, names))
        for table in ("alt", "ept") if kind == "total" else ("alt",):
            yield f"{start}_{table}.parquet", _parquet(run, table, _own(run, table, ids))


def _names_csv(study: Study, kind: str, names: Mapping[str, int]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("summary_id", "tiv", "kind", "name"))
    for name, number in names.items():
        writer.writerow((number, study.loss.plant_value, kind, guarded(name)))
    return text.getvalue().encode()


def _own(run: _Run, table: str, ids: Mapping[int, int]) -> dict[str, Any]:
    """Take the rows of one summary set out of a table of the run, numbered from 1."""
    rows = [row for row in run.reader.read_table(table).to_pylist() if row["SummaryId"] in ids]
    rows = [row | {"SummaryId": ids[row["SummaryId"]]} for row in rows]
    return {name: [row[name] for row in rows] for name, _ in COLUMNS[table]}


def _splt(run: _Run, kind: str, names: Mapping[str, int]) -> dict[str, Any]:
    """Make the period loss table: a row an occurrence and summary, where something is lost."""
    twin = run.events.column("twin_id").to_numpy()
    parts = [
        (np.flatnonzero(loss[run.years.campaign] > 0.0), number, loss)
        for number, loss in _losses(run.events, kind, names)
    ]
    at = np.concatenate([place for place, _, _ in parts])
    summary = np.concatenate([np.full(len(place), number) for place, number, _ in parts])
    lost = np.concatenate([loss[run.years.campaign[place]] for place, _, loss in parts])
    order = np.lexsort((summary, at))
    at, years, n = at[order], run.years, len(at)
    return {
        "Period": years.year[at], "PeriodWeight": np.full(n, 1.0 / years.n_years),
        "EventId": twin[years.campaign[at]] + _FIRST_EVENT,
        "Year": years.year[at], "Month": years.month[at], "Day": years.day[at],
        "Hour": years.hour[at], "Minute": years.minute[at],
        "SummaryId": summary[order], "SampleId": np.full(n, _SAMPLE),
        "Loss": lost[order], "ImpactedExposure": np.full(n, run.study.loss.plant_value),
    }  # fmt: skip


def _losses(
    events: pa.Table, kind: str, names: Mapping[str, int]
) -> Iterator[tuple[int, npt.NDArray[np.float64]]]:
    """Give the loss of each campaign that belongs to a summary, 0 where it does not."""
    loss = _numbers(events, "loss")
    labels = None if kind in ("total", "category") else np.array(events.column(kind).to_pylist())
    for name, number in names.items():
        if kind == "category":
            yield number, _numbers(events, f"loss_{name}")
        else:
            yield number, loss if labels is None else np.where(labels == name, loss, 0.0)


def _weights(events: pa.Table) -> npt.NDArray[np.float64]:
    """Return how likely each campaign is; only rare-event studies have unequal ones."""
    given = _numbers(events, "weight") if "weight" in events.column_names else None
    calibrated = Sampling(weights=given).calibrated
    return np.ones(events.num_rows) if calibrated is None else calibrated


def _numbers(events: pa.Table, name: str) -> npt.NDArray[np.float64]:
    return np.asarray(events.column(name).to_numpy(zero_copy_only=False), np.float64)


def _parquet(run: _Run, table: str, values: Mapping[str, Sequence[Any]]) -> bytes:
    """Encode a table with the types of oasislmf; where it comes from stands in its metadata."""
    import pyarrow as pa

    schema = pa.schema([(name, pa.type_for_alias(kind)) for name, kind in COLUMNS[table]])
    arrays = [pa.array(np.asarray(values[field.name]), type=field.type, safe=False)
              for field in schema]  # fmt: skip
    facts = run.reader.facts
    told = {
        "schema": f"ord-{table}/1.0.0", "run_id": facts.run_id, "version": facts.versions["otsim"],
        "seed": str(facts.seed), "currency": run.study.loss.currency, "period_years": "1",
        "n_periods": str(run.years.n_years),
    }  # fmt: skip
    return parquet_bytes(stamped(pa.Table.from_arrays(arrays, schema=schema), told))


def _written(path: Path, data: bytes) -> Path:
    commit_bytes(path, data)
    return path
