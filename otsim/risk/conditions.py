"""Conditions on measures, as the command line takes them: `--until` and `--fail-on`."""

from __future__ import annotations

import operator
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from otsim.errors import ConfigError
from otsim.risk.named_measures import Measure, measure_of

__all__ = ["Bound", "FailRule", "StopGoal", "StopRule", "fail_rule", "stop_rule"]

StopKind = Literal["rel_se", "se", "sign", "width"]
_NUMBER = r"(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(?P<percent>%?)"
_STOP = re.compile(rf"(?P<kind>[a-z_]+)\s*\(\s*(?P<measure>[^()]*?)\s*\)(?:\s*=\s*{_NUMBER})?")
_FAIL = re.compile(
    r"(?:(?P<end>low|high)\s*\(\s*(?P<inside>[^()]*?)\s*\)|(?P<plain>[A-Za-z_][\w.]*))"
    rf"\s*(?P<sign>>=|<=|>|<)\s*{_NUMBER}"
)
_SIGNS = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}
_OF_RUN: tuple[StopKind, ...] = ("rel_se", "se")
_OF_COMPARISON: tuple[StopKind, ...] = ("sign", "width")


@dataclass(frozen=True, kw_only=True)
class Bound:
    """A number to stay below or above; `relative` ones are parts of a reference value."""

    number: float
    relative: bool

    def of(self, reference: float) -> float:
        """Return the bound as an amount."""
        return self.number * abs(reference) if self.relative else self.number


@dataclass(frozen=True, kw_only=True)
class StopGoal:
    """One thing to reach: a standard error, the sign of a difference, the width of its interval.

    Attributes:
        text: as it was written.
        kind: which of them.
        measure: of what.
        bound: how small; None for a sign.
    """

    text: str
    kind: StopKind
    measure: Measure
    bound: Bound | None


@dataclass(frozen=True, kw_only=True)
class StopRule:
    """When a run or a comparison is large enough: as soon as one of the goals is reached."""

    text: str
    goals: tuple[StopGoal, ...]


@dataclass(frozen=True, kw_only=True)
class FailRule:
    """A gate on the change of a measure from the first run to another.

    Attributes:
        text: as it was written.
        end: which number counts: the estimate of the change, or an end of its interval.
        measure: of what.
        sign: comparison of the change with the bound.
        bound: an amount, or a part of the first run's value.
    """

    text: str
    end: Literal["estimate", "low", "high"]
    measure: Measure
    sign: str
    bound: Bound

    def fails(self, change: float, reference: float) -> bool:
        """Tell whether a change breaks the gate.

        Args:
            change: estimate or end of the interval, as `end` says.
            reference: the first run's value.
        """
        return bool(_SIGNS[self.sign](change, self.bound.of(reference)))


def stop_rule(text: str, *, paired: bool) -> StopRule:
    """Read a rule such as `rel_se(cvar99)=5%`, or `sign(eal) or width(eal)=2%` for comparisons.

    Args:
        text: goals with `or` between them.
        paired: it is for a comparison: goals are `sign` and `width`, not `rel_se` and `se`.

    Raises:
        ConfigError: the text is no such rule.
    """
    goals = [_goal(part, text, paired=paired) for part in re.split(r"\s+or\s+", text.strip())]
    return StopRule(text=text.strip(), goals=tuple(goals))


def fail_rule(text: str) -> FailRule:
    """Read a gate such as `eal > +5%`, `low(cvar99) > 0` or `p_damaged >= 0.001`.

    Raises:
        ConfigError: the text is no such gate.
    """
    found = _FAIL.fullmatch(text.strip())
    if not found:
        raise ConfigError(
            f"--fail-on {text.strip()!r}: not a gate; write MEASURE > NUMBER, such as "
            "'eal > +5%', 'low(cvar99) > 0' or 'p_damaged > 0.001'"
        )
    measure = _measure(f"--fail-on {text.strip()!r}", found["inside"] or found["plain"] or "")
    end: Literal["estimate", "low", "high"] = "estimate"
    if found["end"]:
        end = "low" if found["end"] == "low" else "high"
    return FailRule(
        text=text.strip(), end=end, measure=measure, sign=found["sign"], bound=_bound(found)
    )


def _goal(part: str, text: str, *, paired: bool) -> StopGoal:
    place = f"--until {text.strip()!r}"
    known = _OF_COMPARISON if paired else _OF_RUN
    found = _STOP.fullmatch(part.strip())
    if not found or found["kind"] not in (*_OF_RUN, *_OF_COMPARISON):
        raise ConfigError(f"{place}: not a goal; write {_example(known)}")
    kind = found["kind"]
    if kind not in known:
        other = "runs alone" if paired else "comparisons"
        raise ConfigError(f"{place}: {kind} is for {other}; write {_example(known)}")
    measure = _measure(place, found["measure"])
    if (kind == "sign") != (found["number"] is None):
        words = "takes no number" if kind == "sign" else "needs a number"
        raise ConfigError(f"{place}: {kind} {words}; write {_example(known)}")
    bound = _positive(found, place, kind) if found["number"] is not None else None
    return StopGoal(text=part.strip(), kind=kind, measure=measure, bound=bound)


def _positive(found: re.Match[str], place: str, kind: str) -> Bound:
    bound = _bound(found)
    if bound.number <= 0.0:
        raise ConfigError(f"{place}: {bound.number:g} is never reached; need a number above 0")
    if kind == "rel_se":
        return Bound(number=bound.number, relative=True)
    if kind == "se" and bound.relative:
        raise ConfigError(f"{place}: se is an amount; for a part of the value write rel_se")
    return bound


def _bound(found: re.Match[str]) -> Bound:
    number = float(found["number"])
    return Bound(number=number / 100.0 if found["percent"] else number,
                 relative=bool(found["percent"]))  # fmt: skip


def _measure(place: str, name: str) -> Measure:
    try:
        return measure_of(name)
    except ConfigError as error:
        raise ConfigError(f"{place}: {error}") from None


def _example(known: Sequence[str]) -> str:
    if "sign" in known:
        return "sign(MEASURE) or width(MEASURE)=NUMBER, such as 'sign(eal) or width(eal)=2%'"
    return "rel_se(MEASURE)=NUMBER or se(MEASURE)=NUMBER, such as 'rel_se(cvar99)=5%'"
