"""Points that no other beats: dearer ones that do more damage, and ways to join such sets."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

__all__ = ["Option", "front", "undominated"]

ROUNDING = 1e-12  # relative; damages nearer than this are the same


@dataclass(frozen=True, kw_only=True, slots=True)
class Option:
    """What an attacker may do below a node.

    Attributes:
        cost: what it costs.
        damage: the damage, or its expectation.
        chance: the probability that the node falls.
        attack: the leaves tried, bit i for leaf i.
    """

    cost: int | Fraction
    damage: float | Fraction
    chance: float = 1.0
    attack: int = 0


def front(options: Iterable[Option]) -> list[Option]:
    """Keep the options that do more damage than every one that costs no more, cheapest first."""
    kept: list[Option] = []
    for option in sorted(options, key=lambda each: (each.cost, -each.damage)):
        if not kept or _more(option.damage, kept[-1].damage):
            kept.append(option)
    return kept


def undominated(options: Sequence[Option], *, monotone: bool) -> list[Option]:
    """Keep the options that no other beats in cost, damage and chance at once.

    Args:
        options: to choose from.
        monotone: whether a higher chance is never worse further up; if not, only options of
            equal chance are compared.
    """
    if monotone:
        return _staircase(options)
    groups: dict[float, list[Option]] = {}
    for option in options:
        groups.setdefault(option.chance, []).append(option)
    return [kept for group in groups.values() for kept in front(group)]


def _staircase(options: Sequence[Option]) -> list[Option]:
    """Go from cheap to dear; remember the best damage for each chance and above."""
    kept: list[Option] = []
    chances: list[float] = []  # ascending, with damages descending
    damages: list[float] = []
    for option in sorted(options, key=lambda each: (each.cost, -each.damage, -each.chance)):
        at = bisect_left(chances, option.chance * (1.0 - ROUNDING))
        if at < len(chances) and not _more(option.damage, damages[at]):
            continue
        kept.append(option)
        end = bisect_left(chances, math.nextafter(option.chance, math.inf))
        begin = end
        while begin > 0 and damages[begin - 1] <= option.damage:
            begin -= 1
        chances[begin:end] = [option.chance]
        damages[begin:end] = [float(option.damage)]
    return kept


def _more(damage: float | Fraction, than: float | Fraction) -> bool:
    if isinstance(damage, Fraction) and isinstance(than, Fraction):
        return damage > than
    return float(damage) > float(than) + ROUNDING * abs(float(than))
