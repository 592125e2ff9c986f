"""Campaigns of any range of twins, the same bits however the range is cut."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from otsim.attack.attack_model import AttackModel
from otsim.attack.campaigns import Campaigns
from otsim.attack.plant_actions import draw_actions
from otsim.draws import Design
from otsim.errors import ModelError

if TYPE_CHECKING:
    from otsim_kernels.attack_campaign import Attempt, CampaignModel
    from otsim_kernels.draws import DrawKey

__all__ = ["BLOCK", "MOST_ATTEMPTS", "sample_campaigns"]

BLOCK = 4096  # lanes of a kernel call; shorter ranges are padded, so there is one compilation
MOST_ATTEMPTS = 10_000
_FEWER = 8  # when nobody gets in, an eighth of the twins try eight times as often

Columns = dict[str, npt.NDArray[Any]]


def sample_campaigns(model: AttackModel, first: int, count: int, *, draws: Design) -> Campaigns:
    """Draw the campaigns of the twins first .. first + count - 1.

    Where the study counts breaches, a twin's campaign is its first attempt that finds a way in:
    exact by rejection, and a function of the design's seed and twin number alone.

    Args:
        model: from `compile_attack`.
        first: number of the first twin.
        count: how many.
        draws: what the draws come from; `study_draws(study)`.

    Raises:
        ModelError: a breach is so unlikely that a twin has none in `MOST_ATTEMPTS` attempts.
    """
    if count < 1:
        raise ModelError(f"simulation.twins: need at least one twin, got {count}")
    twin_id = np.arange(first, first + count, dtype=np.int64)
    columns = _first_attempts(model, draws, twin_id)
    if model.counts_breaches:
        _redraw_until_breach(model, draws, twin_id, columns)
    return _campaigns(model, twin_id, draws.key(twin_id, "twin"), columns)


def _campaigns(
    model: AttackModel, twin_id: npt.NDArray[np.int64], key: DrawKey, columns: Columns
) -> Campaigns:
    hours = ("entry_h", "goal_h", "detected_h", "response_h")
    goal, acts = columns["goal"], columns["acts"]
    return Campaigns(
        twin_id=twin_id,
        profile=columns["profile"],
        goal=goal,
        entry=columns["entry"],
        attempts=columns["slot"] + np.int32(1),
        **{name: columns[name].astype(np.float64) for name in hours},
        acts=acts,
        actions=draw_actions(model.actions, key, goal=goal, acts=acts),
        node_h=columns["node_h"],
    )


def _first_attempts(model: AttackModel, draws: Design, twin_id: npt.NDArray[np.int64]) -> Columns:
    """Draw attempt 0 of every twin; each column's last axis is the twin."""
    count = len(twin_id)
    columns: Columns = {"slot": np.zeros(count, np.int32)}
    for start in range(0, count, BLOCK):
        twins = np.arange(start, min(start + BLOCK, count))
        drawn = _draw(model, draws, twin_id[twins], np.zeros(len(twins), np.uint32))
        for name, values in drawn.items():
            if name not in columns:
                columns[name] = np.empty((*values.shape[:-1], count), values.dtype)
            columns[name][..., twins] = values
    return columns


def _redraw_until_breach(
    model: AttackModel, draws: Design, twin_id: npt.NDArray[np.int64], columns: Columns
) -> None:
    """Replace, in place, every attempt that found no way in by the twin's first that did."""
    pending = np.flatnonzero(columns["entry"] < 0)
    tried = np.ones(len(columns["slot"]), np.int64)
    width = BLOCK
    while len(pending):
        active, waiting = pending[:width], pending[width:]
        slots = tried[active][:, None] + np.arange(BLOCK // len(active))
        lanes = np.repeat(active, slots.shape[1])
        drawn = _draw(model, draws, twin_id[lanes], slots.ravel().astype(np.uint32))
        inside = (drawn["entry"].reshape(slots.shape) >= 0) & (slots < MOST_ATTEMPTS)
        found = inside.any(axis=1)
        _keep_first(columns, drawn, slots, active, inside)
        tried[active] += slots.shape[1]
        _check_not_hopeless(model, tried[active[~found]])
        pending = np.concatenate([active[~found], waiting])
        width = width if found.any() else max(width // _FEWER, 1)


def _keep_first(
    columns: Columns,
    drawn: Columns,
    slots: npt.NDArray[np.int64],
    active: npt.NDArray[np.intp],
    inside: npt.NDArray[np.bool_],
) -> None:
    """Store for each twin the first of its attempts that found a way in, if there is one."""
    found = np.flatnonzero(inside.any(axis=1))
    lane = found * slots.shape[1] + inside[found].argmax(axis=1)
    for name, values in drawn.items():
        columns[name][..., active[found]] = values[..., lane]
    columns["slot"][active[found]] = slots.ravel()[lane]


def _check_not_hopeless(model: AttackModel, tried: npt.NDArray[np.int64]) -> None:
    if not (tried >= MOST_ATTEMPTS).any():
        return
    raise ModelError(
        f"attackers.frequency.count: breaches, but an attacker found no way in within "
        f"{MOST_ATTEMPTS:,} attempts (ways in: {', '.join(model.entries)}); raise the probability "
        "of an entry step or the budget, or count attempts"
    )


def _draw(
    model: AttackModel,
    draws: Design,
    twin_id: npt.NDArray[np.int64],
    slots: npt.NDArray[np.uint32],
) -> Columns:
    """Draw at most a block of attempts; every field of `Attempt` by name, NumPy."""
    lanes = np.pad(twin_id, (0, BLOCK - len(twin_id)), mode="wrap")
    slot = np.pad(slots, (0, BLOCK - len(twin_id)))
    drawn = _compiled()(draws.key(lanes, "campaign"), model.arrays, slot=slot)
    return {
        each.name: np.asarray(getattr(drawn, each.name))[..., : len(twin_id)]
        for each in fields(drawn)
    }


@cache
def _compiled() -> Callable[..., Attempt]:
    """Compile the kernel in single precision, whatever precision the plant is computed in."""
    import jax

    from otsim_kernels.attack_campaign import attempt

    compiled = jax.jit(attempt)

    def one_block(key: DrawKey, model: CampaignModel, *, slot: npt.NDArray[np.uint32]) -> Attempt:
        with jax.enable_x64(False):
            drawn: Attempt = compiled(key, model, slot=slot)
            return drawn

    return one_block
