"""A plant of two states, to test the closed loop with: a tank, and a counter of its ticks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from otsim_kernels.control_loop import Plan, TwinState, first_twin
from otsim_kernels.draws import Array, StreamKey, draw_bits, stream_key, uniform
from otsim_kernels.drivers.reference import advance
from otsim_kernels.drivers.time_loop import first_history
from otsim_kernels.plant_contract import Limit, PlantState, PlantTable
from otsim_kernels.signal_tampering import NEVER, Schedule, Tap
from otsim_kernels.signals import DamageColumn

LEVEL, AGE = 0, 1  # measurements
VALVE, STEPS = 0, 1  # commands
LEVEL_LOOP, DRIFTING_LOOP = 1, 2
PERIOD_S = 2.0
FIRST_LEVEL, SETPOINT, GAIN = 5.0, 5.0, 4.0
HIGH, LOW, ALARM, HOT = 9.0, 1.0, 8.0, 20.0
LEAK = 0.5


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Memory:
    """The controller's; `setpoints` by loop number."""

    commands: tuple[Array, Array]
    setpoints: dict[int, Array]


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Instant:
    """The level moves by a tenth of the valve each tick, less what the leak takes."""

    true: tuple[Array, Array]
    inflow: Array


def _first(like: Array, idvs: frozenset[int]) -> tuple[PlantState, Memory]:
    zero = jnp.zeros_like(like)
    level = zero + FIRST_LEVEL
    state = PlantState(
        physical={"level": level, "age": zero}, residues={}, guesses={}, walks={},
        accepted=(zero, zero), instruments=(level, zero),
    )  # fmt: skip
    setpoints = {LEVEL_LOOP: zero + SETPOINT, DRIFTING_LOOP: zero}
    return state, Memory(commands=(zero, zero), setpoints=setpoints)


def _evaluate(
    state: PlantState, received: Any, *, flags: Mapping[int, Array], key: StreamKey, clock: Array
) -> Instant:
    leak = LEAK * flags[1] if 1 in flags else jnp.zeros_like(received[0])
    true = (state.physical["level"], state.physical["age"])
    return Instant(true=true, inflow=0.1 * received[VALVE] - leak)


def _control(memory: Memory, seen: Any, *, gains: Mapping[int, Array], clock: Array) -> Memory:
    setpoints = memory.setpoints
    valve = GAIN * (setpoints[LEVEL_LOOP] - seen[LEVEL])
    if LEVEL_LOOP in gains:
        valve = valve * gains[LEVEL_LOOP]
    drifted = {**setpoints, DRIFTING_LOOP: setpoints[DRIFTING_LOOP] + 1.0}
    return Memory(commands=(valve, memory.commands[STEPS] + 1.0), setpoints=drifted)


def _advance(state: PlantState, now: Instant) -> PlantState:
    level, age = now.true
    return replace(state, physical={"level": level + now.inflow, "age": age + 1.0})


def _report(held: Any, true: Any, *, key: StreamKey, clock: Array, rare: Array) -> Any:
    return true


def _noisy(held: Any, true: Any, *, key: StreamKey, clock: Array, rare: Array) -> Any:
    return (true[0] + 0.01 * uniform(draw_bits(key, 7, clock)[0]), true[1])


def tank(*, noise: bool = False) -> PlantTable:
    """Return the tank's table."""
    return PlantTable(
        name="tank",
        period_s=PERIOD_S,
        rare_ticks=10,
        trips=(
            Limit(cause="level high", measurement=LEVEL, side="high", value=HIGH),
            Limit(cause="level low", measurement=LEVEL, side="low", value=LOW),
        ),
        alarms=(Limit(cause="level high", measurement=LEVEL, side="high", value=ALARM),),
        destructions=("burst", "hot"),
        damage_columns=(DamageColumn(name="peak", unit="m", description="highest level"),),
        first=_first,
        evaluate=_evaluate,
        measure=lambda now: now.true,
        report=_noisy if noise else _report,
        shown=lambda shown: shown,
        control=_control,
        commands=lambda memory: memory.commands,
        setpoints=lambda memory: memory.setpoints,
        with_setpoints=lambda memory, setpoints: replace(memory, setpoints=dict(setpoints)),
        advance=_advance,
        first_tally=lambda like: jnp.full_like(like, -jnp.inf),
        damage=lambda peak, true, now: jnp.maximum(peak, true[LEVEL]),
        tally_columns=lambda peak: {"peak": peak},
        destroyed=lambda now, rupture: (
            (now.true[LEVEL] > rupture).astype(jnp.uint32)
            | ((now.true[LEVEL] > HOT).astype(jnp.uint32) << 1)
        ),
        finite=lambda now: jnp.isfinite(now.true[LEVEL]),
        meaningful=lambda now: jnp.isfinite(now.true[LEVEL]) & (now.true[LEVEL] <= HOT),
    )  # fmt: skip


TANK, NOISY_TANK = tank(), tank(noise=True)


@dataclass(frozen=True, kw_only=True)
class Act:
    """A tap with its times and size."""

    kind: str
    group: Any
    index: int
    start: int = 0
    stop: int = NEVER
    value: float = 0.0
    views: tuple[str, ...] = ("controller", "operator")
    record_ticks: int = 0


class Loop:
    """A batch of tanks under the same acts, of which every tick is kept."""

    def __init__(
        self, *acts: Act, plant: PlantTable = TANK, twins: Sequence[int] = (0,), **plan: Any
    ) -> None:
        self.plant, n = plant, len(twins)
        self.taps = tuple(
            Tap(kind=a.kind, group=a.group, index=a.index, row=row, views=a.views,
                record_ticks=a.record_ticks)
            for row, a in enumerate(acts)
        )  # fmt: skip
        whole = lambda x, dtype: jnp.full((n,), x, dtype)  # noqa: E731
        values: dict[str, Any] = {
            "safety_works": True, "rupture": np.inf, "shutdown": NEVER, "reaction": NEVER,
            "reload": NEVER, "onset": 0, **plan,
        }  # fmt: skip
        kinds = {"safety_works": bool, "rupture": np.float32}
        self.plan = Plan(
            schedule=Schedule(
                start=tuple(whole(a.start, np.int32) for a in acts),
                stop=tuple(whole(a.stop, np.int32) for a in acts),
                value=tuple(whole(a.value, np.float32) for a in acts),
            ),
            key=stream_key(1, jnp.asarray(twins, np.uint32)),
            **{name: whole(x, kinds.get(name, np.int32)) for name, x in values.items()},
        )
        self.state = first_twin(plant, self.taps, jnp.zeros((n,), np.float32))
        self.history = first_history(
            self.taps, self.plant.shown(self.state.plant.instruments), self.state.received
        )
        self.states: list[TwinState] = [self.state]

    def run(self, n_ticks: int) -> Loop:
        """Live so many ticks, one by one."""
        for _ in range(n_ticks):
            self.state, self.history = advance(
                self.plant, self.taps, state=self.state, plan=self.plan, history=self.history,
                n_ticks=jnp.int32(1),
            )  # fmt: skip
            self.states.append(jax.device_get(self.state))
        return self

    def seen(self, index: int) -> list[float]:
        """What the controllers read at each tick."""
        return [float(s.tampering.seen[index][0]) for s in self.states[1:]]

    def received(self, index: int) -> list[float]:
        """What came to the actuator at each tick."""
        return [float(s.received[index][0]) for s in self.states[1:]]

    def setpoints(self, loop: int) -> list[float]:
        """The set-point after each tick's control."""
        return [float(s.memory.setpoints[loop][0]) for s in self.states[1:]]

    @property
    def ending(self) -> dict[str, int]:
        """How the first twin ended."""
        return {name: int(np.asarray(x)[0]) for name, x in vars(self.state.ending).items()}

    @property
    def level(self) -> list[float]:
        """The true level before each tick, and after the last."""
        return [float(s.plant.physical["level"][0]) for s in self.states]


def always(act: Act, n_ticks: int) -> Loop:
    """Live under one act."""
    return Loop(act).run(n_ticks)
