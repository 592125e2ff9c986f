"""The 20 disturbances IDV: step changes, random walks and sticking valves.

Source: Downs and Vogel (1993), table 8; walk parameters as in the public program.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import jax
import jax.numpy as jnp

from otsim_kernels.draws import Array, StreamKey, draw_bits, purpose_id
from otsim_kernels.plants.tennessee_eastman.components import Number
from otsim_kernels.plants.tennessee_eastman.process import Surroundings

Flags = Mapping[int, Array]  # disturbance number: 1 where it acts, 0 where not; absent: never


@dataclass(frozen=True, kw_only=True)
class Channel:
    """One randomly moving quantity: hold times in hours, `pulse` for those that rise to 1."""

    idv: int
    span_h: float
    mean_h: float
    span: float
    start: float
    pulse: bool = False


CHANNELS: dict[int, Channel] = {
    1: Channel(idv=8, span_h=0.2, mean_h=0.5, span=0.03, start=0.485),  # mole fraction A, stream 4
    2: Channel(idv=8, span_h=0.7, mean_h=1.0, span=0.003, start=0.005),  # mole fraction B
    3: Channel(idv=9, span_h=0.25, mean_h=0.5, span=10.0, start=45.0),  # D feed, C
    4: Channel(idv=10, span_h=0.7, mean_h=1.0, span=10.0, start=45.0),  # A and C feed, C
    5: Channel(idv=11, span_h=0.15, mean_h=0.25, span=10.0, start=35.0),  # reactor water, C
    6: Channel(idv=12, span_h=0.15, mean_h=0.25, span=10.0, start=40.0),  # condenser water, C
    7: Channel(idv=13, span_h=1.0, mean_h=2.0, span=0.25, start=1.0),  # factor, reaction 1
    8: Channel(idv=13, span_h=1.0, mean_h=2.0, span=0.25, start=1.0),  # factor, reaction 2
    9: Channel(idv=16, span_h=0.4, mean_h=0.5, span=0.25, start=0.0),  # steam heat transfer
    10: Channel(idv=17, span_h=1.5, mean_h=2.0, span=0.0, start=0.0, pulse=True),  # reactor
    11: Channel(idv=18, span_h=2.0, mean_h=3.0, span=0.0, start=0.0, pulse=True),  # condenser
    12: Channel(idv=20, span_h=1.5, mean_h=2.0, span=0.0, start=0.0, pulse=True),  # effluent
}
FIRST_RENEWAL_H = 0.1
PULSE_END = 0.1  # a pulse above this falls back to 0 ...
PULSE_FALL_H = 0.1  # ... within this time
STICKING = {
    10: 14,
    11: 15,
    5: 19,
    7: 19,
    8: 19,
    9: 19,
}  # valve: the disturbance that makes it stick
STICKING_BAND = 2.0  # % that a command must move before a sticking valve follows


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Walk:
    """A channel's cubic `a + h*(b + h*(c + h*d))`, h the hours since `last_h`; f32[] each."""

    a: Array
    b: Array
    c: Array
    d: Array
    last_h: Array
    next_h: Array


Walks = dict[int, Walk]  # by channel, only those that a disturbance of the study moves


def first_walks(idvs: frozenset[int], like: Array) -> Walks:
    """Return the channels that these disturbances move, at rest."""
    zero = jnp.zeros_like(like)
    return {
        number: Walk(
            a=zero + channel.start, b=zero, c=zero, d=zero, last_h=zero,
            next_h=zero + FIRST_RENEWAL_H,
        )
        for number, channel in CHANNELS.items()
        if channel.idv in idvs
    }  # fmt: skip


def step_walks(walks: Walks, flags: Flags, *, key: StreamKey, clock: Array, time_h: Array) -> Walks:
    """Renew the channels whose time has come.

    Args:
        walks: the channels before this evaluation.
        flags: which disturbances act.
        key: the twin's stream key.
        clock: plant time in ticks, i32[], which counts the draws.
        time_h: the same in hours.
    """
    return {
        number: _renewed(number, walk, flags[CHANNELS[number].idv], key, clock, time_h)
        for number, walk in walks.items()
    }


def surroundings(walks: Walks, flags: Flags, time_h: Array) -> Surroundings:
    """Combine walks and step disturbances into what the process feels."""
    w: dict[int, Number] = {number: channel.start for number, channel in CHANNELS.items()}
    w.update({number: _value(walk, time_h) for number, walk in walks.items()})
    d: dict[int, Number] = {n: flags.get(n, 0.0) for n in range(1, 8)}
    feed4_a = w[1] - 0.03 * d[1] - 0.00243719 * d[2]
    feed4_b = w[2] + 0.005 * d[2]
    return Surroundings(
        feed4=(feed4_a, feed4_b, 1.0 - feed4_a - feed4_b),
        feed1_c=w[3] + 5.0 * d[3],
        feed4_c=w[4],
        reactor_water_inlet_c=w[5] + 5.0 * d[4],
        condenser_water_inlet_c=w[6] + 5.0 * d[5],
        kinetics=(w[7], w[8]),
        feed3_flow=1.0 - d[6],
        feed4_flow=1.0 - 0.2 * d[7],
        steam_fouling=w[9],
        reactor_fouling=w[10],
        condenser_fouling=w[11],
        effluent_fouling=w[12],
    )


def accepted_commands(
    accepted: tuple[Array, ...], received: tuple[Array, ...], flags: Flags
) -> tuple[Array, ...]:
    """Return the 12 commands as the valves take them, %, clipped and, where they stick, held."""
    taken = []
    for number, (held, command) in enumerate(zip(accepted, received, strict=True), start=1):
        flag = flags.get(STICKING.get(number, 0))
        if flag is not None:
            command = jnp.where(jnp.abs(held - command) > STICKING_BAND * flag, command, held)
        taken.append(jnp.clip(command, 0.0, 100.0))
    return tuple(taken)


def _value(walk: Walk, time_h: Array) -> Array:
    h = time_h - walk.last_h
    return walk.a + h * (walk.b + h * (walk.c + h * walk.d))


def _renewed(
    number: int, walk: Walk, flag: Array, key: StreamKey, clock: Array, time_h: Array
) -> Walk:
    channel = CHANNELS[number]
    h = walk.next_h - walk.last_h
    value = walk.a + h * (walk.b + h * (walk.c + h * walk.d))
    slope = walk.b + h * (2.0 * walk.c + h * 3.0 * walk.d)
    u_1, u_2 = (_symmetric(bits, walk.a) for bits in draw_bits(key, _PURPOSES[number], clock))
    hold_h = channel.mean_h + channel.span_h * u_1
    if channel.pulse:
        fresh = _pulse(walk.next_h, value, slope, hold_h, flag)
    else:
        target = channel.start + channel.span * u_2 * flag
        fresh = Walk(
            a=value,
            b=slope,
            c=(3.0 * (target - value) - hold_h * 2.0 * slope) / (hold_h * hold_h),
            d=(2.0 * (value - target) + hold_h * slope) / (hold_h * hold_h * hold_h),
            last_h=walk.next_h,
            next_h=walk.next_h + hold_h,
        )
    due = time_h >= walk.next_h
    renewed: Walk = jax.tree.map(lambda new, old: jnp.where(due, new, old), fresh, walk)
    return renewed


def _pulse(start_h: Array, value: Array, slope: Array, hold_h: Array, flag: Array) -> Walk:
    """Grow as a square from 0 to 1 in `hold_h`, or fall back to 0 if the pulse is up."""
    up = value > PULSE_END
    zero = jnp.zeros_like(value)
    return Walk(
        a=jnp.where(up, value, zero),
        b=jnp.where(up, slope, zero),
        c=jnp.where(
            up, -(3.0 * value + 2.0 * PULSE_FALL_H * slope) / PULSE_FALL_H**2,
            flag / (hold_h * hold_h),
        ),
        d=jnp.where(up, (2.0 * value + PULSE_FALL_H * slope) / PULSE_FALL_H**3, zero),
        last_h=start_h,
        next_h=start_h + jnp.where(up, PULSE_FALL_H, hold_h),
    )  # fmt: skip


def _symmetric(bits: Array, like: Array) -> Array:
    """Map 32 random bits to [-1, 1)."""
    return (bits >> 8).astype(like.dtype) * 2.0**-23 - 1.0


_PURPOSES = {number: purpose_id(f"disturbance/channel_{number}") for number in CHANNELS}
