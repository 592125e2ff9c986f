"""Which campaigns reach each goal: found by sampling campaigns alone, without a plant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from otsim.attack import AttackModel, sample_campaigns
from otsim.attack.campaigns import Campaigns
from otsim.config.study import Study
from otsim.config.study_tilt import Tilt, TiltedComponent
from otsim.draws import Design, TiltedStreams, names
from otsim.draws.names import Part, names_by_part
from otsim.draws.tilted import PARTS
from otsim.rare_events.bins import Elites, Way, tilt_of

__all__ = ["PILOT_TWINS", "choice_cuts", "elites_of", "goal_elites"]

PILOT_TWINS = 2**31  # twins of pilot runs are numbered from here on: no run has so many
_FIRST_LOOK, _NEXT_LOOK = 2**15, 2**13
_ENOUGH = 200  # campaigns that tell how a goal is reached
_MOST = 2000  # campaigns of a goal that are looked at closely
_ROUNDS = 5
_NOMINAL = 0.1
_PLAIN = TiltedComponent(name="nominal", share=1.0)

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class _Look:
    """Sampled campaigns and what they were drawn from."""

    draws: TiltedStreams
    campaigns: Campaigns


def goal_elites(study: Study, model: AttackModel) -> dict[str, Elites]:
    """Sample campaigns that act on the plant, for each goal of a study, with their draws.

    A goal that is reached too rarely is approached in rounds: campaigns are tilted to those that
    want it, then to those that reach it, then to those that are not cut short. One that none of
    them reaches is left out.
    """
    first = _tilted(study, Tilt(bins={}, components=(_PLAIN,)))  # in the shape of the tilted ones
    campaigns = sample_campaigns(model, PILOT_TWINS, _FIRST_LOOK, draws=first)
    look = _Look(draws=first, campaigns=campaigns)
    found = {
        name: _approached(study, model, look, goal) for goal, name in enumerate(study.attack.goals)
    }
    return {name: elites for name, elites in found.items() if elites is not None}


def elites_of(
    study: Study,
    draws: Design,
    campaigns: Campaigns,
    which: npt.NDArray[np.int64],
    *,
    weights: npt.NDArray[np.float64],
    parts: tuple[Part, ...] = PARTS,
) -> Elites:
    """Gather the draws of some campaigns.

    Args:
        study: whose draws they are.
        draws: what they came from.
        campaigns: n of them.
        which: indices of those that matter.
        weights: f64[n_which].
        parts: whose draws.
    """
    from otsim_kernels.draws import purpose_id

    twin_id, attempts = campaigns.twin_id[which], campaigns.attempts[which]
    uniforms: dict[str, npt.NDArray[np.float64]] = {}
    for part, told in names_by_part(study).items():
        if part in parts and told:
            key = draws.key(twin_id, part, attempts)
            slot = (attempts - 1).astype(np.uint32) if part == "campaign" else np.uint32(0)
            purposes = np.array([[purpose_id(name)] for name in told], np.uint32)
            words = np.asarray(key.word(purposes, slot))
            uniforms |= {
                name: (row + 0.5) * 2.0**-32
                for name, row in zip(told, words.astype(np.float64), strict=True)
            }
    return Elites(uniforms=uniforms, weights=weights)


def choice_cuts(study: Study) -> dict[str, tuple[float, ...]]:
    """Return where the draws of profile and goal change their meaning."""
    profiles = list(study.attackers.profiles.values())
    goals = list(study.attack.goals)
    odds = [
        [1.0] * len(goals) if each.motive is None else [each.motive.get(g, 0.0) for g in goals]
        for each in profiles
    ]
    motives = {float(cut) for row in odds for cut in _cumulative(row)}
    return {
        names.PROFILE: tuple(_cumulative([each.share for each in profiles])),
        names.GOAL: tuple(sorted(motives)),
    }


def _cumulative(odds: list[float]) -> list[float]:
    total: list[float] = (np.cumsum(odds) / np.sum(odds)).tolist()
    return total[:-1]


def _approached(study: Study, model: AttackModel, look: _Look, goal: int) -> Elites | None:
    elites = None
    for number in range(_ROUNDS):
        for acts, reached in _stages(look.campaigns, goal):
            if np.sum(reached) >= _ENOUGH or (acts and number == _ROUNDS - 1 and np.any(reached)):
                elites = _weighted(study, look, reached)
                break
        else:
            return None
        if acts:
            return elites
        tilt = tilt_of(
            [Way(name="goal", share=1.0, groups=[elites])], nominal=_NOMINAL,
            cuts=choice_cuts(study),
        )  # fmt: skip
        draws = _tilted(study, tilt)
        begin = PILOT_TWINS + _FIRST_LOOK + (goal * _ROUNDS + number) * _NEXT_LOOK
        look = _Look(draws=draws, campaigns=sample_campaigns(model, begin, _NEXT_LOOK, draws=draws))
    return None


def _tilted(study: Study, tilt: Tilt) -> TiltedStreams:
    return TiltedStreams(seed=study.simulation.seed, tilt=tilt, names=names_by_part(study))


def _stages(campaigns: Campaigns, goal: int) -> Iterator[tuple[bool, Bools]]:
    """Yield who acts, who reaches the goal at all, who wants it; the first is what counts."""
    wanted = campaigns.goal == goal
    yield True, wanted & campaigns.acts
    yield False, wanted & np.isfinite(campaigns.goal_h)
    yield False, wanted


def _weighted(study: Study, look: _Look, which: Bools) -> Elites:
    chosen = np.flatnonzero(which)[:_MOST]
    campaigns = look.campaigns
    weights = look.draws.weights(campaigns.twin_id[chosen], campaigns.attempts[chosen])
    return elites_of(
        study, look.draws, look.campaigns, chosen, weights=weights, parts=("campaign",)
    )
