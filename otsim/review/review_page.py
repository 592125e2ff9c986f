"""The page of a review: what to mend first, why, and how sure that is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from otsim.config.architecture.attack_techniques import shipped_techniques
from otsim.config.study import Study
from otsim.report.templating import rendered
from otsim.report.wording import capital, money, money_range, number, percent, years
from otsim.review.headline import first_to_mend, headline
from otsim.review.network_picture import WAY_COLOURS, network_picture
from otsim.review.portfolio_chart import best_options, portfolio_chart
from otsim.review.ranking import Priced
from otsim.review.results import Estimate, ReviewFigures, Way
from otsim.review.review_bars import input_bars, part_groups, share_bars
from otsim.review.review_limits import review_limits
from otsim.review.reviewed_network import ReviewedNetwork
from otsim.review.weighed import ControlValue, control_values

__all__ = ["review_page"]

_MOST_NUMBERED = 5
_MOST_WAYS = 3
_FEW_MORE_WAYS = 5
_NOTHING = 1e-9  # of the other end of an interval: what rounding leaves of 0


@dataclass(frozen=True, kw_only=True)
class FindingRow:
    """A finding as the page tells it.

    Attributes:
        number: its place in the list.
        title, kind, evidence, advice: in words; kind: its rule's name, advice with mitigation.
        place: rank in words, ties said.
        annual, annual_range, tail, tail_range: avoided; "–" where it has no price.
        attacks, attacks_range: that no longer act on the plant, of all that do.
        share: of the expected loss, per cent of the bar's width.
    """

    number: int
    title: str
    kind: str
    evidence: str
    advice: str
    place: str
    annual: str
    annual_range: str
    tail: str
    tail_range: str
    attacks: str
    attacks_range: str
    share: float


@dataclass(frozen=True, kw_only=True)
class WayRow:
    """A way as the page tells it."""

    goal: str
    colour: str
    share: str
    loss: str
    days: str
    steps: tuple[str, ...]


def review_page(
    study: Study,
    network: ReviewedNetwork,
    figures: ReviewFigures,
    findings: Sequence[Priced],
    provenance: Mapping[str, str],
) -> str:
    """Render the page as one text, styles and pictures inside, the same for the same review.

    Args:
        study: that was reviewed.
        network: its network.
        figures: its numbers.
        findings: ranked.
        provenance: versions and hashes, by name.
    """
    by_sort: dict[str, list[Priced]] = {"mend": [], "structure": [], "measure": [], "note": []}
    for one in findings:
        by_sort[one.finding.kind.sort].append(one)
    useful = [one for one in by_sort["mend"] if not one.is_free]
    worst = sorted(figures.ways, key=lambda way: -way.annual_loss)[:_MOST_WAYS]
    numbered = {i: one.finding for i, one in enumerate(useful[:_MOST_NUMBERED], 1)}
    controls = control_values(network, figures)
    told: dict[str, Any] = {
        "study": study,
        "architecture": network.given,
        "figures": figures,
        "currency": figures.currency,
        "answer": headline(findings, figures),
        "tiles": list(_tiles(figures, findings)),
        "mend": [_row(i, one, figures) for i, one in enumerate(useful, 1)],
        "harmless": [one.finding for one in by_sort["mend"] if one.is_free],
        "structure": [_row(i, one, figures) for i, one in enumerate(by_sort["structure"], 1)],
        "measures": [one.finding for one in by_sort["measure"]],
        "notes": [one.finding for one in by_sort["note"]],
        "picture": network_picture(network, figures, ways=worst, numbered=numbered),
        "worst": [_way(network, figures, w, WAY_COLOURS[i]) for i, w in enumerate(worst)],
        "more_ways": [
            _way(network, figures, way, "")
            for way in [way for way in figures.ways if way not in worst][:_FEW_MORE_WAYS]
        ],
        "controls": [_control(one, figures) for one in controls],
        "portfolio": portfolio_chart(
            figures, [name for name, one in network.given.controls.items() if one.in_place]
        ),
        "sets": [
            (i, option, _named(network, option.controls), _interval(option.annual_loss, figures))
            for i, option in enumerate(best_options(figures), 1)
        ],
        "parts": part_groups(network, figures),
        "shares": share_bars(figures),
        "inputs": input_bars(figures),
        "out_of_reach": [network.goal_title(goal) for goal in figures.out_of_reach],
        "limits": review_limits(figures, study.loss.plant_value),
        "period": years(figures.return_period),
        "provenance": provenance,
    }
    return rendered("review.html", told)


def _tiles(figures: ReviewFigures, findings: Sequence[Priced]) -> Iterator[Mapping[str, str]]:
    now, currency = figures.now, figures.currency
    yield {
        "value": money(now.annual_loss.value, currency),
        "words": "expected loss a year, as it is",
        "detail": _interval(now.annual_loss, figures),
    }
    yield {
        "value": money(now.tail_loss.value, currency),
        "words": f"mean of the worst year in {years(figures.return_period)}",
        "detail": _interval(now.tail_loss, figures),
    }
    rate = now.damage_per_year.value
    yield {
        "value": f"1 in {number(1.0 / rate)} years" if rate > 0.0 else "never",
        "words": "attack that reaches the plant",
        "detail": f"{number(rate)} a year",
    }
    first = first_to_mend(findings)
    best = first[0].annual_loss.value if first and first[0].annual_loss else 0.0
    loss = now.annual_loss.value
    yield {
        "value": percent(best / loss) if loss > 0.0 else "–",
        "words": "of the loss goes with the first mending",
        "detail": money(best, currency) + " a year",
    }


def _row(i: int, one: Priced, figures: ReviewFigures) -> FindingRow:
    finding = one.finding
    now = figures.now.annual_loss.value
    avoided = one.annual_loss.value if one.annual_loss is not None else 0.0
    return FindingRow(
        number=i,
        title=capital(finding.title),
        kind=finding.kind.name,
        evidence=finding.evidence,
        advice=_advice(one),
        place=_place(one),
        annual=_amount(one.annual_loss, figures),
        annual_range=_interval(one.annual_loss, figures),
        tail=_amount(one.tail_loss, figures),
        tail_range=_interval(one.tail_loss, figures),
        attacks=_share_of_attacks(one, figures),
        attacks_range=_range_of_attacks(one, figures),
        share=100.0 * min(max(avoided / now, 0.0), 1.0) if now > 0.0 else 0.0,
    )


def _advice(one: Priced) -> str:
    finding = one.finding
    if finding.kind.mitigation is None:
        return finding.recommendation
    known = shipped_techniques().mitigations[finding.kind.mitigation]
    return f"{finding.recommendation} ATT&CK mitigation {known.id}, {known.name}."


def _place(one: Priced) -> str:
    if one.rank is None:
        return ""
    if one.n_tied == 0:
        return f"rank {one.rank}, clear of all others"
    others = "1 other" if one.n_tied == 1 else f"{one.n_tied} others"
    return f"rank {one.rank}, tied with {others}"


def _amount(estimate: Estimate | None, figures: ReviewFigures) -> str:
    return "–" if estimate is None else money(estimate.value, figures.currency)


def _interval(estimate: Estimate | None, figures: ReviewFigures) -> str:
    if estimate is None or estimate.low == estimate.high:
        return ""
    low = 0.0 if abs(estimate.low) < _NOTHING * abs(estimate.high) else estimate.low
    return money_range(low, estimate.high, figures.currency)


def _share_of_attacks(one: Priced, figures: ReviewFigures) -> str:
    now = figures.now.damage_per_year.value
    if one.damage_per_year is None or now <= 0.0:
        return "–"
    return percent(one.damage_per_year.value / now)


def _range_of_attacks(one: Priced, figures: ReviewFigures) -> str:
    now, fewer = figures.now.damage_per_year.value, one.damage_per_year
    if fewer is None or now <= 0.0 or fewer.low == fewer.high:
        return ""
    return f"{number(100.0 * fewer.low / now, 2)} to {number(100.0 * fewer.high / now, 2)}"


def _way(network: ReviewedNetwork, figures: ReviewFigures, way: Way, colour: str) -> WayRow:
    return WayRow(
        goal=capital(network.goal_title(way.goal)),
        colour=colour,
        share=percent(way.share),
        loss=money(way.annual_loss, figures.currency),
        days=f"{number(way.median_d, 2)} days",
        steps=tuple(capital(network.step_title(leaf)) for leaf in way.steps),
    )


def _control(one: ControlValue, figures: ReviewFigures) -> Mapping[str, str]:
    ratio = one.per_cost
    return {
        "title": capital(one.title),
        "state": "in place" if one.in_place else "not in place",
        "type": {"prevent": "prevents", "detect": "notices", "respond": "responds"}[one.type],
        "cost": money(one.cost_per_year, figures.currency),
        "avoids": money(one.avoids.value, figures.currency),
        "range": _interval(one.avoids, figures),
        "tail": money(one.avoids_in_tail.value, figures.currency),
        "tail_range": _interval(one.avoids_in_tail, figures),
        "ratio": "–" if ratio is None else number(ratio, 2),
        "verdict": _verdict(one),
    }


def _verdict(one: ControlValue) -> str:
    """Say whether a control is worth its money, as far as the error lets one say so."""
    if one.raises:
        return "raises the loss"
    if one.avoids.low > one.cost_per_year:
        return "pays" if one.in_place else "would pay"
    if one.avoids.high < one.cost_per_year:
        return "does not pay" if one.in_place else "would not pay"
    return "cannot be told"


def _named(network: ReviewedNetwork, controls: Sequence[str]) -> str:
    titles = (network.title_of("control", name) or name.replace("_", " ") for name in controls)
    return "; ".join(titles) or "none"
