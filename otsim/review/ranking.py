"""Findings with their prices, ranked; those that cannot be told apart share a rank."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from otsim.review.findings import Finding
from otsim.review.results import Estimate, ReviewFigures

__all__ = ["NOTHING", "Priced", "priced", "ranked", "unseen_loss", "widened"]

NOTHING = Estimate(value=0.0, low=0.0, high=0.0)


@dataclass(frozen=True, kw_only=True)
class Priced:
    """A finding and what mending it avoids.

    Attributes:
        finding: what was found.
        annual_loss, tail_loss, damage_per_year: avoided, in the units of `Figures`; None where it
            has no price.
        rank, tail_rank: 1 and one more for each finding of the same sort that surely avoids more
            (its interval lies above), so that ties share a rank; None where it has no price.
        n_tied, n_tail_tied: findings of the same sort whose intervals overlap with its own.
    """

    finding: Finding
    annual_loss: Estimate | None = None
    tail_loss: Estimate | None = None
    damage_per_year: Estimate | None = None
    rank: int | None = None
    tail_rank: int | None = None
    n_tied: int = 0
    n_tail_tied: int = 0

    @property
    def is_free(self) -> bool:
        """Whether mending it changed nothing in the sampled campaigns."""
        found = (self.annual_loss, self.tail_loss, self.damage_per_year)
        return all(one is None or one.value == one.low == 0.0 for one in found)


def priced(
    findings: Iterable[Finding], figures: ReviewFigures, *, unseen: float = 0.0
) -> list[Priced]:
    """Give findings the prices that the review found; one that changes no way has a price of 0.

    Args:
        findings: of weak spots.
        figures: with the effects of their changes.
        unseen: what campaigns too rare to be sampled may cost (`unseen_loss`), currency a year.
    """
    effects = {effect.change.key: effect for effect in figures.effects}
    found = []
    for finding in findings:
        if finding.change is None:
            one = Priced(
                finding=finding, annual_loss=NOTHING, tail_loss=NOTHING, damage_per_year=NOTHING
            )
        else:
            effect = effects[finding.change.key]
            one = Priced(
                finding=finding,
                annual_loss=widened(effect.annual_loss, unseen),
                tail_loss=widened(effect.tail_loss, unseen * figures.return_period),
                damage_per_year=effect.damage_per_year,
            )
        found.append(one)
    return found


def unseen_loss(figures: ReviewFigures, plant_value: float) -> float:
    """Return what campaigns too rare to be sampled may cost, currency a year, at 95 % confidence.

    What none of n alike twins shows happens in fewer than 3 / n of them (rule of three); of twins
    that stand for different numbers of campaigns, the heaviest leave most open. No campaign costs
    more than the plant.
    """
    return 3.0 * figures.heaviest_rate * plant_value


def widened(estimate: Estimate, unseen: float) -> Estimate:
    """Raise the upper end of an interval to what may lie in campaigns that were not sampled.

    The interval of an effect comes from the sampled campaigns alone; where none of them changed,
    it would say that nothing can change.
    """
    return replace(estimate, high=max(estimate.high, unseen))


def ranked(findings: Iterable[Priced]) -> list[Priced]:
    """Rank findings within their sort and put them in order: those that avoid most first."""
    by_sort: dict[str, list[Priced]] = {"mend": [], "structure": [], "measure": [], "note": []}
    for one in findings:
        by_sort[one.finding.kind.sort].append(one)
    return [one for group in by_sort.values() for one in _in_order(_with_ranks(group))]


def _with_ranks(group: Sequence[Priced]) -> list[Priced]:
    with_price = [one for one in group if one.annual_loss is not None]
    by_year = _ranks([_known(one.annual_loss) for one in with_price])
    by_tail = _ranks([_known(one.tail_loss) for one in with_price])
    placed = [
        replace(one, rank=year[0], n_tied=year[1], tail_rank=tail[0], n_tail_tied=tail[1])
        for one, year, tail in zip(with_price, by_year, by_tail, strict=True)
    ]
    return [*placed, *(one for one in group if one.annual_loss is None)]


def _ranks(estimates: Sequence[Estimate]) -> list[tuple[int, int]]:
    """For each estimate its rank, and with how many others it cannot be told apart."""
    return [
        (
            1 + sum(other.low > one.high for other in estimates),
            sum(other is not one and one.overlaps(other) for other in estimates),
        )
        for one in estimates
    ]


def _in_order(group: Sequence[Priced]) -> list[Priced]:
    key: Callable[[Priced], tuple[float, float, str]] = lambda one: (  # noqa: E731
        -_known(one.annual_loss).value,
        -_known(one.tail_loss).value,
        one.finding.id,
    )
    return sorted(group, key=key)


def _known(estimate: Estimate | None) -> Estimate:
    return NOTHING if estimate is None else estimate
