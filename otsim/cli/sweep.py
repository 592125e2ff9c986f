"""`otsim sweep`: a study at many values of its keys."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from otsim.cli.options import RunPlace, json_option, study_argument

if TYPE_CHECKING:
    from otsim.config.read_sweep import SweepPlan
    from otsim.sweep import SweepResult

__all__ = ["sweep"]


@click.command()
@study_argument
@click.option(
    "-s",
    "--set",
    "sets",
    metavar="KEY=A,B,C",
    multiple=True,
    help="Try these values of a key, in every combination with others and with the study's block "
    "sweep:; one value alone is laid over the study. May be repeated.",
)
@click.option(
    "--out",
    metavar="DIR",
    type=RunPlace(),
    help="Folder of the sweep, or a URL such as s3://bucket/sweep. Required, unless --dry-run.",
)
@click.option("--resume/--no-resume", default=True, show_default=True, help="Go on with a sweep.")
@click.option("--fail-fast", is_flag=True, help="End at the first point that fails.")
@click.option("--reports", is_flag=True, help="Make the report of every point too.")
@click.option("--workers", type=click.IntRange(min=1), help="Processes of a run.")
@click.option("--dry-run", is_flag=True, help="Only check and list the points.")
@click.option("--quiet", "-q", is_flag=True, help="No progress.")
@json_option
def sweep(  # noqa: PLR0913 - one parameter an option
    study_file: str,
    sets: tuple[str, ...],
    out: Path | None,
    resume: bool,
    fail_fast: bool,
    reports: bool,
    workers: int | None,
    dry_run: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Run a study at every point of a sweep, and write one table and one page.

    Every point is a run in its own folder, on the same seed and draws. The same command goes on
    where a sweep stopped. Points that fail are counted (exit code 3); the others go on.

    Example: otsim sweep study.yaml --set defence.response.delay_h=6,24,72 --out runs/response
    """
    from otsim.attack.joined_graph import graph_problems
    from otsim.cli.interrupts import prompt_interrupts
    from otsim.cli.run_progress import run_progress
    from otsim.config.read_sweep import read_sweep
    from otsim.simulate.cpu_settings import prepare_cpu

    if out is None and not dry_run:
        raise click.UsageError("Missing option '--out'.")
    prepare_cpu()
    plan = read_sweep(study_file, sets, also=graph_problems)
    if out is None or dry_run:
        _tell_plan(plan, as_json=as_json)
        return
    from otsim.store.batch_folder import open_batch
    from otsim.sweep import run_sweep, write_sweep

    interrupts = prompt_interrupts(as_json=as_json)
    with interrupts, run_progress(quiet=quiet) as (log, progress), open_batch(out, "sweep"):
        found = run_sweep(
            plan, out, resume=resume, fail_fast=fail_fast, pages=reports, workers=workers,
            log=log, progress=progress,
        )  # fmt: skip
        page, answer = write_sweep(found, out)
    _tell_result(found, page, answer, as_json=as_json)


def _tell_plan(plan: SweepPlan, *, as_json: bool) -> None:
    from otsim.sweep.points import refuse_equal_points

    refuse_equal_points(plan)
    if as_json:
        told = [{"point": point.number, "settings": point.settings} for point in plan.points]
        click.echo(json.dumps({"keys": list(plan.keys), "points": told}, ensure_ascii=False))
        return
    twins = plan.study.simulation.twins
    click.echo(f"{len(plan.points):,} points of {twins:,} twins each.")
    for point in plan.points:
        values = ", ".join(f"{key}={value}" for key, value in point.settings.items())
        click.echo(f"{point.number}: {values}")


def _tell_result(found: SweepResult, page: Path, answer: str, *, as_json: bool) -> None:
    from otsim.cli.gate_failures import gate_object, refuse_at_gate

    failure = _failure(found)
    if as_json:
        told = {
            "answer": answer.replace("\u00a0", " "),
            "page": str(page),
            "table": str(page.with_name("sweep.parquet")),
            "points": [
                {"point": result.point.number, "settings": result.point.settings,
                 "run": str(result.run), "error": result.error or None}
                for result in found.points
            ],
            **gate_object(failure),
        }  # fmt: skip
        click.echo(json.dumps(told, ensure_ascii=False))
    else:
        click.echo(answer.replace("\u00a0", " "))
        click.echo(f"Page: {click.format_filename(str(page))}")
        click.echo(f"Table: {click.format_filename(str(page.with_name('sweep.csv')))}")
    if failure is not None:
        refuse_at_gate(failure, told=as_json)


def _failure(found: SweepResult) -> str | None:
    if not found.failed:
        return None
    first = found.failed[0]
    return (
        f"{len(found.failed)} of {len(found.plan.points)} points failed, point "
        f"{first.point.number}: {first.error}; the table tells each; mend them and run the same "
        "command again"
    )
