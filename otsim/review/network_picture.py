"""The network drawn zone by zone: risk as colour, the worst ways, what to mend by number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from otsim.report.chart_style import COLOURS, GREY, INK, WIDE_PX, Figure, figure, inline_data
from otsim.report.charts import money_scale
from otsim.review.conduit_lines import Point
from otsim.review.findings import Finding, Item
from otsim.review.network_ground import conduit_layers, zone_layers
from otsim.review.network_layout import network_layout
from otsim.review.network_scene import FILL, WEAK, Scene, arrow_heads, at, shortened
from otsim.review.results import ReviewFigures, Way
from otsim.review.reviewed_network import ReviewedNetwork

__all__ = ["WAY_COLOURS", "network_picture"]

WAY_COLOURS = (COLOURS[0], COLOURS[2], COLOURS[6])
"""Of the worst ways, in the picture and beside their steps."""

_RISK = ["#E3E8EB", "#FBD28A", "#F08A3C", "#C8401F", "#6E0F1F"]
_WIDE, _NARROW = (7, 12), (3, 6)  # assets side by side, assets of one zone
_LETTERS = 14


def network_picture(
    network: ReviewedNetwork,
    figures: ReviewFigures,
    *,
    ways: Sequence[Way],
    numbered: Mapping[int, Finding],
) -> Figure:
    """Draw a network.

    Args:
        network: under review.
        figures: for the risk of each asset.
        ways: the worst, three at most.
        numbered: findings to mark in the picture, by their number in the list.
    """
    wanted = [asset for way in ways for asset in _assets_on(network, way)]
    for finding in numbered.values():
        wanted += [asset for item in finding.items for asset in _touched(network, item)]
    wanted += [part.name for part in figures.parts if part.kind == "asset"]

    def draw(width: int) -> Any:
        columns, most = _WIDE if width == WIDE_PX else _NARROW
        layout = network_layout(network.given, columns=columns, most=most, wanted=wanted)
        scene = Scene(
            network=network,
            figures=figures,
            ways=ways,
            numbered=numbered,
            layout=layout,
            width=width + (70 if width == WIDE_PX else 10),
        )
        return _drawn(scene)

    label = "The network zone by zone, assets coloured by their part of the loss, worst ways on it"
    return figure("net", label, draw)


def _drawn(scene: Scene) -> Any:
    import altair as alt

    layers = [
        *zone_layers(scene),
        *conduit_layers(scene),
        *_ways(scene),
        *_assets(scene),
        *_marks(scene),
    ]
    return (
        alt.layer(*layers)
        .resolve_scale(color="independent", size="independent", angle="independent")
        .properties(width=scene.width, height=scene.height)
    )


def _ways(scene: Scene) -> Iterator[Any]:
    import altair as alt

    for i, way in enumerate(scene.ways):
        shift = 0.055 * (i - 0.5 * (len(scene.ways) - 1))
        line = [(x + shift, y + shift) for x, y in _line_of(scene, way)]
        if len(line) < 2:
            continue
        from_outside = _begins_outside(scene, way)
        for part, dash in (
            ((line[:2], [5, 5]), (line[1:], [1, 0])) if from_outside else ((line, [1, 0]),)
        ):
            rows = [{"order": j, "x": x, "y": y} for j, (x, y) in enumerate(part)]
            yield (
                alt.Chart(inline_data(rows))
                .mark_line(
                    color=WAY_COLOURS[i], strokeWidth=2.6, opacity=0.8, strokeJoin="round",
                    strokeDash=dash,
                )
                .encode(**at(scene), order="order:Q")
            )  # fmt: skip
        heads = [(a, b, 0.55) for a, b in pairwise(line)]
        yield arrow_heads(scene, heads, WAY_COLOURS[i], 70)


def _begins_outside(scene: Scene, way: Way) -> bool:
    """Whether a way begins in an untrusted zone, not with something that is carried in."""
    first = scene.network.graph.steps.get(way.steps[0]) if way.steps else None
    carried = first is not None and "medium" in first.items
    return not carried and any(zone.untrusted for zone in scene.network.given.zones.values())


def _line_of(scene: Scene, way: Way) -> list[Point]:
    """The places that a way passes, the untrusted zone first if it begins there."""
    places = [
        scene.layout.assets[asset]
        for asset in _assets_on(scene.network, way)
        if asset in scene.layout.assets
    ]
    if not _begins_outside(scene, way):
        return places
    outside = next(name for name, zone in scene.network.given.zones.items() if zone.untrusted)
    box = scene.layout.boxes[outside]
    return [(box.middle, 0.5 * (box.top + box.bottom) + 0.1), *places]


def _assets_on(network: ReviewedNetwork, way: Way) -> list[str]:
    """The assets that a way goes over, each once for each time it comes there."""
    found: list[str] = []
    for leaf in way.steps:
        step = network.graph.steps.get(leaf)
        asset = None if step is None else step.items.get("asset")
        if asset is not None and (not found or found[-1] != asset):
            found.append(asset)
    return found


def _assets(scene: Scene) -> Iterator[Any]:
    import altair as alt

    rows, unit = _asset_rows(scene)
    data = inline_data(rows)
    most = max((row["risk"] for row in rows), default=0.0)
    words = " that goes over it" if scene.is_wide else ""
    legend = alt.Legend(
        title=f"part of the expected annual loss{words} ({unit})", orient="bottom",
        direction="horizontal", gradientLength=min(300, scene.width - 20), tickCount=4,
        titleLimit=scene.width, gradientThickness=10,
    )  # fmt: skip
    scale = alt.Scale(range=_RISK, domain=[0.0, most or 1.0], interpolate="rgb")
    yield (
        alt.Chart(data)
        .mark_circle(size=150, opacity=1, stroke="#5F6B76", strokeWidth=0.8)
        .encode(**at(scene), color=alt.Color("risk:Q", scale=scale, legend=legend))
    )
    for halo in (3.0, 0.0):
        named = alt.Chart(data).mark_text(
            baseline="top", dy=9, fontSize=9, lineHeight=10, lineBreak="\n", color=INK,
            stroke=FILL, strokeWidth=halo, strokeOpacity=0.85 if halo else 0.0,
        )  # fmt: skip
        yield named.encode(**at(scene), text="label:N")
    more = [
        {"x": x, "y": y, "label": f"+{count} more"}
        for (x, y), count in scene.layout.hidden.values()
    ]
    if more:
        text = alt.Chart(inline_data(more)).mark_text(fontSize=10, color=GREY, baseline="middle")
        yield text.encode(**at(scene), text="label:N")


def _asset_rows(scene: Scene) -> tuple[list[dict[str, Any]], str]:
    loss = {p.name: p.annual_loss.value for p in scene.figures.parts if p.kind == "asset"}
    size, unit = money_scale(max(loss.values(), default=0.0), scene.figures.currency)
    rows = [
        {"x": x, "y": y, "risk": loss.get(name, 0.0) / size, "label": _two_lines(name)}
        for name, (x, y) in scene.layout.assets.items()
    ]
    return sorted(rows, key=lambda row: row["risk"]), unit


def _marks(scene: Scene) -> Iterator[Any]:
    """The numbers of findings, at what they are about."""
    import altair as alt

    taken: dict[Point, int] = {}
    rows = []
    for number, finding in scene.numbered.items():
        place = _place_of(scene, finding)
        if place is None:
            continue
        count = taken.get(place, 0)
        taken[place] = count + 1
        x, y = place[0] + 0.17 + 0.2 * count, place[1] - 0.22
        rows.append({"x": x, "y": y, "number": str(number)})
    if not rows:
        return
    base = alt.Chart(inline_data(rows)).encode(**at(scene))
    yield base.mark_circle(size=210, color=WEAK, opacity=1, stroke="white", strokeWidth=1.2)
    yield base.mark_text(
        fontSize=10, fontWeight="bold", color="white", baseline="middle", dy=0.5
    ).encode(text="number:N")


def _place_of(scene: Scene, finding: Finding) -> Point | None:
    for item in finding.items:
        if item.kind == "conduit" and item.name in scene.layout.conduits:
            return _middle(scene.layout.conduits[item.name])
        for asset in _touched(scene.network, item):
            if asset in scene.layout.assets:
                return scene.layout.assets[asset]
    return None


def _touched(network: ReviewedNetwork, item: Item) -> Sequence[str]:
    """The assets that an item is about."""
    given, kind, name = network.given, item.kind, item.name
    if kind == "asset":
        return (name,)
    if kind == "service":
        return (given.services[name].asset,)
    if kind == "credential":
        return (*given.credentials[name].stored_on, *given.credentials[name].valid_on)
    if kind == "medium":
        return given.media[name].used_on
    return given.vendor_access[name].reaches if kind == "vendor" else ()


def _middle(line: Sequence[Point]) -> Point:
    """The middle of the longest stretch of a line."""
    pairs = list(pairwise(line))
    (x, y), (x2, y2) = max(pairs, key=lambda p: abs(p[1][0] - p[0][0]) + abs(p[1][1] - p[0][1]))
    return 0.5 * (x + x2) - 0.17, 0.5 * (y + y2) + 0.22  # where the mark shall stand itself


def _two_lines(name: str) -> str:
    """Break a name at its words into two lines at most."""
    lines = [""]
    for word in name.replace("_", " ").split():
        joined = f"{lines[-1]} {word}".strip()
        if len(joined) <= _LETTERS or not lines[-1]:
            lines[-1] = joined
        else:
            lines.append(word)
    shown = [lines[0], " ".join(lines[1:])] if len(lines) > 1 else lines
    return "\n".join(shortened(line, _LETTERS) for line in shown)
