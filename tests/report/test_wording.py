"""Numbers on the page: few digits, always a unit, never a lie by rounding."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otsim.report.wording import hours, money, money_pm, money_range, number, percent, years


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("value", "want"),
    [
        (0.0, "0 EUR"),
        (812.0, "812 EUR"),
        (214_321.0, "214,000 EUR"),
        (999_700.0, "1.00 M EUR"),
        (1_240_000.0, "1.24 M EUR"),
        (38_200_000.0, "38.2 M EUR"),
        (2.4e8, "240 M EUR"),
        (1.5e9, "1.50 bn EUR"),
        (math.inf, "–"),
    ],
)
def test_money(value: float, want: str) -> None:
    assert plain(money(value, "EUR")) == want


def test_money_with_error_and_ranges() -> None:
    assert plain(money_pm(214_321.0, 9_100.0, "EUR")) == "214,000 ± 9,000 EUR"
    assert plain(money_pm(1_243_000.0, 52_000.0, "EUR")) == "1.24 ± 0.05 M EUR"
    assert plain(money_pm(0.0, 0.0, "EUR")) == "0 ± 0 EUR"
    assert plain(money_range(3.5e6, 4.2e6, "EUR")) == "3.50 to 4.20 M EUR"
    assert plain(money_range(419_000.0, 1_136_000.0, "EUR")) == "419,000 EUR to 1.14 M EUR"
    assert plain(money_range(0.0, 2e6, "EUR")) == "0.00 to 2.00 M EUR"


@given(st.floats(1.0, 1e14))
def test_money_is_right_to_half_a_percent(value: float) -> None:
    digits, *letter = plain(money(value, "EUR")).removesuffix(" EUR").split(" ")
    scale = {"": 1.0, "M": 1e6, "bn": 1e9, "tn": 1e12}[letter[0] if letter else ""]
    assert float(digits.replace(",", "")) * scale == pytest.approx(value, rel=5.01e-3, abs=0.5)


@pytest.mark.parametrize(
    ("value", "want"),
    [(0.0, "0"), (0.5, "0.5"), (1234.5, "1,230"), (1e-7, "1.00e-07"), (41.2345, "41.2")],
)
def test_number(value: float, want: str) -> None:
    assert number(value) == want


def test_shares_times_and_years() -> None:
    assert plain(percent(0.4521)) == "45.2 %"
    assert plain(percent(0.0)) == "0 %"
    assert plain(hours(0.25)) == "15 min"
    assert plain(hours(4.24)) == "4.2 h"
    assert plain(hours(48.0)) == "48.0 h"
    assert plain(hours(240.0)) == "10 days"
    assert plain(hours(17_520.0)) == "2.0 years"
    assert (plain(years(1.0)), plain(years(250.0))) == ("1 year", "250 years")
