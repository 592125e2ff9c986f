"""Numbers of a study with the unit that their key stands in."""

from __future__ import annotations

from otsim.config import PLANT_POINTS, Study
from otsim.config.key_paths import key_steps
from otsim.report.wording import money, number, percent

__all__ = ["in_unit"]

_SPACE = "\u00a0"  # a number and its unit stay on one line
_PLAIN = frozenset({"sigma", "shape", "dispersion"})  # parameters without a unit


def in_unit(value: float, key: str, study: Study) -> str:
    """Write a number that may be an uncertain input: `4,600 kPa gauge`, `120 M EUR`, `9 h`.

    Args:
        value: as the study file has it.
        key: its key path.
        study: for the currency and the signals of fragilities.
    """
    steps = [str(step) for step in key_steps(key)]
    currency, last = study.loss.currency, steps[-1]
    if steps[0] == "attackers":
        return {"share": percent(value), "per_year": f"{number(value)} a year"}.get(
            last, number(value)
        )
    if last in _PLAIN:
        return number(value)
    if steps[1] == "fragility" and last == "median" and len(steps) == 4:
        signal = study.loss.fragility[steps[2]].signal
        unit = PLANT_POINTS[study.plant.model].by_name[signal].unit
        return f"{_plain(value)}{_SPACE}{unit}".rstrip()
    if any(step.endswith("_h") for step in steps):
        return (
            f"1 in {number(1.0 / value)}{_SPACE}h"
            if last == "rate"
            else f"{_plain(value)}{_SPACE}h"
        )
    if last == "margin_per_hour":
        return f"{money(value, currency)} an hour"
    if last == "offspec_product_per_m3":
        return f"{money(value, currency)} per m³"
    return number(value) if last == "rate" else money(value, currency)


def _plain(value: float) -> str:
    return f"{value:,.6g}"
