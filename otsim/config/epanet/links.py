"""Pipes, pumps and valves, and the status in which they start."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from otsim.config.epanet.faults import Faults, shown
from otsim.config.epanet.fields import LARGEST, SMALLEST, Fields, as_number, word
from otsim.config.epanet.inp_lines import Line
from otsim.config.epanet.network import Junction, Link, Node, Pipe, Pump, Valve

__all__ = ["STATUSES", "Links", "least_setting"]

Status = Literal["OPEN", "CLOSED"]
Kind = Literal["PRV", "PSV", "PBV", "FCV", "TCV", "GPV", "PCV"]

STATUSES: dict[str, Status] = {"OPEN": "OPEN", "CLOSED": "CLOSED"}
_PIPE_STATUSES: dict[str, Status | Literal["CV"]] = {"CV": "CV", **STATUSES}
_PUMP_KEYWORDS = ("POWEr", "HEAD", "PATTern", "SPEEd")
_KINDS: dict[str, Kind] = {
    "PRV": "PRV",
    "PSV": "PSV",
    "PBV": "PBV",
    "FCV": "FCV",
    "TCV": "TCV",
    "GPV": "GPV",
    "PCV": "PCV",
}
_PRESSURES = ("PRV", "PSV", "PBV")  # these settings may be below zero
_ALONE = ("PRV", "PSV", "FCV")  # they set a head or flow that a tank or reservoir does not leave


@dataclass
class Links:
    """The links while the sections are read.

    Attributes:
        faults: keeps what is wrong.
        nodes: by name.
        patterns: names of the patterns.
        curves: names of the curves.
        found: links by name, in the order of the file.
        lines: where each is described.
    """

    faults: Faults
    nodes: Mapping[str, Node]
    patterns: Collection[str]
    curves: Collection[str]
    found: dict[str, Link] = field(default_factory=dict)
    lines: dict[str, Line] = field(default_factory=dict)

    def read_links(self, lines: Iterable[Line]) -> None:
        """[PIPES], [PUMPS] and [VALVES]: name, start, end, and what the kind needs."""
        readers: dict[str, Callable[[Fields, str, str, str], Link]]
        readers = {"PIPES": self._pipe, "PUMPS": self._pump, "VALVES": self._valve}
        for line in lines:
            fields = Fields(line, self.faults)
            name = fields.name(0, "link")
            start = fields.known(1, "node", self.nodes)
            end = fields.known(2, "node", self.nodes)
            if start and start == end:
                fields.fault(2, f"link starts and ends at node {shown(start)}; change one")
            self._keep(fields, readers[line.section](fields, name, start, end))

    def read_statuses(self, lines: Iterable[Line]) -> None:
        """[STATUS]: link, and OPEN, CLOSED, a pump's speed or a valve's setting."""
        for line in lines:
            fields = Fields(line, self.faults)
            if len(fields) > 2:
                fields.fault(1, "a status for a range of links; write a line for each link")
                continue
            link = self.found.get(fields.known(0, "link", self.found))
            if link is not None:
                self.found[link.name] = _with_status(link, fields)

    def _keep(self, fields: Fields, link: Link) -> None:
        if link.name in self.found:
            first = self.lines[link.name].number
            again = f"link {shown(link.name)} is described again (first in line {first})"
            fields.fault(0, f"{again}; rename or remove one")
            return
        self.found[link.name] = link
        self.lines[link.name] = fields.line

    def _pipe(self, fields: Fields, name: str, start: str, end: str) -> Pipe:
        status: Status | Literal["CV"] = "OPEN"
        lone = len(fields) == 7 and word(fields.text(6), _PIPE_STATUSES)  # without a minor loss
        if lone:
            status = _PIPE_STATUSES[lone]
        elif fields.has(7):
            status = fields.choice(7, _PIPE_STATUSES, "status", "OPEN")
        return Pipe(
            name=name,
            start=start,
            end=end,
            length=fields.number(3, "length", low=SMALLEST),
            diameter=fields.number(4, "diameter", low=SMALLEST),
            roughness=fields.number(5, "roughness", low=SMALLEST),
            minor_loss=0.0 if lone else fields.number(6, "minor loss", low=0, otherwise=0.0),
            is_open=status != "CLOSED",
            has_check_valve=status == "CV",
        )

    def _pump(self, fields: Fields, name: str, start: str, end: str) -> Pump:
        head_curve, power, speed, pattern = None, None, 1.0, None
        if as_number(fields.text(3)) is not None:
            fields.fault(3, "pump in the format of EPANET 1; write HEAD curve or POWER number")
            return Pump(name=name, start=start, end=end)
        for i in range(3, len(fields), 2):
            keyword = fields.choice(i, {each: each for each in _PUMP_KEYWORDS}, "keyword", "")
            if keyword == "HEAD":
                head_curve = fields.known(i + 1, "curve", self.curves)
            elif keyword == "POWEr":
                power = fields.number(i + 1, "power", low=SMALLEST)
            elif keyword == "SPEEd":
                speed = fields.number(i + 1, "speed", low=0)
            elif keyword == "PATTern":
                pattern = fields.known(i + 1, "pattern", self.patterns)
        return Pump(
            name=name,
            start=start,
            end=end,
            head_curve=head_curve,
            power=None if head_curve is not None else power,  # as EPANET takes a pump with both
            speed=speed,
            pattern=pattern,
        )

    def _valve(self, fields: Fields, name: str, start: str, end: str) -> Valve:
        kind = fields.choice(4, _KINDS, "kind of valve", "TCV")
        setting, curve = 0.0, None
        if kind == "GPV":
            curve = fields.known(5, "curve", self.curves)
        else:
            setting = fields.number(5, "setting", low=_least_setting(kind))
        if kind == "PCV" and fields.has(7):
            curve = fields.known(7, "curve", self.curves)
            setting = min(setting, 100.0)
        if kind in _ALONE:
            self._check_ends(fields, kind, (start, end))
        return Valve(
            name=name,
            start=start,
            end=end,
            diameter=fields.number(3, "diameter", low=SMALLEST),
            kind=kind,
            setting=setting,
            minor_loss=fields.number(6, "minor loss", low=0, otherwise=0.0),
            curve=curve,
        )

    def _check_ends(self, fields: Fields, kind: str, ends: tuple[str, str]) -> None:
        for i, end in enumerate(ends, start=1):
            if end in self.nodes and not isinstance(self.nodes[end], Junction):
                at = f"a {kind} cannot stand at a reservoir or tank ({shown(end)})"
                fields.fault(i, f"{at}; put a pipe between them")


def least_setting(link: Link) -> float:
    """The smallest number that a link may be set to."""
    return _least_setting(link.kind) if isinstance(link, Valve) else 0.0


def _least_setting(kind: str) -> float:
    return -LARGEST if kind in _PRESSURES else 0.0


def _with_status(link: Link, fields: Fields) -> Link:
    keyword = word(fields.text(1), STATUSES)
    status = STATUSES[keyword] if keyword else None
    setting = 0.0
    if status is None:
        setting = fields.number(1, "status (OPEN, CLOSED or a number)", low=least_setting(link))
    if isinstance(link, Pipe):
        return _pipe_with(link, status, fields)
    if isinstance(link, Pump):
        speed = {"OPEN": 1.0, "CLOSED": 0.0, None: setting}[status]
        return replace(link, speed=speed, is_open=speed > 0)
    if link.kind == "GPV":
        return _gpv_with(link, status, fields)
    if status is None:
        return replace(link, setting=setting, fixed=None)
    return replace(link, fixed=status)


def _pipe_with(pipe: Pipe, status: Status | None, fields: Fields) -> Pipe:
    if pipe.has_check_valve:
        fields.fault(
            0, f"pipe {shown(pipe.name)} has a check valve, which sets its status; remove this"
        )
    if status is None:
        return pipe  # EPANET passes over a number for a pipe
    return replace(pipe, is_open=status == "OPEN")


def _gpv_with(valve: Valve, status: Status | None, fields: Fields) -> Valve:
    """OPEN is how a GPV works, by its curve."""
    if status is None:
        fields.fault(1, "a GPV works by its curve, not by a setting; write OPEN or CLOSED")
        return valve
    return replace(valve, fixed="CLOSED" if status == "CLOSED" else None)
