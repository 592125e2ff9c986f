"""`otsim run`: from a study to a run folder and its report."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from otsim.cli.options import json_option, set_option, study_argument

if TYPE_CHECKING:
    from otsim.config import Study

__all__ = ["run"]


@click.command()
@study_argument
@click.option(
    "--out",
    metavar="RUN",
    type=click.Path(path_type=Path),
    help="The run folder. Required, unless --dry-run.",
)
@click.option("--twins", type=click.IntRange(min=1), help="Sampled campaigns, over the study's.")
@click.option("--seed", type=click.IntRange(min=0), help="Seed, over the study's.")
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    help="Processes. Default: one per GPU, or else per core.",
)
@click.option("--resume/--no-resume", default=True, show_default=True, help="Go on with a run.")
@click.option("--dry-run", is_flag=True, help="Only say how long it would take.")
@set_option
@click.option("--quiet", "-q", is_flag=True, help="No progress.")
@json_option
def run(  # noqa: PLR0913 - one parameter an option
    study_file: str, out: Path | None, twins: int | None, seed: int | None, workers: int | None,
    resume: bool, dry_run: bool, overrides: tuple[str, ...], quiet: bool, as_json: bool,
) -> None:  # fmt: skip
    """Run a study and write its risk report.

    The same command goes on where a run stopped. More --twins make a finished run grow.
    With --dry-run, the first twins are run as a pilot and nothing is kept.

    Example: otsim run configs/studies/te_campaign.yaml --out runs/te
    """
    from otsim.cli.interrupts import prompt_interrupts
    from otsim.cli.run_progress import run_progress
    from otsim.config import read_study
    from otsim.simulate.cpu_settings import prepare_cpu

    if out is None and not dry_run:
        raise click.UsageError("Missing option '--out'.")
    prepare_cpu()
    given = {"simulation.twins": twins, "simulation.seed": seed}
    laid_over = [f"{key}={value}" for key, value in given.items() if value is not None]
    study = read_study(study_file, [*overrides, *laid_over])
    if out is None or dry_run:
        _tell_forecast(study, workers, as_json=as_json)
        return
    from otsim.study import run_study

    with prompt_interrupts(as_json=as_json), run_progress(quiet=quiet) as (log, progress):
        result = run_study(study, out, resume=resume, workers=workers, log=log, progress=progress)
    answer = result.answer.replace("\u00a0", " ")
    if as_json:
        told = {
            "answer": answer, "run": str(result.run), "report": str(result.report),
            "run_id": result.run_id, "twins": result.n_twins, "diverged": result.n_diverged,
        }  # fmt: skip
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    click.echo(answer)
    click.echo(f"Report: {click.format_filename(result.report)}")


def _tell_forecast(study: Study, workers: int | None, *, as_json: bool) -> None:
    from otsim.cli.interrupts import prompt_interrupts
    from otsim.dry_run import forecast

    with prompt_interrupts(as_json=as_json):
        found = forecast(study, workers=workers)
    if as_json:
        click.echo(json.dumps({**asdict(found), "total_s": found.total_s}))
        return
    click.echo(
        f"{_counted(found.twins, 'twin')} in {_counted(found.shards, 'shard')} on "
        f"{_counted(found.workers, 'worker')}: about {_span(found.total_s)} and "
        f"{max(found.disk_bytes / 1e6, 0.1):,.1f} MB on disk."
    )
    click.echo(
        f"Start {_span(found.start_s)}, twins {_span(found.twins_s)}, recordings, tables and page "
        f"{_span(found.report_s)}; from a pilot of {_counted(found.pilot_twins, 'twin')}."
    )


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _span(seconds: float) -> str:
    if seconds < 120.0:
        return f"{seconds:.0f} s"
    if seconds < 7200.0:
        return f"{seconds / 60.0:.0f} min"
    return f"{seconds / 3600.0:.1f} h"
