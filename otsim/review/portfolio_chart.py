"""Sets of controls: what they cost against the loss that is left."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from otsim.report.chart_style import COLOURS, GREY, WIDE_PX, Figure, axis, figure, inline_data
from otsim.report.charts import money_scale
from otsim.review.results import Option, ReviewFigures

__all__ = ["best_options", "portfolio_chart"]


def best_options(figures: ReviewFigures) -> list[Option]:
    """The sets that no cheaper one beats, the cheapest first."""
    return [option for option in figures.options if option.best]


def portfolio_chart(figures: ReviewFigures, in_place: Collection[str]) -> Figure | None:
    """Draw cost against annual loss, the best sets joined and numbered; None for fewer than two.

    Args:
        figures: of the review.
        in_place: the controls that are there now; their set is marked, if it was tried.
    """
    import altair as alt

    if len(figures.options) < 2:
        return None
    loss_size, loss_unit = money_scale(
        max(option.annual_loss.high for option in figures.options), figures.currency
    )
    cost_size, cost_unit = money_scale(
        max(option.cost_per_year for option in figures.options), figures.currency
    )
    others = [option for option in figures.options if not option.best]
    rows = _rows(others, cost_size, loss_size)
    now = [option for option in figures.options if set(option.controls) == set(in_place)]
    marked = _rows(now, cost_size, loss_size)
    best = _rows(best_options(figures), cost_size, loss_size)

    def draw(width: int) -> Any:
        x = alt.X("cost:Q", axis=axis(f"controls cost ({cost_unit} a year)"))
        scale = alt.Scale(zero=False)
        y = alt.Y("loss:Q", axis=axis(f"expected annual loss ({loss_unit})"), scale=scale)
        cloud = alt.Chart(inline_data(rows)).mark_circle(size=26, color=GREY, opacity=0.35)
        base = alt.Chart(inline_data(best)).encode(x=x)
        layers = [
            *([cloud.encode(x=x, y=y)] if rows else []),
            base.mark_line(interpolate="step-after", color=COLOURS[0], strokeWidth=2.2).encode(y=y),
            base.mark_rule(color=COLOURS[0], strokeWidth=1.4).encode(
                y=alt.Y("low:Q", scale=scale), y2="high:Q"
            ),
            base.mark_circle(size=170, color=COLOURS[0], opacity=1).encode(y=y),
            base.mark_text(fontSize=10, fontWeight="bold", color="white", dy=0.5).encode(
                y=y, text="number:N"
            ),
            *([_diamond(marked).encode(x=x, y=y)] if marked else []),
        ]
        height = 260 if width == WIDE_PX else 220
        return alt.layer(*layers).properties(width=width, height=height)

    return figure("sets", "Sets of controls: cost a year against the loss that is left", draw)


def _diamond(rows: list[dict[str, Any]]) -> Any:
    import altair as alt

    return alt.Chart(inline_data(rows)).mark_point(
        shape="diamond", filled=False, size=420, strokeWidth=2.4, color=COLOURS[1], opacity=1
    )


def _rows(options: Sequence[Option], cost_size: float, loss_size: float) -> list[dict[str, Any]]:
    return [
        {
            "number": str(number),
            "cost": option.cost_per_year / cost_size,
            "loss": option.annual_loss.value / loss_size,
            "low": option.annual_loss.low / loss_size,
            "high": option.annual_loss.high / loss_size,
        }
        for number, option in enumerate(options, 1)
    ]
