"""The work that goes to worker processes: shards, untouched twins, recordings.

A worker builds the models of its study once, on its first task, and keeps them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from otsim.attack import compile_attack, sample_campaigns
from otsim.attack.campaigns import joined_campaigns
from otsim.config import Study
from otsim.draws import study_draws
from otsim.loss import assess
from otsim.shared_twins import shared_outcomes
from otsim.simulate import (
    AnyTwins,
    baseline_outcomes,
    compile_loop,
    record_campaigns,
    simulate_campaigns,
    twin_model,
)
from otsim.simulate.memory import (
    halved,
    is_out_of_memory,
    refuse_below_one_tile,
)
from otsim.simulate.plans import TICKS_PER_HOUR, lead_ticks
from otsim.simulate.unlived import anybody_acts, unlived_outcomes
from otsim.store import baseline_table, event_table

if TYPE_CHECKING:
    import pyarrow as pa

    from otsim.attack import AttackModel
    from otsim.attack.campaigns import Campaigns
    from otsim.simulate.outcomes import Outcomes
    from otsim.simulate.recording import Recording

__all__ = [
    "ComputedShard",
    "baseline",
    "campaigns_of",
    "computed_shard",
    "get_ready",
    "given_up_shard",
    "in_less_memory",
    "network_tables",
    "outcomes_of",
    "recordings",
    "shard_events",
]

Found = TypeVar("Found")
N_BASELINE = 64
_halvings: dict[str, int] = {}  # by study, where memory ran out in this process
# how often twins are recorded, from which hour after the first action on: closely at first
_RECORD_STEPS = ((-1e6, 300), (-0.25, 30), (1.0, 300), (12.0, 900))


class ComputedShard(NamedTuple):
    """The event rows of a shard, and how often what goes side by side was halved for them."""

    events: pa.Table
    halvings: int


class Models(NamedTuple):
    """What a worker keeps of a study."""

    attack: AttackModel
    twins: AnyTwins


def shard_events(study_json: str, first: int, count: int, donors: tuple[str, ...] = ()) -> pa.Table:
    """Compute the event rows of a range of twins.

    Args:
        study_json: `Study.model_dump_json()`; text, so that any executor can carry it.
        first, count: the range.
        donors: folders of runs whose twins are taken over where they lived the same life.
    """
    return computed_shard(study_json, first, count, donors=donors).events


def computed_shard(
    study_json: str, first: int, count: int, *, donors: tuple[str, ...] = (), halvings: int = 0
) -> ComputedShard:
    """Compute the event rows of a range of twins in as little memory as is there.

    Where memory runs out, half as many twins go side by side, down to one tile of them; the rows
    are the same. What has once been found too large for a study is not tried again.

    Args:
        study_json, first, count, donors: as for `shard_events`.
        halvings: how often to halve what goes side by side from the start.

    Raises:
        DeviceMemoryError: one tile of twins is too much.
    """
    study = _study(study_json)
    campaigns = sample_campaigns(_attack(study_json), first, count, draws=study_draws(study))

    def live(some: Campaigns) -> Outcomes:
        if not anybody_acts(some):
            return unlived_outcomes(study, some)  # without building the plant's models
        return in_less_memory(study_json, lambda twins: simulate_campaigns(twins, some), halvings)

    outcomes = shared_outcomes(study, campaigns, donors, live)
    events = event_table(study, campaigns, outcomes, assess(study, campaigns, outcomes))
    return ComputedShard(events=events, halvings=max(halvings, _halvings.get(study_json, 0)))


def in_less_memory(study_json: str, work: Callable[[AnyTwins], Found], halvings: int = 0) -> Found:
    """Do work on a study's twins, again and again with half as many side by side as memory wants.

    Args:
        study_json: the study.
        work: given the model of its twins; the same result however many go side by side.
        halvings: how often to halve from the start.

    Raises:
        DeviceMemoryError: one tile of twins is too much.
    """
    twins = _models(study_json).twins
    found = max(halvings, _halvings.get(study_json, 0))
    while True:
        try:
            return work(halved(twins, found))
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            refuse_below_one_tile(twins, found, error)
        found += 1
        _halvings[study_json] = found


def given_up_shard(study_json: str, first: int, count: int, reason: str) -> pa.Table:
    """Make the event rows of twins that could not be computed: those that act are quarantined.

    Args:
        study_json, first, count: as for `shard_events`.
        reason: why, in words.
    """
    study = _study(study_json)
    campaigns = sample_campaigns(_attack(study_json), first, count, draws=study_draws(study))
    outcomes = unlived_outcomes(study, campaigns, reason)
    return event_table(study, campaigns, outcomes, assess(study, campaigns, outcomes))


def outcomes_of(study_json: str, campaigns: Campaigns) -> Outcomes:
    """Live through campaigns of a study, whoever drew them."""
    return in_less_memory(study_json, lambda twins: simulate_campaigns(twins, campaigns))


def get_ready(study_json: str) -> None:
    """Build the models of a study, compiled loop included."""
    compile_loop(_models(study_json).twins)


def baseline(study_json: str) -> pa.Table:
    """Summarise twins that nobody touches."""
    outcomes = in_less_memory(study_json, lambda twins: baseline_outcomes(twins, N_BASELINE))
    return baseline_table(_study(study_json), outcomes)


def recordings(study_json: str, twin_ids: list[int], every_s: int | None = None) -> list[Recording]:
    """Record twins that act, at most a batch of them.

    Args:
        study_json: the study.
        twin_ids: which.
        every_s: seconds between rows; None: closely around the first action, then less so.
    """
    if not twin_ids:
        return []
    together = joined_campaigns([campaigns_of(study_json, twin) for twin in twin_ids])
    ticks = _record_ticks(_study(study_json), every_s)
    return in_less_memory(study_json, lambda twins: record_campaigns(twins, together, ticks))


def network_tables(study_json: str, twin_ids: list[int]) -> dict[str, pa.Table]:
    """Make the tables that only a water network has.

    Args:
        study_json: the study.
        twin_ids: twins that act; where and when they suffer is the mean over them.
    """
    from otsim.simulate.network_recording import damage_by_place
    from otsim.simulate.network_twins import NetworkTwins
    from otsim.simulate.nominal_run import compare_nominal_run
    from otsim.store.network_rows import epanet_table, hours_table, places_table

    study, twins = _study(study_json), _models(study_json).twins
    assert isinstance(twins, NetworkTwins)
    tables: dict[str, pa.Table] = {}
    if twin_ids:
        together = joined_campaigns([campaigns_of(study_json, twin) for twin in twin_ids])
        found = damage_by_place(twins, together)
        if found is not None:
            tables = {"places": places_table(study, found), "hours": hours_table(study, found)}
    run = compare_nominal_run(study)
    return tables | ({"epanet": epanet_table(study, run)} if run else {})


def campaigns_of(study_json: str, twin_id: int) -> Campaigns:
    """Sample one campaign again."""
    study = _study(study_json)
    return sample_campaigns(_attack(study_json), twin_id, 1, draws=study_draws(study))


def _record_ticks(study: Study, every_s: int | None) -> list[int]:
    lead = lead_ticks(study)
    end = lead + round(study.plant.horizon_h * TICKS_PER_HOUR)
    if every_s is not None:
        return list(range(0, end, every_s))
    ticks = {0}
    for from_h, step_s in _RECORD_STEPS:
        first = max(lead + round(from_h * TICKS_PER_HOUR), 0)
        ticks = {tick for tick in ticks if tick < first} | set(range(first, end, step_s))
    return sorted(ticks)


@lru_cache(maxsize=2)
def _study(study_json: str) -> Study:
    return Study.model_validate_json(study_json)


@lru_cache(maxsize=2)
def _attack(study_json: str) -> AttackModel:
    return compile_attack(_study(study_json))


@lru_cache(maxsize=2)
def _models(study_json: str) -> Models:
    return Models(attack=_attack(study_json), twins=twin_model(_study(study_json)))
