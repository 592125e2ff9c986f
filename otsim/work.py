"""The work that goes to worker processes: shards, untouched twins, recordings.

A worker builds the models of its study once, on its first task, and keeps them.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from otsim.attack import compile_attack, sample_campaigns
from otsim.attack.campaigns import joined_campaigns
from otsim.config import Study
from otsim.draws import study_draws
from otsim.loss import assess
from otsim.simulate import (
    AnyTwins,
    baseline_outcomes,
    compile_loop,
    record_campaigns,
    simulate_campaigns,
    twin_model,
)
from otsim.simulate.plans import TICKS_PER_HOUR, lead_ticks
from otsim.store import baseline_table, event_table

if TYPE_CHECKING:
    import pyarrow as pa

    from otsim.attack import AttackModel
    from otsim.attack.campaigns import Campaigns
    from otsim.simulate.recording import Recording

__all__ = ["baseline", "campaigns_of", "get_ready", "recordings", "shard_events"]

N_BASELINE = 64
# how often twins are recorded, from which hour after the first action on: closely at first
_RECORD_STEPS = ((-1e6, 300), (-0.25, 30), (1.0, 300), (12.0, 900))


class Models(NamedTuple):
    """What a worker keeps of a study."""

    attack: AttackModel
    twins: AnyTwins


def shard_events(study_json: str, first: int, count: int) -> pa.Table:
    """Compute the event rows of a range of twins.

    Args:
        study_json: `Study.model_dump_json()`; text, so that any executor can carry it.
        first, count: the range.
    """
    study, models = _study(study_json), _models(study_json)
    campaigns = sample_campaigns(models.attack, first, count, draws=study_draws(study))
    outcomes = simulate_campaigns(models.twins, campaigns)
    return event_table(study, campaigns, outcomes, assess(study, campaigns, outcomes))


def get_ready(study_json: str) -> None:
    """Build the models of a study, compiled loop included."""
    compile_loop(_models(study_json).twins)


def baseline(study_json: str) -> pa.Table:
    """Summarise twins that nobody touches."""
    study, models = _study(study_json), _models(study_json)
    return baseline_table(study, baseline_outcomes(models.twins, N_BASELINE))


def recordings(study_json: str, twin_ids: list[int], every_s: int | None = None) -> list[Recording]:
    """Record twins that act, at most a batch of them.

    Args:
        study_json: the study.
        twin_ids: which.
        every_s: seconds between rows; None: closely around the first action, then less so.
    """
    if not twin_ids:
        return []
    study, models = _study(study_json), _models(study_json)
    together = joined_campaigns([campaigns_of(study_json, twin) for twin in twin_ids])
    return record_campaigns(models.twins, together, _record_ticks(study, every_s))


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
