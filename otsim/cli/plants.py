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
    "demand": "Demands",
    "observation": "Recorded only",
}


@click.command()
@click.argument("name", required=False)
@click.option(
    "--inp", type=click.Path(), metavar="FILE", help="The EPANET file of a water_network."
)
@json_option
def plants(name: str | None, inp: str | None, as_json: bool) -> None:
    """List the plants, or the signals, links and damage columns of the plant NAME.

    Example: otsim plants tennessee_eastman, otsim plants water_network --inp network.inp
    """
    from otsim.config import PLANT_POINTS
    from otsim.config.plant_points import WATER_NETWORK

    if name is None:
        _list_plants(PLANT_POINTS, as_json)
        return
    if name == WATER_NETWORK:
        _show_network(inp, as_json)
        return
    points = PLANT_POINTS.get(name)
    if points is None:
        from otsim.config.problems import did_you_mean

        known = [*PLANT_POINTS, WATER_NETWORK]
        raise click.UsageError(f"there is no plant {name!r} ({did_you_mean(name, known)})")
    if inp is not None:
        raise click.UsageError(f"--inp is for water_network, not for {name}; leave it out")
    if as_json:
        click.echo(json.dumps(plant_object(name, points), ensure_ascii=False))
        return
    click.echo(f"{name}: {points.title}")
    for lines in (*_signal_tables(points), _links(points), _damage(points)):
        click.echo("\n" + "\n".join(lines))
    first, last = points.disturbances[0], points.disturbances[-1]
    click.echo(f"\nDisturbances: IDV{first} to IDV{last} (plant.disturbances.idv)")


def _show_network(inp: str | None, as_json: bool) -> None:
    """Show what a study may name on the network of a file, and what it does undisturbed."""
    if inp is None:
        raise click.UsageError(
            "the points of a water network come from its EPANET file; name it with --inp FILE"
        )
    from otsim.config.epanet import read_network
    from otsim.config.plant_points import WATER_NETWORK
    from otsim.config.study_water import Water
    from otsim.config.water_points import water_points

    network = read_network(inp)
    points = water_points(network, Water())
    if as_json:
        click.echo(json.dumps(plant_object(WATER_NETWORK, points), ensure_ascii=False))
        return
    click.echo(f"{WATER_NETWORK}: {points.title}")
    counts = (
        f"{len(network.junctions):,} junctions, {len(network.tanks)} tanks, "
        f"{len(network.nodes) - len(network.junctions) - len(network.tanks)} reservoirs, "
        f"{len(network.links):,} links, {len(network.controls)} controls, "
        f"{len(network.rules)} rules; {network.options.flow_units}"
    )
    click.echo(counts)
    for told in network.ignored:
        click.echo(told)
    for lines in (*_signal_tables(points), _damage(points)):
        if len(lines) > 2:
            click.echo("\n" + "\n".join(lines))
    click.echo(
        "\nAlso: pressure.JUNCTION and flow.LINK in plant.water.observe; links between controllers "
        "from plant.water.controllers.\nNormal energy of the pumps: "
        f"{_normal_energy(inp):,.0f} kWh a day (loss.water.normal_energy_kwh_per_day)"
    )


def _normal_energy(inp: str) -> float:
    from otsim.simulate.cpu_settings import prepare_cpu

    prepare_cpu()
    from otsim.simulate.nominal_run import normal_energy_kwh_per_day

    return normal_energy_kwh_per_day(inp)


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
        titles.append({"name": "water_network", "title": "any EPANET file (.inp)"})
        click.echo(json.dumps({"plants": titles}, ensure_ascii=False))
        return
    for name, points in known.items():
        click.echo(f"{name}  {points.title}, {len(points.signals)} points")
    click.echo("water_network  any EPANET file: otsim plants water_network --inp FILE")
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
