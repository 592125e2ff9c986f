"""Measures of risk as people read them."""

from __future__ import annotations

from otsim.report.wording import money, money_range, number, percent
from otsim.risk.named_measures import Measure

__all__ = ["amount", "amount_range", "measure_words", "short_words"]

_CHANCES = {
    "acts": "chance that an attack touches the plant in a year",
    "tripped": "chance that an attack trips the plant in a year",
    "shut_down": "chance that defenders shut the plant down in a year",
    "damaged": "chance that equipment is damaged or destroyed in a year",
    "destroyed": "chance that the plant is destroyed in a year",
    "loss": "chance that a year costs anything at all",
}
_SHORT_CHANCES = {
    "acts": "plant touched", "tripped": "plant tripped", "shut_down": "plant shut down",
    "damaged": "damage", "destroyed": "destruction", "loss": "any loss",
}  # fmt: skip


def measure_words(measure: Measure) -> str:
    """Say what a measure is: `mean of the worst year in 100 (CVaR 99 %)`."""
    if measure.kind == "eal":
        return "expected annual loss"
    if measure.kind == "chance":
        return _CHANCES[measure.flag]
    years, level = f"{measure.return_period:,.6g}", f"{100.0 * measure.level:.6g}"
    if measure.kind == "oep":
        return f"largest event of one year in {years} (OEP)"
    if measure.kind == "cvar":
        return f"mean of the worst year in {years} (CVaR {level}\u00a0%)"
    return f"loss of one year in {years} (VaR {level}\u00a0%)"


def short_words(measure: Measure) -> str:
    """Say it in a few words, for the axis of a chart."""
    if measure.kind == "eal":
        return "expected annual loss"
    if measure.kind == "chance":
        return f"chance of {_SHORT_CHANCES[measure.flag]}"
    years = f"{measure.return_period:,.6g}"
    names = {"oep": "largest event", "cvar": "tail mean", "var": "loss"}
    return f"1-in-{years}-year {names[measure.kind]}"


def amount(value: float, measure: Measure, currency: str) -> str:
    """Write a value of a measure: money, or a chance in per cent."""
    if measure.is_money:
        return money(value, currency)
    return percent(value)


def amount_range(low: float, high: float, measure: Measure, currency: str) -> str:
    """Write a range of values."""
    if not measure.is_money:
        return f"{number(100.0 * low)} to {percent(high)}"
    if low >= 0.0:
        return money_range(low, high, currency)
    return f"{money(low, currency)} to {money(high, currency)}"
