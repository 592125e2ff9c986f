"""Recorded twins: what was true against what was told, with the attack and the stop marked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from otsim.config.plant_points import PlantPoints, column_of
from otsim.report.chart_style import (
    ATTACK,
    COLOURS,
    GREY,
    INK,
    WIDE_PX,
    Figure,
    axis,
    figure,
    inline_data,
)

if TYPE_CHECKING:
    import pyarrow as pa

    from otsim.store.traces import TwinStory
    from otsim_kernels.signals import Signal

__all__ = ["signals_to_show", "twin_chart"]

Side = Literal["left", "center", "right"]
_MOST_SIGNALS = 4
_STOPPED = ("tripped", "shut_down", "destroyed")
_CLOSE = 0.12  # of the width: labels nearer than this would overlap
_BUCKETS = {True: 260, False: 130}
_DASHES = [[1, 0], [5, 3], [2, 2]]
_VESSELS = ("reactor", "separator", "stripper")
_DESTROYED_BY = {"ruptured": "pressure", "full of liquid": "level", "hotter": "temperature"}
_RECORDED = ("measurement", "command", "setpoint")
# what is drawn of a signal by the family of its plant and its kind: suffix of the column, label
_SERIES: dict[tuple[str, str], tuple[tuple[str, str], ...]] = {
    ("process", "measurement"): (("", "true"), ("_seen", "reported")),
    ("process", "command"): (("", "commanded"), ("_received", "received by the actuator")),
    ("process", "setpoint"): (("", "set-point"),),
    ("network", "measurement"): (
        ("", "true"), ("_seen", "read by controllers"), ("_shown", "shown to operators"),
    ),
}  # fmt: skip


def signals_to_show(story: TwinStory, points: PlantPoints) -> list[str]:
    """Choose the signals that tell the story: what ended it, then what the attack touches."""
    if points.family == "network":
        return _of_network(story, points)
    names = [name for name in [_signal_of_cause(story.cause, points)] if name]
    for attack in story.attacks:
        names += _touched(attack.target, points)
    if not names:
        names = [s.name for s in points.signals if s.kind == "measurement" and s.trip_high]
    return list(dict.fromkeys(names))[:_MOST_SIGNALS]


def _of_network(story: TwinStory, points: PlantPoints) -> list[str]:
    """What the attack touches, what is not delivered, and the tanks."""
    carried = {link.name: link.signals for link in points.links}
    touched = [one for span in story.attacks for one in carried.get(span.target, (span.target,))]
    names = [name for name in touched if name.partition(".")[0] not in ("threshold", "demand")]
    names = [name for name in names if name in points.by_name and name != "ALARMS"]
    levels = [signal.name for signal in points.signals if signal.kind == "measurement"]
    names = [*dict.fromkeys(names)][: _MOST_SIGNALS - 2]
    return list(dict.fromkeys([*names, "unmet", *levels]))[:_MOST_SIGNALS]


def _touched(target: str, points: PlantPoints) -> list[str]:
    """The signals behind a target; a cut link shows its first measurement and first command."""
    found = points.by_name.get(target)
    if found is not None and found.kind in _RECORDED:
        return [target]
    for link in points.links:
        if link.name == target:
            kinds = [points.by_name[name].kind for name in link.signals]
            wanted = (k for k in ("measurement", "command") if k in kinds)
            return [link.signals[kinds.index(kind)] for kind in wanted]
    cause = found.title.partition(": ")[2] if found is not None else ""
    return [name for name in [_signal_of_cause(cause, points)] if name]


def _signal_of_cause(cause: str, points: PlantPoints) -> str | None:
    words = cause
    for seen, quantity in _DESTROYED_BY.items():
        vessel = next((vessel for vessel in _VESSELS if cause.startswith(vessel)), None)
        if vessel and seen in cause:
            words = f"{vessel} {quantity}"
    for signal in points.signals:
        if signal.kind == "measurement" and signal.title in words:
            return signal.name
    return None


def twin_chart(table: pa.Table, story: TwinStory, points: PlantPoints) -> Figure:
    """Draw the chosen signals of a recorded twin, one panel each, below one another.

    Args:
        table: as `otsim.store.trace_table` makes it.
        story: what happened.
        points: of its plant.
    """
    import altair as alt

    signals = [points.by_name[name] for name in signals_to_show(story, points)]
    signals = [signal for signal in signals if column_of(signal) in table.column_names]

    def draw(width: int) -> Any:
        panels = [
            _panel(_series(table, signal, points), table, story, signal, width,
                   last=signal is signals[-1])
            for signal in signals
        ]  # fmt: skip
        return alt.vconcat(*panels, spacing=10).resolve_scale(
            color="independent", strokeDash="independent"
        )

    name = re.sub(r"[^a-z]", "", story.role.lower()) or "twin"
    return figure(f"twin-{name}", f"True and reported values of the {story.role} twin", draw)


def _series(table: pa.Table, signal: Signal, points: PlantPoints) -> list[tuple[str, str]]:
    """Return the columns that are drawn of a signal, with their labels."""
    named = _SERIES.get((points.family, signal.kind), (("", "true"),))
    column = column_of(signal)
    return [
        (column + suffix, label) for suffix, label in named if column + suffix in table.column_names
    ]


def _panel(
    drawn: Sequence[tuple[str, str]], table: pa.Table, story: TwinStory, signal: Signal, width: int,
    *, last: bool,
) -> Any:  # fmt: skip
    import altair as alt

    values = _values(table, drawn, wide=width == WIDE_PX)
    series = list(dict.fromkeys(value["series"] for value in values))
    unit = f" ({signal.unit})" if signal.unit else ""
    title = f"{signal.title}{unit}, {signal.name}"
    x = alt.X(
        "time:Q",
        axis=axis("hours from the start of the record (h)" if last else "", labels=last),
        scale=alt.Scale(nice=False, domain=_span(table)),
    )
    lines = (
        alt.Chart(inline_data(values))
        .mark_line(strokeWidth=1.8, clip=True)
        .encode(
            x=x,
            y=alt.Y(
                "value:Q", axis=axis("", tickCount=4, minExtent=44), scale=alt.Scale(zero=False)
            ),
            color=alt.Color(
                "series:N",
                scale=alt.Scale(domain=series, range=list(COLOURS[: max(len(series), 2)])),
                legend=alt.Legend(offset=18),
            ),
            strokeDash=alt.StrokeDash(
                "series:N", scale=alt.Scale(domain=series, range=_DASHES[: max(len(series), 2)])
            ),
        )
    )
    layers = [lines, *_marks(story, x, _span(table)[1] - _span(table)[0]), *_limits(signal, values)]
    named = alt.TitleParams(title, frame="group")
    return alt.layer(*layers).properties(width=width, height=105, title=named)


def _span(table: pa.Table) -> list[float]:
    time_h = table.column("time_h").to_numpy()
    return [float(time_h[0]), float(time_h[-1])]


def _values(
    table: pa.Table, series: Sequence[tuple[str, str]], *, wide: bool
) -> list[dict[str, Any]]:
    time_h = table.column("time_h").to_numpy()
    values = []
    for name, label in series:
        numbers = table.column(name).to_numpy(zero_copy_only=False).astype(np.float64)
        for i in _decimated(numbers, _BUCKETS[wide]):
            if np.isfinite(numbers[i]):
                values.append(
                    {
                        "time": round(float(time_h[i]), 5),
                        "value": float(numbers[i]),
                        "series": label,
                    }
                )
    return values


def _decimated(numbers: npt.NDArray[np.float64], buckets: int) -> list[int]:
    """Keep the first, lowest, highest and last point of each bucket: no peak is lost."""
    n = len(numbers)
    if n <= 4 * buckets:
        return list(range(n))
    edges = np.linspace(0, n, buckets + 1).astype(int)
    kept: set[int] = set()
    for start, stop in pairwise(edges.tolist()):
        part = numbers[start:stop]
        kept |= {start, stop - 1}
        if np.isfinite(part).any():
            kept |= {start + int(np.nanargmin(part)), start + int(np.nanargmax(part))}
    return sorted(int(i) for i in kept)


def _marks(story: TwinStory, x: Any, span_h: float) -> list[Any]:
    """Vertical lines: where the first plant action starts, and where the process stops."""
    start_h = min((attack.start_h for attack in story.attacks), default=None)
    stopped = story.status in _STOPPED and story.end_h is not None
    marks = []
    if start_h is not None:
        close = stopped and abs((story.end_h or 0.0) - start_h) < _CLOSE * span_h
        marks += _mark(start_h, "attack", ATTACK, x, align="right" if close else "center")
    if stopped and story.end_h is not None:
        marks += _mark(story.end_h, story.status.replace("_", " "), INK, x, align="center")
    return marks


def _mark(hour: float, words: str, colour: str, x: Any, *, align: Side) -> list[Any]:
    import altair as alt

    base = alt.Chart(inline_data([{"time": hour, "words": words}])).encode(x=x)
    text = base.mark_text(
        align=align, baseline="bottom", fontSize=11, color=colour, fontWeight="bold", clip=False
    )
    rule = base.mark_rule(color=colour, strokeWidth=1.5)
    return [rule, text.encode(text="words:N", y=alt.value(-3))]


def _limits(signal: Signal, values: Sequence[dict[str, Any]]) -> list[Any]:
    """The trip limits that the signal comes near to."""
    import altair as alt

    if not values:
        return []
    numbers = [value["value"] for value in values]
    low, high = min(numbers), max(numbers)
    room = 0.25 * (high - low)
    near = [limit for limit in (signal.trip_low, signal.trip_high)
            if limit is not None and low - room <= limit <= high + room]  # fmt: skip
    if not near:
        return []
    data = inline_data([{"value": limit} for limit in near])
    return [
        alt.Chart(data)
        .mark_rule(color=GREY, strokeDash=[2, 3], strokeWidth=1.2)
        .encode(y="value:Q")
    ]
