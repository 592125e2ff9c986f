"""A rule and one row -> the leaf of the step, and what stands behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from otsim.architecture.attack_graph import ItemKind, Step
from otsim.architecture.graph.exploit_times import exploit_time
from otsim.architecture.graph.guards import Guards
from otsim.architecture.graph.network_facts import Row
from otsim.architecture.graph.rules import Rule, Rules
from otsim.config.architecture.architecture import Architecture
from otsim.config.attack_tree import SKILLS, Node, SkillProbabilities

__all__ = ["LeafMaker", "highest_chance"]

_ITEMS: Mapping[str, ItemKind] = {
    "asset": "asset",
    "service": "service",
    "flaw": "vulnerability",
    "credential": "credential",
    "conduit": "conduit",
    "zone": "zone",
    "people": "people",
    "medium": "medium",
    "vendor": "vendor",
}


@dataclass(frozen=True)
class LeafMaker:
    """Makes the leaves of an architecture's graph."""

    given: Architecture
    rules: Rules
    guards: Guards

    def leaf(self, rule_name: str, row: Row) -> tuple[Node, Step]:
        """Return the leaf that a rule makes for a row, and what stands behind it."""
        rule = self.rules.rules[rule_name]
        title = rule.title.format_map(row)
        items = {kind: str(row[key]) for key, kind in _ITEMS.items() if row.get(key) is not None}
        guarded = self.guards.of_step(rule.technique, items, rule.guarded_at)
        flaw = self.given.vulnerabilities[str(row["flaw"])] if rule.exploit else None
        step = Step(
            rule=rule_name,
            title=title,
            technique=rule.technique,
            items=items,
            exploit=None if flaw is None else exploit_time(flaw, self.rules.exploits),
            prevented_by=guarded.prevented_by,
            noticed_by=guarded.noticed_by,
            answered_by=guarded.answered_by,
        )
        return _node(rule, row, title), step


def highest_chance(rule: Rule, row: Row) -> float:
    """Return the chance of the skill for which the step is likeliest."""
    chance = _chance(rule, row)
    if isinstance(chance, float):
        return chance
    return max(float(getattr(chance, skill)) for skill in SKILLS)


def _node(rule: Rule, row: Row, title: str) -> Node:
    wait = None if rule.waits is None else {"exponential": {"mean": _number(row, rule.waits)}}
    return Node(
        title=title,
        source=rule.source,
        probability=_chance(rule, row),
        time_h=rule.time_h,
        time_d=rule.time_d if wait is None else wait,
        technique=rule.technique,
        entry=rule.entry,
    )


def _chance(rule: Rule, row: Row) -> float | SkillProbabilities:
    if rule.chance_from is None:
        return rule.chance
    factor = _number(row, rule.chance_from)
    if isinstance(rule.chance, float):
        return rule.chance * factor
    scaled = {skill: getattr(rule.chance, skill) * factor for skill in SKILLS}
    return SkillProbabilities(**scaled)


def _number(row: Row, field: str) -> float:
    value = row[field]
    assert isinstance(value, int | float)  # the checks of the rules see to it
    return float(value)
