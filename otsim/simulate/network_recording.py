"""Twins of a network written down: signals over time for a few, damage by place for some more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from otsim.attack.campaigns import Campaigns, chosen_campaigns
from otsim.config.study_points import points_of
from otsim.config.water_points import OPERATORS
from otsim.plant.water_units import setting_unit
from otsim.simulate.network_lives import LANES, Index, twins_of
from otsim.simulate.network_plans import network_plan
from otsim.simulate.network_twins import UNBALANCED, NetworkTwins
from otsim.simulate.plans import (
    NEVER,
    TICKS_PER_HOUR,
    action_clock,
    action_points,
    lead_ticks,
)
from otsim.simulate.recording import Recording

if TYPE_CHECKING:
    from otsim_kernels.plants.water_network.life import Life, LifePlan
    from otsim_kernels.plants.water_network.records import Watched
    from otsim_kernels.plants.water_network.taps import Schedule

__all__ = ["PlacesAndTimes", "damage_by_place", "record_network"]

Floats = npt.NDArray[np.float64]
_MOST_BINS = 168


@dataclass(frozen=True, kw_only=True)
class PlacesAndTimes:
    """Mean damage of twins that act.

    Attributes:
        n_twins: how many it is the mean of.
        unmet_m3, low_h: f64[n_junctions], demand not delivered and hours of low pressure.
        bin_h: length of a bin of time.
        by_bin_m3: f64[n_zones, n_bins], not delivered, from the first plant action on.
    """

    n_twins: int
    unmet_m3: Floats
    low_h: Floats
    bin_h: float
    by_bin_m3: Floats


def record_network(twins: NetworkTwins, campaigns: Campaigns, ticks: list[int]) -> list[Recording]:
    """Live through a block of campaigns that act, at most, and record them, by local seconds."""
    import jax

    from otsim_kernels.plants.water_network.records import recorded

    n, named = len(campaigns.twin_id), _watched(twins)
    life, plan, begin = _lives(twins, chosen_campaigns(campaigns, np.resize(np.arange(n), LANES)))
    lead = lead_ticks(twins.study)
    end = lead + round(twins.study.plant.horizon_h * TICKS_PER_HOUR)
    kept = np.array([tick for tick in ticks if tick < end], np.int64)
    times = (begin[None, :n] + kept[:, None]).astype(np.int32)
    with jax.enable_x64(twins.block.dtype == np.float64):
        final, values = jax.device_get(
            recorded(twins.model.plant, named.watched, life=life, plan=plan, times=times)
        )
    found = []
    for i in range(n):
        lost, rows = int(final.lost[i]), np.asarray(values[:, :, i], np.float64)
        lived = kept <= (end if lost == NEVER else lost - begin[i])
        signals = {"time_s": kept[lived].astype(np.float64)}
        for name, row, factor in zip(named.columns, rows, named.factors, strict=True):
            signals[name] = row[lived] * factor
        _replayed(twins, signals, _ended_early(plan, final, i), int(begin[i]))
        del signals["time_s"]
        found.append(
            Recording(
                tick=kept[lived], signals=signals,
                status="horizon" if lost == NEVER else "diverged",
                cause="" if lost == NEVER else UNBALANCED,
                end_tick=end if lost == NEVER else int(lost - begin[i]),
            )
        )  # fmt: skip
    return found


def damage_by_place(twins: NetworkTwins, campaigns: Campaigns) -> PlacesAndTimes | None:
    """Live through campaigns that act and count by junction and hour; None if there are none."""
    n = len(campaigns.twin_id)
    seconds = round(twins.study.plant.horizon_h * TICKS_PER_HOUR)
    bin_s = max(TICKS_PER_HOUR, -(-seconds // _MOST_BINS))
    parts = [
        _counted(twins, campaigns, np.arange(first, min(first + LANES, n)), (seconds, bin_s))
        for first in range(0, n, LANES)
    ]
    n_kept = sum(kept for kept, _ in parts)
    if not n_kept:
        return None
    unmet, low, by_bin = (
        np.sum(leaves, axis=0) / n_kept for leaves in zip(*(sums for _, sums in parts), strict=True)
    )
    return PlacesAndTimes(
        n_twins=n_kept, unmet_m3=unmet, low_h=low, bin_h=bin_s / TICKS_PER_HOUR, by_bin_m3=by_bin
    )


def _counted(
    twins: NetworkTwins, campaigns: Campaigns, some: Index, length: tuple[int, int]
) -> tuple[int, list[Floats]]:
    """Return how many of some twins balanced, and sums over them in the order of `Detail`."""
    import jax

    from otsim_kernels.plants.water_network.records import detailed

    seconds, bin_s = length
    padded = np.resize(some, LANES)
    life, plan, _ = _lives(twins, chosen_campaigns(campaigns, padded))
    with jax.enable_x64(twins.block.dtype == np.float64):
        final, found = jax.device_get(
            detailed(
                twins.model.plant, life=life, plan=plan, n_bins=-(-seconds // bin_s), bin_s=bin_s
            )
        )
    kept = np.flatnonzero(np.asarray(final.lost)[: len(some)] == NEVER)
    leaves = (found.unmet_m3, found.low_h, found.by_bin_m3)
    return len(kept), [np.asarray(leaf, np.float64)[..., kept].sum(axis=-1) for leaf in leaves]


def _lives(twins: NetworkTwins, campaigns: Campaigns) -> tuple[Any, Any, npt.NDArray[np.int64]]:
    members = twins.members_of(campaigns.twin_id)
    begin = twins.begin_s(members)
    plan = network_plan(twins.study, twins.model, campaigns, action_clock(campaigns), begin)
    return twins_of(twins.bank, members), plan, begin


def _ended_early(plan: LifePlan, final: Life, i: int) -> Schedule:
    """Return when the taps of a twin acted, up to when operators cut the attacker off."""
    over = int(final.alarm[i]) + min(int(plan.reaction[i]), NEVER - int(final.alarm[i]))
    given = plan.schedule
    return replace(
        given, start=given.start[:, i], stop=np.minimum(given.stop[:, i], over),
        value=given.value[:, i],
    )  # fmt: skip


def _replayed(
    twins: NetworkTwins, signals: dict[str, Floats], schedule: Schedule, begin_s: int
) -> None:
    """Put what was recorded before in place of what operators see while it is replayed.

    Args:
        twins: whose rows the schedule has.
        signals: of one twin, with its local `time_s`; changed in place.
        schedule: of the same twin, arrays [n_rows], in the network's seconds.
        begin_s: network's time at which the record begins.
    """
    points, time = action_points(twins.study), signals["time_s"] + begin_s
    for row, start, stop in zip(twins.model.rows, schedule.start, schedule.stop, strict=True):
        point = points[row.action]
        name = f"{point.target}_shown"
        if row.tap.kind != "replay" or name not in signals:
            continue
        here = (time >= start) & (time < stop)
        earlier = start - point.record_s + (time - start) % point.record_s
        signals[name] = np.where(here, np.interp(earlier, time, signals[name]), signals[name])


@dataclass(frozen=True, kw_only=True)
class _Named:
    """What is watched, with the column of each signal and what turns it into the file's unit."""

    watched: Watched
    columns: tuple[str, ...]
    factors: tuple[float, ...]


def _watched(twins: NetworkTwins) -> _Named:
    from otsim_kernels.plants.water_network.records import Watched

    compiled, lines = twins.model.compiled, twins.model.telemetry.lines
    points, units = points_of(twins.study.plant).by_name, compiled.units
    foot, links = units.length, compiled.given.links
    tanks = {f"level.{tank.name}": i for i, tank in enumerate(compiled.given.tanks)}
    readings: dict[str, int] = {}
    for row, line in enumerate(lines):
        view = "shown" if line.reader == OPERATORS else "seen"
        readings.setdefault(f"level.{line.tank}_{view}", row)

    def rows(kind: str, of: Mapping[str, int]) -> dict[str, int]:
        named = {f"{kind}.{name}": row for name, row in of.items()}
        return {name: row for name, row in named.items() if name in points}

    changing = {name: row for name, row in compiled.link.items() if row >= compiled.network.n_plain}
    statuses = rows("status", changing)
    settings = rows("speed", changing) | rows("setting", changing)
    pressures, flows = rows("pressure", compiled.node), rows("flow", compiled.link)
    parts = (tanks, readings, statuses, settings, pressures, flows)
    of_settings = (setting_unit(links[name.partition(".")[2]], units) for name in settings)
    return _Named(
        watched=Watched(
            tanks=tuple(tanks.values()), readings=tuple(readings.values()),
            statuses=tuple(statuses.values()), settings=tuple(settings.values()),
            pressures=tuple(pressures.values()), flows=tuple(flows.values()),
        ),
        columns=(*(name for part in parts for name in part), "unmet"),
        factors=(
            *([foot] * (len(tanks) + len(readings))), *([1.0] * len(statuses)), *of_settings,
            *([units.pressure] * len(pressures)), *([units.flow] * len(flows)), 1.0,
        ),
    )  # fmt: skip
