"""Measures of risk by name: `eal`, `var99`, `cvar99.5`, `pml250`, `oep100`, `p_damaged`."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from otsim.config.problems import did_you_mean
from otsim.errors import ConfigError
from otsim.risk.annual import (
    AnnualLoss,
    annual_loss,
    annual_tail_mean,
    annual_value_at_risk,
    largest_event,
)
from otsim.risk.events import FLAGS
from otsim.risk.frequency import generating
from otsim.risk.measures import value_at_risk

if TYPE_CHECKING:
    from otsim.risk.events import EventLosses
    from otsim.risk.frequency import Frequency
    from otsim.risk.measures import Floats

__all__ = ["CHANCES", "MEASURES_HELP", "Measure", "measure_of", "measured"]

CHANCES = (*FLAGS, "loss")
MEASURES_HELP = "eal, var99, cvar99, pml100, oep100, " + ", ".join(f"p_{name}" for name in CHANCES)
_NAME = re.compile(r"(?P<kind>var|cvar|pml|oep)(?P<number>\d+(?:\.\d+)?)")
_LEAST_PERIOD, _MOST_PERIOD = 1.0, 1e7


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One number of a year's risk.

    Attributes:
        name: as it is written.
        kind: mean; value at risk and tail mean of a year's sum; value at risk of its largest
            event; chance of a year with at least one event of a kind.
        level: of the quantile, 0 to 1; nan for a mean or a chance.
        flag: what happens, one of `CHANCES`; "" for money.
    """

    name: str
    kind: Literal["eal", "var", "cvar", "oep", "chance"]
    level: float = math.nan
    flag: str = ""

    @property
    def is_money(self) -> bool:
        """Whether it is an amount; else it is a probability."""
        return self.kind != "chance"

    @property
    def is_mean(self) -> bool:
        """Whether it is a smooth function of one mean over events."""
        return self.kind in ("eal", "chance")

    @property
    def return_period(self) -> float:
        """Years in which the quantile is exceeded once on average; nan for a mean or a chance."""
        return 1.0 / (1.0 - self.level)


def measure_of(text: str) -> Measure:
    """Find a measure by its name.

    `eal` is the expected annual loss; `varL` and `cvarL` are quantile and tail mean of the annual
    loss at L per cent; `pmlT` is the annual loss (AEP) and `oepT` the largest event exceeded once
    in T years; `p_NAME` is the chance of a year with such an event.

    Raises:
        ConfigError: there is no such measure.
    """
    name = text.strip().lower()
    if name == "eal":
        return Measure(name=name, kind="eal")
    if name.startswith("p_") and name[2:] in CHANCES:
        return Measure(name=name, kind="chance", flag=name[2:])
    found = _NAME.fullmatch(name)
    if not found:
        known = ["eal", *(f"p_{flag}" for flag in CHANCES)]
        hint = did_you_mean(name, known, otherwise=f"known: {MEASURES_HELP}")
        raise ConfigError(f"measure {text.strip()!r}: there is none of that name ({hint})")
    return _quantile(name, found["kind"], float(found["number"]))


def _quantile(name: str, kind: str, number: float) -> Measure:
    if kind in ("pml", "oep"):
        if not _LEAST_PERIOD < number <= _MOST_PERIOD:
            raise ConfigError(
                f"measure {name!r}: {number:g} years; need a return period above 1, such as 100"
            )
        level = 1.0 - 1.0 / number
        return Measure(name=name, kind="var" if kind == "pml" else "oep", level=level)
    if not 0.0 < number < 100.0:
        raise ConfigError(f"measure {name!r}: need a level between 0 and 100 per cent, such as 99")
    return Measure(name=name, kind="cvar" if kind == "cvar" else "var", level=number / 100.0)


def measured(
    measure: Measure,
    events: EventLosses,
    frequency: Frequency,
    *,
    weights: Floats | None = None,
    annual: AnnualLoss | None = None,
) -> float:
    """Return the value of a measure.

    Args:
        measure: which.
        events: n sampled campaigns.
        frequency: the yearly number of campaigns.
        weights: f64[n], relative probability of each event; None: as the events were drawn.
        annual: the compounded losses of the same events and weights, if they are at hand.
    """
    weights = events.sampling.weights if weights is None else weights
    if measure.is_mean:
        values = hits_of(events, measure.flag) if measure.kind == "chance" else events.loss
        mean = float(np.average(values, weights=weights))
        if measure.kind == "eal":
            return frequency.mean * mean
        return 1.0 - float(generating(frequency, 1.0 - mean))
    years = annual or annual_loss(events.loss, frequency, weights)
    if measure.kind == "oep":
        return value_at_risk(largest_event(years), measure.level)
    if measure.kind == "cvar":
        return annual_tail_mean(years, measure.level)
    return annual_value_at_risk(years, measure.level)


def hits_of(events: EventLosses, flag: str) -> Floats:
    """Return which events count for a chance, f64[n] of 0 and 1."""
    hits = events.loss > 0.0 if flag == "loss" else events.flags[flag]
    return np.asarray(hits, np.float64)
