"""What a review finds out, in numbers: the estimates, and what each change would avoid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

__all__ = [
    "MENDING",
    "NONE",
    "Change",
    "Effect",
    "Estimate",
    "Figures",
    "Option",
    "Part",
    "ReviewFigures",
    "Way",
    "numbers_of",
]

Bools = npt.NDArray[np.bool_]

NONE = "(none)"
"""The part of campaigns that use no item of a kind."""

MENDING = "mending"
"""Kind of the changes that mend a finding; what several of them avoid together is shared out."""


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A number with its Monte-Carlo error.

    Attributes:
        value: the estimate.
        low, high: its 95 % interval.
    """

    value: float
    low: float
    high: float

    def overlaps(self, other: Estimate) -> bool:
        """Whether the two cannot be told apart."""
        return self.low <= other.high and other.low <= self.high


def numbers_of(estimate: Estimate | None) -> dict[str, float] | None:
    """Return the three numbers of an estimate by name, for JSON."""
    return None if estimate is None else asdict(estimate)


@dataclass(frozen=True, kw_only=True)
class Figures:
    """The loss of one design.

    Attributes:
        annual_loss: expected, currency a year.
        tail_loss: mean of the worst 1 / `ReviewFigures.return_period` of years, currency.
        damage_per_year: campaigns a year that act on the plant.
        response_cost: expected cost of responses, currency a year; part of `annual_loss`.
    """

    annual_loss: Estimate
    tail_loss: Estimate
    damage_per_year: Estimate
    response_cost: float


@dataclass(frozen=True, kw_only=True)
class Change:
    """One change of a design: an item taken away, a control added or taken away.

    Attributes:
        kind: an `ItemKind`, `technique`, `control added`, `control removed`, `MENDING`, or
            `structure` for what a finding is about but nothing mends.
        name: of the item.
        title: what it is, in words.
        absent: bool[n_leaves], steps that are no longer possible.
        controls: controls whose presence changes, True for added.
    """

    kind: str
    name: str
    title: str
    absent: Bools
    controls: Mapping[str, bool]

    @property
    def key(self) -> str:
        """Its name among all changes."""
        return f"{self.kind}:{self.name}"


@dataclass(frozen=True, kw_only=True)
class Effect:
    """What a change avoids; below 0 where it makes things worse.

    Attributes:
        change: the change.
        annual_loss, tail_loss, damage_per_year: what is avoided, in the units of `Figures`.
        n_relived: twins that had to be simulated again for it.
    """

    change: Change
    annual_loss: Estimate
    tail_loss: Estimate
    damage_per_year: Estimate
    n_relived: int


@dataclass(frozen=True, kw_only=True)
class Part:
    """An item's additive part of the loss: the losses of the campaigns whose way uses it.

    A campaign's loss is split evenly over the items of one kind on its way; the parts of a kind,
    `(none)` among them, add up to the whole.

    Attributes:
        kind: an `ItemKind`, or `technique`.
        name: of the item; `(none)` for campaigns that use no item of this kind.
        annual_loss: currency a year.
        tail_loss: part of the tail loss, currency.
        on_way: share of the damaging campaigns whose way uses it, 0 to 1 (Fussell-Vesely, by ways).
        birnbaum: probability of damage with it at hand less that without it; nan if not computed.
        raw: probability of damage with it at hand over the probability now (risk achievement
            worth); nan if not computed.
    """

    kind: str
    name: str
    annual_loss: Estimate
    tail_loss: float
    on_way: float
    birnbaum: float
    raw: float


@dataclass(frozen=True, kw_only=True)
class Way:
    """One way from outside to a goal, as campaigns went it.

    Attributes:
        goal: the study's goal.
        steps: names of its leaves, in the order of their time.
        share: of the damaging campaigns.
        annual_loss: of those campaigns, currency a year.
        median_d: days from the beginning to the goal.
    """

    goal: str
    steps: tuple[str, ...]
    share: float
    annual_loss: float
    median_d: float


@dataclass(frozen=True, kw_only=True)
class Option:
    """A set of controls.

    Attributes:
        controls: names of those in place.
        cost_per_year: what they cost, currency.
        annual_loss: expected loss with them, currency a year.
        best: whether no cheaper set has a lower loss.
    """

    controls: tuple[str, ...]
    cost_per_year: float
    annual_loss: Estimate
    best: bool


@dataclass(frozen=True, kw_only=True)
class ReviewFigures:
    """All numbers of a review.

    Attributes:
        currency: of all losses.
        return_period: years, of the tail.
        n_drawn: sampled campaigns; n_twins: those chosen of them, more evenly over the goals than
            they came, each standing for its part of all; n_acting: of these that act on the plant.
        n_lived: twins simulated, those of changes among them; n_diverged: twins that diverged in
            some variant.
        campaigns_per_year: rate of the sampled campaigns.
        heaviest_rate: the most that one of those twins that may act stands for, campaigns a year.
        now: the design as it is.
        parts: what adds up to it, the largest first within a kind.
        effects: of the changes, the largest avoided annual loss first.
        ways: the most frequent, the costliest and the shortest; the most frequent first.
        options: sets of controls by cost; exact: whether all sets were tried.
        bound: share of the best possible reduction that the sets surely reach; 1 where exact.
        shapley: part of each group of changes in what all of them avoid, by name.
        sobol: first-order and total indices of the study's uncertain inputs, by title.
        out_of_reach: goals that no way leads to.
    """

    currency: str
    return_period: float
    n_drawn: int
    n_twins: int
    n_acting: int
    n_lived: int
    n_diverged: int
    campaigns_per_year: float
    heaviest_rate: float
    now: Figures
    parts: tuple[Part, ...]
    effects: tuple[Effect, ...]
    ways: tuple[Way, ...]
    options: tuple[Option, ...]
    exact: bool
    bound: float
    shapley: Mapping[str, Estimate]
    sobol: Mapping[str, tuple[float, float]]
    out_of_reach: tuple[str, ...]
