"""Bars of a review's page: where the loss goes through, fair shares, what the inputs decide."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from otsim.report.bars import Bar, BarGroup
from otsim.report.wording import money, money_range, number, percent
from otsim.review.results import NONE, Estimate, Part, ReviewFigures
from otsim.review.reviewed_network import COLLECTIONS_OF, ReviewedNetwork

__all__ = ["input_bars", "part_groups", "share_bars"]

_KINDS = {
    "technique": "By technique",
    "asset": "By asset",
    "vulnerability": "By vulnerability",
    "service": "By service",
    "conduit": "By conduit",
    "credential": "By credential",
}
_MOST_BARS = 8


def part_groups(network: ReviewedNetwork, figures: ReviewFigures) -> list[BarGroup]:
    """Parts of the expected annual loss by kind of item, the largest first."""
    groups = []
    for kind, heading in _KINDS.items():
        parts = [part for part in figures.parts if part.kind == kind]
        if any(part.annual_loss.value > 0.0 and part.name != NONE for part in parts):
            groups.append(_group(network, figures, heading, parts))
    return groups


def _group(
    network: ReviewedNetwork, figures: ReviewFigures, heading: str, parts: Sequence[Part]
) -> BarGroup:
    shown = [part for part in parts if part.annual_loss.value > 0.0][:_MOST_BARS]
    most = max(part.annual_loss.high for part in shown)
    left_out = len(parts) - len(shown)
    note = f"{left_out} smaller ones are in tables/parts.parquet." if left_out > 0 else ""
    bars = tuple(_part_bar(network, figures, part, most) for part in shown)
    return BarGroup(heading=heading, bars=bars, note=note)


def _part_bar(network: ReviewedNetwork, figures: ReviewFigures, part: Part, most: float) -> Bar:
    detail = f"on the way of {percent(part.on_way)} of the campaigns that act"
    if part.name == NONE:
        detail = f"campaigns whose way uses no {part.kind}"
    return _bar(_called(network, part), part.annual_loss, most, figures.currency, detail=detail)


def _called(network: ReviewedNetwork, part: Part) -> str:
    if part.name == NONE:
        return "none"
    if part.kind in COLLECTIONS_OF:
        return network.called(part.kind, part.name)
    return network.technique_title(part.name)


def share_bars(figures: ReviewFigures) -> BarGroup | None:
    """Fair shares (Shapley) of what the best mendings avoid together; None without any."""
    if not figures.shapley:
        return None
    titles = {effect.change.key: effect.change.title for effect in figures.effects}
    shares = sorted(figures.shapley.items(), key=lambda item: -item[1].value)
    most = max((share.high for _, share in shares), default=0.0) or 1.0
    total = sum(share.value for _, share in shares)
    bars = tuple(_bar(titles.get(key, key), share, most, figures.currency) for key, share in shares)
    heading = f"Together they avoid {money(total, figures.currency)} a year"
    return BarGroup(heading=heading, bars=bars)


def input_bars(figures: ReviewFigures) -> BarGroup | None:
    """How much of the spread of the loss each uncertain input explains; None without any."""
    if not figures.sobol:
        return None
    bars = tuple(_input_bars(figures))
    return BarGroup(heading="Share of the variance that an input explains", bars=bars)


def _input_bars(figures: ReviewFigures) -> Iterator[Bar]:
    for title, (first, total) in sorted(figures.sobol.items(), key=lambda item: -item[1][1]):
        yield Bar(
            label=title,
            value=f"alone {number(first, 2)}, with all others {number(total, 2)}",
            start=0.0,
            end=100.0 * min(max(total, 0.0), 1.0),
            middle=100.0 * min(max(first, 0.0), 1.0),
        )


def _bar(label: str, estimate: Estimate, most: float, currency: str, *, detail: str = "") -> Bar:
    low, high = max(estimate.low, 0.0), max(estimate.high, 0.0)
    return Bar(
        label=label,
        detail=detail,
        value=f"{money(estimate.value, currency)} ({money_range(low, high, currency)})",
        start=0.0,
        end=100.0 * max(estimate.value, 0.0) / most,
        low=100.0 * low / most,
        high=100.0 * high / most,
    )
