"""When the actions of a goal begin and end, and how large they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from otsim.attack.campaigns import Bools, Floats, Ints, PlantActions
from otsim.config.distributions import DistributionBase, FixedNumber
from otsim.config.quantiles import compile_distribution
from otsim.config.study_attack import Action, Goal
from otsim.draws import names

if TYPE_CHECKING:
    from otsim_kernels.distributions import Quantile
    from otsim_kernels.draws import DrawKey

__all__ = ["ActionDraws", "action_draws", "draw_actions"]

_HOURS_PER_MINUTE = 1.0 / 60.0
_BLOCK = 4096  # of whole vector registers, so that every twin goes through the same instructions


@dataclass(frozen=True, kw_only=True)
class ActionDraws:
    """The distributions of one action, by the names of their draws; hours and the target's unit."""

    goal: int
    delay: tuple[str, Quantile | float]
    duration: tuple[str, Quantile | float]
    value: tuple[str, Quantile | float]


def action_draws(goals: Mapping[str, Goal]) -> tuple[ActionDraws, ...]:
    """Compile the actions of all goals, in the order of the study."""
    return tuple(
        _action_draws(i, partial(names.action, name, j), action)
        for i, (name, goal) in enumerate(goals.items())
        for j, action in enumerate(goal.actions)
    )


def draw_actions(
    actions: Sequence[ActionDraws], key: DrawKey, *, goal: Ints, acts: Bools
) -> PlantActions:
    """Draw the actions of n campaigns; those of other goals, or of none, never start.

    The draws do not depend on how many attempts a breach took, so that a change to the way in
    leaves them alone.

    Args:
        actions: from `action_draws`.
        key: keys of the twins.
        goal: the goal of each, i32[n].
        acts: whether it is reached in time, bool[n].
    """
    shape = (len(actions), len(goal))
    start_h, stop_h, value = np.full(shape, np.inf), np.full(shape, np.inf), np.zeros(shape)
    for row, action in enumerate(actions):
        who = np.flatnonzero(acts & (goal == action.goal))
        for first in range(0, len(who), _BLOCK):
            some = who[first : first + _BLOCK]
            start_h[row, some] = _draw(action.delay, key, some)
            stop_h[row, some] = start_h[row, some] + _draw(action.duration, key, some)
            value[row, some] = _draw(action.value, key, some)
    return PlantActions(start_h=start_h, stop_h=stop_h, value=value)


def _action_draws(goal: int, name: Callable[[str], str], action: Action) -> ActionDraws:
    return ActionDraws(
        goal=goal,
        delay=(name("delay"), _compile(action.delay_min, np.inf, _HOURS_PER_MINUTE)),
        duration=(name("duration"), _compile(action.duration_min, np.inf, _HOURS_PER_MINUTE)),
        value=(name("value"), _compile(action.value, 0.0)),
    )


def _compile(
    given: DistributionBase | None, default: float, scale: float = 1.0
) -> Quantile | float:
    if given is None:
        return default
    if isinstance(given, FixedNumber):
        return given.mean * scale
    return compile_distribution(given, scale)


def _draw(
    named: tuple[str, Quantile | float], key: DrawKey, some: npt.NDArray[np.intp]
) -> Floats | float:
    """Draw one number for each of at most a block of twins, always in a block of the same size."""
    from otsim_kernels.distributions import sample

    purpose, quantile = named
    if isinstance(quantile, float):
        return quantile
    drawn: Floats = sample(quantile, key.of(np.resize(some, _BLOCK)), purpose)
    return drawn[: len(some)]
