"""`otsim plants`: which plants there are, and what can be read, touched and damaged on each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from otsim.cli.options import json_option

if TYPE_CHECKING:
    from otsim.config.plant_points import PlantPoints
    from otsim_kernels.signals import Signal

_HEADINGS = {
    "measurement": "Measurements",
    "command": "Commands",
    "setpoint": "Set-points",
    "loop": "Controller gains",
    "trip": "Safety trips",
    "alarm": "Alarms",
}


@click.command()
@click.argument("name", required=False)
@json_option
def plants(name: str | None, as_json: bool) -> None:
    """List the plants, or the signals, links and damage columns of the plant NAME.

    Example: otsim plants tennessee_eastman
    """
    from otsim.config import PLANT_POINTS

    if name is None:
        _list_plants(PLANT_POINTS, as_json)
        return
    points = PLANT_POINTS.get(name)
    if points is None:
        from otsim.config.problems import did_you_mean

        raise click.UsageError(f"there is no plant {name!r} ({did_you_mean(name, PLANT_POINTS)})")
    if as_json:
        click.echo(json.dumps(plant_object(name, points), ensure_ascii=False))
        return
    click.echo(f"{name}: {points.title}")
    for lines in (*_signal_tables(points), _links(points), _damage(points)):
        click.echo("\n" + "\n".join(lines))
    first, last = points.disturbances[0], points.disturbances[-1]
    click.echo(f"\nDisturbances: IDV{first} to IDV{last} (plant.disturbances.idv)")


def plant_object(name: str, points: PlantPoints) -> dict[str, Any]:
    """Return all that a study may name on a plant as plain data."""
    return {
        "name": name,
        "title": points.title,
        "signals": [asdict(signal) for signal in points.signals],
        "links": [asdict(link) for link in points.links],
        "damage_columns": [asdict(column) for column in points.damage_columns],
        "disturbances": list(points.disturbances),
    }


def _list_plants(known: dict[str, PlantPoints], as_json: bool) -> None:
    if as_json:
        titles = [{"name": name, "title": points.title} for name, points in known.items()]
        click.echo(json.dumps({"plants": titles}, ensure_ascii=False))
        return
    for name, points in known.items():
        click.echo(f"{name}  {points.title}, {len(points.signals)} points")
    click.echo(f"\nNext: otsim plants {next(iter(known))}")


def _signal_tables(points: PlantPoints) -> list[list[str]]:
    return [
        _table(
            f"{heading} ({kind})",
            ("name", "unit", "range", "normal", "alarm", "trip", "what it is"),
            [_row(signal) for signal in points.signals if signal.kind == kind],
        )
        for kind, heading in _HEADINGS.items()
    ]


def _row(signal: Signal) -> tuple[str, ...]:
    return (
        signal.name,
        signal.unit,
        _limits(signal.low, signal.high, " to "),
        _number(signal.normal),
        _limits(signal.alarm_low, signal.alarm_high),
        _limits(signal.trip_low, signal.trip_high),
        signal.title,
    )


def _links(points: PlantPoints) -> list[str]:
    rows = [(link.name, link.title, " ".join(link.signals)) for link in points.links]
    return _table("Links (dos)", ("name", "what it is", "signals that go stale"), rows)


def _damage(points: PlantPoints) -> list[str]:
    rows = [(column.name, column.unit, column.description) for column in points.damage_columns]
    return _table("Damage columns", ("name", "unit", "what it is"), rows)


def _table(heading: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Align columns with two spaces between, leaving out those that are empty in every row."""
    used = [i for i in range(len(header)) if any(row[i] for row in rows)]
    cells = [[row[i] for i in used] for row in (header, *rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(used))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
             for row in cells]  # fmt: skip
    return [heading, *(f"  {line}".rstrip() for line in lines)]


def _limits(low: float | None, high: float | None, between: str = " / ") -> str:
    if between == " / ":
        parts = [f"< {_number(low)}" if low is not None else "",
                 f"> {_number(high)}" if high is not None else ""]  # fmt: skip
        return between.join(part for part in parts if part)
    return between.join(_number(limit) for limit in (low, high) if limit is not None)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.5g}"
