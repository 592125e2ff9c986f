"""How a review is made, and what it cannot tell."""

from __future__ import annotations

from collections.abc import Iterator

from otsim.report.wording import money, number, percent, years
from otsim.review.ranking import unseen_loss
from otsim.review.results import ReviewFigures

__all__ = ["review_limits"]


def review_limits(figures: ReviewFigures, plant_value: float) -> tuple[str, ...]:
    """Return what a reader must know to trust the numbers, a paragraph each.

    Args:
        figures: of the review.
        plant_value: the most that a campaign can cost.
    """
    return tuple(_limits(figures, plant_value))


def _limits(figures: ReviewFigures, plant_value: float) -> Iterator[str]:
    acting = figures.now.damage_per_year.value / figures.campaigns_per_year
    yield (
        f"{figures.n_drawn:,} campaigns were sampled, of which there are "
        f"{number(figures.campaigns_per_year)} a year, and {figures.n_twins:,} of them chosen, as "
        "many for each goal as for the next, so that rare ones are seen; each stands for its part "
        f"of all. {percent(acting)} of all campaigns act on the plant. {figures.n_lived:,} twins "
        "of the plant were simulated, those of the changes among them. Each change is judged on "
        "the same campaigns with the same draws."
    )
    yield (
        "What a finding avoids is the loss with its steps taken away and none added: a password "
        "that takes the place of none may be guessed, which is not in it. The figures of two "
        "findings must not be added: they may close the same way twice, or one may open what the "
        "other closes."
    )
    yield (
        "Findings share a rank where their 95 % intervals overlap. No interval of what is avoided "
        f"ends below {money(unseen_loss(figures, plant_value), figures.currency)} a year: so much "
        "may lie in campaigns too rare to be among those sampled, each as costly as the plant "
        "(rule of three). More twins lower it. The intervals do not hold the doubt about rates, "
        "times, prices and effectiveness that the study and the architecture state."
    )
    yield (
        f"The tail is the mean of the worst year in {years(figures.return_period)}. Parts of the "
        "loss add up to the whole within a kind: a campaign's loss is split evenly over the items "
        "of that kind on its way."
    )
    yield (
        "Levels of zones are otsim's simplification of IEC 62443, from the weakest way in: 0 all "
        "protocols pass, 1 nothing is asked, 2 a password, 3 a second factor, 4 no way in. They "
        "are no assessment by that standard."
    )
    if not figures.exact and figures.options:
        yield (
            "Sets of controls were built step by step, the best next control first; they surely "
            f"reach {percent(figures.bound)} of the best possible reduction where controls overlap "
            "but never help each other."
        )
    if figures.n_diverged:
        yield (
            f"{figures.n_diverged:,} twins could not be solved numerically and are left out of all "
            "figures."
        )
