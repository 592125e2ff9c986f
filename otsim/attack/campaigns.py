"""Sampled campaigns: who attacks, when each node falls, who notices, what is done to the plant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Campaigns", "PlantActions", "chosen_campaigns", "joined_campaigns"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class PlantActions:
    """What n campaigns do to the plant, one row for every action of every goal of the study.

    Rows stand in the order of `study.attack.goals` and of each goal's actions, whichever goal a
    campaign wants; the rows of other goals never start.

    Attributes:
        start_h: f64[n_actions, n], hours after the goal is reached; inf for actions not taken.
        stop_h: f64[n_actions, n], same clock; inf for no end.
        value: f64[n_actions, n], in the unit of the action; 0 where the kind takes no value.
    """

    start_h: Floats
    stop_h: Floats
    value: Floats


@dataclass(frozen=True, kw_only=True)
class Campaigns:
    """A range of n sampled campaigns; times are hours from the first attempt, inf for never.

    Attributes:
        twin_id: i64[n], the global twin numbers.
        profile: i32[n], index into `study.attackers.profiles`.
        goal: i32[n], the goal that is wanted, index into `study.attack.goals`.
        entry: i32[n], index into `tree.entry_names` of the first entry to fall before the response
            and within the budget (a breach); -1 for none.
        attempts: i32[n], attempts drawn until one breached; 1 where the rate counts attempts.
        entry_h: when that entry fell; inf for none.
        goal_h: when the last of the goal's needs fell, response or not.
        detected_h: first detection of an attempted step.
        response_h: when the response is complete (only if it is acted upon).
        acts: bool[n], the goal was reached before the response and within the budget.
        actions: what is then done to the plant.
        node_h: f32[n_nodes, n], when each node of the tree falls, response or not, in the order
            of the file.
    """

    twin_id: npt.NDArray[np.int64]
    profile: Ints
    goal: Ints
    entry: Ints
    attempts: Ints
    entry_h: Floats
    goal_h: Floats
    detected_h: Floats
    response_h: Floats
    acts: Bools
    actions: PlantActions
    node_h: npt.NDArray[np.float32]


def chosen_campaigns(campaigns: Campaigns, which: npt.NDArray[np.int64]) -> Campaigns:
    """Return some of the campaigns, in the order of the indices `which`."""
    return _mapped(lambda arrays: arrays[0][..., which], [campaigns])


def joined_campaigns(parts: Sequence[Campaigns]) -> Campaigns:
    """Return the campaigns of all parts, one after the other."""
    return _mapped(lambda arrays: np.concatenate(arrays, axis=-1), parts)


def _mapped(change: Callable[[list[Any]], Any], parts: Sequence[Campaigns]) -> Campaigns:
    """Build campaigns whose every array is made of the parts' arrays; twins are the last axis."""

    def over(kind: type, given: Sequence[Any]) -> dict[str, Any]:
        names = [field.name for field in fields(kind) if field.name != "actions"]
        return {name: change([getattr(one, name) for one in given]) for name in names}

    actions = PlantActions(**over(PlantActions, [part.actions for part in parts]))
    return Campaigns(**over(Campaigns, parts), actions=actions)
