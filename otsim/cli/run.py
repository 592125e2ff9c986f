"""`otsim run`: from a study to a run folder and its report."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from otsim.cli.options import RunPlace, json_option, set_option, study_argument

if TYPE_CHECKING:
    from otsim.config import Study
    from otsim.part_runs import PartResult
    from otsim.study import RunResult

__all__ = ["indexed", "run", "tell_result"]


@click.command()
@study_argument
@click.option(
    "--out",
    metavar="RUN",
    type=RunPlace(),
    help="The run folder, or a URL such as s3://bucket/te. Required, unless --dry-run.",
)
@click.option("--twins", type=click.IntRange(min=1), help="Sampled campaigns, over the study's.")
@click.option("--seed", type=click.IntRange(min=0), help="Seed, over the study's.")
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    help="Processes. Default: one per GPU, or else per core.",
)
@click.option(
    "--executor",
    "executor_text",
    metavar="PLACE",
    default="local",
    show_default=True,
    help="Where twins are computed: local, dask, dask://HOST:PORT, ray, ray://HOST:PORT.",
)
@click.option(
    "--shard", "part_text", metavar="k/N", help="Compute the k-th of N parts, for otsim merge."
)
@click.option(
    "--until",
    "goals",
    metavar="GOAL",
    multiple=True,
    help="Let the run grow until 'rel_se(cvar99)=5%', 'se(eal)=1000', or one of several with or "
    "between; may be repeated, all have to hold.",
)
@click.option(
    "--most-twins", type=click.IntRange(min=1), help="Where growth ends. Default: 64 fold."
)
@click.option("--resume/--no-resume", default=True, show_default=True, help="Go on with a run.")
@click.option("--dry-run", is_flag=True, help="Only say how long it would take.")
@set_option
@click.option("--quiet", "-q", is_flag=True, help="No progress.")
@json_option
def run(  # noqa: PLR0913 - one parameter an option
    study_file: str, out: Path | None, twins: int | None, seed: int | None, workers: int | None,
    executor_text: str, part_text: str | None, goals: tuple[str, ...], most_twins: int | None,
    resume: bool, dry_run: bool,
    overrides: tuple[str, ...], quiet: bool, as_json: bool,
) -> None:  # fmt: skip
    """Run a study and write its risk report.

    The same command goes on where a run stopped. More --twins make a finished run grow.
    With --dry-run, the first twins are run as a pilot and nothing is kept. With --shard k/N, one
    part of the twins is computed, as a task of a job array does; otsim merge joins the parts.

    Example: otsim run configs/studies/te_campaign.yaml --out runs/te
    """
    from otsim.attack.joined_graph import graph_problems
    from otsim.cli.interrupts import prompt_interrupts
    from otsim.cli.run_progress import run_progress
    from otsim.config import read_study
    from otsim.simulate.cpu_settings import prepare_cpu

    if out is None and not dry_run:
        raise click.UsageError("Missing option '--out'.")
    _refuse_useless(goals, part_text, executor_text, most_twins=most_twins, dry_run=dry_run)
    prepare_cpu()
    from otsim.executors import parse_executor
    from otsim.risk.conditions import stop_rule
    from otsim.store.parts import parse_part

    rules = tuple(stop_rule(text, paired=False) for text in goals)
    executor = parse_executor(executor_text)
    part = None if part_text is None else parse_part(part_text)
    given = {"simulation.twins": twins, "simulation.seed": seed}
    laid_over = [f"{key}={value}" for key, value in given.items() if value is not None]
    study = read_study(study_file, [*overrides, *laid_over], also=graph_problems)
    if out is None or dry_run:
        _tell_forecast(study, workers, as_json=as_json)
        return
    from otsim.study import run_study

    asked: dict[str, Any] = {"resume": resume, "workers": workers, "executor": executor}
    interrupts = prompt_interrupts(as_json=as_json)
    if part is not None:
        from otsim.part_runs import run_part

        with interrupts, run_progress(quiet=quiet) as (log, progress):
            _tell_part(
                run_part(study, out, part, **asked, log=log, progress=progress), as_json=as_json
            )
        return
    with interrupts, run_progress(quiet=quiet) as (log, progress), indexed(out, log):
        if rules:
            from otsim.growing_run import grow_run

            asked |= {"progress": progress, "most_twins": most_twins}
            result = grow_run(study, out, rules, **asked, log=log).result
        else:
            result = run_study(study, out, **asked, log=log, progress=progress)
    tell_result(result, as_json=as_json)


def _refuse_useless(
    goals: tuple[str, ...], part: str | None, executor: str, *, most_twins: int | None,
    dry_run: bool,
) -> None:  # fmt: skip
    """Refuse options that would change nothing beside the others."""
    if goals and part:
        raise click.UsageError("--until needs all twins at hand; leave --shard out")
    if most_twins is not None and not goals:
        raise click.UsageError("--most-twins ends the growth of --until; add --until GOAL")
    given = {"--until": goals, "--shard": part, "--executor": executor != "local"}
    useless = [name for name, value in given.items() if value]
    if dry_run and useless:
        raise click.UsageError(
            f"--dry-run tells of the whole run on this machine; leave {useless[0]} out"
        )


def indexed(out: Path, log: Callable[[str], None]) -> AbstractContextManager[None]:
    """Let the index of this user's runs hear of a run when it has ended; it lists folders alone."""
    from otsim.runs import registered
    from otsim.store import is_local

    return registered(out, log) if is_local(out) else nullcontext()


def tell_result(result: RunResult, *, as_json: bool) -> None:
    """Print the answer and where the report is."""
    answer = result.answer.replace("\u00a0", " ")
    if as_json:
        told = {
            "answer": answer, "run": str(result.run), "report": str(result.report),
            "run_id": result.run_id, "twins": result.n_twins, "diverged": result.n_diverged,
        }  # fmt: skip
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    click.echo(answer)
    click.echo(f"Report: {click.format_filename(str(result.report))}")


def _tell_part(done: PartResult, *, as_json: bool) -> None:
    if as_json:
        told = {
            "run": str(done.run), "run_id": done.run_id, "part": str(done.part),
            "shards": done.n_shards, "twins": done.n_twins,
        }  # fmt: skip
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    click.echo(
        f"Part {done.part}: {_counted(done.n_twins, 'twin')} in "
        f"{_counted(done.n_shards, 'shard')} committed."
    )
    click.echo("When all parts are there: otsim merge FOLDER... --out RUN")


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
