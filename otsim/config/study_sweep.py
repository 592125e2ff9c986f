"""The sweep block of a study: which keys take which values, and how they are combined."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from otsim.config.distribution_parameters import Frozen, Real
from otsim.config.field_types import Whole
from otsim.config.key_paths import key_steps
from otsim.config.problems import Problem
from otsim.errors import ConfigError

if TYPE_CHECKING:
    from otsim.config.study import Study

__all__ = ["MOST_POINTS", "Spread", "Sweep", "SweepRange", "sweep_problems"]

MOST_POINTS = 10_000
_NOT_SWEPT = ("version", "title", "description", "sources", "report", "uncertainty", "sweep")
_NOT_SWEPT_SIMULATION = ("twins", "shard_size", "batch")


class SweepRange(Frozen):
    """Where the values of one key lie."""

    low: Real = Field(description="Lowest value, in the unit of the key.")
    high: Real = Field(description="Highest value, in the unit of the key.")
    log: Annotated[bool, Field(strict=True)] = Field(
        False, description="Spread evenly in the logarithm; low is then above 0. Default false."
    )
    whole: Annotated[bool, Field(strict=True)] = Field(
        False, description="Round to whole numbers. Default false."
    )


class Spread(Frozen):
    """Points spread evenly over ranges of several keys at once."""

    points: Annotated[Whole, Field(ge=2, le=MOST_POINTS)] = Field(
        description="How many; for sobol a power of two."
    )
    seed: Annotated[Whole, Field(ge=0, lt=2**63)] = Field(
        1, description="Of the design, not of the twins. Default 1."
    )
    ranges: dict[str, SweepRange] = Field(
        min_length=1, max_length=100, description="The range of each key, by its key path."
    )


class Sweep(Frozen):
    """The points of `otsim sweep`; parts given together are combined, each point with each."""

    grid: dict[str, tuple[Any, ...]] | None = Field(
        None, min_length=1, description="Values by key path; every combination is a point."
    )
    zip: dict[str, tuple[Any, ...]] | None = Field(
        None,
        min_length=1,
        description="Values by key path, side by side: the first of each, the second of each, ...",
    )
    list: tuple[dict[str, Any], ...] | None = Field(
        None, min_length=1, description="The points themselves: a value by key path each."
    )
    latin_hypercube: Spread | None = Field(
        None, description="Points whose values of each key fill its range in equal steps."
    )
    sobol: Spread | None = Field(
        None, description="Points of a scrambled Sobol net, even over all keys together."
    )


def sweep_problems(study: Study) -> list[Problem]:
    """Find what is wrong with a study's sweep block, apart from values that do not fit."""
    if study.sweep is None:
        return []
    named = list(_named(study.sweep))
    found = [
        ((*place, key), message) for place, key in named if (message := _key_fault(key)) is not None
    ]
    found += _doubles(named)
    return [*found, *_length_problems(study.sweep), *_range_problems(study.sweep)]


def _named(sweep: Sweep) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield every key of the block with the place that names it."""
    for part in ("grid", "zip"):
        yield from ((("sweep", part), key) for key in getattr(sweep, part) or ())
    for i, point in enumerate(sweep.list or ()):
        yield from ((("sweep", "list", i), key) for key in point)
    for part in ("latin_hypercube", "sobol"):
        spread = getattr(sweep, part)
        yield from ((("sweep", part, "ranges"), key) for key in (spread.ranges if spread else ()))


def _key_fault(key: str) -> str | None:
    try:
        steps = key_steps(key)
    except ConfigError:
        return "is not a key path; write one such as defence.response.delay_h"
    held = steps[0] == "simulation" and steps[1:] and steps[1] in _NOT_SWEPT_SIMULATION
    if steps[0] in _NOT_SWEPT or held:
        return "does not change what a twin does or costs; sweep another key"
    return None


def _doubles(named: list[tuple[tuple[str | int, ...], str]]) -> Iterator[Problem]:
    parts: dict[str, str] = {}
    for place, key in named:
        part = str(place[1])
        if parts.setdefault(key, part) != part:
            yield (*place, key), f"is swept by {parts[key]} too; name it in one of them"


def _length_problems(sweep: Sweep) -> Iterator[Problem]:
    for part in ("grid", "zip"):
        for key, values in (getattr(sweep, part) or {}).items():
            if not values:
                yield ("sweep", part, key), "has no values; give at least one"
    lengths = {key: len(values) for key, values in (sweep.zip or {}).items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{key} has {n}" for key, n in lengths.items())
        yield ("sweep", "zip"), f"needs lists of one length, but {told}"
    keys = [set(point) for point in sweep.list or ()]
    for i, given in enumerate(keys):
        if given != keys[0] or not given:
            yield ("sweep", "list", i), "needs the same keys as the first point, at least one"


def _range_problems(sweep: Sweep) -> Iterator[Problem]:
    for part in ("latin_hypercube", "sobol"):
        spread = getattr(sweep, part)
        for key, given in (spread.ranges if spread else {}).items():
            place = ("sweep", part, "ranges", key)
            if given.low >= given.high:
                message = f"low ({given.low:g}) must be below high ({given.high:g}); swap them"
                yield (*place, "low"), message
            elif given.log and given.low <= 0.0:
                yield (*place, "low"), f"is {given.low:g}, but log needs a low above 0"
    if sweep.sobol and sweep.sobol.points & (sweep.sobol.points - 1):
        n = sweep.sobol.points
        near = 1 << n.bit_length()
        message = f"{n} is no power of two; use {near // 2} or {near}"
        yield ("sweep", "sobol", "points"), message
