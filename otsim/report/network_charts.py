"""Pictures of a water network: its map coloured by unmet demand, and when that is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from otsim.config.epanet.network import Junction, Node, Pump, Reservoir, Valve, WaterNetwork
from otsim.report.chart_style import COLOURS, GREY, INK, WIDE_PX, Figure, axis, figure, inline_data

__all__ = ["hours_chart", "network_map"]

Row = Mapping[str, Any]
_MOST_LINKS = 6000  # a page with more would not open
_SCHEME = ["#C9D3DA", "#FBD28A", "#F08A3C", "#C8401F", "#6E0F1F"]


def network_map(network: WaterNetwork, rows: Sequence[Row]) -> Figure | None:
    """Draw the network where the file has it; None without coordinates.

    Args:
        network: for the links, tanks and reservoirs.
        rows: `Name`, `X`, `Y`, `UnmetM3` of the junctions.
    """
    import altair as alt

    placed = [row for row in rows if row["X"] is not None and row["Y"] is not None]
    if len(placed) < 2:
        return None
    layers, note = _Layers(network=network, placed=placed), _left_out(network)

    def draw(width: int) -> Any:
        height = round(width * _shape(network))
        chart = (
            alt.layer(*layers.drawn(width))
            .resolve_scale(color="independent", size="independent", shape="independent")
            .properties(width=width, height=min(max(height, 160), 560))
        )
        return chart.properties(title=note) if note else chart

    label = "Map of the network, each junction coloured by the demand that attacks leave unmet"
    return figure("map", label, draw)


def _left_out(network: WaterNetwork) -> str:
    """Tell that not all links are drawn; empty where they are."""
    n = len(network.links)
    if n <= _MOST_LINKS:
        return ""
    return f"Drawn are the first {_MOST_LINKS:,} of {n:,} links, in the file's order"


@dataclass(frozen=True, kw_only=True)
class _Layers:
    """What the map is made of, from the ground up."""

    network: WaterNetwork
    placed: Sequence[Row]

    def drawn(self, width: int) -> tuple[Any, ...]:
        """Return the links, the junctions, the stores of water and their names."""
        size = 60 if width == WIDE_PX else 24
        stores = inline_data(_stores(self.network))
        return self._links(), self._junctions(width, size), *self._named(stores, size)

    def _at(self) -> dict[str, Any]:
        import altair as alt

        x, y = _scales(self.network)
        return {"x": alt.X("x:Q", scale=x, axis=None), "y": alt.Y("y:Q", scale=y, axis=None)}

    def _links(self) -> Any:
        import altair as alt

        is_pipe = "datum.kind == 'pipe'"
        return (
            alt.Chart(inline_data(_segments(self.network)))
            .mark_rule(strokeCap="round")
            .encode(
                **self._at(), x2="x2:Q", y2="y2:Q",
                color=alt.condition(is_pipe, alt.value("#AEB9C1"), alt.value(COLOURS[0])),
                size=alt.condition(is_pipe, alt.value(1.2), alt.value(3)),
            )
        )  # fmt: skip

    def _junctions(self, width: int, size: int) -> Any:
        import altair as alt

        rows = [
            {"x": row["X"], "y": row["Y"], "unmet": row["UnmetM3"]}
            for row in _worst_last(self.placed)
        ]
        legend = alt.Legend(
            title="m³ not delivered, mean of attacks that act", orient="bottom",
            direction="horizontal", gradientLength=min(320, width - 20), tickCount=4,
            titleLimit=width, format="~s",
        )  # fmt: skip
        scale = alt.Scale(
            range=_SCHEME, type="symlog", constant=_constant(self.placed), interpolate="rgb"
        )
        return (
            alt.Chart(inline_data(rows))
            .mark_circle(size=size, opacity=1, stroke="white", strokeWidth=0.4)
            .encode(**self._at(), color=alt.Color("unmet:Q", scale=scale, legend=legend))
        )

    def _named(self, stores: Any, size: int) -> tuple[Any, Any]:
        import altair as alt

        shapes = alt.Scale(domain=["tank", "reservoir"], range=["square", "triangle-up"])
        marks = (
            alt.Chart(stores)
            .mark_point(filled=True, opacity=1, size=4 * size, stroke="white")
            .encode(
                **self._at(), shape=alt.Shape("kind:N", legend=None, scale=shapes),
                color=alt.value(INK),
            )
        )  # fmt: skip
        names = (
            alt.Chart(stores)
            .mark_text(dx=11, dy=-9, align="left", fontSize=11, fontWeight="bold", color=INK)
            .encode(**self._at(), text="name:N")
        )
        return marks, names


def _constant(rows: Sequence[Row]) -> float:
    """Return where the colour scale turns from linear to logarithmic."""
    return max(*(float(row["UnmetM3"]) / 50.0 for row in rows), 1e-6)


def _worst_last(rows: Sequence[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: float(row["UnmetM3"]))


def _segments(network: WaterNetwork) -> list[dict[str, Any]]:
    found = []
    for link in list(network.links.values())[:_MOST_LINKS]:
        ends = [network.nodes[name].place for name in (link.start, link.end)]
        if None in ends:
            continue
        (x, y), (x2, y2) = (end for end in ends if end is not None)
        kind = "pump" if isinstance(link, Pump) else "valve" if isinstance(link, Valve) else "pipe"
        found.append({"x": x, "y": y, "x2": x2, "y2": y2, "kind": kind})
    return found


def _stores(network: WaterNetwork) -> list[dict[str, Any]]:
    return [
        {
            "x": node.place[0],
            "y": node.place[1],
            "name": node.name,
            "kind": "reservoir" if isinstance(node, Reservoir) else "tank",
        }
        for node in network.nodes.values()
        if not isinstance(node, Junction) and node.place is not None
    ]


def _span(nodes: Sequence[Node], which: int) -> tuple[float, float]:
    values = [node.place[which] for node in nodes if node.place is not None]
    low, high = min(values), max(values)
    room = 0.04 * (high - low) or 1.0
    return low - room, high + room


def _scales(network: WaterNetwork) -> tuple[Any, Any]:
    import altair as alt

    spans = [_span(tuple(network.nodes.values()), which) for which in (0, 1)]
    return tuple(alt.Scale(domain=list(span), nice=False, zero=False) for span in spans)  # type: ignore[return-value]


def _shape(network: WaterNetwork) -> float:
    (x0, x1), (y0, y1) = (_span(tuple(network.nodes.values()), which) for which in (0, 1))
    return (y1 - y0) / (x1 - x0)


def hours_chart(rows: Sequence[Row]) -> Figure:
    """Unmet demand against the hours since the first plant action, stacked by zone.

    Args:
        rows: `Zone`, `FromH`, `ToH`, `UnmetM3`.
    """
    import altair as alt

    zones = list(dict.fromkeys(row["Zone"] for row in rows))
    values = [
        {
            "zone": row["Zone"],
            "hour": row["FromH"],
            "rate": row["UnmetM3"] / (row["ToH"] - row["FromH"]),
        }
        for row in rows
    ]
    colours = [*COLOURS, GREY] * (1 + len(zones) // len(COLOURS))

    def draw(width: int) -> Any:
        return (
            alt.Chart(inline_data(values))
            .mark_area(interpolate="step-after", opacity=0.85)
            .encode(
                x=alt.X("hour:Q", axis=axis("hours after the first plant action (h)"),
                        scale=alt.Scale(nice=False)),
                y=alt.Y("rate:Q", stack="zero", axis=axis("not delivered (m³/h)")),
                color=alt.Color(
                    "zone:N", scale=alt.Scale(domain=zones, range=colours[: len(zones)]),
                    legend=alt.Legend(columns=3) if len(zones) > 1 else None,
                ),
            )
            .properties(width=width, height=200)
        )  # fmt: skip

    return figure("hours", "Demand not delivered against hours, by zone", draw)
