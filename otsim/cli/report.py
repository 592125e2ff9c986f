"""`otsim report`: the page of a run, made again."""

from __future__ import annotations

import json
from pathlib import Path

import click

from otsim.cli.options import RunPlace, json_option

__all__ = ["report"]


@click.command()
@click.argument("run_folder", metavar="RUN", type=RunPlace())
@json_option
def report(run_folder: Path, as_json: bool) -> None:
    """Make the report of a run again, from what is in its folder.

    Prints the answer in one sentence and where the page is.

    Example: otsim report runs/te
    """
    from otsim.report import answer_sentence, read_findings, write_report

    page = write_report(run_folder)
    findings = read_findings(run_folder)
    answer = answer_sentence(findings).replace("\u00a0", " ")
    if as_json:
        told = {"answer": answer, "report": str(page), "run_id": findings.facts.run_id}
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    click.echo(answer)
    click.echo(f"Report: {click.format_filename(str(page))}")
