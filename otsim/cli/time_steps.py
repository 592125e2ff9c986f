"""Lengths of time on the command line: `180s`, `3min`, `0.05h`, or plain seconds."""

from __future__ import annotations

import math
import re

import click

__all__ = ["Hours", "TimeStep"]

_SECONDS = {"": 1.0, "s": 1.0, "min": 60.0, "h": 3600.0}
_WRITTEN = re.compile(r"(?P<number>\d+(\.\d*)?|\.\d+) ?(?P<unit>s|min|h|)")
_ROUNDING = 1e-9
LONGEST_H = 8760.0


class TimeStep(click.ParamType[int]):
    """A length of time that is a whole number of seconds, one at least."""

    name = "time"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        """Read a time step, or say how one is written."""
        if isinstance(value, int):
            return value
        text = str(value).strip()
        found = _WRITTEN.fullmatch(text)
        if found is None:
            self.fail(f"{text!r} is no length of time; write 180s, 3min, 0.05h or 180", param, ctx)
        exact = float(found["number"]) * _SECONDS[found["unit"]]
        seconds = round(exact) if exact <= LONGEST_H * 3600.0 else 0
        if seconds < 1 or abs(exact - seconds) > _ROUNDING * exact:
            self.fail(
                f"{text!r} is not 1 s to {LONGEST_H:g} h in whole seconds, the plant's step; "
                "write such as 180s",
                param,
                ctx,
            )
        return seconds


class Hours(click.ParamType[float]):
    """How long a twin lives, hours: above 0 and at most a year."""

    name = "hours"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Read a number of hours, or say what is allowed."""
        try:
            hours = float(str(value))
        except ValueError:
            hours = math.nan
        if not 1.0 / 3600.0 <= hours <= LONGEST_H:
            self.fail(
                f"{value} is not above 0 and at most {LONGEST_H:g} hours, a year; give such as 48",
                param,
                ctx,
            )
        return hours
