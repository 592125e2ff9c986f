"""[TIMES]: how long a run is and how it steps."""

from __future__ import annotations

from collections.abc import Iterable

from otsim.config.epanet.clock import DAY_S, hours_of, seconds_of
from otsim.config.epanet.faults import Faults, shown
from otsim.config.epanet.fields import Fields, n_words
from otsim.config.epanet.inp_lines import Line
from otsim.config.epanet.network import Times

__all__ = ["read_times"]

# the longer of two that begin alike stands first; "" for what hydraulics does not need
_KEYS = {
    "DURAtion": "duration",
    "HYDRaulic": "hydraulic_step",
    "RULE": "rule_step",
    "PATTern TIMEstep": "pattern_step",
    "PATTern STARt": "pattern_start",
    "REPOrt TIMEstep": "report_step",
    "REPOrt STARt": "report_start",
    "STARt": "start_clock",
    "QUALity": "",
    "MINImum": "",
    "STATistic": "",
}
_HOUR_S = 3600


def read_times(lines: Iterable[Line], faults: Faults) -> Times:
    """Read the times; the last of a repeated one holds, and a step of 0 is EPANET's default."""
    seconds: dict[str, int] = {}
    for line in lines:
        fields = Fields(line, faults)
        words = next((each for each in _KEYS if n_words(fields, each)), None)
        if words is None:
            said = shown(f"{fields.text(0)} {fields.text(1)}".strip())
            hint = faults.hint(said.upper(), [each.upper() for each in _KEYS])
            fields.fault(0, f"no time {said}; {hint}")
        elif _KEYS[words]:
            seconds[_KEYS[words]] = _seconds(fields)
    return _settled(seconds)


def _seconds(fields: Fields) -> int:
    """The time that ends the line: a number, or a number and its unit."""
    last = len(fields) - 1
    if last < 2 or hours_of(fields.text(last)) is not None:
        return seconds_of(fields, max(last, 1), "", "rounded")
    return seconds_of(fields, last - 1, fields.text(last), "rounded")


def _settled(seconds: dict[str, int]) -> Times:
    pattern_step = seconds.get("pattern_step", 0) or _HOUR_S
    report_step = seconds.get("report_step", _HOUR_S) or pattern_step
    hydraulic_step = seconds.get("hydraulic_step", 0) or _HOUR_S
    duration, report_start = seconds.get("duration", 0), seconds.get("report_start", 0)
    return Times(
        duration=duration,
        hydraulic_step=hydraulic_step,
        pattern_step=pattern_step,
        pattern_start=seconds.get("pattern_start", 0),
        report_step=report_step,
        report_start=report_start if report_start <= duration else 0,
        rule_step=seconds.get("rule_step") or None,
        start_clock=seconds.get("start_clock", 0) % DAY_S,
    )
