"""`otsim compare`: is B really better than A?"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from otsim.cli.options import RunPlace, json_option, set_option

if TYPE_CHECKING:
    from otsim.compare import Comparison, Verdict
    from otsim.compare.studies import Decision, Subject
    from otsim.risk.conditions import FailRule

__all__ = ["compare"]


@click.command()
@click.argument("subjects", metavar="A B [C]...", nargs=-1, required=True)
@click.option(
    "--out",
    metavar="DIR",
    type=RunPlace(),
    help="Folder, or URL, for the page, the table and the runs of studies. Required for studies.",
)
@click.option(
    "--measure",
    "names",
    metavar="NAME",
    multiple=True,
    help="Compare this too: eal, varL, cvarL, pmlT, oepT, p_damaged, ...; may be repeated.",
)
@click.option(
    "--fail-on",
    "gates",
    metavar="GATE",
    multiple=True,
    help="End with exit code 3 where a change from A breaks it, such as 'eal > +5%' or "
    "'low(cvar99) > 0'; low and high are the ends of the interval. May be repeated.",
)
@click.option(
    "--until",
    "goals",
    metavar="GOAL",
    multiple=True,
    help="Let studies grow until 'sign(eal)', 'width(eal)=2%', or one of several with or between; "
    "may be repeated, all have to hold.",
)
@click.option(
    "--most-twins", type=click.IntRange(min=1), help="Where growth ends. Default: 64 fold."
)
@click.option("--junit", metavar="FILE", type=click.Path(path_type=Path), help="Verdicts as JUnit.")
@click.option("--workers", type=click.IntRange(min=1), help="Processes of a run.")
@set_option
@click.option("--quiet", "-q", is_flag=True, help="No progress.")
@json_option
def compare(  # noqa: PLR0913 - one parameter an option
    subjects: tuple[str, ...],
    out: Path | None,
    names: tuple[str, ...],
    gates: tuple[str, ...],
    goals: tuple[str, ...],
    most_twins: int | None,
    junit: Path | None,
    workers: int | None,
    overrides: tuple[str, ...],
    quiet: bool,
    as_json: bool,
) -> None:
    """Compare studies, or finished runs, with the first of them.

    Studies are run on the same seed and draws, so that luck cancels out and the interval of the
    difference is narrow. Overrides by -s go over every study.

    Example: otsim compare base.yaml better.yaml --out runs/better --fail-on 'eal > 0'
    """
    from otsim.cli.interrupts import prompt_interrupts
    from otsim.cli.run_progress import run_progress
    from otsim.compare import compare_studies
    from otsim.compare.comparison import measures_of
    from otsim.risk.conditions import fail_rule, stop_rule
    from otsim.risk.named_measures import measure_of
    from otsim.simulate.cpu_settings import prepare_cpu
    from otsim.store.batch_folder import open_batch

    if len(subjects) < 2:
        raise click.UsageError("need two or more studies or runs to compare")
    if most_twins is not None and not goals:
        raise click.UsageError("--most-twins ends the growth of --until; add --until GOAL")
    if overrides and all(_run_at(subject) for subject in subjects):
        raise click.UsageError("-s lays values over studies, but all of these are finished runs")
    prepare_cpu()
    rules = [fail_rule(text) for text in gates]
    stops = [stop_rule(text, paired=True) for text in goals]
    measures = measures_of(
        *map(measure_of, names),
        *(rule.measure for rule in rules),
        *(goal.measure for stop in stops for goal in stop.goals),
    )
    given = _subjects(subjects, overrides)
    with ExitStack() as stack:
        stack.enter_context(prompt_interrupts(as_json=as_json))
        log, progress = stack.enter_context(run_progress(quiet=quiet))
        if out is not None:
            stack.enter_context(open_batch(out, "compare"))
        decision = compare_studies(
            given, out, measures, rules=stops, most_twins=most_twins, workers=workers, log=log,
            progress=progress,
        )  # fmt: skip
        _finish(decision, rules, out=out, junit=junit, as_json=as_json)


def _subjects(texts: Sequence[str], overrides: Sequence[str]) -> list[Subject]:
    """Tell runs from studies: a run is a folder, or stands at a URL."""
    from otsim.attack.joined_graph import graph_problems
    from otsim.compare.studies import Subject
    from otsim.config import read_study

    found = []
    for text in texts:
        run = _run_at(text)
        if run is not None:
            found.append(Subject(label=run.resolve().name, run=run))
        else:
            study = read_study(text, overrides, also=graph_problems)
            found.append(Subject(label=Path(text).stem, study=study))
    return found


def _run_at(text: str) -> Path | None:
    """Return the folder or URL of a run; None where a study is meant."""
    from otsim.store.places import is_local, place_of

    place = place_of(text)
    return place if not is_local(place) or place.is_dir() else None


def _finish(
    decision: Decision, rules: Sequence[FailRule], *, out: Path | None, junit: Path | None,
    as_json: bool,
) -> None:  # fmt: skip
    from otsim.cli.gate_failures import gate_object, refuse_at_gate
    from otsim.compare import junit_xml, verdicts, write_comparison
    from otsim.store.commit import commit_bytes

    comparison = decision.comparison
    judged = verdicts(comparison, rules)
    page = write_comparison(comparison, out, judged, decision.told) if out is not None else None
    if junit is not None:
        commit_bytes(junit, junit_xml(judged))
    failure = _failure(decision, judged)
    if as_json:
        told = _object(decision, judged, page) | gate_object(failure)
        click.echo(json.dumps(told, ensure_ascii=False))
    else:
        _tell(comparison, judged, decision.told, page)
    if failure is not None:
        refuse_at_gate(failure, told=as_json)


def _failure(decision: Decision, judged: Sequence[Verdict]) -> str | None:
    """Say in a line what does not hold; None where all does."""
    broken = [verdict for verdict in judged if verdict.failed]
    if not decision.reached:
        return f"{'; '.join(decision.told)}; allow more twins by --most-twins"
    if not broken:
        return None
    more = f"; and {len(broken) - 1} more gates fail" if len(broken) > 1 else ""
    return f"--fail-on {broken[0].rule.text!r}: {broken[0].told}{more}"


def _object(decision: Decision, judged: Sequence[Verdict], page: Path | None) -> dict[str, object]:
    from otsim.compare.tables import pair_object

    comparison = decision.comparison
    return {
        "runs": [
            {"label": run.label, "run": str(run.path), "run_id": run.facts.run_id,
             "title": run.study.title, "twins": run.facts.twins}
            for run in comparison.runs
        ],
        "currency": comparison.currency,
        "pairs": [pair_object(pair, comparison.currency) for pair in comparison.pairs],
        "gates": [
            {"gate": verdict.rule.text, "run": verdict.pair.second.label,
             "failed": verdict.failed, "because": verdict.told}
            for verdict in judged
        ],
        "goals": {"reached": decision.reached, "looks": decision.looks,
                  "told": list(decision.told)},
        "page": str(page) if page else None,
    }  # fmt: skip


def _tell(
    comparison: Comparison, judged: Sequence[Verdict], goals: Sequence[str], page: Path | None
) -> None:
    from otsim.compare.wording import answer, change_words, interval_words, pair_notes
    from otsim.report.measure_words import amount, measure_words

    lines: list[str] = []
    for pair in comparison.pairs:
        lines.append(answer(pair, comparison.currency))
        lines += pair_notes(pair)
        for change in pair.changes:
            first, second = (
                amount(value, change.measure, comparison.currency)
                for value in (change.first, change.second)
            )
            lines.append(
                f"  {measure_words(change.measure)}: {first} -> {second}, "
                f"{change_words(change, comparison.currency)}, "
                f"{interval_words(change, comparison.currency)}"
                f"{'' if change.is_decided else ', not decided'}"
            )
    lines += goals
    lines += [
        f"{verdict.rule.text}: {'fails' if verdict.failed else 'passes'}; {verdict.told}"
        for verdict in judged
    ]
    click.echo("\n".join(lines).replace("\u00a0", " "))
    if page is not None:
        click.echo(f"Page: {click.format_filename(str(page))}")
