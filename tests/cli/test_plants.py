"""`otsim plants`: every signal with unit, range and limits, as a table and as JSON."""

from __future__ import annotations

import json

from click.testing import CliRunner

from otsim.cli import main
from otsim.config import PLANT_POINTS
from water.small_study import INP

NAME = "tennessee_eastman"


def plants(*args: str):
    return CliRunner().invoke(main, ["plants", *args], prog_name="otsim")


def test_lists_the_plants():
    assert NAME in plants().stdout
    assert [plant["name"] for plant in json.loads(plants("--json").stdout)["plants"]] == [
        *PLANT_POINTS,
        "water_network",
    ]


def test_the_points_of_a_water_network_come_from_its_file(tmp_path):
    file = tmp_path / "small.inp"
    file.write_text(INP.format(controls=""))
    told = plants("water_network", "--inp", str(file))
    assert told.exit_code == 0
    for part in ("level.T", "status.P", "threshold.1", "demand.day", "kWh a day", "3 junctions"):
        assert part in told.stdout
    names = json.loads(plants("water_network", "--inp", str(file), "--json").stdout)["signals"]
    assert {"level.U", "speed.P"} <= {signal["name"] for signal in names}


def test_a_water_network_needs_its_file(tmp_path):
    assert plants("water_network").exit_code == 2
    assert "name it with --inp FILE" in plants("water_network").stderr
    assert plants("water_network", "--inp", str(tmp_path / "none.inp")).exit_code == 2
    assert plants(NAME, "--inp", "x.inp").exit_code == 2


def test_every_point_has_a_line():
    lines = plants(NAME).stdout.splitlines()
    first_words = [line.split()[0] for line in lines if line.startswith("  ")]
    points = PLANT_POINTS[NAME]
    for thing in (*points.signals, *points.links, *points.damage_columns):
        assert first_words.count(thing.name) == 1


def test_line_of_a_measurement():
    (line,) = [line for line in plants(NAME).stdout.splitlines() if line.startswith("  XMEAS7 ")]
    assert line.split("  ")[1:] != []
    for part in ("kPa gauge", "0 to 3500", "2705", "> 2895", "> 3000", "reactor pressure"):
        assert part in line


def test_json_holds_all_fields():
    found = json.loads(plants(NAME, "--json").stdout)
    (pressure,) = [signal for signal in found["signals"] if signal["name"] == "XMEAS7"]
    assert pressure["trip_high"] == 3000.0
    assert pressure["unit"] == "kPa gauge"
    assert len(found["links"]) == len(PLANT_POINTS[NAME].links)
    assert found["disturbances"] == list(range(1, 21))


def test_unknown_plant():
    result = plants("tennesee_eastman")
    assert result.exit_code == 2
    assert "did you mean tennessee_eastman?" in result.stderr
