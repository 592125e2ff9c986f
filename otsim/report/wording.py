"""Numbers as people read them: few digits, always a unit."""

from __future__ import annotations

import math

__all__ = ["capital", "hours", "money", "money_pm", "money_range", "number", "percent", "years"]

_SCALES = ((1e12, "tn"), (1e9, "bn"), (1e6, "M"))
_THIN = "\u00a0"  # no line break between a number and its unit
_DAY_H, _YEAR_H = 24.0, 8760.0
_NONE = "–"


def number(value: float | None, digits: int = 3) -> str:
    """Round to significant digits, with commas, without an exponent where it can be read."""
    if value is None or not math.isfinite(value):
        return _NONE
    if value == 0.0:
        return "0"
    size = abs(value)
    if size < 1e-4 or size >= 1e15:
        return f"{value:.{digits - 1}e}"
    decimals = max(0, digits - 1 - math.floor(math.log10(size)))
    rounded = round(value, digits - 1 - math.floor(math.log10(size)))
    text = f"{rounded:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text and size < 1.0 else text


def _scale(value: float) -> tuple[float, str]:
    for size, letter in _SCALES:
        if abs(value) >= 0.9995 * size:
            return size, f"{_THIN}{letter}"
    return 1.0, ""


def money(value: float | None, currency: str) -> str:
    """Write an amount: `812 EUR`, `214,000 EUR`, `1.24 M EUR`."""
    if value is None or not math.isfinite(value):
        return _NONE
    size, letter = _scale(value)
    return f"{_rounded(value / size, _step(value) / size)}{letter}{_THIN}{currency}"


def money_pm(value: float, error: float, currency: str) -> str:
    """Write an amount and its error on one scale: `1.24 ± 0.05 M EUR`."""
    size, letter = _scale(value)
    step = _step(value)
    if error > 0.0:
        step = min(step, 10.0 ** math.floor(math.log10(error)))
    told = (
        f"{_rounded(value / size, step / size)}{_THIN}±{_THIN}{_rounded(error / size, step / size)}"
    )
    return f"{told}{letter}{_THIN}{currency}"


def money_range(low: float, high: float, currency: str) -> str:
    """Write a range: `3.5 to 4.2 M EUR`, `419,000 EUR to 1.14 M EUR`."""
    size, letter = _scale(high)
    if low > 0.0 and _scale(low)[0] != size:
        return f"{money(low, currency)} to {money(high, currency)}"
    step = _step(high) / size
    ends = [_rounded(end / size, step) for end in (low, high)]
    return f"{ends[0]} to {ends[1]}{letter}{_THIN}{currency}"


def _step(value: float) -> float:
    """The place of the third significant digit."""
    rounded = float(f"{abs(value):.2e}")  # 999,700 is told as 1.00 M
    return 10.0 ** (math.floor(math.log10(rounded)) - 2) if rounded else 1.0


def _rounded(value: float, step: float) -> str:
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    rounded = round(value / step) * step
    return f"{rounded:,.{decimals}f}"


def percent(share: float | None) -> str:
    """Write a share of 1: `45.2 %`, `0.031 %`."""
    return _NONE if share is None else f"{number(share * 100.0)}{_THIN}%"


def hours(value: float | None) -> str:
    """Write a time given in hours: minutes below one hour, days from three days on."""
    if value is None or not math.isfinite(value):
        return _NONE
    if 0.0 < value < 1.0:
        return f"{number(value * 60.0, 2)}{_THIN}min"
    if value < 3.0 * _DAY_H:
        return f"{number(value, 2 if value < 10.0 else 3)}{_THIN}h"
    if value < _YEAR_H:
        return f"{number(value / _DAY_H, 2)}{_THIN}days"
    return f"{number(value / _YEAR_H, 2)}{_THIN}years"


def years(value: float) -> str:
    """Write a number of years: `250 years`, `1 year`."""
    text = f"{value:,.6g}"
    return f"{text}{_THIN}{'year' if text == '1' else 'years'}"


def capital(text: str) -> str:
    """Begin a text with a capital letter, the rest as it is."""
    return f"{text[:1].upper()}{text[1:]}"
