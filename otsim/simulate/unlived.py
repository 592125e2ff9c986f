"""Outcomes of twins that nobody lives: those that never act, and those that could not be lived."""

from __future__ import annotations

import numpy as np

from otsim.attack.campaigns import Campaigns
from otsim.config.study import Study
from otsim.config.study_points import points_of
from otsim.simulate.outcomes import STATUSES, Outcomes
from otsim.simulate.plans import action_clock

__all__ = ["anybody_acts", "unlived_outcomes"]


def anybody_acts(campaigns: Campaigns) -> bool:
    """Tell whether a campaign touches the plant."""
    return bool(action_clock(campaigns).acts.any())


def unlived_outcomes(study: Study, campaigns: Campaigns, reason: str = "") -> Outcomes:
    """Return outcomes without living: twins that act count as diverged, the others as they are.

    Args:
        study: whose twins they are.
        campaigns: theirs.
        reason: why those that act could not be lived, in words; it is told as the cause.
    """
    n, acts = len(campaigns.twin_id), action_clock(campaigns).acts
    status = np.where(acts, STATUSES.index("diverged"), STATUSES.index("no_action"))
    never = np.full(n, np.nan)
    return Outcomes(
        twin_id=campaigns.twin_id,
        status=status.astype(np.int32),
        cause=np.where(acts, reason, "").astype(object),
        end_h=never,
        extrapolated_h=never,
        columns={column.name: never for column in points_of(study.plant).damage_columns},
    )
