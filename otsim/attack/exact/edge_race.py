"""A worm on a complete network: every infected host attacks every clean one, each on its clock.

With k of n hosts infected, k (n - k) exponential clocks run, and each clean host is as likely as
the others to be next. One clock for an unordered pair or one for each direction makes no
difference: only clocks from infected to clean hosts count.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from otsim.errors import ModelError

__all__ = ["EdgeRace", "mean_time_all_infected", "mean_time_of_one_host"]


@dataclass(frozen=True, kw_only=True)
class EdgeRace:
    """A race over the edges of a complete network.

    Attributes:
        hosts: how many there are.
        edge_rate: rate at which an infected host infects a clean one.
        start: how many are infected at time 0.
    """

    hosts: int
    edge_rate: float
    start: int = 1


def mean_time_all_infected(race: EdgeRace) -> float:
    """Return the mean time until every host is infected."""
    return math.fsum(_mean_waits(race))


def mean_time_of_one_host(race: EdgeRace) -> float:
    """Return the mean time until one particular host falls that is clean at the start."""
    waits = _mean_waits(race)
    clean = len(waits)
    return math.fsum(wait * (clean - i) / clean for i, wait in enumerate(waits)) if clean else 0.0


def _mean_waits(race: EdgeRace) -> list[float]:
    """Return the mean times between one infection and the next."""
    if not (1 <= race.start <= race.hosts and race.edge_rate > 0.0):
        raise ModelError("an edge race needs 1 <= start <= hosts and an edge_rate above 0")
    return [
        1.0 / (race.edge_rate * infected * (race.hosts - infected))
        for infected in range(race.start, race.hosts)
    ]
