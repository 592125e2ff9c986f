"""The decentralised control scheme of Russell, Chiang and Braatz: 19 velocity-form PI loops.

Source: Chiang, Russell, Braatz, "Fault Detection and Diagnosis in Industrial Systems", Springer
2001, and their public program. Loops act on the valves (XMV) or on the set-point of another loop.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp
from jax import lax

from otsim_kernels import summation
from otsim_kernels.draws import Array
from otsim_kernels.plants.tennessee_eastman.signals import COMMANDS, LOOPS

FAST_TICKS, SLOW_TICKS, SLOWEST_TICKS = 3, 360, 900
N_CLIPPED = 11  # XMV 1 to 11 are clipped to 0 to 100 %; the agitator never moves


@dataclass(frozen=True, kw_only=True)
class Loop:
    """One loop: proportional on its error in percent of span, integral where `tau_s` is finite."""

    number: int
    span: float
    setpoint: float
    gain: float
    tau_s: float
    interval_s: int
    command: int | None = None  # the XMV it moves, or
    slave: int | None = None  # the loop whose set-point it moves
    slave_span: float = 0.0


def _fast(number: int, span: float, setpoint: float, gain: float, tau_s: float = math.inf) -> Loop:
    return Loop(
        number=number, span=span, setpoint=setpoint, gain=gain, tau_s=tau_s,
        interval_s=FAST_TICKS, command=number,
    )  # fmt: skip


def _master(
    number: int, scale: tuple[float, float], gain: float, tau_s: float, *, moves: tuple[int, float],
    interval_s: int,
) -> Loop:  # fmt: skip
    return Loop(
        number=number, span=scale[0], setpoint=scale[1], gain=gain, tau_s=tau_s,
        interval_s=interval_s, slave=moves[0], slave_span=moves[1],
    )  # fmt: skip


# in the order in which they run
CONTROLLERS: tuple[Loop, ...] = (
    _fast(1, 5811.0, 3664.0, 1.0),
    _fast(2, 8354.0, 4509.3, 1.0),
    _fast(3, 1.017, 0.25052, 1.0),
    _fast(4, 15.25, 9.3477, 1.0),
    _fast(5, 53.0, 26.902, -0.083, 1.0),
    _fast(6, 1.0, 0.33712, 1.22),
    _fast(7, 70.0, 50.0, -2.06),
    _fast(8, 70.0, 50.0, -1.62),
    _fast(9, 460.0, 230.31, 0.41),
    _fast(10, 150.0, 94.599, -1.56, 1452.0),
    _fast(11, 46.0, 22.949, 1.09, 2600.0),
    _master(16, (130.0, 65.731), 0.169, 236.0, moves=(9, 460.0), interval_s=FAST_TICKS),
    _master(17, (50.0, 75.0), 1.11, 3168.0, moves=(4, 15.25), interval_s=FAST_TICKS),
    _master(18, (150.0, 120.40), 28.3, 982.0, moves=(10, 150.0), interval_s=FAST_TICKS),
    _master(13, (100.0, 32.188), 18.0, 3168.0, moves=(3, 1.017), interval_s=SLOW_TICKS),
    _master(14, (100.0, 6.8820), 8.3, 3168.0, moves=(1, 5811.0), interval_s=SLOW_TICKS),
    _master(15, (100.0, 18.776), 2.37, 5069.0, moves=(2, 8354.0), interval_s=SLOW_TICKS),
    _master(19, (26.0, 13.823), -83.2 / 15, 6336.0, moves=(6, 1.0), interval_s=SLOW_TICKS),
    _master(20, (1.6, 0.83570), -16.3 / 5, 12408.0, moves=(16, 130.0), interval_s=SLOWEST_TICKS),
)
PURGE = 6  # the loop with the pressure override
_PURGE_OPEN_KPA, _PURGE_NORMAL_KPA, _PURGE_SHUT_KPA = 2950.0, 2633.7, 2300.0
_PURGE_NORMAL = 40.060  # %, the position after an override
_PRESSURE = 13  # XMEAS of the separator pressure


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Memory:
    """What the controllers remember, f32[] each; dicts go by loop number."""

    commands: tuple[Array, ...]  # XMV 1 to 12, %, not yet clipped
    command_residues: tuple[Array, ...]
    setpoints: dict[int, Array]
    setpoint_residues: dict[int, Array]
    errors: dict[int, Array]  # % of span, of the loop's last run
    purge_override: Array  # 0 none, 1 held open, 2 held shut


def first_memory(like: Array) -> Memory:
    """Return the controllers as they are switched on, shaped as `like`."""
    zero = jnp.zeros_like(like)
    return Memory(
        commands=tuple(zero + value for _, value in COMMANDS.values()),
        command_residues=(zero,) * len(COMMANDS),
        setpoints={loop.number: zero + loop.setpoint for loop in CONTROLLERS},
        setpoint_residues={loop.number: zero for loop in CONTROLLERS},
        errors={loop.number: zero for loop in CONTROLLERS},
        purge_override=zero,
    )


def control(
    memory: Memory, seen: tuple[Array, ...], *, gains: Mapping[int, Array], clock: Array
) -> Memory:
    """Run the loops that are due.

    Args:
        memory: after the tick before.
        seen: XMEAS 1 to 41 as the controllers read them.
        gains: factors on the gains of tampered loops.
        clock: plant time in ticks, i32[].
    """
    memory = _clipped(memory)
    periods = (FAST_TICKS, SLOW_TICKS, SLOWEST_TICKS)
    due = {period: lax.rem(clock + 1, jnp.int32(period)) == 0 for period in periods}
    for loop in CONTROLLERS:
        run = due[loop.interval_s]
        if loop.number == PURGE:
            memory = _run_purge(memory, loop, seen, run, gains.get(PURGE))
        else:
            memory = _run(memory, loop, seen, run, gains.get(loop.number))
    return memory


def _clipped(memory: Memory) -> Memory:
    clipped = tuple(jnp.clip(u, 0.0, 100.0) for u in memory.commands[:N_CLIPPED])
    return replace(memory, commands=clipped + memory.commands[N_CLIPPED:])


def _move(
    memory: Memory, loop: Loop, seen: tuple[Array, ...], gain: Array | None
) -> tuple[Array, Array]:
    """Return the loop's error in percent of span and the move of its output in percent."""
    error = (memory.setpoints[loop.number] - seen[LOOPS[loop.number] - 1]) * (100.0 / loop.span)
    change = error - memory.errors[loop.number]
    if math.isfinite(loop.tau_s):
        change = change + error * (loop.interval_s / loop.tau_s)
    move = loop.gain * change
    return error, move if gain is None else move * gain


def _run(
    memory: Memory, loop: Loop, seen: tuple[Array, ...], run: Array, gain: Array | None
) -> Memory:
    error, move = _move(memory, loop, seen, gain)
    errors = {**memory.errors, loop.number: jnp.where(run, error, memory.errors[loop.number])}
    memory = replace(memory, errors=errors)
    if loop.slave is not None:
        step = jnp.where(run, move * (loop.slave_span / 100.0), 0.0)
        return _moved_setpoint(memory, loop.slave, step)
    assert loop.command is not None
    return _moved_command(memory, loop.command - 1, jnp.where(run, move, 0.0))


def _run_purge(
    memory: Memory, loop: Loop, seen: tuple[Array, ...], run: Array, gain: Array | None
) -> Memory:
    """Run the purge loop under its pressure override: open when high, shut when low, and back."""
    pressure, flag = seen[_PRESSURE - 1], memory.purge_override
    was_open, was_shut = flag == 1.0, flag == 2.0
    open_ = (pressure >= _PURGE_OPEN_KPA) | (was_open & (pressure >= _PURGE_NORMAL_KPA))
    low = (pressure <= _PURGE_SHUT_KPA) | (was_shut & (pressure <= _PURGE_NORMAL_KPA))
    shut = ~open_ & ~was_open & low
    back = ~open_ & ~shut & (was_open | was_shut)
    forced = open_ | shut | back
    error, move = _move(memory, loop, seen, gain)
    memory = _moved_command(memory, loop.number - 1, jnp.where(run & ~forced, move, 0.0))
    level = jnp.full_like(pressure, _PURGE_NORMAL)
    position = jnp.where(open_, 100.0, jnp.where(shut, 0.0, level))
    return _set_purge(memory, loop, run, (forced, back), (position, error, open_, shut))


def _set_purge(
    memory: Memory,
    loop: Loop,
    run: Array,
    how: tuple[Array, Array],
    values: tuple[Array, Array, Array, Array],
) -> Memory:
    forced, back = how
    position, error, open_, shut = values
    n, i = loop.number, loop.number - 1
    commands = list(memory.commands)
    commands[i] = jnp.where(run & forced, position, commands[i])
    kept_error = jnp.where(forced, jnp.where(back, 0.0, memory.errors[n]), error)
    flag = jnp.where(open_, 1.0, jnp.where(shut, 2.0, jnp.zeros_like(position)))
    reset = run & back
    return replace(
        memory,
        commands=tuple(commands),
        setpoints={**memory.setpoints, n: jnp.where(reset, loop.setpoint, memory.setpoints[n])},
        errors={**memory.errors, n: jnp.where(run, kept_error, memory.errors[n])},
        purge_override=jnp.where(run, flag, memory.purge_override),
    )


def _moved_command(memory: Memory, i: int, step: Array) -> Memory:
    commands, residues = list(memory.commands), list(memory.command_residues)
    commands[i], residues[i] = summation.add(commands[i], residues[i], step)
    return replace(memory, commands=tuple(commands), command_residues=tuple(residues))


def _moved_setpoint(memory: Memory, loop: int, step: Array) -> Memory:
    total, residue = summation.add(memory.setpoints[loop], memory.setpoint_residues[loop], step)
    return replace(
        memory,
        setpoints={**memory.setpoints, loop: total},
        setpoint_residues={**memory.setpoint_residues, loop: residue},
    )
