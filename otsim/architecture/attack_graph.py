"""The attack graph of an architecture: nodes as trees have them, and what stands behind steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from otsim.config.attack_tree import Node, Skill

__all__ = ["COLLECTION_OF", "AttackGraph", "ExploitTime", "ItemKind", "Step"]

ItemKind = Literal[
    "asset",
    "service",
    "vulnerability",
    "credential",
    "conduit",
    "zone",
    "people",
    "medium",
    "vendor",
]
"""What a step may use, and what a risk may be put down to, besides its technique."""

COLLECTION_OF: Mapping[str, str] = {
    "asset": "assets",
    "service": "services",
    "vulnerability": "vulnerabilities",
    "credential": "credentials",
    "conduit": "conduits",
    "zone": "zones",
    "people": "people",
    "medium": "media",
    "vendor": "vendor_access",
}
"""Where an architecture holds the items of each kind."""


@dataclass(frozen=True, kw_only=True)
class ExploitTime:
    """Time to compromise through a vulnerability: one of three processes, by the attacker's skill.

    An exploit lies ready, or one is written, or a usable vulnerability is waited for, in this order
    (`otsim.architecture.time_to_compromise`). For a higher skill no process is slower, and the
    earlier ones are no less likely, so that skill never hinders.

    Attributes:
        chance: of each process, adding up to 1.
        mean_d: mean time of each process, days, ascending.
        sigma: of the logarithm of the time within a process (lognormal).
    """

    chance: Mapping[Skill, tuple[float, float, float]]
    mean_d: Mapping[Skill, tuple[float, float, float]]
    sigma: float


@dataclass(frozen=True, kw_only=True)
class Step:
    """What stands behind a leaf of the graph.

    Attributes:
        rule: id of the rule that made it.
        title: what the attacker does, in words.
        technique: its ATT&CK id.
        items: names of what it uses, by kind; its asset is the one that it is carried out on.
        exploit: its time to compromise, where a vulnerability decides it; None: the leaf's own.
        prevented_by, noticed_by, answered_by: names of the controls that act on it, in place or
            not.
    """

    rule: str
    title: str
    technique: str | None
    items: Mapping[ItemKind, str]
    exploit: ExploitTime | None = None
    prevented_by: tuple[str, ...] = ()
    noticed_by: tuple[str, ...] = ()
    answered_by: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class AttackGraph:
    """An AND/OR graph of attack steps, which may go round.

    The gates are those of `otsim.config.attack_tree`. A step of the attacker is a `SAND` of what it
    needs (an `AND`, if that is several things) and of a leaf, which then takes its time; the leaf
    bears the chance that the step is possible in a sampled world.

    Attributes:
        nodes: the nodes by name.
        steps: for each leaf what stands behind it.
        needs: for each goal of the architecture the node that must fall.
    """

    nodes: Mapping[str, Node]
    steps: Mapping[str, Step]
    needs: Mapping[str, str] = field(default_factory=dict)
