"""EPANET files: what each section means, every fault by its place, and never a traceback."""

from __future__ import annotations

import os
import random
from dataclasses import replace
from pathlib import Path

import pytest

from otsim.config.epanet import WaterNetwork, read_network
from otsim.config.epanet.clock import hours_of
from otsim.config.epanet.network import (
    Action,
    Control,
    Demand,
    Junction,
    Pipe,
    Premise,
    Pump,
    Reservoir,
    Tank,
    Valve,
)
from otsim.errors import ConfigError

REPOSITORY = Path(__file__).parents[2]
REFERENCE = Path(os.environ.get("OTSIM_REFERENCE", REPOSITORY.parent / "shared/reference")) / "wdn"
NO_DATA = f"no reference data at {REFERENCE} (set OTSIM_REFERENCE)"

SMALL = """\
[TITLE]
Small town
[JUNCTIONS]
;ID Elev Demand Pattern
 J1 10 5
 J2 11 0 B
 j2 12
[RESERVOIRS]
 R1 20 B
[TANKS]
 T1 30 2 1 4 10 0 V YES
[PIPES]
 P1 J1 J2 100 200 110
 P2 J2 j2 100 200 110 0.5 CV
 P3 j2 T1 100 200 110 Closed
[PUMPS]
 PU1 R1 J1 HEAD H SPEED 0.9
[VALVES]
 V1 J1 j2 150 TCV 3
[CURVES]
 H 50 70
 V 0 0
 V 5 100
[PATTERNS]
 A 1 2
 B 3
 A 4
[CONTROLS]
 LINK PU1 OPEN IF NODE T1 BELOW 1.5
[RULES]
RULE one
IF TANK T1 LEVEL ABOVE 3
THEN PUMP PU1 STATUS IS CLOSED
[OPTIONS]
 UNITS LPS
 PATTERN A
[TIMES]
 DURATION 24
[COORDINATES]
 J1 1.5 -2
[END]
"""


@pytest.fixture
def read(tmp_path):
    """Read a text."""

    def reader(text: str | bytes = SMALL) -> WaterNetwork:
        file = tmp_path / "net.inp"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_network(file)

    return reader


@pytest.fixture
def faults(read, tmp_path):
    """The faults of a text, without the name of the file."""

    def reader(text: str | bytes) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            read(text)
        start = f"{tmp_path / 'net.inp'}:"
        assert all(line.startswith(start) for line in caught.value.problems)
        return [line.removeprefix(start) for line in caught.value.problems]

    return reader


def with_lines(section: str, *lines: str, text: str = SMALL) -> str:
    """Put lines behind the heading of a section, or a new section at the end."""
    heading = f"[{section}]\n"
    added = "".join(f"{line}\n" for line in lines)
    if heading in text:
        return text.replace(heading, heading + added)
    return text.replace("[END]\n", heading + added + "[END]\n")


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


def test_small_network(read):
    network = read()
    assert network.title == "Small town"
    assert list(network.nodes) == ["J1", "J2", "j2", "R1", "T1"]
    assert network.nodes["J1"] == Junction(
        name="J1", elevation=10, demands=(Demand(base=5, pattern="A"),), place=(1.5, -2)
    )
    assert network.nodes["J2"] == Junction(
        name="J2", elevation=11, demands=(Demand(base=0, pattern="B"),)
    )
    assert network.nodes["j2"] == Junction(name="j2", elevation=12)
    assert network.nodes["R1"] == Reservoir(name="R1", head=20, pattern="B")
    tank = Tank(name="T1", elevation=30, initial_level=2, min_level=1, max_level=4, diameter=10)
    assert network.nodes["T1"] == replace(tank, volume_curve="V", overflows=True)
    pipe = Pipe(name="P1", start="J1", end="J2", length=100, diameter=200, roughness=110)
    assert network.links == {
        "P1": pipe,
        "P2": replace(pipe, name="P2", start="J2", end="j2", minor_loss=0.5, has_check_valve=True),
        "P3": replace(pipe, name="P3", start="j2", end="T1", is_open=False),
        "PU1": Pump(name="PU1", start="R1", end="J1", head_curve="H", speed=0.9),
        "V1": Valve(name="V1", start="J1", end="j2", diameter=150, kind="TCV", setting=3),
    }
    assert network.curves == {"H": ((50, 70),), "V": ((0, 0), (5, 100))}
    assert network.patterns == {"A": (1, 2, 4), "B": (3,)}
    assert network.options.flow_units == "LPS"
    assert network.options.is_metric
    assert network.options.extra_trials is None
    assert network.times.duration == 86_400
    assert network.ignored == ()
    assert network.junctions[0].name == "J1"
    assert network.tanks[0].name == "T1"


def test_order_of_links_and_sections_is_the_files(read):
    start, end = SMALL.index("[PIPES]"), SMALL.index("[PUMPS]")
    moved = SMALL[:start] + SMALL[end:].replace("[END]\n", SMALL[start:end])
    assert list(read(moved).links) == ["PU1", "V1", "P1", "P2", "P3"]
    tanks, reservoirs = SMALL.index("[TANKS]"), SMALL.index("[RESERVOIRS]")
    moved = SMALL[tanks:start] + SMALL[reservoirs:tanks] + SMALL[:reservoirs] + SMALL[start:]
    assert list(read(moved).nodes) == ["J1", "J2", "j2", "T1", "R1"]


@pytest.mark.parametrize(
    "text",
    [
        SMALL.replace("\n", "\r\n").encode(),
        SMALL.replace("\n", "\r").encode(),
        SMALL.replace(" ", "\t").replace("Small\ttown", "Small town").encode(),
        b"\xef\xbb\xbf" + SMALL.encode(),
        SMALL.replace(";ID", ";\xd8 \x81").encode("latin-1"),
        SMALL.encode() + b"\x1a",
        SMALL.replace("[END]", "[END]\n[WHATEVER]\nx").encode(),
        b"anything before the first heading\n" + SMALL.encode(),
        SMALL.replace("[JUNCTIONS]", "[junc").replace("[PIPES]", " [Pipe] ; all").encode(),
        SMALL.replace("[TIMES]", '[VERTICES]\n P1 x y\n[LABELS]\n1 2 "a b"\n[times]').encode(),
        SMALL.replace("J1", '"J1"').encode(),
        SMALL.replace("THEN", "then").replace("IF ", "If ").replace("BELOW", "below").encode(),
        SMALL.replace("110\n P2", "110 * *\n P2").replace(" J1 10 5\n", " J1 10 5 *\n").encode(),
    ],
)
def test_spellings_of_the_same_file(read, text):
    changed, plain = read(text), read()
    shift = {replace(each, line=0) for each in changed.controls}
    assert shift == {replace(each, line=0) for each in plain.controls}
    assert replace(changed, controls=()) == replace(plain, controls=())


def test_quoted_name_holds_blanks(read):
    assert "J 1" in read(SMALL.replace("J1", '"J 1"')).nodes


def test_demands(read):
    text = with_lines("DEMANDS", "J1 1 B", "J1 2", "J2 7", "T1 3", "MULTIPLY 2")
    network = read(text)
    ones = (Demand(base=1, pattern="B"), Demand(base=2, pattern="A"))
    assert network.nodes["J1"].demands == ones
    assert network.nodes["J2"].demands == (Demand(base=7, pattern="A"),)
    assert network.options.demand_multiplier == 2
    assert len(network.ignored) == 1
    assert "T1 is no junction" in network.ignored[0]
    later = read(text.replace("[END]", "[OPTIONS]\nDEMAND MULTIPLIER 3\n[END]"))
    assert later.options.demand_multiplier == 3


@pytest.mark.parametrize(("default", "want"), [("B", "B"), ("none", None)])
def test_default_pattern(read, default, want):
    network = read(SMALL.replace("PATTERN A", f"PATTERN {default}"))
    assert network.nodes["J1"].demands[0].pattern == want


def test_default_pattern_is_1(read):
    text = SMALL.replace(" PATTERN A\n", "").replace(" A 1 2", " 1 1 2").replace(" A 4", " 1 4")
    assert read(text).nodes["J1"].demands[0].pattern == "1"


def test_emitters(read):
    assert read(with_lines("EMITTERS", "J1 0.5")).nodes["J1"].emitter == 0.5


def test_tank_line_of_a_reservoir(read):
    network = read(with_lines("TANKS", "R2 7 B", "R3 8").replace("PU1 R1", "PU1 R2"))
    assert network.nodes["R2"] == Reservoir(name="R2", head=7, pattern="B")
    assert network.nodes["R3"] == Reservoir(name="R3", head=8)


@pytest.mark.parametrize(
    ("line", "want"),
    [
        ("X R1 J1 POWER 5 PATTERN B", {"power": 5, "pattern": "B"}),
        ("X R1 J1 POWER 5 HEAD H", {"head_curve": "H"}),
        ("X R1 J1", {}),
    ],
)
def test_pumps(read, line, want):
    pump = read(with_lines("PUMPS", line)).links["X"]
    assert pump == Pump(name="X", start="R1", end="J1", **want)


@pytest.mark.parametrize(
    ("fields", "want"),
    [
        ("PRV -3", {"kind": "PRV", "setting": -3}),
        ("psv 3 0.5", {"kind": "PSV", "setting": 3, "minor_loss": 0.5}),
        ("PBV 3", {"kind": "PBV", "setting": 3}),
        ("FCV 3", {"kind": "FCV", "setting": 3}),
        ("GPV V", {"kind": "GPV", "setting": 0, "curve": "V"}),
        ("PCV 120", {"kind": "PCV", "setting": 120}),
        ("PCV 120 1 V", {"kind": "PCV", "setting": 100, "minor_loss": 1, "curve": "V"}),
    ],
)
def test_valves(read, fields, want):
    valve = read(with_lines("VALVES", f"X J1 J2 150 {fields}")).links["X"]
    assert valve == Valve(name="X", start="J1", end="J2", diameter=150, **want)


@pytest.mark.parametrize(
    ("line", "want"),
    [
        ("P1 CLOSED", {"is_open": False}),
        ("P3 open", {"is_open": True}),
        ("P1 7", {"is_open": True}),
        ("PU1 CLOSED", {"is_open": False, "speed": 0}),
        ("PU1 OPEN", {"is_open": True, "speed": 1}),
        ("PU1 1.2", {"is_open": True, "speed": 1.2}),
        ("PU1 0", {"is_open": False, "speed": 0}),
        ("V1 OPEN", {"fixed": "OPEN", "setting": 3}),
        ("V1 CLOSED", {"fixed": "CLOSED", "setting": 3}),
        ("V1 5", {"fixed": None, "setting": 5}),
        ("G OPEN", {"fixed": None}),
        ("G CLOSED", {"fixed": "CLOSED"}),
    ],
)
def test_statuses(read, line, want):
    text = with_lines("VALVES", "G J1 J2 150 GPV V")
    link = read(with_lines("STATUS", line, text=text)).links[line.split()[0]]
    assert {key: getattr(link, key) for key in want} == want


@pytest.mark.parametrize(
    ("line", "key", "want"),
    [
        ("UNITS CMH", "flow_units", "CMH"),
        ("Units SI", "flow_units", "LPS"),
        ("PRESSURE KPA", "pressure_unit", "KPA"),
        ("HEADLOSS D-W", "head_loss", "D-W"),
        ("SPECIFIC GRAVITY 0.9", "specific_gravity", 0.9),
        ("VISCOSITY 1.1", "viscosity", 1.1),
        ("TRIALS 40", "trials", 40),
        ("ACCURACY 5", "accuracy", 0.1),
        ("ACCURACY 1e-7", "accuracy", 1e-5),
        ("ACCURACY 0.01", "accuracy", 0.01),
        ("HEADERROR 0.1", "head_error", 0.1),
        ("FLOWCHANGE 0.2", "flow_change", 0.2),
        ("CHECKFREQ 3", "check_every", 3),
        ("MAXCHECK 12", "max_check", 12),
        ("DAMPLIMIT 0.01", "damp_limit", 0.01),
        ("UNBALANCED CONTINUE 10", "extra_trials", 10),
        ("UNBALANCED CONTINUE", "extra_trials", 0),
        ("UNBALANCED STOP", "extra_trials", None),
        ("DEMAND MULTIPLIER 1.5", "demand_multiplier", 1.5),
        ("EMITTER EXPONENT 0.6", "emitter_exponent", 0.6),
        ("EMITTER BACKFLOW NO", "emitter_backflow", False),
        ("BACKFLOW ALLOWED NO", "emitter_backflow", False),
        ("DEMAND MODEL PDA", "is_pressure_driven", True),
        ("MINIMUM PRESSURE 3", "minimum_pressure", 3),
        ("MINIMUM PRESSURE 3", "required_pressure", 3.1),
        ("REQUIRED PRESSURE 20", "required_pressure", 20),
        ("PRESSURE EXPONENT 0.7", "pressure_exponent", 0.7),
        ("TRIALS", "trials", 200),
        ("MAP net.map", "trials", 200),
        ("HYDRAULICS USE a.hyd", "trials", 200),
    ],
)
def test_options(read, line, key, want):
    network = read(SMALL.replace("[TIMES]", f" {line}\n[TIMES]"))
    assert getattr(network.options, key) == want
    assert network.ignored == ()


def test_last_of_repeated_options_and_times_holds(read):
    text = with_lines("OPTIONS", "TRIALS 1", "TRIALS 2")
    network = read(with_lines("TIMES", "REPORT START 1", "REPORT START 2", text=text))
    assert network.options.trials == 2
    assert network.times.report_start == 7200


@pytest.mark.parametrize(
    ("line", "key", "want"),
    [
        ("DURATION 1.5 DAYS", "duration", 129_600),
        ("Hydraulic Timestep 0:05", "hydraulic_step", 300),
        ("HYDRAULIC TIMESTEP 5 MIN", "hydraulic_step", 300),
        ("PATTERN TIMESTEP 0:05:10", "pattern_step", 310),
        ("PATTERN START 2", "pattern_start", 7200),
        ("REPORT TIMESTEP 90 SEC", "report_step", 90),
        ("REPORT START 1:00", "report_start", 3600),
        ("REPORT START 25", "report_start", 0),
        ("RULE TIMESTEP 0:01", "rule_step", 60),
        ("RULE TIMESTEP 0", "rule_step", None),
        ("HYDRAULIC TIMESTEP 0", "hydraulic_step", 3600),
        ("PATTERN TIMESTEP 0", "pattern_step", 3600),
        ("REPORT TIMESTEP 0", "report_step", 3600),
        ("START CLOCKTIME 12 am", "start_clock", 0),
        ("START CLOCKTIME 1:30 PM", "start_clock", 48_600),
        ("START CLOCKTIME 26", "start_clock", 7200),
        ("QUALITY TIMESTEP 0:05", "hydraulic_step", 3600),
        ("STATISTIC NONE", "hydraulic_step", 3600),
    ],
)
def test_times(read, line, key, want):
    text = SMALL.replace("[COORDINATES]", f" {line}\n[COORDINATES]")
    assert getattr(read(text).times, key) == want


@pytest.mark.parametrize(
    ("text", "unit", "hours"),
    [
        ("7", "", 7),
        ("7:30", "", 7.5),
        ("7:30:36", "", 7.51),
        ("90", "MIN", 1.5),
        ("7:30", "MIN", None),
        ("12:30", "AM", 0.5),
        ("12", "PM", 12),
        ("13", "PM", None),
        ("1:2:3:4", "", None),
        ("-1", "", None),
        ("nan", "", None),
        ("1", "fortnight", None),
        (":", "", None),
    ],
)
def test_hours(text, unit, hours):
    assert hours_of(text, unit) == (None if hours is None else pytest.approx(hours))


LEVEL = {"when": "below", "node": "T1", "value": 1.5}


@pytest.mark.parametrize(
    ("line", "want"),
    [
        ("LINK PU1 OPEN IF NODE T1 BELOW 1.5", {"status": "OPEN", **LEVEL}),
        ("PUMP PU1 1.2 IF TANK T1 BELOW 1.5", {"setting": 1.2, **LEVEL}),
        ("Pipe P1 0 IF Node T1 Below 1.5", {"status": "CLOSED", **LEVEL}),
        ("PIPE P1 2 IF NODE T1 BELOW 1.5", {"status": "OPEN", **LEVEL}),
        ("VALVE V1 2 IF NODE T1 BELOW 1.5", {"setting": 2, **LEVEL}),
        ("LINK P1 CLOSED AT TIME 5:30", {"status": "CLOSED", "when": "at_time", "value": 19_800}),
        # cut off from hours in floating point, as EPANET does
        ("LINK P1 OPEN AT TIME 8:00:01", {"status": "OPEN", "when": "at_time", "value": 28_800}),
        ("LINK P1 OPEN AT TIME 2 MIN", {"status": "OPEN", "when": "at_time", "value": 120}),
        ("LINK P1 OPEN AT CLOCKTIME 4 PM", {"status": "OPEN", "when": "at_clock", "value": 57_600}),
        ("LINK P1 OPEN AT CLOCKTIME 25", {"status": "OPEN", "when": "at_clock", "value": 3600}),
        (
            "LINK PU1 OPEN IF NODE T1 BELOW 1.5 DISABLED",
            {"status": "OPEN", **LEVEL, "is_enabled": False},
        ),
        (
            "LINK P1 OPEN AT TIME 1 DISABLED",
            {"status": "OPEN", "when": "at_time", "value": 3600, "is_enabled": False},
        ),
        (
            "LINK P1 OPEN AT TIME 60 MIN DISABLED",
            {"status": "OPEN", "when": "at_time", "value": 3600, "is_enabled": False},
        ),
        (
            "LINK P1 OPEN IF JUNCTION J1 ABOVE 20",
            {"status": "OPEN", "when": "above", "node": "J1", "value": 20},
        ),
    ],
)
def test_controls(read, line, want):
    text = with_lines("CONTROLS", line)
    control = Control(
        link=line.split()[1], line=line_of(text, line), **{**dict.fromkeys(NONE), **want}
    )
    assert read(text).controls[0] == control


NONE = ("status", "setting", "node")

RULES = """\
RULE 2
IF SYSTEM CLOCKTIME >= 10 PM
OR SYSTEM TIME NOT 8:00:01
AND SYSTEM DEMAND <= 3
AND NODE J1 GRADE > 4
AND TANK T1 DRAINTIME BELOW 1.5
AND VALVE V1 STATUS IS NOT_A_STATUS
THEN PIPE P1 SETTING IS 0
AND PUMP PU1 SETTING = 0.9
ELSE VALVE V1 STATUS IS OPEN
AND VALVE V1 SETTING IS 4
PRIORITY 5
DISABLED
"""


def test_rules(read):
    rules = RULES.replace("NOT_A_STATUS", "ACTIVE")
    first, second = read(with_lines("RULES", rules) + "").rules
    assert second.name == "one"
    assert second.premises == (
        Premise(joined_by="if", kind="node", name="T1", attribute="LEVEL", relation=">", value=3),
    )
    assert second.then == (Action(link="PU1", status="CLOSED", setting=None),)
    assert (second.priority, second.otherwise, second.is_enabled) == (0, (), True)
    told = [
        (each.joined_by, each.kind, each.name, each.attribute, each.relation, each.value)
        for each in first.premises
    ]
    assert told == [
        ("if", "system", None, "CLOCKTIME", ">=", 79_200),
        ("or", "system", None, "TIME", "<>", 28_800),
        ("and", "system", None, "DEMAND", "<=", 3),
        ("and", "node", "J1", "HEAD", ">", 4),
        ("and", "node", "T1", "DRAINTIME", "<", 1.5),
        ("and", "link", "V1", "STATUS", "=", "ACTIVE"),
    ]
    assert first.then == (
        Action(link="P1", status="CLOSED", setting=None),
        Action(link="PU1", status=None, setting=0.9),
    )
    assert first.otherwise == (
        Action(link="V1", status="OPEN", setting=None),
        Action(link="V1", status=None, setting=4),
    )
    assert (first.priority, first.is_enabled) == (5, False)


def test_energy(read):
    network = read(with_lines("ENERGY", "Global Efficiency 80", "GLOBAL PRICE 0.1"))
    assert (network.pump_efficiency, network.energy_price) == (80, 0.1)
    assert network.ignored == ()
    assert "single pumps" in read(with_lines("ENERGY", "PUMP PU1 EFFIC E")).ignored[0]
    assert read(with_lines("ENERGY", "DEMAND CHARGE 0")).ignored == ()


@pytest.mark.parametrize(
    ("section", "line", "want"),
    [
        ("QUALITY", "J1 3", "Water quality is not simulated: [QUALITY]."),
        ("MIXING", "T1 MIXED", "Water quality is not simulated: [MIXING]."),
        ("OPTIONS", "QUALITY Age", "Water quality is not simulated: option QUALITY Age."),
        ("LEAKAGE", "P1 1 0", "Leakage of pipes is not simulated: [LEAKAGE]."),
        ("OPTIONS", "HTOL 1", "Option HTOL is not used."),
    ],
)
def test_ignored(read, section, line, want):
    assert read(with_lines(section, line)).ignored == (want,)
    assert read(with_lines("OPTIONS", "QUALITY NONE mg/L")).ignored == ()


PUMP_CURVE = "is no pump curve; the head must be above 0 and fall from point to point"


@pytest.mark.parametrize(
    ("section", "line", "column", "want"),
    [
        ("JUNCTIONS", "X", 2, "elevation is missing; write a number"),
        ("JUNCTIONS", "X ten", 3, "elevation is ten; write a number"),
        ("JUNCTIONS", "X 1 nan", 5, "demand is nan; write a number"),
        ("JUNCTIONS", "X 1 inf", 5, "demand is inf; write a number"),
        ("JUNCTIONS", "X 1 1_0", 5, "demand is 1_0; write a number"),
        ("JUNCTIONS", "X 1 1e400", 5, "demand is 1e400; it must be within 1e+12 of 0"),
        ("JUNCTIONS", "X 1 2 C", 7, "pattern C is not in the file; "),
        ("JUNCTIONS", "X 1", 1, "junction X is on no link; link or remove it"),
        ("JUNCTIONS", "X\x07 1", 1, "junction X\\x07 holds a character that is not printable"),
        ("JUNCTIONS", "* 1", 1, "junction is missing; write it"),
        ("JUNCTIONS", f"{'X' * 257} 1", 1, "junction is longer than 256 characters; shorten it"),
        ("RESERVOIRS", "X", 2, "head is missing; write a number"),
        ("RESERVOIRS", "J1 3", 1, "node J1 is described again (first in line 5); rename"),
        ("TANKS", "X 1 2 3", 8, "maximum level is missing; write a number"),
        ("TANKS", "X 1 2 1 3 0", 11, "diameter is 0; it must be above 0"),
        ("TANKS", "X 1 2 1 3 -5", 11, "diameter is -5; it must be above 0"),
        ("TANKS", "X 1 5 1 3 5", 5, "initial level 5 is not between minimum and maximum; write"),
        ("TANKS", "X 1 2 4 3 5", 7, "minimum level 4 is above maximum level 3; change one"),
        ("TANKS", "X 1 2 1 9 5 0 V", 1, "curve V of tank X goes from level 0 to 5; it must hold"),
        (
            "TANKS",
            "X 1 2 1 3 5 0 W",
            15,
            "curve W is not in the file; check its spelling, or add it",
        ),
        ("TANKS", "X 1 2 1 3 5 0 * MAYBE", 17, "overflow is MAYBE; write YES or NO"),
        ("PIPES", "X J1", 5, "node is missing; write it"),
        ("PIPES", "X J1 J22 1 1 1", 6, "node J22 is not in the file; did you mean J2?"),
        ("PIPES", "X J1 J1 1 1 1", 6, "link starts and ends at node J1; change one"),
        ("PUMPS", "P1 R1 J1 HEAD H", 1, "link P1 is described again (first in line 13); rename"),
        ("PIPES", "X J1 J2 -1 1 1", 9, "length is -1; it must be above 0"),
        ("PIPES", "X J1 J2 1 0 1", 11, "diameter is 0; it must be above 0"),
        ("PIPES", "X J1 J2 1 1e-300 1", 11, "diameter is 1e-300; it must be above 0"),
        ("PIPES", "X J1 J2 1 1", 12, "roughness is missing; write a number"),
        ("PIPES", "X J1 J2 1 1 1 -1", 15, "minor loss is -1; it must be 0 or above"),
        ("PIPES", "X J1 J2 1 1 1 0 ajar", 17, "status is ajar; write CV or OPEN or CLOSED"),
        ("PUMPS", "X R1 J1 50", 9, "pump in the format of EPANET 1; write HEAD curve or POWER"),
        ("PUMPS", "X R1 J1 HEAD", 13, "curve is missing; write it"),
        ("PUMPS", "X R1 J1 HEAD Z", 14, "curve Z is not in the file; "),
        ("PUMPS", "X R1 J1 POWER 0", 15, "power is 0; it must be above 0"),
        ("PUMPS", "X R1 J1 SPEED -1", 15, "speed is -1; it must be 0 or above"),
        ("PUMPS", "X R1 J1 FORCE 1", 9, "keyword is FORCE; write POWER or HEAD or PATTERN or"),
        ("PUMPS", "X R1 J1 HEAD V", 1, f"curve V of pump X {PUMP_CURVE}"),
        ("VALVES", "X J1 J2 9 XXV 1", 11, "kind of valve is XXV; write PRV or PSV or PBV or FCV"),
        ("VALVES", "X J1 J2 9 PRV", 14, "setting is missing; write a number"),
        ("VALVES", "X J1 J2 9 FCV -1", 15, "setting is -1; it must be 0 or above"),
        ("VALVES", "X J1 J2 9 GPV W", 15, "curve W is not in the file; "),
        ("VALVES", "X J1 J2 9 GPV H", 1, "curve H of valve X has one point; give two or more"),
        ("VALVES", "X J1 T1 9 PRV 1", 6, "a PRV cannot stand at a reservoir or tank (T1); put a"),
        ("CURVES", "X 1", 4, "y of the curve is missing; write a number"),
        ("PATTERNS", "X", 2, "multiplier is missing; write a number"),
        ("PATTERNS", "X 1 two", 5, "multiplier is two; write a number"),
        ("DEMANDS", "X 1", 1, "junction X is not in the file; "),
        ("DEMANDS", "J1 1 C", 6, "pattern C is not in the file; "),
        ("EMITTERS", "J1 -1", 4, "coefficient is -1; it must be 0 or above"),
        ("STATUS", "X OPEN", 1, "link X is not in the file; "),
        ("STATUS", "P1 P3 OPEN", 4, "a status for a range of links; write a line for each link"),
        ("STATUS", "P2 OPEN", 1, "pipe P2 has a check valve, which sets its status; remove"),
        ("STATUS", "P1 -1", 4, "status (OPEN, CLOSED or a number) is -1; it must be 0 or above"),
        ("STATUS", "P1 ajar", 4, "status (OPEN, CLOSED or a number) is ajar; write a number"),
        ("CONTROLS", "LINK P1", 8, "line ends here; write LINK name status IF NODE name ABOVE"),
        ("CONTROLS", "LINK P1 OPEN WHEN NODE T1 ABOVE 1", 14, "WHEN is out of place; write LINK"),
        ("CONTROLS", "LINK X OPEN IF NODE T1 ABOVE 1", 6, "link X is not in the file; "),
        ("CONTROLS", "LINK P1 OPEN IF NODE X ABOVE 1", 22, "node X is not in the file; "),
        ("CONTROLS", "LINK P1 OPEN IF NODE T1 NEAR 1", 25, "condition is NEAR; write ABOVE or"),
        ("CONTROLS", "LINK P1 OPEN IF NODE T1 ABOVE x", 31, "level or pressure is x; write a"),
        ("CONTROLS", "LINK P1 OPEN IF NODE R1 ABOVE 1", 22, "R1 is a reservoir, whose level"),
        ("CONTROLS", "LINK P2 OPEN AT TIME 1", 9, "pipe P2 has a check valve, which nothing"),
        ("CONTROLS", "LINK P1 OPEN AT TIME noon", 22, "time is noon; write hours or h:mm:ss,"),
        ("CONTROLS", "LINK P1 OPEN AT TIME 1e9", 22, "time is 1e9; it must be below 2147483647"),
        ("CONTROLS", "LINK PU1 -1 AT TIME 1", 10, "status (OPEN, CLOSED or a number) is -1; it"),
        ("RULES", "MAYBE", 1, "MAYBE begins no clause; write one of RULE, IF, AND, OR, THEN, ELSE"),
        ("RULES", "IF TANK T1 LEVEL > 3", 1, "IF before the first rule; write RULE name above"),
        ("OPTIONS", "TRAILS x", 1, "no option TRAILS; did you mean TRIALS?"),
        ("OPTIONS", "TRIALS 0", 8, "trials is 0; it must be between 1 and 1e+06"),
        ("OPTIONS", "UNITS LPD", 7, "flow unit is LPD; write CFS or GPM or"),
        ("OPTIONS", "UNBALANCED GO", 12, "unbalanced is GO; write STOP or CONTINUE"),
        ("TIMES", "DURATION", 9, "time is missing; write hours or h:mm:ss, and after it AM, PM"),
        ("TIMES", "DURATION x", 10, "time is x; write hours"),
        ("TIMES", "DURATION 1e12", 10, "time is 1e12; "),
        ("TIMES", "DURATIONS_ 1 2 3 x", 16, "time is 3 x; write hours"),
        ("TIMES", "LENGTH 3", 1, "no time LENGTH 3; "),
        ("ENERGY", "GLOBAL EFFIC 0", 14, "efficiency is 0; it must be between 1e-09 and 100"),
        ("ENERGY", "ALL PRICE 3", 1, "no energy line begins ALL PRICE 3; write GLOBAL PRICE"),
    ],
)
def test_faults(faults, section, line, column, want):
    text = with_lines(section, line)
    found = faults(text)
    place = f"{text[: text.index(f'{line}{chr(10)}')].count(chr(10)) + 1}:{column}: [{section}] "
    assert any(each.startswith(place + want) for each in found), found
    if section not in ("JUNCTIONS", "RESERVOIRS"):
        assert len(found) <= 2


@pytest.mark.parametrize(
    ("rule", "at", "column", "want"),
    [
        ("RULE x\nTHEN PIPE P1 STATUS IS OPEN\n", 1, 1, "THEN after RULE; it stands after IF"),
        ("RULE x\n", 0, 1, "rule x has no IF; write one"),
        ("RULE\nIF SYSTEM TIME > 3\nTHEN PIPE P1 STATUS IS OPEN\n", 0, 5, "name of the rule is"),
        ("RULE x\nIF SYSTEM TIME > 3\n", 0, 1, "rule x has no THEN; write one"),
        ("RULE x\nIF SYSTEM MOOD > 3\n", 1, 11, "attribute is MOOD; write DEMAND or TIME or"),
        ("RULE x\nIF TOWN T1 LEVEL > 3\n", 1, 4, "TOWN is no part of a network; write NODE name"),
        ("RULE x\nIF NODE X LEVEL > 3\n", 1, 9, "node X is not in the file; "),
        ("RULE x\nIF NODE T1 LEVEL NEAR 3\n", 1, 18, "relation is NEAR; write = or <> or"),
        ("RULE x\nIF NODE T1 LEVEL > OPEN\n", 1, 20, "value is OPEN; write a number"),
        ("RULE x\nIF NODE T1 LEVEL > 3 m\n", 1, 22, "m is too much in this clause; remove it"),
        ("RULE x\nIF NODE J1 FILLTIME > 3\n", 1, 12, "FILLTIME of J1, which is no tank; name a"),
        ("RULE x\nIF LINK P1 STATUS > OPEN\n", 1, 19, "a status is not above or below another;"),
        ("RULE x\nIF LINK P1 STATUS IS 3\n", 1, 22, "status is 3; write OPEN or CLOSED or"),
        ("RULE x\nIF SYSTEM TIME > x\n", 1, 18, "time is x; write hours or h:mm:ss"),
        (
            "RULE x\nIF SYSTEM TIME > 1\nTHEN PIPE P2 STATUS IS OPEN\n",
            2,
            24,
            "pipe P2 has a check valve",
        ),
        ("RULE x\nIF SYSTEM TIME > 1\nTHEN PIPE P1 LENGTH IS 3\n", 2, 14, "what is set of the"),
        ("RULE x\nIF SYSTEM TIME > 1\nTHEN NODE J1 STATUS IS 3\n", 2, 6, "what is set is NODE;"),
        (
            "RULE x\nIF SYSTEM TIME > 1\nTHEN PIPE P1 STATUS IS OPEN\nPRIORITY high\n",
            3,
            10,
            "priority is high; write a number",
        ),
    ],
)
def test_faults_of_rules(faults, rule, at, column, want):
    text = with_lines("RULES", rule)
    found = faults(text)
    place = f"{line_of(text, rule) + at}:{column}: [RULES] "
    assert any(each.startswith(place + want) for each in found), found


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("", "1:1: [JUNCTIONS] empty file; "),
        ("hello\n", "1:1: [JUNCTIONS] no section heading; is this an EPANET file (.inp)?"),
        ("[TITLE]\n", "1:1: [JUNCTIONS] the file describes no node; "),
        (
            SMALL.replace("[PUMPS]", "[PUMMPS]"),
            "16:1: [PUMMPS] no such section; did you mean PUMPS",
        ),
        ("ab\n\0", "2:1: not a text file; is this an EPANET file (.inp)?"),
        (b"\xff\xfeh\0", "1:1: UTF-16 text; save the file as UTF-8"),
    ],
)
def test_faults_of_the_file(faults, text, want):
    assert faults(text)[0].startswith(want)


def test_curve_must_rise(faults):
    want = "24:4: [CURVES] x of the curve is 5 after 5; it must rise from point to point"
    assert want in faults(SMALL.replace(" V 5 100\n", " V 5 100\n V 5 110\n"))


def test_no_source(faults):
    text = "[JUNCTIONS]\nA 1\nB 1\n[PIPES]\nP A B 1 1 1\n"
    assert faults(text) == ["1:1: [RESERVOIRS] the network has no reservoir or tank; add one"]


def test_faults_stand_in_the_order_of_lines_and_fields(faults):
    text = with_lines("PIPES", "X J1 J9 -1 0 x y z").replace(" DURATION 24", " DURATION x")
    assert [each.split(": [")[0] for each in faults(text)] == [
        "13:6", "13:9", "13:12", "13:14", "13:16", "13:18", "39:11",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("PRV J1 J2", "PRV j2 J2"),
        ("PRV J1 J2", "PRV J2 j2"),
        ("PSV J1 J2", "PSV J1 j2"),
        ("PSV J1 J2", "PSV J2 j2"),
        ("PRV J1 J2", "PSV J2 j2"),
        ("FCV J1 J2", "PSV J2 j2"),
        ("FCV J2 j2", "PRV J1 J2"),
    ],
)
def test_valves_that_meet(faults, read, first, second):
    def line(name, valve, kind=None):
        of, start, end = valve.split()
        return f"{name} {start} {end} 100 {kind or of} 1"

    found = faults(with_lines("VALVES", line("X", first), line("Y", second)))
    assert len(found) == 1
    assert ": [VALVES] valves " in found[0]
    read(with_lines("VALVES", line("X", first), line("Y", second, "TCV")))


@pytest.mark.parametrize(
    ("points", "is_sound"),
    [
        (((10, 20),), True),
        (((0, 20),), False),
        (((0, 30), (10, 20), (20, 0)), True),
        (((0, 30), (10, 30), (20, 0)), False),
        (((0, 30), (10, 29.999), (10.1, 0)), False),  # too steep
        (((0, 30), (10, 20)), True),
        (((0, 30), (10, 31)), False),
        (((1, 30), (10, 20), (20, 0), (30, -1)), True),
    ],
)
def test_pump_curves(read, faults, points, is_sound):
    lines = [f" H {x} {y}\n" for x, y in points]
    text = SMALL.replace(" H 50 70\n", "".join(lines))
    if is_sound:
        assert read(text).curves["H"] == points
    else:
        assert PUMP_CURVE in faults(text)[0]


def test_pressure_driven_demand_needs_a_span(read, faults):
    options = ("MINIMUM PRESSURE 5", "REQUIRED PRESSURE 5")
    read(with_lines("OPTIONS", *options))
    text = with_lines("OPTIONS", "DEMAND MODEL PDA", *options)
    assert "required pressure 5 is not 0.1 above minimum 5; change one" in faults(text)[0]


def test_cannot_be_read(tmp_path):
    for path in (tmp_path / "none.inp", tmp_path):
        with pytest.raises(ConfigError, match=r"cannot be read \(.*\); check the path"):
            read_network(path)
    large = tmp_path / "large.inp"
    with large.open("wb") as file:
        file.truncate(50_000_001)
    with pytest.raises(ConfigError, match="larger than 50 MB"):
        read_network(large)


def test_a_line_too_long(faults):
    text = with_lines("PATTERNS", "X" + " 1" * 1_000_000)
    assert faults(text) == ["25:19999: [PATTERNS] line of 10000 fields or more; split it up"]


def test_a_large_file_that_is_no_network_ends_soon(faults):
    assert len(faults("[JUNCTIONS]\n" + "x y\n" * 100_000)) == 1000


TOKENS = (
    "", "*", "-1", "0", "1e400", "nan", "inf", "1e-320", "99999999999999999999", "1:2:3:4", ":",
    '"', '"a b', ";", "\t", "\n", "\r", "\x00", "\x1b", "\u2028", "J1", "T1", "P1", "PU1", "V1",
    "OPEN", "CLOSED", "ACTIVE", "[", "[]", "[END]", "[RULES]", "[TANKS]", "[X]", "IF", "AND",
    "GPV", "PRV", "HEAD", "DISABLED", "MULTIPLY", "DEMAND", "AM", "é", "\ud7ff", "1_0", "٣",
)  # fmt: skip
FULL = with_lines(
    "RULES", RULES.replace("NOT_A_STATUS", "ACTIVE"), text=with_lines("DEMANDS", "J1 1 B", "J1 2")
).replace(
    "[END]\n",
    "[STATUS]\nPU1 0.7\nV1 OPEN\n[EMITTERS]\nJ1 1\n[ENERGY]\nGLOBAL PRICE 1\n[CONTROLS]\n"
    "LINK P1 OPEN AT CLOCKTIME 4 PM DISABLED\n[OPTIONS]\nDEMAND MODEL PDA\n[TIMES]\n"
    "START CLOCKTIME 1 PM\n[END]\n",
)


def damaged(rng: random.Random, text: str) -> bytes:
    """Change one to three places: fields, lines, bytes."""
    for _ in range(rng.choice((1, 1, 2))):
        kind = rng.randrange(4)
        lines = text.split("\n")
        i = rng.randrange(len(lines))
        if kind == 0:
            j = rng.randrange(len(lines))
            lines[i], lines[j] = lines[j], lines[i]
        elif kind == 1:
            lines[i : i + rng.randint(0, 2)] = [rng.choice(lines)]
        else:
            words = lines[i].split(" ")
            words[rng.randrange(len(words))] = rng.choice(TOKENS)
            lines[i] = " ".join(words)
        text = "\n".join(lines)
    raw = bytearray(text.encode("utf-8", "surrogatepass"))
    if rng.random() < 0.3:
        raw[rng.randrange(len(raw))] = rng.randrange(256)
    return bytes(raw)


def problems_of(file: Path) -> tuple[str, ...]:
    try:
        read_network(file)
    except ConfigError as error:
        return error.problems or ("an error without a fault",)
    return ()


def test_mutants(tmp_path):
    rng = random.Random(20261125)
    file = tmp_path / "net.inp"
    sound = 0
    for _ in range(3_000):
        raw = damaged(rng, FULL)
        file.write_bytes(raw)
        problems = problems_of(file)
        sound += not problems
        assert all(line.isprintable() for line in problems), raw
    assert 200 < sound < 2_800  # the damage is neither harmless nor always deadly


NETWORKS = sorted(REFERENCE.rglob("*.inp"))
# junctions, links, tanks, pumps, valves, controls; the reference's README gives minitown's pipes
# for its links
COUNTS = {
    "net1": (9, 13, 1, 1, 0, 2),
    "net2": (35, 40, 1, 0, 0, 0),
    "net3": (92, 119, 3, 2, 0, 18),
    "ctown": (388, 444, 7, 11, 4, 20),
    "minitown": (8, 12, 1, 2, 0, 4),
    "ky4": (959, 1158, 4, 2, 0, 2),
    "ltown": (782, 909, 1, 1, 3, 2),
}


@pytest.mark.reference
@pytest.mark.skipif(not NETWORKS, reason=NO_DATA)
@pytest.mark.parametrize("file", NETWORKS, ids=lambda file: file.stem)
def test_reference_networks(file):
    network = read_network(file)
    links = list(network.links.values())
    counts = (
        len(network.junctions),
        len(links),
        len(network.tanks),
        sum(isinstance(link, Pump) for link in links),
        sum(isinstance(link, Valve) for link in links),
        len(network.controls),
    )
    if file.stem in COUNTS:
        assert counts == COUNTS[file.stem]
    else:  # the ranges of its features
        assert 10 <= counts[0] <= 15
        assert 14 <= counts[1] <= 22
        assert 1 <= counts[2] <= 3
    assert network.nodes.keys() >= {end for link in links for end in (link.start, link.end)}
    assert network.times.duration in (86_400, 172_800, 198_000, 604_800)
