"""What a picture of a network is drawn from, and on which scales."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from otsim.report.chart_style import WIDE_PX, inline_data
from otsim.review.conduit_lines import Point
from otsim.review.findings import Finding
from otsim.review.network_layout import Layout
from otsim.review.results import ReviewFigures, Way
from otsim.review.reviewed_network import ReviewedNetwork

__all__ = ["FILL", "ROW_PX", "WEAK", "Scene", "arrow_heads", "at", "shortened"]

FILL, WEAK = "#F5F7F9", "#D55E00"
ROW_PX = 47
MARGIN = 0.12


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What is drawn, in one width."""

    network: ReviewedNetwork
    figures: ReviewFigures
    ways: Sequence[Way]
    numbered: Mapping[int, Finding]
    layout: Layout
    width: int

    @property
    def is_wide(self) -> bool:
        """Whether it is drawn for a wide screen."""
        return self.width >= WIDE_PX

    @property
    def across(self) -> float:
        """Width of a place, px."""
        return self.width / (self.layout.right - self.layout.left + 2.0 * MARGIN)

    @property
    def height(self) -> int:
        """Of the picture, px."""
        return round(ROW_PX * (self.layout.bottom - self.layout.top + 2.0 * MARGIN))


def at(scene: Scene, x: str = "x", y: str = "y") -> dict[str, Any]:
    """The channels that place a mark by two of its fields."""
    import altair as alt

    given = scene.layout
    wide = alt.Scale(domain=[given.left - MARGIN, given.right + MARGIN], nice=False, zero=False)
    high = alt.Scale(domain=[given.bottom + MARGIN, given.top - MARGIN], nice=False, zero=False)
    return {
        "x": alt.X(f"{x}:Q", scale=wide, axis=None),
        "y": alt.Y(f"{y}:Q", scale=high, axis=None),
    }


def arrow_heads(
    scene: Scene, segments: Iterable[tuple[Point, Point, float]], colour: str, size: int
) -> Any:
    """Arrow heads on segments, at a share of their length."""
    import altair as alt

    rows = []
    for (x, y), (x2, y2), share in segments:
        across, down = (x2 - x) * scene.across, (y2 - y) * ROW_PX
        angle = math.degrees(math.atan2(across, -down)) % 360.0
        rows.append({"x": x + share * (x2 - x), "y": y + share * (y2 - y), "angle": angle})
    turned = alt.Scale(domain=[0, 360], range=[0, 360])
    return (
        alt.Chart(inline_data(rows))
        .mark_point(shape="triangle-up", filled=True, color=colour, opacity=1, size=size)
        .encode(**at(scene), angle=alt.Angle("angle:Q", scale=turned, legend=None))
    )


def shortened(text: str, longest: int) -> str:
    """Cut a text that is too long."""
    return text if len(text) <= longest else f"{text[: max(longest - 1, 1)].rstrip()}…"
