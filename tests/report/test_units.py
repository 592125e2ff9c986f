"""Uncertain inputs on the page: each number with the unit of its key."""

from __future__ import annotations

import pytest

from otsim.config import PLANT_POINTS
from otsim.report.sections import _attack_words
from otsim.report.units import in_unit
from otsim.store.traces import AttackSpan
from pipeline.whole_run import short_study

TENNESSEE_EASTMAN = PLANT_POINTS["tennessee_eastman"]


def plain(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u202f", " ")


@pytest.mark.parametrize(
    ("key", "value", "want"),
    [
        ("attackers.frequency.per_year", 0.0217, "0.0217 a year"),
        ("attackers.frequency.dispersion", 2.0, "2.00"),
        ("attackers.profiles.state.share", 0.15, "15.0 %"),
        ("loss.plant_value", 1.2e8, "120 M EUR"),
        ("loss.margin_per_hour", 4000.0, "4,000 EUR an hour"),
        ("loss.offspec_product_per_m3", 310.0, "310 EUR per m³"),
        ("loss.restart_h.lognormal.median", 9.0, "9 h"),
        ("loss.destroyed.repair_h.pert.mode", 17520.0, "17,520 h"),
        ("loss.destroyed.safety_cost.lognormal.median", 5.0e6, "5.00 M EUR"),
        ("loss.fragility.reactor_overpressure.median", 4600.0, "4,600 kPa gauge"),
        ("loss.fragility.reactor_overpressure.sigma", 0.11, "0.11"),
        ("loss.fragility.reactor_overpressure.repair_cost.pert.low", 1.0e6, "1.00 M EUR"),
        ("loss.fragility.separator_pump_dry.median", 0.9, "0.9 %"),
    ],
)
def test_every_kind_of_key(key: str, value: float, want: str) -> None:
    assert plain(in_unit(value, key, short_study())) == want


@pytest.mark.parametrize(
    ("stop_h", "end_h", "want"), [(7.48, 9.0, "from 1 h to 7.48 h"), (559.0, 3.3, "from 1 h on")]
)
def test_an_attack_that_outlives_the_record_goes_on(stop_h: float, end_h: float, want: str) -> None:
    span = AttackSpan(kind="bias", target="XMEAS8", start_h=1.0, stop_h=stop_h, value=30.0)
    words = _attack_words(TENNESSEE_EASTMAN, span, end_h)
    assert words == f"bias of XMEAS8 (reactor level), size 30 %, {want}"
