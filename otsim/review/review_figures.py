"""A study with an architecture -> all numbers of its review."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import numpy.typing as npt

from otsim.attack.campaigns import Campaigns
from otsim.config.study import Study
from otsim.review.changes import changes_of
from otsim.review.design import Design, design_of
from otsim.review.estimates import Scale
from otsim.review.input_indices import input_indices
from otsim.review.lives import Live, Lives, Losses
from otsim.review.options import Options, options_of
from otsim.review.parts import parts_of, ways_of
from otsim.review.results import MENDING, Change, Effect, Estimate, ReviewFigures, Way
from otsim.risk.shapley import shapley_shares
from otsim.simulate.plans import action_clock

__all__ = ["RETURN_PERIOD", "review_figures"]

RETURN_PERIOD = 250.0
_MOST_WAYS = 20
_AT_ONCE = 256  # variants held at once: a life takes long alone, and hardly longer beside others
_MOST_SHARED = 6  # groups that are shared out by Shapley

Told = Callable[[str], None]


def review_figures(
    study: Study,
    *,
    live: Live,
    extra: Sequence[Change] = (),
    told: Told = lambda line: None,
) -> ReviewFigures:
    """Compute what each part of a network adds to the loss, and what changes of it would avoid.

    All variants see the same campaigns with the same draws, so that their differences have little
    noise; a twin is simulated again only where a change moves its response.

    Args:
        study: with an architecture.
        live: simulates campaigns of the study.
        extra: changes besides those of single items, such as those that mend a finding.
        told: told what is being done, in words.

    Raises:
        ModelError: the study has no architecture.
    """
    told("drawing campaigns")
    design = design_of(study)
    review = _Review(design=design, lives=Lives(study=study, live=live), told=told)
    return review.figures(extra)


@dataclass(frozen=True, kw_only=True)
class _Review:
    design: Design
    lives: Lives
    told: Told

    def figures(self, extra: Sequence[Change]) -> ReviewFigures:
        """Compute everything, in the order in which one thing needs another."""
        design = self.design
        before = self._campaigns(design.nothing_changed)
        ways = self._ways(action_clock(before).acts)
        changes = self._distinct([*extra, *changes_of(design, ways.any(axis=1))])
        self.told(f"weighing {len(changes)} changes")
        now, *after = self._losses([design.nothing_changed, *changes])
        sets = self._sets_of_controls()
        valid = ~np.isnan(np.array([now.loss, *(each.loss for each in after)])).any(axis=0)
        scale = Scale.of(design.rates, RETURN_PERIOD, valid)
        effects = [
            scale.effect(change, now, each) for change, each in zip(changes, after, strict=True)
        ]
        effects.sort(key=lambda effect: -effect.annual_loss.value)
        options = sets(scale)
        shapley = self._shapley(extra, effects, now, scale)
        return ReviewFigures(
            currency=design.study.loss.currency,
            return_period=RETURN_PERIOD,
            n_drawn=design.n_drawn,
            n_twins=len(design.twin_id),
            n_acting=int(now.acts.sum()),
            n_lived=self.lives.n_lived,
            n_diverged=self.lives.n_diverged,
            campaigns_per_year=float(design.rates.sum()),
            heaviest_rate=float(np.max(design.rates[design.may_act], initial=0.0)),
            now=scale.figures(now),
            parts=tuple(parts_of(design, now, ways, scale)),
            effects=tuple(effects),
            ways=_told_ways(list(ways_of(design, before, now, ways, scale))),
            options=options.sets,
            exact=options.exact,
            bound=options.bound,
            shapley=shapley,
            sobol=input_indices(design.study, before, design.rates, self.lives),
            out_of_reach=design.graph.out_of_reach,
        )

    def _ways(self, acts: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """The steps on the way of each campaign that acts."""
        acting = np.flatnonzero(acts)
        ways = np.zeros((len(self.design.attack.leaves), len(acts)), bool)
        if len(acting):
            ways[:, acting] = self.design.ways(acting)
        return ways

    def _distinct(self, changes: Sequence[Change]) -> list[Change]:
        return list({change.key: change for change in reversed(changes)}.values())[::-1]

    def _losses(self, changes: Sequence[Change]) -> list[Losses]:
        found: list[Losses] = []
        for first in range(0, len(changes), _AT_ONCE):
            some = changes[first : first + _AT_ONCE]
            found += self.lives.losses([self._campaigns(change) for change in some])
        return found

    def _campaigns(self, change: Change) -> Campaigns:
        """The campaigns against a changed design, without the times that nobody asks for."""
        drawn = self.design.campaigns(change)
        return replace(drawn, node_h=drawn.node_h[:0])

    def _sets_of_controls(self) -> Callable[[Scale], Options]:
        """Prepare the pricing of sets of controls, each set lived through once."""
        design = self.design
        architecture = design.study.attack.architecture
        assert architecture is not None
        costs = {name: one.cost_per_year for name, one in architecture.controls.items()}
        known: dict[frozenset[str], Losses] = {}

        def price(scale: Scale, sets: Sequence[frozenset[str]]) -> list[Estimate]:
            new = [chosen for chosen in sets if chosen not in known]
            changes = [_with_controls(design, chosen) for chosen in new]
            known.update(zip(new, self._losses(changes), strict=True))
            return [scale.mean(known[chosen].loss) for chosen in sets]

        self.told("weighing sets of controls")
        return lambda scale: options_of(costs, lambda sets: price(scale, sets))

    def _shapley(
        self, extra: Sequence[Change], effects: Sequence[Effect], now: Losses, scale: Scale
    ) -> Mapping[str, Estimate]:
        """Share out what the most effective of the extra changes avoid together."""
        keys = {change.key for change in extra if change.kind == MENDING}
        ranked = [effect for effect in effects if effect.change.key in keys]
        groups = {
            effect.change.key: effect.change
            for effect in ranked[:_MOST_SHARED]
            if effect.annual_loss.value > 0.0
        }
        if not groups:
            return {}
        self.told(f"sharing out what {len(groups)} mendings avoid together")
        names = list(groups)
        sets = [frozenset(some) for size in range(len(names) + 1)
                for some in combinations(names, size)]  # fmt: skip
        changes = [_joined([groups[key] for key in names if key in some], self.design)
                   for some in sets]  # fmt: skip
        after = dict(zip(sets, self._losses(changes), strict=True))
        shares = shapley_shares(names, lambda some: now.loss - after[some].loss)
        return {key: scale.mean(share) for key, share in shares.items()}


def _told_ways(ways: Sequence[Way]) -> tuple[Way, ...]:
    """Keep the most frequent ways, the costliest and the shortest, in the order of the first."""
    costliest = sorted(ways, key=lambda way: -way.annual_loss)[:_MOST_WAYS]
    shortest = sorted(ways, key=lambda way: way.median_d)[:1]
    kept = {id(way) for way in [*ways[:_MOST_WAYS], *costliest, *shortest]}
    return tuple(way for way in ways if id(way) in kept)


def _with_controls(design: Design, chosen: frozenset[str]) -> Change:
    controls = {name: name in chosen for name in design.in_place}
    return replace(design.nothing_changed, kind="set", controls=controls)


def _joined(changes: Sequence[Change], design: Design) -> Change:
    """All of the changes at once."""
    absent = design.nothing_changed.absent.copy()
    controls: dict[str, bool] = {}
    for change in changes:
        absent |= change.absent
        controls |= dict(change.controls)
    return replace(design.nothing_changed, kind="several", absent=absent, controls=controls)
