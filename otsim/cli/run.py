"""`otsim run`: from a study to a run folder and its report."""

from __future__ import annotations

import json
from pathlib import Path

import click

from otsim.cli.options import json_option, set_option, study_argument

__all__ = ["run"]


@click.command()
@study_argument
@click.option(
    "--out", metavar="RUN", type=click.Path(path_type=Path), required=True, help="The run folder."
)
@click.option("--twins", type=click.IntRange(min=1), help="Sampled campaigns, over the study's.")
@click.option("--seed", type=click.IntRange(min=0), help="Seed, over the study's.")
@click.option("--workers", type=click.IntRange(min=1), help="Processes. Default: one a core.")
@click.option("--resume/--no-resume", default=True, show_default=True, help="Go on with a run.")
@set_option
@click.option("--quiet", "-q", is_flag=True, help="No progress.")
@json_option
def run(  # noqa: PLR0913 - one parameter an option
    study_file: str, out: Path, twins: int | None, seed: int | None, workers: int | None,
    resume: bool, overrides: tuple[str, ...], quiet: bool, as_json: bool,
) -> None:  # fmt: skip
    """Run a study and write its risk report.

    The same command goes on where a run stopped. More --twins make a finished run grow.

    Example: otsim run configs/studies/te_campaign.yaml --out runs/te
    """
    from otsim.cli.interrupts import prompt_interrupts
    from otsim.cli.run_progress import run_progress
    from otsim.config import read_study
    from otsim.simulate.cpu_settings import prepare_cpu

    prepare_cpu()
    given = {"simulation.twins": twins, "simulation.seed": seed}
    laid_over = [f"{key}={value}" for key, value in given.items() if value is not None]
    study = read_study(study_file, [*overrides, *laid_over])
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
