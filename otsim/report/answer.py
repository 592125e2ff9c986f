"""The answer in one sentence, and the figures that a board asks for next."""

from __future__ import annotations

import math
from dataclasses import dataclass

from otsim.report.findings import Findings, Row
from otsim.report.wording import money, money_pm, money_range, percent, years

__all__ = ["KeyFigure", "answer_sentence", "key_figures", "loss_interval"]

AEP, AEP_TAIL = 3, 4
_BOARD_YEARS = 100.0


@dataclass(frozen=True, kw_only=True)
class KeyFigure:
    """One large number.

    Attributes:
        value: as told, with its unit.
        words: what it is.
        detail: its error or its meaning, small.
    """

    value: str
    words: str
    detail: str


def answer_sentence(findings: Findings) -> str:
    """Say the expected annual loss and the loss of a bad year, both with their error."""
    mean, period = _mean(findings), _board_period(findings)
    told = money_pm(mean["MeanLoss"], mean["StandardError"], findings.currency)
    point = _point(findings, period, AEP)
    once = f"One year in {years(period).partition(chr(160))[0]}"
    if point["Loss"] <= 0.0:
        return f"Expected annual loss {told}. {once} is not bad enough to cost anything."
    worse = money(point["Loss"], findings.currency)
    interval = loss_interval(point, findings.currency, findings.study.loss.plant_value)
    return f"Expected annual loss {told}. {once} costs more than {worse} ({interval})."


def loss_interval(row: Row, currency: str, most: float) -> str:
    """The 95 % interval of a loss; open above where no sampled event bounds it."""
    upper = row["UpperCI"]
    if upper is None:
        return f"{money(row['LowerCI'], currency)} or more; up to {money(most, currency)} an event"
    return money_range(row["LowerCI"], upper, currency)


def key_figures(findings: Findings) -> list[KeyFigure]:
    """The four figures below the answer: chances first, then money."""
    period = _board_period(findings)
    tail = _point(findings, period, AEP_TAIL)
    figures = [
        _chance(findings, "acts", "chance that an attack touches the plant in a year"),
        _chance(findings, "damaged", "chance that equipment is damaged or destroyed in a year"),
        _mean_figure(findings),
        KeyFigure(
            value=money(tail["Loss"], findings.currency),
            words=f"mean of the worst year in {years(period).partition(chr(160))[0]}",
            detail=loss_interval(tail, findings.currency, findings.study.loss.plant_value),
        ),
    ]
    return [figure for figure in figures if figure is not None]


def _chance(findings: Findings, name: str, words: str) -> KeyFigure | None:
    for row in findings.tables["probabilities"]:
        if row["Name"] == name:
            low, high = percent(row["AnnualLowerCI"]), percent(row["AnnualUpperCI"])
            return KeyFigure(
                value=percent(row["AnnualProbability"]), words=words, detail=f"{low} to {high}"
            )
    return None


def _mean_figure(findings: Findings) -> KeyFigure:
    mean = _mean(findings)
    interval = money_range(mean["LowerCI"], mean["UpperCI"], findings.currency)
    value = money(mean["MeanLoss"], findings.currency)
    return KeyFigure(value=value, words="expected annual loss", detail=interval)


def _mean(findings: Findings) -> Row:
    total = next(iter(findings.group("total")))
    return next(row for row in findings.tables["alt"] if row["SummaryId"] == total)


def _board_period(findings: Findings) -> float:
    """The stated return period that is nearest to 100 years."""
    stated = {float(row["ReturnPeriod"]) for row in findings.tables["ept"]}
    return min(stated, key=lambda period: abs(math.log(period / _BOARD_YEARS)))


def _point(findings: Findings, period: float, ep_type: int) -> Row:
    return next(
        row
        for row in findings.tables["ept"]
        if row["ReturnPeriod"] == period and row["EPType"] == ep_type
    )
