"""The charts that summarise all twins: exceedance, time to shutdown, convergence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from otsim.report.chart_style import COLOURS, WIDE_PX, Figure, axis, figure, inline_data

__all__ = ["convergence_chart", "exceedance_chart", "money_scale", "shutdown_chart"]

Row = Mapping[str, Any]
_SCALES = ((1e9, "bn"), (1e6, "M"), (1e3, "k"))
_STEPS = 120
_TICKS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 100000]
_FEW_TICKS = [1, 2, 5, 10, 100, 1000, 10000, 100000]
_LONGEST_NAME, _LONGEST_NARROW = 40, 26


def money_scale(largest: float, currency: str) -> tuple[float, str]:
    """Return what to divide amounts by, and the unit that is left: `(1e6, "M EUR")`."""
    for size, letter in _SCALES:
        if abs(largest) >= 2.0 * size:
            return size, f"{letter} {currency}"
    return 1.0, currency


def exceedance_chart(rows: Sequence[Row], currency: str) -> Figure:
    """Loss against return period with its 95 % band.

    Args:
        rows: `curve` (label), `ReturnPeriod` in years, `Loss`, `LowerCI`, `UpperCI`.
        currency: of the losses.
    """
    import altair as alt

    size, unit = money_scale(max((row["UpperCI"] for row in rows), default=0.0), currency)
    keys = ("Loss", "LowerCI", "UpperCI")
    values = [{**row, **{key: row[key] / size for key in keys}} for row in rows]
    names = sorted({row["curve"] for row in rows}, reverse=True)
    colour = alt.Scale(domain=names, range=list(COLOURS[: len(names)]))
    dash = alt.Scale(domain=names, range=[[1, 0], [7, 4]][: len(names)])

    def draw(width: int) -> Any:
        ticks = _TICKS if width == WIDE_PX else _FEW_TICKS
        base = alt.Chart(inline_data(values)).encode(
            x=alt.X(
                "ReturnPeriod:Q",
                scale=alt.Scale(type="log", nice=False),
                axis=axis(
                    "return period (years, logarithmic)",
                    values=ticks,
                    format=",d",
                ),
            )
        )
        bands = _bands(base, names, axis(f"loss ({unit})"))
        line = base.mark_line(strokeWidth=2.5).encode(
            y="Loss:Q",
            color=alt.Color("curve:N", scale=colour, legend=alt.Legend(columns=_columns(width))),
            strokeDash=alt.StrokeDash("curve:N", scale=dash),
        )
        return alt.layer(*bands, line).properties(width=width, height=280)

    label = "Exceedance curve: loss against return period, with the 95 % Monte-Carlo band"
    return figure("ep", label, draw)


def _bands(base: Any, names: Sequence[str], y: Any) -> list[Any]:
    import altair as alt

    return [
        base.mark_area(opacity=0.16, color=shade)
        .transform_filter(alt.FieldEqualPredicate(field="curve", equal=name))
        .encode(y=alt.Y("LowerCI:Q", axis=y), y2="UpperCI:Q")
        for name, shade in zip(names, COLOURS, strict=False)
    ]


def _columns(width: int) -> int:
    return 2 if width == WIDE_PX else 1


def _short(name: str, longest: int) -> str:
    return name if len(name) <= longest else f"{name[: longest - 1].rstrip()}…"


def shutdown_chart(ends: Mapping[str, Sequence[float]], acting: Mapping[str, int],
                   horizon_h: float) -> Figure:  # fmt: skip
    """Share of the attacks on the plant that have stopped it, against hours, a line a goal.

    Args:
        ends: hours from the first plant action to the stop, of those that stopped, by goal.
        acting: number of attacks that touched the plant, by goal.
        horizon_h: length of a twin.
    """
    import altair as alt

    shown = list(acting)[: len(COLOURS)]
    values = _stopped_shares(ends, {goal: acting[goal] for goal in shown}, horizon_h)

    def draw(width: int) -> Any:
        longest = _LONGEST_NAME if width == WIDE_PX else _LONGEST_NARROW
        labels = _unique([_short(goal, longest) for goal in shown])
        named = dict(zip(shown, labels, strict=True))
        told = [{**value, "goal": named[value["goal"]]} for value in values]
        return (
            alt.Chart(inline_data(told))
            .mark_line(strokeWidth=2.5, interpolate="step-after")
            .encode(
                x=alt.X("hour:Q", axis=axis("hours after the first plant action (h)"),
                        scale=alt.Scale(domain=[0, horizon_h], nice=False)),
                y=alt.Y("share:Q", axis=axis("plant stopped (% of attacks that act)"),
                        scale=alt.Scale(domain=[0, 100])),
                color=alt.Color("goal:N", scale=alt.Scale(domain=labels,
                                range=list(COLOURS[: len(labels)])),
                                legend=alt.Legend(columns=_columns(width))),
            )
            .properties(width=width, height=240)
        )  # fmt: skip

    return figure("stop", "Share of attacks that have stopped the plant, against hours", draw)


def _stopped_shares(
    ends: Mapping[str, Sequence[float]], acting: Mapping[str, int], horizon_h: float
) -> list[dict[str, Any]]:
    hours = np.linspace(0.0, horizon_h, _STEPS)
    return [
        {"goal": goal, "hour": float(hour), "share": 100.0 * float(share)}
        for goal, n_acting in acting.items()
        for hour, share in zip(hours, _stopped(ends.get(goal, ()), n_acting, hours), strict=True)
    ]


def _unique(names: Sequence[str]) -> list[str]:
    seen: dict[str, int] = {}
    out = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        out.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return out


def _stopped(ends: Sequence[float], n_acting: int, hours: Any) -> Any:
    before = np.searchsorted(np.sort(np.asarray(ends, dtype=np.float64)), hours, side="right")
    return before / max(n_acting, 1)


def convergence_chart(rows: Sequence[Row], currency: str) -> Figure:
    """Expected annual loss against the number of twins, with its 95 % interval.

    Args:
        rows: `SampleSize`, `MeanLoss`, `LowerCI`, `UpperCI`.
        currency: of the losses.
    """
    import altair as alt

    size, unit = money_scale(max((row["UpperCI"] for row in rows), default=0.0), currency)
    keys = ("MeanLoss", "LowerCI", "UpperCI")
    values = [
        {"SampleSize": row["SampleSize"], **{key: row[key] / size for key in keys}} for row in rows
    ]

    def draw(width: int) -> Any:
        base = alt.Chart(inline_data(values)).encode(
            x=alt.X(
                "SampleSize:Q",
                scale=alt.Scale(type="log", base=2, nice=False),
                axis=axis("number of twins (logarithmic)", format=",d", tickCount=6),
            )
        )
        band = base.mark_area(opacity=0.16, color=COLOURS[0]).encode(
            y=alt.Y("LowerCI:Q", axis=axis(f"expected annual loss ({unit})")), y2="UpperCI:Q"
        )
        line = base.mark_line(strokeWidth=2.5, color=COLOURS[0], point=True).encode(y="MeanLoss:Q")
        return alt.layer(band, line).properties(width=width, height=200)

    return figure("conv", "Expected annual loss against the number of twins", draw)
