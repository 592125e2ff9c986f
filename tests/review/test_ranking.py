"""Prices, ranks and ties; what controls buy; the sentence that comes first."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from otsim.config import read_study
from otsim.review.findings import Finding, FindingKind
from otsim.review.headline import first_to_mend, headline
from otsim.review.ranking import NOTHING, Priced, priced, ranked, unseen_loss
from otsim.review.results import Change, Estimate, ReviewFigures
from otsim.review.reviewed_network import ReviewedNetwork
from otsim.review.weak_spots import weak_spots
from otsim.review.weighed import control_values, weighed_findings
from review.synthetic_figures import about, effect_of, figures_of

STUDIES = Path(__file__).parents[2] / "configs/studies"
PLANT_VALUE = 2.4e8
KIND = FindingKind(id="OTS-TEST", name="test", help="Made up.", sort="mend", level="warning")


def of(low: float, high: float, name: str) -> Priced:
    estimate = Estimate(value=0.5 * (low + high), low=low, high=high)
    finding = Finding(
        kind=KIND, name=name, title=f"Mend {name}", items=(), evidence="", recommendation=""
    )
    return Priced(finding=finding, annual_loss=estimate, tail_loss=estimate)


@pytest.fixture(scope="module")
def network() -> ReviewedNetwork:
    return ReviewedNetwork(read_study(STUDIES / "te_design_review.yaml"))


@pytest.fixture(scope="module")
def figures(network: ReviewedNetwork) -> ReviewFigures:
    return figures_of(network, weak_spots(network))


def test_what_overlaps_shares_a_rank_and_what_lies_clear_does_not() -> None:
    given = [of(0, 1, "d"), of(80, 100, "a"), of(20, 40, "c"), of(90, 120, "b")]
    found = {one.finding.name: one for one in ranked(given)}
    assert [one.finding.name for one in ranked(given)] == ["b", "a", "c", "d"]
    assert {name: one.rank for name, one in found.items()} == {"a": 1, "b": 1, "c": 3, "d": 4}
    assert {name: one.n_tied for name, one in found.items()} == {"a": 1, "b": 1, "c": 0, "d": 0}


def test_a_finding_of_another_sort_does_not_push_one_down() -> None:
    structure = replace(KIND, sort="structure")
    big = of(500, 600, "big")
    big = replace(big, finding=replace(big.finding, kind=structure))
    found = ranked([of(1, 2, "small"), big])
    assert [(one.finding.name, one.rank) for one in found] == [("small", 1), ("big", 1)]


def test_a_finding_has_the_price_of_its_own_change_and_none_without_is_free(
    network: ReviewedNetwork, figures: ReviewFigures
) -> None:
    findings = weak_spots(network)
    for one in priced(findings, figures):
        if one.finding.change is None:
            assert one.annual_loss == one.tail_loss == NOTHING
            assert one.is_free
            continue
        (effect,) = [e for e in figures.effects if e.change.key == one.finding.change.key]
        assert one.annual_loss == effect.annual_loss


def test_the_headline_names_the_first_and_what_is_about_as_good(figures: ReviewFigures) -> None:
    given = ranked([of(80e3, 100e3, "a"), of(90e3, 95e3, "b"), of(1e3, 200e3, "d"), of(1, 2, "c")])
    told = headline(given, figures)
    assert told.startswith("Mend first: mend d. It avoids 100,000")  # 1,000 to 200,000
    assert "(50.2\u00a0%)" in told
    assert "About as good: mend b; mend a." in told
    assert "mend c" not in told


def test_a_tie_that_avoids_far_less_is_not_called_as_good(figures: ReviewFigures) -> None:
    given = ranked([of(10e3, 90e3, "a"), of(5e3, 15e3, "b")])
    assert [one.rank for one in given] == [1, 1]
    assert "mend b" not in headline(given, figures)


def test_where_it_may_avoid_nothing_the_headline_says_how_much_is_open(
    figures: ReviewFigures,
) -> None:
    told = headline(ranked([of(0.0, 50e3, "a")]), figures)
    assert "It avoids about 25,000" in told
    assert "512 twins leave open anything up to 50,000" in told


def test_what_was_not_sampled_keeps_an_interval_open(
    network: ReviewedNetwork, figures: ReviewFigures
) -> None:
    unseen = unseen_loss(figures, 1e8)
    assert unseen == pytest.approx(3.0 / 512 * 0.036 * 1e8)
    findings = [one for one in weak_spots(network) if one.change is not None]
    assert findings[0].change is not None
    none = (effect_of(findings[0].change, 0.0),)
    (one,) = priced(findings[:1], replace(figures, effects=none), unseen=unseen)
    assert one.annual_loss == Estimate(value=0.0, low=0.0, high=unseen)
    assert one.tail_loss == Estimate(value=0.0, low=0.0, high=250.0 * unseen)
    assert one.is_free
    clear = of(2.0 * unseen, 3.0 * unseen, "clear")
    tied = of(0.5 * unseen, 3.0 * unseen, "tied")
    assert {p.finding.name: p.rank for p in ranked([clear, tied, one])} == {
        "clear": 1, "tied": 1, one.finding.name: 2,
    }  # fmt: skip


def test_where_nothing_helps_the_headline_says_so(figures: ReviewFigures) -> None:
    given = ranked([of(-5.0, 1.0, "a")])
    assert first_to_mend(given) == []
    assert headline(given, figures).startswith("Nothing in this network")


def test_a_control_in_place_buys_what_its_removal_adds(
    network: ReviewedNetwork, figures: ReviewFigures
) -> None:
    values = {one.name: one for one in control_values(network, figures)}
    rules = values["plant_firewall_rules"]  # removal "avoids" -60,000
    assert rules.in_place
    assert rules.avoids.value == pytest.approx(60_000.0)
    assert rules.avoids.low == pytest.approx(54_000.0)
    assert rules.avoids.high == pytest.approx(max(66_000.0, unseen_loss(figures, PLANT_VALUE)))
    assert rules.per_cost == pytest.approx(5.0)
    assert not values["key_switch_policy"].in_place
    assert values["key_switch_policy"].avoids.value == pytest.approx(15_000.0)


def test_controls_that_pay_buy_little_or_cost_more_are_found(
    network: ReviewedNetwork, figures: ReviewFigures
) -> None:
    found = {one.finding.id for one in weighed_findings(network, figures)}
    assert "OTS-CONTROL-PAYS/key_switch_policy" in found
    assert "OTS-RESPONSE-COSTS-MORE/incident_team" in found
    assert "OTS-RESPONSE-COSTS-MORE/plant_monitoring" in found
    assert not any(id.startswith("OTS-CONTROL-BUYS-LITTLE") for id in found)
    rare = replace(figures, heaviest_rate=0.0)  # so many that nothing is left unseen
    little = Change(
        kind="control removed", name="office_firewall_rules", title="rules",
        absent=np.zeros(len(network.leaves), bool), controls={"office_firewall_rules": False},
    )  # fmt: skip
    poor = replace(rare, effects=(effect_of(little, -1_000.0),))
    found = {one.finding.id for one in weighed_findings(network, poor)}
    assert "OTS-CONTROL-BUYS-LITTLE/office_firewall_rules" in found  # 1,000 for 8,000 a year
    few = replace(poor, heaviest_rate=0.036 / 512)
    assert not any("BUYS" in one.finding.id for one in weighed_findings(network, few))


def test_what_the_error_leaves_open_is_no_finding(
    network: ReviewedNetwork, figures: ReviewFigures
) -> None:
    unsure = tuple(
        replace(effect, annual_loss=about(effect.annual_loss.value, 50.0))
        for effect in figures.effects
    )
    found = weighed_findings(network, replace(figures, effects=unsure))
    assert not [one for one in found if one.finding.kind.sort == "measure"]


def test_goals_out_of_reach_are_good_news(network: ReviewedNetwork, figures: ReviewFigures) -> None:
    safe = replace(figures, out_of_reach=("starve_feed",))
    found = {one.finding.id for one in weighed_findings(network, safe)}
    assert "OTS-GOAL-OUT-OF-REACH/starve_feed" in found


def test_the_likeliest_and_the_shortest_way_are_told(
    network: ReviewedNetwork, figures: ReviewFigures
) -> None:
    found = {one.finding.kind.id: one.finding for one in weighed_findings(network, figures)}
    assert "30.0\u00a0%" in found["OTS-LIKELIEST-WAY"].evidence
    shortest = min(way.median_d for way in figures.ways)
    assert f"median {shortest:.0f} days" in found["OTS-SHORTEST-WAY"].title
