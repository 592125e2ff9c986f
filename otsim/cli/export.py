"""`otsim export`: the tables of a run for other programs."""

from __future__ import annotations

import json
from pathlib import Path

import click

from otsim.cli.options import RunPlace, json_option

__all__ = ["export"]


@click.command()
@click.argument("run_folder", metavar="RUN", type=RunPlace())
@click.option(
    "--csv",
    "csv_folder",
    metavar="FOLDER",
    type=click.Path(path_type=Path),
    help="Write the event table and all result tables there, as CSV.",
)
@click.option(
    "--raw-csv",
    is_flag=True,
    help="Leave text that a spreadsheet would run as a formula as it is. Default: an apostrophe "
    "goes before it.",
)
@click.option(
    "--ord-strict",
    "ord_folder",
    metavar="FOLDER",
    type=click.Path(path_type=Path),
    help="Write Open Results Data there, as oasislmf writes them: SPLT of simulated plant-years, "
    "ALT and EPT, money in float32, no further columns.",
)
@json_option
def export(
    run_folder: Path, csv_folder: Path | None, raw_csv: bool, ord_folder: Path | None, as_json: bool
) -> None:
    """Write the tables of a run for other programs. Folders are made where they are not there.

    Example: otsim export runs/te --csv runs/te-csv
    """
    if csv_folder is None and ord_folder is None:
        raise click.UsageError("Missing option '--csv' or '--ord-strict'.")
    written: list[Path] = []
    if csv_folder is not None:
        from otsim.store.csv_files import export_csv

        written += export_csv(run_folder, csv_folder, raw=raw_csv)
    if ord_folder is not None:
        from otsim.runs.open_results import export_open_results

        written += export_open_results(run_folder, ord_folder)
    if as_json:
        click.echo(json.dumps({"files": [str(path) for path in written]}, ensure_ascii=False))
        return
    for path in written:
        click.echo(click.format_filename(path))
