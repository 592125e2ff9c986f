"""`otsim merge`: the parts of a job array joined to one run."""

from __future__ import annotations

from pathlib import Path

import click

from otsim.cli.options import RunPlace, json_option

__all__ = ["merge"]


@click.command()
@click.argument("folders", metavar="FOLDER...", type=RunPlace(), nargs=-1, required=True)
@click.option(
    "--out", metavar="RUN", type=RunPlace(), required=True,
    help="The run folder of the whole; it may be one of the folders.",
)  # fmt: skip
@click.option("--workers", type=click.IntRange(min=1), help="Processes. Default: 1.")
@click.option("--quiet", "-q", is_flag=True, help="No progress.")
@json_option
def merge(
    folders: tuple[Path, ...], out: Path, workers: int | None, quiet: bool, as_json: bool
) -> None:
    """Join folders that hold parts of one run (otsim run --shard k/N), and write its report.

    Every byte is checked against its manifest; a damaged shard is left out and named. Where all
    parts were written into one folder, give that as FOLDER and as --out.

    Example: otsim merge parts/1 parts/2 parts/3 --out runs/te
    """
    from otsim.cli.interrupts import prompt_interrupts
    from otsim.cli.run import indexed, tell_result
    from otsim.cli.run_progress import run_progress
    from otsim.part_runs import merge_runs
    from otsim.simulate.cpu_settings import prepare_cpu

    prepare_cpu()
    interrupts = prompt_interrupts(as_json=as_json)
    with interrupts, run_progress(quiet=quiet) as (log, progress), indexed(out, log):
        result = merge_runs(folders, out, workers=workers, log=log, progress=progress)
    tell_result(result, as_json=as_json)
