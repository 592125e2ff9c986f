"""SQL over the tables of a run, in a database that can reach nothing else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from otsim.errors import ReportError
from otsim.store import RunReader

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

__all__ = ["Answer", "query_run"]

_EVENTS = "events"
# in this order: the last one makes the others final
_LOCKS = (
    "SET python_enable_replacements = false",  # names in SQL never mean our own variables
    "SET enable_external_access = false",  # no files, no network, no ATTACH, no COPY, no INSTALL
    "SET lock_configuration = true",
)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Rows of a query.

    Attributes:
        columns: their names.
        rows: their values.
    """

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


def query_run(run: Path, sql: str) -> Answer:
    """Answer a query over the event table (`events`) and the result tables by their names.

    Tables that the query names are read through their manifests, then the database is locked: it
    cannot read or write any file, load an extension, or be unlocked. The run is never changed.

    Args:
        run: a run folder, finished or not; `events` needs every shard.
        sql: one or more statements; the rows are those of the last one.

    Raises:
        ReportError: DuckDB is not installed, or refuses the query.
        StorageError: the run is damaged, or a shard is missing.
    """
    try:
        import duckdb
    except ModuleNotFoundError:
        raise ReportError(
            "otsim sql needs DuckDB, which is not installed; pip install 'otsim[sql]'"
        ) from None
    reader = RunReader.at(run)
    with duckdb.connect(":memory:") as database:
        for name, table in _tables(reader, sql).items():
            database.register(name, table)
        for lock in _LOCKS:
            database.execute(lock)
        try:
            found = database.execute(sql)
            if found is None:
                raise ReportError(f"{run}: the query is empty; name a table, such as alt")
            columns = tuple(column[0] for column in found.description)
            return Answer(columns=columns, rows=found.fetchall())
        except duckdb.Error as error:
            raise ReportError(f"{run}: {_one_line(error)}") from error


def _tables(reader: RunReader, sql: str) -> dict[str, pa.Table]:
    """Read the tables whose names stand in a query; `twin-worst` may be written `twin_worst`."""
    words = set(re.findall(r"[a-z0-9_]+", sql.lower()))
    named = {name.replace("-", "_"): name for name in reader.table_names()}
    found = {view: reader.read_table(name) for view, name in named.items() if view in words}
    if _EVENTS in words:
        found[_EVENTS] = reader.read_events()
    return found


def _one_line(error: Exception) -> str:
    """Return the first line of what DuckDB says, and where to look for names."""
    first = str(error).strip().partition("\n")[0]
    return f"{first}; the tables are events and those in tables/, with - as _"
