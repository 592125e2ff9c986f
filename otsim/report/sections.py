"""The tables and paragraphs of the page: losses, time to shutdown, twins, baseline, limits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from otsim.config.plant_points import WATER_NETWORK, PlantPoints
from otsim.config.study_points import points_of
from otsim.report.answer import loss_interval
from otsim.report.chart_style import Figure
from otsim.report.charts import shutdown_chart
from otsim.report.findings import Findings, RecordedTwin, Row
from otsim.report.network_view import network_limits
from otsim.report.twin_charts import twin_chart
from otsim.report.wording import hours, money, money_range, number, percent, years
from otsim.store.traces import AttackSpan

__all__ = [
    "LossRow",
    "Shutdown",
    "TwinView",
    "baseline_sentences",
    "limits",
    "loss_rows",
    "shutdown",
    "twin_views",
]

OEP, OEP_TAIL, AEP, AEP_TAIL = 1, 2, 3, 4
FEW_TAIL_TWINS = 10
_STOPPED = ("tripped", "shut_down", "destroyed")
_STATUS_WORDS = {
    "no_action": "the plant was never touched",
    "horizon": "it ran on to the horizon",
    "tripped": "the safety system tripped it",
    "shut_down": "the defenders shut it down",
    "destroyed": "it was destroyed",
    "diverged": "the numbers failed",
}
_ROLE_WORDS = {
    "median": "A middling attack",
    "bad": "A bad one",
    "worst": "The worst one",
}


_NOT_RESOLVED = ("not resolved", "too few weighted twins; raise twins")


@dataclass(frozen=True, kw_only=True)
class LossRow:
    """One return period of the loss table; every amount with its 95 % interval."""

    period: str
    cells: tuple[tuple[str, str], ...]
    n_tail: int

    @property
    def is_thin(self) -> bool:
        """Fewer than ten sampled twins are beyond it."""
        return self.n_tail < FEW_TAIL_TWINS


def loss_rows(findings: Findings) -> list[LossRow]:
    """The study's return periods with OEP, AEP and their tail means, and the twins beyond."""
    points = {(row["ReturnPeriod"], row["EPType"]): row for row in findings.tables["ept"]}
    losses = findings.events["loss"].astype(np.float64)
    rows = []
    for period in sorted({*findings.study.report.return_periods, *(at for at, _ in points)}):
        if (period, OEP) not in points:
            rows.append(LossRow(period=years(period), cells=(_NOT_RESOLVED,) * 4, n_tail=0))
            continue
        told = [points[period, kind] for kind in (OEP, OEP_TAIL, AEP, AEP_TAIL)]
        beyond = np.nan_to_num(losses, nan=-1.0) >= max(told[0]["Loss"], np.finfo(float).tiny)
        n_tail = int(beyond.sum())
        if findings.study.simulation.tilt is not None:
            n_tail = int(min(row["TailEvents"] for row in told))
        rows.append(
            LossRow(
                period=years(period),
                cells=tuple(_loss_cell(findings, row) for row in told),
                n_tail=n_tail,
            )
        )
    return rows


def _loss_cell(findings: Findings, row: Row) -> tuple[str, str]:
    interval = loss_interval(row, findings.currency, findings.study.loss.plant_value)
    return money(row["Loss"], findings.currency), interval


@dataclass(frozen=True, kw_only=True)
class ShutdownRow:
    """Time to shutdown of one goal's attacks."""

    goal: str
    n_acting: int
    stopped: str
    median: str
    middle: str


@dataclass(frozen=True, kw_only=True)
class Shutdown:
    """When attacks stop the plant: the chart, and a row a goal."""

    figure: Figure
    rows: tuple[ShutdownRow, ...]


def shutdown(findings: Findings) -> Shutdown | None:
    """Collect when attacks stopped the plant, by goal; None where no attack touched it."""
    ends: dict[str, list[float]] = {}
    acting: dict[str, int] = {}
    rows = []
    simulated = ~findings.ended("no_action", "diverged")
    stopped = findings.ended(*_STOPPED)
    for name, goal in findings.study.attack.goals.items():
        ours = simulated & (findings.events["goal"] == name)
        if not ours.any():
            continue
        label = goal.title or name
        end_h = findings.events["end_h"].astype(np.float64)[ours & stopped]
        ends[label] = ends.get(label, []) + end_h.tolist()
        acting[label] = acting.get(label, 0) + int(ours.sum())
        rows.append(_shutdown_row(label, int(ours.sum()), end_h))
    if not acting:
        return None
    chart = shutdown_chart(ends, acting, findings.study.plant.horizon_h)
    return Shutdown(figure=chart, rows=tuple(rows))


def _shutdown_row(label: str, n_acting: int, end_h: np.ndarray[tuple[int], np.dtype[np.float64]]
                  ) -> ShutdownRow:  # fmt: skip
    if len(end_h):
        low, median, high = np.quantile(end_h, [0.05, 0.5, 0.95]).tolist()
        middle = f"{hours(low)} to {hours(high)}"
    share = percent(len(end_h) / n_acting)
    return ShutdownRow(
        goal=label,
        n_acting=n_acting,
        stopped=share,
        median=hours(median) if len(end_h) else "–",
        middle=middle if len(end_h) else "–",
    )


@dataclass(frozen=True, kw_only=True)
class TwinView:
    """One recorded twin: a heading, what happened in a sentence or two, and its chart."""

    heading: str
    sentences: tuple[str, ...]
    attacks: tuple[str, ...]
    figure: Figure


def twin_views(findings: Findings) -> list[TwinView]:
    """The recorded twins, in the order median, bad, worst."""
    return [_twin_view(findings, twin) for twin in findings.twins]


def _twin_view(findings: Findings, twin: RecordedTwin) -> TwinView:
    story, points = twin.story, points_of(findings.study.plant)
    goal = findings.study.attack.goals.get(story.goal)
    name = (goal.title if goal else None) or story.goal or "plant actions of a file"
    how = _STATUS_WORDS.get(story.status, story.status)
    why = f" ({story.cause})" if story.cause else ""
    when = f" after {hours(story.end_h)} of the record" if story.end_h is not None else ""
    sentences = [f"Goal: {name}.", f"How it ended: {how}{why}{when}."]
    if story.loss is not None:
        sentences.append(f"Loss: {money(story.loss, findings.currency)}.")
    end_h = float(twin.table.column("time_h")[-1].as_py())
    number_words = "" if story.twin_id is None else f", twin {story.twin_id}"
    return TwinView(
        heading=f"{_ROLE_WORDS.get(story.role, story.role)}{number_words}",
        sentences=tuple(sentences),
        attacks=tuple(_attack_words(points, attack, end_h) for attack in story.attacks),
        figure=twin_chart(twin.table, story, points),
    )


def _attack_words(points: PlantPoints, attack: AttackSpan, end_h: float) -> str:
    signal = points.by_name.get(attack.target)
    title = f" ({signal.title})" if signal else ""
    value = ""
    if attack.value is not None:
        unit = f" {signal.unit}" if signal and signal.unit else ""
        value = f", size {attack.value:,.4g}{unit if attack.kind not in _FACTORS else ''}"
    # what would have stopped after the end of the record never stopped in it
    stops = attack.stop_h is not None and attack.stop_h <= end_h
    stop = f" to {attack.stop_h:,.3g} h" if stops else " on"
    kind = attack.kind.replace("_", " ")
    return f"{kind} of {attack.target}{title}{value}, from {attack.start_h:,.3g} h{stop}"


_FACTORS = frozenset({"scale", "gain", "ramp", "rate_limit", "replay", "hold", "dos",
                      "alarm_suppression", "safety_bypass"})  # fmt: skip


def baseline_sentences(findings: Findings) -> tuple[str, ...]:
    """What the untouched plant does under the same disturbances and noise."""
    rows = {row["Name"]: row for row in findings.tables["baseline"]}
    if not rows:
        return ()
    n = max(row["Number"] for row in rows.values())
    horizon = rows.get("horizon", {"Mean": 0.0})["Mean"]
    span = hours(findings.study.plant.horizon_h)
    told = [
        f"Left alone, {round(n * horizon):,} of {n:,} twins ran the full {span} without a stop."
    ]
    peaks = [row for name, row in rows.items() if name.startswith(("peak_", "low_"))][:3]
    if findings.study.plant.model == WATER_NETWORK:
        peaks = [rows[name] for name in ("unmet_m3", "low_pressure_h", "energy_kwh", "pump_starts")]
    told += [_range_sentence(row) for row in peaks]
    return tuple(told)


def _range_sentence(row: Row) -> str:
    words, is_count = row["Description"], row["Unit"] == "1"
    unit = "" if is_count else f" {row['Unit']}"
    low, high = (f"{end:,.0f}" if is_count else number(end, 4) for end in (row["Low"], row["High"]))
    span = low if low == high else f"{low} to {high}"
    return f"{words[0].upper()}{words[1:]}: {span}{unit}."


def limits(findings: Findings) -> Iterator[str]:
    """Say how far the numbers can be trusted, each limit a sentence."""
    n_twins = findings.facts.twins
    yield (
        f"The figures rest on {n_twins:,} sampled campaigns. All ranges and bands are 95 % "
        "Monte-Carlo intervals: they say what more twins would settle, nothing about whether the "
        "study's inputs are right. For that see the uncertain inputs and the assumptions."
    )
    simulation = findings.study.simulation
    if simulation.draws == "sobol":
        yield (
            f"The campaigns are spread evenly, in {simulation.replicates} nets of Sobol points, "
            "scrambled independently; all errors come from the spread between these nets."
        )
    yield _quarantine_sentence(findings)
    if findings.study.plant.model == WATER_NETWORK:
        yield from network_limits(findings)
    else:
        yield from _process_limits(findings)
    yield (
        "Return periods: OEP is the largest event of a year, AEP the sum of a year; each is "
        "exceeded in one year out of the return period. Tail means are the mean of the years "
        "beyond; their intervals are approximate and tend to be too narrow where the tail rests on "
        "few twins (86 to 93 % coverage instead of 95 % on cases with a known answer). Years are "
        "compounded exactly from the sampled events and the yearly rate."
    )
    yield (
        f"No single campaign costs more than the plant value, "
        f"{money(findings.study.loss.plant_value, findings.currency)}."
    )


def _process_limits(findings: Findings) -> Iterator[str]:
    yield _extrapolated_sentence(findings)
    integration = findings.study.plant.integration
    how = {
        "converged": "steps as fine as accuracy needs",
        "reference": "the public program's 1-s Euler steps, which are unstable in some states",
    }
    precision = findings.study.simulation.precision
    yield (
        f"Twins are computed in {precision} with {integration} integration "
        f"({how[integration]}), {hours(findings.study.plant.horizon_h)} from the first plant "
        "action at the most."
    )


def _quarantine_sentence(findings: Findings) -> str:
    row = findings.tables["quarantine"][0]
    if not row["NumQuarantined"]:
        return "No twin diverged: none had to be left out."
    n, share = row["NumQuarantined"], row["NumQuarantined"] / findings.facts.twins
    mean = money_range(row["MeanLossLow"], row["MeanLossHigh"], findings.currency)
    tail = money_range(row["Loss100Low"], row["Loss100High"], findings.currency)
    return (
        f"{n} of {findings.facts.twins:,} twins ({percent(share)}) diverged and are in no figure. "
        f"Had they cost nothing or the whole plant, the expected annual loss would be {mean}, and "
        f"the 1-in-100-year loss {tail}."
    )


def _extrapolated_sentence(findings: Findings) -> str:
    simulated = ~findings.ended("no_action", "diverged")
    beyond = np.isfinite(findings.events["extrapolated_h"].astype(np.float64)) & simulated
    n, of = int(beyond.sum()), int(simulated.sum())
    if not n:
        return "No simulated twin left the range for which the plant model was made."
    return (
        f"{n} of {of} simulated twins ({percent(n / of)}) went beyond the range for which the "
        "plant model was made; from there on it extrapolates: a guide, not a measurement."
    )
