"""What a comparison says, in sentences."""

from __future__ import annotations

import math
from collections.abc import Iterator

from otsim.compare.comparison import FEW_DIFFERENT, Comparison, Pair
from otsim.report.measure_words import amount, amount_range
from otsim.report.wording import money, number, percent
from otsim.risk.changes import Change
from otsim.risk.named_measures import Measure

__all__ = ["answer", "change_words", "interval_words", "notes", "pair_notes"]


def answer(pair: Pair, currency: str) -> str:
    """Say in a sentence whether the second run's expected annual loss is higher or lower."""
    change = next(change for change in pair.changes if change.measure.kind == "eal")
    size = abs(change.difference)
    if change.difference == 0.0:
        return f"{pair.second.label} has the same expected annual loss as {pair.first.label}."
    way = "more" if change.difference > 0.0 else "less"
    told = f"{amount(size, change.measure, currency)}{_share(change)} {way} a year"
    low, high = sorted((abs(change.lower), abs(change.upper)))
    if not change.is_decided:
        return (
            f"{pair.second.label} costs {told} than {pair.first.label}, but that may be chance: "
            f"the difference lies in {interval_words(change, currency)}."
        )
    span = amount_range(low, high, change.measure, currency)
    return f"{pair.second.label} costs {told} than {pair.first.label} ({span})."


def change_words(change: Change, currency: str) -> str:
    """Write a difference with its sign: `−61,000 EUR (−28 %)`."""
    sign = "+" if change.difference > 0.0 else "−" if change.difference < 0.0 else ""
    told = f"{sign}{_size(abs(change.difference), change.measure, currency)}"
    share = change.relative
    return told if math.isnan(share) else f"{told} ({sign}{percent(abs(share))})"


def interval_words(change: Change, currency: str) -> str:
    """Write the interval of a difference."""
    low, high = change.lower, change.upper
    if change.measure.is_money and 0.0 <= low <= high < math.inf:
        return amount_range(low, high, change.measure, currency)
    if not change.measure.is_money:
        return f"{number(100.0 * low)} to {_size(high, change.measure, currency)}".replace("-", "−")
    ends = (money(end, currency) if math.isfinite(end) else "?" for end in (low, high))
    return " to ".join(ends).replace("-", "−")


def notes(comparison: Comparison) -> Iterator[str]:
    """Say what a reader must know before trusting a comparison, each a sentence or two."""
    for pair in comparison.pairs:
        yield from pair_notes(pair)


def pair_notes(pair: Pair) -> Iterator[str]:
    """Warn of what makes a pair less telling than it looks."""
    one, two = pair.first.label, pair.second.label
    if pair.why_unpaired:
        yield (
            f"{one} and {two} are not paired: {pair.why_unpaired}. Their difference holds the luck "
            "of both, so its interval is that of independent runs; run them with the same seed, "
            "draws and number of twins for a much narrower one."
        )
    elif pair.first.facts.run_id == pair.second.facts.run_id:
        yield f"{one} and {two} are the same run: every difference is 0."
    elif pair.n_different is not None and pair.n_different < FEW_DIFFERENT:
        yield (
            f"Only {pair.n_different} of {pair.n_twins[0]:,} twins cost something else in {two} "
            f"than in {one}: the intervals of money rest on those few; run more twins."
        )
    elif pair.n_damaged is not None and pair.n_damaged < FEW_DIFFERENT:
        yield (
            f"Twins damaged in one of {one} and {two} and not in the other: {pair.n_damaged}. What "
            "rarer differences in damage would cost is hardly in the intervals of money. See the "
            "chance of damage, and run more twins."
        )
    if pair.n_left_out:
        yield f"{pair.n_left_out} twins diverged in {one} or {two} and are in no figure."
    if pair.first.study.loss.price_year != pair.second.study.loss.price_year:
        yield f"{one} and {two} are in prices of different years."


def _size(value: float, measure: Measure, currency: str) -> str:
    """Write the size of a change; that of a chance in points of a per cent."""
    if measure.is_money:
        return money(value, currency)
    return f"{number(100.0 * value)}\u00a0%\u00a0points"


def _share(change: Change) -> str:
    return "" if math.isnan(change.relative) else f" ({number(100 * abs(change.relative))}\u00a0%)"
