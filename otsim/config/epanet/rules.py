"""[RULES]: if this and that, then do this to a link, else that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from otsim.config.epanet.clock import seconds_of
from otsim.config.epanet.controls import status_or_setting
from otsim.config.epanet.faults import Faults, shown
from otsim.config.epanet.fields import Fields, word
from otsim.config.epanet.inp_lines import Line
from otsim.config.epanet.network import Action, Link, Node, Premise, Rule, Tank

__all__ = ["read_rules"]

Relation = Literal["=", "<>", "<", ">", "<=", ">="]
Kind = Literal["node", "link", "system"]
Joint = Literal["if", "and", "or"]

_KINDS: dict[str, Kind] = {
    "JUNCtion": "node",
    "RESERvoir": "node",
    "TANK": "node",
    "NODE": "node",
    "PIPE": "link",
    "PUMP": "link",
    "VALVe": "link",
    "LINK": "link",
    "SYSTem": "system",
}
_LINK_WORDS = {word: kind for word, kind in _KINDS.items() if kind == "link"}
_ATTRIBUTES: dict[Kind, dict[str, str]] = {
    "node": {
        "DEMAnd": "DEMAND",
        "HEAD": "HEAD",
        "GRADE": "HEAD",
        "LEVEL": "LEVEL",
        "PRESsure": "PRESSURE",
        "FILLtime": "FILLTIME",
        "DRAIntime": "DRAINTIME",
    },
    "link": {"FLOW": "FLOW", "STATUS": "STATUS", "SETTing": "SETTING"},
    "system": {"DEMAnd": "DEMAND", "TIME": "TIME", "CLOCKTIME": "CLOCKTIME"},
}
# of two that begin alike the longer stands first
_RELATIONS: dict[str, Relation] = {
    "=": "=",
    "<>": "<>",
    "<=": "<=",
    ">=": ">=",
    "<": "<",
    ">": ">",
    "IS": "=",
    "NOT": "<>",
    "BELOW": "<",
    "ABOVE": ">",
}
_STATUSES: dict[str, Literal["OPEN", "CLOSED", "ACTIVE"]] = {
    "OPEN": "OPEN",
    "CLOSED": "CLOSED",
    "ACTIVE": "ACTIVE",
}
_CLAUSES = ("RULE", "IF", "AND", "OR", "THEN", "ELSE", "PRIOrity", "DISABLEd")
_AFTER = {
    "IF": ("RULE",),
    "AND": ("IF", "THEN", "ELSE"),
    "OR": ("IF",),
    "THEN": ("IF",),
    "ELSE": ("THEN",),
    "PRIOrity": ("THEN", "ELSE"),
    "DISABLEd": ("THEN", "ELSE", "PRIOrity"),
}
_PREMISE = "write NODE name LEVEL BELOW number, LINK name STATUS IS OPEN or SYSTEM TIME > number"


@dataclass
class _Draft:
    """A rule while its clauses are read; `part` is the clause that AND goes on with."""

    heading: Fields
    part: str = "RULE"
    premises: list[Premise] = field(default_factory=list)
    then: list[Action] = field(default_factory=list)
    otherwise: list[Action] = field(default_factory=list)
    priority: float = 0.0
    is_enabled: bool = True


def read_rules(
    lines: Iterable[Line], nodes: Mapping[str, Node], links: Mapping[str, Link], faults: Faults
) -> tuple[Rule, ...]:
    """Read the rules in order."""
    drafts: list[_Draft] = []
    reader = _Clauses(nodes, links)
    for line in lines:
        fields = Fields(line, faults)
        clause = word(fields.text(0), _CLAUSES)
        if clause is None:
            known = ", ".join(each.upper() for each in _CLAUSES)
            fields.fault(0, f"{shown(fields.text(0))} begins no clause; write one of {known}")
        elif clause == "RULE":
            drafts.append(_Draft(fields))
        elif not drafts:
            fields.fault(0, f"{clause.upper()} before the first rule; write RULE name above it")
        else:
            reader.read(clause, fields, drafts[-1])
    return tuple(_rule(draft) for draft in drafts)


def _rule(draft: _Draft) -> Rule:
    name = draft.heading.name(1, "name of the rule")
    missing = "IF" if draft.part == "RULE" else "THEN" if draft.part == "IF" else ""
    if missing:
        draft.heading.fault(0, f"rule {shown(name)} has no {missing}; write one")
    return Rule(
        name=name,
        premises=tuple(draft.premises),
        then=tuple(draft.then),
        otherwise=tuple(draft.otherwise),
        priority=draft.priority,
        is_enabled=draft.is_enabled,
    )


@dataclass(frozen=True)
class _Clauses:
    """Reads the clauses of a rule, which speak of nodes and links."""

    nodes: Mapping[str, Node]
    links: Mapping[str, Link]

    def read(self, clause: str, fields: Fields, draft: _Draft) -> None:
        """Add what a clause says to the rule, if it stands where it may."""
        if draft.part not in _AFTER[clause]:
            before = " or ".join(each.upper() for each in _AFTER[clause])
            fields.fault(
                0, f"{clause.upper()} after {draft.part.upper()}; it stands after {before}"
            )
        elif clause == "DISABLEd":
            draft.is_enabled = False
        elif clause == "PRIOrity":
            draft.part, draft.priority = clause, fields.number(1, "priority")
        elif clause == "OR":
            self._premise(fields, draft, "or")
        else:
            draft.part = draft.part if clause == "AND" else clause
            if draft.part == "IF":
                self._premise(fields, draft, "and" if draft.premises else "if")
            else:
                self._action(fields, draft.then if draft.part == "THEN" else draft.otherwise)

    def _action(self, fields: Fields, actions: list[Action]) -> None:
        fields.choice(1, _LINK_WORDS, "what is set", "link")
        fields.choice(3, {"STATUS": 0, "SETTing": 0}, "what is set of the link", 0)
        fields.choice(4, {"IS": 0, "=": 0}, "word before the value", 0)
        _end(fields, 6)
        link = self.links.get(fields.known(2, "link", self.links))
        if link is not None:
            status, setting = status_or_setting(fields, 5, link)
            actions.append(Action(link=link.name, status=status, setting=setting))

    def _premise(self, fields: Fields, draft: _Draft, joined_by: Joint) -> None:
        found = word(fields.text(1), _KINDS)
        if found is None:
            said = shown(fields.text(1)) if fields.has(1) else "nothing"
            fields.fault(1, f"{said} is no part of a network; {_PREMISE}")
            return
        kind = _KINDS[found]
        name = None if kind == "system" else self._name(fields, kind)
        at = 2 if kind == "system" else 3
        attribute = fields.choice(at, _ATTRIBUTES[kind], "attribute", "DEMAND")
        if attribute in ("FILLTIME", "DRAINTIME") and not isinstance(
            self.nodes.get(name or ""), Tank
        ):
            fields.fault(at, f"{attribute} of {shown(name or '')}, which is no tank; name a tank")
        relation = fields.choice(at + 1, _RELATIONS, "relation", "=")
        attribute, value = _value(fields, at + 2, attribute, relation)
        premise = Premise(
            joined_by=joined_by,
            kind=kind,
            name=name,
            attribute=attribute,
            relation=relation,
            value=value,
        )
        draft.premises.append(premise)

    def _name(self, fields: Fields, kind: Kind) -> str:
        return fields.known(2, kind, self.nodes if kind == "node" else self.links)


def _value(
    fields: Fields, i: int, attribute: str, relation: Relation
) -> tuple[str, float | Literal["OPEN", "CLOSED", "ACTIVE"]]:
    """The value, and the attribute that EPANET compares with it."""
    if attribute in ("TIME", "CLOCKTIME"):
        _end(fields, i + 2)
        return attribute, seconds_of(fields, i, fields.text(i + 1), "cut")
    _end(fields, i + 1)
    status = word(fields.text(i), _STATUSES)
    if attribute == "STATUS" or (attribute == "SETTING" and status):
        if relation not in ("=", "<>"):
            fields.fault(i - 1, "a status is not above or below another; write IS or NOT")
        return "STATUS", fields.choice(i, _STATUSES, "status", "OPEN")
    return attribute, fields.number(i, "value")


def _end(fields: Fields, i: int) -> None:
    if len(fields) > i:
        fields.fault(i, f"{shown(fields.text(i))} is too much in this clause; remove it")
