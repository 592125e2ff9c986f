"""Where the loss comes from: campaigns' losses split over what their way used."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from otsim.attack.campaigns import Campaigns
from otsim.review.changes import KINDS, items_of_leaves
from otsim.review.design import Design
from otsim.review.estimates import Scale
from otsim.review.lives import Losses
from otsim.review.results import NONE, Part, Way
from otsim.review.step_order import in_order
from otsim.risk.event_tail import tail_rates

__all__ = ["parts_of", "ways_of"]

_MAY_BE_ABSENT = ("vulnerability", "people", "medium", "vendor")
HOURS_PER_DAY = 24.0

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


def parts_of(design: Design, losses: Losses, ways: Bools, scale: Scale) -> Iterator[Part]:
    """Split annual loss and tail loss over the items of each kind.

    Args:
        design: the design as it is.
        losses: of its campaigns.
        ways: bool[n_leaves, n], steps that each owes its goal to; none where it does not act.
        scale: of the figures.
    """
    for kind in KINDS:
        names, shares = _shares(design, kind, ways)
        found = [
            _part(design, kind, name, share, losses, ways, scale)
            for name, share in zip(names, shares, strict=True)
        ]
        yield from sorted(found, key=lambda part: -part.annual_loss.value)


def ways_of(
    design: Design, campaigns: Campaigns, losses: Losses, ways: Bools, scale: Scale
) -> Iterator[Way]:
    """Group the damaging campaigns by goal and way; the most frequent first."""
    groups: dict[tuple[int, bytes], list[int]] = defaultdict(list)
    acting = np.flatnonzero(losses.acts & scale.valid)
    rates = np.zeros(len(losses.acts))
    rates[scale.valid] = scale.rates
    for i in acting:
        groups[int(campaigns.goal[i]), np.packbits(ways[:, i]).tobytes()].append(int(i))
    order = sorted(groups.items(), key=lambda item: (-rates[item[1]].sum(), item[1][0]))
    for (goal, _), members in order:
        first = members[0]
        chosen = np.zeros(len(losses.loss))
        chosen[members] = losses.loss[members]
        yield Way(
            goal=design.attack.goals[goal],
            steps=_in_order(design, ways[:, first]),
            share=float(rates[members].sum() / rates[acting].sum()),
            annual_loss=scale.mean(chosen).value,
            median_d=float(np.median(campaigns.goal_h[members])) / HOURS_PER_DAY,
        )


def _shares(design: Design, kind: str, ways: Bools) -> tuple[list[str], Floats]:
    """Share out each campaign among the items of a kind on its way: f64[n_items + 1, n]."""
    items = items_of_leaves(design, kind)
    names = list(dict.fromkeys(item for item in items if item is not None))
    row = {name: i for i, name in enumerate(names)}
    used = np.zeros((len(names), ways.shape[1]), bool)
    for leaf, item in enumerate(items):
        if item is not None:
            used[row[item]] |= ways[leaf]
    n_used = used.sum(axis=0)
    shares = used / np.maximum(n_used, 1)
    everything = np.concatenate([shares, (n_used == 0)[None].astype(np.float64)])
    kept = [i for i, each in enumerate(everything) if i == len(names) or each.any()]
    return [[*names, NONE][i] for i in kept], everything[kept]


def _part(  # noqa: PLR0913  # all of one row
    design: Design, kind: str, name: str, share: Floats, losses: Losses, ways: Bools, scale: Scale
) -> Part:
    loss, valid = losses.loss, scale.valid
    within = tail_rates(loss[valid], scale.rates, scale.return_period)
    acting = scale.rates * losses.acts[valid]
    birnbaum, raw = _importance(design, kind, name, losses, scale)
    return Part(
        kind=kind,
        name=name,
        annual_loss=scale.mean(loss * share),
        tail_loss=scale.return_period * float(np.sum(within * (loss * share)[valid])),
        on_way=float(acting @ (share[valid] > 0.0)) / (float(acting.sum()) or 1.0),
        birnbaum=birnbaum,
        raw=raw,
    )


def _importance(
    design: Design, kind: str, name: str, losses: Losses, scale: Scale
) -> tuple[float, float]:
    """Birnbaum's importance and the risk achievement worth of flaws, people, media, suppliers."""
    if kind not in _MAY_BE_ABSENT or name == NONE:
        return np.nan, np.nan
    leaves = np.array([item == name for item in items_of_leaves(design, kind)], bool)
    gone = design.campaigns(replace(design.nothing_changed, absent=leaves))
    there = design.forced(leaves)
    chance = scale.rates / scale.rates.sum()
    with_it, without, now = (
        float(chance @ each.acts[scale.valid]) for each in (there, gone, losses)
    )
    return with_it - without, with_it / now if now > 0.0 else np.nan


def _in_order(design: Design, way: Bools) -> tuple[str, ...]:
    """Order the steps of a way so that each comes after what it needs."""
    leaves = [leaf for leaf, used in zip(design.attack.leaves, way, strict=True) if used]
    return in_order(design.graph.tree, leaves)
