"""The chart of a comparison: every change in per cent of the first run, with its interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from otsim.compare.comparison import Pair
from otsim.report.chart_style import COLOURS, GREY, INK, WIDE_PX, Figure, axis, figure, inline_data
from otsim.report.measure_words import short_words
from otsim.risk.changes import Change

__all__ = ["change_chart", "change_rows"]

_MOST_PERCENT = 1000.0  # a change beyond it would squeeze all others


def change_chart(pair: Pair, name: str) -> Figure | None:
    """Draw changes as points with their 95 % intervals; None where none can be told in per cent.

    A change beyond the chart has no point, and says so; intervals run to the chart's edge.

    Args:
        pair: the runs.
        name: letters that no other chart of the page uses.
    """
    import altair as alt

    rows = change_rows(pair.changes)
    if not rows:
        return None
    order = [row["measure"] for row in rows]
    shown = [row for row in rows if row["is_shown"]]
    widest = max(abs(row[end]) for row in rows for end in ("low", "high", "change"))
    reach = min(1.2 * max(1.0, widest), _MOST_PERCENT)

    def draw(width: int) -> Any:
        wide = width == WIDE_PX
        base = alt.Chart(inline_data(rows)).encode(
            y=alt.Y(
                "measure:N", sort=order,
                axis=axis("", labelLimit=230, domain=False, ticks=False, labelPadding=8)
                if wide
                else axis("", labelLimit=130, domain=False, ticks=False),
            )
        )  # fmt: skip
        x = alt.X(
            "unpaired_low:Q",
            axis=axis("change in % of the first run"),
            scale=alt.Scale(domain=[-reach, reach], nice=False),
        )
        apart = base.mark_rule(strokeWidth=7, color="#DDE2E6", clip=True).encode(
            x=x, x2="unpaired_high:Q"
        )
        whisker = base.mark_rule(strokeWidth=2.5, color=INK, clip=True).encode(
            x="low:Q", x2="high:Q"
        )
        zero = (
            alt.Chart(inline_data([{"x": 0.0}])).mark_rule(color=GREY, strokeDash=[4, 3])
            .encode(x="x:Q")
        )  # fmt: skip
        layers = [apart, zero, whisker]
        if shown:
            point = base.mark_circle(size=90, opacity=1.0, color=COLOURS[0]).encode(x="change:Q")
            layers.append(point.properties(data=inline_data(shown)))
        return alt.layer(*layers).properties(
            width=width - (0 if wide else 60), height=34 * len(rows)
        )

    return figure(name, "Change of every measure against the first run, with its interval", draw)


def change_rows(changes: Sequence[Change]) -> list[dict[str, Any]]:
    """Return what the chart draws of each change that can be told in per cent.

    Returns:
        Its name, its change and its ends in per cent of the first run, and whether the change is
        within the chart. Ends far beyond are cut to twice its reach, and it cuts them off.
    """
    return [row for change in changes if (row := _row(change)) is not None]


def _row(change: Change) -> dict[str, Any] | None:
    ends = (change.difference, change.lower, change.upper, change.unpaired_lower,
            change.unpaired_upper)  # fmt: skip
    if not change.first or not all(map(math.isfinite, ends)):
        return None
    parts = [100.0 * end / abs(change.first) for end in ends]
    is_shown, most = abs(parts[0]) <= _MOST_PERCENT, 2.0 * _MOST_PERCENT
    names = ("change", "low", "high", "unpaired_low", "unpaired_high")
    told = short_words(change.measure)
    return {
        "measure": told if is_shown else f"{told} (off the chart)",
        "is_shown": is_shown,
        **{name: min(max(part, -most), most) for name, part in zip(names, parts, strict=True)},
    }
