"""The page of a comparison: what changes, how sure that is, and what the gates say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from otsim.compare.charts import change_chart
from otsim.compare.comparison import ComparedRun, Comparison, Pair
from otsim.compare.gates import Verdict
from otsim.compare.tables import comparison_table
from otsim.compare.wording import answer, change_words, interval_words, notes
from otsim.report.chart_style import Figure
from otsim.report.measure_words import amount, measure_words
from otsim.report.templating import rendered
from otsim.report.wording import number
from otsim.risk.changes import Change
from otsim.store.commit import commit_bytes
from otsim.store.loose_tables import write_loose_table

__all__ = ["PAGE_FILE", "write_comparison"]

PAGE_FILE = "compare.html"
_TABLE = "differences"


def write_comparison(
    comparison: Comparison, out: Path, judged: Sequence[Verdict] = (), told: Sequence[str] = ()
) -> Path:
    """Write page and table of a comparison.

    Args:
        comparison: what was found.
        out: folder, which exists.
        judged: verdicts of the gates.
        told: how far the goals of a sequential stop were.

    Returns:
        The page.

    Raises:
        StorageError: a file cannot be written.
    """
    write_loose_table(out, _TABLE, comparison_table(comparison))
    page = out / PAGE_FILE
    commit_bytes(page, rendered("compare.html", _told(comparison, judged, told)).encode())
    return page


@dataclass(frozen=True, kw_only=True)
class _Row:
    """A measure in the table of a pair."""

    words: str
    first: str
    second: str
    change: str
    interval: str
    verdict: str


@dataclass(frozen=True, kw_only=True)
class _View:
    """A pair on the page."""

    pair: Pair
    answer: str
    rows: tuple[_Row, ...]
    figure: Figure | None
    narrower: str


def _told(
    comparison: Comparison, judged: Sequence[Verdict], told: Sequence[str]
) -> Mapping[str, Any]:
    views = [_view(pair, comparison.currency, i) for i, pair in enumerate(comparison.pairs)]
    return {
        "title": " against ".join(_short([run.label for run in comparison.runs])),
        "currency": comparison.currency,
        "runs": comparison.runs,
        "titles": {run.label: run.study.title for run in comparison.runs},
        "notes": list(notes(comparison)),
        "views": views,
        "verdicts": judged,
        "goals": list(told),
        "twins": _twins(comparison.runs),
    }


def _view(pair: Pair, currency: str, number_of: int) -> _View:
    eal = next(change for change in pair.changes if change.measure.kind == "eal")
    return _View(
        pair=pair,
        answer=answer(pair, currency),
        rows=tuple(_row(change, currency) for change in pair.changes),
        figure=change_chart(pair, f"change{number_of}"),
        narrower=number(eal.narrower, 2) if pair.is_paired and eal.standard_error else "",
    )


def _row(change: Change, currency: str) -> _Row:
    verdict = "not decided"
    if change.is_decided:
        verdict = "higher" if change.difference > 0.0 else "lower"
    elif change.lower == change.upper == 0.0:
        verdict = "the same"
    return _Row(
        words=measure_words(change.measure),
        first=amount(change.first, change.measure, currency),
        second=amount(change.second, change.measure, currency),
        change=change_words(change, currency),
        interval=interval_words(change, currency),
        verdict=verdict,
    )


def _twins(runs: Sequence[ComparedRun]) -> str:
    counts = sorted({run.facts.twins for run in runs})
    return " and ".join(f"{count:,}" for count in counts)


def _short(labels: Sequence[str]) -> list[str]:
    return list(labels) if len(labels) <= 3 else [labels[0], f"{len(labels) - 1} others"]
