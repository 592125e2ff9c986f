"""How far a recorded batch is from the trajectories of the Tennessee Eastman reference."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import jax
import numpy as np

import tolerances
from otsim_kernels.plants.tennessee_eastman.damage import operating_cost_usd_h
from reference.te_cases import (
    FOLDER,
    TICKS_PER_H,
    Batch,
    Case,
    UnknownCaseError,
    Values,
    causes_in,
    debug_case,
    read_cases,
    read_table,
    rows_of,
)

_NOT_RECORDED = ("k", "time_h", "sp_12")  # there is no loop 12
_PLANT = ("y_", "xmeas_")  # where the divergence of the perturbed twin is measured
_STATES_ONLY = ("y", "xmeas", "xmv", "cost")  # in open loop the reference runs no controllers


@dataclass(frozen=True, kw_only=True)
class Lived:
    """One case as it was lived, beside its file.

    Attributes:
        case: the case.
        want: the file's columns; empty if there is no file.
        got: the same rows as recorded, beyond the trip too.
        perturbed: the same of twins that are moved a little again and again.
        end: tick of the trip; None without.
        causes: of the trip.
    """

    case: Case
    want: dict[str, Values]
    got: dict[str, Values]
    perturbed: tuple[dict[str, Values], ...]
    end: int | None
    causes: set[str]


def known_cases() -> list[Case]:
    """Return the cases that can be run; the others have a test that fails."""
    return [case for case in read_cases() if _is_known(case)]


def _is_known(case: Case) -> bool:
    try:
        rows_of(case)
    except UnknownCaseError:
        return False
    return True


def live(
    driver: str, dtype: str, cases: Sequence[Case] | None = None, *, n_perturbed: int = 1
) -> dict[str, Lived]:
    """Live cases in integration `reference`, noise off, with perturbed twins beside each.

    Args:
        driver, dtype: of the kernel.
        cases: all that there are if None.
        n_perturbed: twins beside each.
    """
    if cases is None:
        cases = [*known_cases(), *map(debug_case, sorted(FOLDER.glob("debug_1hz.parquet")))]
    files = [_file_of(case) for case in cases]
    n = len(cases)
    members = [*range(n)] * (1 + n_perturbed)
    batch = Batch(cases, integration="reference", dtype=dtype, members=members, driver=driver)
    rows: list[dict[str, list[float]]] = [{} for _ in members]
    ticks = [set(file["k"].tolist()) if file else set() for file in files]
    for k, found in batch.record(set().union(*ticks)):
        for twin, member in enumerate(members):
            for name, values in found.items() if k in ticks[member] else ():
                rows[twin].setdefault(name, []).append(values[twin])
        if k % tolerances.PERTURBED_EVERY_S == 0:
            batch.perturb(range(n, len(members)), tolerances.PERTURBATION[dtype], seed=k)
    batch.run()
    endings = endings_of(batch)
    recorded = [
        _with_cost({name: np.array(values) for name, values in row.items()}) for row in rows
    ]
    return {
        case["name"]: Lived(
            case=case, want=files[i], got=recorded[i], perturbed=tuple(recorded[n + i :: n]),
            end=endings[i][0], causes=endings[i][1],
        )
        for i, case in enumerate(cases)
    }  # fmt: skip


def endings_of(batch: Batch) -> list[tuple[int | None, set[str]]]:
    """Return tick and causes of each twin's trip, (None, empty) where the safety did not act."""
    ending = jax.device_get(batch.state.ending)
    return [
        (int(end), causes_in(int(trips))) if trips else (None, set())
        for end, trips in zip(ending.end, ending.trips, strict=True)
    ]


def _file_of(case: Case) -> dict[str, Values]:
    for folder in (FOLDER / "traj", FOLDER):
        path = folder / f"{case['name']}.parquet"
        if path.exists():
            file = read_table(path)
            return {"k": np.rint(file["time_h"] * TICKS_PER_H).astype(int)} | file
    return {}


def _with_cost(found: dict[str, Values]) -> dict[str, Values]:
    """Add the cost as the reference has it: from the displayed, delayed analysers."""
    if not found:
        return found
    true: Any = tuple(found[f"xmeas_{i}"] for i in range(1, 42))
    share = [value / 100.0 for value in true]
    shown: Any = SimpleNamespace(fractions={10: share[28:36], 13: (0.0, 0.0, 0.0, *share[36:41])})
    accepted: Any = tuple(found[f"xmv_{i}"] for i in range(1, 13))
    return found | {"cost_usd_per_h": np.asarray(operating_cost_usd_h(true, shown, accepted))}


def errors(lived: Lived) -> tuple[dict[str, Values], Values]:
    """Return each column's relative error by row, and how far a perturbed twin was by then.

    Only rows up to the trip of either side; of a runaway, up to three minutes before it.

    Raises:
        UnknownCaseError: the file has a column that is not recorded.
    """
    rows = lived.want["k"] <= _last_comparable(lived)
    compared = [name for name in lived.want if name not in _NOT_RECORDED and _meant(lived, name)]
    if unknown := set(compared) - set(lived.got):
        raise UnknownCaseError(f"{lived.case['name']}: unknown columns {sorted(unknown)}")
    error, apart = {}, np.zeros(int(rows.sum()))
    for name in compared:
        size = np.abs(lived.want[name])
        scale = np.maximum(size, tolerances.FLOOR * size.max())[rows]
        got = lived.got[name][rows]
        error[name] = relative(got - lived.want[name][rows], scale)
        for perturbed in lived.perturbed if name.startswith(_PLANT) else ():
            apart = np.maximum(apart, relative(got - perturbed[name][rows], scale))
    return error, np.maximum.accumulate(apart)


def relative(difference: Values, scale: Values) -> Values:
    """Return |difference| / scale; where the scale is zero only no difference is none."""
    size = np.abs(difference)
    none = np.where(size == 0.0, 0.0, np.inf)
    return np.divide(size, scale, out=none, where=np.broadcast_to(scale > 0.0, size.shape))


def _meant(lived: Lived, name: str) -> bool:
    return bool(lived.case["closed_loop"]) or name.split("_")[0] in _STATES_ONLY


def _last_comparable(lived: Lived) -> float:
    trips = [trip for trip in (lived.end, lived.case["trip_step"]) if trip is not None]
    last = min(trips, default=math.inf)
    return last - tolerances.RUNAWAY_LAST_S if is_runaway(lived.case) else last


def is_runaway(case: Case) -> bool:
    """Tell whether the trip of a case is a property of the 1-s Euler steps."""
    fine_h = case.get("trip_time_h_plant_dt_0p05s")
    if fine_h is None or case["trip_step"] is None:
        return False
    return bool(abs(fine_h * TICKS_PER_H - case["trip_step"]) > tolerances.RUNAWAY_S)


def is_beyond_float32(case: Case) -> bool:
    """Tell whether the open-loop plant has amplified float32 rounding too far to be compared."""
    if case["closed_loop"]:
        return False
    time_h = case["planned_hours"] if case["trip_step"] is None else case["trip_time_h"]
    growth = math.exp(tolerances.OPEN_LOOP_GROWTH_PER_H * time_h)
    return growth * tolerances.FLOAT32_ROUNDING > tolerances.OPEN_LOOP_FLOAT32


def worst(error: Mapping[str, Values], allowed: Values) -> str:
    """Return the columns beyond what is allowed, in words; empty if there are none."""
    return ", ".join(_beyond(error, allowed))


def _beyond(error: Mapping[str, Values], allowed: Values) -> Iterable[str]:
    for name, values in error.items():
        excess = values / allowed
        if not (excess <= 1.0).all():
            row = int(np.argmax(np.nan_to_num(excess, nan=np.inf)))
            yield f"{name} is off by {values[row]:.2g} in row {row} ({allowed[row]:.2g} allowed)"
