"""The losses of many variants of the same campaigns, each different life of a twin lived once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from otsim.attack.campaigns import Campaigns, chosen_campaigns, joined_campaigns
from otsim.config.study import Study
from otsim.loss import assess
from otsim.simulate.outcomes import STATUSES, Outcomes, joined_outcomes
from otsim.simulate.plans import TICKS_PER_HOUR, action_clock, ticks_of

__all__ = ["Lives", "Losses"]

Floats = npt.NDArray[np.float64]
Ticks = npt.NDArray[np.int64]
NEVER = np.iinfo(np.int64).max
_DIVERGED = STATUSES.index("diverged")
Live = Callable[[Campaigns], Outcomes]


@dataclass(frozen=True, kw_only=True)
class Losses:
    """What n campaigns cost.

    Attributes:
        loss: f64[n], currency; nan where the twin diverged.
        response: f64[n], the part of it that responses cost.
        acts: bool[n], whether the campaign acts on the plant.
        n_relived: twins simulated for them.
    """

    loss: Floats
    response: Floats
    acts: npt.NDArray[np.bool_]
    n_relived: int


@dataclass
class Lives:
    """Outcomes of twins by the one thing that a variant changes: when the response comes.

    A variant leaves a twin's goal and actions alone; it changes whether and when they are reached,
    and how long after them the response is complete. A response after the twin's own end, or beyond
    the horizon, changes nothing, so that few lives are lived twice.

    Attributes:
        study: whose twins they are.
        live: simulates campaigns.
        rows: for each twin and response (ticks after its first action) the row of its outcome.
    """

    study: Study
    live: Live
    rows: dict[tuple[int, int], int] = field(default_factory=dict)
    _parts: list[Outcomes] = field(default_factory=list)
    _ends: Ticks = field(default_factory=lambda: np.zeros(0, np.int64))
    _count: int = 0

    @property
    def n_lived(self) -> int:
        """How many twins were simulated so far."""
        return self._count

    @property
    def n_diverged(self) -> int:
        """How many twins diverged in some variant."""
        pool = self._pool()
        bad = set() if pool is None else set(np.flatnonzero(pool.status == _DIVERGED).tolist())
        return len({twin for (twin, _), row in self.rows.items() if row in bad})

    def losses(self, variants: Sequence[Campaigns]) -> list[Losses]:
        """Price variants of the same campaigns.

        Args:
            variants: each of the same twins and attempts, in the same order.
        """
        ticks = [self._response_ticks(given) for given in variants]
        self._live_through(variants, ticks, alone=True)
        lived = self._live_through(variants, ticks)
        return [
            self._priced(given, tick, count)
            for given, tick, count in zip(variants, ticks, lived, strict=True)
        ]

    def priced(self, study: Study, campaigns: Campaigns) -> Floats:
        """Price campaigns that were lived through, by a study with other costs: f64[n].

        Args:
            study: as `self.study`, apart from its losses.
            campaigns: a variant that `losses` was asked about.
        """
        outcomes = self._outcomes(campaigns, self._response_ticks(campaigns))
        return assess(study, campaigns, outcomes).total

    def _response_ticks(self, campaigns: Campaigns) -> Ticks:
        """When the response comes, ticks after the first action; -1 for twins that do not act."""
        clock = action_clock(campaigns)
        horizon = round(self.study.plant.horizon_h * TICKS_PER_HOUR)
        ticks = ticks_of(np.where(clock.acts, clock.response_h, np.inf)).astype(np.int64)
        return np.where(clock.acts, np.where(ticks >= horizon, NEVER, ticks), -1)

    def _live_through(
        self, variants: Sequence[Campaigns], ticks: Sequence[Ticks], *, alone: bool = False
    ) -> list[int]:
        """Simulate the lives that are missing, and count them by variant.

        Args:
            variants, ticks: campaigns, and when the response to each comes.
            alone: as if no response ever came.
        """
        todo: dict[tuple[int, int], tuple[int, int]] = {}
        counts = [0] * len(variants)
        for v, each in enumerate(ticks):
            for i in np.flatnonzero(each >= 0):
                key = (int(i), NEVER) if alone else self._row_key(int(i), int(each[i]))
                if key not in self.rows and key not in todo:
                    todo[key] = v, int(i)
                    counts[v] += 1
        if todo:
            # side by side what ends alike, the longest first: blocks wait for their last twin
            keys = sorted(todo, key=lambda key: (-key[1], int(variants[todo[key][0]].goal[key[0]])))
            chosen = joined_campaigns(
                [chosen_campaigns(variants[v], np.array([i])) for v, i in (todo[k] for k in keys)]
            )
            if alone:
                chosen = replace(chosen, response_h=np.full(len(todo), np.inf))
            self._parts.append(self.live(chosen))
            for key in keys:
                self.rows[key] = self._count
                self._count += 1
        return counts

    def _row_key(self, twin: int, tick: int) -> tuple[int, int]:
        """The life that a response at this tick leads to: the one without, if that ended before."""
        alone = self.rows.get((twin, NEVER))
        if tick == NEVER or (alone is not None and self._end_ticks[alone] <= tick):
            return twin, NEVER
        return twin, tick

    @property
    def _end_ticks(self) -> Ticks:
        """When each life ended by itself, ticks after its first action."""
        if len(self._ends) < self._count:
            found = [_ends_of(part) for part in self._parts]
            self._ends = np.concatenate(found) if found else self._ends
        return self._ends

    def _priced(self, campaigns: Campaigns, ticks: Ticks, n_relived: int) -> Losses:
        outcomes = self._outcomes(campaigns, ticks)
        priced = assess(self.study, campaigns, outcomes)
        return Losses(
            loss=priced.total, response=priced.by_category["response"], acts=ticks >= 0,
            n_relived=n_relived,
        )  # fmt: skip

    def _outcomes(self, campaigns: Campaigns, ticks: Ticks) -> Outcomes:
        """Put together what became of the twins of a variant."""
        n, acting = len(ticks), np.flatnonzero(ticks >= 0)
        rows = np.array([self.rows[self._row_key(int(i), int(ticks[i]))] for i in acting], np.int64)
        status = np.full(n, STATUSES.index("no_action"), np.int32)
        cause, nowhere = np.full(n, "", object), np.full(n, np.nan)
        pool = self._pool()
        if pool is None:
            return Outcomes(
                twin_id=campaigns.twin_id, status=status, cause=cause, end_h=nowhere,
                extrapolated_h=nowhere, columns=_no_columns(self.study, n),
            )  # fmt: skip
        status[acting], cause[acting] = pool.status[rows], pool.cause[rows]

        def spread(values: Floats) -> Floats:
            full = nowhere.copy()
            full[acting] = values[rows]
            return full

        return Outcomes(
            twin_id=campaigns.twin_id, status=status, cause=cause, end_h=spread(pool.end_h),
            extrapolated_h=spread(pool.extrapolated_h),
            columns={name: spread(values) for name, values in pool.columns.items()},
        )  # fmt: skip

    def _pool(self) -> Outcomes | None:
        if len(self._parts) > 1:
            self._parts = [joined_outcomes(self._parts)]
        return self._parts[0] if self._parts else None


def _no_columns(study: Study, n: int) -> dict[str, Floats]:
    from otsim.config.study_points import points_of

    return {column.name: np.full(n, np.nan) for column in points_of(study.plant).damage_columns}


def _ends_of(part: Outcomes) -> Ticks:
    """A diverged twin has no end that could be trusted: it counts as ended at once."""
    lived_on = part.status == STATUSES.index("horizon")
    end_h = np.where(part.status == _DIVERGED, 0.0, np.nan_to_num(part.end_h))
    return np.where(lived_on, NEVER, np.ceil(end_h * TICKS_PER_HOUR).astype(np.int64))
