"""`otsim verify`: every committed byte of a run, checked."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from otsim.cli.options import RunPlace, json_option
from otsim.errors import StorageError

if TYPE_CHECKING:
    from otsim.runs import Verification

__all__ = ["verify"]


@click.command()
@click.argument("run_folder", metavar="RUN", type=RunPlace())
@json_option
@click.pass_context
def verify(context: click.Context, run_folder: Path, as_json: bool) -> None:
    """Check every committed byte of a run, and name each damaged file on a line of its own.

    Checks manifests, hashes, Parquet pages and _SUCCESS; nothing is written. Ends with 0 for a
    sound run, finished or not, and with 4 for a damaged one.

    Example: otsim verify runs/te
    """
    from otsim.runs import verify_run

    found = verify_run(run_folder)
    if as_json:
        click.echo(json.dumps(_object(found), ensure_ascii=False))
        context.exit(StorageError.exit_code if found.damaged else 0)
    for each in found.damaged:
        click.echo(f"{click.format_filename(str(run_folder / each.file))}: {each.what}")
    if found.damaged:
        raise StorageError(_what_to_do(found))
    click.echo(_sound(found))


def _object(found: Verification) -> dict[str, object]:
    return asdict(found) | {"run": str(found.run), "sound": not found.damaged}


def _sound(found: Verification) -> str:
    far = "finished" if found.finished else f"{found.shards} of {found.planned} shards so far"
    return (
        f"{click.format_filename(str(found.run))}: sound, {far}; "
        f"{found.n_files:,} files, {found.n_bytes / 1e6:,.1f} MB checked"
    )


def _what_to_do(found: Verification) -> str:
    from otsim.runs import run_status

    number = len(found.damaged)
    what = f"{found.run}: {number} damaged file{'' if number == 1 else 's'}"
    if found.planned is None:
        return f"{what}; without run.json the run cannot go on: run the study into a new --out"
    if run_status(found.run).state == "running":
        return f"{what}; but a process is writing this run: verify again when it has ended"
    return f"{what}; otsim run of the same study into this folder computes again what they held"
