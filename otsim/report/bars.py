"""Horizontal bars drawn by the page's own styles: probabilities, causes of loss, the tornado."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from otsim.attack.joined_graph import joined_graph
from otsim.config import Study
from otsim.config.plant_points import WATER_NETWORK
from otsim.report.findings import Findings, Row
from otsim.report.units import in_unit
from otsim.report.wording import money, money_range, number, percent

__all__ = ["Bar", "BarGroup", "cause_groups", "probability_bars", "tornado_bars"]

_CAUSES = {
    "goal": "By what the attacker wants",
    "entry": "By the way in",
    "category": "By kind of loss",
    "profile": "By who attacks",
}
_CATEGORY_WORDS = {
    "business_interruption": "business interruption",
    "product": "bad product",
    "equipment": "equipment",
    "environment": "environment",
    "safety": "safety",
    "response": "incident response",
}
_CHANCES = (
    ("acts", "touches the plant"),
    ("tripped", "trips the plant (safety system)"),
    ("shut_down", "makes the defenders shut it down"),
    ("damaged", "damages equipment (or destroys the plant)"),
    ("destroyed", "destroys the plant"),
    ("loss", "costs anything at all"),
)
_NOT_OF_NETWORKS = ("tripped", "shut_down", "destroyed")  # they go on
_WATER_WORDS = {"product": "water spilled, extra energy", "safety": "low pressure",
                "business_interruption": "demand not delivered"}  # fmt: skip
_MOST_BARS = 12


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One bar; positions are per cent of the width of its track.

    Attributes:
        label, detail: what it is; a second line, "" for none.
        value: the number, with unit and error.
        start, end: of the bar.
        low, high: ends of its error line; None for none.
        second: start and end of a second bar in another colour; None for none.
        middle: a mark across the bar; None for none.
    """

    label: str
    value: str
    start: float
    end: float
    detail: str = ""
    low: float | None = None
    high: float | None = None
    second: tuple[float, float] | None = None
    middle: float | None = None


@dataclass(frozen=True, kw_only=True)
class BarGroup:
    """Bars that share a scale and a heading."""

    heading: str
    bars: tuple[Bar, ...]
    note: str = ""


def probability_bars(findings: Findings) -> BarGroup:
    """What one campaign comes to, 0 to 100 %, with the yearly chance in words."""
    rows = {row["Name"]: row for row in findings.tables["probabilities"]}
    bars = [_breach_bar(findings)]
    is_network = findings.study.plant.model == WATER_NETWORK
    left_out = _NOT_OF_NETWORKS if is_network else ()
    bars += [
        _chance_bar(rows[name], words)
        for name, words in _CHANCES
        if name in rows and name not in left_out
    ]
    return BarGroup(heading="One campaign …", bars=tuple(bars))


def _breach_bar(findings: Findings) -> Bar:
    from otsim.risk.intervals import proportion_interval

    valid = ~findings.ended("diverged")
    breached = findings.events["breached"].astype(bool)[valid]
    n, hits = len(breached), int(breached.sum())
    low, high = proportion_interval(hits, n)
    words = "finds a way in"
    if findings.study.attackers.frequency.count == "breaches":
        words = "finds a way in (the yearly rate counts only those that do)"
    return Bar(
        label=words, value=f"{percent(hits / n)} ({number(100 * low)} to {percent(high)})",
        start=0.0, end=100.0 * hits / n, low=100.0 * low, high=100.0 * high,
    )  # fmt: skip


def _chance_bar(row: Row, words: str) -> Bar:
    low, high = row["LowerCI"], row["UpperCI"]
    return Bar(
        label=words,
        detail=f"in a year {percent(row['AnnualProbability'])} "
        f"({number(100 * row['AnnualLowerCI'])} to {percent(row['AnnualUpperCI'])})",
        value=f"{percent(row['Probability'])} ({number(100 * low)} to {percent(high)})",
        start=0.0, end=100.0 * row["Probability"], low=100.0 * low, high=100.0 * high,
    )  # fmt: skip


def cause_groups(findings: Findings) -> list[BarGroup]:
    """Parts of the expected annual loss by goal, entry, category and profile, largest first."""
    rows = {row["SummaryId"]: row for row in findings.tables["alt"]}
    groups = []
    for kind, heading in _CAUSES.items():
        named = findings.group(kind)
        parts = sorted(
            ((name, rows[number]) for number, name in named.items()),
            key=lambda part: -part[1]["MeanLoss"],
        )
        if parts:
            groups.append(_cause_group(findings, kind, heading, parts))
    return groups


def _cause_group(
    findings: Findings, kind: str, heading: str, parts: Sequence[tuple[str, Row]]
) -> BarGroup:
    shown = parts[:_MOST_BARS]
    total = sum(row["MeanLoss"] for _, row in parts) or 1.0
    most = max(max(row["UpperCI"] or 0.0, row["MeanLoss"]) for _, row in shown) or 1.0
    bars = tuple(
        replace(
            _cause_bar(row, findings.currency, total=total, most=most),
            label=_cause_label(findings, kind, name),
        )
        for name, row in shown
    )
    left_out = len(parts) - len(shown)
    note = f"{left_out} smaller ones are in tables/alt.parquet." if left_out else ""
    return BarGroup(heading=heading, bars=bars, note=note)


def _cause_bar(row: Row, currency: str, *, total: float, most: float) -> Bar:
    mean, upper = row["MeanLoss"], row["UpperCI"]
    drawn = mean > 0.0 and upper is not None
    return Bar(
        label="",
        detail=f"{percent(mean / total)} of the expected loss",
        value=_with_interval(row, currency),
        start=0.0,
        end=100.0 * mean / most,
        low=100.0 * max(row["LowerCI"], 0.0) / most if drawn else None,
        high=100.0 * upper / most if drawn else None,
    )


def _with_interval(row: Row, currency: str) -> str:
    told = money(row["MeanLoss"], currency)
    if row["UpperCI"] is None or row["MeanLoss"] == 0.0:
        return told
    return f"{told} ({money_range(max(row['LowerCI'], 0.0), row['UpperCI'], currency)})"


def _cause_label(findings: Findings, kind: str, name: str) -> str:
    study = findings.study
    if kind == "category":
        return _CATEGORY_WORDS.get(name, name)
    titles = {
        "goal": {key: goal.title for key, goal in study.attack.goals.items()},
        "entry": {key: node.title for key, node in joined_graph(study).tree.nodes.items()},
        "profile": {key: profile.title for key, profile in study.attackers.profiles.items()},
    }
    return titles[kind].get(name) or {"(none)": "no way in found"}.get(name, name)


def tornado_bars(findings: Findings) -> BarGroup | None:
    """How far each uncertain input moves the expected annual loss; None where none was varied."""
    rows = findings.tables["tornado"]
    if not rows:
        return None
    currency = findings.currency
    ends = [row[key] or 0.0 for row in rows
            for key in ("MeanLossLow", "MeanLossBase", "MeanLossHigh")]  # fmt: skip
    most = max(ends) or 1.0
    bars = tuple(_tornado_bar(row, most, findings.study) for row in rows)
    base = money(rows[0]["MeanLossBase"], currency)
    return BarGroup(heading=f"Expected annual loss, {base} with the study's values", bars=bars)


def _tornado_bar(row: Row, most: float, study: Study) -> Bar:
    currency = study.loss.currency
    base = row["MeanLossBase"]
    low, high = (base if row[key] is None else row[key] for key in ("MeanLossLow", "MeanLossHigh"))
    at = 100.0 * base / most
    to_low, to_high = 100.0 * low / most, 100.0 * high / most
    stated = " to ".join(in_unit(row[end], row["Key"], study) for end in ("Low", "High"))
    assumed = ", no range stated: half and one and a half times" if row["Assumed"] else ""
    title = row["Title"] or row["Key"]
    key = f"{row['Key']}: " if title != row["Key"] else ""
    return Bar(
        label=title,
        detail=f"{key}{stated}{assumed}",
        value=f"{money(low, currency)} … {money(high, currency)}",
        start=min(at, to_low), end=max(at, to_low),
        second=(min(at, to_high), max(at, to_high)), middle=at,
    )  # fmt: skip
