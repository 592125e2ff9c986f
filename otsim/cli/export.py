"""`otsim export`: the tables of a run for other programs."""

from __future__ import annotations

import json
from pathlib import Path

import click

from otsim.cli.options import json_option

__all__ = ["export"]


@click.command()
@click.argument("run_folder", metavar="RUN", type=click.Path(path_type=Path))
@click.option(
    "--csv",
    "csv_folder",
    metavar="FOLDER",
    type=click.Path(path_type=Path),
    required=True,
    help="Folder for the CSV files; it is made.",
)
@click.option(
    "--raw-csv",
    is_flag=True,
    help="Leave text that a spreadsheet would run as a formula as it is. Default: an apostrophe "
    "goes before it.",
)
@json_option
def export(run_folder: Path, csv_folder: Path, raw_csv: bool, as_json: bool) -> None:
    """Write the event table and all result tables of a run as CSV.

    Example: otsim export runs/te --csv runs/te-csv
    """
    from otsim.store.csv_files import export_csv

    written = export_csv(run_folder, csv_folder, raw=raw_csv)
    if as_json:
        click.echo(json.dumps({"files": [str(path) for path in written]}, ensure_ascii=False))
        return
    for path in written:
        click.echo(click.format_filename(path))
