"""A study's design as campaigns see it, and as they would see it after a change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from otsim.attack import AttackModel, Campaigns, compile_attack, sample_campaigns
from otsim.attack.joined_graph import JoinedGraph, joined_graph
from otsim.attack.sampling import sample_again, steps_on_way
from otsim.config.study import Study
from otsim.draws import study_draws
from otsim.errors import ModelError
from otsim.review.results import Change

__all__ = ["Design", "design_of"]

DRAWN_FOR_EACH = 8
"""Campaigns drawn for each twin of the study."""

IDLE_SHARE = 0.125
"""Campaigns that never act, for each twin of the study: they tell what responses cost."""

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Design:
    """A network with an architecture, and n campaigns against it.

    The campaigns are those that would find a way in if no control were there, so that a change,
    whether it adds or removes controls, is judged on the same attempts.

    Attributes:
        study: as read; graph: its attack graph; attack: compiled.
        twin_id: i64[n]; attempts: i32[n], the attempt of each twin that is looked at.
        rates: f64[n], how often a year each of them stands for.
        may_act: bool[n], whether it acts on the plant if no control is there.
        n_drawn: campaigns among which these were chosen.
    """

    study: Study
    graph: JoinedGraph
    attack: AttackModel
    twin_id: npt.NDArray[np.int64]
    attempts: npt.NDArray[np.int32]
    rates: npt.NDArray[np.float64]
    may_act: Bools
    n_drawn: int

    @property
    def in_place(self) -> dict[str, bool]:
        """The controls, and whether each is in place."""
        architecture = self.study.attack.architecture
        given = {} if architecture is None else architecture.controls
        return {name: control.in_place for name, control in given.items()}

    @property
    def nothing_changed(self) -> Change:
        """The change that leaves all as it is."""
        return Change(
            kind="none", name="none", title="as it is",
            absent=np.zeros(len(self.attack.leaves), bool), controls={},
        )  # fmt: skip

    def campaigns(self, change: Change) -> Campaigns:
        """Draw the campaigns against the changed design, all n of them."""
        model = _changed(self.attack, change, self.in_place)
        return sample_again(model, self.twin_id, self.attempts, draws=study_draws(self.study))

    def forced(self, leaves: Bools) -> Campaigns:
        """Draw the campaigns in worlds in which some steps surely exist."""
        steps = replace(self.attack.arrays.steps, present=leaves[:, None])
        model = replace(self.attack, arrays=replace(self.attack.arrays, steps=steps))
        return sample_again(model, self.twin_id, self.attempts, draws=study_draws(self.study))

    def ways(self, which: npt.NDArray[np.intp]) -> Bools:
        """Return the steps to which some campaigns, as it is, owe their goal: bool[n_leaves, k]."""
        return steps_on_way(
            self.attack, self.twin_id[which], self.attempts[which], draws=study_draws(self.study)
        )


def design_of(study: Study) -> Design:
    """Compile a study with an architecture and choose the attempts to look at.

    Many more attempts are drawn than the study has twins: campaigns are cheap, twins are not. Of
    those that would act on the plant if no control were there, each goal gets as many twins as the
    next, as far as there are some, so that rare and terrible goals are seen often enough; each twin
    stands for its part of them.

    Raises:
        ModelError: the study has no architecture.
    """
    if study.attack.architecture is None:
        raise ModelError(
            "attack: a review needs attack.architecture, the file of the plant's network; "
            "a study with a hand-made tree alone says too little about it"
        )
    attack, n_drawn = compile_attack(study), DRAWN_FOR_EACH * study.simulation.twins
    design = Design(
        study=study,
        graph=joined_graph(study),
        attack=attack,
        twin_id=np.arange(n_drawn, dtype=np.int64),
        attempts=np.ones(n_drawn, np.int32),
        rates=np.full(n_drawn, study.attackers.frequency.per_year / n_drawn),
        may_act=np.ones(n_drawn, bool),
        n_drawn=n_drawn,
    )
    bare = replace(design.nothing_changed, controls=dict.fromkeys(design.in_place, False))
    if attack.counts_breaches:
        design = _of_breaches(design, bare)
    return _chosen(design, design.campaigns(bare), study.simulation.twins)


def _of_breaches(design: Design, bare: Change) -> Design:
    """Look at the attempts that breach the network without controls, at their rate.

    The study's rate counts breaches of the network as it is: a share of those.
    """
    model = _changed(design.attack, bare, design.in_place)
    draws = study_draws(design.study)
    drawn = sample_campaigns(model, 0, len(design.twin_id), draws=draws)
    design = replace(design, attempts=drawn.attempts)
    share = float(np.mean(design.campaigns(design.nothing_changed).entry >= 0))
    if share <= 0.0:
        raise ModelError(
            "attackers.frequency.count: breaches, but the controls let no campaign in; count "
            "attempts"
        )
    return replace(design, rates=design.rates / share)


def _chosen(design: Design, bare: Campaigns, n_twins: int) -> Design:
    """Keep some campaigns of each goal that act without controls, and some that do not act."""
    groups = [np.flatnonzero(~bare.acts)]
    groups += [
        np.flatnonzero(bare.acts & (bare.goal == goal)) for goal in range(len(design.attack.goals))
    ]
    n_idle = max(round(IDLE_SHARE * n_twins), 1)
    room = [n_idle, *_even(n_twins, [len(each) for each in groups[1:]])]
    kept, rates = [], []
    for group, most in zip(groups, room, strict=True):
        some = group[:most]
        kept.append(some)
        rates.append(design.rates[some] * (len(group) / max(len(some), 1)))
    which = np.concatenate(kept)
    return replace(
        design,
        twin_id=design.twin_id[which],
        attempts=design.attempts[which],
        rates=np.concatenate(rates),
        may_act=bare.acts[which],
    )


def _even(total: int, available: Sequence[int]) -> list[int]:
    """Share out a number of twins evenly, as far as each group has that many."""
    given = [0] * len(available)
    order = sorted(range(len(available)), key=available.__getitem__)
    for place, group in enumerate(order):
        even = max(total // (len(order) - place), 1)
        given[group] = min(available[group], even)
        total -= given[group]
    return given


def _changed(attack: AttackModel, change: Change, in_place: Mapping[str, bool]) -> AttackModel:
    arrays = attack.arrays
    stands = {**in_place, **change.controls}
    share = np.array([[float(stands[name])] for name in attack.controls]).reshape(-1, 1)
    return replace(
        attack,
        arrays=replace(
            arrays,
            steps=replace(arrays.steps, absent=change.absent[:, None]),
            controls=replace(arrays.controls, share=share),
        ),
    )
