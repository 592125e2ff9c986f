"""What a run folder says, read once and checked: the only source of the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from otsim.errors import ReportError, StorageError
from otsim.store import ROLES, RunFacts, RunReader, TwinStory, story_of

if TYPE_CHECKING:
    import pyarrow as pa

    from otsim.config.study import Study

__all__ = ["Findings", "RecordedTwin", "read_findings"]

Row = Mapping[str, Any]
_NEEDED = ("summaries", "alt", "alct", "ept", "curve", "contributions", "probabilities",
           "quarantine")  # fmt: skip
_OPTIONAL = ("tornado", "physical", "baseline", "tail", "places", "hours", "epanet")
_COLUMNS = ("profile", "goal", "entry", "breached", "acts", "status", "cause", "end_h",
            "extrapolated_h", "loss")  # fmt: skip
_OF_NETWORKS = ("unmet_m3", "customers_affected")


@dataclass(frozen=True, kw_only=True)
class RecordedTwin:
    """One twin with every signal.

    Attributes:
        table: as `otsim.store.trace_table` makes it.
        story: what happened to it.
    """

    table: pa.Table
    story: TwinStory


@dataclass(frozen=True, kw_only=True)
class Findings:
    """All that the page is made of.

    Attributes:
        study: as resolved.
        facts: identity and plan of the run.
        events: columns of the event table by name, [n_twins] each; nan and None for null.
        tables: rows of each result table by its name; no rows where it was not made.
        twins: recorded twins, in the order median, bad, worst.
    """

    study: Study
    facts: RunFacts
    events: Mapping[str, npt.NDArray[Any]]
    tables: Mapping[str, Sequence[Row]]
    twins: Sequence[RecordedTwin]

    @property
    def currency(self) -> str:
        """The study's currency."""
        return self.study.loss.currency

    def group(self, kind: str) -> dict[int, str]:
        """Names of the summaries of one kind, by SummaryId."""
        rows = self.tables["summaries"]
        return {row["SummaryId"]: row["Name"] for row in rows if row["Kind"] == kind}

    def ended(self, *statuses: str) -> npt.NDArray[np.bool_]:
        """Which twins ended in one of these ways, bool[n_twins]."""
        return np.isin(self.events["status"].astype(str), statuses)


def read_findings(run: Path) -> Findings:
    """Read a finished run folder.

    Raises:
        ReportError: the run is not finished.
        StorageError: a file is damaged.
    """
    reader = RunReader.at(run)
    made = set(reader.table_names())
    lacking = [name for name in _NEEDED if name not in made]
    if lacking:
        raise ReportError(f"{run}: the run is not finished (no table {lacking[0]}); run the same "
                          "study into this folder again, it goes on where it stopped")  # fmt: skip
    tables = {name: _rows(reader, name) if name in made else [] for name in (*_NEEDED, *_OPTIONAL)}
    return Findings(
        study=reader.study(),
        facts=reader.facts,
        events=_events(reader),
        tables=tables,
        twins=[_twin(reader, role) for role in ROLES if f"twin-{role}" in made],
    )


def _rows(reader: RunReader, name: str) -> list[Row]:
    rows: list[Row] = reader.read_table(name).to_pylist()
    return rows


def _events(reader: RunReader) -> dict[str, npt.NDArray[Any]]:
    return reader.events_columns(_COLUMNS, optional=_OF_NETWORKS)


def _twin(reader: RunReader, role: str) -> RecordedTwin:
    table = reader.read_table(f"twin-{role}")
    try:
        return RecordedTwin(table=table, story=story_of(table))
    except (KeyError, ValueError, TypeError) as error:
        path = reader.path / f"tables/twin-{role}.parquet"
        raise StorageError(f"{path}: no recorded twin; run the same study again") from error
