"""What fields alone cannot tell of rules: relations, fields, states and techniques that exist."""

from __future__ import annotations

import string
from collections.abc import Iterator
from itertools import pairwise

from otsim.architecture.graph.relations import RELATIONS, Relation
from otsim.architecture.graph.rules import Exploits, Rule, Rules
from otsim.config.architecture.attack_techniques import Techniques, technique_fault
from otsim.config.architecture.network import ASSET_TYPES
from otsim.config.attack_tree import SKILLS
from otsim.config.problems import Problem, did_you_mean
from otsim.config.yaml_lines import Step, one_line

__all__ = ["ASSET_STATES", "STATE_KINDS", "rule_problems"]

STATE_KINDS = (
    "zone", "reach", "visible", "credential", "medium", "vendor", "knowledge", "projects",
    "read", "write", "logic",
)  # fmt: skip
"""What a state's name may begin with, besides an asset's: `zone.NAME`, `reach.SERVICE`, ..."""

ASSET_STATES = ("net", "user", "admin", "logic")
"""The states that a goal of an architecture may name."""

_NUMBERS = ("phished", "infected", "compromise_rate", "use_every_d", "session_every_d")
_MADE = ("zone", "visible")  # follow from others
_DOMAINS: dict[str, tuple[str | bool, ...]] = {
    "asset_type": ASSET_TYPES,
    "authentication": ("none", "password", "mfa"),
    "access": ("read", "write", "logic"),
    "level": ("user", "admin", "logic"),
    "gains": ASSET_STATES,
    "criticality": ("low", "medium", "high"),
    "vector": ("N", "A", "L", "P"),
    "complexity": ("L", "H"),
    "privileges": ("N", "L", "H"),
    "interaction": ("N", "R"),
} | dict.fromkeys(("well_known", "always_on", "kev"), (True, False))
_TEMPLATE = string.Formatter()


def rule_problems(given: Rules, techniques: Techniques) -> list[Problem]:
    """Find every fault in rules whose fields are each valid.

    Args:
        given: the rules.
        techniques: the ATT&CK techniques that there are.
    """
    found = [*_state_problems(given), *_exploit_problems(given.exploits)]
    for name, rule in given.rules.items():
        place = ("rules", name)
        relation = RELATIONS.get(rule.over)
        if relation is None:
            message = f"no relation {rule.over!r} ({did_you_mean(rule.over, RELATIONS)})"
            found.append(((*place, "over"), message))
            continue
        problems = [
            *_field_problems(rule, relation),
            *_value_problems(given, rule),
            *_template_problems(given, rule, relation),
            *_step_problems(rule, relation),
        ]
        fault = technique_fault(rule.technique, techniques)
        if fault is not None:
            problems.append((("technique",), fault))
        found += [((*place, *steps), message) for steps, message in problems]
    return found


def _state_problems(given: Rules) -> Iterator[Problem]:
    for name in ASSET_STATES:
        if name not in given.states:
            yield ("states",), f"lacks {name!r}, which goals may name; add it"
    for name, others in given.states.items():
        for i, other in enumerate(others):
            if other not in given.states:
                hint = did_you_mean(other, given.states)
                yield ("states", name, i), f"there is no state {other!r} ({hint})"


def _exploit_problems(given: Exploits) -> Iterator[Problem]:
    """Find what would let a skilled attacker be slower than one with less skill."""
    for name, rising in (("usable_frac", True), ("exploit_d", False), ("n_exploits", True)):
        values = getattr(given, name)
        for lower, higher in pairwise(SKILLS):
            step = getattr(values, higher) - getattr(values, lower)
            if step < 0.0 if rising else step > 0.0:
                way = "below" if rising else "above"
                message = f"is {way} that of {lower}; more skill must not hinder"
                yield ("exploits", name, higher), message
    if given.usable_frac.expert > 1.0:
        yield ("exploits", "usable_frac", "expert"), "is a share; it must be at most 1"
    ready = [skill in given.need_ready for skill in SKILLS]
    if ready != sorted(ready, reverse=True):
        message = "names a skill but not the lower ones; more skill must not hinder"
        yield ("exploits", "need_ready"), message


def _field_problems(rule: Rule, relation: Relation) -> Iterator[Problem]:
    for key in ("when", "unless"):
        for field in getattr(rule, key):
            if field not in relation.fields:
                yield (key, field), _no_field(field, relation, rule.over)
    for key in ("chance_from", "waits"):
        field = getattr(rule, key)
        if field is None:
            continue
        if field not in relation.fields:
            yield (key,), _no_field(field, relation, rule.over)
        elif field not in _NUMBERS:
            yield (key,), f"{field!r} is no number; known: {', '.join(_NUMBERS)}"


def _value_problems(given: Rules, rule: Rule) -> Iterator[Problem]:
    """Find values that a field never has, for which a rule would never be made."""
    for key in ("when", "unless"):
        for field, wanted in getattr(rule, key).items():
            if field not in _DOMAINS:
                continue
            known = [str(value) for value in _DOMAINS[field]]
            for value in sorted(map(str, given.values(wanted))):
                if value not in known:
                    hint = did_you_mean(value, (*known, *given.sets))
                    yield (key, field), f"never is {one_line(value, 80)!r} ({hint})"


def _template_problems(given: Rules, rule: Rule, relation: Relation) -> Iterator[Problem]:
    texts: list[tuple[tuple[Step, ...], str]] = [(("title",), rule.title), (("gains",), rule.gains)]
    texts += [(("needs", i), text) for i, text in enumerate(rule.needs)]
    for place, text in texts:
        try:
            parts = [part for part in _TEMPLATE.parse(text) if part[1] is not None]
        except ValueError:
            yield place, "has a bracket without its other half; write {field}"
            continue
        if any(spec or conversion for _, _, spec, conversion in parts):
            yield place, "has more than a name in brackets; write {field}"
        fields = [field for _, field, _, _ in parts if field is not None]
        unknown = [field for field in fields if field not in relation.fields]
        for field in unknown:
            yield place, _no_field(field, relation, rule.over)
        if place != ("title",) and not unknown and text != "{seen_at}":
            yield from _state_name_problems(given, text, place)


def _state_name_problems(given: Rules, text: str, place: tuple[Step, ...]) -> Iterator[Problem]:
    kind, dot, rest = text.partition(".")
    if not dot or not rest:
        yield place, f"{text!r} is no state; write one such as {{asset}}.user or reach.{{service}}"
    elif kind.startswith("{"):
        if not rest.startswith("{") and rest not in given.states:
            hint = did_you_mean(rest, given.states)
            yield place, f"an asset has no state {rest!r} ({hint})"
    elif kind not in STATE_KINDS:
        yield place, f"there is no kind of state {kind!r} ({did_you_mean(kind, STATE_KINDS)})"
    elif place == ("gains",) and kind in _MADE:
        yield place, f"{kind} states follow from others; gain a state of an asset"


def _step_problems(rule: Rule, relation: Relation) -> Iterator[Problem]:
    if rule.entry and rule.needs:
        yield ("entry",), "a step from outside needs nothing; remove needs, or entry"
    times = [key for key in ("time_h", "time_d", "waits") if getattr(rule, key) is not None]
    if len(times) > 1:
        yield (times[1],), f"{times[0]} says how long it takes; keep one"
    if rule.exploit and "flaw" not in relation.fields:
        yield ("exploit",), f"{rule.over!r} has no flaw; range over flaw or outside_flaw"
    for key in times if rule.exploit else ():
        yield (key,), "the flaw decides how long it takes; remove this, or exploit"
    yield from _skill_problems(rule)


def _skill_problems(rule: Rule) -> Iterator[Problem]:
    if isinstance(rule.chance, float):
        return
    for lower, higher in pairwise(SKILLS):
        if getattr(rule.chance, higher) < getattr(rule.chance, lower):
            message = f"is below that of {lower}; more skill must not hinder"
            yield ("chance", higher), message


def _no_field(field: str, relation: Relation, name: str) -> str:
    known = relation.fields
    hint = did_you_mean(field, known) if known else "it has none"
    return f"{name!r} has no field {field!r} ({hint})"
