"""How every chart of the page looks: colours that most eyes can tell apart, thin grids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from otsim.report.inline_svg import inline_svg

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "ATTACK",
    "COLOURS",
    "GREY",
    "INK",
    "NARROW_PX",
    "WIDE_PX",
    "Figure",
    "axis",
    "figure",
    "inline_data",
]

# Okabe and Ito, "Color Universal Design" (2008), in an order that keeps neighbours apart
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#5B4B8A", "#7A5C3E")
GREY = "#5F6B76"
_FONT = "Helvetica, Arial, sans-serif"
INK = "#1C2833"
ATTACK = "#9C4A7C"
WIDE_PX, NARROW_PX = 640, 270


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One chart in two widths; the page shows the one that fits.

    Attributes:
        wide: for screens from 700 px on, and for paper.
        narrow: for a telephone.
    """

    wide: Markup
    narrow: Markup


def figure(name: str, label: str, draw: Callable[[int], Any]) -> Figure:
    """Draw a chart in both widths.

    Args:
        name: letters that no other chart of the page uses.
        label: what it shows, in words.
        draw: from the width of the plot, px, to an Altair chart.
    """
    return Figure(
        wide=inline_svg(_spec(draw(WIDE_PX)), prefix=f"{name}-w", label=label),
        narrow=inline_svg(_spec(draw(NARROW_PX)), prefix=f"{name}-n", label=label),
    )


def _spec(chart: Any) -> dict[str, Any]:
    spec: dict[str, Any] = (
        chart.configure(font=_FONT, background="white", padding=4)
        .configure_view(stroke=None)
        .configure_axis(
            gridColor="#E4E8EB",
            domainColor="#9AA5AE",
            tickColor="#9AA5AE",
            labelColor=INK,
            titleColor=INK,
            labelFontSize=12,
            titleFontSize=12,
            titleFontWeight="normal",
            titlePadding=8,
        )
        .configure_legend(
            orient="top", title=None, labelFontSize=12, labelColor=INK, labelLimit=240,
            symbolStrokeWidth=2.5, symbolSize=220,
        )
        .configure_title(fontSize=13, fontWeight="bold", color=INK, anchor="start", offset=6)
        .to_dict()
    )  # fmt: skip
    return spec


def axis(title: str, **more: Any) -> Any:
    """An axis with a title that tells the unit."""
    import altair as alt

    return alt.Axis(title=title, **more)


def inline_data(values: list[dict[str, Any]]) -> Any:
    """Data of a chart that stand in its spec: nothing is loaded from elsewhere."""
    import altair as alt

    return alt.InlineData(values=values)
