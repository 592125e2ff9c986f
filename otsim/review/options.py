"""Which set of controls to buy: the least loss for each budget."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

from otsim.review.results import Estimate, Option

__all__ = ["MOST_TRIED", "Options", "options_of"]

MOST_TRIED = 128
"""Sets of controls that are all tried; of more, the best next control is added step by step."""

Price = Callable[[Sequence[frozenset[str]]], Sequence[Estimate]]


@dataclass(frozen=True, kw_only=True)
class Options:
    """Sets of controls by what they cost.

    Attributes:
        sets: the cheapest first.
        exact: whether all sets were tried.
        bound: share of the best reduction at any budget that `sets` surely reach: 1 where exact;
            else half of 1 - 1/e, if controls overlap but never help each other (the better of the
            best single control and of the most for the money, step by step; Leskovec and others,
            Cost-effective outbreak detection in networks, 2007).
    """

    sets: tuple[Option, ...]
    exact: bool
    bound: float


def options_of(costs: Mapping[str, float], price: Price) -> Options:
    """Try sets of controls.

    Args:
        costs: of the controls, currency a year.
        price: expected annual loss with each of some sets in place, and no other control.
    """
    names = list(costs)
    exact = 2 ** len(names) <= MOST_TRIED
    tried = _all_sets(names) if exact else _greedy(names, costs, price)
    losses = price(tried)
    found = [
        Option(
            controls=tuple(name for name in names if name in chosen),
            cost_per_year=sum(costs[name] for name in chosen),
            annual_loss=loss,
            best=False,
        )
        for chosen, loss in zip(tried, losses, strict=True)
    ]
    found.sort(key=lambda one: (one.cost_per_year, one.annual_loss.value))
    return Options(
        sets=tuple(_marked(found)),
        exact=exact,
        bound=1.0 if exact else 0.5 * (1.0 - math.exp(-1.0)),
    )


def _all_sets(names: Sequence[str]) -> list[frozenset[str]]:
    flags = product([False, True], repeat=len(names))
    return [
        frozenset(name for name, chosen in zip(names, each, strict=True) if chosen)
        for each in flags
    ]


def _greedy(names: Sequence[str], costs: Mapping[str, float], price: Price) -> list[frozenset[str]]:
    """Add the control that avoids most for its cost, again and again; keep every single one too."""
    singles = [frozenset([name]) for name in names]
    tried = [frozenset[str](), *singles]
    chosen, now = frozenset[str](), price([frozenset()])[0].value
    while len(chosen) < len(names):
        ahead = [chosen | {name} for name in names if name not in chosen]
        losses = [estimate.value for estimate in price(ahead)]
        gains = [
            (now - loss) / max(sum(costs[name] for name in after - chosen), 1.0)
            for after, loss in zip(ahead, losses, strict=True)
        ]
        best = max(range(len(ahead)), key=gains.__getitem__)
        chosen, now = ahead[best], losses[best]
        tried.append(chosen)
    return list(dict.fromkeys(tried))


def _marked(found: Sequence[Option]) -> list[Option]:
    """Mark the sets that no cheaper one beats."""
    marked, lowest = [], float("inf")
    for option in found:
        best = option.annual_loss.value < lowest
        lowest = min(lowest, option.annual_loss.value)
        marked.append(replace(option, best=best))
    return marked
