"""Blocks of twins through the kernel: compiled once, finished twins left out between chunks."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from otsim.attack.campaigns import Campaigns, chosen_campaigns
from otsim.config.study import Study
from otsim.simulate.kernel import (
    RUNNING,
    STATUS_NAMES,
    Kernel,
    advance,
    causes_of,
    columns_of,
    first_states,
    kernel_of,
)
from otsim.simulate.outcomes import STATUSES, Outcomes
from otsim.simulate.plans import (
    TICKS_PER_HOUR,
    action_clock,
    action_points,
    lead_ticks,
    plan_of,
    undisturbed_plan,
)
from otsim.simulate.recording import Recording, record
from otsim.simulate.routes import driver_in_use
from otsim.simulate.warm_states import members_of, warm_bank, warm_starts

if TYPE_CHECKING:
    from otsim_kernels.control_loop import Plan, TwinState

__all__ = [
    "TwinModel",
    "baseline_outcomes",
    "compile_loop",
    "record_campaigns",
    "simulate_campaigns",
    "twin_model",
]

CHUNK_TICKS = 3600  # between chunks, blocks are packed anew
_ENDED = STATUS_NAMES.index("shut_down")


@dataclass(frozen=True, kw_only=True)
class TwinModel:
    """A study's plant, ready to run.

    Attributes:
        study: as resolved.
        kernel: the plant with every point that the study's goals and disturbances touch.
        bank: warm states, leaves [n_members] on the host.
        most_abreast: twins side by side are no more than these, where memory is short.
    """

    study: Study
    kernel: Kernel
    bank: TwinState = field(repr=False)
    most_abreast: int | None = None

    @property
    def batch(self) -> int:
        """Twins side by side that the study asks for."""
        return min(self.study.simulation.batch, self.most_abreast or self.study.simulation.batch)

    def block(self, n_twins: int) -> int:
        """Return how many of so many twins go side by side."""
        usual = driver_in_use().block(n_twins, self.batch)
        return min(usual, self.most_abreast or usual)


def twin_model(study: Study) -> TwinModel:
    """Compile a study's plant and fill its bank of warm states, or find the bank on disk."""
    kernel = kernel_of(
        study.plant.model,
        action_points(study),
        integration=study.plant.integration,
        noise=study.plant.disturbances.noise,
        precision=study.simulation.precision,
    )
    return TwinModel(study=study, kernel=kernel, bank=warm_bank(study, kernel))


def compile_loop(model: TwinModel) -> None:
    """Compile the loop that `simulate_campaigns` would compile, or load it from disk."""
    n = model.block(model.study.simulation.shard_size)
    plan = undisturbed_plan(model.study, np.zeros(n, np.int64))
    advance(model.kernel, first_states(model.kernel, n), plan, {}, 0)


def simulate_campaigns(model: TwinModel, campaigns: Campaigns) -> Outcomes:
    """Live through n campaigns; those that never touch the plant cost nothing.

    Returns:
        One outcome for each campaign, in the same order.
    """
    which = np.flatnonzero(action_clock(campaigns).acts)
    chosen = chosen_campaigns(campaigns, which)
    plan = plan_of(model.study, chosen, action_clock(chosen))
    return _outcomes(model, campaigns.twin_id, which, _run(model, chosen.twin_id, plan))


def baseline_outcomes(model: TwinModel, n: int) -> Outcomes:
    """Live through the horizon n times without any attack, from twins 0 to n - 1."""
    twin_id = np.arange(n, dtype=np.int64)
    final = _run(model, twin_id, undisturbed_plan(model.study, twin_id))
    return _outcomes(model, twin_id, np.arange(n), final)


def record_campaigns(model: TwinModel, campaigns: Campaigns, ticks: list[int]) -> list[Recording]:
    """Live through at most a batch of campaigns that act, and record them.

    Args:
        model: the study's plant.
        campaigns: at most `model.batch` of them, each with a plant action.
        ticks: when to record, in local ticks: seconds, the first action at `lead_ticks`.
    """
    n = len(campaigns.twin_id)
    padded = np.resize(np.arange(n), model.batch)
    state = columns_of(_warm(model, campaigns.twin_id), padded)
    state.ending.status[n:] = _ENDED
    plan = columns_of(plan_of(model.study, campaigns, action_clock(campaigns)), padded)
    end = total_ticks(model.study)
    return record(model.kernel, state, plan, n_twins=n, ticks=ticks, end=end)


def total_ticks(study: Study) -> int:
    """Return the ticks of a whole twin, lead included."""
    return lead_ticks(study) + round(study.plant.horizon_h * TICKS_PER_HOUR)


def _warm(model: TwinModel, twin_id: npt.NDArray[np.int64]) -> TwinState:
    members = members_of(model.study, twin_id)
    return warm_starts(model.kernel, model.bank, members)


def _run(model: TwinModel, twin_id: npt.NDArray[np.int64], plan: Plan) -> TwinState:
    """Run twins to their end, in blocks; leaves [n] on the host."""
    import jax

    leaves, tree = jax.tree.flatten(_warm(model, twin_id))
    twins = _Twins(leaves=[np.array(leaf) for leaf in leaves], tree=tree, plan=plan, tapes={})
    end, driver = total_ticks(model.study), driver_in_use()
    chunk = end if driver.whole_lives else CHUNK_TICKS
    batch = model.block(len(twin_id))
    for first in range(0, end, chunk):
        running = np.flatnonzero(twins.state.ending.status == RUNNING)
        for begin in range(0, len(running), batch):
            members = running[begin : begin + batch]
            _advance_block(
                model, twins, members, batch=batch, first=first, n_ticks=min(chunk, end - first)
            )
    return twins.state


@dataclass(frozen=True, kw_only=True)
class _Twins:
    """The twins of a shard; leaves are [n] and changed in place."""

    leaves: list[npt.NDArray[Any]]
    tree: Any
    plan: Plan
    tapes: dict[int, npt.NDArray[Any]]

    @property
    def state(self) -> TwinState:
        import jax

        state: TwinState = jax.tree.unflatten(self.tree, self.leaves)
        return state


def _advance_block(
    model: TwinModel, twins: _Twins, members: npt.NDArray[np.int64], *, batch: int, first: int,
    n_ticks: int,
) -> None:  # fmt: skip
    """Advance some twins as one block and put them back; the rest of the block is ended copies."""
    import jax

    n, padded = len(members), np.resize(members, batch)
    state = replace(columns_of(twins.state, padded), tick=np.int32(first))
    state.ending.status[n:] = _ENDED
    history = {i: tape[:, padded] for i, tape in twins.tapes.items()}
    plan = columns_of(twins.plan, padded)
    state, history = advance(model.kernel, state, plan, history, n_ticks)
    for leaf, new in zip(twins.leaves, jax.tree.leaves(state), strict=True):
        if leaf.ndim:
            leaf[members] = new[:n]
    for i, tape in history.items():
        n_all = len(twins.state.ending.status)
        kept = twins.tapes.setdefault(i, np.zeros((len(tape), n_all), tape.dtype))
        kept[:, members] = tape[:, :n]


def _outcomes(
    model: TwinModel,
    twin_id: npt.NDArray[np.int64],
    which: npt.NDArray[np.int64],
    final: TwinState,
) -> Outcomes:
    n, lead = len(twin_id), lead_ticks(model.study)
    ending = final.ending
    status = np.full(n, STATUSES.index("no_action"), np.int32)
    names = np.array([STATUSES.index(name) for name in STATUS_NAMES], np.int32)
    status[which] = names[np.asarray(ending.status)]
    end_tick = np.minimum(np.asarray(ending.end, np.float64), total_ticks(model.study))
    beyond = np.asarray(ending.extrapolated, np.float64)
    beyond[np.asarray(ending.extrapolated) == np.iinfo(np.int32).max] = np.nan
    cause = np.full(n, "", object)
    cause[which] = causes_of(model.kernel, final)
    sound = status[which] != STATUSES.index("diverged")  # what the others suffered is not known
    columns = {
        name: _spread(n, which, np.where(sound, np.asarray(values, np.float64), np.nan))
        for name, values in model.kernel.table.tally_columns(final.tally).items()
    }
    return Outcomes(
        twin_id=twin_id,
        status=status,
        cause=cause,
        end_h=_spread(n, which, (end_tick - lead) / TICKS_PER_HOUR),
        extrapolated_h=_spread(n, which, (beyond - lead) / TICKS_PER_HOUR),
        columns=columns,
    )


def _spread(
    n: int, which: npt.NDArray[np.int64], values: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    full = np.full(n, np.nan)
    full[which] = values
    return full
