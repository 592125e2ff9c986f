"""The charts of a sweep: response curves, heat maps, or every key against the loss."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from otsim.report.chart_style import COLOURS, INK, WIDE_PX, Figure, axis, figure, inline_data
from otsim.report.charts import money_scale

__all__ = ["Panel", "heat_map", "is_spread", "response_curve", "scatter"]

_LOG_FROM = 8.0  # largest over smallest value from which an axis is logarithmic
_MOST_CELLS = 12  # a side of a heat map


@dataclass(frozen=True, kw_only=True)
class Panel:
    """A figure over all points.

    Attributes:
        name: column of the table, such as `MeanLoss`.
        words: what it is.
        scale, unit: what to divide by, and the unit that is left.
    """

    name: str
    words: str
    scale: float
    unit: str

    @staticmethod
    def of(name: str, words: str, rows: Sequence[dict[str, Any]], currency: str) -> Panel:
        """Choose scale and unit for these rows."""
        if name.startswith("P_"):
            return Panel(name=name, words=words, scale=0.01, unit="%")
        size, unit = money_scale(max((row[name] for row in rows), default=0.0), currency)
        return Panel(name=name, words=words, scale=size, unit=unit)

    @property
    def title(self) -> str:
        """What it is, with its unit."""
        return f"{self.words} ({self.unit})"

    def values(self, rows: Sequence[dict[str, Any]], keys: Sequence[str]) -> list[dict[str, Any]]:
        """Return value, interval and keys of each point, scaled; `k0`, `k1`, ... for the keys."""
        return [
            {
                "value": row[self.name] / self.scale,
                "low": row[f"{self.name}LowerCI"] / self.scale,
                "high": _bounded(row[f"{self.name}UpperCI"], row[self.name]) / self.scale,
                **{f"k{i}": row[key] for i, key in enumerate(keys)},
            }
            for row in rows
        ]


def response_curve(panel: Panel, rows: Sequence[dict[str, Any]], key: str, label: str) -> Figure:
    """Draw a figure against one key: a line with its band, or points where the key is no number."""
    import altair as alt

    values = sorted(panel.values(rows, [key]), key=lambda row: _sortable(row["k0"]))
    numeric = all(isinstance(row["k0"], int | float) for row in values)

    def draw(width: int) -> Any:
        x = _key_axis(values, 0, label) if numeric else alt.X("k0:N", sort=None, axis=axis(label))
        base = alt.Chart(inline_data(values)).encode(x=x)
        y = alt.Y("low:Q", axis=axis(panel.title), scale=alt.Scale(zero=False))
        point = base.mark_circle(size=60, opacity=1.0, color=COLOURS[0]).encode(y="value:Q")
        if not numeric:
            error = base.mark_rule(strokeWidth=2, color=INK).encode(y=y, y2="high:Q")
            return alt.layer(error, point).properties(width=width, height=200)
        band = base.mark_area(opacity=0.16, color=COLOURS[0]).encode(y=y, y2="high:Q")
        line = base.mark_line(strokeWidth=2.5, color=COLOURS[0]).encode(y="value:Q")
        return alt.layer(band, line, point).properties(width=width, height=200)

    return figure(f"r{_letters(panel)}", f"{panel.words} against {label}", draw)


def heat_map(
    panel: Panel, rows: Sequence[dict[str, Any]], keys: Sequence[str], labels: Sequence[str]
) -> Figure:
    """Draw a figure over two keys, a cell a point, with its value written in it."""
    import altair as alt

    values = panel.values(rows, keys)
    orders = [sorted({row[f"k{i}"] for row in values}, key=_sortable) for i in (0, 1)]
    for row in values:
        row["told"] = f"{row['value']:.3g}"
    half = 0.5 * (max(row["value"] for row in values) + min(row["value"] for row in values))
    for row in values:
        row["ink"] = "white" if row["value"] > half else INK  # legible on its cell

    def draw(width: int) -> Any:
        base = alt.Chart(inline_data(values)).encode(
            x=alt.X("k0:O", sort=orders[0], axis=axis(labels[0], labelAngle=0)),
            y=alt.Y("k1:O", sort=list(reversed(orders[1])), axis=axis(labels[1])),
        )
        cells = base.mark_rect().encode(
            color=alt.Color("value:Q", scale=alt.Scale(range=["#EAF3FA", COLOURS[0], "#00355A"]),
                            legend=None)
        )  # fmt: skip
        texts = [
            base.transform_filter(alt.FieldEqualPredicate(field="ink", equal=ink))
            .mark_text(fontSize=12 if width == WIDE_PX else 10, color=ink)
            .encode(text="told:N")
            for ink in ("white", INK)
        ]
        height = max(44 * len(orders[1]), 120)
        return alt.layer(cells, *texts).properties(width=width, height=height)

    return figure(f"h{_letters(panel)}", f"{panel.words} over two keys", draw)


def scatter(
    panel: Panel, rows: Sequence[dict[str, Any]], key: str, label: str, name: str
) -> Figure:
    """Draw a figure against one of many keys, a dot a point."""
    import altair as alt

    values = panel.values(rows, [key])
    numeric = all(isinstance(row["k0"], int | float) for row in values)

    def draw(width: int) -> Any:
        x = _key_axis(values, 0, label) if numeric else alt.X("k0:N", sort=None, axis=axis(label))
        return (
            alt.Chart(inline_data(values))
            .mark_circle(size=45, opacity=0.75, color=COLOURS[0])
            .encode(
                x=x, y=alt.Y("value:Q", axis=axis(panel.title), scale=alt.Scale(zero=False))
            )
            .properties(width=width, height=160)
        )  # fmt: skip

    return figure(name, f"{panel.words} against {label}", draw)


def is_spread(rows: Sequence[dict[str, Any]], keys: Sequence[str]) -> bool:
    """Whether the points are no grid that a heat map could show."""
    sides = [len({_text(row[key]) for row in rows}) for key in keys]
    return max(sides) > _MOST_CELLS or (len(keys) > 1 and sides[0] * sides[1] > 2 * len(rows))


def _key_axis(values: Sequence[dict[str, Any]], i: int, label: str) -> Any:
    import altair as alt

    numbers = [row[f"k{i}"] for row in values]
    low, high = min(numbers), max(numbers)
    log = low > 0.0 and high / low >= _LOG_FROM
    scale = alt.Scale(type="log", nice=False) if log else alt.Scale(zero=False, nice=False)
    words = f"{label} (logarithmic)" if log else label
    return alt.X(f"k{i}:Q", scale=scale, axis=axis(words, labelOverlap=True))


def _letters(panel: Panel) -> str:
    return "".join(letter for letter in panel.name if letter.isalnum())


def _text(value: Any) -> str:
    return str(value)


def _sortable(value: Any) -> tuple[int, float, str]:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return 0, float(value), ""
    return 1, 0.0, str(value)


def _bounded(value: float, otherwise: float) -> float:
    """Let a band end at the value where no sampled event bounds it."""
    return value if math.isfinite(value) else otherwise
