"""The event table: a row a twin, from who attacked to what it cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from otsim.attack.joined_graph import joined_graph
from otsim.config.study_points import points_of
from otsim.draws import weights_of
from otsim.simulate.outcomes import STATUSES
from otsim.store.columns import Column, schema_of, table_of

if TYPE_CHECKING:
    import pyarrow as pa

    from otsim.attack.campaigns import Campaigns
    from otsim.config.study import Study
    from otsim.loss import Losses
    from otsim.simulate.outcomes import Outcomes

__all__ = ["LOSS_CATEGORIES", "event_columns", "event_schema", "event_table"]

VERSION = "1.0.0"
LOSS_CATEGORIES: dict[str, str] = {
    "business_interruption": "margin lost during the downtime",
    "product": "product out of specification",
    "equipment": "repair and replacement of equipment",
    "environment": "clean-up and penalties",
    "safety": "harm to people",
    "response": "cost of the incident response",
}
_CAMPAIGN = (
    Column(name="twin_id", type="int64", unit="1", description="twin number; rows in its order"),
    Column(name="profile", type="string", unit="", description="profile of the attacker"),
    Column(name="goal", type="string", unit="", description="goal that is wanted"),
    Column(name="entry", type="string", unit="", nullable=True,
           description="first entry leaf to fall; null: no way in was found"),
    Column(name="attempts", type="int32", unit="1",
           description="attempts drawn until one breached; 1 where the rate counts attempts"),
    Column(name="breached", type="bool", unit="1", description="at least one entry leaf fell"),
    Column(name="acts", type="bool", unit="1",
           description="the goal was reached in time and the plant was touched"),
    Column(name="entry_h", type="float64", unit="h", nullable=True,
           description="first entry, from the first attempt; null: never"),
    Column(name="goal_h", type="float64", unit="h", nullable=True,
           description="last need of the goal, from the first attempt, whether or not the response "
           "came first; null: never"),
    Column(name="detected_h", type="float64", unit="h", nullable=True,
           description="first detection, from the first attempt; null: never"),
    Column(name="response_h", type="float64", unit="h", nullable=True,
           description="response complete, from the first attempt; null: never"),
    Column(name="status", type="string", unit="",
           description=f"how the twin ended: {', '.join(STATUSES)}"),
    Column(name="cause", type="string", unit="", nullable=True,
           description="why the process stopped; null: it did not"),
    Column(name="end_h", type="float64", unit="h", nullable=True,
           description="process stopped or horizon reached, from the first plant action"),
    Column(name="extrapolated_h", type="float64", unit="h", nullable=True,
           description="from when on the model ran beyond its limits, from the first plant action; "
           "null: never"),
    Column(name="downtime_h", type="float64", unit="h", nullable=True,
           description="production lost: restart and repair; null: diverged"),
)  # fmt: skip

_WEIGHT = Column(name="weight", type="float64", unit="1",
                 description="how likely the draws are in life over how likely they were drawn; "
                 "means over twins are weighted by it")  # fmt: skip


def event_columns(study: Study) -> tuple[Column, ...]:
    """The columns of a study's event table, in order."""
    money = study.loss.currency
    physical = points_of(study.plant).damage_columns
    return (
        *_CAMPAIGN,
        *([] if study.simulation.tilt is None else [_WEIGHT]),
        *(Column(name=c.name, type="float64", unit=c.unit, nullable=True,
                 description=f"{c.description}; null: not simulated or diverged")
          for c in physical),
        *(Column(name=f"damaged_{name}", type="bool", unit="1",
                 description=f"damage {name}, drawn from its fragility on {given.signal}")
          for name, given in study.loss.fragility.items()),
        *(Column(name=f"loss_{name}", type="float64", unit=money, nullable=True,
                 description=f"loss: {words}; null: diverged")
          for name, words in LOSS_CATEGORIES.items()),
        Column(name="loss", type="float64", unit=money, nullable=True,
               description="loss of the campaign, all categories; null: diverged"),
    )  # fmt: skip


def event_schema(study: Study) -> pa.Schema:
    """The schema of a study's event table."""
    return schema_of("events", VERSION, event_columns(study))


def event_table(study: Study, campaigns: Campaigns, outcomes: Outcomes, losses: Losses) -> pa.Table:
    """Join what was sampled, simulated and assessed, a row a twin.

    Args:
        study: whose names the indices refer to.
        campaigns, outcomes, losses: of the same twins, in the same order.

    Raises:
        ValueError: the three speak of different twins.
    """
    twin_id = campaigns.twin_id
    if not (np.array_equal(twin_id, outcomes.twin_id) and np.array_equal(twin_id, losses.twin_id)):
        raise ValueError("campaigns, outcomes and losses are not of the same twins")
    values = _campaign_values(study, campaigns) | _outcome_values(outcomes)
    weights = weights_of(study, twin_id, campaigns.attempts)
    values |= {} if weights is None else {"weight": weights}
    return table_of(event_schema(study), values | _loss_values(losses))


def _named(names: tuple[str, ...], index: npt.NDArray[np.int32]) -> list[str | None]:
    return [names[i] if i >= 0 else None for i in index.tolist()]


def _campaign_values(study: Study, campaigns: Campaigns) -> dict[str, Any]:
    return {
        "twin_id": campaigns.twin_id,
        "profile": _named(tuple(study.attackers.profiles), campaigns.profile),
        "goal": _named(tuple(study.attack.goals), campaigns.goal),
        "entry": _named(joined_graph(study).tree.entry_names, campaigns.entry),
        "attempts": campaigns.attempts,
        "breached": campaigns.entry >= 0,
        "acts": campaigns.acts,
        "entry_h": campaigns.entry_h,
        "goal_h": campaigns.goal_h,
        "detected_h": campaigns.detected_h,
        "response_h": campaigns.response_h,
    }


def _outcome_values(outcomes: Outcomes) -> dict[str, Any]:
    return {
        "status": _named(STATUSES, outcomes.status),
        "cause": [str(cause) or None for cause in outcomes.cause.tolist()],
        "end_h": outcomes.end_h,
        "extrapolated_h": outcomes.extrapolated_h,
        **outcomes.columns,
    }


def _loss_values(losses: Losses) -> dict[str, Any]:
    return {
        "downtime_h": losses.downtime_h,
        **{f"damaged_{name}": hit for name, hit in losses.damaged.items()},
        **{f"loss_{name}": amount for name, amount in losses.by_category.items()},
        "loss": losses.total,
    }
