"""The ground of a network's picture: zones as boxes, conduits as lines between them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from otsim.report.chart_style import INK, inline_data
from otsim.review.conduit_lines import Point
from otsim.review.network_scene import FILL, WEAK, Scene, arrow_heads, at, shortened

__all__ = ["conduit_layers", "zone_layers"]

_FRAME = "#C3CCD3"


def zone_layers(scene: Scene) -> Iterator[Any]:
    """Draw the boxes of the zones and their titles."""
    import altair as alt

    rows = [
        {
            "x": box.left, "y": box.top, "x2": box.right, "y2": box.bottom,
            "tx": box.left + 0.07, "ty": box.top + 0.22,
            "title": _zone_title(scene, box.zone, _room(scene, box.right - box.left)),
        }
        for box in scene.layout.boxes.values()
    ]  # fmt: skip
    data = inline_data(rows)
    yield (
        alt.Chart(data)
        .mark_rect(fill=FILL, stroke=_FRAME, cornerRadius=5)
        .encode(**at(scene), x2="x2:Q", y2="y2:Q")
    )
    yield (
        alt.Chart(data)
        .mark_text(
            align="left",
            baseline="middle",
            fontSize=10.5 if scene.is_wide else 9.5,
            fontWeight="bold",
            color=INK,
        )
        .encode(**at(scene, "tx", "ty"), text="title:N")
    )


def _zone_title(scene: Scene, zone: str, room: int) -> str:
    """The title of a zone with its level, if there is room for both."""
    given = scene.network.given.zones[zone]
    title = given.title or zone.replace("_", " ")
    title = f"{title[:1].upper()}{title[1:]}"
    level = f" · level {given.purdue_level:g}" if given.purdue_level is not None else ""
    return f"{title}{level}" if len(title) + len(level) <= room else shortened(title, room)


def _room(scene: Scene, width: float) -> int:
    """How many letters of a title fit."""
    return int((width * scene.across - 8.0) / (5.4 if scene.is_wide else 4.7))


def conduit_layers(scene: Scene) -> Iterator[Any]:
    """Draw the conduits, those to mend above the others."""
    import altair as alt

    weak = {
        item.name
        for finding in scene.numbered.values()
        for item in finding.items
        if item.kind == "conduit"
    }
    for is_weak, colour, stroke in ((False, "#A3AEB7", 1.3), (True, WEAK, 2.6)):
        chosen = {n: line for n, line in scene.layout.conduits.items() if (n in weak) == is_weak}
        rows = [
            {"conduit": name, "order": i, "x": x, "y": y}
            for name, line in chosen.items()
            for i, (x, y) in enumerate(line)
        ]
        if not rows:
            continue
        yield (
            alt.Chart(inline_data(rows))
            .mark_line(color=colour, strokeWidth=stroke, strokeJoin="round")
            .encode(**at(scene), detail="conduit:N", order="order:Q")
        )
        yield arrow_heads(scene, list(_conduit_heads(scene, chosen)), colour, 42 if is_weak else 26)


def _conduit_heads(
    scene: Scene, lines: Mapping[str, Sequence[Point]]
) -> Iterator[tuple[Point, Point, float]]:
    for name, line in lines.items():
        yield line[-2], line[-1], 0.93
        if scene.network.given.conduits[name].direction == "both":
            yield line[1], line[0], 0.93
