"""The page of a sweep: how the figures answer to the keys, and a row for every point."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from otsim.config.distributions import FAMILIES
from otsim.config.key_paths import key_steps
from otsim.report.bars import Bar, BarGroup
from otsim.report.chart_style import Figure
from otsim.report.templating import rendered
from otsim.report.wording import money, money_range, number, percent
from otsim.store.commit import commit_bytes
from otsim.store.loose_tables import write_loose_table
from otsim.sweep.charts import Panel, heat_map, is_spread, response_curve, scatter
from otsim.sweep.points import SweepResult
from otsim.sweep.table import TABLE, PointRow, point_rows, sweep_table

__all__ = ["PAGE_FILE", "sweep_answer", "write_sweep"]

PAGE_FILE = "sweep.html"
_PANELS = (
    ("MeanLoss", "expected annual loss"),
    ("CVaR99", "mean of the worst year in 100"),
    ("VaR99", "loss of one year in 100"),
    ("P_damaged", "chance of damage in a year"),
)
_MOST_ROWS, _MOST_FIGURES, _MOST_FAILED = 200, 12, 20
_LONGEST_LABEL, _MOST_TOLD = 60, 3

Rows = Sequence[dict[str, Any]]


def write_sweep(sweep: SweepResult, out: Path) -> tuple[Path, str]:
    """Write table and page of a sweep.

    Returns:
        The page, and what it says in a sentence.

    Raises:
        StorageError: a file cannot be written, or a run is damaged.
    """
    found = point_rows(sweep)
    write_loose_table(out, TABLE, sweep_table(sweep, found))
    page, answer = out / PAGE_FILE, sweep_answer(sweep, found)
    told = _told(sweep, found, answer)
    commit_bytes(page, rendered("sweep.html", told).encode())
    return page, answer


def sweep_answer(sweep: SweepResult, found: Sequence[PointRow]) -> str:
    """Say between which values the expected annual loss lies, and at which points."""
    rows = [row for row in found if row.figures]
    if not rows:
        return "No point has results."
    low = min(rows, key=lambda row: row.figures["MeanLoss"])
    high = max(rows, key=lambda row: row.figures["MeanLoss"])
    currency = sweep.plan.study.loss.currency
    if low.figures["MeanLoss"] == high.figures["MeanLoss"]:
        loss = money(low.figures["MeanLoss"], currency)
        return f"Expected annual loss {loss} at all {len(rows)} points."
    ends = [
        f"{money(row.figures['MeanLoss'], currency)} at {_settings(row)}" for row in (low, high)
    ]
    return f"Expected annual loss from {ends[0]} to {ends[1]}."


@dataclass(frozen=True, kw_only=True)
class _Line:
    """A point in the table of the page."""

    number: int
    values: tuple[str, ...]
    cells: tuple[tuple[str, str], ...]
    error: str


def _told(sweep: SweepResult, found: Sequence[PointRow], answer: str) -> Mapping[str, Any]:
    study, keys = sweep.plan.study, sweep.plan.keys
    rows = [{**row.figures, **row.result.point.settings} for row in found if row.figures]
    return {
        "study": study,
        "currency": study.loss.currency,
        "answer": answer,
        "keys": keys,
        "n_points": len(sweep.plan.points),
        "n_tried": len(sweep.points),
        "failed": sweep.failed[:_MOST_FAILED],
        "n_failed": len(sweep.failed),
        "figures": _figures(rows, keys, study.loss.currency) if rows else [],
        "influence": _influence(rows, keys) if len(keys) > 1 and len(rows) > 3 else None,
        "heads": ("Expected annual loss", "Change from point 1", "1-in-100-year loss (AEP)",
                  "Mean of the worst year in 100", "Damage in a year"),
        "lines": [_line(row, keys, study.loss.currency) for row in found[:_MOST_ROWS]],
        "n_rows": len(found),
        "most_rows": _MOST_ROWS,
        "seed": study.simulation.seed,
        "twins": study.simulation.twins,
    }  # fmt: skip


def _figures(rows: Rows, keys: Sequence[str], currency: str) -> list[tuple[str, Figure]]:
    panels = [Panel.of(name, words, rows, currency) for name, words in _PANELS]
    labels = [_label(key) for key in keys]
    if len(keys) == 1:
        return [(panel.words, response_curve(panel, rows, keys[0], labels[0])) for panel in panels]
    if len(keys) == 2 and not is_spread(rows, keys):
        return [
            (panel.title, heat_map(panel, _as_words(rows, keys), keys, labels)) for panel in panels
        ]
    return [
        (f"{panels[0].words} against {label}",
         scatter(panels[0], rows, key, label, f"s{i}"))
        for i, (key, label) in enumerate(zip(keys[:_MOST_FIGURES], labels, strict=False))
    ]  # fmt: skip


def _as_words(rows: Rows, keys: Sequence[str]) -> list[dict[str, Any]]:
    """Write values that are no numbers as text, so that cells can be told apart."""
    return [
        {**row, **{key: row[key] if _is_number(row[key]) else str(row[key]) for key in keys}}
        for row in rows
    ]


def _influence(rows: Rows, keys: Sequence[str]) -> BarGroup | None:
    """Rank correlation of every numeric key with the expected annual loss, largest first."""
    from scipy.stats import spearmanr

    numeric = [key for key in keys if all(_is_number(row[key]) for row in rows)]
    losses = [row["MeanLoss"] for row in rows]
    if not numeric or len(set(losses)) == 1:
        return None
    found = {
        key: float(spearmanr([row[key] for row in rows], losses).statistic)
        for key in numeric
        if len({row[key] for row in rows}) > 1
    }
    bars = [
        Bar(label=key, value=f"{'+' if rank > 0 else '−'}{abs(rank):.2f}", start=min(50.0, at),
            end=max(50.0, at), middle=50.0)
        for key, rank in sorted(found.items(), key=lambda item: -abs(item[1]))
        for at in [50.0 + 50.0 * rank]
    ]  # fmt: skip
    return BarGroup(heading="Rank correlation with the expected annual loss", bars=tuple(bars))


def _line(row: PointRow, keys: Sequence[str], currency: str) -> _Line:
    settings = row.result.point.settings
    return _Line(
        number=row.result.point.number,
        values=tuple(_value(settings[key]) for key in keys),
        cells=tuple(_cells(row, currency)) if row.figures else (),
        error=row.result.error,
    )


def _cells(row: PointRow, currency: str) -> Iterator[tuple[str, str]]:
    figures, change = row.figures, row.change
    yield _money_cell(figures, "MeanLoss", currency)
    if change is None:
        yield "–", ""
    else:
        told, low, high = (
            money(value, currency).replace("-", "−")
            for value in (change.difference, change.lower, change.upper)
        )
        yield f"{'+' if change.difference > 0.0 else ''}{told}", f"{low} to {high}"
    yield _money_cell(figures, "VaR99", currency)
    yield _money_cell(figures, "CVaR99", currency)
    ends = figures["P_damagedLowerCI"], figures["P_damagedUpperCI"]
    yield percent(figures["P_damaged"]), f"{number(100.0 * ends[0])} to {percent(ends[1])}"


def _money_cell(figures: Mapping[str, float], name: str, currency: str) -> tuple[str, str]:
    low, high = figures[f"{name}LowerCI"], figures[f"{name}UpperCI"]
    span = money_range(low, high, currency) if math.isfinite(high) else f"{money(low, currency)} up"
    return money(figures[name], currency), span


def _settings(row: PointRow) -> str:
    """Name a point by its values, or by its number where there are many."""
    settings = row.result.point.settings
    if len(settings) > _MOST_TOLD:
        return f"point {row.result.point.number}"
    return ", ".join(f"{_last_steps(key)} {_value(value)}" for key, value in settings.items())


def _last_steps(key: str) -> str:
    """Name a key by the end of its path, a distribution's with the name of what it is of."""
    steps = [str(step) for step in key_steps(key)]
    return ".".join(steps[-3:] if len(steps) > 2 and steps[-2] in FAMILIES else steps[-1:])


def _label(key: str) -> str:
    """Shorten a key path from the left."""
    return key if len(key) <= _LONGEST_LABEL else f"…{key[-_LONGEST_LABEL:]}"


def _value(value: Any) -> str:
    return f"{value:,.6g}" if _is_number(value) else str(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
