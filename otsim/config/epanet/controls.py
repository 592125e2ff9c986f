"""[CONTROLS]: what is done to a link at a level, a pressure or a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from otsim.config.epanet.clock import DAY_S, seconds_of
from otsim.config.epanet.faults import Faults, shown
from otsim.config.epanet.fields import Fields, is_word, word
from otsim.config.epanet.inp_lines import Line
from otsim.config.epanet.links import STATUSES, least_setting
from otsim.config.epanet.network import Control, Link, Node, Pipe, Reservoir, Valve

__all__ = ["read_controls", "status_or_setting"]

When = Literal["above", "below", "at_time", "at_clock"]

_LINK_WORDS = ("LINK", "PIPE", "PUMP", "VALVe")
_NODE_WORDS = ("NODE", "JUNCtion", "TANK", "RESERvoir")
_LEVELS: dict[str, When] = {"ABOVE": "above", "BELOW": "below"}
_TIMES: dict[str, When] = {"TIME": "at_time", "CLOCKTIME": "at_clock"}
_FORMAT = (
    "write LINK name status IF NODE name ABOVE number (or BELOW), "
    "or LINK name status AT TIME number (or CLOCKTIME)"
)


def read_controls(
    lines: Iterable[Line], nodes: Mapping[str, Node], links: Mapping[str, Link], faults: Faults
) -> tuple[Control, ...]:
    """Read the controls, in the order in which they act; the disabled ones are among them."""
    found = (_control(Fields(line, faults), nodes, links) for line in lines)
    return tuple(control for control in found if control is not None)


def status_or_setting(
    fields: Fields, i: int, link: Link
) -> tuple[Literal["OPEN", "CLOSED"] | None, float | None]:
    """What a control or an action sets: a status, or else a number; for a pipe, a status only."""
    if isinstance(link, Pipe) and link.has_check_valve:
        fields.fault(
            i, f"pipe {shown(link.name)} has a check valve, which nothing sets; remove this"
        )
    keyword = word(fields.text(i), STATUSES)
    if keyword is not None:
        return STATUSES[keyword], None
    setting = fields.number(i, "status (OPEN, CLOSED or a number)", low=least_setting(link))
    if isinstance(link, Pipe):
        return ("OPEN" if setting > 0 else "CLOSED"), None
    if isinstance(link, Valve) and link.kind == "GPV":
        fields.fault(i, "a GPV works by its curve, not by a setting; write OPEN or CLOSED")
    return None, setting


def _control(
    fields: Fields, nodes: Mapping[str, Node], links: Mapping[str, Link]
) -> Control | None:
    if not _is_whole(fields):
        return None
    link = links.get(fields.known(1, "link", links))
    at_time = word(fields.text(4), _TIMES)
    when = _TIMES[at_time] if at_time else fields.choice(6, _LEVELS, "condition", "above")
    node = None if at_time else _node(fields, nodes)
    value = _seconds(fields, when) if at_time else fields.number(7, "level or pressure")
    if link is None:
        return None
    status, setting = status_or_setting(fields, 2, link)
    return Control(
        link=link.name,
        status=status,
        setting=setting,
        when=when,
        node=node,
        value=value,
        line=fields.line.number,
        is_enabled=not _is_disabled(fields),
    )


def _is_whole(fields: Fields) -> bool:
    """Whether the keywords stand where they should; else a fault at the first that does not."""
    last = 4 if word(fields.text(4), _TIMES) else 3
    wanted = {
        0: _LINK_WORDS,
        3: ("AT",) if last == 4 else ("IF",),
        4: tuple(_TIMES) if last == 4 else _NODE_WORDS,
    }
    for i, words in wanted.items():
        if word(fields.text(i), words) is None:
            said = f"{shown(fields.text(i))} is out of place" if fields.has(i) else "line ends here"
            fields.fault(i, f"{said}; {_FORMAT}")
            return False
    return True


def _node(fields: Fields, nodes: Mapping[str, Node]) -> str:
    name = fields.known(5, "node", nodes)
    if isinstance(nodes.get(name), Reservoir):
        fields.fault(5, f"{shown(name)} is a reservoir, whose level stays; name a tank or junction")
    return name


def _seconds(fields: Fields, when: When) -> int:
    unit = "" if len(fields) == 7 and _is_disabled(fields) else fields.text(6)
    seconds = seconds_of(fields, 5, unit, "cut")
    return seconds % DAY_S if when == "at_clock" else seconds


def _is_disabled(fields: Fields) -> bool:
    return is_word(fields.text(len(fields) - 1), "DISABLEd")
