"""The 41 measurements: what is true, and what transmitters and analysers show.

Formulas, periods, dead times and noise: Downs and Vogel (1993), tables 4 and 5, with the unit
conversions of the public program.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax import lax

from otsim_kernels.draws import Array, StreamKey, purpose_id
from otsim_kernels.noise import noise_pair
from otsim_kernels.plants.tennessee_eastman.process import Process
from otsim_kernels.plants.tennessee_eastman.signals import (
    FT3_PER_M3,
    LEVEL_SCALE_FT3,
    MEASUREMENTS,
)
from otsim_kernels.plants.tennessee_eastman.streams import GAUGE_ZERO_MMHG, Streams

N_CONTINUOUS = 22  # XMEAS 1 to 22; the others come from analysers
GAS_PERIOD_TICKS, PRODUCT_PERIOD_TICKS = 360, 900
N_GAS = 14  # analyser values 23 to 36; 37 to 41 are the product's
RARE_TICKS = 60  # analysers fire at multiples of this
_NOISE = tuple(MEASUREMENTS[n][5] for n in MEASUREMENTS)
_PURPOSES = tuple(purpose_id(f"noise/xmeas_{n}") for n in MEASUREMENTS)
_KSCMH = 0.359 / FT3_PER_M3
_KPA = 101.325 / GAUGE_ZERO_MMHG


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Instruments:
    """What the instruments show and hold; f32[] each."""

    shown: tuple[Array, ...]  # XMEAS 1 to 41, noise included
    sampled: tuple[Array, ...]  # the analysers' samples that are shown one period later, mol %


def true_values(process: Process, streams: Streams) -> tuple[Array, ...]:
    """Return XMEAS 1 to 41 as they truly are; compositions of this very moment."""
    f, m, t = streams.flows, streams.masses, streams.temperatures
    continuous = (
        f[3] * _KSCMH,
        f[1] * m[1] * 0.454,
        f[2] * m[2] * 0.454,
        f[4] * _KSCMH,
        f[9] * _KSCMH,
        f[6] * _KSCMH,
        (streams.reactor_mmhg - GAUGE_ZERO_MMHG) * _KPA,
        _level(8, streams.reactor_liquid_ft3),
        t.reactor_c,
        f[10] * _KSCMH,
        t.separator_c,
        _level(12, streams.separator_liquid_ft3),
        (streams.separator_mmhg - GAUGE_ZERO_MMHG) * _KPA,
        f[11] * streams.separator_molar_ft3 / FT3_PER_M3,
        _level(15, streams.stripper_liquid_ft3),
        (streams.mixing_mmhg - GAUGE_ZERO_MMHG) * _KPA,
        f[13] * streams.stripper_molar_ft3 / FT3_PER_M3,
        t.stripper_c,
        streams.steam_heat * (1040.0 * 0.454),
        streams.compressor_heat * 293.07,
        process.reactor_water_c,
        process.condenser_water_c,
    )
    x = streams.fractions
    compositions = (*x[6][:6], *x[10], *x[13][3:])
    return continuous + tuple(100.0 * z for z in compositions)


def first_instruments(true: tuple[Array, ...]) -> Instruments:
    """Show the truth, without noise or delay."""
    return Instruments(shown=true, sampled=true[N_CONTINUOUS:])


def show(
    held: Instruments,
    true: tuple[Array, ...],
    *,
    key: StreamKey | None,
    clock: Array,
    rare: Array,
) -> Instruments:
    """Read the transmitters, and the analysers when they fire.

    Args:
        held: what was shown before.
        true: XMEAS 1 to 41 of this evaluation.
        key: the twin's stream key; None for no noise.
        clock: plant time in ticks, i32[].
        rare: whether any twin's clock is a multiple of `RARE_TICKS`, bool, one for the batch.
    """
    continuous = _with_noise(true, range(N_CONTINUOUS), key, clock)
    fire: Callable[[Instruments], Instruments] = lambda old: _fire(old, true, key, clock)  # noqa: E731
    analysed = lax.cond(rare, fire, lambda old: old, held)
    return Instruments(shown=continuous + analysed.shown[N_CONTINUOUS:], sampled=analysed.sampled)


def _fire(
    held: Instruments, true: tuple[Array, ...], key: StreamKey | None, clock: Array
) -> Instruments:
    gas = (clock > 0) & (lax.rem(clock, jnp.int32(GAS_PERIOD_TICKS)) == 0)
    product = (clock > 0) & (lax.rem(clock, jnp.int32(PRODUCT_PERIOD_TICKS)) == 0)
    due = (gas,) * N_GAS + (product,) * (len(held.sampled) - N_GAS)
    noisy = _with_noise(
        held.shown[:N_CONTINUOUS] + held.sampled, range(N_CONTINUOUS, len(true)), key, clock
    )
    choose = zip(due, noisy, held.shown[N_CONTINUOUS:], strict=True)
    shown = tuple(jnp.where(fires, new, old) for fires, new, old in choose)
    store = zip(due, true[N_CONTINUOUS:], held.sampled, strict=True)
    sampled = tuple(jnp.where(fires, new, old) for fires, new, old in store)
    return Instruments(shown=held.shown[:N_CONTINUOUS] + shown, sampled=sampled)


def _with_noise(
    values: tuple[Array, ...], channels: range, key: StreamKey | None, clock: Array
) -> tuple[Array, ...]:
    if key is None:
        return tuple(values[i] for i in channels)
    noisy: list[Array] = []
    for i in channels[::2]:
        pair = noise_pair(key, _PURPOSES[i], clock, values[i].dtype)
        noisy += [
            values[j] + _NOISE[j] * z
            for j, z in zip((i, i + 1), pair, strict=True)
            if j in channels
        ]
    return tuple(noisy)


def _level(number: int, volume_ft3: Array) -> Array:
    zero_ft3, span_ft3 = LEVEL_SCALE_FT3[number]
    return (volume_ft3 - zero_ft3) / span_ft3 * 100.0
