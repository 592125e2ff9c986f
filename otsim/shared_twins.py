"""Twins that other runs have already lived: taken over where their lives are the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from otsim.attack import compile_attack, sample_campaigns
from otsim.attack.campaigns import Campaigns, chosen_campaigns
from otsim.config import Study
from otsim.draws import study_draws
from otsim.errors import OtsimError
from otsim.simulate.devices import device_kind
from otsim.simulate.outcomes import STATUSES, Outcomes
from otsim.simulate.same_lives import Lives, lives_of, same_lives
from otsim.store.places import place_of
from otsim.store.run_identity import versions
from otsim.store.run_reader import RunReader
from otsim.store.stored_outcomes import stored_outcomes

if TYPE_CHECKING:
    from otsim.attack import AttackModel

__all__ = ["shared_outcomes"]

Live = Callable[[Campaigns], Outcomes]
Index = npt.NDArray[np.int64]


def shared_outcomes(
    study: Study, campaigns: Campaigns, donors: Sequence[str], live: Live
) -> Outcomes:
    """Return what became of a shard's twins, and simulate only those that no donor has lived.

    A twin is a pure function of what `lives_of` gathers, so the outcomes are the same bits as
    without donors. A donor that cannot be read, or was computed by another version or on another
    kind of device, gives nothing.

    Args:
        study: whose twins they are.
        campaigns: of one shard.
        donors: folders or URLs of runs that are cut into shards alike.
        live: simulates campaigns.
    """
    if not donors or study.simulation.sampling != "plain":  # tilted study by study
        return live(campaigns)
    lives = lives_of(study, campaigns)
    missing = np.ones(len(campaigns.twin_id), bool)
    found: Outcomes | None = None
    for donor in donors:
        lent = _lent(lives, campaigns.twin_id, donor)
        if lent is None:
            continue
        outcomes, same = lent
        taken = np.flatnonzero(missing & same)
        found = outcomes if found is None else _with(found, taken, _chosen(outcomes, taken))
        missing[taken] = False
    if found is None:
        return live(campaigns)
    rest = np.flatnonzero(missing)
    return _with(found, rest, live(chosen_campaigns(campaigns, rest))) if len(rest) else found


def _lent(
    lives: Lives, twin_id: Index, donor: str
) -> tuple[Outcomes, npt.NDArray[np.bool_]] | None:
    """Return a donor's outcomes of the same twins, and which of them are ours too."""
    try:
        reader = RunReader.at(place_of(donor))  # afresh: the donor may have grown
        facts, twins = reader.facts, range(int(twin_id[0]), int(twin_id[-1]) + 1)
        shard = twins.start // facts.shard_size
        ours = facts.versions == versions() and facts.device == device_kind()
        if not ours or facts.twins_of(shard) != twins:
            return None
        if reader.given_up_shards([shard]):
            return None  # its workers died of it; ours may not
        other, attack = _donor(donor, facts.config_sha256, facts.twins)
        outcomes = stored_outcomes(other, reader.shard(shard))
    except OtsimError:
        return None
    theirs = sample_campaigns(attack, twins.start, len(twins), draws=study_draws(other))
    told = lives_of(other, theirs)
    if lives.shared != told.shared:
        return None
    idle = np.flatnonzero(~lives.acts)
    return _with(outcomes, idle, _idle(outcomes, idle)), same_lives(lives, told)


def _idle(outcomes: Outcomes, which: Index) -> Outcomes:
    """Return the outcomes of as many twins that never touch the plant."""
    never = np.full(len(which), np.nan)
    return Outcomes(
        twin_id=outcomes.twin_id[which],
        status=np.full(len(which), STATUSES.index("no_action"), np.int32),
        cause=np.full(len(which), "", object),
        end_h=never,
        extrapolated_h=never,
        columns=dict.fromkeys(outcomes.columns, never),
    )


@lru_cache(maxsize=4)
def _donor(path: str, _config_sha256: str, _twins: int) -> tuple[Study, AttackModel]:
    """Read and compile a donor's study, once for each that its folder has held."""
    study = RunReader.at(place_of(path)).study()
    return study, compile_attack(study)


def _chosen(outcomes: Outcomes, which: Index) -> Outcomes:
    arrays = {name: getattr(outcomes, name)[which] for name in _arrays(outcomes)}
    columns = {name: values[which] for name, values in outcomes.columns.items()}
    return replace(outcomes, **arrays, columns=columns)


def _with(whole: Outcomes, which: Index, part: Outcomes) -> Outcomes:
    """Put the outcomes of some twins in the place of those that `whole` holds."""

    def put(old: Any, new: Any) -> Any:
        changed = old.copy()
        changed[which] = new
        return changed

    arrays = {name: put(getattr(whole, name), getattr(part, name)) for name in _arrays(whole)}
    columns = {name: put(whole.columns[name], part.columns[name]) for name in whole.columns}
    return replace(whole, **arrays, columns=columns)


def _arrays(outcomes: Outcomes) -> list[str]:
    return [each.name for each in fields(outcomes) if each.name != "columns"]
