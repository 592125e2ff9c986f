"""The bank of warm states: noisy states of the undisturbed plant that twins start from."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from otsim.config.study import Study
from otsim.draws import Streams, names
from otsim.simulate.kernel import Kernel, advance, columns_of, first_states
from otsim.simulate.plans import NEVER, undisturbed_plan
from otsim.simulate.warm_cache import cached_bank

if TYPE_CHECKING:
    from otsim_kernels.control_loop import Plan, TwinState

__all__ = ["N_MEMBERS", "make_bank", "members_of", "warm_bank", "warm_starts"]

N_MEMBERS = 256
# The spread between members stands from 9 h on (measured over 128 noisy members and 48 h, on
# pressures, compositions and slow set-points).
WARM_UP_H = 12
# Members stop at different phases of the analysers (360 and 900 s), in steps of a minute.
N_PHASES, PHASE_TICKS = 15, 60
_FIRST_STREAM = 2**32 - N_MEMBERS  # streams that no twin number reaches


def warm_bank(study: Study, kernel: Kernel) -> TwinState:
    """Return the bank, leaves [N_MEMBERS] on the host: from disk if it was made before."""
    plant = study.plant
    made_from = (
        plant.model, plant.integration, plant.disturbances.model_dump_json(),
        study.simulation.seed, N_MEMBERS, WARM_UP_H, N_PHASES, PHASE_TICKS,
    )  # fmt: skip
    return cached_bank(kernel, made_from, lambda: make_bank(study, kernel))


def make_bank(study: Study, kernel: Kernel) -> TwinState:
    """Run the undisturbed plant; returns all its members, leaves [N_MEMBERS] on the host.

    Without noise the members differ in the analysers' phase alone.
    """
    streams = _FIRST_STREAM + np.arange(N_MEMBERS, dtype=np.int64)
    batch = study.simulation.batch
    parts = [
        _warm_block(study, kernel, streams[first : first + batch])
        for first in range(0, N_MEMBERS, batch)
    ]
    return _joined(parts)


def members_of(study: Study, twin_id: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return which member each twin starts from, i64[n]."""
    from otsim_kernels.draws import purpose_id

    key = Streams(seed=study.simulation.seed).key(twin_id, "twin")
    bits = np.asarray(key.word(purpose_id(names.WARM_STATE), 0))
    return (bits % N_MEMBERS).astype(np.int64)


def warm_starts(kernel: Kernel, bank: TwinState, members: npt.NDArray[np.int64]) -> TwinState:
    """Return fresh twins in the states of these members, leaves [n] on the host."""
    from otsim_kernels.signal_tampering import first_tampering

    chosen, fresh = columns_of(bank, members), first_states(kernel, len(members))
    memories = first_tampering(
        kernel.taps,
        shown=kernel.table.shown(chosen.plant.instruments),
        commands=chosen.received,
        setpoints=kernel.table.setpoints(chosen.memory),
    )
    return replace(
        fresh, plant=chosen.plant, memory=chosen.memory, received=chosen.received,
        clock=chosen.clock, tampering=memories,
    )  # fmt: skip


def _warm_block(study: Study, kernel: Kernel, streams: npt.NDArray[np.int64]) -> TwinState:
    batch = study.simulation.batch
    plan = _never_disturbed(undisturbed_plan(study, np.resize(streams, batch)))
    state, history = advance(kernel, first_states(kernel, batch), plan, {}, WARM_UP_H * 3600)
    snapshots = [state]
    for _ in range(N_PHASES - 1):
        state, history = advance(kernel, state, plan, history, PHASE_TICKS)
        snapshots.append(state)
    return _joined(
        [
            columns_of(snapshots[int(stream) % N_PHASES], np.array([j]))
            for j, stream in enumerate(streams)
        ]
    )


def _never_disturbed(plan: Plan) -> Plan:
    """The bank is undisturbed: disturbances, operators and ruptures, too, start with the twin."""
    schedule = plan.schedule
    never = tuple(np.full_like(start, NEVER) for start in schedule.start)
    return replace(
        plan,
        schedule=replace(schedule, start=never),
        reaction=np.full_like(plan.reaction, NEVER),
        rupture=np.full_like(plan.rupture, np.inf),
        safety_works=np.ones_like(plan.safety_works),
    )


def _joined(parts: list[TwinState]) -> TwinState:
    import jax

    joined: TwinState = jax.tree.map(
        lambda *leaves: np.concatenate(leaves) if np.ndim(leaves[0]) else leaves[0], *parts
    )
    return joined
