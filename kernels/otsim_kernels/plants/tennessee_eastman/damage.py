"""Physical damage: extremes of the five guarded signals, product, quality and operating cost."""

from __future__ import annotations

from dataclasses import dataclass

import jax
import jax.numpy as jnp

from otsim_kernels import summation
from otsim_kernels.draws import Array
from otsim_kernels.plants.tennessee_eastman import components as chem
from otsim_kernels.plants.tennessee_eastman.integration import HOURS_PER_TICK
from otsim_kernels.plants.tennessee_eastman.signals import DAMAGE_COLUMNS
from otsim_kernels.plants.tennessee_eastman.streams import Streams

PEAKS, LOWS = (7, 9, 8, 12, 15), (8, 12, 15)
SPEC_G_MOL_PERCENT, SPEC_BAND = 53.724, 5.0  # Downs and Vogel: base composition, +-5 mol %
# USD per kmol of what is lost, A to H (Downs and Vogel, table 9; A as in Ricker's archive)
PRICES = (2.209, 0.0, 6.177, 22.06, 14.56, 17.89, 30.44, 22.94)
_KMOL_PER_KSCM = 44.791
_KMOL_H_PER_PERCENT = 4.541  # product flow per percent of XMV8
_COMPRESSOR_USD_KWH, _STEAM_USD_KG = 0.0536, 0.0318
_SUMS = ("product_m3", "offspec_product_m3", "offspec_h", "operating_cost_usd")


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Tally:
    """What a twin has suffered so far, f32[] each."""

    peaks: dict[int, Array]  # by XMEAS
    lows: dict[int, Array]
    sums: tuple[Array, ...]  # in the order of `_SUMS`
    residues: tuple[Array, ...]


def first_tally(like: Array) -> Tally:
    """Return an empty tally, shaped as `like`."""
    zero = jnp.zeros_like(like)
    return Tally(
        peaks=dict.fromkeys(PEAKS, zero - jnp.inf),
        lows=dict.fromkeys(LOWS, zero + jnp.inf),
        sums=(zero,) * len(_SUMS),
        residues=(zero,) * len(_SUMS),
    )


def damage(
    tally: Tally, true: tuple[Array, ...], streams: Streams, accepted: tuple[Array, ...]
) -> Tally:
    """Add one tick.

    Args:
        tally: so far.
        true: XMEAS 1 to 41 as they truly are.
        streams: the algebra of this evaluation.
        accepted: the 12 commands as the valves take them, %.
    """
    product_m3_h = true[16]
    off = jnp.abs(true[39] - SPEC_G_MOL_PERCENT) > SPEC_BAND
    rates = (
        product_m3_h,
        jnp.where(off, product_m3_h, 0.0),
        jnp.where(off, jnp.ones_like(product_m3_h), 0.0),
        operating_cost_usd_h(true, streams, accepted),
    )
    grown = [
        summation.add(total, residue, rate * HOURS_PER_TICK)
        for total, residue, rate in zip(tally.sums, tally.residues, rates, strict=True)
    ]
    return Tally(
        peaks={n: jnp.maximum(peak, true[n - 1]) for n, peak in tally.peaks.items()},
        lows={n: jnp.minimum(low, true[n - 1]) for n, low in tally.lows.items()},
        sums=tuple(total for total, _ in grown),
        residues=tuple(residue for _, residue in grown),
    )


def operating_cost_usd_h(
    true: tuple[Array, ...], streams: Streams, accepted: tuple[Array, ...]
) -> Array:
    """Operating cost rate, USD/h, from the compositions of this moment (no analyser delay)."""
    purge = _KMOL_PER_KSCM * true[9] * chem.weighted_sum(PRICES, streams.fractions[10])
    lost = chem.weighted_sum(PRICES[3:6], streams.fractions[13][3:6])
    product = _KMOL_H_PER_PERCENT * accepted[7] * lost
    return purge + product + _COMPRESSOR_USD_KWH * true[19] + _STEAM_USD_KG * true[18]


def columns(tally: Tally) -> dict[str, Array]:
    """Return the tally by the names of `DAMAGE_COLUMNS`."""
    found = {f"peak_xmeas{n}": peak for n, peak in tally.peaks.items()}
    found.update({f"low_xmeas{n}": low for n, low in tally.lows.items()})
    found.update(zip(_SUMS, tally.sums, strict=True))
    return {column.name: found[column.name] for column in DAMAGE_COLUMNS}
