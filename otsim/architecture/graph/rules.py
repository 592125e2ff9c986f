"""Rules as files write them: what a step of an attacker needs and gains, over which rows."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from otsim.config.architecture.identifiers import Toggle
from otsim.config.attack_tree import LeafProbability
from otsim.config.distribution_parameters import Frozen, Positive
from otsim.config.distributions import NonNegativeDistribution
from otsim.config.field_types import Name, NonNegative, Source

__all__ = ["BySkill", "Exploits", "Rule", "Rules", "Wanted"]

Text = Annotated[str, StringConstraints(min_length=1, max_length=400)]
Wanted = bool | str | tuple[str, ...]
GuardedKind = Literal["asset", "zone", "service", "conduit"]


class BySkill(Frozen):
    """A number above 0 for each skill of the attacker."""

    novice: Positive = Field(description="For a novice.")
    beginner: Positive = Field(description="For a beginner.")
    intermediate: Positive = Field(description="For a criminal crew.")
    expert: Positive = Field(description="For a state team.")


class Exploits(Frozen):
    """Time to compromise through a flaw, after TTC-ICS."""

    usable_frac: BySkill = Field(description="Share of flaws that one can use, 0 to 1, rising.")
    exploit_d: BySkill = Field(description="Days to write an exploit, falling.")
    n_exploits: BySkill = Field(description="Exploits ready for any component, rising.")
    n_vulnerabilities_in_all: Positive = Field(description="Vulnerabilities known in all.")
    days_between: NonNegative = Field(description="Mean days between two such flaws.")
    cvss_base: Positive = Field(description="CVSS base score of a flaw without a vector.")
    cvss_exploitability: Positive = Field(description="Its exploitability sub-score.")
    exposed_d: NonNegative = Field(
        description="Days during which a flaw lies open to what EPSS counts."
    )
    need_ready: tuple[Literal["novice", "beginner", "intermediate", "expert"], ...] = Field(
        description="Skills that write no exploit of their own where EPSS or KEV is given."
    )
    sigma: Positive = Field(description="Of the logarithm of the time within a process.")
    source: Source = None


class Rule(Frozen):
    """One kind of step."""

    title: Text = Field(description="What the attacker does; {field} stands for the row's field.")
    technique: str = Field(description="ATT&CK technique id, such as T0866.")
    over: str = Field(description="The relation over whose rows the rule is made.")
    when: dict[str, Wanted] = Field({}, description="Field: value, values, or a name of `sets`.")
    unless: dict[str, Wanted] = Field({}, description="Rows in which all of this holds are out.")
    entry: Toggle = Field(False, description="Starts from outside. Default false.")
    needs: tuple[Text, ...] = Field((), description="States that must be held, all of them.")
    gains: Text = Field(description="The state that is gained.")
    chance: LeafProbability = Field(
        1.0, description="Chance that it is possible, 0 to 1, or one for each skill. Default 1."
    )
    chance_from: str | None = Field(None, description="A field that multiplies the chance.")
    time_h: NonNegativeDistribution | None = Field(None, description="Hours that it takes.")
    time_d: NonNegativeDistribution | None = Field(None, description="Days that it takes.")
    waits: str | None = Field(
        None, description="A field with the mean of an exponential waiting time, days."
    )
    exploit: Toggle = Field(
        False, description="true: chance and time follow from the flaw. Default false."
    )
    guarded_at: tuple[GuardedKind, ...] = Field(
        ("asset", "zone", "service", "conduit"),
        description="Items at which controls act. Default asset, zone, service, conduit.",
    )
    source: Source = None


class Rules(Frozen):
    """All rules, and what they share."""

    version: Literal[1] = Field(description="Version of this format: 1.")
    title: str | None = Field(None, description="What the rules are about.")
    states: dict[Name, tuple[Name, ...]] = Field(
        description="States of an asset, each with those whose holder holds it too."
    )
    sets: dict[Name, tuple[str, ...]] = Field({}, description="Lists of values by name.")
    exploits: Exploits = Field(description="Time to compromise through a flaw.")
    rules: dict[Name, Rule] = Field(min_length=1, description="The rules by name.")
    sources: dict[str, str] = Field({}, description="Bibliography: text by key.")

    def values(self, wanted: Wanted) -> frozenset[str | bool]:
        """The values that a condition lets pass; names of sets stand for their items."""
        listed = wanted if isinstance(wanted, tuple) else (wanted,)
        found: set[str | bool] = set()
        for one in listed:
            found.update(self.sets.get(one, (one,)) if isinstance(one, str) else (one,))
        return frozenset(found)
