"""`otsim status`: how far a run is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from otsim.cli.options import RunPlace, json_option

if TYPE_CHECKING:
    from otsim.runs import RunStatus

__all__ = ["status"]


@click.command()
@click.argument("run_folder", metavar="RUN", type=RunPlace())
@json_option
def status(run_folder: Path, as_json: bool) -> None:
    """Say how far a run is: running, finished or stopped, shards, twins, last commit.

    Works while the run does, and never disturbs it.

    Example: otsim status runs/te
    """
    from otsim.runs import run_status

    found = run_status(run_folder)
    if as_json:
        click.echo(json.dumps(asdict(found) | {"run": str(found.run)}, ensure_ascii=False))
        return
    for line in _lines(found):
        click.echo(line)


def _lines(found: RunStatus) -> Iterator[str]:
    holder = f" (process {found.pid})" if found.pid is not None else ""
    yield f"{click.format_filename(str(found.run))}: {found.state}{holder}"
    share = found.twins_done / found.twins
    yield f"  Shards       {found.shards_done:,} of {found.shards:,}"
    yield f"  Twins        {found.twins_done:,} of {found.twins:,} ({share:.0%})"
    yield f"  Diverged     {found.diverged:,}"
    yield f"  Started      {_time(found.started_utc)}"
    yield f"  Last commit  {_time(found.last_commit_utc)}"


def _time(utc: str | None) -> str:
    """Write a time as people read it."""
    return utc.replace("T", " ").replace("+00:00", " UTC") if utc else "none"
