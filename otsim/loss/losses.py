"""What every twin cost, category by category."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["CATEGORIES", "Losses"]

CATEGORIES = ("business_interruption", "product", "equipment", "environment", "safety", "response")

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Losses:
    """The losses of n twins, in the study's currency; nan where the twin diverged.

    Attributes:
        twin_id: i64[n].
        by_category: f64[n] for each of `CATEGORIES`, after the cap at the plant's value.
        downtime_h: f64[n], hours without production after the twin's end, 0 for none.
        damaged: bool[n] for each fragility of the study, False where the twin diverged.
    """

    twin_id: npt.NDArray[np.int64]
    by_category: dict[str, Floats]
    downtime_h: Floats
    damaged: dict[str, Bools]

    @property
    def total(self) -> Floats:
        """Sum over the categories, f64[n]."""
        return np.sum([self.by_category[name] for name in CATEGORIES], axis=0)
