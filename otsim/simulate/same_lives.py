"""Which twins of two studies live the same life: all that decides one, side by side as bytes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from otsim.attack.campaigns import Campaigns, chosen_campaigns
from otsim.config.plant_points import WATER_NETWORK
from otsim.config.study import Study
from otsim.draws.names import names_by_part
from otsim.simulate.plans import action_clock, action_points, plan_of, ticks_of

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Lives", "lives_of", "same_lives"]

Bytes = npt.NDArray[np.uint8]
_WORDS = frozenset({"title", "description", "source"})
# what a process plant draws from these stands in each twin's plan
_IN_PLANS = ("safety", "rupture")


@dataclass(frozen=True, kw_only=True)
class Lives:
    """What decides how n twins live, and nothing else.

    Attributes:
        shared: what all twins of the study have in common, as text.
        acts: bool[n], who acts on the plant; the others have no life.
        own: u8[n, n_bytes], what each twin has of its own; 0 where it does not act.
    """

    shared: str
    acts: npt.NDArray[np.bool_]
    own: Bytes


def lives_of(study: Study, campaigns: Campaigns) -> Lives:
    """Gather all that decides the lives of n campaigns.

    For a process plant that is its plan, bit for bit, so that a chance that changed shares all
    twins but those that it turned. A network's plan needs its solver; what the plan is made of
    stands for it, drawn numbers by their distributions.
    """
    clock = action_clock(campaigns)
    which = np.flatnonzero(clock.acts)
    chosen = chosen_campaigns(campaigns, which)
    is_network = study.plant.model == WATER_NETWORK
    leaves = _network_leaves(chosen) if is_network else _plan_leaves(study, chosen)
    rows = np.concatenate([_bytes(leaf, len(which)) for leaf in leaves], axis=1)
    own = np.zeros((len(clock.acts), rows.shape[1]), np.uint8)
    own[which] = rows
    shared = json.dumps(_shared(study, is_network=is_network), sort_keys=True)
    return Lives(shared=shared, acts=clock.acts, own=own)


def same_lives(ours: Lives, theirs: Lives) -> npt.NDArray[np.bool_]:
    """Tell which of the same n twins need not be lived for us, bool[n].

    They live in both as they do in the other, or do not act in ours.
    """
    if ours.shared != theirs.shared or ours.own.shape != theirs.own.shape:
        return np.zeros_like(ours.acts)
    lived_alike = theirs.acts & np.all(ours.own == theirs.own, axis=1)
    return ~ours.acts | (ours.acts & lived_alike)


def _plan_leaves(study: Study, chosen: Campaigns) -> Iterator[Any]:
    import jax

    yield from jax.tree.leaves(plan_of(study, chosen, action_clock(chosen)))


def _network_leaves(chosen: Campaigns) -> Iterator[Any]:
    clock, actions = action_clock(chosen), chosen.actions
    with np.errstate(invalid="ignore"):  # what never starts
        yield from ticks_of(actions.start_h - clock.first_h)
        yield from ticks_of(actions.stop_h - clock.first_h)
    yield from actions.value
    yield ticks_of(clock.response_h)


def _bytes(leaf: Any, n: int) -> Bytes:
    """Return the bytes of a leaf [n], u8[n, itemsize]; one without twins belongs to each."""
    values = np.ascontiguousarray(np.broadcast_to(leaf, (n,)))
    return values.view(np.uint8).reshape(n, values.dtype.itemsize)


def _shared(study: Study, *, is_network: bool) -> dict[str, Any]:
    simulation, response = study.simulation, study.defence.response
    plant = _without_words(study.plant.model_dump(mode="json"))
    told: dict[str, Any] = {
        "points": [repr(point) for point in action_points(study)],
        "seed": simulation.seed,
        "precision": simulation.precision,
    }
    if not is_network:
        return told | {"plant": {key: plant[key] for key in plant if key not in _IN_PLANS}}
    operators = study.defence.operators
    nets = simulation.draws == "sobol"
    return told | {
        "plant": plant,
        "response": response.action if response else None,
        "operators": _without_words(operators.model_dump(mode="json")) if operators else None,
        "draws": [simulation.draws, simulation.replicates if nets else 0, simulation.sampling],
        "dimensions": names_by_part(study) if nets else None,
    }


def _without_words(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _without_words(below) for key, below in data.items() if key not in _WORDS}
    return data
