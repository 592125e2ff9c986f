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

from otsim_kernels import signal_tampering as tampering
from otsim_kernels.draws import StreamKey
from otsim_kernels.plant_contract import Limit, PlantState, PlantTable
from otsim_kernels.signal_tampering import ALL_TRIPS, NEVER, Clock, Schedule, Tampering, Tap

Array = jax.Array
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
    now = Clock(tick=state.tick, hours_per_tick=plant.period_s / 3600.0)
    shown = plant.shown(state.plant.instruments)
    memories = tampering.recall(
        taps, shown, schedule=plan.schedule, tampering=state.tampering, clock=now, recorded=recorded
    )
    seen, memory = _control(plant, taps, state, plan, memories=memories, now=now)
    received = tampering.tamper(
        taps, "command", plant.commands(memory), view="actuator", schedule=plan.schedule,
        memories=memories, clock=now,
    )  # fmt: skip
    flags = _flags(taps, plan.schedule, now.tick, like=received[0])
    instant = plant.evaluate(state.plant, received, flags=flags, key=plan.key, clock=state.clock)
    true = plant.measure(instant)
    instruments = plant.report(
        state.plant.instruments, true, key=plan.key, clock=state.clock, rare=rare
    )
    ending = _ending(plant, taps, state, plan, instant=instant, memories=memories, seen=seen)
    rows = tampering.record(
        taps, {"measurement": shown, "command": plant.commands(memory)}, schedule=plan.schedule,
        tick=now.tick, recorded=recorded,
    )  # fmt: skip
    after = replace(
        state,
        plant=replace(state.plant, instruments=instruments),
        memory=memory,
        received=received,
        tampering=tampering.remember(
            taps, memories, schedule=plan.schedule, tick=now.tick, seen=seen, received=received
        ),
        ending=ending,
    )
    return _settled(plant, state, after, plan, instant=instant, true=true), rows


def _control(
    plant: PlantTable,
    taps: tuple[Tap, ...],
    state: TwinState,
    plan: Plan,
    *,
    memories: dict[int, Array],
    now: Clock,
) -> tuple[tuple[Array, ...], Any]:
    """Return what the controllers see, and their memory after they ran."""
    seen = tampering.tamper(
        taps, "measurement", plant.shown(state.plant.instruments), view="controller",
        schedule=plan.schedule, memories=memories, clock=now,
    )  # fmt: skip
    _, fresh = plant.first(state.received[0], frozenset())
    reload = now.tick == plan.reload
    memory = jax.tree.map(lambda new, old: jnp.where(reload, new, old), fresh, state.memory)
    setpoints = tampering.tamper_setpoints(
        taps, plant.setpoints(memory), schedule=plan.schedule, memories=memories, tick=now.tick
    )
    gains = {
        tap.index: tampering.active_value(
            taps, "loop", tap.index, plan.schedule, tick=now.tick, default=1.0
        )
        for tap in taps
        if tap.group == "loop"
    }
    memory = plant.with_setpoints(memory, setpoints)
    return seen, plant.control(memory, seen, gains=gains, clock=state.clock)


def _flags(
    taps: tuple[Tap, ...], schedule: Schedule, now: Array, *, like: Array
) -> dict[int, Array]:
    flags = {}
    for number in disturbances_of(taps):
        active = tampering.any_active(taps, "disturbance", (number,), schedule=schedule, tick=now)
        assert active is not None
        flags[number] = active.astype(like.dtype)
    return flags


def _ending(
    plant: PlantTable,
    taps: tuple[Tap, ...],
    state: TwinState,
    plan: Plan,
    *,
    instant: Any,
    memories: Mapping[int, Array],
    seen: tuple[Array, ...],
) -> Ending:
    """Decide whether the twin ends at this tick, by the first cause in the order below."""
    old, now = state.ending, Clock(tick=state.tick, hours_per_tick=plant.period_s / 3600.0)
    true = plant.measure(instant)
    read = tampering.tamper(
        taps, "measurement", true, view="safety", schedule=plan.schedule, memories=memories,
        clock=now,
    )  # fmt: skip
    beyond = _beyond(plant.trips, true)
    asked = _beyond(plant.trips, read) & ~_bypassed(plant, taps, plan.schedule, now.tick)
    trips = jnp.where(plan.safety_works, asked, jnp.zeros_like(asked))
    destructions = plant.destroyed(instant, plan.rupture)
    alarm = _alarm(plant, taps, state, plan, memories=memories, now=now)
    late = alarm + jnp.minimum(plan.reaction, NEVER - alarm)
    shut_down = (now.tick >= plan.shutdown) | (now.tick >= late)
    status = jnp.where(shut_down, SHUT_DOWN, RUNNING)
    status = jnp.where(trips != 0, TRIPPED, status)
    status = jnp.where(destructions != 0, DESTROYED, status)
    status = jnp.where(plant.healthy(instant), status, DIVERGED).astype(jnp.int32)
    first_beyond = (beyond != 0) & (status != TRIPPED) & (old.extrapolated == NEVER)
    return Ending(
        status=status,
        trips=trips,
        destructions=destructions,
        end=jnp.where(status != RUNNING, now.tick, old.end),
        extrapolated=jnp.where(first_beyond, now.tick, old.extrapolated),
        alarm=alarm,
    )


def _settled(
    plant: PlantTable, before: TwinState, after: TwinState, plan: Plan, *, instant: Any,
    true: tuple[Array, ...],
) -> TwinState:  # fmt: skip
    """Move the process on if the twin lives, and keep a twin that had ended as it was.

    At the tick that ends it a twin is measured and counted, but its process moves no more.
    """
    lives = after.ending.status == RUNNING
    moved = plant.advance(after.plant, instant)
    stays = replace(moved, physical=after.plant.physical, residues=after.plant.residues)
    counts = lives & (before.tick >= plan.onset)
    tally = _choose(counts, plant.damage(before.tally, true, instant), before.tally)
    after = replace(
        after,
        plant=_choose(lives, moved, stays),
        tally=tally,
        clock=before.clock + 1,
        tick=before.tick,
    )
    kept = _choose(before.ending.status == RUNNING, after, replace(before, tick=before.tick))
    return replace(kept, tick=before.tick + 1)


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


def _bypassed(plant: PlantTable, taps: tuple[Tap, ...], schedule: Schedule, now: Array) -> Array:
    """Return a bit for each trip that the attacker has bypassed, u32[]."""
    mask = jnp.zeros((), jnp.uint32)
    for bit in range(len(plant.trips)):
        off = tampering.any_active(taps, "trip", (bit, ALL_TRIPS), schedule=schedule, tick=now)
        if off is not None:
            mask = mask | (off.astype(jnp.uint32) << bit)
    return mask


def _alarm(
    plant: PlantTable, taps: tuple[Tap, ...], state: TwinState, plan: Plan, *,
    memories: Mapping[int, Array], now: Clock,
) -> Array:  # fmt: skip
    """Return the tick of the first alarm in the operators' view."""
    screen = tampering.tamper(
        taps, "measurement", plant.shown(state.plant.instruments), view="operator",
        schedule=plan.schedule, memories=memories, clock=now,
    )  # fmt: skip
    rings = _beyond(plant.alarms, screen) != 0
    silenced = tampering.any_active(taps, "alarm", (0,), schedule=plan.schedule, tick=now.tick)
    if silenced is not None:
        rings = rings & ~silenced
    return jnp.where(rings & (state.ending.alarm == NEVER), now.tick, state.ending.alarm)
