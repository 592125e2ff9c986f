"""Twins that are not simulated: what becomes of them is a formula of the campaign."""

import numpy as np

from otsim.attack.campaigns import Campaigns
from otsim.config.plant_points import PLANT_POINTS
from otsim.simulate.outcomes import STATUSES, Outcomes
from otsim.simulate.plans import action_clock

COLUMNS = PLANT_POINTS["tennessee_eastman"].damage_columns


def live(campaigns: Campaigns) -> Outcomes:
    """Trip after some hours by twin and goal, unless the response comes first; a few rupture."""
    n, clock = len(campaigns.twin_id), action_clock(campaigns)
    trip_h = 2.0 + (campaigns.twin_id * 7919 % 97) / 4.0 + campaigns.goal
    stopped = clock.response_h < trip_h
    ruptures = (campaigns.twin_id % 11 == 0) & ~stopped
    status = np.full(n, STATUSES.index("tripped"))
    status[ruptures] = STATUSES.index("destroyed")
    status[stopped] = STATUSES.index("horizon")
    return Outcomes(
        twin_id=campaigns.twin_id,
        status=status.astype(np.int32),
        cause=np.full(n, "made up", object),
        end_h=np.where(stopped, 24.0, trip_h),
        extrapolated_h=np.full(n, np.nan),
        columns={column.name: np.zeros(n) for column in COLUMNS},
    )
