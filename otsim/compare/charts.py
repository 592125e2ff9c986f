"""The chart of a comparison: every change in per cent of the first run, with its interval."""

from __future__ import annotations

import math
from typing import Any

from otsim.compare.comparison import Pair
from otsim.report.chart_style import COLOURS, GREY, INK, WIDE_PX, Figure, axis, figure, inline_data
from otsim.report.measure_words import short_words
from otsim.risk.changes import Change

__all__ = ["change_chart"]

_MOST = 10.0  # a change beyond 1000 % would squeeze all others


def change_chart(pair: Pair, name: str) -> Figure | None:
    """Draw changes as points with their 95 % intervals; None where none can be told in per cent.

    Args:
        pair: the runs.
        name: letters that no other chart of the page uses.
    """
    import altair as alt

    rows = [row for change in pair.changes if (row := _row(change)) is not None]
    if not rows:
        return None
    order = [row["measure"] for row in rows]
    reach = 1.2 * max(1.0, *(abs(row[end]) for row in rows for end in ("low", "high", "change")))

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
        whisker = base.mark_rule(strokeWidth=2.5, color=INK).encode(x="low:Q", x2="high:Q")
        zero = (
            alt.Chart(inline_data([{"x": 0.0}])).mark_rule(color=GREY, strokeDash=[4, 3])
            .encode(x="x:Q")
        )  # fmt: skip
        point = base.mark_circle(size=90, opacity=1.0, color=COLOURS[0]).encode(x="change:Q")
        return alt.layer(apart, zero, whisker, point).properties(
            width=width - (0 if wide else 60), height=34 * len(rows)
        )

    return figure(name, "Change of every measure against the first run, with its interval", draw)


def _row(change: Change) -> dict[str, Any] | None:
    ends = (change.difference, change.lower, change.upper, change.unpaired_lower,
            change.unpaired_upper)  # fmt: skip
    if not change.first or not all(map(math.isfinite, ends)):
        return None
    parts = [100.0 * min(max(end / abs(change.first), -_MOST), _MOST) for end in ends]
    names = ("change", "low", "high", "unpaired_low", "unpaired_high")
    return {"measure": short_words(change.measure), **dict(zip(names, parts, strict=True))}
