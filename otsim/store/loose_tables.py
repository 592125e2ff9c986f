"""A table outside any run, as Parquet and as CSV side by side."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING

from otsim.store.commit import commit_bytes
from otsim.store.csv_files import guarded
from otsim.store.parquet_files import parquet_bytes

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["write_loose_table"]


def write_loose_table(folder: Path, name: str, table: pa.Table) -> tuple[Path, Path]:
    """Write `NAME.parquet` and `NAME.csv`; text that a spreadsheet would run gets an apostrophe.

    Returns:
        The two files.

    Raises:
        StorageError: one of them cannot be written.
    """
    parquet, text = folder / f"{name}.parquet", folder / f"{name}.csv"
    commit_bytes(parquet, parquet_bytes(table))
    commit_bytes(text, _csv(table))
    return parquet, text


def _csv(table: pa.Table) -> bytes:
    sink = io.StringIO(newline="")
    writer = csv.writer(sink, lineterminator="\n")
    writer.writerow([guarded(name) for name in table.column_names])
    for row in table.to_pylist():
        writer.writerow([_cell(value) for value in row.values()])
    return sink.getvalue().encode()


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    return guarded(value) if isinstance(value, str) else value
