"""Tables as CSV, guarded so that no spreadsheet takes a name for a formula."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from otsim.errors import StorageError
from otsim.store.commit import storing
from otsim.store.run_reader import RunReader

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["export_csv", "guarded", "unguarded"]

_FORMULA = re.compile(r"'*[=+\-@\t\r\n]")
_GUARDED = re.compile(r"'+[=+\-@\t\r\n]")


def guarded(text: str) -> str:
    """Put an apostrophe before text that a spreadsheet would run: `=`, `+`, `-`, `@`, a control.

    Text that looks guarded already gets one more, so that `unguarded` gives back any text.
    """
    return f"'{text}" if _FORMULA.match(text) else text


def unguarded(text: str) -> str:
    """Undo `guarded`."""
    return text[1:] if _GUARDED.match(text) else text


def export_csv(run: Path, folder: Path, *, raw: bool = False) -> list[Path]:
    """Write the event table and all result tables of a run as CSV, UTF-8, a header line each.

    Empty cells are null; a column's unit and meaning stay in the Parquet file. Numbers are written
    so that reading them gives the same bits.

    Args:
        run: a run folder.
        folder: where `events.csv`, `ept.csv`, ... go; it is made.
        raw: leave text as it is, formulas and all.

    Returns:
        The files written.

    Raises:
        StorageError: the run is damaged or not finished, or a file cannot be written.
    """
    reader = RunReader.at(run)
    if folder.is_symlink():
        raise StorageError(f"{folder}: is a symbolic link; give the folder that it points to")
    with storing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    written = [_write(folder / "events.csv", reader.shards(), raw=raw)]
    for name in reader.table_names():
        written.append(_write(folder / f"{name}.csv", [reader.read_table(name)], raw=raw))
    return written


def _write(path: Path, tables: Iterable[pa.Table], *, raw: bool) -> Path:
    temporary = path.parent / f".tmp-{path.stem}"
    with storing(path):
        with temporary.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            for index, table in enumerate(tables):
                if index == 0:
                    writer.writerow(table.column_names)
                writer.writerows(_cells(table, raw=raw))
        temporary.replace(path)
    return path


def _cells(table: pa.Table, *, raw: bool) -> Iterator[tuple[Any, ...]]:
    columns = [[_cell(raw)(value) for value in column.to_pylist()] for column in table.columns]
    return zip(*columns, strict=True)


def _cell(raw: bool) -> Callable[[Any], Any]:
    def cell(value: Any) -> Any:
        if isinstance(value, bool):
            return "true" if value else "false"
        return guarded(value) if isinstance(value, str) and not raw else value

    return cell
