"""The kernel's algebra at the states of derivatives.parquet, named as that file names it."""

from __future__ import annotations

from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from otsim_kernels.plants.tennessee_eastman import components as chem
from otsim_kernels.plants.tennessee_eastman import disturbances, instruments
from otsim_kernels.plants.tennessee_eastman.first_state import FIRST_GUESS_C, first_process
from otsim_kernels.plants.tennessee_eastman.integration import euler_rates
from otsim_kernels.plants.tennessee_eastman.plant import tennessee_eastman
from otsim_kernels.plants.tennessee_eastman.process import Surroundings
from otsim_kernels.plants.tennessee_eastman.streams import (
    Streams,
    Temperatures,
    reaction_rates,
    streams_at,
)
from reference.te_cases import DTYPES, FOLDER, Values, read_table

_FAR_GUESS_ITERATIONS = 8
_VESSELS = {"R": "reactor", "S": "separator", "C": "stripper"}


@cache
def derivatives_file() -> dict[str, Values]:
    """Return the file's columns; empty where it is absent."""
    path = FOLDER / "derivatives.parquet"
    return read_table(path) if path.exists() else {}


@cache
def evaluate(dtype: str) -> dict[str, Values]:
    """Return derivatives, measurements, trips and intermediate values at all states of the file."""
    table = derivatives_file()
    with jax.enable_x64(dtype == "float64"):
        found = jax.jit(_evaluate)(
            [jnp.asarray(table[f"y_{i}"], DTYPES[dtype]) for i in range(1, 51)],
            tuple(jnp.asarray(table[f"xmv_{i}"], DTYPES[dtype]) for i in range(1, 13)),
            {i: jnp.asarray(table[f"idv_{i}"], DTYPES[dtype]) for i in range(1, 8)},
        )
        found = {name: np.asarray(value, np.float64) for name, value in found.items()}
    tripped = found["trip_mask"] > 0
    return {
        name: np.where(tripped, 0.0, value) if name.startswith("dydt") else value
        for name, value in found.items()
    }


def _evaluate(y: list[Any], commands: tuple[Any, ...], flags: dict[int, Any]) -> dict[str, Any]:
    zero = jnp.zeros_like(y[0])
    process = jax.tree.unflatten(jax.tree.structure(first_process(zero)), y)
    around = disturbances.surroundings({}, flags, zero)
    names = ("reactor_c", "separator_c", "stripper_c", "mixing_c")
    guess = Temperatures(**{n: zero + t for n, t in zip(names, FIRST_GUESS_C, strict=True)})
    streams = streams_at(process, around, guess, newton_iterations=_FAR_GUESS_ITERATIONS)
    accepted = disturbances.accepted_commands(commands, commands, {})
    slope = jax.tree.leaves(euler_rates(process, streams, around, accepted))
    true = instruments.true_values(process, streams)
    rates = reaction_rates(streams, streams.reactor_partial_mmhg[3], around.kinetics)
    return {
        **{f"dydt_{i}": value + zero for i, value in enumerate(slope, start=1)},
        **{f"xmeas_{i}": value for i, value in enumerate(true, start=1)},
        **{f"r{i}": value for i, value in enumerate(rates, start=1)},
        **{name: value + zero for name, value in _named(streams, around).items()},
        "trip_mask": _trip_mask(true),
    }


def _named(s: Streams, around: Surroundings) -> dict[str, Any]:
    flows = {**s.flows, 7: s.flows[6]}  # stream 7 is stream 6
    enthalpies = {**s.enthalpies, 7: s.enthalpies[6], 12: _tray_enthalpy(s, around)}
    return {
        **{f"VL_{k}": getattr(s, f"{vessel}_liquid_ft3") for k, vessel in _VESSELS.items()},
        "P_R": s.reactor_mmhg, "P_S": s.separator_mmhg, "P_V": s.mixing_mmhg,
        "T_V": s.temperatures.mixing_c, "CPDH": s.compressor_heat,
        "Q_R": s.reactor_heat, "Q_S": s.separator_heat, "Q_C": s.steam_heat,
        **{f"F_{j}": flow for j, flow in flows.items()},
        **{f"H_{j}": enthalpy for j, enthalpy in enthalpies.items()},
    }  # fmt: skip


def _tray_enthalpy(s: Streams, around: Surroundings) -> Any:
    """Enthalpy of the liquid from the trays, which nothing in the model uses: checks the split."""
    feed = (*around.feed4, *(0.0,) * 5)
    liquid = tuple(
        s.flows[4] * gas + s.flows[11] * x - over
        for gas, x, over in zip(feed, s.fractions[11], s.overhead, strict=True)
    )
    return chem.enthalpy(chem.liquid_heat(liquid), s.temperatures.stripper_c) / s.flows[12]


def _trip_mask(true: tuple[Any, ...]) -> Any:
    mask = jnp.zeros_like(true[0], dtype=jnp.int32)
    for bit, limit in enumerate(tennessee_eastman("reference", noise=False).trips):
        value = true[limit.measurement]
        beyond = value > limit.value if limit.side == "high" else value < limit.value
        mask = mask | (beyond.astype(jnp.int32) << bit)
    return mask
