"""The attackers block of a study: how often they come, who they are and what they want."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from otsim.config.attack_tree import Probability, Skill
from otsim.config.distribution_parameters import Frozen, Positive
from otsim.config.field_types import Name, NonNegative, Source

__all__ = ["Attackers", "Frequency", "Profile"]


class Frequency(Frozen):
    """How many campaigns a year holds."""

    count: Literal["attempts", "breaches"] = Field(
        description="What per_year counts. attempts: campaigns begun, of which some find no way "
        "in. breaches: campaigns that found a way in, so that at least one entry leaf falls."
    )
    per_year: Annotated[float, Field(gt=0, le=10_000, allow_inf_nan=False, strict=True)] = Field(
        description="Mean number of campaigns a year."
    )
    distribution: Literal["poisson", "negative_binomial"] = Field(
        "poisson",
        description="Distribution of the yearly number. negative_binomial lets campaigns cluster "
        "and needs dispersion. Default poisson.",
    )
    dispersion: Positive | None = Field(
        None,
        description="negative_binomial: r in variance = mean + mean^2 / r; small is clustered.",
    )
    source: Source = None


class Profile(Frozen):
    """One kind of attacker."""

    title: str | None = Field(None, description="Who they are, in words.")
    share: Probability = Field(description="Share of the campaigns, 0 to 1; shares add up to 1.")
    skill: Skill = Field(
        description="novice, beginner, intermediate or expert: picks the probability of a leaf "
        "that gives one for each skill."
    )
    time_factor: Positive = Field(
        1.0, description="Factor on all times to compromise; 0.5 is twice as fast. Default 1."
    )
    motive: dict[Name, NonNegative] | None = Field(
        None,
        description="Weight of each goal that they may want; goals not named have weight 0. "
        "Default: all goals alike.",
    )
    source: Source = None


class Attackers(Frozen):
    """Who attacks, and how often."""

    frequency: Frequency = Field(description="How many campaigns a year holds.")
    common_effort_sigma: Annotated[float, Field(ge=0, le=5, allow_inf_nan=False, strict=True)] = (
        Field(
            0.5,
            description="All times of one campaign share the factor exp(sigma * Z), Z standard "
            "normal; 0 is none. Default 0.5 (otsim's assumption).",
        )
    )
    budget_d: Positive | None = Field(
        None, description="Days after which a campaign gives up. Default: never."
    )
    profiles: dict[Name, Profile] = Field(
        min_length=1, description="The kinds of attackers by name."
    )
