"""Shapley's fair shares of what several measures do together."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt

from otsim.errors import ReportError

__all__ = ["MOST_EXACT", "shapley_shares"]

MOST_EXACT = 6
"""So many members are shared out exactly, by all their subsets."""

Floats = npt.NDArray[np.float64]
Worth = Callable[[frozenset[str]], Floats]


def shapley_shares(
    members: Sequence[str], worth: Worth, *, n_orders: int = 24, seed: int = 0
) -> dict[str, Floats]:
    """Return each member's mean addition to the worth of those before it, over all orders.

    The shares add up to the worth of all together, less that of none. Up to `MOST_EXACT` members
    the mean is exact; beyond, it is over random orders and their reverses (Castro, Gomez, Tejada,
    Polynomial calculation of the Shapley value based on sampling, 2009).

    Args:
        members: at most 30.
        worth: what a set of them is worth, an array of any one shape; asked once for each set.
        n_orders: random orders; half are reverses of the other half.
        seed: of the orders.

    Raises:
        ReportError: more than 30 members.
    """
    if len(members) > 30:
        raise ReportError(f"{len(members)} groups to share out; 30 are the most, join some")
    known: dict[frozenset[str], Floats] = {}

    def ask(group: frozenset[str]) -> Floats:
        if group not in known:
            known[group] = worth(group)
        return known[group]

    if len(members) <= MOST_EXACT:
        return {member: _exact(member, members, ask) for member in members}
    draw = np.random.default_rng(seed)
    half = [list(draw.permutation(len(members))) for _ in range(-(-n_orders // 2))]
    orders = [order for given in half for order in (given, given[::-1])]
    total = {member: np.zeros_like(ask(frozenset())) for member in members}
    for order in orders:
        before: frozenset[str] = frozenset()
        for i in order:
            after = before | {members[i]}
            total[members[i]] = total[members[i]] + ask(after) - ask(before)
            before = after
    return {member: summed / len(orders) for member, summed in total.items()}


def _exact(member: str, members: Sequence[str], ask: Worth) -> Floats:
    others = [each for each in members if each != member]
    total = np.zeros_like(ask(frozenset()))
    for size in range(len(members)):
        weight = 1.0 / (len(members) * math.comb(len(others), size))
        for chosen in combinations(others, size):
            group = frozenset(chosen)
            total = total + weight * (ask(group | {member}) - ask(group))
    return total
