"""Numbers of a study with the unit that their key stands in."""

from __future__ import annotations

from otsim.config import Study
from otsim.config.key_paths import key_steps
from otsim.config.study_points import points_of
from otsim.report.wording import money, number, percent

__all__ = ["in_unit"]

_SPACE = "\u00a0"  # a number and its unit stay on one line
_PRICES = {
    "margin_per_hour": "an hour", "offspec_product_per_m3": "per m³", "unmet_per_m3": "per m³",
    "spilled_per_m3": "per m³", "outage_per_customer_h": "a customer and hour",
    "low_pressure_per_h": "an hour", "energy_per_kwh": "per kWh",
}  # fmt: skip
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
        unit = points_of(study.plant).units[signal]
        return f"{_plain(value)}{_SPACE}{unit}".rstrip()
    if last in _PRICES:
        return f"{money(value, currency)} {_PRICES[last]}"
    if any(step.endswith("_h") for step in steps):
        return (
            f"1 in {number(1.0 / value)}{_SPACE}h"
            if last == "rate"
            else f"{_plain(value)}{_SPACE}h"
        )
    return number(value) if last == "rate" else money(value, currency)


def _plain(value: float) -> str:
    return f"{value:,.6g}"
