"""Twins with measurement noise, in blocks of one size that share one compiled loop."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from reference.te_agreement import endings_of
from reference.te_cases import FOLDER, TICKS_PER_H, Batch, Case, Values, read_cases, read_table

BLOCK = 90  # twins side by side: near the fastest width, and a divisor of 30 and 300 a case
_FIRST_ROW_H, _HOURS, _EVERY_S = 1, 48, 180  # of the rows behind noise_stats.json
_CALM: Case = {
    "name": "calm", "closed_loop": True, "attacks": [], "idv_start_h": {}, "planned_hours": _HOURS,
    "trip_step": None, "trip_cause": [],
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class RunStatistics:
    """Of each run of the calm plant: mean and standard deviation of its rows, f64[n_runs]."""

    mean: Values
    deviation: Values


@cache
def replicates() -> dict[str, dict[str, Values]]:
    """Return the columns of mc_trips.parquet by case; empty where it is absent."""
    path = FOLDER / "mc_trips.parquet"
    if not path.exists():
        return {}
    table = read_table(path)
    return {
        name: {column: values[table["case"] == name] for column, values in table.items()}
        for name in dict.fromkeys(table["case"].tolist())
    }


@cache
def noise_statistics() -> dict[str, dict[str, float]]:
    """Return noise_stats.json by signal; empty where it is absent."""
    path = FOLDER / "noise_stats.json"
    found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return {name: numbers for name, numbers in found.items() if isinstance(numbers, dict)}


def attacked_cases() -> list[Case]:
    """Return the cases of mc_trips.parquet."""
    by_name = {case["name"]: case for case in read_cases()}
    return [by_name[name] for name in replicates()]


@cache
def noisy_trips(dtype: str, n: int, seed: int) -> dict[str, tuple[Values, set[str]]]:
    """Return by case the trip times of `n` replicates, h (inf without trip), and all causes."""
    cases = attacked_cases()
    members = [i for i in range(len(cases)) for _ in range(n)]
    trips: list[tuple[int | None, set[str]]] = []
    for first in range(0, len(members), BLOCK):
        trips += _block(cases, members[first : first + BLOCK], dtype, seed, first)
    return {
        case["name"]: (
            np.array([np.inf if end is None else end / TICKS_PER_H for end, _ in trips[at:at + n]]),
            set().union(*(causes for _, causes in trips[at:at + n])),
        )
        for at, case in zip(range(0, len(members), n), cases, strict=True)
    }  # fmt: skip


def _block(
    cases: list[Case], members: list[int], dtype: str, seed: int, first: int
) -> Iterator[tuple[int | None, set[str]]]:
    padded = members + [members[-1]] * (BLOCK - len(members))
    batch = Batch(
        [*cases, _CALM], integration="reference", dtype=dtype, noise=True, members=padded,
        seed=seed, first_id=first,
    )  # fmt: skip
    batch.run()
    yield from endings_of(batch)[: len(members)]


@cache
def calm_runs(dtype: str, seed: int) -> dict[str, RunStatistics]:
    """Live one block of calm twins with noise; return the statistics of each signal."""
    cases = attacked_cases()
    batch = Batch(
        [*cases, _CALM], integration="reference", dtype=dtype, noise=True,
        members=[len(cases)] * BLOCK, seed=seed,
    )  # fmt: skip
    signals = noise_statistics()
    rows: dict[str, list[Values]] = {name: [] for name in signals}
    ticks = range(_FIRST_ROW_H * TICKS_PER_H, _HOURS * TICKS_PER_H, _EVERY_S)
    for _, found in batch.record(ticks):
        for name in signals:
            rows[name].append(found[name])
    return {
        name: RunStatistics(mean=np.mean(values, axis=0), deviation=np.std(values, axis=0))
        for name, values in rows.items()
    }
