"""What to mend first, as one would say it to a plant manager."""

from __future__ import annotations

from collections.abc import Sequence

from otsim.report.wording import money, percent
from otsim.review.ranking import Priced
from otsim.review.results import ReviewFigures

__all__ = ["first_to_mend", "headline"]

_MOST_NAMED = 3


def first_to_mend(findings: Sequence[Priced]) -> list[Priced]:
    """Return the findings to mend first: the best, and those that are about as good.

    These share its rank, and avoid at least half of what it avoids; of nothing worth mending the
    list is empty.
    """
    useful = [
        one
        for one in findings
        if one.finding.kind.sort == "mend" and one.rank == 1 and _avoids(one) > 0.0
    ]
    best = max(map(_avoids, useful), default=0.0)
    return [one for one in useful if _avoids(one) >= 0.5 * best][:_MOST_NAMED]


def headline(findings: Sequence[Priced], figures: ReviewFigures) -> str:
    """Say in a few sentences what to mend first, what it avoids, and how sure that is."""
    first = first_to_mend(findings)
    if not first:
        now = money(figures.now.annual_loss.value, figures.currency)
        return (
            "Nothing in this network that could be mended by itself lowers the expected loss of "
            f"{now} a year."
        )
    told = [f"Mend first: {_small(first[0].finding.title)}.", _worth(first[0], figures)]
    others = [_small(one.finding.title) for one in first[1:]]
    if others:
        told.append(f"About as good: {'; '.join(others)}.")
    return " ".join(told)


def _worth(one: Priced, figures: ReviewFigures) -> str:
    """Say what a finding avoids; with its interval, if it may avoid nothing."""
    assert one.annual_loss is not None
    now = figures.now.annual_loss.value
    share = f" ({percent(one.annual_loss.value / now)})" if now > 0.0 else ""
    told = f"{money(one.annual_loss.value, figures.currency)} of "
    told += f"{money(now, figures.currency)} a year{share}"
    if one.annual_loss.low > 0.0:
        return f"It avoids {told}."
    upper = money(one.annual_loss.high, figures.currency)
    return (
        f"It avoids about {told}; {figures.n_twins:,} twins leave open anything up to {upper}, "
        "more would tell."
    )


def _avoids(one: Priced) -> float:
    return 0.0 if one.annual_loss is None else one.annual_loss.value


def _small(title: str) -> str:
    return f"{title[:1].lower()}{title[1:]}"
