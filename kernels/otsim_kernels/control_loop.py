"""The closed loop of any plant: what happens to one twin in one tick.

measurement -> sensor tap -> controller -> command tap -> actuator -> physics -> safety -> damage

The controllers of a tick read what the instruments showed at the end of the tick before. Everything
is elementwise over twins: fields are f32[] for one twin or f32[n_twins] for a batch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from otsim_kernels import signal_tampering as tampering
from otsim_kernels.draws import Array, StreamKey
from otsim_kernels.plant_contract import Limit, PlantState, PlantTable
from otsim_kernels.signal_tampering import ALL_TRIPS, NEVER, Moment, Schedule, Tampering, Tap

RUNNING, TRIPPED, SHUT_DOWN, DESTROYED, DIVERGED = range(5)


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is decided before a twin starts; leaves are [] or [n_twins].

    Attributes:
        schedule: when each tampering acts, and how much.
        key: the twin's stream key.
        safety_works: bool, whether the trip system answers when asked.
        rupture: pressure at which the weakest vessel fails, in the plant's unit of it.
        shutdown: i32, local tick at which the defenders shut the plant down.
        reaction: i32, ticks from the first alarm that operators see to their shutdown; `NEVER`
            where they do not act.
        reload: i32, local tick at which controllers are reloaded.
        onset: i32, local tick of the first plant action; damage counts from it.
    """

    schedule: Schedule
    key: StreamKey
    safety_works: Array
    rupture: Array
    shutdown: Array
    reaction: Array
    reload: Array
    onset: Array


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Ending:
    """How a twin ends; times in local ticks, `NEVER` while they have not come.

    Attributes:
        status: i32, `RUNNING` to `DIVERGED`.
        trips: u32, bits of the trips that were true at the end; destructions: likewise.
        end: i32, last tick.
        extrapolated: i32, first tick beyond a trip limit without a trip.
        alarm: i32, first alarm that the operators saw.
    """

    status: Array
    trips: Array
    destructions: Array
    end: Array
    extrapolated: Array
    alarm: Array


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class TwinState:
    """Everything that changes from tick to tick; can be saved, branched and corrected.

    Attributes:
        plant: the process and its instruments.
        memory: the controllers'.
        received: commands as they came to the actuators last.
        tampering: what the taps remember.
        tally: physical damage so far.
        ending: how the twin ended, if it did.
        clock: i32, plant time in ticks, which counts the draws.
        tick: i32[], local time, the same for the whole batch.
    """

    plant: PlantState
    memory: Any
    received: tuple[Array, ...]
    tampering: Tampering
    tally: Any
    ending: Ending
    clock: Array
    tick: Array


def first_twin(plant: PlantTable, taps: Sequence[Tap], like: Array) -> TwinState:
    """Return a twin at the plant's published base case, shaped as `like`, f32[] or f32[n_twins]."""
    state, memory = plant.first(like, disturbances_of(taps))
    commands = plant.commands(memory)
    never = jnp.full_like(like, NEVER, dtype=jnp.int32)
    none = jnp.zeros_like(like, dtype=jnp.uint32)
    return TwinState(
        plant=state,
        memory=memory,
        received=commands,
        tampering=tampering.first_tampering(
            taps, shown=plant.shown(state.instruments), commands=commands,
            setpoints=plant.setpoints(memory),
        ),
        tally=plant.first_tally(like),
        ending=Ending(
            status=jnp.zeros_like(never), trips=none, destructions=none, end=never,
            extrapolated=never, alarm=never,
        ),
        clock=jnp.zeros_like(never),
        tick=jnp.zeros((), jnp.int32),
    )  # fmt: skip


def idle_plan(key: StreamKey, dtype: Any) -> Plan:
    """Return the plans of twins to which nothing is done and that no pressure ruptures.

    Args:
        key: their stream keys, fields u32[n_twins].
        dtype: float32 or float64.
    """
    never = np.full(np.shape(key.high), NEVER, np.int32)
    return Plan(
        schedule=Schedule(start=(), stop=(), value=()), key=key,
        safety_works=np.ones(never.shape, bool), rupture=np.full(never.shape, np.inf, dtype),
        shutdown=never, reaction=never, reload=never, onset=np.zeros_like(never),
    )  # fmt: skip


def disturbances_of(taps: Sequence[Tap]) -> frozenset[int]:
    """Return the numbers of the disturbances that taps may switch on."""
    return frozenset(tap.index for tap in taps if tap.group == "disturbance")


def tick(
    plant: PlantTable,
    taps: tuple[Tap, ...],
    state: TwinState,
    plan: Plan,
    *,
    rare: Array,
    recorded: Mapping[int, Array],
) -> tuple[TwinState, dict[int, Array]]:
    """Advance one twin by one tick.

    Args:
        plant: the table of the plant's functions.
        taps: which points may be tampered with.
        state: the twin before the tick.
        plan: what was decided before it started.
        rare: bool[], whether any clock of the batch is a multiple of `plant.rare_ticks`.
        recorded: this tick's rows of the replays' recordings, by tap.

    Returns:
        The twin after the tick, unchanged if it had ended, and the rows to record.
    """
    now = Moment(schedule=plan.schedule, tick=state.tick, hours_per_tick=plant.period_s / 3600.0)
    shown = plant.shown(state.plant.instruments)
    memories = tampering.recall(taps, shown, now=now, tampering=state.tampering, recorded=recorded)
    loop = _Loop(plant=plant, taps=taps, now=now, memories=memories)
    seen = loop.seen_by("controller", shown)
    memory = _control(loop, state, plan, seen)
    commands = plant.commands(memory)
    received = tampering.tamper(
        taps, "command", commands, view="actuator", now=now, memories=memories
    )
    flags = _flags(loop, like=received[0])
    instant = plant.evaluate(state.plant, received, flags=flags, key=plan.key, clock=state.clock)
    instruments = plant.report(
        state.plant.instruments, plant.measure(instant), key=plan.key, clock=state.clock, rare=rare
    )
    rows = tampering.record(
        taps, {"measurement": shown, "command": commands}, now=now, recorded=recorded
    )
    after = replace(
        state,
        plant=replace(state.plant, instruments=instruments),
        memory=memory,
        received=received,
        tampering=tampering.remember(taps, memories, now=now, seen=seen, received=received),
        ending=_ending(loop, state, plan, instant),
    )
    return _settled(plant, state, after, plan, instant=instant), rows


@dataclass(frozen=True, kw_only=True)
class _Loop:
    """What the parts of one tick share."""

    plant: PlantTable
    taps: tuple[Tap, ...]
    now: Moment
    memories: dict[int, Array]

    def seen_by(self, view: str, values: tuple[Array, ...]) -> tuple[Array, ...]:
        """Return measurements as a view gets them."""
        return tampering.tamper(
            self.taps, "measurement", values, view=view, now=self.now, memories=self.memories
        )

    def any_active(self, group: tampering.Group, *indices: int) -> Array | None:
        """Tell whether any tap on these points acts; None if there is no such tap."""
        return tampering.any_active(self.taps, group, indices, self.now)


def _control(loop: _Loop, state: TwinState, plan: Plan, seen: tuple[Array, ...]) -> Any:
    """Return the controllers' memory after they ran; loops' memories are brought up to date."""
    plant, taps, now = loop.plant, loop.taps, loop.now
    _, fresh = plant.first(state.received[0], frozenset())
    memory = _choose(now.tick == plan.reload, fresh, state.memory)
    setpoints = tampering.tamper_setpoints(
        taps, plant.setpoints(memory), now=now, memories=loop.memories
    )
    gains = {
        tap.index: tampering.active_value(taps, "loop", tap.index, now=now, default=1.0)
        for tap in taps
        if tap.group == "loop"
    }
    memory = plant.with_setpoints(memory, setpoints)
    return plant.control(memory, seen, gains=gains, clock=state.clock)


def _flags(loop: _Loop, *, like: Array) -> dict[int, Array]:
    """Return 1 for each disturbance that acts, else 0."""
    flags = {}
    for number in disturbances_of(loop.taps):
        active = loop.any_active("disturbance", number)
        assert active is not None
        flags[number] = active.astype(like.dtype)
    return flags


def _ending(loop: _Loop, state: TwinState, plan: Plan, instant: Any) -> Ending:
    """Decide whether the twin ends at this tick; the last rule that applies wins."""
    plant, old, now = loop.plant, state.ending, loop.now.tick
    true = plant.measure(instant)
    beyond = _beyond(plant.trips, true)
    asked = _beyond(plant.trips, loop.seen_by("safety", true)) & ~_bypassed(loop)
    trips = jnp.where(plan.safety_works, asked, jnp.zeros_like(asked))
    destructions = plant.destroyed(instant, plan.rupture)
    alarm = _alarm(loop, state)
    late = alarm + jnp.minimum(plan.reaction, NEVER - alarm)
    shut_down = (now >= plan.shutdown) | ((late != NEVER) & (now >= late))
    status = jnp.where(shut_down, SHUT_DOWN, RUNNING)
    status = jnp.where(trips != 0, TRIPPED, status)
    status = jnp.where(destructions != 0, DESTROYED, status)
    status = jnp.where(plant.finite(instant), status, DIVERGED).astype(jnp.int32)
    first_beyond = (beyond != 0) & (status != TRIPPED) & (old.extrapolated == NEVER)
    return Ending(
        status=status,
        trips=trips,
        destructions=destructions,
        end=jnp.where(status != RUNNING, now, old.end),
        extrapolated=jnp.where(first_beyond, now, old.extrapolated),
        alarm=alarm,
    )


def _settled(
    plant: PlantTable, before: TwinState, after: TwinState, plan: Plan, *, instant: Any
) -> TwinState:
    """Move the process on if the twin lives, and keep a twin that had ended as it was.

    At the tick that ends it a twin is measured and counted, but its process moves no more. Where
    the numbers mean nothing any more (hotter than the model, not finite), it is not even measured.
    """
    lives, means = after.ending.status == RUNNING, plant.meaningful(instant)
    shows = _choose(means, after.plant.instruments, before.plant.instruments)
    moved = plant.advance(replace(after.plant, instruments=shows), instant)
    stays = replace(moved, physical=before.plant.physical, residues=before.plant.residues)
    counts = means & (before.tick >= plan.onset)
    counted = plant.damage(before.tally, plant.measure(instant), instant)
    after = replace(
        after,
        plant=_choose(lives, moved, stays),
        tally=_choose(counts, counted, before.tally),
        clock=before.clock + 1,
    )
    kept: TwinState = _choose(before.ending.status == RUNNING, after, before)
    return replace(kept, tick=before.tick + 1)


def margins(limits: tuple[Limit, ...], values: tuple[Array, ...]) -> tuple[Array, ...]:
    """Return the signed distance to each limit in its measurement's unit; below 0 is beyond."""
    return tuple(
        limit.value - values[limit.measurement]
        if limit.side == "high"
        else values[limit.measurement] - limit.value
        for limit in limits
    )


def _choose(condition: Array, yes: Any, no: Any) -> Any:
    return jax.tree.map(lambda a, b: a if a is b else jnp.where(condition, a, b), yes, no)


def _beyond(limits: tuple[Limit, ...], values: tuple[Array, ...]) -> Array:
    """Return a bit for each limit that is exceeded, u32[]."""
    mask = jnp.zeros_like(values[0], dtype=jnp.uint32)
    for bit, limit in enumerate(limits):
        value = values[limit.measurement]
        over = value > limit.value if limit.side == "high" else value < limit.value
        mask = mask | (over.astype(jnp.uint32) << bit)
    return mask


def _bypassed(loop: _Loop) -> Array:
    """Return a bit for each trip that the attacker has bypassed, u32[]."""
    mask = jnp.zeros((), jnp.uint32)
    for bit in range(len(loop.plant.trips)):
        off = loop.any_active("trip", bit, ALL_TRIPS)
        if off is not None:
            mask = mask | (off.astype(jnp.uint32) << bit)
    return mask


def _alarm(loop: _Loop, state: TwinState) -> Array:
    """Return the tick of the first alarm in the operators' view."""
    shown = loop.plant.shown(state.plant.instruments)
    rings = _beyond(loop.plant.alarms, loop.seen_by("operator", shown)) != 0
    silenced = loop.any_active("alarm", 0)
    if silenced is not None:
        rings = rings & ~silenced
    return jnp.where(rings & (state.ending.alarm == NEVER), loop.now.tick, state.ending.alarm)
