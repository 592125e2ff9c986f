"""Pictures may stand inside the page: they draw, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otsim.config import PLANT_POINTS
from otsim.errors import ReportError
from otsim.report.assumptions import assumptions
from otsim.report.charts import shutdown_chart
from otsim.report.inline_svg import safe_svg
from otsim.report.twin_charts import _decimated, signals_to_show, twin_chart
from otsim.store import AttackSpan, TwinStory, story_of
from store.synthetic_run import HOSTILE, HOSTILE_ATTRIBUTE, recorded_twins, study_of

TENNESSEE_EASTMAN = PLANT_POINTS["tennessee_eastman"]

OPEN = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9" width="9">'


def test_what_acts_or_loads_is_dropped() -> None:
    evil = (
        '<script>alert(1)</script><g onload="alert(1)"><a href="http://x"><rect/></a>'
        '<image href="http://x"/><foreignObject/><rect fill="url(http://x)" style="x" width="1"/>'
        "<text>a &lt;b&gt; &amp; c</text></g>"
    )
    got = safe_svg(f"{OPEN}{evil}</svg>", prefix="p", label='"><b>')
    body = got.partition(">")[2]
    assert body == '<g><rect fill="none" width="1"/><text>a &lt;b&gt; &amp; c</text></g></svg>'
    assert "<b>" not in got


def test_ids_are_numbered_anew() -> None:
    text = '<clipPath id="clip{0}"><rect/></clipPath><g clip-path="url(#clip{0})"/>'
    first = safe_svg(OPEN + text.format(7) + "</svg>", prefix="ep-", label="x")
    second = safe_svg(OPEN + text.format(42) + "</svg>", prefix="ep-", label="x")
    assert first == second
    assert 'id="ep-0"' in first
    assert 'clip-path="url(#ep-0)"' in first


@given(st.text())
def test_text_comes_out_as_text_or_not_at_all(words: str) -> None:
    with pytest.raises(ReportError):
        safe_svg(words, prefix="p", label="x")
    assert "<b" not in safe_svg(f"{OPEN}</svg>", prefix="p", label=f"<b{words}")


@pytest.mark.parametrize("name", [HOSTILE, HOSTILE_ATTRIBUTE])
def test_the_renderer_and_the_filter_keep_hostile_names_as_text(name: str) -> None:
    figure = shutdown_chart({name: [1.0, 2.0]}, {name: 3}, 48.0)
    for svg in (figure.wide, figure.narrow):
        assert "<script" not in svg
        assert "<img" not in svg
        assert svg.count("<svg") == 1
        assert "&lt;" in svg


def test_the_same_chart_gives_the_same_text() -> None:
    table = recorded_twins()["bad"]
    first, second = (twin_chart(table, story_of(table), TENNESSEE_EASTMAN) for _ in range(2))
    assert first == second


def test_a_twin_shows_what_ended_it_and_what_was_touched() -> None:
    def shown(cause: str, *targets: str) -> list[str]:
        attacks = tuple(AttackSpan(kind="override", target=t, start_h=0.0) for t in targets)
        story = TwinStory(role="bad", plant="tennessee_eastman", status="tripped", cause=cause,
                          attacks=attacks)  # fmt: skip
        return signals_to_show(story, TENNESSEE_EASTMAN)

    assert shown("reactor temperature high", "XMV10") == ["XMEAS9", "XMV10"]
    assert shown("reactor ruptured", "XMEAS9") == ["XMEAS7", "XMEAS9"]
    assert shown("stripper full of liquid", "SP8") == ["XMEAS15", "SP8"]
    assert shown("reactor hotter than the model", "SIS") == ["XMEAS9"]
    assert shown("", "LINK_REACTOR") == ["XMEAS6", "XMV10"]
    assert shown("", "TRIP_SEPARATOR_LEVEL_LOW") == ["XMEAS12"]
    assert len(shown("reactor pressure high", *(f"XMEAS{n}" for n in range(1, 9)))) == 4


def test_decimation_keeps_every_peak() -> None:
    import numpy as np

    numbers = np.random.default_rng(1).normal(size=50_000)
    numbers[12_345] = 99.0
    numbers[40_001] = -99.0
    kept = _decimated(numbers, 100)
    assert {0, 12_345, 40_001, 49_999} <= set(kept)
    assert len(kept) <= 400
    assert kept == sorted(kept)


def test_every_source_of_the_study_is_on_the_list() -> None:
    study = study_of()
    rows = {row.key: row for section in assumptions(study) for row in section.rows}
    assert rows["attackers.frequency"].source == study.sources["survey"]
    assert rows["attackers.frequency"].values[1] == "per_year 0.4"
    leaf = rows["attack.tree.nodes.engineering station"]
    assert "probability 0.6" in leaf.values
    assert "time_d lognormal (median 6, p95 40)" in leaf.values
    assert "probability 0.3" in rows[f"{leaf.key}.detection"].values
    assert rows["attackers.profiles.crew"].source == ""
    assert rows["loss.destroyed"].source.startswith("otsim's default")
    assert "margin_per_hour 12,000" in rows["loss"].values
    cost = rows["loss.fragility.reactor_overpressure"].values
    assert "repair_cost pert (low 1,000,000, mode 4,000,000, high 20,000,000)" in cost
