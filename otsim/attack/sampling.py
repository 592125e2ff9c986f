"""Campaigns of any range of twins, the same bits however the range is cut."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from otsim.attack.attack_model import AttackModel
from otsim.attack.campaigns import Bools, Campaigns, Ints
from otsim.attack.plant_actions import draw_actions
from otsim.draws import Design
from otsim.errors import ModelError

if TYPE_CHECKING:
    from otsim_kernels.campaign_model import CampaignModel
    from otsim_kernels.draws import DrawKey

__all__ = ["BLOCK", "MOST_ATTEMPTS", "sample_again", "sample_campaigns", "steps_on_way"]

BLOCK = 4096  # lanes of a kernel call; shorter ranges are padded, so there is one compilation
GRAPH_BLOCK = 512  # the same for a graph, whose lanes cost more
MOST_ATTEMPTS = 10_000
_LANES = ((512, GRAPH_BLOCK), (20_000, 256))  # rows of the table, lanes computed at once
_FEWEST_LANES = 64
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
    key = draws.key(twin_id, "twin", columns["slot"] + np.int32(1))
    return _campaigns(model, twin_id, key, columns)


def sample_again(
    model: AttackModel, twin_id: npt.NDArray[np.int64], attempts: Ints, *, draws: Design
) -> Campaigns:
    """Draw given attempts of given twins, whether or not they find a way in.

    With a model that was changed, this tells what the change makes of each campaign: the draws are
    the same. Where it only takes away from the attacker, it is exact also for breaches, since an
    attempt that found no way in before finds none after.

    Args:
        model: from `compile_attack`.
        twin_id: i64[n], the twins.
        attempts: i32[n], how many attempts each took; the last one is drawn.
        draws: as for `sample_campaigns`.
    """
    slots = _slots(attempts)
    columns = _blocks(
        model, lambda twins: _draw(model, draws, twin_id[twins], slots[twins]), len(twin_id)
    )
    columns["slot"] = (attempts - 1).astype(np.int32)
    key = draws.key(twin_id, "twin", columns["slot"] + np.int32(1))
    return _campaigns(model, twin_id, key, columns)


def steps_on_way(
    model: AttackModel, twin_id: npt.NDArray[np.int64], attempts: Ints, *, draws: Design
) -> Bools:
    """Find the steps of a graph to which campaigns owe their goal, bool[n_leaves, n].

    Args:
        model: compiled from a study with an architecture.
        twin_id, attempts: i64[n], i32[n], the campaigns, as `Campaigns` has them.
        draws: as for `sample_campaigns`.
    """
    slots = _slots(attempts)
    return _blocks(
        model, lambda twins: {"way": _way(model, draws, twin_id[twins], slots[twins])}, len(twin_id)
    )["way"]


def _slots(attempts: Ints) -> npt.NDArray[np.uint32]:
    return (attempts - 1).astype(np.uint32)


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
    slots = np.zeros(len(twin_id), np.uint32)
    columns = _blocks(
        model, lambda twins: _draw(model, draws, twin_id[twins], slots[twins]), len(twin_id)
    )
    return columns | {"slot": np.zeros(len(twin_id), np.int32)}


def _blocks(
    model: AttackModel, draw: Callable[[npt.NDArray[np.intp]], Columns], count: int
) -> Columns:
    """Draw block by block; each column's last axis is the twin."""
    columns: Columns = {}
    block = _block_of(model)
    for start in range(0, count, block):
        twins = np.arange(start, min(start + block, count))
        for name, values in draw(twins).items():
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
    width = block = _block_of(model)
    while len(pending):
        active, waiting = pending[:width], pending[width:]
        slots = tried[active][:, None] + np.arange(block // len(active))
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
    lanes, slot = _padded(model, twin_id, slots)
    drawn = _compiled("attempt", side_by_side(model.arrays))(
        draws.key(lanes, "campaign"), model.arrays, slot
    )
    return {
        each.name: np.asarray(getattr(drawn, each.name))[..., : len(twin_id)]
        for each in fields(drawn)
    }


def _way(
    model: AttackModel,
    draws: Design,
    twin_id: npt.NDArray[np.int64],
    slots: npt.NDArray[np.uint32],
) -> Bools:
    lanes, slot = _padded(model, twin_id, slots)
    way = _compiled("attempt_way", side_by_side(model.arrays))
    found = way(draws.key(lanes, "campaign"), model.arrays, slot)
    return np.asarray(found)[..., : len(twin_id)]


def _block_of(model: AttackModel) -> int:
    return BLOCK if model.arrays.ways is None else GRAPH_BLOCK


def _padded(
    model: AttackModel, twin_id: npt.NDArray[np.int64], slots: npt.NDArray[np.uint32]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint32]]:
    missing = (0, _block_of(model) - len(twin_id))
    return np.pad(twin_id, missing, mode="wrap"), np.pad(slots, missing)


def side_by_side(model: CampaignModel) -> int:
    """Return how many attempts are computed at once: as many as the processor's caches hold."""
    n_rows = model.program.n_rows
    return next((lanes for rows, lanes in _LANES if n_rows <= rows), _FEWEST_LANES)


@cache
def _compiled(function: str, n_lanes: int) -> Callable[..., Any]:
    """Compile a kernel in single precision, whatever precision the plant is computed in."""
    import jax
    import jax.numpy as jnp

    from otsim_kernels import attack_campaign

    kernel = getattr(attack_campaign, function)

    @jax.jit
    def side_by_side(key: DrawKey, model: CampaignModel, slot: Any) -> Any:
        def some(first: Any) -> Any:
            lanes = first + jnp.arange(n_lanes)
            return kernel(key.of(lanes), model, slot=slot[lanes])

        parts = jax.lax.map(some, jnp.arange(0, slot.shape[0], n_lanes))
        return jax.tree.map(lambda part: jnp.moveaxis(part, 0, -2).reshape(*part.shape[1:-1], -1),
                            parts)  # fmt: skip

    def one_block(key: DrawKey, model: CampaignModel, slot: npt.NDArray[np.uint32]) -> Any:
        with jax.enable_x64(False):
            return side_by_side(key, model, slot)

    return one_block
