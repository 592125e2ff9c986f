"""`otsim sql`: a query over the tables of a run."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import click

from otsim.cli.options import RunPlace, json_option
from otsim.cli.text_table import aligned

__all__ = ["sql"]


@click.command()
@click.argument("run_folder", metavar="RUN", type=RunPlace())
@click.argument("query")
@json_option
def sql(run_folder: Path, query: str, as_json: bool) -> None:
    """Ask the tables of a run in SQL: events, ept, alt, ... as tables/ names them.

    The database knows these tables and can reach no file, no network and no other run. Needs
    DuckDB: pip install 'otsim[sql]'.

    Example: otsim sql runs/te "select goal, avg(loss) from events group by goal"
    """
    from otsim.runs.sql_query import query_run

    found = query_run(run_folder, query)
    if as_json:
        rows = [[_plain(value) for value in row] for row in found.rows]
        told = {"columns": found.columns, "rows": rows}
        click.echo(json.dumps(told, ensure_ascii=False, default=str))
        return
    for line in aligned([tuple(map(_cell, row)) for row in (found.columns, *found.rows)]):
        click.echo(line)


def _plain(value: Any) -> Any:
    """Return a value for JSON, which knows no number that is not finite."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _cell(value: Any) -> str:
    """Write a value on one line, without what would steer a terminal."""
    text = "" if value is None else f"{value:.10g}" if isinstance(value, float) else str(value)
    return "".join(letter if letter.isprintable() else "?" for letter in text)
