"""Where zones, assets and conduits stand in the picture of a network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from otsim.config.architecture.architecture import Architecture
from otsim.review.conduit_lines import Box, Line, Point, conduit_lines

__all__ = ["Layout", "network_layout"]

_Place = tuple[str, int]
_MOST_ROWS = 3  # of assets in one zone, before zones of a level stand below each other
_SIDE, _HEAD, _FOOT = 0.465, 0.82, 0.62  # of a box around the places in it, in places


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Where everything stands; a place is 1 wide and 1 high, y grows downwards.

    Attributes:
        boxes: of the zones by name.
        assets: of the assets that are shown.
        hidden: for each zone where to say how many more there are.
        conduits: the line of each conduit, from its beginning to its end.
        left, top, right, bottom: what all of it covers.
    """

    boxes: Mapping[str, Box]
    assets: Mapping[str, Point]
    hidden: Mapping[str, tuple[Point, int]]
    conduits: Mapping[str, Line]
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, kw_only=True)
class _Zone:
    """A zone with what is shown in it; the last may stand for the hidden ones."""

    name: str
    places: Sequence[str]
    n_hidden: int

    def columns(self, rows: int) -> int:
        return -(-max(len(self.places), 1) // rows)


@dataclass(frozen=True, kw_only=True)
class _Shelf:
    """Zones that stand side by side, all with as many rows."""

    zones: Sequence[_Zone]
    rows: int


def network_layout(
    given: Architecture, *, columns: int, most: int, wanted: Sequence[str]
) -> Layout:
    """Place the zones from the highest Purdue level down, each with its assets.

    Positions are those of networkx' multipartite layout, a layer for each row of assets.

    Args:
        given: the network.
        columns: assets that stand side by side.
        most: assets that are shown of one zone.
        wanted: assets that are shown before others, the first before the next.
    """
    zones = {name: _zone(given, name, most, wanted) for name in given.zones}
    shelves = list(_shelves(given, zones, columns))
    at = _positions(shelves)
    boxes = {box.zone: box for box in _boxes(shelves, at)}
    conduits = conduit_lines(given, boxes)
    xs = [x for line in conduits.values() for x, _ in line]
    return Layout(
        boxes=boxes,
        assets={
            asset: at[zone.name, i]
            for zone in zones.values()
            for i, asset in enumerate(zone.places)
            if asset
        },
        hidden={
            zone.name: (at[zone.name, len(zone.places) - 1], zone.n_hidden)
            for zone in zones.values()
            if zone.n_hidden
        },
        conduits=conduits,
        left=min([*(box.left for box in boxes.values()), *xs]),
        right=max([*(box.right for box in boxes.values()), *xs]),
        top=min(box.top for box in boxes.values()),
        bottom=max(box.bottom for box in boxes.values()),
    )


def _zone(given: Architecture, name: str, most: int, wanted: Sequence[str]) -> _Zone:
    held = [asset for asset, one in given.assets.items() if one.zone == name]
    if len(held) <= most:
        return _Zone(name=name, places=held, n_hidden=0)
    order = {asset: i for i, asset in reversed(list(enumerate(wanted)))}
    first = sorted(held, key=lambda asset: order.get(asset, len(wanted)))[: most - 1]
    shown = [asset for asset in held if asset in first]
    return _Zone(name=name, places=[*shown, ""], n_hidden=len(held) - len(shown))


def _shelves(given: Architecture, zones: Mapping[str, _Zone], columns: int) -> Iterator[_Shelf]:
    """The zones side by side, from the highest level down."""
    by_level: dict[float, list[_Zone]] = {}
    for name, zone in given.zones.items():
        level = zone.purdue_level if zone.purdue_level is not None else 5.0 * zone.untrusted
        by_level.setdefault(level, []).append(zones[name])
    for level in sorted(by_level, reverse=True):
        held: list[_Zone] = []
        for each in by_level[level]:
            if held and _fewest_rows([*held, each], columns, _MOST_ROWS) is None:
                yield _shelf(held, columns)
                held = []
            held.append(each)
        yield _shelf(held, columns)


def _shelf(zones: Sequence[_Zone], columns: int) -> _Shelf:
    longest = max(len(zone.places) for zone in zones) or 1
    return _Shelf(zones=zones, rows=_fewest_rows(zones, columns, longest) or longest)


def _fewest_rows(zones: Sequence[_Zone], columns: int, most: int) -> int | None:
    """The fewest rows in which zones fit side by side; None if they do not."""
    fitting = (
        rows for rows in range(1, most + 1) if sum(zone.columns(rows) for zone in zones) <= columns
    )
    return next(fitting, None)


def _positions(shelves: Sequence[_Shelf]) -> dict[_Place, Point]:
    """Let networkx place every place of every zone, row by row; rows and columns are 1 apart."""
    import networkx as nx

    rows: dict[int, list[_Place]] = {}
    for shelf in shelves:
        for i in range(shelf.rows):
            rows[len(rows)] = [
                (zone.name, i * width + j)
                for zone in shelf.zones
                for width in [zone.columns(shelf.rows)]
                for j in range(width)
            ]
        rows[len(rows)] = [("", len(rows))]  # room for conduits
    graph: nx.Graph[_Place] = nx.Graph()
    graph.add_nodes_from(place for row in rows.values() for place in row)
    found = nx.multipartite_layout(graph, subset_key=rows, align="horizontal")
    heights = [float(y) for _, y in found.values()]
    unit = (max(heights) - min(heights)) / (len(rows) - 1)
    return {place: (float(x) / unit, float(y) / unit) for place, (x, y) in found.items()}


def _boxes(shelves: Sequence[_Shelf], at: Mapping[_Place, Point]) -> Iterator[Box]:
    for number, shelf in enumerate(shelves):
        for zone in shelf.zones:
            last = zone.columns(shelf.rows) * shelf.rows - 1
            (left, top), (right, bottom) = at[zone.name, 0], at[zone.name, last]
            yield Box(
                zone=zone.name,
                shelf=number,
                left=left - _SIDE,
                top=top - _HEAD,
                right=right + _SIDE,
                bottom=bottom + _FOOT,
            )
