"""What became of the twins: the physical result of each campaign, on the host."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["STATUSES", "Outcomes", "Status", "ended", "joined_outcomes"]

Status = str
STATUSES: tuple[Status, ...] = (
    "no_action",  # the campaign never touched the plant: nothing was simulated
    "horizon",  # lived to the end of the horizon
    "tripped",  # the safety system shut the process down
    "shut_down",  # the defenders did
    "destroyed",  # ruptured, flooded, or hotter than the model reaches
    "diverged",  # the numbers failed: quarantined, counted, never averaged
)


@dataclass(frozen=True, kw_only=True)
class Outcomes:
    """The physical outcome of n twins; hours count from the twin's first plant action.

    Attributes:
        twin_id: i64[n].
        status: i32[n], index into `STATUSES`.
        cause: object[n], why it ended, in words ("reactor pressure high"); "" for none.
        end_h: f64[n], when the process stopped or the horizon ended; nan for no_action.
        extrapolated_h: f64[n], from when on the model ran beyond its limits; nan for never.
        columns: f64[n] for each `DamageColumn` of the plant; nan for no_action and diverged.
    """

    twin_id: npt.NDArray[np.int64]
    status: npt.NDArray[np.int32]
    cause: npt.NDArray[np.object_]
    end_h: npt.NDArray[np.float64]
    extrapolated_h: npt.NDArray[np.float64]
    columns: dict[str, npt.NDArray[np.float64]]


def ended(outcomes: Outcomes, status: Status) -> npt.NDArray[np.bool_]:
    """Tell which twins ended so, bool[n]."""
    same: npt.NDArray[np.bool_] = outcomes.status == STATUSES.index(status)
    return same


def joined_outcomes(parts: Sequence[Outcomes]) -> Outcomes:
    """Return the outcomes of all parts, one after the other."""

    def of(name: str) -> npt.NDArray[Any]:
        return np.concatenate([getattr(part, name) for part in parts])

    return Outcomes(
        twin_id=of("twin_id"), status=of("status"), cause=of("cause"), end_h=of("end_h"),
        extrapolated_h=of("extrapolated_h"),
        columns={
            name: np.concatenate([part.columns[name] for part in parts])
            for name in parts[0].columns
        },
    )  # fmt: skip
