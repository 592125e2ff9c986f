"""A sweep block -> the settings of its points: products, sides by side, evenly spread."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from otsim.config.study_sweep import Spread, Sweep

if TYPE_CHECKING:
    from otsim.config.yaml_lines import Step

__all__ = ["Setting", "count_of", "settings_of"]


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One value of one key.

    Attributes:
        key: path of the key.
        value: as a file would hold it.
        where: steps to where the study file says so.
    """

    key: str
    value: Any
    where: tuple[Step, ...]


Point = tuple[Setting, ...]


def count_of(sweep: Sweep) -> int:
    """Return how many points a sweep has, without making them."""
    sizes = [len(values) for values in (sweep.grid or {}).values()]
    if sweep.zip:
        sizes.append(len(next(iter(sweep.zip.values()))))
    if sweep.list:
        sizes.append(len(sweep.list))
    sizes += [spread.points for spread in (sweep.latin_hypercube, sweep.sobol) if spread]
    return math.prod(sizes)


def settings_of(sweep: Sweep) -> list[Point]:
    """Return the settings of every point; the last key of the last part varies fastest."""
    parts: list[Sequence[Point]] = []
    for key, values in (sweep.grid or {}).items():
        parts.append([(_grid_setting(key, i, value),) for i, value in enumerate(values)])
    if sweep.zip:
        parts.append(_side_by_side(sweep.zip))
    if sweep.list:
        parts.append([_listed(i, point) for i, point in enumerate(sweep.list)])
    for name in ("latin_hypercube", "sobol"):
        spread = getattr(sweep, name)
        if spread is not None:
            parts.append(_spread(name, spread))
    return [tuple(itertools.chain(*chosen)) for chosen in itertools.product(*parts)]


def _grid_setting(key: str, i: int, value: Any) -> Setting:
    return Setting(key=key, value=value, where=("sweep", "grid", key, i))


def _side_by_side(columns: dict[str, tuple[Any, ...]]) -> list[Point]:
    rows = zip(*columns.values(), strict=True)
    return [
        tuple(
            Setting(key=key, value=value, where=("sweep", "zip", key, i))
            for key, value in zip(columns, row, strict=True)
        )
        for i, row in enumerate(rows)
    ]


def _listed(i: int, point: dict[str, Any]) -> Point:
    return tuple(
        Setting(key=key, value=value, where=("sweep", "list", i, key))
        for key, value in point.items()
    )


def _spread(name: str, given: Spread) -> list[Point]:
    """Map points of the unit cube to the ranges."""
    from scipy.stats import qmc

    n_keys = len(given.ranges)
    if name == "sobol":
        exponent = given.points.bit_length() - 1
        cube = qmc.Sobol(n_keys, rng=given.seed).random_base2(exponent)
    else:
        cube = qmc.LatinHypercube(n_keys, rng=given.seed).random(given.points)
    return [
        tuple(
            Setting(key=key, value=_in_range(given, key, u), where=("sweep", name, "ranges", key))
            for key, u in zip(given.ranges, row, strict=True)
        )
        for row in cube.tolist()
    ]


def _in_range(given: Spread, key: str, u: float) -> float | int:
    where = given.ranges[key]
    value: float
    if where.log:
        value = where.low * (where.high / where.low) ** u
    else:
        value = where.low + (where.high - where.low) * u
    if where.whole:
        return round(value)
    return float(f"{value:.6g}")  # what a reader would type; a hair beyond the range at most
