"""`otsim review`: where a network is weak, and what to mend first."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from otsim.cli.options import RunPlace, json_option, set_option, study_argument

if TYPE_CHECKING:
    from otsim.review.review import Review

__all__ = ["review"]

_MOST_TOLD = 5


@click.command()
@study_argument
@click.option(
    "--out",
    metavar="DIR",
    type=RunPlace(),
    required=True,
    help="Folder for page, tables and SARIF, or a URL such as s3://bucket/review.",
)
@click.option("--twins", type=click.IntRange(min=1), help="Sampled campaigns, over the study's.")
@click.option("--seed", type=click.IntRange(min=0), help="Seed, over the study's.")
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    help="Processes. Default: one per GPU, or else per core.",
)
@set_option
@click.option("--quiet", "-q", is_flag=True, help="No progress.")
@json_option
def review(  # noqa: PLR0913 - one parameter an option
    study_file: str, out: Path, twins: int | None, seed: int | None, workers: int | None,
    overrides: tuple[str, ...], quiet: bool, as_json: bool,
) -> None:  # fmt: skip
    """Review the design of a plant's network: where is it weak, what to mend first.

    The study names an architecture. Writes review.html, review.sarif, findings.json and tables
    into DIR, and prints the answer.

    Example: otsim review configs/studies/te_design_review.yaml --out runs/review
    """
    from otsim.attack.joined_graph import graph_problems
    from otsim.cli.interrupts import prompt_interrupts
    from otsim.config.read_study import checked_study, read_branches
    from otsim.errors import ConfigError
    from otsim.simulate.cpu_settings import prepare_cpu

    given = {"simulation.twins": twins, "simulation.seed": seed}
    laid_over = [f"{key}={value}" for key, value in given.items() if value is not None]
    root = read_branches(study_file, [*overrides, *laid_over])
    study = checked_study(root, also=graph_problems)
    if study.attack.architecture is None:
        raise ConfigError(
            f"{root.place.file}: attack.architecture: missing, but a review needs the file of the "
            "plant's network; name one, as configs/studies/te_design_review.yaml does"
        )
    prepare_cpu()
    from otsim.review.places import places_of
    from otsim.review.review import review_study

    with prompt_interrupts(as_json=as_json):
        told = (lambda line: None) if quiet else _told
        found = review_study(study, out, workers=workers, places=places_of(root), told=told)
    _tell(found, out, as_json=as_json)


def _told(line: str) -> None:
    click.echo(line, err=True)


def _tell(found: Review, out: Path, *, as_json: bool) -> None:
    from otsim.review.review import PAGE_FILE, SARIF_FILE, told_review

    page = out / PAGE_FILE
    if as_json:
        told = {**told_review(found), "report": str(page), "sarif": str(out / SARIF_FILE)}
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    click.echo(found.headline.replace("\u00a0", " "))
    click.echo(f"\n{_listed(found)}\n")
    click.echo(f"Report: {click.format_filename(str(page))}")


def _listed(found: Review) -> str:
    """The first findings with their prices, a line each."""
    from otsim.report.wording import money

    currency = found.figures.currency
    lines = []
    for one in found.findings[:_MOST_TOLD]:
        if one.annual_loss is None or one.finding.kind.sort != "mend":
            break
        amount = money(one.annual_loss.value, currency).replace("\u00a0", " ")
        lines.append(f"  {one.rank}  {amount:>14} a year  {one.finding.title}")
    n_more = len(found.findings) - len(lines)
    lines.append(f"  and {n_more} more findings in the report")
    return "\n".join(lines)
