"""Times as EPANET writes them, to hours and whole seconds."""

from __future__ import annotations

from typing import Literal

from otsim.config.epanet.faults import shown
from otsim.config.epanet.fields import Fields, as_number, word

__all__ = ["DAY_S", "hours_of", "seconds_of"]

DAY_S = 86_400
_LONGEST_S = 2**31 - 1
_HALF_DAYS = ("AM", "PM")
_HOURS_PER_UNIT = {"SEConds": 3600.0, "MINutes": 60.0, "HOUrs": 1.0, "DAYs": 1.0}


def hours_of(text: str, unit: str = "") -> float | None:
    """Hours of a time `7.5`, `7:30` or `7:30:00` and its unit, or AM or PM; None for no time.

    The steps of the sum are EPANET's, so that cutting it to seconds cuts to the same second.
    """
    parts = [as_number(part) for part in text.split(":") if part]
    values = [part for part in parts if part is not None and 0.0 <= part <= _LONGEST_S]
    if not 0 < len(parts) <= 3 or len(values) < len(parts):
        return None
    if len(values) == 1:
        hours = values[0]
        named = word(unit, _HOURS_PER_UNIT)
        if named == "DAYs":
            return hours * 24.0
        if named is not None:
            return hours / _HOURS_PER_UNIT[named]
    else:
        minutes, seconds = (*values[1:], 0.0)[:2]
        hours = values[0] + minutes / 60.0 + seconds / 3600.0
    return hours if not unit else _with_half_day(hours, unit)


def seconds_of(fields: Fields, i: int, unit: str, how: Literal["cut", "rounded"]) -> int:
    """Whole seconds of the time in a field; a fault and 0 for none.

    Args:
        fields: of the line.
        i: which field.
        unit: a unit, AM or PM, or "".
        how: EPANET rounds in [TIMES], and cuts elsewhere.
    """
    hours = hours_of(fields.text(i), unit)
    said = shown(f"{fields.text(i)} {unit}".strip())
    if hours is None:
        known = "write hours or h:mm:ss, and after it AM, PM, SEC, MIN, HOURS, DAYS or nothing"
        fields.fault(i, f"time is {said}; {known}" if said else f"time is missing; {known}")
        return 0
    seconds = 3600.0 * hours + (0.5 if how == "rounded" else 0.0)
    if seconds > _LONGEST_S:
        fields.fault(i, f"time is {said}; it must be below {_LONGEST_S} seconds")
        return 0
    return int(seconds)


def _with_half_day(hours: float, unit: str) -> float | None:
    """12 AM is midnight, 12 PM noon."""
    half = word(unit, _HALF_DAYS)
    if half is None or hours >= 13.0:
        return None
    if half == "AM":
        return hours - 12.0 if hours >= 12.0 else hours
    return hours if hours >= 12.0 else hours + 12.0
